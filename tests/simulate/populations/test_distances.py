"""All distances between recorded networks: what they need, what is held against what, and what is refused."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import GRU, LSTM, RELU, TANH, Nonlinearity, UniformWeights
from simulate.measures import DSA, LinearCKA, OperatorDistance, against_halves, pairwise
from simulate.measures.blocks import NotWeights
from simulate.measures.chance import against_other_trials
from simulate.measures.pairwise import NoPairs
from simulate.populations import RecordedNetwork, distances_between
from simulate.populations import distances as room

rng = np.random.default_rng(0)
INPUTS = rng.normal(size=(12, 15, 2))
DYNAMICS = DSA(delays=1, rank=4)


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "FEWEST", 3)
        yield


def recorded(seed: int, *, units: int = 5) -> RecordedNetwork:
    draw = np.random.default_rng(seed)
    W, U = draw.normal(size=(units, units)) / 2, draw.normal(size=(units, 2))
    h, states = np.zeros((12, units)), []
    for x in INPUTS.swapaxes(0, 1):
        h = np.tanh(h @ W.T + x @ U.T)
        states.append(h)
    return RecordedNetwork(activity=np.stack(states, axis=1), W=W, U=U)


NETWORKS = [recorded(seed) for seed in range(3)]
ACTIVITIES = [network.activity for network in NETWORKS if network.activity is not None]


@pytest.fixture(scope="module")
def found(quick: None) -> room.NetworkDistances:
    return distances_between(NETWORKS, DYNAMICS, seed=7)


def test_dynamics_are_measured_on_all_trials_and_held_against_halves(found: room.NetworkDistances) -> None:
    assert found.dsa is not None
    np.testing.assert_allclose(found.dsa.pairs.value, pairwise(DYNAMICS, ACTIVITIES).value, atol=1e-6)
    draws = [against_halves(DYNAMICS, ACTIVITIES, seed=7 + k) for k in range(len(found.dsa.halves))]
    np.testing.assert_allclose(found.dsa.of_each, [each.null for each in draws], atol=1e-6)
    np.testing.assert_allclose(found.dsa.compared, np.mean([each.pairs.value for each in draws], axis=0), atol=1e-6)
    own = found.dsa.of_each
    assert own is not None
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert found.dsa.null_range(i, j) == (own[:, [i, j]].min(), own[:, [i, j]].max())
        assert found.dsa.beyond(i, j) == (found.dsa.compared[i, j] > own[:, [i, j]].max())


def test_weights_are_nearer_than_chance_below_what_shuffles_predict(found: room.NetworkDistances) -> None:
    each = found.weights_group
    assert each is not None
    assert each.chance is not None
    drawn = [null[i, j] for null in each.chance.null_relative for i, j in ((0, 1), (0, 2), (1, 2))]
    assert each.null_range(0, 1) == (min(drawn), max(drawn))
    count, mean = len(drawn), sum(drawn) / len(drawn)
    spread = (sum((value - mean) ** 2 for value in drawn) / (count - 1)) ** 0.5
    assert count == 3
    tail = 0.01 / 3
    reach = (1 - 2 * tail) / (2 * tail * (1 - tail)) ** 0.5  # Student's t of two degrees of freedom
    assert each.bound == pytest.approx(mean - reach * spread * (1 + 1 / count) ** 0.5, rel=1e-9)
    assert each.beyond(0, 1) == (each.compared[0, 1] < each.bound)
    assert found.arrays == ("W", "U")
    i, j = each.most_alike
    assert each.pairs.value[i, j] == each.pairs.each.min()


def test_networks_that_have_nothing_in_common_are_seldom_called_alike() -> None:
    """At 1 % one in a hundred populations; of 100 more than five have a chance of 5e-4."""
    alike = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        activities = [draw.normal(size=(8, 5, 4)) for _ in range(3)]
        chance = against_other_trials(LinearCKA(debiased=False), activities, seed=seed, draws=4)
        each = room.BesideChance(chance.pairs, chance)
        alike += bool(each.beyond(*each.most_alike))
    assert alike <= 5


def test_one_other_order_of_trials_tells_nothing() -> None:
    activities = [np.random.default_rng(seed).normal(size=(2, 9, 4)) for seed in range(2)]
    chance = against_other_trials(LinearCKA(), activities, seed=0, draws=4)
    each = room.BesideChance(chance.pairs, chance)
    assert each.bound is None
    assert each.beyond(0, 1) is None


def test_inputs_are_left_alone_and_the_seed_decides(found: room.NetworkDistances) -> None:
    again = distances_between([recorded(seed) for seed in range(3)], DYNAMICS, seed=7)
    for name, each in found.found.items():
        np.testing.assert_array_equal(each.pairs.value, again.found[name].pairs.value)
        assert each.null is not None
        np.testing.assert_array_equal(each.null, again.found[name].null)
    np.testing.assert_array_equal(NETWORKS[0].W, recorded(0).W)


@pytest.mark.parametrize("phi", [TANH, RELU], ids=lambda phi: phi.name)
def test_a_network_of_this_house_and_its_transformed_copy(phi: Nonlinearity) -> None:
    network, other = (
        UniformWeights.around(GRU.blank(5, 2, 1, phi), jax.random.key(seed), jnp.dtype("float64")) for seed in (0, 2)
    )
    copy = network.transformed(network.symmetry.draw(jax.random.key(1)))
    found = distances_between([RecordedNetwork.of(each) for each in (network, copy, other)])
    assert found.arrays == ("W", "U", "b", "V", "d")
    for each in (found.weights_group, found.weights_group_all):
        if each is not None:
            assert each.compared[0, 1] < 1e-9
            assert each.compared[0, 2] > 0.1
    dynamics = {"dsa", "eigenvalues", "cka", "cka_debiased", "svcca", "procrustes"}
    # Scales of a gated cell are fixed by what drives it: W alone lets all of its units grow without end.
    assert set(found.missing) == dynamics | ({"weights_group"} if phi is RELU else set())


def test_what_is_missing_is_told_by_number_or_name() -> None:
    (W,) = (network.W for network in NETWORKS[:1])
    found = distances_between([NETWORKS[0], RecordedNetwork(activity=ACTIVITIES[1])], DYNAMICS)
    assert found.missing["weights"] == "network 1 has no W"
    assert found.dsa is not None
    found = distances_between([RecordedNetwork(W=W, name="a"), RecordedNetwork(W=W, name="b")])
    assert found.missing["cka"] == "a and b have no activity"
    assert "no other array of weights than W" in found.missing["weights_group_all"]


def test_few_samples_are_a_caution_and_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    wide = [RecordedNetwork(activity=np.random.default_rng(k).normal(size=(2, 6, 30))) for k in range(2)]
    found = distances_between(wide, DSA(delays=1, rank=2))
    assert {"dsa", "cka", "svcca", "procrustes"} <= set(found.cautions)
    assert not recwarn.list


def test_what_cannot_be_compared_is_refused_by_name() -> None:
    with pytest.raises(NoPairs, match="1 networks have no pairs"):
        distances_between(NETWORKS[:1])
    gated = RecordedNetwork.of(GRU.blank(5, 2, 1))
    with pytest.raises(NotWeights, match=r"weights of GRU \(tanh\) and Vanilla \(tanh\)"):
        distances_between([RecordedNetwork(W=np.eye(5)), gated])
    with pytest.raises(NotWeights, match="neither W nor V"):
        _ = RecordedNetwork(activity=ACTIVITIES[0]).units


def test_the_bound_of_dsa_is_below_and_zero_for_a_rotated_copy() -> None:
    Q = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    turned = RecordedNetwork(activity=ACTIVITIES[0] @ Q)
    found = distances_between([NETWORKS[0], turned, NETWORKS[1]], DSA(1, 5, compare=OperatorDistance())).dsa
    assert found is not None
    assert found.pairs.value[0, 1] < 1e-6
    assert found.beyond(0, 1) is False
    assert (found.pairs.lower <= found.pairs.value + 1e-12).all()


def test_arrays_that_are_not_of_one_network_are_refused() -> None:
    with pytest.raises(NotWeights, match="activity of 7 units, and weights of 5"):
        RecordedNetwork(activity=np.zeros((2, 3, 7)), W=np.eye(5))
    with pytest.raises(NotWeights, match=r"W has shape \(5,\)"):
        RecordedNetwork(W=np.ones(5))
    blank = LSTM.blank(units=2, inputs=1, outputs=1)
    assert RecordedNetwork.of(blank, np.zeros((2, 3, 4))).units == 2  # h and the memory
