"""Every setting of the ghost command, in one frozen object that the report records."""

from dataclasses import dataclass

PAPER_RATE_RATIO = 0.1095
"""The paper's learning rate 1e-10 at T = 100, as a fraction of the critical one."""


@dataclass(frozen=True)
class Sweeps:
    """Sizes of Figs. S1 (rank one) and S2 (several ranks): rates, seeds a rate, epochs."""

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
    sweeps=Sweeps(8, 3, 3000, (1, 10, 100), 3, 2, 200),
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
    sweeps=Sweeps(12, 5, 6000, (1, 2, 5, 10, 30, 100), 4, 3, 600),
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
    sweeps=Sweeps(30, 10, 200_001, (1, 2, 3, 4, 5, 10, 30, 50, 100), 10, 10, 6000),
    full_length=True,
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """The toy model's settings, the networks' settings, the effort and the seed.

    `delay` is in units of the toy model's time; `learning_rate` acts on the loss as an integral; `confidence` is in
    units of 1/x, `threshold` of x. The networks' delay is fixed at the paper's 20 Euler steps of half a time constant.
    """

    delay: float = 100.0
    learning_rate: float
    confidence: float = 10.0
    threshold: float = 10.0
    network_learning_rate: float = 0.02
    network_confidence: float = 10.0
    neurons: int = 100
    networks: int
    epochs: int
    effort: Effort = USUAL
    seed: int = 0
