"""Every setting of the overlaps command, in one frozen object a kind of run, which the report records."""

from dataclasses import dataclass
from pathlib import Path

from validate.arrays import MATRIX_FILES, NAMED_FILES
from validate.options import Choice, InputFile, Real, Whole
from validate.overlaps.conventions import CONVENTIONS, OURS
from validate.overlaps.levels import LEVELS
from validate.settings import Derived, Settings, chosen, flag, setting
from validate.task_file import EPOCHS, LEARNING_RATE, NONLINEARITIES

NEURONS = 500
"""Of a training on the user's task, where nothing else is asked for."""


@dataclass(frozen=True)
class Effort:
    """How much work a run does: fewer and smaller networks where it is to be quick, never fewer checks.

    `nodes` stand for infinitely many neurons in a run on the user's own task, unless told otherwise.
    """

    name: str
    small: bool
    nodes: int


QUICK = Effort("quick", small=True, nodes=1024)
USUAL = Effort("usual", small=False, nodes=8192)


FILES, LEARNING = "Your files", "How they learn"
_ITS_OWN = {"--network": "the network of --network has its own"}


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """The settings of the built-in checks, and of every run."""

    effort: Effort = chosen(
        USUAL, flag("--quick", QUICK, "The same checks on smaller networks; fewer nodes for infinitely many neurons.")
    )


def _usual_levels(config: "UserConfig") -> tuple[str, ...]:
    if config.task is None:
        return ()
    return ("map", "network") if config.nonlinearity == "linear" else ("gaussian_closure", "infinite_width", "network")


def _usual_nonlinearity(config: "UserConfig") -> str:
    return CONVENTIONS[config.convention or OURS.name].nonlinearity


def _of_a_task(usual: float | int) -> Derived:
    """A default that plays no part, and is None, where there is no task to learn."""
    return Derived(lambda config: None if config.task is None else usual)


@dataclass(frozen=True, kw_only=True)
class UserConfig(Config):
    """The settings of a run on the user's own files; None where an option plays no part.

    `learning_rate` is eta in theta <- theta - eta N dL/dtheta; `neurons` those of the network that is trained; `nodes`
    stand for infinitely many. `rank`, `neurons` and `nodes` may be None until the files are read.
    """

    task: Path | None = setting(
        "--task",
        InputFile(NAMED_FILES),
        "Train on the task in FILE: inputs (trials x steps x n_in), targets (trials x steps x n_out), dt (scalar, in "
        "time constants) and, if wanted, mask (trials x steps). One step is x <- x + dt (-x + u v^T phi(x) / N + m s) "
        "from x = 0, read after it as y = z^T phi(x) / N; the loss is the mean over trials of sum dt mask |y - y*|^2.",
        default=None,
        shown="the built-in checks",
        group=FILES,
    )
    sigma: Path | None = setting(
        "--sigma",
        InputFile(MATRIX_FILES),
        "Overlaps theta^T theta / N to start from (d x d, columns in the order m, u, v, z).",
        unit="no unit",
        default=None,
        shown="those of a random network",
        group=FILES,
        needs=["--task"],
        excludes=_ITS_OWN,
    )
    network: Path | None = setting(
        "--network",
        InputFile(NAMED_FILES),
        "A trained network, y = z^T phi(x) / N: m (N x n_in), z (N x n_out) and either u and v (N x R), the recurrent "
        "weights being u v^T / N, or these weights themselves, W (N x N).",
        default=None,
        shown="none",
        group=FILES,
    )
    convention: str | None = setting(
        "--convention",
        Choice(tuple(CONVENTIONS)),
        "How the network is written: dubreuil for state dicts with wi, si, m, n, wo, so and W = m n^T / N, beiran for "
        "the same names without the factors 1/N.",
        default=Derived(lambda config: None if config.network is None else OURS.name),
        shown=f"{OURS.name}, as above",
        group=FILES,
        needs=["--network"],
    )
    nonlinearity: str = setting(
        "--nonlinearity",
        Choice(NONLINEARITIES),
        "What a neuron makes of its activity: linear, erf (erf(sqrt(pi) x / 2)), tanh or relu.",
        default=Derived(_usual_nonlinearity),
        shown="linear; tanh with --convention",
        group=FILES,
    )
    rank: int | None = setting(
        "--rank",
        Whole(1, 1000),
        "Rank of the recurrent weights.",
        default=None,
        shown="what --sigma or --network has, else 1",
        group=FILES,
    )
    neurons: int | None = setting(
        "--neurons",
        Whole(1, 1_000_000),
        "Neurons of the network.",
        default=None,
        shown=f"{NEURONS}, or those of --network",
        group=LEARNING,
        needs=["--task"],
        excludes=_ITS_OWN,
    )
    nodes: int | None = setting(
        "--nodes",
        Whole(2, 2**21),
        "Quadrature nodes that stand for infinitely many neurons, a power of two.",
        default=None,
        shown=f"{USUAL.nodes}; {QUICK.nodes} with --quick",
        group=LEARNING,
        needs=["--task"],
    )
    learning_rate: float | None = setting(
        "--learning-rate",
        Real(0.0, above=True, note=" (at zero nothing would ever be learned)"),
        "eta in theta <- theta - eta N dL/dtheta, theta = [m u v z], all trials in every step.",
        unit="1 / loss",
        default=_of_a_task(LEARNING_RATE),
        shown=f"{LEARNING_RATE:g}",
        group=LEARNING,
        needs=["--task"],
    )
    epochs: int | None = setting(
        "--epochs",
        Whole(1, 10_000_000),
        "Gradient steps.",
        default=_of_a_task(EPOCHS),
        shown=str(EPOCHS),
        group=LEARNING,
        needs=["--task"],
    )
    levels: tuple[str, ...] = setting(
        "--levels",
        Choice(tuple(LEVELS)),
        "Levels of description to train at: map, the overlaps theta^T theta / N alone, exact for linear neurons; "
        "gaussian_closure, the same for others, as if rows of theta stayed Gaussian; infinite_width, nodes that stand "
        "for infinitely many neurons; network, N neurons.",
        default=Derived(_usual_levels),
        shown="map network for linear; gaussian_closure infinite_width network for others",
        group=LEARNING,
        many=True,
        needs=["--task"],
    )
