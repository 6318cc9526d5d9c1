"""Whether a leading order is enough at N neurons: held to what networks of that size spread by.

Networks are drawn and carried by the exact map (`drawn`), so that their root mean square r is known with a standard
error e. To leading order it would be q. Then

- q is told where it is off by less than three standard errors, and by less than a tenth of r;
- else r, where e is below a tenth of it;
- else nothing: a few networks decide r, and others would decide otherwise.

With 1,024 networks and normal spreads e is 2.2 % of r.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from simulate.degeneracy.leading import LeadingOrder

STANDARD_ERRORS, KNOWN = 3.0, 0.1
ROUNDING = 1e-9
"""Relative to a value, differences between networks that are none."""
QUANTILES = (0.05, 0.5, 0.95)
Squares = Float[np.ndarray, "networks ..."]


@dataclass(frozen=True, eq=False)
class Seen:
    """A root mean square over networks and its standard error; `step` is what the quantity can change by at least.

    >>> seen = Seen.of(np.random.default_rng(0).normal(size=1024) ** 2)
    >>> bool(abs(seen.value - 1) < 0.07), bool(0.01 < seen.error < 0.03)
    (True, True)
    """

    value: Float[np.ndarray, "..."]
    error: Float[np.ndarray, "..."]
    step: Float[np.ndarray, "..."]

    @classmethod
    def of(cls, squares: Squares, step: float | np.ndarray = 0.0) -> "Seen":
        """Of these squares, an entry a network, or a pair of networks."""
        with np.errstate(all="ignore"):  # what is not finite is not known
            value, root = np.sqrt(squares.mean(axis=0)), np.sqrt(len(squares))
            error = np.where(value > 0, squares.std(axis=0, ddof=1) / root / (2 * value), 0.0)
        least = np.asarray(step, dtype=np.float64)
        return cls(np.asarray(value), np.asarray(np.maximum(error, least / root)), least)

    @classmethod
    def of_deviations(cls, values: Float[np.ndarray, "networks ..."], step: float = 0.0) -> "Seen":
        """The standard deviation of values, an entry a network."""
        with np.errstate(all="ignore"):
            least = np.maximum(step, ROUNDING * np.abs(values).mean(axis=0))
            return cls.of((values - values.mean(axis=0)) ** 2 * len(values) / (len(values) - 1), least)

    def stands(self, leading: float | np.ndarray) -> Bool[np.ndarray, "..."]:
        """Where the leading order is enough."""
        off = np.abs(np.asarray(leading) - self.value)
        return np.asarray(off <= np.minimum(STANDARD_ERRORS * self.error, KNOWN * self._scale))

    def told(self, leading: float | np.ndarray) -> Float[np.ndarray, "..."]:
        """The leading order where it stands, else what was seen; nan where that is not known."""
        known = np.where(self.error <= KNOWN * self._scale, self.value, np.nan)
        return np.asarray(np.where(self.stands(leading), leading, known))

    @property
    def _scale(self) -> Float[np.ndarray, "..."]:
        """What differences are small against: of whole numbers that which rounding to them would spread by."""
        return np.asarray(np.maximum(self.value, self.step / np.sqrt(12)))


@dataclass(frozen=True, eq=False)
class Told:
    """What is told of linear networks: the leading order, if there is one, held to networks that were drawn.

    `missing` and `remarks` are filled as numbers are asked for, by the names of `PopulationSpread`.

    >>> told = Told(None, "none of it", 100, {"loss": np.random.default_rng(0).normal(size=1024), "sigma": np.eye(4)})
    >>> told.number("loss")[1] is None, sorted(told.remarks)
    (False, ['loss_mean', 'loss_sd'])
    """

    leading: LeadingOrder | None
    no_leading: str
    neurons: int
    drawn: Mapping[str, np.ndarray]
    missing: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)

    @property
    def networks(self) -> int:
        """Of those that were drawn."""
        return len(self.drawn["sigma"])

    def overlaps(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each overlap; nan where a few networks decide it."""
        seen, leading = Seen.of_deviations(self.drawn["sigma"]), self._leading("sigma")
        sd, instead = seen.told(leading), ~seen.stands(leading)
        count = f"{{}} of {sd.size} overlaps"
        if np.isnan(sd).any():
            self.missing["sigma_sd"] = (
                f"{count.format(np.isnan(sd).sum())}: a few of {self.networks:,} networks decide it"
            )
        if (instead & np.isfinite(sd)).any():
            self.remarks["sigma_sd"] = f"{count.format((instead & np.isfinite(sd)).sum())} {self._carried(None, None)}"
        return self._mean("sigma", seen), sd

    def number(self, name: str, step: float = 0.0) -> tuple[float | None, float | None]:
        """Mean and standard deviation of a number; None where a few networks decide it."""
        values = np.asarray(self.drawn[name], dtype=np.float64)
        seen = Seen.of_deviations(values, step)
        sd = self.spread(f"{name}_sd", seen, float(self._leading(name)), values)
        if sd is None:
            self.missing[f"{name}_mean"] = self.missing[f"{name}_sd"]
            return None, None
        mean = float(self._mean(name, seen))
        if mean == values.mean():
            self.remarks[f"{name}_mean"] = self._carried(
                float(seen.value / self.networks**0.5), self._leading_mean(name)
            )
        return mean, sd

    def spread(self, name: str, seen: Seen, leading: float, values: np.ndarray) -> float | None:
        """One of the numbers, with a remark where the leading order is not enough."""
        told = float(seen.told(leading))
        if np.isnan(told):
            low, middle, high = np.quantile(values, QUANTILES)
            self.missing[name] = (
                f"a few of {self.networks:,} networks drawn decide it: 5, 50 and 95 % of all are below {low:.3g}, "
                f"{middle:.3g} and {high:.3g}"
            )
            return None
        if not seen.stands(leading):
            self.remarks[name] = self._carried(float(seen.error), leading)
        return told

    def _leading(self, name: str) -> np.ndarray:
        """nan where there is none."""
        return np.asarray(np.nan if self.leading is None else self.leading.sd[name])

    def _leading_mean(self, name: str) -> float:
        return float("nan") if self.leading is None else float(self.leading.mean[name])

    def _mean(self, name: str, seen: Seen) -> np.ndarray:
        """To leading order where all of it is within three standard errors: a matrix is one or the other."""
        mean = np.asarray(self.drawn[name].mean(axis=0))
        if self.leading is None:
            return mean
        error = np.maximum(seen.value, seen.step) / np.sqrt(self.networks)
        leading = self.leading.mean[name]
        return np.asarray(leading) if (np.abs(leading - mean) <= STANDARD_ERRORS * error).all() else mean

    def _carried(self, error: float | None, leading: float | None) -> str:
        """That a number is no leading order, and what that would be."""
        words = f"of {self.networks:,} networks carried by the exact map"
        if error is not None:
            words += f", ± {error:.2g}"
        if self.leading is None:
            return f"{words}; no leading order: {self.no_leading}"
        if leading is not None and not np.isfinite(leading):
            return f"{words}; to leading order it has no derivative there"
        return f"{words}; the leading order{'' if leading is None else f', {leading:.3g},'} is not enough"
