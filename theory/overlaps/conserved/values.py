"""The invariants of learning as numbers, of a network of any size: what is conserved while every block is trained.

A change of latent basis is a symmetry of every network, which conserves u^T u - v^T v. Where phi is positively
homogeneous (linear, ReLU) activity may be scaled besides, which conserves tr(m^T m) - tr(z^T z). A linear network
conserves the whole of K = m m^T + u u^T - v v^T - z z^T: in overlaps, the spectrum of A Sigma with A = 1 on m and u and
-1 on v and z. The Gaussian closure of ReLU, with its constant gain, has that spectrum too; a network of ReLU neurons
does not keep it.

Conserved when the learning rate is small and all blocks learn at one rate. The matrices are found by solving in
`theory.overlaps.conserved.symmetries` and `theory.overlaps.conserved.invariants`, which take minutes from a few dozen
columns on; tests/theory/overlaps/conserved/test_values.py compares.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.overlaps.conserved.symmetries import Response
from theory.overlaps.equations.shape import Shape


@dataclass(frozen=True)
class InvariantValues:
    """The numbers that learning leaves as they are; None where the nonlinearity conserves nothing of the kind."""

    latent: Float[np.ndarray, "rank rank"]
    """u^T u - v^T v, over N: symmetric."""
    input_output: float | None
    """(tr m^T m - tr z^T z) / N."""
    spectrum: Float[np.ndarray, " d"] | None
    """The eigenvalues of A Sigma, rising; those of K / N that are not zero."""


def invariant_values(shape: Shape, response: Response, sigma: Float[np.ndarray, "d d"]) -> InvariantValues:
    """The invariants of a network with these overlaps. The cost is that of the eigenvalues of Sigma.

    >>> values = invariant_values(Shape(), Response.linear, np.diag([4.0, 3.0, 2.0, 1.0]))
    >>> values.latent.tolist(), values.input_output, values.spectrum.round(9).tolist()
    ([[1.0]], 3.0, [-2.0, -1.0, 3.0, 4.0])
    """
    m, u, v, z = (list(shape.columns(block)) for block in "muvz")
    latent = sigma[np.ix_(u, u)] - sigma[np.ix_(v, v)]
    input_output = None if response is Response.generic else float(np.trace(sigma[m][:, m]) - np.trace(sigma[z][:, z]))
    spectrum = None
    if response is Response.linear:
        signs = np.repeat([1.0, 1.0, -1.0, -1.0], shape.counts)
        squares, vectors = np.linalg.eigh(sigma)
        root = vectors * np.sqrt(np.maximum(squares, 0.0))  # Sigma = root root^T, and root^T A root has that spectrum
        spectrum = np.linalg.eigvalsh(root.T @ (signs[:, None] * root))
    return InvariantValues(latent, input_output, spectrum)
