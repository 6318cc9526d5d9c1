"""The overlaps command at its door: every bad option or file is one line, exit status 2, at once, nothing written."""

import os
import subprocess
import sys
import zipfile
from functools import partial

import numpy as np
import pytest
from scipy.io import savemat

from simulate.cells.nonlinearity import NONLINEARITIES as BY_NAME
from validate.overlaps import __main__ as overlaps
from validate.overlaps.settings import QUICK, UserConfig
from validate.overlaps.user_run import own_run
from validate.task_file import NONLINEARITIES

GOOD_SIGMA = np.eye(4) + 0.1


def write_task(path="task.npz", **changed):
    arrays = {"inputs": np.ones((3, 5, 1)), "targets": np.ones((3, 5, 1)), "dt": 0.1, **changed}
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})


def write_network(path="network.npz", **changed):
    arrays = {name: np.ones((6, 1)) for name in "muvz"} | changed
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})


def write_text(path, text):
    with open(path, "w") as stream:
        stream.write(text)


@pytest.fixture
def door(knock):
    """Knock with some arguments, where there are good files to be named."""
    write_task()
    write_network()
    return partial(knock, overlaps.COMMAND)


@pytest.mark.parametrize(
    ("arguments", "option", "problem", "accepted"),
    [
        (["--task", "none.npz"], "--task", "does not exist", ".npz"),
        (["--task", ""], "--task", "does not exist", ".npz"),
        (["--task", "."], "--task", "is a directory", ".npz"),
        (["--task", "/dev/null"], "--task", "is not an ordinary file", ".npz"),
        (["--task", "x" * 300 + ".npz"], "--task", "File name too long", ".npz"),
        (["--sigma", "none.npy"], "--sigma", "does not exist", ".npy, .csv"),
        (["--sigma", "task.npz"], "--sigma", "has another suffix", ".npy, .csv, .tsv or .txt"),
        (["--network", "none.npz"], "--network", "does not exist", ".npz"),
        (["--convention", "mine"], "--convention", "is unknown", "ours, dubreuil, beiran"),
        (["--nonlinearity", "sigmoid"], "--nonlinearity", "is unknown", "linear, erf, tanh, relu"),
        (["--levels", "map", "cell"], "--levels", "is unknown", "map, gaussian_closure, infinite_width, network"),
        (["--rank", "0"], "--rank", "is too small", "from 1"),
        (["--learning-rate", "0"], "--learning-rate", "is too small", "nothing would ever be learned"),
        (["--learning-rate", "nan"], "--learning-rate", "is not finite", "above 0"),
        (["--epochs", "0"], "--epochs", "is too small", "from 1"),
        (["--neurons", "1.5"], "--neurons", "is not a whole number", "from 1"),
        (["--seed", "-1"], "--seed", "is too small", "from 0"),
        (["--out", ""], "--out", "is no name", "a directory"),
        (["--task", "task.npz", "--levels", "map", "network", "map"], "--levels", "map named more than once", "once"),
        (
            ["--network", "network.npz", "--task", "task.npz", "--neurons", "9"],
            "--neurons",
            "its own",
            "one of the two",
        ),
    ],
)
def test_a_bad_option_is_refused(door, arguments, option, problem, accepted):
    door("--out", "results", "--json", "report.json", *arguments).refuses(option, problem, accepted)


@pytest.mark.parametrize("files", [[], ["--network", "network.npz"]])
@pytest.mark.parametrize("option", ["--levels map", "--learning-rate 1", "--epochs 5", "--neurons 5"])
def test_what_belongs_to_a_task_is_refused_without_one(door, files, option):
    door(*files, *option.split()).refuses(option.split()[0], "given without --task", "--task")


@pytest.mark.parametrize("option", ["--sigma sigma.npy", "--nonlinearity erf", "--rank 1"])
def test_what_belongs_to_files_is_refused_without_any(door, option):
    np.save("sigma.npy", GOOD_SIGMA)
    door(*option.split()).refuses(option.split()[0], "given without --task")


