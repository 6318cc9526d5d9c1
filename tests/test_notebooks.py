"""Every notebook, executed afresh: no cell fails, and what it displays in text is what was committed with it.

`tests/test_layers.py` checks what a notebook may contain; pictures are compared in kind, not in content.
"""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))  # the last one, the quickest, is sampled
PATIENCE = 300  # seconds a cell may take on a busy machine
INLINE = "module://matplotlib_inline.backend_inline"


class ThisInterpreter(KernelSpecManager):
    """Whatever kernel a notebook names, it runs in the interpreter of the tests: none needs to be installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        launch = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=launch, display_name=kernel_name, language="python")


class ThisKernel(AsyncKernelManager):
    """A kernel of the interpreter that runs the tests."""

    def _kernel_spec_manager_default(self) -> KernelSpecManager:
        return ThisInterpreter()


def run(notebook: NotebookNode) -> NotebookNode:
    """A copy of the notebook, executed from its folder; raises `CellExecutionError` where a cell fails."""
    fresh = nbformat.from_dict(notebook)
    client = NotebookClient(
        fresh,
        timeout=PATIENCE,
        kernel_manager_class=ThisKernel,
        resources={"metadata": {"path": str(FOLDER)}},
    )
    client.execute(env={**os.environ, "MPLBACKEND": INLINE})
    return fresh


def shown(cell: NotebookNode) -> list[dict[str, str]]:
    """What a code cell displays: for each output the text by kind, and which other kinds (pictures) come with it.

    Left out is stderr, where libraries comment on the machine they run on.
    """
    found: list[dict[str, str]] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            if output.name == "stdout" and found and "stdout" in found[-1]:
                found[-1]["stdout"] += output.text  # a kernel sends what is printed in pieces of its own choice
            elif output.name == "stdout":
                found.append({"stdout": output.text})
        else:
            found.append({kind: text if kind.startswith("text/") else "" for kind, text in output.data.items()})
    return found


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks() -> None:
    pillars = {"ghost", "overlaps", "contraction", "degeneracy", "universality"}
    assert pillars <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.sampled(1)
def test_a_fresh_run_shows_what_was_committed(path: Path) -> None:
    committed = nbformat.read(path, as_version=4)
    fresh = run(committed_without_outputs(committed))
    for before, after in zip(code_cells(committed), code_cells(fresh), strict=True):
        assert shown(before) == shown(after), before.source


def committed_without_outputs(notebook: NotebookNode) -> NotebookNode:
    """A copy with its outputs cleared, so that none can be mistaken for a fresh one."""
    copy = nbformat.from_dict(notebook)
    copy["cells"] = [nbformat.from_dict(cell | {"outputs": []} if "outputs" in cell else cell) for cell in copy.cells]
    return copy


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_is_one_clean_run(path: Path) -> None:
    """Executed once from top to bottom, without complaints, and with nothing of a machine in its metadata."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any("image/png" in display for cell in cells for display in shown(cell))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.get("name") == "stderr" or output.output_type == "error"]
    assert all(not cell.metadata for cell in notebook.cells)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    written = path.read_text(encoding="utf-8")
    assert not [place for place in (str(Path.home()), str(FOLDER.parent), sys.prefix) if f"{place}/" in written]


def test_a_failing_cell_is_an_error() -> None:
    with pytest.raises(CellExecutionError, match="a claim that does not hold"):
        run(new_notebook(cells=[new_code_cell("assert 1 == 2, 'a claim that does not hold'")]))


def test_a_changed_output_is_seen() -> None:
    """Text in its content, a picture in its presence; the comparison is on what a fresh kernel really sends."""
    source = "from IPython.display import Math, display\nprint('one')\ndisplay(Math('x^2'))\n2"
    fresh = run(new_notebook(cells=[new_code_cell(source)]))
    (cell,) = code_cells(fresh)
    display = {"text/plain": "<IPython.core.display.Math object>", "text/latex": "$\\displaystyle x^2$"}
    assert shown(cell) == [{"stdout": "one\n"}, display, {"text/plain": "2"}]
    before = shown(cell)
    cell.outputs[1].data["image/png"] = "iVBORw0KGgo="
    assert shown(cell) != before
