"""What a network keeps beside what its closure keeps, on gradients of real networks by central differences."""

import numpy as np
import pytest
import sympy as sp

from theory.overlaps.conserved.counting import count_invariants
from theory.overlaps.conserved.kept import kept_by_closure, kept_by_network
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import ERF, LINEAR, NONLINEARITIES, RELU, TANH

PHI = {"linear": lambda x: x, "relu": lambda x: np.maximum(x, 0)}


def gradient(shape: Shape, theta: np.ndarray, phi) -> np.ndarray:
    """N dL/dtheta of a network's loss on one random trial, by central differences (error 1e-9)."""
    random = np.random.default_rng(1)
    inputs, targets = random.normal(size=(12, shape.inputs)), random.normal(size=(12, shape.outputs))

    def loss(weights: np.ndarray) -> float:
        m, u, v, z = (weights[:, list(shape.columns(block))] for block in "muvz")
        activity, total = np.zeros(len(weights)), 0.0
        for s, target in zip(inputs, targets, strict=True):
            activity = activity + 0.3 * (-activity + u @ (v.T @ phi(activity)) / len(weights) + m @ s)
            total += float(np.sum((z.T @ phi(activity) / len(weights) - target) ** 2))
        return total

    slope = np.zeros_like(theta)
    for place in np.ndindex(*theta.shape):
        bump = np.zeros_like(theta)
        bump[place] = 1e-5
        slope[place] = (loss(theta + bump) - loss(theta - bump)) / 2e-5
    return len(theta) * slope


@pytest.mark.parametrize("name", PHI)
@pytest.mark.parametrize("shape", [Shape(), Shape(2, 2, 1)], ids=str)
def test_velocities_of_what_is_kept_are_zero_and_of_what_is_not_are_not(shape: Shape, name: str) -> None:
    """theta' = -g: tr(C Sigma)' = -2 tr(C theta^T g) / N, (theta_i B theta_i^T)' = -2 g_i B theta_i^T, and the traces
    of (B Sigma)^2, which every spectrum has, move by -4 tr(B Sigma B theta^T g) / N."""
    theta = np.random.default_rng(0).normal(size=(9, shape.size))
    g = gradient(shape, theta, PHI[name])
    network, closure = (of(shape, NONLINEARITIES[name]) for of in (kept_by_network, kept_by_closure))
    size = float(np.abs(theta.T @ g).max())
    for matrix in (np.array(each, dtype=float) for each in network.traces):
        assert abs(np.trace(matrix @ theta.T @ g)) < 1e-7 * size
    for matrix in (np.array(each, dtype=float) for each in network.neurons):
        assert np.abs(np.einsum("ia,ab,ib->i", g, matrix, theta)).max() < 1e-7 * size
    for matrix in (np.array(each, dtype=float) for each in closure.spectra):
        moved = abs(np.trace(matrix @ theta.T @ theta @ matrix @ theta.T @ g)) / len(theta)
        assert moved < 1e-7 * size if name == "linear" else moved > 1e-3 * size


def test_only_relu_keeps_less_than_its_closure() -> None:
    shape = Shape(rank=2)
    for phi in (LINEAR, ERF, TANH, RELU):
        network, closure = kept_by_network(shape, phi), kept_by_closure(shape, phi)
        assert network.traces == closure.traces
        assert (network.spectra == closure.spectra) == (phi is not RELU)
        assert len(network.neurons) == (phi in (LINEAR, RELU))
        assert len(network.traces) == count_invariants(shape, phi).noether
    assert kept_by_network(shape, RELU).neurons == kept_by_closure(shape, RELU).spectra
    assert kept_by_network(shape, RELU).neurons[0] == sp.diag(1, 1, 1, -1, -1, -1)
