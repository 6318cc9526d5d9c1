"""Every setting of the ghost command, in one frozen object that the report records."""

from dataclasses import dataclass

from validate.options import Real, Whole
from validate.settings import Derived, Settings, chosen, flag, setting

PAPER_RATE_RATIO = 0.1095
"""The paper's learning rate 1e-10 at T = 100, as a fraction of the critical one."""
START = 10.0
"""rho_0 of the paper's Fig. 2."""


@dataclass(frozen=True)
class Sweeps:
    """Sizes of Figs. S1 (rank one) and S2 (several ranks): rates and their range, seeds a rate, epochs.

    The first plateau lasts about 90 epochs over the rate: what learns at 1e-4 within the paper's 200,001 epochs does so
    at 2e-3 within 10,000. Short runs therefore look at higher rates.
    """

    rank_one_range: tuple[float, float]
    rank_one_rates: int
    rank_one_seeds: int
    rank_one_epochs: int
    ranks: tuple[int, ...]
    rank_rates: int
    rank_seeds: int
    rank_epochs: int


@dataclass(frozen=True)
class Effort:
    """How much work a run does where the user names no number.

    `networks` and `epochs` are the population of Fig. 4. `word_length` is the longest cycle word searched for and
    `columns` the number of rates in the diagram of the training map. The low-rate networks are those of Fig. 3A, the
    crossing networks those whose every step is predicted. `full_length`: these runs are long and resume when stopped.
    """

    name: str
    networks: int
    epochs: int
    word_length: int
    columns: int
    low_rate_networks: int
    low_rate_epochs: int
    crossing_networks: int
    crossing_epochs: int
    sweeps: Sweeps
    full_length: bool = False


QUICK = Effort(
    "quick",
    networks=20,
    epochs=6000,
    word_length=13,
    columns=60,
    low_rate_networks=2,
    low_rate_epochs=48_000,
    crossing_networks=6,
    crossing_epochs=300,
    sweeps=Sweeps((8e-3, 2.4e-2), 7, 3, 8000, (1, 10, 100), 3, 2, 1500),
)
USUAL = Effort(
    "usual",
    networks=100,
    epochs=6000,
    word_length=24,
    columns=150,
    low_rate_networks=6,
    low_rate_epochs=60_000,
    crossing_networks=16,
    crossing_epochs=300,
    sweeps=Sweeps((1e-3, 3e-1), 12, 5, 12_000, (1, 2, 5, 10, 30, 100), 4, 3, 1500),
)
FULL = Effort(
    "full",
    networks=100,
    epochs=6000,
    word_length=40,
    columns=300,
    low_rate_networks=6,
    low_rate_epochs=500_000,
    crossing_networks=40,
    crossing_epochs=1000,
    sweeps=Sweeps((1e-4, 1e-1), 30, 10, 200_001, (1, 2, 3, 4, 5, 10, 30, 50, 100), 10, 10, 6000),
    full_length=True,
)


POSITIVE = Real(0.0, above=True)
TOY_RANGE = Real(1e-3, 1e3)
"""Where quadrature and solver are checked to hold their tolerances."""
RATE = Real(0.0, 1e100, above=True, note=" (at zero nothing would ever be learned)")
"""Beyond, ratios of rates and their powers are no finite numbers at long delays."""
TOY, NETWORKS = "Toy model", "Networks"


def _paper_rate(config: "Config") -> float:
    from theory.ghost.toy.toy_model import ToyModel

    return PAPER_RATE_RATIO * ToyModel(config.delay).critical_learning_rate


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """The settings of a run. The networks' delay is fixed at the paper's 20 Euler steps of half a time constant."""

    delay: float = setting(
        "--T",
        Real(1.0, 1e6),
        "Delay before the toy model must switch.",
        unit="time of the toy model",
        default=100.0,
        group=TOY,
    )
    learning_rate: float = setting(
        "--learning-rate",
        RATE,
        "Learning rate, for the loss as an integral over time.",
        unit="time^-5",
        default=Derived(_paper_rate),
        shown=f"{PAPER_RATE_RATIO} times the critical rate",
        group=TOY,
    )
    confidence: float = setting(
        "--confidence", TOY_RANGE, "Confidence c.", unit="1 / unit of x", default=10.0, group=TOY
    )
    threshold: float = setting("--threshold", TOY_RANGE, "Threshold x_star.", unit="unit of x", default=10.0, group=TOY)
    network_learning_rate: float = setting(
        "--network-learning-rate",
        RATE,
        "Learning rate, for the mean loss.",
        unit="no unit",
        default=0.02,
        group=NETWORKS,
    )
    network_confidence: float = setting(
        "--network-confidence", POSITIVE, "Confidence c.", unit="1 / unit of kappa", default=10.0, group=NETWORKS
    )
    neurons: int = setting("--neurons", Whole(1, 100_000), "Neurons of each network.", default=100, group=NETWORKS)
    networks: int = setting(
        "--networks",
        Whole(1, 100_000),
        "Networks trained.",
        default=Derived(lambda config: config.effort.networks),
        shown=f"{USUAL.networks}; {QUICK.networks} with --quick",
        group=NETWORKS,
    )
    epochs: int = setting(
        "--epochs",
        Whole(1, 10_000_000),
        "Gradient steps of each network.",
        default=Derived(lambda config: config.effort.epochs),
        shown=f"{USUAL.epochs}",
        group=NETWORKS,
    )
    effort: Effort = chosen(
        USUAL,
        flag("--quick", QUICK, "The same checks on smaller populations."),
        flag("--full", FULL, "Also Fig. 3A, S1 and S2 at full length; goes on where it was interrupted."),
    )
