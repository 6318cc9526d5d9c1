"""Figs. 3A and 3B: loss, gradient and latent flow along training, at the low rate and at a high one."""

import numpy as np
from matplotlib.figure import Figure

from validate.checks.ghost.along_training import LOW_RATE, Life, TrainingLives
from validate.checks.ghost.settings import Config
from validate.output import Plot
from validate.plotting import GUIDE, MEASURED, PREDICTED, plot, style

COLOURS = ("#9bbad6", "#4f86b5", "#1f4e79", "#c77f0a", "#b3272d")
LATENT = np.linspace(-4.0, 4.0, 401)


def figures(config: Config, results: TrainingLives) -> tuple[Plot, ...]:
    """One figure for each rate; none where no network has that fate."""
    plots = []
    if results.low:
        caption = f"Fig. 3A: a network at rate {LOW_RATE}: a ghost, and one fixed point throughout."
        plots.append(_life("fig_3a", caption, results.low[0]))
    if results.high is not None:
        rate = config.network_learning_rate
        caption = f"Fig. 3B: a network at rate {rate:g}: it learns, then goes through a saddle-node and stays."
        plots.append(_life("fig_3b", caption, results.high))
    return tuple(plots)


def _life(name: str, caption: str, life: Life) -> Plot:
    shown = _telling_snapshots(life)
    with style():
        figure = Figure(figsize=(9.0, 5.4))
        (loss, flow), (gradient, points) = figure.subplots(2, 2)
        loss.plot(life.epochs, life.loss, color=MEASURED["color"], linewidth=0.8)
        loss.set(ylabel="loss", ylim=(-0.03, 1.08), xlabel="epoch")
        gradient.semilogy(life.epochs, np.maximum(life.gradient_norm, 1e-22), color=MEASURED["color"], linewidth=0.8)
        gradient.set(ylabel="gradient norm", xlabel="epoch")
        for index, colour in zip(shown, COLOURS, strict=False):
            circuit, epoch = life.circuits[index], int(life.snapshot_epochs[index])
            flow.plot(LATENT, circuit.flow(LATENT), color=colour, linewidth=1.2, label=f"epoch {epoch}")
            flow.plot(circuit.start(), circuit.flow(circuit.start()), "o", color=colour, markersize=4)
            loss.axvline(epoch, color=colour, linewidth=0.8, linestyle=":")
        flow.plot([], [], "o", color="#555555", markersize=4, label="start kappa(0)")
        flow.axhline(0.0, color="black", linewidth=0.8)
        flow.axvline(1.0, **GUIDE)
        flow.set(xlabel="latent variable kappa", ylabel="tau kappa'", ylim=(-2.4, 2.5))
        flow.legend(loc="lower left", ncols=2)
        points.step(
            life.snapshot_epochs, life.fixed_points, where="post", color="#555555", label="fixed points (certified)"
        )
        ghosts = np.array([_smallest_ghost(life, index) for index in range(len(life.circuits))])
        points.plot(
            life.snapshot_epochs, ghosts, ".", color=PREDICTED["color"], markersize=4, label="distance of the ghost"
        )
        points.set(xlabel="epoch", ylabel="count; distance r_eff", ylim=(-0.1, 4.2))
        points.legend(loc="upper left")
    data = {
        "epochs": life.epochs,
        "loss": life.loss,
        "gradient_norm": life.gradient_norm,
        "snapshot_epochs": life.snapshot_epochs,
        "fixed_points": life.fixed_points,
        "ghost_distance": ghosts,
        "latent": LATENT,
        "flow": np.stack([circuit.flow(LATENT) for circuit in life.circuits]),
    }
    return plot(name, caption, figure, data)


def _smallest_ghost(life: Life, index: int) -> float:
    ghost = life.ghost(index)
    return np.nan if ghost is None else abs(ghost.effective_r)


def _telling_snapshots(life: Life) -> list[int]:
    """The start, the snapshots before, at and after the one with the largest gradient, and the end."""
    gradient = np.interp(life.snapshot_epochs, life.epochs, life.gradient_norm)
    steepest, last = int(np.argmax(gradient)), len(gradient) - 1
    return sorted({0, max(0, steepest - 1), steepest, min(last, steepest + 3), last})
