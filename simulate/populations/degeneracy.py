"""How differently the networks of a population ended: behaviour, dynamics and weights, each beside its null."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import jax
import numpy as np
from jaxtyping import Float

from simulate.cells.dense import DenseCell
from simulate.cells.scaled import Scaled
from simulate.cells.symmetry import Symmetry
from simulate.measures.blocks import Block
from simulate.measures.cell_blocks import all_weights
from simulate.measures.chance import against_shuffles
from simulate.measures.dsa import DSA
from simulate.measures.estimate import PopulationEstimate
from simulate.measures.learning import kernel_alignment, weight_change
from simulate.measures.nulls import against_halves
from simulate.measures.pairwise import Pairs, pairwise
from simulate.measures.svcca import SVCCA
from simulate.measures.weights import WeightsUpTo
from simulate.populations.activity import activity
from simulate.populations.condition import Network
from simulate.populations.counted import Counted, DistanceProgress, unheard
from simulate.populations.population import TrainedPopulation
from simulate.tasks.task import Batch

FEWEST = 3
"""Networks without which a mean over pairs has no standard error."""
KINDS = 9
"""Of distances between two networks, each over all pairs: the matrices of a `Degeneracy`."""

Square = Float[np.ndarray, "networks networks"]


class TooFewTrained(ValueError):
    """Fewer than three networks reached the threshold: distances between them have no error bar."""


@dataclass(frozen=True)
class Probing:
    """On what networks are measured: the same trials for all of them, which training never showed.

    Attributes:
        dsa: how dynamics are compared.
        trials: of the task as trained, on which activity is recorded.
        unseen_trials: of the task out of distribution, on which losses are measured.
        kernel_trials: of the task as trained, for the tangent kernels, whose cost grows with their square.
        seed: of all these, and of the shuffles.

    >>> from simulate.populations import Probing
    >>> Probing().dsa.rank
    10
    """

    dsa: DSA = field(default_factory=lambda: DSA(delays=3, rank=10))
    trials: int = 64
    unseen_trials: int = 256
    kernel_trials: int = 4
    seed: int = 1_000_003


@dataclass(frozen=True)
class Degeneracy:
    """What was measured of the trained networks of one population. Matrices are over those that converged.

    Attributes:
        networks, converged: how many were trained, and how many reached the threshold.
        updates: of training, of those that converged.
        behaviour: the standard deviation over networks of the loss out of distribution.
        unseen_loss: that loss.
        dsa: between the networks' dynamics, each in one half of the trials; `dsa_at_start` before training.
        dsa_halves: between the dynamics in both halves of one network's trials, network by network: what is left where
            nothing differs but the trials drawn.
        svcca: between their representations of the same trials, which the inputs alone make alike: `svcca_at_start`,
            before training.
        weights: between recurrent weights up to permutations, as published.
        weights_group: up to all that may be done to units of this cell; `weights_all` of inputs, biases and readouts
            too; `weights_shuffled` of the recurrent entries in random places; `weights_at_start` before training.
        norms, norms_at_start: |W| of each network's recurrent weights.
        change: |W - W at the start|.
        alignment: of the tangent kernel with that at the start; `alignment_unrelated` with that of another network's
            start, which no training links to it.

    >>> from simulate.populations import Degeneracy
    >>> "dsa_beyond_null" in dir(Degeneracy)
    True
    """

    networks: int
    converged: int
    updates: PopulationEstimate
    behaviour: PopulationEstimate
    unseen_loss: PopulationEstimate
    dsa: Pairs
    dsa_at_start: Pairs
    dsa_halves: Float[np.ndarray, " networks"]
    svcca: Pairs
    svcca_at_start: Pairs
    weights: Pairs
    weights_group: Pairs
    weights_all: Pairs
    weights_shuffled: Pairs
    weights_at_start: Pairs
    norms: Float[np.ndarray, " networks"]
    norms_at_start: Float[np.ndarray, " networks"]
    change: PopulationEstimate
    alignment: PopulationEstimate
    alignment_unrelated: PopulationEstimate

    @property
    def weights_relative(self) -> Square:
        """`weights_group` over sqrt(|W_1|^2 + |W_2|^2), the distance of weights that have nothing in common."""
        return self.weights_group.value / together(self.norms)

    @property
    def shuffled_relative(self) -> Square:
        """`weights_shuffled`, likewise."""
        return self.weights_shuffled.value / together(self.norms)

    @property
    def weights_beyond_null(self) -> Square:
        """By how much the relative distance exceeds that of the shuffled weights; below zero where networks agree."""
        return self.weights_relative - self.shuffled_relative

    @property
    def dsa_beyond_null(self) -> Square:
        """By how much DSA between two networks exceeds that between two halves of one network's trials."""
        return self.dsa.value - (self.dsa_halves[:, None] + self.dsa_halves) / 2

    @property
    def svcca_beyond_null(self) -> Square:
        """By how much SVCCA's distance exceeds that of the same two networks before training."""
        return self.svcca.value - self.svcca_at_start.value

    @property
    def change_relative(self) -> PopulationEstimate:
        """|W - W at the start| over |W at the start|."""
        return PopulationEstimate.of_mean(self.change.each / self.norms_at_start)

    @property
    def alignment_beyond_null(self) -> PopulationEstimate:
        """By how much a kernel is closer to that of its own start than to that of another network's."""
        return PopulationEstimate.of_mean(self.alignment.each - self.alignment_unrelated.each)

    @property
    def behaviour_relative(self) -> PopulationEstimate:
        """The standard deviation of the loss out of distribution over its mean."""
        return PopulationEstimate.of_relative_spread(self.unseen_loss.each)


