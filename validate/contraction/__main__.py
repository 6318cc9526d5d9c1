"""Contraction: when networks, and networks of networks, forget their initial state, with certificates.

    python -m validate.contraction

runs the built-in checks. One matrix of your own is decided, and a certificate written, by

    python -m validate.contraction --weights FILE --form voltage --certificate OUT.json

and a certificate is verified, with Python's standard library alone, by

    python -m validate.contraction --check OUT.json [--weights FILE]

`--data DIR` trains a certified network of networks on images. `python -m validate.contraction --help` lists the
options.
"""

import sys

if __name__ == "__main__" and any(argument.split("=")[0] == "--check" for argument in sys.argv[1:]):
    # Before anything else is imported: a proof is to be checked by as little code as possible.
    from validate.contraction.certificate_checker import main as check

    sys.exit(check(sys.argv[1:]))

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from jaxtyping import Float

from validate import cli
from validate.command import Command, Destination, Section, execute
from validate.contraction.matrix_file import MatrixFile, MatrixOption
from validate.contraction.settings import FORMS, QUICK, USUAL, Config, ImagesConfig, MatrixConfig
from validate.contraction.user_run import (
    ImageOptions,
    MatrixOptions,
    images_run,
    matrix_run,
    refuse_collisions,
    refuse_unused,
)
from validate.options import JSON, OUT, SEED, Choice, InputDirectory, NewFile, Real, Whole, flag, option


def load() -> tuple[Section[Config, Any], ...]:
    """The built-in sections of this command.

    JAX is set up and imported here, after the options are read and checked.
    """
    from simulate import runtime

    runtime.configure()
    _limit_threads()
    from validate.contraction import (
        assemblies,
        certificates,
        conservatism,
        counterexample,
        inclusions,
        slow_slopes,
        theorems,
        trained,
        trajectories,
    )

    return (
        Section("Theorems 1 to 5, and norms", theorems.checks, theorems.figures),
        Section("Which condition contains which", inclusions.checks, inclusions.figures),
        Section("How much the conditions give away", conservatism.checks, conservatism.figures),
        Section("Theorem 7: the counterexample, from both sides", counterexample.checks, counterexample.figures),
        Section("Theorem 6: slowly varying slopes", slow_slopes.checks, slow_slopes.figures),
        Section("Trajectories and adversaries", trajectories.checks, trajectories.figures),
        Section("Networks of networks", assemblies.checks, assemblies.figures),
        Section("Trained and certified again", trained.checks, trained.figures),
        Section("Certificates and their checker", certificates.checks, certificates.figures),
    )


def load_matrix(weights: Float[np.ndarray, "n n"]) -> tuple[Section[MatrixConfig, Any], ...]:
    """The section of a run on the user's matrix; no JAX is needed."""
    _limit_threads()
    from validate.contraction import user_matrix

    return (Section("Your matrix", partial(user_matrix.checks, weights), user_matrix.figures),)


def load_images() -> tuple[Section[ImagesConfig, Any], ...]:
    """The section of a run on images."""
    from simulate import runtime

    runtime.configure()
    _limit_threads()
    from validate.contraction import images

    return (Section("Images, pixel by pixel", images.checks, images.figures),)


