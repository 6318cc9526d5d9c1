"""Units of states, channels, inputs and outputs in which a system's matrices are alike: it is searched in them.

    x^ = D x    w^ = K w    u^ = a u    y^ = b y
    A^ = D A D^-1    B^ = D B K^-1    C^ = K C D^-1    E^ = D E / a    F^ = b F D^-1

is the same system, with the same slopes: w = s G C x says the same of w^ and K G C x. Inputs, and outputs, have one
unit each, so that norms stay norms; the gain is b / a times that in the given units. All are powers of two, as of a
network's neurons (`theory/contraction/search/balanced_units.py`).
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import flint
import numpy as np

from theory.contraction.lure.statements import LureStatement, LureUnits
from theory.contraction.lure.system import LureSystem, Matrix
from theory.contraction.search.balanced_units import Exponents, LostInUnits, balancing_exponents

StatementT = TypeVar("StatementT", bound=LureStatement)
_FARTHEST = 500
"""Exponents beyond this are not asked for: numbers of a metric would be longer than certificates take."""


@dataclass(frozen=True, eq=False)
class BalancedLure:
    """A system as it was `given`, and the same `balanced`; units are 2^`exponents`.

    Those of the states come first, then those of the channels, the inputs' and the outputs'.
    """

    given: LureSystem
    balanced: LureSystem
    exponents: Exponents

    @classmethod
    def of(cls, given: LureSystem) -> "BalancedLure":
        """Units of entries alike in size; those that were given, where others would be beyond doubles.

        >>> from theory.contraction import lure
        >>> one = np.eye(1)
        >>> units = BalancedLure.of(lure.system.lure(one / 2, 64 * one, one / 64, discrete=True))
        >>> units.balanced.B.item(), units.balanced.C.item(), units.exponents.tolist()
        (1.0, 1.0, [0, 6, 0, 0])
        """
        couplings = _couplings(given)
        exponents = balancing_exponents(couplings) if np.isfinite(couplings).all() else np.zeros(len(couplings), int)
        if exponents.any() and np.abs(exponents).max() <= _FARTHEST:
            with np.errstate(over="ignore", under="ignore"):
                balanced = _in_units(given, exponents)
                there, again = _matrices(balanced), _matrices(_in_units(balanced, -exponents))
            same = all((a == b).all() for a, b in zip(_matrices(given), again, strict=True))
            if same and all(np.isfinite(each).all() for each in there):
                return cls(given, balanced, exponents)
        return cls(given, given, np.zeros(len(couplings), dtype=np.int64))

    def returned(self, statement: StatementT) -> StatementT:
        """What was proved of the balanced system, proved anew of the given one.

        Raises:
            LostInUnits: where that fails.
        """
        if not self.exponents.any():
            return statement
        n = self.given.states
        each = [flint.fmpq(2) ** exponent for exponent in self.exponents.tolist()]
        said = statement.rescaled(LureUnits(tuple(each[:n]), tuple(each[n:-2]), each[-2], each[-1]))
        if not isinstance(said, type(statement)) or not said.holds(self.given):
            raise LostInUnits(f"{type(statement).__name__} holds in balanced units alone, which is a defect; report it")
        return said

    @property
    def amplified(self) -> float:
        """A gain in the given units, for one of the balanced system of one."""
        return float(np.ldexp(1.0, int(self.exponents[-2] - self.exponents[-1])))


def _couplings(system: LureSystem) -> Matrix:
    """Of each state, channel, the inputs and the outputs a row and a column: how large what acts on it is."""
    n, k = system.states, len(system.slopes)
    whole = np.zeros((n + k + 2, n + k + 2))
    whole[:n, :n], whole[:n, n : n + k], whole[n : n + k, :n] = system.A, system.B, system.sensed
    whole[:n, -2] = np.abs(system.E).max(axis=1, initial=0.0)
    whole[-1, :n] = np.abs(system.F).max(axis=0, initial=0.0)
    return whole


def _in_units(system: LureSystem, exponents: Exponents) -> LureSystem:
    n = system.states
    states, channels = exponents[:n, None], exponents[n:-2, None]
    return replace(
        system,
        A=np.ldexp(system.A, states - states.T),
        B=np.ldexp(system.B, states - channels.T),
        C=np.ldexp(system.C, channels - states.T),
        E=np.ldexp(system.E, states - exponents[-2]),
        F=np.ldexp(system.F, exponents[-1] - states.T),
    )


def _matrices(system: LureSystem) -> tuple[Matrix, ...]:
    return system.A, system.B, system.C, system.E, system.F
