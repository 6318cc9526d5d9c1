"""What a user's file of a network must hold, and how a task is put to it."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float

from theory.overlaps.equations.factors import Factors, nearest_factors
from validate.arrays import BadArray
from validate.overlaps.conventions import Convention, Weights
from validate.task_file import TaskArrays


@dataclass(frozen=True)
class NetworkArrays:
    """A trained network, x' = -x + W phi(x) + m s with y = z^T phi(x) / N and W = u v^T / N.

    A bias and an initial state are columns of m: of an input that is one all the time, and of an impulse that begins
    every trial.
    """

    weights: Weights
    convention: Convention
    rank: int

    @property
    def inputs(self) -> int:
        """The number of inputs of its own, without those of bias and initial state."""
        return self.weights.m.shape[1]

    @property
    def outputs(self) -> int:
        """The number of outputs."""
        return self.weights.z.shape[1]

    @property
    def neurons(self) -> int:
        """N."""
        return len(self.weights.m)

    @cached_property
    def m(self) -> Float[np.ndarray, "neurons inputs"]:
        """The input columns, and those of bias and initial state where there are any."""
        return np.hstack([each for each in (self.weights.m, self.weights.bias, self.weights.start) if each is not None])

    @cached_property
    def factors(self) -> Factors | None:
        """Of W, if that was given."""
        return None if self.weights.W is None else nearest_factors(self.weights.W, self.rank)

    @cached_property
    def theta(self) -> Float[np.ndarray, "neurons d"]:
        """[m u v z]; u and v are those nearest to W if that was given."""
        found = self.factors
        u, v = (self.weights.u, self.weights.v) if found is None else (found.u, found.v)
        assert u is not None
        assert v is not None
        return np.hstack([self.m, u, v, self.weights.z])

    @cached_property
    def recurrent_norm(self) -> float:
        """The largest singular value of the recurrent weights W."""
        u, v, whole = self.weights.u, self.weights.v, self.weights.W
        if u is None or v is None:
            return float(np.linalg.norm(np.zeros((1, 1)) if whole is None else whole, 2))
        return float(np.linalg.norm(np.linalg.qr(u)[1] @ np.linalg.qr(v)[1].T, 2)) / self.neurons

    @property
    def scale_hint(self) -> str | None:
        """What to do where the size of W tells that a factor N is misplaced: with it moved, W would be nearer to 1."""
        norm, root = self.recurrent_norm, self.neurons**0.5
        if norm == 0 or 1 / root <= norm <= root:
            return None
        return self.convention.remedy(too_large=norm > 1)

    def driven(self, task: TaskArrays) -> TaskArrays:
        """The task with the inputs of bias and initial state.

        The trial gains a step at its beginning, which no loss counts: an impulse of height 1/dt takes the activity,
        zero before, to the initial state, and a bias takes effect there as well.
        """
        extra = [self.weights.bias, self.weights.start]
        if all(each is None for each in extra):
            return task
        trials, steps, _ = task.inputs.shape
        ones, impulse = np.ones((trials, steps + 1, 1)), np.zeros((trials, steps + 1, 1))
        impulse[:, 0] = 1 / task.dt
        ones[:, 0] = 1 / task.dt
        added = [drive for drive, each in zip((ones, impulse), extra, strict=True) if each is not None]
        first = ((0, 0), (1, 0), (0, 0))
        inputs = np.concatenate([np.pad(task.inputs, first), *added], axis=2)
        return replace(task, inputs=inputs, targets=np.pad(task.targets, first), mask=np.pad(task.mask, first[:2]))


def read_network(path: Path, rank: int | None, convention: Convention) -> NetworkArrays:
    """The network in a file, checked; a vector is a matrix of one column.

    Raises:
        BadArray: saying what is wrong.
    """
    weights = convention.read(path)
    found = _rank(weights, rank, convention)
    if found > len(weights.m):
        raise BadArray(f"rank {found} exceeds its {len(weights.m)} neurons")
    return NetworkArrays(weights, convention, found)


def _rank(weights: Weights, rank: int | None, convention: Convention) -> int:
    (first, second), u, v = convention.vectors, weights.u, weights.v
    if u is None or v is None:
        if rank is None:
            raise BadArray(f"{convention.whole} is given without a --rank to reduce it to")
        return rank
    if u.shape != v.shape:
        raise BadArray(f"{first} {u.shape} and {second} {v.shape} differ in shape")
    if rank not in (None, u.shape[1]):
        raise BadArray(f"{first} and {second} have {u.shape[1]} columns, which is not the --rank {rank}")
    return u.shape[1]
