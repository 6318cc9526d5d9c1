"""Distances of weights: against all permutations one by one, on planted copies, and as distances."""

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import quadratic_assignment

from simulate.cells import Symmetry
from simulate.measures import Block, Side, WeightsUpTo, shuffled
from simulate.measures.assignment import AssignmentSearch
from simulate.measures.balance import NoBalance
from simulate.measures.blocks import NotWeights

Network = list[Block]
SEEDS = st.integers(0, 2**32 - 1)
KINDS = (
    (Side.STATE, Side.STATE),
    (Side.GATE, Side.STATE),
    (Side.STATE, Side.OUTSIDE),
    (Side.GATE, Side.OUTSIDE),
    (Side.OUTSIDE, Side.STATE),
)


def permuting(n: int) -> Symmetry:
    return Symmetry(n, signs=False, scales=False)


def flipping(n: int) -> Symmetry:
    return Symmetry(n, signs=True, scales=False)


def rescaling(n: int) -> Symmetry:
    return Symmetry(n, signs=False, scales=True)


def gated(rng: np.random.Generator, n: int) -> Network:
    """A network with a block of every kind."""
    return [
        Block(
            rng.normal(size=(2 if targets is Side.OUTSIDE else n, 3 if sources is Side.OUTSIDE else n)),
            targets=targets,
            sources=sources,
        )
        for targets, sources in KINDS
    ]


def transformed(network: Network, order: np.ndarray, factors: np.ndarray) -> Network:
    """Unit i of the new network is unit order[i] of the old one, times factors[i]; entry by entry."""
    n, found = len(order), []
    for block in network:
        new = np.zeros(block.weights.shape)
        for i, j in np.ndindex(*new.shape):
            row = i if block.targets is Side.OUTSIDE else order[i]
            column = j if block.sources is Side.OUTSIDE else order[j]
            onto = factors[i] if block.targets is Side.STATE else 1.0
            out = factors[j] if block.sources is Side.STATE else 1.0
            new[i, j] = onto * block.weights[row, column] / out
        found.append(Block(new, targets=block.targets, sources=block.sources))
    assert n == network[0].units
    return found


SEARCH = AssignmentSearch(all_of=0)
"""Networks are searched however small they are."""


def apart(one: Network, other: Network) -> float:
    return float(np.sqrt(sum(((a.weights - b.weights) ** 2).sum() for a, b in zip(one, other, strict=True))))


def elements(n: int, signs: bool) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for order in permutations(range(n)):
        for each in product((1.0, -1.0), repeat=n) if signs else ((1.0,) * n,):
            yield np.array(order), np.array(each)


def by_force(one: Network, other: Network, signs: bool) -> float:
    """The least distance, over every element of the group."""
    return min(apart(one, transformed(other, *element)) for element in elements(one[0].units, signs))


@pytest.mark.parametrize("signs", [False, True])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("recurrent", [False, True])
def test_the_least_of_all_relabellings_is_found(signs: bool, seed: int, recurrent: bool) -> None:
    """By the search, and by trying all, which knows that it is the least."""
    rng, n = np.random.default_rng(seed), 4
    one, other = gated(rng, n)[: 1 if recurrent else None], gated(rng, n)[: 1 if recurrent else None]
    searched, found = (
        WeightsUpTo(Symmetry(n, signs=signs, scales=False), search)(one, other)
        for search in (SEARCH, AssignmentSearch())
    )
    least = by_force(one, other, signs)
    assert searched.value == pytest.approx(least, rel=1e-12)
    assert searched.lower <= least
    assert found.value == found.lower == pytest.approx(least, rel=1e-12)
    reached = transformed(other, np.array(found.order), np.array(found.signs, dtype=float))
    assert apart(one, reached) == pytest.approx(found.value, rel=1e-12)


@pytest.mark.parametrize("n", [64, 128])
def test_a_planted_signed_permutation_is_found(n: int) -> None:
    rng = np.random.default_rng(n)
    W, order, signs = rng.normal(size=(n, n)), rng.permutation(n), rng.choice([-1.0, 1.0], n)
    copy = (signs[:, None] * W * signs)[np.ix_(order, order)]
    found = WeightsUpTo(flipping(n))(W, copy)
    assert (found.value, found.lower, found.relative) == (0.0, 0.0, 0.0)


