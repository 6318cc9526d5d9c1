"""The degeneracy command as a user meets it: refusals in one line, an unreachable threshold, a run that is killed."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from simulate.populations import jobs, train_population
from simulate.sweep.job import FORMAT
from validate.command import Command, Mode, Plan
from validate.degeneracy.__main__ import COMMAND, SECTIONS, TRAINED
from validate.degeneracy.settings import QUICK, Config


def of_tasks(threshold):
    """Trials of five steps, down to this loss."""
    return tuple(replace(each, steps=5, threshold=threshold) for each in QUICK.tasks)


LEVELS = replace(QUICK.levels, widths=(4, 8))  # whose programs test_degeneracy_sections.py needs as well
TINY = replace(QUICK, updates=8, every=4, trials=8, tasks=of_tasks(1e-9), levels=LEVELS)
FLIP_FLOP = ("--tasks", "flip-flop")
ESTIMATES = (
    "epochs",
    "behaviour",
    "dsa",
    "dsa_lower",
    "weights",
    "weights_group",
    "weights_null",
    "weights_relative",
)


def shortened(effort, *titles):
    """The command with a smaller effort behind its options, and some of its sections."""
    sections = tuple(each for each in SECTIONS if each.title.startswith(titles))
    mode = Mode(Config, lambda config: Plan(replace(config, effort=effort), sections))
    return Command(COMMAND.name, COMMAND.title, COMMAND.summary, COMMAND.example, (mode,))


@pytest.mark.parametrize(
    ("arguments", "option", "problem"),
    [
        (("--networks", "0"), "--networks", "0"),
        (("--networks", "2"), "--networks", "2"),
        (("--units", "0"), "--units", "0"),
        (("--units", "many"), "--units", "many"),
        (("--tasks", "digits"), "--tasks", "one of flip-flop, discrimination, sine, path, lorenz"),
        (("--workers", "0"), "--workers", "0"),
        (("--scheduler", "nowhere"), "--scheduler", "nowhere"),
        (("--scheduler", "tcp://127.0.0.1:8786", "--workers", "2"), "--scheduler", "has its own"),
        (("--quick", "--full"), "--quick", "--full"),
    ],
)
def test_a_bad_option_is_refused_before_anything_is_imported(knock, arguments, option, problem):
    knock(COMMAND, *arguments).refuses(option, problem)


def test_a_scheduler_that_does_not_answer_is_refused(ask, tmp_path):
    asked = shortened(TINY, "Width")
    answer = ask(asked, "--scheduler", "tcp://127.0.0.1:1", "--store", str(tmp_path / "store"))
    answer.refuses("--scheduler", "tcp://127.0.0.1:1")


@pytest.mark.parametrize(
    ("mark", "problem"), [(json.dumps({"format": FORMAT + 1}), f"format {FORMAT + 1}"), ("{", "cannot be read")]
)
def test_a_store_of_another_version_is_refused(ask, tmp_path, mark, problem):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "store.json").write_text(mark)
    ask(shortened(TINY, "Width"), "--store", str(tmp_path / "store")).refuses("--store", problem, "this version's")


@pytest.mark.sampled(0)  # ten seconds of training
def test_an_unreachable_threshold_ends_in_words_and_the_populations_are_kept(ask, tmp_path):
    store, out = tmp_path / "store", tmp_path / "found.json"
    asked = shortened(TINY, "One population", "Width")
    answer = ask(asked, *FLIP_FLOP, "--networks", "3", "--units", "4", "--store", str(store), "--json", str(out))
    assert answer.status == 0
    assert answer.out.splitlines()[-1].startswith("PASS degeneracy")
    assert "more updates or a higher threshold" in " ".join(answer.out.replace("│", " ").split())
    quantities = json.loads(out.read_text())["quantities"]
    for name in ("flip-flop, 3 bits, alone", "flip-flop, 8 units"):
        assert quantities[name]["converged"] == 0
        assert quantities[name]["outcomes"] == {
            "not_converged": "3 of 3: its loss did not reach the threshold: allow more epochs, or try another learning "
            "rate"
        }
    assert len(list(store.glob("train-job-*.nc"))) == 3


def test_a_population_that_cannot_be_trained_fails_in_words_and_the_others_are_kept(ask, tmp_path, monkeypatch):
    def train(condition, **settings):
        if condition.task.bits == 3:
            raise MemoryError("no room for 3 bits")
        return train_population(condition, **settings)

    monkeypatch.setattr(jobs, "train_population", train)
    store, out = tmp_path / "store", tmp_path / "found.json"
    asked = shortened(TINY, "One population", "Width")
    answer = ask(asked, *FLIP_FLOP, "--networks", "3", "--units", "4", "--store", str(store), "--json", str(out))
    assert answer.status == 1
    told, trained, measured = answer.err.splitlines()
    assert told.startswith("One population")
    assert "2 jobs failed, all others are stored" in told
    assert trained.startswith("  train-job-")
    assert trained.endswith("MemoryError: no room for 3 bits")
    assert measured.startswith("  measure-job-")
    assert "not begun, as it needs train-job-" in measured
    last = answer.out.splitlines()[-1]
    assert last.startswith("FAIL degeneracy: ")
    assert last.endswith(f"failed: {TRAINED[0].title}: finished")
    found = json.loads(out.read_text())
    assert found["quantities"][f"{TRAINED[0].title}: unfinished"][1] == trained.strip()
    assert found["quantities"]["flip-flop, 8 units"]["networks"] == 3
    assert len(list(store.glob("train-job-*.nc"))) == 2


@pytest.mark.sampled(0)  # numbers of one condition, and what a command does with two, are in other tests
def test_every_condition_has_its_numbers_and_their_errors(ask, tmp_path):
    out = tmp_path / "found.json"
    effort = replace(TINY, updates=400, tasks=of_tasks(0.5))
    asked = shortened(effort, "Complexity: channels")
    given = (*FLIP_FLOP, "--networks", "3", "--units", "6", "--store", str(tmp_path / "store"), "--json", str(out))
    assert ask(asked, *given).status == 0
    quantities = json.loads(out.read_text())["quantities"]
    for bits in (1, 2):
        entry = quantities[f"flip-flop, {bits} bits"]
        assert (entry["networks"], entry["converged"], entry["units"], entry["memory_demand"]) == (3, 3, 6, 1)
        for name in ESTIMATES:
            assert isinstance(entry[name], float), name
            assert entry[f"{name}_standard_error"] >= 0, name


@pytest.mark.sampled(0)  # what a kill leaves of a sweep is in tests/simulate/sweep/test_kills.py
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_run_is_told_apart_and_keeps_what_it_trained(tmp_path):
    store = tmp_path / "store"
    arguments = ["--quick", "--networks", "3", "--units", "4", "--store", str(store), "--out", str(tmp_path / "out")]
    run = subprocess.Popen(
        [sys.executable, "-m", "validate.degeneracy", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(store.glob("train-job-*.nc")) and run.poll() is None:
        time.sleep(0.2)
    run.send_signal(signal.SIGTERM)
    out, err = run.communicate(timeout=120)
    assert run.returncode == 143, out + err
    assert "Traceback" not in err
    assert "INTERRUPTED" in out
    assert not list(store.glob(".*.part"))
    assert json.loads((tmp_path / "out" / "degeneracy.json").read_text())["passed"] is False
