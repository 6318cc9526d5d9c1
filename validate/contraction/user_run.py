"""Runs on the user's own files: the files are read and checked against the options.

Light: whatever is refused is refused before anything heavy is imported.
"""

from validate.arrays import BadArray
from validate.command import Plan, Section, use_jax
from validate.contraction.matrix_file import MatrixOption
from validate.contraction.settings import PIXELS, ImagesConfig, MatrixConfig
from validate.options import Refusal


def matrix_plan(config: MatrixConfig) -> Plan:
    """The run on the user's matrix; no JAX is needed.

    Raises:
        Refusal: where the file holds no such matrix.
    """
    try:
        weights = config.weights.read()
    except BadArray as error:
        raise Refusal("--weights", str(error), MatrixOption().accepted) from error
    return Plan(config, (Section("Your matrix", "validate.contraction.user_matrix", weights),), one_thread)


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