def test_permutations_do_not_see_that_a_network_with_flipped_units_is_the_same() -> None:
    """They match units of one sign and no others: a quarter of all entries or little more."""
    rng, n = np.random.default_rng(0), 48
    W, signs = rng.normal(size=(n, n)), rng.choice([-1.0, 1.0], n)
    measure = WeightsUpTo(permuting(n), AssignmentSearch())
    copied, stranger = measure(W, signs[:, None] * W * signs), measure(W, shuffled(W, rng))
    assert 0.5 < copied.relative <= stranger.relative


@pytest.mark.parametrize("symmetry", [permuting, flipping, rescaling])
@pytest.mark.parametrize("kept", [1, 5])
def test_a_transformed_copy_is_at_no_distance(symmetry: type, kept: int) -> None:
    rng, n = np.random.default_rng(5), 32
    network, group = gated(rng, n)[:kept], symmetry(n)
    factors = np.ones(n)
    if group.signs:
        factors = rng.choice([-1.0, 1.0], n)
    if group.scales:
        factors = np.exp(rng.normal(size=n))
    copy = transformed(network, rng.permutation(n), factors)
    found = WeightsUpTo(group)(network, copy)
    assert found.value <= (1e-12 * found.size if group.scales else 0.0)
    assert found.lower == 0.0


def test_a_copy_with_small_noise_is_found() -> None:
    """The planted relabelling is then the best: other ones are farther by some of the size."""
    rng, n = np.random.default_rng(1), 64
    network, noise = gated(rng, n), gated(rng, n)
    order, signs = rng.permutation(n), rng.choice([-1.0, 1.0], n)
    near = [
        Block(a.weights + 0.3 * b.weights, targets=a.targets, sources=a.sources)
        for a, b in zip(network, noise, strict=True)
    ]
    found = WeightsUpTo(flipping(n))(transformed(network, order, signs), near)
    planted = apart(transformed(network, order, signs), transformed(near, order, signs))
    assert found.value == pytest.approx(planted, rel=1e-12)
    assert found.order == tuple(order)


