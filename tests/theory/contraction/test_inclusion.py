"""The table of inclusions: complete, and free of contradictions."""

import numpy as np
import pytest

from theory.contraction.conditions.inclusion import Membership, contained, inclusion_table, membership
from theory.contraction.conditions.registry import CONDITIONS, NORM_INF, SINGULAR, VERTEX
from theory.contraction.form import FORMS, VOLTAGE


@pytest.fixture(scope="module")
def table():
    return inclusion_table(VOLTAGE)


def test_complete(table):
    assert table.open == ()
    assert table.contradictions == ()
    count = len(CONDITIONS)
    assert len(table.reasons) + len(set(table.separating) - set(table.reasons)) == count * (count - 1)


def test_reasons_and_separating_matrices_exclude_each_other(table):
    assert not set(table.reasons) & set(table.separating)


def test_separating_matrices_separate(table):
    """Asked again: a few of them, of two neurons."""
    named = {condition.name: condition for condition in CONDITIONS}
    small = [(pair, matrix) for pair, matrix in table.separating.items() if len(matrix) == 2 and "vertices" not in pair]
    assert len(small) > 12
    for (a, b), matrix in small[::6]:
        assert membership(named[a], matrix, VOLTAGE) is Membership.HOLDS
        assert membership(named[b], matrix, VOLTAGE) is Membership.FAILS


def test_nothing_is_open_where_it_matters(table):
    """Every example is in some condition or outside of all, and both answers occur for every condition."""
    for condition in CONDITIONS:
        answers = {memberships[condition.name] for _, memberships in table.memberships}
        assert {Membership.HOLDS, Membership.FAILS} <= answers


def test_transitive():
    for form in FORMS:
        reasons = contained(form)
        assert all((a, c) in reasons for a, b in reasons for other, c in reasons if b == other and a != c)


def test_theorem_5_is_not_the_multiplier():
    """M = -1.5 I: the LMI with P = I and Q = k I holds, as |z + k| < 2 k does, but no singular value is below one."""
    for form in FORMS:
        assert membership(SINGULAR, -1.5 * np.eye(2), form) is Membership.FAILS


def test_on_the_boundary():
    """A rate of 2^-10 is asked for; a matrix on the boundary fails."""
    assert membership(NORM_INF, np.array([[1.0]]), VOLTAGE) is Membership.FAILS
    assert membership(NORM_INF, np.array([[1 - 2.0**-12]]), VOLTAGE) is Membership.OPEN
    assert membership(VERTEX, np.array([[1.0]]), VOLTAGE) is Membership.FAILS
