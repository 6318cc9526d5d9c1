"""The universality command on a network of the user's own: what it finds, and what it refuses in one line."""

import json
import sys
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from simulate.cells import TANH, FullRank, Vanilla
from simulate.measures import find_fixed_points
from theory.universality import prove_point, rate, vanilla
from validate.arrays import BadArray
from validate.network_file import read_network
from validate.report import Report
from validate.universality import __main__ as universality
from validate.universality import set_checker
from validate.universality.user_latent import LatentOfCondition, low_rank_of, report_latent
from validate.universality.user_set import proved_set
from validate.universality.user_settings import NetworkConfig

WELL = float(scipy.optimize.brentq(lambda h: np.tanh(2 * h) - h, 0.5, 1.0, xtol=1e-15))


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run the command; gives its quantities. What it printed is in `run.printed`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("simulate.runtime.configure", lambda: None)  # the tests have made their own settings

    def command(network, *arguments):
        np.savez("net.npz", **network)
        words = ["--network", "net.npz", "--searches", "128", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", ["universality", *words, "--json", "report.json"])
        with pytest.raises(SystemExit) as stopped:
            universality.COMMAND.run()
        command.printed = capsys.readouterr().out
        assert stopped.value.code == 0
        return json.loads((tmp_path / "report.json").read_text())["quantities"]

    return command


def wells(units=2):
    """Units that do not speak to one another, each with the points -WELL, 0 and WELL."""
    return {"W": 2.0 * np.eye(units), "U": np.ones((units, 1)), "V": np.ones((1, units))}


def layer(rows):
    """Tensors as those of PyTorch's layers of two units."""
    return {"rnn.weight_hh_l0": np.ones((rows, 2)), "rnn.weight_ih_l0": np.ones((rows, 1))}


def test_all_of_a_product_are_told_with_their_proofs(run):
    found = run(wells(), "--out", "results")
    points, dimensions = np.array(found["points"]), np.array(found["unstable_dimensions"])
    assert points.shape == (9, 2)
    np.testing.assert_allclose(points, WELL * np.round(points / WELL), atol=1e-13)
    np.testing.assert_array_equal(dimensions, (np.abs(points) < 0.5).sum(axis=1))
    np.testing.assert_allclose(np.ravel(found["outputs"]), points.sum(axis=1), atol=1e-13)
    assert found["proved"] == [True] * 9
    assert (found["index_sum"], found["complete"], found["boxes"] > 0) == (1, "proved", True)
    assert max(found["residuals"]) < 1e-14
    assert found["slow_points"] == found["continua"] == []
    transitions = np.array(found["transitions"])
    agrees = (np.abs(points[:, None]) < 0.5) | (np.abs(points[:, None] - points) < 0.5)
    expected = agrees.all(axis=2) & (dimensions == 0)
    np.testing.assert_array_equal(transitions > 0, expected)
    assert found["edges"] == np.argwhere(expected & (dimensions == 1)[:, None]).tolist()
    assert (found["edges_found"], found["disputed_edges"]) == (8, [])
    answer = "universality: 9 fixed points (4 with 0 unstable, 4 with 1 unstable, 1 with 2 unstable), 9 proved"
    lines = run.printed.splitlines()
    assert sum(line.startswith(answer) for line in lines) == 2
    assert lines[-1].startswith(answer)


@pytest.mark.sampled(0)  # a dozen seconds of tracing; its parts are in tests/simulate/latent
def test_a_network_of_rank_two_is_told_in_its_latent_variables(run, tmp_path, monkeypatch):
    monkeypatch.setattr("simulate.latent.portrait.GRID", 21)
    monkeypatch.setattr("simulate.latent.portrait.LONGEST", 64.0)
    M, N = np.eye(3)[:, :2], 2.0 * np.eye(3)[:, :2]
    found = run({"M": M, "N": N, "W_old": np.eye(3)}, "--cell", "rate", "--out", "results")
    kappa = np.array(found["latent_points"])
    rest = scipy.optimize.brentq(lambda k: 2 * np.tanh(k) - k, 1.0, 3.0, xtol=1e-15)
    assert (found["complete"], found["rank"], len(kappa)) == ("proved", 2, 9)
    np.testing.assert_allclose(kappa, rest * np.round(kappa / rest), atol=1e-12)
    np.testing.assert_allclose(np.array(found["points"])[:, :2], kappa, atol=1e-12)
    assert len(found["basin_distances"]) == 4
    assert all(rest <= each < 1.1 * rest for each in found["basin_distances"])  # the axes; no ray is quite upright
    with np.load(tmp_path / "results" / "latent_portrait.npz") as file:
        drawn = dict(file)
    assert {f"separatrix_{k}" for k in range(1, 5)} <= set(drawn)
    assert set(np.unique(drawn["basins"])) == set(np.flatnonzero(np.array(found["unstable_dimensions"]) == 0))


@pytest.mark.parametrize(("circles", "words"), [(True, "there is a cycle"), (False, "they go round, or creep")])
def test_what_comes_to_no_stable_point_is_told(circles, words, tmp_path):
    latent = LatentOfCondition(0.0, np.zeros((1, 2)), (), (), None, 32, circles)
    report = Report("universality", NetworkConfig(network=tmp_path / "net.npz"))
    report_latent(latent, "", report)
    found = {each.name: each for each in next(iter(report.findings.values()))}
    assert found["moving"].value == 32
    assert words in found["moving"].meaning


def test_points_of_a_rate_network_have_the_proofs_of_their_activities():
    """x = W tanh(x) + b where h = tanh(W h + b): as Krawczyk's test on the flow says of each, in larger boxes."""
    W, b = np.array([[1.8, 0.3], [-0.2, 0.4]]), np.array([0.1, 0.0])
    network = FullRank(*map(jnp.asarray, (W, np.zeros((2, 0)), b, np.eye(2), np.zeros(2))), TANH, 1.0)
    whole = proved_set(network, np.zeros(0), 1000)
    found = find_fixed_points(network, whole.states, np.zeros(0))
    told = whole.proofs(network, found)
    assert whole.is_all_of(told)
    for proof, point in zip(told, found.points, strict=True):
        alone = prove_point(rate(W, b, tau=1.0), point)
        assert (proof.index, proof.unstable_dimension) == (alone.index, alone.unstable_dimension)
        assert np.abs(point - alone.state).max() + alone.radius <= proof.radius <= 1e-10 < proof.alone < 2
    assert whole.proofs(network, replace(found, points=found.points + 0.4)) is None


def test_of_a_vanilla_network_the_proofs_of_points_are_those_of_the_set():
    """Each point found is told with the proof that the set has of it: of the same box, once."""
    network = Vanilla(jnp.diag(jnp.array([2.0, 0.5])), jnp.zeros((2, 0)), jnp.zeros(2), jnp.eye(2), jnp.zeros(2))
    whole = proved_set(network, np.zeros(0), 1000)
    found = find_fixed_points(network, [[0.1, 0.0], [1.0, 0.1], [-1.0, 0.1]], np.zeros(0))
    told = whole.proofs(network, found)
    assert all(proof in whole.all.points for proof in told)
    for proof, point in zip(told, found.points, strict=True):
        assert np.abs(proof.state - point).max() < 1e-12
    assert whole.is_all_of(told)
    assert whole.proofs(network, replace(found, points=found.points + 0.4)) is None


def test_factors_are_those_of_the_file_or_of_weights_next_to_a_low_rank():
    random = np.random.default_rng(0)
    M, N = random.normal(size=(2, 12, 2))
    given = low_rank_of({"M": M, "N": N, "W": M @ N.T})
    assert given is not None
    assert (given.factors.M is M, given.rest) == (True, 0.0)
    for rest, left in ((np.zeros((12, 12)), 0.0), (1e-6 * random.normal(size=(12, 12)), 12e-6)):
        made = low_rank_of({"W": M @ N.T + rest})
        assert made is not None
        assert made.factors.rank == 2
        np.testing.assert_allclose(made.factors.M @ made.factors.N.T, M @ N.T, atol=1e-13 + 4 * left)
        assert left / 2 <= made.rest <= 2 * left
    assert low_rank_of({"W": M @ N.T + 1e-3 * random.normal(size=(12, 12))}) is None
    assert low_rank_of({"W": np.zeros((2, 2))}) is low_rank_of({"W": np.zeros((4, 2))}) is None


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"M": np.ones((3, 2))}, "N is missing"),
        ({"m": np.ones((3, 2)), "n": np.ones((3, 2))}, "save M = m and N = n, or n / units"),
        ({"M": np.ones((3, 2)), "N": np.ones((3, 1))}, "both are units x rank"),
        ({"M": np.ones((3, 2)), "N": np.ones((2, 2))}, "W is 3 x 2"),
    ],
)
def test_factors_that_make_no_weights_are_refused(arrays, words, tmp_path):
    np.savez(tmp_path / "net.npz", **arrays)
    with pytest.raises(BadArray, match=words):
        read_network(tmp_path / "net.npz", None)


