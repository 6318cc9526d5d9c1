"""Passage times where the integral is known, and every way in which a passage can end, from both sides."""

import math

import numpy as np
import pytest

from theory.ghost.circuit.normal_form import NormalForm
from theory.ghost.circuit.passage import (
    Delay,
    Passage,
    PassageOutcome,
    euler_passage,
    travel_time,
    with_euler_correction,
)
from theory.ghost.circuit.roots import CertifiedRoots

JUST = 1e-9


def count(roots=(), radii=(), undecided=()):
    return CertifiedRoots(
        np.array(roots, dtype=float),
        np.array(radii, dtype=float),
        np.ones(len(roots), dtype=np.int64),
        np.array(undecided, dtype=float).reshape(-1, 2),
    )


def travel(start, threshold, *, flow=lambda x: 1.0, error=lambda x: 0.0, fixed=None, turning=(), tau=1.0):
    return travel_time(flow, error, start, threshold, fixed_points=fixed or count(), turning_points=turning, tau=tau)


@pytest.mark.parametrize("height", [1e-2, 1e-6, 1e-12, 1e-16])
@pytest.mark.parametrize("place", [0.2, 1 / 3, 0.9])
def test_a_ghost_of_any_width_is_not_missed(height, place):
    """r + q (x - p)^2 from -1 to 2: two arctangents over sqrt(r q). The peak of 1/f is 1e-8 wide at the least r.

    A place is known to 1e-16, which is that much of a width: so much less is known of f beside the peak.
    """
    bend = 1.7
    ghost = NormalForm(place, height, bend, 0.0)
    found = travel(-1.0, 2.0, flow=lambda x: height + bend * (x - place) ** 2, turning=(ghost,), tau=2.5)
    root = math.sqrt(bend / height)
    exact = 2.5 * sum(math.atan((end - place) * root) * sign for end, sign in ((2.0, 1), (-1.0, -1))) / (root * height)
    assert found.outcome is PassageOutcome.REACHED
    assert found.value == pytest.approx(exact, rel=1e-12 + 2**-53 * root)
    assert found.error < 1e-8 * exact


def test_turning_points_without_curvature_and_beyond_the_way_do_no_harm():
    flat, beyond = NormalForm(0.5, 1.0, 0.0, 0.0), NormalForm(7.0, 1e-9, 1.0, 0.0)
    assert travel(0.0, 1.0, turning=(flat, beyond)).value == pytest.approx(1.0, rel=1e-14)


def test_what_is_too_rough_to_integrate_is_in_the_error():
    """Steps at 3,000 places, and no warning (warnings are errors here)."""
    rough = travel(0.0, 1.0, flow=lambda x: 1.0 + (math.sin(9424.7 * x) > 0))
    assert rough.value == pytest.approx(0.75, abs=1e-2)
    assert rough.error > 1e-10
    assert abs(rough.value - 0.75) <= 100 * rough.error + 1e-3


def test_rounding_of_the_flow_is_counted_where_it_is_slowest():
    """tau (e / f) value with f = 1/8 at the ghost inside, 1 at the ends; a turning point outside counts for nothing."""
    places = (NormalForm(0.5, 0.125, 0.0, 0.0), NormalForm(-0.25, 1e-3, 0.0, 0.0), NormalForm(1.0, 0.5, 0.0, 0.0))

    def flow(x):
        return 0.125 if x == 0.5 else 1e-3 if x == -0.25 else 1.0

    def error(x):
        return 1e-3

    assert travel(0.0, 1.0, flow=flow, error=error, turning=places, tau=2.0).error == pytest.approx(0.016, rel=1e-9)
    assert travel(0.0, 1.0, flow=flow, error=error, turning=places[1:], tau=2.0).error == pytest.approx(2e-3, rel=1e-9)
    at_ends = travel(0.0, 2.0, flow=lambda x: 1.0 + x, error=error)
    assert at_ends.error == pytest.approx(1e-3 * math.log(3), rel=1e-6)
    at_end = travel(0.0, 2.0, flow=lambda x: 3.0 - x, error=error)
    assert at_end.error == pytest.approx(1e-3 * math.log(3), rel=1e-6)


