"""Every setting of the contraction command, in one frozen object a kind of run, which the report records."""

from dataclasses import dataclass
from pathlib import Path

from validate.arrays import NAMED_FILES
from validate.contraction.certificate_checker import WEIGHTS
from validate.contraction.compared_weights import MORE
from validate.contraction.gated_file import GatedFile, GatedOption
from validate.contraction.matrix_file import MatrixFile, MatrixOption
from validate.contraction.neuron_file import NeuronFile, NeuronFileOption, NeuronsOption
from validate.options import Choice, InputDirectory, InputFile, NewFile, Real, Whole, one_of
from validate.settings import Derived, Option, Settings, chosen, flag, setting

SLOPES = NeuronsOption(Real(0.0, 1e6, above=True))
LOWEST_SLOPES = NeuronsOption(Real(-1e6, 1e6))
TIME_CONSTANTS = NeuronFileOption(Real(0.0, 1e6, above=True))
LEAK = NeuronsOption(Real(0.0, 1.0, above=True))
STATES = NeuronFileOption(Real(-1e9, 1e9))
"""Biases, and states."""
FORMS = ("voltage", "rate", "discrete", "discrete-voltage")
TIMES = ("discrete", "continuous")
MAPS = FORMS[2:]
"""Those that go in steps."""
PIXELS = 28
"""Along an edge of an image of MNIST."""


@dataclass(frozen=True)
class Effort:
    """How much work a run does: smaller samples where it is to be quick, never fewer checks."""

    name: str
    matrices: int
    """Random matrices of each kind."""
    trajectories: int
    """Pairs of trajectories of each network."""
    epochs: int
    """Epochs of each trained network."""


QUICK = Effort("quick", matrices=10, trajectories=16, epochs=3)
USUAL = Effort("usual", matrices=60, trajectories=200, epochs=40)


MATRIX, BASIN, GATED, IMAGES = "Your matrix", "Basins of attraction", "Your GRU or LSTM", "Your images"
LURE = "Your Lur'e system"
NONLINEARITIES = ("tanh", "sigmoid", "relu")


def besides(certificate: Path) -> tuple[Path, Path, Path]:
    """Where the certificates of the largest slope go: at its two ends, and by another norm."""
    gain, excluded, norm = (
        certificate.with_name(f"{certificate.stem}.{end}{certificate.suffix}") for end in ("gain", "excluded", "norm")
    )
    return gain, excluded, norm


@dataclass(frozen=True)
class CertificateFile(NewFile):
    """Where a certificate goes, those of the largest slope beside it."""

    def files(self, value: object) -> tuple[Path, ...]:
        """The certificate and those beside it."""
        path = Path(str(value))
        return (path, *besides(path))


@dataclass(frozen=True, kw_only=True)
class _Certified(Settings):
    """What runs that may write a certificate share."""

    certificate: Path | None = setting(
        "--certificate",
        CertificateFile(),
        "Write what was proved; of the largest slope to FILE's name with .gain, .excluded, .norm.",
        default=None,
        shown="not written",
        group=MATRIX,
    )


CHECK = Option(
    name="--check",
    kind=NewFile(),
    help="Verify a certificate, by the standard library alone: 0 verified, 1 rejected, 2 malformed or, with --weights, "
    f"for another matrix (there {one_of((*WEIGHTS, *MORE))}).",
    default="none",
    group=MATRIX,
)
"""Acted on before any other option is read: a proof is to be checked by as little code as possible."""


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """The settings of the built-in checks."""

    effort: Effort = chosen(USUAL, flag("--quick", QUICK, "The same checks on fewer matrices and shorter trainings."))


@dataclass(frozen=True, kw_only=True)
class _Sloped(_Certified):
    """What runs about nonlinearities of limited slopes share."""

    slope: float | NeuronFile = setting(
        "--slope",
        SLOPES,
        "Largest slope g of the nonlinearity, of all neurons (of a Lur'e system: channels) or of each.",
        unit="no unit",
        default=1.0,
        group=MATRIX,
    )


