"""What a user asks of their own files: options checked against one another, files read, what is left out filled in.

Light: whatever is refused is refused before anything heavy is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from jaxtyping import Float

from validate.arrays import BadArray
from validate.cli import Refusal
from validate.contraction.matrix_file import MatrixFile, MatrixOption
from validate.contraction.settings import ImagesConfig, MatrixConfig
from validate.options import NewFile

PIXELS = 28
"""Along an edge of an image of MNIST."""


@dataclass(frozen=True)
class MatrixOptions:
    """The options about a matrix as they were given; None where they were not."""

    weights: MatrixFile | None = None
    form: str | None = None
    slope: float | None = None
    rate: float | None = None
    euler_step: float | None = None
    certificate: Path | None = None


@dataclass(frozen=True)
class ImageOptions:
    """The options about images as they were given; None, or False for a flag, where they were not."""

    data: Path | None = None
    permuted: bool = False
    downsample: int | None = None
    modules: int | None = None
    units: int | None = None
    epochs: int | None = None
    minutes: float | None = None
    step: float | None = None
    checkpoint: Path | None = None
    certificate: Path | None = None


def refuse_unused(matrix: MatrixOptions, images: ImageOptions) -> None:
    """Refuse options that would play no part.

    Raises:
        Refusal: naming the first such option.
    """
    if matrix.weights is not None and images.data is not None:
        raise Refusal("--data", "given together with --weights", "one of the two")
    for options, needed in ((matrix, "weights"), (images, "data")):
        if getattr(options, needed) is None:
            for field in fields(options):
                if getattr(options, field.name) is not None and getattr(options, field.name) is not False:
                    name = field.name.replace("_", "-")
                    raise Refusal(f"--{name}", f"given without --{needed}", f"together with --{needed}")


def refuse_collisions(weights: MatrixFile | None, written: Mapping[str, Path | None]) -> None:
    """Refuse to write one file over another, or over the user's matrix; `written` are files by their options.

    Raises:
        Refusal: naming the option whose file is taken.
    """
    taken = {} if weights is None else {weights.path.resolve(): "--weights"}
    certificate = written.get("--certificate")
    beside = () if certificate is None or weights is None else besides(certificate)
    for option, path in (*written.items(), *(("--certificate", path) for path in beside)):
        if path is None:
            continue
        if path.is_dir():
            raise Refusal(option, f"{path} is a directory, and would be written", NewFile().accepted)
        if path.resolve() in taken:
            raise Refusal(option, f"{path} would be the file of {taken[path.resolve()]} too", "a file of its own")
        taken[path.resolve()] = option


def besides(certificate: Path) -> tuple[Path, Path]:
    """Where the certificates of the largest slope go, at its two ends."""
    gain, excluded = (
        certificate.with_name(f"{certificate.stem}.{end}{certificate.suffix}") for end in ("gain", "excluded")
    )
    return gain, excluded


def matrix_run(options: MatrixOptions, seed: int) -> tuple[Float[np.ndarray, "n n"], MatrixConfig]:
    """The matrix and the settings.

    Raises:
        Refusal: naming the option, what is wrong and what is accepted.
    """
    assert options.weights is not None
    if options.form is None:
        raise Refusal("--form", "missing: the two forms have different metrics", "voltage or rate, with --weights")
    try:
        weights = options.weights.read()
    except BadArray as error:
        raise Refusal("--weights", str(error), MatrixOption().accepted) from error
    config = MatrixConfig(
        weights=str(options.weights),
        form=options.form,
        slope=1.0 if options.slope is None else options.slope,
        rate=options.rate or 0.0,
        euler_step=options.euler_step,
        certificate=options.certificate,
        seed=seed,
    )
    return weights, config


def images_run(options: ImageOptions, seed: int) -> ImagesConfig:
    """The settings of a run on images.

    Raises:
        Refusal: where blocks of pixels do not fill an image.
    """
    assert options.data is not None
    downsample = options.downsample or 1
    if PIXELS % downsample:
        raise Refusal("--downsample", f"{downsample} does not divide {PIXELS}", "1, 2, 4, 7, 14 or 28")
    return ImagesConfig(
        data=options.data,
        permuted=options.permuted,
        downsample=downsample,
        modules=options.modules or 16,
        units=options.units or 32,
        density=0.033,
        step=options.step or 0.03,
        learning_rate=1e-2,
        batch=128,
        epochs=options.epochs or 200,
        warm_up=0.2,
        schedule_epochs=float(options.epochs or 200),
        minutes=options.minutes,
        checkpoint=options.checkpoint,
        certificate=options.certificate,
        seed=seed,
    )
