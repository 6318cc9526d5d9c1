"""Units of the neurons in which the weights are alike: a network is searched in them, and claims come back from there.

What is said of a network does not depend on the units of its neurons, W -> D W D^-1; what a search finds does. So
units are chosen first, by what does not depend on those that were given. All are powers of two: D W D^-1 is the same
network exactly, and networks that differ by powers of two are searched as one and the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

import flint
import numpy as np
import scipy.linalg
import scipy.sparse.csgraph
from jaxtyping import Int

from theory.contraction.claims.claim import Statement
from theory.contraction.claims.claim import Units as ExactUnits
from theory.contraction.network import Matrix, Network, Vector

StatementT = TypeVar("StatementT", bound=Statement)
Parameters = ParamSpec("Parameters")
Exponents = Int[np.ndarray, " n"]
_OFF_HALVES = 2.0**-20
"""Exponents are rounded a little off the halves, which regular weights are fond of: rounding errors do not count."""


def balancing(matrix: Matrix) -> Vector:
    """Powers of two, d, that make row i and column i of D M D^-1 about equally long; of large spans, what doubles hold.

    >>> balancing(np.array([[0.0, 64.0], [1.0, 0.0]])).tolist()
    [1.0, 8.0]
    """
    return np.ldexp(1.0, np.clip(balancing_exponents(matrix), -500, 500))


def balancing_exponents(matrix: Matrix) -> Exponents:
    """Their exponents, to base two; zero for the first neuron of those that are connected.

    First those of the least squares of log |M_ij| + e_i - e_j over all weights, which are the same in whatever units
    the matrix is given; from there, and so in the same steps, those of equally long rows and columns.
    """
    first = _least_squares(matrix)
    scales = scipy.linalg.matrix_balance(_in_units(matrix, first), permute=False, separate=True)[1][0]
    exponents = first - np.frexp(scales)[1] + 1
    return exponents - exponents[_anchors(matrix)]


def _anchors(matrix: Matrix) -> Exponents:
    """For each neuron the first one that it is connected with, in whatever direction."""
    labels = scipy.sparse.csgraph.connected_components(matrix != 0, directed=True, connection="weak")[1]
    places = np.unique(labels, return_index=True)[1]
    return np.asarray(places[labels])


def _least_squares(matrix: Matrix) -> Exponents:
    present = (matrix != 0) & ~np.eye(len(matrix), dtype=bool)
    sizes = np.log2(np.abs(matrix), where=present, out=np.zeros_like(matrix))
    edges = present.astype(float) + present.T
    anchors = _anchors(matrix)
    held = (anchors == np.arange(len(matrix))).astype(float)
    laplacian = np.diag(edges.sum(axis=1) + held) - edges
    exponents = np.linalg.solve(laplacian, sizes.sum(axis=0) - sizes.sum(axis=1))
    return np.asarray(np.floor(exponents + 0.5 + _OFF_HALVES).astype(np.int64))


def _in_units(matrix: Matrix, exponents: Exponents) -> Matrix:
    return np.ldexp(matrix, exponents[:, None] - exponents)


class LostInUnits(ArithmeticError):
    """A statement that is proved of a network is not proved of the same one in other units: a defect."""


@dataclass(frozen=True, eq=False)
class BalancedUnits:
    """A network as it was `given`, and the same `balanced`: y = D x, D = 2^`exponents`."""

    given: Network
    balanced: Network
    exponents: Exponents

    @classmethod
    def of(cls, given: Network) -> "BalancedUnits":
        """Those of D M D^-1, M = W G or G W; those that were given, where others would be beyond doubles."""
        exponents = balancing_exponents(given.gained) if np.isfinite(given.gained).all() else None
        if exponents is not None and exponents.any():
            with np.errstate(over="ignore", under="ignore"):
                weights = _in_units(given.weights, exponents)
                same = np.isfinite(weights).all() and (_in_units(weights, -exponents) == given.weights).all()
            if same:
                return cls(given, replace(given, weights=weights), exponents)
        return cls(given, given, np.zeros(given.size, dtype=np.int64))

    def returned(self, statement: StatementT, gain: float = 1.0) -> StatementT:
        """What was proved of the balanced network, with slopes times `gain`, proved anew of the given one.

        Raises:
            LostInUnits: where that fails.
        """
        if not self.exponents.any():
            return statement
        units: ExactUnits = tuple(flint.fmpq(2) ** int(exponent) for exponent in self.exponents)
        given = self.given.with_gain(gain).exact
        said = statement.rescaled(given, units)
        if not isinstance(said, type(statement)) or not said.holds(given):
            raise LostInUnits(f"{type(statement).__name__} holds in balanced units alone, which is a defect; report it")
        return said


def in_balanced_units(
    search: Callable[Concatenate[Network, Parameters], StatementT | None],
) -> Callable[Concatenate[Network, Parameters], StatementT | None]:
    """Make a search in balanced units, whatever units its network comes in, and bring its claim back, exactly."""

    def asked(network: Network, /, *given: Parameters.args, **named: Parameters.kwargs) -> StatementT | None:
        units = BalancedUnits.of(network)
        found = search(units.balanced, *given, **named)
        return None if found is None else units.returned(found)

    update_wrapper(asked, search)
    return asked
