"""The tables of maps and their flows: complete, free of contradictions, and what they say in words."""

import numpy as np
import pytest
import sympy as sp

from theory.contraction.conditions.inclusion import Membership
from theory.contraction.conditions.registry import MULTIPLIER, SINGULAR, VERTEX
from theory.contraction.conditions.step_inclusion import (
    contained_steps,
    step_inclusion_table,
    step_membership,
    step_name,
)
from theory.contraction.conditions.step_registry import STEP_CONDITIONS, STEP_DIAGONAL, STEP_MULTIPLIER, STEP_VERTEX
from theory.contraction.form import DISCRETE, MAPS


@pytest.mark.parametrize("leak", [1.0, 0.0625])
@pytest.mark.parametrize("form", MAPS, ids=lambda form: form.name)
@pytest.mark.sampled(1)
def test_complete(form, leak):
    table = step_inclusion_table(form, leak)
    assert len(table.names) == 16
    assert table.open == ()
    assert table.contradictions == ()
    assert not set(table.reasons) & set(table.separating)
    assert len(table.reasons) + len(table.separating) == 16 * 15


def test_what_steps_say_of_flows():
    """Every condition on a map implies its counterpart; of the flow's, Theorem 5 alone implies any of the map."""
    reasons = contained_steps(DISCRETE, 1.0)
    for condition in STEP_CONDITIONS:
        assert any(a == step_name(condition) and not b.startswith("step") for a, b in reasons)
    assert {a for a, b in reasons if not a.startswith("step") and b.startswith("step")} == {SINGULAR.name}
    assert (step_name(STEP_VERTEX), VERTEX.name) in reasons
    assert (MULTIPLIER.name, step_name(STEP_MULTIPLIER)) not in reasons


def test_a_leak_keeps_absolute_weights_out_of_diagonal_metrics():
    """W = -1.5 with a leak of a half: |F| <= 1/2 at every slope, and |W| is above one."""
    steep = np.array([[-1.5]])
    assert step_membership(STEP_CONDITIONS[1], steep, DISCRETE, 0.5) is Membership.HOLDS
    assert step_membership(STEP_DIAGONAL, steep, DISCRETE, 0.5) is Membership.FAILS
    assert step_membership(STEP_MULTIPLIER, steep, DISCRETE, 0.5) is Membership.HOLDS


def test_absolute_weights_are_in_the_conic():
    """With u = (1 - t) / (1 + t), x = -Re c in [0, u] and the most that K allows beside the diagonal: both its ends.

    |c|^2 = u - (1 - u) x. The row's sum over k is x (1 - u) / u + |c| at the one end: concave, and still growing at x =
    u, where it is one. At the other end it is x / u.
    """
    t, cosine = sp.symbols("t c", real=True)
    u, x = (1 - t) / (1 + t), -(t + cosine) / (1 + t)
    modulus = ((t + cosine) ** 2 + 1 - cosine**2) / (1 + t) ** 2
    assert sp.simplify(modulus - (u - (1 - u) * x)) == 0
    v, y = sp.symbols("v y", positive=True)
    total = y * (1 - v) / v + sp.sqrt(v - (1 - v) * y)
    assert sp.simplify(total.subs(y, v) - 1) == 0
    assert sp.simplify(sp.diff(total, y).subs(y, v) - (1 - v) / (2 * v)) == 0
    assert sp.simplify(sp.diff(total, y, 2) * 4 * (v - (1 - v) * y) ** sp.Rational(3, 2) + (1 - v) ** 2) == 0
