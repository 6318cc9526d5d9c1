"""Whether a GRU or an LSTM forgets its initial state, decided with proofs, and how far its recurrence can grow."""

from dataclasses import dataclass

import numpy as np

from theory.contraction.exact_matrix import short
from theory.contraction.gated.apart import Apart, search_apart
from theory.contraction.gated.document import GatedCertificate
from theory.contraction.gated.layer import GatedLayer
from theory.contraction.gated.literature import PublishedCondition, published
from theory.contraction.gated.search import PIECES, Proposal, proposed, prove, require_pieces, shrunk
from theory.contraction.gated.squares import SquaresProposal, proposed_squares, prove_squares
from theory.contraction.gated.statements import Contracting, ContractingInBox, GatedStatement, SquaresInBox, TwoBoxes
from theory.contraction.threads import one_blas_thread
from theory.contraction.verdict import Attempt, Verdict

_SENTENCES = {
    Verdict.CONTRACTING: "under the same inputs of the box any two trajectories from a box of states, which holds the "
    "state of zeros, approach one another, by the factor a step at least",
    Verdict.NOT_CONTRACTING: "under one constant input of the box two trajectories stay apart for ever",
    Verdict.UNDECIDED: "nothing was proved: see what was tried, and how close it came",
}
_MOST = 32.0
_HALVINGS = 9
_FURTHER = 2.0
_NARROWINGS = 4
_COARSER = 4
"""Squares take every piece of an interval at its corners, so fewer pieces serve."""
_GROWTH = 1.25
_SQUARE_HALVINGS = 5


@dataclass(frozen=True, eq=False)
class GatedCertification:
    """The answer about one layer: the verdict with its claim, and what was tried.

    `whole` and `inner` are proposals over all states and over the box they settle in; `squares`, over the latter, is
    None where rows serve, or the layer has none. `apart` are two trajectories that do not meet in simulation, None
    where the verdict is contracting or none were found.
    """

    layer: GatedLayer
    verdict: Verdict
    claim: GatedStatement | None
    whole: Proposal
    inner: Proposal
    squares: SquaresProposal | None
    literature: PublishedCondition
    apart: Apart | None

    @property
    def sentence(self) -> str:
        """What the verdict says."""
        return _SENTENCES[self.verdict]

    @property
    def factor(self) -> float | None:
        """What every step multiplies distances in the claim's box by, at most; None where that is not proved."""
        return float(self.claim.factor) if isinstance(self.claim, Contracting) else None

    @property
    def gain(self) -> float | None:
        """How far apart inputs that differ by one everywhere keep trajectories of that box at most, in its norm."""
        return float(self.claim.gain) if isinstance(self.claim, Contracting) else None

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What was tried, with what each gave: below one it contracts. The literature's is not proved here."""
        proved = isinstance(self.claim, ContractingInBox)
        rows = (
            Attempt(self.literature.name, self.literature.value, None),
            Attempt("rows, all states", self.whole.factor, None if proved else False),
            Attempt("rows, the box where states settle", self.inner.factor, proved),
        )
        if self.squares is None:
            return rows
        served = self.verdict is Verdict.CONTRACTING
        return *rows, Attempt("squares, the box where states settle", self.squares.factor, served)

    @property
    def certificate(self) -> GatedCertificate | None:
        """The proof as a file; None where nothing was proved."""
        return None if self.claim is None else GatedCertificate(self.layer, (self.claim,))


@dataclass(frozen=True, eq=False)
class RecurrentScale:
    """The largest factor of all recurrent weights, bracketed: at `low` contraction is proved, at `high` its contrary.

    None where none was found. Biases and input weights stay as they are.
    """

    low: float | None
    low_claim: Contracting | None
    high: float | None
    high_claim: TwoBoxes | None


