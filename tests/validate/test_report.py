import dataclasses
import json
import math
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import validate
from validate import report as report_module
from validate.report import Check, DuplicateNameError, Report, Source, Unfinished, UnrecordableError, plain
from validate.rows import formatted, outcome
from validate.table import tell_end, tell_section
from validate.tolerance import Absolute, Exact, Relative, Reported


@dataclass(frozen=True)
class Config:
    delay: float
    seed: int


def report() -> Report:
    return Report("demo", Config(delay=100.0, seed=7))


def test_validate_is_ours_and_not_another_package_of_that_name() -> None:
    assert Path(validate.__file__).parent == Path(__file__).parents[2] / "validate"


def test_the_document_has_the_promised_shape() -> None:
    made = report()
    made.check("loss", predicted=0.0, measured=1e-15, tolerance=Absolute(1e-12, "rounding"))
    made.quantity("optimal_r", 2.5e-4)
    document = json.loads(made.json_bytes())
    assert document["checks"] == [
        {
            "name": "loss",
            "predicted": 0.0,
            "measured": 1e-15,
            "error": 1e-15,
            "tolerance": 1e-12,
            "tolerance_from": "rounding",
            "asserted": True,
            "passed": True,
        }
    ]
    assert document["command"] == "demo"
    assert document["config"] == {"delay": 100.0, "seed": 7}
    assert document["quantities"] == {"optimal_r": 2.5e-4}
    assert document["passed"] is True
    assert document["provenance"]["seed"] == 7
    assert {"versions", "seed", "platform", "seconds"} <= document["provenance"].keys()
    assert document["provenance"]["versions"]["numpy"] == np.__version__


def test_numbers_that_are_not_finite_become_null_and_infinite_ones_have_a_flag() -> None:
    made = report()
    made.check("a", predicted=math.inf, measured=math.nan, tolerance=Absolute(1.0, "s"))
    made.quantity("gain", math.inf)
    made.quantity("cycle_word", None)
    made.quantity("floors", [0.1, -math.inf, math.nan])
    made.quantity("nested", {"rate": np.float64("nan"), "count": np.int64(3)})
    document = json.loads(made.json_bytes(), parse_constant=pytest.fail)
    check = document["checks"][0]
    assert check["predicted"] is None
    assert check["predicted_unbounded"] is True
    assert check["measured"] is None
    assert document["quantities"] == {
        "gain": None,
        "gain_unbounded": True,
        "cycle_word": None,
        "floors": [0.1, None, None],
        "floors_unbounded": True,
        "nested": {"rate": None, "count": 3},
    }


@pytest.mark.parametrize(
    ("asserted", "measured", "code", "word"),
    [(True, 1.0, 0, "pass"), (True, 2.0, 1, "FAIL"), (False, 2.0, 0, "reported: does not hold")],
)
def test_only_asserted_checks_decide_the_exit_status(asserted: bool, measured: float, code: int, word: str) -> None:
    made = report()
    check = made.check("x", predicted=1.0, measured=measured, tolerance=Exact(), asserted=asserted)
    assert made.exit_code == code
    assert made.passed is (code == 0)
    assert outcome(check) == word
    assert made.verdict.startswith("PASS" if code == 0 else "FAIL")
    assert "\n" not in made.verdict


def test_a_reported_check_is_never_asserted() -> None:
    made = report()
    check = made.check("learned", predicted=74, measured=68, tolerance=Reported("the paper's count"))
    assert (check.asserted, check.passed, made.exit_code) == (False, None, 0)
    assert "1 reported" in made.verdict


def test_an_interrupted_run_is_not_a_passed_one() -> None:
    made = report()
    made.check("x", predicted=1.0, measured=1.0, tolerance=Exact())
    made.interrupted = True
    assert (made.exit_code, made.passed, made.document()["interrupted"]) == (130, False, True)


def test_a_run_that_is_stopped_before_it_finds_anything_speaks_of_no_checks() -> None:
    made = report()
    made.interrupted = True
    assert made.verdict.endswith(": before anything was found")


def test_a_finding_of_several_words_is_a_list_in_the_document() -> None:
    made = report()
    made.finding("ignored", ("notes", "name"), "", "names that play no part")
    assert made.document()["quantities"]["ignored"] == ["notes", "name"]
    assert formatted(made.findings[""][0].value) == "notes, name"


def test_names_are_unique_and_values_recordable() -> None:
    made = report()
    made.check("x", predicted=1.0, measured=1.0, tolerance=Exact())
    with pytest.raises(DuplicateNameError, match="'x'"):
        made.check("x", predicted=1.0, measured=1.0, tolerance=Exact())
    made.quantity("q", 1)
    with pytest.raises(DuplicateNameError, match="'q'"):
        made.quantity("q", 1)
    with pytest.raises(UnrecordableError, match="complex"):
        made.quantity("z", 1j)
    assert "z" not in made.quantities