BROKEN_TASKS = [
    ({"inputs": None}, "no array named inputs; the file has targets, dt"),
    ({"targets": None, "dt": None}, "no array named targets, dt"),
    ({"inputs": np.ones((3, 5))}, "inputs has shape (3, 5), not three dimensions; of one column inputs[..., None]"),
    ({"targets": np.ones((3, 5, 1, 1))}, "targets has shape (3, 5, 1, 1), not three dimensions"),
    ({"targets": np.ones((2, 5, 1))}, "inputs (3, 5, 1) and targets (2, 5, 1) differ in trials or steps"),
    ({"targets": np.ones((3, 6, 1))}, "differ in trials or steps"),
    ({"inputs": np.ones((0, 5, 1)), "targets": np.ones((0, 5, 1))}, "no trials"),
    ({"inputs": np.ones((3, 0, 1)), "targets": np.ones((3, 0, 1))}, "no steps"),
    ({"inputs": np.ones((3, 5, 0))}, "inputs has shape (3, 5, 0): no columns"),
    ({"targets": np.ones((3, 5, 0))}, "targets has shape (3, 5, 0): no columns"),
    ({"inputs": np.full((3, 5, 1), np.nan)}, "inputs is not finite: 15 of 15 values, the first at (0, 0, 0)"),
    ({"targets": np.full((3, 5, 1), np.inf)}, "targets is not finite"),
    ({"inputs": np.ones((3, 5, 1)) * 1j}, "inputs holds complex128 values"),
    ({"inputs": np.full((3, 5, 1), "1")}, "inputs holds <U1 values"),
    ({"inputs": np.full((3, 5, 1), None)}, "cannot be read: it holds pickled objects"),
    ({"dt": np.array([0.1, 0.1])}, "dt has shape (2,), it is no scalar"),
    ({"inputs": np.zeros((3, 5, 1), dtype=[("x", float)])}, "not real numbers"),
    ({"dt": 0.0}, "dt is 0, not positive"),
    ({"dt": -0.1}, "dt is -0.1, not positive"),
    ({"dt": np.inf}, "dt is not finite"),
    ({"mask": np.ones((3, 5, 1))}, "mask has shape (3, 5, 1), inputs have (3, 5) trials and steps"),
    ({"mask": np.ones(5)}, "mask has shape (5,)"),
    ({"mask": np.full((3, 5), -1)}, "mask has a negative value, -1"),
    ({"mask": np.full((3, 5), np.nan)}, "mask is not finite"),
]


@pytest.mark.parametrize(("changed", "problem"), BROKEN_TASKS)
def test_a_bad_task_is_refused(door, changed, problem):
    write_task(**changed)
    door("--task", "task.npz", "--out", "results").refuses("--task", problem, "inputs (trials x steps x n_in)")


def test_a_truncated_task_is_refused(door):
    with open("task.npz", "r+b") as stream:
        stream.truncate(200)
    door("--task", "task.npz").refuses("--task", "cannot be read", ".pkl with inputs")
    with zipfile.ZipFile("task.npz", "w"):
        pass
    door("--task", "task.npz").refuses("--task", "the file has none at all", ".pkl with inputs")


SKEWED = GOOD_SIGMA.copy()
SKEWED[0, 3] = 0.2
INDEFINITE = GOOD_SIGMA.copy()
INDEFINITE[0, 3] = INDEFINITE[3, 0] = 1.2  # above sqrt(mm zz) = 1.1

BROKEN_SIGMAS = [
    (SKEWED, [], "not symmetric: entry (0, 3) is 0.2, entry (3, 0) is 0.1"),
    (INDEFINITE, [], "not positive semidefinite: the least eigenvalue is -0.1"),
    (-np.eye(4), [], "not positive semidefinite"),
    (np.eye(5), [], "a 5 x 5 matrix fits no rank with 1 inputs and 1 outputs"),
    (np.eye(2), [], "a 2 x 2 matrix fits no rank"),
    (np.eye(4), ["--rank", "2"], "a 4 x 4 matrix does not fit 1 inputs, rank 2 and 1 outputs, which need 6 x 6"),
    (np.eye(6), ["--rank", "1"], "which need 4 x 4"),
    (np.ones((4, 3)), [], "a 4 x 3 matrix is not square"),
    (np.ones(4), [], "the array has shape (4,), which is no matrix"),
    (np.ones((4, 4, 4)), [], "which is no matrix"),
    (np.eye(4) * np.nan, [], "the matrix is not finite"),
    (np.eye(4) * 1.7e308, [], "values up to 1.7e+308, too large"),
    (np.eye(4) * 1j, [], "the matrix holds complex128 values"),
    (np.full((4, 4), None), [], "cannot be read: it holds pickled objects"),
]


@pytest.mark.parametrize(("sigma", "more", "problem"), BROKEN_SIGMAS)
def test_a_matrix_that_is_no_gram_matrix_is_refused(door, sigma, more, problem):
    np.save("sigma.npy", sigma)
    answer = door("--task", "task.npz", "--sigma", "sigma.npy", "--out", "results", *more)
    answer.refuses("--sigma", problem, "a symmetric, positive semidefinite d x d matrix")


