"""The pages of the site that are made: links, formulas, examples and folded code come out as they should."""

import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import nbformat
import pytest
import yaml

pytest.importorskip("mkdocs", reason="the site is built by make docs, whose environment has mkdocs")
ROOT = Path(__file__).parents[1]


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pages = loaded("site_pages")


def page(place: str, toc: tuple[Any, ...] = ()) -> Any:
    return SimpleNamespace(file=SimpleNamespace(src_uri=place), toc=toc)


@pytest.mark.parametrize(
    ("place", "link", "made"),
    [
        ("index.md", "docs/glossary.md#contraction", "glossary.md#contraction"),
        ("index.md", "CONTRIBUTING.md", "contributing.md"),
        ("contributing.md", "docs/sweeps.md", "sweeps.md"),
        ("fixed-points.md", "../notebooks/universality.ipynb", "tutorials/universality.md"),
        ("findings/degeneracy.md", "../../notebooks/degeneracy.ipynb", "../tutorials/degeneracy.md"),
        ("findings/ghost.md", "../glossary.md", "../glossary.md"),
        ("tutorials/ghost.md", "ghost_1.png", "ghost_1.png"),
        ("findings/ghost.md", "#at-a-low-rate", "#at-a-low-rate"),
        ("sweeps.md", "https://jobqueue.dask.org", "https://jobqueue.dask.org"),
    ],
)
def test_links_to_files_become_links_to_pages(place: str, link: str, made: str) -> None:
    assert pages.on_page_markdown(f"[a]({link}) b", page(place)) == f"[a]({made}) b"


def test_formulas_become_mathml_in_headings_too() -> None:
    heading = SimpleNamespace(title=r"Where \(a_2\) is", children=[])
    text = r'<p><span class="arithmatex">\(x &lt; \frac{1}{2}\)</span></p><div class="arithmatex">\[y \tag{3}\]</div>'
    made = pages.on_page_content(text, page("index.md", (heading,)))
    assert "arithmatex" not in made
    assert "<mfrac>" in made
    assert "<mo>&#x0003C;</mo>" in made
    assert "<mtext>(3)</mtext>" in made
    assert made.count('display="inline"') == 1
    assert made.count('display="block"') == 1
    assert heading.title.startswith("Where <math")
    assert "<msub>" in heading.title


def test_bars_are_alike_and_functions_stand_apart() -> None:
    made = pages._mathml(r"\lVert W\rVert^2 + |a| + \ln N + \sin^2 x + \cos(x)", "inline")
    assert made.count('lspace="0" rspace="0">&#x02016;</mo>') == made.count('lspace="0" rspace="0">&#x0007C;</mo>') == 2
    assert '<mi>ln</mi><mspace width="0.17em" /><mi>N</mi>' in made
    assert made.count("mspace") == 1


def test_a_notebook_becomes_a_page_with_its_code_folded(tmp_path: Path) -> None:
    v4 = nbformat.v4
    picture = v4.new_output("display_data", {"image/png": "iVBORw=="})
    formula = v4.new_output("display_data", {"text/latex": r"$\displaystyle x^2$"})
    printed = v4.new_output("stream", text="1.03\n")
    more = v4.new_output("stream", text="1.04\n")
    cells = [
        v4.new_markdown_cell("# Title"),
        v4.new_code_cell("a = 1\n\nb = 2", outputs=[picture, formula, printed, more]),
    ]
    notebook = tmp_path / "thing.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), notebook)
    made = pages.tutorial(notebook)
    assert made["thing_1.png"] == b"\x89PNG"
    text = str(made["thing.md"])
    assert text.startswith('# Title\n\n??? abstract "Code"\n\n    ```python\n    a = 1\n\n    b = 2\n    ```\n')
    assert text.index("(thing_1.png)") < text.index("$$x^2$$") < text.index("```text\n1.03\n1.04\n```")


def test_examples_of_docstrings_are_fenced() -> None:
    example = loaded("doctests").EXAMPLE
    text = "What.\n\n>>> f(1)\n2\n>>> for x in ():\n...     pass\n\nMore >>> text."
    fenced = example.sub(r"<\g<0>>", text)
    assert fenced == "What.\n\n<>>> f(1)\n2\n>>> for x in ():\n...     pass>\n\nMore >>> text."


def test_every_door_has_a_page_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(navigation)["strict"] is True
    doors = [".".join(door.relative_to(ROOT).parts) for door in pages.DOORS]
    assert len(doors) >= 18
    assert [door for door in doors if f"{door}: reference/{door}.md" not in navigation] == []
