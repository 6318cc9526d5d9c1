"""Points in the plane that are as far from one another as networks are, and how sure their places are."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike
from scipy.linalg import orthogonal_procrustes
from scipy.stats import chi2

from simulate.measures.pairwise import Pairs, matrix_of_pairs
from simulate.measures.samples import TooFewSamples, WrongShape

MOST_STEPS = 1000
OF_A_REPLICATE = 1e-6
"""Where the descent of a replicate ends: what is left moves its places by less than replicates differ by far."""

Points = Float[np.ndarray, "items dimensions"]
Distances = Float[np.ndarray, "items items"]


@dataclass(frozen=True)
class Embedding:
    """Networks as points, their distances as near as may be to those that were measured.

    Attributes:
        points: one row a network; centred, along principal axes.
        stress: Kruskal's stress 1, the root of the squared misfits over the squared distances in the embedding:
            0 is perfect, above 0.2 poor.
        classical_stress: the same of classical scaling, where the search began.

    >>> import numpy as np
    >>> from simulate.measures import embed, pairwise
    >>> corners = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    >>> found = embed(pairwise(lambda a, b: float(np.linalg.norm(a - b)), corners), dimensions=2)
    >>> round(found.stress, 6), round(float(np.linalg.norm(found.points[0] - found.points[2])), 6)
    (0.0, 5.0)
    """

    points: Points
    stress: float
    classical_stress: float


@dataclass(frozen=True)
class Ellipse:
    """Where a point of an embedding is with the probability asked for: a centre and two half axes, as rows.

    >>> import numpy as np
    >>> round(Ellipse(np.zeros(2), np.array([[2.0, 0.0], [0.0, 1.0]])).area, 6)
    6.283185
    """

    centre: Float[np.ndarray, " 2"]
    half_axes: Float[np.ndarray, "2 2"]

    @property
    def area(self) -> float:
        """Pi times the lengths of the half axes."""
        return float(np.pi * np.prod(np.linalg.norm(self.half_axes, axis=1)))


def embed(pairs: Pairs | ArrayLike, *, dimensions: int = 2) -> Embedding:
    """Metric multidimensional scaling by stress majorisation (SMACOF), from classical scaling.

    Classical scaling takes the leading eigenvectors of the doubly centred squared distances; it is exact for points of
    so few dimensions. From it the search goes down in the sum of squared misfits, to a local minimum.

    Arguments:
        pairs: what `pairwise` returns, or any symmetric matrix of distances.
        dimensions: of the points.

    Raises:
        TooFewSamples: if there are not more items than dimensions.
        WrongShape, NotFinite: if the matrix is not square and symmetric; if it has NaN or infinity.

    >>> from simulate.measures import embed
    >>> embed([[0, 1, 2], [1, 0, 1], [2, 1, 0]], dimensions=1).points.round(6).ravel().tolist()
    [-1.0, 0.0, 1.0]
    """
    distances = _square(pairs)
    if len(distances) <= dimensions:
        raise TooFewSamples(f"{len(distances)} items in {dimensions} dimensions: give more items, or fewer dimensions")
    start = _classical(distances, dimensions)
    points = _majorised(distances, start)
    before, after = _stress(distances, start), _stress(distances, points)
    return Embedding(_principal(points), after, before)


def bootstrap_ellipses(
    pairs: Pairs | ArrayLike,
    *,
    groups: Sequence[Hashable] | None = None,
    replicates: int = 200,
    level: float = 0.95,
    seed: int,
) -> dict[Hashable, Ellipse]:
    """How the places in `embed(pairs).points` depend on which networks happened to be sampled.

    Networks are drawn again with replacement, embedded again, and turned, mirrored and shifted onto the places that
    they had (Procrustes). Without groups the places are those of the networks, by their numbers, over the replicates
    that have them. With groups, a label for each network, they are the groups' centroids, and networks are drawn within
    their group: two conditions are apart if their ellipses are.

    Arguments:
        pairs: what `pairwise` returns, or any symmetric matrix of distances.
        groups: a label for each network.
        replicates: how often networks are drawn.
        level: probability that an ellipse holds, places being normally distributed.
        seed: of the draws.

    Raises:
        TooFewSamples: if there are fewer than three items, or a place was seen in fewer than three replicates.
        WrongShape, NotFinite: as `embed` does; if there are not as many labels as items.

    >>> import numpy as np
    >>> from simulate.measures import bootstrap_ellipses
    >>> places = np.random.default_rng(0).normal(size=(20, 2)) + np.repeat([0.0, 5.0], 10)[:, None]
    >>> distances = np.linalg.norm(places[:, None] - places, axis=-1)
    >>> found = bootstrap_ellipses(distances, groups=["a"] * 10 + ["b"] * 10, seed=0)
    >>> round(float(np.linalg.norm(found["a"].centre - found["b"].centre))), found["a"].area < 3
    (7, True)
    """
    distances = _square(pairs)
    points = embed(distances).points
    labels: list[Hashable] = [*range(len(points))] if groups is None else [*groups]
    if len(labels) != len(points):
        raise WrongShape(f"{len(labels)} labels for {len(points)} items: give one label for each")
    strata = [np.arange(len(points))] if groups is None else [_where(labels, label) for label in dict.fromkeys(labels)]
    rng = np.random.default_rng(seed)
    seen: dict[Hashable, list[Float[np.ndarray, " 2"]]] = {label: [] for label in labels}
    for _ in range(replicates):
        drawn = np.concatenate([rng.choice(stratum, len(stratum)) for stratum in strata])
        moved = _onto(points[drawn], _majorised(distances[np.ix_(drawn, drawn)], points[drawn], OF_A_REPLICATE))
        of = [labels[k] for k in drawn]
        for label in dict.fromkeys(of):
            seen[label].append(moved[_where(of, label)].mean(axis=0))
    radius = float(np.sqrt(chi2.ppf(level, 2)))
    return {label: _ellipse(label, np.array(places), radius) for label, places in seen.items()}


def _square(pairs: Pairs | ArrayLike) -> Distances:
    distances = matrix_of_pairs(pairs)
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0)
    return distances


def _classical(distances: Distances, dimensions: int) -> Points:
    squares = distances**2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    return vectors[:, : -dimensions - 1 : -1] * np.sqrt(np.maximum(values[: -dimensions - 1 : -1], 0))


def _majorised(distances: Distances, start: Points, until: float = 1e-9) -> Points:
    """Down in the sum of squared misfits, until a step changes it by so little of the squared distances.

    Each step is the Guttman transform (SMACOF; de Leeuw 1977), as in scikit-learn, which looks at its arguments anew in
    every step and takes ten times as long for it.
    """
    if not distances.any():
        return start  # all in one place
    points, apart, misfit = start, _apart(start), np.inf
    for _ in range(MOST_STEPS):
        pull = np.divide(distances, apart, out=np.zeros_like(distances), where=apart > 0)
        points = (pull.sum(axis=1)[:, None] * points - pull @ points) / len(points)
        apart, before = _apart(points), misfit
        misfit = float(((apart - distances) ** 2).sum())
        if before - misfit < until * float((apart**2).sum()):
            break
    return points


def _apart(points: Points) -> Distances:
    return np.sqrt(((points[:, None] - points) ** 2).sum(axis=-1))


def _stress(distances: Distances, points: Points) -> float:
    embedded = np.linalg.norm(points[:, None] - points, axis=-1)
    size = float((embedded**2).sum())
    return float(np.sqrt(((distances - embedded) ** 2).sum() / size)) if size else 0.0


def _principal(points: Points) -> Points:
    """Centred, along principal axes, the largest coordinate of each axis positive."""
    left, sizes, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    turned = left * sizes
    return turned * np.where(turned.max(axis=0) >= -turned.min(axis=0), 1.0, -1.0)


def _onto(fixed: Points, moving: Points) -> Points:
    centred, middle = moving - moving.mean(axis=0), fixed.mean(axis=0)
    return centred @ orthogonal_procrustes(centred, fixed - middle)[0] + middle


def _where(labels: Sequence[Hashable], label: Hashable) -> Int[np.ndarray, " some"]:
    return np.flatnonzero([each == label for each in labels])


def _ellipse(label: Hashable, places: Float[np.ndarray, "replicates 2"], radius: float) -> Ellipse:
    if len(places) < 3:
        raise TooFewSamples(f"{label!r} was drawn in {len(places)} replicates: ask for more of them")
    values, vectors = np.linalg.eigh(np.cov(places.T))
    return Ellipse(places.mean(axis=0), radius * np.sqrt(np.maximum(values, 0))[:, None] * vectors.T)
