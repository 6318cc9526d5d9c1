"""Units of a low-rank network whose loadings are drawn from Gaussian populations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float


@runtime_checkable
class GaussianShare(Protocol):
    """A share of the units, and the mean and covariance of their (m_1 .. m_R, n_1 .. n_R, drive)."""

    @property
    def share(self) -> float:
        """Of all units."""

    @property
    def mean(self) -> Float[np.ndarray, " loadings"]:
        """Of each loading."""

    @property
    def covariance(self) -> Float[np.ndarray, "loadings loadings"]:
        """Of all loadings."""


@dataclass(frozen=True, eq=False)
class DrawnUnits:
    """A network with the weights M N^T: N has the factor 1 / units.

    >>> import numpy as np
    >>> from simulate.latent import DrawnUnits
    >>> DrawnUnits(np.ones((3, 1)), np.ones((3, 1)) / 3, np.zeros(3)).M.shape
    (3, 1)
    """

    M: Float[np.ndarray, "units rank"]
    N: Float[np.ndarray, "units rank"]
    drive: Float[np.ndarray, " units"]


def draw_units(populations: Sequence[GaussianShare], units: int, *, seed: int) -> DrawnUnits:
    """So many units, of each population as near to its share as whole numbers are.

    >>> import numpy as np
    >>> from simulate.latent import draw_units
    >>> from theory.universality import GaussianPopulation
    >>> draw_units([GaussianPopulation(1.0, np.zeros(5), np.eye(5))], 100, seed=0).N.shape
    (100, 2)
    """
    random = np.random.default_rng(seed)
    borders = np.round(units * np.cumsum([0.0, *(each.share for each in populations)])).astype(int)
    rows = np.concatenate(
        [
            random.multivariate_normal(each.mean, each.covariance, size=int(count), method="eigh")
            for each, count in zip(populations, np.diff(borders), strict=True)
        ]
    )
    rank = rows.shape[1] // 2
    return DrawnUnits(rows[:, :rank], rows[:, rank : 2 * rank] / units, rows[:, 2 * rank])
