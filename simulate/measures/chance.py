"""Distances between networks beside those that are left when what the networks share is shuffled away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from simulate.measures.blocks import Block
from simulate.measures.measure import Measure
from simulate.measures.pairwise import Pairs, Square, all_pairs, distances_of, pairs_of, pairwise, prepare_all
from simulate.measures.samples import TooFewSamples, WrongShape
from simulate.measures.weights import PreparedWeights, WeightsUpTo, shuffled

Sizes = Float[np.ndarray, "*draws items items"]
Draws = Float[np.ndarray, "draws items items"]


@dataclass(frozen=True)
class AgainstChance:
    """Distances between networks, and what is left of them where nothing is shared but what a shuffle keeps.

    Attributes:
        pairs: of the networks.
        null: of each draw, the shuffled networks' distances.
        size: sqrt(|W1|^2 + |W2|^2) of each pair, the distance of weights that have nothing in common; 1 where a
            distance has no such size.
        null_size: the same of the shuffled networks.
    """

    pairs: Pairs
    null: tuple[Pairs, ...]
    size: Square
    null_size: Draws

    @property
    def relative(self) -> Square:
        """The distances over their sizes; 0 where both networks are zero."""
        return _over(self.pairs.value, self.size)

    @property
    def null_value(self) -> Square:
        """The shuffled networks' distances, their mean over the draws."""
        return np.mean([each.value for each in self.null], axis=0)

    @property
    def null_relative(self) -> Draws:
        """The same over their sizes, draw by draw."""
        return _over(np.stack([each.value for each in self.null]), self.null_size)


def against_shuffles(
    measure: WeightsUpTo, networks: Sequence[Sequence[Block]], *, seed: int, draws: int = 1
) -> AgainstChance:
    """The distances of networks' weights, beside those of the same entries in random places, block by block.

    Where units may be rescaled it is the network of least norm that is measured, and shuffled.

    Arguments:
        measure: of two networks.
        networks: the blocks of each.
        seed: of the shuffles, which are drawn network by network.
        draws: how often every network is shuffled.

    Raises:
        NotWeights, NoBalance: what the measure raises.
    """
    rng = np.random.default_rng(seed)
    prepared: list[PreparedWeights] = prepare_all(measure, networks)
    null, sizes = [], []
    for _ in range(draws):
        mixed = [tuple(_shuffled(block, rng) for block in each.blocks) for each in prepared]
        null.append(pairwise(measure, mixed))
        sizes.append(_together(prepare_all(measure, mixed)))
    return AgainstChance(pairwise(measure, networks), tuple(null), _together(prepared), np.stack(sizes))


def against_other_trials(
    measure: Measure[ArrayLike, Any], activities: Sequence[ArrayLike], *, seed: int, draws: int = 1
) -> AgainstChance:
    """The distances of networks' activity in the same trials, beside those where the second is shown other trials.

    The trials of the second network are put into an order in which none stays in its place. What two networks still
    have in common then is what all trials share, and what a small sample leaves to chance.

    Arguments:
        measure: of two activities in the same trials, as `SVCCA`, `LinearCKA` and `Procrustes`.
        activities: trials x steps x units of each network.
        seed: of the orders, each the same for all pairs.
        draws: how many of them.

    Raises:
        WrongShape: if not all networks were shown as many trials of as many steps.
        TooFewSamples: if there are fewer than two trials.
        What the measure raises.
    """
    shown = sorted({np.shape(activity)[:2] for activity in activities})
    if len(shown) > 1:
        told = ", ".join(" x ".join(map(str, shape)) for shape in shown)
        raise WrongShape(f"activity of {told} trials and steps: show all networks the same trials")
    trials, count = len(np.asarray(activities[0])), len(activities)
    if trials < 2:
        raise TooFewSamples("one trial has no other in its place: give two or more, on the first axis")
    rng, (first, second) = np.random.default_rng(seed), all_pairs(count)
    prepared = prepare_all(measure, activities)
    null = []
    for _ in range(draws):
        order = _derangement(trials, rng)
        moved = prepare_all(measure, [np.asarray(activity)[order] for activity in activities])
        found = distances_of(measure, [prepared[i] for i in first.tolist()], [moved[j] for j in second.tolist()])
        null.append(pairs_of(found, count, measure))
    found = distances_of(measure, [prepared[i] for i in first.tolist()], [prepared[j] for j in second.tolist()])
    return AgainstChance(
        pairs_of(found, count, measure), tuple(null), np.ones((count, count)), np.ones((draws, count, count))
    )


def _shuffled(block: Block, rng: np.random.Generator) -> Block:
    return Block(shuffled(block.weights, rng), targets=block.targets, sources=block.sources)


def _over(distances: Sizes, sizes: Sizes) -> Sizes:
    """The ratio; of zero to zero, zero: networks without weights are alike."""
    return np.divide(distances, sizes, out=np.zeros_like(distances), where=sizes > 0)


def _together(prepared: Sequence[PreparedWeights]) -> Square:
    """sqrt(|W_i|^2 + |W_j|^2)."""
    sizes = np.array([each.profile.size for each in prepared])
    return np.hypot(sizes[:, None], sizes)


def _derangement(count: int, rng: np.random.Generator) -> Int[np.ndarray, " count"]:
    """A random order of one cycle: nothing stays in its place."""
    around = rng.permutation(count)
    order = np.empty(count, int)
    order[around] = np.roll(around, 1)
    return order
