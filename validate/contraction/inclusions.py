"""Which condition contains which, computed."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from theory.contraction.conditions.inclusion import InclusionTable, inclusion_table
from theory.contraction.conditions.step_inclusion import step_inclusion_table
from theory.contraction.form import FORMS, MAPS
from validate.contraction.settings import Config
from validate.output import Plot
from validate.palette import FAINT, MEASUREMENT
from validate.plotting import new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Exact

LEAKS = (1.0, 0.0625)
"""Of the maps: a `torch.nn.RNN`, and one that forgets slowly."""


@dataclass(frozen=True)
class InclusionResults:
    """The tables, one a form of a flow; and those of maps with their flows, one a form and leak."""

    tables: tuple[InclusionTable, ...]
    step_tables: tuple[InclusionTable, ...]


def checks(config: Config, report: Report, progress: Progress) -> InclusionResults:
    """Every ordered pair is an inclusion with a reason, or is separated by a matrix with two exact proofs."""
    tables, step_tables = [], []
    with progress.task("inclusions", total=len(FORMS) + len(MAPS) * len(LEAKS)) as advance:
        for form in FORMS:
            tables.append(inclusion_table(form))
            _checked(form.name, tables[-1], report)
            advance(len(tables))
        for form, leak in product(MAPS, LEAKS):
            step_tables.append(step_inclusion_table(form, leak))
            _checked(f"{form.name}, leak {leak:g}", step_tables[-1], report)
            advance(len(tables) + len(step_tables))
    return InclusionResults(tuple(tables), tuple(step_tables))


def _checked(name: str, table: InclusionTable, report: Report) -> None:
    pairs = len(table.names) * (len(table.names) - 1)
    report.check(
        f"{name}: ordered pairs of conditions decided",
        predicted=pairs,
        measured=pairs - len(table.open),
        tolerance=Exact(),
    )
    report.check(
        f"{name}: inclusions that an example contradicts",
        predicted=0,
        measured=len(table.contradictions),
        tolerance=Exact(),
    )
    key = name.replace(", ", "_").replace(" ", "_")
    report.quantity(f"inclusions_{key}", [f"{a} in {b}: {why}" for (a, b), why in table.reasons.items()])
    report.quantity(
        f"separations_{key}",
        [{"in": a, "not_in": b, "weights": np.asarray(w).tolist()} for (a, b), w in table.separating.items()],
    )


def figures(config: Config, results: InclusionResults) -> tuple[Plot, ...]:
    """One panel a form: filled where the row's condition is contained in the column's."""
    flows = [(table.form.name, table) for table in results.tables]
    table = results.step_tables[0]
    return (
        _table_plot(
            "inclusions",
            "Which condition contains which: filled where it is proved, blank where a matrix separates them exactly.",
            flows,
            (9.0, 4.4),
        ),
        _table_plot(
            "step_inclusions",
            "The same of a map (step:) and its flow: what is proved of the map holds of the flow, hardly the reverse.",
            [(f"{table.form.name}, leak {LEAKS[0]:g}", table)],
            (6.4, 6.0),
        ),
    )


def _table_plot(name: str, caption: str, titled: list[tuple[str, InclusionTable]], inches: tuple[float, float]) -> Plot:
    data: dict[str, np.ndarray] = {}
    names = titled[0][1].names
    written = [typeset(name) for name in names]
    with style():
        figure, panels = new_panels(len(titled), *inches)
        for axes, (title, table) in zip(panels, titled, strict=True):
            inside = np.array([[a == b or (a, b) in table.reasons for b in names] for a in names])
            axes.imshow(np.where(inside, 1.0, 0.0), cmap=ListedColormap([FAINT, MEASUREMENT]), vmin=0, vmax=1)
            axes.set_xticks(range(len(names)), labels=written, rotation=60, ha="right", rotation_mode="anchor")
            axes.set_yticks(range(len(names)), labels=written)
            axes.set(title=title, xlabel="column", ylabel="row")
            axes.grid(False)
            data[title] = inside
        data["names"] = np.array(names)
        key = ("row contained in column: proved", MEASUREMENT), ("separated by a matrix, with two exact proofs", FAINT)
        figure.legend(
            handles=[Patch(color=colour, label=label) for label, colour in key], loc="outside lower center", ncols=2
        )
    return plot(name, caption, figure, data)
