"""Points of a population against networks drawn: every distance by its closed form."""

import numpy as np

from theory.degeneracy import Dispersion, directions, dynamics_apart, normal_rows, operator_coordinates
from theory.degeneracy.points import dispersed_points, root_mean_square_apart


def test_the_mean_squared_distance_of_networks_drawn() -> None:
    """Of 200 pairs; of a squared distance the standard deviation is sqrt(2) times the mean at most (one direction)."""
    S = np.array([[2.0, 0.3, 0.6, 0.2], [0.3, 1.0, 0.5, 0.1], [0.6, 0.5, 1.5, 0.0], [0.2, 0.1, 0.0, 1.0]])
    neurons, pairs, rng = 4_000, 200, np.random.default_rng(0)
    points = dispersed_points(operator_coordinates(), Dispersion(S, directions(normal_rows(S))))
    root = np.linalg.cholesky(S)
    squares = []
    for _ in range(pairs):
        one, other = (theta.T @ theta / neurons for theta in (rng.normal(size=(neurons, 4)) @ root.T for _ in range(2)))
        squares.append(dynamics_apart(one, other).value ** 2)
    predicted = root_mean_square_apart(points, neurons) ** 2
    # Four standard errors, and what the expansion leaves out, of relative order 1 / N times some tens.
    assert abs(np.mean(squares) / predicted - 1) < 4 * np.sqrt(2) / np.sqrt(pairs) + 100 / neurons
