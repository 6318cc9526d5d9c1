"""Constant inputs on the command line: rows of a file, a direction, a certificate that is verified, refusals."""

import json
from functools import partial

import numpy as np
import pytest

from theory.contraction import DISCRETE
from theory.contraction.regions.activation import TANH
from theory.contraction.regions.autonomous import autonomous
from validate.contraction import __main__ as contraction
from validate.contraction import input_figure
from validate.contraction.certificate_checker import main as check

INPUTS = ("--nonlinearity", "tanh", "--constant-input", "u.csv")


@pytest.fixture
def files(ask):
    """Good files to be named."""
    np.save("w.npy", np.array([[1.6, -0.2], [0.1, 1.5]]))
    np.save("one.npy", np.array([[2.0]]))
    np.savetxt("u.csv", [[0.0, 0.0], [1.0, 0.5]], delimiter=",")
    np.savetxt("u1.csv", [0.25, 1.0])
    np.save("three.npy", np.ones((2, 3)))
    np.save("zero.npy", np.zeros(2))
    np.save("ahead.npy", np.ones(1))


@pytest.fixture
def door(knock, files):
    """Knock with some arguments."""
    return partial(knock, contraction.COMMAND, "--weights", "w.npy", "--form", "discrete")


@pytest.mark.parametrize(
    ("arguments", "option", "problem", "accepted"),
    [
        (["--constant-input", "u.csv"], "--constant-input", "given without --nonlinearity", "--nonlinearity"),
        (["--nonlinearity", "tanh"], "--nonlinearity", "given without --basin", "--basin"),
        (["--nonlinearity", "relu", "--constant-input", "u.csv"], "--nonlinearity", "has no bounds", "tanh or sigmoid"),
        (["--nonlinearity", "tanh", "--constant-input", "three.npy"], "--constant-input", "it holds 2 x 3", "rows of"),
        (["--nonlinearity", "tanh", "--along", "zero.npy"], "--along", "it is zero", "a direction"),
        (["--nonlinearity", "tanh", "--along", "three.npy"], "--along", "it holds 2 x 3", "one number a neuron"),
        ([*INPUTS, "--basin"], "--basin", "another question", "without --constant-input"),
        ([*INPUTS, "--rate", "0.1"], "--rate", "any rate above zero", "without --constant-input"),
        ([*INPUTS, "--slope", "0.5"], "--slope", "those of --nonlinearity", "without --constant-input"),
    ],
)
def test_a_bad_option_is_refused(door, arguments, option, problem, accepted):
    door(*arguments).refuses(option, problem, accepted)


def test_one_neuron_under_inputs_and_along_a_direction(ask, files, monkeypatch):
    monkeypatch.setattr(input_figure, "AMPLITUDES", 9)
    asked = ("--weights", "one.npy", "--form", "discrete", "--nonlinearity", "tanh", "--constant-input", "u1.csv")
    written = ("--certificate", "c.json", "--json", "r.json", "--out", "results")
    assert ask(contraction.COMMAND, *asked, "--along", "ahead.npy", *written).status == 0
    with open("r.json") as stream:
        found = json.load(stream)["quantities"]
    assert [each["outcome"] for each in found["inputs"]] == ["two_basins", "contracting"]
    assert found["input 1 factor"] < 0.1
    assert found["gain_everywhere"] == pytest.approx(0.5, rel=1e-3)
    assert found["input 0 gain"] < 1 < found["input 1 gain"]
    assert found["amplitude_excluded"] < np.sqrt(2) - np.arcsinh(1) < found["amplitude"] < 0.55
    with np.load("results/amplitudes.npz") as data:
        stable = data["stable"] == 1
        assert (np.unique(data["amplitude"][stable], return_counts=True)[1] <= 2).all()
        assert stable.sum() > 9
    assert check(["c.json", "--weights", "one.npy"]) == 0


def test_the_plane_of_inputs_is_symmetric_as_the_network_is(monkeypatch):
    """Of two neurons alike that are apart: inputs of both must be strong; blue where both are, by proof."""
    monkeypatch.setattr(input_figure, "CELLS", 4)
    monkeypatch.setattr(input_figure, "COARSEST", 2)
    system = autonomous(np.diag([2.0, 2.0]), DISCRETE, TANH)
    made = input_figure.input_plane("inputs", system, [np.zeros(2)], np.ones(2))
    strong = [[True, False, False, True], *[[False] * 4] * 2, [True, False, False, True]]
    np.testing.assert_array_equal(made.data["proved"], strong)
    assert (made.data["stable_points"][~made.data["proved"]] <= 4).all()
