"""What a user asks of their own files: options checked against the files and one another, what is left out filled in.

Light: whatever is refused is refused before anything heavy is imported.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from simulate.overlaps.gram_matrix import NotAGramMatrix, random_gram, require_gram, square_root
from validate.arrays import BadArray, read_matrix
from validate.cli import Refusal
from validate.overlaps.settings import Effort, OwnConfig
from validate.overlaps.user_files import NETWORK, SIGMA, TASK, NetworkArrays, TaskArrays, read_network, read_task

LEARNING_RATE, EPOCHS, NEURONS, NONLINEARITY = 5e-3, 2000, 500, "linear"
LARGEST = 1e300
"""Overlaps beyond leave no room for their sums, such as eigenvalues."""

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class Options:
    """The options as they were given; None and () where they were not."""

    task: Path | None = None
    sigma: Path | None = None
    network: Path | None = None
    nonlinearity: str | None = None
    rank: int | None = None
    learning_rate: float | None = None
    epochs: int | None = None
    neurons: int | None = None
    levels: tuple[str, ...] = ()

    @property
    def files(self) -> bool:
        """Whether the run is one on the user's own files."""
        return self.task is not None or self.network is not None


@dataclass(frozen=True)
class Own:
    """A run on the user's own files: what is in them and the settings.

    `counts` are the columns of m, u, v and z. `overlaps` are those that were given or drawn; None where they are those
    of the network.
    """

    config: OwnConfig
    task: TaskArrays | None
    network: NetworkArrays | None
    counts: tuple[int, int, int, int]
    overlaps: Float[np.ndarray, "d d"] | None

    @property
    def sigma(self) -> Float[np.ndarray, "d d"]:
        """The overlaps that learning starts from."""
        if self.overlaps is not None:
            return self.overlaps
        assert self.network is not None
        return self.network.theta.T @ self.network.theta / len(self.network.theta)

    @property
    def origin(self) -> str:
        """Where these overlaps come from, in words."""
        if self.config.network is not None:
            return f"the network in {self.config.network}"
        if self.config.sigma is not None:
            return f"the file {self.config.sigma}"
        return (
            f"a random network of {self.config.neurons} neurons, columns normal and scaled to norm sqrt(N), "
            f"seed {self.config.seed}"
        )


def refuse_without_files(options: Options) -> None:
    """Refuse what means something for the user's own files only.

    Raises:
        Refusal: naming the first such option.
    """
    _refuse_any(options, ("sigma", "levels", *_LEARNING, "nonlinearity", "rank"), "--task")


def own_run(options: Options, effort: Effort, seed: int) -> Own:
    """Read the files, check everything and fill in what was left out.

    Raises:
        Refusal: naming the option, what is wrong and what is accepted.
    """
    if options.task is None:
        _refuse_any(options, ("sigma", "levels", *_LEARNING), "--task")
    if options.network is not None:
        for name in ("sigma", "neurons"):
            if getattr(options, name) is not None:
                raise Refusal(f"--{name}", "the network of --network has its own", "one of the two options")
    repeated = sorted({level for level in options.levels if options.levels.count(level) > 1})
    if repeated:
        raise Refusal("--levels", f"{' and '.join(repeated)} named more than once", "each level once")
    try:
        task = None if options.task is None else read_task(options.task)
    except BadArray as error:
        raise Refusal("--task", str(error), TASK) from error
    try:
        network = None if options.network is None else read_network(options.network, options.rank)
    except BadArray as error:
        raise Refusal("--network", str(error), NETWORK) from error
    given = None if options.sigma is None else _read_sigma(options.sigma)
    counts = _counts(options, task, network, given)
    neurons = _or(options.neurons, NEURONS) if network is None else len(network.m)
    nonlinearity = _or(options.nonlinearity, NONLINEARITY)
    levels = () if task is None else options.levels or _usual_levels(nonlinearity)
    overlaps = None
    if given is not None:
        overlaps = _checked(given, counts, neurons if "network" in levels else None)
    elif network is None:
        overlaps = random_gram(neurons, sum(counts), seed)
    config = OwnConfig(
        task=options.task,
        sigma=options.sigma,
        network=options.network,
        nonlinearity=nonlinearity,
        rank=counts[1],
        neurons=neurons,
        learning_rate=None if task is None else _or(options.learning_rate, LEARNING_RATE),
        epochs=None if task is None else _or(options.epochs, EPOCHS),
        levels=levels,
        effort=effort,
        seed=seed,
    )
    return Own(config, task, network, counts, overlaps)


