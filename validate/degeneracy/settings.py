"""Every setting of the degeneracy command, in one frozen object that the report records."""

from dataclasses import dataclass
from pathlib import Path

from validate.options import Address, Directory, Whole
from validate.settings import Derived, Settings, chosen, flag, setting


@dataclass(frozen=True)
class FactorLevels:
    """The levels of the factors: what each population differs in from the one before."""

    bits: tuple[int, ...]
    channels: tuple[int, ...]
    delays: tuple[tuple[int, int], ...]
    richness: tuple[float, ...]
    widths: tuple[int, ...]
    nuclear_norms: tuple[float, ...]
    absolute_values: tuple[float, ...]


@dataclass(frozen=True)
class Effort:
    """How much work a run does. `updates` is the most a network may have; `trials` and `steps` are of the flip-flop.

    `flip_flop_loss` and `discrimination_loss` are the thresholds of training, 0.001 and 0.01 in the paper.
    """

    name: str
    networks: int
    units: int
    updates: int
    every: int
    steps: int
    trials: int
    flip_flop_loss: float
    discrimination_loss: float
    levels: FactorLevels
    full_length: bool = False


QUICK = Effort(
    "quick",
    networks=5,
    units=16,
    updates=8_000,
    every=16,
    steps=20,
    trials=32,
    flip_flop_loss=0.01,
    discrimination_loss=0.1,
    levels=FactorLevels((1, 2), (1, 2), ((2, 5), (5, 10)), (0.5, 2.0), (16, 32), (0.0, 1e-3), (0.0, 1e-4)),
)
USUAL = Effort(
    "usual",
    networks=8,
    units=32,
    updates=20_000,
    every=32,
    steps=50,
    trials=64,
    flip_flop_loss=0.001,
    discrimination_loss=0.05,
    levels=FactorLevels(
        (1, 2, 3),
        (1, 2),
        ((2, 5), (5, 10), (5, 20)),
        (0.5, 1.0, 2.0),
        (16, 32, 64),
        (0.0, 3e-4, 1e-3),
        (0.0, 3e-5, 1e-4),
    ),
)
FULL = Effort(
    "full",
    networks=50,
    units=128,
    updates=128_000,
    every=128,
    steps=100,
    trials=64,
    flip_flop_loss=0.001,
    discrimination_loss=0.01,
    levels=FactorLevels(
        (1, 2, 3, 4),
        (1, 2, 3),
        ((5, 20), (20, 40), (40, 80)),
        (0.25, 0.5, 1.0, 2.0, 4.0),
        (32, 64, 128, 256, 512),
        (0.0, 1e-4, 3e-4, 1e-3),
        (0.0, 1e-5, 3e-5, 1e-4),
    ),
    full_length=True,
)

POPULATIONS = "Populations"


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """The settings of a run."""

    networks: int = setting(
        "--networks",
        Whole(3, 10_000),
        "Networks trained under each condition.",
        default=Derived(lambda config: config.effort.networks),
        shown=f"{USUAL.networks}, {QUICK.networks} with --quick, {FULL.networks} with --full",
        group=POPULATIONS,
    )
    units: int = setting(
        "--units",
        Whole(2, 10_000),
        "Units of each network, where width is not the factor.",
        default=Derived(lambda config: config.effort.units),
        shown=f"{USUAL.units}, {QUICK.units} with --quick, {FULL.units} with --full",
        group=POPULATIONS,
    )
    store: Path | None = setting(
        "--store",
        Directory(),
        "Where trained populations are kept, and found again.",
        default=None,
        shown="the user's cache",
        group=POPULATIONS,
    )
    workers: int = setting(
        "--workers",
        Whole(1, 1024),
        "Local processes that share the populations; one: this process, all of whose cores share each population.",
        default=1,
        group=POPULATIONS,
    )
    scheduler: str | None = setting(
        "--scheduler",
        Address(),
        "A scheduler of Dask whose workers train instead; they must share the store's directory.",
        default=None,
        shown="none",
        group=POPULATIONS,
        excludes={"--workers": "the scheduler has its own"},
    )
    effort: Effort = chosen(
        USUAL,
        flag("--quick", QUICK, "The same on smaller populations."),
        flag("--full", FULL, "The paper's sizes; goes on where it was interrupted."),
    )