def test_of_several_conditions_each_quantity_is_a_list_by_row(run, tmp_path):
    np.savetxt(tmp_path / "inputs.csv", [[0.0], [1.0]])
    found = run(wells(1), "--input", "inputs.csv")
    assert [len(points) for points in found["points"]] == [3, 1]
    assert (found["index_sum"], found["complete"]) == ([1, 1], ["proved"] * 2)
    assert found["conditions"] == [[0.0], [1.0]]
    root = scipy.optimize.brentq(lambda h: np.tanh(2 * h + 1) - h, 0.5, 1.0, xtol=1e-15)
    np.testing.assert_allclose(found["points"][1], [[root]], atol=1e-13)


def test_a_flow_stands_still_where_its_steps_do_and_stability_is_that_of_which_is_asked(run):
    """h' = -h + W tanh(h): of a rotation, growing at 0.1 and turning at 3, steps of 1 are unstable long before."""
    turning = {"W": np.array([[0.9, -3.0], [3.0, 0.9]])}
    flow = run(turning, "--cell", "rate")
    steps = run(turning, "--cell", "rate", "--tau", "0.5")
    for found in (flow, steps):
        np.testing.assert_allclose(found["points"], [[0.0, 0.0]], atol=1e-12)
    assert (flow["unstable_dimensions"], steps["unstable_dimensions"]) == ([0], [2])
    assert (flow["transitions"], steps["transitions"]) == ([[1.0]], [[0.0]])
    assert steps["ends_elsewhere"] == 100


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.sampled(1)
def test_points_of_a_gated_layer_stand_still_by_pytorch_s_equations(run, kind):
    random, rows = np.random.default_rng(0), {"gru": 6, "lstm": 8}[kind]
    shapes = {"weight_hh_l0": (rows, 2), "weight_ih_l0": (rows, 1), "bias_ih_l0": (rows,), "bias_hh_l0": (rows,)}
    W, U, b, d = (2.0 * random.normal(size=shape) for shape in shapes.values())
    found = run({f"rnn.{name}": each for name, each in zip(shapes, (W, U, b, d), strict=True)})
    assert found["complete"] == "index closed"
    assert all(found["proved"])
    for point in np.array(found["points"]):
        h, sent = point[:2], W @ point[:2] + d
        if kind == "gru":
            r, z = (1 / (1 + np.exp(-(b + sent)[k : k + 2])) for k in (0, 2))
            after = (1 - z) * np.tanh(b[4:] + r * sent[4:]) + z * h
        else:
            i, f, o = (1 / (1 + np.exp(-(b + sent)[k : k + 2])) for k in (0, 2, 6))
            c = f * point[2:] + i * np.tanh((b + sent)[4:6])
            after = np.concatenate([o * np.tanh(c), c])
        np.testing.assert_allclose(after, point, atol=1e-12)


