from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.contraction.form import FORMS, RATE, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.angles import ceiling, hermitian_part
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.components import components, depths
from theory.contraction.search.frequency_dual import refute_multiplier
from theory.contraction.search.multiplier_lmi import solve_multiplier_lmi
from theory.contraction.search.scaled_multiplier import propose_multiplier
from theory.contraction.search.smallest_conic import ConicOutcome, smallest_conic

Rng = np.random.Generator


def _gaussian(rng: Rng, n: int) -> np.ndarray:
    return rng.normal(size=(n, n)) / np.sqrt(n)


def _sparse(rng: Rng, n: int) -> np.ndarray:
    return rng.normal(size=(n, n)) * (rng.random((n, n)) < min(1, 2.5 / n))


def _rotations(rng: Rng, n: int) -> np.ndarray:
    blocks = np.zeros((n, n))
    for i in range(0, n - 1, 2):
        angle = rng.uniform(0, 2 * np.pi)
        blocks[i : i + 2, i : i + 2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return blocks + 0.1 * _gaussian(rng, n)


def _inhibited(rng: Rng, n: int) -> np.ndarray:
    return _gaussian(rng, n) - 1.5 * _gaussian(rng, n).T - np.diag(rng.uniform(0, 3, n))


def _stretched(rng: Rng, n: int) -> np.ndarray:
    return np.exp(rng.normal(0, 2, n))[:, None] * _gaussian(rng, n) * np.exp(rng.normal(0, 2, n))


KINDS: dict[str, Callable[[Rng, int], np.ndarray]] = {
    "gaussian": _gaussian,
    "sparse": _sparse,
    "symmetric": lambda rng, n: (lambda a: a + a.T)(_gaussian(rng, n)),
    "antisymmetric": lambda rng, n: (lambda a: a - a.T)(_gaussian(rng, n)),
    "inhibited": _inhibited,
    "nonnegative": lambda rng, n: np.abs(_gaussian(rng, n)),
    "diagonal times symmetric": lambda rng, n: rng.uniform(0.1, 3, n)[:, None] * (lambda a: a + a.T)(_gaussian(rng, n)),
    "low rank": lambda rng, n: rng.normal(size=(n, 2)) @ rng.normal(size=(2, n)) / n,
    "rotations": _rotations,
    "stretched": _stretched,
}

kinds = pytest.mark.parametrize("kind", KINDS)


def draw(kind: str, n: int, seed: int = 0) -> np.ndarray:
    return KINDS[kind](np.random.default_rng(seed), n)


@kinds
@pytest.mark.parametrize("size", [2, 5])
def test_the_optimum_is_that_of_the_lmi(kind, size):
    """To 1e-3, from both sides; in one form the next size around. Where f* is zero, slopes of 1e5 do not matter."""
    weights = draw(kind, size, size)
    search = smallest_conic(weights)
    vanishing = search.outcome is ConicOutcome.VANISHING
    assert vanishing == ((kind, size) == ("inhibited", 2))
    net = network(weights, FORMS[size % 2], slopes=1e5 if vanishing else 0.5 / search.value)
    assert solve_multiplier_lmi(net, 1 - 0.5 * 1.001) is not None
    assert (solve_multiplier_lmi(net, 1 - 0.5 * 0.999) is not None) == vanishing


@kinds
@pytest.mark.parametrize("size", [2, 9, 24])
def test_value_and_bound_meet(kind, size):
    weights = draw(kind, size, 1)
    search = smallest_conic(weights)
    assert search.outcome is not ConicOutcome.APART
    if search.outcome is ConicOutcome.CLOSED:
        assert search.value * 0.999 <= search.lower <= search.value * (1 + 1e-6)
    assert ceiling(rescaled(weights, np.log(search.scaling))).value == pytest.approx(search.value, rel=1e-4, abs=1e-6)


@kinds
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.sampled(8)
def test_claims_bracket_the_largest_gain(kind, form):
    """Proved at 0.999 of it and refuted just above, in rational arithmetic."""
    weights = draw(kind, 9, 2)
    search = smallest_conic(weights)
    assert search.outcome is ConicOutcome.CLOSED
    below = network(weights, form, slopes=0.999 / search.value)
    claim = propose_multiplier(below, 2.0**-14, smallest_conic(below.gained))
    assert claim is not None
    assert claim.holds(below.exact)
    above = network(weights, form, slopes=1.001 / search.value)
    refutation = refute_multiplier(above, 0)
    assert refutation is not None
    assert refutation.holds(above.exact)
    assert refute_multiplier(below, 0) is None


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(sorted(KINDS)),
    st.integers(1, 6),
    st.integers(0, 2**20),
    st.floats(0.9, 1.1),
    st.sampled_from(FORMS),
)
def test_never_both_proved_and_refuted(kind, size, seed, factor, form):
    weights = draw(kind, size, seed)
    search = smallest_conic(weights)
    assert search.outcome is ConicOutcome.VANISHING or search.lower >= 0.99 * search.value
    value = max(search.value, 1e-3)
    net = network(weights, form, slopes=0.5 * factor / value)
    search = smallest_conic(net.gained)
    proved = propose_multiplier(net, 0.5, search) is not None
    refuted = refute_multiplier(net, 0.5, search) is not None
    assert not (proved and refuted)
    if abs(factor - 1) > 0.02 and search.outcome is not ConicOutcome.VANISHING:
        assert proved or refuted


