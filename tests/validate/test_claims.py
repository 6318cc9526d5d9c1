"""What the papers state: every claim has a place in its paper, a criterion, a figure that is drawn, checks."""

from importlib import import_module
from pathlib import Path

import pytest

from validate.__main__ import COMMANDS
from validate.claim import (
    CONTRADICTED,
    FAILED,
    HOLDS,
    IN_PART,
    NOT_DECIDED,
    ComparedClaim,
    CountedClaim,
    PaperClaim,
    SettledClaim,
)
from validate.degeneracy.claims import FactorClaim
from validate.report import Check
from validate.universality.claims import SEEN, MeasuredClaim

FOLDER = Path(__file__).parents[2] / "validate"
CLAIMS = {
    (command.name, constant): claim
    for command in COMMANDS
    for constant, claim in vars(import_module(f"validate.{command.name}.claims")).items()
    if isinstance(claim, PaperClaim)
}


def sections(command: str) -> str:
    """The source of a command's sections."""
    files = sorted((FOLDER / command).glob("*.py"))
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.name != "claims.py")


def test_claims_are_told_apart_by_their_names() -> None:
    assert len({claim.name for claim in CLAIMS.values()}) == len(CLAIMS)
    assert {command for command, _ in CLAIMS} == {command.name for command in COMMANDS}


@pytest.mark.parametrize(("command", "constant"), CLAIMS)
def test_a_claim_is_complete_and_its_figure_is_drawn(command: str, constant: str) -> None:
    claim, source = CLAIMS[command, constant], sections(command)
    assert claim.statement.endswith(".")
    assert claim.source
    assert claim.criterion
    assert not claim.criterion.endswith(".")
    assert not claim.figure or f'"{claim.figure.removesuffix("_learning")}"' in source
    assert constant in source


@pytest.mark.parametrize(
    ("arrows", "verdict"),
    [
        (["confirmed", "none seen, as published"], "holds"),
        (["confirmed", "not seen at this scale"], "holds in part"),
        (["confirmed raw, but so does the null"], "holds in part"),
        (["confirmed", "contradicted"], "holds in part"),
        (["contradicted", "not seen at this scale"], "contradicted"),
        (["not seen at this scale"] * 2, "not seen at this scale"),
    ],
)
def test_a_factor_is_judged_by_all_its_arrows(arrows: list[str], verdict: str) -> None:
    claim = FactorClaim("factor", "It moves degeneracy.", "Fig. 1", "trend")
    assert claim.stands([("down", f"{each}: +0.50 [+0.20, +0.70]") for each in arrows]) == verdict


def test_what_holds_is_told_by_what_was_measured() -> None:
    words = "claim", "It is so.", "Fig. 1", "trend"
    arrows = [("down", "contradicted: +0.50 [+0.20, +0.70]"), ("down", "not seen"), ("up", "contradicted: -1 [-2, -1]")]
    assert FactorClaim(*words).found(arrows) == "contradicted: 2 of 3, not seen: 1 of 3"
    assert PaperClaim(*words).found(arrows[:1]) == ""
    assert CountedClaim(*words).found([(7, 2)]) == "So it is in 2 of 7 cases."


def compared(passed: bool | None, *, asserted: bool = True) -> Check:
    return Check("a check", 1.0, 1.0, 0.0, None, "reported", asserted, passed)


def test_a_verdict_of_a_derivation_stands_on_asserted_checks_alone() -> None:
    claim = SettledClaim("claim", "It is so.", "Fig. 1", "seen", settled=HOLDS)
    reported = compared(None, asserted=False)
    assert claim.judged([compared(True), reported]) == HOLDS
    assert claim.judged([compared(True), compared(False)]) == FAILED
    assert claim.judged([reported]) == NOT_DECIDED
    assert claim.rests_on([compared(True), reported]).endswith("as long as the one asserted check passes.")


def test_compared_numbers_decide_by_their_bounds() -> None:
    claim = ComparedClaim("claim", "It is 0.7.", "Fig. 1", "within the interval")
    within, outside, unbounded = (compared(each, asserted=False) for each in (True, False, None))
    for checks, verdict in (
        ([within, unbounded], HOLDS),
        ([within, outside], IN_PART),
        ([outside, unbounded], CONTRADICTED),
        ([unbounded], NOT_DECIDED),
    ):
        assert claim.judged(checks) == verdict


def test_a_measured_claim_tells_its_number_and_bounds() -> None:
    claim = PaperClaim("claim", "It is so.", "Fig. 1", "above one half")
    found = MeasuredClaim(claim, "all", 0.625, 0.25, 0.875, SEEN)
    assert found.told == "seen: 0.625 [0.25, 0.875]"
    assert claim.stands([(SEEN, found.told), (SEEN, "seen: 0.7 [0.6, 0.8]")]) == SEEN
