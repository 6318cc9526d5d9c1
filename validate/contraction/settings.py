"""Every setting of the contraction command, in one frozen object a kind of run, which the report records."""

from dataclasses import dataclass
from pathlib import Path

from validate.arrays import NAMED_FILES
from validate.contraction.gated_file import GatedFile, GatedOption
from validate.contraction.matrix_file import MatrixFile, MatrixOption
from validate.contraction.neuron_file import NeuronFile, NeuronFileOption, NeuronsOption, RowsOption
from validate.options import Choice, InputDirectory, InputFile, NewFile, Real, Whole
from validate.settings import Derived, Option, Settings, chosen, flag, setting

SLOPES = NeuronsOption(Real(0.0, 1e6, above=True))
LOWEST_SLOPES = NeuronsOption(Real(-1e6, 1e6))
TIME_CONSTANTS = NeuronFileOption(Real(0.0, 1e6, above=True))
LEAK = NeuronsOption(Real(0.0, 1.0, above=True))
STATES = NeuronFileOption(Real(-1e9, 1e9))
"""Biases, and states."""
INPUTS = RowsOption(STATES.each)
ABOUT_PHI = ("--basin", "--constant-input", "--along")
"""Questions about one nonlinearity."""
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


MATRIX, IMAGES = "Your network", "Your images"
NONLINEARITIES = ("tanh", "sigmoid", "relu")
BOUNDED = NONLINEARITIES[:2]
"""Those whose values are."""


def besides(certificate: Path) -> tuple[Path, Path, Path, Path]:
    """Where the certificates of the largest slope go, at its two ends and by another norm; and that of boxes."""
    ends = ("gain", "excluded", "norm", "box")
    gain, excluded, norm, box = (certificate.with_name(f"{certificate.stem}.{end}{certificate.suffix}") for end in ends)
    return gain, excluded, norm, box


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
        "Write what was proved, beside it .gain, .norm, .box ...",
        default=None,
        shown="not written",
        group=MATRIX,
    )


CHECK = Option(
    name="--check",
    kind=NewFile(),
    help="Verify one: 0 verified, 1 rejected, 2 malformed.",
    default="none",
    group=MATRIX,
)
"""Acted on before any other option is read: a proof is to be checked by as little code as possible."""


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """The settings of the built-in checks."""

    effort: Effort = chosen(USUAL, flag("--quick", QUICK, "The same checks, fewer matrices, shorter trainings."))


@dataclass(frozen=True, kw_only=True)
class _Sloped(_Certified):
    """What runs about nonlinearities of limited slopes share."""

    slope: float | NeuronFile = setting(
        "--slope",
        SLOPES,
        "Largest slope of phi.",
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
        "An n x n matrix.",
        shown="built-in checks",
        group=MATRIX,
        required="no matrix",
    )
    form: str = setting(
        "--form",
        Choice(FORMS),
        "voltage W phi(x), rate phi(W x), discrete nn.RNN, discrete-voltage.",
        shown="none",
        group=MATRIX,
        required="each form has metrics of its own",
    )
    lowest_slope: float | NeuronFile = setting(
        "--lowest-slope",
        LOWEST_SLOPES,
        "Least slope of phi.",
        unit="no unit",
        default=0.0,
        group=MATRIX,
    )
    time_constants: NeuronFile | None = setting(
        "--time-constants",
        TIME_CONSTANTS,
        "Those of neurons that differ.",
        unit="time",
        default=None,
        shown="all tau",
        group=MATRIX,
    )
    leak: float | NeuronFile | None = setting(
        "--leak",
        LEAK,
        "Leak a of discrete forms.",
        unit="a step",
        default=None,
        shown="1",
        group=MATRIX,
    )
    rate: float = setting(
        "--rate",
        Real(0.0, 1e6),
        "Ask for this rate, or 1 - factor.",
        unit="per unit of tau, or a step",
        default=0.0,
        shown="any above 0",
        group=MATRIX,
    )
    euler_step: float | None = setting(
        "--euler-step",
        Real(0.0, 1e6, above=True),
        "Certify Euler steps of this size too.",
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
            "Certify states that tend to each stable fixed point.",
            group=MATRIX,
            needs=("--nonlinearity",),
        ),
    )
    nonlinearity: str | None = setting(
        "--nonlinearity",
        Choice(NONLINEARITIES),
        "phi: tanh, sigmoid or relu.",
        default=None,
        shown="with --basin",
        group=MATRIX,
        needs=ABOUT_PHI,
    )
    constant_input: NeuronFile | None = setting(
        "--constant-input",
        INPUTS,
        "Decide under each input, a row.",
        default=None,
        shown="none",
        group=MATRIX,
        needs=("--nonlinearity",),
    )
    along: NeuronFile | None = setting(
        "--along",
        STATES,
        "Seek the amplitude along this.",
        default=None,
        shown="none",
        group=MATRIX,
        needs=("--nonlinearity",),
    )
    bias: NeuronFile | None = setting(
        "--bias",
        STATES,
        "Biases.",
        default=None,
        shown="beside W, or 0",
        group=MATRIX,
        needs=ABOUT_PHI,
    )
    point: NeuronFile | None = setting(
        "--point",
        STATES,
        "A state near the one asked about.",
        default=None,
        shown="all found",
        group=MATRIX,
        needs=("--basin",),
    )

    @property
    def about_inputs(self) -> bool:
        """Whether the question is under which inputs the network contracts."""
        return self.constant_input is not None or self.along is not None


@dataclass(frozen=True, kw_only=True)
class GatedConfig(_Certified):
    """The settings of a run on the user's own GRU or LSTM."""

    gated: GatedFile = setting(
        "--gated",
        GatedOption(),
        "A GRU or an LSTM.",
        shown="none",
        group=MATRIX,
        required="no file",
    )
    input_box: float = setting(
        "--input-box",
        Real(0.0, 1e6),
        "Bound of all |x_j|.",
        unit="that of inputs",
        shown="needed with --gated",
        group=MATRIX,
        required="without a bound of inputs no gate has one",
    )
    reset_before: bool = chosen(
        False,
        flag(
            "--reset-before",
            True,
            "The GRU has U (r h), not r (U h) as PyTorch.",
            group=MATRIX,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class LureConfig(_Sloped):
    """The settings of a run on the user's own Lur'e system."""

    lure: Path = setting(
        "--lure",
        InputFile(NAMED_FILES),
        "A Lur'e system A, B, C.",
        shown="none",
        group=MATRIX,
        required="no file",
    )
    time: str = setting(
        "--time",
        Choice(TIMES),
        "Of a Lur'e system: discrete, continuous.",
        shown="needed with --lure",
        group=MATRIX,
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
        "Train on these IDX files of MNIST, .gz or not.",
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
        "Their Euler step.",
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
