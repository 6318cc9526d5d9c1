"""Layers compute what their frameworks do; boxes and row sums bound what is sampled."""

import jax.numpy as jnp
import numpy as np
import pytest

from simulate.cells import GRU, from_state_dict
from theory.contraction import gated
from theory.contraction.gated.bounds import Bounds
from theory.contraction.gated.search import proposed, shrunk

KINDS = ("after", "before", "lstm")


def arrays(kind, units=3, inputs=2, size=1.0, seed=0):
    """PyTorch's four arrays."""
    rng = np.random.default_rng(seed)
    rows = (4 if kind == "lstm" else 3) * units
    return [size * rng.normal(size=shape) for shape in ((rows, inputs), (rows, units), (rows,), (rows,))]


def layer(kind, *given, input_box=1.0):
    if kind == "lstm":
        return gated.lstm.from_arrays(*given, input_box=input_box)
    return gated.gru.from_arrays(*given, input_box=input_box, reset_after=kind == "after")


def points(box, count, rng):
    """Random points of a box, many of them on its faces and corners."""
    shares = np.clip(rng.uniform(-0.5, 1.5, (count, len(box.low))), 0, 1)
    return box.low + shares * (box.high - box.low)


def jacobians(of, state, value):
    """By the state and by the input, by central differences, in plain loops."""
    step, found = 1e-6, []
    for at, vary in ((state, 0), (value, 1)):
        columns = []
        for j in range(len(at)):
            moved = [[state.copy(), value.copy()] for _ in range(2)]
            moved[0][vary][j] += step
            moved[1][vary][j] -= step
            ends = [of.step(each[0][None], each[1])[0] for each in moved]
            columns.append((ends[0] - ends[1]) / (2 * step))
        found.append(np.array(columns).T)
    return found


@pytest.mark.parametrize("kind", ["after", "lstm"])
def test_a_step_is_that_of_pytorchs_order_of_gates(kind):
    """The cells of `simulate` are PyTorch's, step for step (`tests/simulate/cells`)."""
    weight_ih, weight_hh, bias_ih, bias_hh = given = arrays(kind)
    tensors = {"weight_ih_l0": weight_ih, "weight_hh_l0": weight_hh, "bias_ih_l0": bias_ih, "bias_hh_l0": bias_hh}
    cell, rng = from_state_dict(tensors), np.random.default_rng(1)
    h, value = rng.normal(size=(2, 3)), rng.normal(size=2)
    state = h[0] if kind == "after" else np.concatenate([h[1], h[0]])
    expected = cell.step(jnp.asarray(h[0]) if kind == "after" else tuple(map(jnp.asarray, h)), jnp.asarray(value), 1.0)
    expected = expected if kind == "after" else np.concatenate([expected[1], expected[0]])
    np.testing.assert_allclose(layer(kind, *given).step(state[None], value)[0], expected, atol=1e-12)


def test_a_reset_before_the_product_is_that_of_the_cell():
    weight_ih, weight_hh, bias_ih, bias_hh = given = arrays("before")
    zeros = GRU.blank(units=3, inputs=2, outputs=1, reset_after=False)
    parts = (weight_hh, weight_ih, bias_ih + bias_hh, zeros.V, zeros.c)
    cell = GRU(*map(jnp.asarray, parts), zeros.phi, None, False)
    rng = np.random.default_rng(1)
    h, value = rng.normal(size=3), rng.normal(size=2)
    expected = cell.step(jnp.asarray(h), jnp.asarray(value), 1.0)
    np.testing.assert_allclose(layer("before", *given).step(h[None], value)[0], expected, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0.3, 2.0])
