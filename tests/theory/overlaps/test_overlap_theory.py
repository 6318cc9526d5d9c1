"""The front door: the parts fit together, and the loss falls along the flow at the rate the equations say."""

import numpy as np
import pytest
import sympy as sp

from theory.lowering import lower_numpy
from theory.overlaps.equations.gram import UnknownBlock, gradient_symbol, rate
from theory.overlaps.equations.loss import NoClosedForm, Trial
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import ERF, LINEAR, RELU, TANH, Nonlinearity
from theory.overlaps.overlap_theory import OverlapTheory

TRIALS = (
    Trial(sp.ImmutableMatrix([1, 0, 0]), sp.ImmutableMatrix([1, -1, 1])),
    Trial(sp.ImmutableMatrix([-1, 2, 0]), sp.ImmutableMatrix([0, 1, 1]), (sp.S.One, sp.Rational(1, 2), sp.S.One)),
)
"""Three steps: through m, u and v a signal takes three to the output."""


def test_ten_and_twentyone_equations() -> None:
    for rank, count, visible in ((1, 10, 4), (2, 21, 9)):
        theory = OverlapTheory(Shape(rank=rank))
        assert len(theory.learning().flow) == theory.latex().count(r"\dot") == count
        assert len(theory.visible) == visible
        assert set(theory.visible) | set(theory.invisible) == set(theory.activity.overlaps)
        assert theory.gradient_span().combinations == count - 1
    frozen = OverlapTheory().learning(frozenset("muvz"))
    assert set(frozen.flow.values()) == {0}


@pytest.mark.parametrize("phi", [LINEAR, ERF, RELU], ids=lambda phi: phi.name)
def test_the_loss_knows_the_visible_overlaps_only(phi: Nonlinearity) -> None:
    """The loss is an expression in the visible overlaps, each of which is in it."""
    theory = OverlapTheory(Shape(), phi)
    loss = theory.loss(TRIALS, sp.Rational(1, 2))
    assert loss.free_symbols == set(theory.visible)


@pytest.mark.parametrize("phi", [LINEAR, ERF], ids=lambda phi: phi.name)
def test_one_small_step_on_explicit_neurons(phi: Nonlinearity) -> None:
    """dL/dtheta by central differences over 5 x 4 weights moves the overlaps as the map says.

    Differences of step 1e-5 err by 1e-10 relative to the third derivative: the bound is 1e-8.
    """
    theory = OverlapTheory(Shape(), phi)
    overlaps, gradient = theory.activity.overlaps, theory.learning().gradient
    loss = theory.loss(TRIALS, sp.Rational(1, 2))
    lowered = lower_numpy(overlaps, loss)
    slopes = lower_numpy(overlaps, sp.ImmutableMatrix([loss.diff(each) for each in theory.visible]))
    after = lower_numpy((*overlaps, *gradient, rate), sp.ImmutableMatrix(list(theory.learning().map.values())))
    pairs = theory.shape.pairs
    theta = np.random.default_rng(2).normal(size=(5, 4))

    def vector(weights: np.ndarray) -> list[float]:
        return [float(weights[:, a] @ weights[:, b] / 5) for a, b in pairs]

    pull = np.zeros((5, 4))
    for place in np.ndindex(5, 4):
        bump = np.zeros((5, 4))
        bump[place] = 1e-5
        pull[place] = (lowered(*vector(theta + bump)) - lowered(*vector(theta - bump))) / 2e-5
    measured = vector(theta - 0.1 * 5 * pull)
    predicted = after(*vector(theta), *slopes(*vector(theta)).ravel(), 0.1).ravel()
    assert np.abs(predicted - vector(theta)).max() > 1e-2
    np.testing.assert_allclose(measured, predicted, rtol=0, atol=1e-8)


def test_the_loss_falls_along_the_flow() -> None:
    """dl/dt = g.sigma' is minus a sum of squares: negative at random gradients and Gram matrices of any rank."""
    theory = OverlapTheory(Shape(), ERF)
    learning = theory.learning()
    slope = sum(gradient_symbol(each) * learning.flow[each] for each in theory.visible)
    lowered = lower_numpy((*theory.activity.overlaps, *learning.gradient), slope.subs(rate, 1))
    generator = np.random.default_rng(0)
    for neurons in (1, 2, 6):
        for _ in range(20):
            theta = generator.normal(size=(neurons, 4))
            values = [float(theta[:, a] @ theta[:, b]) for a, b in theory.shape.pairs]
            assert lowered(*values, *generator.normal(size=len(learning.gradient))) < 0


def test_refusals() -> None:
    with pytest.raises(NoClosedForm):
        OverlapTheory(Shape(), TANH).loss(TRIALS, sp.S.One)
    with pytest.raises(UnknownBlock, match="x"):
        OverlapTheory().learning(frozenset("x"))