def test_no_time_at_or_past_the_threshold():
    for start in (1.0, 1.5):
        assert travel(start, 1.0, fixed=count([1.2], [0.01])) == Delay(0.0, 0.0, PassageOutcome.ALREADY_PAST)
    assert travel(1.0 - JUST, 1.0).outcome is PassageOutcome.REACHED


@pytest.mark.parametrize("kind", [PassageOutcome.BLOCKED, PassageOutcome.UNDECIDED])
@pytest.mark.parametrize(
    ("start", "threshold", "free"),
    [(0.0, 1.0, False), (0.75, 1.0, False), (0.75 + JUST, 1.0, True), (0.0, 0.25, False), (0.0, 0.25 - JUST, True)],
)
def test_the_way_is_blocked_by_any_part_of_an_interval(kind, start, threshold, free):
    """Of a fixed point at 1/2 to within 1/4, or of an undecided interval: from end to end, ends included."""
    fixed = count([0.5], [0.25]) if kind is PassageOutcome.BLOCKED else count(undecided=[(0.25, 0.75)])
    found = travel(start, threshold, fixed=fixed)
    assert found.outcome is (PassageOutcome.REACHED if free else kind)
    if not free:
        assert (found.value, found.error) == (math.inf, 0.0)


def test_a_flow_that_leads_away():
    assert travel(0.0, 1.0, flow=lambda x: -1.0) == Delay(math.inf, 0.0, PassageOutcome.LEADS_AWAY)


def test_eulers_first_correction():
    """(D / 2) ln(f_end / f_start), in units of tau; nothing is added to a passage that does not end."""
    exact = Delay(5.0, 1e-12, PassageOutcome.REACHED)
    found = with_euler_correction(exact, 0.25, 0.75, 0.1, 3.0)
    assert found.value == pytest.approx(5.0 + 3.0 * 0.05 * math.log(3), rel=1e-14)
    assert (found.error, found.outcome) == (1e-12, PassageOutcome.REACHED)
    blocked = Delay(math.inf, 0.0, PassageOutcome.BLOCKED)
    assert with_euler_correction(blocked, 0.25, 0.75, 0.1, 3.0) is blocked


@pytest.mark.parametrize(("step", "steps"), [(0.25, 4), (0.3, 4), (1.0, 1), (2.0, 1)])
def test_constant_speed_takes_the_same_time_at_every_step(step, steps):
    """The last step counts by the part of it that is needed: 3/4 of the way at speed 3/4 is one tau."""
    found = euler_passage(lambda x: 0.75, 0.0, 0.75, step=step, tau=2.0, most_steps=steps)
    assert (found.count, found.outcome) == (steps, PassageOutcome.REACHED)
    assert found.time == pytest.approx(2.0, rel=1e-14)
    short = euler_passage(lambda x: 0.75, 0.0, 0.75, step=step, tau=2.0, most_steps=steps - 1)
    assert short == Passage(None, math.inf, PassageOutcome.STEPS_EXHAUSTED)


def test_the_last_step_counts_by_the_flow():
    """f = x from 1 with D = 1: 1, 2, 4; from 2 to 3 the flow takes ln(3/2) of the ln 2 that it takes to 4."""
    found = euler_passage(lambda x: x, 1.0, 3.0, step=1.0, tau=1.0, most_steps=10)
    assert (found.count, found.outcome) == (2, PassageOutcome.REACHED)
    assert found.time == pytest.approx(1 + math.log(1.5) / math.log(2), rel=1e-12)


def test_eulers_map_at_the_threshold_and_at_rest():
    for start in (1.0, 2.0):
        assert euler_passage(lambda x: 1.0, start, 1.0, step=0.5, tau=1.0, most_steps=5) == Passage(
            0, 0.0, PassageOutcome.ALREADY_PAST
        )
    resting = euler_passage(lambda x: 0.0, 0.0, 1.0, step=0.5, tau=1.0, most_steps=5)
    assert resting == Passage(None, math.inf, PassageOutcome.BLOCKED)
