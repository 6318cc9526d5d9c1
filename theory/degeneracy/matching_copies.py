"""What the best of a network's copies saves: W is the same with u and v negated, and at times with both turned.

Rows x and O x, O an orthogonal map that leaves W as it is, are one network's, and the matching with the least of their
distances is taken. N times the mean squared distance of partners is a sum over modes of w |a - O b|^2, with weights
w = exp(-lambda t_0) / lambda (`matching_terms`), a and b independent and normal, of both samples. It differs between
copies by f(O) = -2 sum w a (O b), a field of mean zero, whose covariance is one integral over the heat kernel:

    <f(O) f(O')> = 4 times the integral over x and t > 2 t_0(x) of  (t - 2 t_0) rho(x) (p_t(x, O' O^-1 x) - 1).

The least of the copies is below their mean by the mean of the field's largest value. Many modes add up in f, so that it
is taken for normal; of two copies that are products of two normal numbers each the mean is 2 to 5 % less.

- **Two signs**, which all networks have: sqrt((C(1) - C(-1)) / pi).
- **Turned copies**: of rank two W is left as it is by a whole circle of rotations and one of reflections if its rows
  are so in two independent copies of one law (S of rank one times the identity). No W of rank two has more. So what
  copies save lies between these two for every W of rank two: of nearly symmetric ones the circle counts where N times
  the squared distance of turned copies is below f, a few tens.

Both grow with N as a logarithm: of the plane of energies that hold rows, in four dimensions of the shortest modes too.

Derived here; tests/theory/degeneracy/test_matching_copies.py holds it to matchings of copies.
"""

from functools import cache

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from theory.degeneracy.matching_terms import Shells

ANGLES = 64
"""Rotations of the circle, and as many reflections, among which the best is taken."""
DRAWS = 4_000
"""Of the field: the mean of its largest value is known to one part in a hundred."""


def best_of_two_signs(variances: ArrayLike, neurons: int) -> float:
    """N times by how much the better of two matchings is below the mean, that of the rows and of the rows negated.

    >>> round(best_of_two_signs([1.0, 1.0], 1000), 1)
    2.6
    """
    g = tuple(np.asarray(variances, dtype=np.float64).tolist())
    same, negated = _covariances(g, neurons, ((0.0,) * len(g), (np.pi,) * len(g)))
    return float(np.sqrt((same - negated) / np.pi))


def best_of_turned(variances: ArrayLike, neurons: int, *, overlaps_given: bool = False) -> float:
    """The same of all turned copies of a network of rank two with two variances, each twice (four, sorted).

    With `overlaps_given` both networks have the same: then modes that are linear in the rows differ in no copy.

    >>> round(best_of_turned([1.0] * 4, 1000) / best_of_two_signs([1.0] * 4, 1000))
    3
    """
    g = np.sort(np.asarray(variances, dtype=np.float64))
    g = np.repeat(g.reshape(2, 2).mean(axis=1), 2)
    return _best_of_turned(tuple(g.tolist()), neurons, overlaps_given=overlaps_given)


@cache
def _best_of_turned(g: tuple[float, ...], neurons: int, *, overlaps_given: bool) -> float:
    half = 2 * np.pi * np.arange(ANGLES // 2 + 1) / ANGLES
    found = _covariances(g, neurons, (*((float(angle),) * 4 for angle in half), (0.0, np.pi, 0.0, np.pi)))
    if overlaps_given:
        found -= _linear(g, half)
    circle = np.concatenate([found[:-1], found[-3:0:-1]])
    apart = (np.arange(ANGLES)[:, None] - np.arange(ANGLES)) % ANGLES
    across = np.full((ANGLES, ANGLES), found[-1])
    covariance = np.block([[circle[apart], across], [across, circle[apart]]])
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    fields = np.random.default_rng(0).normal(size=(DRAWS, 2 * ANGLES)) @ root.T
    return float((fields.max(axis=1) - fields.min(axis=1)).mean() / 2)


def _linear(g: tuple[float, ...], angles: Float[np.ndarray, " angles"]) -> Float[np.ndarray, " copies"]:
    """Of that the modes that are linear in the rows, of rate 1 / g + 1 / g': at the angles, and of a reflection."""
    one, other = g[0], g[2]
    alike, across = (one**2 + other**2) / 4, 4 / (1 / one + 1 / other) ** 2
    turned = alike * (1 + 2 * np.cos(2 * angles)) + across * np.cos(angles) ** 2
    return 4 * np.append(turned, alike)


def _covariances(
    g: tuple[float, ...], neurons: int, copies: tuple[tuple[float, ...], ...]
) -> Float[np.ndarray, " copies"]:
    """Of the field at the identity and at copies, each given by the angle by which it turns along every axis."""
    shells = Shells.of(np.array(g), neurons, after=2.0)
    return np.array([4 * shells.integral(shells.t - 2 * shells.first, angles) for angles in copies])
