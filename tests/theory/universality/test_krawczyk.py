"""Proved fixed points beside what is known, what floating point finds, and what cannot be proved."""

import flint
import numpy as np
import pytest
import scipy.optimize

from theory.overlaps import ERF
from theory.universality import gru, lstm, prove_point, rate, settled_lstm, ugrnn, vanilla
from theory.universality.balls import RELU, SIGMOID, TANH, Balls, UnknownFunction, exact
from theory.universality.bounded import Bounded
from theory.universality.cells import WrongWeights
from theory.universality.spectrum import count_outside, sign_of_determinant

N = 3


def drawn(blocks: int, seed: int = 0, strength: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return strength / np.sqrt(N) * random.normal(size=(blocks * N, N)), 0.3 * random.normal(size=blocks * N)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def by_hand(name: str, W: np.ndarray, b: np.ndarray, h: np.ndarray) -> np.ndarray:
    """One step, unit by unit, from the equations."""
    a = W @ h[:N] + b
    if name == "vanilla":
        return np.tanh(a)
    if name == "rate":
        return h + 0.25 * (-h + W @ np.tanh(h) + b)
    if name == "ugrnn":
        u = sigmoid(a[:N])
        return u * h + (1 - u) * np.tanh(a[N:])
    if name == "lstm":
        m = sigmoid(a[N : 2 * N]) * h[N:] + sigmoid(a[:N]) * np.tanh(a[2 * N : 3 * N])
        return np.concatenate([sigmoid(a[3 * N :]) * np.tanh(m), m])
    r, z = sigmoid(a[:N]), sigmoid(a[N : 2 * N])
    if name == "gru-before":
        c = np.tanh(W[2 * N :] @ (r * h) + b[2 * N :])
    else:
        c = np.tanh(r * (W[2 * N :] @ h + INNER) + b[2 * N :])
    return z * h + (1 - z) * c


INNER = np.array([0.2, -0.1, 0.3])
BLOCKS = {"vanilla": 1, "rate": 1, "ugrnn": 2, "gru": 3, "gru-before": 3, "lstm": 4}
MAPS = {
    "vanilla": vanilla,
    "rate": lambda W, b: rate(W, b, tau=0.25),
    "ugrnn": ugrnn,
    "gru": lambda W, b: gru(W, b, inner=INNER),
    "gru-before": lambda W, b: gru(W, b, reset_after=False),
    "lstm": lstm,
}
each_cell = pytest.mark.parametrize("name", MAPS)


@each_cell
def test_balls_hold_what_the_equations_give_over_all_of_a_box(name):
    W, b = drawn(BLOCKS[name])
    step, random = MAPS[name](W, b), np.random.default_rng(1)
    middle, radius = random.uniform(-1, 1, step.size), 0.05
    found = step.step(Balls.variables([flint.arb(x, radius) for x in middle.tolist()]))
    for _ in range(20):
        h = middle + radius * random.uniform(-1, 1, step.size)
        after = by_hand(name, W, b, h)
        jacobian = np.empty((step.size, step.size))
        for j, shift in enumerate(1e-6 * np.eye(step.size)):
            jacobian[:, j] = (by_hand(name, W, b, h + shift) - by_hand(name, W, b, h - shift)) / 2e-6
        wide = flint.arb(0, 1e-8)  # the rounding of difference quotients, and of the steps themselves
        for i in range(step.size):
            assert (found.value[i, 0] + wide).contains(float(after[i]))
        assert (np.abs(jacobian - found.slope.middle) <= found.slope.radius + 1e-8).all()


@each_cell
def test_roots_are_proved_with_what_their_eigenvalues_say(name):
    W, b = drawn(BLOCKS[name], strength=3.0)
    step = MAPS[name](W, b)
    proved = []
    for start in np.random.default_rng(2).uniform(-1, 1, (40, step.size)):
        root = scipy.optimize.fsolve(lambda h: by_hand(name, W, b, h) - h, start, xtol=1e-14, full_output=True)
        if root[2] == 1 and np.abs(root[0]).max() < 5:
            point = prove_point(step, root[0])
            assert point is not None
            assert point.radius < 1e-8
            proved.append(point)
    assert proved
    for point in proved:
        jacobian = step.step(Balls.variables([flint.arb(x) for x in point.state.tolist()])).slope.middle
        assert point.unstable_dimension == (np.abs(np.linalg.eigvals(jacobian)) > 1).sum()
        assert point.index == np.sign(np.linalg.det(np.eye(step.size) - jacobian))
        assert point.radius <= point.alone
        for other in proved:  # the same point, or too far away for one box
            distance = np.abs(point.state - other.state).max()
            assert distance <= point.radius + other.radius or distance > point.alone - other.radius


def in_balls(W: np.ndarray, b: np.ndarray, middle: np.ndarray, radius: float) -> bool:
    """Krawczyk's test of h = tanh(W h + b), every entry a ball."""
    n, sent = len(W), exact(W)
    one = flint.arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])

    def slope(about: flint.arb_mat) -> flint.arb_mat:
        steep = [TANH.slope(x) for x in (sent * about + exact(b[:, None])).entries()]
        return flint.arb_mat(n, n, [steep[i] * sent[i, j] for i in range(n) for j in range(n)])

    at, width = exact(middle[:, None]), flint.arb_mat(n, 1, [flint.arb(0, radius)] * n)
    C = exact(np.linalg.inv((1 - np.tanh(W @ middle + b) ** 2)[:, None] * W - np.eye(n)))
    off = flint.arb_mat(n, 1, [x.tanh() for x in (sent * at + exact(b[:, None])).entries()]) - at
    moved = (one - C * (slope(at + width) - one)) * width - C * off
    return all(x.abs_upper() < radius for x in moved.entries())


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_what_doubles_prove_of_boxes_balls_prove_too(size):
    """Of the narrow box and the wide one; and of a box that doubles did not prove, twice as wide, balls do not."""
    flint.ctx.prec, proved = 106, 0
    try:
        for seed in range(6):
            random = np.random.default_rng(seed)
            W, b = 2 / np.sqrt(size) * random.normal(size=(size, size)), 0.3 * random.normal(size=size)
            root = scipy.optimize.root(lambda h, W=W, b=b: np.tanh(W @ h + b) - h, random.uniform(-1, 1, size))
            point = prove_point(vanilla(W, b), root.x)
            if point is None:
                continue
            proved += 1
            assert in_balls(W, b, point.state, point.radius)
            assert in_balls(W, b, point.state, point.alone)
            assert point.alone == 0.5 or not in_balls(W, b, point.state, 2 * point.alone)
    finally:
        flint.ctx.prec = 53
    assert proved >= 3


