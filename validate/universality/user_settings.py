"""The settings of a run on a network of the user's own."""

from dataclasses import dataclass
from pathlib import Path

from validate.arrays import MATRIX_FILES, NAMED_FILES
from validate.network_file import CELLS
from validate.options import Choice, InputFile, NameOf, NewFile, Real, Whole
from validate.settings import Settings, chosen, flag, options_of, setting
from validate.universality.settings import Config

RATE = "rate"
KINDS = (*CELLS, RATE)
NONLINEARITIES = ("tanh", "relu")
YOURS = "Your network"
_BUILT_IN = {
    option.name: f"given together with {option.name}, which is for the built-in checks"
    for option in options_of(Config)
    if option.name != "--seed"
}


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(Settings):
    """The settings of a run on a trained network; `cell` may be None until the file is read."""

    network: Path = setting(
        "--network",
        InputFile(NAMED_FILES),
        "A trained network: where it stands still. W (units x units, h' = phi(W h + U x + b)) or M, N (units x rank, "
        "W = M N^T), and perhaps U, b, V (outputs x units), c, activity (trials x steps x units); or a state dict of a "
        "layer and its readout.",
        shown="the built-in checks",
        group=YOURS,
        excludes=_BUILT_IN,
        required="no network",
    )
    cell: str | None = setting(
        "--cell",
        Choice(KINDS),
        "vanilla, ugrnn (rows of update, candidate), gru (reset, update, candidate), lstm (input, forget, candidate, "
        "output) or rate (dh/dt = -h + W phi(h) + U x + b).",
        default=None,
        shown="vanilla, or that of the state dict",
        group=YOURS,
    )
    layer: str | None = setting(
        "--layer",
        NameOf("recurrent weights in a state dict, as rnn.weight_hh_l1_reverse"),
        "Of several layers that whose recurrent weights have this name.",
        default=None,
        shown="the only one",
        group=YOURS,
    )
    nonlinearity: str = setting(
        "--nonlinearity", Choice(NONLINEARITIES), "phi, tanh or relu.", default="tanh", group=YOURS
    )
    reset_before: bool = chosen(False, flag("--reset-before", True, "Of gru: W (r h), not r (W h).", group=YOURS))
    tau: float | None = setting(
        "--tau",
        Real(0.0, 1.0, above=True),
        "Of rate: it goes in such steps.",
        unit="time constants",
        default=None,
        shown="a flow",
        group=YOURS,
    )
    inputs: Path | None = setting(
        "--input",
        InputFile(MATRIX_FILES),
        "Constant inputs, a row a condition.",
        default=None,
        shown="zeros",
        group=YOURS,
    )
    starts: Path | None = setting(
        "--starts",
        InputFile(MATRIX_FILES),
        "States to start from, a row each (lstm: h, memory).",
        default=None,
        shown="drawn",
        group=YOURS,
    )
    searches: int = setting(
        "--searches",
        Whole(1, 1_000_000),
        "Starts that are drawn.",
        default=512,
        group=YOURS,
        excludes={"--starts": "the file gives the starts"},
    )
    boxes: int = setting(
        "--boxes",
        Whole(0, 10_000_000),
        "So many at most are looked at to prove that none is missing (tanh: vanilla, ugrnn, rate); 0: no proof.",
        default=50_000,
        group=YOURS,
    )
    certificate: Path | None = setting(
        "--certificate",
        NewFile(),
        "Write that proof, for `python -m validate.universality.set_checker`.",
        default=None,
        shown="not written",
        group=YOURS,
    )
