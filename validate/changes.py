"""What changed from one run of a command to another: checks that came, went, turned or moved, verdicts on claims."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from validate.document import Document
from validate.readable import readable
from validate.report import Check
from validate.rows import outcome

DIGITS = 7
"""Values without a tolerance have moved where they differ in so many digits: as many as a table shows."""


@dataclass(frozen=True)
class RunChange:
    """One difference: of what, which kind, and how it was and is."""

    name: str
    kind: str
    before: str
    after: str
    is_worse: bool = False


def changes(before: Document, after: Document) -> tuple[RunChange, ...]:
    """All differences between two runs but the time that they took: the settings first, what got worse before the rest.

    A value has moved if it differs by more than the check's tolerance; where it has none or admits no distance, if it
    differs as shown.
    """
    found = [*_checks(before, after), *_claims(before, after)]
    return (*_settings(before, after), *sorted(found, key=lambda change: not change.is_worse))


def show_changes(found: tuple[RunChange, ...]) -> None:
    """Print them, a line each."""
    for change in found:
        print(f"{change.kind}: {change.name}: {change.before} -> {change.after}")


def _settings(before: Document, after: Document) -> Iterator[RunChange]:
    for kind, old, new in (
        ("setting", before.config, after.config),
        ("provenance", _origin(before), _origin(after)),
    ):
        was, now = dict(_single(old)), dict(_single(new))
        for name in dict.fromkeys((*was, *now)):
            if was.get(name) != now.get(name):
                yield RunChange(name, kind, readable(was.get(name)), readable(now.get(name)))


def _single(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """A setting by its name; of one with parts, each part."""
    parts: Iterable[tuple[str, object]]
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        parts = ((str(each.get("name", number)), each) for number, each in enumerate(value, 1))
    else:
        yield name, value
        return
    for part, inner in parts:
        yield from _single(inner, f"{name}, {part}" if name else part)


def _origin(made: Document) -> Mapping[str, object]:
    """Where numbers come from: code and libraries, not the time that they took."""
    versions = made.provenance["versions"]
    assert isinstance(versions, Mapping)
    return {"commit": made.provenance["commit"], "platform": made.provenance["platform"], **versions}


def _checks(before: Document, after: Document) -> Iterator[RunChange]:
    old, new = ({check.name: check for check in run.checks} for run in (before, after))
    for name in dict.fromkeys((*new, *old)):
        was, now = old.get(name), new.get(name)
        if was is None or now is None:
            kind = "check appeared" if was is None else "check vanished"
            yield RunChange(name, kind, _told(was), _told(now), is_worse=_fails(now))
        elif outcome(was) != outcome(now):
            yield RunChange(name, "outcome", _told(was), _told(now), is_worse=_fails(now))
        elif _moved(was.predicted, now.predicted, now) or _moved(was.measured, now.measured, now):
            yield RunChange(name, "values moved", _told(was), _told(now))


def _claims(before: Document, after: Document) -> Iterator[RunChange]:
    old, new = ({claim.name: claim.verdict for claim in run.claims} for run in (before, after))
    for name in dict.fromkeys((*new, *old)):
        was, now = old.get(name), new.get(name)
        if was != now:
            yield RunChange(name, "verdict on a claim", was or "not looked at", now or "not looked at")


def _fails(check: Check | None) -> bool:
    return check is not None and check.asserted and check.passed is not True


def _told(check: Check | None) -> str:
    if check is None:
        return "absent"
    return f"predicted {readable(check.predicted)}, measured {readable(check.measured)}, {outcome(check)}"


def _moved(was: object, now: object, check: Check) -> bool:
    numbers = [each for each in (was, now) if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) < 2 or not all(map(math.isfinite, numbers)):
        return was != now
    if not check.tolerance:
        return readable(float(numbers[0]), DIGITS) != readable(float(numbers[1]), DIGITS)
    scale = abs(float(check.predicted or 0.0)) if check.tolerance_from.startswith("relative") else 1.0
    return abs(numbers[1] - numbers[0]) > check.tolerance * scale
