"""The potential in which every neuron moves when a low-rank network of infinitely many neurons learns.

Neurons feel one another through kappa and y only. Let rho be the distribution of rows theta_i = (m, u, v, z)_i. With
x_k = c_k . (m, u)_i at step k, c_k = (k_m, k_u) the latent activity,

    kappa_k = <v phi(x_k)>,   y_{k-1} = <z phi(x_k)>,   c_{k+1} = (1 - dt) c_k + dt (s_k, kappa_k),

gradient descent theta <- theta - eta N dL/dtheta moves neuron i by -eta times the gradient of the potential

    V(theta) = dL/drho = sum_k (a_k . v + b_k . z) phi(c_k . (m, u)),

with b_k = dL/dy_{k-1} = 2 dt mask (y - y*) / trials, and a_k = dL/dkappa_k from p_k = dL/dk_u, the recursion's adjoint,

    a_k = dt p_{k+1},     p_k = (1 - dt) p_{k+1} + <u (a_k . v + b_k . z) phi'(x_k)>.

V has one term a trial and step. Derived here; `tests/theory/lowrank/test_potential.py` proves it by reverse mode.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from jaxtyping import Complex, Float
from scipy.special import erf

from theory.gaussian import Nonlinearity, x
from theory.lowrank.shape import Shape

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
    phi, slope = lower(nonlinearity.expression(x)), lower(nonlinearity.derivative(x))
    found = [_one_trial(shape, phi, slope, trials, k, theta, share) for k in range(len(trials.inputs))]
    latent, weight, loss = zip(*found, strict=True)
    return Potential(np.concatenate(latent), np.concatenate(weight), sum(loss) / len(found), phi, slope)


def lower(expression: sp.Expr) -> Numeric:
    """A numpy function of `theory.gaussian.x` that takes complex arguments too."""
    function = sp.lambdify((x,), expression, [{"erf": erf}, "numpy"])
    return lambda values: np.broadcast_to(function(values), values.shape)


def _one_trial(
    shape: Shape,
    phi: Numeric,
    slope: Numeric,
    trials: Trials,
    trial: int,
    theta: Rows,
    share: Float[np.ndarray, " rows"],
) -> tuple[np.ndarray, np.ndarray, float]:
    inputs, targets, mask, dt = trials.inputs[trial], trials.targets[trial], trials.mask[trial], trials.dt
    first, rank, split = shape.inputs, shape.rank, shape.inputs + shape.rank
    drawing, reading = theta[:, :split], theta[:, split:] * share[:, None]
    recurrent = theta[:, first:split]
    steps = len(inputs)
    latent = np.zeros((steps + 1, split), dtype=theta.dtype)
    weight = np.zeros((steps + 1, rank + shape.outputs), dtype=theta.dtype)
    response = np.zeros((steps + 1, rank + shape.outputs, rank), dtype=theta.dtype)  # of <(v, z) phi> to k_u
    kappa = np.zeros(rank, dtype=theta.dtype)
    loss = 0.0
    for k in range(1, steps + 1):
        latent[k] = (1 - dt) * latent[k - 1] + dt * np.concatenate([inputs[k - 1], kappa])
        activity = drawing @ latent[k]
        averages = phi(activity) @ reading
        response[k] = (reading * slope(activity)[:, None]).T @ recurrent
        kappa, miss = averages[:rank], mask[k - 1] * (averages[rank:] - targets[k - 1])
        weight[k, rank:] = 2 * dt * miss / len(trials.inputs)
        loss += dt * float(np.real(np.sum(miss * (averages[rank:] - targets[k - 1]))))
    adjoint = np.zeros(rank, dtype=theta.dtype)
    for k in range(steps, -1, -1):
        weight[k, :rank] = dt * adjoint
        adjoint = (1 - dt) * adjoint + weight[k] @ response[k]
    return latent, weight, loss
