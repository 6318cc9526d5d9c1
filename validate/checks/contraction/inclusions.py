"""Which condition contains which, computed."""

from dataclasses import dataclass

import numpy as np

from theory.contraction.conditions.registry import CONDITIONS
from theory.contraction.form import FORMS
from theory.contraction.inclusion import InclusionTable, inclusion_table
from validate.checks.contraction.settings import Config
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Exact


@dataclass(frozen=True)
class InclusionResults:
    """The tables, one a form."""

    tables: tuple[InclusionTable, ...]


def checks(config: Config, report: Report, progress: Progress) -> InclusionResults:
    """Every ordered pair is an inclusion with a reason, or is separated by a matrix with two exact proofs."""
    tables = []
    with progress.task("inclusions", total=len(FORMS)) as advance:
        for number, form in enumerate(FORMS):
            table = inclusion_table(form)
            tables.append(table)
            pairs = len(CONDITIONS) * (len(CONDITIONS) - 1)
            report.check(
                f"{form.name}: ordered pairs of conditions decided",
                predicted=pairs,
                measured=pairs - len(table.open),
                tolerance=Exact(),
            )
            report.check(
                f"{form.name}: inclusions that an example contradicts",
                predicted=0,
                measured=len(table.contradictions),
                tolerance=Exact(),
            )
            report.quantity(f"inclusions_{form.name}", [f"{a} in {b}: {why}" for (a, b), why in table.reasons.items()])
            report.quantity(
                f"separations_{form.name}",
                [
                    {"in": a, "not_in": b, "weights": np.asarray(weights).tolist()}
                    for (a, b), weights in table.separating.items()
                ],
            )
            advance(number + 1)
    return InclusionResults(tuple(tables))
