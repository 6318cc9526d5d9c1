"""Directions of memory: the counts, what they say about the map, and the bracket they rest on."""

from itertools import product

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from simulate.overlaps.closure import Closure, Overlaps
from simulate.tasks.impulse import filter_task
from simulate.training.learn import learn
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import LINEAR
from theory.overlaps.memory.holonomy import ALL, Blocks, Memory, linear_memory
from theory.overlaps.memory.rank_one import function_gradients, network_function

SINGLE = [tuple(k == on for k in range(4)) for on in range(4)]
INPUT_SIDE, OUTPUT_SIDE = (True, True, False, False), (False, False, True, True)
RATES = dict(zip([*SINGLE, INPUT_SIDE, OUTPUT_SIDE, ALL], (4e-2, 1e-2, 1e-2, 1e-2, 2e-2, 1e-2, 5e-3), strict=True))
"""As high as each converges at: so that 8,000 epochs reach the solution."""


def test_all_blocks_trained() -> None:
    """Ten overlaps less five invariants can be reached; the function fixes three."""
    assert linear_memory() == Memory(function=3, reached=5)
    assert linear_memory().directions == 2


@pytest.mark.parametrize("trained", SINGLE)
@pytest.mark.sampled(2)
def test_one_block_alone_remembers_nothing(trained: Blocks) -> None:
    assert linear_memory(trained=trained) == Memory(function=2, reached=2)


def test_input_or_output_side_alone() -> None:
    for trained in (INPUT_SIDE, OUTPUT_SIDE):
        assert linear_memory(trained=trained) == Memory(function=3, reached=4)


@eqx.filter_jit
def trained_on(sigma: np.ndarray, decay: jax.Array, rates: tuple[jax.Array, ...], epochs: int) -> jax.Array:
    rule = GradientDescent(1.0, block_rates=rates)
    return learn(Overlaps(sigma, Closure(Shape(), LINEAR)), filter_task(decay, 0.2, 100), rule, epochs).end.sigma()


def after(sigma: np.ndarray, decay: float, blocks: Blocks) -> np.ndarray:
    rates = tuple(jnp.asarray(RATES[blocks] * on) for on in blocks)
    return np.asarray(trained_on(jnp.asarray(sigma), jnp.asarray(decay), rates, 8000))


@pytest.fixture(scope="module")
def solution() -> np.ndarray:
    theta = np.random.default_rng(3).normal(size=(6, 4))
    return after(theta.T @ theta / 6, 0.2, ALL)


@pytest.mark.parametrize("trained", SINGLE)
def test_no_memory_in_the_map_where_none_is_counted(solution: np.ndarray, trained: Blocks) -> None:
    """One block moves within a fixed plane and two numbers of the function fix its place there: at any finite rate."""
    away = after(solution, 0.3, trained)
    back = after(away, 0.2, trained)
    assert np.abs(away - solution).max() > 1e-2
    assert np.abs(back - solution).max() < 1e-10


@pytest.mark.parametrize("trained", [INPUT_SIDE, OUTPUT_SIDE, ALL])
def test_memory_in_the_map_where_some_is_counted(solution: np.ndarray, trained: Blocks) -> None:
    back = after(after(solution, 0.3, trained), 0.2, trained)
    np.testing.assert_allclose(network_function(back), network_function(solution), atol=1e-10)
    assert np.abs(back - solution).max() > 1e-5


def test_gap_of_a_square_is_the_bracket() -> None:
    """A walk along two fields, and back along both: open at second order where they have a bracket, closed if not."""
    theta = np.random.default_rng(2).normal(size=(6, 4))
    sigma = theta.T @ theta / 6

    def walk(now: np.ndarray, field: int, time: float, relative: np.ndarray) -> np.ndarray:
        def velocity(_: float, flat: np.ndarray) -> np.ndarray:
            pull = function_gradients(flat.reshape(4, 4))[field] @ relative
            return (np.sign(time) * (pull.T @ flat.reshape(4, 4) + flat.reshape(4, 4) @ pull)).ravel()

        found = solve_ivp(velocity, (0, abs(time)), now.ravel(), rtol=1e-12, atol=1e-14, method="DOP853")
        return np.asarray(found.y[:, -1].reshape(4, 4))

    def gap(side: float, fields: tuple[int, int], relative: np.ndarray) -> float:
        one, other = fields
        now = sigma
        for field, time in ((one, side), (other, side), (one, -side), (other, -side)):
            now = walk(now, field, time, relative)
        return float(np.abs(now - sigma).max())

    open_square = [gap(side, (0, 2), np.eye(4)) for side in (0.02, 0.01)]
    assert np.log2(open_square[0] / open_square[1]) == pytest.approx(2, abs=0.1)
    assert gap(0.02, (0, 1), np.eye(4)) < 1e-11  # zm and vu share no vector
    assert gap(0.02, (0, 2), np.diag([0.0, 0, 0, 1])) < 1e-11  # the readout alone


def test_more_blocks_never_reach_less() -> None:
    counts = {blocks: linear_memory(trained=blocks).reached for blocks in (*SINGLE, OUTPUT_SIDE, ALL)}
    for wide, narrow in product(counts, counts):
        if all(w >= n for w, n in zip(wide, narrow, strict=True)):
            assert counts[wide] >= counts[narrow]
