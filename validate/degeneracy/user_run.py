"""A run on networks of the user's own: the files are read, and checked against one another and the options.

Light: whatever is refused is refused before anything heavy is imported.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from simulate.measures.operator import transitions_of
from validate.arrays import NAMED_FILES, BadArray
from validate.command import Plan, Section
from validate.degeneracy.user_settings import PopulationConfig
from validate.network_file import NetworkFile, read_network
from validate.options import Refusal, one_of

OPTION = "--population"
OF_POPULATIONS = ("tanh", "relu")
ACCEPTED = (
    f"two files or more whose names end in {one_of(NAMED_FILES)}, with any of activity (trials x steps x units), W "
    "(units x units), U (units x inputs), b (units) and V (outputs x units), or a PyTorch state dict; all finite, "
    "of one size and one task"
)


@dataclass(frozen=True)
class OwnPopulation:
    """The networks in the files, all of one cell, one size and one task."""

    networks: tuple[NetworkFile, ...]
    cell: str

    @property
    def files(self) -> tuple[str, ...]:
        """As the user named them, in their order."""
        return tuple(str(network.path) for network in self.networks)

    @property
    def names(self) -> tuple[str, ...]:
        """What tells the files apart."""
        return short_names(self.files)

    @property
    def units(self) -> int | None:
        """Of each network."""
        return self.networks[0].units


def short_names(files: Sequence[str]) -> tuple[str, ...]:
    """Names of files without the directories and the ending that all share; one that comes again is numbered.

    >>> short_names(["runs/a/net.npz", "runs/b/net.npz"])
    ('a/net', 'b/net')
    >>> short_names(["one.npz", "two.pt", "one.npz"])
    ('one.npz', 'two.pt', 'one.npz (2)')
    """
    paths = [os.path.normpath(name) for name in files]
    if len({os.path.isabs(path) for path in paths}) == 1:
        common = os.path.commonpath([os.path.dirname(path) for path in paths])
        paths = [os.path.relpath(path, common) for path in paths] if common else paths
    stems, endings = zip(*map(os.path.splitext, paths), strict=True)
    seen: Counter[str] = Counter()
    names = []
    for name in stems if len(set(endings)) == 1 else paths:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def population_plan(config: PopulationConfig) -> Plan:
    """The run on these files.

    Raises:
        Refusal: naming the option, what is wrong and what is accepted.
    """
    own = read_population(config)
    section = Section("Your networks", "validate.degeneracy.user_population", own)
    return Plan(replace(config, cell=own.cell), (section,))


def read_population(config: PopulationConfig) -> OwnPopulation:
    """The networks in the files, checked.

    Raises:
        Refusal: naming the option, what is wrong and what is accepted.
    """
    if config.nonlinearity not in OF_POPULATIONS:
        problem = f"{config.nonlinearity}, of which it is not known what may be done to units"
        raise Refusal("--nonlinearity", problem, f"{one_of(OF_POPULATIONS)} with --population")
    if len(config.population) < 2:
        raise Refusal(OPTION, f"{config.population[0]} alone has nothing to be compared with", ACCEPTED)
    try:
        networks = tuple(read_network(path, config.cell, config.layer) for path in config.population)
    except BadArray as error:
        raise Refusal(OPTION, str(error), ACCEPTED) from error
    cell = _cell(networks, config)
    _require_one_size(networks)
    if not any(all(part(each) is not None for each in networks) for part in (_activity_shape, _recurrent_shape)):
        raise Refusal(OPTION, "neither activity nor W is in all of the files: nothing to compare", ACCEPTED)
    _require_transitions(networks, config)
    return OwnPopulation(networks, cell)


def _cell(networks: Sequence[NetworkFile], config: PopulationConfig) -> str:
    """The one kind of all networks."""
    told = {each.cell: each.path for each in networks if each.cell is not None}
    for cell, path in told.items():
        if config.cell not in (None, cell):
            raise Refusal("--cell", f"{config.cell}, and {path} holds the weights of a {cell} network", f"{cell} here")
        if config.nonlinearity != "tanh" and cell != "vanilla":
            problem = f"{config.nonlinearity}, and {path} is a PyTorch {cell}, whose nonlinearity is tanh"
            raise Refusal("--nonlinearity", problem, "tanh here")
    if len(told) > 1:
        (one, first), (other, second), *_ = told.items()
        raise Refusal(OPTION, f"{first} is a {one} network and {second} a {other} network", ACCEPTED)
    cell = next(iter(told), None) or config.cell or "vanilla"
    plain = next((each.path for each in networks if each.cell is None and "W" in each.weights), None)
    if config.cell is None and cell != "vanilla" and plain is not None:
        problem = f"{next(iter(told.values()))} is a {cell} network, and {plain} does not tell what it is"
        raise Refusal(OPTION, problem, f"files of one kind of network, or --cell {cell}")
    return cell


def _recurrent_shape(network: NetworkFile) -> tuple[int, ...] | None:
    return network.weights["W"].shape if "W" in network.weights else None


def _activity_shape(network: NetworkFile) -> tuple[int, ...] | None:
    return None if network.activity is None else network.activity.shape


def _require_one_size(networks: Sequence[NetworkFile]) -> None:
    """All of as many units, inputs and outputs, and shown the same trials."""

    def columns(name: str, axis: int) -> Callable[[NetworkFile], int | None]:
        return lambda network: network.weights[name].shape[axis] if name in network.weights else None

    def trials(network: NetworkFile) -> tuple[int, ...] | None:
        return None if network.activity is None else network.activity.shape[:2]

    def width(network: NetworkFile) -> int | None:
        return None if network.activity is None else network.activity.shape[2]

    for what, of in (
        ("units", lambda network: network.units),
        ("inputs", columns("U", 1)),
        ("outputs", columns("V", 0)),
        ("trials x steps of activity", trials),
        ("units of activity", width),
    ):
        sizes = [(each.path, of(each)) for each in networks if of(each) is not None]
        for path, size in sizes[1:]:
            if size != sizes[0][1]:
                raise Refusal(OPTION, f"{sizes[0][0]} has {_told(sizes[0][1])} {what}, {path} {_told(size)}", ACCEPTED)


def _told(size: object) -> str:
    return " x ".join(map(str, size)) if isinstance(size, tuple) else str(size)


def _require_transitions(networks: Sequence[NetworkFile], config: PopulationConfig) -> None:
    """Activity long enough for the operators of DSA, if all networks have any."""
    shape = _activity_shape(networks[0])
    if shape is None or any(each.activity is None for each in networks):
        return
    count = transitions_of(shape, config.delays, 1)
    if count < config.rank:
        problem = (
            f"{config.rank}, and the activity of {shape[0]} trials of {shape[1]} steps has {max(count, 0)} transitions"
        )
        raise Refusal(
            "--rank", f"{problem} with --delays {config.delays}", "a rank up to that, fewer delays, more trials"
        )
