"""The fit of floor and exponent, on distances whose law is known."""

import numpy as np
import pytest

from validate.overlaps.size_law import fit_size_law

SIZES = np.array([100.0, 200.0, 400.0, 800.0, 1600.0])
NETWORKS = 400


def drawn(floor: float, amplitude: float, exponent: float, seed: int = 0) -> np.ndarray:
    """Distances from a point `floor` away from the middle of a normal cloud of size amplitude N^-exponent."""
    generator = np.random.default_rng(seed)
    spread = amplitude * SIZES[:, None, None] ** -exponent / np.sqrt(10)
    points = spread * generator.normal(size=(len(SIZES), NETWORKS, 10))
    points[..., 0] += floor
    return np.linalg.norm(points, axis=-1)


@pytest.mark.parametrize("exponent", [0.25, 0.5, 1.0])
def test_exponent_without_a_floor(exponent: float) -> None:
    law = fit_size_law(SIZES, drawn(0.0, 3.0, exponent))
    assert abs(law.exponent.value - exponent) < 4 * law.exponent.error
    assert law.exponent.error < 0.02


@pytest.mark.parametrize("floor", [0.0, 0.05, 0.5])
def test_floor_at_the_predicted_exponent(floor: float) -> None:
    law = fit_size_law(SIZES, drawn(floor, 3.0, 0.5))
    assert abs(law.floor_square.value - floor**2) < 4 * law.floor_square.error
    assert abs(law.amplitude_square.value - 9.0) < 4 * law.amplitude_square.error
    if floor:
        assert abs(law.floor.value - floor) < 4 * law.floor.error


def test_floor_and_exponent_together() -> None:
    law = fit_size_law(SIZES, drawn(0.2, 3.0, 0.5))
    assert abs(law.free_floor_square.value - 0.04) < 4 * law.free_floor_square.error
    assert abs(law.free_exponent.value - 0.5) < 4 * law.free_exponent.error


def test_standard_errors_cover_the_truth_as_often_as_they_say() -> None:
    misses = []
    for seed in range(60):
        law = fit_size_law(SIZES, drawn(0.0, 3.0, 0.5, seed))
        misses.append((law.exponent.value - 0.5) / law.exponent.error)
    assert abs(np.std(misses) - 1) < 4 / np.sqrt(2 * 60)
