import sympy as sp

from theory.overlaps.equations.slow import slow_generator
from theory.overlaps.equations.step import as_one_matrix, step_blocks

rate, decay, small = sp.symbols("eta lambda epsilon", positive=True)
momentum = sp.Symbol("mu", positive=True)
H = sp.ImmutableMatrix([[1, 2], [2, -3]])
LAMBDA = sp.ImmutableMatrix(sp.diag(1, sp.Rational(1, 2)))
ONE = sp.ImmutableMatrix(sp.eye(2))
RULE = {"rate": small * rate, "momentum": momentum, "weight_decay": small * decay}


def test_a_settled_velocity_stays_settled_to_first_order_and_moves_theta_by_the_generator():
    step = as_one_matrix(step_blocks(H, LAMBDA, ONE, **RULE))
    generator = slow_generator(H, LAMBDA, ONE, **RULE)
    settled = generator + small * decay * ONE  # W of w = theta W: what of the generator the velocity does
    after = sp.Matrix.hstack(ONE, settled) @ step  # the coefficients of theta in [theta w] one step later
    theta, velocity = after[:, :2], after[:, 2:]
    first_order = (theta - ONE - generator).applyfunc(lambda entry: sp.series(entry, small, 0, 2).removeO())
    assert sp.simplify(first_order) == sp.zeros(2)
    unsettled = (velocity - theta @ settled).applyfunc(lambda entry: sp.series(entry, small, 0, 2).removeO())
    assert sp.simplify(unsettled) == sp.zeros(2)


def test_without_momentum_the_generator_is_the_step_less_one_exactly():
    rule = {"rate": rate, "weight_decay": decay}
    step = step_blocks(H, LAMBDA, ONE, **rule)[0][0]
    assert sp.simplify(step - ONE - slow_generator(H, LAMBDA, ONE, **rule)) == sp.zeros(2)