def degeneracy_of(
    population: TrainedPopulation, probing: Probing | None = None, *, progress: DistanceProgress = unheard
) -> Degeneracy:
    """Measure a population, on trials that it was not trained on.

    `progress` is told how many distances between two networks are measured, and of how many, after each kind of them.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import optax
    >>> from simulate.cells import UniformWeights
    >>> from simulate.measures import DSA
    >>> from simulate.populations import TrainingCondition, Probing, degeneracy_of, train_population
    >>> from simulate.tasks import NBitFlipFlop
    >>> task = NBitFlipFlop(jax.random.key(0), trials=8, bits=1, steps=5, threshold=0.5)
    >>> start = UniformWeights(8, inputs=1, outputs=1)
    >>> population = train_population(TrainingCondition(task, start, optax.adam(1e-2), networks=3, updates=60, every=4))
    >>> found = degeneracy_of(population, Probing(DSA(delays=1, rank=3), trials=8))
    >>> found.converged, found.weights.value.shape, found.alignment.value < 1
    (3, (3, 3), True)

    Raises:
        TooFewTrained: if fewer than three networks converged.
    """
    trained, probing = population.trained, probing or Probing()
    if len(trained) < FEWEST:
        raise TooFewTrained(
            f"{len(trained)} of {len(population)} networks converged: train longer, or raise the threshold"
        )
    networks, first = trained.each(), trained.each(at_start=True)
    shown, unseen, probe = batches(population, probing)
    losses, states, states_at_start = (
        trained.losses(unseen),
        activities(networks, shown),
        activities(first, shown),
    )
    pairs = math.comb(len(networks), 2)
    counted = Counted(progress, of=KINDS * pairs)
    dynamics = counted(against_halves(probing.dsa, states, seed=probing.seed), pairs)
    whole, recurrent = (
        [all_weights(dense(network)) for network in networks],
        [only_recurrent(each) for each in networks],
    )
    symmetry = dense(networks[0]).symmetry
    group, permutations = WeightsUpTo(symmetry), WeightsUpTo(Symmetry(symmetry.units, signs=False, scales=False))
    beside = counted(against_shuffles(group, recurrent, seed=probing.seed), 2 * pairs)
    changes = [weight_change(dense(a).W, dense(b).W) for a, b in zip(first, networks, strict=True)]
    return Degeneracy(
        networks=len(population),
        converged=len(trained),
        updates=PopulationEstimate.of_mean(trained.updates),
        behaviour=PopulationEstimate.of_spread(losses),
        unseen_loss=PopulationEstimate.of_mean(losses),
        dsa=dynamics.pairs,
        dsa_at_start=counted(against_halves(probing.dsa, states_at_start, seed=probing.seed).pairs, pairs),
        dsa_halves=dynamics.null,
        svcca=counted(pairwise(SVCCA(), states), pairs),
        svcca_at_start=counted(pairwise(SVCCA(), states_at_start), pairs),
        weights=counted(pairwise(permutations, recurrent), pairs),
        weights_group=beside.pairs,
        weights_all=counted(pairwise(group, whole), pairs),
        weights_shuffled=beside.null[0],
        weights_at_start=counted(pairwise(group, [only_recurrent(network) for network in first]), pairs),
        norms=np.array([norm(blocks) for blocks in recurrent]),
        norms_at_start=np.array([each.start for each in changes]),
        change=PopulationEstimate.of_mean([each.value for each in changes]),
        alignment=aligned(first, networks, probe),
        alignment_unrelated=aligned([first[-1], *first[:-1]], networks, probe),
    )


def aligned(before: Sequence[Network], after: Sequence[Network], probe: Batch) -> PopulationEstimate:
    """The alignment of each network's tangent kernel with that of its partner before training."""
    return PopulationEstimate.of_mean([kernel_alignment(a, b, probe).value for a, b in zip(before, after, strict=True)])


def batches(population: TrainedPopulation, probing: Probing) -> tuple[Batch, Batch, Batch]:
    """Trials as in training, trials out of distribution, and the few for the tangent kernels."""
    task, key = population.condition.task, jax.random.key(probing.seed)
    of_each = (
        replace(task, trials=probing.trials),
        replace(task, trials=probing.unseen_trials).out_of_distribution(),
        replace(task, trials=probing.kernel_trials),
    )
    shown, unseen, probe = (each.draw(jax.random.fold_in(key, i)) for i, each in enumerate(of_each))
    return shown, unseen, probe


def dense(network: Network) -> DenseCell:
    """The network that computes: of another parametrisation, the effective one."""
    return network.effective if isinstance(network, Scaled) else network


def only_recurrent(network: Network) -> tuple[Block, ...]:
    """The recurrent weights, a block a gate."""
    return tuple(block for block in all_weights(dense(network)) if block.recurrent)


def norm(blocks: Sequence[Block]) -> float:
    """Of all blocks together."""
    return float(np.sqrt(sum((block.weights**2).sum() for block in blocks)))


def together(norms: Float[np.ndarray, " networks"]) -> Square:
    """sqrt(|W_i|^2 + |W_j|^2)."""
    return np.hypot(norms[:, None], norms)


def activities(networks: Sequence[Network], batch: Batch) -> list[Float[np.ndarray, "trials steps units"]]:
    """Of each network on the same trials, in the precision of the network."""
    return [np.asarray(activity(network, batch)) for network in networks]