def test_the_box_of_a_known_point_holds_it_to_thirty_digits():
    """h = tanh(2 h): the root by Newton's method at 200 bits."""
    near = scipy.optimize.brentq(lambda h: np.tanh(2 * h) - h, 0.5, 1.0, xtol=1e-15)
    proved = prove_point(vanilla(np.array([[2.0]]), np.zeros(1)), np.array([near]))
    flint.ctx.prec = 200
    try:
        root = flint.arb(near)
        for _ in range(8):
            value = (2 * root).tanh()
            root = (root - (value - root) / (2 * (1 - value * value) - 1)).mid()
        assert flint.arb(proved.state[0], proved.radius).contains(root)
    finally:
        flint.ctx.prec = 53
    assert proved.radius < 1e-15
    assert 0.1 < proved.alone < near  # zero is another one


def test_one_point_proved_twice_is_not_two():
    step, near = vanilla(np.array([[2.0]]), np.zeros(1)), np.array([0.9575040240772687])
    one, other, again = (prove_point(step, each) for each in (near, -near, near + 1e-9))
    assert (one.is_apart_from(other), one.is_apart_from(again), one.is_apart_from(one)) == (True, False, False)


def test_precision_is_left_as_it_was():
    prove_point(vanilla(np.array([[2.0]]), np.zeros(1)), np.zeros(1))
    assert flint.ctx.prec == 53


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (vanilla(np.eye(1), np.zeros(1)), [0.0]),  # the slope there is one
        (vanilla(np.array([[1.0, 0.0], [0.0, 2.0]]), np.zeros(2), RELU), [0.5, 0.0]),  # a line of points
        (vanilla(np.array([[2.0]]), np.zeros(1)), [0.5]),  # no point
        (vanilla(np.array([[0.5]]), np.zeros(1), RELU), [1e-3]),  # none, next to one
        (ugrnn(np.zeros((2, 1)), np.array([40.0, 0.5])), [3.0]),  # held by a shut gate alone
    ],
)
def test_what_is_no_isolated_point_is_not_proved(step, state):
    assert prove_point(step, np.array(state)) is None


def test_a_kink_next_to_a_point_bounds_its_box():
    """h = relu(b - 2 h) has its point at b / 3, the kink at b / 2."""
    proved = prove_point(vanilla(np.array([[-2.0]]), np.array([0.375]), RELU), np.array([0.125]))
    assert (proved.unstable_dimension, proved.index) == (1, 1)
    assert proved.alone >= 0.0625  # the slope is -2 or 0: 1 - F' has one sign, so any box around serves


