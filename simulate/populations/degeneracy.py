"""How differently the networks of a population ended: behaviour, dynamics and weights, each beside its null."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import jax
import numpy as np
from jaxtyping import Float, Int

from simulate.cells.symmetry import Symmetry
from simulate.measures.blocks import Block
from simulate.measures.dsa import DSA
from simulate.measures.jackknife import MeanOverPairs, jackknife
from simulate.measures.pairwise import Pairs, pairwise
from simulate.measures.weights import WeightsUpTo, shuffled
from simulate.populations.activity import activity
from simulate.populations.condition import Network
from simulate.populations.population import Population
from simulate.populations.weights import dense, recurrent_weights
from simulate.tasks.task import Batch

FEWEST = 3
"""Networks without which a mean over pairs has no standard error."""


class TooFewTrained(ValueError):
    """Fewer than three networks reached the threshold: distances between them have no error bar."""


@dataclass(frozen=True)
class Probing:
    """On what networks are measured: the same trials for all of them, which training never showed.

    Attributes:
        dsa: how dynamics are compared.
        trials: of the trained task, on which activity is recorded.
        unseen_trials: of the task out of distribution, on which losses are measured.
        seed: of both, and of the shuffles.

    >>> from simulate.populations import Probing
    >>> Probing().dsa.rank
    10
    """

    dsa: DSA = field(default_factory=lambda: DSA(delays=3, rank=10))
    trials: int = 64
    unseen_trials: int = 256
    seed: int = 1_000_003


@dataclass(frozen=True)
class Mean:
    """A mean over networks with its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True)
class Degeneracy:
    """What was measured of the trained networks of one population. Matrices are over those that converged.

    `behaviour` is the standard deviation over networks of the loss out of distribution. Of the dynamics: DSA between
    networks, between the networks before training, and between two halves of one network's trials (which differ in
    nothing but the trials drawn). Of recurrent weights: up to permutations (as published), up to the whole symmetry of
    the cell, of weights shuffled within each matrix, and of the networks before training.
    """

    networks: int
    converged: int
    updates: Mean
    behaviour: Mean
    unseen_loss: Mean
    dsa: Pairs
    dsa_at_start: Pairs
    dsa_halves: Mean
    weights: Pairs
    weights_group: Pairs
    weights_shuffled: Pairs
    weights_at_start: Pairs
    norm: Mean
    change: Mean

    def over_pairs(self, name: str) -> MeanOverPairs:
        """The mean over pairs of one of the matrices, with the jackknife's error over networks."""
        pairs: Pairs = getattr(self, name)
        return jackknife(pairs)


def degeneracy_of(population: Population, probing: Probing = Probing()) -> Degeneracy:
    """Measure a population, on trials that it was not trained on.

    Raises:
        TooFewTrained: if fewer than three networks converged.
    """
    trained = population.trained
    if len(trained) < FEWEST:
        raise TooFewTrained(
            f"{len(trained)} of {len(population)} networks converged: train longer, or raise the threshold"
        )
    task = population.condition.task
    key = jax.random.key(probing.seed)
    batch = replace(task, trials=probing.trials).draw(key)
    unseen = replace(task, trials=probing.unseen_trials).out_of_distribution().draw(jax.random.fold_in(key, 1))
    losses = trained.losses(unseen)
    networks, first = trained.each(), trained.each(at_start=True)
    recurrent = [recurrent_weights(network) for network in networks]
    rng = np.random.default_rng(probing.seed)
    mixed = [
        tuple(Block(shuffled(block.weights, rng), targets=block.targets) for block in blocks) for blocks in recurrent
    ]
    whole = dense(networks[0]).symmetry
    group, permutations = WeightsUpTo(whole), WeightsUpTo(Symmetry(whole.units, signs=False, scales=False))
    return Degeneracy(
        networks=len(population),
        converged=len(trained),
        updates=mean_of(trained.updates),
        behaviour=spread_of(losses),
        unseen_loss=mean_of(losses),
        dsa=pairwise(probing.dsa, activities(networks, batch)),
        dsa_at_start=pairwise(probing.dsa, activities(first, batch)),
        dsa_halves=mean_of(between_halves(probing.dsa, activities(networks, batch))),
        weights=pairwise(permutations, recurrent),
        weights_group=pairwise(group, recurrent),
        weights_shuffled=pairwise(group, mixed),
        weights_at_start=pairwise(group, [recurrent_weights(network) for network in first]),
        norm=mean_of([np.sqrt(sum((block.weights**2).sum() for block in blocks)) for blocks in recurrent]),
        change=mean_of([np.linalg.norm(dense(a).W - dense(b).W) for a, b in zip(networks, first, strict=True)]),
    )


def activities(networks: Sequence[Network], batch: Batch) -> list[Float[np.ndarray, "trials steps units"]]:
    """Of each network on the same trials, in the precision of the network."""
    return [np.asarray(activity(network, batch)) for network in networks]


def between_halves(dsa: DSA, states: Sequence[Float[np.ndarray, "trials steps units"]]) -> list[float]:
    """Of each network, the distance between the first and the second half of its trials."""
    half = len(states[0]) // 2
    halves = [dsa.prepare(each[:half]) for each in states], [dsa.prepare(each[half : 2 * half]) for each in states]
    return [found.value for found in dsa.between(*halves)]


def shuffled_block(block: Block, rng: np.random.Generator) -> Block:
    """The same entries in random places."""
    return Block(shuffled(block.weights, rng), targets=block.targets, sources=block.sources)


def mean_of(values: Sequence[float] | Float[np.ndarray, " networks"] | Int[np.ndarray, " networks"]) -> Mean:
    """The mean over networks, and its standard error."""
    each = np.asarray(values, float)
    return Mean(float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each))))


def spread_of(values: Float[np.ndarray, " networks"]) -> Mean:
    """The standard deviation over networks (of a sample: N - 1), with the jackknife's error."""
    each, count = np.asarray(values, float), len(values)
    without = np.array([np.delete(each, i).std(ddof=1) for i in range(count)])
    error = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    return Mean(float(each.std(ddof=1)), float(error))
