"""What a run found: predictions beside measurements, quantities, settings and where the numbers come from.

    report = Report("ghost", config)
    report.check("loss at the optimum", predicted=0.0, measured=loss, tolerance=Absolute(1e-12, "rounding"))
    report.quantity("optimal_r", 2.467e-4)

`Report.document` is the JSON that every command promises; `validate.table` shows the same on a terminal, as it is made.
"""

import dataclasses
import functools
import json
import math
import platform
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import TypeVar

import numpy as np

from validate.claim import PaperClaim
from validate.tolerance import Exact, Reported, Scalar, Tolerance

DISTRIBUTION = "rnn-learning-theory"
LIBRARIES = (
    DISTRIBUTION,
    "jax",
    "jaxlib",
    "diffrax",
    "equinox",
    "optax",
    "optimistix",
    "numpy",
    "scipy",
    "sympy",
    "mpmath",
    "python-flint",
    "cvxpy",
    "clarabel",
)


Recorded = TypeVar("Recorded")


class DuplicateNameError(ValueError):
    """Two checks or two quantities of one report share a name; the remedy is to name what differs."""


class UnrecordableError(TypeError):
    """A value cannot be written as JSON.

    The remedy is to reduce it to numbers, text, lists or a dataclass.
    """


class Unfinished(RuntimeError):
    """What a section needs could not be computed; the message says what, why, and what is kept, a line each."""


@dataclasses.dataclass(frozen=True)
class Check:
    """One prediction beside one measurement.

    `passed` is None where nothing is asserted and no bound was given.
    """

    name: str
    predicted: Scalar
    measured: Scalar
    error: float | None
    tolerance: float | None
    tolerance_from: str
    asserted: bool
    passed: bool | None


@dataclasses.dataclass(frozen=True)
class Finding:
    """A number or a word that a run on a user's own files found, with its unit and what it means to them."""

    name: str
    value: Scalar | tuple[str, ...]
    unit: str
    meaning: str


