"""Each claim beside the checker that shares no code with it: at its sharpest, a little beyond, and altered everywhere.

Every number of a claim is set to zero, turned over, and moved to either side. Two programs must then agree on what is
still proved; and both answers must occur.
"""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace

import flint
import numpy as np
import pytest
import scipy.linalg

from theory.contraction import candidates
from theory.contraction.certificate import Certificate
from theory.contraction.claims import polytope, vertices
from theory.contraction.claims.absolute_weights import AbsoluteWeights
from theory.contraction.claims.claim import Statement
from theory.contraction.claims.euler_step import EulerStep
from theory.contraction.claims.fixed_slopes import FixedSlopes
from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.claims.no_multiplier import Frequency, NoMultiplierMetric
from theory.contraction.claims.no_quadratic import Displacements, NoQuadraticMetric
from theory.contraction.claims.polytope import Polytope
from theory.contraction.claims.slopes import CORNERED, corners
from theory.contraction.claims.switching import Leg, Switching
from theory.contraction.claims.vertices import Vertices
from theory.contraction.claims.weighted_norm import LARGEST, SUM, WeightedNorm
from theory.contraction.exact_matrix import ExactMatrix, exact_vector
from theory.contraction.form import FORMS, RATE, VOLTAGE, Form
from theory.contraction.network import ExactNetwork
from theory.contraction.search import polytope as search_polytope
from theory.contraction.search import slope_sequences, vertex_dual
from theory.contraction.search import switching as search_switching
from validate.contraction import certificate_checker as checker
from validate.contraction.certificate_checker import MOST_CORNERS, main

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
Q = flint.fmpq
ONE, ZERO = Q(1), Q(0)
METRIC = ExactMatrix.of([[2, Q(1, 4)], [Q(1, 4), 3]])


def network(form: Form, weights: object, slopes: object = (1, 1), taus: object = (1, 1)) -> ExactNetwork:
    leaks = ExactMatrix.diagonal([1 / Q(tau) for tau in taus])
    return ExactNetwork(ExactMatrix.of(weights), form, ExactMatrix.diagonal(slopes), leaks)


def uneven(form: Form) -> ExactNetwork:
    """Signs of both kinds, slopes and time constants of their own."""
    return network(form, [[Q(1, 4), Q(-1, 2)], [Q(1, 3), Q(-1, 5)]], (1, Q(3, 2)), (1, Q(5, 4)))


def verified(net: ExactNetwork, claim: Statement, folder) -> bool:
    file = folder / "claim.json"
    file.write_text(json.dumps(Certificate(net, (claim,)).document()))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return main([str(file)]) == 0


def moved(number: flint.fmpq) -> list[flint.fmpq]:
    return sorted({ZERO, -number, number + Q(1, 1000), number - Q(1, 1000)} - {number})


def altered(value: object) -> Iterator[object]:
    """The value with one of its numbers changed, in all ways."""
    if isinstance(value, flint.fmpq):
        yield from moved(value)
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from ((*value[:i], other, *value[i + 1 :]) for other in altered(item))
    elif isinstance(value, ExactMatrix):
        yield from map(ExactMatrix.of, altered(tuple(map(tuple, value.rows()))))
    elif is_dataclass(value):
        for field in fields(value):
            content = getattr(value, field.name)
            if field.name == "multiplier":  # diagonal
                others = map(ExactMatrix.diagonal, altered(tuple(content.diagonal_entries())))
            else:
                others = altered(content)
            yield from (replace(value, **{field.name: other}) for other in others)


def agree(net: ExactNetwork, claim: Statement, folder) -> None:
    """The claim is proved by both, and altered claims by both or by neither."""
    assert claim.holds(net)
    assert verified(net, claim, folder)
    answers = set()
    for other in altered(claim):
        answers.add(other.holds(net))
        assert verified(net, other, folder) is other.holds(net), other
    assert False in answers
    for weights in altered(net.weights):
        other = replace(net, weights=weights)
        assert verified(other, claim, folder) is claim.holds(other), other


def sharpest(net: ExactNetwork, claim: Callable[[flint.fmpq], Statement], proved: flint.fmpq, beyond: flint.fmpq):
    """The claim at its best rate to 2^-12, and just beyond it."""
    for _ in range(12):
        middle = (proved + beyond) / 2
        proved, beyond = (middle, beyond) if claim(middle).holds(net) else (proved, middle)
    return claim(proved), claim(beyond)


