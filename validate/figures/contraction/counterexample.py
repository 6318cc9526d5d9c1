"""Theorem 7: growth of the worst switching, and the norms that contract where no quadratic one does."""

import numpy as np

from validate.checks.contraction.counterexample import BETWEEN, CounterexampleResults
from validate.checks.contraction.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, PREDICTED, new_panels, plot, style


def figures(config: Config, results: CounterexampleResults) -> tuple[Plot, ...]:
    """Two panels."""
    with style():
        figure, (growth, balls) = new_panels(2, 8.0, 3.6)
        growth.plot(results.strengths, results.growth, **PREDICTED)
        growth.axhline(0, **GUIDE)
        growth.axvspan(2, results.threshold, color="#dddddd", zorder=0, label="only other norms")
        growth.set(
            xlabel="c", ylabel="ln r over a quarter turn", title=f"worst switching, zero at {results.threshold:.5f}"
        )
        growth.legend()
        for c, vertices, colour in zip(BETWEEN, results.polytopes, ("#3a7d44", "#1f4e79", "#8c6bb1"), strict=False):
            corners = np.concatenate([vertices, -vertices])
            corners = corners[np.argsort(np.arctan2(corners[:, 1], corners[:, 0]))]
            corners = np.concatenate([corners, corners[:1]]) / np.abs(corners).max()
            balls.plot(corners[:, 0], corners[:, 1], color=colour, label=f"c = {c:g}, {len(vertices)} pairs")
        balls.set(aspect="equal", title="unit balls of contracting norms")
        balls.legend()
    data = {"strengths": results.strengths, "growth": results.growth}
    data |= {f"polytope_{number}": vertices for number, vertices in enumerate(results.polytopes)}
    caption = "W = [[0, -c], [c, 0]]: from c = 2 no quadratic metric contracts; polyhedral norms do, up to c = 2.883."
    return (plot("counterexample", caption, figure, data),)
