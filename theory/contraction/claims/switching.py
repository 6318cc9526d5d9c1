"""That a network does not contract: slopes that switch in time so that a displacement does not decay."""

from dataclasses import dataclass, replace
from typing import ClassVar

import flint
from typing_extensions import override

from theory.contraction.claims.claim import Claim, Document, Units, congruent, divided, number, numbers, rows
from theory.contraction.claims.slopes import Slopes, allowed, drift, form_value
from theory.contraction.definite import is_positive_definite
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import ExactNetwork

PRECISIONS = (256, 2048)
"""Binary digits of the enclosure of an exponential; units that differ widely take more."""


@dataclass(frozen=True)
class Leg:
    """Slopes that are held for a time."""

    slopes: Slopes
    time: flint.fmpq


@dataclass(frozen=True)
class Switching(Claim):
    """Repeated for ever, the legs do not let a displacement v fall faster than exp(-`rate` t).

    One round takes y = exp(c t) x to Phi y, Phi the product of the legs' exp((J + c I) time), the first on the right.
    As Phi^T X Phi - X > 0, y^T X y grows from round to round; it begins positive. Exponentials are enclosed in balls,
    of rational midpoint and radius, that certainly hold them.
    """

    ranged: ClassVar[bool] = True
    legs: tuple[Leg, ...]
    lyapunov: ExactMatrix
    vector: tuple[flint.fmpq, ...]

    @override
    def proved(self, network: ExactNetwork) -> bool:
        size = network.weights.shape[0]
        if self.rate < 0 or not self.legs or len(self.vector) != size:
            return False
        if any(not allowed(network, leg.slopes) or leg.time <= 0 for leg in self.legs):
            return False
        if self.lyapunov.shape != (size, size) or self.lyapunov != self.lyapunov.T:
            return False
        if not form_value(self.lyapunov, self.vector) > 0:
            return False
        lowest = (_lowest(self.growth(network, precision)) for precision in PRECISIONS)
        return any(each is not None and is_positive_definite(each) for each in lowest)

    def growth(self, network: ExactNetwork, precision: int = PRECISIONS[0]) -> flint.arb_mat:
        """Phi^T X Phi - X, enclosed."""
        with flint.ctx.workprec(precision):
            round_trip = flint.arb_mat(ExactMatrix.identity(network.weights.shape[0]).entries)
            for leg in self.legs:
                moving = leg.time * drift(network, leg.slopes, self.rate)
                round_trip = flint.arb_mat(moving.entries).exp() * round_trip
            form = flint.arb_mat(self.lyapunov.entries)
            return round_trip.transpose() * form * round_trip - form

    @override
    def rescaled(self, network: ExactNetwork, units: Units) -> "Switching":
        form, vector = congruent(self.lyapunov, units), divided(self.vector, units)
        return replace(self, lyapunov=form, vector=vector)

    @override
    def document(self) -> Document:
        return {
            "claim": "not contracting",
            "by": "switching",
            "rate": number(self.rate),
            "legs": [{"slopes": numbers(leg.slopes), "time": number(leg.time)} for leg in self.legs],
            "X": rows(self.lyapunov),
            "vector": numbers(self.vector),
        }


def _lowest(enclosed: flint.arb_mat) -> ExactMatrix | None:
    """A rational matrix below every symmetric one in the enclosure: the midpoint less rows * (largest radius) * I."""
    table = enclosed.table()
    if not all(ball.is_finite() for row in table for ball in row):
        return None
    middle = ExactMatrix.of([[_as_rational(ball.mid()) for ball in row] for row in table])
    radius = max(_as_rational(ball.rad()) for row in table for ball in row)
    symmetric = flint.fmpq(1, 2) * (middle + middle.T)
    return symmetric - len(table) * radius * ExactMatrix.identity(len(table))


def _as_rational(point: flint.arb) -> flint.fmpq:
    mantissa, exponent = (int(part) for part in point.man_exp())
    return flint.fmpq(mantissa << exponent) if exponent >= 0 else flint.fmpq(mantissa, 1 << -exponent)
