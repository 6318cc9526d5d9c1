"""How far apart networks end that learn a task of the user's: predicted and measured, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from simulate.degeneracy import PopulationSpread
from validate.degeneracy import user_task
from validate.degeneracy.__main__ import COMMAND
from validate.degeneracy.task_run import OwnTask
from validate.degeneracy.user_settings import DispersionConfig
from validate.report import Report
from validate.task_file import TaskArrays

LEVELS = ("sigma_mean", "sigma_sd", "loss_sd", "loss_doubled_sd", "weights_distance", "dsa_sd")
S = 0.8 * np.eye(4) + 0.2
DECAY = np.exp(-0.04 * np.arange(1, 21))[None, :, None]
IMPULSE = np.zeros((1, 10, 1))
IMPULSE[0, 0, 0] = 5.0
TASK = {"inputs": IMPULSE, "targets": DECAY[:, :10], "dt": 0.2}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A task with targets of doubled trials, and a covariance."""
    monkeypatch.setattr("simulate.runtime.configure", lambda: None)  # the tests have made their own settings
    np.savez(tmp_path / "task.npz", targets_doubled=DECAY, **TASK)
    np.save(tmp_path / "sigma.npy", S)
    return "--task", "task.npz", "--sigma", "sigma.npy"


def quantities(answer):
    """What the report holds."""
    assert answer.status == 0, answer.err
    return json.loads(Path("found.json").read_text())["quantities"]


@pytest.mark.sampled(0)  # most of its time is that of compilers
def test_all_levels_are_predicted_and_measured(ask, files):
    """Of 24 networks: standard deviations are within four standard errors, 0.6 of them, and terms of order 1 / N."""
    words = ("--neurons", "2000", "--learning-rate", "0.02", "--epochs", "4", "--measure", "24", "--json", "found.json")
    answer = ask(COMMAND, *files, *words, "--out", "out")
    found = quantities(answer)
    for name in ("sigma_sd", "loss_sd", "loss_doubled_sd", "dsa_sd"):
        ratio = np.array(found[f"measured_{name}"]) / np.array(found[name])
        assert (np.abs(ratio - 1) < 0.65).all(), name
    np.testing.assert_allclose(found["measured_sigma_mean"], found["sigma_mean"], atol=5 * np.max(found["sigma_sd"]))
    assert 0.5 < found["measured_weights_distance"] / found["weights_distance"] < 2  # next term: 1 / log N
    assert found["missing"] == found["measured_missing"] == {}
    assert answer.out.splitlines()[-1].startswith("degeneracy: loss_sd 0.")
    assert Path("out/dispersion.png").exists()


@pytest.mark.sampled(0)
def test_networks_that_are_not_linear_are_predicted_but_for_their_dynamics(ask, files):
    """As above, of tanh; what is not known has its reason."""
    words = ("--neurons", "500", "--learning-rate", "0.02", "--epochs", "4", "--measure", "24", "--json", "found.json")
    found = quantities(ask(COMMAND, *files, *words, "--nonlinearity", "tanh"))
    for name in ("sigma_sd", "loss_sd", "loss_doubled_sd"):
        assert (np.abs(np.array(found[f"measured_{name}"]) / np.array(found[name]) - 1) < 0.65).all(), name
    assert 0.5 < found["measured_weights_distance"] / found["weights_distance"] < 2
    assert found["dsa_sd"] is None
    assert set(found["missing"]) == {"dsa_sd"}
    assert "infinitely many neurons" in found["remarks"]["loss_mean"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--nonlinearity", "tanh", "--stop-at", "0.5"), "give epochs"),
        (("--nonlinearity", "relu", "--epochs", "2"), "kink"),
    ],
)
def test_what_is_not_known_of_other_networks_has_its_reason(ask, files, words, reason):
    found = quantities(ask(COMMAND, *files, "--neurons", "500", *words, "--json", "found.json"))
    assert found["loss_sd"] is None
    assert reason in found["missing"]["loss_sd"]