PARTS: dict[str, tuple[Callable[[flint.fmpq], Statement], flint.fmpq, flint.fmpq]] = {
    "multiplier": (lambda c: Multiplier(c, METRIC, ExactMatrix.diagonal([2, 3])), Q(1, 1000), ONE),
    "vertices": (lambda c: Vertices(c, METRIC), Q(1, 1000), ONE),
    "absolute weights": (
        lambda c: AbsoluteWeights(c, exact_vector([1.0, 1.25]), exact_vector([1.25, 1.0])),
        Q(1, 1000),
        ONE,
    ),
    "norm 1": (lambda c: WeightedNorm(c, SUM, exact_vector([1.0, 1.25])), Q(1, 1000), ONE),
    "norm inf": (lambda c: WeightedNorm(c, LARGEST, exact_vector([1.25, 1.0])), Q(1, 1000), ONE),
    "Euler step": (
        lambda c: EulerStep(Q(1, 4), c, METRIC, ExactMatrix.diagonal([Q(1, 2), Q(3, 4)])),
        Q(999, 1000),
        ZERO,
    ),
}


@BOTH
@pytest.mark.parametrize("name", PARTS)
def test_what_is_contracting(name: str, form: Form, tmp_path) -> None:
    claim, proved, beyond = PARTS[name]
    net = uneven(form)
    best, worse = sharpest(net, claim, proved, beyond)
    assert not worse.holds(net)
    assert not verified(net, worse, tmp_path)
    agree(net, best, tmp_path)


@BOTH
@pytest.mark.parametrize("name", ["multiplier", "Euler step"])
def test_a_multiplier_is_diagonal(name: str, form: Form) -> None:
    """The matrix stays positive definite, but w^T Q (y - w) >= 0 is true of diagonal Q alone; a file has no other."""
    make, proved, _ = PARTS[name]
    net, claim = uneven(form), make(proved)
    beside = ExactMatrix.of([[0, Q(1, 2**60)], [Q(1, 2**60), 0]])
    assert claim.holds(net)
    for multiplier in (claim.multiplier + beside, claim.multiplier - beside, ExactMatrix.identity(3)):
        assert not replace(claim, multiplier=multiplier).holds(net)


@pytest.mark.parametrize(("form", "norm"), [(VOLTAGE, SUM), (RATE, LARGEST)], ids=["norm 1", "norm inf"])
def test_inhibition_of_oneself_counts_where_one_slope_multiplies_the_sum(form, norm, tmp_path) -> None:
    net = network(form, [[-4, Q(9, 2)], [Q(-9, 2), -4]], taus=(1, Q(6, 5)))
    best, worse = sharpest(net, lambda c: WeightedNorm(c, norm, (ONE, Q(11, 10))), Q(1, 1000), ONE)
    assert not verified(net, worse, tmp_path)
    agree(net, best, tmp_path)


@BOTH
def test_polytope(form: Form, tmp_path) -> None:
    """Two vertices: each Gamma is V^-1 J V, and the rate is reached exactly."""
    net = uneven(form)
    columns = ExactMatrix.of([[1, Q(1, 4)], [0, 1]])
    gammas = tuple(columns.inverse() @ net.jacobian(ExactMatrix.diagonal(each)) @ columns for each in corners(net))
    rate = -max(
        column[j] + sum(map(abs, column), ZERO) - abs(column[j])
        for gamma in gammas
        for j, column in enumerate(gamma.T.rows())
    )
    claim = Polytope(rate, ((ONE, ZERO), (Q(1, 4), ONE)), gammas)
    agree(net, claim, tmp_path)
    assert not replace(claim, rate=rate + Q(1, 2**40)).holds(net)
    for wrong in (
        replace(claim, vertices=claim.vertices[:1]),
        replace(claim, vertices=((ONE,), (ONE,))),
        replace(claim, combinations=(*gammas, gammas[0])),
        replace(claim, combinations=tuple(ExactMatrix.identity(1) for _ in gammas)),
    ):
        assert not wrong.holds(net)


@BOTH
def test_no_quadratic_metric(form: Form, tmp_path) -> None:
    """For c times a rotation the sum over both terms is exactly zero at the rate 1 - c / 2."""
    turn = [[0, Q(-2, 3)], [Q(4, 3), 0]] if form == VOLTAGE else [[0, Q(-4, 3)], [Q(2, 3), 0]]
    net = network(form, turn, (1, 2))
    first, second = ((ONE, ZERO), (ZERO, Q(2)))
    slopes = (first, second) if form == VOLTAGE else (second, first)
    vectors = (((ONE, ONE),), ((ONE, -ONE),))
    claim = NoQuadraticMetric(Q(1, 3), tuple(map(Displacements, slopes, vectors)))
    agree(net, claim, tmp_path)
    assert not replace(claim, rate=Q(1, 3) - Q(1, 2**40)).holds(net)


