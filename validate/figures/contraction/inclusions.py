"""The table of inclusions as a picture."""

import numpy as np

from validate.checks.contraction.inclusions import InclusionResults
from validate.checks.contraction.settings import Config
from validate.output import Plot
from validate.plotting import new_panels, plot, style


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
