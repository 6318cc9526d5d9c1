"""The file of --task: the trials of a task of the user's own, and what a command learns it by if nothing is asked."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from validate.arrays import NAMED_FILES, BadArray, read_named
from validate.options import one_of

LEARNING_RATE, EPOCHS = 5e-3, 2000
"""Of a training on the user's task, where nothing else is asked for."""

NONLINEARITIES = ("linear", "erf", "tanh", "relu")
LOSS = "output^2 x tau"
"""Unit of the loss: the square of an output, integrated over time in time constants."""
DOUBLED = "targets_doubled"
"""Targets of trials twice as long."""
IGNORED = "names in the file that play no part"
TASK = (
    f"a file whose name ends in {one_of(NAMED_FILES)} with inputs (trials x steps x n_in), "
    "targets (trials x steps x n_out), a positive scalar dt and, if wanted, mask (trials x steps, not "
    "negative), all finite"
)


@dataclass(frozen=True)
class TaskArrays:
    """The trials of a task; `ignored` are names in the file that play no part.

    `doubled` are the targets of trials twice as long, where they were asked for and are in the file.
    """

    inputs: Float[np.ndarray, "trials steps inputs"]
    targets: Float[np.ndarray, "trials steps outputs"]
    mask: Float[np.ndarray, "trials steps"]
    dt: float
    ignored: tuple[str, ...] = ()
    doubled: Float[np.ndarray, "trials twice_steps outputs"] | None = None


def read_task(path: Path, *, doubled: bool = False) -> TaskArrays:
    """The trials in a file, checked; where they are asked for also the targets of trials twice as long.

    Raises:
        BadArray: saying what is wrong.
    """
    found = read_named(path, ("inputs", "targets", "dt"), ("mask", DOUBLED) if doubled else ("mask",))
    arrays = found.arrays
    inputs, targets, dt = arrays["inputs"], arrays["targets"], arrays["dt"]
    if path.suffix == ".mat":  # which does not keep a last dimension of one
        inputs, targets = (each[..., None] if each.ndim == 2 else each for each in (inputs, targets))
    for name, array in (("inputs", inputs), ("targets", targets)):
        if array.ndim != 3:
            remedy = f"; of one column {name}[..., None], of one trial {name}[None]" if array.ndim == 2 else ""
            raise BadArray(f"{name} has shape {array.shape}, not three dimensions{remedy}")
        if array.size == 0:
            raise BadArray(f"{name} has shape {array.shape}: {_zero(array.shape, 'trials', 'steps', 'columns')}")
    if inputs.shape[:2] != targets.shape[:2]:
        raise BadArray(f"inputs {inputs.shape} and targets {targets.shape} differ in trials or steps")
    mask = arrays.get("mask", np.ones(inputs.shape[:2]))
    if mask.shape != inputs.shape[:2]:
        raise BadArray(f"mask has shape {mask.shape}, inputs have {inputs.shape[:2]} trials and steps")
    if (mask < 0).any():
        raise BadArray(f"mask has a negative value, {mask.min():g}")
    if not mask.any():
        raise BadArray("mask is zero everywhere: no step would count, and nothing be learned")
    if dt.size != 1:
        raise BadArray(f"dt has shape {dt.shape}, it is no scalar")
    if dt.item() <= 0:
        raise BadArray(f"dt is {dt.item():g}, not positive")
    extended = _extended(targets, arrays[DOUBLED]) if DOUBLED in arrays else None
    return TaskArrays(inputs, targets, mask, dt.item(), found.ignored, extended)


def _extended(
    targets: Float[np.ndarray, "trials steps outputs"], given: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "trials twice_steps outputs"]:
    """The targets of trials twice as long: as they are given, or those of the added steps alone behind the others."""
    trials, steps, outputs = targets.shape
    given = given[..., None] if given.ndim == 2 and outputs == 1 else given
    if given.shape == (trials, 2 * steps, outputs):
        return given
    if given.shape == targets.shape:
        return np.concatenate([targets, given], axis=1)
    raise BadArray(
        f"{DOUBLED} has shape {given.shape}, not {(trials, 2 * steps, outputs)}: trials x twice the steps x n_out"
    )


def _zero(shape: tuple[int, ...], *names: str) -> str:
    return f"no {names[shape.index(0)]}"
