"""Runs on the user's own files: the files are read and checked against the options.

Light: whatever is refused is refused before anything heavy is imported.
"""

from dataclasses import dataclass

from validate.arrays import BadArray
from validate.command import Plan, Section, use_jax
from validate.contraction.matrix_file import ChosenMatrix, MatrixOption
from validate.contraction.neuron_file import Numbers
from validate.contraction.settings import PIXELS, SLOPES, TIME_CONSTANTS, ImagesConfig, MatrixConfig
from validate.options import Refusal


@dataclass(frozen=True, eq=False)
class OwnNetwork:
    """The matrix that is asked about, and the slopes and time constants of its neurons: of all of them, or of each."""

    weights: ChosenMatrix
    slopes: Numbers
    time_constants: Numbers


def matrix_plan(config: MatrixConfig) -> Plan:
    """The run on the user's matrix; no JAX is needed.

    Raises:
        Refusal: where a file holds no such matrix, or not a number a neuron.
    """
    try:
        weights = config.weights.read()
    except BadArray as error:
        raise Refusal("--weights", str(error), MatrixOption().accepted) from error
    neurons = len(weights.matrix)
    slopes = SLOPES.read("--slope", config.slope, neurons)
    constants = 1.0 if config.time_constants is None else config.time_constants
    network = OwnNetwork(weights, slopes, TIME_CONSTANTS.read("--time-constants", constants, neurons))
    return Plan(config, (Section("Your matrix", "validate.contraction.user_matrix", network),), one_thread)


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
