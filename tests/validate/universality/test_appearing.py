"""Points along training: changes of their number are predicted, and wrong predictions are seen."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import TANH, Connectivity, LowRank
from simulate.latent import draw_units
from theory.universality import Factored, LatentFlow, LatentPath
from validate.progress import Progress
from validate.report import Report
from validate.universality import appearing
from validate.universality.low_rank import memories
from validate.universality.settings import Config


def grown(*gains):
    """A network of four memories whose weights grow: up to 0.85 from one point to three, up to 1.3 to nine."""
    units = draw_units(memories(2).populations, 40, seed=2)
    N = units.N + 0.1 * np.random.default_rng(0).normal(size=(40, 2)) / np.sqrt(40)  # or it would be a product
    return [LatentFlow(Factored(units.M, gain * N), units.drive) for gain in gains]


@pytest.fixture(autouse=True)
def wider(monkeypatch):
    monkeypatch.setattr(appearing, "NARROW", 2.0**-4)


def followed(flows):
    report = Report("universality", Config())
    with Progress() as progress:
        results = appearing.follow_points(flows, 10 * np.arange(len(flows)), report, progress)
    return report, results


def test_each_change_of_the_count_is_where_it_is_told():
    flows = grown(0.75, 1.3)
    report, results = followed(flows)
    assert report.passed
    assert (results.counts[0], results.counts[-1]) == (1, 9)
    assert [(each.at_zero, each.before, each.after) for each in results.changes] == [
        (True, 1, 3),
        (True, 3, 5),
        (False, 5, 9),
    ]
    for each in (each for each in results.changes if each.at_zero):  # an eigenvalue of the overlaps is one
        flow = LatentPath(*flows[each.snapshot : each.snapshot + 2]).at(each.share)
        assert np.abs(np.linalg.eigvals(flow.slopes(np.zeros(2))) - 1).min() < 1e-9
    (drawn,) = appearing.figures(Config(), results)
    assert drawn.data["counts"].tolist() == results.counts.tolist()


@pytest.mark.sampled(0)  # five seconds of tracing once more
def test_changes_that_are_not_where_they_are_told_are_a_failure(monkeypatch):
    true = LatentPath.crossings
    monkeypatch.setattr(LatentPath, "fold", lambda self, share, kappa: None)
    monkeypatch.setattr(
        LatentPath,
        "crossings",
        lambda self, kappa, places: tuple(each + 0.02 for each in true(self, kappa, places=places)),
    )
    report, _ = followed(grown(0.75, 0.85))
    assert [check.name for check in report.failures] == [
        "changes of the count, each where the latent equations tell it"
    ]


def test_the_latent_flow_is_that_of_the_cell():
    keys = jax.random.split(jax.random.key(0), 5)
    m, u, v, z = (jax.random.normal(key, (6, 2)) for key in keys[:4])
    network = LowRank(Connectivity(m, u, v, z), jnp.full(6, 1 / 6), TANH)
    flow, kappa = appearing.latent_flow_of(network), np.array([0.3, -0.7])
    moved = network.step(u @ jnp.asarray(kappa), jnp.zeros(2), 0.1)
    np.testing.assert_allclose(moved, flow.state(kappa + 0.1 * flow.velocity(kappa)), atol=1e-13)