@pytest.mark.parametrize("phi", [TANH, SIGMOID, RELU], ids=repr)
def test_values_and_slopes_over_a_ball_are_as_narrow_as_their_range(phi):
    exact = {"tanh": np.tanh, "sigmoid": sigmoid, "relu": lambda x: np.maximum(x, 0)}[phi.name]
    slope = {
        "tanh": lambda x: 1 - np.tanh(x) ** 2,
        "sigmoid": lambda x: sigmoid(x) * (1 - sigmoid(x)),
        "relu": lambda x: (x > 0) * 1.0,
    }[phi.name]
    for middle, radius in ((0.0, 0.5), (0.3, 0.5), (-2.0, 0.25), (5.0, 1.0)):
        x = np.linspace(middle - radius, middle + radius, 2001)
        for ball, values in (
            (phi.value(flint.arb(middle, radius)), exact(x)),
            (phi.slope(flint.arb(middle, radius)), slope(x)),
        ):
            assert float(ball.lower()) <= values.min() + 1e-12
            assert values.max() - 1e-12 <= float(ball.upper())
            assert float(ball.upper()) - float(ball.lower()) <= np.ptp(values) + 1e-6


def test_eigenvalues_are_counted_through_similarities():
    random = np.random.default_rng(3)
    for seed in range(5):
        diagonal = np.array([2.0, -1.5, 0.9, 0.3, -0.99])[: 3 + seed % 3]
        basis = random.normal(size=(len(diagonal), len(diagonal)))
        matrix = basis @ np.diag(diagonal) @ np.linalg.inv(basis)
        assert count_outside(Bounded(matrix, np.full(matrix.shape, 1e-6))) == (np.abs(diagonal) > 1).sum()
        assert sign_of_determinant(matrix) == np.sign(np.prod(diagonal))
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert count_outside(Bounded(1.25 * turn)) == 2
    assert count_outside(Bounded(turn)) is None
    assert count_outside(Bounded(np.array([[1.0, 1.0], [0.0, 1.0]]))) is None  # one eigenvector
    with pytest.raises(ZeroDivisionError, match="singular"):
        sign_of_determinant(np.array([[1.0, 2.0], [2.0, 4.0]]))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: vanilla(np.zeros((2, 3)), np.zeros(2)), "W has 1 x N rows"),
        (lambda: gru(np.zeros((4, 2)), np.zeros(4)), "W has 3 x N rows"),
        (lambda: lstm(np.zeros((8, 2)), np.zeros(4)), "a drive of"),
        (lambda: vanilla(np.full((1, 1), np.nan), np.zeros(1)), "NaN"),
        (lambda: rate(np.eye(1), np.zeros(1), tau=0.0), "tau"),
        (lambda: gru(np.zeros((3, 1)), np.zeros(3), inner=np.zeros(1), reset_after=False), "inner bias"),
    ],
)
def test_weights_that_fit_no_cell_are_refused(make, says):
    with pytest.raises(WrongWeights, match=says):
        make()


@pytest.mark.parametrize("state", [np.zeros(2), np.array([np.nan]), np.zeros((1, 1))])
def test_states_of_another_size_are_refused(state):
    with pytest.raises(ValueError, match="finite numbers"):
        prove_point(vanilla(np.eye(1), np.zeros(1)), state)


def test_nonlinearities_are_known_by_their_names():
    from theory.overlaps import RELU as THEIRS

    at = np.array([0.125])
    assert prove_point(vanilla(np.array([[-2.0]]), np.array([0.375]), THEIRS), at) is not None
    with pytest.raises(UnknownFunction, match="tanh and relu"):
        vanilla(np.eye(1), np.zeros(1), ERF)


def test_points_of_an_lstm_whose_memories_rest_at_zero_are_proved_where_these_have_settled():
    """Relu has a corner at each such memory; what it shows there opens the gate of another in the LSTM's own map."""
    W, b = np.zeros((4 * N, N)), np.zeros(4 * N)
    W[0, 1:] = 3.0  # into the gate by which the first memory is written
    b[N : 2 * N] = 2.0
    b[2 * N : 3 * N] = 1.0, -1.0, -1.0  # the first is fed
    m = np.array([0.5 / (1 - sigmoid(2.0)), 0.0, 0.0])
    state = np.concatenate([0.5 * m, m])
    a = W @ state[:N] + b
    kept = sigmoid(a[N : 2 * N]) * m + sigmoid(a[:N]) * np.maximum(a[2 * N : 3 * N], 0.0)
    np.testing.assert_allclose(np.concatenate([sigmoid(a[3 * N :]) * kept, kept]), state, rtol=1e-14)
    assert prove_point(lstm(W, b, RELU), state) is None
    proved = prove_point(settled_lstm(W, b), state[:N])
    assert proved is not None
    assert proved.radius < 1e-12
