"""Which condition contains which, computed."""

from dataclasses import dataclass

import numpy as np

from theory.contraction.conditions.registry import CONDITIONS
from theory.contraction.form import FORMS
from theory.contraction.inclusion import InclusionTable, inclusion_table
from validate.contraction.settings import Config
from validate.output import Plot
from validate.plotting import new_panels, plot, style
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


def figures(config: Config, results: InclusionResults) -> tuple[Plot, ...]:
    """One panel a form: filled where the row's condition is contained in the column's."""
    data = {}
    with style():
        figure, panels = new_panels(len(results.tables), 9.0, 4.4)
        for axes, table in zip(panels, results.tables, strict=True):
            names = list(table.memberships[0][1])
            inside = np.array([[a == b or (a, b) in table.reasons for b in names] for a in names])
            axes.imshow(np.where(inside, 1.0, 0.0), cmap="Blues", vmin=0, vmax=1.6)
            axes.set_xticks(range(len(names)), labels=names, rotation=60, ha="right")
            axes.set_yticks(range(len(names)), labels=names)
            axes.set(title=f"{table.form.name}: row contained in column")
            axes.grid(False)
            data[table.form.name] = inside
        data["names"] = np.array(names)
    caption = (
        "Which condition contains which: filled where it is proved, blank where a matrix separates the two exactly."
    )
    return (plot("inclusions", caption, figure, data),)
