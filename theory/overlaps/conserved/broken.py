"""What learning rules make of the invariants of the flow: each breaks them by a known amount, or keeps others.

Let B be conserved by the flow (H Lambda B + B Lambda H = 0, `theory.overlaps.conserved.invariants`), and K = theta B
theta^T. A step of the rule, w <- momentum w - 2 eta theta H Lambda and theta <- (1 - weight_decay) theta + w, gives
exactly

    K~ <- (1 - weight_decay)^2 K~ + (1 + 2 a) w B w^T,    K~ = K + a (theta B w^T + w B theta^T),
    a = momentum / (1 - weight_decay - momentum),

with the new w on the right. So a finite step of plain gradient descent adds 4 eta^2 theta H Lambda B Lambda H theta^T;
weight decay shrinks K by (1 - weight_decay)^2 beside that, and ratios of its eigenvalues survive; momentum keeps the
modified K~ to the order of the squared velocity. The same law with traces, tr(C [..]), holds for the C of
`theory.overlaps.conserved.symmetries`, as it needs no more than tr(H Sigma C Lambda) = 0.

Without momentum the overlaps have it exactly too: after a step B Sigma is similar to

    B Sigma ((1 - weight_decay)^2 - 4 eta^2 (H Lambda)^2).

All functions take matrices of numpy, JAX or sympy alike. Derived here; tests/theory/overlaps/conserved/test_broken.py
proves it.
"""

from theory.overlaps.equations.step import Blocks, Matrix, Number


def velocity_share(momentum: Number = 0, weight_decay: Number = 0) -> Number:
    """a: how much of the velocity the conserved quantity has in it.

    >>> velocity_share(0.5), velocity_share()
    (1.0, 0.0)
    """
    return momentum / (1 - weight_decay - momentum)


def modified_blocks(matrix: Matrix, *, momentum: Number = 0, weight_decay: Number = 0) -> Blocks:
    """The four d x d blocks of Q, [theta w] Q [theta w]^T = K~: to B, or to C, what they are to theta alone.

    With G the Gram matrix of [theta w], tr(Q G) and the spectrum of Q G are the modified invariants.
    """
    shared = velocity_share(momentum, weight_decay) * matrix
    return ((matrix, shared), (shared, 0 * matrix))


def step_keeps(weight_decay: Number) -> Number:
    """The factor that a step leaves of a conserved quantity quadratic in theta."""
    return (1 - weight_decay) ** 2


def step_adds(matrix: Matrix, velocity: Matrix, *, momentum: Number = 0, weight_decay: Number = 0) -> Matrix:
    """(1 + 2 a) w B w^T, what a step adds to K~; `velocity` is the new w (N x d).

    In terms of theta (plain descent) it is -2 eta theta H Lambda; with C for B, its trace over N is added to tr(Q G).
    """
    return (1 + 2 * velocity_share(momentum, weight_decay)) * (velocity @ matrix @ velocity.T)


def similar_after_step(
    lax: Matrix, move: Matrix, identity: Matrix, *, rate: Number, weight_decay: Number = 0
) -> Matrix:
    """A matrix similar to B Sigma after a step without momentum; `lax` is B Sigma before it, `move` is H Lambda."""
    return lax @ (step_keeps(weight_decay) * identity - 4 * rate**2 * move @ move)


def trace_drift(lax: Matrix, move: Matrix, order: int, *, rate: Number) -> Number:
    """-4 k rate^2 tr((B Sigma)^k M^2): the change of tr (B Sigma)^k in a step of plain descent, to O(rate^4).

    `lax` is B Sigma, `move` is M = H Lambda, `order` is k. Exact for k = 1. Over a run of fixed rate * epochs the sum
    is O(rate).
    """
    power = lax
    for _ in range(order - 1):
        power = power @ lax
    return -4 * order * rate**2 * (power @ move @ move).trace()


def noise_adds(matrix: Matrix, noise: Number) -> Number:
    """What white noise of this size on every weight adds to tr(B Sigma) a step, on average: s^2 tr B, for every N."""
    return noise**2 * matrix.trace()


def noise_adds_to_square(matrix: Matrix, sigma: Matrix, noise: Number, neurons: Number) -> Number:
    """What it adds to tr (B Sigma)^2 a step, on average over the noise, exactly for N `neurons`.

    In the closure, where noise enters as its average, N is infinite.
    """
    trace, square = matrix.trace(), (matrix @ matrix).trace()
    bent, plain = (matrix @ sigma @ matrix).trace(), (matrix @ sigma).trace()
    of_many = 2 * noise**2 * bent + noise**4 * square
    of_few = 2 * noise**2 * (bent + trace * plain) + noise**4 * (square + trace**2)
    return of_many + of_few / neurons
