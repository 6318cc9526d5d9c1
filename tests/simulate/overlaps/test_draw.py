"""Networks with requested overlaps: exact, on average, and refused."""

import jax
import numpy as np
import pytest

from simulate.cells.nonlinearity import TANH
from simulate.overlaps.draw import TooFewNeurons, draw_exact, draw_on_average
from simulate.overlaps.gram_matrix import NotAGramMatrix

ONE, TWO = (1, 1, 1, 1), (2, 2, 2, 1)


def overlaps_of_rank(rank: int, size: int, seed: int = 0) -> np.ndarray:
    b = np.random.default_rng(seed).normal(size=(rank, size))
    return b.T @ b


@pytest.mark.parametrize("counts", [ONE, TWO])
@pytest.mark.parametrize("short", [0, 1, 2])
@pytest.mark.parametrize("extra", [0, 1, 100])
@pytest.mark.sampled(5)
def test_exact_overlaps(counts: tuple[int, int, int, int], short: int, extra: int) -> None:
    """Full rank and singular, with as many neurons as the rank and more: to 1e-12 of the largest."""
    d = sum(counts)
    sigma = overlaps_of_rank(d - short, d)
    network = draw_exact(jax.random.key(1), sigma, counts, d - short + extra, TANH)
    assert float(np.abs(network.sigma() - sigma).max()) < 1e-12 * np.abs(sigma).max()
    c = network.connectivity
    assert (c.m.shape[1], c.u.shape[1], c.v.shape[1], c.z.shape[1]) == counts
    assert float(network.share.sum()) == pytest.approx(1, rel=1e-15)


def test_vanishing_overlaps() -> None:
    network = draw_exact(jax.random.key(0), np.zeros((4, 4)), ONE, 5, TANH)
    assert float(np.abs(network.connectivity.theta).max()) == 0


def test_rows_are_as_random_as_can_be() -> None:
    """Isotropic rows: kurtosis of a normal within 5 sigma (sqrt(24/N)), new for a new key, the same for the same."""
    sigma = overlaps_of_rank(4, 4)
    network, other, again = (draw_exact(jax.random.key(k), sigma, ONE, 4000, TANH) for k in (0, 1, 0))
    z = np.asarray(network.connectivity.z)[:, 0] / np.sqrt(sigma[3, 3])
    assert abs(np.mean(z**4) - 3) < 5 * np.sqrt(24 / 4000)
    assert float(np.abs(network.connectivity.z - other.connectivity.z).max()) > 0.1
    np.testing.assert_array_equal(network.connectivity.theta, again.connectivity.theta)


def test_overlaps_on_average_err_by_the_root_of_n() -> None:
    """Each entry has variance (s_aa s_bb + s_ab^2) / N: 50 draws of ten entries hold its mean to 4 sigma (25 %)."""
    sigma = overlaps_of_rank(3, 4)
    variance = np.outer(np.diag(sigma), np.diag(sigma)) + sigma**2
    for neurons in (30, 3000):
        draws = [draw_on_average(jax.random.key(k), sigma, ONE, neurons, TANH).sigma() for k in range(50)]
        scaled = neurons * np.mean([(np.asarray(s) - sigma) ** 2 for s in draws], axis=0) / variance
        assert abs(np.mean(scaled) - 1) < 4 * np.sqrt(2 / 50)


@pytest.mark.parametrize("draw", [draw_exact, draw_on_average])
def test_refusals(draw) -> None:
    wrong = {
        "4 x 4 are needed": np.eye(5),
        "not finite": np.diag([1.0, np.nan, 1.0, 1.0]),
        r"entry \(0, 1\) is 0.5, entry \(1, 0\) is 0": np.eye(4) + 0.5 * np.eye(4)[0][:, None] * np.eye(4)[1],
        "least eigenvalue is -0.1": np.diag([1.0, 1.0, -0.1, 1.0]),
    }
    for message, sigma in wrong.items():
        with pytest.raises(NotAGramMatrix, match=message):
            draw(jax.random.key(0), sigma, ONE, 10, TANH)


def test_too_few_neurons() -> None:
    with pytest.raises(TooFewNeurons, match="rank 4 need at least 4 neurons, not 3"):
        draw_exact(jax.random.key(0), np.eye(4), ONE, 3, TANH)
    assert draw_on_average(jax.random.key(0), np.eye(4), ONE, 3, TANH).share.shape == (3,)
