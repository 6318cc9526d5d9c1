"""Influences on nodes: of quadratic forms of normal rows they give the variance that the covariances of overlaps do."""

import itertools

import numpy as np

from theory.degeneracy import Influence, directions, normal_rows


def test_of_a_function_of_the_overlaps_rows_say_what_overlaps_say():
    """On nodes that are exact to the seventh degree, 2 tr(G S G S) and the spread along `directions` are one number."""
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    S, G = root.T @ root, rng.normal(size=(3, 3))
    G = G + G.T
    points, weights = np.polynomial.hermite_e.hermegauss(4)
    nodes = np.array(list(itertools.product(points, repeat=3))) @ root
    shares = np.array([np.prod(each) for each in itertools.product(weights / weights.sum(), repeat=3)])
    slopes = np.einsum("ja,ab,jb->j", nodes, G, nodes)
    found = Influence(np.array(np.trace(G @ S)), slopes, shares)
    by_overlaps = np.sqrt(sum(np.vdot(G, each) ** 2 for each in directions(normal_rows(S))))
    np.testing.assert_allclose(found.dispersion.coefficient, by_overlaps, rtol=1e-12)
    np.testing.assert_allclose(by_overlaps**2, 2 * np.trace(G @ S @ G @ S), rtol=1e-12)
    np.testing.assert_allclose(shares @ found.of_rows, 0.0, atol=1e-12)


def test_rows_that_nobody_feels_have_an_influence_and_add_no_spread():
    shares, slopes = np.array([0.25, 0.75, 0.0]), np.array([[1.0, 2.0], [3.0, 2.0], [9.0, 2.0]])
    found = Influence(np.zeros(2), slopes, shares)
    np.testing.assert_allclose(found.of_rows[2], [6.5, 0.0])
    np.testing.assert_allclose(found.dispersion.coefficient, [np.sqrt(0.75), 0.0])
