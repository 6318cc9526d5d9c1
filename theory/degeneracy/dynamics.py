"""How unlike the dynamics of linear low-rank networks are, up to rotation: from their overlaps.

Activity lies in the span of m and u, x = m k_m + u k_u, and k' = L k + inputs with a visible L (`theory.overlaps`).
In orthonormal coordinates of that span x is R k, with R^T R = G = [[mm, mu], [mu, uu]] (times N), and the operator is

    A = R L R^-1.

G is invisible, and A of two networks is compared up to rotation (dynamical similarity analysis, DSA, Ostrow et al.,
NeurIPS 2023, equation 6). Any function of L, as the map of a step, is to be taken in its place.

**One input, rank one.** A is 2 x 2, and DSA the Euclidean distance of points sqrt(2) (t, |a|, s) (`rotations`), with
half trace t, turn a and radius s. As A is similar to L, t and s^2 - a^2 = t^2 - det L are visible. All that DSA sees of
the invisible overlaps is therefore the one number

    |a| = |mu (L_22 - L_11) - uu L_21 + mm L_12| / (2 sqrt(mm uu - mu^2)),    with L as above |mu vu - uu vm| / (...),

and networks of one function (one L) are apart as |a| is, d^2 = 2 [(|a| - |a'|)^2 + (s - s')^2]. It is the
non-normality: the eigenvalues of L are real, and |A|^2 = sum |eigenvalue|^2 + 4 a^2, so that 2 |a| is Henrici's
departure from normality. Equal function and DSA zero: equal non-normality.

**Whitened coordinates.** DSA as it is commonly computed whitens the activity: A = F^-1/2 L F^1/2, with F the
covariance of k in the data, whatever G is. Nothing invisible is left: all invertible linear maps of the activity
cancel, delays being one of them. Invisible overlaps come back only where principal directions are cut. For any delays
and rank the operator of N units is that of the few units R k. In embedded coordinates that are not whitened G is
`delayed_gram`, in which the operator of a network that settles by itself is in closed form as well.

**Any rank.** The distance is an interval, by `rotations.least_distance`.

Derived here; proved and held to simulated trajectories in tests/theory/degeneracy/test_dynamics.py.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from theory.degeneracy.rotations import LeastDistance, least_distance, planar_turn, rotation_coordinates
from theory.lowering import lower_numpy
from theory.overlaps import OverlapTheory, Shape

Matrix = Float[np.ndarray, "n n"]


class NoSpan(ValueError):
    """Overlaps of m and u that are not those of independent vectors."""


@cache
def latent_generator(shape: Shape | None = None) -> sp.ImmutableMatrix:
    """L of a linear network: tau k' = L k + inputs, in visible overlaps. Latents are k_m, then k_u.

    >>> latent_generator()
    Matrix([
    [-1,      0],
    [vm, vu - 1]])
    """
    activity = OverlapTheory(Shape() if shape is None else shape).activity
    return sp.ImmutableMatrix(sp.Matrix(activity.velocity).subs(activity.gain, 1).jacobian(list(activity.latents)))


@cache
def span_gram(shape: Shape | None = None) -> sp.ImmutableMatrix:
    """G, the overlaps of m and u: none of them is visible.

    >>> span_gram()
    Matrix([
    [mm, mu],
    [mu, uu]])
    """
    shape = Shape() if shape is None else shape
    those = [*shape.columns("m"), *shape.columns("u")]
    return sp.ImmutableMatrix(shape.sigma.extract(those, those))


def planar_operator(latent: sp.MatrixBase | None = None) -> sp.ImmutableMatrix:
    """A = R L R^-1 with the triangular R of G, m along the first axis; of the flow unless another L is given (2 x 2).

    >>> sp.simplify(planar_operator().trace())
    vu - 2
    """
    L = latent_generator() if latent is None else latent
    G = span_gram()
    off = sp.sqrt(G.det() / G[0, 0])
    root = sp.Matrix([[sp.sqrt(G[0, 0]), G[0, 1] / sp.sqrt(G[0, 0])], [0, off]])
    return sp.ImmutableMatrix((root * L * root.inv()).applyfunc(sp.simplify))


@cache
def operator_coordinates(latent: sp.ImmutableMatrix | None = None) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """sqrt(2) (t, |a|, s) of one input and rank one: DSA of two networks is the Euclidean distance of these points.

    Arguments:
        latent: a 2 x 2 function of L in its place, as the map of a step.

    >>> operator_coordinates()[:2]
    (sqrt(2)*(vu - 2)/2, sqrt(2)*sqrt(1/(mm*uu - mu**2))*Abs(mu*vu - uu*vm)/2)
    """
    return rotation_coordinates(planar_operator(latent))


def non_normality() -> sp.Expr:
    """2 |a| of the flow: Henrici's departure from normality, and all that DSA sees of invisible overlaps.

    >>> non_normality()
    sqrt(1/(mm*uu - mu**2))*Abs(mu*vu - uu*vm)
    """
    return sp.sqrt(2) * operator_coordinates()[1]


def activity_operator(sigma: ArrayLike, shape: Shape | None = None) -> Matrix:
    """A of a linear network of any shape, from its overlaps: of the flow; of Euler's step h it is 1 + h A.

    Raises:
        NoSpan: if the columns of m and u are not independent.

    >>> activity_operator(np.eye(4)).tolist()
    [[-1.0, 0.0], [0.0, -1.0]]
    """
    shape = Shape() if shape is None else shape
    return in_coordinates_of(_latent(sigma, shape), _span(sigma, shape))


def whitened_operator(sigma: ArrayLike, covariance: ArrayLike, shape: Shape | None = None) -> Matrix:
    """A in coordinates in which the activity is white, as DSA commonly has it; `covariance` is that of the latents.

    No invisible overlap enters.

    >>> whitened_operator(np.eye(4), np.diag([4.0, 1.0])).tolist()
    [[-1.0, 0.0], [0.0, -1.0]]
    """
    shape = Shape() if shape is None else shape
    return in_coordinates_of(_latent(sigma, shape), np.linalg.inv(np.asarray(covariance, dtype=np.float64)))


def embedded_operator(
    sigma: ArrayLike, shape: Shape | None = None, *, dt: float, delays: int = 1, interval: int = 1
) -> Matrix:
    """The operator of Euler's step dt (in time constants) in delay coordinates that are not whitened, without inputs.

    With one delay it is 1 + dt A, A of `activity_operator`; with more, still of few directions (inputs + rank).

    Arguments:
        sigma: overlaps (d x d), in the order m, u, v, z.
        shape: of the network; one input, rank and output unless given.
        dt: of a step.
        delays: states beside one another, the present one counted, `interval` steps apart.

    >>> embedded_operator(np.eye(4), dt=0.5, delays=3).round(12).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    shape = Shape() if shape is None else shape
    L, G = _latent(sigma, shape), _span(sigma, shape)
    step = np.eye(len(L)) + dt * L
    return in_coordinates_of(step, delayed_gram(G, step, delays, interval))


