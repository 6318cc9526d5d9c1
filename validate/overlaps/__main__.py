"""Learning in overlap space: the equations of a low-rank network's overlaps against networks of N neurons.

    python -m validate.overlaps

runs the built-in checks: equations, invariants, linear and nonlinear networks, memory. On a task of your own,

    python -m validate.overlaps --task FILE.npz --nonlinearity erf --out DIR

trains the overlaps alone, infinitely many neurons and a network of N neurons side by side; with `--network FILE.npz`
it tells the overlaps of a network you trained. `python -m validate.overlaps --help` lists the options with their units.
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

from validate import cli
from validate.command import Command, Destination, Section, execute
from validate.options import JSON, OUT, SEED, Choice, InputFile, Real, Whole, flag, option
from validate.overlaps import user_run as own
from validate.overlaps.settings import LEVELS, NONLINEARITIES, QUICK, USUAL, Config, OwnConfig
from validate.overlaps.user_run import EPOCHS, LEARNING_RATE, NEURONS, NONLINEARITY, Options, Own


def load() -> tuple[Section[Config, Any], ...]:
    """The built-in sections of this command.

    JAX is set up and imported here, after the options are read and checked.
    """
    from simulate import runtime

    runtime.configure()
    from validate.overlaps import (
        adam,
        closed_forms,
        closure_bias,
        closure_divergence,
        equations,
        error_budget,
        flip_flop,
        invariants,
        linear,
        memory,
        nonlinear,
        oscillator,
        plateaus,
        probes,
        twins,
    )

    return (
        Section("The equations", equations.checks, equations.figures),
        Section("Invariants", invariants.checks, invariants.figures),
        Section("Closed forms", closed_forms.checks, closed_forms.figures),
        Section("Plateaus", plateaus.checks, plateaus.figures),
        Section("Linear networks", linear.checks, linear.figures),
        Section("The damped oscillator", oscillator.checks, oscillator.figures),
        Section("Nonlinear networks: three levels", nonlinear.checks, nonlinear.figures),
        Section("Where the Gaussian closure errs", closure_bias.checks, closure_bias.figures),
        Section("When closure and truth part, and a forecast", closure_divergence.checks, closure_divergence.figures),
        Section("The error budget", error_budget.checks, error_budget.figures),
        Section("Flip-flop", flip_flop.checks, flip_flop.figures),
        Section("Learning as a probe of hidden overlaps", probes.checks, probes.figures),
        Section("Memory", memory.checks, memory.figures),
        Section("Twin memory", twins.checks, twins.figures),
        Section("Adam, the control", adam.checks, adam.figures),
    )


def load_own(given: Own) -> tuple[Section[OwnConfig, Any], ...]:
    """The sections of a run on the user's own files."""
    from simulate import runtime

    runtime.configure()
    from validate.overlaps import user_network, user_task

    sections: list[Section[OwnConfig, Any]] = []
    if given.network is not None:
        checks = partial(user_network.checks, given)
        sections.append(Section("Your network", checks, user_network.figures, user_network.files))
    if given.task is not None:
        sections.append(Section("Your task", partial(user_task.checks, given), user_task.figures))
    return tuple(sections)


COMMAND = Command(
    name="overlaps",
    title="Learning in overlap space",
    usual=lambda seed: Config(USUAL, seed),
    quick=lambda seed: Config(QUICK, seed),
    load=load,
)


def own_command(given: Own) -> Command[OwnConfig]:
    """The same command on files of the user's own; its settings and its seed are fixed."""
    return Command(
        name=COMMAND.name,
        title=f"{COMMAND.title}, on files of your own",
        usual=lambda seed: given.config,
        quick=lambda seed: given.config,
        load=partial(load_own, given),
    )


def main(
    task: Annotated[
        Path | None,
        option(
            "--task",
            InputFile((".npz",)),
            "Train on the task in FILE: inputs (trials x steps x n_in), targets (trials x steps x n_out), dt (scalar, "
            "in time constants) and, if wanted, mask (trials x steps).",
            default="the built-in checks",
        ),
    ] = None,
    sigma: Annotated[
        Path | None,
        option(
            "--sigma",
            InputFile((".npy", ".csv")),
            "Overlaps theta^T theta / N to start from (d x d, columns in the order m, u, v, z; no unit).",
            default="those of a random network",
        ),
    ] = None,
    network: Annotated[
        Path | None,
        option(
            "--network",
            InputFile((".npz",)),
            "A trained network, y = z^T phi(x) / N: m (N x n_in), z (N x n_out) and either u and v (N x R), the "
            "recurrent weights being u v^T / N, or these weights themselves, W (N x N).",
            default="none",
        ),
    ] = None,
    nonlinearity: Annotated[
        str | None,
        option(
            "--nonlinearity",
            Choice(NONLINEARITIES),
            "What a neuron makes of its activity; erf is erf(sqrt(pi) x / 2).",
            default=NONLINEARITY,
        ),
    ] = None,
    rank: Annotated[
        int | None,
        option(
            "--rank",
            Whole(1, 1000),
            "Rank of the recurrent weights (a count).",
            default="what --sigma or --network has, else 1",
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        option(
            "--learning-rate",
            Real(0.0, above=True, note=" (at zero nothing would ever be learned)"),
            "eta in theta <- theta - eta N dL/dtheta, for the loss as an integral over time (unit: 1 / loss).",
            default=f"{LEARNING_RATE:g}",
        ),
    ] = None,
    epochs: Annotated[
        int | None, option("--epochs", Whole(1, 10_000_000), "Gradient steps (a count).", default=str(EPOCHS))
    ] = None,
    neurons: Annotated[
        int | None,
        option("--neurons", Whole(1, 1_000_000), "Neurons of the network (a count).", default=str(NEURONS)),
    ] = None,
    levels: Annotated[
        list[str],
        option(
            "--levels",
            Choice(LEVELS),
            "Levels of description to train at, separated by spaces.",
            default="map network for linear, gaussian_closure infinite_width network for others",
        ),
    ] = [],  # noqa: B006
    quick: Annotated[
        bool, flag("--quick", "The same checks on smaller networks; fewer nodes for infinitely many neurons.")
    ] = False,
    seed: Annotated[int, SEED] = Config.seed,
    json: Annotated[Path | None, JSON] = None,
    out: Annotated[Path | None, OUT] = None,
) -> int:
    """Learning in overlap space: built-in checks, or findings on a task and a network of your own."""
    options = Options(task, sigma, network, nonlinearity, rank, learning_rate, epochs, neurons, tuple(levels))
    effort, destination = QUICK if quick else USUAL, Destination(json, out)
    if options.files:
        given = own.own_run(options, effort, seed)
        return execute(own_command(given), given.config, destination, draw=False).report.exit_code
    own.refuse_without_files(options)
    return execute(COMMAND, Config(effort, seed), destination, draw=False).report.exit_code


if __name__ == "__main__":
    cli.run(main, "python -m validate.overlaps", lists=("--levels",))
