"""What the command says of a network that was trained elsewhere."""

import json
import sys

import numpy as np
import pytest

from validate.overlaps import __main__ as overlaps
from validate.overlaps.settings import QUICK, UserConfig
from validate.overlaps.user_run import own_run

RANDOM = np.random.default_rng(0)
NEURONS = 12
THETA = RANDOM.standard_normal((NEURONS, 4))
BLOCKS = {name: THETA[:, k : k + 1] for k, name in enumerate("muvz")}


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("simulate.runtime.configure", lambda: None)  # the tests have made their own settings

    def command(arrays, *arguments):
        np.savez("network.npz", **arrays)
        monkeypatch.setattr(sys, "argv", ["overlaps", "--network", "network.npz", *arguments, "--out", "out"])
        with pytest.raises(SystemExit) as stopped:
            overlaps.COMMAND.run()
        assert stopped.value.code == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        command.printed = printed.out
        with open("out/overlaps.json") as stream:
            document = json.load(stream)
        assert document["checks"] == []
        return document["quantities"]

    return command


def test_overlaps_roles_and_invariants_of_a_linear_network(run, tmp_path):
    sigma = THETA.T @ THETA / NEURONS
    quantities = run(BLOCKS)
    labels = ("m", "u", "v", "z")
    for a, b, name in ((0, 0, "mm"), (1, 2, "vu"), (0, 3, "zm"), (2, 3, "zv"), (1, 1, "uu")):
        assert quantities[f"overlap {name}"] == pytest.approx(sigma[a, b], rel=1e-14)
    roles = quantities["roles"]
    assert {pair for pair, role in roles.items() if role == "visible"} == {"mz", "uz", "mv", "uv"}
    assert set(roles.values()) == {"visible", "hidden, felt by learning"}
    assert quantities["invariant uu - vv"] == pytest.approx(sigma[1, 1] - sigma[2, 2], rel=1e-13)
    assert quantities["invariant mm - zz"] == pytest.approx(sigma[0, 0] - sigma[3, 3], rel=1e-13)
    spectrum = np.linalg.eigvalsh(THETA @ np.diag([1, 1, -1, -1]) @ THETA.T / NEURONS)  # of K / N, and N - 4 zeros
    spectrum = spectrum[np.argsort(np.abs(spectrum))[-4:]]
    found = [value for name, value in quantities.items() if name.startswith("invariant eigenvalue")]
    np.testing.assert_allclose(found, np.sort(spectrum), rtol=1e-12)
    assert quantities["count_invariants"] == 5
    assert quantities["count_hidden"] == 2
    read = np.loadtxt(tmp_path / "out" / "overlaps.csv", delimiter=",")
    np.testing.assert_allclose(read, sigma, rtol=1e-15)
    assert (tmp_path / "out" / "overlaps.csv").read_text().startswith("# " + ",".join(labels) + "\n")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"overlaps.json", "overlaps.csv", "overlaps.npz", "overlaps.png", "overlaps.svg"}


def test_what_is_printed_begins_and_ends_with_the_answer(run):
    run(BLOCKS | {"epoch": np.array(3)})
    answer = "overlaps: 4 of 10 overlaps of your rank-1 network are visible, exactly: it is linear"
    assert run.printed.splitlines()[-1] == answer
    assert run.printed.count(answer) == 2
    assert run.printed.index(answer) < run.printed.index("hidden, felt by learning")
    (ignored,) = (line for line in run.printed.splitlines() if "names in the file that play no part" in line)
    assert "epoch" in ignored
    for words in ("predicted", "measured", "tolerance", "PASS", "asserted"):
        assert words not in run.printed


def test_five_hundred_readouts_are_summed_up(run, tmp_path):
    """Overlaps by the thousand: none is listed, all are in the files, and every root mean square is right."""
    theta = RANDOM.standard_normal((540, 3 + 2 * 12 + 512))
    parts = np.split(theta, [3, 15, 27], axis=1)
    quantities = run(dict(zip("muvz", parts, strict=True)), "--nonlinearity", "erf")
    sigma = theta.T @ theta / 540
    assert not [name for name in quantities if name.startswith("overlap ")]
    assert quantities["overlaps v z"] == pytest.approx(np.sqrt(np.mean(sigma[15:27, 27:] ** 2)), rel=1e-12)
    assert quantities["count_visible"] == 15 * 16 // 2 + 15 * 524
    assert quantities["count_invariants"] == 78
    largest = np.abs(sigma[3:15, 3:15] - sigma[15:27, 15:27]).max()
    assert quantities["largest invariant u^T u - v^T v"] == pytest.approx(largest, rel=1e-12)
    with np.load(tmp_path / "out" / "overlaps.npz") as found:
        np.testing.assert_allclose(found["sigma"], sigma, rtol=1e-12, atol=1e-15)
        assert found["columns"][3] == "u1"
        assert found["visible"].sum() == 15**2 + 2 * 15 * 524


