"""One number for all neurons, or a file with one for each."""

import numpy as np
import pytest
import scipy.io
import typer

from validate.contraction.neuron_file import NeuronFile, NeuronFileOption, NeuronsOption
from validate.options import Real, Refusal

OPTION = NeuronsOption(Real(0.0, 10.0, above=True))
NUMBERS = np.array([1.0, 0.5, 2.0])


def read(text, neurons=3):
    return OPTION.read("--slope", OPTION(str(text)), neurons)


def test_a_number_is_that_of_all_neurons():
    assert read("2.5") == 2.5
    assert OPTION.files(2.5) == ()


@pytest.mark.parametrize("shape", [(3,), (3, 1), (1, 3)])
def test_vectors_rows_and_columns(tmp_path, shape):
    numbers = NUMBERS.reshape(shape)
    np.save(tmp_path / "a.npy", numbers)
    np.savez(tmp_path / "a.npz", g=numbers)
    np.savez(tmp_path / "b.npz", g=numbers, W=np.eye(3))
    scipy.io.savemat(tmp_path / "a.mat", {"g": numbers})
    for name in ("a.npy", "a.npz", "b.npz:g", "a.mat"):
        np.testing.assert_array_equal(read(tmp_path / name), NUMBERS)
        assert OPTION.files(OPTION(f"{tmp_path}/{name}")) == (tmp_path / name.removesuffix(":g"),)


@pytest.mark.parametrize("text", ["1\n0.5\n2\n", "1,0.5,2\n", "g\n1\n0.5\n2\n", "a;1,0\nb;0,5\nc;2\n"])
def test_text(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    np.testing.assert_array_equal(read(tmp_path / "a.csv"), NUMBERS)


@pytest.mark.parametrize(
    ("name", "neurons", "problem"),
    [
        ("a.npz:g", 4, "a.npz:g: it holds 3, and the network has 4 neurons"),
        ("a.npz:W", 3, "it holds 3 x 3, and the network has 3 neurons"),
        ("a.npz:W", 9, "it holds 3 x 3, and the network has 9 neurons"),
        ("a.npz:s", 3, "it holds one number, and the network has 3 neurons"),
        ("a.npz:h", 3, "no array named 'h'; it has g, W, s, n, z, t"),
        ("a.npz", 3, "it holds g, W, s, n, z, t: name one as FILE.npz:KEY"),
        ("a.npz:n", 3, "not finite"),
        ("a.npz:z", 3, "of neuron 1 '0.0' is too small"),
        ("a.npz:t", 3, "of neuron 2 '11.0' is too large"),
    ],
)
def test_what_is_no_number_a_neuron_is_refused(tmp_path, monkeypatch, name, neurons, problem):
    monkeypatch.chdir(tmp_path)
    others = {"n": [1, np.nan, 1], "z": [1, 0, 1], "t": [1, 1, 11]}
    np.savez("a.npz", g=NUMBERS, W=np.eye(3), s=1.0, **others)
    with pytest.raises(Refusal) as refused:
        read(name, neurons)
    line = str(refused.value)
    assert line.startswith("--slope: a.npz")
    assert problem in line
    assert "; accepted: a finite number above 0 to 10, or one such number a neuron in a file" in line


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x", "is not a number"),
        ("nan", "is not finite"),
        ("0", "is too small"),
        ("11", "is too large"),
        ("none.npy", "does not exist"),
        ("none.npz:g", "does not exist"),
        ("", "is not a number"),
    ],
)
def test_what_is_neither_is_refused(text, problem):
    with pytest.raises(typer.BadParameter) as refused:
        OPTION(text)
    assert problem in str(refused.value)
    assert "a file" in str(refused.value)


def test_a_file_alone(tmp_path):
    np.save(tmp_path / "a.npy", NUMBERS)
    option = NeuronFileOption(Real(0.0, 10.0))
    assert isinstance(option(str(tmp_path / "a.npy")), NeuronFile)
    with pytest.raises(typer.BadParameter):
        option("2")
