import diffrax
import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.integrate import Method
from simulate.overlaps.closure import Closure, Overlaps
from simulate.overlaps.flow import EXPLICIT, OverlapFlowOutcome, overlap_flow
from simulate.tasks.impulse import filter_task
from simulate.training.learn import NothingToTrain, learn
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import ERF, LINEAR

learn_compiled = eqx.filter_jit(learn)

START = jnp.asarray(0.8 * np.eye(4) + 0.2)
TASK = filter_task(dt=0.2, steps=20)
LINES = Closure(Shape(), LINEAR)

follow = eqx.filter_jit(overlap_flow)
STIFF = Method(
    diffrax.Kvaerno5(), diffrax.PIDController(rtol=1e-9, atol=1e-11), 0.01, diffrax.RecursiveCheckpointAdjoint(), 2**16
)
"""An implicit scheme, for overlaps that settle at very different rates."""


def rule_at(scale: float, kind: str) -> GradientDescent:
    """A rule whose flow is the same for every scale, when the epochs are divided by it."""
    rate = jnp.asarray(4e-3 * scale)
    return {
        "plain": GradientDescent(rate),
        "momentum": GradientDescent(rate / 4, momentum=0.75),
        "decay and noise": GradientDescent(
            rate, weight_decay=jnp.asarray(1e-3 * scale), noise=jnp.asarray(0.02 * scale**0.5)
        ),
        "block rates": GradientDescent(rate, block_rates=(0.0, 1.0, 2.0, 0.5)),
    }[kind]


@pytest.mark.parametrize("kind", ["plain", "momentum", "decay and noise", "block rates"])
@pytest.mark.sampled(2)
def test_the_map_follows_the_flow_to_first_order_in_the_rate(kind):
    errors = []
    for halvings in (3, 4):
        epochs, rule = 100 * 2**halvings, rule_at(0.5**halvings, kind)
        mapped = learn_compiled(Overlaps(START, LINES), TASK, rule, epochs).sigma
        flow = follow(LINES, START, TASK.batch, rule, jnp.linspace(0.0, epochs, 11))
        assert flow.outcome == OverlapFlowOutcome.finished
        errors.append(float(np.abs(flow.sigma - mapped[:: epochs // 10]).max()))
    slope = np.log2(errors[0] / errors[1])
    assert errors[-1] > 1e-6  # far above the solver's error: this is the map's
    assert abs(slope - 1) < (0.1 if kind == "momentum" else 0.03)  # O(rate) relative; its clock is slower by 4


def test_both_methods_agree_and_the_loss_is_that_of_the_overlaps():
    times = jnp.linspace(0.0, 300.0, 7)
    closure = Closure(Shape(), ERF)
    found = [
        follow(closure, START, TASK.batch, GradientDescent(4e-3), times, method=each) for each in (EXPLICIT, STIFF)
    ]
    # each holds the error of a step below 1e-9 relative; some hundred steps
    np.testing.assert_allclose(found[0].sigma, found[1].sigma, atol=1e-7)
    assert jnp.all(jnp.diff(found[0].loss) < 0)
    np.testing.assert_allclose(found[0].loss[3], closure.loss(found[0].sigma[3], TASK.batch), rtol=1e-13)
    assert 0 < found[0].steps < found[1].steps


def test_a_frozen_block_stays_and_overlaps_stay_symmetric():
    times = jnp.linspace(0.0, 300.0, 7)
    flow = follow(LINES, START, TASK.batch, GradientDescent(4e-3, block_rates=(0.0, 0.0, 1.0, 1.0)), times)
    np.testing.assert_allclose(flow.sigma[:, :2, :2], jnp.broadcast_to(START[:2, :2], (7, 2, 2)), atol=1e-14)
    np.testing.assert_allclose(flow.sigma, flow.sigma.transpose(0, 2, 1), atol=1e-14)


def test_what_goes_wrong_has_a_name():
    times = jnp.linspace(0.0, 300.0, 3)
    few = eqx.tree_at(lambda method: method.first_step, EXPLICIT, 0.01)
    few = type(few)(few.solver, few.controller, few.first_step, few.adjoint, max_steps=3)
    cut = follow(LINES, START, TASK.batch, GradientDescent(4e-3), times, method=few)
    assert cut.outcome == OverlapFlowOutcome.gave_up
    assert jnp.isnan(cut.sigma[-1]).all()
    assert jnp.isnan(cut.loss[-1])
    overflowing = follow(LINES, 1e80 * START, TASK.batch, rule_at(1.0, "plain"), jnp.linspace(0.0, 300.0, 11))
    assert overflowing.outcome == OverlapFlowOutcome.diverged
    with pytest.raises(NothingToTrain, match="no times"):
        overlap_flow(LINES, START, TASK.batch, GradientDescent(4e-3), jnp.zeros(0))
