"""A diagonal Q with Q A + A^T Q > 0 is found where there is one, on either side of bounds that are known exactly."""

import numpy as np
import pytest

from theory.contraction import RATE, Verdict, as_multiplier, certify
from theory.universality.bounded import Bounded
from theory.universality.diagonal_form import positive_diagonal, proved_definite


def cyclic(size, gain):
    """Each unit drives the next by so much, and the last one inhibits the first."""
    A = np.eye(size) - gain * np.eye(size, k=-1)
    A[0, -1] = gain
    return A


@pytest.mark.parametrize("size", [3, 4, 7])
def test_the_secant_criterion_is_bracketed(size):
    """Arcak and Sontag (Automatica 42, 1531, 2006): there is a Q if and only if the gain is below sec(pi / size)."""
    bound = 1 / np.cos(np.pi / size)
    assert positive_diagonal(Bounded(cyclic(size, 0.9999 * bound))) is not None
    assert positive_diagonal(Bounded(cyclic(size, 1.0001 * bound))) is None


@pytest.mark.parametrize("seed", range(8))
def test_two_units_have_one_if_and_only_if_all_principal_minors_are_positive(seed):
    A = np.random.default_rng(seed).normal(size=(2, 2)) + np.eye(2) / 2
    minors = A[0, 0] > 0 and A[1, 1] > 0 and np.linalg.det(A) > 0
    assert (positive_diagonal(Bounded(A)) is not None) == minors


def test_units_of_any_size_change_nothing():
    random = np.random.default_rng(0)
    units = 10.0 ** random.uniform(-4, 4, 30)
    E = random.normal(size=(30, 30)) / np.sqrt(30)
    for gain, there in ((0.75, True), (1.5, False)):
        A = np.eye(30) - gain * E * units[:, None] / units
        q = positive_diagonal(Bounded(A))
        assert (q is not None) == there
        assert q is None or np.linalg.eigvalsh((q[:, None] * A + (q[:, None] * A).T) / np.sqrt(np.outer(q, q)))[0] > 0


def test_the_multiplier_of_a_flow_that_contracts_will_do():
    W = np.random.default_rng(1).normal(size=(6, 6)) / 4
    found = certify(W, RATE)
    claim = as_multiplier(found.network, found.claims[0])
    assert proved_definite(Bounded(np.eye(6) - W), np.diag(claim.multiplier.approximate()))


def test_there_is_one_also_where_a_flow_does_not_contract():
    """x' = -x + tanh(W x + u) turns, and has slopes at which it is unstable; its fixed point is one for every u."""
    W = np.array([[0.9, -3.0], [3.0, 0.9]])
    assert certify(W, RATE).verdict is Verdict.NOT_CONTRACTING
    assert positive_diagonal(Bounded(np.eye(2) - W)) is not None


def test_a_bound_is_part_of_the_matrix():
    A, q = np.array([[1.0, 0.0], [0.0, 2.0**-30]]), np.ones(2)
    assert proved_definite(Bounded(A), q)
    assert not proved_definite(Bounded(A, np.full((2, 2), 2.0**-30)), q)
    assert not proved_definite(Bounded(np.array([[1.0, -1.0], [-1.0, 1.0]])), q)
    assert positive_diagonal(Bounded(np.full((2, 2), np.nan))) is None