@pytest.mark.parametrize("cell", ["vanilla", "ugrnn", "rate"])
def test_that_no_point_is_missing_is_proved_of_three_cells_and_the_file_says_so(run, cell):
    """Two units that speak to one another: three points, at h where h = tanh(W h + b), from one start."""
    W, b = np.array([[1.8, 0.3], [-0.2, 0.4]]), np.array([0.1, 0.0])
    gates = np.full((2, 2), 0.7)
    rows = {"ugrnn": {"W": np.vstack([gates, W]), "b": np.concatenate([b + 1, b])}}
    found = run(rows.get(cell, {"W": W, "b": b}), "--cell", cell, "--searches", "1", "--certificate", "set.json")
    assert (found["complete"], found["proved"], found["index_sum"]) == ("proved", [True] * 3, 1)
    points = np.array(found["points"])
    h = np.tanh(points) if cell == "rate" else points
    np.testing.assert_allclose(np.tanh(h @ W.T + b), h, atol=1e-13)
    assert set_checker.main(["set.json"]) == 0


def test_points_are_all_only_if_no_two_are_the_same():
    one, zero = jnp.eye(1), jnp.zeros(1)
    whole = proved_set(Vanilla(2 * one, one, zero, one, zero), np.zeros(1), 100)
    points = [prove_point(vanilla(2 * np.eye(1), np.zeros(1)), state) for state in whole.states]
    assert whole.is_all_of(points)
    assert not whole.is_all_of(points[:-1])
    assert not whole.is_all_of([*points[:-1], None])
    assert not whole.is_all_of([*points[:-1], points[0]])


