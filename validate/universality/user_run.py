"""A run on a network of the user's own: its files are read, and checked against one another and the options.

Light: whatever is refused is refused before anything heavy is imported.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from validate.arrays import NAMED_FILES, BadArray, read_matrix
from validate.command import Plan, Section
from validate.network_file import NetworkFile, read_network
from validate.options import Refusal, one_of
from validate.universality.user_settings import RATE, NetworkConfig

ACCEPTED = (
    f"a file whose name ends in {one_of(NAMED_FILES)}, with W (units x units), or M and N (units x rank, W = M N^T), "
    "and any of U (units x inputs), b (units), V (outputs x units) and c (outputs), or a PyTorch state dict; all "
    "finite and of one size"
)
WITH_PROOF = ("vanilla", "ugrnn", RATE)
"""Cells of which it can be proved that no fixed point is missing."""
LARGEST = 1e100
"""Inputs and starts beyond are refused: what is squared would be no finite number."""


@dataclass(frozen=True)
class GivenNetwork:
    """The network in the file, the constant inputs at which it is asked about, and where searches start."""

    file: NetworkFile
    cell: str
    conditions: Float[np.ndarray, "conditions inputs"]
    starts: Float[np.ndarray, "starts size"] | None

    @property
    def units(self) -> int:
        """How many."""
        return int(self.file.weights["W"].shape[1])

    @property
    def size(self) -> int:
        """Numbers of a state."""
        return 2 * self.units if self.cell == "lstm" else self.units


def network_plan(config: NetworkConfig) -> Plan:
    """The run on this network.

    Raises:
        Refusal: naming the option, what is wrong and what is accepted.
    """
    given = read_given(config)
    section = Section("Your network", "validate.universality.user_network", given)
    return Plan(replace(config, cell=given.cell), (section,))


def read_given(config: NetworkConfig) -> GivenNetwork:
    """The network, its inputs and starts, checked.

    Raises:
        Refusal: naming the option, what is wrong and what is accepted.
    """
    try:
        file = read_network(config.network, "vanilla" if config.cell == RATE else config.cell, config.layer)
    except BadArray as error:
        raise Refusal("--network", str(error), ACCEPTED) from error
    if "W" not in file.weights:
        raise Refusal("--network", f"{config.network}: it has no W, and without recurrent weights no map", ACCEPTED)
    cell = _cell(file, config)
    network = GivenNetwork(file, cell, np.zeros((1, 0)), None)
    conditions = _conditions(network, config)
    if config.certificate is not None and len(conditions) > 1:
        raise Refusal("--certificate", f"{config.inputs} has {len(conditions)} inputs", "one input a certificate")
    return replace(network, conditions=conditions, starts=_starts(network, config))


def _cell(file: NetworkFile, config: NetworkConfig) -> str:
    told, asked = file.cell, config.cell
    if told is not None and asked not in (None, told) and (told, asked) != ("vanilla", RATE):
        raise Refusal("--cell", f"{asked}, and {file.path} holds the weights of a {told} network", f"{told} here")
    if told not in (None, "vanilla") and config.nonlinearity != "tanh":
        problem = f"{config.nonlinearity}, and {file.path} is a PyTorch {told}, whose nonlinearity is tanh"
        raise Refusal("--nonlinearity", problem, "tanh here")
    cell = asked or told or "vanilla"
    if config.certificate is not None and (cell not in WITH_PROOF or not config.boxes):
        why = "--boxes is 0" if not config.boxes else f"no proof is known of a {cell} network"
        raise Refusal("--certificate", why, f"{one_of(WITH_PROOF)}, with --boxes of one or more")
    if config.tau is not None and cell != RATE:
        raise Refusal("--tau", f"a {cell} network takes no notice of a step", f"--cell {RATE} with it")
    if config.reset_before and (cell != "gru" or told is not None):
        why = f"a {cell} network has no reset" if cell != "gru" else "PyTorch resets after the product"
        raise Refusal("--reset-before", why, "--cell gru, and arrays W, U and b")
    if config.reset_before and "d" in file.weights:
        raise Refusal("--reset-before", "d is the bias inside a reset after the product", "a file without d")
    return cell


def _conditions(network: GivenNetwork, config: NetworkConfig) -> Float[np.ndarray, "conditions inputs"]:
    U = network.file.weights.get("U")
    width = 0 if U is None else int(U.shape[1])
    if config.inputs is None:
        return np.zeros((1, width))
    if not width:
        raise Refusal("--input", f"{config.network} has no U that would bring an input to units", "a file with U")
    return _matrix("--input", config.inputs, width, f"a row a condition, {width} columns: U takes {width} inputs")


def _starts(network: GivenNetwork, config: NetworkConfig) -> Float[np.ndarray, "starts size"] | None:
    if config.starts is not None:
        size = network.size
        return _matrix("--starts", config.starts, size, f"a row a state, {size} columns: a state has {size} numbers")
    activity = network.file.activity
    if activity is None or activity.shape[2] != network.size:
        return None
    states = np.asarray(activity, dtype=np.float64).reshape(-1, network.size)
    drawn = np.random.default_rng(config.seed).integers(len(states), size=config.searches)
    return states[drawn]


def _matrix(option: str, path: Path, columns: int, accepted: str) -> Float[np.ndarray, "rows columns"]:
    try:
        matrix = read_matrix(path)
    except BadArray as error:
        raise Refusal(option, f"{path}: {error}", accepted) from error
    if matrix.shape[1] != columns:
        turned = "; transposed?" if matrix.shape[0] == columns else ""
        raise Refusal(option, f"{path} has {matrix.shape[1]} columns{turned}", accepted)
    if np.abs(matrix).max() > LARGEST:
        raise Refusal(option, f"{path} has values up to {np.abs(matrix).max():g}", f"values up to {LARGEST:g}")
    return matrix
