from dataclasses import dataclass

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from theory.ghost.circuit.roots import Jet, find_roots

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Polynomials:
    """Polynomials with a stated error of their values, as a jet function."""

    members: tuple[Polynomial, ...]
    error: float = 128 * EPS

    def __call__(self, member, centre, radius):
        rows = np.zeros((4, len(member)))
        for index, polynomial in enumerate(self.members):
            mine = member == index
            for order in range(3):
                rows[order, mine] = polynomial.deriv(order)(centre[mine])
            coefficients = np.abs(polynomial.deriv(3).coef)
            rows[3, mine] = Polynomial(coefficients)(np.abs(centre[mine]) + radius[mine])
        error = np.full(len(member), self.error)
        return Jet((rows[0], rows[1], rows[2]), (error, 8 * error, 64 * error), rows[3])


def falling_cubic(*roots):
    return -Polynomial.fromroots(roots)


def test_simple_roots_are_found_once_also_on_the_border_of_a_cell():
    lists = [(-1.5, 0.0, 1.0), (-0.25, 0.25, 0.5), (0.125, 0.12501, 1.9)]
    found = find_roots(Polynomials(tuple(falling_cubic(*roots) for roots in lists)), np.full(3, 2.0), 1, -1)
    assert found.certified.all()
    assert found.counts.tolist() == [3, 3, 3]
    for index, roots in enumerate(lists):
        mine = found.of(index)
        assert np.all(np.abs(mine.roots - roots) <= mine.radii)
        assert mine.slopes.tolist() == [-1, 1, -1]
        assert mine.certified
    assert np.all(found.of(0).radii < 1e-12)


def test_members_with_different_counts_do_not_mix():
    members = (falling_cubic(-1.0, 0.3, 1.2), Polynomial([0.7, -1.0, 0.0, 0.0]), Polynomial([2.0, 0.0, 0.0, -1.0]))
    found = find_roots(Polynomials(members), np.full(3, 3.0), 1, -1)
    assert found.counts.tolist() == [3, 1, 1]
    assert found.of(1).roots == pytest.approx([0.7], abs=1e-14)
    assert found.of(2).roots == pytest.approx([2 ** (1 / 3)], abs=1e-14)


def test_no_roots():
    found = find_roots(Polynomials((Polynomial([1e-6, 0.0, 1.0, 0.0]),)), np.array([2.0]), 1, 1)
    assert found.certified.all()
    assert found.counts.tolist() == [0]


@pytest.mark.parametrize("place", [0.0, 0.1, 1 / 3])
def test_a_double_root_is_named_and_not_guessed(place):
    double = Polynomial.fromroots([place, place]) * Polynomial([1.0, 0.0])
    found = find_roots(Polynomials((double,)), np.array([2.0]), 1, 1)
    count = found.of(0)
    assert not count.certified
    assert len(count.roots) == 0
    (low, high), *others = count.undecided.tolist()
    assert not others
    assert low <= place <= high
    assert high - low < 1e-6  # |f| is lost in its error of 3e-14 within 2e-7 of the root


def test_a_triple_root_is_named_and_not_guessed():
    count = find_roots(Polynomials((falling_cubic(0.2, 0.2, 0.2),)), np.array([2.0]), 1, -1).of(0)
    assert len(count.roots) == 0
    assert len(count.undecided) == 1
    assert count.undecided[0, 0] <= 0.2 <= count.undecided[0, 1]


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_what_is_decided_is_set_by_the_rounding_error_from_both_sides(sign):
    """x^2 +- d: decided when d exceeds the error of the values, named as undecided when it does not."""
    error = 1e-12
    for depth, decided in ((1.05 * error, True), (0.95 * error, False)):
        jet = Polynomials((Polynomial([sign * depth, 0.0, 1.0, 0.0]),), error)
        count = find_roots(jet, np.array([2.0]), 1, 1).of(0)
        assert count.certified is decided
        assert len(count.roots) == (2 if decided and sign < 0 else 0)


def test_a_close_pair_is_separated():
    for distance in 10.0 ** -np.arange(1, 7):
        roots = (0.3 - distance / 2, 0.3 + distance / 2, 1.7)
        count = find_roots(Polynomials((falling_cubic(*roots),)), np.array([2.0]), 1, -1).of(0)
        assert count.certified
        assert np.all(np.abs(count.roots - roots) <= count.radii)
        assert count.radii.max() < distance / 2


def test_random_cubics_against_their_known_roots():
    rng = np.random.default_rng(0)
    roots = np.sort(rng.uniform(-1.9, 1.9, (200, 3)), axis=1)
    found = find_roots(Polynomials(tuple(falling_cubic(*row) for row in roots)), np.full(200, 2.0), 1, -1)
    assert found.certified.all()
    assert found.counts.tolist() == [3] * 200
    assert np.all(np.abs(found.roots.reshape(200, 3) - roots) <= found.radii.reshape(200, 3))


def test_a_function_that_is_lost_in_its_error_everywhere_ends_undecided():
    jet = Polynomials((Polynomial([0.0, -1.0, 0.0, 0.0]),), error=10.0)
    count = find_roots(jet, np.array([1.0]), 1, -1).of(0)
    assert not count.certified
    assert count.undecided.tolist() == [[-1.0, 1.0]]