def test_of_relu_the_points_up_to_a_bound_are_known_and_a_singular_region_is_told(run):
    found = run({"W": np.array([[0.0, -2.0], [-2.0, 0.0]]), "b": np.ones(2)}, "--nonlinearity", "relu")
    assert "on a kink" not in run.printed
    assert (len(found["points"]), found["complete"]) == (3, "unknown")
    assert "patterns of active units, of states up to 100" in run.printed


def test_the_points_of_a_relu_network_up_to_a_bound_are_written_and_verified(run, tmp_path, capsys):
    """relu(3/2 h - 1/4) has 0 and 1/2."""
    network = {"W": 1.5 * np.eye(2), "b": np.full(2, -0.25)}
    run(network, "--nonlinearity", "relu", "--certificate", "set.json")
    assert set_checker.main([str(tmp_path / "set.json"), str(tmp_path / "net.npz")]) == 0
    assert "exactly 4 fixed points with all h from 0 to 100" in capsys.readouterr().out


def test_a_continuum_is_told_as_one_and_not_as_so_many_points(run):
    """h <- relu(u u' h) holds all t u, t >= 0."""
    u = np.array([0.6, 0.8])
    found = run({"W": np.outer(u, u)}, "--nonlinearity", "relu")
    (line,) = found["continua"]
    assert (line["dimension"], line["closed"], found["complete"]) == (1, False, "unknown")
    states = np.array(line["states"])
    np.testing.assert_allclose(states, (states @ u)[:, None] * u, rtol=1e-9)
    assert len(found["slow_points"]) <= 1
    assert "; a continuum of dimension 1 and length" in run.printed.splitlines()[-1]


def test_the_index_says_nothing_of_what_is_not_isolated_and_all_of_isolated_points_on_slow_curves(run):
    """tanh(0.99 h) pulls by 1 % a step, to a point that is proved to be alone; tanh(h) has a degenerate one."""
    slow = run({"W": np.diag([0.99, -0.5])}, "--boxes", "0")
    assert (len(slow["continua"]), slow["proved"], slow["complete"]) == (1, [True], "index closed")
    degenerate = run({"W": np.diag([1.0, 0.5])}, "--boxes", "0")
    assert degenerate["complete"] == "unknown"
    assert "states that stand still and are not isolated were met" in run.printed


def test_a_point_on_a_kink_is_not_told_to_be_stable_without_a_word(run):
    """1.5 relu(h) has zero, stable from below and unstable from above."""
    found = run({"W": 1.5 * np.eye(1)}, "--nonlinearity", "relu", "--boxes", "0")
    assert (found["points"], found["proved"], found["complete"]) == ([[0.0]], [False], "unknown")
    assert "not proved; on a kink, if it is, states on one side alone do as is told" in run.printed


