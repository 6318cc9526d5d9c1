"""Rows of theta drawn independently: what networks of N neurons start from, and their overlaps."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from scipy.stats import wishart
from typing_extensions import override

MOST = 2**22
"""Numbers that are drawn at a time."""


@dataclass(frozen=True)
class Entries:
    """How the independent entries of a row are distributed, before they are mixed: mean zero, variance one.

    >>> NORMAL.excess, UNIFORM.excess, SIGNS.excess
    (0.0, -1.2, -2.0)
    """

    excess: ClassVar[float]
    """<e^4> - 3."""

    @abstractmethod
    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """So many of them."""


class NormalEntries(Entries):
    """Gaussian rows."""

    excess = 0.0

    @override
    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return random.standard_normal(shape)


class UniformEntries(Entries):
    """Uniform, as weights are drawn that begin in U(-1 / N^1/2, 1 / N^1/2)."""

    excess = -1.2

    @override
    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return random.uniform(-(3**0.5), 3**0.5, shape)


class SignEntries(Entries):
    """One or minus one, at even odds: without mixing, columns have norm N^1/2 exactly."""

    excess = -2.0

    @override
    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return random.choice(np.array([-1.0, 1.0]), shape)


class LaplaceEntries(Entries):
    """Sparse rows, of heavier tails than normal ones."""

    excess = 3.0

    @override
    def draw(self, random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return random.laplace(scale=0.5**0.5, size=shape)


NORMAL = NormalEntries()
"""Fourth cumulant 0."""
UNIFORM = UniformEntries()
"""Fourth cumulant -6/5."""
SIGNS = SignEntries()
"""Fourth cumulant -2."""
LAPLACE = LaplaceEntries()
"""Fourth cumulant 3."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Independent rows e R of N neurons: `root` is R (any number of entries x d), so that their covariance is R^T R.

    >>> import numpy as np
    >>> rows = Rows(np.eye(4), NORMAL)
    >>> rows.draw(neurons=50, networks=3, seed=0).shape, rows.draw_overlaps(neurons=50, networks=3, seed=0).shape
    ((3, 50, 4), (3, 4, 4))
    """

    root: Float[np.ndarray, "entries d"]
    entries: Entries = NORMAL

    @property
    def covariance(self) -> Float[np.ndarray, "d d"]:
        """R^T R."""
        return self.root.T @ self.root

    def draw(self, *, neurons: int, networks: int, seed: int) -> Float[np.ndarray, "networks neurons d"]:
        """theta of each network."""
        return np.concatenate(list(self._drawn(neurons, networks, seed)))

    def draw_overlaps(self, *, neurons: int, networks: int, seed: int) -> Float[np.ndarray, "networks d d"]:
        """theta^T theta / N of the same networks; rows are kept no longer than needed."""
        grams = [theta.transpose(0, 2, 1) @ theta / neurons for theta in self._drawn(neurons, networks, seed)]
        return np.concatenate(grams)

    def draw_wishart(self, *, neurons: int, networks: int, seed: int) -> Float[np.ndarray, "networks d d"]:
        """The same of other networks; of normal rows Wishart matrices over N, at a cost that does not grow with N."""
        entries = len(self.root)
        if self.entries != NORMAL or not 0 < entries <= neurons:
            return self.draw_overlaps(neurons=neurons, networks=networks, seed=seed)
        drawn = wishart(df=neurons, scale=np.eye(entries) / neurons, seed=seed).rvs(networks)
        return self.root.T @ np.reshape(drawn, (networks, entries, entries)) @ self.root

    def _drawn(self, neurons: int, networks: int, seed: int) -> Iterator[Float[np.ndarray, "some neurons d"]]:
        random = np.random.default_rng(seed)
        together = max(1, MOST // (neurons * max(1, len(self.root))))
        for first in range(0, networks, together):
            count = min(together, networks - first)
            yield self.entries.draw(random, (count, neurons, len(self.root))) @ self.root
