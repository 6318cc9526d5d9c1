import math

import numpy as np
import pytest
import sympy

from theory.ghost.circuit import normal_form as nf
from theory.ghost.circuit.effective import NoBottleneck, bottleneck, effective_r_for, effective_toy_model
from theory.ghost.circuit.latent_circuit import LatentCircuit
from theory.ghost.toy import step_output as toy


@pytest.mark.parametrize("delay", [3.0, 10.0, 300.0])
def test_the_effective_optimum_gives_the_delay_it_was_asked_for(delay, ghostly):
    ghost = ghostly(1e-3).slowest()
    ways = [(-0.3, 1.0), (-5.0, 5.0), (ghost.location - 1e-6, 1.0)]
    if delay <= 10:  # beside a pair, the start is within exp(-T) of the unstable fixed point
        ways += [(0.5, 1.0), (-1.0, 0.0)]
    for start, threshold in ways:
        optimum = effective_r_for(ghost, delay, start, threshold)
        assert ghost.delay_at(optimum, start, threshold) == pytest.approx(delay, rel=1e-12)


def test_the_effective_optimum_lies_between_the_two_limits_a_factor_of_four_apart(ghostly):
    ghost, delay = ghostly(1e-3).slowest(), 1e5
    symbol = sympy.Symbol("T", positive=True)
    values = {nf.CURVATURE: ghost.curvature, nf.TAU: ghost.tau, symbol: delay}
    near = float(nf.optimal_effective_r_at_ghost(symbol).subs(values))
    far = float(nf.optimal_effective_r_from_afar(symbol).subs(values))
    # cutting the way at a distance y changes the delay by 1 / (q y), a relative 1e-5 here
    assert effective_r_for(ghost, delay, ghost.location - 1e-12, 1.0) == pytest.approx(near, rel=1e-4)
    assert effective_r_for(ghost, delay, -0.3, 1.0) == pytest.approx(far, rel=1e-4)
    own = [effective_r_for(ghost, delay, ghost.location - reach, 1.0) for reach in 10.0 ** -np.arange(12, 0, -1)]
    assert np.all(np.diff(own) > 0)
    assert near * (1 - 1e-4) < own[0] < own[-1] < far


def test_the_critical_rate_of_a_network_that_starts_at_its_ghost_is_the_toy_models(ghostly):
    circuit, delay = ghostly(1e-6), 1e5
    ghost = circuit.slowest()
    model = effective_toy_model(circuit, delay, delay, 1.0, start=ghost.location - 1e-12)
    gain = sum(float(part @ part) for part in circuit.parameter_gradient(ghost.location))
    law = toy.paper_window(toy.critical_learning_rate())
    (symbol,) = law.free_symbols
    in_r = float(law.subs(symbol, delay))
    # d r = q d r_eff, and descent on r_eff is slowed by q once more and sped up by the parameters' gain
    assert model.critical_learning_rate == pytest.approx(in_r / (ghost.curvature**2 * gain), rel=1e-3)
    assert model.optimal_r / model.point_of_no_return == pytest.approx(4.0, rel=1e-4)
    assert model.rho == pytest.approx(ghost.effective_r / model.optimal_r)
    doubled = effective_toy_model(circuit, delay, delay, 2.0, start=ghost.location - 1e-12)
    assert doubled.critical_learning_rate == pytest.approx(model.critical_learning_rate / 2)


def test_a_start_beyond_the_turning_point_needs_a_pair_to_be_late(ghostly):
    """From kappa = 0.5, past the ghost at 0.30, only a pair makes the passage longer than its limit at r_eff = 0."""
    point = ghostly(1e-3).slowest()
    at_zero = point.delay_at(0.0, 0.5, 1.0)
    assert effective_r_for(point, 0.9 * at_zero, 0.5, 1.0) > 0
    assert point.blocking_effective_r(0.5, 1.0) < effective_r_for(point, 1.1 * at_zero, 0.5, 1.0) < 0
    late = effective_r_for(point, 60.0, 0.5, 1.0)
    unstable = point.location + math.sqrt(-late / point.curvature)
    assert 0 < 0.5 - unstable < 1e-3  # the start is just above the unstable fixed point


def test_the_bottleneck_is_the_slowest_upright_turning_point(ghostly):
    circuit = ghostly(1e-3)
    assert bottleneck(circuit, -0.3, 1.0) == circuit.slowest()
    with pytest.raises(NoBottleneck, match="train further"):
        effective_toy_model(LatentCircuit(np.ones(2), 0.1 * np.ones(2), np.zeros(2)), 10.0, 10.0, 1.0)
    with pytest.raises(NoBottleneck):
        effective_toy_model(circuit, 10.0, 10.0, 1.0, start=2.0)
