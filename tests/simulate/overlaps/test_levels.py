"""The levels start from the same overlaps and learn by the same loop, each from a line of Python."""

import inspect

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from simulate.cells.nonlinearity import ERF, LINEAR, NONLINEARITIES
from simulate.overlaps.draw import TooFewNeurons
from simulate.overlaps.gram_matrix import NotAGramMatrix, random_gram
from simulate.overlaps.infinite_width import SobolNodes, TensorNodes
from simulate.overlaps.levels import FiniteNetwork, InfiniteWidth, ReducedTheory
from simulate.overlaps.nonlinearity import UnknownNonlinearity, expression_of, function_of
from simulate.tasks.task import fixed_task
from simulate.training.learn import learn
from simulate.training.rule import GradientDescent
from theory import overlaps as theory_overlaps
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import x

learn_compiled = eqx.filter_jit(learn)

SHAPE = Shape(inputs=2, rank=1, outputs=1)
SIGMA = random_gram(8, SHAPE.size, seed=0)
LEVELS = (ReducedTheory(), InfiniteWidth(SobolNodes(64)), FiniteNetwork(8), FiniteNetwork(20, seed=1))
RANDOM = np.random.default_rng(0)
TASK = fixed_task(jnp.asarray(RANDOM.standard_normal((2, 6, 2))), jnp.asarray(RANDOM.standard_normal((2, 6, 1))), 0.2)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", list(NONLINEARITIES))
@pytest.mark.sampled(2)
def test_every_level_starts_from_the_overlaps(level, name):
    start = level.start(SIGMA, SHAPE, NONLINEARITIES[name])
    np.testing.assert_allclose(start.sigma(), SIGMA, atol=1e-13)


def test_linear_levels_learn_the_same_to_rounding():
    rule = GradientDescent(rate=0.2)
    found = [learn_compiled(level.start(SIGMA, SHAPE, LINEAR), TASK, rule, 30) for level in LEVELS]
    assert np.ptp(np.asarray(found[0].loss)) > 0.01  # something is learned
    for each in found[1:]:
        np.testing.assert_allclose(each.sigma, found[0].sigma, atol=1e-12)
        np.testing.assert_allclose(each.loss, found[0].loss, rtol=1e-11)


def test_closure_and_infinite_width_have_the_same_loss_before_they_learn_and_part_afterwards():
    """Rows are Gaussian at the start, where Stein's lemma is exact; 24 nodes on 2 axes err by less than 1e-8."""
    sigma, rule = random_gram(2, SHAPE.size, seed=0), GradientDescent(rate=0.5)
    levels = (ReducedTheory(), InfiniteWidth(TensorNodes(24)))
    closure, limit = (learn_compiled(level.start(sigma, SHAPE, ERF), TASK, rule, 30) for level in levels)
    assert float(limit.loss[0]) == pytest.approx(float(closure.loss[0]), abs=1e-8)
    assert abs(float(limit.loss[-1] - closure.loss[-1])) > 1e-4


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_no_gram_matrix_is_refused_at_every_level(level):
    with pytest.raises(NotAGramMatrix):
        level.start(-SIGMA, SHAPE, ERF)


def test_too_few_neurons_are_refused():
    with pytest.raises(TooFewNeurons):
        FiniteNetwork(SHAPE.size - 1).start(SIGMA, SHAPE, ERF)


def test_the_seed_is_explicit():
    one, same, other = (FiniteNetwork(20, seed).start(SIGMA, SHAPE, ERF) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.connectivity.theta, same.connectivity.theta)
    assert np.abs(np.asarray(one.connectivity.theta - other.connectivity.theta)).max() > 0.1


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.sampled(2)
def test_a_nonlinearity_is_one_object_whether_named_by_theory_or_by_simulation(level):
    ours, theirs = (level.start(SIGMA, SHAPE, phi) for phi in (ERF, theory_overlaps.ERF))
    batch = TASK.batch
    assert ours.loss_and_gradient(batch)[0].loss == theirs.loss_and_gradient(batch)[0].loss


@pytest.mark.parametrize("level", LEVELS[:3])
@pytest.mark.sampled(2)
def test_a_formula_of_the_users_own_is_one_object_too(level):
    """The formula of erf under another name: to the ten digits of the quadrature in the closure, else to rounding."""
    mine = theory_overlaps.Smooth("mine", sp.erf(sp.sqrt(sp.pi) * x / 2))
    ours, known = (level.start(SIGMA, SHAPE, phi).loss_and_gradient(TASK.batch)[0].loss for phi in (mine, ERF))
    assert float(ours) == pytest.approx(float(known), abs=1e-9)


@pytest.mark.parametrize("wrong", ["erf", np.tanh, None, 3.0])
@pytest.mark.parametrize("read", [function_of, expression_of])
def test_what_is_no_nonlinearity_is_refused_by_name(read, wrong):
    """As a user calls it: types are checked at run time in tests alone, by a wrapper."""
    with pytest.raises(UnknownNonlinearity, match="LINEAR, ERF, TANH or RELU"):
        inspect.unwrap(read)(wrong)
