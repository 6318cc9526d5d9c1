"""How far apart the eigenvalues of two operators are: the 2-Wasserstein distance in the complex plane."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from simulate.measures.measure import Distance, Measure
from simulate.measures.operator import Operator, matrix_of
from simulate.measures.samples import require_one_size

Spectrum = Complex[np.ndarray, " _"]


@dataclass(frozen=True)
class EigenvalueDistance(Measure[Operator | ArrayLike, Spectrum]):
    """The 2-Wasserstein distance between the eigenvalues of two operators, each of weight 1/n:

        sqrt(min over permutations p of the mean of |a_i - b_p(i)|^2).

    The minimum is an assignment, so it is exact, and value and bound are one. It is a metric on sets of eigenvalues
    (Redman et al. 2024 compare Koopman operators so). Of operators it says less than `OperatorDistance`: it is zero for
    all similar matrices, also where the transform is not orthogonal. Beware that peers give its square.

    >>> import numpy as np
    >>> from simulate.measures import EigenvalueDistance
    >>> one, other = np.diag([0.5, 0.9]), np.array([[0.9, 7.0], [0.0, 0.3]])
    >>> round(EigenvalueDistance()(one, other).value, 6)  # sqrt(0.2^2 / 2)
    0.141421
    """

    def prepare(self, item: Operator | ArrayLike) -> Spectrum:
        """The operator's eigenvalues.

        Raises:
            WrongShape, NotFinite, NotReal: if it is not square; if not all of its entries are finite; if it is complex.
        """
        return np.linalg.eigvals(matrix_of(item)).astype(complex)

    def between(self, first: Sequence[Spectrum], second: Sequence[Spectrum]) -> list[Distance]:
        """The distances of all pairs, one assignment after another.

        Raises:
            DifferentSizes: if not all operators have the same size.
        """
        require_one_size([*first, *second])
        return [_distance(a, b) for a, b in zip(first, second, strict=True)]


def _distance(a: Spectrum, b: Spectrum) -> Distance:
    squares = np.abs(a[:, None] - b) ** 2
    value = float(np.sqrt(squares[linear_sum_assignment(squares)].mean()))
    return Distance(value, value, "assignment")
