"""The latent circuit against the network of N neurons: exact reduction, predicted delay, law of the remainder."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from simulate.cells.rank_one import RankOne
from simulate.ghost.initial import ZeroBias
from simulate.tasks.delayed_activation import DelayedActivation
from theory.ghost.circuit.latent_circuit import LatentCircuit
from theory.ghost.circuit.passage import Delay, PassageOutcome, with_euler_correction
from validate.ghost.along_training import low_rate_population
from validate.ghost.rank_one import rank_one_vectors
from validate.ghost.settings import Config
from validate.output import Plot
from validate.palette import MUTED, SERIES
from validate.plotting import GUIDE, MEASURED, PREDICTED, legend_below, mark_values, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, AtMost, Exact, Reported

TASK = DelayedActivation()
STEPS = TASK.delay_steps + TASK.response_steps
SNAPSHOTS_EACH = 3
HALVINGS = 6


@dataclass(frozen=True)
class DelayResults:
    """For each circuit: the switch of the N-neuron network and its predictions, in units of tau.

    `flow` is the integral of d kappa / f, `corrected` has Euler's first correction, `normal_form` the arctangents of
    the slowest ghost (NaN without one). `residual` (circuits, steps) is the Euler map's passage time minus
    `corrected` at each of `step`.
    """

    measured: Float[np.ndarray, " circuits"]
    flow: Float[np.ndarray, " circuits"]
    corrected: Float[np.ndarray, " circuits"]
    normal_form: Float[np.ndarray, " circuits"]
    step: Float[np.ndarray, " steps"]
    residual: Float[np.ndarray, "circuits steps"]

    @property
    def order(self) -> Float[np.ndarray, " circuits"]:
        """Exponent of the step in the residual, from the finest pair."""
        return np.log2(np.abs(self.residual[:, -2] / self.residual[:, -1]))


def checks(config: Config, report: Report, progress: Progress) -> DelayResults | None:
    """Compare on circuits that have learned, from several times of their training; None if none has learned."""
    circuits = _learned_circuits(config, progress)
    if not circuits:
        return None
    _compare_reduction(config, report, circuits)
    counts = np.array([_switch_step(circuit) for circuit in circuits])
    passages = [circuit.euler_passage(TASK.dt) for circuit in circuits]
    report.check(
        "step at which the N-neuron network switches, from the latent Euler map",
        predicted=np.array([passage.count for passage in passages]),
        measured=counts,
        tolerance=Exact(),
    )
    results = _delays(circuits)
    report.check(
        "switch predicted from the latent flow and Euler's correction: order of the error in the step",
        predicted=2.0,
        measured=float(np.median(results.order)),
        tolerance=Absolute(0.15, "O(D) relative at D = 1/64"),
    )
    for name, predicted in (
        ("the latent flow", results.flow),
        ("the latent flow with Euler's correction", results.corrected),
        ("the ghost's normal form", results.normal_form),
    ):
        report.check(
            f"switch time (units of tau) from {name}",
            predicted=predicted[np.isfinite(predicted)],
            measured=results.measured[np.isfinite(predicted)],
            tolerance=Reported("at the network's own step D = 0.5"),
        )
    return results


def _learned_circuits(config: Config, progress: Progress) -> list[LatentCircuit]:
    trained = low_rate_population(config, progress)
    found: list[LatentCircuit] = []
    for k in np.flatnonzero(trained.learned):
        alive = []
        for networks in trained.result.snapshots.networks:
            m, n, b = rank_one_vectors(networks)
            circuit = LatentCircuit(m[k], n[k], b[k])
            if circuit.euler_passage(TASK.dt, most_steps=STEPS).outcome is PassageOutcome.REACHED:
                alive.append(circuit)
        if alive:
            found += [alive[index] for index in np.unique(np.linspace(0, len(alive) - 1, SNAPSHOTS_EACH).astype(int))]
    return found


def _states(circuit: LatentCircuit, start: Float[np.ndarray, " neurons"], steps: int) -> Float[Array, "steps neurons"]:
    """The N-neuron network, step by step."""
    cell = RankOne(jnp.asarray(circuit.m), jnp.asarray(circuit.n), jnp.asarray(circuit.b))
    none = jnp.zeros((0,))

    def advance(state: Array, _: None) -> tuple[Array, Array]:
        state = cell.step(state, none, TASK.dt)
        return state, state

    return jax.lax.scan(advance, jnp.asarray(start), None, length=steps)[1]


def _compare_reduction(config: Config, report: Report, circuits: list[LatentCircuit]) -> None:
    """From random states: kappa of the network against the latent map, with a running bound of the rounding error."""
    generator = np.random.default_rng(config.seed)
    deviations, bounds = [], []
    for circuit in circuits:
        start = generator.normal(size=len(circuit.m))
        latent, bound = float(circuit.n @ start), circuit.flow_error(float(np.abs(circuit.n) @ np.abs(start)))
        for found in np.asarray(_states(circuit, start, STEPS)) @ circuit.n:
            stretch = abs(1 + TASK.dt * float(circuit.derivative(latent, 1)))
            bound = stretch * bound + 2 * TASK.dt * circuit.flow_error(latent)
            latent += TASK.dt * float(circuit.flow(latent))
            deviations.append(abs(float(found) - latent))
            bounds.append(bound)
    report.check(
        "reduction to the latent circuit: deviation of kappa from random states, bounded",
        predicted=np.array(bounds),
        measured=np.array(deviations),
        tolerance=AtMost("running bound of the rounding error"),
    )


def _switch_step(circuit: LatentCircuit) -> int:
    start = np.full(len(circuit.m), ZeroBias().start)
    kappa: Float[np.ndarray, " steps"] = np.asarray(_states(circuit, start, STEPS)) @ circuit.n
    above: Int[np.ndarray, " steps"] = np.flatnonzero(kappa >= 1.0)
    return int(above[0]) + 1


def _delays(circuits: list[LatentCircuit]) -> DelayResults:
    step = TASK.dt / 2.0 ** np.arange(HALVINGS)
    exact = [circuit.predicted_delay() for circuit in circuits]
    corrected = np.array([_corrected(circuit, delay, step) for circuit, delay in zip(circuits, exact, strict=True)])
    times = np.array([[circuit.euler_passage(float(h)).time for h in step] for circuit in circuits])
    normal_form = np.full(len(circuits), np.nan)
    for k, circuit in enumerate(circuits):
        ghost = circuit.slowest()
        if ghost is not None:
            normal_form[k] = ghost.delay(circuit.start(), 1.0)
    flow = np.array([delay.value for delay in exact])
    return DelayResults(times[:, 0], flow, corrected[:, 0], normal_form, step, times - corrected)


def _corrected(circuit: LatentCircuit, exact: Delay, step: Float[np.ndarray, " steps"]) -> list[float]:
    """The flow's delay with Euler's correction at each step size."""
    first, last = float(circuit.flow(circuit.start())), float(circuit.flow(1.0))
    return [with_euler_correction(exact, first, last, float(h), circuit.tau).value for h in step]


def figures(config: Config, results: DelayResults | None) -> tuple[Plot, ...]:
    """Switch time predicted from the latent flow, and the residual against the Euler step."""
    if results is None:
        return ()
    with style():
        figure, (left, right) = new_panels(2, 8.4, 3.6)
        ends = np.array([results.measured.min() * 0.9, results.measured.max() * 1.1])
        left.plot(ends, ends, **GUIDE)
        left.plot(results.measured, results.flow, "^", color=SERIES[1], markersize=4, label="latent flow")
        left.plot(results.measured, results.normal_form, "x", color=MUTED, markersize=5, label="ghost's normal form")
        best = {"marker": "o", "linestyle": "none", "color": PREDICTED["color"], "markersize": 4}
        left.plot(results.measured, results.corrected, label="latent flow + Euler's correction", **best)
        left.set(xlabel=r"switch of the $N$-neuron network ($\tau$)", ylabel=r"predicted ($\tau$)")
        for number, row in enumerate(np.abs(results.residual)):
            label = "after Euler's correction, one line a network" if number == 0 else None
            right.loglog(results.step, row, label=label, **MEASURED | {"linestyle": "-", "linewidth": 0.5})
        scale = np.median(np.abs(results.residual[:, -1])) / results.step[-1] ** 2
        right.loglog(results.step, scale * results.step**2, label="predicted slope: 2", **PREDICTED)
        right.set(xlabel=r"Euler step $\Delta t / \tau$", ylabel=r"|measured − predicted| ($\tau$)")
        mark_values(right, tuple(results.step))
        legend_below(figure, 3)
    data = {"measured": results.measured, "flow": results.flow, "corrected": results.corrected}
    data |= {"normal_form": results.normal_form, "step": results.step, "residual": results.residual}
    caption = (
        f"Switch times of {len(results.measured)} trained rank-one networks, predicted from their latent flow, a point "
        "a network; and the order in the Euler step of what is left."
    )
    return (plot("delays", caption, figure, data),)