@BOTH
def test_no_multiplier_metric(form: Form, tmp_path) -> None:
    """For 3/2 times a rotation nothing above 1/4 is proved: w = (1, -i), z = -i; and z off the axes."""
    net = network(form, [[0, Q(-3, 2)], [Q(3, 2), 0]])
    one = Frequency(ZERO, -ONE, (ONE, ZERO), (ZERO, -ONE))
    agree(net, NoMultiplierMetric(Q(1, 4), (one,)), tmp_path)
    other = Frequency(Q(3, 5), Q(-4, 5), (ONE, ZERO), (ZERO, -ONE))  # 1 + sin c: costs (1 - 4/5) c / 2 of the rate
    agree(net, NoMultiplierMetric(Q(2, 5), (other,)), tmp_path)
    both = NoMultiplierMetric((Q(1, 4) + Q(2, 5)) / 2, (one, other))
    agree(net, both, tmp_path)
    zero = Frequency(ONE, ZERO, (ZERO, ZERO), (ZERO, ZERO))
    assert NoMultiplierMetric(Q(1, 4), (one, zero)).holds(net)
    for wrong in (
        NoMultiplierMetric(Q(1, 4), ()),
        NoMultiplierMetric(Q(1, 4), (zero,)),
        NoMultiplierMetric(ONE, (one,)),
        NoMultiplierMetric(Q(1, 4), (replace(one, real=(ONE,)),)),
        NoMultiplierMetric(Q(1, 4), (replace(one, imaginary=(ZERO,)),)),
    ):
        assert not wrong.holds(net)
    assert not NoMultiplierMetric(Q(1, 4), (one,)).holds(replace(net, leaks=ExactMatrix.diagonal([1, 2])))
    alone = network(form, [[Q(3, 4), 0], [0, Q(1, 2)]])  # (1 + cos) 3/4 |w|^2 against 2 (1 - c) |w|^2
    agree(alone, NoMultiplierMetric(Q(1, 4), (Frequency(ONE, ZERO, (ONE, ZERO), (Q(2), ZERO)),)), tmp_path)
    agree(alone, NoMultiplierMetric(Q(2, 5), (Frequency(Q(3, 5), Q(4, 5), (ONE, ZERO), (Q(2), ZERO)),)), tmp_path)
    still = network(form, [[1, 0], [0, 1]])  # z = 1 and any w: rate 0, which may be claimed
    assert NoMultiplierMetric(ZERO, (Frequency(ONE, ZERO, (ONE, ONE), (ZERO, ONE)),)).holds(still)


@BOTH
def test_fixed_slopes(form: Form, tmp_path) -> None:
    """J = [[1, 1], [0, -1/4]] with time constants: X = diag(1, -d) is exact where the form's determinant is zero."""
    net = network(form, [[2, 1], [0, Q(1, 2)]], taus=(1, 2))
    lyapunov = ExactMatrix.of([[1, 0], [0, -1]])
    best, worse = sharpest(net, lambda c: FixedSlopes(c, (ONE, ONE), lyapunov, (Q(3), ONE)), ZERO, Q(1, 4))
    assert not verified(net, worse, tmp_path)
    agree(net, best, tmp_path)
    assert replace(best, rate=ZERO).holds(net)
    for wrong in (
        replace(best, vector=(ONE, ONE)),  # v^T X v = 0
        replace(best, vector=(ONE,)),
        replace(best, slopes=(ONE,)),
        replace(best, lyapunov=ExactMatrix.identity(3)),
    ):
        assert not wrong.holds(net)


@BOTH
def test_switching(form: Form, tmp_path) -> None:
    """3 times a rotation, half a turn: one slope to tan(theta) = 3, both to the next axis, and again."""
    net = network(form, [[0, -3], [3, 0]])
    turn = Q(round((np.pi / 2 - np.arctan(3)) / 3 * 10**6), 10**6)
    one, other = ((ONE, ZERO), (ZERO, ONE)) if form == VOLTAGE else ((ZERO, ONE), (ONE, ZERO))
    legs = (Leg(one, ONE), Leg((ONE, ONE), turn), Leg(other, ONE), Leg((ONE, ONE), turn))
    trip = np.eye(2)
    for leg in legs:
        jacobian = net.jacobian(ExactMatrix.diagonal(leg.slopes)).approximate()
        trip = scipy.linalg.expm(jacobian * float(leg.time)) @ trip
    solved = scipy.linalg.solve_discrete_lyapunov(trip.T, -np.eye(2))
    lyapunov = ExactMatrix.of(np.round((solved + solved.T) / 2 * 2**10) / 2**10)
    best = Switching(ZERO, legs, lyapunov, (ONE, ZERO))
    agree(net, best, tmp_path)
    weaker = network(form, [[0, Q(-57, 20)], [Q(57, 20), 0]])  # below the threshold of 2.88
    assert not best.holds(weaker)
    assert not verified(weaker, best, tmp_path)
    for wrong in (
        replace(best, legs=()),
        replace(best, vector=(ONE,)),
        replace(best, lyapunov=ExactMatrix.identity(3)),
        replace(best, legs=(replace(legs[0], slopes=(ONE,)), *legs[1:])),
    ):
        assert not wrong.holds(net)


