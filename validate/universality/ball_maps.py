"""The map of a network for balls, by which the theory proves what a search has found."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from simulate.cells.dense import DenseCell
from simulate.cells.full_rank import FullRank
from simulate.cells.gru import GRU
from simulate.cells.lstm import LSTM
from simulate.cells.ugrnn import UGRNN
from simulate.cells.vanilla import Vanilla
from simulate.measures.fixed_points.find import FixedPoints
from theory.universality import ProvedPoint, gru, lstm, prove_point, rate, settled_lstm, ugrnn, vanilla
from theory.universality.cells import BallMap


class NoBalls(TypeError):
    """A cell that the theory has no map of balls for."""


def ball_map(network: DenseCell, inputs: Float[np.ndarray, " inputs"]) -> BallMap:
    """One step of the network at this constant input.

    Raises:
        NoBalls: for cells of one's own.
    """
    W, phi = np.asarray(network.W, dtype=np.float64), network.phi
    drive = drive_of(network, inputs)
    match network:
        case Vanilla():
            return vanilla(W, drive, phi)
        case FullRank():
            return rate(W, drive, phi, tau=network.tau)
        case UGRNN():
            return ugrnn(W, drive, phi)
        case LSTM():
            return lstm(W, drive, phi)
        case GRU():
            inner = None if network.d is None else np.asarray(network.d, dtype=np.float64)
            return gru(W, drive, phi, inner=inner, reset_after=network.reset_after)
    raise NoBalls(f"{type(network).__name__}: proofs know Vanilla, FullRank, UGRNN, GRU and LSTM")


def proofs(network: DenseCell, found: FixedPoints) -> list[ProvedPoint | None]:
    """Of each point its proof, None where there is none.

    An LSTM with ReLU has corners where memories rest at zero. There its points are proved with their memories settled,
    and nothing is proved of their unstable dimensions.
    """
    inputs = np.asarray(found.step.inputs)
    step = ball_map(network, inputs)
    told = [prove_point(step, point) for point in found.points]
    if not isinstance(network, LSTM) or network.phi.name != "relu":
        return told
    settled = settled_lstm(np.asarray(network.W, dtype=np.float64), drive_of(network, inputs))
    return [each or _settled(settled, point) for each, point in zip(told, found.points, strict=True)]


def _settled(step: BallMap, state: Float[np.ndarray, " size"]) -> ProvedPoint | None:
    proved = prove_point(step, state[: step.size])
    return None if proved is None else replace(proved, unstable_dimension=None)


def drive_of(network: DenseCell, inputs: Float[np.ndarray, " inputs"]) -> Float[np.ndarray, " rows"]:
    """U x + b, in doubles."""
    return np.asarray(network.U, dtype=np.float64) @ inputs + np.asarray(network.b, dtype=np.float64)
