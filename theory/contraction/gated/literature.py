"""Published conditions in the plain maximum norm, each a number below one where it proves contraction.

What `certify` asks is weaker: it holds wherever one of these does
(`tests/theory/contraction/gated/test_gated_certify.py`).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import expit

from theory.contraction.gated.gru import GRULayer, GRUResetAfter
from theory.contraction.gated.layer import GatedLayer
from theory.contraction.gated.lstm import LSTMLayer


@dataclass(frozen=True)
class PublishedCondition:
    """A condition by name, and its number: below one it proves contraction."""

    name: str
    value: float


def published(layer: GatedLayer) -> PublishedCondition:
    """The condition of the literature for this kind of layer, over its box of inputs.

    A GRU whose reset is before: Bonassi, Farina and Scattolini (Systems & Control Letters 157, 2021), the theorem on
    incremental stability. With the reset after, its counterpart (derived here). An LSTM: Terzi, Bonassi, Farina and
    Scattolini (International Journal of Robust and Nonlinear Control 31, 2021), the spectral radius of a matrix of two
    rows.

    >>> from theory.contraction import gated
    >>> layer = gated.gru.from_arrays(np.zeros((6, 1)), np.ones((6, 2)) / 8, input_box=1.0, reset_after=False)
    >>> gated.literature.published(layer).value < 1
    True
    """
    if isinstance(layer, LSTMLayer):
        return PublishedCondition("spectral radius of Terzi et al.", _lstm(layer))
    if isinstance(layer, GRUResetAfter):
        return PublishedCondition("counterpart of Bonassi et al. for the reset after", _gru(layer))
    assert isinstance(layer, GRULayer)
    return PublishedCondition("Bonassi et al.", _gru(layer))


def _gru(layer: GRULayer) -> float:
    """|U_n| s_r + |U_r| a / 4 + (1 + t) |U_z| / (4 (1 - s_z)): s and t are bounds of gates and candidate.

    a bounds what the reset multiplies: |U_n| |h|, and |d| beside it if the reset is after the product.
    """
    norms = {block: _norm(layer.recurrent[block]) for block in layer.blocks}
    reset, update = (float(expit(_argument(layer, block))) for block in layer.blocks[:2])
    sent, candidate = norms["candidate"], _argument(layer, "candidate")
    if isinstance(layer, GRUResetAfter):
        sent += float(np.abs(layer.bias["inner"]).max())
        candidate = _argument(layer, "candidate", recurrent=False) + reset * sent
    if update == 1:  # in double precision: the argument of the update gate is beyond 37
        return float("inf")
    turned = (1 + np.tanh(candidate)) * norms["update"] / 4
    return float(norms["candidate"] * reset + norms["reset"] * sent / 4 + turned / (1 - update))


def _lstm(layer: LSTMLayer) -> float:
    """Of [[f, a], [o f, a o + t |U_o| / 4]]: f, i, o, g are bounds of the gates, t = tanh(i g / (1 - f)).

    a = |U_f| i g / (4 (1 - f)) + i |U_g| + |U_i| g / 4.
    """
    norms = {block: _norm(layer.recurrent[block]) for block in layer.blocks}
    i, f, o = (float(expit(_argument(layer, block))) for block in ("input", "forget", "output"))
    g = float(np.tanh(_argument(layer, "candidate")))
    if f == 1:
        return float("inf")
    memory = i * g / (1 - f)
    reached = norms["forget"] * memory / 4 + i * norms["candidate"] + norms["input"] * g / 4
    matrix = np.array([[f, reached], [o * f, reached * o + np.tanh(memory) * norms["output"] / 4]])
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def _norm(matrix: Float[np.ndarray, "rows columns"]) -> float:
    return float(np.abs(matrix).sum(axis=1).max())


def _argument(layer: GatedLayer, block: str, *, recurrent: bool = True) -> float:
    """The maximum norm of [W X, U, b]: no state of size one and no input makes a gate's argument larger."""
    rows = np.abs(layer.driven[block]) @ layer.inputs.size + np.abs(layer.bias[block])
    return float((rows + recurrent * np.abs(layer.recurrent[block]).sum(axis=1)).max())
