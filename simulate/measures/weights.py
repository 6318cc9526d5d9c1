"""How far the weights of two networks are from each other, whatever the order, signs and scales of their units."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from simulate.cells.symmetry import Symmetry
from simulate.measures.assignment import AssignmentSearch
from simulate.measures.balance import balanced
from simulate.measures.blocks import Block, NotWeights, Weights, blocks_of, require_alike
from simulate.measures.matching import Matching
from simulate.measures.measure import Distance, Measure
from simulate.measures.profile import Profile


@dataclass(frozen=True)
class WeightDistance(Distance):
    """The distance of two networks' weights, and the relabelling that reaches it.

    Attributes:
        size: sqrt(|W1|^2 + |W2|^2), the distance of networks that have nothing in common.
        parameters: entries of one network's weights.
        order, signs: unit i of the first network is unit order[i] of the second times signs[i].

    >>> WeightDistance(value=3.0, lower=0.0, size=5.0, parameters=4, order=(1, 0), signs=(1, 1)).relative
    0.6
    """

    size: float = field(kw_only=True)
    parameters: int = field(kw_only=True)
    order: tuple[int, ...] = field(kw_only=True)
    signs: tuple[int, ...] = field(kw_only=True)

    @property
    def relative(self) -> float:
        """The value in units of `size`: 0 for the same network, 1 for networks that have nothing in common."""
        return self.value / self.size if self.size else 0.0

    @property
    def per_parameter(self) -> float:
        """The value over the number of parameters, as Huang et al. compare networks of different sizes."""
        return self.value / self.parameters


@dataclass(frozen=True, eq=False)
class PreparedWeights:
    """The blocks of one network, balanced where its units may be rescaled, and its profile."""

    blocks: tuple[Block, ...]
    profile: Profile

    @property
    def rank(self) -> tuple[float, bytes]:
        """Which of two networks is the first."""
        return self.profile.size, b"".join(block.weights.tobytes() for block in self.blocks)


@dataclass(frozen=True)
class WeightsUpTo(Measure[Weights, PreparedWeights]):
    """The least Frobenius distance of the weights of two networks, over what may be done to the units of one.

    min |W1 - g W2| over all g of `symmetry`. With permutations alone and recurrent weights alone this is the distance
    of Huang et al. (d_PIF: min |W1 - P^T W2 P|). With a list of blocks all weights are compared at once, inputs, biases
    and readouts as features of units: |W1 - P^T W2 P|^2 + |U1 - P^T U2|^2 + |V1 - V2 P|^2 and so on.

    Positive rescalings are no isometries, and a distance to all rescaled copies would be no distance: both networks
    take the scales of least norm first (a network and its rescaled copy become the same), and are then compared up to
    permutations. So it is zero for copies, symmetric, and obeys the triangle inequality, as the others do.

    The minimum is searched for: `value` is the least that was found, `lower` a bound below all there is (derived in
    `bound` of a profile). Both are zero for a network and its transformed copy. Of up to six units all
    relabellings are tried: both are the minimum then.

    Arguments:
        symmetry: what may be done to the units: a cell's own (`cell.symmetry`), or less.
        search: how the minimum is searched for.

    Raises:
        NotWeights: on networks that are not finite, not of `symmetry.units` units, or not alike in their blocks.
        NoBalance: if units may be rescaled and some scale could grow without end.

    >>> import numpy as np
    >>> from simulate.cells import Symmetry
    >>> from simulate.measures import WeightsUpTo
    >>> W, signs = np.random.default_rng(0).normal(size=(8, 8)), np.array([1, -1, 1, 1, -1, 1, -1, -1])
    >>> copy = (signs[:, None] * W * signs)[::-1, ::-1]
    >>> WeightsUpTo(Symmetry(8, signs=True, scales=False))(W, copy).value
    0.0
    >>> WeightsUpTo(Symmetry(8, signs=False, scales=False))(W, copy).relative > 0.5
    True
    """

    symmetry: Symmetry
    search: AssignmentSearch = field(default_factory=AssignmentSearch)

    def prepare(self, item: Weights) -> PreparedWeights:
        """The network's blocks, checked, and what the bounds need."""
        blocks = blocks_of(item)
        if blocks[0].units != self.symmetry.units:
            raise NotWeights(
                f"{blocks[0].units} units, and a symmetry of {self.symmetry.units}: give the network's own"
            )
        if self.symmetry.scales:
            blocks = balanced(blocks)
        return PreparedWeights(blocks, Profile.of(blocks, self.symmetry.signs))

    def between(self, first: Sequence[PreparedWeights], second: Sequence[PreparedWeights]) -> list[WeightDistance]:
        """The distance of each of `first` from its partner in `second`, one pair after another."""
        return [self._distance(one, other) for one, other in zip(first, second, strict=True)]

    def _distance(self, one: PreparedWeights, other: PreparedWeights) -> WeightDistance:
        require_alike(one.blocks, other.blocks)
        if other.rank < one.rank:  # a search from A to B and one from B to A may end elsewhere
            turned = self._distance(other, one)
            back = np.argsort(turned.order)
            signs = np.asarray(turned.signs)[back]
            return replace(turned, order=tuple(back.tolist()), signs=tuple(signs.tolist()))
        matching = Matching.of(one.blocks, other.blocks, self.symmetry.signs)
        alike = one.profile.alike(other.profile)
        like_rows = linear_sum_assignment(alike, maximize=True)[1]
        found = self.search.run(matching, like_rows)
        relabelling = found.relabelling
        off = (
            np.linalg.norm(a.weights - relabelling.applied(b)) for a, b in zip(one.blocks, other.blocks, strict=True)
        )
        value = float(np.hypot.reduce([*off]))
        bound = one.profile.bound(other.profile, float(alike[np.arange(matching.n), like_rows].sum()))
        return WeightDistance(
            value,
            value if found.proved else bound,
            found.by,
            found.agreed,
            size=float(np.hypot(one.profile.size, other.profile.size)),
            parameters=sum(block.weights.size for block in one.blocks),
            order=tuple(relabelling.order.tolist()),
            signs=tuple(relabelling.signs.astype(int).tolist()),
        )


def shuffled(weights: ArrayLike, rng: np.random.Generator) -> Float[np.ndarray, "*shape"]:
    """The same entries in random places: weights of the same distribution that say nothing about the network.

    >>> import numpy as np
    >>> from simulate.measures import shuffled
    >>> W = np.arange(9.0).reshape(3, 3)
    >>> null = shuffled(W, np.random.default_rng(0))
    >>> bool((np.sort(null, axis=None) == W.ravel()).all()), bool((null == W).all())
    (True, False)
    """
    entries = np.array(weights, dtype=np.float64)
    return rng.permutation(entries.ravel()).reshape(entries.shape)
