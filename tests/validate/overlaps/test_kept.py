"""Networks trained at falling rates keep what the theory says they keep, and lose what only their closure keeps."""

import jax
import numpy as np
import pytest

from simulate.cells import nonlinearity as written
from simulate.training.rule import GradientDescent
from theory.overlaps.conserved.kept import Kept, kept_by_closure, kept_by_network
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import NONLINEARITIES
from validate.overlaps import broken_laws as laws

SHAPE = Shape()


def order(runs: laws.Runs, values) -> float:
    """The exponent of the rate in how far the numbers stray that `values` makes of a theta, all together."""
    paths = np.array([[values(theta) for theta in path] for path in runs.theta])
    strayed = runs.strayed(paths.reshape(*paths.shape[:2], -1))
    return float(laws.order(np.linalg.norm(strayed, axis=0, keepdims=True))[0])


def of_traces(kept: Kept):
    return lambda theta: [np.trace(np.array(each, dtype=float) @ theta.T @ theta) for each in kept.traces]


def of_neurons(kept: Kept):
    matrices = [np.array(each, dtype=float) for each in kept.neurons]
    return lambda theta: [np.einsum("ia,ab,ib->i", theta, matrix, theta) for matrix in matrices]


def of_spectra(kept: Kept):
    matrices = [np.array(each, dtype=float) for each in kept.spectra]
    return lambda theta: [np.sort(np.linalg.eigvals(matrix @ theta.T @ theta).real) for matrix in matrices]


@pytest.mark.parametrize("name", ["linear", "relu", "tanh"])
def test_what_a_trained_network_keeps_drifts_as_the_rate_and_the_rest_whatever_the_rate(name: str) -> None:
    """Over runs of equal rate x epochs; exponents to O(rate |H|) / ln 2 < 0.1, or nearer to 0 than to 1."""
    network = laws.normal_network(jax.random.key(3), SHAPE, written.NONLINEARITIES[name])
    runs = laws.train_at_every_rate(network, GradientDescent(rate=1.0))
    kept, closure = (of(SHAPE, NONLINEARITIES[name]) for of in (kept_by_network, kept_by_closure))
    for values in (of_traces(kept), of_neurons(kept), of_spectra(kept)):
        if np.size(values(runs.theta[0, 0])):
            assert abs(order(runs, values) - 1) < 0.1
    if name == "relu":
        assert not kept.spectra
        assert abs(order(runs, of_spectra(closure))) < 0.5
    else:
        assert kept.spectra == closure.spectra
