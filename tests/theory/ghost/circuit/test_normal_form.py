import math

import mpmath
import numpy as np
import pytest
import sympy

from theory.ghost.circuit import normal_form as nf
from theory.ghost.circuit.normal_form import NormalForm
from theory.ghost.toy import step_output


def test_the_normal_form_is_the_toy_model_in_a_scaled_variable():
    x = sympy.Symbol("x", real=True)
    scale = nf.toy_scale()
    assert sympy.simplify(scale * nf.normal_flow(x / scale) - (x**2 + nf.toy_r())) == 0
    assert sympy.simplify(nf.toy_r() - nf.CURVATURE * nf.EFFECTIVE_R / nf.TAU**2) == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_the_arctangents_solve_the_flow(sign):
    r, q = sympy.symbols("r q", positive=True)
    time = nf.passage_time().subs({nf.EFFECTIVE_R: sign * r, nf.CURVATURE: sign * q})
    speed = nf.normal_flow(nf.END).subs({nf.EFFECTIVE_R: sign * r, nf.CURVATURE: sign * q})
    assert sympy.simplify(sympy.diff(time, nf.END) * speed - 1) == 0
    assert time.subs(nf.END, nf.START) == 0


def test_beside_a_pair_the_logarithm_solves_the_flow_and_joins_the_arctangents():
    r, q, y = sympy.symbols("r q y", positive=True)
    time = nf.passage_time_beside_pair().subs({nf.EFFECTIVE_R: -r, nf.CURVATURE: q})
    speed = nf.normal_flow(nf.END).subs({nf.EFFECTIVE_R: -r, nf.CURVATURE: q})
    assert sympy.simplify(sympy.diff(time, nf.END) * speed - 1) == 0
    assert sympy.simplify(time.subs(nf.END, nf.START)) == 0
    ends = {nf.START: y, nf.END: 3 * y, nf.CURVATURE: q, nf.TAU: 1}
    join = nf.passage_time_at_saddle_node().subs(ends)
    for time, side in ((nf.passage_time_beside_pair(), -1), (nf.passage_time(), 1)):
        small = time.subs(ends).subs(nf.EFFECTIVE_R, side * q * r**2)
        assert sympy.simplify(sympy.limit(small, r, 0) - join) == 0


def test_the_delay_is_continuous_through_the_saddle_node_and_infinite_where_it_is_blocked():
    point = NormalForm(0.2, 0.0, 1.5, 0.0, tau=2.0)
    heights = np.array([-1e-5, -1e-6, 0.0, 1e-6, 1e-5])
    times = [point.delay_at(r, 0.5, 1.5) for r in heights]
    assert np.all(np.diff(times) < 0)
    slope = point.delay_slope_at(1e-6, 0.5, 1.5)
    assert point.delay_slope_at(-1e-6, 0.5, 1.5) == pytest.approx(slope, rel=1e-4)
    assert np.diff(times) / np.diff(heights) == pytest.approx([slope] * 4, rel=1e-3)
    blocked = point.blocking_effective_r(0.5, 1.5)
    assert blocked == pytest.approx(-1.5 * 0.3**2)
    assert point.delay_at(blocked * (1 + 1e-9), 0.5, 1.5) == math.inf
    assert 10 < point.delay_at(blocked * (1 - 1e-9), 0.5, 1.5) < math.inf
    assert point.blocking_effective_r(-1.0, 0.1) == pytest.approx(-1.5 * 0.1**2)
    assert point.blocking_effective_r(-1.0, 1.0) == 0.0


def test_the_optimum_differs_by_four_between_the_two_ways_to_arrive():
    delay = sympy.Symbol("T", positive=True)
    near, far = nf.optimal_effective_r_at_ghost(delay), nf.optimal_effective_r_from_afar(delay)
    assert sympy.simplify(far / near) == 4
    as_toy = nf.toy_r().subs(nf.EFFECTIVE_R, near)
    assert sympy.simplify(as_toy - sympy.pi**2 / (4 * delay**2)) == 0


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_delay_and_its_slope_against_quadrature(sign):
    rng = np.random.default_rng(1)
    for location, log_r, log_q, below, above in rng.uniform(-1, 1, (10, 5)):
        r, q = sign * 10 ** (2 * log_r), sign * 10**log_q
        point = NormalForm(location, r, q, 0.0, tau=2.5)
        start, end = location - sign * (1.2 + below), location + sign * (1.2 + above)

        def time(r, point=point, start=start, end=end):
            def pace(k):
                return point.tau / (r + point.curvature * (k - point.location) ** 2)

            return mpmath.quad(pace, [start, point.location, end])

        assert point.delay(start, end) == pytest.approx(float(time(r)), rel=1e-12)
        assert point.delay(start, end) > 0
        slope = float(mpmath.diff(time, r))
        assert point.delay_slope_at(r, start, end) == pytest.approx(slope, rel=1e-8)
        assert point.is_ghost
        assert not point.is_pair


def test_a_pair_has_no_delay():
    point = NormalForm(0.1, -1e-3, 2.0, 0.0)
    assert point.is_pair
    assert not point.is_ghost
    assert point.delay(-1.0, 1.0) == math.inf


def test_what_rounding_hides_is_neither_ghost_nor_pair():
    point = NormalForm(0.1, 1e-15, 2.0, 1e-14)
    assert not point.is_ghost
    assert not point.is_pair


def test_starting_at_the_ghost_the_critical_rate_is_the_toy_models():
    """(optimum - no return) / |slope of the delay| for one trained parameter r_eff, against the toy model's own law."""
    delay, r = sympy.symbols("T r", positive=True)
    unit = {nf.CURVATURE: 1, nf.TAU: 1, nf.START: 0, nf.EFFECTIVE_R: r}
    time = sympy.limit(nf.passage_time().subs(unit), nf.END, sympy.oo)
    optimum = nf.optimal_effective_r_at_ghost(delay).subs({nf.CURVATURE: 1, nf.TAU: 1})
    no_return = optimum.subs(delay, 2 * delay)
    rate = (optimum - no_return) / -sympy.diff(time, r).subs(r, optimum)
    law = step_output.paper_window(step_output.critical_learning_rate())
    (symbol,) = law.free_symbols
    assert sympy.simplify(rate - law.subs(symbol, delay)) == 0
