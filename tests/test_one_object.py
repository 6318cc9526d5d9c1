"""A nonlinearity, and the form of a network's equations, is one object to the user, from either door."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from simulate import cells
from simulate import contraction as simulated
from simulate.cells import LSTM, Connectivity, LowRank, UniformWeights, steepened
from simulate.cells.nonlinearity import NameTaken, Nonlinearity, UnknownNonlinearity, known_function
from simulate.contraction import RecurrentNetwork
from simulate.contraction.form import UnknownForm
from simulate.overlaps import FiniteNetwork, ReducedTheory, closure_of, draw_exact
from simulate.overlaps.nonlinearity import function_of
from theory import contraction, overlaps
from theory.contraction import certify, network
from theory.contraction.network import NotANetwork
from theory.overlaps import OverlapTheory, Shape, Smooth, count_invariants, kept_by_network
from theory.overlaps.gaussian import NotANonlinearity, expression_of, x

NAMES = ("LINEAR", "ERF", "TANH", "RELU")
SIGMA = 0.8 * np.eye(4) + 0.2


@pytest.mark.parametrize("name", NAMES)
def test_the_theory_takes_the_function(name: str) -> None:
    function, expression = getattr(cells, name), getattr(overlaps, name)
    assert OverlapTheory(Shape(), function) == OverlapTheory(Shape(), expression)
    assert count_invariants(Shape(), function) == count_invariants(Shape(), expression)
    assert kept_by_network(Shape(), function) == kept_by_network(Shape(), expression)


@pytest.mark.parametrize("name", NAMES)
def test_the_networks_take_the_expression(name: str) -> None:
    function, expression = getattr(cells, name), getattr(overlaps, name)
    assert LSTM.blank(4, 2, 1, expression).phi is function
    assert UniformWeights(4, 2, 1, expression).draw(jax.random.key(0), jnp.dtype("float64")).phi is function
    column = jnp.ones((3, 1))
    assert LowRank(Connectivity(column, column, column, column), jnp.ones(3) / 3, expression).nonlinearity is function
    assert RecurrentNetwork(jnp.eye(2), simulated.VOLTAGE, expression).activation is function
    assert draw_exact(jax.random.key(0), SIGMA, (1, 1, 1, 1), 9, expression).nonlinearity is function
    assert steepened(expression, 2.0) == steepened(function, 2.0)
    for level in (ReducedTheory(), FiniteNetwork(neurons=9)):
        one, other = (level.start(SIGMA, Shape(), phi) for phi in (function, expression))
        assert type(one) is type(other)
    assert closure_of(Shape(), function).nonlinearity == closure_of(Shape(), expression).nonlinearity == expression


@pytest.mark.parametrize("name", ["VOLTAGE", "RATE"])
def test_either_form_is_taken(name: str) -> None:
    weights = np.array([[0.0, 0.5], [-0.25, 0.0]])
    forms = getattr(contraction, name), getattr(simulated, name)
    assert len({certify(weights, form, rate=0.1).rate for form in forms}) == 1
    assert {RecurrentNetwork(jnp.asarray(weights), form, cells.TANH).form for form in forms} == {forms[1]}


@pytest.mark.parametrize("wrong", [np.tanh, "tanh", None, jnp.tanh])
def test_what_is_none_is_refused_by_name(wrong: object) -> None:
    """As users call them: types are checked at run time in tests alone, by a wrapper."""
    for read, error in ((expression_of, NotANonlinearity), (known_function, UnknownNonlinearity)):
        with pytest.raises(error, match="give LINEAR, ERF, TANH or RELU"):
            inspect.unwrap(read)(wrong)
    with pytest.raises(UnknownNonlinearity, match="give LINEAR, ERF, TANH or RELU"):
        RecurrentNetwork(jnp.eye(2), simulated.VOLTAGE, wrong)
    with pytest.raises(UnknownForm, match="give VOLTAGE or RATE"):
        RecurrentNetwork(jnp.eye(2), wrong, cells.TANH)
    with pytest.raises(NotANetwork, match="give VOLTAGE, RATE, DISCRETE or DISCRETE_VOLTAGE"):
        inspect.unwrap(network)(np.eye(2), wrong)


def test_a_formula_of_one_s_own_is_lowered_for_the_levels_and_refused_by_the_cells() -> None:
    softsign = Smooth("softsign", x / sp.sqrt(1 + x**2))
    assert float(function_of(softsign)(jnp.asarray(0.75))) == pytest.approx(0.6, rel=1e-15)
    with pytest.raises(UnknownNonlinearity, match="softsign"):
        LSTM.blank(4, 2, 1, softsign)
    with pytest.raises(NotANonlinearity, match=r"Smooth\(name, formula\)"):
        OverlapTheory(Shape(), cells.SOFTPLUS)


def test_a_name_means_one_function() -> None:
    class Sine(Nonlinearity):
        def __call__(self, x: jnp.ndarray) -> jnp.ndarray:
            return jnp.sin(x)

    with pytest.raises(NameTaken, match="tanh is a nonlinearity"):
        Sine("tanh", odd=True, smooth=True)
    with pytest.raises(NotANonlinearity, match="that name means tanh"):
        Smooth("tanh", sp.sin(x))
    assert Smooth("tanh", sp.tanh(x)) == overlaps.TANH
    assert Sine("sine", odd=True, smooth=True).name == "sine"
