"""The settings of a run on networks of the user's own."""

from dataclasses import dataclass
from pathlib import Path

from validate.arrays import NAMED_FILES
from validate.degeneracy.settings import Config
from validate.network_file import CELLS
from validate.options import Choice, InputFile, NameOf, Whole
from validate.settings import Settings, options_of, setting

NONLINEARITIES = ("tanh", "relu")
YOURS = "Your networks"
_TRAINED_HERE = {
    option.name: f"given together with {option.name}, and its networks are trained already"
    for option in options_of(Config)
    if option.name != "--seed"
}


@dataclass(frozen=True, kw_only=True)
class PopulationConfig(Settings):
    """The settings of a run on trained networks; `cell` may be None until the files are read."""

    population: tuple[Path, ...] = setting(
        "--population",
        InputFile(NAMED_FILES),
        "Trained networks, two or more: all distances between them, each beside its null. A file holds any of activity "
        "(trials x steps x units), W (units x units, h' = phi(W h + U x + b)), U (units x inputs), b (units) and V "
        "(outputs x units), or a state dict: the tensors of one recurrent layer and its readout. The report has dsa, "
        "cka and svcca (one less the similarity) of the activity, and weights, weights_group and weights_group_all.",
        shown="the built-in checks",
        group=YOURS,
        many=True,
        excludes=_TRAINED_HERE,
        required="no networks",
    )
    cell: str | None = setting(
        "--cell",
        Choice(tuple(CELLS)),
        "Their kind. W, U and b of gated ones hold rows of update, candidate (ugrnn), reset, update, candidate (gru), "
        "input, forget, candidate, output (lstm).",
        default=None,
        shown="vanilla, or what a state dict holds",
        group=YOURS,
    )
    layer: str | None = setting(
        "--layer",
        NameOf("recurrent weights in a state dict, as rnn.weight_hh_l1_reverse"),
        "Of stacked or bidirectional layers take the one whose recurrent weights have this name.",
        default=None,
        shown="the only one",
        group=YOURS,
    )
    nonlinearity: str = setting(
        "--nonlinearity",
        Choice(NONLINEARITIES),
        "Their phi, which says what weights_group may do to units. tanh: permute them and flip their signs; relu: "
        "permute and rescale them, positively.",
        default="tanh",
        group=YOURS,
    )
    delays: int = setting(
        "--delays",
        Whole(1, 1000),
        "States beside one another in a delay-embedded state of DSA, the present one counted.",
        default=3,
        group=YOURS,
    )
    rank: int = setting(
        "--rank", Whole(1, 10_000), "Directions that DSA keeps: the size of its operators.", default=10, group=YOURS
    )
