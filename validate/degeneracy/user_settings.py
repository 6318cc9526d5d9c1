"""The settings of a run on networks of the user's own, and of one on a task of theirs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from validate.arrays import MATRIX_FILES, NAMED_FILES
from validate.degeneracy.settings import Config
from validate.network_file import CELLS
from validate.options import Choice, InputFile, NameOf, Real, Whole
from validate.settings import Settings, options_of, setting
from validate.task_file import EPOCHS, LEARNING_RATE, NONLINEARITIES

YOURS = "Your networks, or a task of yours"
MOST = 100_000
"""Epochs that networks may have which are to stop at a loss."""


def _not_beside_checks(reason: str) -> dict[str, str]:
    """Options of the built-in checks, each with why it is not for a run on the user's files."""
    return {
        option.name: f"given together with {option.name}, {reason}"
        for option in options_of(Config)
        if option.name != "--seed"
    }


def _nonlinearity(default: str) -> Any:
    return setting(
        "--nonlinearity",
        Choice(NONLINEARITIES),
        "Their phi: what weights_group may do to units (tanh: flip signs; relu: rescale), or what they learn with.",
        default=default,
        shown="tanh; linear with --task",
        group=YOURS,
    )


def _rank(default: int | None) -> Any:
    return setting(
        "--rank",
        Whole(1, 10_000),
        "Directions that DSA keeps, or of W.",
        default=default,
        shown="10; what --sigma has",
        group=YOURS,
    )


@dataclass(frozen=True, kw_only=True)
class PopulationConfig(Settings):
    """The settings of a run on trained networks; `cell` may be None until the files are read."""

    population: tuple[Path, ...] = setting(
        "--population",
        InputFile(NAMED_FILES),
        "Trained networks: all distances (dsa, cka, svcca, weights, weights_group, weights_group_all), beside nulls. A "
        "file has any of activity (trials x steps x units), W (units x units, h' = phi(W h + U x + b)), U (units x "
        "inputs), b (units), V (outputs x units), or a state dict: one recurrent layer and its readout.",
        shown="the built-in checks",
        group=YOURS,
        many=True,
        excludes=_not_beside_checks("and its networks are trained already"),
        required="no networks",
    )
    cell: str | None = setting(
        "--cell",
        Choice(tuple(CELLS)),
        "Their kind. Rows of gated W, U, b: update, candidate (ugrnn), reset, update, candidate (gru), input, forget, "
        "candidate, output (lstm).",
        default=None,
        shown="vanilla, or what a state dict holds",
        group=YOURS,
    )
    layer: str | None = setting(
        "--layer",
        NameOf("recurrent weights in a state dict, as rnn.weight_hh_l1_reverse"),
        "Of several layers the one with these recurrent weights.",
        default=None,
        shown="the only one",
        group=YOURS,
    )
    nonlinearity: str = _nonlinearity("tanh")
    delays: int = setting(
        "--delays",
        Whole(1, 1000),
        "States side by side in DSA's embedding.",
        default=3,
        group=YOURS,
    )
    rank: int = _rank(10)


@dataclass(frozen=True, kw_only=True)
class DispersionConfig(Settings):
    """The settings of a run on a task; `rank` may be None until the files are read, `epochs` is where a loss is set."""

    task: Path = setting(
        "--task",
        InputFile(NAMED_FILES),
        "How far apart will networks end that learn this? As for validate.overlaps, and targets_doubled.",
        shown="none",
        group=YOURS,
        excludes=_not_beside_checks("which is for the built-in checks"),
        required="no task",
    )
    sigma: Path = setting(
        "--sigma",
        InputFile(MATRIX_FILES),
        "Covariance (d x d) of rows [m u v z] at the start.",
        unit="no unit",
        shown="none",
        group=YOURS,
        needs=["--task"],
        required="no covariance of the rows that networks start with",
    )
    neurons: int = setting(
        "--neurons",
        Whole(2, 10_000_000),
        "Of each network of the task.",
        shown="none",
        group=YOURS,
        needs=["--task"],
        required="no number of neurons",
    )
    nonlinearity: str = _nonlinearity("linear")
    rank: int | None = _rank(None)
    learning_rate: float = setting(
        "--learning-rate",
        Real(0.0, above=True, note=" (at zero nothing would ever be learned)"),
        "eta in theta <- theta - eta N dL/dtheta.",
        unit="1 / loss",
        default=LEARNING_RATE,
        group=YOURS,
        needs=["--task"],
    )
    epochs: int | None = setting(
        "--epochs",
        Whole(1, 10_000_000),
        "Gradient steps.",
        default=None,
        shown=str(EPOCHS),
        group=YOURS,
        needs=["--task"],
        excludes={"--stop-at": ""},
    )
    stop_at: float | None = setting(
        "--stop-at",
        Real(0.0, above=True),
        "Loss at which each network stops instead.",
        unit="a loss",
        default=None,
        shown="none",
        group=YOURS,
        needs=["--task"],
    )
    measure: int | None = setting(
        "--measure",
        Whole(2, 10_000),
        "Train so many networks as well, and measure.",
        default=None,
        shown="none",
        group=YOURS,
        needs=["--task"],
    )