@pytest.mark.parametrize("name", sorted({*user_task.NUMBERS, "sigma_sd"} - {"epochs_mean", "epochs_sd"}))
def test_each_null_of_the_report_has_its_reason(name):
    """Whatever the number: null in the file, and its reason in `missing`, of what is predicted and measured alike."""
    attribute = user_task.NUMBERS.get(name, (name,))[0]
    every = {each: 1.0 for each, _, _ in user_task.NUMBERS.values()} | {"sigma_sd": S, "sigma_mean": S}
    spread = PopulationSpread(**{**every, attribute: None}, missing={attribute: "no theory"})
    config = DispersionConfig(task=Path("t.npz"), sigma=Path("s.npy"), neurons=9, rank=1, epochs=2)
    report = Report("degeneracy", config)
    report.section("Your task")
    arrays = TaskArrays(**{**TASK, "mask": np.ones((1, 10))})
    found = user_task.OwnSpread(("m", "u", "v", "z"), spread, spread)
    user_task._report(OwnTask(arrays, S, (1, 1, 1, 1)), config, found, report)
    assert report.quantities["trials"] == 1
    for prefix in ("", "measured_"):
        assert report.quantities[f"{prefix}{name}"] is None
        assert report.quantities[f"{prefix}missing"] == {name: "no theory"}
        others = {each for each in user_task.NUMBERS if not each.startswith("epochs")} - {name}
        assert all(report.quantities[f"{prefix}{each}"] is not None for each in others)


REFUSED = [
    (("--neurons", "1"), "--neurons", "is too small"),
    (("--neurons", "9", "--epochs", "3", "--stop-at", "0.1"), "--epochs", "--stop-at"),
    (("--neurons", "9", "--stop-at", "nan"), "--stop-at", "is not finite"),
    (("--neurons", "9", "--measure", "1"), "--measure", "is too small"),
    (("--neurons", "9", "--rank", "2"), "--sigma", "does not fit 1 inputs, rank 2"),
    (("--neurons", "9", "--networks", "9"), "--task", "--networks"),
    (("--neurons", "9", "--delays", "2"), "--delays", "given without --population"),
    ((), "--neurons", "missing"),
]


@pytest.mark.parametrize(("words", "option", "problem"), REFUSED)
def test_bad_options_are_refused(knock, files, words, option, problem):
    knock(COMMAND, *files, *words).refuses(option, problem)


BAD_SIGMA = [
    (np.diag([1.0, 1.0, 1.0, -1.0]), "not positive semidefinite"),
    (np.triu(np.ones((4, 4))), "not symmetric"),
    (np.eye(5), "fits no rank"),
    (np.ones((3, 4)), "not square"),
    (np.full((4, 4), np.nan), "not finite"),
]


@pytest.mark.parametrize(("matrix", "problem"), BAD_SIGMA)
def test_a_bad_covariance_is_refused(knock, files, tmp_path, matrix, problem):
    np.save(tmp_path / "sigma.npy", matrix)
    knock(COMMAND, *files, "--neurons", "9").refuses("--sigma", problem)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"targets": None}, "no array named targets"),
        ({"inputs": np.full((1, 10, 1), np.nan)}, "inputs"),
        ({"targets_doubled": np.ones((1, 15, 1))}, "twice the steps"),
    ],
)
def test_a_bad_task_is_refused(knock, files, tmp_path, changes, problem):
    arrays = {name: value for name, value in {**TASK, **changes}.items() if value is not None}
    np.savez(tmp_path / "task.npz", **arrays)
    knock(COMMAND, *files, "--neurons", "9").refuses("--task", problem)


def test_a_task_alone_needs_a_covariance(knock, files):
    knock(COMMAND, *files[:2], "--neurons", "9").refuses("--sigma", "missing")


@pytest.mark.sampled(0)
def test_where_the_leading_order_is_not_enough_networks_say_what_is_told(ask, files):
    """Of 20 neurons and many epochs: what is told is what 60 networks spread by, or null with its reason."""
    words = ("--neurons", "20", "--learning-rate", "0.02", "--epochs", "200", "--measure", "60", "--json", "found.json")
    answer = ask(COMMAND, *files, *words, "--out", "out")
    found = quantities(answer)
    assert "carried by the exact map" in answer.out
    for name in ("loss_sd", "loss_doubled_sd", "dsa_sd", "weights_distance"):
        assert (found[name] is None) == (name in found["missing"])
    known = np.array(found["sigma_sd"], dtype=float)
    assert np.isfinite(known).any()
    np.testing.assert_array_less(np.abs(known / np.array(found["measured_sigma_sd"]) - 1)[np.isfinite(known)], 0.65)
    assert Path("out/dispersion.png").exists()
