"""Runs on the user's own files: the files are read and checked against the options.

Light: whatever is refused is refused before anything heavy is imported.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from validate.arrays import BadArray, read_named
from validate.command import Plan, Section, use_jax
from validate.contraction.constant_input import ConstantInput, constant_input
from validate.contraction.gated_file import GatedOption
from validate.contraction.matrix_file import ChosenMatrix, MatrixOption
from validate.contraction.neuron_file import Numbers
from validate.contraction.settings import (
    BOUNDED,
    INPUTS,
    LEAK,
    LOWEST_SLOPES,
    MAPS,
    PIXELS,
    SLOPES,
    STATES,
    TIME_CONSTANTS,
    GatedConfig,
    ImagesConfig,
    LureConfig,
    MatrixConfig,
)
from validate.options import Refusal


@dataclass(frozen=True, eq=False)
class OwnNetwork:
    """The matrix that is asked about, with slopes and time constants or leaks of its neurons: of all, or of each."""

    weights: ChosenMatrix
    slopes: Numbers
    lowest_slopes: Numbers
    time_constants: Numbers
    leak: Numbers | None


@dataclass(frozen=True, eq=False)
class OwnAutonomous:
    """The same with what basins ask for: a constant input, and a state next to a fixed point."""

    network: OwnNetwork
    inputs: ConstantInput
    point: Numbers | None


@dataclass(frozen=True, eq=False)
class OwnInputs:
    """The same with inputs that are held, one a row, and a direction in which they grow."""

    network: OwnNetwork
    bias: ConstantInput
    rows: Float[np.ndarray, "rows n"]
    along: Float[np.ndarray, " n"] | None


def matrix_plan(config: MatrixConfig) -> Plan:
    """The run on the user's matrix; no JAX is needed.

    Raises:
        Refusal: where a file holds no such matrix, or not a number a neuron, or an option is that of other forms.
    """
    _refuse_of_other_forms(config)
    try:
        weights = config.weights.read()
    except BadArray as error:
        raise Refusal("--weights", str(error), MatrixOption().accepted) from error
    neurons = len(weights.matrix)
    slopes = SLOPES.read("--slope", config.slope, neurons)
    constants = 1.0 if config.time_constants is None else config.time_constants
    taus = TIME_CONSTANTS.read("--time-constants", constants, neurons)
    leak = None if config.leak is None else LEAK.read("--leak", config.leak, neurons)
    lowest = LOWEST_SLOPES.read("--lowest-slope", config.lowest_slope, neurons)
    if (np.asarray(lowest) > np.asarray(slopes)).any():
        raise Refusal("--lowest-slope", "it is above --slope", "at most the slope of the same neuron")
    network = OwnNetwork(weights, slopes, lowest, taus, leak)
    if config.basin and config.about_inputs:
        raise Refusal("--basin", "it is another question", "without --constant-input and --along")
    if config.basin:
        return Plan(config, (_basins(config, network),), one_thread)
    if config.about_inputs:
        return Plan(config, (_inputs(config, network),), one_thread)
    return Plan(config, (Section("Your matrix", "validate.contraction.user_matrix", network),), one_thread)


def _basins(config: MatrixConfig, network: OwnNetwork) -> Section:
    """The section of basins.

    Raises:
        Refusal: for an option that says nothing of basins, or a file that holds not a number a neuron.
    """
    inputs = _bias(config, network, "--basin", "basins")
    point = None if config.point is None else STATES.read("--point", config.point, len(network.weights.matrix))
    own = OwnAutonomous(network, inputs, point)
    return Section("Basins of attraction", "validate.contraction.user_basins", own)


def _inputs(config: MatrixConfig, network: OwnNetwork) -> Section:
    """The section of constant inputs.

    Raises:
        Refusal: as of basins; for a rate, and a nonlinearity without bounds.
    """
    asked = "--along" if config.constant_input is None else "--constant-input"
    bias = _bias(config, network, asked, "answers")
    if config.rate != 0.0:
        raise Refusal("--rate", "any rate above zero will do", f"without {asked}")
    if config.nonlinearity not in BOUNDED:
        raise Refusal("--nonlinearity", f"{config.nonlinearity} has no bounds", " or ".join(BOUNDED))
    neurons = len(network.weights.matrix)
    rows = np.zeros((0, neurons))
    if config.constant_input is not None:
        rows = INPUTS.read_rows("--constant-input", config.constant_input, neurons)
    along = None if config.along is None else np.asarray(STATES.read("--along", config.along, neurons))
    if along is not None and not along.any():
        raise Refusal("--along", "it is zero", "a direction")
    return Section("Constant inputs", "validate.contraction.user_inputs", OwnInputs(network, bias, rows, along))


def _bias(config: MatrixConfig, network: OwnNetwork, asked: str, what: str) -> ConstantInput:
    """The biases, and no option that says nothing of one nonlinearity.

    Raises:
        Refusal: for such an option, and a file that holds not a number a neuron.
    """
    if config.slope != 1.0 or config.lowest_slope != 0.0:
        given = "--lowest-slope" if config.slope == 1.0 else "--slope"
        raise Refusal(given, "the slopes are those of --nonlinearity", f"without {asked}")
    if config.euler_step is not None:
        raise Refusal("--euler-step", f"{what} are those of the flow", f"without {asked}")
    try:
        return constant_input(config.weights, network.weights, config.bias, STATES)
    except BadArray as error:
        raise Refusal("--weights", str(error), MatrixOption().accepted) from error


def _refuse_of_other_forms(config: MatrixConfig) -> None:
    maps = " or ".join(MAPS)
    if config.form not in MAPS:
        if config.leak is not None:
            raise Refusal("--leak", f"the {config.form} form has time constants", f"with --form {maps}")
        return
    flows = "with --form voltage or rate"
    if config.time_constants is not None:
        raise Refusal("--time-constants", f"the {config.form} form has a leak, --leak", flows)
    if config.euler_step is not None:
        raise Refusal("--euler-step", f"the {config.form} form is a step already", flows)
    if config.rate >= 1:
        raise Refusal("--rate", f"{config.rate:g} is too large for the {config.form} form", "a number from 0, below 1")


def gated_plan(config: GatedConfig) -> Plan:
    """The run on the user's GRU or LSTM; no JAX is needed.

    Raises:
        Refusal: where the file holds no such layer or too large a one, or another convention of the reset than asked.
    """
    try:
        arrays = config.gated.read()
    except BadArray as error:
        raise Refusal("--gated", str(error), GatedOption().accepted) from error
    if config.reset_before and (not arrays.is_gru or arrays.reset_after):
        problem = "it resets after the product" if arrays.is_gru else "an LSTM has no reset"
        raise Refusal("--reset-before", f"{config.gated}: {problem}", "a GRU whose file does not tell otherwise")
    reset_after = not config.reset_before and arrays.reset_after is not False
    from theory.contraction.gated import gru, lstm  # not before the options and the file are read
    from theory.contraction.gated.layer import GatedLayer, NotALayer
    from validate.contraction.user_gated import OwnLayer

    parts = (arrays.weight_ih, arrays.weight_hh, arrays.bias_ih, arrays.bias_hh)
    layer: GatedLayer
    try:
        if arrays.is_gru:
            layer = gru.from_arrays(*parts, input_box=config.input_box, reset_after=reset_after)
        else:
            layer = lstm.from_arrays(*parts, input_box=config.input_box)
    except NotALayer as error:
        raise Refusal("--gated", str(error), GatedOption().accepted) from error
    own = OwnLayer(layer, arrays.words)
    return Plan(config, (Section("Your GRU or LSTM", "validate.contraction.user_gated", own),), one_thread)


def lure_plan(config: LureConfig) -> Plan:
    """The run on the user's Lur'e system; no JAX is needed.

    Raises:
        Refusal: where the file holds no such system, or not a slope a channel.
    """
    needed = "arrays A (n x n), B (n x k), C (k x n) and perhaps E (n x m), F (p x n) of finite real numbers"
    try:
        arrays = read_named(config.lure, ("A", "B", "C"), ("E", "F", "group")).arrays
    except BadArray as error:
        raise Refusal("--lure", str(error), needed) from error
    slopes = SLOPES.read("--slope", config.slope, len(arrays["C"]) if arrays["C"].ndim else 0)
    from theory.contraction.lure import system  # not before the options and the file are read
    from validate.contraction.user_lure import OwnLure

    A, B, C = (arrays[name] for name in "ABC")
    E, F, group = (arrays.get(name) for name in ("E", "F", "group"))
    try:
        asked = system.lure(A, B, C, slopes, E=E, F=F, group=group, discrete=config.time == "discrete")
    except system.NotALureSystem as error:
        raise Refusal("--lure", str(error), needed) from error
    return Plan(config, (Section("Your Lur'e system", "validate.contraction.user_lure", OwnLure(asked)),), one_thread)


def images_plan(config: ImagesConfig) -> Plan:
    """The run on images.

    Raises:
        Refusal: where blocks of pixels do not fill an image.
    """
    if PIXELS % config.downsample:
        raise Refusal("--downsample", f"{config.downsample} does not divide {PIXELS}", "1, 2, 4, 7, 14 or 28")
    return Plan(config, (Section("Images, pixel by pixel", "validate.contraction.images"),), jax_and_one_thread)


def one_thread() -> None:
    """One thread for linear algebra outside JAX, for the rest of the process (see `theory.contraction.threads`)."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")


def jax_and_one_thread() -> None:
    """Set JAX up, and one thread outside it."""
    use_jax()
    one_thread()
