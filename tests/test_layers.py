"""The layers of the project, by a walk over the imports of every file (also those inside functions)."""

import ast
import graphlib
import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("theory", "simulate", "validate")
OURS = (*PACKAGES, "tests", "benchmarks")
BRIDGE = (  # from symbols to JAX: the doors to `theory`
    "simulate/lowering.py",
    "simulate/stable.py",
    "simulate/degeneracy/carried.py",
    "simulate/degeneracy/dispersed.py",
    "simulate/degeneracy/drawn.py",
    "simulate/degeneracy/escaping.py",
    "simulate/degeneracy/held.py",
    "simulate/degeneracy/leading.py",
    "simulate/degeneracy/levels.py",
    "simulate/degeneracy/predicted.py",
    "simulate/degeneracy/training_map.py",
    "simulate/degeneracy/transported.py",
    "simulate/overlaps/closure.py",
    "simulate/overlaps/flow.py",
    "simulate/overlaps/gain.py",
    "simulate/overlaps/levels.py",
    "simulate/overlaps/nonlinearity.py",
)
GROUND_TRUTH = ("cells", "tasks", "training", "measures")
PILLARS = ("ghost", "overlaps", "contraction", "degeneracy", "universality")
JAX = ("jax", "jaxlib", "diffrax", "equinox", "optax", "optimistix", "lineax")


LAZY = """import lazy_loader
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)"""


