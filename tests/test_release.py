"""What is released holds all that a user needs: data, types, one version, which citation and changelog know."""

import re
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("theory", "simulate", "validate")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = PROJECT["project"]["version"]


def needed() -> list[PurePosixPath]:
    """Every file of the packages that an installed one is to have."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    return [PurePosixPath(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts]


def test_every_file_of_the_packages_is_code_or_named_as_data() -> None:
    named = PROJECT["tool"]["setuptools"]["package-data"]
    for path in needed():
        if path.suffix != ".py":
            inside = PurePosixPath(*path.parts[1:]).as_posix()
            patterns = [*named["*"], *named.get(path.parts[0], [])]
            assert any(fnmatch(path.name, each) or fnmatch(inside, each) for each in patterns), path


def test_type_checkers_are_told_that_there_are_types() -> None:
    assert all(PurePosixPath(package, "py.typed") in needed() for package in PACKAGES)


def test_every_folder_of_code_is_a_package() -> None:
    assert all((ROOT / path.parent / "__init__.py").is_file() for path in needed() if path.suffix == ".py")


def test_one_version_is_told_everywhere() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", citation, flags=re.MULTILINE) == [VERSION]
    assert version("rnn-learning-theory") == VERSION
    newest = next(
        line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:3] == "## "
    )
    assert newest in ("## Unreleased", f"## {VERSION}")


@pytest.mark.sampled(0)
def test_an_installed_wheel_runs_every_command(tmp_path: Path) -> None:
    """From a copy of what is released, in an environment that sees the other packages of this one and not this tree."""
    wheel = built(tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        assert {path.as_posix() for path in needed()} <= set(archive.namelist())
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    (packages,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    others = Path(pytest.__file__).parents[1]
    (packages / "others.pth").write_text(f"{others}\n")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)  # all that an installer does with a wheel of no scripts
    python = str(tmp_path / "venv" / "bin" / "python")
    where = subprocess.run([python, "-c", "import validate; print(validate.__file__)"], **inside(tmp_path))
    assert Path(where.stdout.strip()).is_relative_to(packages)
    told = subprocess.run([python, "-m", "validate", "--version"], **inside(tmp_path))
    assert told.stdout == f"rnn-learning-theory {VERSION}\n"
    for name in ("ghost", "overlaps", "contraction", "degeneracy", "universality"):
        done = subprocess.run([python, "-m", f"validate.{name}", "--help"], **inside(tmp_path))
        assert f"Usage: python -m validate.{name}" in done.stdout


def built(tmp_path: Path) -> Path:
    """The wheel of a copy of the tree, so that nothing is left in this one."""
    copy = tmp_path / "copy"
    for path in [*needed(), *map(PurePosixPath, ("pyproject.toml", "README.md", "LICENSE"))]:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes((ROOT / path).read_bytes())
    words = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(copy)]
    subprocess.run([sys.executable, *words], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    return wheel


def inside(folder: Path) -> dict[str, Any]:
    """How the installed commands are run: from another folder, without the source tree."""
    return {
        "cwd": folder,
        "env": {"PATH": "", "HOME": str(folder)},
        "capture_output": True,
        "text": True,
        "check": True,
    }
