"""Theorems 1 to 5 and what lies beyond them: symbolic proofs, exact certificates on random matrices, brute force."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.ticker import MaxNLocator

from theory.contraction.certificate import Certificate
from theory.contraction.conditions.condition import Condition
from theory.contraction.conditions.registry import CONDITIONS, VERTEX
from theory.contraction.form import FORMS, Form
from theory.contraction.network import Network, network
from validate.contraction.claims import SUFFICIENT
from validate.contraction.settings import Config
from validate.output import Plot
from validate.palette import MEASUREMENT, MUTED
from validate.plotting import legend_below, new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import AtMost, Exact

SIZES = (2, 3)


@dataclass(frozen=True)
class TheoremResults:
    """For each condition and form: how often it held, and how often it was certified then."""

    names: tuple[str, ...]
    held: Float[np.ndarray, "conditions forms"]
    certified: Float[np.ndarray, "conditions forms"]


def checks(config: Config, report: Report, progress: Progress) -> TheoremResults:
    """Identities that vanish, claims proved wherever the condition holds, and what brute force says of them."""
    rng = np.random.default_rng(config.seed)
    held = np.zeros((len(CONDITIONS), len(FORMS)))
    certified = np.zeros_like(held)
    with progress.task("theorems", total=len(CONDITIONS)) as advance:
        for row, condition in enumerate(CONDITIONS):
            for size in SIZES:
                nonzero = sum(not zero.is_zero_matrix for zero in condition.identities(size))
                report.check(
                    f"{condition.name}: identities of its proof that do not vanish, generic {size} x {size}",
                    predicted=0,
                    measured=nonzero,
                    tolerance=Exact(),
                )
            for column, form in enumerate(FORMS):
                growth = []
                for asked in _networks(condition, form, config.effort.matrices, rng):
                    supremum = condition.supremum(asked)
                    if supremum is None or supremum.rate <= 1e-3:
                        continue
                    held[row, column] += 1
                    claim = condition.prove(asked, 0.99 * supremum.rate)
                    if claim is None:
                        continue
                    certified[row, column] += Certificate(asked.exact, (claim,)).holds()
                    growth.append(fastest_growth(asked, rng) + float(claim.rate))
                report.check(
                    f"{condition.name}, {form.name}: claims proved exactly, where the condition holds to a thousandth",
                    predicted=held[row, column],
                    measured=certified[row, column],
                    tolerance=Exact(),
                    claim=SUFFICIENT,
                )
                report.check(
                    f"{condition.name}, {form.name}: spectral abscissa at random slopes, plus the rate",
                    predicted=np.zeros(max(len(growth), 1)),
                    measured=np.array(growth or [-1.0]),
                    tolerance=AtMost("no fixed slopes decay slower than the certified rate"),
                    claim=SUFFICIENT,
                )
            advance(row + 1)
    return TheoremResults(tuple(c.name for c in CONDITIONS), held, certified)


def fastest_growth(asked: Network, rng: np.random.Generator, trials: int = 50) -> float:
    """The largest real part of an eigenvalue of J, over random slopes and random corners."""
    fractions = rng.random((trials, asked.size))
    fractions[::2] = np.round(fractions[::2])
    return max(float(np.linalg.eigvals(asked.jacobian(f)).real.max()) for f in fractions)


def _networks(condition: Condition, form: Form, count: int, rng: np.random.Generator) -> Iterator[Network]:
    """Random networks of every kind: dense, sparse, symmetric, triangular, products, strong negative diagonals."""
    largest = 4 if condition is VERTEX else 8
    if condition is VERTEX:
        count = count // 3  # each asks for dozens of semidefinite programs
    for number in range(count):
        size = int(rng.integers(1, largest + 1))
        weights = rng.normal(size=(size, size)) * rng.uniform(0.2, 1.2) / np.sqrt(size)
        match number % 6:
            case 1:
                weights = (weights + weights.T) / 2
            case 2:
                weights = np.tril(weights)
            case 3:
                left, right = (np.round(rng.uniform(0.5, 2, size) * 4) / 4 for _ in range(2))
                factor = np.round(rng.normal(size=(size, size)) * 4) / 4
                weights = -left[:, None] * (factor @ factor.T + np.eye(size)) * right
            case 4:
                weights = weights * (rng.random((size, size)) < 0.4)
            case 5:
                weights = weights - np.diag(rng.uniform(0, 4, size))
        slopes = 1.0 if number % 2 else rng.uniform(0.5, 1.5, size)
        if number % 6 == 1:
            slopes = 1.0
        yield network(weights, form, slopes)


def figures(config: Config, results: TheoremResults) -> tuple[Plot, ...]:
    """Bars: networks that meet a condition, and those of them with an exact proof."""
    place = np.arange(len(results.names))
    with style():
        figure, axes = new_figure(7.0, 3.2)
        axes.bar(
            place - 0.2, results.held.sum(axis=1), 0.4, color=MUTED, alpha=0.5, label="condition holds, to rounding"
        )
        axes.bar(
            place + 0.2, results.certified.sum(axis=1), 0.4, color=MEASUREMENT, label="proved in rational arithmetic"
        )
        axes.set_xticks(place, labels=[typeset(name) for name in results.names], rotation=30, ha="right")
        axes.set(ylabel="number of random networks")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        legend_below(figure, 2)
    caption = (
        f"How many of {config.effort.matrices} random networks a form, of every kind (of corners, a third), meet each "
        "condition, and how many are proved to."
    )
    return (plot("theorems", caption, figure, {"held": results.held, "certified": results.certified}),)
