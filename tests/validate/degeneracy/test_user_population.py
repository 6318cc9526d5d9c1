"""The degeneracy command on networks of the user's own: what it measures, by hand; what it refuses, in one line."""

import itertools
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from safetensors.numpy import save_file

from validate.degeneracy import __main__ as degeneracy
from validate.degeneracy.user_run import short_names
from validate.network_file import read_network

REFERENCE = json.loads((Path(__file__).parents[2] / "simulate/cells/data/pytorch.json").read_text(encoding="utf-8"))
UNITS, INPUTS, OUTPUTS = 4, 2, 3


def drawn(seed, units=UNITS):
    """A network as a file holds it; activity of more samples than features, that of the network itself."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(units, units)) * 0.8
    U, b = rng.normal(size=(units, INPUTS)), rng.normal(size=units) * 0.3
    V = rng.normal(size=(OUTPUTS, units))
    inputs = np.random.default_rng(99).normal(size=(6, 12, INPUTS))
    h, states = np.zeros((6, units)), []
    for x in inputs.swapaxes(0, 1):
        h = np.tanh(h @ W.T + x @ U.T + b)
        states.append(h)
    return {"activity": np.stack(states, axis=1), "W": W, "U": U, "b": b, "V": V}


def relabelled(network, order, factors):
    """The same network: unit k is unit order[k] of the first, times factors[k]."""
    P = np.zeros((len(order), len(order)))
    P[np.arange(len(order)), order] = factors
    back = np.linalg.inv(P)
    W, U, b, V = (network[name] for name in "WUbV")
    moved = {"W": P @ W @ back, "U": P @ U, "b": P @ b, "V": V @ back}
    return moved | ({"activity": network["activity"] @ P.T} if "activity" in network else {})


NETWORKS = [drawn(seed) for seed in range(3)]
SMALL = ("--rank", "4", "--delays", "1")


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run the command; gives its quantities. What it printed is in `run.printed`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("simulate.runtime.configure", lambda: None)  # the tests have made their own settings
    monkeypatch.setattr("simulate.populations.distances.FEWEST", 3)  # of a null: quicker

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["degeneracy", "--population", *map(str, arguments), "--json", "report.json"])
        with pytest.raises(SystemExit) as stopped:
            degeneracy.COMMAND.run()
        printed = capsys.readouterr()
        assert (stopped.value.code, printed.err) == (0, "")
        command.printed = printed.out
        with open("report.json") as stream:
            document = json.load(stream)
        assert document["checks"] == []
        command.config = document["config"]
        return document["quantities"]

    return command


def saved(networks, names="abc"):
    for name, network in zip(names, networks, strict=True):
        np.savez(f"{name}.npz", **network)
    return [f"{name}.npz" for name in names]


# Every quantity by hand


def centred(network):
    samples = network["activity"].reshape(-1, UNITS)
    return samples - samples.mean(axis=0)


def cka_by_hand(one, other):
    """From the kernel matrices of all samples."""
    n = len(centred(one))
    H = np.eye(n) - 1 / n
    K, L = (H @ centred(each) @ centred(each).T @ H for each in (one, other))
    return 1 - np.trace(K @ L) / np.sqrt(np.trace(K @ K) * np.trace(L @ L))


def debiased_cka_by_hand(one, other):
    """Song et al. (2012), equation 5, from kernel matrices without diagonals."""

    def hsic(K, L):
        n = len(K)
        K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
        return np.trace(K @ L) + K.sum() * L.sum() / ((n - 1) * (n - 2)) - 2 * (K @ L).sum() / (n - 2)

    K, L = (centred(each) @ centred(each).T for each in (one, other))
    return 1 - hsic(K, L) / np.sqrt(hsic(K, K) * hsic(L, L))


def svcca_by_hand(one, other):
    """Canonical correlations as eigenvalues, of the principal components that hold 95 % of the variance."""
    kept = []
    for X in map(centred, (one, other)):
        values, vectors = np.linalg.eigh(X.T @ X)
        values, vectors = values[::-1], vectors[:, ::-1]
        count = next(k for k in range(1, UNITS + 1) if values[:k].sum() >= 0.95 * values.sum())
        kept.append(X @ vectors[:, :count])
    X, Y = kept
    C = np.linalg.solve(X.T @ X, X.T @ Y) @ np.linalg.solve(Y.T @ Y, Y.T @ X)
    squares = np.sort(np.linalg.eigvals(C).real)[::-1][: min(X.shape[1], Y.shape[1])]
    return 1 - np.sqrt(np.clip(squares, 0, 1)).mean()


def procrustes_by_hand(one, other):
    X, Y = (centred(each) / np.linalg.norm(centred(each)) for each in (one, other))
    return np.arccos(np.linalg.svd(X.T @ Y, compute_uv=False).sum())


def weights_by_hand(one, other, *, signs, names):
    """The least distance over all permutations, and all signs if there are any: 384 for four units."""
    best = np.inf
    for order in itertools.permutations(range(UNITS)):
        for factors in itertools.product((1, -1), repeat=UNITS) if signs else [(1,) * UNITS]:
            moved = relabelled(other, order, factors)
            best = min(best, np.sqrt(sum(((one[name] - moved[name]) ** 2).sum() for name in names)))
    return best


BY_HAND = {
    "cka": cka_by_hand,
    "cka_debiased": debiased_cka_by_hand,
    "svcca": svcca_by_hand,
    "procrustes": procrustes_by_hand,
    "weights": partial(weights_by_hand, signs=False, names="W"),
    "weights_group": partial(weights_by_hand, signs=True, names="W"),
    "weights_group_all": partial(weights_by_hand, signs=True, names="WUbV"),
}


def test_every_matrix_is_what_it_is_by_hand(run):
    found = run(*saved(NETWORKS), "--rank", "4", "--delays", "2")
    assert found["files"] == ["a.npz", "b.npz", "c.npz"]
    for name, by_hand in BY_HAND.items():
        expected = [[by_hand(a, b) if a is not b else 0.0 for b in NETWORKS] for a in NETWORKS]
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-7, err_msg=name)
    for name in ("dsa", "dsa_lower", *BY_HAND):
        matrix = np.array(found[name])
        assert (np.diag(matrix) == 0).all(), name
        assert (matrix == matrix.T).all(), name
    assert (np.array(found["dsa_lower"]) <= np.array(found["dsa"]) + 1e-12).all()
    assert np.array(found["dsa"])[np.triu_indices(3, 1)].min() > 0.01
    for name in ("weights", "weights_group", "weights_group_all"):
        names = "WUbV" if name.endswith("all") else "W"
        sizes = [np.sqrt(sum((each[key] ** 2).sum() for key in names)) for each in NETWORKS]
        relative = np.array(found[name]) / np.hypot(np.array(sizes)[:, None], sizes)
        np.testing.assert_allclose(found[f"{name}_relative"], relative, atol=1e-12)
        assert (np.array(found[f"{name}_lower"]) <= np.array(found[name]) + 1e-12).all()
    assert (run.config["cell"], run.config["rank"], run.config["delays"]) == ("vanilla", 4, 2)


def test_dsa_is_what_two_least_squares_say(run):
    """One delay and all four units: the operators are plain regressions in whitened coordinates."""
    found = run(*saved(NETWORKS[:2], "ab"), *SMALL)
    spectra, operators = [], []
    for network in NETWORKS[:2]:
        samples = network["activity"].reshape(-1, UNITS)
        shifted = network["activity"] - samples.mean(axis=0)
        _, sizes, directions = np.linalg.svd(shifted.reshape(-1, UNITS), full_matrices=False)
        v = shifted @ (directions.T / sizes)
        before, after = (each.reshape(-1, UNITS) for each in (v[:, :-1], v[:, 1:]))
        A = np.linalg.lstsq(before - before.mean(axis=0), after - after.mean(axis=0), rcond=None)[0].T
        operators.append(A)
        spectra.append(np.linalg.eigvals(A))
    costs = [np.abs(spectra[0] - np.array(each)) ** 2 for each in itertools.permutations(spectra[1])]
    assert found["eigenvalues"][0][1] == pytest.approx(np.sqrt(min(cost.mean() for cost in costs)), rel=1e-8)
    rng = np.random.default_rng(0)
    tried = min(
        np.linalg.norm(operators[0] - Q @ operators[1] @ Q.T)
        for Q in (np.linalg.qr(rng.normal(size=(UNITS, UNITS)))[0] for _ in range(20_000))
    )
    assert found["dsa_lower"][0][1] - 1e-9 <= found["dsa"][0][1] <= tried


@pytest.mark.parametrize(
    ("factors", "options", "least"),
    [((1.0, -1.0, -1.0, 1.0), (), 0.3), ((2.0, 0.5, 1.5, 3.0), ("--nonlinearity", "relu"), 0.1)],
    ids=["tanh", "relu"],
)
def test_a_copy_with_its_units_relabelled_is_at_no_distance_over_the_whole_group(
    run, monkeypatch, factors, options, least
):
    monkeypatch.setattr("simulate.populations.distances.FEWEST", 10)  # as in earnest: three say too little of chance
    network = {name: NETWORKS[0][name] for name in "WUbV"}
    copy = relabelled(network, (2, 0, 3, 1), factors)
    found = run(*saved([network, copy, NETWORKS[1]]), *options)
    for name in ("weights_group", "weights_group_all"):
        assert found[name][0][1] <= 1e-10, name
        assert found["most_alike"][name]["files"] == ["a.npz", "b.npz"]
        assert found["most_alike"][name]["beyond_null"] is True
    assert found["weights_relative"][0][1] > least
    assert "a and b by" in run.printed.splitlines()[-1]


@pytest.mark.parametrize("turned", ["W", "U", "V"])
def test_an_array_read_the_other_way_round_would_be_noticed(run, turned):
    """With as many inputs and outputs as units no shape tells; with scales the copy is one of the right way alone."""
    rng = np.random.default_rng(5)
    network = {name: rng.normal(size=(UNITS, UNITS)) for name in "WUV"} | {"b": rng.normal(size=UNITS)}
    copy = relabelled(network, (1, 3, 0, 2), (1.5, 3.0, 0.5, 2.0))
    assert run(*saved([network, copy], "ab"), "--nonlinearity", "relu")["weights_group_all"][0][1] <= 1e-10
    both = [each | {turned: each[turned].T} for each in (network, copy)]
    assert run(*saved(both, "ab"), "--nonlinearity", "relu")["weights_group_all"][0][1] > 0.5


def test_the_order_of_the_files_is_that_of_the_matrices(run):
    saved(NETWORKS)
    first, second = (run(*f, *SMALL) for f in (("a.npz", "b.npz", "c.npz"), ("c.npz", "a.npz", "b.npz")))
    order = [2, 0, 1]
    for name in ("dsa", "dsa_lower", "eigenvalues", *BY_HAND):
        moved = np.array(first[name])[np.ix_(order, order)]
        np.testing.assert_allclose(second[name], moved, rtol=0, atol=1e-6, err_msg=name)
    assert second["files"] == ["c.npz", "a.npz", "b.npz"]


# Nulls


def test_nulls_stand_beside_their_distances(run):
    found = run(*saved(NETWORKS), *SMALL)
    for name in ("dsa", "eigenvalues", *BY_HAND):
        null = np.array(found[f"{name}_null"])
        assert null.shape == (3, 3)
        assert (null == null.T).all()
        assert (null[np.triu_indices(3, 1)] > 0).all()
    assert len(found["dsa_halves"]) == 3
    own = np.array(found["dsa_halves"])
    assert found["dsa_null"][0][1] == pytest.approx((own[0] + own[1]) / 2)
    assert np.mean(found["cka_null"]) > np.mean(found["cka"])


def test_a_network_twice_is_at_no_distance_from_itself_and_no_further_than_its_null(run):
    found = run(*saved(NETWORKS[:2], "ab"), "a.npz", *SMALL)
    for name in ("dsa", "cka", "svcca", "procrustes", "weights", "weights_group", "weights_group_all"):
        assert found[name][0][2] <= 1e-7, name
    assert found["weights"][0][2] == 0.0
    assert found["most_alike"]["dsa"]["beyond_null"] is False
    assert found["most_alike"]["weights"]["beyond_null"] is True
    assert found["named_twice"] == ["a.npz"]


def test_one_trial_has_distances_and_no_null(run):
    short = [each | {"activity": each["activity"][:1]} for each in NETWORKS[:2]]
    found = run(*saved(short, "ab"), "--rank", "3", "--delays", "1")
    for name in ("dsa", "cka", "svcca"):
        assert found[name][0][1] > 0
        assert found[f"{name}_null"] is None
        assert found["most_alike"][name]["beyond_null"] is None
    assert "no null" in run.printed


# What the files hold


def test_what_the_files_lack_is_null_and_said(run):
    activity, weights = ({"activity": NETWORKS[0]["activity"]}, {"W": NETWORKS[1]["W"]})
    both = NETWORKS[2]
    found = run(*saved([activity, both], "ab"), *SMALL)
    assert found["dsa"] is not None
    for name in ("weights", "weights_group", "weights_group_all"):
        assert found[name] is None
    assert "a has no W" in run.printed
    found = run(*saved([weights, both], "ab"))
    for name in ("dsa", "dsa_lower", "cka", "svcca", "weights_group_all"):
        assert found[name] is None
    assert found["weights_group"] is not None
    assert "a has no activity" in run.printed
    assert "no other array of weights than W" in run.printed


def test_all_weights_are_those_that_all_files_have(run):
    with_b = {name: NETWORKS[0][name] for name in ("W", "U", "b")}
    found = run(
        *saved([{name: a for name, a in each.items() if name != "activity"} for each in (with_b, NETWORKS[1])], "ab")
    )
    assert found["weights_compared"] == ["W", "U", "b"]
    expected = weights_by_hand(NETWORKS[0], NETWORKS[1], signs=True, names="WUb")
    assert found["weights_group_all"][0][1] == pytest.approx(expected, rel=1e-9)


def test_npz_safetensors_and_single_precision_are_read_alike(run):
    saved(NETWORKS[:2], "ab")
    for name, network in zip("ab", NETWORKS[:2], strict=True):
        save_file({key: np.ascontiguousarray(array) for key, array in network.items()}, f"{name}.safetensors")
        np.savez(f"{name}32.npz", **{key: array.astype(np.float32) for key, array in network.items()})
    one, other = run("a.npz", "b.npz", *SMALL), run("a.safetensors", "b.safetensors", *SMALL)
    single = run("a32.npz", "b32.npz", *SMALL)
    for name in BY_HAND:
        assert one[name] == other[name]
        np.testing.assert_allclose(single[name], one[name], atol=1e-5)
    assert read_network(Path("a32.npz"), None).activity.dtype == np.float32


def test_files_of_matlab_are_read_alike(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", NETWORKS[0])
    np.savez(tmp_path / "a.npz", **NETWORKS[0])
    one, other = (read_network(tmp_path / f"a.{suffix}", None) for suffix in ("mat", "npz"))
    np.testing.assert_array_equal(one.activity, other.activity)
    assert list(one.weights) == list(other.weights)
    for name, array in one.weights.items():
        np.testing.assert_array_equal(array, other.weights[name])


def tensors(kind, seed=None):
    """A state dict of PyTorch's own making; with a seed its numbers in another order."""
    found = {name: np.array(each) for name, each in REFERENCE["networks"][kind]["tensors"].items()}
    if seed is None:
        return found
    rng = np.random.default_rng(seed)
    return {name: rng.permutation(each.ravel()).reshape(each.shape) for name, each in found.items()}


