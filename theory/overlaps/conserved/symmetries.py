"""What learning cannot change, from the symmetries of what a network computes: Noether's theorem for gradient descent.

If theta exp(t B) computes the same for all t, the loss has no slope along theta B: with dL = tr(H dSigma) this reads
tr(H Sigma B) = 0. Under theta' = -2 eta theta H Lambda

    d/dt tr(C Sigma) = -4 eta tr(H Sigma C Lambda),

so every symmetric C for which C Lambda is such a generator conserves tr(C Sigma).

The generators are found from one neuron, x = m k_m + u k_u, which gives v phi(x) to kappa and z phi(x) to the output.
A change of theta goes unnoticed if a change of basis of the latents k_u (k_u' = -k_u + kappa) by b makes up for it:

    delta(v phi(x)) = b v phi(x)  and  delta(z phi(x)) = 0,  delta x = delta m k_m + delta u k_u + u b k_u,

identically in the neuron's entries and the latents. What the nonlinearity lets us know of phi(x) and phi'(x): x and 1
if it is linear; x G and G (G = phi') if it is positively homogeneous, as ReLU is; two unrelated numbers else. The same
equations, averaged over Gaussian rows, are those of the closure; for ReLU its gain is the constant 1/2, and products
of two entries of a row are as independent as overlaps, so closure and network have the same generators.
With b = 0 they give what one neuron may do alone: each such symmetric B conserves theta_i B theta_i^T, neuron by
neuron: the diagonal of K for ReLU. Derived here; tests/theory/overlaps/conserved/test_symmetries.py proves it.
"""

from collections.abc import Collection
from enum import Enum

import sympy as sp

from theory.overlaps import gaussian
from theory.overlaps.conserved.linear_conditions import solve_identically
from theory.overlaps.equations.activity import activity_equations
from theory.overlaps.equations.row import row
from theory.overlaps.equations.shape import Shape
from theory.overlaps.gaussian import Nonlinearity

_phi, _slope = sp.symbols("phi slope", real=True)


class Response(Enum):
    """How much a nonlinearity tells about itself: what phi(x) and phi'(x) are to each other."""

    linear = "phi(x) = c x"
    homogeneous = "phi(c x) = c phi(x) for c > 0"
    generic = "phi(x) and phi'(x) unrelated"

    @classmethod
    def of(cls, phi: Nonlinearity) -> "Response":
        """Which of the three a nonlinearity is.

        >>> [Response.of(phi).name for phi in gaussian.NONLINEARITIES.values()]
        ['linear', 'generic', 'homogeneous', 'generic']
        """
        x = gaussian.x
        if sp.simplify(x * phi.derivative(x) - phi.expression(x)) != 0:
            return cls.generic
        return cls.homogeneous if phi.derivative(x).has(x) else cls.linear

    def values(self, x: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        """phi(x) and phi'(x), in symbols for what is not known of them."""
        return {
            Response.linear: (x, sp.S.One),
            Response.homogeneous: (x * _slope, _slope),
            Response.generic: (_phi, _slope),
        }[self]


def generators(shape: Shape, response: Response) -> tuple[sp.ImmutableMatrix, ...]:
    """A basis of the B (d x d) for which theta exp(t B) computes the same as theta, for all t and theta.

    >>> [B.diagonal() for B in generators(Shape(), Response.generic)]
    [Matrix([[0, -1, 1, 0]])]
    >>> [B.diagonal() for B in generators(Shape(), Response.linear)]
    [Matrix([[0, -1, 1, 0]]), Matrix([[1, 0, 0, -1]])]
    """
    basis = sp.Matrix(shape.rank, shape.rank, lambda a, b: sp.Symbol(f"b_{a}_{b}"))
    return _generators(shape, response, basis)


def neuron_generators(shape: Shape, response: Response) -> tuple[sp.ImmutableMatrix, ...]:
    """A basis of the B for which theta_i exp(t B), one neuron alone, leaves what the network computes as it is.

    >>> [B.diagonal() for B in neuron_generators(Shape(), Response.homogeneous)]
    [Matrix([[1, 1, -1, -1]])]
    >>> neuron_generators(Shape(), Response.generic)
    ()
    """
    return _generators(shape, response, sp.zeros(shape.rank))


def noether_matrices(symmetries: Collection[sp.MatrixBase], rates: sp.MatrixBase) -> tuple[sp.ImmutableMatrix, ...]:
    """A basis of the symmetric C with C Lambda in the span of the symmetries: each tr(C Sigma) is conserved.

    `rates` is the diagonal Lambda. Of frozen columns (rate zero) all overlaps among themselves are found as well.

    >>> matrices = noether_matrices(generators(Shape(), Response.linear), sp.eye(4))
    >>> [(C @ Shape().sigma).trace() for C in matrices]
    [uu - vv, mm - zz]
    """
    size = rates.rows
    unknown = {(a, b): sp.Dummy(f"c_{a}{b}") for a in range(size) for b in range(a, size)}
    matrix = sp.ImmutableMatrix(size, size, lambda a, b: unknown[min(a, b), max(a, b)])
    weights = [sp.Dummy(f"w_{k}") for k in range(len(symmetries))]
    combined = sum((w * each for w, each in zip(weights, symmetries, strict=True)), sp.zeros(size))
    found = solve_identically(list(matrix @ rates - combined), [*unknown.values(), *weights], [])
    return tuple(sp.ImmutableMatrix(matrix.xreplace(each)) for each in found)


def _generators(shape: Shape, response: Response, basis: sp.MatrixBase) -> tuple[sp.ImmutableMatrix, ...]:
    entries, latents = sp.Matrix([row(shape)]), activity_equations(shape).latents
    k_m, k_u = sp.Matrix(latents[: shape.inputs]), sp.Matrix(latents[shape.inputs :])
    matrix = sp.Matrix(shape.size, shape.size, lambda a, b: sp.Symbol(f"B_{a}_{b}"))
    change = entries @ matrix

    def of(vector: sp.MatrixBase, block: str) -> sp.Matrix:
        return vector.extract([0], list(shape.columns(block)))

    activity = (of(entries, "m") @ k_m + of(entries, "u") @ k_u)[0]
    moved = (of(change, "m") @ k_m + of(change, "u") @ k_u + of(entries, "u") @ basis @ k_u)[0]
    value, slope = response.values(activity)
    kappa = value * of(change, "v") + slope * moved * of(entries, "v") - value * of(entries, "v") @ basis.T
    output = value * of(change, "z") + slope * moved * of(entries, "z")
    unknowns = [*sorted(basis.free_symbols, key=str), *matrix]
    found = solve_identically([*kappa, *output], unknowns, [*entries, *latents, _phi, _slope])
    return tuple(sp.ImmutableMatrix(matrix.xreplace(each)) for each in found)
