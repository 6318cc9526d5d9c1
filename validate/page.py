"""One self-contained page of what several commands found, made from the files that they wrote.

First the failures, then what the papers state, a card each with the verdict, what is contradicted first; then, command
by command, the figures with their captions and a card a check; last quantities, settings and provenance.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from validate.claim import CONTRADICTED, FAILED, HOLDS, IN_PART
from validate.document import Document, Judged, read_document
from validate.picture import Detail, paper_width, small, thumbnail
from validate.readable import entries, is_number, marked_up, readable
from validate.report import Check
from validate.rows import outcome

KINDS = {FAILED: "fail", CONTRADICTED: "against", IN_PART: "part", HOLDS: "pass", "seen": "pass"}
"""What a verdict looks like; any other is open."""
RANK = ("fail", "against", "part", "open", "pass")
"""The order of claims: what a reader must know comes first."""


MOST_BYTES = 3_000_000
DETAILS = tuple(Detail(*each) for each in ((64, 4000), (32, 4000), (16, 4000), (16, 1400), (16, 1000), (16, 600)))
"""Of figures, which are lines on white: the first that `MOST_BYTES` leaves room for."""


@dataclass(frozen=True)
class PageFigure:
    """A figure on the page: `folder` is where its files are, seen from the page. `png` is None where they are not.

    One that no claim is about, `beside`, is folded away.
    """

    anchor: str
    name: str
    caption: str
    folder: str
    png: bytes | None
    beside: bool

    @property
    def width(self) -> int:
        """Pixels across at which it is as large as on paper."""
        assert self.png is not None
        return paper_width(self.png)

    def image(self, detail: Detail) -> str:
        """The picture, held by the page itself."""
        assert self.png is not None
        return small(self.png, detail)

    @property
    def thumbnail(self) -> str:
        """The picture at a glance."""
        assert self.png is not None
        return thumbnail(self.png)


@dataclass(frozen=True)
class CheckCard:
    """A check on the page."""

    anchor: str
    check: Check

    @property
    def kind(self) -> str:
        """How it looks."""
        return "open" if not self.check.asserted else "pass" if self.check.passed else "fail"

    @property
    def outcome(self) -> str:
        """Its outcome in a word or two."""
        return outcome(self.check).lower()


@dataclass(frozen=True)
class PageSection:
    """A section of a command on the page."""

    anchor: str
    title: str
    cards: tuple[CheckCard, ...]
    figures: tuple[PageFigure, ...]

    @property
    def shown(self) -> tuple[PageFigure, ...]:
        """Figures that a claim is about."""
        return tuple(figure for figure in self.figures if not figure.beside)

    @property
    def folded(self) -> tuple[PageFigure, ...]:
        """The others."""
        return tuple(figure for figure in self.figures if figure.beside)

    @property
    def failed(self) -> bool:
        """Whether one of its checks did."""
        return any(card.kind == "fail" for card in self.cards)

    @property
    def tally(self) -> str:
        """Its checks by their outcomes, in words."""
        kinds = [card.kind for card in self.cards]
        counted = ((kinds.count("fail"), "failed"), (kinds.count("pass"), "pass"), (kinds.count("open"), "reported"))
        return ", ".join(f"{count} {word}" for count, word in counted if count) or "no checks"


@dataclass(frozen=True)
class ClaimCard:
    """A claim of a paper on the page, with the checks that it rests on and the figure that shows it."""

    anchor: str
    command: str
    claim: Judged
    cards: tuple[CheckCard, ...]
    figure: PageFigure | None

    @property
    def kind(self) -> str:
        """How it looks."""
        return KINDS.get(self.claim.verdict, "open")


@dataclass(frozen=True)
class Results:
    """What a command left in its folder, ready for the page."""

    title: str
    document: Document
    sections: tuple[PageSection, ...]
    claims: tuple[ClaimCard, ...]

    @property
    def anchor(self) -> str:
        """Where the page tells of the command."""
        return self.document.command

    @property
    def word(self) -> str:
        """How the run ended."""
        return "INTERRUPTED" if self.document.interrupted else "PASS" if self.document.passed else "FAIL"

    @property
    def tally(self) -> str:
        """Its checks by their outcomes, in words."""
        cards = [card for section in self.sections for card in section.cards]
        asserted = [card for card in cards if card.kind != "open"]
        words = f"{sum(card.kind == 'pass' for card in asserted)} of {len(asserted)} asserted checks pass"
        return words + (f", {len(cards) - len(asserted)} reported" if len(cards) > len(asserted) else "")


def results(title: str, folder: Path, name: str) -> Results:
    """What the command `name` left in `folder`.

    Raises:
        DocumentError: where its report cannot be read.
    """
    document = read_document(folder / f"{name}.json")
    cards = {check.name: CheckCard(f"{name}-check-{number}", check) for number, check in enumerate(document.checks, 1)}
    claimed = {claim.figure for claim in document.claims}
    sections = tuple(
        PageSection(
            f"{name}-{number}",
            part.title,
            tuple(cards[check.name] for check in part.checks),
            tuple(_figure(folder, each, caption, beside=each not in claimed) for each, caption in part.figures.items()),
        )
        for number, part in enumerate(document.parts, 1)
        if part.checks or part.figures
    )
    figures = {figure.name: figure for section in sections for figure in section.figures}
    claims = tuple(
        ClaimCard(
            f"{name}-claim-{number}",
            title,
            claim,
            tuple(cards[check.name] for check in claim.checks),
            figures.get(claim.figure),
        )
        for number, claim in enumerate(document.claims, 1)
    )
    return Results(title, document, sections, claims)


def render(found: Sequence[Results]) -> bytes:
    """The page as UTF-8 HTML; all text from the runs is escaped.

    It asks for nothing outside itself, and has `MOST_BYTES` at most unless its words alone are more. Its links to
    figures as SVG and to data lead into the folders of the commands, beside it.
    """
    claims = sorted((claim for each in found for claim in each.claims), key=lambda claim: RANK.index(claim.kind))
    failures = [
        (each, section, card)
        for each in found
        for section in each.sections
        for card in section.cards
        if card.kind == "fail"
    ]
    for detail in DETAILS:
        content = page(
            "page.html", runs=found, claims=claims, failures=failures, tally=dict(_tally(claims)), detail=detail
        )
        if len(content) <= MOST_BYTES:
            break
    return content


def page(template: str, **values: object) -> bytes:
    """A page of a template, as UTF-8 HTML."""
    environment = Environment(
        loader=PackageLoader("validate"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, Callable[..., object]] = {
        "readable": readable,
        "is_number": is_number,
        "entries": entries,
        "marked_up": marked_up,
    }
    environment.filters |= filters
    return environment.get_template(template).render(**values).encode()


def _figure(folder: Path, name: str, caption: str, *, beside: bool) -> PageFigure:
    picture = folder / f"{name}.png"
    png = picture.read_bytes() if picture.exists() else None
    return PageFigure(f"{folder.name}-figure-{name}", name, caption, folder.name, png, beside)


def _tally(claims: Sequence[ClaimCard]) -> Iterator[tuple[str, int]]:
    """How many claims have each verdict, in the order of the cards."""
    verdicts = [claim.claim.verdict for claim in claims]
    for verdict in dict.fromkeys(verdicts):
        yield verdict, verdicts.count(verdict)