@dataclass(frozen=True, kw_only=True)
class MatrixConfig(_Sloped):
    """The settings of a run on the user's own matrix."""

    weights: MatrixFile = setting(
        "--weights",
        MatrixOption(),
        "Decide about the network with this n x n matrix.",
        shown="the built-in checks",
        group=MATRIX,
        required="no matrix",
    )
    form: str = setting(
        "--form",
        Choice(FORMS),
        "voltage: tau x' = -x + W phi(x) + u; rate: tau x' = -x + phi(W x + u); discrete, as torch.nn.RNN: "
        "h <- (1 - a) h + a phi(W h + u); discrete-voltage: v <- (1 - a) v + a (W phi(v) + u).",
        shown="none, needed with --weights",
        group=MATRIX,
        required="each form has metrics of its own",
    )
    lowest_slope: float | NeuronFile = setting(
        "--lowest-slope",
        LOWEST_SLOPES,
        "Least slope l of the nonlinearity; it may be negative.",
        unit="no unit",
        default=0.0,
        group=MATRIX,
    )
    time_constants: NeuronFile | None = setting(
        "--time-constants",
        TIME_CONSTANTS,
        "Time constants of the neurons, which differ; units of tau are those of the file then.",
        unit="time",
        default=None,
        shown="all tau",
        group=MATRIX,
    )
    leak: float | NeuronFile | None = setting(
        "--leak",
        LEAK,
        "The leak a of a discrete form, of all neurons or of each.",
        unit="a step",
        default=None,
        shown="1",
        group=MATRIX,
    )
    rate: float = setting(
        "--rate",
        Real(0.0, 1e6),
        "Ask for this rate at least; of a discrete form, one minus the factor a step.",
        unit="per unit of tau, or a step",
        default=0.0,
        shown="any above 0",
        group=MATRIX,
    )
    euler_step: float | None = setting(
        "--euler-step",
        Real(0.0, 1e6, above=True),
        "Certify explicit Euler steps of this size too.",
        unit="units of tau",
        default=None,
        shown="none",
        group=MATRIX,
    )
    basin: bool = chosen(
        False,
        flag(
            "--basin",
            True,
            "Certify a basin around each stable fixed point: an ellipsoid of states that all tend to it.",
            group=BASIN,
            needs=("--nonlinearity",),
        ),
    )
    nonlinearity: str | None = setting(
        "--nonlinearity",
        Choice(NONLINEARITIES),
        "What phi is: tanh, sigmoid or relu.",
        default=None,
        shown="none, needed with --basin",
        group=BASIN,
        needs=("--basin",),
    )
    bias: NeuronFile | None = setting(
        "--bias",
        STATES,
        "The constant input u: biases, and input weights times an input.",
        default=None,
        shown="biases beside the weights, or 0",
        group=BASIN,
        needs=("--basin",),
    )
    point: NeuronFile | None = setting(
        "--point",
        STATES,
        "A state next to the one fixed point that is asked about.",
        default=None,
        shown="all that are found",
        group=BASIN,
        needs=("--basin",),
    )


@dataclass(frozen=True, kw_only=True)
class GatedConfig(_Certified):
    """The settings of a run on the user's own GRU or LSTM."""

    gated: GatedFile = setting(
        "--gated",
        GatedOption(),
        "Decide about this GRU or LSTM: weights and biases of one layer, by the names that frameworks give.",
        shown="the built-in checks",
        group=GATED,
        required="no file",
    )
    input_box: float = setting(
        "--input-box",
        Real(0.0, 1e6),
        "Inputs x of the layer: every |x_j| is at most this.",
        unit="that of inputs",
        shown="none, needed with --gated",
        group=GATED,
        required="without a bound of inputs no gate has one",
    )
    reset_before: bool = chosen(
        False,
        flag(
            "--reset-before",
            True,
            "The reset of a GRU acts before the product, U (r h); PyTorch's is after.",
            group=GATED,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class LureConfig(_Sloped):
    """The settings of a run on the user's own Lur'e system."""

    lure: Path = setting(
        "--lure",
        InputFile(NAMED_FILES),
        "Decide about A x + B phi(C x) + E u with the output F x: arrays A, B, C and, for a gain, E and F.",
        shown="the built-in checks",
        group=LURE,
        required="no file",
    )
    time: str = setting(
        "--time",
        Choice(TIMES),
        "discrete: x <- A x + B phi(C x) + E u; continuous: x' = A x + B phi(C x) + E u.",
        shown="none, needed with --lure",
        group=LURE,
        required="a map and a flow are two systems",
    )


@dataclass(frozen=True, kw_only=True)
class ImagesConfig(_Certified):
    """The settings of a run on images: a network of `modules` x `units` reads an image pixel by pixel.

    The learning rate rises within `warm_up` epochs and falls to a hundredth over `schedule_epochs`.
    """

    data: Path = setting(
        "--data",
        InputDirectory(),
        "Train on the images in DIR: the four IDX files of MNIST or Fashion-MNIST, .gz or not.",
        shown="the built-in checks",
        group=IMAGES,
        required="no images",
    )
    permuted: bool = chosen(False, flag("--permuted", True, "Show the pixels in a fixed random order.", group=IMAGES))
    downsample: int = setting(
        "--downsample", Whole(1, PIXELS), "Average blocks of k x k pixels first.", default=1, group=IMAGES
    )
    modules: int = setting("--modules", Whole(1, 1000), "Networks in the assembly.", default=16, group=IMAGES)
    units: int = setting("--units", Whole(1, 10_000), "Neurons of each.", default=32, group=IMAGES)
    density: float = 0.033
    step: float = setting(
        "--step",
        Real(0.0, 1.0, above=True),
        "Euler step of the network.",
        unit="units of tau",
        default=0.03,
        group=IMAGES,
    )
    learning_rate: float = 1e-2
    batch: int = 128
    epochs: int = setting("--epochs", Whole(1, 100_000), "Passes over the images.", default=200, group=IMAGES)
    warm_up: float = 0.2
    schedule_epochs: float = Derived(lambda config: float(config.epochs))  # type: ignore[assignment]
    minutes: float | None = setting(
        "--minutes",
        Real(0.0, 1e6, above=True),
        "Stop training after this time.",
        unit="minutes",
        default=None,
        shown="none",
        group=IMAGES,
    )
    checkpoint: Path | None = setting(
        "--checkpoint",
        NewFile(),
        "Go on from FILE if it is there, and keep it up to date.",
        default=None,
        shown="none",
        group=IMAGES,
    )