def test_sections_keep_their_order_and_group_the_checks() -> None:
    made = report()
    for title in ("toy", "network", "toy"):
        made.section(title)
        made.check(f"check {len(made.checks)}", predicted=0.0, measured=0.0, tolerance=Exact())
    assert {title: len(checks) for title, checks in made.sections.items()} == {"toy": 2, "network": 1}


def test_two_runs_differ_in_provenance_alone() -> None:
    documents = []
    for _ in range(2):
        made = report()
        made.check("x", predicted=1.0, measured=1.0 + 2**-40, tolerance=Relative(1e-9, "rounding"))
        document = made.document()
        document.pop("provenance")
        documents.append(json.dumps(document))
    assert documents[0] == documents[1]


def test_a_section_shows_every_number_and_the_end_the_failures_again_and_the_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = report()
    made.section("The toy model")
    made.check("loss [1]", predicted=0.25, measured=0.75, tolerance=Absolute(0.125, "O(dt^2)"))
    made.check("steps", predicted=2, measured=2, tolerance=Exact())
    made.quantity("optimal_r", 0.0625, "1 / time")
    made.section("The network")
    made.quantity("neurons", 3)
    tell_section(made, "The toy model", 1.25)
    first, _, row, other, quantity, blank = capsys.readouterr().out.splitlines()
    assert first == "The toy model: 1 of 2 pass, 1.2 s"
    assert row.split() == ["FAIL", "loss", "[1]", "0.25", "0.75", "0.5", "0.125", "O(dt^2)"]
    assert other.split() == ["pass", "steps", "2", "2", "0", "0", "exact"]
    assert quantity.split(maxsplit=1) == ["0.0625", "optimal r: 1 / time"]
    assert blank == ""
    tell_end(made)
    heading, _, again, verdict = capsys.readouterr().out.splitlines()
    assert (heading, verdict) == ("Failed:", made.verdict)
    assert again.split() == row.split()


def test_quantities_of_several_numbers_are_for_the_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = report()
    made.section("levels")
    made.quantity("levels", {"mean": 1.0})
    tell_section(made, "levels", 0.0)
    assert capsys.readouterr().out == "levels: 0.0 s\n\n"


def test_a_section_that_is_not_finished_fails_and_says_why() -> None:
    made = report()
    made.section("trained")
    made.unfinished("trained", Unfinished("1 job failed:\n  one: MemoryError"))
    assert made.exit_code == 1
    assert made.quantities == {"trained: unfinished": ["1 job failed:", "one: MemoryError"]}
    assert made.verdict.endswith("failed: trained: finished")


def test_numbers_are_shown_in_full_and_absent_ones_as_a_dash() -> None:
    assert [formatted(value) for value in (None, True, 3, 0.1, "LRR")] == ["-", "True", "3", "0.1", "LRR"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_anything_made_of_numbers_and_text_can_be_written(value: object) -> None:
    json.dumps(plain({"value": value}), allow_nan=False)


def test_a_check_is_frozen() -> None:
    check = Check("x", 1.0, 1.0, 0.0, 0.0, "exact", True, True)
    with pytest.raises(AttributeError):
        check.passed = False  # type: ignore[misc]


def test_a_run_that_ended_holds_the_promised_keys_and_no_other() -> None:
    made = report()
    promised = ["command", "config", "checks", "sections", "claims", "quantities", "meanings", "passed", "provenance"]
    assert list(made.document()) == promised
    made.interrupted = True
    assert sorted(made.document()) == sorted([*promised, "interrupted"])


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder), *words],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_provenance_has_the_commit_and_whether_the_code_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "__file__", str(tmp_path / "validate" / "report.py"))
    read = report_module.source.__wrapped__
    assert read() == Source(None, None)  # no checkout, as in an installed package
    git(tmp_path, "init", "-q")
    assert read() == Source(None, None)  # no commit yet
    (tmp_path / "validate").mkdir()
    (tmp_path / "validate" / "report.py").write_text("1")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.json").write_text("no code")
    assert read() == Source(commit, False)
    (tmp_path / "validate" / "new.py").write_text("2")
    assert read() == Source(commit, True)
    (tmp_path / "validate" / "new.py").unlink()
    (tmp_path / "validate" / "report.py").write_text("3")
    assert read() == Source(commit, True)


def test_the_document_says_both() -> None:
    provenance = Report("demo", Config(delay=100.0, seed=7)).document()["provenance"]
    assert isinstance(provenance, dict)
    assert (provenance["commit"], provenance["tree_changed"]) == dataclasses.astuple(report_module.source())