def test_what_the_rows_are_is_told_and_so_is_a_scale_that_is_off(run):
    normal = np.random.default_rng(5).standard_normal((400, 4))
    blocks = {name: normal[:, k : k + 1] for k, name in enumerate("muvz")}
    quantities = run(blocks, "--nonlinearity", "tanh")
    assert quantities["rows_gaussian"] is True
    assert quantities["row_classes"] == 1
    assert "nothing found speaks against it" in run.printed
    assert "scale_hint" not in quantities
    quantities = run(blocks | {"z": normal[:, 3:] ** 3, "v": normal[:, 1:2] * 400}, "--nonlinearity", "tanh")
    assert quantities["rows_gaussian"] is False
    assert quantities["excess_kurtosis_z"] > 5
    assert "kurtosis of z" in run.printed.splitlines()[-1]
    assert "divide v and z by N" in quantities["scale_hint"]
    assert "divide v and z by N" in run.printed.splitlines()[-1]


def test_a_relu_network_is_told_what_a_network_keeps_and_not_what_its_closure_does(run):
    quantities = run(BLOCKS, "--nonlinearity", "relu")
    assert [name for name in quantities if name.startswith("invariant")] == ["invariant uu - vv", "invariant mm - zz"]
    assert "of the Gaussian closure" in run.printed


def test_the_overlaps_it_writes_are_overlaps_it_reads(run, tmp_path):
    run(BLOCKS)
    np.savez("task.npz", inputs=np.ones((1, 2, 1)), targets=np.ones((1, 2, 1)), dt=0.1)
    asked = UserConfig(effort=QUICK, task=tmp_path / "task.npz", sigma=tmp_path / "out" / "overlaps.csv")
    np.testing.assert_allclose(own_run(asked).sigma, THETA.T @ THETA / NEURONS, rtol=1e-15)


def test_an_erf_network_has_more_that_is_visible_and_one_invariant(run):
    quantities = run(BLOCKS, "--nonlinearity", "erf")
    visible = {pair for pair, role in quantities["roles"].items() if role == "visible"}
    assert visible == {"mz", "uz", "mv", "uv", "mm", "mu", "uu"}
    assert [name for name in quantities if name.startswith("invariant")] == ["invariant uu - vv"]
    assert quantities["roles_hold_for"] == "gaussian rows"


def test_recurrent_weights_of_low_rank_give_the_overlaps_that_do_not_depend_on_the_split(run):
    """W knows u and v up to u -> u g, v -> v / g: zu vm, vu, uu vv and mu zv are the same, u and v are balanced."""
    noise = 1e-3 * RANDOM.standard_normal((NEURONS, NEURONS)) / np.sqrt(NEURONS)
    weights = BLOCKS["u"] @ BLOCKS["v"].T / NEURONS
    arrays = {"m": BLOCKS["m"][:, 0], "z": BLOCKS["z"], "W": weights}  # a vector is one column
    quantities = run(arrays, "--rank", "1")
    sigma = THETA.T @ THETA / NEURONS
    found = {name.removeprefix("overlap "): value for name, value in quantities.items()}
    assert found["vu"] == pytest.approx(sigma[1, 2], rel=1e-12)
    assert found["zu"] * found["vm"] == pytest.approx(sigma[1, 3] * sigma[0, 2], rel=1e-12)
    assert found["mu"] * found["zv"] == pytest.approx(sigma[0, 1] * sigma[2, 3], rel=1e-12)
    assert found["uu"] == pytest.approx(found["vv"], rel=1e-12)
    assert found["uu"] == pytest.approx(np.sqrt(sigma[1, 1] * sigma[2, 2]), rel=1e-12)
    assert quantities["residual"] < 1e-14
    quantities = run(arrays | {"W": weights + noise}, "--rank", "1")
    values = np.linalg.svd(weights + noise, compute_uv=False)
    assert quantities["residual"] == pytest.approx(np.linalg.norm(values[1:]) / np.linalg.norm(values), rel=1e-10)
    np.testing.assert_allclose(quantities["singular_values"], values[:11], rtol=1e-10)


def test_the_other_levels_start_from_the_network_s_overlaps(run, tmp_path):
    """Linear: the map from its overlaps is the network itself, though the rows are this network's very own."""
    np.savez("task.npz", inputs=RANDOM.standard_normal((1, 5, 1)), targets=np.ones((1, 5, 1)), dt=0.2)
    quantities = run(BLOCKS, "--task", "task.npz", "--epochs", "10", "--learning-rate", "0.1")
    with np.load(tmp_path / "out" / "trajectory.npz") as found:
        np.testing.assert_allclose(found["map_sigma"][0], THETA.T @ THETA / NEURONS, rtol=1e-14)
        np.testing.assert_allclose(found["network_sigma"], found["map_sigma"], atol=1e-13)
        assert np.abs(np.diff(found["map_sigma"], axis=0)).max() > 1e-3
    assert quantities["initial_overlaps"] == "the network in network.npz"
