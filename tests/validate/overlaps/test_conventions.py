"""Published networks by their own equations, against the theta that is made of their files."""

import numpy as np
import pytest

from validate.arrays import BadArray
from validate.overlaps.conventions import CONVENTIONS
from validate.overlaps.user_files import read_network
from validate.task_file import TaskArrays

RANDOM = np.random.default_rng(0)
NEURONS, INPUTS, RANK, OUTPUTS, STEPS, DT = 9, 2, 2, 3, 6, 0.3
STATE = {
    "wi": RANDOM.standard_normal((INPUTS, NEURONS)),
    "si": np.array([0.5, 2.0]),
    "m": RANDOM.standard_normal((NEURONS, RANK)),
    "n": RANDOM.standard_normal((NEURONS, RANK)),
    "b": 0.3 * RANDOM.standard_normal(NEURONS),
    "wo": RANDOM.standard_normal((NEURONS, OUTPUTS)),
    "so": np.array([1.0, -3.0, 0.2]),
    "h0": 0.4 * RANDOM.standard_normal(NEURONS),
}
DRIVE = RANDOM.standard_normal((2, STEPS, INPUTS))


@pytest.fixture
def read(tmp_path):
    def reader(state, convention, rank=None):
        np.savez(tmp_path / "net.npz", **state)
        return read_network(tmp_path / "net.npz", rank, CONVENTIONS[convention])

    return reader


def published(state, scale):
    """Outputs trial by trial, from the equations of the published class; its biases are seen by the readout."""
    m, n, b, wo = state["m"], state["n"], state.get("b", 0.0), state["wo"] * state.get("so", 1.0)
    wi = (state["wi"].T * state.get("si", 1.0)).T
    found = []
    for trial in DRIVE:
        h = state.get("h0", np.zeros(NEURONS)) + np.zeros(NEURONS)
        for s in trial:
            h = h + DT * (-h + m @ (n.T @ np.tanh(h + b)) * scale + s @ wi)
            found.append(np.tanh(h + b) @ wo * scale)
    return np.array(found)


def ours(network):
    """Outputs by the equations of theta = [m u v z], on the task with the inputs that stand for bias and start."""
    task = TaskArrays(DRIVE, np.zeros((2, STEPS, OUTPUTS)), np.ones((2, STEPS)), DT)
    driven = network.driven(task)
    counts = np.cumsum([network.m.shape[1], network.rank, network.rank])
    m, u, v, z = np.split(network.theta, counts, axis=1)
    found = []
    for trial, mask in zip(driven.inputs, driven.mask, strict=True):
        x = np.zeros(NEURONS)
        for s, counted in zip(trial, mask, strict=True):
            x = x + DT * (-x + u @ (v.T @ np.tanh(x)) / NEURONS + m @ s)
            if counted:
                found.append(z.T @ np.tanh(x) / NEURONS)
    assert driven.targets.shape[:2] == driven.inputs.shape[:2] == driven.mask.shape
    return np.array(found)


@pytest.mark.parametrize(("convention", "scale"), [("dubreuil", 1 / NEURONS), ("beiran", 1.0)])
@pytest.mark.parametrize("without", [(), ("b",), ("h0",), ("b", "h0", "si", "so")])
def test_a_published_network_answers_as_its_theta_does(read, convention, scale, without):
    state = {name: array for name, array in STATE.items() if name not in without}
    network = read(state, convention)
    np.testing.assert_allclose(ours(network), published(state, scale), rtol=1e-12)
    assert network.m.shape[1] == INPUTS + ("b" in state) + ("h0" in state)
    assert (network.inputs, network.outputs, network.neurons) == (INPUTS, OUTPUTS, NEURONS)


def test_zeros_of_bias_and_start_are_no_columns_and_leave_the_task_alone(read):
    network = read(STATE | {"b": np.zeros(NEURONS), "h0": np.zeros(NEURONS)}, "dubreuil")
    assert network.m.shape == (NEURONS, INPUTS)
    task = TaskArrays(DRIVE, np.zeros((2, STEPS, OUTPUTS)), np.ones((2, STEPS)), DT)
    assert network.driven(task) is task


def test_whole_weights_and_vectors_of_one_column(read):
    weights = RANDOM.standard_normal((NEURONS, NEURONS)) / 3
    state = {"wi": STATE["wi"][:1], "wo": STATE["wo"][:, 0], "wrec": weights}
    network = read(state, "beiran", rank=NEURONS)
    m, u, v, z = np.split(network.theta, np.cumsum([1, NEURONS, NEURONS]), axis=1)
    np.testing.assert_allclose(u @ v.T / NEURONS, weights, atol=1e-13)
    np.testing.assert_allclose(z[:, 0] / NEURONS, state["wo"], rtol=1e-13)
    np.testing.assert_array_equal(m, state["wi"].T)
    turned = read(state | {"wi": state["wi"].T}, "beiran", rank=1)
    np.testing.assert_array_equal(turned.weights.m, m)


