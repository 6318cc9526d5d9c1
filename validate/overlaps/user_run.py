"""What a user asks of their own files: options checked against the files and one another, what is left out filled in.

Light: whatever is refused is refused before anything heavy is imported.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from simulate.overlaps.gram_matrix import Counts, random_gram
from validate.arrays import BadArray
from validate.command import Plan, Section
from validate.options import Refusal
from validate.overlaps.conventions import CONVENTIONS, OURS
from validate.overlaps.levels import LEVELS, Beginning, UserLevel
from validate.overlaps.settings import NEURONS, UserConfig
from validate.overlaps.user_files import NetworkArrays, read_network
from validate.sigma_file import checked_sigma, counts_of, read_sigma
from validate.task_file import TASK, TaskArrays, read_task


@dataclass(frozen=True)
class UserRun:
    """A run on the user's own files: what is in them and the settings.

    `counts` are the columns of m, u, v and z. `overlaps` are those that were given or drawn; None where they are those
    of the network.
    """

    config: UserConfig
    task: TaskArrays | None
    network: NetworkArrays | None
    counts: Counts
    overlaps: Float[np.ndarray, "d d"] | None

    @property
    def levels(self) -> tuple[UserLevel, ...]:
        """The levels of description to train at."""
        return tuple(LEVELS[name] for name in self.config.levels)

    @property
    def sigma(self) -> Float[np.ndarray, "d d"]:
        """The overlaps that learning starts from."""
        if self.overlaps is not None:
            return self.overlaps
        assert self.network is not None
        return self.network.theta.T @ self.network.theta / len(self.network.theta)

    @property
    def neurons(self) -> int:
        """Neurons of the network that is read or trained."""
        assert self.config.neurons is not None
        return self.config.neurons

    @property
    def nodes(self) -> int:
        """Nodes that stand for infinitely many neurons."""
        assert self.config.nodes is not None
        return self.config.nodes

    @property
    def beginning(self) -> Beginning:
        """What training begins from, at every level."""
        theta = None if self.network is None else self.network.theta
        return Beginning(self.counts, self.sigma, theta, self.neurons, self.nodes, self.config.seed)

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


def own_plan(asked: UserConfig) -> Plan:
    """The run on these files: what is in the network, then how the task is learned.

    Raises:
        Refusal: naming the option, what is wrong and what is accepted.
    """
    own = own_run(asked)
    network = (Section("Your network", "validate.overlaps.user_network", own),) if own.network is not None else ()
    task = (Section("Your task", "validate.overlaps.user_task", own),) if own.task is not None else ()
    return Plan(own.config, (*network, *task))


def own_run(asked: UserConfig) -> UserRun:
    """Read the files, check them against the options and fill in the rank and the number of neurons.

    Raises:
        Refusal: naming the option, what is wrong and what is accepted.
    """
    repeated = sorted({level for level in asked.levels if asked.levels.count(level) > 1})
    if repeated:
        raise Refusal("--levels", f"{' and '.join(repeated)} named more than once", "each level once")
    try:
        task = None if asked.task is None else read_task(asked.task)
    except BadArray as error:
        raise Refusal("--task", str(error), TASK) from error
    convention = CONVENTIONS[asked.convention or OURS.name]
    try:
        network = None if asked.network is None else read_network(asked.network, asked.rank, convention)
    except BadArray as error:
        raise Refusal("--network", str(error), convention.accepted) from error
    given = None if asked.sigma is None else read_sigma(asked.sigma)
    counts = _counts(asked.rank, task, network, given)
    if task is not None and network is not None:
        task = network.driven(task)
    neurons = network.neurons if network is not None else asked.neurons or NEURONS
    overlaps = None
    if given is not None:
        overlaps = checked_sigma(given, counts, neurons if "network" in asked.levels else None)
    elif network is None:
        overlaps = random_gram(neurons, sum(counts), asked.seed)
    config = replace(asked, rank=counts[1], neurons=neurons, nodes=_nodes(asked, sum(counts)))
    return UserRun(config, task, network, counts, overlaps)


def _nodes(asked: UserConfig, size: int) -> int | None:
    """How many nodes stand for infinitely many neurons: as many as were asked for, if a rule has so many."""
    least = 2 ** (2 * size - 1).bit_length()
    if asked.nodes is None:
        return None if asked.task is None else max(asked.effort.nodes, least)
    if "infinite_width" not in asked.levels:
        raise Refusal("--nodes", "given without the level infinite_width", "together with --levels infinite_width")
    if asked.nodes < least or asked.nodes & (asked.nodes - 1):
        accepted = f"a power of two from {least}, as {max(1024, 2 * least)}"
        raise Refusal("--nodes", f"{asked.nodes} is no number of nodes for {size} columns of theta", accepted)
    return asked.nodes


def _counts(
    asked: int | None,
    task: TaskArrays | None,
    network: NetworkArrays | None,
    sigma: Float[np.ndarray, "d d"] | None,
) -> Counts:
    if network is None:
        assert task is not None
        return counts_of(asked, task, sigma)
    if task is not None:
        for option, name, has, asks in (
            ("m", "inputs", network.inputs, task.inputs.shape[2]),
            ("z", "targets", network.outputs, task.targets.shape[2]),
        ):
            if has != asks:
                problem = f"{option} has {has} columns, the {name} of --task {asks}"
                raise Refusal("--network", problem, "a network with as many inputs and outputs as the task")
    return (network.m.shape[1], network.rank, network.rank, network.outputs)
