"""What a user's files must hold: the arrays of a task, of a network, of a Gram matrix."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float

from theory.overlaps.equations.factors import Factors, nearest_factors
from validate.arrays import BadArray, Real, read_npz

TASK = (
    "an npz file with inputs (trials x steps x n_in), targets (trials x steps x n_out), a positive scalar dt and, "
    "if wanted, mask (trials x steps, not negative), all finite"
)
NETWORK = (
    "an npz file with m (N x n_in), z (N x n_out) and either u and v (N x R) or W (N x N, with --rank), all finite"
)
SIGMA = (
    "a symmetric, positive semidefinite d x d matrix as .npy or .csv, d = n_in + 2 rank + n_out, columns in the order "
    "m, u, v, z"
)
LARGEST = 1e150
"""Weights beyond have squares, and so overlaps, that are no finite numbers."""


@dataclass(frozen=True)
class TaskArrays:
    """The trials of a task."""

    inputs: Float[np.ndarray, "trials steps inputs"]
    targets: Float[np.ndarray, "trials steps outputs"]
    mask: Float[np.ndarray, "trials steps"]
    dt: float


@dataclass(frozen=True)
class NetworkArrays:
    """A trained network, x' = -x + W phi(x) + m s with y = z^T phi(x) / N and W = u v^T / N.

    `given` holds either u and v, or W.
    """

    m: Float[np.ndarray, "neurons inputs"]
    z: Float[np.ndarray, "neurons outputs"]
    given: dict[str, Real]
    rank: int

    @cached_property
    def factors(self) -> Factors | None:
        """Of W, if that was given."""
        return nearest_factors(self.given["W"], self.rank) if "W" in self.given else None

    @cached_property
    def theta(self) -> Float[np.ndarray, "neurons d"]:
        """[m u v z]; u and v are those nearest to W if that was given."""
        found = self.factors
        u, v = (self.given["u"], self.given["v"]) if found is None else (found.u, found.v)
        return np.hstack([self.m, u, v, self.z])


def read_task(path: Path) -> TaskArrays:
    """The trials in a file, checked.

    Raises:
        BadArray: saying what is wrong.
    """
    arrays = read_npz(path, ("inputs", "targets", "dt"), ("mask",))
    inputs, targets, dt = arrays["inputs"], arrays["targets"], arrays["dt"]
    for name, array in (("inputs", inputs), ("targets", targets)):
        if array.ndim != 3:
            raise BadArray(f"{name} has shape {array.shape}, not three dimensions")
        if array.size == 0:
            raise BadArray(f"{name} has shape {array.shape}: {_zero(array.shape, 'trials', 'steps', 'columns')}")
    if inputs.shape[:2] != targets.shape[:2]:
        raise BadArray(f"inputs {inputs.shape} and targets {targets.shape} differ in trials or steps")
    mask = arrays.get("mask", np.ones(inputs.shape[:2]))
    if mask.shape != inputs.shape[:2]:
        raise BadArray(f"mask has shape {mask.shape}, inputs have {inputs.shape[:2]} trials and steps")
    if (mask < 0).any():
        raise BadArray(f"mask has a negative value, {mask.min():g}")
    if dt.ndim:
        raise BadArray(f"dt has shape {dt.shape}, it is no scalar")
    if dt <= 0:
        raise BadArray(f"dt is {float(dt):g}, not positive")
    return TaskArrays(inputs, targets, mask, float(dt))


def read_network(path: Path, rank: int | None) -> NetworkArrays:
    """The network in a file, checked; a vector is a matrix of one column.

    Raises:
        BadArray: saying what is wrong.
    """
    arrays = read_npz(path, ("m", "z"), ("u", "v", "W"))
    recurrent = sorted(set(arrays) - {"m", "z"})
    if recurrent not in (["W"], ["u", "v"]):
        raise BadArray(f"of u, v and W it has {' and '.join(recurrent) or 'none'}")
    columns = {name: array[:, None] if array.ndim == 1 else array for name, array in arrays.items()}
    for name, array in columns.items():
        if array.ndim != 2:
            raise BadArray(f"{name} has shape {array.shape}, which is no matrix")
        if array.size == 0:
            raise BadArray(f"{name} has shape {array.shape}: {_zero(array.shape, 'neurons', 'columns')}")
        if len(array) != len(columns["m"]):
            raise BadArray(f"{name} has {len(array)} rows and m {len(columns['m'])}: not one a neuron")
        if (largest := np.abs(array).max()) > LARGEST:
            raise BadArray(f"{name} has values up to {largest:g}: their squares are too large to reckon with")
    return NetworkArrays(columns["m"], columns["z"], {name: columns[name] for name in recurrent}, _rank(columns, rank))


def _rank(columns: dict[str, Real], rank: int | None) -> int:
    neurons = len(columns["m"])
    if "W" in columns:
        if columns["W"].shape != (neurons, neurons):
            raise BadArray(f"W has shape {columns['W'].shape}, not {neurons} x {neurons}")
        if rank is None:
            raise BadArray("W is given without a --rank to reduce it to")
        found = rank
    else:
        u, v = columns["u"], columns["v"]
        found = u.shape[1]
        if u.shape != v.shape:
            raise BadArray(f"u {u.shape} and v {v.shape} differ in shape")
        if rank not in (None, found):
            raise BadArray(f"u and v have {found} columns, which is not the --rank {rank}")
    if found > neurons:
        raise BadArray(f"rank {found} exceeds its {neurons} neurons")
    return found


def _zero(shape: tuple[int, ...], *names: str) -> str:
    return f"no {names[shape.index(0)]}"