def test_points_of_a_state_dict_are_read_with_the_bias_of_its_readout(run):
    tensors = {"rnn.weight_hh_l0": 2.0 * np.eye(2), "rnn.weight_ih_l0": np.ones((2, 1))}
    found = run(tensors | {"out.weight": np.ones((1, 2)), "out.bias": np.array([0.25])})
    assert len(found["points"]) == 9
    np.testing.assert_allclose(np.ravel(found["outputs"]), np.sum(found["points"], axis=1) + 0.25, atol=1e-12)


def test_the_bias_of_a_readout_is_read_in_a_file_of_arrays_too(run):
    found = run(wells(1) | {"c": np.array([0.25])})
    np.testing.assert_allclose(np.ravel(found["outputs"]), np.ravel(found["points"]) + 0.25, atol=1e-12)


@pytest.mark.parametrize(
    ("network", "words", "option", "problem"),
    [
        ({"V": np.ones((1, 2))}, (), "--network", "it has no W"),
        (wells() | {"c": np.ones(2)}, (), "--network", "c has 2 entries, where 1 are needed"),
        ({"W": np.eye(2), "c": np.ones(2)}, (), "--network", "c is the bias of a readout, and there is no V"),
        (wells() | {"W": np.full((2, 2), np.nan)}, (), "--network", "W is not finite: 4 of 4"),
        ({"W": np.ones((4, 2))}, ("--cell", "gru"), "--network", "where that of a gru network is 3 square blocks"),
        ({"W": np.ones((6, 2))}, (), "--network", "of 2 units it would be --cell gru"),
        (wells(), ("--input", "three.csv"), "--input", "three.csv has 3 columns"),
        (wells(), ("--input", "nan.csv"), "--input", "not finite"),
        ({"W": np.eye(2)}, ("--input", "three.csv"), "--input", "no U"),
        (wells(), ("--starts", "three.csv"), "--starts", "three.csv has 3 columns"),
        (wells(), ("--boxes", "0", "--certificate", "set.json"), "--certificate", "--boxes is 0"),
        (wells(), ("--input", "two.csv", "--certificate", "set.json"), "--certificate", "two.csv has 2 inputs"),
        ({"W": np.ones((6, 2))}, ("--cell", "gru", "--certificate", "x"), "--certificate", "no proof is known of a"),
        (wells(), ("--tau", "0.1"), "--tau", "a vanilla network takes no notice of a step"),
        (wells(), ("--reset-before",), "--reset-before", "a vanilla network has no reset"),
        (wells(), ("--layer", "rnn.weight_hh_l1"), "--network", "it holds no state dict"),
        (
            {"rnn.weight_hh_l0": np.ones((6, 2)), "rnn.weight_ih_l0": np.ones((6, 1))},
            ("--cell", "lstm"),
            "--cell",
            "gru",
        ),
        (
            {"rnn.weight_hh_l0": np.ones((4, 2)), "rnn.weight_ih_l0": np.ones((4, 1))},
            (),
            "--network",
            "1, 3 or 4 square",
        ),
        (
            {"rnn.weight_hh_l0": np.ones((6, 2)), "rnn.weight_ih_l0": np.ones((6, 1))},
            ("--nonlinearity", "relu"),
            "--nonlinearity",
            "whose nonlinearity is tanh",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(knock, tmp_path, network, words, option, problem):
    np.savez(tmp_path / "net.npz", **network)
    (tmp_path / "three.csv").write_text("1,2,3\n4,5,6\n")
    (tmp_path / "nan.csv").write_text("1\nnan\n")
    (tmp_path / "two.csv").write_text("0\n1\n")
    knock(universality.COMMAND, "--network", "net.npz", *words).refuses(option, problem)


def test_options_of_a_network_are_refused_without_one_and_beside_the_built_in_checks(knock, tmp_path):
    knock(universality.COMMAND, "--cell", "gru").refuses("--cell", "given without --network")
    np.savez(tmp_path / "net.npz", **wells())
    knock(universality.COMMAND, "--network", "net.npz", "--quick").refuses("--network", "given together with --quick")
