"""What learning feels: counts, the unobservable direction, pairs of Gram matrices followed by flow and map."""

from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp

from theory.lowering import lower_numpy
from theory.overlaps import gaussian
from theory.overlaps.equations.activity import activity_equations
from theory.overlaps.equations.gradient_span import span_of_flow, span_of_map
from theory.overlaps.equations.gram import GramEquations, trained_except
from theory.overlaps.equations.loss import Trial, loss, outputs
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.visible import FROZEN_PATTERNS, visible_overlaps

ONE = Shape()
SHAPES = (ONE, Shape(inputs=2), Shape(rank=2), Shape(inputs=3, rank=1, outputs=2))


def equations(shape: Shape, phi: gaussian.Nonlinearity, frozen: frozenset[str] = frozenset()) -> GramEquations:
    return GramEquations(shape, visible_overlaps(shape, phi), trained_except(frozen))


def signature(shape: Shape) -> sp.Matrix:
    return sp.diag(*(1 if label[0] in "mu" else -1 for label in shape.labels))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.sampled(2)
def test_a_linear_network_does_not_feel_the_signature(shape: Shape) -> None:
    """Found by elimination: one direction, and it is A; a step of finite size feels it too."""
    law = equations(shape, gaussian.LINEAR)
    span = span_of_flow(law)
    assert span.combinations == len(law.flow) - 1
    (direction,) = span.unobservable
    assert direction in (signature(shape), -signature(shape))
    pull = law.gradient_matrix
    assert sp.expand(pull @ direction + direction @ pull) == sp.zeros(shape.size, shape.size)
    assert span_of_map(law).unobservable == ()
    assert span_of_flow(equations(shape, gaussian.ERF)).unobservable == ()


def test_frozen_blocks() -> None:
    """Lambda A where blocks on both sides are trained; with m, u or v, z frozen all of the other is unobservable."""
    for frozen in FROZEN_PATTERNS[:-1]:
        law = equations(ONE, gaussian.LINEAR, frozen)
        span = span_of_flow(law)
        one_sided = {"m", "u"} <= frozen or {"v", "z"} <= frozen
        assert span.combinations == (7 if one_sided else 9)
        if not one_sided:
            assert span.unobservable[0] in (law.rate_matrix @ signature(ONE), -law.rate_matrix @ signature(ONE))
        erf = span_of_flow(equations(ONE, gaussian.ERF, frozen))
        assert erf.combinations == (7 if {"m", "u"} <= frozen else 10)


def pull_of(phi: gaussian.Nonlinearity) -> tuple[Callable, Callable]:
    """H and the outputs as functions of a 4 x 4 Gram matrix, for a task of two trials of three steps."""
    trials = [
        Trial(sp.ImmutableMatrix([1, 0, 0]), sp.ImmutableMatrix([1, -1, sp.Rational(1, 2)])),
        Trial(sp.ImmutableMatrix([0, 1, 2]), sp.ImmutableMatrix([0, 1, 0])),
    ]
    symbols, dt = activity_equations(ONE).overlaps, sp.Rational(1, 2)
    error = loss(ONE, phi, trials, dt)
    gradient = lower_numpy(symbols, sp.ImmutableMatrix([error.diff(each) for each in symbols]))
    seen = lower_numpy(symbols, outputs(ONE, phi, trials[1].inputs, dt))
    upper = np.array(ONE.pairs).T

    def pull(sigma: np.ndarray) -> np.ndarray:
        half = np.zeros((4, 4))
        half[upper[0], upper[1]] = gradient(*sigma[upper[0], upper[1]]).ravel() / 2
        return half + half.T

    return pull, lambda sigma: seen(*sigma[upper[0], upper[1]]).ravel()


def flow_step(sigma: np.ndarray, pull: Callable, step: float) -> np.ndarray:
    """One Runge-Kutta step of Sigma' = -2 (H Sigma + Sigma H)."""

    def speed(at: np.ndarray) -> np.ndarray:
        return -2 * (pull(at) @ at + at @ pull(at))

    a = speed(sigma)
    b = speed(sigma + step / 2 * a)
    c = speed(sigma + step / 2 * b)
    return sigma + step / 6 * (a + 2 * b + 2 * c + speed(sigma + step * c))


def followed(sigma: np.ndarray, advance: Callable, see: Callable, steps: int) -> np.ndarray:
    found = []
    for _ in range(steps):
        sigma = advance(sigma)
        found.append(see(sigma))
    return np.array(found)


def start() -> np.ndarray:
    theta = np.random.default_rng(3).normal(size=(5, 4))
    return theta.T @ theta / 5 + 0.2 * np.eye(4)


def test_outputs_along_the_flow_feel_nine_combinations_of_ten() -> None:
    """The Jacobian of all outputs over the flow in the ten overlaps has nine singular values above rounding.

    Rounding, 1e-16, over the difference's step, 1e-4, is 1e-12: ten times that bounds the tenth. Runge-Kutta steps
    ignore the direction as the flow does, being sums of products of the same matrices at the same visible overlaps.
    """
    pull, see = pull_of(gaussian.LINEAR)
    sigma, columns = start(), []
    for a, b in ONE.pairs:
        bump = np.zeros((4, 4))
        bump[a, b] = bump[b, a] = 1e-4
        up, down = (followed(sigma + s * bump, lambda at: flow_step(at, pull, 0.02), see, 60).ravel() for s in (1, -1))
        columns.append((up - down) / 2e-4)
    values = np.linalg.svd(np.stack(columns, axis=1), compute_uv=False)
    assert values[9] < 1e-11
    assert values[8] > 1e4 * values[9]


def test_a_pair_along_the_signature_parts_with_the_rate_in_the_map_and_never_in_the_flow() -> None:
    """Along A nothing but rounding in the flow, and in a run of the map a parting of first order in the rate.

    The slope between the two smaller rates errs by half their second order, a few per cent: the bound is 10 %.
    """
    pull, see = pull_of(gaussian.LINEAR)
    sigma, along = start(), np.diag([1.0, 1.0, -1.0, -1.0]) / 10

    def apart(change: np.ndarray, advance: Callable, steps: int) -> float:
        return float(np.abs(followed(sigma + change, advance, see, steps) - followed(sigma, advance, see, steps)).max())

    def by_map(rate: float) -> Callable:
        def advance(at: np.ndarray) -> np.ndarray:
            step = np.eye(4) - 2 * rate * pull(at)
            return step @ at @ step

        return advance

    def by_flow(at: np.ndarray) -> np.ndarray:
        return flow_step(at, pull, 0.02)

    assert np.linalg.eigvalsh(sigma - along)[0] > 0
    assert np.linalg.eigvalsh(sigma + along)[0] > 0
    assert apart(along, by_flow, 60) < 1e-13
    assert apart(np.diag([0.1, 0, 0, 0]), by_flow, 60) > 1e-3
    rates = np.array([0.02, 0.01, 0.005])
    distances = [apart(along, by_map(rate), round(1.2 / rate)) for rate in rates]
    slopes = np.diff(np.log(distances)) / np.diff(np.log(rates))
    assert min(distances) > 1e-9  # far above rounding
    assert abs(slopes[1] - 1) < 0.1


@pytest.mark.parametrize("shape", [ONE, Shape(rank=2)])
def test_nothing_visible_nothing_felt(shape: Shape) -> None:
    span = span_of_flow(GramEquations(shape, (shape.overlap(0, 0),), (0, 0, 0, 0)))
    assert span.combinations == 1
    assert len(span.unobservable) == shape.size * (shape.size + 1) // 2 - 1