@pytest.mark.parametrize(("kind", "cell"), [("RNN-tanh", "vanilla"), ("GRU", "gru"), ("LSTM", "lstm")])
def test_state_dicts_tell_their_cell_and_may_have_their_activity_beside(run, kind, cell):
    one, other = tensors(kind), tensors(kind, 1)
    save_file(one, "a.safetensors")
    activity = np.random.default_rng(0).normal(size=(6, 12, 3))
    np.savez("b.npz", activity=activity, **other)
    found = run("a.safetensors", "b.npz")
    assert run.config["cell"] == cell
    assert found["units"] == 3
    assert found["weights_compared"] == (["W", "U", "b", "V", "d"] if cell == "gru" else ["W", "U", "b", "V"])
    assert found["dsa"] is None
    gates = {"vanilla": (True,), "gru": (False, False, True), "lstm": (False, False, True, False)}[cell]
    assert found["weights_group"][0][1] == pytest.approx(gated_by_hand(one, other, gates), rel=1e-9)


def test_one_layer_of_several_is_chosen_by_its_name(run):
    """As if it were alone; the readout of another layer plays no part."""
    layers = [tensors("RNN-tanh", seed) for seed in range(4)]
    for name, first, second in (("a", *layers[:2]), ("b", *layers[2:])):
        upper = {key.replace("_l0", "_l1"): each for key, each in second.items() if key.startswith("rnn.")}
        upper["rnn.weight_ih_l1"] = np.ones((3, 3))
        save_file(first | upper, f"{name}.safetensors")
        save_file({key: each for key, each in first.items() if key.startswith("rnn.")}, f"{name}0.safetensors")
        save_file({key.replace("_l1", "_l0"): each for key, each in upper.items()}, f"{name}1.safetensors")
    for layer in range(2):
        chosen = run("a.safetensors", "b.safetensors", "--layer", f"rnn.weight_hh_l{layer}")
        assert run.config["layer"] == f"rnn.weight_hh_l{layer}"
        alone = run(f"a{layer}.safetensors", f"b{layer}.safetensors")
        assert chosen["weights_group"] == alone["weights_group"]
    assert "V" in chosen["weights_compared"]


