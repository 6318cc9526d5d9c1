"""The ghost command as a user runs it, and the quantities it promises at any delay and rate."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from theory.ghost.descent.capture import failure_ratio
from theory.ghost.toy.toy_model import ToyModel
from validate.ghost.at_once import record_ending
from validate.ghost.classes import NetworkClass
from validate.ghost.settings import PAPER_RATE_RATIO, Config
from validate.report import Report

PROMISED = (
    "optimal_r",
    "point_of_no_return",
    "critical_learning_rate",
    "plateau_epochs",
    "failure_ratio",
    "error_floor",
    "cycle_word",
    "captured_fraction",
    "learned",
    "stuck",
    "recovered",
    "networks",
)
SHORT = ("fig_2b", "fig_2c", "fig_2d", "training_map", "fig_3a", "fig_4", "asked_output", "delays", "crossing")
FIGURES = ("fig_2a", "fig_s1", "fig_s2", *SHORT)
LEFT_OUT = tuple(f"validate.ghost.{name}" for name in ("toy_model", "asked_rate", "sweeps"))
SHORTENED = f"""
from dataclasses import replace
from validate.command import built_in
from validate.ghost.__main__ import COMMAND, SECTIONS
from validate.ghost.settings import Config

sections = tuple(each for each in SECTIONS if each.module not in {LEFT_OUT})
assert len(sections) == len(SECTIONS) - {len(LEFT_OUT)}
replace(COMMAND, modes=(built_in(Config, sections),)).run()
"""
"""Without the sweeps, which assert nothing, and the sections whose checks the other files of this folder hold."""


def test_a_run_keeps_its_promises(tmp_path):
    """One quick run at settings that are nobody's default; one test, lest two workers run it twice."""
    promises_are_kept(["-c", SHORTENED], tmp_path / "run", SHORT, checks=50, asserted=36)


@pytest.mark.sampled(0)  # two minutes
def test_a_run_of_all_sections_keeps_its_promises(tmp_path):
    promises_are_kept(["-m", "validate.ghost"], tmp_path / "run", FIGURES, checks=40, asserted=30)


def promises_are_kept(program, out, figures, checks, asserted):
    options = ["--T", "37", "--networks", "6", "--seed", "5", "--confidence", "3", "--threshold", "4"]
    command = [sys.executable, *program, "--quick", *options, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    all_asserted_checks_pass(done)
    json_holds_what_is_promised(out, checks, asserted)
    every_figure_has_its_data(out, figures)
    classes_of_the_population_leave_no_network_out(done, out)


def all_asserted_checks_pass(done):
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert done.stdout.rstrip().splitlines()[-1].startswith("PASS ghost: ")
    assert done.stderr == ""  # no progress bar and no warning where nobody watches


def json_holds_what_is_promised(out, checks, asserted):
    document = json.loads((out / "ghost.json").read_text())
    quantities = document["quantities"]
    assert set(PROMISED) <= set(quantities)
    assert quantities["networks"] == document["config"]["networks"] == 6
    assert quantities["optimal_r"] == pytest.approx(math.pi**2 / (4 * 37**2), rel=1e-15)
    assert quantities["point_of_no_return"] == pytest.approx(math.pi**2 / (16 * 37**2), rel=1e-15)
    assert quantities["critical_learning_rate"] == pytest.approx(3 * math.pi**4 / 32 / 37**5, rel=1e-15)
    assert quantities["stuck"] >= quantities["recovered"] >= 0
    assert document["passed"] is True
    names = [check["name"] for check in document["checks"]]
    assert len(names) == len(set(names)) > checks
    assert sum(check["asserted"] for check in document["checks"]) > asserted


def every_figure_has_its_data(out, figures):
    for name in figures:
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in (out / f"{name}.svg").read_bytes()
        with np.load(out / f"{name}.npz", allow_pickle=False) as data:
            assert len(data.files) >= 1
    assert not list(out.glob("*.part"))


def classes_of_the_population_leave_no_network_out(done, out):
    found = json.loads((out / "ghost.json").read_text())["quantities"]
    assert sum(found[each.name.lower()] for each in NetworkClass) == found["networks"] == 6
    stuck = ("stuck_behind_saddle_node", "stuck_on_first_plateau", "stuck_at_one_fixed_point")
    assert sum(found[name] for name in stuck) == found["stuck"]
    assert all(each.name.lower().replace("_", " ") in done.stdout for each in NetworkClass)


def quantities(delay, ratio):
    rate = ratio * ToyModel(delay).critical_learning_rate
    report = Report("ghost", Config(delay=delay, learning_rate=rate))
    record_ending(Config(delay=delay, learning_rate=rate), report, ratio)
    return report.document()["quantities"]


@pytest.mark.parametrize("delay", [1.0, 37.0, 1e6])
def test_quantities_are_free_of_the_delay(delay):
    found, reference = quantities(delay, 0.6), quantities(100.0, 0.6)
    assert found["cycle_word"] == reference["cycle_word"] == "LRR"
    assert found["error_floor"] / delay == pytest.approx(reference["error_floor"] / 100, rel=1e-12)
    assert found["plateau_epochs"] == pytest.approx(reference["plateau_epochs"], rel=1e-12)
    assert found["captured_fraction"] == 0


def test_the_error_floor_is_null_above_the_failure_ratio_only():
    above = quantities(100.0, float(failure_ratio()) * (1 + 1e-12))
    assert above["error_floor"] is None
    assert above["cycle_word"] is None
    assert above["captured_fraction"] == 1
    below = quantities(100.0, float(failure_ratio()) * (1 - 1e-6))
    assert below["cycle_word"] == "LRR"
    assert 0 < below["error_floor"] < 100
    assert 0.9 < below["captured_fraction"] <= 1


def test_the_default_rate_is_the_papers():
    """1e-10 at T = 100, to the four digits of the fraction."""
    assert Config().learning_rate == pytest.approx(1e-10, rel=1e-4)
    assert PAPER_RATE_RATIO == 0.1095
