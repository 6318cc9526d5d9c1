"""The pages of the site that are made: README, notebooks as tutorials, and a reference page for each front door.

MkDocs calls `on_files`, `on_page_markdown` and `on_page_content` (`mkdocs.yml` names this file). Links in the sources
lead to files of the repository, so that they work there too; here they are turned to the pages made of those files.
Formulas become MathML when the site is built: they need no script and no network, and a faulty one stops the build.
"""

import ast
import base64
import html
import posixpath
import re
from pathlib import Path
from typing import Any, Literal

import nbformat
from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DOORS = sorted(stub.parent for root in ("theory", "simulate") for stub in (ROOT / root).glob("*/__init__.pyi"))

PLACES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "CITATION.cff": "CITATION.cff",
    **{f"notebooks/{notebook.name}": f"tutorials/{notebook.stem}.md" for notebook in NOTEBOOKS},
}
"""Files of the repository outside `docs`, and their places on the site."""

BAR = 'stretchy="false" lspace="0" rspace="0"'
"""Bars of a norm or a modulus: both of one size, close to what is between them."""

OPERATOR = r"(?<!<msub>)(?<!<msup>)<mi>(?:ln|log|cos|sin|tan|tanh|det|exp)</mi>(?=<m(?:i|n|row|frac|sub|sup|sqrt)\b)"
"""The name of a function right before what it is taken of."""

SOURCES = {place: source for source, place in PLACES.items()}


@event_priority(100)
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    for source, place in PLACES.items():
        if source.endswith(".ipynb"):
            for name, content in tutorial(ROOT / source).items():
                files.append(File.generated(config, f"tutorials/{name}", content=content))
        else:
            files.append(File.generated(config, place, abs_src_path=str(ROOT / source)))
    for door in DOORS:
        name = ".".join(door.relative_to(ROOT).parts)
        files.append(File.generated(config, f"reference/{name}.md", content=reference(door, name)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn links to files of the repository into links to their pages."""
    here = page.file.src_uri
    folder = posixpath.dirname(SOURCES.get(here, f"docs/{here}"))

    def placed(match: re.Match[str]) -> str:
        path, anchor = match["path"], match["anchor"] or ""
        target = posixpath.normpath(posixpath.join(folder, path))
        if not (ROOT / target).exists():  # a picture of a page that is made lies beside it
            return match[0]
        place = PLACES.get(target, target.removeprefix("docs/"))
        return f"]({posixpath.relpath(place, posixpath.dirname(here) or '.')}{anchor})"

    return re.sub(r"\]\(\s*(?!\w+:|#)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)", placed, markdown)


def on_page_content(page_html: str, page: Page, **_: Any) -> str:
    """Set formulas as MathML, in the table of contents too."""
    headings = list(page.toc)
    for heading in headings:
        heading.title = re.sub(r"\\\((.*?)\\\)", lambda found: _mathml(found[1], "inline"), heading.title)
        headings += heading.children
    for display, opening, closing in (("inline", r"\\\(", r"\\\)"), ("block", r"\\\[", r"\\\]")):
        pattern = rf'<(span|div) class="arithmatex">{opening}(.*?){closing}</\1>'
        page_html = re.sub(pattern, lambda found, d=display: _mathml(found[2], d), page_html, flags=re.DOTALL)
    return page_html


def tutorial(notebook: Path) -> dict[str, str | bytes]:
    """A notebook as a page with its code folded, and its pictures: contents by name of the file."""
    files: dict[str, str | bytes] = {}
    parts = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append('??? abstract "Code"\n\n' + _indented(f"```python\n{cell.source}\n```"))
        for output in cell.outputs:
            data = output.get("data", {"text/plain": output.get("text", "")})
            if "image/png" in data:
                name = f"{notebook.stem}_{len(files) + 1}.png"
                files[name] = base64.b64decode(data["image/png"])
                parts.append(f"![A figure drawn by the code above]({name})")
            elif "text/latex" in data:
                parts.append(re.sub(r"^\$\\displaystyle (.*)\$$", r"$$\1$$", data["text/latex"], flags=re.DOTALL))
            elif parts[-1].startswith("```text"):  # printed in pieces
                parts[-1] = parts[-1].removesuffix("```") + f"{data['text/plain'].rstrip()}\n```"
            else:
                parts.append(f"```text\n{data['text/plain'].rstrip()}\n```")
    return {f"{notebook.stem}.md": "\n\n".join(parts) + "\n", **files}


def reference(door: Path, name: str) -> str:
    """A page of a front door: what it is about, then each name that it holds; rooms by their own first words."""
    names = next(
        ast.literal_eval(node.value)
        for node in ast.parse((door / "__init__.pyi").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
    )
    rooms = [each for each in names if (door / each).is_dir() or (door / f"{each}.py").is_file()]
    lines = [f"# {name}", f"::: {name}", "    options:", "      members: false", "      show_root_heading: false"]
    for each in [*(each for each in names if each not in rooms), *rooms]:
        lines += [f"::: {name}.{each}", "    options:", "      heading_level: 2"]
        lines += ["      members: false"] if each in rooms else []
    return "\n".join(lines) + "\n"


def _mathml(tex: str, display: Literal["inline", "block"]) -> str:
    known = re.sub(r"\\tag\{(.*?)\}", r"\\qquad\\quad\\text{(\1)}", html.unescape(tex)).replace("{aligned}", "{align*}")
    made = convert(known, display=display)
    if "\\" in made or ">&<" in made:  # what the converter does not know it leaves as it is
        raise PluginError(f"a formula with something that has no MathML here: {tex}")
    bars = re.sub(r'<mo(?: stretchy="false")?>(&#x0(?:2016|007C);)</mo>', rf"<mo {BAR}>\1</mo>", made)
    return re.sub(OPERATOR, r'\g<0><mspace width="0.17em" />', bars)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