_LEARNING = ("learning_rate", "epochs", "neurons")


def _refuse_any(options: Options, names: tuple[str, ...], needed: str) -> None:
    for name in names:
        if getattr(options, name) not in (None, ()):
            raise Refusal(f"--{name.replace('_', '-')}", f"given without {needed}", f"together with {needed}")


def _read_sigma(path: Path) -> Float[np.ndarray, "rows columns"]:
    try:
        matrix = read_matrix(path)
    except BadArray as error:
        raise Refusal("--sigma", str(error), SIGMA) from error
    if matrix.shape[0] != matrix.shape[1]:
        raise Refusal("--sigma", f"a {matrix.shape[0]} x {matrix.shape[1]} matrix is not square", SIGMA)
    return matrix


def _counts(
    options: Options,
    task: TaskArrays | None,
    network: NetworkArrays | None,
    sigma: Float[np.ndarray, "d d"] | None,
) -> tuple[int, int, int, int]:
    if network is not None:
        inputs, outputs = network.m.shape[1], network.z.shape[1]
        if task is not None:
            for option, name, has, asks in (
                ("m", "inputs", inputs, task.inputs.shape[2]),
                ("z", "targets", outputs, task.targets.shape[2]),
            ):
                if has != asks:
                    problem = f"{option} has {has} columns, the {name} of --task {asks}"
                    raise Refusal("--network", problem, "a network with as many inputs and outputs as the task")
        return (inputs, network.rank, network.rank, outputs)
    assert task is not None
    inputs, outputs = task.inputs.shape[2], task.targets.shape[2]
    if options.rank is not None:
        rank = options.rank
    elif sigma is None:
        rank = 1
    else:
        rank, odd = divmod(len(sigma) - inputs - outputs, 2)
        if odd or rank < 1:
            size = f"a {len(sigma)} x {len(sigma)} matrix fits no rank with {inputs} inputs and {outputs} outputs"
            sizes = ", ".join(str(inputs + outputs + 2 * each) for each in (1, 2, 3))
            raise Refusal("--sigma", size, f"{SIGMA}: here d = {sizes}, ... for rank 1, 2, 3, ...")
    return (inputs, rank, rank, outputs)


def _checked(
    sigma: Float[np.ndarray, "d d"], counts: tuple[int, int, int, int], neurons: int | None
) -> Float[np.ndarray, "d d"]:
    """The matrix, if it is a Gram matrix, and one of so many neurons where a network of them is asked for."""
    d = sum(counts)
    if len(sigma) != d:
        problem = (
            f"a {len(sigma)} x {len(sigma)} matrix does not fit {counts[0]} inputs, rank {counts[1]} and "
            f"{counts[3]} outputs, which need {d} x {d}"
        )
        raise Refusal("--sigma", problem, SIGMA)
    if (largest := np.abs(sigma).max()) > LARGEST:
        raise Refusal("--sigma", f"values up to {largest:g}, too large to reckon with", SIGMA)
    try:
        matrix = require_gram(sigma, counts)
    except NotAGramMatrix as error:
        raise Refusal("--sigma", str(error), SIGMA) from error
    rank = len(square_root(matrix))
    if neurons is not None and neurons < rank:
        problem = f"{neurons} neurons cannot have the overlaps of --sigma, a matrix of rank {rank}"
        raise Refusal("--neurons", problem, f"a whole number from {rank}, or --levels without network")
    return matrix


def _usual_levels(nonlinearity: str) -> tuple[str, ...]:
    return ("map", "network") if nonlinearity == "linear" else ("gaussian_closure", "infinite_width", "network")


def _or(given: ValueT | None, usual: ValueT) -> ValueT:
    return usual if given is None else given