def gated_by_hand(one, other, candidates):
    """Recurrent weights over permutations and signs: a sign is seen by what a unit sends, and by its candidate."""
    A, B = (np.split(each["rnn.weight_hh_l0"], len(candidates)) for each in (one, other))
    best = np.inf
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            total = 0.0
            for mine, theirs, candidate in zip(A, B, candidates, strict=True):
                for i, j in itertools.product(range(3), repeat=2):
                    moved = signs[j] * theirs[order[i], order[j]] * (signs[i] if candidate else 1.0)
                    total += (mine[i, j] - moved) ** 2
            best = min(best, total)
    return np.sqrt(best)


@pytest.mark.parametrize(("kind", "name"), [("RNN-tanh", "rnn"), ("GRU", "gru")])
def test_a_file_of_pytorch_is_read_as_the_arrays_that_are_in_it(run, kind, name):
    """`data/*.pt` hold the tensors of the reference, written by PyTorch 2.13."""
    np.savez("plain.npz", **tensors(kind))
    found = run(Path(__file__).parent / "data" / f"{name}.pt", "plain.npz")
    for measure in ("weights", "weights_group", "weights_group_all"):
        assert found[measure][0][1] == 0.0
    W, U, b, V = (read_network(Path("plain.npz"), None).weights[each] for each in "WUbV")
    given = tensors(kind)
    np.testing.assert_array_equal(W, given["rnn.weight_hh_l0"])
    np.testing.assert_array_equal(U, given["rnn.weight_ih_l0"])
    np.testing.assert_array_equal(V, given["readout.weight"])
    both = given["rnn.bias_ih_l0"] + given["rnn.bias_hh_l0"]
    np.testing.assert_allclose(b[:3], both[:3], rtol=1e-15)


