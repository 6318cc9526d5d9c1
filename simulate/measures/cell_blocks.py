"""The weights of a cell as blocks, each gate's its own."""

import numpy as np

from simulate.cells.dense import DenseCell
from simulate.cells.gru import GRU
from simulate.measures.blocks import Block, Side


def all_weights(network: DenseCell) -> tuple[Block, ...]:
    """Recurrent weights, inputs, biases and readout of one network, for distances of all weights at once.

    The constant of the readout belongs to no unit and is left out.

    >>> from simulate.cells import LSTM
    >>> from simulate.measures import all_weights
    >>> blocks = all_weights(LSTM.blank(units=4, inputs=2, outputs=1))
    >>> [block.weights.shape for block in blocks if block.recurrent]  # recurrent weights alone
    [(4, 4), (4, 4), (4, 4), (4, 4)]
    """
    count = len(network.blocks)
    rows = zip(*(np.split(np.asarray(each), count) for each in (network.W, network.U, network.b)), strict=True)
    found = []
    for name, (W, U, b) in zip(network.blocks, rows, strict=True):
        targets = Side.STATE if name == "candidate" else Side.GATE
        found.append(Block(W, targets=targets))
        found += [Block(each, targets=targets, sources=Side.OUTSIDE) for each in (U, b)]
    if isinstance(network, GRU) and network.d is not None:
        found.append(Block(network.d, sources=Side.OUTSIDE))
    return *found, Block(network.V, targets=Side.OUTSIDE)
