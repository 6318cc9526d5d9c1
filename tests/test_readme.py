"""Every block of Python in README and docs runs alone, as printed, in a fresh interpreter; its comments hold."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SNIPPET = ROOT / "tests" / "snippet.py"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def run(page: Path, number: int, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(SNIPPET), str(page), str(number)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        timeout=300,
    )


def count(page: Path) -> int:
    return page.read_text(encoding="utf-8").count("\n```python\n")


@pytest.mark.parametrize("number", range(count(PAGES[0])))
def test_a_block_of_the_readme_runs_alone(number: int, tmp_path: Path) -> None:
    done = run(PAGES[0], number, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("page", "number"),
    [pytest.param(page, k, id=f"{page.relative_to(ROOT)}-{k}") for page in PAGES[1:] for k in range(count(page))],
)
@pytest.mark.sampled(3)
def test_a_block_of_a_page_runs_alone(page: Path, number: int, tmp_path: Path) -> None:
    done = run(page, number, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_readme_has_a_block_a_pillar() -> None:
    assert count(PAGES[0]) >= 3


@pytest.mark.parametrize(
    ("source", "checked", "problem"),
    [
        ("1 / 3  # 0.3333 of it", 1, ""),
        ("1 / 3  # 0.3334", 0, "gives 0.3333333333333333, the comment says 0.3334"),
        ("x = 2e-10 / 3  # 6.7e-11, rounded", 1, ""),
        ("x = 2e-10 / 3  # 6.6e-11", 0, "the comment says 6.6e-11"),
        ("'LRR', 1.5  # 'LRR', 1.5", 2, ""),
        ("('LRR', 1.5)  # ('LRR', 1.4)", 0, "gives 1.5, the comment says 1.4"),
        ("print(3 * 5, 2)  # 15 2", 2, ""),
        ("print('contracting', 0.4364)  # contracting 0.4364: proved", 2, ""),
        ("print('contracting', 0.4364)  # contracting 0.4365", 0, "gives 0.4364, the comment says 0.4365"),
        ("print(3 * 5)  # 16: a number", 0, "gives 15, the comment says 16"),
        ("5  # one, at 2.835; 2 of them, 3d", 0, ""),
        ("7  # 3d plots", 0, ""),
        ("y = 3\ny + z  # 3", 0, "name 'z' is not defined"),
    ],
)
def test_what_a_comment_says_is_held_against_what_comes_out(
    source: str, checked: int, problem: str, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n```python\n{source}\n```\n")
    done = run(page, 0, tmp_path)
    if problem:
        assert done.returncode == 1
        assert problem in done.stderr
    else:
        assert done.stdout.splitlines()[-1] == f"checked {checked}"
