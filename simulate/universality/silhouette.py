"""How well networks lie within their group: silhouettes, beside those of labels that were put on at random."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from simulate.measures.pairwise import Pairs, matrix_of_pairs
from simulate.universality.grouping import Grouping, Labellings, sums_over_groups

Square = Float[np.ndarray, "networks networks"]


@dataclass(frozen=True, eq=False)
class Silhouette:
    """How much nearer a network is to its own group than to the nearest other one.

    `each` is (b - a) / max(a, b) of each network, with a its mean distance from the others of its group and b the least
    mean distance from another group: 1 deep inside, 0 on the border, negative among others. `value` is their mean;
    labels put on at random have a mean below zero, so that zero is not what "no clusters" looks like. `p` is their
    chance of as large a value; over all labellings if `exact`, else over as many random ones as `labellings` says.

    >>> from simulate.universality import silhouette
    >>> found = silhouette([[0, 1, 5, 5], [1, 0, 5, 5], [5, 5, 0, 1], [5, 5, 1, 0]], ["a", "a", "b", "b"])
    >>> round(found.value, 3), round(found.p, 3)
    (0.8, 0.333)
    """

    value: float
    each: Float[np.ndarray, " networks"]
    p: float
    labellings: int
    exact: bool


def silhouette(
    pairs: Pairs | ArrayLike,
    groups: Sequence[Hashable],
    *,
    within: Sequence[Hashable] | None = None,
    draws: int = 9_999,
    seed: int = 0,
) -> Silhouette:
    """The silhouettes of networks in given groups (Rousseeuw, J. Comput. Appl. Math. 1987), with a permutation null.

    Arguments: those of `permanova`.

    Raises:
        WrongShape, NotFinite: if the matrix is not square and symmetric, or labels are not as many.
        TooFewSamples: with fewer than two groups, fewer than two networks in one.

    >>> import numpy as np
    >>> from simulate.universality import silhouette
    >>> places = np.random.default_rng(0).normal(size=20)  # of one kind, whatever their labels
    >>> found = silhouette(abs(places[:, None] - places), ["a"] * 10 + ["b"] * 10)
    >>> found.value < 0.1, found.p > 0.05
    (True, True)
    """
    distances = matrix_of_pairs(pairs)
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0.0)
    grouping = Grouping.of(groups, len(distances), within=within)
    each = _silhouettes(distances, grouping, grouping.labels[None])[0]
    chance = grouping.by_chance(
        lambda labels: np.asarray(_silhouettes(distances, grouping, labels).mean(axis=1)), draws=draws, seed=seed
    )
    return Silhouette(float(each.mean()), each, chance.p, chance.labellings, chance.exact)


def _silhouettes(
    distances: Square, grouping: Grouping, labellings: Labellings
) -> Float[np.ndarray, "labellings networks"]:
    sizes = grouping.sizes
    sums = sums_over_groups(distances, labellings, len(sizes))
    own = labellings[:, :, None]
    inside = np.take_along_axis(sums, own, axis=2)[:, :, 0] / (sizes[labellings] - 1)
    means = sums / sizes
    np.put_along_axis(means, own, np.inf, axis=2)
    outside = means.min(axis=2)
    larger = np.maximum(inside, outside)
    return np.divide(outside - inside, larger, out=np.zeros_like(larger), where=larger > 0)