@pytest.mark.parametrize("text", ["m,u,v,z\n1,0,0,0\n", "1,0\n0\n", "", "1+1j,0\n0,1\n"])
def test_a_text_file_that_is_no_matrix_is_refused(door, text):
    write_text("sigma.csv", text)
    door("--task", "task.npz", "--sigma", "sigma.csv").refuses("--sigma", "", ".txt, d = n_in + 2 rank + n_out")


@pytest.mark.parametrize("names", ["z,m,u,v", "m,u,z,v", ",v,u,m,z", "Z,V,U,M"])
def test_columns_named_in_another_order_are_refused(door, names):
    begin = "row," if names.startswith(",") else ""
    rows = [begin + ",".join("1" if i == k else "0.1" for k in range(4)) for i in range(4)]
    write_text("sigma.csv", "\n".join([names, *rows]) + "\n")
    door("--task", "task.npz", "--sigma", "sigma.csv").refuses("--sigma", "its columns are named", "m, u, v, z")


def test_neurons_fewer_than_the_rank_of_sigma_are_refused_where_a_network_is_trained(door):
    np.save("sigma.npy", GOOD_SIGMA)
    options = ("--task", "task.npz", "--sigma", "sigma.npy", "--neurons", "3")
    door(*options).refuses("--neurons", "3 neurons cannot have the overlaps of --sigma, a matrix of rank 4", "from 4")
    with pytest.raises(AssertionError, match="the command ran"):
        door(*options, "--levels", "map")
    np.save("sigma.npy", np.ones((4, 4)))  # of rank one
    with pytest.raises(AssertionError, match="the command ran"):
        door("--task", "task.npz", "--sigma", "sigma.npy", "--neurons", "1")


WEIGHTS = {"u": None, "v": None, "W": np.ones((6, 6))}

BROKEN_NETWORKS = [
    ({"m": None}, [], "no array named m"),
    ({"m": None, "u": None, "v": None, "wi": np.ones((1, 6))}, [], "read with --convention dubreuil or beiran"),
    ({}, ["--convention", "dubreuil"], "no array named wi, wo; the file has m, u, v, z"),
    ({"u": None}, [], "of u, v and W it has v"),
    ({"u": None, "v": None}, [], "of u, v and W it has none"),
    ({"W": np.ones((6, 6))}, [], "of u, v and W it has W and u and v"),
    ({"u": np.ones((6, 2))}, [], "u (6, 2) and v (6, 1) differ in shape"),
    ({"z": np.ones((5, 1))}, [], "z has 5 rows and m 6"),
    ({"v": np.ones((6, 1, 1))}, [], "v has shape (6, 1, 1), which is no matrix"),
    ({"z": np.ones((6, 0))}, [], "z has shape (6, 0): no columns"),
    ({name: np.ones((0, 1)) for name in "muvz"}, [], "no neurons"),
    ({"v": np.full((6, 1), np.nan)}, [], "v is not finite"),
    ({"v": np.full((6, 1), -1e200)}, [], "v has values up to 1e+200: their squares are too large"),
    ({"m": np.ones((6, 1)) * 1j}, [], "m holds complex128 values"),
    ({}, ["--rank", "2"], "u and v have 1 columns, which is not the --rank 2"),
    ({"u": np.ones((6, 7)), "v": np.ones((6, 7))}, [], "rank 7 exceeds its 6 neurons"),
    (WEIGHTS, [], "W is given without a --rank"),
    (WEIGHTS, ["--rank", "7"], "rank 7 exceeds its 6 neurons"),
    (WEIGHTS | {"W": np.ones((6, 5))}, ["--rank", "1"], "W has shape (6, 5), not 6 x 6"),
    ({}, ["--task", "wide.npz"], "m has 1 columns, the inputs of --task 2"),
    ({"z": np.ones((6, 3))}, ["--task", "task.npz"], "z has 3 columns, the targets of --task 1"),
]


@pytest.mark.parametrize(("changed", "more", "problem"), BROKEN_NETWORKS)
def test_a_bad_network_is_refused(door, changed, more, problem):
    write_task("wide.npz", inputs=np.ones((3, 5, 2)))
    write_network(**changed)
    door("--network", "network.npz", "--out", "results", *more).refuses("--network", problem)


@pytest.mark.parametrize("files", [[], ["--task", "task.npz"]])
def test_a_convention_is_of_a_network(door, files):
    door(*files, "--convention", "beiran").refuses("--convention", "given without --network", "--network")


