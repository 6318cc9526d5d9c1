"""Divided differences: the quotients where nodes differ, Taylor where they meet, derivatives, and both lowerings."""

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from sympy.core.function import ArgumentIndexError

from theory.lowering import lower_mpmath, lower_numpy
from theory.overlaps.impulse.divided import expdiff, powdiff

x, y, w = sp.symbols("x y w")


@pytest.mark.parametrize("count", [2, 3, 4])
def test_coinciding_nodes_give_taylor_coefficients(count: int) -> None:
    exponential, power = expdiff(*[x] * count), powdiff(9, *[x] * count)
    order = count - 1
    assert float(exponential.subs(x, 0.7)) == pytest.approx(np.exp(0.7) / np.prod(range(1, count)), rel=1e-14)
    assert float(power.subs(x, 0.7)) == pytest.approx(float(sp.binomial(9, order)) * 0.7 ** (9 - order), rel=1e-14)


def test_quotients_from_thirty_digits() -> None:
    """Nodes 1e-9 apart: the quotient loses up to 27 digits, the function none."""
    nodes = (0.3, 0.3 + 1e-9, 0.3 - 2e-9)
    with mp.workdps(70):
        for symbolic, form in ((expdiff(x, y, w), sp.exp), (powdiff(40, x, y, w), sp.Pow)):
            explicit = sp.lambdify((x, y, w), symbolic.rewrite(form), "mpmath")(*map(mp.mpf, nodes))
            lowered = lower_mpmath((x, y, w), symbolic)(*map(mp.mpf, nodes))
            assert abs(lowered / explicit - 1) < mp.mpf(10) ** -28
            assert float(lower_numpy((x, y, w), symbolic)(*nodes)) == pytest.approx(float(explicit), rel=1e-13)
            assert float(symbolic.subs(dict(zip((x, y, w), nodes, strict=True))).evalf()) == pytest.approx(
                float(explicit), rel=1e-13
            )


@pytest.mark.parametrize("function", [expdiff(x, y, y), powdiff(12, x, y, y)])
def test_derivatives(function: sp.Expr) -> None:
    """Central differences at 40 digits, with a step of 1e-12: error 1e-24."""
    with mp.workdps(40):
        for node in (x, y):
            slope = lower_mpmath((x, y), function.diff(node))(mp.mpf("0.4"), mp.mpf("0.9"))
            step = mp.mpf(10) ** -12
            place = {x: mp.mpf("0.4"), y: mp.mpf("0.9")}
            ends = [lower_mpmath((x, y), function)(*(place | {node: place[node] + s * step}).values()) for s in (1, -1)]
            assert abs((ends[0] - ends[1]) / (2 * step) - slope) < mp.mpf(10) ** -21


def test_arrays_broadcast() -> None:
    values = lower_numpy((x, y), expdiff(x, y))(np.array([[0.0], [1.0]]), np.array([0.0, 1.0, 2.0]))
    assert values.shape == (2, 3)
    assert values[0, 0] == pytest.approx(1.0, rel=1e-15)
    assert values[0, 2] == pytest.approx((np.exp(2) - 1) / 2, rel=1e-14)


def test_no_derivative_in_the_power() -> None:
    with pytest.raises(ArgumentIndexError):
        powdiff(x, y, w).fdiff(1)
