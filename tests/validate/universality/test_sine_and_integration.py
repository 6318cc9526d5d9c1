"""The sections of sines and of integration, on networks that have hardly begun to learn; and their law for designs."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import LINEAR, Vanilla
from simulate.measures import find_fixed_points
from simulate.universality.points import NetworkPoints
from validate.claim import CONTRADICTED
from validate.progress import Progress
from validate.report import Report
from validate.universality import integration, sine
from validate.universality.claims import MODES, SEEN, TOO_FEW, TURNS, UNDECIDED
from validate.universality.conditions import NetworkKind
from validate.universality.members import PopulationMember
from validate.universality.settings import QUICK, Config, TaskTraining
from validate.universality.similarity import fraction_claim, mean_claim

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
        (sine, ["sine_points", "sine_places", "sine_frequencies"], TURNS.name),
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
    counts, unstable, cycles = sine._at_commands(member(network, 0.01 * np.eye(2), [(0.0,), (0.0,)]))
    assert (counts, unstable) == ([1, 1], [2, 2])
    assert np.allclose(cycles, 0.03)


def test_a_network_that_does_not_turn_counts_as_one_that_turns_at_zero():
    """At the first command there is no complex pair, at the second (h -> h + 1) no point."""
    blank = Vanilla.blank(2, 1, 1, LINEAR)
    decays = eqx.tree_at(lambda each: each.W, blank, jnp.diag(jnp.array([0.5, 0.9])))
    moves = eqx.tree_at(lambda each: (each.W, each.b), blank, (jnp.eye(2), jnp.ones(2)))
    assert sine._at_commands(member(decays, np.zeros((1, 2)), [(0.0,)])) == ([1], [0], [0.0])
    assert sine._at_commands(member(moves, np.zeros((1, 2)), [(0.0,)])) == ([0], [-1], [0.0])


def test_an_integrator_of_one_mode_is_seen_to_be_one():
    """A line along the first unit, which sums the first stream; the other stream is read, and forgotten."""
    blank = Vanilla.blank(3, 4, 1, LINEAR)
    W = jnp.diag(jnp.array([1.0 - 1e-15, 0.5, 0.2]))
    U = jnp.zeros((3, 4)).at[0, 0].set(1.0).at[1, 1].set(1.0)
    network = eqx.tree_at(lambda each: (each.W, each.U, each.V), blank, (W, U, jnp.array([[1.0, 1.0, 1.0]])))
    starts = np.linspace(-5, 5, 41)[:, None] * np.eye(3)[0]
    told = integration._along_the_line(member(network, starts, [(0.0,) * 4]), steps=10)
    assert told.covered == 1.0
    assert told.needed == 1
    assert np.allclose(told.responses[:4], [0.0, 1.0, 1.0, 1.0], atol=1e-2)
    assert told.ignored == pytest.approx(0.5**10, rel=1e-6)


def test_a_network_without_a_line_says_nothing_of_its_modes():
    blank = Vanilla.blank(1, 4, 1, LINEAR)
    network = eqx.tree_at(lambda each: (each.V, each.c), blank, (jnp.ones((1, 1)), jnp.full(1, 9.0)))
    told = integration._along_the_line(member(network, np.zeros((1, 1)), [(0.0,) * 4]), steps=10)
    assert told.covered == 0.0
    assert np.isnan([told.needed, told.ignored]).all()


def test_means_and_fractions_are_judged_by_their_intervals():
    assert mean_claim(MODES, "a kind", np.array([1.0, 1.0, 1.0, 1.1]), below=2.0).verdict == SEEN
    some = mean_claim(MODES, "a kind", np.array([5.0, 5.1, 5.0, np.nan]), below=2.0)
    assert (some.verdict, some.of) == (CONTRADICTED, "a kind (3 of 4 networks)")
    assert mean_claim(MODES, "a kind", np.array([1.0, np.nan]), below=2.0).verdict == TOO_FEW
    assert mean_claim(MODES, "a kind", np.array([1.0, 1.0, 1.0]), below=2.0).verdict == UNDECIDED  # a width of zero
    assert fraction_claim(MODES, "all", 20, 20, more_than=0.5).verdict == SEEN
    assert fraction_claim(MODES, "all", 0, 20, more_than=0.5).verdict == CONTRADICTED
