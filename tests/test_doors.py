"""The front doors: what they name, that they are cheap to open, and that readers are shown no other way in."""

import ast
import doctest
import importlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
DOORS = sorted(
    ".".join(stub.relative_to(ROOT).parent.parts)
    for root in ("theory", "simulate")
    for stub in (ROOT / root).glob("*/__init__.pyi")
)
HEAVY = ("sympy", "numpy", "scipy", "flint", "cvxpy", "jax", "diffrax", "equinox")
PAIRS = {"LINEAR", "ERF", "TANH", "RELU", "VOLTAGE", "RATE"}
"""Each of one name at two doors, and one to the user: what takes the one takes the other (`test_one_object.py`)."""

ENOUGH = 24
"""Names of a door that a reader can take in: about a dozen of its own, and its rooms."""


def named_by(stub: Path) -> frozenset[str]:
    """The names in a stub's `__all__`."""
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=names)):
                return frozenset(ast.literal_eval(name) for name in names)
    raise AssertionError(f"{stub} has no __all__")


def stub_of(package: str) -> Path:
    return ROOT.joinpath(*package.split("."), "__init__.pyi")


# What may be imported where a reader looks


def trespasses(source: str) -> list[str]:
    """Imports of ours that go past a front door, and what is asked of a room that it does not name."""
    tree = ast.parse(source)
    return [*_imports_past_doors(tree), *_asked_past_rooms(tree)]


def _imports_past_doors(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if _ours(alias.name) and alias.name.count(".") != 1)
            case ast.ImportFrom(module=str(module), names=names) if _ours(module):
                past = module.count(".") > 1
                yield from (f"{module}.{alias.name}" for alias in names if past or not _named(module, alias.name))


def _asked_past_rooms(tree: ast.Module) -> Iterator[str]:
    rooms = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and _ours(node.module)
        for alias in node.names
        if stub_of(f"{node.module}.{alias.name}").exists()
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in rooms:
                if not _named(rooms[name], attribute):
                    yield f"{rooms[name]}.{attribute}"


def _ours(module: str) -> bool:
    return module.split(".")[0] in ("theory", "simulate")


def _named(module: str, name: str) -> bool:
    """Whether a door or a room names it; a file beside the doors names all that it holds, a root all its doors."""
    place = ROOT.joinpath(*module.split("."))
    if stub_of(module).exists():
        return name in named_by(stub_of(module))
    return place.with_suffix(".py").exists() or f"{module}.{name}" in DOORS


def python_in(page: Path) -> str:
    return "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL))


def python_of(notebook: Path) -> str:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def examples_of(file: Path) -> str:
    """The examples of a file's docstrings, one after the other."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds))
    return "".join(example.source for text in texts if text for example in doctest.DocTestParser().get_examples(text))


def shown() -> Iterator[tuple[str, str]]:
    """All Python that a reader is shown: where, and what."""
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))):
        yield page.relative_to(ROOT).as_posix(), python_in(page)
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        yield notebook.name, python_of(notebook)
    for file in sorted((ROOT / "benchmarks").glob("*.py")):
        yield f"benchmarks/{file.name}", file.read_text(encoding="utf-8")
    for root in ("theory", "simulate", "validate"):
        for file in sorted((ROOT / root).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), examples_of(file)


def test_readers_are_shown_front_doors_only() -> None:
    assert [f"{where}: {name}" for where, source in shown() for name in trespasses(source)] == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from theory.ghost import ToyModel, toy\ntoy.step_output.r", []),
        ("from theory.lowering import lower_numpy", []),
        ("from validate.overlaps.size_law import fit_size_law\nimport sympy", []),
        ("import theory.ghost as g", []),
        ("from theory.ghost.toy.toy_model import ToyModel", ["theory.ghost.toy.toy_model.ToyModel"]),
        ("from theory.ghost.toy import step_output", ["theory.ghost.toy.step_output"]),
        ("import theory.ghost.toy", ["theory.ghost.toy"]),
        ("from theory.ghost import lowered", ["theory.ghost.lowered"]),
        ("from theory import ghost", []),
        ("from theory import toy", ["theory.toy"]),
        ("def f():\n    from theory.contraction import gain", ["theory.contraction.gain"]),
        ("from theory.ghost import toy as t\nt.nothing", ["theory.ghost.toy.nothing"]),
    ],
)
def test_the_walk_sees_what_goes_past_a_door(source: str, names: list[str]) -> None:
    assert trespasses(source) == names


# What the doors name


def test_every_pillar_and_shared_room_has_a_door() -> None:
    folders = {path.parent for root in ("theory", "simulate") for path in (ROOT / root).glob("*/*.py")}
    assert {".".join(folder.relative_to(ROOT).parts) for folder in folders} == set(DOORS)


def test_a_room_names_all_its_files() -> None:
    """So that none is missing once it is there, or still named when it is gone."""
    for stub in (stub for root in ("theory", "simulate") for stub in (ROOT / root).glob("*/*/__init__.pyi")):
        assert named_by(stub) == {file.stem for file in stub.parent.glob("*.py")} - {"__init__"}, stub.parent


@pytest.mark.parametrize("door", DOORS)
def test_a_door_opens_to_all_that_it_names(door: str) -> None:
    opened = importlib.import_module(door)
    assert set(opened.__all__) == named_by(stub_of(door))
    assert len(opened.__all__) <= ENOUGH
    assert [name for name in opened.__all__ if getattr(opened, name, None) is None] == []


@pytest.mark.parametrize("door", DOORS)
def test_every_name_has_an_example_that_the_tests_run(door: str) -> None:
    """`pytest --doctest-modules` runs what the finder finds in the module that defines the name."""
    opened = importlib.import_module(door)
    assert [name for name in opened.__all__ if not has_example(getattr(opened, name))] == []


def has_example(exported: object) -> bool:
    """A room has it in its first docstring, an instance in that of its class or of what that derives from."""
    if isinstance(exported, ModuleType):
        return exported.__name__ in examples_found_in(exported)
    described = (exported,) if hasattr(exported, "__qualname__") else type(exported).__mro__[:-1]
    return any(
        f"{each.__module__}.{each.__qualname__}" in examples_found_in(sys.modules[each.__module__])
        for each in described
    )


def examples_found_in(module: ModuleType) -> set[str]:
    return {test.name for test in doctest.DocTestFinder().find(module) if test.examples}


def test_a_name_means_one_thing() -> None:
    """No two doors name two things alike, but for what theory writes as an expression and simulation as a function."""
    named = {door: named_by(stub_of(door)) for door in DOORS}
    count = Counter(name for names in named.values() for name in names)
    assert {name for name, doors in count.items() if doors > 1} == PAIRS
    for name in PAIRS:
        one, other = (getattr(importlib.import_module(door), name) for door in DOORS if name in named[door])
        assert one.name == other.name


# What it costs to open them


def test_opening_a_door_imports_nothing_heavy() -> None:
    code = f"import sys, {', '.join(DOORS)}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("asked", "spared"),
    [
        ("from theory.ghost import Window", "theory.ghost.circuit.latent_circuit"),
        ("from theory.overlaps import Shape", "theory.overlaps.overlap_theory"),
        ("from theory.contraction import VOLTAGE", "theory.contraction.certify"),
    ],
)
def test_a_name_brings_only_what_it_needs(asked: str, spared: str) -> None:
    code = f"import sys; {asked}; print({spared!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"
