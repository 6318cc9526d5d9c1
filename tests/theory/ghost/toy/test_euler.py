"""The modified equation of Euler's method, proved order by order and measured on iterated maps."""

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from theory.ghost.toy.euler import (
    CoefficientOrder,
    end,
    end_speed,
    flow,
    modified_flow,
    parameter_shift,
    passage_correction,
    passage_density,
    passage_time,
    position,
    start,
    start_speed,
    step,
)

r = sp.Symbol("r", positive=True)


def coefficients(expression: sp.Expr, highest: int) -> list[sp.Expr]:
    """Taylor coefficients in the step, h^0 to h^highest."""
    return [sp.expand(sp.diff(expression, step, n).subs(step, 0).doit() / sp.factorial(n)) for n in range(highest + 1)]


@pytest.mark.parametrize("order", [0, 1, 2])
def test_the_modified_flow_follows_the_map_to_its_order(order):
    """x(h) of the modified flow is x + h f up to h^(order+1), and differs at the next power."""
    modified = modified_flow(order)
    displacement, derivative = step * modified, modified
    for n in range(2, order + 3):
        derivative = sp.expand(modified * derivative.diff(position))
        displacement += step**n * derivative / sp.factorial(n)
    found = coefficients(sp.expand(displacement - step * flow(position)), order + 2)
    assert found[: order + 2] == [0] * (order + 2)
    assert found[order + 2] != 0


@pytest.mark.parametrize("order", [0, 1, 2])
def test_one_step_of_the_map_takes_one_step_of_time(order):
    """Abel's equation, not used in the derivation: the density integrates to h from x to x + h f(x)."""
    offset = sp.Symbol("offset")
    density = sum(step**n * passage_density(n) for n in range(order + 1))
    taylor = sum(
        sp.diff(density, position, k).doit() * offset ** (k + 1) / sp.factorial(k + 1) for k in range(order + 2)
    )
    found = coefficients(taylor.subs(offset, step * flow(position)), order + 2)
    assert [sp.simplify(c) for c in found[: order + 2]] == [0, 1] + [0] * order
    assert sp.simplify(found[order + 2]) != 0


def test_the_first_correction_needs_only_the_speeds_at_the_ends():
    assert sp.simplify(passage_correction() - step * sp.log(end_speed / start_speed) / 2) == 0


def test_the_toy_model():
    """Against the integrals written out by hand."""
    exact, first, second = passage_time(position**2 + r, 2).terms
    root = sp.sqrt(r)
    angle = sp.atan(end / root) - sp.atan(start / root)
    assert sp.simplify(exact - angle / root) == 0
    assert sp.simplify(sp.diff(first - sp.log((end**2 + r) / (start**2 + r)) / 2, end)) == 0
    assert first.subs(end, start) == 0
    assert sp.simplify(second - (root * angle / 3 - (end - start) / 2)) == 0


def map_time(speed, derivative_free_time, low, high, h):
    """Passage time of the iterated map, 40 digits, the last step shared out in the flow's own time."""
    x, steps = mp.mpf(low), 0
    while x < high:
        before, x, steps = x, x + h * speed(x), steps + 1
    share = derivative_free_time(before, high) / derivative_free_time(before, x)
    return h * (steps - 1 + share)


@pytest.mark.parametrize(
    ("expression", "low", "high"),
    [
        (position**2 + sp.Rational(1, 5), sp.Integer(-2), sp.Integer(3)),
        (2 - position, sp.Integer(0), sp.Rational(3, 2)),
        (sp.exp(-position) + sp.Rational(1, 10), sp.Integer(0), sp.Integer(2)),
    ],
)
def test_the_correction_leaves_an_error_of_the_next_order(expression, low, high):
    """Errors of T_0, T_0 + h T_1, T_0 + h T_1 + h^2 T_2 against the iterated map have slopes 1, 2, 3 in h.

    Between h = 1/64 and 1/1024 a slope n is reached to about h; 0.1 is allowed.
    """
    speed = sp.lambdify(position, expression, "mpmath")
    times = passage_time(expression, 2)
    time = sp.lambdify((start, end), times.terms[0], "mpmath")
    sizes = [mp.mpf(2) ** -k for k in range(6, 11)]
    with mp.workdps(40):
        measured = [map_time(speed, time, low, high, h) for h in sizes]
        for order in range(3):
            predicted = sp.lambdify(step, times.truncated(order).subs({start: low, end: high}), "mpmath")
            errors = [abs(m - predicted(h)) for m, h in zip(measured, sizes, strict=True)]
            slope = np.polyfit([float(mp.log(h)) for h in sizes], [float(mp.log(e)) for e in errors], 1)[0]
            assert slope == pytest.approx(order + 1, abs=0.1)


def test_the_shift_of_the_optimum_has_the_predicted_slope():
    """x' = x^2 + r from 0 to 1 in time 2: the map's r minus the flow's is h shift + O(h^2)."""
    exact = passage_time(position**2 + r, 0).terms[0].subs({start: 0, end: 1})
    optimum = sp.nsolve(exact - 2, r, 0.3, prec=30)
    shift = parameter_shift(position**2 + r, r).subs({start: 0, end: 1, r: optimum})
    time = sp.lambdify((r, start, end), passage_time(position**2 + r, 0).terms[0], "mpmath")

    def scheme_optimum(h):
        def late(p):
            return map_time(lambda x: x * x + p, lambda a, b: time(p, a, b), 0, 1, h) - 2

        return mp.findroot(late, (optimum * 0.8, optimum * 1.5), solver="anderson", tol=1e-22)

    sizes = [mp.mpf(2) ** -k for k in range(6, 10)]
    with mp.workdps(30):
        remainders = [abs((scheme_optimum(h) - optimum) / h - shift) for h in sizes]
    slope = np.polyfit([float(mp.log(h)) for h in sizes], [float(mp.log(e)) for e in remainders], 1)[0]
    assert slope == pytest.approx(1, abs=0.1)


def test_a_negative_order_is_refused():
    for derive in (modified_flow, passage_density):
        with pytest.raises(CoefficientOrder, match="not -1"):
            derive(-1)