@pytest.mark.parametrize("size", [2, 5, 20])
def test_symmetric(size):
    weights = draw("symmetric", size)
    largest = np.linalg.eigvalsh(weights)[-1]
    assert smallest_conic(weights).value == pytest.approx(max(largest, 0), rel=1e-3)
    negative = weights - (largest + 0.1) * np.eye(size)
    assert smallest_conic(negative).value < 1e-5


@pytest.mark.parametrize("c", [0.3, 2.0, 50.0])
def test_rotation(c):
    """Theorem 7: half the strength, whatever the scaling; c = 2 is where constant metrics end."""
    assert smallest_conic(np.array([[0, -c], [c, 0]])).value == pytest.approx(c / 2, rel=1e-3)
    assert smallest_conic(np.array([[0, -c / 7], [c * 7, 0]])).value == pytest.approx(c / 2, rel=1e-3)


@pytest.mark.parametrize("size", [2, 3, 9])
def test_antisymmetric(size):
    """Half the largest modulus: on i y the parabola ends at |y| = 2 k, and no scaling makes a spectrum smaller."""
    weights = draw("antisymmetric", size)
    assert smallest_conic(weights).value == pytest.approx(np.abs(np.linalg.eigvals(weights)).max() / 2, rel=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_rank_one(seed):
    """a b^T: moduli alike are best, and then the numerical range is an ellipse with foci 0 and s and long axis r.

    With s = sum a_i b_i and r = sum |a_i b_i| its ceiling is (s + r) / 2.
    """
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 6))
    even = rescaled(np.outer(a, b), np.log(np.abs(b / a)) / 2)
    expected = (a @ b + np.abs(a * b).sum()) / 2
    assert ceiling(even).value == pytest.approx(expected, rel=1e-5)
    assert smallest_conic(np.outer(a, b)).value == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("size", [2, 6, 30])
@pytest.mark.sampled(1)
def test_no_more_than_theorem_1_asks(size):
    weights = draw("gaussian", size)
    absolute = np.abs(weights)
    radius = np.abs(np.linalg.eigvals(absolute)).max()
    assert smallest_conic(weights).value <= radius * (1 + 1e-3)
    assert smallest_conic(absolute).value == pytest.approx(radius, rel=1e-3)


@pytest.mark.parametrize("size", [2, 8, 24])
def test_theorem_3_has_no_largest_gain(size):
    rng = np.random.default_rng(size)
    root = rng.normal(size=(size, size))
    weights = (
        -rng.uniform(0.3, 3, size)[:, None] * (root @ root.T / size + 0.01 * np.eye(size)) * rng.uniform(0.3, 3, size)
    )
    search = smallest_conic(weights)
    assert search.outcome is ConicOutcome.VANISHING
    assert search.value < 1e-5 * np.abs(weights).max()
    for form in FORMS:
        assert propose_multiplier(network(weights, form, slopes=1000.0), 0.5, replace(search, value=0.01)) is not None


def test_reducible_matrices_are_as_good_as_their_components():
    """Two blocks in a row, neurons that hear nothing and neurons nobody hears: the infimum is not attained."""
    rng = np.random.default_rng(3)
    weights = np.zeros((14, 14))
    weights[:6, :6], weights[6:10, 6:10] = _gaussian(rng, 6), 0.3 * _gaussian(rng, 4)
    weights[6:10, :6] = 20 * rng.normal(size=(4, 6))
    weights[10:, 6:10] = 5 * rng.normal(size=(4, 4))
    weights[12, 11] = 100.0
    order = rng.permutation(14)
    alone = max(smallest_conic(weights[:6, :6]).value, smallest_conic(weights[6:10, 6:10]).value)
    search = smallest_conic(weights[np.ix_(order, order)])
    assert search.value == pytest.approx(alone, rel=2e-3)
    assert search.outcome is ConicOutcome.CLOSED
    net = network(weights[np.ix_(order, order)], RATE, slopes=0.499 / alone)
    assert propose_multiplier(net, 0.5, smallest_conic(net.gained)) is not None


def test_a_nilpotent_matrix_has_no_largest_gain():
    weights = np.triu(draw("gaussian", 10), 1)
    search = smallest_conic(weights)
    assert search.outcome is ConicOutcome.VANISHING
    assert search.value < 1e-5
    net = network(weights, VOLTAGE, slopes=100.0)
    assert propose_multiplier(net, 0.75, smallest_conic(net.gained)) is not None
    assert smallest_conic(np.zeros((3, 3))).value == 0


def test_components_and_depths():
    weights = np.array([[0.0, 2, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 3]])
    labels = components(weights)
    assert labels.tolist() == [0, 0, 1, 2]
    assert depths(weights, labels).tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize("kind", ["gaussian", "inhibited", "rotations"])
def test_the_ceiling_is_that_of_a_fine_grid(kind):
    n = draw(kind, 9, 5)
    fine = max(np.linalg.eigvalsh(hermitian_part(n, angle))[-1] for angle in np.linspace(0, np.pi, 2000))
    assert ceiling(n).value == pytest.approx(max(fine, 0), rel=1e-4)
