"""Whether networks of one group are nearer to one another than to others: permutational analysis of variance."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from simulate.measures.pairwise import Pairs, matrix_of_pairs
from simulate.universality.grouping import Grouping, Labellings, sums_over_groups

Square = Float[np.ndarray, "networks networks"]


@dataclass(frozen=True)
class Permanova:
    """A multivariate analysis of variance of distances.

    `F` is the pseudo-F, the mean square between groups over that within; `share` the share R^2 of the sum of squares
    that is between groups. R^2 is not zero where groups do not differ: on average it is (groups - 1) / (networks - 1)
    then; `between_share` takes that off. `p` is the chance of such an F if labels were put on at random, over all
    labellings if `exact`, else over as many random ones as `labellings` says.

    >>> from simulate.universality import permanova
    >>> found = permanova([[0, 1, 5, 5], [1, 0, 5, 5], [5, 5, 0, 1], [5, 5, 1, 0]], ["a", "a", "b", "b"])
    >>> found.F, round(found.share, 4), found.exact
    (49.0, 0.9608, True)
    """

    F: float
    share: float
    p: float
    labellings: int
    exact: bool


def permanova(
    pairs: Pairs | ArrayLike,
    groups: Sequence[Hashable],
    *,
    within: Sequence[Hashable] | None = None,
    draws: int = 9_999,
    seed: int = 0,
) -> Permanova:
    """Test whether groups differ, in the place or in the spread of their networks (Anderson, Austral Ecol. 2001).

    With squared distances d^2 of N networks in a groups: the total sum of squares is the sum over pairs of d^2 over N,
    that within groups the sum over groups of the same, each over its own pairs and number; F is
    (between / (a - 1)) / (within / (N - a)). Of Euclidean distances of one number this is Fisher's F. A distance need
    not be Euclidean for the test to hold its level: under the null hypothesis labels are exchangeable. It answers to
    groups that differ in spread alone as well, the more so the less equal their sizes are.

    Arguments:
        pairs: what `pairwise` returns, or any symmetric matrix of distances; the diagonal is not read.
        groups: a label for each network.
        within: a second label for each; labels are then exchanged only among networks that share it. So a factor is
            tested with another one held (cells within nonlinearities).
        draws: random labellings, or the most of all that are tried one by one.
        seed: of the draws.

    Raises:
        WrongShape, NotFinite: if the matrix is not square and symmetric, or labels are not as many.
        TooFewSamples: with fewer than two groups, fewer than two networks in one.

    >>> import numpy as np
    >>> from simulate.universality import permanova
    >>> places = np.random.default_rng(0).normal(size=20) + np.repeat([0.0, 2.0], 10)
    >>> permanova(abs(places[:, None] - places), ["a"] * 10 + ["b"] * 10).p < 0.01
    True
    """
    squares = squared(pairs)
    grouping = Grouping.of(groups, len(squares), within=within)
    total = float(squares.sum()) / 2 / len(squares)
    inside = float(within_groups(squares, grouping, grouping.labels[None])[0])
    size = total or 1.0

    def share(labellings: Labellings) -> Float[np.ndarray, " labellings"]:  # of one design, F rises with it
        return 1 - within_groups(squares, grouping, labellings) / size

    chance = grouping.by_chance(share, draws=draws, seed=seed)
    if not total:
        return Permanova(0.0, 0.0, chance.p, chance.labellings, chance.exact)
    return Permanova(pseudo_F(total, inside, grouping), 1 - inside / total, chance.p, chance.labellings, chance.exact)


def squared(pairs: Pairs | ArrayLike) -> Square:
    """Squared distances, both halves alike, zero on the diagonal."""
    distances = matrix_of_pairs(pairs)
    squares = ((distances + distances.T) / 2) ** 2
    np.fill_diagonal(squares, 0.0)
    return squares


def within_groups(squares: Square, grouping: Grouping, labellings: Labellings) -> Float[np.ndarray, " labellings"]:
    """The sum of squares within groups, for each labelling."""
    sizes = grouping.sizes
    sums = sums_over_groups(squares, labellings, len(sizes))
    own = np.take_along_axis(sums, labellings[:, :, None], axis=2)[:, :, 0]
    return np.asarray((own / (2 * sizes[labellings])).sum(axis=1))


def pseudo_F(total: float, inside: float, grouping: Grouping) -> float:
    """The mean square between groups over that within; infinite where nothing differs within."""
    networks, groups = len(grouping.labels), len(grouping.sizes)
    if inside <= 1e-14 * total:
        return float("inf")
    return (total - inside) / (groups - 1) / (inside / (networks - groups))
