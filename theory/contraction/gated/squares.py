"""Floating point proposes weighted squares that fall: a quadratic form for each row, then weights for the rows.

A row of the Jacobian is theta^T C_i with fixed C_i and theta among points. Where theta theta^T <= E_i for all of them,
sum_i w_i (J x)_i^2 is at most sum_i w_i (C_i x)^T E_i (C_i x): an eigenvalue says how much the squares fall.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from theory.contraction.exact_matrix import on_grid, to_digits
from theory.contraction.gated.bounds import RATIONALS, Bounds
from theory.contraction.gated.layer import Coefficients, GatedLayer
from theory.contraction.gated.statements import SquaresInBox, above, exact_bounds

LARGEST_STATE = 128
"""Layers whose state has more numbers are not asked about squares: it would take minutes."""
PIECES = 4
"""Into how many pieces the intervals of candidates are cut."""
_TURNS = 8
_STILL = 1e-3
_UPDATES = 30
_POWER = 24
_FAR = 1e-6
_LEAST = 1e-6

Forms = Float[np.ndarray, "_ _ _"]
"""Of several rows: rows x q x q, q not the same of all."""


@dataclass(frozen=True, eq=False)
class SquaresProposal:
    """Weights w and forms E_i by which sum w_i x_i^2 falls by `factor` squared a step in the box: below one."""

    box: Bounds
    weights: Float[np.ndarray, " n"]
    forms: tuple[Forms, ...]
    factor: float


def proposed_squares(layer: GatedLayer, box: Bounds, pieces: int = PIECES) -> SquaresProposal | None:
    """Weights and forms of about the least factor; None where the layer does not tell how, or is too large.

    In turns: of each row the least form in the directions that count most, then weights for these forms.
    """
    if layer.size > LARGEST_STATE or not np.isfinite([box.low, box.high]).all():
        return None
    found = layer.coefficients(layer.gates(box), pieces)
    if not found:
        return None
    weights, directions = np.ones(layer.size), np.eye(layer.size)
    shares = [np.full(each.points.shape[:2], 1 / each.points.shape[1]) for each in found]
    forms: list[Forms] = [np.zeros((*each.points.shape[::2], each.points.shape[2])) for each in found]
    best: SquaresProposal | None = None
    for turn in range(_TURNS):
        for k, each in enumerate(found):
            least, shares[k] = _least_forms(each, directions, shares[k])
            forms[k] = forms[k] + (least - forms[k]) * min(1.0, 3 / (turn + 2))
        weights, directions, factor = _weighted(_squares(found, forms), weights)
        if best is None or factor < best.factor:
            still = best is not None and factor > best.factor * (1 - _STILL)
            best = SquaresProposal(box, weights, tuple(forms), factor)
            if still:
                break
    return best


def prove_squares(layer: GatedLayer, found: SquaresProposal, pieces: int = PIECES) -> SquaresInBox | None:
    """The proposal as a claim, in short rationals; None where rational arithmetic does not prove it."""
    if not found.factor < 1:
        return None
    weights, gates = to_digits(found.weights, bits=20), layer.gates(found.box)
    known = layer.coefficients(gates, pieces)
    moved = float(np.sqrt(weights @ layer.input_sums(gates, pieces) ** 2))
    for slack in (1e-7, 1e-5, 1e-3):
        forms = [np.array([on_grid(form * (1 + slack), bits=36) for form in each]) for each in found.forms]
        stretch = float(np.sqrt(_spectrum(_squares(known, forms), weights)[0][-1]))
        factor = above(stretch + slack * (1 - stretch))
        if not factor < 1:
            continue
        claim = SquaresInBox(
            Fraction(factor),
            Fraction(above(moved / (1 - factor) * (1 + slack) + slack)),
            pieces,
            exact_bounds(found.box),
            RATIONALS.numbers(weights),
            tuple(RATIONALS.numbers(form) for each in forms for form in each),
        )
        if claim.holds(layer):
            return claim
    return None


def _least_forms(
    found: Coefficients, directions: Float[np.ndarray, "n n"], shares: Float[np.ndarray, "rows points"]
) -> tuple[Forms, Float[np.ndarray, "rows points"]]:
    """Of each row the E >= theta theta^T of all points with the least trace of E C Z C^T, and the points' shares.

    With C Z C^T = L L^T, y = L^T theta and S^2 the sum of share y y^T, E is L^-T (trace S) S L^-1 at the shares that
    make trace S largest (duality); they grow where y^T S^-1 y exceeds trace S. Scaled until it holds all points.
    """
    seen = np.einsum("nqa,ab,nrb->nqr", found.sensed, directions, found.sensed, optimize=True)
    size = seen.shape[1]
    seen = seen + _LEAST * np.trace(seen, axis1=1, axis2=2)[:, None, None] * np.eye(size)
    lower = np.linalg.cholesky(seen)
    points = found.points @ lower
    for _ in range(_UPDATES):
        values, vectors = np.linalg.eigh(points.swapaxes(1, 2) @ (shares[:, :, None] * points))
        roots = np.sqrt(np.maximum(values, 1e-14))
        turned = points @ vectors
        reached = (turned * turned / roots[:, None, :]).sum(axis=2) / roots.sum(axis=1)[:, None]
        shares = shares * reached
        shares = shares / shares.sum(axis=1, keepdims=True)
    square_root = (vectors * roots[:, None, :]) @ vectors.swapaxes(1, 2)
    scale = roots.sum(axis=1) * reached.max(axis=1)
    back = np.linalg.inv(lower)
    forms = scale[:, None, None] * (back.swapaxes(1, 2) @ square_root @ back)
    return (forms + forms.swapaxes(1, 2)) / 2, (1 - _FAR) * shares + _FAR / shares.shape[1]


def _squares(found: tuple[Coefficients, ...], forms: list[Forms]) -> Float[np.ndarray, "n n n"]:
    """C_i^T E_i C_i of each row."""
    groups = zip(found, forms, strict=True)
    return np.concatenate([each.sensed.swapaxes(1, 2) @ form @ each.sensed for each, form in groups])


def _spectrum(
    squares: Float[np.ndarray, "n n n"], weights: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n n"]]:
    """Of the weighted sum of the squares, in the units in which the weights are one."""
    units = 1 / np.sqrt(weights)
    return np.linalg.eigh(units[:, None] * np.tensordot(weights, squares, 1) * units)


def _weighted(
    squares: Float[np.ndarray, "n n n"], start: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n n"], float]:
    """Weights at which the squares fall most, the directions in which they fall least, and the factor.

    A sum of powers of the eigenvalues stands for the largest: smooth in the logarithms of the weights.
    """

    def tilted(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        powers = (values / values[-1]) ** _POWER
        return powers / powers.sum()

    def value(logarithms: Float[np.ndarray, " n"]) -> tuple[float, Float[np.ndarray, " n"]]:
        weights = np.exp(logarithms)
        values, vectors = _spectrum(squares, weights)
        shares = tilted(values)
        moved = vectors / np.sqrt(weights)[:, None]
        steepest = (moved * (shares / values)) @ moved.T
        slopes = weights * np.tensordot(squares, steepest, 2) - (vectors * vectors) @ shares
        level = np.log(values[-1]) + np.log(((values / values[-1]) ** _POWER).sum()) / _POWER
        return float(level), slopes

    logarithms = minimize(value, np.log(start), jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
    weights = np.exp(logarithms - logarithms.max())
    values, vectors = _spectrum(squares, weights)
    moved = vectors / np.sqrt(weights)[:, None]
    return weights, (moved * tilted(values) / values) @ moved.T, float(np.sqrt(values[-1]))
