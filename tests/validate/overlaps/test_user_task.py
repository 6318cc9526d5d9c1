"""A run on the user's own task, from the files that are read to the files that are written."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from simulate.overlaps.gram_matrix import random_gram
from simulate.training.checkpoint import Checkpoint, Spare
from theory.overlaps.equations.shape import Shape
from validate.overlaps import __main__ as overlaps
from validate.overlaps import user_task
from validate.overlaps.forecast import report_start, report_trust
from validate.overlaps.levels import LEVELS
from validate.overlaps.settings import QUICK, UserConfig
from validate.overlaps.user_run import own_run
from validate.overlaps.user_task import figures
from validate.report import Report

RANDOM = np.random.default_rng(0)
INPUTS, TARGETS = RANDOM.standard_normal((2, 6, 2)), RANDOM.standard_normal((2, 6, 1))
MASK = RANDOM.uniform(0, 2, (2, 6))
DT = 0.2


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run the command in a directory of its own; returns the exit status and what it wrote."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("simulate.runtime.configure", lambda: None)  # the tests have made their own settings
    np.savez("task.npz", inputs=INPUTS, targets=TARGETS, mask=MASK, dt=DT)

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["overlaps", *arguments, "--out", "out"])
        with pytest.raises(SystemExit) as stopped:
            overlaps.COMMAND.run()
        printed = capsys.readouterr()
        assert printed.err == ""
        trajectory = {}
        if Path("out/trajectory.npz").exists():
            with np.load("out/trajectory.npz", allow_pickle=False) as data:
                trajectory = dict(data)
        with open("out/overlaps.json") as stream:
            return stopped.value.code, trajectory, json.load(stream), printed.out

    return command


def network_loss(theta, phi, shape=(2, 1, 1, 1)):
    """The scheme, written out trial by trial and neuron by neuron from its sentence in the README."""
    m, u, v, z = np.split(theta, np.cumsum(shape)[:-1], axis=1)
    neurons, total = len(theta), 0.0
    for trial, targets, mask in zip(INPUTS, TARGETS, MASK, strict=True):
        x = np.zeros(neurons)
        for s, target, weight in zip(trial, targets, mask, strict=True):
            x = x + DT * (-x + u @ (v.T @ phi(x)) / neurons + m @ s)
            y = z.T @ phi(x) / neurons
            total += DT * weight * ((y - target) ** 2).sum()
    return total / len(INPUTS)


def descend(theta, phi, rate, step=1e-5):
    """theta - rate N dL/dtheta, by central differences."""
    gradient = np.zeros_like(theta)
    for place in np.ndindex(theta.shape):
        change = np.zeros_like(theta)
        change[place] = step
        gradient[place] = (network_loss(theta + change, phi) - network_loss(theta - change, phi)) / (2 * step)
    return theta - rate * len(theta) * gradient


@pytest.mark.parametrize(("name", "phi"), [("tanh", np.tanh), ("linear", lambda x: x)])
@pytest.mark.sampled(1)
def test_a_user_s_network_learns_by_the_scheme_to_the_letter(run, name, phi):
    """Central differences err by 1e-10 a step and entry here; three steps and a Gram matrix: 1e-8."""
    theta = np.random.default_rng(1).standard_normal((5, 5))
    np.savez("network.npz", m=theta[:, :2], u=theta[:, 2:3], v=theta[:, 3:4], z=theta[:, 4:])
    status, found, _, _ = run(
        *("--network", "network.npz", "--task", "task.npz", "--nonlinearity", name),
        *("--levels", "network", "--learning-rate", "0.1", "--epochs", "3"),
    )
    assert status == 0
    assert set(found) == {"columns", "network_sigma", "network_loss"}
    assert found["columns"].tolist() == ["m1", "m2", "u", "v", "z"]
    for epoch in range(4):
        np.testing.assert_allclose(found["network_sigma"][epoch], theta.T @ theta / 5, atol=1e-8)
        assert found["network_loss"][epoch] == pytest.approx(network_loss(theta, phi), rel=1e-8)
        theta = descend(theta, phi, rate=0.1)


def test_levels_of_a_linear_network_agree_and_everything_promised_is_written(run, tmp_path):
    sigma = random_gram(20, 7, seed=5)
    np.savetxt("sigma.csv", sigma, delimiter=",", fmt="%.17g")
    status, found, document, printed = run(
        *("--task", "task.npz", "--sigma", "sigma.csv", "--epochs", "30", "--neurons", "9"),
        *("--learning-rate", "0.2", "--levels", "map", "network"),
    )
    assert status == 0
    assert found["map_sigma"].shape == found["network_sigma"].shape == (31, 7, 7)
    assert found["map_loss"].shape == (31,)
    np.testing.assert_allclose(found["map_sigma"][0], sigma, atol=1e-15)
    np.testing.assert_allclose(found["network_sigma"], found["map_sigma"], atol=1e-12)
    assert found["map_loss"][-1] < 0.95 * found["map_loss"][0]
    assert document["config"]["rank"] == 2  # from the size of sigma
    assert document["checks"] == []
    assert document["passed"] is True
    quantities = document["quantities"]
    assert quantities["map_final_loss"] == found["map_loss"][-1]
    assert quantities["map_initial_loss"] == found["map_loss"][0]
    assert quantities["network_outcome"] == "completed"
    assert quantities["network_epochs_finite"] == 31
    assert "network_diverged_at_epoch" not in quantities
    largest = np.abs(found["network_sigma"] - found["map_sigma"]).max()
    assert quantities["largest_overlaps_difference_network_from_map"] == largest < 1e-12
    assert quantities["columns"] == ["m1", "m2", "u1", "u2", "v1", "v2", "z"]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["overlaps.json", "trajectory.npz", "trajectory.png", "trajectory.svg"]
    losses = [f"loss {found[f'{name}_loss'][0]:.3g} to {found[f'{name}_loss'][-1]:.3g}" for name in ("map", "network")]
    answer = f"overlaps: map completed, {losses[0]}; network completed, {losses[1]}"
    assert printed.splitlines()[-1] == answer
    assert printed.count(answer) == 2
    for words in ("predicted", "measured", "tolerance", "PASS", "asserted"):
        assert words not in printed


def test_the_same_numbers_come_of_any_kind_of_file_and_of_the_same_seed_only(run):
    """Whole numbers in 4-byte integers and floats are the same numbers; so is a matrix of npy or csv."""
    options = ("--epochs", "3", "--neurons", "6", "--levels", "network", "--sigma")
    sigma = np.eye(5) * 2
    np.save("sigma.npy", sigma.astype(np.float32))
    np.savetxt("sigma.csv", sigma, delimiter=",")
    whole = {"inputs": np.rint(INPUTS), "targets": np.rint(TARGETS), "mask": MASK > 1}
    np.savez("whole.npz", **{name: values.astype(np.float64) for name, values in whole.items()}, dt=1.0)
    np.savez("small.npz", **{name: values.astype(np.int32) for name, values in whole.items()}, dt=np.int8(1))
    _, first, *_ = run("--task", "whole.npz", *options, "sigma.npy")
    _, same, *_ = run("--task", "small.npz", *options, "sigma.csv")
    _, other, *_ = run("--task", "small.npz", *options, "sigma.csv", "--seed", "1", "--nonlinearity", "erf")
    np.testing.assert_array_equal(first["network_sigma"], same["network_sigma"])
    assert np.abs(first["network_loss"] - other["network_loss"]).max() > 1e-6


def test_a_rate_at_which_training_diverges_is_a_named_outcome(run):
    """Linear loss is of fourth order in theta: at rate 50 every step multiplies it until floats end."""
    status, found, document, printed = run(
        "--task", "task.npz", "--epochs", "40", "--neurons", "6", "--learning-rate", "50"
    )
    assert status == 0
    quantities = document["quantities"]
    for name in ("map", "network"):
        finite = quantities[f"{name}_epochs_finite"]
        assert 1 < finite < 40
        assert quantities[f"{name}_outcome"] == "diverged"
        assert quantities[f"{name}_diverged_at_epoch"] == finite
        assert quantities[f"{name}_final_loss"] is None
        assert np.isfinite(found[f"{name}_sigma"][:finite]).all()
        assert np.isfinite(found[f"{name}_loss"][:finite]).all()
        assert np.isnan(found[f"{name}_sigma"][finite:]).all()
        assert np.isnan(found[f"{name}_loss"][finite:]).all()
        assert f"{name} diverged at epoch {finite} of 40" in printed.splitlines()[-1]
    assert "lower the learning" in printed


def test_divergence_in_the_first_epoch_leaves_one_to_compare(run):
    options = ("--task", "task.npz", "--epochs", "4", "--neurons", "6", "--learning-rate", "1e300")
    status, found, document, _ = run(*options)
    assert status == 0
    assert {document["quantities"][f"{name}_epochs_finite"] for name in ("map", "network")} == {1}
    assert len(found["map_loss"]) == 5
    assert document["quantities"]["largest_loss_difference_network_from_map"] is not None


@pytest.mark.parametrize("value", [np.nan, 0.0, 1e-320, 1e150, 1.7e308])
@pytest.mark.sampled(2)
def test_whatever_a_training_ran_through_is_drawn_and_kept(value):
    """Axes cannot be labelled up to the largest number there is."""
    sigma, loss = np.full((3, 4, 4), -value), np.array([0.1, value, value])
    level = user_task.LevelResult(LEVELS["map"], sigma, loss, user_task.TrainingOutcome.completed, 3)
    own = UserConfig(
        **dict.fromkeys(("task", "sigma", "network", "convention"), None),
        nonlinearity="linear",
        rank=1,
        neurons=4,
        learning_rate=1.0,
        epochs=2,
        levels=("map",),
        nodes=1024,
        effort=QUICK,
        seed=0,
    )
    (drawn,) = figures(own, user_task.TaskResults(Shape(1, 1, 1), (level,)))
    np.testing.assert_array_equal(drawn.data["map_loss"], loss)


def test_a_loss_too_large_for_a_number_is_an_outcome_and_nothing_is_printed_beside_it(run):
    np.savez("large.npz", inputs=INPUTS, targets=TARGETS * 1e160, dt=DT)
    options = ("--nonlinearity", "erf", "--levels", "gaussian_closure", "--epochs", "2")
    status, _, document, _ = run("--task", "large.npz", *options)
    assert status == 0
    assert document["quantities"]["gaussian_closure_diverged_at_epoch"] == 0
    assert document["quantities"]["nonlinear_fraction"] is None


def test_both_names_of_the_reduced_theory_are_accepted_and_a_note_says_which_it_is(run):
    options = ("--task", "task.npz", "--epochs", "5", "--levels", "map", "gaussian_closure", "--nonlinearity")
    for nonlinearity, noted, word in (
        ("erf", "map_is", "not exact"),
        ("linear", "gaussian_closure_is", "exact for linear"),
    ):
        _, found, document, _ = run(*options, nonlinearity)
        np.testing.assert_array_equal(found["map_sigma"], found["gaussian_closure_sigma"])
        notes = {name: value for name, value in document["quantities"].items() if name.endswith("_is")}
        assert list(notes) == [noted]
        assert word in notes[noted]


def test_a_smooth_nonlinearity_comes_with_what_the_closure_does_not_know_and_with_the_nodes_error(run):
    """Errors of about 1/nodes: at 1024 well within 3 % of a loss."""
    _, found, document, _ = run(
        *("--task", "task.npz", "--epochs", "5", "--nonlinearity", "erf", "--quick"),
        *("--levels", "gaussian_closure", "infinite_width"),
    )
    assert found["infinite_width_loss"][0] == pytest.approx(found["gaussian_closure_loss"][0], rel=0.03)
    np.testing.assert_allclose(found["infinite_width_sigma"][0], found["gaussian_closure_sigma"][0], atol=1e-12)
    quantities = document["quantities"]
    assert 0 < quantities["nonlinear_fraction"] < 1
    low, high = quantities["closure_error_forecast_band"]
    assert low < quantities["closure_error_forecast"] < high
    assert quantities["closure_trust"] == ("trusted" if high <= 0.1 else "doubtful" if low <= 0.1 else "not_trusted")
    closure, truth = found["gaussian_closure_sigma"], found["infinite_width_sigma"]
    error = np.linalg.norm(closure[-1] - truth[-1]) / np.linalg.norm(truth[-1] - truth[0])
    assert quantities["closure_error"] == pytest.approx(error, rel=1e-12)


def test_the_closure_is_forecast_from_its_own_path_alone(run):
    _, _, document, _ = run("--task", "task.npz", "--epochs", "5", "--nonlinearity", "tanh", "--levels", "map")
    assert document["quantities"]["closure_error_forecast"] > 0
    assert "closure_error" not in document["quantities"]
    _, _, document, _ = run("--task", "task.npz", "--epochs", "5", "--nonlinearity", "tanh", "--levels", "network")
    assert "closure_trust" not in document["quantities"]


@pytest.mark.parametrize("nonlinearity", ["linear", "relu"])
def test_nothing_is_said_of_it_where_there_is_nothing_or_a_kink(nonlinearity, tmp_path):
    np.savez(tmp_path / "task.npz", inputs=INPUTS, targets=TARGETS, dt=DT)
    own, report = (
        own_run(UserConfig(task=tmp_path / "task.npz", nonlinearity=nonlinearity, effort=QUICK)),
        Report("own", None),
    )
    report_start(report, own, Shape(2, 1, 1))
    report_trust(report, own, Shape(2, 1, 1), np.stack([own.sigma] * 3), None)
    assert not report.findings
    assert not report.quantities


def stopped_at(which, monkeypatch):
    """Let Ctrl-C come in this training, counted from 0."""
    train, begun = user_task.train, []

    def interrupted(learners, *arguments, **options):
        begun.append(learners)
        if len(begun) > which:
            raise KeyboardInterrupt
        return train(learners, *arguments, **options)

    monkeypatch.setattr(user_task, "train", interrupted)


def test_an_interrupted_run_keeps_the_levels_that_are_finished(run, monkeypatch):
    stopped_at(1, monkeypatch)
    status, found, document, printed = run("--task", "task.npz", "--epochs", "5", "--levels", "map", "network")
    assert status == 130
    assert re.fullmatch(
        r"INTERRUPTED overlaps: map completed, loss \S+ to \S+; network interrupted", printed.splitlines()[-1]
    )
    assert set(found) == {"columns", "map_sigma", "map_loss"}
    assert document["interrupted"] is True
    assert document["quantities"]["map_outcome"] == "completed"


@pytest.mark.parametrize(
    ("which", "ending"),
    [
        (0, "infinite width interrupted, infinite width by other nodes and network not begun"),
        (1, "; infinite width by other nodes interrupted, network not begun"),
    ],
)
def test_the_last_line_names_the_level_at_which_a_run_was_stopped(which, ending, run, monkeypatch):
    stopped_at(which, monkeypatch)
    status, found, document, printed = run(
        "--task", "task.npz", "--epochs", "3", "--nodes", "1024", "--levels", "infinite_width", "network"
    )
    assert status == 130
    assert printed.splitlines()[-1].startswith("INTERRUPTED overlaps: ")
    assert printed.splitlines()[-1].endswith(ending)
    assert ("infinite_width_loss" in found) == (which == 1)
    assert not any("other_nodes" in name for name in (*found, *document["quantities"]))


def test_names_that_play_no_part_are_listed(run):
    np.savez("task.npz", inputs=INPUTS, targets=TARGETS, mask=MASK, dt=DT, notes="mine", name="it")
    _, _, document, printed = run("--task", "task.npz", "--epochs", "1", "--levels", "map")
    assert document["quantities"]["task_ignored"] == ["notes", "name"]
    assert "notes, name" in printed


class Killed(BaseException):
    """What ends a run at once, as SIGKILL does: nothing is tidied up but the operating system's locks."""


