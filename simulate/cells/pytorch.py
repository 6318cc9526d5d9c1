"""PyTorch's recurrent networks as cells of this house, and back: by the names in their state dicts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from simulate.cells.dense import DenseCell
from simulate.cells.gru import GRU
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import RELU, TANH, Nonlinearity
from simulate.cells.torch_layer import NotOneLayer, Tensor, read_layer
from simulate.cells.vanilla import Vanilla


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
    layer = read_layer(tensors)
    kinds: dict[str, type[DenseCell]] = {each.__name__: each for each in (Vanilla, GRU, LSTM)}
    kind = kinds[layer.kind]
    if kind is not Vanilla and phi is not TANH:
        raise NotOneLayer(f"phi={phi.name} for tensors of an {layer.kind}, which has tanh in PyTorch: leave phi out")
    units, dtype = layer.W.shape[1], layer.W.dtype
    V = np.eye(units, dtype=dtype) if layer.V is None else layer.V
    c = np.zeros(len(V), dtype) if layer.c is None else layer.c
    W, U, b = (jnp.asarray(each) for each in (layer.W, layer.U, layer.b))
    network = kind(W, U, b, jnp.asarray(V), jnp.asarray(c), phi)
    return replace(network, d=jnp.asarray(layer.d)) if isinstance(network, GRU) else network


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
