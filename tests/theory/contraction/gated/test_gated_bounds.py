"""Intervals hold what they say, in floats and in rational numbers, and parabolas are largest where `largest` says."""

from fractions import Fraction

import numpy as np
import pytest

from theory.contraction.gated.bounds import FLOATS, RATIONALS, Bounds, away_from_zero, image, largest


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def random_box(rng, size):
    ends = np.sort(rng.normal(size=(2, size)), axis=0)
    return Bounds(*ends)


def test_the_largest_value_of_a_parabola_is_that_of_a_fine_grid(rng):
    constant, linear, square = rng.normal(size=(3, 300)) * [[1.0], [2.0], [3.0]]
    square[:20] = 0.0
    box = random_box(rng, 300)
    x = box.low + np.linspace(0, 1, 4001)[:, None] * (box.high - box.low)
    expected = (constant + linear * x + square * x * x).max(axis=0)
    found = largest(constant, linear, square, box)
    assert (found >= expected - 1e-12).all()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_rational_and_floating_arithmetic_agree(rng):
    constant, linear, square = rng.normal(size=(3, 40))
    box = random_box(rng, 40)
    exact = [RATIONALS.numbers(each) for each in (constant, linear, square)]
    in_rationals = largest(*exact, Bounds(RATIONALS.numbers(box.low), RATIONALS.numbers(box.high)))
    assert all(isinstance(x, Fraction) for x in in_rationals)
    np.testing.assert_allclose(in_rationals.astype(float), largest(constant, linear, square, box), atol=1e-12)


def test_a_box_is_mapped_onto_its_least_box(rng):
    matrix, box = rng.normal(size=(3, 4)), random_box(rng, 4)
    corners = np.array(np.meshgrid(*zip(box.low, box.high, strict=True))).reshape(4, -1)
    mapped = matrix @ corners
    found = image(matrix, box)
    np.testing.assert_allclose(found.low, mapped.min(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.high, mapped.max(axis=1), atol=1e-12)


def test_products_and_distances_from_zero_are_those_of_samples(rng):
    first, second = random_box(rng, 60), random_box(rng, 60)
    shares = rng.random((2, 4000, 1))
    shares[:, :4] = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])[:, :, None]
    x = first.low + shares[0] * (first.high - first.low)
    y = second.low + shares[1] * (second.high - second.low)
    product = first * second
    np.testing.assert_allclose(product.low, (x * y).min(axis=0), atol=1e-12)
    np.testing.assert_allclose(product.high, (x * y).max(axis=0), atol=1e-12)
    nearest, farthest = away_from_zero(first)
    assert (nearest <= np.abs(x).min(axis=0) + 1e-12).all()
    assert (nearest >= np.abs(x).min(axis=0) - 0.1).all()
    np.testing.assert_allclose(farthest, np.abs(x).max(axis=0), atol=1e-12)


def test_pieces_cover_the_interval_and_touch(rng):
    box = random_box(rng, 5)
    pieces = box.pieces(7)
    np.testing.assert_allclose(pieces.low[0], box.low)
    np.testing.assert_array_equal(pieces.high[-1], box.high)
    np.testing.assert_array_equal(pieces.low[1:], pieces.high[:-1])
    exact = Bounds(RATIONALS.numbers(box.low), RATIONALS.numbers(box.high)).pieces(7)
    assert (exact.high[-1] == RATIONALS.numbers(box.high)).all()
    assert isinstance(exact.low[3, 2], Fraction)


def test_rational_gates_enclose_floating_ones(rng):
    box = random_box(rng, 30)
    exact = Bounds(RATIONALS.numbers(3 * box.low), RATIONALS.numbers(3 * box.high))
    for name in ("sigmoid", "tanh"):
        wide, near = getattr(RATIONALS, name)(exact), getattr(FLOATS, name)(Bounds(3 * box.low, 3 * box.high))
        for found, expected in ((wide.low, near.low), (wide.high, near.high)):
            np.testing.assert_allclose(found.astype(float), expected, atol=1e-15)
