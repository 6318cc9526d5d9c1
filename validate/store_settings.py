"""The settings of a run that trains populations: where these are kept, and who trains them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from validate.options import Address, Directory, Whole
from validate.settings import Derived, Settings, setting

POPULATIONS = "Populations"


def size_setting(name: str, least: int, help: str, *, of: Callable[[Any], int], efforts: Sequence[Any]) -> Any:
    """A field for a size of populations that follows from the run's `effort`: the usual one, --quick or --full."""
    usual, quick, full = map(of, efforts)
    return setting(
        name,
        Whole(least, 10_000),
        help,
        default=Derived(lambda config: of(config.effort)),
        shown=f"{usual}, {quick} with --quick, {full} with --full",
        group=POPULATIONS,
    )


@dataclass(frozen=True, kw_only=True)
class StoreSettings(Settings):
    """Where trained populations are kept, and found again by the next run; who trains them."""

    store: Path | None = setting(
        "--store",
        Directory(),
        "Where trained populations are kept, and found again.",
        default=None,
        shown="the user's cache",
        group=POPULATIONS,
    )
    workers: int | None = setting(
        "--workers",
        Whole(1, 1024),
        "Processes that share populations; 1: this one, all of whose cores share each.",
        default=None,
        shown="one a core; 1 with --quick, and on a graphics card",
        group=POPULATIONS,
    )
    scheduler: str | None = setting(
        "--scheduler",
        Address(),
        "Of Dask: its workers train, and share the store's directory.",
        default=None,
        shown="none",
        group=POPULATIONS,
        excludes={"--workers": "the scheduler has its own"},
    )

    @property
    def small(self) -> bool:
        """Whether populations are so small that processes take longer to start than to train them."""
        return False
