"""What is shown fits: rows of a line or two at any width, numbers whole, long names cut and not broken."""

import pytest
from rich.cells import cell_len

from validate.report import Check, Finding
from validate.rows import RowLayout, shortened

ORIGIN = "relative, solver tolerance 1e-12 a step, accumulated over all of the run"
SHORT = "steps of the proof"
LONG = (
    "gradient through the solver, in all regimes that can learn, and at all delays from one to a million (worst of 19)"
)
NUMBERS = ("-3.227131e-42", "-3.227132e-42", "1.72e-49", "1e-100")


def check(name: str, *, asserted: bool = True, passed: bool | None = True) -> Check:
    predicted, measured, error, tolerance = map(float, NUMBERS)
    return Check(name, predicted, measured, error, tolerance, ORIGIN, asserted, passed)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_check_takes_a_line_or_two_and_its_numbers_are_whole(width: int) -> None:
    _, *rows = (
        row.plain.splitlines() for row in RowLayout(width).of_checks([check(LONG), check(SHORT), check("loss")])
    )
    for name, lines in zip((LONG, SHORT, "loss"), rows, strict=True):
        assert len(lines) <= 2
        assert all(cell_len(line) <= width for line in lines)
        assert lines[0].startswith(f"pass  {name[:40]}")
        assert lines[-1].split()[-len(ORIGIN.split()) :][0] != "…"
        assert " ".join(NUMBERS) in " ".join(lines[-1].split())
    assert rows[0][0].endswith("…") == (width < 6 + len(LONG))


def test_names_stand_beside_their_numbers_where_there_is_room() -> None:
    checks = [check(LONG), check(SHORT), check("loss")]
    assert [len(row.plain.splitlines()) for row in RowLayout(120).of_checks(checks)] == [1, 2, 1, 1]
    assert [len(row.plain.splitlines()) for row in RowLayout(80).of_checks(checks)] == [1, 2, 2, 2]


def test_a_row_of_a_file_is_one_line_and_whole() -> None:
    for row in list(RowLayout(None).of_checks([check(LONG), check(SHORT)]))[1:]:
        assert "\n" not in row.plain
        assert row.plain.endswith(ORIGIN)
        assert "…" not in row.plain


@pytest.mark.parametrize("width", [60, 80, 120, None])
def test_numbers_stand_under_one_another(width: int | None) -> None:
    rows = [row.plain.splitlines()[-1] for row in RowLayout(width).of_checks([check(SHORT), check("loss")])]
    assert len({line.index(number) + len(number) for line in rows[1:] for number in NUMBERS[:1]}) == 1
    assert rows[0].index("predicted") + len("predicted") == rows[1].index(NUMBERS[0]) + len(NUMBERS[0])


@pytest.mark.parametrize(
    ("asserted", "passed", "mark"),
    [(True, True, "pass"), (True, False, "FAIL"), (False, True, "yes"), (False, False, "no"), (False, None, "")],
)
def test_a_row_begins_with_its_outcome(asserted: bool, passed: bool | None, mark: str) -> None:
    _, row = RowLayout(None).of_checks([check(SHORT, asserted=asserted, passed=passed)])
    assert row.plain[:6].rstrip() == mark
    assert ("reported" in row.plain) == (mark in ("yes", "no"))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_quantity_is_a_line(width: int) -> None:
    told = [("failure_ratio", 1.0290434694, "critical rates"), ("cycle_word", "LR" * 60, "turns"), ("floor", None, "")]
    lines = [row.plain for row in RowLayout(width).of_quantities(told)]
    assert all(cell_len(line) <= width for line in lines)
    assert lines[0].split(maxsplit=1) == ["1.029043", "failure ratio: critical rates"]
    assert lines[1].split(maxsplit=2)[:2] == ["cycle", "word"]
    assert lines[1].endswith("…") == (width < 150)
    assert lines[2].split() == ["-", "floor"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_a_finding_means_is_not_cut(width: int) -> None:
    meaning = "the part of W that rank two leaves out, its Frobenius norm over that of W, all units alike"
    found = [Finding("residual", 0.25, "of |W|", meaning), Finding("row_classes", None, "", "too few")]
    first, second = (row.plain for row in RowLayout(width).of_findings(found))
    assert all(len(line) <= width for line in (*first.splitlines(), second))
    assert " ".join(first.split()) == f"residual 0.25 of |W| {meaning}"
    assert second.split() == ["row", "classes", "none", "too", "few"]
    assert first.index("0.25") == second.index("none")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_words_in_the_place_of_numbers_are_cut_and_fit(width: int) -> None:
    words = Check("verdict", "contracting by weights", "not certified in this metric", None, None, ORIGIN, False, None)
    (row,) = list(RowLayout(width).of_checks([words]))[1:]
    assert all(cell_len(line) <= width for line in row.plain.splitlines())
    assert "…" in row.plain


def test_a_heading_is_one_line() -> None:
    title = "Flip-flop: points, graphs and representations (Fig. 1)"
    assert RowLayout(None).heading(title, "interrupted after 111.8 s").plain == f"{title}: interrupted after 111.8 s"
    assert RowLayout(70).heading(title, "interrupted after 111.8 s").plain.endswith("…: interrupted after 111.8 s")
    assert len(RowLayout(70).heading(title, "interrupted after 111.8 s").plain) == 70


def test_words_are_cut_by_columns_not_by_letters() -> None:
    assert shortened("overlap", 7) == "overlap"
    assert shortened("overlaps of all", 9) == "overlaps…"
    assert cell_len(shortened("重なり重なり", 6)) <= 6
