"""What a user's file of a trained network must hold: its activity, its weights, or a state dict of PyTorch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from simulate.cells.torch_layer import RECURRENT, NotOneLayer, SeveralLayers, only_layer, read_layer
from simulate.measures.representation import NoVariance, centred
from simulate.measures.samples import TooFewSamples
from validate.arrays import BadArray, Real, finite, read_arrays
from validate.options import listed

Array = Shaped[np.ndarray, "..."]

CELLS = {"vanilla": 1, "ugrnn": 2, "gru": 3, "lstm": 4}
"""Kinds of networks, and how many blocks of rows W, U and b of each have."""
ACTIVITY, WEIGHTS, FACTORS = "activity", ("W", "U", "b", "d", "V", "c"), ("M", "N")
FEWEST = 4
"""Samples of activity without which nothing can be said: trials times steps."""
LARGEST = 1e150
"""Values beyond have squares that are no finite numbers."""


@dataclass(frozen=True)
class NetworkFile:
    """What a file says of one network.

    `cell` is its kind where the file tells, in a state dict. `weights` are by name, `c` being the bias of the readout;
    M and N where the file has these in place of W, which is M N^T. `ignored` are names that play no part.
    """

    path: Path
    cell: str | None = None
    activity: Array | None = None
    weights: Mapping[str, Real] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @property
    def units(self) -> int | None:
        """As the columns of W or V tell, or else the activity."""
        for name in ("W", "V"):
            if name in self.weights:
                return int(self.weights[name].shape[1])
        return None if self.activity is None else int(self.activity.shape[2])


def read_network(path: Path, cell: str | None, layer: str | None = None) -> NetworkFile:
    """The network in a file, checked by itself; of the kind that was asked for, or vanilla unless the file tells.

    Of several recurrent layers it is the one whose recurrent weights are named `layer`.

    Raises:
        BadArray: saying what is wrong.
    """
    try:
        return _read(path, cell, layer)
    except BadArray as error:
        raise BadArray(f"{path}: {error}") from error


def _read(path: Path, cell: str | None, layer: str | None) -> NetworkFile:
    found = read_arrays(path, (ACTIVITY, *WEIGHTS, *FACTORS))
    kind = None
    if any(RECURRENT.fullmatch(name) for name in found):
        kind, weights, activity, ignored = _state_dict(read_arrays(path), layer)
    elif layer is not None:
        raise BadArray(f"it holds no state dict, and --layer {layer} names recurrent weights of one")
    else:
        known = WEIGHTS if "W" in found else (*WEIGHTS, *FACTORS)
        weights = {name: finite(name, found[name]) for name in known if name in found}
        activity = found.get(ACTIVITY)
        ignored = tuple(name for name in found if name not in (ACTIVITY, *known))
    if activity is None and not weights:
        has = listed(found, most=40) or "none"
        named = "; of weights m n^T save M = m and N = n, or n / units where they are divided by the units"
        hint = named if {"m", "n"} <= {name.rpartition(".")[2] for name in found} else ""
        raise BadArray(f"it holds none of activity, W, U, b and V, and no state dict; it has {has}{hint}")
    network = NetworkFile(path, kind, None if activity is None else _activity(activity), weights, ignored)
    return _with_shapes(network, kind or cell or "vanilla")


def _state_dict(
    tensors: Mapping[str, Array], layer: str | None
) -> tuple[str, dict[str, Real], Array | None, tuple[str, ...]]:
    """The weights of a state dict, beside which there may be the activity."""
    besides = [name for name in tensors if name.rpartition(".")[2] == ACTIVITY]
    try:
        others = {name: tensor for name, tensor in tensors.items() if name not in besides}
        found = read_layer(others if layer is None else only_layer(others, layer))
    except NotOneLayer as error:
        remedy = "" if layer is not None or not isinstance(error, SeveralLayers) else ", or choose one by --layer"
        raise BadArray(f"{error}{remedy}") from error
    arrays = {"W": found.W, "U": found.U, "b": found.b, "d": found.d, "V": found.V, "c": found.c}
    weights = {name: finite(name, array) for name, array in arrays.items() if array is not None}
    return found.kind.lower(), weights, tensors[besides[0]] if besides else None, tuple(besides[1:])


def _activity(activity: Array) -> Array:
    """The activity, in the precision that it came in: of what is below it, DSA knows that it is rounding."""
    values = finite(ACTIVITY, activity)
    if values.ndim != 3 or not values.size:
        remedy = "; of one trial activity[None]" if values.ndim == 2 else ""
        raise BadArray(f"activity has shape {values.shape}, not trials x steps x units{remedy}")
    if np.abs(values).max() > LARGEST:
        raise BadArray(
            f"activity has values up to {np.abs(values).max():g}: their squares are too large to reckon with"
        )
    try:
        centred(values, FEWEST)
    except (NoVariance, TooFewSamples) as error:
        raise BadArray(f"activity: {error}") from error
    return activity if activity.dtype in (np.float32, np.float64) else values


def _with_shapes(network: NetworkFile, cell: str) -> NetworkFile:
    """The network with its weights as matrices, if their shapes fit one another and the activity."""
    blocks, arrays = CELLS[cell], dict(network.weights)
    for name, array in arrays.items():
        if array.size and np.abs(array).max() > LARGEST:
            raise BadArray(
                f"{name} has values up to {np.abs(array).max():g}: their squares are too large to reckon with"
            )
    for name in {"b", "d", "c"} & set(arrays):
        arrays[name] = arrays[name].reshape(-1)
    if "U" in arrays and arrays["U"].ndim == 1:
        arrays["U"] = arrays["U"][:, None]
    if "V" in arrays and arrays["V"].ndim == 1:
        arrays["V"] = arrays["V"][None]
    for name in {"W", "U", "V"} & set(arrays):
        if arrays[name].ndim != 2 or not arrays[name].size:
            raise BadArray(f"{name} has shape {arrays[name].shape}, which is no matrix")
    if set(FACTORS) & set(arrays):
        arrays |= _factored(arrays)
    if "W" in arrays:
        _require_recurrent(arrays["W"], cell)
    checked = NetworkFile(network.path, network.cell, network.activity, arrays, network.ignored)
    units = checked.units
    if units is None:
        return checked
    for name, axis, expected in (("U", 0, blocks * units), ("b", 0, blocks * units), ("d", 0, units), ("V", 1, units)):
        if name in arrays and arrays[name].shape[axis] != expected:
            what = "rows" if name == "U" else "entries" if axis == 0 else "columns"
            turned = arrays[name].ndim == 2 and arrays[name].shape[1 - axis] == expected
            raise BadArray(
                f"{name} has {arrays[name].shape[axis]} {what}, where {expected} are needed for {units} units of a "
                f"{cell} network{'; transposed?' if turned else ''}"
            )
    if "c" in arrays and "V" not in arrays:
        raise BadArray("c is the bias of a readout, and there is no V: add V, or leave c out")
    if "c" in arrays and len(arrays["c"]) != len(arrays["V"]):
        raise BadArray(f"c has {len(arrays['c'])} entries, where {len(arrays['V'])} are needed for the outputs of V")
    if "d" in arrays and cell != "gru":
        raise BadArray(f"d, the bias inside a GRU's reset, and {cell} networks have none: give --cell gru")
    if checked.activity is not None:
        wide = (units, 2 * units) if cell == "lstm" else (units,)
        if checked.activity.shape[2] not in wide:
            raise BadArray(f"activity is of {checked.activity.shape[2]} units, and the weights of {units}")
    return checked


def _factored(arrays: Mapping[str, Real]) -> dict[str, Real]:
    """M and N as matrices, and W = M N^T."""
    missing = [name for name in FACTORS if name not in arrays]
    if missing:
        raise BadArray(f"{missing[0]} is missing, and weights M N^T need both: M and N, or W")
    M, N = (arrays[name][:, None] if arrays[name].ndim == 1 else arrays[name] for name in FACTORS)
    if M.ndim != 2 or N.ndim != 2 or M.shape[1] != N.shape[1] or not M.size or not N.size:
        raise BadArray(f"M has shape {M.shape} and N {N.shape}: of weights M N^T both are units x rank")
    return {"M": M, "N": N, "W": M @ N.T}


def _require_recurrent(W: Real, cell: str) -> None:
    rows, units = W.shape
    if rows == CELLS[cell] * units:
        return
    other = next((name for name, blocks in CELLS.items() if rows == blocks * units), None)
    hint = f"; of {units} units it would be --cell {other}" if other else "; transposed?" if not units % rows else ""
    wanted = "square" if CELLS[cell] == 1 else f"{CELLS[cell]} square blocks of rows"
    raise BadArray(f"W is {rows} x {units}, where that of a {cell} network is {wanted}{hint}")
