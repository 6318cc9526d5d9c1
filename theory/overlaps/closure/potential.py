"""The potential in which every neuron moves when a low-rank network of infinitely many neurons learns.

Neurons feel one another through kappa and y only. Let rho be the distribution of rows theta_i = (m, u, v, z)_i. With
x_k = c_k . (m, u)_i at step k, c_k = (k_m, k_u) the latent activity,

    kappa_k = <v phi(x_k)>,   y_{k-1} = <z phi(x_k)>,   c_{k+1} = (1 - dt) c_k + dt (s_k, kappa_k),

gradient descent theta <- theta - eta N dL/dtheta moves neuron i by -eta times the gradient of the potential

    V(theta) = dL/drho = sum_k (a_k . v + b_k . z) phi(c_k . (m, u)),

with b_k = dL/dy_{k-1} = 2 dt mask (y - y*) / trials, and a_k = dL/dkappa_k from p_k = dL/dk_u, the recursion's adjoint,

    a_k = dt p_{k+1},     p_k = (1 - dt) p_{k+1} + <u (a_k . v + b_k . z) phi'(x_k)>.

V has one term a trial and step. Derived here; `tests/theory/overlaps/closure/test_potential.py` proves it by reverse
mode.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from jaxtyping import Complex, Float
from scipy.special import erf

from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import Nonlinearity, x

Rows = Float[np.ndarray, "rows d"] | Complex[np.ndarray, "rows d"]
Numeric = Callable[[Any], Any]


@dataclass(frozen=True)
class Trials:
    """What the loss is summed over: inputs, targets and mask (trials x steps), in steps of `dt` time constants."""

    inputs: Float[np.ndarray, "trials steps inputs"]
    targets: Float[np.ndarray, "trials steps outputs"]
    mask: Float[np.ndarray, "trials steps"]
    dt: float


@dataclass(frozen=True)
class Potential:
    """V(theta) = sum over terms of (w . (v, z)) phi(c . (m, u)), and the loss at this distribution of rows.

    `latent` holds c (terms x (inputs + rank)), `weight` holds w = (a, b) (terms x (rank + outputs)).
    """

    latent: np.ndarray
    weight: np.ndarray
    loss: float
    phi: Numeric
    slope: Numeric

    def gradient(self, theta: Rows) -> np.ndarray:
        """grad V at each row: minus the velocity of that neuron in units of the rate (rows x d)."""
        split = self.latent.shape[1]
        activity = theta[:, :split] @ self.latent.T
        felt = (theta[:, split:] @ self.weight.T) * self.slope(activity)
        return np.concatenate([felt @ self.latent, self.phi(activity) @ self.weight], axis=1)


def potential(
    shape: Shape, nonlinearity: Nonlinearity, trials: Trials, theta: Rows, share: Float[np.ndarray, " rows"]
) -> Potential:
    """The potential of rows `theta` with weights `share`: neurons with 1/N each, or nodes of a quadrature rule.

    Complex rows give the analytic continuation, so that an imaginary displacement of the rows differentiates; `loss` is
    its real part.
    """
    phi, slope = (
        _with_complex_arguments(nonlinearity.expression(x)),
        _with_complex_arguments(nonlinearity.derivative(x)),
    )
    latent, response, weight, loss = _forwards(shape, phi, slope, trials, theta=theta, share=share)
    adjoint = np.zeros((len(latent), shape.rank), dtype=theta.dtype)
    for k in range(latent.shape[1] - 1, -1, -1):
        weight[:, k, : shape.rank] = trials.dt * adjoint
        adjoint = (1 - trials.dt) * adjoint + np.einsum("ti,tij->tj", weight[:, k], response[:, k])
    terms = latent.shape[0] * latent.shape[1]
    return Potential(latent.reshape(terms, -1), weight.reshape(terms, -1), loss, phi, slope)


def _with_complex_arguments(expression: sp.Expr) -> Numeric:
    """A numpy function of `theory.overlaps.gaussian.x` that takes complex arguments too."""
    function = sp.lambdify((x,), expression, [{"erf": erf}, "numpy"])
    return lambda values: np.broadcast_to(function(values), values.shape)


def _forwards(
    shape: Shape, phi: Numeric, slope: Numeric, trials: Trials, *, theta: Rows, share: Float[np.ndarray, " rows"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """c, the response of <(v, z) phi> to k_u, and b in its place beside a; all by trial and step from 0; the loss."""
    dt, (count, steps), rank = trials.dt, trials.mask.shape, shape.rank
    split = shape.inputs + rank
    drawing, reading = theta[:, :split], theta[:, split:] * share[:, None]
    pairs = (reading[:, :, None] * theta[:, None, shape.inputs : split]).reshape(len(theta), -1)
    latent = np.zeros((count, steps + 1, split), dtype=theta.dtype)
    weight = np.zeros((count, steps + 1, rank + shape.outputs), dtype=theta.dtype)
    response = np.zeros((*weight.shape, rank), dtype=theta.dtype)
    kappa = np.zeros((count, rank), dtype=theta.dtype)
    loss = 0.0
    for k in range(1, steps + 1):
        latent[:, k] = (1 - dt) * latent[:, k - 1] + dt * np.concatenate([trials.inputs[:, k - 1], kappa], axis=1)
        activity = latent[:, k] @ drawing.T
        averages = phi(activity) @ reading
        response[:, k] = (slope(activity) @ pairs).reshape(count, -1, rank)
        error = averages[:, rank:] - trials.targets[:, k - 1]
        kappa, miss = averages[:, :rank], trials.mask[:, k - 1, None] * error
        weight[:, k, rank:] = 2 * dt * miss / count
        loss += dt * float(np.real(np.sum(miss * error))) / count
    return latent, response, weight, loss
