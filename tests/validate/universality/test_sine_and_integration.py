"""The sections of sines and of integration, on networks that have hardly begun to learn; and their law for designs."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import ttest_ind

from simulate.cells import LINEAR, Vanilla
from simulate.fixed_points.held import HeldOutputs
from simulate.measures import find_fixed_points
from simulate.universality.neighbours import neighbour_edges
from simulate.universality.points import NetworkPoints
from validate.claim import CONTRADICTED
from validate.progress import Progress
from validate.report import Report
from validate.universality import integration, sine
from validate.universality.claims import MODES, MORE_MODES, SEEN, TOO_FEW, TURNS, UNDECIDED
from validate.universality.conditions import NetworkKind
from validate.universality.members import PopulationMember
from validate.universality.settings import QUICK, Config, TaskTraining
from validate.universality.similarity import difference_claim, fraction_claim, mean_claim

TINY = replace(
    QUICK,
    name="tiny",
    population=replace(
        QUICK.population,
        cells=("vanilla",),
        nonlinearities=("tanh",),
        seeds=3,
        units=6,
        every=4,
        trials=8,
        starts=64,
        permutations=99,
        tasks=(TaskTraining("sine", 2, 20, 1e-3, 10.0, 16), TaskTraining("integration", 2, 8, 1e-3, 1e3, 16)),
    ),
)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("section", "figures", "name"),
    [
        (sine, ["sine_points", "sine_places", "sine_frequencies", "sine_eigenvalues"], TURNS.name),
        (
            integration,
            ["integration_points", "integration_places", "integration_modes", "integration_untrained"],
            MODES.name,
        ),
    ],
)
def test_a_section_measures_and_draws(section, figures, name, tmp_path):
    config = Config(effort=TINY, tasks=(section.NAME,), store=tmp_path / "store", workers=1)
    report = Report("universality", config)
    report.section(section.NAME)
    with Progress() as progress:
        results = section.checks(config, report, progress)
        assert section.checks(replace(config, tasks=()), report, progress) is None
    assert report.passed
    assert name in {each["claim"]["name"] for each in report.quantities[f"{section.NAME}: claims"]}
    assert [each.name for each in section.figures(config, results)] == figures
    assert section.figures(config, None) == ()


def member(network, starts, inputs):
    found = tuple(find_fixed_points(network, starts, np.array(each)) for each in inputs)
    points = NetworkPoints(found=found, graph=None, compared=0, disputed=0, elsewhere=0)
    return PopulationMember(
        kind=NetworkKind("vanilla", "tanh"), penalty=0.0, network=network, first=network, points=points
    )


def test_a_rotation_is_seen_to_turn_by_its_angle():
    angle = 2 * np.pi * 0.03
    turn = 1.02 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    network = eqx.tree_at(lambda each: each.W, Vanilla.blank(2, 1, 1), jnp.asarray(turn))
    told = sine._at_commands(member(network, 0.01 * np.eye(2), [(0.0,), (0.0,)]), np.zeros((2, 2)))
    assert (told.counts, told.unstable) == ([1, 1], [2, 2])
    assert np.allclose(told.turning, 1.02 * np.exp(1j * angle))
    assert np.allclose(np.sort(told.spectra.imag), 1.02 * np.sin(angle) * np.array([-1, 1]))


@pytest.mark.parametrize(
    ("turning", "unstable", "mild"),
    [
        (1.02 * np.exp(0.19j), 2, True),
        (1.02 * np.exp(0.19j), 3, False),  # something else is unstable
        (0.98 * np.exp(0.19j), 0, False),  # stable
        (1.2 * np.exp(0.19j), 2, True),
        (1.25 * np.exp(0.19j), 2, False),  # by log 1.25 = 0.22 a step, and turns by 0.19
        (0j, 2, False),
        (0j, -1, False),  # no point
    ],
)
def test_a_mild_oscillation_grows_more_slowly_than_it_turns(turning, unstable, mild):
    assert sine.mildly_unstable(np.array([turning]), np.array([unstable])).tolist() == [mild]


def test_of_several_points_that_counts_around_which_a_trial_is():
    """Two stable points and a saddle between them; a trial that is told one goes to the right one."""
    blank = Vanilla.blank(1, 1, 1)
    network = eqx.tree_at(lambda each: (each.W, each.U), blank, (jnp.full((1, 1), 2.0), jnp.full((1, 1), 0.1)))
    centres = sine._centres(network, np.array([1.0, -1.0]))
    told = sine._at_commands(member(network, np.array([[1.0], [-1.0], [0.1], [-0.1]]), [(1.0,), (-1.0,)]), centres)
    assert (told.counts, told.unstable) == ([3, 3], [0, 0])
    assert np.allclose(told.states, centres, rtol=1e-6)
    assert told.states[0] > 0.5 > -0.5 > told.states[1]


def test_means_are_of_what_is_there():
    rows = np.array([[1.0, 4.0, np.nan], [3.0, np.nan, np.nan], [5.0, np.nan, np.nan]])
    mean, error = sine._mean_there(rows)
    assert mean[:2].tolist() == [3.0, 4.0]
    assert error[0] == pytest.approx(np.std(rows[:, 0], ddof=1) / np.sqrt(3))
    assert np.isnan([mean[2], error[1], error[2]]).all()


def test_a_trial_is_averaged_over_a_whole_cycle():
    """Of half of one the mean is 0.64 of the radius off."""
    angle = 2 * np.pi * 0.02
    turn = 1.1 * jnp.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    network = eqx.tree_at(lambda each: (each.W, each.b), Vanilla.blank(2, 1, 1), (turn, jnp.full(2, 0.002)))
    (centre,) = sine._centres(network, np.array([0.25]))  # 0.02 cycles a step
    (point,) = find_fixed_points(network, np.zeros((1, 2)), np.zeros(1)).points
    radius = 0.6  # where 1.1 tanh(r) is about r, averaged over directions
    assert np.linalg.norm(centre - point) < 0.2 * radius


def test_a_network_that_does_not_turn_counts_as_one_that_turns_at_zero():
    """At the first command there is no complex pair, at the second (h -> h + 1) no point."""
    blank = Vanilla.blank(2, 1, 1, LINEAR)
    decays = eqx.tree_at(lambda each: each.W, blank, jnp.diag(jnp.array([0.5, 0.9])))
    moves = eqx.tree_at(lambda each: (each.W, each.b), blank, (jnp.eye(2), jnp.ones(2)))
    one, none = (
        sine._at_commands(member(each, np.zeros((1, 2)), [(0.0,)]), np.zeros((1, 2))) for each in (decays, moves)
    )
    assert (one.counts, one.unstable, one.turning) == ([1], [0], [0j])
    assert (none.counts, none.unstable, none.turning) == ([0], [-1], [0j])
    assert np.isnan(none.states).all()
    assert np.isnan(none.spectra).all()


def test_an_integrator_of_one_mode_is_seen_to_be_one():
    """A line along the first unit, which sums the first stream; the other stream is read, and forgotten."""
    blank = Vanilla.blank(3, 4, 1, LINEAR)
    W = jnp.diag(jnp.array([1.0 - 1e-15, 0.5, 0.2]))
    U = jnp.zeros((3, 4)).at[0, 0].set(1.0).at[1, 1].set(1.0)
    network = eqx.tree_at(lambda each: (each.W, each.U, each.V), blank, (W, U, jnp.array([[1.0, 1.0, 1.0]])))
    starts = np.linspace(-5, 5, 41)[:, None] * np.eye(3)[0]
    visited = starts + np.random.default_rng(0).normal(0, 0.1, starts.shape)
    told = integration._along_the_line(member(network, starts, [(0.0,) * 4]), visited, steps=10)
    assert told.still == 1.0
    assert integration.is_line(told.line)
    assert (told.needed, told.near_one) == (1, 1)  # the others fall to 1/1024 and less in a trial
    assert np.allclose(told.responses[:4], [0.0, 1.0, 1.0, 1.0], atol=1e-2)
    assert told.ignored == pytest.approx(0.5**10, rel=1e-6)


def test_a_network_without_a_line_says_nothing_of_its_modes():
    blank = Vanilla.blank(1, 4, 1, LINEAR)
    network = eqx.tree_at(lambda each: (each.V, each.c), blank, (jnp.ones((1, 1)), jnp.full(1, 9.0)))
    told = integration._along_the_line(member(network, np.zeros((1, 1)), [(0.0,) * 4]), np.zeros((3, 1)), steps=10)
    assert (told.still, told.line.covered) == (0.0, 0.0)
    assert np.isnan([told.needed, told.near_one, told.ignored]).all()


def test_a_minimum_of_the_speed_counts_if_it_is_slow_on_the_time_scale_of_the_task():
    """Two units with a minimum of the speed each, at zero: one passes by in a trial, the other has hardly moved."""
    for speed, still in ((0.01, 0.1), (0.2, 0.0)):
        blank = Vanilla.blank(1, 4, 1, LINEAR)
        found = replace(
            find_fixed_points(
                eqx.tree_at(lambda each: (each.W, each.b, each.V), blank, (jnp.eye(1), jnp.full(1, speed), jnp.eye(1))),
                np.zeros((1, 1)),
                np.zeros(4),
            ),
            slow=np.zeros((1, 1)),
        )
        assert integration._still(found, steps=10) == still


def test_graphs_of_networks_without_a_line_are_not_compared():
    rows = np.linspace(-1, 1, 10)[:, None]
    line = HeldOutputs(rows, np.arange(10), parts=10, spread=0.01, drift=0.1)
    none = HeldOutputs(rows[:3], np.arange(3), parts=10, spread=0.01, drift=0.1)
    apart = integration._neighbours([line, none, line])
    assert np.isnan(apart[1]).all()
    assert np.isnan(apart[:, 1]).all()
    assert not apart[np.ix_([0, 2], [0, 2])].any()
    assert np.isnan(integration._neighbours([line, none])).all()


def drifting(speed, other=0.5):
    """Along its first unit the state moves on by so much a step, more or less so: its point is far outside."""
    blank = Vanilla.blank(3, 4, 1, LINEAR)
    W, b = jnp.diag(jnp.array([1.002, other, 0.2])), jnp.array([speed, 0.0, 0.0])
    return eqx.tree_at(lambda each: (each.W, each.b, each.V), blank, (W, b, jnp.array([[1.0, 0.0, 0.0]])))


@pytest.mark.parametrize(
    ("speed", "other", "line"),
    [
        (0.02, 0.5, True),  # a fifth of a part in a trial
        (-0.07, 0.5, True),
        (0.12, 0.5, False),  # more than a part: not held on the time scale of the task
        (0.02, 1.0, False),  # nothing comes back to it from beside: a plane
    ],
)
def test_a_line_that_drifts_to_one_side_is_a_line_if_it_is_slow(speed, other, line):
    network = drifting(speed, other)
    visited = np.random.default_rng(0).uniform(-7, 7, (400, 3))
    one = member(network, visited[:20], [(0.0,) * 4])
    told = integration._along_the_line(one, visited, steps=10)
    assert integration.is_line(told.line) == line
    assert told.still == 0.0  # what asks for points and minima of the speed sees none of them
    if line:
        assert told.line.covered == 1.0
        edges = neighbour_edges(integration._by_parts(told.line))
        assert edges.sum() <= 2 * 9
        assert not np.triu(edges, 2).any()


@pytest.mark.parametrize("turns", [1 / 2, 1 / 5])
def test_an_output_that_swings_and_is_back_at_the_end_of_a_trial_is_not_held(turns):
    """Its states are on a line, and a whole number of turns is a trial."""
    angle = 2 * np.pi * turns
    W = jnp.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    network = eqx.tree_at(lambda each: (each.W, each.V), Vanilla.blank(2, 4, 1, LINEAR), (W, jnp.array([[1.0, 0.0]])))
    visited = np.linspace(-5, 5, 201)[:, None] * np.ones(2)
    line = integration._along_the_line(member(network, visited[:5], [(0.0,) * 4]), visited, steps=20).line
    assert not integration.is_line(line)
    assert line.covered <= 0.2  # only where it swings by less than a part


def test_modes_of_a_known_network_are_counted():
    """Five modes near one, of which two integrate alike and one is not shown: two are needed, five are near."""
    blank = Vanilla.blank(6, 4, 1, LINEAR)
    W = jnp.diag(jnp.array([1.0, 0.999, 0.98, 0.97, 0.96, 0.5]))
    U = jnp.zeros((6, 4)).at[:2, 0].set(0.5).at[5, 0].set(1.0)
    V = jnp.array([[1.0, 1.0, 0.0, 0.0, 0.0, 1.0]])
    network = eqx.tree_at(lambda each: (each.W, each.U, each.V), blank, (W, U, V))
    visited = np.linspace(-5, 5, 41)[:, None] * np.eye(6)[0]
    told = integration._along_the_line(member(network, np.zeros((1, 6)), [(0.0,) * 4]), visited, steps=20)
    assert told.needed == 2
    assert told.near_one == 5  # 0.96 falls to 0.44, more than 1/e; 0.5 to a millionth
    assert told.responses[:3].tolist() == pytest.approx([0.0, 0.5, 0.5 + 0.5 * 0.999**20])


def test_two_kinds_differ_by_the_interval_of_welch():
    random = np.random.default_rng(0)
    ours, theirs = random.normal(3.0, 1.0, 9), random.normal(1.0, 0.1, 6)
    found = difference_claim(MORE_MODES, "a kind", ours, theirs)
    known = ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high, found.verdict) == (pytest.approx(known.low), pytest.approx(known.high), SEEN)
    assert difference_claim(MORE_MODES, "a kind", theirs, ours).verdict == CONTRADICTED
    assert difference_claim(MORE_MODES, "a kind", np.ones(3), np.zeros(3)).verdict == UNDECIDED  # a width of zero
    some = difference_claim(MORE_MODES, "a kind", np.array([1.0, np.nan, 2.0]), theirs)
    assert (some.verdict, some.of) == (TOO_FEW, "a kind (2 of 3 networks, 6 of 6)")


def test_means_and_fractions_are_judged_by_their_intervals():
    assert mean_claim(MODES, "a kind", np.array([1.0, 1.0, 1.0, 1.1]), below=2.0).verdict == SEEN
    some = mean_claim(MODES, "a kind", np.array([5.0, 5.1, 5.0, np.nan]), below=2.0)
    assert (some.verdict, some.of) == (CONTRADICTED, "a kind (3 of 4 networks)")
    assert mean_claim(MODES, "a kind", np.array([1.0, np.nan]), below=2.0).verdict == TOO_FEW
    assert mean_claim(MODES, "a kind", np.array([1.0, 1.0, 1.0]), below=2.0).verdict == UNDECIDED  # a width of zero
    assert fraction_claim(MODES, "all", 20, 20, more_than=0.5).verdict == SEEN
    assert fraction_claim(MODES, "all", 0, 20, more_than=0.5).verdict == CONTRADICTED
