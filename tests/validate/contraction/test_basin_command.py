"""Basins on the command line: a state dict and its biases, one point, a certificate that is verified, refusals."""

import json
from functools import partial

import numpy as np
import pytest
from safetensors.numpy import save_file

from validate.contraction import __main__ as contraction
from validate.contraction.certificate_checker import main as check
from validate.contraction.user_basins import _conclusion

SWITCH = np.array([[1.6, -0.2], [0.1, 1.5]])
BASIN = ("--basin", "--nonlinearity", "tanh")


@pytest.fixture
def files(ask):
    """Good files to be named."""
    np.save("w.npy", SWITCH)
    np.save("three.npy", np.ones(3))
    np.save("point.npy", np.array([0.9, 0.9]))
    np.save("bias.npy", np.array([0.1, 0.1]))
    biases = {f"rnn.bias_{kind}_l0": np.float32([0.0625, 0.03125]) for kind in ("ih", "hh")}
    save_file({"rnn.weight_hh_l0": SWITCH.astype(np.float32), **biases}, "rnn.safetensors")


@pytest.fixture
def door(knock, files):
    """Knock with some arguments."""
    return partial(knock, contraction.COMMAND)


@pytest.fixture
def run(ask, files):
    """Run with some arguments."""
    return partial(ask, contraction.COMMAND)


@pytest.mark.parametrize(
    ("arguments", "option", "problem", "accepted"),
    [
        (["--basin"], "--basin", "given without --nonlinearity", "--nonlinearity"),
        (["--nonlinearity", "tanh"], "--nonlinearity", "given without --basin", "--basin"),
        (["--bias", "bias.npy"], "--bias", "given without --basin", "--basin"),
        ([*BASIN, "--bias", "three.npy"], "--bias", "it holds 3", "one number a neuron"),
        ([*BASIN, "--bias", "none.npy"], "--bias", "does not exist", ".npy"),
        ([*BASIN, "--point", "three.npy"], "--point", "it holds 3", "one number a neuron"),
        ([*BASIN, "--slope", "0.5"], "--slope", "those of --nonlinearity", "without --basin"),
        ([*BASIN, "--lowest-slope", "0.5"], "--lowest-slope", "those of --nonlinearity", "without --basin"),
        (["--basin", "--nonlinearity", "sine"], "--nonlinearity", "is unknown", "tanh, sigmoid, relu"),
    ],
)
def test_a_bad_option_is_refused(door, arguments, option, problem, accepted):
    door("--weights", "w.npy", "--form", "discrete", *arguments).refuses(option, problem, accepted)


def test_a_step_of_euler_is_not_asked_about(door):
    arguments = ("--weights", "w.npy", "--form", "rate", *BASIN, "--euler-step", "0.1")
    door(*arguments).refuses("--euler-step", "those of the flow", "without --basin")


def test_biases_of_another_shape_beside_the_weights_are_refused(knock, tmp_path):
    arrays = {"weight_hh_l0": SWITCH, "bias_ih_l0": np.ones(2), "bias_hh_l0": np.ones((2, 1))}
    np.savez(tmp_path / "net.npz", **arrays)
    refusal = knock(contraction.COMMAND, "--weights", "net.npz", "--form", "discrete", *BASIN)
    refusal.refuses("--weights", "bias_hh_l0 is 2 x 1, and the network has 2 neurons", "a file that exists")


def test_a_state_dict_with_its_biases(run):
    arguments = ("--weights", "rnn.safetensors", "--form", "discrete", *BASIN)
    done = run(*arguments, "--point", "point.npy", "--certificate", "c.json", "--json", "r.json", "--out", "results")
    assert done.status == 0
    with open("r.json") as stream:
        found = json.load(stream)["quantities"]
    assert found["constant_input"] == pytest.approx(np.hypot(0.125, 0.0625))
    assert found["point 0"] == "certified"
    assert found["stable_points"] >= 2
    assert len(found["basins"]) == 1
    assert all(basin["semi_axes"][0] > 0.2 and basin["outside"] > 1 for basin in found["basins"])
    with np.load("results/basins.npz") as data:
        assert {"outlines", "paths", "reached", "stable_points", "unstable_points"} <= set(data.files)
    assert check(["c.json", "--weights", "rnn.safetensors"]) == 0
    assert check(["c.box.json", "--weights", "rnn.safetensors"]) == 0
    assert 0 < found["point 0 box"] < 1


def test_one_point_of_a_flow(run):
    arguments = ("--weights", "w.npy", "--form", "voltage", *BASIN, "--bias", "bias.npy", "--point", "point.npy")
    assert run(*arguments, "--rate", "0.1", "--json", "r.json").status == 0
    with open("r.json") as stream:
        found = json.load(stream)["quantities"]
    (basin,) = found["basins"]
    assert (basin["outcome"], basin["rate"]) == ("certified", 0.1)
    state = np.array(basin["point"])
    np.testing.assert_allclose(SWITCH @ np.tanh(state) + 0.1, state, atol=1e-12)


def test_where_no_point_is_found_the_advice_is_what_was_not_done():
    assert _conclusion([], asked=False).endswith("give --point FILE next to one")
    assert "next to that of --point" in _conclusion([], asked=True)
