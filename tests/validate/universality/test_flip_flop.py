"""The flip-flop section of the universality command, on one small population."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from simulate.cells import Vanilla
from simulate.measures import find_fixed_points
from simulate.universality import BetweenShare
from validate.progress import Progress
from validate.report import Report
from validate.universality import conditions, flip_flop
from validate.universality.claims import (
    CLUSTERS,
    CONTRADICTED,
    GRAPHS_DO_NOT,
    MARGIN,
    SEEN,
    TOO_FEW,
    UNDECIDED,
    UNTRAINED,
)
from validate.universality.conditions import NetworkKind
from validate.universality.deviations import EXTRA, IDEAL, MERGED, deviation
from validate.universality.graph_distances import EDGES, MATCHED, ORDERED, dealt, of_modal_count
from validate.universality.settings import QUICK, Config, SearchedDescent, TaskTraining
from validate.universality.similarity import (
    SampledDistances,
    clustering,
    divisions,
    in_groups,
    untrained_beside_trained,
)

TINY = replace(
    QUICK,
    name="tiny",
    population=replace(
        QUICK.population,
        cells=("vanilla",),
        seeds=3,
        units=6,
        every=8,
        trials=16,
        starts=64,
        perturbations=20,
        permutations=99,
        tasks=(TaskTraining("flip-flop", 1, 12, 2e-2, 0.1, 800),),
    ),
)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return Config(effort=TINY, store=tmp_path_factory.mktemp("store"), workers=1)


@pytest.fixture(scope="module")
def run(config):
    report = Report("universality", config)
    report.section("flip-flop")
    with Progress() as progress:
        return report, flip_flop.checks(config, report, progress)


def test_laws_hold_and_every_claim_is_told_with_what_was_measured(run):
    report, results = run
    assert report.passed
    assert sum(check.asserted for check in report.checks) == 6
    told = report.document()["quantities"]["flip-flop: claims"]
    assert {each["claim"]["name"] for each in told} == {
        CLUSTERS.name,
        GRAPHS_DO_NOT.name,
        UNTRAINED.name,
        flip_flop.COUNTS.name,
    }
    assert all(each["verdict"] in (SEEN, CONTRADICTED, UNDECIDED, TOO_FEW) for each in told)
    outcomes = report.document()["quantities"]["flip-flop: outcomes of training"]
    trained = sum(each.kind == NetworkKind("vanilla", "tanh") for each in results.members.each)
    assert outcomes["vanilla tanh"]["converged"].startswith(f"{trained} of 3: ")
    points = results.members.each[0].points
    assert points.graph is not None
    assert len(points.graph) == len(points.found[0].points)


def test_figures_are_drawn_from_results_alone(run, config):
    _, results = run
    drawn = {each.name: each for each in flip_flop.figures(config, results)}
    parts = ("one_look", "points", "distances", "places", "graphs", "untrained")
    assert list(drawn) == [f"flip_flop_{part}" for part in parts]
    found = results.members.each[0].points.found[0]
    assert drawn["flip_flop_points"].data["vanilla_tanh_points"].shape == (len(found.points), 2)
    assert np.allclose(drawn["flip_flop_distances"].data["graphs"], results.graphs[MATCHED].square)
    assert np.allclose(drawn["flip_flop_distances"].data["edges alone"], results.graphs[EDGES].square)
    assert drawn["flip_flop_untrained"].data["vanilla_points"].shape == (2 * len(results.members.each), 2)


def test_what_was_trained_is_found_again_and_other_tasks_leave_it_out(run, config):
    _, results = run
    files = sorted((file.name, file.stat().st_mtime_ns) for file in config.store.glob("*.nc"))
    with Progress() as progress:
        again = flip_flop.members_of(
            config,
            results.members.task,
            TINY.population.of("flip-flop"),
            flip_flop.search_of(config),
            progress,
        )
    assert sorted((file.name, file.stat().st_mtime_ns) for file in config.store.glob("*.nc")) == files
    assert np.array_equal(again.each[-1].points.found[0].points, results.members.each[-1].points.found[0].points)
    assert flip_flop.checks(replace(config, tasks=()), Report("universality", config), Progress()) is None
    assert flip_flop.figures(config, None) == ()


def test_each_penalty_has_the_best_numbers_of_a_search_of_its_own(config, monkeypatch):
    """Two penalties of three networks each; the search of the k-th job has its least loss at a rate of 10^-k."""
    population = replace(TINY.population, rule=SearchedDescent(draws=2, trials=8), penalties=(1e-5, 1e-4))
    searched = replace(config, effort=replace(TINY, population=population))

    def stored(jobs, *_):
        assert [each.penalty.weight.tolist() for each in jobs] == [pytest.approx([w] * 2) for w in (1e-5, 1e-4)] * 2
        names = ("rate", "decay", "momentum", "longest")
        return [
            xr.Dataset({name: ("draw", [9.0, 10.0**-k]) for name in names} | {"loss": ("draw", [2.0, 1.0])})
            for k in range(len(jobs))
        ]

    monkeypatch.setattr(conditions, "results_of", stored)
    training = TINY.population.of("flip-flop")
    made = conditions.conditions_of(searched, flip_flop.task_of(searched), training, Progress())
    rates = [each.training_rule.rule.rule.rule.rate.tolist() for each in made.values()]
    assert rates == [pytest.approx([1.0] * 3 + [0.1] * 3), pytest.approx([0.01] * 3 + [0.001] * 3)]


def wells(bias=0.0):
    """Two double wells; the bias of the first makes its upper or lower half vanish."""
    blank = Vanilla.blank(2, 2, 2)
    weights = 2.0 * jnp.eye(2), jnp.array([bias, 0.0]), jnp.eye(2) / 0.9575
    network = eqx.tree_at(lambda each: (each.W, each.b, each.V), blank, weights)
    starts = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    return find_fixed_points(network, starts)


def test_points_are_held_against_those_of_an_ideal_flip_flop():
    ideal = deviation(wells(), 2)
    assert (ideal.polynomial, ideal.kind, ideal.missing, ideal.spare) == ((4, 4, 1), IDEAL, 0, 0)
    merged = deviation(wells(0.6), 2)
    assert (merged.polynomial, merged.kind, merged.missing) == ((2, 1), MERGED, 2)
    assert "corners missing 2" in str(merged)
    assert deviation(wells(), 1).kind == EXTRA


@pytest.mark.parametrize(
    ("high", "apart", "clusters", "none"),
    [
        (MARGIN / 2, False, CONTRADICTED, SEEN),
        (MARGIN / 2, True, SEEN, SEEN),
        (0.5, False, UNDECIDED, UNDECIDED),
        (0.5, True, SEEN, CONTRADICTED),
    ],
)
def test_absence_is_shown_by_the_bound_and_never_by_a_test_that_finds_nothing(high, apart, clusters, none):
    share = BetweenShare(value=0.01, low=0.0, high=high, confidence=0.95, dimensions=2.0)
    assert (CLUSTERS.verdict(share, apart=apart), GRAPHS_DO_NOT.verdict(share, apart=apart)) == (clusters, none)


def test_networks_that_fall_into_two_groups_are_seen_to(run, config):
    _, results = run
    (division,) = (each for each in divisions(results.members) if each.name == "by nonlinearity, vanilla")
    count = len(results.members.each)
    phis = np.array([each.kind.nonlinearity for each in results.members.each])
    apart = 1.0 * (phis[:, None] != phis) + 0.01 * (1 - np.eye(count))
    assert in_groups(division, np.ones(count, dtype=bool)) is not None
    assert in_groups(division, np.arange(count) < 4) is None  # of the second group one is left
    found = clustering(CLUSTERS, "SVCCA", SampledDistances.exact(apart), division, config)
    assert found.value > 0.9
    assert found.p == pytest.approx(0.1)  # two of the 20 labellings of three and three
    assert found.verdict == UNDECIDED
    apart[count - 1] = apart[:, count - 1] = np.nan  # a network that is not compared
    left = clustering(CLUSTERS, "SVCCA", SampledDistances.exact(apart), division, config)
    assert left.verdict == TOO_FEW
    apart = 1.0 * (phis[:, None] != phis) + 0.01 * (1 - np.eye(count))
    held = replace(division, penalties=tuple(float(phi == "tanh") for phi in phis))  # no label can be exchanged
    assert clustering(CLUSTERS, "SVCCA", SampledDistances.exact(apart), held, config).p == 1.0
    both = np.pad(apart, ((0, count), (0, count)))
    starts = results.members.starts
    assert len(np.unique(starts)) == count / 2  # one of a key, for both nonlinearities
    twins = starts[:, None] == starts
    both[:count, count:][twins] = 7.0  # how far each is from its own start does not count
    both[:count, :count][twins] = 7.0  # nor how far two that began alike
    excess = untrained_beside_trained(both, results.members, "vanilla", "tanh")
    assert (excess.value, excess.low, excess.verdict) == (pytest.approx(1.01), pytest.approx(1.01), SEEN)


def test_what_sampling_adds_is_taken_off_the_share(run, config):
    """Two groups one apart, and on every squared distance a noise of one: two thirds of the mean square within."""
    _, results = run
    (division,) = (each for each in divisions(results.members) if each.name == "by nonlinearity, vanilla")
    count = len(results.members.each)
    phis = np.array([each.kind.nonlinearity for each in results.members.each])
    squares = 1.0 * (phis[:, None] != phis) + 1.5 * (1 - np.eye(count))
    distances = SampledDistances(np.sqrt(squares), np.full(count, 0.5))
    found = clustering(GRAPHS_DO_NOT, "edges", distances, division, config)
    plain = clustering(GRAPHS_DO_NOT, "edges", SampledDistances.exact(np.sqrt(squares)), division, config)
    assert found.noise == pytest.approx(1 / (squares.sum() / (count * (count - 1))))
    assert found.value == pytest.approx(plain.value / (1 - found.noise))
    assert found.high == pytest.approx(min(1.0, plain.high / (1 - found.noise)))
    assert (found.p, plain.noise) == (plain.p, None)
    nothing = clustering(
        GRAPHS_DO_NOT, "edges", SampledDistances(np.sqrt(squares), np.full(count, 2.0)), division, config
    )
    assert (nothing.value, nothing.low, nothing.high, nothing.verdict) == (None, 0.0, 1.0, UNDECIDED)


def test_graphs_are_compared_by_each_distance_beside_its_null(run, config):
    report, results = run
    told = report.document()["quantities"]["flip-flop: distances of graphs"]
    graphs = [each.points.graph for each in results.members.each]
    modal = of_modal_count(graphs)
    assert told[EDGES]["networks"] == len(graphs)
    assert told[EDGES]["bound below"] <= told[EDGES]["mean"] <= told[MATCHED]["mean"] + 1e-12
    assert results.graphs[ORDERED].compared.tolist() == modal.tolist()
    moved = dealt(graphs[0], np.random.default_rng(0))
    assert np.array_equal(np.sort(moved.transitions, axis=1), np.sort(graphs[0].transitions, axis=1))
