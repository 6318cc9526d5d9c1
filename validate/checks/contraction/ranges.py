"""Numerical ranges beside a parabola that proves contraction."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex

from theory.contraction.conditions.multiplier import searched
from theory.contraction.network import Network, Vector
from theory.contraction.numerical_range import numerical_range, parabola


@dataclass(frozen=True)
class Ranges:
    """Numerical ranges of M and of D M D^-1 at the best D = `scaling`, and the parabola |s| + Re s = 2 k."""

    plain: Complex[np.ndarray, " points"]
    scaled: Complex[np.ndarray, " points"]
    edge: Complex[np.ndarray, " points"]
    scaling: Vector
    k: float


def ranges_of(network: Network, k: float) -> Ranges:
    """The ranges as they are and with every neuron measured in its best unit, and the parabola of this k."""
    scaling = searched(network).scaling
    plain = numerical_range(network.gained)
    scaled = numerical_range(scaling[:, None] * network.gained / scaling)
    reach = 1.2 * max(np.abs(plain.imag).max(), np.abs(scaled.imag).max(), k)
    return Ranges(plain, scaled, parabola(k, reach), scaling, k)
