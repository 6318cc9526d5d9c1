"""One thing, one name: no two classes of the three packages are called alike."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("theory", "simulate", "validate")
CHECKER = "validate/contraction/certificate_checker.py"
"""It shares no line with what it checks, and calls each kind of claim what certificates call it."""

EXPRESSION_AND_FUNCTION = {"Nonlinearity", "Form", "Voltage", "Rate"}
"""What `theory` writes as an expression and `simulate` as a function: one each, of the same name (`test_doors.py`)."""

OF_A_COMMAND = {"Config", "Effort"}
"""Each command has its settings, as it has its `checks` and `figures`; none imports those of another."""


def classes(root: Path) -> dict[str, list[str]]:
    """Where each public class is defined, by name."""
    found = defaultdict(list)
    for file in sorted(file for package in PACKAGES for file in (root / package).rglob("*.py")):
        path = file.relative_to(root).as_posix()
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and path != CHECKER:
                found[node.name].append(path)
    return found


def test_no_two_classes_have_one_name() -> None:
    twice = {name: files for name, files in classes(ROOT).items() if len(files) > 1}
    argued = EXPRESSION_AND_FUNCTION | OF_A_COMMAND
    assert {name: files for name, files in twice.items() if name not in argued} == {}
    assert set(twice) == argued, "an exception that is none any more"


def test_the_exceptions_are_what_they_are_argued_to_be() -> None:
    found = classes(ROOT)
    for name in EXPRESSION_AND_FUNCTION:
        assert [file.split("/")[0] for file in found[name]] == ["simulate", "theory"]
    for name in OF_A_COMMAND:
        folders = [Path(file).parent for file in found[name]]
        assert len(set(folders)) == len(folders), name
        assert {folder.parts[0] for folder in folders} == {"validate"}


@pytest.mark.parametrize(
    ("one", "other", "twice"),
    [
        ("class Plan: pass", "class Plan(object): pass", {"Plan"}),
        ("class Plan: pass", "class _Plan: pass\nclass Run: pass", set()),
        ("class Plan: pass", "def f():\n    class Plan: pass\nPlan = 3", set()),
    ],
)
def test_the_walk_sees_what_is_called_alike(one: str, other: str, twice: set[str], tmp_path: Path) -> None:
    for package, source in (("theory", one), ("simulate", other)):
        (tmp_path / package).mkdir()
        (tmp_path / package / "a.py").write_text(source)
    assert {name for name, files in classes(tmp_path).items() if len(files) > 1} == twice
