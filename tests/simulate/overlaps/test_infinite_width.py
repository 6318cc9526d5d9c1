"""The limit of infinitely many neurons: its nodes, their convergence and error estimate, and networks tending to it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells.low_rank import LowRank
from simulate.cells.low_rank_latent import by_latent_state
from simulate.cells.nonlinearity import ERF, LINEAR, RELU, TANH
from simulate.overlaps.draw import draw_exact
from simulate.overlaps.infinite_width import BadNodes, SobolNodes, TensorNodes, infinite_width
from simulate.overlaps.infinite_width_error import learn_infinite_width
from simulate.tasks.impulse import filter_task
from simulate.training.learn import Learning, learn
from simulate.training.rule import GradientDescent

ONE = (1, 1, 1, 1)
SIGMA = np.eye(4) + 0.15 * np.array([[1, 2, -1, 1], [2, 0, 1, 0], [-1, 1, 1, 2], [1, 0, 2, -1]])
TASK, RULE, EPOCHS = filter_task(dt=0.2, steps=20), GradientDescent(0.05), 15
compiled = eqx.filter_jit(learn)


def trained(network: LowRank) -> Learning:
    return compiled(by_latent_state(network), TASK, RULE, EPOCHS)


def distance(one: Learning, other: Learning) -> float:
    return float(np.abs(one.sigma - other.sigma).max() + jnp.abs(one.loss - other.loss).max())


@pytest.mark.parametrize("nodes", [SobolNodes(64), TensorNodes(4), TensorNodes(5)], ids=repr)
@pytest.mark.parametrize("rank", [1, 4])
@pytest.mark.parametrize("nonlinearity", [ERF, RELU], ids=lambda phi: phi.name)
@pytest.mark.sampled(3)
def test_overlaps_are_exact_and_nodes_come_in_pairs(nodes, rank: int, nonlinearity) -> None:
    points, weights = nodes.standard(rank)
    np.testing.assert_allclose(points, -points[::-1], rtol=0, atol=1e-14)
    np.testing.assert_array_equal(weights, weights[::-1])
    assert weights.sum() == pytest.approx(1, rel=1e-14)
    b = np.random.default_rng(rank).normal(size=(rank, 4))
    network = infinite_width(b.T @ b, ONE, nonlinearity, nodes)
    np.testing.assert_allclose(network.sigma(), b.T @ b, rtol=0, atol=1e-12)
    assert float(network.share.sum()) == pytest.approx(1, rel=1e-13)
    assert len(network.share) == ((len(weights) + 1) // 2 if nonlinearity.odd else len(weights))


@pytest.mark.parametrize("nodes", [SobolNodes(128), TensorNodes(3)], ids=repr)
@pytest.mark.sampled(1)
def test_half_the_nodes_do_for_an_odd_nonlinearity(nodes) -> None:
    """An exact symmetry of training: the same numbers from all nodes (with the origin) and from one of each pair."""
    half = infinite_width(SIGMA, ONE, TANH, nodes)
    full = infinite_width(SIGMA, ONE, RELU, nodes)
    full = LowRank(full.connectivity, full.share, TANH)
    assert len(full.share) > 1.9 * len(half.share) - 1
    assert distance(trained(half), trained(full)) < 1e-12


def test_linear_networks_need_no_more_than_the_gram_matrix() -> None:
    """Any nodes with the same overlaps, and any network, train alike."""
    runs = [trained(infinite_width(SIGMA, ONE, LINEAR, nodes)) for nodes in (SobolNodes(16), TensorNodes(3))]
    runs.append(trained(draw_exact(jax.random.key(0), SIGMA, ONE, 5, LINEAR)))
    assert max(distance(runs[0], run) for run in runs[1:]) < 1e-12


def test_tensor_nodes_converge_exponentially() -> None:
    """Faster than the fourth power of the points along an axis, and ever more so."""
    truth = trained(infinite_width(SIGMA, ONE, ERF, TensorNodes(8)))
    errors = [distance(trained(infinite_width(SIGMA, ONE, ERF, TensorNodes(n))), truth) for n in (2, 4, 6)]
    slopes = np.log(np.array(errors[:-1]) / errors[1:]) / np.log([4 / 2, 6 / 4])
    assert 4 < slopes[0] < slopes[1]


@pytest.mark.parametrize("nonlinearity", [ERF, RELU], ids=lambda phi: phi.name)
@pytest.mark.sampled(1)
def test_sobol_nodes_converge_faster_than_neurons(nonlinearity) -> None:
    """Root mean square over six scramblings, 32 times more nodes: the exponent is nearer to 1 than to 1/2.

    A ratio of two such root mean squares of d.o.f. of about ten errs by 40 %, the exponent by 0.1.
    """
    nodes = TensorNodes(8) if nonlinearity.smooth else SobolNodes(2**14, seed=99)
    truth = trained(infinite_width(SIGMA, ONE, nonlinearity, nodes))
    rms = [
        np.sqrt(
            np.mean(
                [
                    distance(trained(infinite_width(SIGMA, ONE, nonlinearity, SobolNodes(count, seed))), truth) ** 2
                    for seed in range(6)
                ]
            )
        )
        for count in (64, 2048)
    ]
    assert np.log(rms[0] / rms[1]) / np.log(32) > 0.65


@pytest.mark.parametrize("nonlinearity", [ERF, RELU], ids=lambda phi: phi.name)
@pytest.mark.sampled(1)
def test_networks_tend_to_the_limit(nonlinearity) -> None:
    """As N^-1/2: exponent of the rms over eight networks, 25 times more neurons, within four of its errors (0.1)."""
    truth = trained(infinite_width(SIGMA, ONE, nonlinearity))
    rms = [
        np.sqrt(
            np.mean(
                [
                    distance(trained(draw_exact(jax.random.key(k), SIGMA, ONE, neurons, nonlinearity)), truth) ** 2
                    for k in range(8)
                ]
            )
        )
        for neurons in (64, 1600)
    ]
    assert abs(np.log(rms[0] / rms[1]) / np.log(25) - 0.5) < 0.4 * 0.5


def test_error_estimates_bound_the_errors() -> None:
    """Fewer tensor points err by more, so that their distance is a bound; two scramblings are alike: a factor 5."""
    truth = trained(infinite_width(SIGMA, ONE, ERF, TensorNodes(8)))
    for nodes, factor in ((TensorNodes(5), 1.2), (SobolNodes(512), 5.0)):
        run = learn_infinite_width(SIGMA, ONE, ERF, TASK, rule=RULE, epochs=EPOCHS, nodes=nodes)
        error = np.abs(run.learning.observed[:, 0] - truth.sigma).max()
        assert run.sigma_error.shape == run.loss_error.shape == (EPOCHS + 1,)
        assert float(run.sigma_error[0]) < 1e-13
        assert float(error) < factor * float(run.sigma_error.max())
        assert float(run.sigma_error.max()) < 30 * float(error)


def test_overlaps_of_zero_have_neurons_that_weigh_one_in_all() -> None:
    assert infinite_width(np.zeros((4, 4)), ONE, ERF).share.sum() == pytest.approx(1)


def test_refusals() -> None:
    for count in (0, 1, 3, 1000):
        with pytest.raises(BadNodes, match="power of two"):
            SobolNodes(count)
    with pytest.raises(BadNodes, match="2 or more"):
        TensorNodes(1)
    with pytest.raises(BadNodes, match="take fewer points, or SobolNodes"):
        TensorNodes(20).standard(6)
    with pytest.raises(BadNodes, match="cannot span 4 dimensions"):
        infinite_width(SIGMA, ONE, TANH, SobolNodes(4))