@one_blas_thread
def certify(layer: GatedLayer, *, pieces: int = PIECES, seed: int = 0) -> GatedCertification:
    """Decide whether two trajectories of a GRU or an LSTM approach one another under the same inputs of its box.

    Contracting is proved in a weighted maximum norm, or else, of all but a GRU with the reset before the product,
    in a weighted Euclidean norm, for trajectories from the claim's box of states: no step leaves it, and it holds
    the state of zeros. Incremental input-to-state stability follows there, with the `gain`. It is the box that the
    layer settles in, but trajectories from elsewhere may come near to it without ever entering it, and nothing is
    proved of them. Where the proof fails, trajectories are simulated under constant inputs; two that do not meet
    are proved to be so by boxes around them, if that holds. Nothing rests on floating point: `certificate` writes
    what was proved to a file that an independent program checks.

    Arguments:
        layer: from `gru` or `lstm`, with its box of inputs.
        pieces: into how many pieces intervals are cut, 1 to 64; more of them prove a little more.
        seed: of the simulated starts.

    Raises:
        BadPieces: for another number of pieces.

    >>> from theory.contraction import gated
    >>> weights = np.array([[0.0, 0.5], [-0.5, 0.0]])
    >>> recurrent = np.concatenate([0 * weights, 0 * weights, weights])
    >>> layer = gated.gru.from_arrays(np.ones((6, 1)), recurrent, input_box=0.5)
    >>> found = gated.decide.certify(layer)
    >>> found.verdict.word, round(found.factor, 3), found.certificate.holds()
    ('contracting', 0.74, True)
    """
    require_pieces(pieces)
    with np.errstate(all="ignore"):
        whole = proposed(layer, layer.everywhere(), pieces)
        inner = proposed(layer, shrunk(layer), pieces)
        claim: GatedStatement | None = prove(layer, inner, pieces)
        squares = None if claim is not None else proposed_squares(layer, inner.box, _coarse(pieces))
        if squares is not None:
            claim = prove_squares(layer, squares, _coarse(pieces))
        apart = None if claim is not None else search_apart(layer, seed)
    verdict = Verdict.CONTRACTING if claim is not None else Verdict.UNDECIDED
    if apart is not None and apart.claim is not None:
        verdict, claim = Verdict.NOT_CONTRACTING, apart.claim
    return GatedCertification(layer, verdict, claim, whole, inner, squares, published(layer), apart)


@one_blas_thread
def largest_recurrence(layer: GatedLayer, *, pieces: int = PIECES, seed: int = 0) -> RecurrentScale:
    """How far the recurrent weights of a layer can be scaled up, or must be down, while `certify` proves contraction.

    Raises:
        BadPieces: for a number of pieces that is not from 1 to 64.

    >>> from theory.contraction import gated
    >>> weights = np.array([[0.0], [0.0], [1.0]])
    >>> layer = gated.gru.from_arrays(np.zeros((3, 1)), weights, input_box=1.0)  # h+ = (h + tanh(h / 2)) / 2
    >>> scale = gated.decide.largest_recurrence(layer)
    >>> 1.99 < scale.low < 2 < scale.high < 2.5
    True
    """
    require_pieces(pieces)
    with np.errstate(all="ignore"):
        low, low_claim = _below(layer, pieces)
        high, high_claim = _above(layer, low or 0.25, seed)
    return RecurrentScale(low, low_claim, high, high_claim)


def _coarse(pieces: int) -> int:
    return max(1, pieces // _COARSER)


def _below(layer: GatedLayer, pieces: int) -> tuple[float | None, Contracting | None]:
    """By rows, and on from there by squares."""
    rows = _by_rows(layer, pieces)
    further = _by_squares(layer, rows[0] or 0.0, _coarse(pieces))
    return rows if further is None else further


def _by_squares(layer: GatedLayer, start: float, pieces: int) -> tuple[float, SquaresInBox] | None:
    """The largest factor beyond `start`; None where squares prove none."""

    def proposal(factor: float) -> SquaresProposal | None:
        scaled = layer.with_recurrence(factor)
        found = proposed_squares(scaled, shrunk(scaled), pieces)
        return found if found is not None and found.factor < 1 else None

    low, high = start, max(start, 1 / _MOST) * _GROWTH
    if proposal(start + (high - start) / 8) is None:
        return None
    while high < _MOST and proposal(high) is not None:
        low, high = high, high * _GROWTH
    for _ in range(_SQUARE_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if proposal(middle) is not None else (low, middle)
    for slack in (1e-3, 1e-2, 0.1):
        factor = short(max(low * (1 - slack), 1 / _MOST))
        found = proposal(factor) if factor > start else None
        claim = None if found is None else prove_squares(layer.with_recurrence(factor), found, pieces)
        if claim is not None:
            return factor, claim
    return None


def _by_rows(layer: GatedLayer, pieces: int) -> tuple[float | None, ContractingInBox | None]:
    def proposal(factor: float) -> Proposal:
        scaled = layer.with_recurrence(factor)
        return proposed(scaled, shrunk(scaled), pieces)

    low, high = 0.0, 1.0
    while high < _MOST and proposal(high).factor < 1:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if proposal(middle).factor < 1 else (low, middle)
    for slack in (1e-4, 1e-2, 0.1):
        if low > 0:
            factor = short(low * (1 - slack))
            claim = prove(layer.with_recurrence(factor), proposal(factor), pieces)
            if claim is not None:
                return factor, claim
    return None, None


def _above(layer: GatedLayer, start: float, seed: int) -> tuple[float | None, TwoBoxes | None]:
    def refuted(factor: float) -> TwoBoxes | None:
        found = search_apart(layer.with_recurrence(factor), seed)
        return None if found is None else found.claim

    low, high, best = start, start, None
    while best is None and high < _MOST:
        low, high = high, short(high * _FURTHER)
        best = refuted(high)
    if best is None:
        return None, None
    for _ in range(_NARROWINGS):
        middle = short((low + high) / 2)
        claim = refuted(middle)
        low, high, best = (middle, high, best) if claim is None else (low, middle, claim)
    return high, best