def imported(source: str, package: str) -> Iterator[str]:
    """Dotted names that a file imports, wherever in the file; `package` is where relative imports start."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - level + 1], module or ""]) if level else module or ""
                base = base.rstrip(".")
                yield base
                yield from (f"{base}.{alias.name}" for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def within(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def forbidden(path: str) -> tuple[str, ...]:
    """What the file at `path` (relative to the root) may not import."""
    top = path.split("/")[0]
    if top == "theory":
        return (*JAX, *(name for name in OURS if name != "theory"))
    if top == "simulate":
        if path in BRIDGE:
            return ("validate", "tests", "benchmarks")
        bridge = (name.removesuffix(".py").replace("/", ".") for name in BRIDGE)
        return ("validate", "tests", "benchmarks", "theory", *bridge)  # ground truth
    if top == "validate":
        return ("tests", "benchmarks")
    if top in ("benchmarks", "docs"):
        return ("validate", "tests")
    return ()


def pillar_of(parts: tuple[str, ...]) -> str | None:
    """The pillar that a path or a dotted name belongs to: its second part, in any of the three roots."""
    return parts[1] if len(parts) > 1 and parts[0] in PACKAGES and parts[1] in PILLARS else None


def past_a_door(path: str, name: str) -> bool:
    """Whether the file of one pillar imports this name of another pillar past its front door."""
    here, parts = pillar_of(tuple(path.split("/"))), tuple(name.split("."))
    there = pillar_of(parts)
    if here is None or there in (None, here) or len(parts) == 2:
        return False
    return len(parts) > 3 or parts[2] not in door(".".join(parts[:2]))


def door(package: str) -> tuple[str, ...]:
    """What a front door names; nothing where there is none, as in `validate`."""
    return getattr(importlib.import_module(package), "__all__", ())


def violations(root: Path) -> list[str]:
    """Every import that breaks a rule, as `file imports name`."""
    broken = []
    for top in (*PACKAGES, "benchmarks", "docs"):
        for file in sorted((root / top).rglob("*.py")):
            path = file.relative_to(root).as_posix()
            package = ".".join(file.relative_to(root).parent.parts)
            names = imported(file.read_text(encoding="utf-8"), package)
            broken += [
                f"{path} imports {name}" for name in names if within(name, forbidden(path)) or past_a_door(path, name)
            ]
    return broken


def test_no_file_breaks_the_layers() -> None:
    assert violations(ROOT) == []


def module_at(file: Path, root: Path) -> str:
    """The dotted name of the module in a file."""
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(root: Path) -> dict[str, set[str]]:
    """The modules that each module imports, anywhere in its file and for types alone too; through a door, those behind.

    A package itself imports nothing: its `__init__.py` is a docstring, or a door that opens when it is asked.
    """
    files = {module_at(file, root): file for package in PACKAGES for file in sorted((root / package).rglob("*.py"))}
    behind = {
        f"{module_at(stub, root)}.{alias.name}": ".".join(filter(None, (module_at(stub, root), node.module)))
        for package in PACKAGES
        for stub in sorted((root / package).rglob("*.pyi"))
        for node in ast.parse(stub.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    def module_of(name: str) -> str:
        while name and name not in files:
            name = behind.get(name) or name.rpartition(".")[0]
        return name

    graph = {}
    for module, file in files.items():
        package = ".".join(file.relative_to(root).parent.parts)
        found = {module_of(name) for name in imported(file.read_text(encoding="utf-8"), package)} - {"", module}
        graph[module] = {name for name in found if files[name].name != "__init__.py"}
    return graph


def circle(root: Path) -> list[str]:
    """Modules that import one another in a circle, the first of them also at the end; none if there is no circle."""
    try:
        graphlib.TopologicalSorter(import_graph(root)).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_one_another_in_a_circle() -> None:
    assert circle(ROOT) == []


@pytest.mark.parametrize(
    ("one", "other", "round_and_round"),
    [
        ("from simulate.room.b import f", "import simulate.a", True),
        ("from simulate.room.b import f", "def f():\n    from ..a import g", True),
        ("from simulate.room import f", "from simulate import a", True),
        ("if TYPE_CHECKING:\n    from simulate.room import b", "from simulate.a import g", True),
        ("from simulate.room import f", "import simulate.room", False),
        ("import simulate.room", "from simulate import a", False),
    ],
)
def test_the_walk_sees_circles(one: str, other: str, round_and_round: bool, tmp_path: Path) -> None:
    room = tmp_path / "simulate" / "room"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text(LAZY)
    (room / "__init__.pyi").write_text("from .b import f as f")
    (tmp_path / "simulate" / "a.py").write_text(one)
    (room / "b.py").write_text(other)
    found = circle(tmp_path)
    assert set(found) == ({"simulate.a", "simulate.room.b"} if round_and_round else set())


ROOM = "theory.overlaps.gaussian"


@pytest.mark.parametrize(
    ("path", "source", "names"),
    [
        ("theory/a.py", "import jax.numpy as jnp", ["jax.numpy"]),
        ("theory/a.py", "def f():\n    from diffrax import Tsit5", ["diffrax", "diffrax.Tsit5"]),
        ("theory/a.py", "from simulate import cells", ["simulate", "simulate.cells"]),
        ("theory/sub/a.py", "from ..ghost import r\nfrom . import b\nfrom theory import ghost", []),
        ("theory/a.py", "import jaxtyping, sympy, flint", []),
        ("simulate/a.py", "if True:\n    import validate.report", ["validate.report"]),
        ("simulate/cells/rank_r.py", "import theory", ["theory"]),
        ("simulate/training/train.py", "from simulate import lowering", ["simulate.lowering"]),
        (
            "simulate/ghost/population.py",
            "from ..lowering import lower",
            ["simulate.lowering", "simulate.lowering.lower"],
        ),
        ("simulate/ghost/toy_model.py", "from .. import lowering", ["simulate.lowering"]),
        (
            "simulate/integrate.py",
            "import importlib as i\ni.import_module('theory.ghost.toy.step_output')",
            ["theory.ghost.toy.step_output"],
        ),
        ("simulate/lowering.py", "from theory.lowering import tanc", []),
        ("simulate/stable.py", "import theory.lowering", []),
        ("simulate/tasks/delayed_activation.py", "import simulate.stable", ["simulate.stable"]),
        ("simulate/lowering.py", "import validate", ["validate"]),
        ("validate/a.py", "from theory import ghost\nfrom simulate import cells, lowering", []),
        ("validate/a.py", "import tests.conftest", ["tests.conftest"]),
        ("benchmarks/a.py", "from validate import report", ["validate", "validate.report"]),
        ("benchmarks/a.py", "import simulate.training.train, torch", []),
        ("docs/a.py", "import validate", ["validate"]),
        ("theory/ghost/toy/a.py", "from theory.overlaps import Shape, equations", []),
        ("theory/ghost/a.py", "from theory.overlaps.gaussian import ERF", [ROOM, f"{ROOM}.ERF"]),
        ("validate/ghost/a.py", "from theory.overlaps import gaussian", [ROOM]),
        ("validate/overlaps/a.py", "from validate.ghost import settings", ["validate.ghost.settings"]),
        ("validate/overlaps/a.py", "from theory.overlaps.gaussian import ERF", []),
    ],
)
def test_the_walk_catches_what_it_must_and_nothing_else(
    path: str, source: str, names: list[str], tmp_path: Path
) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(source)
    assert violations(tmp_path) == [f"{path} imports {name}" for name in names]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_s_init_is_a_docstring_and_a_door_s_also_names_what_is_behind_it(package: str) -> None:
    for file in (ROOT / package).rglob("__init__.py"):
        docstring, *rest = ast.parse(file.read_text(encoding="utf-8")).body
        assert isinstance(docstring, ast.Expr)
        assert isinstance(docstring.value, ast.Constant)
        assert isinstance(docstring.value.value, str)
        assert ast.unparse(ast.Module(rest, [])) == (LAZY if file.with_suffix(".pyi").exists() else "")


def test_test_directories_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_there_are_no_packages_besides_the_three() -> None:
    assert {file.parent.name for file in ROOT.glob("*/__init__.py")} == set(PACKAGES)


def test_no_bridge_to_theory_starts_in_ground_truth() -> None:
    assert [path for path in BRIDGE if path.split("/")[1] in GROUND_TRUTH] == []


def code_cells(notebook: Path) -> list[ast.Module]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return [ast.parse(source) for source in sources if source.strip()]


def defines_something(cells: list[ast.Module]) -> bool:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    return any(isinstance(node, kinds) for cell in cells for node in ast.walk(cell))


def ends_in_an_assertion(cells: list[ast.Module]) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(cells[-1]))


def test_notebooks_define_nothing_and_end_in_assertions() -> None:
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        cells = code_cells(notebook)
        assert not defines_something(cells), notebook.name
        assert ends_in_an_assertion(cells), notebook.name


@pytest.mark.parametrize(
    ("sources", "defines", "asserts"),
    [
        (["x = 1", "assert x == 1"], False, True),
        (["def f(): pass", "assert True"], True, True),
        (["f = lambda x: x", "assert True"], True, True),
        (["assert True", "print(1)"], False, False),
    ],
)
def test_the_notebook_rules_catch_what_they_must(
    sources: list[str], defines: bool, asserts: bool, tmp_path: Path
) -> None:
    notebook = tmp_path / "a.ipynb"
    markdown = {"cell_type": "markdown", "source": ["def f(): pass"]}
    notebook.write_text(json.dumps({"cells": [markdown, *({"cell_type": "code", "source": [s]} for s in sources)]}))
    cells = code_cells(notebook)
    assert (defines_something(cells), ends_in_an_assertion(cells)) == (defines, asserts)
