"""How one neuron more or less changes what a network is after training: rows that do not stay normal.

A network feels its N rows theta_i as their empirical measure mu_N = (1/N) sum_i delta(theta_i) alone: activity and
outputs are means over it, and gradient descent moves every row by a field that depends on mu_N,

    theta_i <- theta_i - eta grad psi(theta_i; mu_N),    psi = dL / dmu_N, the loss's first variation.

So whatever is measured after training is a function g of the measure at the start, of any nonlinearity. With rows drawn
independently from mu, let mu_e = mu + e (delta_x - mu), and

    I(x) = d g(mu_e) / d e at e = 0,    <I> = 0,

the *influence* of a row x: what a neuron of that row does itself, and what all others do after it because activity and
gradients have changed. Then

    g(mu_N) = g(mu) + (1/N) sum_i I(theta_i) + O(1/N),                                                              (1)

and the standard deviation over networks is N^-1/2 that of I(x) over mu, to leading order. On nodes x_j with shares w_j,
w_j summing up to 1, mu_e is another choice of shares, and for a g written with free shares

    I(x_j) = dg/dw_j - sum_k w_k dg/dw_k,                                                                            (2)

also at nodes of share zero, which feel all others and are not felt.

**Linear networks.** There g depends on the overlaps at the start alone, so I(x) = tr(G (x x^T - S)) with G = dg/dSigma
at S. Of normal rows its variance is 2 tr(G S G S), what `fluctuations.normal_rows` gives: two routes to one number.

**What overlaps cannot tell.** Of other networks I is no quadratic form of the row. A theory in which g is a function of
the overlaps at the start (a closure) keeps of I its projection on such forms, at most.

Requires that phi has a continuous derivative: at a kink the derivative of psi has a jump that (2) does not see.
Derived here; tests/theory/degeneracy/test_influence.py, tests/simulate/degeneracy/test_transported.py.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from theory.degeneracy.fluctuations import Dispersion


@dataclass(frozen=True, eq=False)
class Influence:
    """One quantity after training, and its derivative in the share of every row at the start.

    Attributes:
        value: g of the measure.
        slopes: dg/dw_j, the axis of rows first.
        shares: w_j, of sum 1; rows of share zero are felt by none.

    >>> import numpy as np
    >>> x, w = np.array([-1.0, 1.0, 3.0]), np.array([0.5, 0.5, 0.0])
    >>> found = Influence(np.array(1.0), x**2, w)  # g = <x^2>
    >>> found.of_rows, float(found.dispersion.coefficient)
    (array([0., 0., 8.]), 0.0)
    """

    value: Float[np.ndarray, "*shape"]
    slopes: Float[np.ndarray, "rows ..."]
    shares: Float[np.ndarray, " rows"]

    @property
    def of_rows(self) -> Float[np.ndarray, "rows ..."]:
        """I(x_j), (2)."""
        return np.asarray(self.slopes - np.tensordot(self.shares, self.slopes, axes=1))

    @property
    def dispersion(self) -> Dispersion:
        """Over networks of rows drawn from this measure: the nodes are its independent directions.

        sum_j w_j I_j^2 is the variance of I.
        """
        root = np.sqrt(self.shares).reshape(-1, *(1,) * np.ndim(self.value))
        return Dispersion(np.asarray(self.value), root * self.of_rows)
