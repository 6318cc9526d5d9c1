"""The sections of the closed forms: their critical points and starts, the measuring of plateaus, and the figures."""

import numpy as np
import pytest

from theory.overlaps.impulse.gramian import ImpulseLoss
from theory.overlaps.impulse.plateau import Plateau
from validate.overlaps import closed_forms, critical_points
from validate.overlaps import plateaus as drawn_plateaus
from validate.overlaps.filter_loss import SMOOTH, LeastLoss
from validate.overlaps.impulse_tasks import CLOCK, impulse_tasks
from validate.overlaps.plateaus import (
    FRACTION,
    NORM,
    NUDGED,
    SNAPSHOTS,
    FilterPlateaus,
    Nudges,
    OscillatorPlateau,
    PlateauResults,
    first_saddle,
    length,
    start,
)
from validate.overlaps.settings import Config


@pytest.mark.parametrize("task", ["filter", "oscillator"])
def test_critical_points_by_the_theory_alone(task: str) -> None:
    """In the scheme's own time: no gradient, the index expected of each, losses that fall with the effective rank."""
    case = impulse_tasks()[task]
    points = critical_points.filter_points() if task == "filter" else critical_points.oscillator_points()
    exact = ImpulseLoss(case.shape, case.target, CLOCK)
    found = {name: Plateau(exact, point.gram_matrix(critical_points.NORM)) for name, point in points.items()}
    index = {"the target": 0, "rank one": 1, "no loop": case.shape.rank}
    losses = []
    for name, plateau in found.items():
        assert np.abs(exact.gradient(plateau.sigma)).max() < 1e-12
        assert plateau.index == index[name]
        losses.append(float(exact.value(plateau.sigma)))
    assert losses == sorted(losses)
    assert abs(losses[0]) < 1e-12 < losses[1]


def test_figure_of_the_loss() -> None:
    results = LeastLoss(SMOOTH**2, np.array([0.5]), np.array([0.25]), 1.0)
    (plot,) = closed_forms.figures(Config(), results)
    assert plot.name == "filter_loss"
    assert np.array_equal(plot.data["least_loss"], SMOOTH**2)


def test_length_of_a_known_curve() -> None:
    """A loss that loses 0.4 % of the saddle's in every epoch has lost 1 % after two and a half."""
    plateau = first_saddle(impulse_tasks()["filter"])
    saddle = float(plateau.loss.value(plateau.sigma))
    loss = saddle * (1 - 0.004 * np.arange(6))
    assert length(loss, plateau) == pytest.approx(FRACTION / 0.004, rel=1e-12)
    assert length(loss[:3], plateau) == np.inf


def test_starts_lie_by_the_saddle() -> None:
    plateau = first_saddle(impulse_tasks()["oscillator"])
    moved = start(plateau, 1e-3) - plateau.sigma
    assert np.array_equal(moved, moved.T)
    assert np.abs(moved).max() == pytest.approx(1e-3)
    assert np.count_nonzero(moved) == 8
    assert np.diag(plateau.sigma) == pytest.approx([NORM] * 6)


def test_figures_of_plateaus() -> None:
    curve = np.linspace(1.0, 0.0, 30)
    runs = FilterPlateaus(
        np.array([0.1, 0.01]), np.stack([curve, curve]), np.array([3.0, 5.0]), np.array([3.1, 5.1]), 1.0
    )
    shifts = np.linspace(-2, 1, len(NUDGED))
    swing = OscillatorPlateau(curve, 4.0, (0.9, 0.5), np.arange(5.0), np.zeros((len(SNAPSHOTS), 5)), np.ones(5))
    plots = drawn_plateaus.figures(Config(), PlateauResults(runs, Nudges(shifts, shifts), swing))
    assert [each.name for each in plots] == ["filter_plateaus", "oscillator_learning"]
    assert np.array_equal(plots[0].data["measured_shift"], shifts)
