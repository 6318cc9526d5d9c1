"""The equations of the overlaps: scalar against matrix form, explicit neurons, what is visible, moves and is felt."""

from dataclasses import dataclass

import numpy as np
import sympy as sp

from simulate.training.rule import GradientDescent
from simulate.training.train import train
from theory.lowering import lower_numpy
from theory.overlaps.equations.loss import Trial
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.step import step_blocks
from theory.overlaps.overlap_theory import OverlapTheory
from validate.output import Plot
from validate.overlaps.claims import LINEAR_CLOSED
from validate.overlaps.overlap_roles import Roles, compare_moving, compare_visible, draw_roles, roles_of_rank_one
from validate.overlaps.settings import Config
from validate.overlaps.three_neurons import DT, short_task, three_neurons
from validate.overlaps.unobservable_direction import Parting, compare_unobservable, draw_parting
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, Exact

SHAPES = (Shape(), Shape(rank=2), Shape(inputs=2, rank=2, outputs=2))
EPOCHS = 5
RATE, MOMENTUM, WEIGHT_DECAY, BLOCK_RATES = 0.05, 0.5, 0.01, (1.0, 0.5, 2.0, 1.5)


@dataclass(frozen=True)
class EquationResults:
    """The roles of the overlaps of rank one, and how far pairs of networks part."""

    roles: Roles
    parting: Parting


def checks(config: Config, report: Report, progress: Progress) -> EquationResults:
    """Compare, from symbols to trained networks."""
    with progress.task("deriving the equations of the overlaps"):
        for shape in SHAPES:
            _compare_forms(report, shape)
    with progress.task("three neurons, explicitly"):
        for shape in SHAPES:
            _compare_neurons(report, shape, config.seed)
        compare_visible(report, config.seed)
        compare_moving(report, config.seed)
    with progress.task("what learning feels"):
        parting = compare_unobservable(report, config.seed)
        return EquationResults(roles_of_rank_one(), parting)


def _compare_forms(report: Report, shape: Shape) -> None:
    learning = OverlapTheory(shape).learning()
    flow, after = learning.matrix_flow, learning.matrix_map
    differences = [flow[a, b] - learning.flow[shape.overlap(a, b)] for a, b in shape.pairs]
    differences += [after[a, b] - learning.map[shape.overlap(a, b)] for a, b in shape.pairs]
    report.check(
        f"{_title(shape)}: scalar equations", predicted=shape.size * (shape.size + 1) // 2,
        measured=len(learning.flow), tolerance=Exact("d (d + 1) / 2"),
    )  # fmt: skip
    report.check(
        f"{_title(shape)}: entries in which flow or map differ from the matrix form",
        predicted=0,
        measured=sum(sp.expand(difference) != 0 for difference in differences),
        tolerance=Exact("symbolic zero"),
    )


def _compare_neurons(report: Report, shape: Shape, seed: int) -> None:
    """Gradient descent on every weight of three neurons, by reverse mode, against the Gram matrix of [theta w]."""
    network, task = three_neurons(shape, seed), short_task(shape, seed)
    batch = task.batch
    trials = [
        Trial(sp.ImmutableMatrix(np.asarray(s)), sp.ImmutableMatrix(np.asarray(y)))
        for s, y in zip(batch.inputs, batch.targets, strict=True)
    ]
    theory = OverlapTheory(shape)
    loss = theory.loss(trials, sp.Float(DT))
    slopes = lower_numpy(theory.visible, sp.ImmutableMatrix([loss.diff(each) for each in theory.visible]))
    places = [next(pair for pair in shape.pairs if shape.overlap(*pair) == each) for each in theory.visible]
    size, gram = shape.size, np.zeros((2 * shape.size, 2 * shape.size))
    gram[:size, :size] = network.sigma()
    relative = np.diag(np.repeat(np.array(BLOCK_RATES), shape.counts))
    rule = {"rate": RATE, "momentum": MOMENTUM, "weight_decay": WEIGHT_DECAY}
    predicted = [gram[:size, :size]]
    for _ in range(EPOCHS):
        half = np.zeros((size, size))
        for (a, b), slope in zip(places, slopes(*(gram[a, b] for a, b in places)).ravel(), strict=True):
            half[a, b] = slope / 2
        step = np.block([list(row) for row in step_blocks(half + half.T, relative, np.eye(size), **rule)])
        gram = step.T @ gram @ step
        predicted.append(gram[:size, :size])
    learning = train([network], task, rule=GradientDescent(**rule, block_rates=BLOCK_RATES), epochs=EPOCHS)
    report.check(
        f"{_title(shape)}: overlaps of three neurons trained with momentum, weight decay and block rates",
        predicted=np.array(predicted),
        measured=learning.observed[:, 0],
        tolerance=Absolute(1e-12, "rounding, five epochs"),
        claim=LINEAR_CLOSED,
    )


def _title(shape: Shape) -> str:
    return f"rank {shape.rank}, {shape.inputs} in, {shape.outputs} out"


def figures(config: Config, results: EquationResults) -> tuple[Plot, ...]:
    """The table of roles for linear and erf networks, and how far pairs come apart."""
    return (draw_roles(results.roles), draw_parting(results.parting))
