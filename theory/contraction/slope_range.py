"""Slopes between two bounds, where they are not all from zero: one pair of bounds for all neurons, or one for each."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped


@dataclass(frozen=True, eq=False)
class SlopeRange:
    """All slopes l_i <= phi_i' <= g_i; `lower` may be negative, and each is one number or one a neuron.

    Given to `certify` in place of the largest slopes.

    >>> from theory.contraction import VOLTAGE, SlopeRange, certify
    >>> steep = np.array([[0.0, -2.0], [2.0, 0.0]])
    >>> certify(steep, VOLTAGE).verdict.word, certify(steep, VOLTAGE, SlopeRange(0.5, 1.0)).verdict.word
    ('no_quadratic_metric', 'contracting')
    """

    lower: float | Shaped[np.ndarray, "..."]
    upper: float | Shaped[np.ndarray, "..."]