def _limit_threads() -> None:
    """One thread for linear algebra outside JAX, for the rest of the process (see `theory.contraction.threads`)."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")


COMMAND = Command(
    name="contraction",
    title="Contraction",
    usual=lambda seed: Config(USUAL, seed),
    quick=lambda seed: Config(QUICK, seed),
    load=load,
)


def main(
    weights: Annotated[
        MatrixFile | None,
        option(
            "--weights",
            MatrixOption(),
            "Decide about the network with this n x n matrix: .npy, .csv, or one matrix of a safetensors state dict.",
            default="the built-in checks",
        ),
    ] = None,
    form: Annotated[
        str | None,
        option(
            "--form",
            Choice(FORMS),
            "voltage: tau x' = -x + W phi(x) + u; rate: tau x' = -x + phi(W x + u). Needed with --weights.",
            default="none",
        ),
    ] = None,
    slope: Annotated[
        float | None,
        option(
            "--slope",
            Real(0.0, 1e6, above=True),
            "Largest slope g of the nonlinearity (no unit).",
            default="1",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        option("--rate", Real(0.0, 1e6), "Ask for this rate at least (per unit of tau).", default="any above 0"),
    ] = None,
    euler_step: Annotated[
        float | None,
        option(
            "--euler-step",
            Real(0.0, 1e6, above=True),
            "Certify explicit Euler steps of this size too (in units of tau).",
            default="none",
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        option(
            "--certificate",
            NewFile(),
            "Write what was proved to FILE, and of the largest slope to FILE's name with .gain and .excluded.",
            default="not written",
        ),
    ] = None,
    check: Annotated[
        Path | None,
        option(
            "--check",
            NewFile(),
            "Verify a certificate, with the standard library alone: 0 verified, 1 rejected, 2 malformed or, with "
            "--weights, for another matrix.",
            default="none",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        option(
            "--data",
            InputDirectory(),
            "Train on the images in DIR: the four IDX files of MNIST or Fashion-MNIST, .gz or not.",
            default="the built-in checks",
        ),
    ] = None,
    permuted: Annotated[bool, flag("--permuted", "Show the pixels in a fixed random order.")] = False,
    downsample: Annotated[
        int | None,
        option("--downsample", Whole(1, 28), "Average blocks of k x k pixels first (a count).", default="1"),
    ] = None,
    modules: Annotated[
        int | None, option("--modules", Whole(1, 1000), "Networks in the assembly (a count).", default="16")
    ] = None,
    units: Annotated[
        int | None, option("--units", Whole(1, 10_000), "Neurons of each (a count).", default="32")
    ] = None,
    epochs: Annotated[
        int | None, option("--epochs", Whole(1, 100_000), "Passes over the images (a count).", default="200")
    ] = None,
    minutes: Annotated[
        float | None,
        option("--minutes", Real(0.0, 1e6, above=True), "Stop training after this time (minutes).", default="none"),
    ] = None,
    step: Annotated[
        float | None,
        option("--step", Real(0.0, 1.0, above=True), "Euler step of the network (in units of tau).", default="0.03"),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        option("--checkpoint", NewFile(), "Go on from FILE if it is there, and keep it up to date.", default="none"),
    ] = None,
    quick: Annotated[bool, flag("--quick", "The same checks on fewer matrices and shorter trainings.")] = False,
    seed: Annotated[int, SEED] = Config.seed,
    json: Annotated[Path | None, JSON] = None,
    out: Annotated[Path | None, OUT] = None,
) -> int:
    """Contraction: built-in checks, a verdict with a proof about a matrix of your own, or training on images."""
    ours, theirs = (certificate, None) if data is None else (None, certificate)
    matrix = MatrixOptions(weights, form, slope, rate, euler_step, ours)
    images = ImageOptions(data, permuted, downsample, modules, units, epochs, minutes, step, checkpoint, theirs)
    destination = Destination(json, out)
    refuse_unused(matrix, images)
    refuse_collisions(weights, {"--json": json, "--checkpoint": checkpoint, "--certificate": certificate})
    if weights is not None:
        values, config = matrix_run(matrix, seed)
        return execute(_own(partial(load_matrix, values), config), config, destination, draw=False).report.exit_code
    if data is not None:
        asked = images_run(images, seed)
        return execute(_own(load_images, asked), asked, destination, draw=False).report.exit_code
    return execute(COMMAND, Config(QUICK if quick else USUAL, seed), destination, draw=False).report.exit_code


def _own(load: Any, config: Any) -> Command[Any]:
    """The same command on files of the user's own; its settings and its seed are fixed."""
    return Command(
        name=COMMAND.name,
        title=f"{COMMAND.title}, on files of your own",
        usual=lambda seed: config,
        quick=lambda seed: config,
        load=load,
    )


if __name__ == "__main__":
    cli.run(main, "python -m validate.contraction")
