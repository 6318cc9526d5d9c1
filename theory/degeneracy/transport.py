"""What training makes of a linear low-rank network, all of it in one d x d matrix: theta_T = theta_0 M.

One step of gradient descent multiplies theta = [m u v z] from the right (`theory.overlaps.equations.step`), by a matrix
in which nothing stands but the gradient H at the overlaps of that moment. So do all steps together, theta_T =
theta_0 M, and M depends on Sigma_0 = theta_0^T theta_0 / N alone: for every N, rank, number of inputs and outputs. With
momentum [theta_t w_t] = theta_0 [M_t V_t]. Then the overlaps between any two moments are products of Sigma_0 and M, and

    Sigma_T = M^T Sigma_0 M,
    |theta_T - theta_0|^2 = N tr((M - 1)^T Sigma_0 (M - 1)),
    |W_T - W_0|^2 = tr(L^T Sigma_0 L R^T Sigma_0 R),   L = [(M - 1)_u 1_u],  R = [M_v (M - 1)_v],   W = u v^T / N,

a subscript taking the columns of that block. Outputs depend on Sigma: dy_k = tr(D_k dSigma) with D_k symmetric gives
dy_k / dtheta = 2 theta D_k / N, and the tangent kernel (1 / N)(4 tr(D_k Sigma D_l)). The loss on other trials is their
loss at Sigma_T. All of it is sums and products of matrices, of numpy or JAX alike.

Derived here; tests/theory/degeneracy/test_transport.py proves it in fractions, and tests/simulate/degeneracy against
trained networks and automatic differentiation.

>>> import numpy as np
>>> from theory.degeneracy import transport
>>> start, product = np.diag([1.0, 2.0, 2.0, 1.0]), 1.1 * np.eye(4)
>>> round(float(transport.squared_change(start, product, np.eye(4))), 6)
0.06
"""

from typing import Any, TypeAlias

from theory.overlaps import Shape

Matrix: TypeAlias = Any
"""A matrix of numpy or JAX."""

Number: TypeAlias = Any


def transported(start: Matrix, product: Matrix) -> Matrix:
    """Sigma_T = M^T Sigma_0 M (d x d).

    >>> import numpy as np
    >>> transported(np.eye(2), np.array([[1.0, 0.0], [2.0, 1.0]]))
    array([[5., 2.],
           [2., 1.]])
    """
    return product.T @ start @ product


def squared_change(start: Matrix, product: Matrix, identity: Matrix) -> Number:
    """|theta_T - theta_0|^2 / N, of all columns together.

    >>> import numpy as np
    >>> float(squared_change(np.eye(4), 3 * np.eye(4), np.eye(4)))  # every entry moved by twice itself
    16.0
    """
    return transported(start, product - identity).trace()


def squared_recurrent_change(shape: Shape, start: Matrix, product: Matrix, identity: Matrix) -> Number:
    """|W_T - W_0|^2 in the Frobenius norm, of W = u v^T / N.

    W_T - W_0 = (u_T - u_0) v_T^T / N + u_0 (v_T - v_0)^T / N: no difference of large numbers is taken.

    >>> import numpy as np
    >>> from theory.overlaps import Shape
    >>> float(squared_recurrent_change(Shape(), np.eye(4), 2 * np.eye(4), np.eye(4)))  # W four times as large
    9.0
    """
    u, v = (list(shape.columns(block)) for block in "uv")
    moved = product - identity
    left, right = (moved[:, u], identity[:, u]), (product[:, v], moved[:, v])
    return sum(
        ((a.T @ start @ b) * (c.T @ start @ e)).sum()
        for a, c in zip(left, right, strict=True)
        for b, e in zip(left, right, strict=True)
    )


def squared_recurrent_norm(shape: Shape, sigma: Matrix) -> Number:
    """|W|^2 = tr(uu vv) of W = u v^T / N.

    >>> import numpy as np
    >>> from theory.overlaps import Shape
    >>> float(squared_recurrent_norm(Shape(), np.diag([1.0, 2.0, 3.0, 1.0])))
    6.0
    """
    u, v = (slice(columns.start, columns.stop) for columns in (shape.columns("u"), shape.columns("v")))
    return (sigma[u, u] * sigma[v, v]).sum()


def tangent_kernel(slopes: Matrix, sigma: Matrix) -> Matrix:
    """N times the tangent kernel of some outputs, 4 tr(D_k Sigma D_l) (outputs x outputs).

    `slopes` are the D_k (outputs x d x d), each symmetric, dy_k = tr(D_k dSigma); where outputs are weighted, as by the
    root of a mask, so are these.

    >>> import numpy as np
    >>> tangent_kernel(np.array([[[0.0, 0.5], [0.5, 0.0]]]), np.diag([1.0, 2.0]))  # y = theta_1 . theta_2 / N
    array([[3.]])
    """
    rows = len(slopes)
    return 4 * (slopes @ sigma).reshape(rows, -1) @ slopes.reshape(rows, -1).T


def alignment(first: Matrix, second: Matrix) -> Number:
    """tr(K K') / (|K| |K'|) of two symmetric kernels: 1 where one is a multiple of the other.

    >>> import numpy as np
    >>> round(float(alignment(np.eye(2), np.diag([1.0, 0.0]))), 4)
    0.7071
    """
    return (first * second).sum() / ((first**2).sum() * (second**2).sum()) ** 0.5