# What is refused


@pytest.fixture
def door(knock):
    """Knock with files, where two good ones are to be had."""
    saved(NETWORKS[:2], "ab")
    return partial(knock, degeneracy.COMMAND, "--population")


def changed(**arrays):
    return {name: array for name, array in (NETWORKS[2] | arrays).items() if array is not None}


@pytest.mark.parametrize(
    ("network", "problem"),
    [
        (drawn(3, units=5), "a.npz has 4 units, c.npz 5"),
        (changed(W=None, U=None, b=None, V=None, activity=drawn(3, units=5)["activity"]), "has 4 units, c.npz 5"),
        (changed(U=np.ones((4, 3))), "a.npz has 2 inputs, c.npz 3"),
        (changed(V=np.ones((1, 4))), "a.npz has 3 outputs, c.npz 1"),
        (changed(activity=NETWORKS[2]["activity"][:5]), "a.npz has 6 x 12 trials x steps of activity, c.npz 5 x 12"),
        (changed(activity=NETWORKS[2]["activity"][:, :9]), "c.npz 6 x 9"),
        (changed(activity=NETWORKS[2]["activity"][0]), "not trials x steps x units; of one trial activity[None]"),
        (changed(activity=NETWORKS[2]["activity"][..., :3]), "activity is of 3 units, and the weights of 4"),
        (changed(activity=np.ones((6, 12, 4))), "activity that does not vary"),
        (changed(activity=NETWORKS[2]["activity"] * np.nan), "activity is not finite"),
        (changed(activity=NETWORKS[2]["activity"] * 1e200), "too large to reckon with"),
        (changed(activity=NETWORKS[2]["activity"] * 1j), "complex128 values, not real numbers"),
        (changed(W=np.full((4, 4), np.inf)), "W is not finite: 16 of 16 values"),
        (changed(W=np.ones((4, 3))), "W is 4 x 3"),
        (changed(W=np.ones((12, 4))), "of 4 units it would be --cell gru"),
        (changed(W=np.ones((4, 12))), "transposed?"),
        (changed(W=np.ones((4, 4, 1))), "which is no matrix"),
        (
            changed(U=NETWORKS[2]["U"].T),
            "U has 2 rows, where 4 are needed for 4 units of a vanilla network; tra",
        ),
        (changed(b=np.ones(3)), "b has 3 entries"),
        (changed(V=NETWORKS[2]["V"].T), "V has 3 columns"),
        (changed(d=np.ones(4)), "vanilla networks have none"),
        ({"weights": np.ones((4, 4))}, "none of activity, W, U, b and V, and no state dict; it has weights"),
        ({"W": np.array([[{}]])}, "cannot be read"),
        (tensors("RNN-tanh"), "a.npz has 4 units, c.npz 3"),
        (tensors("GRU") | {"rnn.weight_hh_l1": np.ones((9, 3))}, "or choose one by --layer"),
        (tensors("GRU") | {"rnn.weight_hh_l0_reverse": np.ones((9, 3))}, "a bidirectional layer"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(door, network, problem):
    np.savez("c.npz", **network)
    door("a.npz", "b.npz", "c.npz").refuses("--population", problem, "of one size and one task")


@pytest.mark.parametrize(
    ("arguments", "option", "problem"),
    [
        (["a.npz"], "--population", "a.npz alone has nothing to be compared with"),
        (["a.npz", "none.npz"], "--population", "does not exist"),
        (["a.npz", "."], "--population", "is a directory"),
        (["a.npz", "a.doc"], "--population", "has another suffix"),
        (["a.npz", "broken.npz"], "--population", "broken.npz: cannot be read"),
        (["a.npz", "broken.pt"], "--population", "broken.pt: cannot be read"),
        (["a.npz", "b.npz", "--cell", "elman"], "--cell", "is unknown"),
        (["a.npz", "b.npz", "--nonlinearity", "erf"], "--nonlinearity", "not known"),
        (["a.npz", "b.npz", "--rank", "0"], "--rank", "is too small"),
        (
            ["a.npz", "b.npz", "--rank", "60"],
            "--rank",
            "60, and the activity of 6 trials of 12 steps has 54",
        ),
        (["a.npz", "b.npz", "--delays", "12"], "--rank", "has 0 transitions with --delays 12"),
        (["a.npz", "b.npz", "--cell", "lstm"], "--population", "W is 4 x 4"),
        (["a.npz", "b.npz", "--networks", "5"], "--population", "given together with --networks"),
        (["a.npz", "b.npz", "--full"], "--population", "given together with --full"),
        (["a.npz", "b.npz", "--quick"], "--population", "given together with --quick"),
        (["a.npz", "b.npz", "--json", "b.npz"], "--json", "would be the file of --population too"),
        (["gru.npz", "gru.npz", "--cell", "vanilla"], "--cell", "vanilla, and gru.npz holds the weights of a gru"),
        (["gru.npz", "gru.npz", "--nonlinearity", "relu"], "--nonlinearity", "is a PyTorch gru"),
        (["a.npz", "gru.npz"], "--population", "gru.npz is a gru network, and a.npz does not tell what it is"),
        (["rnn.npz", "gru.npz"], "--population", "rnn.npz is a vanilla network and gru.npz a gru network"),
        (["activity.npz", "weights.npz"], "--population", "neither activity nor W is in all of the files"),
    ],
)
def test_bad_arguments_are_refused(door, arguments, option, problem):
    np.savez("gru.npz", **tensors("GRU"))
    np.savez("rnn.npz", **tensors("RNN-tanh"))
    np.savez("activity.npz", activity=NETWORKS[0]["activity"])
    np.savez("weights.npz", W=NETWORKS[0]["W"])
    for name in ("a.doc", "broken.npz", "broken.pt"):
        Path(name).write_bytes(b"PK\x03\x04 no archive")
    door(*arguments).refuses(option, problem)


@pytest.mark.parametrize("option", ["--cell gru", "--nonlinearity relu", "--rank 3", "--delays 2"])
def test_options_of_this_run_are_refused_without_files(knock, option):
    knock(degeneracy.COMMAND, *option.split()).refuses(option.split()[0], "given without --population")


def test_relu_units_that_can_be_scaled_without_end_leave_the_group_out(run):
    chain = [np.diag(np.full(UNITS - 1, scale), 1) for scale in (1.0, 2.0)]
    found = run(*saved([{"W": W} for W in chain], "ab"), "--nonlinearity", "relu")
    assert found["weights"][0][1] == pytest.approx(np.sqrt(3))
    assert found["weights_group"] is None
    assert "can be scaled without end" in run.printed


def test_what_is_finished_is_kept_where_a_run_is_stopped(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("simulate.populations.distances.SVCCA", stopped)
    files = saved(NETWORKS)
    monkeypatch.setattr(sys, "argv", ["degeneracy", "--population", *files, *SMALL, "--json", "report.json"])
    with pytest.raises(SystemExit) as left:
        degeneracy.COMMAND.run()
    assert left.value.code == 130
    found = json.loads(Path("report.json").read_text())
    assert found["interrupted"]
    assert found["quantities"]["cka"] is not None
    assert found["quantities"]["weights"] is None
    assert capsys.readouterr().out.splitlines()[-1].startswith("INTERRUPTED degeneracy: most alike are")


def stopped():
    raise KeyboardInterrupt


def test_figures_and_tables_are_written(run, tmp_path):
    run(*saved(NETWORKS), *SMALL, "--out", "results")
    names = {path.name for path in (tmp_path / "results").iterdir()}
    assert {"places.png", "distances.png", "distances.csv", "degeneracy.json"} <= names
    rows = (tmp_path / "results" / "distances.csv").read_text().splitlines()
    assert len(rows) == 4
    assert rows[0].startswith("file,other_file,dsa,dsa_null")
    with np.load("results/distances.npz") as data:
        assert data["weights"].shape == (3, 3)


def test_files_are_called_by_what_tells_them_apart():
    assert short_names(["x/a.npz", "x/b.npz"]) == ("a", "b")
    assert short_names(["x/net.npz", "./y/net.npz"]) == ("x/net", "y/net")
    assert short_names(["/x/a.npz", "b.pt"]) == ("/x/a.npz", "b.pt")
    assert short_names(["a.npz", "b.npz", "a.npz"]) == ("a", "b", "a (2)")


def test_files_are_read_and_refused_before_anything_heavy_is_imported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", **tensors("GRU"))
    code = """
import sys
from validate.degeneracy.__main__ import COMMAND
from validate.options import Refusal
plan, _ = COMMAND.read(["--population", "a.npz", "a.npz"])
assert plan.config.cell == "gru"
try:
    COMMAND.read(["--population", "a.npz", "a.npz", "--cell", "lstm"])
except Refusal:
    print(sorted({"jax", "scipy", "sklearn", "matplotlib", "equinox"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=here())
    assert done.stdout.strip() == "[]"


def here():
    """The environment, with this checkout found first."""
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
