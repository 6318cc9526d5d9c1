"""The learning rule: what a gradient step does to the connectivity, at every level of description."""

import equinox as eqx
from jaxtyping import Array, Float

Real = float | Float[Array, ""]


class GradientDescent(eqx.Module):
    """Gradient descent on theta = [m u v z], with what may come with it.

        w <- momentum w - rate N (dL/dtheta) Lambda
        theta <- (1 - weight_decay) theta + w + noise xi

    `block_rates` are the diagonal of Lambda, one number for each of m, u, v, z, relative to `rate`; zero freezes a
    block. xi is standard normal, drawn anew for every weight in every epoch. Without momentum, w is the step alone;
    None (unlike zero) costs nothing.
    """

    rate: Real
    momentum: Real | None = None
    weight_decay: Real = 0.0
    noise: Real | None = None
    block_rates: tuple[Real, Real, Real, Real] = (1.0, 1.0, 1.0, 1.0)
