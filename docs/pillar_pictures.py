"""Ghost, overlaps, contraction and degeneracy in one look each: panels with what theory says and what happens.

    python docs/pillar_pictures.py    # writes docs/ghost.png, overlaps.png, contraction.png and degeneracy.png

Everything is drawn by fixed keys, in double precision: the same pictures every time.
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
from look import ASKED, FAINT, MEASUREMENT, MUTED, SHADES, STYLE, THEORY, save
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from scipy.integrate import solve_ivp
from scipy.stats import wishart

from simulate.cells import LINEAR as LINEAR_NEURONS
from simulate.degeneracy import (
    LowRankPopulation,
    OtherTrials,
    RowMatching,
    Rows,
    TrainingMap,
    carried,
    predict_spread,
    train_rows,
)
from simulate.ghost import descend, toy_model
from simulate.overlaps import FiniteNetwork, ReducedTheory, closure_of
from simulate.tasks import filter_task
from simulate.training import GradientDescent, train
from theory.contraction import VOLTAGE, as_multiplier, certify, conditions, search
from theory.degeneracy import dynamics_apart
from theory.ghost import ToyModel, captured_fraction, descent, failure_ratio, plateau_length
from theory.overlaps import LINEAR, Shape, conserved

FOLDER = Path(__file__).parent
NOTE = {"fontsize": 8, "color": "#555555"}
LINE = {"color": THEORY, "linewidth": 1.5}
POINTS = {"color": MEASUREMENT, "linestyle": "none", "marker": "o", "markersize": 3}


def panels(titles: tuple[str, str, str]) -> tuple[Figure, list[Axes]]:
    """Three panels beside each other, each with what it shows above it."""
    figure = Figure(figsize=(9.6, 3.1))
    axes = figure.subplots(1, 3)
    for letter, each, title in zip("abc", axes, titles, strict=True):
        each.set_title(title, fontsize=9.0)
        each.set_title(letter, fontsize=9.0, fontweight="bold", loc="left")
    return figure, list(axes)


def legends(axes: list[Axes]) -> None:
    """Below each panel, where they lie on no data."""
    for each in axes:
        columns = 2 if len(each.get_legend_handles_labels()[0]) > 2 else 1
        each.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), handlelength=1.4, columnspacing=1.0, ncols=columns)


def ghost() -> Figure:
    """The state lingers; learning lingers, and drops; past a rate it is lost."""
    start, rate, delay = 10.0, 0.1095, 100.0
    model, plateau = ToyModel(delay), plateau_length(start, rate)
    figure, axes = panels(("a state lingers at the ghost", "learning waits, then drops", "too high a rate is lost"))
    state, loss, fate = axes

    def reached(time: float, x: np.ndarray) -> float:
        return float(x[0] - 14)

    reached.terminal = True  # type: ignore[attr-defined]
    state.axvspan(0, 1, color=FAINT, zorder=0)
    for ratio, colour in zip((4.0, 2.0, 1.0, 0.5), SHADES, strict=True):
        r = ratio * model.optimal_r * delay**2
        path = solve_ivp(lambda t, x, r=r: x**2 + r, (0, 2), [0.0], events=reached, max_step=0.01)
        state.plot(path.t, path.y[0], color=colour, linewidth=1.4, label=f"r = {ratio:g} r_opt")
    state.set(xlabel="time / T", ylabel="x T", xlim=(0, 1.8), ylim=(0, 12))
    state.text(0.03, 11.0, "0 asked", **NOTE)
    state.text(1.77, 11.0, "1 asked", ha="right", **NOTE)

    solved = jax.value_and_grad(lambda r: toy_model.confident_loss(r, delay, delay, jnp.inf).value)
    run = descend(
        solved, jnp.array([start * model.optimal_r]), rate * model.critical_learning_rate, round(1.1 * plateau.epochs)
    )
    loss.plot(np.asarray(run.loss[:, 0]) / delay, color=MEASUREMENT, linewidth=1.2, label="gradient descent")
    loss.axvline(plateau.epochs, label=f"drop predicted at {plateau.epochs:.0f}", **LINE | {"linestyle": "--"})
    loss.set(xlabel="epoch", ylabel="loss / T", ylim=(0, 1), xticks=(0, 500, 1000, 1500))

    rates, starts = np.linspace(0.99, 1.04, 21), np.random.default_rng(0).normal(10, 0.1, 400)
    lost = model.point_of_no_return / model.optimal_r
    stuck = [np.mean(descent.training_map.advance(starts, float(a), 20_000) < lost) for a in rates]
    known = np.linspace(0.99, 1.04, 26)
    fate.plot(known, [captured_fraction(float(a)).value for a in known], label="predicted", **LINE)
    fate.plot(rates, stuck, label="of 400 starts each", **POINTS)
    fate.axvline(float(failure_ratio()), color=MUTED, linestyle=":", linewidth=1)
    fate.text(float(failure_ratio()) + 0.001, 0.1, f"{float(failure_ratio()):.3f}", **NOTE)
    fate.set(xlabel="learning rate / critical rate", ylabel="fraction that never learns", ylim=(-0.03, 1.03))
    legends(axes)
    return figure


def overlaps() -> Figure:
    """Ten numbers learn as 500 neurons do; which of them move; what is kept."""
    shape, rate, epochs = Shape(), 5e-3, 500
    gram = np.array([[1.0, 0.2, 0.1, 0.0], [0.2, 0.8, 0.3, 0.3], [0.1, 0.3, 1.2, 0.1], [0.0, 0.3, 0.1, 0.9]])
    starts = [level.start(gram, shape, LINEAR) for level in (ReducedTheory(), FiniteNetwork(500))]
    runs = [train([each], filter_task(), rule=GradientDescent(rate), epochs=epochs) for each in starts]
    few, many = (np.asarray(run.loss[:, 0]) for run in runs)
    sigma, network = (np.asarray(run.observed[:, 0]) for run in runs)
    epoch, some = np.arange(len(few)), slice(0, None, 20)
    figure, axes = panels(("ten overlaps learn as 500 neurons", "what learning moves", "what it cannot change"))
    loss, moved, kept = axes
    loss.semilogy(epoch, few, label="the ten overlaps alone", **LINE)
    loss.semilogy(epoch[some], many[some], label="trained network", **POINTS)
    loss.set(xlabel="epoch", ylabel="loss")
    for a, b in shape.pairs:
        moved.plot(epoch, sigma[:, a, b], **LINE | {"linewidth": 1.0})
        moved.plot(epoch[some], network[some, a, b], **POINTS | {"markersize": 2})
    moved.set(xlabel="epoch", ylabel="overlap of two vectors")
    values = conserved.values.invariant_values
    found = [values(shape, conserved.symmetries.Response.linear, each) for each in network]
    for column in np.array([[*each.spectrum, each.latent[0, 0]] for each in found]).T:
        kept.plot(epoch, np.full(len(epoch), column[0]), **LINE | {"linewidth": 1.0})
        kept.plot(epoch[some], column[some], **POINTS | {"markersize": 2})
    kept.set(xlabel="epoch", ylabel="invariant")
    for each, word in ((moved, "the ten overlaps alone"), (kept, "kept, at small rates")):
        each.plot([], [], label=word, **LINE)
        each.plot([], [], label="trained network", **POINTS)
    legends(axes)
    return figure


def contraction() -> Figure:
    """Two starts, one input; how fast all pairs approach one another; why that is proved."""
    weights = np.array([[0.0, -1.5, 0.5], [1.5, -1.0, 0.0], [0.25, 0.5, -2.0]])
    found = certify(weights, VOLTAGE)
    metric = as_multiplier(found.network, found.claims[0]).metric.approximate()
    rng = np.random.default_rng(4)
    times = np.linspace(0, 12, 241)
    figure, axes = panels(("a network forgets its start", "as fast as certified, at least", "the proof, as a picture"))
    states, distances, proof = axes

    def run(drive: np.ndarray, start: np.ndarray) -> np.ndarray:
        size, speed, phase = drive

        def velocity(t: float, x: np.ndarray) -> np.ndarray:
            return -x + weights @ np.tanh(x) + size * np.sin(speed * t + phase)

        return solve_ivp(velocity, (0, 12), start, t_eval=times, rtol=1e-10, atol=1e-12).y.T

    drives = [np.array([rng.normal(size=3), rng.uniform(0.5, 2, 3), rng.uniform(0, 6.3, 3)]) for _ in range(25)]
    for colour, start in zip(SHADES, 3 * rng.normal(size=(4, 3)), strict=True):
        states.plot(times, run(drives[0], start)[:, 0], color=colour, linewidth=1.2)
    states.plot([], [], color=SHADES[1], label="4 starts, the same input")
    states.set(xlabel="time (τ)", ylabel="state of a neuron")
    for k, drive in enumerate(drives):
        apart = run(drive, 3 * rng.normal(size=3)) - run(drive, 3 * rng.normal(size=3))
        length = np.sqrt(np.einsum("ti,ij,tj->t", apart, metric, apart))
        label = {"label": f"{len(drives)} pairs, inputs that vary"} if k == 0 else {}
        distances.semilogy(times, length / length[0], color=MEASUREMENT, linewidth=0.6, alpha=0.6, **label)
    distances.semilogy(times, np.exp(-found.rate * times), label=f"certified: rate {found.rate:.3f}", **LINE)
    distances.set(xlabel="time (τ)", ylabel="distance / at the start", xlim=(0, 8), ylim=(1e-4, 1.5))
    scaling = conditions.multiplier.searched(found.network).scaling
    field = search.numerical_range.numerical_range(scaling[:, None] * weights / scaling)
    edge = search.numerical_range.parabola(1 - found.rate, 2.4)
    proof.plot(edge.real, edge.imag, label="parabola of that rate", **LINE)
    proof.fill(field.real, field.imag, color=MEASUREMENT, alpha=0.25, linewidth=0)
    proof.plot(field.real, field.imag, color=MEASUREMENT, linewidth=1.2, label="numerical range of W")
    proof.plot(
        *np.array([[e.real, e.imag] for e in np.linalg.eigvals(weights)]).T, "x", color=ASKED, label="eigenvalues"
    )
    proof.set(xlabel="real part", ylabel="imaginary part", aspect="equal", xlim=(-3, 1.2), ylim=(-2.2, 2.2))
    legends(axes)
    return figure


def degeneracy() -> Figure:
    """Networks answer alike after training; their units are matched; how far apart they end, at three levels."""
    task, longer = filter_task(dt=0.1, steps=40), OtherTrials(filter_task(dt=0.1, steps=80).batch)
    start, rule, epochs, shape = 0.8 * np.eye(4) + 0.2, GradientDescent(0.02), 10, Shape()
    learning, rows = TrainingMap(closure_of(shape, LINEAR), task, rule), Rows(np.linalg.cholesky(start).T)

    def trained(neurons: int, networks: int) -> tuple[LowRankPopulation, list[tuple[np.ndarray, np.ndarray]]]:
        """Networks of such rows, and u and v of each."""
        theta = rows.draw(neurons=neurons, networks=networks, seed=neurons)
        found = train_rows(theta, (1, 1, 1, 1), LINEAR_NEURONS, task, rule=rule, epochs=epochs)
        each = [found.one(k).connectivity for k in range(networks)]
        return found, [(np.asarray(one.u), np.asarray(one.v)) for one in each]

    figure, axes = panels(("drawn apart, trained alike", "units matched", "how far apart they end"))
    outputs, units, apart = axes
    networks, factors = trained(64, 12)
    times = task.batch.dt * np.arange(1, task.batch.targets.shape[1] + 1)
    for every, colour, word in ((networks.before, MUTED, "before"), (networks.after, MEASUREMENT, "after training")):
        for k in range(12):
            answer = jax.tree.map(lambda leaf, k=k: leaf[k], every).outputs(task.batch)[0, :, 0]
            label = {"label": f"12 networks {word}"} if k == 0 else {}
            outputs.plot(times, answer, color=colour, linewidth=0.8, **label)
    outputs.plot(times, task.batch.targets[0, :, 0], color=ASKED, linestyle="--", linewidth=1.4, label="asked")
    outputs.set(xlabel="time (τ)", ylabel="output")

    one, other = factors[:2]
    order = list(RowMatching()(one, other).order)
    first, second = np.hstack(one), np.hstack([each[order] for each in other])
    second = second * np.sign((first * second).sum())  # u and v negated are the same weights
    for pair in zip(first, second, strict=True):
        units.plot(*np.transpose(pair), color=MUTED, linewidth=0.6, zorder=1)
    units.plot(*first.T, **POINTS, label="units of a network")
    units.plot(*second.T, **POINTS | {"color": ASKED, "marker": "s"}, label="partners in another")
    units.set(xlabel="u", ylabel="v", aspect="equal")

    sizes, drawn = (64, 256, 1024, 4096, 16_384), 400
    told = [predict_spread(learning, start, neurons=n, epochs=epochs, trials=longer) for n in sizes]
    loss, dynamics = np.empty((2, len(sizes)))
    for k, n in enumerate(sizes):
        grams = wishart(df=n, scale=start / n, seed=n).rvs(drawn)
        ends = carried(learning, grams, epochs=epochs, trials=longer)
        loss[k] = ends["unseen_loss"].std(ddof=1)
        squares = [dynamics_apart(*ends["sigma"][i : i + 2]).value ** 2 for i in range(0, drawn, 2)]
        dynamics[k] = np.sqrt(np.mean(squares) / 2)
    matched = sizes[:3]
    pairs = [
        [trained(n, 2 * count)[1][i : i + 2] for i in range(0, 2 * count, 2)]
        for n, count in zip(matched, (32, 16, 8), strict=True)
    ]
    weights = [np.sqrt(np.mean([RowMatching()(*pair).value ** 2 for pair in each])) for each in pairs]
    for words, theory, found, at, look in (
        ("weights, units matched", [each.weights_distance for each in told], weights, matched, (SHADES[0], "s")),
        ("behaviour: loss", [each.unseen_loss_sd for each in told], loss, sizes, (SHADES[1], "o")),
        ("dynamics: DSA", [each.dsa_sd for each in told], dynamics, sizes, (SHADES[2], "D")),
    ):
        apart.plot(sizes, np.array(theory, float), **LINE, label="predicted" if words.startswith("weights") else None)
        apart.plot(at, found, **POINTS | {"color": look[0], "marker": look[1], "markersize": 4}, label=words)
    apart.set(xscale="log", yscale="log", xlabel="neurons N", ylabel="difference between networks")
    apart.set_yticks((0.03, 0.1, 0.3), ("0.03", "0.1", "0.3"))
    apart.yaxis.set_minor_formatter(NullFormatter())
    legends(axes)
    return figure


def main() -> None:
    """Draw all."""
    jax.config.update("jax_enable_x64", True)
    with matplotlib.rc_context(STYLE | {"axes.grid": True, "grid.color": "#dddddd", "grid.linewidth": 0.5}):
        for draw in (ghost, overlaps, contraction, degeneracy):
            save(draw(), FOLDER / f"{draw.__name__}.png")


if __name__ == "__main__":
    main()
