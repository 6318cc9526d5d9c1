"""One trial of each task as a picture: what it shows, and what it asks for.

    python docs/task_pictures.py    # writes docs/tasks/*.png

The trials are drawn by a fixed key, in double precision: the same pictures every time.
"""

from dataclasses import dataclass
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import matplotlib  # noqa: E402
import numpy as np  # noqa: E402
from look import STYLE, save  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from simulate.tasks import (  # noqa: E402
    Batch,
    ContextIntegration,
    DelayedDiscrimination,
    Lorenz96,
    NBitFlipFlop,
    PathIntegration,
    SineGeneration,
    Task,
)

FOLDER = Path(__file__).parent / "tasks"
LOOK = {0: "#1f4e79", 1: "#b3272d", 2: "#4b8b3b", 3: "#c28b1a"}


@dataclass(frozen=True)
class Trial:
    """One trial: inputs and targets by step, and which steps count."""

    inputs: np.ndarray
    targets: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, task: Task) -> "Trial":
        """The first trial of a task's first epoch."""
        batch: Batch = task(jnp.asarray(0))
        return cls(*(np.asarray(each[0]) for each in (batch.inputs, batch.targets, batch.mask > 0)))

    @property
    def asked(self) -> np.ndarray:
        """Targets, and gaps where no answer counts."""
        return np.where(self.counts[:, None], self.targets, np.nan)


def panels(heights: tuple[int, ...] = (1, 1)) -> tuple[Figure, list[Axes]]:
    """Panels below each other that share the axis of steps."""
    figure = Figure(figsize=(6.4, 1.15 * sum(heights) + 0.5))
    axes = figure.subplots(len(heights), sharex=True, height_ratios=heights)
    axes[-1].set_xlabel("step")
    return figure, list(axes)


def lines(axes: Axes, values: np.ndarray, names: list[str], label: str) -> None:
    """Each column against the step, with its name."""
    for k, (column, name) in enumerate(zip(values.T, names, strict=True)):
        axes.plot(column, ".-", color=LOOK[k], label=name, linewidth=1.0, markersize=2.5)
    axes.set_ylabel(label)
    if len(names) > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def flip_flop(task: NBitFlipFlop) -> Figure:
    """Pulses as stems, what is to be held as a line, a panel a bit."""
    trial = Trial.of(task)
    figure, axes = panels((1,) * task.bits)
    for k, each in enumerate(axes):
        pulses = np.flatnonzero(trial.inputs[:, k])
        each.vlines(pulses, 0, trial.inputs[pulses, k], color=LOOK[0], linewidth=1.6, label="input")
        each.plot(trial.targets[:, k], drawstyle="steps-mid", color=LOOK[1], linewidth=1.2, label="target")
        each.set_ylabel(f"bit {k + 1}")
    axes[0].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def discrimination(task: DelayedDiscrimination) -> Figure:
    """Two pulses, and the answers within the response window."""
    trial = Trial.of(task)
    figure, axes = panels()
    pulses = np.flatnonzero(trial.inputs[:, 0])
    axes[0].axhline(0, color=LOOK[0], linewidth=1.2)
    axes[0].vlines(pulses, 0, trial.inputs[pulses, 0], color=LOOK[0], linewidth=2)
    for step, name in zip(pulses, ("f1", "f2"), strict=True):
        axes[0].text(step + 0.4, trial.inputs[step, 0], name, va="top")
    axes[0].set(ylabel="input", ylim=(-0.3, 10.3))
    lines(axes[1], trial.asked, ["sign(f2 − f1)", "|f2 − f1| / 8"], "target")
    axes[1].text(np.flatnonzero(trial.counts)[0], -0.95, "response window")
    axes[1].axvspan(*(np.flatnonzero(trial.counts)[[0, -1]] + [-0.5, 0.5]), color="#eeeeee", zorder=0)
    axes[1].set_ylim(-1.15, 1.15)
    return figure


