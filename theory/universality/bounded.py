"""Arrays of doubles that bound what rounding did: a middle and a radius, and operations that round outwards.

Of u = 2^-53, a sum of m products as any BLAS may order it differs from the exact one by at most m u (1 + m u) times
the sum of the products' sizes (Jeannerod and Rump, SIAM J. Matrix Anal. Appl. 34, 338, 2013). A sum of m numbers that
are not negative, each the result of a few such operations, is then right to a part of 4 m u. Up to m = 2^14 both are
covered by `ROUNDING` and `_LARGER`, with room. What underflows is covered by `_TINY`, before a large factor comes to it
as well. Overflow makes radii infinite or NaN, and no comparison with those holds: a part of each result is in its
radius, as a sum may overflow where 2^-50 of it does not.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

LONGEST_SUM = 1 << 14
"""Terms of a sum up to which the bounds hold."""
ROUNDING = 2.0**-52
"""More than one operation takes or gives, as a part of its result."""
_LARGER = 1 + 2.0**-36
_TINY = 2.0**-960

_CLAMPED = 20.0
"""tanh differs from one by less than 2^-56 from here on."""
_INVERSE_FACTORIALS = tuple(1.0 / float(np.prod(np.arange(1.0, k + 1))) for k in range(18, -1, -1))
TANH_ERROR = 2.0**-41
SLOPE_ERROR = 2.0**-39

Array = Float[np.ndarray, "..."]


def above(bound: Array) -> Array:
    """At least what the expression of terms that are not negative is, of which rounding made this number."""
    return bound * _LARGER + _TINY


@dataclass(frozen=True, eq=False)
class Bounded:
    """All arrays whose entries are within `radius` of `middle`; a radius of plain 0.0 means the doubles themselves.

    >>> third = Bounded(np.array([[1 / 3]]), np.array([[2.0**-54]]))
    >>> one = third @ Bounded(np.array([[3.0]]))
    >>> bool(one.least_size()[0, 0] <= 1 <= one.size()[0, 0] < 1 + 1e-10)
    True
    """

    middle: Array
    radius: Array | float = 0.0

    def size(self) -> Array:
        """The largest absolute values."""
        return above(np.abs(self.middle) + self.radius)

    def least_size(self) -> Array:
        """The least absolute values, or less."""
        return np.maximum(np.abs(self.middle) * (2 - _LARGER) - self.radius * _LARGER, 0.0)

    def times(self, bounds: Array) -> Array:
        """At most what these matrices make of vectors whose entries are at most so large."""
        rounded = 0.0 if isinstance(self.radius, float) else (self.radius @ bounds[..., None])[..., 0]
        return above((np.abs(self.middle) @ bounds[..., None])[..., 0] + rounded)

    def __getitem__(self, which: Int[np.ndarray, " some"]) -> "Bounded":
        """Some along the first axis."""
        return Bounded(self.middle[which], self.radius if isinstance(self.radius, float) else self.radius[which])

    def __matmul__(self, other: "Bounded") -> "Bounded":
        """The product of matrices."""
        size, inner = np.abs(other.middle), self.middle.shape[-1]
        radius = np.abs(self.middle) @ (other.radius + (inner + 4) * ROUNDING * size + _TINY)
        if not isinstance(self.radius, float):
            radius = radius + self.radius @ (size + other.radius)
        middle = self.middle @ other.middle
        return Bounded(middle, above(radius + ROUNDING * np.abs(middle)))

    def __mul__(self, other: "Bounded") -> "Bounded":
        """The product, entry by entry."""
        middle = self.middle * other.middle
        radius = np.abs(self.middle) * other.radius + self.radius * (np.abs(other.middle) + other.radius)
        return Bounded(middle, above(radius + ROUNDING * np.abs(middle)))

    def __add__(self, other: "Bounded") -> "Bounded":
        """The sum."""
        middle = self.middle + other.middle
        return Bounded(middle, above(self.radius + other.radius + ROUNDING * np.abs(middle)))

    def transposed(self) -> "Bounded":
        """Rows become columns."""
        return Bounded(self.middle.T, self.radius if isinstance(self.radius, float) else self.radius.T)

    def __sub__(self, other: "Bounded") -> "Bounded":
        """The difference."""
        return self + Bounded(-other.middle, other.radius)


def tanh(x: Array) -> Bounded:
    """tanh of these doubles, within `TANH_ERROR`.

    Of z = min(|x|, 20) and y = z / 32 <= 5/8, exp(y) is 19 terms of its series: all are positive, so rounding takes or
    gives a part of 38 u at most, and what is left out is less than 2^-69. Squared six times it is exp(2 z), within a
    part of 2^-41.7; tanh z = 1 - 2 / (exp(2 z) + 1) moves by at most half of that, and by the 3 u of its own rounding.
    """
    z = np.minimum(np.abs(x), _CLAMPED)
    y = z / 32
    power = np.full_like(y, _INVERSE_FACTORIALS[0])
    for each in _INVERSE_FACTORIALS[1:]:
        power = power * y + each
    for _ in range(6):
        power = power * power
    return Bounded(np.copysign(1 - 2 / (power + 1), x), np.full_like(y, TANH_ERROR))


def slope_of(tanh_of: Array) -> Array:
    """1 - t^2 for what `tanh` gives: the slope of tanh there, within `SLOPE_ERROR`."""
    return 1 - tanh_of * tanh_of
