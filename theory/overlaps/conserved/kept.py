"""What a network itself keeps as it learns, and what its Gaussian closure keeps: not the same for ReLU.

A linear network and its overlaps are one theory, and keep the same. The gain of ReLU is the constant 1/2, so that its
closure is a linear theory and keeps the spectrum of A Sigma, A = 1 on m and u and -1 on v and z, as a linear network
does. A true ReLU network does not: its gradient is not linear in the row. It keeps what the symmetries of its function
give: traces of the overlaps, and m_i^2 + u_i^2 - v_i^2 - z_i^2 of every neuron by itself, the diagonal of
K = theta A theta^T. erf and tanh keep the traces alone, network and closure alike.
Derived here; `tests/theory/overlaps/conserved/test_kept.py` proves it on trained networks.
"""

from dataclasses import dataclass

import sympy as sp

from theory.overlaps.conserved.invariants import conserved_matrices
from theory.overlaps.conserved.symmetries import Response, generators, neuron_generators, noether_matrices
from theory.overlaps.equations.gram import GramEquations
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.visible import visible_overlaps
from theory.overlaps.gaussian import NamedFunction, Nonlinearity, expression_of

Matrices = tuple[sp.ImmutableMatrix, ...]


@dataclass(frozen=True)
class Kept:
    """Symmetric d x d matrices of what gradient descent at a small rate keeps, all blocks trained at one rate.

    `traces` are the C of conserved tr(C Sigma); `spectra` the B for which B Sigma keeps its eigenvalues; `neurons` the
    B for which theta_i B theta_i^T is kept, neuron by neuron.
    """

    traces: Matrices
    spectra: Matrices
    neurons: Matrices


def kept_by_network(shape: Shape, phi: Nonlinearity | NamedFunction) -> Kept:
    """What any network with this nonlinearity keeps, however many neurons it has and however they are distributed.

    >>> from theory.overlaps import RELU
    >>> kept = kept_by_network(Shape(), RELU)
    >>> [(C @ Shape().sigma).trace() for C in kept.traces], kept.spectra
    ([uu - vv, mm - zz], ())
    >>> [B.diagonal() for B in kept.neurons]
    [Matrix([[1, 1, -1, -1]])]
    """
    phi = expression_of(phi)
    response = Response.of(phi)
    return Kept(
        traces=_traces(shape, response),
        spectra=_spectra(shape, phi) if response is Response.linear else (),
        neurons=neuron_generators(shape, response),
    )


def kept_by_closure(shape: Shape, phi: Nonlinearity | NamedFunction) -> Kept:
    """What the Gaussian closure keeps, which knows the overlaps and no neurons.

    >>> from theory.overlaps import RELU
    >>> [B.diagonal() for B in kept_by_closure(Shape(), RELU).spectra]
    [Matrix([[1, 1, -1, -1]])]
    """
    phi = expression_of(phi)
    return Kept(traces=_traces(shape, Response.of(phi)), spectra=_spectra(shape, phi), neurons=())


def _traces(shape: Shape, response: Response) -> Matrices:
    return noether_matrices(generators(shape, response), sp.eye(shape.size))


def _spectra(shape: Shape, phi: Nonlinearity) -> Matrices:
    return conserved_matrices(GramEquations(shape, visible_overlaps(shape, phi)).gradient_matrix, sp.eye(shape.size))