def in_coordinates_of(latent: ArrayLike, gram: ArrayLike) -> Matrix:
    """R L R^-1 with R^T R = G, the metric of the latents; another R would be the same but for a rotation.

    Raises:
        NoSpan: if G is not positive definite.

    >>> in_coordinates_of([[0.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 9.0]]).tolist()
    [[0.0, 0.0], [3.0, 0.0]]
    """
    G = np.asarray(gram, dtype=np.float64)
    try:
        root = np.linalg.cholesky((G + G.T) / 2).T
    except np.linalg.LinAlgError as error:
        raise NoSpan("overlaps of m and u that are not positive definite: they span fewer directions") from error
    return np.asarray(root @ np.asarray(latent, dtype=np.float64) @ np.linalg.inv(root))


def delayed_gram(gram: ArrayLike, step: ArrayLike, delays: int, interval: int = 1) -> Matrix:
    """G of states embedded beside their predecessors, of activity that a map M of the latents moves on by itself.

    The state of k steps ago is that of M^-k latents, so G is the sum of (M^-k)^T G M^-k over k = 0, `interval`, ... In
    embedded coordinates the operator of a step is R M R^-1 with its root R.

    >>> delayed_gram(np.eye(2), 0.5 * np.eye(2), delays=2).tolist()
    [[5.0, 0.0], [0.0, 5.0]]
    """
    back = np.linalg.matrix_power(np.linalg.inv(np.asarray(step, dtype=np.float64)), interval)
    total = term = np.asarray(gram, dtype=np.float64)
    for _ in range(delays - 1):
        term = back.T @ term @ back
        total = total + term
    return np.asarray(total)


def dynamics_apart(first: ArrayLike, second: ArrayLike, shape: Shape | None = None) -> LeastDistance:
    """DSA of two linear networks in the coordinates of their activity, from their overlaps (d x d each).

    In closed form for one input and rank one, as an interval beyond. Of Euler's step h it is h times as much.

    >>> one, other = np.eye(4), np.eye(4)
    >>> one[0, 2] = one[2, 0] = 0.5; other[1, 2] = other[2, 1] = 0.5
    >>> round(dynamics_apart(one, other).value, 6)
    0.5
    """
    shape = Shape() if shape is None else shape
    A, B = (activity_operator(each, shape) for each in (first, second))
    if len(A) > 2:
        return least_distance(A, B)
    points = [_point(each) for each in (first, second)]
    exact = float(np.linalg.norm(points[0] - points[1]))
    return LeastDistance(exact, exact, planar_turn(A, B))


def _point(sigma: ArrayLike) -> Float[np.ndarray, "3"]:
    matrix = np.asarray(sigma, dtype=np.float64)
    return np.asarray(_lowered_point()(*(matrix[a, b] for a, b in Shape().pairs)), dtype=np.float64).ravel()


@cache
def _lowered_point() -> Callable[..., NDArray[Any]]:
    return lower_numpy(_overlaps(Shape()), sp.ImmutableMatrix(operator_coordinates()))


@cache
def _lowered_generator(shape: Shape) -> Callable[..., NDArray[Any]]:
    return lower_numpy(_overlaps(shape), latent_generator(shape))


def _overlaps(shape: Shape) -> tuple[sp.Symbol, ...]:
    return tuple(shape.overlap(a, b) for a, b in shape.pairs)


def _span(sigma: ArrayLike, shape: Shape) -> Matrix:
    """G."""
    those = [*shape.columns("m"), *shape.columns("u")]
    return np.asarray(np.asarray(sigma, dtype=np.float64)[np.ix_(those, those)])


def _latent(sigma: ArrayLike, shape: Shape) -> Matrix:
    """L of these overlaps."""
    matrix = np.asarray(sigma, dtype=np.float64)
    if matrix.shape != (shape.size, shape.size):
        raise NoSpan(f"overlaps of shape {matrix.shape}: {shape} has {shape.size} x {shape.size}")
    return np.asarray(_lowered_generator(shape)(*(matrix[a, b] for a, b in shape.pairs)), dtype=np.float64)