def test_row_sums_bound_sampled_jacobians(kind, size):
    rng = np.random.default_rng(3)
    for seed in range(2):
        of = layer(kind, *arrays(kind, size=size, seed=seed))
        box = shrunk(of) if seed % 2 else of.everywhere()
        weights = rng.uniform(0.1, 1.0, of.size)
        bound, by_input = of.state_sums(of.gates(box), weights, 4), of.input_sums(of.gates(box), 4)
        sharpest = np.zeros((2, of.size))
        for state, value in zip(points(box, 25, rng), points(of.inputs, 25, rng), strict=True):
            j, k = jacobians(of, state, value)
            sums = np.abs(j) @ weights, np.abs(k).sum(axis=1)
            assert (sums[0] <= bound + 1e-8).all()
            assert (sums[1] <= by_input + 1e-8).all()
            sharpest = np.maximum(sharpest, sums)
        if size < 1:
            assert (bound < 5 * sharpest[0]).all()  # it is no idle bound
            assert (by_input < 5 * sharpest[1]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_more_pieces_never_bound_worse(kind):
    of = layer(kind, *arrays(kind, size=2.0))
    box, weights = of.everywhere(), np.ones(of.size)
    coarse, fine = (of.state_sums(of.gates(box), weights, pieces) for pieces in (1, 16))
    assert (fine <= coarse + 1e-12).all()
    assert (fine < coarse - 1e-6).any()


@pytest.mark.parametrize("kind", ["after", "lstm"])
def test_rows_of_sampled_jacobians_are_sums_of_the_rows_that_are_told_with_coefficients_in_their_hull(kind):
    """The coefficients are solved for, from differences; no point of the hull of p has a larger v.p than some of p."""
    rng = np.random.default_rng(6)
    for seed in range(2):
        of = layer(kind, *arrays(kind, units=5, seed=seed, size=0.7))
        box = shrunk(of) if seed else of.everywhere()
        directions = rng.normal(size=(400, 5))
        for state, value in zip(points(box, 12, rng), points(of.inputs, 12, rng), strict=True):
            rows, _ = jacobians(of, state, value)
            alone = of.at_input(value)
            here = rows_of(alone.coefficients(alone.gates(Bounds(state, state)), 1))
            for row, (hull, sensed), (point, _) in zip(
                rows, rows_of(of.coefficients(of.gates(box), 3)), here, strict=True
            ):
                solved, *_ = np.linalg.lstsq(sensed.T, row, rcond=None)
                np.testing.assert_allclose(sensed.T @ solved, row, atol=1e-8)
                turned = directions[:, : len(solved)]
                assert (turned @ solved <= (hull @ turned.T).max(axis=0) + 1e-7).all()
                np.testing.assert_allclose(point - solved, 0, atol=1e-7)  # the hull of one state is its coefficients


def rows_of(groups):
    """The points and the matrix of each row."""
    return [row for each in groups for row in zip(each.points, each.sensed, strict=True)]


def test_of_a_layer_whose_reset_is_before_the_product_no_sums_are_told():
    of = layer("before", *arrays("before"))
    assert of.coefficients(of.gates(of.everywhere()), 1) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_no_step_leaves_the_boxes(kind):
    rng = np.random.default_rng(4)
    for seed in range(3):
        of = layer(kind, *arrays(kind, size=1.5, seed=seed))
        box = of.everywhere()
        inner = shrunk(of)
        assert inner.within(Bounds(box.low - 1e-5, box.high + 1e-5))
        assert of.next(inner).within(inner)
        for each in (box, inner):
            around = of.next(each)
            for value in points(of.inputs, 30, rng):
                after = of.step(points(each, 50, rng), value)
                assert (after >= around.low - 1e-12).all()
                assert (after <= around.high + 1e-12).all()


@pytest.mark.parametrize("kind", KINDS)
def test_states_from_anywhere_come_to_the_inner_box(kind):
    of = layer(kind, *arrays(kind, size=0.5))
    inner, rng = shrunk(of), np.random.default_rng(0)
    states = points(of.everywhere(), 40, rng)
    for _ in range(400):
        states = of.step(states, points(of.inputs, 1, rng)[0])
    assert (states >= inner.low - 1e-9).all()
    assert (states <= inner.high + 1e-9).all()


@pytest.mark.parametrize("reset_after", [True, False])
def test_one_unit_beside_a_fine_grid(reset_after):
    """Where only one gate depends on the state the bound is the largest slope; in general it is no less."""
    for seed in range(4):
        given = arrays("after", units=1, inputs=1, seed=seed)
        alone = given[1].copy()
        alone[[0, 1]] = 0.0
        given[0][:] = 0.0
        for recurrent, exact in ((given[1], False), (alone, True)):
            of = gated.gru.from_arrays(given[0], recurrent, *given[2:], input_box=0.0, reset_after=reset_after)
            box = of.everywhere()
            h = box.low + np.linspace(0, 1, 20001)[:, None] * (box.high - box.low)
            slopes = np.diff(of.step(h, np.zeros(1))[:, 0]) / np.diff(h[:, 0])
            bound = proposed(of, box, 64).factor
            assert bound >= np.abs(slopes).max() - 1e-9
            if exact:
                assert bound == pytest.approx(np.abs(slopes).max(), rel=0.03)


def test_arrays_that_make_no_layer_are_refused():
    weight_ih, weight_hh, bias_ih, bias_hh = arrays("after")
    for bad, words in (
        ((weight_ih, weight_hh[:8], bias_ih, bias_hh), "weight_hh"),
        ((weight_ih, weight_hh[:, :2], bias_ih, bias_hh), "3 n by n"),
        ((weight_ih[:6], weight_hh, bias_ih, bias_hh), "weight_ih"),
        ((weight_ih, weight_hh, bias_ih[:3], bias_hh), "bias_ih"),
        ((weight_ih, weight_hh, bias_ih, np.full(9, np.nan)), "not finite"),
        ((weight_ih * 1j, weight_hh, bias_ih, bias_hh), "weight_ih"),
    ):
        with pytest.raises(gated.layer.NotALayer, match=words):
            gated.gru.from_arrays(*bad, input_box=1.0)
    for bound in (-1.0, np.inf, [1.0, 2.0, 3.0]):
        with pytest.raises(gated.layer.NotALayer, match="bounded by"):
            gated.gru.from_arrays(weight_ih, weight_hh, bias_ih, bias_hh, input_box=np.array(bound))
