"""The equations of the overlaps: scalar against matrix form, explicit neurons, what is visible, moves and is felt."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Array, Bool, Float, Key

from simulate.lowrank.batch import Batch, FixedTask
from simulate.lowrank.closure import Closure
from simulate.lowrank.draw import draw_exact, network_of
from simulate.lowrank.learning import Learning, learn_in_chunks
from simulate.lowrank.network import Network
from simulate.lowrank.nonlinearity import LINEAR
from simulate.lowrank.rule import GradientDescent
from simulate.lowrank.tasks import random_task
from theory import gaussian
from theory.conserved.invariants import conserved_matrices
from theory.lowrank.gram import trained_except
from theory.lowrank.loss import Trial
from theory.lowrank.shape import Shape
from theory.lowrank.step import step_blocks
from theory.lowrank.visible import FROZEN_PATTERNS, OverlapRoles
from theory.overlaps import OverlapTheory
from theory.toy.special import lower_numpy
from validate.checks.lowrank.settings import Config
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, Exact, Reported

SHAPES = (Shape(), Shape(rank=2), Shape(inputs=2, rank=2, outputs=2))
NEURONS, EPOCHS = 3, 5
RATE, MOMENTUM, WEIGHT_DECAY, BLOCK_RATES = 0.05, 0.5, 0.01, (1.0, 0.5, 2.0, 1.5)
TRIALS, STEPS, DT = 2, 3, 0.5
"""Three steps: as many as a signal takes through m, u and v to the output."""
TIME = 4.0
RATES = np.array([0.02, 0.01, 0.005])
SIZE = 0.1
"""Of the change in overlaps that a pair of networks differs by at the start."""


@dataclass(frozen=True)
class EquationResults:
    """Roles of the overlaps of rank one, in the order of `FROZEN_PATTERNS`; how far pairs of networks part."""

    roles: dict[str, tuple[OverlapRoles, ...]]
    rates: Float[np.ndarray, " rates"]
    parting_unfelt: Float[np.ndarray, " rates"]
    parting_felt: Float[np.ndarray, " rates"]


def checks(config: Config, report: Report, progress: Progress) -> EquationResults:
    """Compare, from symbols to trained networks."""
    with progress.task("deriving the equations of the overlaps"):
        for shape in SHAPES:
            _compare_forms(report, shape)
    with progress.task("three neurons, explicitly"):
        for shape in SHAPES:
            _compare_neurons(report, shape, config.seed)
        _compare_visible(report, config.seed)
        _compare_moving(report, config.seed)
    with progress.task("what learning feels"):
        return _compare_felt(report, config.seed)


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
    network, task = _three_neurons(shape, seed), random_task(*_task(shape, seed), TRIALS, STEPS, DT)
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
    learning = learn_in_chunks(network, task, GradientDescent(**rule, block_rates=BLOCK_RATES), EPOCHS)
    report.check(
        f"{_title(shape)}: overlaps of three neurons trained with momentum, weight decay and block rates",
        predicted=np.array(predicted),
        measured=np.asarray(learning.sigma),
        tolerance=Absolute(1e-12, "rounding, five epochs"),
    )


def _compare_visible(report: Report, seed: int) -> None:
    shape = Shape()
    sigma, batch = _three_neurons(shape, seed).sigma(), random_task(*_task(shape, seed), TRIALS, 6, DT).batch
    for phi in gaussian.NONLINEARITIES.values():
        slopes = np.abs(np.asarray(_slopes(Closure(shape, phi), sigma, batch))).max((0, 1, 2))
        report.check(
            f"{phi.name}: overlaps that the outputs depend on",
            predicted=_words(OverlapTheory(shape, phi).visible),
            measured=_names(shape, (slopes + slopes.T) > 0),
            tolerance=Exact("derivatives, zero bit for bit or not"),
        )


@eqx.filter_jit
def _slopes(closure: Closure, sigma: Float[Array, "d d"], batch: Batch) -> Float[Array, "trials steps outputs d d"]:
    return jax.jacrev(closure.outputs)(sigma, batch)


def _compare_moving(report: Report, seed: int) -> None:
    shape = Shape()
    network, task = _three_neurons(shape, seed), random_task(*_task(shape, seed), TRIALS, STEPS, DT)
    _, gradient = network.loss_and_gradient(task.batch)
    agree = 0
    for frozen in FROZEN_PATTERNS:
        m, u, v, z = (float(rate) for rate in trained_except(frozen))
        after = network.stepped(gradient, GradientDescent(0.1, block_rates=(m, u, v, z)), jax.random.key(0))
        moved = np.abs(np.asarray(after.sigma() - network.sigma())) > 0
        agree += _names(shape, moved) == _words(OverlapTheory(shape).roles(frozen).moving)
    report.check(
        "linear: sets of frozen blocks for which the overlaps that move are those the equations name",
        predicted=len(FROZEN_PATTERNS),
        measured=agree,
        tolerance=Exact("a step of three neurons; what stays, stays bit for bit"),
    )


def _compare_felt(report: Report, seed: int) -> EquationResults:
    """Pairs of networks that answer alike at first: along the unfelt direction, and along mm."""
    theory, shape = OverlapTheory(), Shape()
    felt = theory.felt()
    unfelt = np.array(felt.unfelt[0], dtype=float)
    conserved = conserved_matrices(theory.learning().gradient_matrix, sp.eye(shape.size))
    report.check(
        "linear: combinations of the ten overlaps that the outputs ever feel, in the flow",
        predicted=len(theory.activity.overlaps) - len(conserved),
        measured=felt.combinations,
        tolerance=Exact("all but the A with H A + A H = 0; by elimination"),
    )
    apart = np.array([[_parting(change, rate, seed) for rate in RATES] for change in (unfelt, np.diag([1.0, 0, 0, 0]))])
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
    )
    return EquationResults(
        roles={
            phi.name: tuple(OverlapTheory(shape, phi).roles(frozen) for frozen in FROZEN_PATTERNS)
            for phi in (gaussian.LINEAR, gaussian.ERF)
        },
        rates=RATES,
        parting_unfelt=apart[0],
        parting_felt=apart[1],
    )


def _parting(change: Float[np.ndarray, "d d"], rate: float, seed: int) -> float:
    """The largest difference in visible overlaps, over a learning time, between networks SIZE * change apart."""
    shape = Shape()
    theta = np.random.default_rng(seed).standard_normal((5, shape.size))
    sigma, task = theta.T @ theta / 5 + 0.2 * np.eye(shape.size), random_task(*_task(shape, seed))
    one, other = (_trained(start, rate, task, seed) for start in (sigma, sigma + SIZE * change))
    return float(np.abs(np.asarray(one.sigma - other.sigma))[:, 2:, :2].max())


def _trained(sigma: Float[np.ndarray, "d d"], rate: float, task: FixedTask, seed: int) -> Learning[Network]:
    start = draw_exact(jax.random.key(seed), sigma, Shape().counts, 2 * Shape().size, LINEAR)
    return learn_in_chunks(start, task, GradientDescent(jnp.asarray(rate)), round(TIME / rate))


def _three_neurons(shape: Shape, seed: int) -> Network:
    theta = np.random.default_rng(seed).standard_normal((NEURONS, shape.size))
    return network_of(jnp.asarray(theta), shape.counts, LINEAR)


def _task(shape: Shape, seed: int) -> tuple[Key[Array, ""], int, int]:
    return jax.random.key(seed), shape.inputs, shape.outputs


def _title(shape: Shape) -> str:
    return f"rank {shape.rank}, {shape.inputs} in, {shape.outputs} out"


def _words(overlaps: tuple[sp.Symbol, ...]) -> str:
    return " ".join(each.name for each in overlaps)


def _names(shape: Shape, table: Bool[np.ndarray, "d d"]) -> str:
    """The overlaps where a symmetric table is true."""
    return _words(tuple(shape.overlap(a, b) for a, b in shape.pairs if table[a, b]))