@given(seed=SEEDS, n=st.integers(1, 7), signs=st.booleans(), kept=st.integers(1, 5), mixed=st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_no_bound_is_above_what_is_found(seed: int, n: int, signs: bool, kept: int, mixed: float) -> None:
    """Also for networks that are nearly the same, where both are small."""
    rng = np.random.default_rng(seed)
    one = gated(rng, n)[:kept]
    noise = gated(rng, n)[:kept]
    other = [
        Block(a.weights + mixed**8 * b.weights, targets=a.targets, sources=a.sources)
        for a, b in zip(one, noise, strict=True)
    ]
    found = WeightsUpTo(Symmetry(n, signs=signs, scales=False), SEARCH)(one, other)
    assert 0.0 <= found.lower <= found.value
    assert found.gap == found.value - found.lower


def test_bounds_are_tight_where_they_can_be() -> None:
    """Diagonal weights: the spectra say all. One row each of features: sorted entries say all."""
    n = 6
    a, b = np.arange(1.0, n + 1), np.arange(n, 0.0, -1) + 0.25
    found = WeightsUpTo(permuting(n), SEARCH)(np.diag(a), np.diag(b))
    assert found.value == pytest.approx(0.25 * np.sqrt(n), rel=1e-12)
    assert found.lower == pytest.approx(found.value, rel=1e-9)  # bounds leave room for rounding
    readouts = [[Block(each[None], targets=Side.OUTSIDE)] for each in (a, b)]
    found = WeightsUpTo(permuting(n), SEARCH)(*readouts)
    assert found.lower == pytest.approx(found.value, rel=1e-9)


@given(seed=SEEDS, signs=st.booleans(), scales=st.booleans())
@settings(max_examples=10, deadline=None)
def test_distances_are_symmetric_and_obey_the_triangle_inequality(seed: int, signs: bool, scales: bool) -> None:
    """At three units the least is found, so that the inequality must hold."""
    rng = np.random.default_rng(seed)
    measure = WeightsUpTo(Symmetry(3, signs=signs, scales=scales))
    one, two, three = (gated(rng, 3) for _ in range(3))
    there, back = measure(one, two), measure(two, one)
    assert there.value == back.value
    reached = transformed(one, np.array(back.order), np.array(back.signs, dtype=float))
    if not scales:
        assert apart(two, reached) == pytest.approx(back.value, rel=1e-12)
    assert measure(one, three).value <= there.value + measure(two, three).value + 1e-12 * there.size


@pytest.mark.parametrize("seed", range(3))
def test_no_worse_than_scipy(seed: int) -> None:
    """Of permutations and recurrent weights, from ten random starts."""
    rng, n = np.random.default_rng(seed), 40
    A, B = rng.normal(size=(2, n, n))
    options = {"maximize": True, "P0": "randomized"}
    common = max(
        quadratic_assignment(A, B, options={**options, "rng": np.random.default_rng(k)}).fun for k in range(10)
    )
    theirs = np.sqrt((A**2).sum() + (B**2).sum() - 2 * common)
    assert WeightsUpTo(permuting(n), AssignmentSearch(tries=16))(A, B).value <= theirs


def test_balanced_networks_are_those_of_least_norm() -> None:
    """Against random rescalings, and: the weights onto each unit weigh as much as those from it."""
    rng, n = np.random.default_rng(2), 12
    network, measure = gated(rng, n), WeightsUpTo(rescaling(n))
    prepared = measure.prepare(network)
    for _ in range(50):
        other = transformed(network, np.arange(n), np.exp(rng.normal(size=n)))
        assert sum((block.weights**2).sum() for block in other) > prepared.profile.size**2
    onto, out = np.zeros((2, n))
    for block in prepared.blocks:
        squares = block.weights**2
        if block.targets is Side.STATE:
            onto += squares.sum(axis=1)
        if block.sources is Side.STATE:
            out += squares.sum(axis=0)
    np.testing.assert_allclose(onto, out, rtol=1e-12)


def test_weights_that_cannot_be_balanced_are_refused() -> None:
    chain = np.diag(np.ones(3), 1)
    with pytest.raises(NoBalance, match="leave them out"):
        WeightsUpTo(rescaling(4))(chain, chain)
    read = [Block(chain), Block(np.ones(4), sources=Side.OUTSIDE), Block(np.ones((1, 4)), targets=Side.OUTSIDE)]
    assert WeightsUpTo(rescaling(4))(read, read).value == 0.0


def test_a_change_of_a_few_weights_is_their_norm() -> None:
    """Paper's formula in numbers: one entry more by 0.5 in one of sixteen is at 0.5, relative 0.5 / sizes."""
    W = np.random.default_rng(0).normal(size=(8, 8))
    other = W.copy()
    other[2, 5] += 0.01
    found = WeightsUpTo(permuting(8))(W, other[::-1, ::-1])
    assert found.value == pytest.approx(0.01, rel=1e-9)
    assert found.relative == pytest.approx(0.01 / np.hypot(np.linalg.norm(W), np.linalg.norm(other)), rel=1e-9)
    assert found.per_parameter == pytest.approx(0.01 / 64, rel=1e-9)


def test_inputs_are_not_changed_and_seeds_decide() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(2, 16, 16))
    kept = one.copy(), other.copy()
    measure = WeightsUpTo(flipping(16), AssignmentSearch(seed=4))
    assert measure(one, other) == measure(one, other)
    assert (one == kept[0]).all()
    assert (other == kept[1]).all()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.full((4, 4), np.nan), "not finite"),
        (1j * np.ones((4, 4)), "complex"),
        (np.full((4, 4), 1e200), "squares are too large"),
        (np.ones((3, 4)), "of the same units"),
        (np.ones((3, 3)), "give the network's own"),
        ([Block(np.ones((4, 4))), Block(np.ones(3), sources=Side.OUTSIDE)], "of the same units"),
        ([Block(np.ones((4, 4))), Block(np.ones(4), sources=Side.OUTSIDE)], "one cell and one size"),
        (np.ones((4, 4, 4)), "give a matrix"),
    ],
)
def test_what_are_no_weights_is_refused(weights: np.ndarray | Network, message: str) -> None:
    with pytest.raises(NotWeights, match=message):
        WeightsUpTo(permuting(4))(np.ones((4, 4)), weights)


def test_a_gate_sends_nothing() -> None:
    with pytest.raises(NotWeights, match="sources are STATE or OUTSIDE"):
        Block(np.ones((2, 2)), sources=Side.GATE)


def test_shuffled_weights_are_the_same_entries() -> None:
    W = np.arange(16.0).reshape(4, 4)
    null = shuffled(W, np.random.default_rng(0))
    assert (np.sort(null, axis=None) == W.ravel()).all()
    assert (null != W).any()
    assert (np.arange(16.0).reshape(4, 4) == W).all()
