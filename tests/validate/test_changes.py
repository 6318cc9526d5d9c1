import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import validate.__main__ as everything
from validate.changes import changes
from validate.claim import CONTRADICTED, FAILED, HOLDS, IN_PART, CountedClaim, PaperClaim, SettledClaim
from validate.document import Document, document
from validate.options import Refusal
from validate.report import Report
from validate.tolerance import Absolute, Exact, Relative, Reported, Tolerance


@dataclass(frozen=True)
class Config:
    delay: float = 100.0
    seed: int = 7


CLAIM = SettledClaim("few", "There are few.", "Fig. 1", "below three", settled=HOLDS)


def made(values: dict[str, object], config: Config | None = None) -> Report:
    """A run that predicts 100 of everything; a name tells the tolerance."""
    report = Report("demo", config or Config())
    tolerances: dict[str, Tolerance] = {
        "near": Absolute(0.5, "solver"),
        "relative": Relative(0.01, "solver"),
        "word": Exact(),
        "told": Reported("beside"),
    }
    for name, value in values.items():
        predicted = "LR" if name == "word" else 100.0
        claim = CLAIM if name == "near" else None
        report.check(name, predicted=predicted, measured=value, tolerance=tolerances[name], claim=claim)
    return report


def read(values: dict[str, object], config: Config | None = None) -> Document:
    return document(json.loads(made(values, config).json_bytes()))


@pytest.mark.parametrize(
    ("before", "after", "kinds", "worse"),
    [
        ({"near": 100.0}, {"near": 100.4}, [], 0),  # within the tolerance
        ({"near": 99.6}, {"near": 100.4}, [("values moved", "near")], 0),
        ({"near": 100.0}, {"near": 101.0}, [("outcome", "near"), ("verdict on a claim", "few")], 1),
        ({"relative": 99.2}, {"relative": 99.8}, [], 0),  # one per cent is one here
        ({"relative": 99.2}, {"relative": 100.4}, [("values moved", "relative")], 0),
        ({"told": 1.0}, {"told": 1.0 + 1e-12}, [], 0),
        ({"told": 1.0}, {"told": 1.001}, [("values moved", "told")], 0),
        ({"word": "LR"}, {"word": "RL"}, [("outcome", "word")], 1),
        ({"told": 1.0}, {"told": 1.0, "word": "RL"}, [("check appeared", "word")], 1),
        ({"told": 1.0, "word": "LR"}, {"told": 1.0}, [("check vanished", "word")], 0),
        ({"told": float("inf")}, {"told": 1.0}, [("values moved", "told")], 0),
    ],
)
def test_what_changed_is_told_and_what_is_within_the_tolerance_is_not(
    before: dict[str, object], after: dict[str, object], kinds: list[tuple[str, str]], worse: int
) -> None:
    found = changes(read(before), read(after))
    assert [(change.kind, change.name) for change in found] == kinds
    assert sum(change.is_worse for change in found) == worse


def test_settings_that_differ_stand_first() -> None:
    found = changes(read({"word": "LR"}), read({"word": "RL"}, Config(delay=50.0)))
    first = found[0]
    assert (first.kind, first.name, first.before, first.after) == (
        "setting",
        "delay",
        "100",
        "50",
    )


def test_of_a_setting_with_parts_those_that_differ_are_told() -> None:
    run = read({"word": "LR"})
    before, after = (
        replace(run, config={"effort": {"name": "quick", "tasks": [{"name": "sine", "steps": steps}]}})
        for steps in (50, 100)
    )
    (change,) = changes(before, after)
    assert (change.name, change.before, change.after) == ("effort, tasks, sine, steps", "50", "100")


def test_two_reports_are_compared_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for name, values in (("a", {"word": "LR"}), ("b", {"word": "RL"})):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_bytes(made(values).json_bytes())
    assert everything.compare(files, tmp_path / "out") == 1
    assert (
        "outcome: word: predicted LR, measured LR, pass -> predicted LR, measured RL, FAIL" in capsys.readouterr().out
    )
    assert 'class="worse"' in (tmp_path / "out" / "changes.html").read_text()
    assert everything.compare([files[1]] * 2, tmp_path / "out") == 0
    assert "Nothing changed" in (tmp_path / "out" / "changes.html").read_text()
    with pytest.raises(Refusal, match="1 given"):
        everything.compare(files[:1], tmp_path)
    files[0].write_text("{}")
    with pytest.raises(Refusal, match="no report of a command"):
        everything.compare(files, tmp_path)
    other = Report("other", Config())
    files[0].write_bytes(other.json_bytes())
    with pytest.raises(Refusal, match="two runs of one command"):
        everything.compare(files, tmp_path)


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (["seen"], "seen"),
        (["seen", "seen"], "seen"),
        ([CONTRADICTED] * 2, CONTRADICTED),
        (["seen", CONTRADICTED], IN_PART),
    ],
)
def test_the_verdict_on_a_claim_is_that_of_its_parts_or_in_part(measured: list[str], verdict: str) -> None:
    claim = PaperClaim("clusters", "Networks cluster.", "Fig. 1", "they do")
    report = Report("demo", Config())
    for number, each in enumerate(measured):
        report.check(f"part {number}", predicted="seen", measured=each, tolerance=Reported("small"), claim=claim)
    (judged,) = document(json.loads(report.json_bytes())).claims
    assert judged.verdict == verdict
    assert [check.measured for check in judged.checks] == measured


def test_a_claim_whose_check_fails_is_not_decided_by_the_rest() -> None:
    (judged,) = read({"near": 101.0}).claims
    assert judged.verdict == FAILED


@pytest.mark.parametrize(("measured", "verdict"), [(6, HOLDS), (5, CONTRADICTED)])
def test_a_claim_about_every_case_falls_with_one(measured: int, verdict: str) -> None:
    claim = CountedClaim("ghosts", "Every network has a ghost.", "Fig. 3", "in all")
    report = Report("demo", Config())
    report.check("networks", predicted=6, measured=measured, tolerance=Reported("beside"), claim=claim)
    assert [judged.verdict for judged in document(json.loads(report.json_bytes())).claims] == [verdict]
