"""One thing, one name, and none for nothing: classes are called unlike, and what no reader reaches something uses."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
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


# What is there for the tests alone

LOADED_BY_NAME = {"checks", "figures", "files"}
"""What a section of a command consists of (`validate.command.Section`)."""


def defined(tree: ast.Module) -> dict[str, ast.stmt]:
    """The public names of a module's top level, and what defines them."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = node
            case ast.Assign(targets=targets):
                found |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    return {name: node for name, node in found.items() if not name.startswith("_")}


def named(tree: ast.AST) -> Counter[str]:
    """Every name that a tree uses, as often as it does: alone, after a point, imported."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                found[name] += 1
    return found


def reached(path: Path) -> bool:
    """Whether readers reach all that is in a file: beside the doors, named by one, or in a room that one names."""
    stub = path.parent / "__init__.pyi"
    place = path.relative_to(ROOT).parts
    if place[0] == "validate" or len(place) == 3:
        return stub.exists() and f"from . import {path.stem} as" in stub.read_text(encoding="utf-8")
    return len(place) == 2 or stub.exists()


def idle(sources: dict[str, str], elsewhere: Iterable[str]) -> set[str]:
    """Public names of some modules that nothing uses: neither one of these sources nor a text elsewhere."""
    trees = {path: ast.parse(source) for path, source in sources.items()}
    uses = Counter(name for text in elsewhere for name in re.findall(r"\w+", text))
    for tree in trees.values():
        uses.update(named(tree))
    return {
        f"{path}: {name}"
        for path, tree in trees.items()
        for name, node in defined(tree).items()
        if uses[name] <= named(node)[name] and name not in LOADED_BY_NAME
    }


def test_nothing_behind_the_doors_is_there_for_the_tests_alone() -> None:
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    found = idle({file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}, shown())
    assert sorted(each for each in found if not reached(ROOT / each.split(":")[0])) == []


def shown() -> Iterator[str]:
    """What doors name, and the code that readers are shown."""
    for pattern in (*(f"{package}/**/*.pyi" for package in PACKAGES), "benchmarks/*.py", "notebooks/*.ipynb"):
        for file in sorted(ROOT.glob(pattern)):
            yield file.read_text(encoding="utf-8")
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        yield from re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_walk_sees_what_is_idle() -> None:
    source = "A = B = 1\ndef f(): return f() + A\ndef _g(): pass\nclass C: pass\nD: int = 2"
    assert idle({"a.py": source}, ["the class `C`"]) == {"a.py: B", "a.py: f", "a.py: D"}
    assert idle({"a.py": source, "b.py": "from a import f\nimport a\na.D\na.B"}, []) == {"a.py: C"}
