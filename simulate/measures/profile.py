"""What is known of each unit and of each network before they are matched, and the bounds that follow from it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from simulate.measures.blocks import Block, Side
from simulate.measures.matching import Matrix

ROUNDING = 16 * float(np.finfo(np.float64).eps)
"""Of each unit's share: what a bound may be off by, which is subtracted."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Of one network: sorted rows and columns of its recurrent blocks, its features, and its spectra.

    `rows` and `columns` hold, block after block, the off-diagonal entries sorted within each block (absolute values
    where signs are free) over the square root of two, since each entry is in both. `diagonals` are exact where a unit's
    sign is squared in them, absolute elsewhere. `spectra` are the eigenvalues of symmetric and skew parts, or singular
    values where both sides are not transformed alike. `cores` are triangular factors of both kinds of features.
    """

    size: float
    sorted_entries: Float[np.ndarray, "units entries"]
    diagonals: Float[np.ndarray, "units blocks"]
    features: Float[np.ndarray, "units signed"]
    plain: Float[np.ndarray, "units unsigned"]
    spectra: Float[np.ndarray, " values"]
    cores: tuple[np.ndarray, np.ndarray]
    signed: bool

    @staticmethod
    def of(blocks: tuple[Block, ...], signed: bool) -> "Profile":
        """The profile of a network; `signed`: whether signs of units are free."""
        n = blocks[0].units
        entries, diagonals, spectra = [], [], []
        features: dict[bool, list[np.ndarray]] = {True: [np.zeros((n, 0))], False: [np.zeros((n, 0))]}
        for block in blocks:
            carries = signed and block.targets is not Side.GATE
            if not block.recurrent:
                features[carries].append(block.features)
                continue
            W = block.weights
            rows = np.abs(W) if signed else W
            off = ~np.eye(n, dtype=bool)
            for each in (rows, rows.T):
                entries.append(np.sort(each[off].reshape(n, n - 1), axis=1) / np.sqrt(2))
            alike = carries or not signed
            diagonals.append(np.diagonal(W if alike else rows))
            if alike:
                spectra.append(np.linalg.eigvalsh((W + W.T) / 2))
                spectra.append(np.linalg.eigvalsh((W - W.T) / 2j))
            else:
                spectra.append(np.linalg.svd(W, compute_uv=False))
        both = [np.concatenate(features[carries], axis=1) for carries in (True, False)]
        return Profile(
            float(np.sqrt(sum(float(np.vdot(block.weights, block.weights)) for block in blocks))),
            np.concatenate(entries, axis=1) if entries else np.zeros((n, 0)),
            np.stack(diagonals, axis=1) if diagonals else np.zeros((n, 0)),
            both[0],
            both[1],
            np.concatenate(spectra) if spectra else np.zeros(0),
            (_core(both[0]), _core(both[1])),
            signed,
        )

    def alike(self, other: "Profile") -> Matrix:
        """What each pair of units can have in common at most, whatever the assignment of the others."""
        signed_features = self.features @ other.features.T
        return (
            self.sorted_entries @ other.sorted_entries.T
            + self.diagonals @ other.diagonals.T
            + (np.abs(signed_features) if self.signed else signed_features)
            + self.plain @ other.plain.T
        )

    def bound(self, other: "Profile", common: float) -> float:
        """No relabelling brings the two networks nearer than this.

        `common` is the largest sum of `alike` over an assignment. The larger of two bounds is returned. Rows
        and columns: the overlap is a sum over pairs of matched units, each at most the inner product of sorted
        rows and columns, so that it is at most the best assignment of those (Gilmore, SIAM J. Appl. Math. 10,
        305, 1962; Lawler, Management Science 9, 586, 1963). Spectra: signed permutations are orthogonal, and
        over O(n) |S - Q S' Q^T| is at least the distance of sorted eigenvalues (Hoffman and Wielandt, Duke
        Math. J. 20, 37, 1953), for symmetric and skew parts alike; for |A - Q B R^T| that of singular values
        (Mirsky, 1960); for |F - Q G| the squared distance is at least |F|^2 + |G|^2 - 2 nuclear norm of F G^T.
        """
        sizes = self.size**2 + other.size**2
        of_spectra = ((self.spectra - other.spectra) ** 2).sum()
        for mine, theirs in zip(self.cores, other.cores, strict=True):
            nuclear = np.linalg.svd(mine @ theirs.T, compute_uv=False).sum() if mine.size else 0.0
            of_spectra += max(0.0, np.vdot(mine, mine) + np.vdot(theirs, theirs) - 2 * nuclear)
        squared = max(sizes - 2 * common, of_spectra) - ROUNDING * len(self.features) * sizes
        return float(np.sqrt(max(squared, 0.0)))


def _core(features: Float[np.ndarray, "units features"]) -> Float[np.ndarray, "least features"]:
    """R of features = Q R, which has their inner products."""
    R = np.linalg.qr(features, mode="r")
    return np.asarray(R)