def sine(task: SineGeneration) -> Figure:
    """Three trials of three frequencies."""
    batch = task(jnp.asarray(0))
    told = np.asarray(batch.inputs[:, 0, 0])
    picked = [int(np.flatnonzero(told == value)[0]) for value in np.unique(told)[:3]]
    figure, axes = panels((1, 2))
    names = [f"f = {task.input_unit * told[k]:.3g}" for k in picked]
    lines(axes[0], np.asarray(batch.inputs[jnp.asarray(picked), :, 0]).T, names, "input f / 30")
    lines(axes[1], np.asarray(batch.targets[jnp.asarray(picked), :, 0]).T, names, "target")
    axes[0].get_legend().remove()
    axes[0].set_ylim(0, 0.3)
    return figure


def path(task: PathIntegration) -> Figure:
    """Heading and speed by step, and the path in its arena."""
    trial = Trial.of(task)
    figure = Figure(figsize=(6.4, 3.0))
    parts = figure.subplot_mosaic([["heading", "arena"], ["speed", "arena"], ["target", "arena"]], width_ratios=(3, 2))
    parts["heading"].plot(trial.inputs[:, 0], ".", color=LOOK[0], markersize=3)
    parts["heading"].set(ylabel="heading", ylim=(-3.4, 3.4), yticks=[-np.pi, 0, np.pi], yticklabels=["−π", "0", "π"])
    lines(parts["speed"], trial.inputs[:, 1:2], ["speed"], "speed")
    for name in ("heading", "speed"):
        parts[name].tick_params(labelbottom=False)
    lines(parts["target"], trial.targets, ["x", "y"], "target")
    parts["target"].set_xlabel("step")
    arena = parts["arena"]
    start = trial.inputs[0, 2:4]
    arena.plot(*np.vstack([start, trial.targets]).T, color=LOOK[0], linewidth=1.0)
    arena.plot(*start, "o", color=LOOK[1], markersize=5, label="start, shown at step 0")
    arena.set(xlim=(-task.arena, task.arena), ylim=(-task.arena, task.arena), aspect="equal", xlabel="x", ylabel="y")
    arena.spines[["top", "right"]].set_visible(True)
    arena.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


def lorenz(task: Lorenz96) -> Figure:
    """All sites as colours, then one site with its next value."""
    trial = Trial.of(task)
    figure, axes = panels((1, 1))
    drawn = axes[0].imshow(trial.inputs.T, aspect="auto", cmap="RdBu_r", interpolation="nearest", vmin=-3, vmax=3)
    axes[0].set_ylabel("site")
    figure.colorbar(drawn, ax=axes[0], label="input")
    lines(axes[1], np.column_stack([trial.inputs[:, 0], trial.targets[:, 0]]), ["input", "target"], "site 0")
    return figure


def context(task: ContextIntegration) -> Figure:
    """Two streams, which one is cued, and its running sum."""
    trial = Trial.of(task)
    figure, axes = panels((1, 1, 1))
    lines(axes[0], trial.inputs[:, :2], ["stream 1", "stream 2"], "input")
    lines(axes[1], trial.inputs[:, 2:], ["context 1", "context 2"], "input")
    lines(axes[2], trial.targets, ["sum"], "target")
    return figure


def main() -> None:
    """Draw all tasks."""
    key = jax.random.key(3)
    with matplotlib.rc_context(STYLE):
        pictures = {
            "n_bit_flip_flop": flip_flop(NBitFlipFlop(key, probability=0.1)),
            "delayed_discrimination": discrimination(DelayedDiscrimination(key, magnitude_unit=8.0)),
            "sine_generation": sine(SineGeneration(key, frequencies=10)),
            "path_integration": path(PathIntegration(key)),
            "lorenz_96": lorenz(Lorenz96(key)),
            "context_integration": context(ContextIntegration(key)),
        }
        FOLDER.mkdir(exist_ok=True)
        for name, figure in pictures.items():
            save(figure, FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