@pytest.mark.sampled(0)  # checkpoints are in tests/simulate/training
def test_a_killed_run_goes_on_from_its_checkpoints(run, monkeypatch, tmp_path):
    """Killed in its second training; the next run repeats none of the first, the rest of the second, bit for bit."""
    options = ["--task", "task.npz", "--levels", "map", "network", "--neurons", "9", "--epochs", "1500"]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    _, uninterrupted, _, _ = run(*options)
    save, saved, killed = Spare.save, [], []

    def counted(self, fingerprint, arrays):
        if killed:
            raise Killed
        save(self, fingerprint, arrays)
        saved.append(self.path.stem.rpartition("-")[2])

    def deadly(self, fingerprint, arrays):
        counted(self, fingerprint, arrays)
        if "network" in saved:
            killed.append(True)
            raise Killed

    monkeypatch.setattr(Spare, "__init__", lambda self, path: Checkpoint.__init__(self, path, 0.0))
    monkeypatch.setattr(Spare, "save", deadly)
    with pytest.raises(Killed):
        run(*options)
    assert saved == ["map"] * 4 + ["network"]  # after each 500 of the 1,500 epochs, and at the end
    killed.clear()
    saved.clear()
    monkeypatch.setattr(Spare, "save", counted)
    _, resumed, _, _ = run(*options)
    assert saved == ["map"] + ["network"] * 3
    assert uninterrupted.keys() == resumed.keys()
    for name, values in uninterrupted.items():
        np.testing.assert_array_equal(resumed[name], values)
    assert list((tmp_path / "cache").rglob("*.npz")) == []
