"""What `docs/tasks.md` says of each task: every constant with its default, and a picture."""

import ast
import dataclasses
import re
from pathlib import Path

import pytest

import simulate.tasks
from simulate.tasks.drawn import DrawnTask

PAGE = Path(__file__).parents[1] / "docs" / "tasks.md"
TASKS = [
    task
    for name in simulate.tasks.__all__
    if isinstance(task := getattr(simulate.tasks, name), type) and issubclass(task, DrawnTask)
]
SHARED = {field.name for field in dataclasses.fields(DrawnTask)}


def rows(text: str) -> dict[str, str]:
    """Field and default, of the table's rows."""
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, flags=re.MULTILINE))


def section(task: type) -> str:
    (found,) = (part for part in PAGE.read_text(encoding="utf-8").split("\n## ") if f"\n`{task.__name__}`. " in part)
    return found


@pytest.mark.parametrize("task", TASKS)
def test_every_constant_is_told_with_its_default(task: type) -> None:
    defaults = {
        field.name: field.default
        for field in dataclasses.fields(task)
        if field.name not in SHARED or field.name == "threshold"
    }
    assert {name: ast.literal_eval(told) for name, told in rows(section(task)).items()} == defaults


def test_what_all_share_is_told() -> None:
    (shared,) = (part for part in PAGE.read_text(encoding="utf-8").split("\n## ") if part.startswith("What they share"))
    told = rows(shared)
    assert set(told) == SHARED | {"threshold"}
    assert (int(told["trials"]), float(told["dt"])) == (DrawnTask.trials, DrawnTask.dt)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_picture_of_modest_size(task: type) -> None:
    (picture,) = re.findall(r"!\[[^\]]+\]\((tasks/\w+\.png)\)", section(task))
    assert 2_000 < (PAGE.parent / picture).stat().st_size < 60_000


def test_there_are_six() -> None:
    assert len(TASKS) == 6
