"""The numerical range of a matrix and the parabola, or the ellipse, that it must stay inside.

>>> from theory.contraction import search
>>> shear = np.array([[0.0, 2.0], [0.0, 0.0]])  # its numerical range is the unit disk
>>> round(float(abs(search.numerical_range.numerical_range(shear)).max()), 12)
1.0
"""

import numpy as np
from jaxtyping import Complex, Float

from theory.contraction.network import Matrix


def numerical_range(matrix: Matrix, points: int = 181) -> Complex[np.ndarray, " points"]:
    """Boundary points v^* N v of the numerical range, v the top eigenvector of the Hermitian part of e^(i theta) N.

    >>> bool(abs(numerical_range(np.array([[0.0, 2.0], [0.0, 0.0]]))).max() <= 1 + 1e-12)
    True
    """
    boundary = np.empty(points, dtype=complex)
    for number, angle in enumerate(np.linspace(0, 2 * np.pi, points)):
        turned = np.exp(1j * angle) * matrix
        vector = np.linalg.eigh((turned + turned.conj().T) / 2)[1][:, -1]
        boundary[number] = vector.conj() @ matrix @ vector
    return boundary


def parabola(k: float, reach: float, points: int = 181) -> Complex[np.ndarray, " points"]:
    """The parabola |s| + Re s = 2 k, focus at zero: Re s = k - Im^2 / 4k, for |Im s| up to `reach`."""
    height: Float[np.ndarray, " points"] = np.linspace(-reach, reach, points)
    return k - height**2 / (4 * k) + 1j * height


def ellipse(k: float, eccentricity: float, points: int = 181) -> Complex[np.ndarray, " points"]:
    """|s| + t Re s = (1 + t) k of eccentricity t below 1, focus at zero: for t = 0 the circle of radius k.

    >>> ellipse(2.0, 0.0, 3).round(9).tolist()
    [(2+0j), (-2+0j), (2-0j)]
    """
    angles = np.linspace(0, 2 * np.pi, points)
    return (1 + eccentricity) * k / (1 + eccentricity * np.cos(angles)) * np.exp(1j * angles)
