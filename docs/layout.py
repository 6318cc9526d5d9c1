"""What every file is about, in its own words: the first sentence of its docstring, folder by folder.

    python docs/layout.py [FOLDER ...]      # all, or only these: python docs/layout.py theory/ghost

Nothing is stored: a file that says what it is about cannot be missing from the list.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LISTED = ("theory", "simulate", "validate", "benchmarks", "docs")


def subject(file: Path) -> str:
    """The first sentence of a file's docstring, or its first paragraph where that holds no full stop."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<!Fig)(?<!Figs)\. (?=[A-Z])", paragraph)[0].rstrip(".")


def layout(folder: Path) -> Iterator[str]:
    """A heading a folder, what the folder is about, and a line a file."""
    for door in sorted([folder, *(path for path in folder.rglob("*") if path.is_dir())]):
        files = sorted(door.glob("*.py"))
        if not files:
            continue
        yield f"## {door.relative_to(ROOT).as_posix()}/"
        about = [subject(file) for file in files if file.name == "__init__.py"]
        yield from ["", *(text if text.endswith("?") else f"{text}." for text in about)]
        told = [(file.name, subject(file).replace("|", "\\|")) for file in files if file.name != "__init__.py"]
        rows = [f"| `{name}` | {text} |" for name, text in told]
        yield from ["", "| File | Its one idea |", "|---|---|", *rows, ""] if rows else [""]


def main(folders: list[str]) -> None:
    """Print the layout of the folders, of all that are listed where none is named."""
    for folder in folders or LISTED:
        print("\n".join(layout(ROOT / folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
