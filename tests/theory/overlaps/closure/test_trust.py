"""The forecast of the closure's error: its integral, its verdicts, its refusals."""

import numpy as np
import pytest

from theory.overlaps.closure.potential import Trials
from theory.overlaps.closure.short_time import short_time
from theory.overlaps.closure.trust import (
    FACTOR,
    SPREAD,
    BadTolerance,
    ClosurePath,
    NormalNodes,
    Trust,
    Trustworthiness,
    checkpoints,
    trust,
)
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import ERF, LINEAR

SHAPE = Shape()
SIGMA = 0.7 * np.eye(4) + 0.3
STILL = ClosurePath(np.stack([SIGMA, SIGMA]), np.array([0.0, 1.0]))
RNG = np.random.default_rng(1)
TRIALS = Trials(RNG.normal(size=(2, 12, 1)), RNG.normal(size=(2, 12, 1)), np.ones((2, 12)), 0.2)


def standard() -> tuple[np.ndarray, np.ndarray]:
    node, weight = np.polynomial.hermite_e.hermegauss(6)
    nodes = np.stack(np.meshgrid(*[node] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    share = np.stack(np.meshgrid(*[weight] * 4, indexing="ij"), axis=-1).reshape(-1, 4).prod(axis=1)
    return nodes, share / share.sum()


def forecast(path: list[np.ndarray], times: list[float], tolerance: float = 0.1) -> Trust:
    return trust(
        SHAPE, ERF, TRIALS, ClosurePath(np.stack(path), np.array(times)), NormalNodes(*standard()), tolerance=tolerance
    )


def test_linear_networks_are_trusted_to_rounding() -> None:
    found = trust(SHAPE, LINEAR, TRIALS, STILL, NormalNodes(*standard()), tolerance=1e-12)
    assert found.verdict is Trustworthiness.TRUSTED
    assert found.hidden < 1e-26


def test_hidden_share_of_the_loss() -> None:
    """Two looks: the trapezoid of <|r|^2> / loss, from the short times at either end, on other rows."""
    nodes, share = standard()
    ends = [SIGMA, 1.5 * SIGMA]
    starts = [short_time(SHAPE, ERF, TRIALS, nodes @ np.linalg.cholesky(sigma).T, share) for sigma in ends]
    expected = 0.3 * (starts[0].excess + starts[1].excess) / 2 / starts[0].loss
    found = forecast(ends, [0.0, 0.3])
    assert found.hidden == pytest.approx(expected, rel=1e-2)  # six nodes an axis
    assert found.error == FACTOR * found.hidden


def test_verdicts_bracket_the_tolerance() -> None:
    """Each side of each end of the band."""
    found = forecast([SIGMA, SIGMA], [0.0, 1.0])
    inside = 1 + 1e-9
    cases = {
        found.high * inside: Trustworthiness.TRUSTED,
        found.high / inside: Trustworthiness.DOUBTFUL,
        found.low * inside: Trustworthiness.DOUBTFUL,
        found.low / inside: Trustworthiness.NOT_TRUSTED,
    }
    assert found.high / found.low == pytest.approx(SPREAD**2)
    for tolerance, verdict in cases.items():
        assert forecast([SIGMA, SIGMA], [0.0, 1.0], tolerance).verdict is verdict


def test_nothing_to_learn_is_trusted() -> None:
    silent = Trials(TRIALS.inputs * 0, TRIALS.targets * 0, TRIALS.mask, TRIALS.dt)
    found = trust(SHAPE, ERF, silent, STILL, NormalNodes(*standard()))
    assert found.verdict is Trustworthiness.TRUSTED
    assert found.hidden == 0


def test_checkpoints() -> None:
    assert checkpoints(10).tolist() == [0, 1, 2, 4, 8, 10]
    assert checkpoints(8).tolist() == [0, 1, 2, 4, 8]
    assert checkpoints(1).tolist() == [0, 1]
    assert checkpoints(0).tolist() == [0]


@pytest.mark.parametrize("tolerance", [0.0, -1.0, float("nan")])
def test_refusals(tolerance: float) -> None:
    with pytest.raises(BadTolerance, match="positive"):
        forecast([SIGMA], [0.0], tolerance)


def test_the_epoch_of_an_error() -> None:
    """There the second-order difference is the tolerance times the first-order change; never, for a linear network."""
    nodes, share = standard()
    start = short_time(SHAPE, ERF, TRIALS, nodes @ np.linalg.cholesky(SIGMA).T, share)
    epoch = start.epoch_of_error(1e-3, 0.01)
    change = 1e-3 * epoch * np.linalg.norm(start.velocity)
    assert np.linalg.norm(start.curvature) * (1e-3 * epoch) ** 2 / 2 == pytest.approx(0.01 * change)
    still = Trials(TRIALS.inputs * 0, TRIALS.targets, TRIALS.mask, TRIALS.dt)
    assert short_time(SHAPE, ERF, still, nodes, share).epoch_of_error(1e-3, 0.01) == float("inf")
