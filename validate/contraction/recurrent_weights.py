"""Which arrays of a trained network are recurrent weights, by their names and shapes, and what its other arrays are.

Names are those that frameworks give: PyTorch and Equinox (`weight_hh`, with a layer and a direction in `weight_hh_l1`
and `weight_hh_l1_reverse`), Flax (`h/kernel` of SimpleCell, `hr`, `hz`, `hn` of GRUCell and `hi`, `hf`, `hg`, `ho` of
LSTMCell, `dense_h` of nnx; flax/linen/recurrent.py and flax/nnx/nn/recurrent.py), Keras (`recurrent_kernel`), and those
that people give to the hidden-to-hidden weights of cells of their own. Whatever precedes them is a prefix.

Weights are for a column of states, h' = phi(W h), k square blocks of rows for the k gates of a cell. Flax, Keras and
Haiku multiply rows of states, h' = phi(h K): there W is the transpose of K, and `by_rows` says so.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from validate.contraction.certificate_checker import BY_ROWS

Shape = tuple[int, ...]

_CELLS = {1: "an RNN", 3: "a GRU", 4: "an LSTM"}
"""By how many square blocks the recurrent weights have."""
_GATES = {"an LSTM": ("hi", "hf", "hg", "ho"), "a GRU": ("hr", "hz", "hn"), "a minimal gated unit": ("hf", "hn")}
"""Flax's names of the recurrent parts of gated cells."""
_PYTORCH = re.compile(r"weight_(?P<ends>ih|hh|hr)(_l(?P<layer>\d+))?(?P<back>_reverse)?")
_COMPUTED = re.compile(r"(?P<before>.*?)(parametrizations\.(?P<new>\w+)\..+|(?P<old>weight\w*)_(orig|mask|raw|[guv]))")
"""What weights are computed from where they are normed, orthogonal or pruned (torch.nn.utils)."""
_KERAS = re.compile(r"recurrent_kernel(:0)?")
_HIDDEN = re.compile(r"h|dense_h|linear_h|hh|h2h|hid(den)?_?(2|to)_?hid(den)?|rec|recurrent|[Ww]_?(hh|rec)")
"""Modules, or arrays, of hidden-to-hidden weights."""
_INPUT = re.compile(r"i|dense_i|ih|i2h|in2hid|input_?(2|to)_?h(id(den)?)?|input2hidden|[Ww]_?(ih|in|x|xh)|wi|U")
_GATED = re.compile(r"LSTM|GRU|(?<![a-z])(lstm|gru)(?![a-z])|(forget|reset|update|input|output)_?[Gg]ate")
_LETTERS = ("ifo", "ifgo", "rz", "rzn")
"""For the gates of an LSTM and of a GRU, without and with the candidate, where each has a matrix of its own."""
_OF_A_MODULE = re.compile(r"weight|kernel(:0)?|w")
_ALONE = ("W", "w", "J")
"""Names of recurrent weights where they are the whole name."""


@dataclass(frozen=True)
class RecurrentWeights:
    """The recurrent weights of one layer: of `units` units of `cell`, in one array or, of gates apart, in several.

    `where` tells the layer and the direction where the name does. `by_rows` are weights that multiply rows of states.
    """

    names: tuple[str, ...]
    cell: str
    units: int
    where: str = ""
    by_rows: bool = False

    @property
    def name(self) -> str:
        """Of the array, or of the first of several."""
        return self.names[0]

    @property
    def gated(self) -> bool:
        """Whether these are the weights of a cell with gates."""
        return self.cell != _CELLS[1]

    @property
    def words(self) -> str:
        """What they are.

        >>> recurrent_weights({"rnn.weight_hh_l1_reverse": (5, 5)})[0].words
        'recurrent weights of an RNN of 5 units, layer 1, backwards'
        """
        units = f"{self.units} unit{'' if self.units == 1 else 's'}"
        return f"recurrent weights of {self.cell} of {units}{self.where}"


def recurrent_weights(shapes: Mapping[str, Shape]) -> tuple[RecurrentWeights, ...]:
    """The recurrent weights among arrays of these names and shapes, in their order.

    >>> shapes = {"lstm.weight_ih_l0": (40, 3), "lstm.weight_hh_l0": (40, 10), "fc.weight": (10, 10)}
    >>> [(each.name, each.cell, each.units) for each in recurrent_weights(shapes)]
    [('lstm.weight_hh_l0', 'an LSTM', 10)]
    >>> recurrent_weights({"params/SimpleCell_0/h/kernel": (7, 7), "params/SimpleCell_0/i/kernel": (2, 7)})[0].by_rows
    True
    """
    apart = _gates_apart(shapes)
    taken = {name for each in apart for name in each.names}
    whole = (_in_one_array(name, shape, shapes) for name, shape in shapes.items() if name not in taken)
    found = [*apart, *(each for each in whole if each is not None)]
    order = list(shapes)
    return tuple(sorted(found, key=lambda each: order.index(each.name)))


