"""How many invariants there are, how many numbers the function fixes, and how many overlaps stay hidden from both.

Counted as ranks of differentials at overlaps in general position, in exact arithmetic. For networks whose blocks are
all trained the count comes out as d + R (R + 1) / 2 with a constant gain (linear; the closure of ReLU), and as
R (R + 1) / 2 with any other: `count_by_formula`, for shapes of any size. Derived here; proved, shape by shape, in
tests/theory/overlaps/conserved/test_counting.py, and `theory.overlaps.conserved.orbits` that there are no more.
"""

from dataclasses import dataclass

import flint
import sympy as sp

from theory.overlaps.conserved.invariants import conserved_matrices
from theory.overlaps.conserved.symmetries import Response, generators, noether_matrices
from theory.overlaps.equations.exact import Row, differential, general_overlaps, matrix_of, rank, tangent
from theory.overlaps.equations.gram import GramEquations
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.visible import visible_overlaps
from theory.overlaps.gaussian import NamedFunction, Nonlinearity, expression_of


@dataclass(frozen=True)
class InvariantCount:
    """Numbers of independent functions of the overlaps (of which there are `overlaps`), and of directions left."""

    overlaps: int
    visible: int
    function: int
    """What the function of the network fixes: the visible overlaps up to a change of latent basis."""
    spectral: int
    """Invariants from the pattern of visible overlaps alone (`theory.overlaps.conserved.invariants`)."""
    noether: int
    """Invariants from the symmetries of the function alone (`theory.overlaps.conserved.symmetries`)."""
    invariants: int
    """Both together, without what depends on the others."""
    hidden: int
    """Directions in which neither the function nor an invariant changes."""
    hidden_at_equal_visible: int
    """Directions in which neither a visible overlap nor an invariant changes."""


def count_invariants(
    shape: Shape, phi: Nonlinearity | NamedFunction, frozen: frozenset[str] = frozenset()
) -> InvariantCount:
    """Count them for the flow of the overlaps of linear networks, or of the Gaussian closure of others.

    `frozen` blocks are not trained; the overlaps among them are counted as invariants.

    >>> from theory.overlaps import ERF, LINEAR
    >>> count = count_invariants(Shape(rank=2), LINEAR)
    >>> count.invariants, count.function, count.hidden, count.hidden_at_equal_visible
    (9, 5, 7, 3)
    >>> count_invariants(Shape(), ERF).invariants
    1

    Raises:
        NotANonlinearity: if phi is none whose expression is known.
    """
    phi = expression_of(phi)
    visible = visible_overlaps(shape, phi)
    symmetries = generators(shape, Response.of(phi))
    trained = [column for column, label in enumerate(shape.labels) if label[0] not in frozen]
    point = general_overlaps(shape)
    spectral = _spectral(shape, visible, trained, point)
    rates = sp.diag(*(int(column in trained) for column in range(shape.size)))
    noether = [differential(shape, matrix_of(each)) for each in noether_matrices(symmetries, rates)]
    frozen_pairs = [_unit(shape, k) for k, pair in enumerate(shape.pairs) if not set(pair) & set(trained)]
    invariants = spectral + noether + frozen_pairs
    unseen = [_unit(shape, k) for k, (a, b) in enumerate(shape.pairs) if shape.overlap(a, b) not in visible]
    same_function = unseen + [_change_of_basis(shape, matrix_of(each), point) for each in symmetries]
    return InvariantCount(
        overlaps=len(shape.pairs),
        visible=len(visible),
        function=len(shape.pairs) - rank(same_function),
        spectral=rank(spectral),
        noether=rank(noether),
        invariants=rank(invariants),
        hidden=_left_by(invariants, same_function),
        hidden_at_equal_visible=_left_by(invariants, unseen),
    )


def count_by_formula(shape: Shape, response: Response) -> InvariantCount:
    """The numbers of `count_invariants` in closed form, all blocks being trained.

    With p = inputs + R columns that drive and q = R + outputs that read, the visible overlaps are p q, and
    p (p + 1) / 2 more unless the gain is constant. The function fixes them up to the R^2 changes of latent basis.

    >>> count_by_formula(Shape(rank=2), Response.linear).invariants
    9
    >>> count_by_formula(Shape(inputs=6, rank=12, outputs=512), Response.generic).hidden
    137616
    """
    drive, read = shape.inputs + shape.rank, shape.rank + shape.outputs
    latent, among_drive = _pairs(shape.rank), _pairs(drive)
    constant_gain = response is not Response.generic
    visible = drive * read + (0 if constant_gain else among_drive)
    overlaps, function = _pairs(shape.size), visible - shape.rank**2
    invariants = latent + (shape.size if constant_gain else 0)
    return InvariantCount(
        overlaps=overlaps,
        visible=visible,
        function=function,
        spectral=shape.size if constant_gain else 0,
        noether=latent + (1 if constant_gain else 0),
        invariants=invariants,
        hidden=overlaps - function - invariants,
        hidden_at_equal_visible=overlaps - visible - invariants,
    )


def _pairs(count: int) -> int:
    return count * (count + 1) // 2


def _spectral(shape: Shape, visible: tuple[sp.Symbol, ...], trained: list[int], point: flint.fmpq_mat) -> list[Row]:
    """Differentials of tr (B S)^k, S the overlaps of the trained columns without their parts along the frozen ones."""
    if not trained:
        return []
    pattern = GramEquations(shape, visible).gradient_matrix.extract(trained, trained)
    project = _projection(shape, trained, point)
    inner = project * point * project.transpose()
    found = []
    for each in conserved_matrices(pattern, sp.eye(len(trained))):
        conserved = matrix_of(each)
        power = project.transpose() * conserved
        for _ in trained:
            found.append(differential(shape, power * project))
            power = power * inner * conserved
    return found


def _projection(shape: Shape, trained: list[int], point: flint.fmpq_mat) -> flint.fmpq_mat:
    """L with S = L Sigma L^T; to first order in dSigma, dS = L dSigma L^T."""
    fixed = [column for column in range(shape.size) if column not in trained]
    full = flint.fmpq_mat(len(trained), shape.size, [int(a == b) for a in trained for b in range(shape.size)])
    if not fixed:
        return full
    inner = flint.fmpq_mat([[point[a, b] for b in fixed] for a in fixed])
    weights = flint.fmpq_mat([[point[a, b] for b in fixed] for a in trained]) * inner.inv()
    for k in range(len(trained)):
        for j, column in enumerate(fixed):
            full[k, column] = -weights[k, j]
    return full


def _change_of_basis(shape: Shape, generator: flint.fmpq_mat, point: flint.fmpq_mat) -> Row:
    move = point * generator
    return tangent(shape, move + move.transpose())


def _unit(shape: Shape, at: int) -> Row:
    return [flint.fmpq(int(k == at)) for k in range(len(shape.pairs))]


def _left_by(differentials: list[Row], directions: list[Row]) -> int:
    """The number of independent combinations of the directions along which no differential is felt."""
    if not differentials or not directions:
        return rank(directions)
    felt = flint.fmpq_mat(differentials) * flint.fmpq_mat(directions).transpose()
    return rank(directions) - int(felt.rank())