@BOTH
def test_claims_that_go_through_all_corners_take_few_neurons(form: Form, monkeypatch) -> None:
    """As many as the limit, which is the checker's, and no more."""
    assert CORNERED == MOST_CORNERS == 10
    net = network(form, [[0, 0], [0, 0]])
    metric = Vertices(Q(1, 2), ExactMatrix.identity(2))
    ball = Polytope(ONE, ((ONE, ZERO), (ZERO, ONE)), (-ExactMatrix.identity(2),) * 4)
    for limit, answer in ((2, True), (1, False)):
        monkeypatch.setattr(vertices, "CORNERED", limit)
        monkeypatch.setattr(polytope, "CORNERED", limit)
        assert metric.holds(net) is ball.holds(net) is answer


@BOTH
def test_other_units_of_the_neurons_change_nothing(form: Form) -> None:
    """What holds for y = D x holds, rescaled, for x: T J becomes D^-1 T J D."""
    units = (Q(2), Q(3, 5))
    turn = ExactMatrix.of([[0, -3], [3, 0]])
    scaling = ExactMatrix.diagonal(units)
    net, other = network(form, turn.rows()), network(form, (scaling.inverse() @ turn @ scaling).rows())
    one, two = ((ONE, ZERO), (ZERO, ONE)) if form == VOLTAGE else ((ZERO, ONE), (ONE, ZERO))
    quadratic = NoQuadraticMetric(ZERO, (Displacements(one, ((ONE, ONE),)), Displacements(two, ((ONE, -ONE),))))
    columns = ExactMatrix.of([[1, 0], [1, 1]]).T
    ball = Polytope(
        Q(1, 100),
        ((ONE, ZERO), (ONE, ONE)),
        tuple(columns.inverse() @ net.jacobian(ExactMatrix.diagonal(each)) @ columns for each in corners(net)),
    )
    assert quadratic.holds(net)
    assert quadratic.rescaled(other, units).holds(other)
    assert not quadratic.holds(other)
    there = ball.rescaled(other, units)
    assert there.vertices == ((Q(1, 2), ZERO), (Q(1, 2), Q(5, 3)))
    spread = ExactMatrix.of(there.vertices).T
    for slopes, gamma in zip(corners(other), there.combinations, strict=True):
        assert other.jacobian(ExactMatrix.diagonal(slopes)) @ spread == spread @ gamma
    fixed = FixedSlopes(ZERO, (ONE, ZERO), ExactMatrix.of([[1, 2], [2, 5]]), (Q(3), ONE))
    switched = Switching(ZERO, (Leg(one, ONE),), fixed.lyapunov, fixed.vector)
    for claim in (fixed, switched):
        there = claim.rescaled(other, units)
        assert there.vector == (Q(3, 2), Q(5, 3))
        assert there.lyapunov == ExactMatrix.of([[4, Q(12, 5)], [Q(12, 5), Q(9, 5)]])


def test_what_is_sought_is_within_what_the_checker_takes() -> None:
    """Neurons, and lists, up to which searches go are within the limits of the kinds of claims that they make."""
    assert candidates.CHECKED == checker.MANY >= candidates.LARGEST_SEARCH
    for largest, kind in (
        (vertex_dual.EXACT, checker.NoQuadraticMetric),
        (vertex_dual.EXACT, checker.NoQuadraticStep),
        (search_polytope.SOUGHT_UP_TO, checker.Polytope),
        (search_switching.LARGEST, checker.Switching),
        (CORNERED, checker.Vertices),
        (CORNERED, checker.StepVertices),
    ):
        assert largest <= kind.limits.neurons
    most = {
        (kind, name): fixed for kind in (checker.Polytope, checker.Switching) for name, fixed, _ in kind.limits.lists
    }
    assert most[checker.Polytope, "vertices"] >= search_polytope.VERTICES
    assert most[checker.Switching, "legs"] >= search_switching.LEGS
    repeated = checker.SlopeSequence.repeated
    assert repeated.neurons >= slope_sequences.PRODUCTS_UP_TO
    assert repeated.lists[0][1] >= slope_sequences.LONGEST
