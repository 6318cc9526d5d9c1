"""The tensors of one recurrent layer of PyTorch as arrays, by the names in its state dict; no JAX is needed."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Shaped

Tensor = Shaped[np.ndarray, "..."]

RECURRENT = re.compile(
    r"(?:(?P<module>.*)\.)?(?P<name>(?:weight|bias)_(?:ih|hh|hr))(?P<layer>_l\d+)?(?P<back>_reverse)?"
)
"""Names of a recurrent layer's tensors."""

KINDS = {1: "Vanilla", 3: "GRU", 4: "LSTM"}
"""Cells by the square blocks of their recurrent weights."""


class NotOneLayer(ValueError):
    """Tensors that are not one recurrent layer of PyTorch with at most one linear readout; the message says why."""


class SeveralLayers(NotOneLayer):
    """Tensors of stacked or bidirectional layers; `only_layer` takes one of them."""


@dataclass(frozen=True)
class TorchLayer:
    """One layer and what reads it. W, U and b have PyTorch's rows; the two biases of a unit are added up.

    `kind` is the name of the cell. `d` is the second bias of a GRU's candidate, which is inside the reset; None of
    other cells. `V` and `c` are those of the nn.Linear that reads; None without one.
    """

    kind: str
    W: Tensor
    U: Tensor
    b: Tensor
    d: Tensor | None
    V: Tensor | None
    c: Tensor | None


def read_layer(tensors: Mapping[str, Any]) -> TorchLayer:
    """The layer whose state dict this is; see `from_state_dict`.

    Raises:
        NotOneLayer: as that does.
    """
    taken, found = _recurrent(tensors)
    W, U = found["weight_hh"], found["weight_ih"]
    rows, units = W.shape
    kind = KINDS.get(rows // units)
    if kind is None or rows % units:
        raise NotOneLayer(f"weight_hh is {rows} by {units}: of 1, 3 or 4 square blocks are nn.RNN, nn.GRU and nn.LSTM")
    driven, sent = (found.get(name, np.zeros(rows, W.dtype)) for name in ("bias_ih", "bias_hh"))
    V, c = _readout(tensors, taken, units)
    for name, tensor, expected in (
        ("weight_ih", U, (rows, *U.shape[1:2])),
        ("bias_ih", driven, (rows,)),
        ("bias_hh", sent, (rows,)),
        ("the readout's bias", c, None if V is None else V.shape[:1]),
    ):
        if tensor is not None and tensor.shape != expected:
            raise NotOneLayer(
                f"{name} has shape {tensor.shape}, where weight_hh is {rows} by {units}: {expected} is needed"
            )
    inner = 2 * units if kind == "GRU" else rows
    b = driven + np.concatenate([sent[:inner], np.zeros(rows - inner, sent.dtype)])
    return TorchLayer(kind, W, U, b, sent[inner:] if kind == "GRU" else None, V, c)


def only_layer(tensors: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Of a stacked or bidirectional layer's tensors, those of the one layer and direction whose recurrent weights have
    this name, as if it ran forwards and alone; the readout beside them if it reads that layer, and of one that reads
    both directions the columns of this one.

    Raises:
        NotOneLayer: where no tensor of that name is recurrent weights.

    >>> shapes = {"weight_hh_l0": (2, 2), "weight_ih_l0": (2, 1), "weight_hh_l1": (2, 2), "weight_ih_l1": (2, 2)}
    >>> sorted(only_layer({name: np.ones(shape) for name, shape in shapes.items()}, "weight_hh_l1"))
    ['weight_hh', 'weight_ih']
    """
    matches = {each: match for each in tensors if (match := RECURRENT.fullmatch(each))}
    recurrent = [each for each, match in matches.items() if match["name"] == "weight_hh"]
    if name not in recurrent:
        raise NotOneLayer(f"no recurrent weights named {name}; it has {', '.join(recurrent) or 'none'}")
    chosen, last = matches[name], max(_number(match) for match in matches.values())
    layer = {
        match["name"]: tensors[each]
        for each, match in matches.items()
        if (match["module"], match["layer"], match["back"]) == (chosen["module"], chosen["layer"], chosen["back"])
    }
    if _number(chosen) < last or len({match["module"] for match in matches.values()}) > 1:
        return layer  # no telling what reads another than the last
    others = {each: tensor for each, tensor in tensors.items() if each not in matches}
    units = np.shape(tensors[name])[-1]
    if any(match["back"] for match in matches.values()):
        half = slice(units, None) if chosen["back"] else slice(units)
        both = {each for each, tensor in others.items() if np.shape(tensor)[1:] == (2 * units,)}
        others = {each: tensor[:, half] if each in both else tensor for each, tensor in others.items()}
    return {**layer, **others}


def _number(match: "re.Match[str]") -> int:
    return int((match["layer"] or "_l0").removeprefix("_l"))


def _recurrent(tensors: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The plain names of the recurrent layer's tensors by their full names, and its tensors by their plain names."""
    matches = {name: match for name in tensors if (match := RECURRENT.fullmatch(name))}
    if not matches:
        raise NotOneLayer(f"no weight_hh among {', '.join(tensors) or 'no tensors at all'}: no recurrent layer")
    if any(match["back"] for match in matches.values()):
        raise SeveralLayers("a bidirectional layer (names that end in _reverse): networks here run forwards")
    if any(match["name"].endswith("_hr") for match in matches.values()):
        raise NotOneLayer("an LSTM with projections (weight_hr): set proj_size to 0")
    layers = sorted({f"{match['module'] or ''} {match['layer'] or ''}".strip() for match in matches.values()})
    if len(layers) > 1:
        raise SeveralLayers(f"several recurrent layers ({', '.join(layers)}): give the tensors of one")
    plain = {name: match["name"] for name, match in matches.items()}
    found = {short: _real(name, tensors[name]) for name, short in plain.items()}
    for short in ("weight_ih", "weight_hh"):
        if short not in found or found[short].ndim != 2 or not found[short].size:
            raise NotOneLayer(f"{short} of the recurrent layer is missing, or no matrix")
    return plain, found


def _readout(tensors: Mapping[str, Any], taken: Mapping[str, str], units: int) -> tuple[Tensor | None, Tensor | None]:
    """Weights and bias of the one linear map from the units; None where there are no other tensors."""
    modules: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for name in tensors:
        if name not in taken:
            module, _, short = name.rpartition(".")
            modules[module][short] = _real(name, tensors[name])
    if not modules:
        return None, None
    if len(modules) > 1:
        raise NotOneLayer(
            f"{', '.join(map(repr, modules))} beside the recurrent layer: give the tensors of one nn.Linear"
        )
    ((module, parts),) = modules.items()
    V = parts.get("weight")
    if V is None or V.ndim != 2 or V.shape[1] != units or not parts.keys() <= {"weight", "bias"}:
        shapes = ", ".join(f"{name} {part.shape}" for name, part in parts.items())
        raise NotOneLayer(f"{module!r} ({shapes}) is no nn.Linear that reads {units} units")
    return V, parts.get("bias", np.zeros(len(V), V.dtype))


def _real(name: str, tensor: Any) -> Tensor:
    array = np.asarray(tensor)
    if not array.dtype.name.startswith(("float", "bfloat")):  # those of ml_dtypes numpy knows by name alone
        raise NotOneLayer(f"{name} holds {array.dtype} values, no weights")
    return array.astype(np.float32) if array.dtype.itemsize < 4 else array
