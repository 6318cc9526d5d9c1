"""The ghost mechanism: a plateau, a sudden drop and a point of no return, predicted and measured.

    python -m validate.ghost --T 100

runs the toy model, its training map and a population of trained networks, and prints predictions beside
measurements. `python -m validate.ghost --help` lists the options with their units.
"""

from pathlib import Path
from typing import Annotated, Any

from validate import cli
from validate.command import Command, Destination, Section, execute
from validate.ghost.settings import FULL, PAPER_RATE_RATIO, QUICK, USUAL, Config, Effort
from validate.options import JSON, OUT, SEED, Real, Whole, flag, option

POSITIVE = Real(0.0, above=True)
TOY = Real(1e-3, 1e3)  # where quadrature and solver are checked to hold their tolerances
RATE = Real(0.0, above=True, note=" (at zero nothing would ever be learned)")
NETWORK_RATE = Real(0.0, 1e6, above=True, note=" (at zero nothing would ever be learned)")


def configure(
    *,
    delay: float = Config.delay,
    learning_rate: float | None = None,
    confidence: float = Config.confidence,
    threshold: float = Config.threshold,
    network_learning_rate: float = Config.network_learning_rate,
    network_confidence: float = Config.network_confidence,
    neurons: int = Config.neurons,
    networks: int | None = None,
    epochs: int | None = None,
    effort: Effort = Config.effort,
    seed: int = Config.seed,
) -> Config:
    """The settings of a run, with what is None filled in.

    The learning rate from the theory, the rest by effort.
    """
    if learning_rate is None:
        from theory.ghost.toy.toy_model import ToyModel

        learning_rate = PAPER_RATE_RATIO * ToyModel(delay).critical_learning_rate
    return Config(
        delay=delay,
        learning_rate=learning_rate,
        confidence=confidence,
        threshold=threshold,
        network_learning_rate=network_learning_rate,
        network_confidence=network_confidence,
        neurons=neurons,
        networks=effort.networks if networks is None else networks,
        epochs=effort.epochs if epochs is None else epochs,
        effort=effort,
        seed=seed,
    )


def load() -> tuple[Section[Config, Any], ...]:
    """The sections of this command.

    JAX is set up and imported here, after the options are read and checked.
    """
    from simulate import runtime

    runtime.configure()
    from validate.ghost import along_training, circuits, crossing, population, sweeps, toy_model, training_map

    return (
        Section("The toy model", toy_model.checks, toy_model.figures),
        Section("The training map", training_map.checks, training_map.figures),
        Section("A population of rank-one networks (Fig. 4)", population.checks, population.figures),
        Section("The latent flow along training (Fig. 3)", along_training.checks, along_training.figures),
        Section("The latent circuit and its delay", circuits.checks, circuits.figures),
        Section("The critical rate of every network", crossing.checks, crossing.figures),
        Section("Learning rates and ranks (Figs. S1, S2)", sweeps.checks, sweeps.figures),
    )


COMMAND = Command(
    name="ghost",
    title="The ghost mechanism",
    usual=lambda seed: configure(seed=seed),
    quick=lambda seed: configure(effort=QUICK, seed=seed),
    load=load,
)


def main(
    delay: Annotated[
        float,
        option("--T", Real(1.0, 1e6), "Delay before the toy model must switch, in units of its time."),
    ] = Config.delay,
    learning_rate: Annotated[
        float | None,
        option(
            "--learning-rate",
            RATE,
            "Toy model's learning rate, for the loss as the integral over time (unit: time^-5).",
            default=f"{PAPER_RATE_RATIO} times the critical rate",
        ),
    ] = None,
    confidence: Annotated[
        float, option("--confidence", TOY, "Toy model's confidence c (unit: 1 / unit of x).")
    ] = Config.confidence,
    threshold: Annotated[
        float, option("--threshold", TOY, "Toy model's threshold x_star (unit: that of x).")
    ] = Config.threshold,
    network_learning_rate: Annotated[
        float,
        option(
            "--network-learning-rate", RATE, "Learning rate of the networks of Fig. 4, for the mean loss (no unit)."
        ),
    ] = Config.network_learning_rate,
    network_confidence: Annotated[
        float,
        option("--network-confidence", POSITIVE, "Confidence c of the networks of Fig. 4 (unit: 1 / unit of kappa)."),
    ] = Config.network_confidence,
    neurons: Annotated[
        int, option("--neurons", Whole(1, 100_000), "Neurons of each network of Fig. 4 (a count).")
    ] = Config.neurons,
    networks: Annotated[
        int | None,
        option(
            "--networks",
            Whole(1, 100_000),
            "Networks trained (a count).",
            default=f"{USUAL.networks}; {QUICK.networks} with --quick",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        option(
            "--epochs",
            Whole(1, 10_000_000),
            "Gradient steps of each network (a count).",
            default=f"{USUAL.epochs}; {QUICK.epochs} with --quick",
        ),
    ] = None,
    quick: Annotated[bool, flag("--quick", "The same checks on smaller populations.")] = False,
    full: Annotated[
        bool, flag("--full", "Also Fig. 3A, S1 and S2 at full length; goes on where it was interrupted.")
    ] = False,
    seed: Annotated[int, SEED] = Config.seed,
    json: Annotated[Path | None, JSON] = None,
    out: Annotated[Path | None, OUT] = None,
) -> int:
    """Predictions of the ghost mechanism beside measurements: toy model, training map, trained networks."""
    if quick and full:
        raise cli.Refusal("--quick", "excludes --full", "one of the two")
    config = configure(
        delay=delay,
        learning_rate=learning_rate,
        confidence=confidence,
        threshold=threshold,
        network_learning_rate=network_learning_rate,
        network_confidence=network_confidence,
        neurons=neurons,
        networks=networks,
        epochs=epochs,
        effort=QUICK if quick else FULL if full else USUAL,
        seed=seed,
    )
    return execute(COMMAND, config, Destination(json, out), draw=False).report.exit_code


if __name__ == "__main__":
    cli.run(main, "python -m validate.ghost")
