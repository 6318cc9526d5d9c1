"""Theorem 7 from both sides: metrics below c = 2, none from there, other norms up to 2.883, instability beyond."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from jaxtyping import Float

from theory.contraction.form import FORMS, VOLTAGE, Form
from theory.contraction.network import Network, network
from theory.contraction.search.polytope import contracting_polytope
from theory.contraction.search.switching import unstable_switching
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.theorems.rotation import (
    C,
    identity_metric,
    quadratic_witness,
    quarter_turn_growth,
    threshold,
    true_rate,
    witness_sum,
)
from validate.contraction.claims import ROTATION
from validate.contraction.settings import Config
from validate.output import Plot
from validate.palette import FAINT, SERIES
from validate.plotting import GUIDE, PREDICTED, legend_below, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, AtMost, Bracket, Exact

BETWEEN = (2.1, 2.5, 2.7)
"""Strengths at which only another norm can prove contraction."""
BEYOND = (2.9, 3.0, 4.0)


@dataclass(frozen=True)
class CounterexampleResults:
    """Growth of the worst law over a quarter turn against c, and the vertices of the polytopes at `BETWEEN`."""

    threshold: float
    strengths: Float[np.ndarray, " strengths"]
    growth: Float[np.ndarray, " strengths"]
    polytopes: tuple[Float[np.ndarray, "vertices 2"], ...]


def checks(config: Config, report: Report, progress: Progress) -> CounterexampleResults:
    """Exact claims on both sides of both thresholds."""
    below = [0.5, 1.0, 1.5, 1.9, 1.99, 1.999999]
    above = [2.0, 2.000001, 2.25, 3.0, 10.0]
    for form in FORMS:
        report.check(
            f"{form.name}: c < 2 with an exact quadratic metric",
            predicted=len(below),
            measured=sum(identity_metric(c, (1 - c / 2) / 2).holds(rotation(c, form).exact) for c in below),
            tolerance=Exact(),
            claim=ROTATION,
        )
        report.check(
            f"{form.name}: c >= 2 with an exact proof that there is none",
            predicted=len(above),
            measured=sum(_excluded(c, form) for c in above),
            tolerance=Exact(),
            claim=ROTATION,
        )
    rate = sp.Symbol("rate")
    excess = sp.simplify(witness_sum(rate).subs(rate, 0) - (2 * C - 4) * sp.eye(2))
    report.check("sum of the dual witness minus (2c - 4) I", predicted="0", measured=_zero(excess), tolerance=Exact())
    return _between(config, report, progress)


def _between(config: Config, report: Report, progress: Progress) -> CounterexampleResults:
    star = threshold(30)
    growth = sp.lambdify(C, quarter_turn_growth())
    report.check(
        "c at which the worst switching neither grows nor decays",
        predicted=float(star),
        measured=_bracketed_by_brute_force(),
        tolerance=Bracket(2e-3, "growth over a half turn, worst slopes found angle by angle on a grid"),
        claim=ROTATION,
    )
    report.check(
        "growth of the worst law at the threshold",
        predicted=0.0,
        measured=float(growth(float(star))),
        tolerance=Absolute(1e-14, "rounding"),
    )
    polytopes = []
    with progress.task("beyond quadratic metrics", total=len(BETWEEN) + len(BEYOND)) as advance:
        for done, c in enumerate(BETWEEN):
            asked = rotation(c, VOLTAGE)
            rate = 0.5 * true_rate(c)
            polytope = contracting_polytope(asked, rate)
            report.check(
                f"c = {c:g}: polyhedral norm that contracts at half of the true rate, proved",
                predicted=1,
                measured=int(polytope is not None and polytope.holds(asked.exact)),
                tolerance=Exact(),
            )
            if polytope is not None:
                polytopes.append(np.array([[float(e) for e in v] for v in polytope.vertices]))
            advance(done + 1)
        for done, c in enumerate(BEYOND):
            asked = rotation(c, VOLTAGE)
            law = unstable_switching(asked)
            report.check(
                f"c = {c:g}: switching law that does not contract, proved",
                predicted=1,
                measured=int(law is not None and law.holds(asked.exact)),
                tolerance=Exact(),
            )
            report.check(
                f"c = {c:g}: polyhedral norms found where the law grows",
                predicted=0,
                measured=int(contracting_polytope(asked, 0.01, most=40) is not None),
                tolerance=AtMost("two proofs would contradict one another"),
            )
            advance(len(BETWEEN) + done + 1)
    strengths = np.linspace(1.5, 4.0, 101)
    values = np.array([float(growth(c)) for c in strengths])
    return CounterexampleResults(float(star), strengths, values, tuple(polytopes))


def rotation(c: float, form: Form) -> Network:
    """W = [[0, -c], [c, 0]]."""
    return network(np.array([[0.0, -c], [c, 0.0]]), form)


def _excluded(c: float, form: Form) -> bool:
    """By the integer witness in voltage form, whose slopes belong to that form; by the search in rate form."""
    asked = rotation(c, form)
    if form == VOLTAGE:
        return quadratic_witness(c).holds(asked.exact)
    return refute_quadratic(asked) is not None


def _bracketed_by_brute_force() -> tuple[float, float]:
    """The threshold by bisection on the growth over a half turn, slopes chosen angle by angle."""
    low, high = 2.0, 4.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (low, middle) if _half_turn(middle) > 0 else (middle, high)
    return low, high


def _half_turn(c: float, points: int = 20000) -> float:
    """The integral of max over slopes of d ln r / d theta, by the midpoint rule, for slopes on a grid."""
    angles = (np.arange(points) + 0.5) * np.pi / points
    cosine, sine = np.cos(angles), np.sin(angles)
    best = np.full(points, -np.inf)
    for d1 in np.linspace(0, 1, 11):
        for d2 in np.linspace(0, 1, 11):
            along = -1 + c * (d1 - d2) * cosine * sine
            turning = c * (d1 * cosine**2 + d2 * sine**2)
            with np.errstate(divide="ignore", invalid="ignore"):
                best = np.maximum(best, np.where(turning > 1e-12, along / turning, -np.inf))
    return float(best.mean() * np.pi)


def _zero(matrix: sp.MatrixBase) -> str:
    return "0" if matrix.is_zero_matrix else str(matrix)


ANGLES = np.linspace(0.0, np.pi, 361)


def figures(config: Config, results: CounterexampleResults) -> tuple[Plot, ...]:
    """Growth against c; a unit ball, and how the others differ from it."""
    radii = [_radius(vertices) for vertices in results.polytopes]
    with style():
        figure, (growth, ball, apart) = new_panels(3, 10.4, 3.6)
        growth.plot(results.strengths, results.growth, **PREDICTED)
        growth.axhline(0, **GUIDE)
        growth.axvspan(2, results.threshold, color=FAINT, zorder=0, label="only norms that are not quadratic")
        growth.set(xlabel="$c$", ylabel=r"$\ln r$ over a quarter turn, worst switching")
        growth.set_title(f"zero at {results.threshold:.5f}")
        for c, vertices, radius, colour in zip(BETWEEN, results.polytopes, radii, SERIES, strict=False):
            look: dict[str, Any] = {"color": colour, "label": f"$c$ = {c:g}: {2 * len(vertices)} corners"}
            around = np.concatenate([ANGLES, ANGLES + np.pi])
            if radius is radii[0]:
                ball.plot(*(np.tile(radius, 2) * [np.cos(around), np.sin(around)]), **look)
            apart.plot(np.degrees(ANGLES), 100 * (radius / radii[0] - 1), **look)
        ball.set(aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
        ball.set_title(f"unit ball of the norm at $c$ = {BETWEEN[0]:g}")
        apart.set(xlabel="angle (degrees)", ylabel="radius, relative to that ball (%)")
        apart.set_xticks([0, 45, 90, 135, 180])
        apart.set_title("how the others differ")
        legend_below(figure, 4)
    data = {"strengths": results.strengths, "growth": results.growth, "angles": ANGLES}
    data |= {f"polytope_{number}": vertices for number, vertices in enumerate(results.polytopes)}
    data |= {f"radius_{number}": radius for number, radius in enumerate(radii)}
    caption = "W = [[0, -c], [c, 0]]: from c = 2 no quadratic metric contracts; polyhedral norms do, up to c = 2.883."
    return (plot("counterexample", caption, figure, data),)


def _radius(vertices: Float[np.ndarray, "vertices 2"]) -> Float[np.ndarray, " angles"]:
    """How far the ball with these corners and their opposites reaches, its mean over all angles being 1."""
    corners = np.concatenate([vertices, -vertices])
    corners = corners[np.argsort(np.arctan2(corners[:, 1], corners[:, 0]))]
    edges = np.roll(corners, -1, axis=0) - corners
    ways = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
    # an edge's line is met at t where t * way x edge = corner x edge; the ball is convex: the nearest line counts
    crossed = ways[:, :1] * edges[:, 1] - ways[:, 1:] * edges[:, 0]
    offsets = corners[:, 0] * edges[:, 1] - corners[:, 1] * edges[:, 0]
    reach = offsets / np.where(crossed > 1e-12, crossed, np.nan)
    radius = np.nanmin(reach, axis=1)
    return radius / radius.mean()