def test_vectors_in_a_basis_class_by_class(read):
    """Two classes of neurons; each vector is written out neuron by neuron."""
    basis = RANDOM.standard_normal((5, NEURONS))
    supports = np.zeros((2, NEURONS))
    supports[0, :4], supports[1, 4:] = 1, 1
    counts = {"wi": INPUTS, "m": RANK, "n": RANK, "wo": OUTPUTS}
    weights = {name: RANDOM.standard_normal((count, 2, 5)) for name, count in counts.items()}
    state = {"gaussian_basis": basis, "supports": supports, "weights": np.array([4 / 9, 5 / 9])}
    state |= {f"{name}_weights": array for name, array in weights.items()}
    state |= {"m_biases": RANDOM.standard_normal((RANK, 2)), "h0_weights": np.zeros((2, 5))}
    network = read(state, "beiran")
    for i in range(NEURONS):
        kind = int(i >= 4)
        expected = weights["m"][:, kind] @ basis[:, i] + state["m_biases"][:, kind]
        np.testing.assert_allclose(network.weights.u[i] / np.sqrt(NEURONS), expected, rtol=1e-12)
        np.testing.assert_allclose(network.weights.m[i], weights["wi"][:, kind] @ basis[:, i], rtol=1e-12)
    assert network.weights.ignored == ("weights",)
    with pytest.raises(BadArray, match="--convention beiran"):
        read(state, "dubreuil")
    with pytest.raises(BadArray, match="do not fit one another"):
        read(state | {"supports": supports[:, :-1]}, "beiran")
    with pytest.raises(BadArray, match="no array named supports beside its gaussian_basis"):
        read({name: array for name, array in state.items() if name != "supports"}, "beiran")


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"wi": None}, "no array named wi; the file has si, m, n"),
        ({"n": None}, "of m, n and wrec it has m"),
        ({"wrec": np.eye(NEURONS)}, "of m, n and wrec it has m and n and wrec"),
        ({"m": STATE["m"].T}, "n has 9 rows and m 2: not one a neuron"),
        ({"n": STATE["n"].T}, "n has 2 rows and m 9: not one a neuron; transposed?"),
        ({"n": STATE["n"][:, :1]}, "m (9, 2) and n (9, 1) differ in shape"),
        ({"wo": STATE["wo"].T}, "wo has 3 rows and m 9: not one a neuron; transposed?"),
        ({"wi": STATE["wi"][:, :-1]}, "wi has 2 rows and m 9"),
        ({"m": None, "n": None, "wrec": np.ones((9, 8))}, "wrec has shape (9, 8), not 9 x 9"),
        ({"si": np.ones(3)}, "si has shape (3,), not one factor for each of 2 columns"),
        ({"so": np.ones((3, 3))}, "so has shape (3, 3)"),
        ({"b": np.ones(4)}, "b has shape (4,), not one number for each of 9 neurons"),
        ({"h0": np.ones((2, 9))}, "h0 has shape (2, 9)"),
        ({"rec_noise": np.ones((9, 9))}, "a part of full rank"),
        ({"m": STATE["m"] * np.nan}, "m is not finite"),
        ({"m": STATE["m"] * 1e160}, "too large to reckon with"),
        ({"m": STATE["m"] * 1j}, "m holds complex128 values"),
        ({"m": np.zeros((9, 0)), "n": np.zeros((9, 0))}, "no columns"),
        ({"m": np.ones((9, 2, 1))}, "which is no matrix"),
    ],
)
def test_what_is_no_network_is_refused(read, changed, problem):
    state = {name: array for name, array in (STATE | changed).items() if array is not None}
    with pytest.raises(BadArray) as refused:
        read(state, "dubreuil")
    assert problem in str(refused.value)


def test_published_names_are_known_where_ours_are_expected(read):
    with pytest.raises(BadArray, match="these names are read with --convention dubreuil or beiran"):
        read(STATE, "ours")


def test_kinds_of_numbers_and_of_memory_order_do_not_matter(read):
    state = {name: np.asfortranarray(array.astype(np.float32)) for name, array in STATE.items()}
    doubles = {name: array.astype(np.float64) for name, array in state.items()}
    np.testing.assert_array_equal(read(state, "beiran").theta, read(doubles, "beiran").theta)


@pytest.mark.parametrize(
    ("convention", "factor", "hint"),
    [
        ("dubreuil", 1.0, None),
        ("dubreuil", 1 / 400, "this looks like --convention beiran"),
        ("dubreuil", 400, "neither convention"),
        ("beiran", 1.0, None),
        ("beiran", 400, "this looks like --convention dubreuil"),
        ("ours", 1.0, None),
        ("ours", 400, "divide v and z by N"),
        ("ours", 1 / 400, "multiply v and z by N"),
    ],
)
def test_the_scale_tells_the_wrong_convention(tmp_path, convention, factor, hint):
    """W = u v^T / N with columns of norm sqrt(N) has norm 1; 400 neurons, and a factor of N between conventions."""
    column = np.ones((400, 1)) / (20 if convention == "beiran" else 1)
    names = ("m", "u", "v", "z") if convention == "ours" else ("wi", "m", "n", "wo")
    state = dict(
        zip(
            names, (np.ones((1, 400)) if convention != "ours" else column, column, factor * column, column), strict=True
        )
    )
    np.savez(tmp_path / "net.npz", **state)
    network = read_network(tmp_path / "net.npz", None, CONVENTIONS[convention])
    assert network.recurrent_norm == pytest.approx(factor, rel=1e-12)
    found = network.scale_hint
    assert (found is None) if hint is None else (found is not None and hint in found)