def test_the_conventions_of_published_networks_have_their_nonlinearity(tmp_path):
    rows = np.ones((6, 1))
    np.savez(tmp_path / "network.npz", wi=rows.T, m=rows, n=rows, wo=rows, epoch=3)
    options = {"network": tmp_path / "network.npz", "convention": "dubreuil"}
    found = own_run(UserConfig(**options))
    assert found.config.nonlinearity == "tanh"
    assert found.config.convention == "dubreuil"
    assert found.network.weights.ignored == ("epoch",)
    assert own_run(UserConfig(**options, nonlinearity="relu")).config.nonlinearity == "relu"


def test_a_task_with_a_bias_and_a_start_gains_their_inputs(tmp_path):
    rows = np.ones((6, 1))
    np.savez(tmp_path / "network.npz", wi=rows.T, m=rows, n=rows, wo=rows, b=np.ones(6), h0=np.ones(6))
    write_task(tmp_path / "task.npz", dt=np.array([[0.1]]), notes="mine")
    asked = UserConfig(task=tmp_path / "task.npz", network=tmp_path / "network.npz", convention="dubreuil")
    found = own_run(asked)
    assert found.counts == (3, 1, 1, 1)
    assert found.task.inputs.shape == (3, 6, 3)
    assert found.task.ignored == ("notes",)
    assert found.task.dt == 0.1


def test_matlab_drops_the_last_dimension_and_is_understood(tmp_path):
    savemat(tmp_path / "task.mat", {"inputs": np.ones((3, 5, 1)), "targets": np.ones((3, 5, 2)), "dt": 0.1})
    found = own_run(UserConfig(task=tmp_path / "task.mat"))
    assert found.task.inputs.shape == (3, 5, 1)
    assert found.task.targets.shape == (3, 5, 2)


def test_a_network_excludes_overlaps_from_a_file(door):
    np.save("sigma.npy", GOOD_SIGMA)
    answer = door("--network", "network.npz", "--task", "task.npz", "--sigma", "sigma.npy")
    answer.refuses("--sigma", "the network of --network has its own", "one of the two")


def test_defaults_follow_the_nonlinearity_and_the_files(tmp_path):
    write_task(tmp_path / "task.npz", inputs=np.ones((3, 5, 2)))
    options = {"task": tmp_path / "task.npz", "effort": QUICK}
    linear, erf = (own_run(UserConfig(**options, **more)).config for more in ({}, {"nonlinearity": "erf"}))
    assert (linear.nonlinearity, linear.levels) == ("linear", ("map", "network"))
    assert erf.levels == ("gaussian_closure", "infinite_width", "network")
    assert (linear.rank, linear.neurons, linear.learning_rate, linear.epochs) == (1, 500, 5e-3, 2000)
    np.save(tmp_path / "sigma.npy", np.eye(9))
    assert own_run(UserConfig(**options, sigma=tmp_path / "sigma.npy")).counts == (2, 3, 3, 1)
    write_network(tmp_path / "network.npz", u=np.ones((6, 4)), v=np.ones((6, 4)))
    network = own_run(UserConfig(network=tmp_path / "network.npz"))
    assert (network.config.rank, network.config.neurons, network.config.levels) == (4, 6, ())
    assert network.counts == (1, 4, 4, 1)


def test_overlaps_that_are_not_given_are_those_of_a_seeded_random_network(tmp_path):
    """Unit columns; entries of N = 400 off the diagonal have standard deviation 1/20: none of 6 beyond 4.5 of them."""
    write_task(tmp_path / "task.npz")
    owns = [own_run(UserConfig(task=tmp_path / "task.npz", neurons=400, seed=seed)) for seed in (3, 3, 4)]
    first, again, other = (own.sigma for own in owns)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01
    np.testing.assert_allclose(np.diag(first), 1, rtol=1e-14)
    assert 0 < np.abs(first - np.diag(np.diag(first))).max() < 4.5 / 20
    assert "400 neurons" in owns[0].origin
    assert "seed 3" in owns[0].origin


def test_the_words_of_the_options_are_those_of_the_simulation():
    assert set(NONLINEARITIES) == set(BY_NAME)


def test_a_refusal_after_files_are_read_imports_nothing_heavy(tmp_path):
    write_task(tmp_path / "task.npz")
    np.save(tmp_path / "sigma.npy", INDEFINITE)
    command = [sys.executable, "-X", "importtime", "-m", "validate.overlaps", "--task", "task.npz"]
    done = subprocess.run(
        [*command, "--sigma", "sigma.npy"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 2
    assert "not positive semidefinite" in done.stderr
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "numpy" in imported
    assert not imported & {"jax", "sympy", "matplotlib", "scipy", "diffrax"}