class Report:
    """Collects checks and quantities as a run makes them; an interrupted run keeps those it has.

    A run on a user's own files has findings instead of checks, and a conclusion in a sentence.

    `config` is a frozen dataclass with every setting, its `seed` field being the seed. Names are unique.
    """

    def __init__(self, command: str, config: object) -> None:
        self.command = command
        self.config = config
        self.sections: dict[str, list[Check]] = {}
        self.findings: dict[str, list[Finding]] = {}
        self.figures: dict[str, dict[str, str]] = {}
        self.claims: dict[PaperClaim, list[Check]] = {}
        self.quantities: dict[str, object] = {}
        self.meanings: dict[str, str] = {}
        self.recorded: dict[str, list[str]] = {}
        self.conclusions: dict[str, str] = {}
        self.interrupted = False
        self._title = ""
        self._started = time.perf_counter()
        self._source = source()
        self._seconds: float | None = None

    def finish(self) -> None:
        """Stop the clock: the run's time is fixed from here on, whenever the document is made."""
        self._seconds = self._elapsed()

    def _elapsed(self) -> float:
        return round(time.perf_counter() - self._started, 3)

    def section(self, title: str) -> None:
        """Let the checks, quantities, findings and figures that follow stand under `title` in print and on the page."""
        self._title = title
        self.sections.setdefault(title, [])
        self.findings.setdefault(title, [])
        self.recorded.setdefault(title, [])
        self.figures.setdefault(title, {})

    def check(
        self,
        name: str,
        *,
        predicted: object,
        measured: object,
        tolerance: Tolerance,
        asserted: bool = True,
        claim: PaperClaim | None = None,
    ) -> Check:
        """Compare and record. Arrays are compared point by point; the worst point is kept and the name says
        so.

        `asserted=False` records the verdict without letting it decide the run; a `Reported` tolerance implies
        it. `claim` is the paper's, where the check speaks of it. Raises `DuplicateNameError`, and `ToleranceError`
        where the values do not fit the tolerance.
        """
        compared = tolerance.judge(predicted, measured)
        shown = f"{name} (worst of {compared.points})" if compared.points > 1 else name
        if any(check.name == shown for check in self.checks):
            raise DuplicateNameError(f"a check named {shown!r} is there already; name what differs")
        check = Check(
            name=shown,
            predicted=compared.predicted,
            measured=compared.measured,
            error=compared.error,
            tolerance=compared.tolerance,
            tolerance_from=tolerance.origin,
            asserted=asserted and not isinstance(tolerance, Reported),
            passed=compared.passed,
        )
        self._place(self.sections).append(check)
        if claim is not None:
            self.claims.setdefault(claim, []).append(check)
        return check

    def drawn(self, name: str, caption: str) -> None:
        """Record that a figure of the current section was drawn, and what it shows."""
        self.figures[self._title][name] = caption

    def unfinished(self, title: str, why: Unfinished) -> None:
        """Record that a section did not come to its end: a check that fails, and the reasons."""
        tolerance = Exact("all that it needs is computed")
        self.check(f"{title}: finished", predicted=True, measured=False, tolerance=tolerance)
        self.quantity(f"{title}: unfinished", [line.strip() for line in str(why).splitlines()])

    def quantity(self, name: str, value: object, meaning: str = "") -> None:
        """Record a number, text, list, dict or dataclass under `name`; None stands for a missing value.

        `meaning` is shown beside it: its unit, and what it is.
        """
        if name in self.quantities:
            raise DuplicateNameError(f"a quantity named {name!r} is there already; name what differs")
        _entry(name, value)  # a value that cannot be written is refused here, not at the end of the run
        self.quantities[name] = value
        self._place(self.recorded).append(name)
        if meaning:
            self.meanings[name] = meaning

    def finding(self, name: str, value: Scalar | tuple[str, ...], unit: str = "", meaning: str = "") -> None:
        """Record a quantity that the table shows with its unit and what it means; None stands for a missing value.

        Several words are one value: a list in the JSON document.
        """
        self.quantity(name, value)
        self._place(self.findings).append(Finding(name, value, unit, meaning))

    def conclude(self, sentence: str) -> None:
        """Say what a section found; what was said before stands before it."""
        before = self.conclusions.get(self._title)
        self.conclusions[self._title] = sentence if before is None else f"{before}; {sentence}"

    def _place(self, lists: dict[str, list[Recorded]]) -> list[Recorded]:
        """The list of the section that is open; one without a title is opened where none is."""
        if not self.sections:
            self.section("")
        return lists[self._title]

    @property
    def conclusion(self) -> str | None:
        """What all sections found; None where none has concluded."""
        return "; ".join(self.conclusions.values()) or None

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check, in the order of the sections."""
        return tuple(check for checks in self.sections.values() for check in checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The asserted checks that do not hold."""
        return tuple(check for check in self.checks if check.asserted and check.passed is not True)

    @property
    def passed(self) -> bool:
        """Whether the run came to its end and every asserted check holds."""
        return not self.failures and not self.interrupted

    @property
    def exit_code(self) -> int:
        """0 all asserted checks pass, 1 one failed, 130 interrupted."""
        if self.interrupted:
            return 130
        return 1 if self.failures else 0

    @property
    def verdict(self) -> str:
        """The run in one line."""
        if self.conclusion is not None:
            return f"{'INTERRUPTED ' if self.interrupted else ''}{self.command}: {self.conclusion}"
        if self.interrupted and not self.checks:
            return f"INTERRUPTED {self.command}: before anything was found"
        asserted = sum(check.asserted for check in self.checks)
        others = len(self.checks) - asserted
        word = "INTERRUPTED" if self.interrupted else "PASS" if self.passed else "FAIL"
        text = f"{word} {self.command}: {asserted - len(self.failures)} of {asserted} asserted checks pass"
        if others:
            text += f", {others} reported"
        if self.failures:
            text += f"; failed: {', '.join(check.name for check in self.failures)}"
        return text

    def document(self) -> dict[str, object]:
        """The JSON document as plain values: all numbers finite, what is missing or infinite null.

        A run that was interrupted says so beside `passed`; the flag is absent from any other.
        """
        return {
            "command": self.command,
            "config": plain(self.config),
            "checks": [plain(check) for check in self.checks],
            "sections": [
                {"title": title, "checks": [check.name for check in checks], "figures": self.figures.get(title, {})}
                for title, checks in self.sections.items()
            ],
            "claims": [_stated(claim, checks) for claim, checks in self.claims.items()],
            "quantities": plain(self.quantities),
            "meanings": self.meanings,
            "passed": self.passed,
            **({"interrupted": True} if self.interrupted else {}),
            "provenance": self._provenance(),
        }

    def json_bytes(self) -> bytes:
        """The document as UTF-8 text that ends in a newline."""
        return (json.dumps(self.document(), indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode()

    def _provenance(self) -> dict[str, object]:
        return {
            "versions": library_versions(),
            "commit": self._source.commit,
            "tree_changed": self._source.changed,
            "seed": getattr(self.config, "seed", None),
            "platform": f"{platform.platform()}, {platform.machine()}",
            "seconds": self._elapsed() if self._seconds is None else self._seconds,
        }


def _stated(claim: PaperClaim, checks: Sequence[Check]) -> dict[str, object]:
    """A claim as the document has it: what the paper says, the verdict, and the checks that it rests on."""
    values = [(check.predicted, check.measured) for check in checks]
    return {
        "name": claim.name,
        "statement": claim.statement,
        "source": claim.source,
        "criterion": claim.criterion,
        "figure": claim.figure,
        "found": claim.found(values),
        "verdict": claim.judged(checks),
        "rests_on": claim.rests_on(checks),
        "checks": [check.name for check in checks],
    }


@dataclasses.dataclass(frozen=True)
class Source:
    """The code that the numbers come from: its commit, and whether files of it were changed since.

    None for a package that is installed and not a checkout.
    """

    commit: str | None
    changed: bool | None


@functools.cache
def source() -> Source:
    """The state of this code when it was first asked for, which is as a run begins."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():  # installed, perhaps into an environment inside another repository
        return Source(None, None)
    git = ["git", "--no-optional-locks", "-C", str(root)]
    try:
        commit, changes = (
            subprocess.run([*git, *words], capture_output=True, text=True, check=True, timeout=60).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--", "theory", "simulate", "validate"])
        )
    except (OSError, subprocess.SubprocessError):  # no git, or it does not trust the folder
        return Source(None, None)
    return Source(commit, bool(changes))


def library_versions() -> dict[str, str]:
    """The versions of Python and of the libraries the numbers rest on."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def plain(value: object) -> object:
    """`value` as JSON knows it: dicts, lists, text, truth values and finite numbers.

    A missing or NaN value becomes null; in a dict or dataclass an infinite one, `x`, becomes null beside
    `"x_unbounded": true`. Raises `UnrecordableError` for what JSON cannot hold.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        entries: dict[str, object] = {}
        for name, item in value.items():
            entries |= _entry(str(name), item)
        return entries
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    raise UnrecordableError(f"{type(value).__name__} cannot be recorded; reduce it to numbers, text or lists")


def _entry(name: str, value: object) -> dict[str, object]:
    entry = {name: plain(value)}
    if any(math.isinf(number) for number in _floats(value)):
        entry[f"{name}_unbounded"] = True
    return entry


def _floats(value: object) -> list[float]:
    """The numbers that stand under one name: a number itself, or those of a list, at any depth."""
    if isinstance(value, (float, np.floating)):
        return [float(value)]
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in _floats(item)]
    return []