def described(name: str) -> str:
    """What an array is by its name, if it is not recurrent weights.

    >>> described("rnn.weight_ih_l1"), described("fc.weight"), described("adjacency")
    ('input weights, from layer 0 to layer 1', 'weights of a linear layer', 'an array whose name tells nothing')
    """
    computed = _COMPUTED.fullmatch(name)
    if computed is not None:
        whole = f"{computed['before']}{computed['new'] or computed['old']}"
        return f"what {whole} is computed from, and not {whole} itself"
    *modules, last = _components(name)
    torch = _PYTORCH.fullmatch(last)
    if torch is not None:
        layer = int(torch["layer"] or 0)
        if torch["ends"] == "ih":
            between = f", from layer {layer - 1} to layer {layer}" if layer else ""
            return f"input weights{between}{', backwards' if torch['back'] else ''}"
        return "the projection of an LSTM" if torch["ends"] == "hr" else "recurrent weights of a cell that is not known"
    if of_inputs(name):
        return "input weights"
    if _OF_A_MODULE.fullmatch(last) and modules:
        return "weights of a linear layer"
    return "an array whose name tells nothing"


def of_inputs(name: str) -> bool:
    """Whether an array is of input weights by its name.

    >>> of_inputs("rnn.weight_ih_l0"), of_inputs("params/SimpleCell_0/i/kernel"), of_inputs("fc.weight")
    (True, True, False)
    """
    *modules, last = _components(name)
    torch = _PYTORCH.fullmatch(last)
    if torch is not None:
        return torch["ends"] == "ih"
    if _OF_A_MODULE.fullmatch(last) and modules:
        last = modules[-1]
    return _INPUT.fullmatch(last) is not None


def of_a_gate(name: str, names: Iterable[str]) -> bool:
    """Whether an array is a part of a gated cell: by its name, or by names that differ by the letters of the gates.

    >>> of_a_gate("lstm/hf/kernel", []), of_a_gate("W_f", ["W_i", "W_f", "W_o"]), of_a_gate("lstm_model.fc.weight", [])
    (True, True, False)
    """
    components, every = _components(name), set(names)
    near = components[-2:] if components[-1] == "weight" else components
    return _GATED.search("/".join(near)) is not None or any(
        letter in gates and all(f"{name[:place]}{gate}{name[place + 1 :]}" in every for gate in gates)
        for place, letter in enumerate(name)
        for gates in _LETTERS
    )


def by_rows(name: str) -> bool:
    """Whether arrays of this name multiply rows of states from the right.

    >>> by_rows("params/Dense_0/kernel"), by_rows("fc.weight")
    (True, False)
    """
    return BY_ROWS.search(name) is not None


def _components(name: str) -> list[str]:
    return re.split(r"[./]", name)


def _gates_apart(shapes: Mapping[str, Shape]) -> list[RecurrentWeights]:
    """Cells whose gates have square kernels of their own, as Flax stores them."""
    modules: dict[str, dict[str, str]] = {}
    for name, shape in shapes.items():
        match = re.fullmatch(r"(?P<module>.*?)(?P<gate>h[ifgorzn])(?P<end>[./]kernel)", name)
        if match and len(shape) == 2 and shape[0] == shape[1] and not match["module"][-1:].isalnum():
            modules.setdefault(match["module"], {})[match["gate"]] = name
    found = []
    for gates in modules.values():
        cell = next((cell for cell, needed in _GATES.items() if set(gates) == set(needed)), None)
        if cell is not None:
            names = tuple(gates.values())
            found.append(RecurrentWeights(names, cell, shapes[names[0]][0], by_rows=True))
    return found


def _in_one_array(name: str, shape: Shape, shapes: Mapping[str, Shape]) -> RecurrentWeights | None:
    if not _named_recurrent(name) or len(shape) != 2 or min(shape) < 1:
        return None
    turned = by_rows(name)
    rows, units = shape[::-1] if turned else shape
    torch = _PYTORCH.fullmatch(_components(name)[-1])
    cell = _CELLS.get(rows // units) if rows % units == 0 else None
    projection = shapes.get(re.sub(r"weight_hh(?!.*weight_hh)", "weight_hr", name)) if torch else None
    if projection is not None and len(projection) == 2 and rows == 4 * projection[1]:
        return RecurrentWeights((name,), "an LSTM with projections", projection[1], _where(torch))
    if name in _ALONE and cell != _CELLS[1]:
        return None
    return None if cell is None else RecurrentWeights((name,), cell, units, _where(torch), turned)


def _named_recurrent(name: str) -> bool:
    *modules, last = _components(name)
    torch = _PYTORCH.fullmatch(last)
    if torch is not None:
        return torch["ends"] == "hh"
    if name in _ALONE or _KERAS.fullmatch(last):
        return True
    if _OF_A_MODULE.fullmatch(last):
        return bool(modules) and (_HIDDEN.fullmatch(modules[-1]) is not None or _haiku(modules))
    return last != "h" and _HIDDEN.fullmatch(last) is not None


def _haiku(modules: Sequence[str]) -> bool:
    """Haiku's VanillaRNN has two linear layers, the second from hidden to hidden (haiku/_src/recurrent.py)."""
    return modules[-1] == "linear_1" and any(each.startswith("vanilla_rnn") for each in modules)


def _where(torch: "re.Match[str] | None") -> str:
    if torch is None:
        return ""
    layer = f", layer {torch['layer']}" if torch["layer"] else ""
    return f"{layer}{', backwards' if torch['back'] else ''}"
