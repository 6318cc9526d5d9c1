"""The pages that readers start from: short enough to be read, and every link leads somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))


def anchors(page: Path) -> set[str]:
    """What a link may point at in a page: its headings, spelled as a web page spells them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("page", "most"), [("README.md", 6 * 1024), ("CONTRIBUTING.md", 8 * 1024)])
def test_the_first_pages_are_short(page: str, most: int) -> None:
    assert (ROOT / page).stat().st_size <= most


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_lines_are_no_longer_than_a_screen_is_wide(page: Path) -> None:
    """Rows of tables apart, which cannot be broken."""
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(\s*([^)\s]+)\)", page.read_text(encoding="utf-8"))
    broken = []
    for link in links:
        if link.startswith("http"):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_sum_that_a_line_breaks_is_taken_for_a_list(page: Path) -> None:
    """A line that begins with a plus sign, as after "v +", would be an item of one."""
    assert re.findall(r"^ {0,3}\+ .*$", page.read_text(encoding="utf-8"), flags=re.MULTILINE) == []


def test_files_that_pages_name_exist() -> None:
    """Of files whose place is told from the root, as `theory/ghost/descent/capture.py`."""
    pattern = re.compile(r"`((?:theory|simulate|validate|tests|notebooks|benchmarks)/[\w/.]+)`")
    named = {(page.name, name) for page in PAGES for name in pattern.findall(page.read_text(encoding="utf-8"))}
    real = {(page, name.replace("PILLAR", "ghost")) for page, name in named}
    assert {(page, name) for page, name in real if not (ROOT / name).exists()} == set()


def test_the_layout_names_every_file_with_what_it_is_about() -> None:
    done = subprocess.run([sys.executable, "docs/layout.py"], capture_output=True, text=True, check=True, cwd=ROOT)
    rows = re.findall(r"^\| `(\w+\.py)` \| (.*) \|$", done.stdout, flags=re.MULTILINE)
    folders = ("theory", "simulate", "validate", "benchmarks", "docs")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py") if file.name != "__init__.py"]
    assert sorted(name for name, _ in rows) == sorted(file.name for file in files)
    assert [name for name, about in rows if len(about) < 16] == []


def test_names_on_pages_are_spelled_as_in_the_code() -> None:
    """Whatever stands alone in code marks, as `LatentCircuit` or `critical_learning_rate`, is a word of our files."""
    folders = ("theory", "simulate", "validate", "tests", "benchmarks", "docs")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py*") if file.suffix in {".py", ".pyi"}]
    texts = [file.read_text(encoding="utf-8") for file in [*files, ROOT / "pyproject.toml"]]
    words = set(re.findall(r"\w+", "\n".join(texts)))
    pattern = re.compile(r"`([a-z]\w*_\w*(?=`|\()|[A-Z][a-z]+[A-Z]\w*(?=[`(.]))")
    prose = {
        page.name: re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S) for page in PAGES
    }
    named = {(page, name) for page, text in prose.items() for name in pattern.findall(text)}
    assert len(named) > 80
    assert {(page, name) for page, name in named if name not in words} == set()
