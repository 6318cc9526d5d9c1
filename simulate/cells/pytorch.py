"""PyTorch's recurrent networks as cells of this house, and back: by the names in their state dicts."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Shaped

from simulate.cells.dense import DenseCell
from simulate.cells.gru import GRU
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import RELU, TANH, Nonlinearity
from simulate.cells.vanilla import Vanilla

Tensor = Shaped[np.ndarray, "..."]

_RECURRENT = re.compile(
    r"(?:(?P<module>.*)\.)?(?P<name>(?:weight|bias)_(?:ih|hh|hr))(?P<layer>_l\d+)?(?P<back>_reverse)?"
)


class NotOneLayer(ValueError):
    """Tensors that are not one recurrent layer of PyTorch with at most one linear readout; the message says why."""


class NoCounterpart(TypeError):
    """A cell that PyTorch has no module for."""


def from_state_dict(tensors: Mapping[str, Any], *, phi: Nonlinearity = TANH) -> DenseCell:
    """The network whose state dict this is: `Vanilla`, `GRU` or `LSTM`, equal to PyTorch's step for step.

    Arguments:
        tensors: arrays by name, as `module.state_dict()` has them: those of one nn.RNN, nn.GRU, nn.LSTM (one layer,
            forwards), nn.RNNCell, nn.GRUCell or nn.LSTMCell, whatever stands before their names, and those of one
            nn.Linear that reads it. Which kind it is follows from the rows of its weights. Without an nn.Linear the
            network answers with its state, as PyTorch's module does; biases that are not there are zero.
        phi: `RELU` for an nn.RNN of nonlinearity "relu": the tensors do not tell.

    The two biases of a unit are added up, but for a GRU's candidate, whose second is inside the reset (`GRU.d`). Arrays
    of less than 32 bits become float32.

    >>> import numpy as np
    >>> ones = np.ones((6, 2))
    >>> network = from_state_dict({"rnn.weight_ih_l0": ones, "rnn.weight_hh_l0": ones, "read.weight": np.ones((1, 2))})
    >>> type(network).__name__, network.units, network.V.shape
    ('GRU', 2, (1, 2))

    Raises:
        NotOneLayer: for several layers, both directions, projections, tensors that are of something else, or shapes
            that do not fit together.
    """
    taken, found = _recurrent(tensors)
    W, U = found["weight_hh"], found["weight_ih"]
    rows, units = W.shape
    kinds: dict[int, type[DenseCell]] = {1: Vanilla, 3: GRU, 4: LSTM}
    kind = kinds.get(rows // units)
    if kind is None or rows % units:
        raise NotOneLayer(f"weight_hh is {rows} by {units}: of 1, 3 or 4 square blocks are nn.RNN, nn.GRU and nn.LSTM")
    if kind is not Vanilla and phi is not TANH:
        raise NotOneLayer(f"phi={phi.name} for tensors of an {kind.__name__}, which has tanh in PyTorch: leave phi out")
    driven, sent = (found.get(name, np.zeros(rows, W.dtype)) for name in ("bias_ih", "bias_hh"))
    V, c = _readout(tensors, taken, units, W.dtype)
    for name, shape, expected in (
        ("weight_ih", U.shape, (rows, *U.shape[1:2])),
        ("bias_ih", driven.shape, (rows,)),
        ("bias_hh", sent.shape, (rows,)),
        ("the readout's bias", c.shape, V.shape[:1]),
    ):
        if shape != expected:
            raise NotOneLayer(f"{name} has shape {shape}, where weight_hh is {rows} by {units}: {expected} is needed")
    inner = 2 * units if kind is GRU else rows
    b = driven + np.concatenate([sent[:inner], np.zeros(rows - inner, sent.dtype)])
    network = kind(jnp.asarray(W), jnp.asarray(U), jnp.asarray(b), jnp.asarray(V), jnp.asarray(c), phi)
    return replace(network, d=jnp.asarray(sent[inner:])) if isinstance(network, GRU) else network


def to_state_dict(cell: DenseCell, *, recurrent: str = "rnn", readout: str = "readout") -> dict[str, Tensor]:
    """The tensors with which PyTorch computes the same: of nn.RNN, nn.GRU or nn.LSTM, and of the nn.Linear that reads.

    Their names are those of a module whose parts are called `recurrent` and `readout`; with an empty string the bare
    ones. An nn.RNN must be given the cell's nonlinearity. `from_state_dict` undoes it, to the bit.

    >>> from simulate.cells import LSTM
    >>> tensors = to_state_dict(LSTM.blank(units=2, inputs=1, outputs=1), recurrent="lstm")
    >>> {name: tensor.shape for name, tensor in tensors.items() if tensor.ndim == 2}
    {'lstm.weight_ih_l0': (8, 1), 'lstm.weight_hh_l0': (8, 2), 'readout.weight': (1, 2)}

    Raises:
        NoCounterpart: for cells that PyTorch has no module for.
    """
    functions = (TANH, RELU) if isinstance(cell, Vanilla) else (TANH,)
    known = isinstance(cell, Vanilla | LSTM) or (isinstance(cell, GRU) and cell.reset_after)
    if not known or cell.phi not in functions:
        raise NoCounterpart(
            f"{type(cell).__name__} of {cell.phi.name}: PyTorch has Vanilla (tanh, relu), and LSTM and GRU (tanh; the "
            "reset after the product)"
        )
    b = np.asarray(cell.b)
    sent = np.zeros_like(b)
    if isinstance(cell, GRU) and cell.d is not None:
        sent[2 * cell.units :] = np.asarray(cell.d)
    layer = {"weight_ih_l0": cell.U, "weight_hh_l0": cell.W, "bias_ih_l0": b, "bias_hh_l0": sent}
    reading = {"weight": cell.V, "bias": cell.c}
    named = ((recurrent, layer), (readout, reading))
    return {f"{part}.{name}" if part else name: np.array(a) for part, each in named for name, a in each.items()}


def _recurrent(tensors: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The plain names of the recurrent layer's tensors by their full names, and its tensors by their plain names."""
    matches = {name: match for name in tensors if (match := _RECURRENT.fullmatch(name))}
    if not matches:
        raise NotOneLayer(f"no weight_hh among {', '.join(tensors) or 'no tensors at all'}: no recurrent layer")
    if any(match["back"] for match in matches.values()):
        raise NotOneLayer("a bidirectional layer (names that end in _reverse): networks here run forwards")
    if any(match["name"].endswith("_hr") for match in matches.values()):
        raise NotOneLayer("an LSTM with projections (weight_hr): set proj_size to 0")
    layers = sorted({f"{match['module'] or ''} {match['layer'] or ''}".strip() for match in matches.values()})
    if len(layers) > 1:
        raise NotOneLayer(f"several recurrent layers ({', '.join(layers)}): give the tensors of one")
    plain = {name: match["name"] for name, match in matches.items()}
    found = {short: _real(name, tensors[name]) for name, short in plain.items()}
    for short in ("weight_ih", "weight_hh"):
        if short not in found or found[short].ndim != 2 or not found[short].size:
            raise NotOneLayer(f"{short} of the recurrent layer is missing, or no matrix")
    return plain, found


def _readout(
    tensors: Mapping[str, Any], taken: Mapping[str, str], units: int, dtype: np.dtype
) -> tuple[Tensor, Tensor]:
    """Weights and bias of the one linear map from the units; the identity where there are no other tensors."""
    modules: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for name in tensors:
        if name not in taken:
            module, _, short = name.rpartition(".")
            modules[module][short] = _real(name, tensors[name])
    if not modules:
        return np.eye(units, dtype=dtype), np.zeros(units, dtype)
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
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise NotOneLayer(f"{name} holds {array.dtype} values, no weights")
    return array.astype(np.float32) if array.dtype.itemsize < 4 else array
