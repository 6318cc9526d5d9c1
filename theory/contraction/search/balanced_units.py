"""Searches that are made in balanced units of the neurons, and whose claims are then brought back, exactly."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np

from theory.contraction.claims.claim import Rescalable
from theory.contraction.exact_matrix import exact_vector
from theory.contraction.network import Network
from theory.contraction.search.balance import balancing

ClaimT = TypeVar("ClaimT", bound=Rescalable)
Parameters = ParamSpec("Parameters")


def in_balanced_units(
    search: Callable[Concatenate[Network, Parameters], ClaimT | None],
) -> Callable[Concatenate[Network, Parameters], ClaimT | None]:
    """The same search, no matter in which units the neurons are measured: D commutes with slopes and time constants.

    D consists of powers of two, so that D W D^-1 is exact; claims are proved again in the units that were given.
    """

    def asked(network: Network, /, *given: Parameters.args, **named: Parameters.kwargs) -> ClaimT | None:
        units = balancing(network.gained)
        weights = units[:, None] * network.weights / units
        if (units == 1).all() or not np.isfinite(weights).all():
            return search(network, *given, **named)
        scaled = Network(weights, network.form, network.slopes, network.time_constants)
        found = search(scaled, *given, **named)
        if found is None:
            return None
        claim = found.rescaled(exact_vector(units.tolist()))
        return claim if isinstance(claim, type(found)) and claim.holds(network.exact) else None

    update_wrapper(asked, search)
    return asked
