"""From a low-rank network to its latent circuit, symbolically, and one neuron's share of every derivative.

    tau x' = -x + tanh(m n^T x + b),   kappa = n^T x      gives      tau kappa' = -kappa + n^T tanh(m kappa + b)

from any state, in continuous time and for the Euler map (the paper's equation 4; exactness is proved by
`tests/theory/ghost/circuit/test_reduction.py`). The circuit is a sum over neurons, so each derivative is taken once,
by sympy, on one generic neuron, and lowered to numpy from there.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import sympy
from jaxtyping import Float
from sympy.codegen.rewriting import create_expand_pow_optimization

LATENT, M, N, B = sympy.symbols("kappa m n b", real=True)
ACTIVATION = sympy.Symbol("t", real=True)  # tanh of the neuron's input
RATE, STEP_M, STEP_N, STEP_B = sympy.symbols("alpha g_m g_n g_b", real=True)

NeuronFunction = Callable[..., list[Float[np.ndarray, "*shape"]]]


def network_velocity(
    state: sympy.MatrixBase, m: sympy.MatrixBase, n: sympy.MatrixBase, b: sympy.MatrixBase
) -> sympy.MatrixBase:
    """tau x' of the full network; x and b are (N, 1), m and n are (N, R) for rank R."""
    return -state + (m * (n.T * state) + b).applyfunc(sympy.tanh)


def latent_velocity(
    latent: sympy.MatrixBase, m: sympy.MatrixBase, n: sympy.MatrixBase, b: sympy.MatrixBase
) -> sympy.MatrixBase:
    """tau kappa' of the latent circuit; kappa is (R, 1)."""
    return -latent + n.T * (m * latent + b).applyfunc(sympy.tanh)


def euler_map(value: sympy.MatrixBase, velocity: sympy.MatrixBase, step: sympy.Expr) -> sympy.MatrixBase:
    """One Euler step of size D = dt / tau, of the network or of the circuit."""
    return value + step * velocity


def neuron_share() -> sympy.Expr:
    """What one neuron adds to the rank-one circuit: n tanh(m kappa + b)."""
    return N * sympy.tanh(M * LATENT + B)


def leak(order: int) -> sympy.Expr:
    """The order-th derivative of -kappa, the part of the flow that belongs to no neuron."""
    return sympy.diff(-LATENT, LATENT, order)


def leak_at(order: int, latent: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """`leak` evaluated; -kappa and its derivatives are all linear in kappa."""
    slope, constant = _leak_coefficients(order)
    return np.asarray(slope * latent + constant)


@cache
def _leak_coefficients(order: int) -> tuple[float, float]:
    expression = leak(order)
    return float(expression.coeff(LATENT, 1)), float(expression.coeff(LATENT, 0))


def neuron_along_step() -> sympy.Expr:
    """The share of a neuron whose parameters have moved by -alpha times the gradient (g_m, g_n, g_b)."""
    moved = {M: M - RATE * STEP_M, N: N - RATE * STEP_N, B: B - RATE * STEP_B}
    return neuron_share().subs(moved, simultaneous=True)


def tanh_polynomial(order: int) -> sympy.Poly:
    """P with d^order tanh(z) / dz^order = P(tanh z)."""
    z = sympy.Symbol("z", real=True)
    return sympy.Poly(sympy.diff(sympy.tanh(z), z, order).subs(sympy.tanh(z), ACTIVATION), ACTIVATION)


def tanh_bound(order: int) -> sympy.Expr:
    """sup |d^order tanh|, exactly: 1, 1, 4 sqrt(3) / 9, 2, ... for order 0, 1, 2, 3, ..."""
    return _largest(tanh_polynomial(order))


def tanh_tail(order: int) -> sympy.Expr:
    """The least C with |d^order tanh(z)| <= C sech(z)^2 for all z; the order is at least 1."""
    return _largest(sympy.exquo(tanh_polynomial(order), sympy.Poly(1 - ACTIVATION**2, ACTIVATION)))


def _largest(polynomial: sympy.Poly) -> sympy.Expr:
    """The maximum of |polynomial| on [-1, 1]."""
    stationary = [] if polynomial.degree() < 2 else sympy.real_roots(polynomial.diff())
    places = [sympy.Integer(-1), sympy.Integer(1), *(root for root in stationary if abs(root) <= 1)]
    values = [abs(sympy.simplify(polynomial.eval(place))) for place in places]
    return max(values, key=lambda value: value.evalf(30))


@cache
def latent_derivatives(order: int) -> NeuronFunction:
    """Lowered f(latent, m, n, b): a neuron's share of the order-th derivative of the flow and of the next two."""
    shares = [sympy.diff(neuron_share(), LATENT, order + extra) for extra in range(3)]
    return _lowered((LATENT, M, N, B), shares)


@cache
def parameter_derivatives() -> NeuronFunction:
    """Lowered f(latent, m, n, b): the flow's derivatives with respect to the neuron's m, n and b, latent fixed."""
    return _lowered((LATENT, M, N, B), [sympy.diff(neuron_share(), parameter) for parameter in (M, N, B)])


@cache
def step_derivatives() -> NeuronFunction:
    """Lowered f(latent, m, n, b, g_m, g_n, g_b): d/dalpha, d^2/dalpha^2, d^2/dalpha dkappa of the share at 0."""
    share = neuron_along_step()
    wanted = [sympy.diff(share, RATE), sympy.diff(share, RATE, 2), sympy.diff(share, RATE, LATENT)]
    return _lowered((LATENT, M, N, B, STEP_M, STEP_N, STEP_B), [item.subs(RATE, 0) for item in wanted])


def _lowered(arguments: tuple[sympy.Symbol, ...], expressions: list[sympy.Expr]) -> NeuronFunction:
    """Numpy code with the shared subexpressions (one tanh) computed once and small powers as products."""
    unpowered = create_expand_pow_optimization(4)
    return sympy.lambdify(arguments, [unpowered(item) for item in expressions], "numpy", cse=True)
