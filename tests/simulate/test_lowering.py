"""The bridge from symbols to JAX: theory functions of every kind, crossed with value, jit, vmap and gradient."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from simulate.lowering import lower
from simulate.stable import UnsupportedExpression
from theory.ghost.circuit import crossing, reduction
from theory.ghost.circuit import normal_form as nf
from theory.ghost.descent import plateau
from theory.ghost.descent import training_map as tm
from theory.ghost.toy import euler, finite_threshold, output, step_output
from theory.ghost.toy.step_output import PER_DELAY, confidence, delay, r, response, threshold, time
from theory.lowering import lower_mpmath, secsq, tanc

x, y = sp.symbols("x y", real=True)
z = sp.Symbol("z", real=True)
WINDOW = (delay, response)
OPTIMUM = float(step_output.optimal_r().subs(delay, 10))


@dataclass(frozen=True)
class Case:
    """How an expression is derived, its arguments (the first is varied) and points at which it is smooth."""

    name: str
    derived: Callable[[], sp.Expr]
    arguments: tuple[sp.Symbol, ...]
    points: tuple[float, ...]
    rest: tuple[float, ...]

    @cached_property
    def expression(self) -> sp.Expr:
        return self.derived()


RHO = (-3.0, -1e-6, 0.0, 0.1, 0.6, 0.999, 1.001, 7.0)
ANY_R = tuple(rho * OPTIMUM for rho in RHO)
POSITIVE_R = tuple(v for v in ANY_R if v > 0)
NEGATIVE_R = (-1e-3, -0.05, -4.0)
STEP = (10.0, 7.0)
CROSSING = (nf.EFFECTIVE_R, nf.CURVATURE, crossing.FIRST, crossing.SECOND, crossing.MIXED)
NEURON = (reduction.LATENT, reduction.M, reduction.N, reduction.B)
CASES = [
    Case("trajectory", step_output.trajectory, (r, time), ANY_R[:6], (8.0,)),
    Case("trajectory_cases", step_output.trajectory_cases, (r, time), tuple(v for v in ANY_R[:6] if v), (8.0,)),
    Case("sensitivity", step_output.sensitivity, (r, time), ANY_R[:6], (8.0,)),
    Case("passage_time", step_output.passage_time, (r, threshold), POSITIVE_R, (2.0,)),
    Case("descent_time", step_output.descent_time, (r, threshold), NEGATIVE_R[1:], (0.1,)),
    Case("blow_up_time", step_output.blow_up_time, (r,), POSITIVE_R, ()),
    Case("optimal_r", step_output.optimal_r, (delay,), (1.0, 100.0), ()),
    Case("point_of_no_return", step_output.point_of_no_return, WINDOW, (1.0, 100.0), (3.0,)),
    Case("critical_learning_rate", step_output.critical_learning_rate, WINDOW, (1.0, 1e6), (3.0,)),
    Case("critical_rate_per_delay", lambda: step_output.critical_learning_rate(PER_DELAY), WINDOW, (1.0, 1e6), (3.0,)),
    Case("confident_loss", step_output.confident_loss, (r, *WINDOW), ANY_R, STEP),
    Case("confident_gradient", step_output.confident_gradient, (r, *WINDOW), ANY_R, STEP),
    Case("confident_loss_per_delay", lambda: step_output.confident_loss(PER_DELAY), (r, *WINDOW), ANY_R, STEP),
    Case("right_slope", lambda: step_output.one_sided_slopes()[1], (delay,), (1.0, 100.0), ()),
    Case("step_loss", finite_threshold.step_loss, (r, *WINDOW, threshold), ANY_R, (*STEP, 2.0)),
    Case("step_gradient", finite_threshold.step_gradient, (r, *WINDOW, threshold), ANY_R, (*STEP, 2.0)),
    Case("critical_rate_series", lambda: finite_threshold.critical_learning_rate_series(1),
         (finite_threshold.softness, *WINDOW), (1e-3, 0.1), STEP),
    Case("output", output.output, (output.phase,), (-800.0, -30.0, -1.0, 0.0, 1.0, 30.0, 800.0), ()),
    Case("output_at", output.output_at, (r, time, threshold, confidence), ANY_R, (9.0, 0.5, 3.0)),
    Case("error_in_delay", output.squared_error_at, (r, time, delay, threshold, confidence), ANY_R,
         (9.0, 10.0, 0.5, 3.0)),
    Case("error_in_response", output.squared_error_at, (r, time, delay, threshold, confidence), ANY_R[:6],
         (9.0, 8.0, 0.5, 3.0)),
    Case("gradient_in_delay", lambda: output.gradient_terms()[0], (output.phase, confidence, output.growth),
         (-300.0, -20.0, 0.0, 20.0, 300.0), (3.0, 2.0)),
    Case("gradient_in_response", lambda: output.gradient_terms()[1], (output.phase, confidence, output.growth),
         (-300.0, -20.0, 0.0, 20.0, 300.0), (3.0, 2.0)),
    *(Case(f"log_integrand_{k}", lambda k=k: output.log_integrands()[k], (output.phase, confidence, output.growth),
           (-1e4, -1.0, 0.0, 1e4), (3.0, 2.0))
      for k in range(4)),
    Case("restarted", output.restarted, (output.elapsed, r, output.level), (-3.0, -1e-9, 0.1), (0.2, 1.5)),
    Case("time_between", output.time_between, (r, output.level, output.state), POSITIVE_R, (1.0, 3.0)),
    Case("state_before_blow_up", lambda: 1 / output.state_before_blow_up().rewrite(sp.tan), (r, output.remaining),
         POSITIVE_R, (0.3,)),
    Case("time_to_blow_up", output.time_to_blow_up, (r, output.level), POSITIVE_R, (1.0,)),
    Case("growth_at_state", output.growth_at_state, (r, output.state, time), POSITIVE_R, (1.0, 3.0)),
    Case("early_slope", finite_threshold.early_slope, (r, step_output.escape, finite_threshold.softness), POSITIVE_R,
         (10.0, 0.1)),
    Case("map_left", lambda: tm.step("L"), (tm.rho, tm.rate_ratio, tm.response_ratio), (0.3, 0.9), (0.6, 2.0)),
    Case("map_right", lambda: tm.step("R"), (tm.rho, tm.rate_ratio, tm.response_ratio), (1.1, 10.0), (0.6, 2.0)),
    *(Case(f"{form.__name__}_{letter}", partial(form, letter), (tm.u,), (0.5, 1.0, 8.0), ())
      for form in (tm.branch, tm.branch_slope) for letter in "LR"),
    Case("map_loss", tm.loss, (tm.rho,), (0.3, 0.999, 1.001, 10.0), ()),
    Case("jump", tm.jump, (tm.rho, tm.scaled_rate), (0.3, 10.0), (0.6,)),
    Case("cut", tm.cut, (tm.response_ratio,), (0.1, 1.0, 5.0), ()),
    Case("scale", tm.scale, (tm.response_ratio,), (0.1, 1.0, 5.0), ()),
    *(Case(f"plateau_{k}", lambda k=k: plateau.epoch_terms()[k], (tm.rho, tm.scaled_rate), (1.5, 10.0), (0.3,))
      for k in range(3)),
    Case("passage_past_ghost", nf.passage_time, nf.ARGUMENTS, (1e-3, 0.5), (1.5, 2.0, -0.3, 1.0)),
    Case("passage_beside_pair", nf.passage_time_beside_pair, nf.ARGUMENTS, (-0.1, -1e-3), (1.5, 2.0, 0.5, 1.0)),
    Case("passage_at_saddle_node", nf.passage_time_at_saddle_node, nf.ARGUMENTS[1:], (0.5, 2.0), (2.0, 0.5, 1.5)),
    Case("toy_r", nf.toy_r, nf.ARGUMENTS[:3], (-0.1, 0.0, 1e-3), (1.5, 2.0)),
    Case("optimum_at_ghost", lambda: nf.optimal_effective_r_at_ghost(delay), (delay, *nf.ARGUMENTS[1:3]), (1.0, 100.0),
         (1.5, 2.0)),
    Case("r_eff_along_step", crossing.effective_r_along_step, (reduction.RATE, *CROSSING), (0.0, 0.01),
         (0.1, 1.5, -2.0, 0.3, 0.4)),
    *(Case(f"crossing_rate_{order}", partial(crossing.crossing_rate, order), CROSSING, (1e-3, 0.1),
           (1.5, -2.0, 0.3, 0.4))
      for order in (1, 2)),
    Case("euler_correction", euler.passage_correction, (euler.start_speed, euler.end_speed, euler.step), (0.1, 3.0),
         (2.0, 0.5)),
    Case("neuron_share", reduction.neuron_share, NEURON, (-300.0, -15.0, -1.0, 0.0, 15.0, 300.0), (1.2, -0.7, 0.3)),
    Case("neuron_along_step", reduction.neuron_along_step,
         (reduction.RATE, *NEURON, reduction.STEP_M, reduction.STEP_N, reduction.STEP_B), (0.0, 0.1),
         (0.8, 1.2, -0.7, 0.3, 0.5, -0.4, 0.2)),
    Case("tanc", lambda: tanc(z), (z,), (-1e8, -700.0, -0.3, -0.2, 1e-12, 0.2, 0.3, 2.0), ()),
    Case("secsq", lambda: secsq(z), (z,), (-1e4, -700.0, -0.3, -0.2, 1e-12, 0.2, 0.3, 2.0), ()),
    Case("sech", lambda: sp.sech(x), (x,), (-700.0, -1.0, 0.0, 1e-3, 700.0), ()),
    Case("softplus", lambda: sp.log(1 + sp.exp(-x * y)), (x, y), (-1e3, -1.0, 0.0, 1e2), (5.0,)),
    Case("erf", lambda: sp.erf(x) * sp.erfc(x), (x,), (-3.0, 0.0, 3.0), ()),
    Case("elementary",
         lambda: sp.sqrt(1 + x**2) * sp.atan(x) + sp.tanh(x) + sp.sin(x) * sp.cos(x) + sp.sinh(x) / sp.cosh(x),
         (x,), (-2.0, 0.0, 0.5), ()),
    Case("powers", lambda: sp.pi * (2 + x) ** sp.Rational(-3, 2) + (2 + x) ** y + sp.E / (3 + x) ** 3,
         (x, y), (0.0, 1.5), (0.3,)),
    Case("min_max_abs", lambda: sp.Min(x, y, 3) + sp.Max(x, -y) + sp.Abs(x), (x, y), (-2.0, 0.5, 9.0), (1.0,)),
]  # fmt: skip


@cache
def lowered(name):
    case = next(c for c in CASES if c.name == name)
    return case, lower(case.expression, case.arguments)


def exact(expression, case, point):
    """The mpmath value, at a precision that survives the exponents involved."""
    with mp.workdps(500):
        at = mp.mpf(point)
        return lower_mpmath(case.arguments, expression)(at, *map(mp.mpf, case.rest))


def close(found, stated):
    """Equal to rounding, relative: 1e-11 leaves room for exponents and angles of the order of a thousand."""
    found, stated = float(found), float(stated)
    return np.isfinite(found) and abs(found - stated) <= 1e-11 * abs(stated) + 1e-300


NAMES = [case.name for case in CASES]


def test_all_of_several_expressions_are_cases():
    for several, name in ((output.log_integrands(), "log_integrand"), (plateau.epoch_terms(), "plateau")):
        assert len(several) == sum(each.startswith(f"{name}_") for each in NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled(8)
def test_value_jit_and_vmap(name):
    case, function = lowered(name)
    values = jax.vmap(jax.jit(function), (0, *([None] * len(case.rest))))(jnp.array(case.points), *case.rest)
    assert values.dtype == jnp.float64
    for point, batched in zip(case.points, values, strict=True):
        assert close(batched, exact(case.expression, case, point)), point
    assert close(function(case.points[0], *case.rest), values[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled(8)
def test_gradient_against_the_symbolic_derivative(name):
    case, function = lowered(name)
    slope = jax.vmap(jax.grad(function), (0, *([None] * len(case.rest))))(jnp.array(case.points), *case.rest)
    stated = case.expression.diff(case.arguments[0])
    for point, found in zip(case.points, slope, strict=True):
        if point == 0.0 and stated.has(tanc):  # removable, for mpmath only by a limit
            point = 1e-25
        assert close(found, exact(stated, case, point)), (point, found)


def test_gradient_at_the_kink_and_inside_excluded_branches_is_finite():
    loss = lower(step_output.confident_loss(), (r, *WINDOW))
    for value in (OPTIMUM, OPTIMUM / 4, 0.0, -1.0):
        assert np.isfinite(jax.grad(loss)(value, 10.0, 10.0))
    root = lower(sp.Piecewise((sp.sqrt(x), x > 0), (0, True)), (x,))
    assert jax.grad(root)(-1.0) == 0.0
    assert jax.grad(root)(0.0) == 0.0
    assert jax.grad(root)(4.0) == 0.25
    pole = lower(sp.Piecewise((1 / x, x > 1), (x**2, x > 0), (sp.log(-x), x < 0), (0, True)), (x,))
    assert [float(jax.grad(pole)(v)) for v in (2.0, 0.5, 0.0, -2.0)] == [-0.25, 1.0, 0.0, -0.5]


def test_sign_and_ties():
    assert [float(lower(sp.sign(x), (x,))(v)) for v in (-2.0, 0.0, 3.0)] == [-1.0, 0.0, 1.0]
    assert jax.grad(lower(sp.sign(x), (x,)))(2.0) == 0.0
    assert jax.grad(lower(sp.Abs(x), (x,)))(0.0) == 0.0
    assert jax.grad(lower(sp.Min(x, y), (x, y)))(1.0, 1.0) == 0.5


def test_gradient_convention_at_the_optimum_survives_lowering():
    gradient = lower(step_output.confident_gradient(), (r, *WINDOW))
    optimum = lower(step_output.optimal_r(), WINDOW)(10.0, 10.0)
    assert gradient(optimum, 10.0, 10.0) == 0.0


def test_second_derivatives_at_zero():
    twice = jax.grad(jax.grad(lower(sp.sech(x), (x,))))
    assert float(twice(0.0)) == pytest.approx(-1.0, rel=1e-14)
    assert float(jax.grad(jax.grad(lower(tanc(z), (z,))))(0.0)) == pytest.approx(4 / 15, rel=1e-14)
    state = jax.grad(jax.grad(lower(step_output.trajectory(), (r, time))))
    assert float(state(0.0, 2.0)) == pytest.approx(2 * 2.0**3 / 3, rel=1e-14)  # x = r t + r^2 t^3 / 3 + ...


def test_far_tails_do_not_overflow():
    bell = lower(sp.exp(-x) / (1 + sp.exp(-x)) ** 2, (x,))
    tail = lower((1 - 1 / (1 + sp.exp(-x))) ** 2, (x,))
    for value in (-1e4, 1e4):
        assert bell(value) == 0.0
        assert jax.grad(bell)(value) == 0.0
    assert float(tail(50.0)) == pytest.approx(np.exp(-100.0), rel=1e-14)


def test_matrices_come_out_flat_and_tuples_as_tuples():
    vector, truth, number = lower((sp.Matrix([[x], [x * y]]), x > y, sp.tanh(x)), (x, y))(1, 2)
    assert vector.shape == (2,)
    np.testing.assert_array_equal(vector, [1.0, 2.0])
    assert not truth
    assert number == jnp.tanh(1.0)
    square = lower(sp.Matrix([[x, 0], [1, y]]), (x, y))
    np.testing.assert_array_equal(square(2.0, 3.0), [2.0, 0.0, 1.0, 3.0])
    jacobian = jax.jacfwd(square)(2.0, 3.0)
    np.testing.assert_array_equal(jacobian, [1.0, 0.0, 0.0, 0.0])


def test_arrays_broadcast():
    function = lower(sp.Piecewise((x * y, x > 0), (y, True)), (x, y))
    found = function(jnp.array([[1.0], [-1.0]]), jnp.array([2.0, 3.0, 4.0]))
    np.testing.assert_array_equal(found, [[2.0, 3.0, 4.0], [2.0, 3.0, 4.0]])


def test_shared_subexpressions_are_computed_once():
    expensive = sp.erf(x * y)
    traced = jax.make_jaxpr(lower((expensive**2 + expensive, sp.exp(expensive)), (x, y)))(1.0, 2.0)
    assert str(traced).count("erf ") == 1


@pytest.mark.parametrize(
    "expression",
    [sp.LambertW(x), sp.Function("f")(x), sp.Integral(sp.exp(x**2), x), sp.I * x, sp.zoo * x, sp.gamma(x), sp.nan],
    ids=str,
)
def test_what_has_no_stable_form_is_refused_by_name(expression):
    with pytest.raises(UnsupportedExpression, match="stable JAX form"):
        lower(expression, (x,))


def test_a_forgotten_argument_is_named():
    with pytest.raises(UnsupportedExpression, match="y"):
        lower(x * y, (x,))
    with pytest.raises(TypeError, match="2 values"):
        lower(x, (x,))(1.0, 2.0)


def test_a_branch_nothing_reaches_is_refused():
    with pytest.raises(UnsupportedExpression, match="rescale"):
        lower(sp.Piecewise((1 / x, x > 10**9), (0, True)), (x,))
