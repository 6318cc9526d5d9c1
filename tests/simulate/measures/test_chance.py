"""What is left of a distance where what two networks share is shuffled away."""

from collections.abc import Sequence

import numpy as np
import pytest

from simulate.cells import Symmetry
from simulate.measures import Block, Distance, LinearCKA, Side, WeightsUpTo, pairwise, shuffled
from simulate.measures.chance import against_other_trials, against_shuffles
from simulate.measures.measure import Measure
from simulate.measures.samples import TooFewSamples, WrongShape

PERMUTATIONS = WeightsUpTo(Symmetry(6, signs=False, scales=False))
SCALES = WeightsUpTo(Symmetry(6, signs=False, scales=True))


def blocks(W: np.ndarray, U: np.ndarray, V: np.ndarray) -> tuple[Block, ...]:
    return Block(W), Block(U, sources=Side.OUTSIDE), Block(V, targets=Side.OUTSIDE)


def drawn(seed: int) -> tuple[Block, ...]:
    rng = np.random.default_rng(seed)
    return blocks(rng.normal(size=(6, 6)), rng.normal(size=(6, 2)), rng.normal(size=(3, 6)))


def test_shuffles_are_those_of_each_block_network_by_network() -> None:
    networks = [drawn(seed) for seed in range(3)]
    found = against_shuffles(PERMUTATIONS, networks, seed=4, draws=2)
    np.testing.assert_array_equal(found.pairs.value, pairwise(PERMUTATIONS, networks).value)
    rng = np.random.default_rng(4)
    for null in found.null:
        mixed = [blocks(*(shuffled(block.weights, rng) for block in network)) for network in networks]
        np.testing.assert_array_equal(null.value, pairwise(PERMUTATIONS, mixed).value)
    np.testing.assert_allclose(found.null_value, (found.null[0].value + found.null[1].value) / 2)


def test_relative_distances_are_over_the_size_of_both_which_no_shuffle_changes() -> None:
    networks = [drawn(seed) for seed in range(2)]
    found = against_shuffles(PERMUTATIONS, networks, seed=0)
    size = np.sqrt(sum((block.weights**2).sum() for network in networks for block in network))
    assert found.size[0, 1] == pytest.approx(size)
    assert found.relative[0, 1] == pytest.approx(found.pairs.value[0, 1] / size)
    np.testing.assert_allclose(found.null_size[0], found.size)
    np.testing.assert_allclose(found.null_relative[0], found.null[0].value / size * (1 - np.eye(2)))


def test_networks_without_weights_are_alike_as_are_their_shuffles() -> None:
    networks = [(Block(np.zeros((6, 6))),), (Block(np.zeros((6, 6))),), (Block(np.eye(6)),)]
    found = against_shuffles(PERMUTATIONS, networks, seed=0, draws=2)
    expected = np.array([[0, 0, 1], [0, 0, 1], [1, 1, 0]])
    np.testing.assert_allclose(found.relative, expected, atol=1e-12)
    np.testing.assert_allclose(found.null_relative, [expected, expected], atol=1e-12)


def test_a_rescaled_network_has_the_null_of_the_network() -> None:
    """What is shuffled is the network of least norm: its null does not depend on scales that mean nothing."""
    networks = [drawn(seed) for seed in range(2)]
    scales = np.array([0.1, 3.0, 1.0, 7.0, 0.5, 2.0])
    W, U, V = (block.weights for block in networks[1])
    copy = blocks(scales[:, None] * W / scales, scales[:, None] * U, V / scales)
    one, other = (against_shuffles(SCALES, [networks[0], each], seed=1) for each in (networks[1], copy))
    np.testing.assert_allclose(one.relative, other.relative, atol=1e-9)
    np.testing.assert_allclose(one.null_relative, other.null_relative, atol=1e-9)


class InPlace(Measure[np.ndarray, np.ndarray]):
    """The share of trials that stand in the same place, told by their first entry."""

    def prepare(self, item: np.ndarray) -> np.ndarray:
        return item[:, 0, 0]

    def between(self, first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> list[Distance]:
        values = [float((one == other).mean()) for one, other in zip(first, second, strict=True)]
        return [Distance(value, value) for value in values]


@pytest.mark.parametrize("trials", [2, 3, 8])
def test_no_trial_meets_itself_in_another_order(trials: int) -> None:
    activities = [np.arange(trials)[:, None, None] * np.ones((1, 2, 3)) for _ in range(3)]
    found = against_other_trials(InPlace(), activities, seed=0, draws=20)
    assert (found.pairs.each == 1).all()
    assert all((null.each == 0).all() for null in found.null)
    np.testing.assert_array_equal(found.relative, found.pairs.value)


def test_representations_of_other_trials_are_those_of_strangers() -> None:
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(60, 5, 4))
    activities = [latent @ rng.normal(size=(4, 6)) for _ in range(2)]
    found = against_other_trials(LinearCKA(), activities, seed=0, draws=5)
    assert found.pairs.each[0] < 0.5
    assert abs(found.null_value[0, 1] - 1) < 0.05
    with pytest.raises(TooFewSamples, match="one trial"):
        against_other_trials(LinearCKA(), [each[:1] for each in activities], seed=0)
    for other in (activities[1][:59], activities[1].reshape(30, 10, 6)):
        with pytest.raises(WrongShape, match="same trials"):
            against_other_trials(LinearCKA(), [activities[0], other], seed=0)
