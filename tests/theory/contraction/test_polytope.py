"""Polytopes whose norm contracts where no quadratic metric does: proofs, what trajectories do, and where they end."""

from dataclasses import replace

import flint
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.polygon import slowest_decay
from theory.contraction.search.polytope import contracting_polytope
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.theorems.rotation import true_rate

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


def floats(claim):
    return np.array([[int(x.p) / int(x.q) for x in v] for v in claim.vertices])


def norm(vertices, point):
    """The least sum of |a| with V a = point, by linear programming."""
    count = len(vertices)
    columns = np.hstack([vertices.T, -vertices.T])
    return scipy.optimize.linprog(np.ones(2 * count), A_eq=columns, b_eq=point, method="highs").fun


@BOTH
def test_displacements_fall_at_the_rate_under_random_switching(form):
    """Not uniform slopes and time constants, no quadratic metric: 100 legs at random slopes inside the box."""
    net = network(2.5 * TURN, form, slopes=np.array([0.9, 1.1]), time_constants=np.array([1.0, 1.5]))
    assert refute_quadratic(net) is not None
    claim = contracting_polytope(net, 0.05)
    assert claim is not None
    rng = np.random.default_rng(0)
    vertices, here = floats(claim), np.array([1.0, 0.3])
    before = norm(vertices, here)
    for _ in range(100):
        time = rng.exponential(0.3)
        here = scipy.linalg.expm(net.jacobian(rng.uniform(size=2) ** 0.2) * time) @ here
        after = norm(vertices, here)
        assert after <= before * np.exp(-0.05 * time) * (1 + 1e-9)
        here, before = here / after, 1.0


@BOTH
@pytest.mark.parametrize("weights", [[[0.0, -2.5], [2.5, 0.0]], [[-0.5, -3.0], [1.5, -0.2]]], ids=["turn", "skewed"])
def test_rate_is_bracketed(form, weights):
    """The best rate by the worst turning displacement: a polytope at 0.9 of it, and none above it."""
    net = network(np.array(weights), form)
    fractions = (np.arange(4)[:, None] >> np.arange(2) & 1).astype(float)
    best = slowest_decay(np.array([net.jacobian(each) for each in fractions]), 1)
    assert best is not None
    assert best > 0.05
    assert contracting_polytope(net, 0.9 * best) is not None
    assert contracting_polytope(net, 1.01 * best) is None


def test_number_of_vertices_is_inverse_to_the_distance_from_the_best_rate():
    """Doubling as the distance is halved, to a tenth and two vertices."""
    counts = []
    for part in (1 / 2, 3 / 4, 7 / 8):
        claim = contracting_polytope(network(2.5 * TURN, VOLTAGE), part * true_rate(2.5))
        assert claim is not None
        counts.append(len(claim.vertices))
    assert abs(counts[1] - 2 * counts[0]) <= 2 + counts[1] / 10
    assert abs(counts[2] - 2 * counts[1]) <= 2 + counts[2] / 10


@pytest.mark.parametrize("c", [2.0, 2.5, 2.7, 2.8])
def test_between_the_quadratic_and_the_true_threshold(c):
    assert refute_quadratic(network(c * TURN, VOLTAGE)) is not None
    assert contracting_polytope(network(c * TURN, VOLTAGE), 2.0**-10) is not None


def test_three_neurons():
    weights = np.array([[0.0, -2.3, 0.0], [2.3, 0.0, 0.1], [0.0, 0.2, 0.1]])
    net = network(weights, VOLTAGE)
    assert refute_quadratic(net) is not None
    claim = contracting_polytope(net, 0.01)
    assert claim is not None
    assert claim.holds(net.exact)


def test_altered_claims_fail():
    net = network(2.2 * TURN, VOLTAGE)
    claim = contracting_polytope(net, 0.01)
    assert claim is not None
    assert claim.holds(net.exact)
    count = len(claim.vertices)
    first, *others = claim.combinations
    along = ExactMatrix.of([[int(i == j == 0) for j in range(count)] for i in range(count)])
    moved = tuple(x + 1 for x in claim.vertices[0])
    changed = {
        "a higher rate": replace(claim, rate=flint.fmpq(1, 4)),
        "rate zero": replace(claim, rate=flint.fmpq(0)),
        "a combination changed": replace(claim, combinations=(first + along, *others)),
        "a corner left out": replace(claim, combinations=(first, *others[:-1])),
        "corners in another order": replace(claim, combinations=(*others, first)),
        "a vertex moved": replace(claim, vertices=(moved, *claim.vertices[1:])),
        "no vertices": replace(claim, vertices=(), combinations=()),
    }
    for name, wrong in changed.items():
        assert not wrong.holds(net.exact), name
    flat = replace(claim, vertices=((flint.fmpq(0), flint.fmpq(0)),), combinations=(ExactMatrix.of([[-1]]),) * 4)
    assert not flat.holds(net.exact)
    assert not claim.holds(network(2.9 * TURN, VOLTAGE).exact)
