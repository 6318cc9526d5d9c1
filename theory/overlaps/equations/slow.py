"""The flow that a learning rule follows when its rates are small.

After a step of the rule (`theory.overlaps.equations.step`) theta <- (1 - lambda) theta + w', with w' = mu w + theta M
and M = -2 eta H Lambda. The velocity forgets in 1 / (1 - mu) steps; where it has settled, w = theta W with
W = mu W + M + O(rates^2), so that W = M / (1 - mu): momentum multiplies the rate by 1 / (1 - mu). With time in epochs,

    theta' = theta A,    A = -lambda + M / (1 - mu),    Sigma' = A^T Sigma + Sigma A + s^2,

the last for white noise s xi on the weights. A map of rate eta strays from it by O(eta) at equal eta epochs.

Derived here; tests/theory/overlaps/equations/test_slow.py proves that steps agree to first order in the rates.
"""

from theory.overlaps.equations.step import Matrix, Number


def slow_generator(
    gradient: Matrix,
    block_rates: Matrix,
    identity: Matrix,
    *,
    rate: Number,
    momentum: Number = 0,
    weight_decay: Number = 0,
) -> Matrix:
    """The d x d matrix A of theta' = theta A, time in epochs; arguments as `step_blocks` takes them."""
    return -weight_decay * identity - 2 * rate / (1 - momentum) * gradient @ block_rates
