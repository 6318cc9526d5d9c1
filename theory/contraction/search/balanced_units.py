"""Units of the neurons in which rows and columns of the weights are alike, and searches that are made in them."""

from collections.abc import Callable
from dataclasses import replace
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
import scipy.linalg

from theory.contraction.claims.claim import Rescalable
from theory.contraction.exact_matrix import exact_vector
from theory.contraction.network import Matrix, Network, Vector

ClaimT = TypeVar("ClaimT", bound=Rescalable)
Parameters = ParamSpec("Parameters")


def balancing(matrix: Matrix) -> Vector:
    """Powers of two, d, that make row i and column i of D M D^-1 about equally long.

    >>> balancing(np.array([[0.0, 64.0], [1.0, 0.0]])).tolist()
    [0.125, 1.0]
    """
    scales = scipy.linalg.matrix_balance(matrix, permute=False, separate=True)[1][0]
    return np.asarray(1 / scales)


def in_balanced_units(
    search: Callable[Concatenate[Network, Parameters], ClaimT | None],
) -> Callable[Concatenate[Network, Parameters], ClaimT | None]:
    """Make a search in balanced units, whatever units its network comes in, and bring its claim back, exactly.

    D commutes with slopes and time constants and consists of powers of two, so that D W D^-1 is exact; claims are
    proved again in the units that were given.
    """

    def asked(network: Network, /, *given: Parameters.args, **named: Parameters.kwargs) -> ClaimT | None:
        units = balancing(network.gained)
        weights = units[:, None] * network.weights / units
        if (units == 1).all() or not np.isfinite(weights).all():
            return search(network, *given, **named)
        scaled = replace(network, weights=weights)
        found = search(scaled, *given, **named)
        if found is None:
            return None
        claim = found.rescaled(exact_vector(units.tolist()))
        return claim if isinstance(claim, type(found)) and claim.holds(network.exact) else None

    update_wrapper(asked, search)
    return asked
