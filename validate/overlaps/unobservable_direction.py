"""A direction of the overlaps that the outputs never show: networks that differ along it learn alike."""

from dataclasses import dataclass

import jax
import numpy as np
import sympy as sp
from jaxtyping import Float

from simulate.cells.nonlinearity import LINEAR
from simulate.overlaps.draw import draw_exact
from simulate.tasks.impulse import random_task
from simulate.tasks.task import FixedTask
from simulate.training.rule import GradientDescent
from simulate.training.train import train
from theory.overlaps.conserved.invariants import conserved_matrices
from theory.overlaps.equations.shape import Shape
from theory.overlaps.overlap_theory import OverlapTheory
from validate.output import Plot
from validate.overlaps.claims import LEARNING_REVEALS
from validate.plotting import MEASURED, ONE_PANEL, PREDICTED, legend_below, new_figure, plot, style
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import Absolute, Exact, Reported

TIME = 4.0
RATES = np.array([0.02, 0.01, 0.005])
SIZE = 0.1
"""Of the change in overlaps that a pair of networks differs by at the start."""


@dataclass(frozen=True)
class Parting:
    """How far the visible overlaps of pairs part, at each rate: along the unobservable direction, and along mm."""

    rates: Float[np.ndarray, " rates"]
    unobservable: Float[np.ndarray, " rates"]
    observable: Float[np.ndarray, " rates"]


def compare_unobservable(report: Report, seed: int) -> Parting:
    """Pairs of networks that answer alike at first: along the unobservable direction, and along mm."""
    theory, shape = OverlapTheory(), Shape()
    span = theory.gradient_span()
    unobservable = np.array(span.unobservable[0], dtype=float)
    conserved = conserved_matrices(theory.learning().gradient_matrix, sp.eye(shape.size))
    report.check(
        "linear: combinations of the ten overlaps that the outputs ever feel, in the flow",
        predicted=len(theory.activity.overlaps) - len(conserved),
        measured=span.combinations,
        tolerance=Exact("all but the A with H A + A H = 0; by elimination"),
        claim=LEARNING_REVEALS,
    )
    apart = np.array(
        [[_apart(change, rate, seed) for rate in RATES] for change in (unobservable, np.diag([1.0, 0, 0, 0]))]
    )
    report.check(
        "linear: order in the rate at which networks that differ along the signature part",
        predicted=1.0,
        measured=float(np.log2(apart[0, -2] / apart[0, -1])),
        tolerance=Absolute(0.1, "O(rate): the flow does not part them at all"),
    )
    report.check(
        "linear: parting along the signature over that along mm, at the smallest rate",
        predicted=0.0,
        measured=apart[0, -1] / apart[1, -1],
        tolerance=Reported("O(rate)"),
        claim=LEARNING_REVEALS,
    )
    return Parting(RATES, apart[0], apart[1])


def _apart(change: Float[np.ndarray, "d d"], rate: float, seed: int) -> float:
    """The largest difference in visible overlaps, over a learning time, between networks SIZE * change apart."""
    shape = Shape()
    theta = np.random.default_rng(seed).standard_normal((5, shape.size))
    sigma, task = (
        theta.T @ theta / 5 + 0.2 * np.eye(shape.size),
        random_task(jax.random.key(seed), shape.inputs, shape.outputs),
    )
    one, other = (_trained(start, rate, task, seed) for start in (sigma, sigma + SIZE * change))
    return float(np.abs(one - other)[:, 2:, :2].max())


def _trained(
    sigma: Float[np.ndarray, "d d"], rate: float, task: FixedTask, seed: int
) -> Float[np.ndarray, "epochs d d"]:
    start = draw_exact(jax.random.key(seed), sigma, Shape().counts, 2 * Shape().size, LINEAR)
    return train([start], task, rule=GradientDescent(rate), epochs=round(TIME / rate)).observed[:, 0]


def draw_parting(results: Parting) -> Plot:
    """How far pairs come apart, against the rate."""
    rates = results.rates
    with style():
        figure, axes = new_figure(ONE_PANEL, 3.8)
        axes.plot(rates, results.observable, **MEASURED, label=f"pair along {typeset('mm')}")
        axes.plot(rates, results.unobservable, **MEASURED | {"markerfacecolor": "white"}, label="pair along $A$")
        line = results.unobservable[-1] * rates / rates[-1]
        axes.plot(rates, line, **PREDICTED, label="proportional to the rate, through the last")
        axes.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="parting of visible overlaps")
        axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
        axes.minorticks_off()
        legend_below(figure, 2)
    caption = "Networks that differ along A = diag(1, 1, -1, -1) learn alike, but for steps of finite size."
    data = {"rate": rates, "parting_along_mm": results.observable, "parting_along_A": results.unobservable}
    return plot("unobservable_direction", caption, figure, data)
