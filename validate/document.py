"""A report read back from the JSON that a command wrote, so that pages and comparisons need no run."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from validate.report import Check


class DocumentError(ValueError):
    """A file is not the JSON that a command writes; the remedy is to give one, or to run the command anew."""


@dataclass(frozen=True)
class RecordedSection:
    """A section of a run: its title, its checks in order, and the captions of its figures by their names."""

    title: str
    checks: tuple[Check, ...]
    figures: Mapping[str, str]


@dataclass(frozen=True)
class Judged:
    """What a paper states, the verdict of a run on it, and the checks that it rests on; see `PaperClaim`."""

    name: str
    statement: str
    source: str
    criterion: str
    figure: str
    found: str
    verdict: str
    checks: tuple[Check, ...]
    rests_on: str = ""


@dataclass(frozen=True)
class Document:
    """A report as its JSON holds it."""

    command: str
    parts: tuple[RecordedSection, ...]
    claims: tuple[Judged, ...]
    config: Mapping[str, object]
    quantities: Mapping[str, object]
    meanings: Mapping[str, str]
    provenance: Mapping[str, object]
    passed: bool
    interrupted: bool

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check, in order."""
        return tuple(check for part in self.parts for check in part.checks)


def read_document(path: Path) -> Document:
    """The report in a JSON file.

    Raises:
        DocumentError: where the file cannot be read, or is none that a command wrote.
    """
    try:
        return document(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DocumentError(f"{path} is no report of a command; write one with --json or --out") from error


def document(made: Mapping[str, Any]) -> Document:
    """A report from the plain values of its JSON."""
    checks = {check.name: check for check in map(_check, made["checks"])}
    return Document(
        made["command"],
        tuple(
            RecordedSection(each["title"], tuple(checks[name] for name in each["checks"]), each["figures"])
            for each in made["sections"]
        ),
        tuple(Judged(**{**each, "checks": tuple(checks[name] for name in each["checks"])}) for each in made["claims"]),
        made["config"],
        made["quantities"],
        made["meanings"],
        made["provenance"],
        made["passed"],
        made.get("interrupted", False),
    )


def _check(made: Mapping[str, Any]) -> Check:
    """The sign of what was infinite is not kept: it is shown as infinite."""
    values: dict[str, Any] = {
        each.name: math.inf if made.get(f"{each.name}_unbounded") else made[each.name] for each in fields(Check)
    }
    return Check(**values)
