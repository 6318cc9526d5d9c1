"""Theorem 6 along real trajectories: where no constant metric exists, slowly varying slopes still contract."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.nonlinearity import TANH
from simulate.contraction.inputs import RandomSinusoids
from simulate.integrate import FORWARD, solve_flow
from theory.contraction.form import FORMS, Form
from theory.contraction.network import network
from theory.contraction.theorems.slow_slopes import along, premise, printed_counterexample, rate_excess, voltage_excess
from validate.contraction.claims import SLOW_SLOPES
from validate.contraction.settings import Config
from validate.contraction.simulated import simulated_network
from validate.output import Plot
from validate.plotting import MEASURED, PREDICTED, legend_below, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import AtLeast, AtMost, Exact

STRENGTH = 4.0
"""c of W = [[0, -c], [c, 0]]: beyond the threshold at which switching slopes destabilise."""
TIMES = np.linspace(0.0, 12.0, 481)
ROUNDING = 1e-3
"""Between two times the least beta may lie below those at the times: its slope times half of 0.025."""


@dataclass(frozen=True)
class SlowResults:
    """Of each form: the beta that holds at each time, and the decay rate of V measured between times."""

    forms: tuple[str, ...]
    times: Float[np.ndarray, " times"]
    betas: tuple[Float[np.ndarray, " times"], ...]
    decays: tuple[Float[np.ndarray, " intervals"], ...]


def checks(config: Config, report: Report, progress: Progress) -> SlowResults:
    """Identities, the printed statement's counterexample, and V along trajectories."""
    for size in (2, 3):
        for name, excess in (("voltage", voltage_excess), ("rate", rate_excess)):
            report.check(
                f"theorem 6 as corrected, {name}: V' less what it is said to be, generic {size} x {size}",
                predicted="0",
                measured=str(excess(size)),
                tolerance=Exact(),
            )
    printed = printed_counterexample()
    report.check(
        "theorem 6 as printed: largest eigenvalue of D J + J^T D where its premise holds (it should be negative)",
        predicted=8,
        measured=float(max(printed.growth().eigenvals())),
        tolerance=Exact(),
        claim=SLOW_SLOPES,
    )
    betas, decays = [], []
    with progress.task("slow slopes", total=len(FORMS)) as advance:
        for done, form in enumerate(FORMS):
            beta, decay = _follow(form, config, report)
            betas.append(beta)
            decays.append(decay)
            advance(done + 1)
    return SlowResults(tuple(form.name for form in FORMS), TIMES, tuple(betas), tuple(decays))


def _follow(
    form: Form, config: Config, report: Report
) -> tuple[Float[np.ndarray, " times"], Float[np.ndarray, " intervals"]]:
    asked = network(np.array([[0.0, -STRENGTH], [STRENGTH, 0.0]]), form)
    proved = premise(asked)
    assert proved is not None
    simulated = simulated_network(asked, TANH)
    slow = RandomSinusoids(amplitude=0.1, slowest=0.01, fastest=0.05)
    drive = slow.draw(jax.random.key(config.seed), 2)

    def slopes(time: Array, x: Array) -> Array:
        return 1 - jnp.tanh(simulated.form.argument(simulated.weights, x, drive(time))) ** 2

    def field(time: Array, state: Array) -> Array:
        x, displacement = state
        return jnp.stack([simulated.velocity(x, drive(time)), simulated.jacobian(slopes(time, x)) @ displacement])

    start = jnp.array([[0.02, -0.01], [1.0, 0.5]])
    solved = solve_flow(field, start, TIMES[-1], FORWARD, times=jnp.asarray(TIMES))
    x, displacement = np.asarray(solved.states[:, 0]), np.asarray(solved.states[:, 1])

    def changing(time: Array, x: Array) -> tuple[Array, Array]:
        velocity = simulated.velocity(x, drive(time))
        return jax.jvp(slopes, (time, x), (jnp.ones_like(time), velocity))

    values, changes = (np.asarray(a) for a in jax.vmap(changing)(jnp.asarray(TIMES), jnp.asarray(x)))
    found = along(asked, proved, TIMES, values, changes)
    scales = np.array([float(scale) for scale in proved.scales])
    metric = values**form.power
    energy = (displacement**2 * metric / scales).sum(axis=1)
    decay = -np.diff(np.log(energy)) / np.diff(TIMES)
    report.check(
        f"theorem 6, {form.name}: beta, and the decay of V between times, c = {STRENGTH:g}",
        predicted=np.minimum(found.betas[1:], found.betas[:-1]) - ROUNDING,
        measured=decay,
        tolerance=AtLeast("V' <= -beta V; the least beta of an interval to its second order"),
        claim=SLOW_SLOPES,
    )
    report.check(
        f"theorem 6, {form.name}: rate beta / 2 along the trajectory, and a rate that no constant metric has",
        predicted=found.beta / 2,
        measured=0.0,
        tolerance=AtMost("at this c constant quadratic metrics prove nothing, and switching slopes destabilise"),
    )
    return found.betas, decay


def figures(config: Config, results: SlowResults) -> tuple[Plot, ...]:
    """The beta that is proved and the decay that is measured."""
    middle = (results.times[1:] + results.times[:-1]) / 2
    with style():
        figure, panels = new_panels(len(results.forms), 8.0, 3.0)
        for axes, form, beta, decay in zip(panels, results.forms, results.betas, results.decays, strict=True):
            axes.plot(results.times, beta, label=r"$\beta$, proved", **PREDICTED)
            axes.plot(middle[::6], decay[::6], label="decay rate of $V$", **MEASURED)
            axes.set(title=form, xlabel=r"time ($\tau$)", ylabel=r"rate (1/$\tau$)")
        legend_below(figure, 2)
    data = {"times": results.times, "betas": np.array(results.betas), "decays": np.array(results.decays)}
    caption = (
        "Slopes that change slowly: V = x^T P^-1 D x (voltage) falls at least at the rate beta there; one trajectory."
    )
    return (plot("slow_slopes", caption, figure, data),)
