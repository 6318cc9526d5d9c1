import base64
import io
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageColor

import validate.__main__ as everything
from validate import cli
from validate import page as page_module
from validate.claim import HOLDS, PaperClaim, SettledClaim
from validate.command import Command, Section, built_in
from validate.output import Plot
from validate.page import render, results
from validate.palette import NONLINEARITIES
from validate.picture import Detail, small
from validate.plotting import new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.settings import Settings, chosen, flag
from validate.tolerance import Absolute, Reported


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    rate: float = chosen(0.25, flag("--quick", 0.125, "Quick."))


@dataclass(frozen=True, kw_only=True)
class Fails(Config):
    rate: float = 0.75


SMALL = SettledClaim(
    "small loss", "The loss <i> is small.", "Fig. 1", "below 0.5", settled=HOLDS, holds_instead="It is.", figure="line"
)
WORD = PaperClaim("a word", "A word is said.", "section 2", "it is measured")


def checks(config: Config, report: Report, progress: Progress) -> float:
    report.check("loss <i>", predicted=0.0, measured=config.rate, tolerance=Absolute(0.5, "O(dt^2)"), claim=SMALL)
    report.check("its word", predicted="seen", measured="contradicted", tolerance=Reported("a word"), claim=WORD)
    report.quantity("optimal_r", 0.125)
    return config.rate


def figures(config: Config, result: float) -> tuple[Plot, ...]:
    with style():
        figure, axes = new_figure(2.0, 1.0)
        axes.plot([0.0, result])
    return (plot("line", "A line & its caption.", figure, {"y": np.array([0.0, result])}),)


def a_command(name: str, config: type[Settings] = Config, module: str = __name__) -> Command:
    modes = (built_in(config, [Section("part", module)], set_up=lambda: None),)
    return Command(name, f"Title of {name}", "Demo.", "demo", modes)


class Page(HTMLParser):
    """What a page refers to, what it can be referred to by, and its cards."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.cards: Counter[str] = Counter()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.cards += Counter((dict(attrs).get("class") or "").split()[:1] if tag == "article" else [])

    @property
    def lost(self) -> list[str]:
        """Links that lead nowhere: to no place on the page and to no file beside it."""
        inside = {f"#{each}" for each in self.ids}
        links = (link for link in self.links if not link.startswith("data:image/") and link not in inside)
        return [link for link in links if link.startswith(("/", "#")) or not (self.file.parent / link).is_file()]


def call(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["validate", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.leave("validate", everything.main)
    return int(stopped.value.code or 0)


def test_the_page_holds_everything_and_refers_to_nothing_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(everything, "COMMANDS", (a_command("one"), a_command("two")))
    assert call(["--quick", "--seed", "5", "--out", str(tmp_path / "out")], monkeypatch) == 0
    assert "index.html: 2 of 2 commands" in capsys.readouterr().out
    page = Page(tmp_path / "out" / "index.html")
    assert sum(link.startswith("data:image/webp;base64,") for link in page.links) == 4  # two are thumbnails of claims
    assert page.lost == []
    assert len(set(page.ids)) == len(page.ids)
    assert not page.tags & {"script", "link", "iframe", "i"}
    assert page.cards == {"check": 4, "claim": 4}
    assert page.file.stat().st_size < 3e6
    text = page.file.read_text()
    for part in (
        "loss &lt;i&gt;",
        "A line &amp; its caption. Seed <span",
        "O(dt<sup>2</sup>)",
        "<dt>optimal r</dt>",
        "The loss &lt;i&gt; is small.",
    ):
        assert part in text
    for name in ("one", "two"):
        made = {path.name for path in (tmp_path / "out" / name).iterdir()}
        assert made == {f"{name}.json", "line.png", "line.svg", "line.npz"}


@pytest.mark.parametrize(("configs", "code"), [((Config, Config), 0), ((Config, Fails), 1), ((Fails, Config), 1)])
def test_the_exit_status_is_the_worst_of_all(
    configs: tuple[type[Settings], ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = tuple(a_command(f"command{i}", config) for i, config in enumerate(configs))
    monkeypatch.setattr(everything, "COMMANDS", commands)
    assert call(["--out", str(tmp_path)], monkeypatch) == code
    assert (tmp_path / "index.html").exists()


def test_an_interrupted_command_ends_the_run_and_the_page_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(config: Config, report: Report, progress: Progress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "stops", SimpleNamespace(checks=interrupted, figures=figures))
    stops = a_command("stops", module="stops")
    monkeypatch.setattr(everything, "COMMANDS", (a_command("one"), stops, a_command("three")))
    assert call(["--out", str(tmp_path)], monkeypatch) == 130
    page = (tmp_path / "index.html").read_text()
    ended = re.findall(r"<li><span class=\"badge \w+\">(\w+)</span> <a href=\"#(\w+)\"", page)
    assert ended == [("PASS", "one"), ("INTERRUPTED", "stops")]
    assert "three" not in page


def test_the_page_shows_the_time_that_each_run_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the time until the page was written: the second command's seconds do not count for the first."""
    now = [100.0]
    monkeypatch.setattr("validate.report.time.perf_counter", lambda: now[0])

    def lasting(seconds: float) -> Command:
        def wait(config: Config, report: Report, progress: Progress) -> None:
            now[0] += seconds

        name = f"lasts{seconds:g}"
        section = SimpleNamespace(checks=wait, figures=lambda config, result: ())
        monkeypatch.setitem(sys.modules, name, section)
        return a_command(name, module=name)

    monkeypatch.setattr(everything, "COMMANDS", (lasting(7.25), lasting(11.5)))
    assert call(["--out", str(tmp_path)], monkeypatch) == 0
    page = (tmp_path / "index.html").read_text()
    assert re.findall(r"<dt>seconds</dt>\s*<dd><span class=\"n\">([^<]*)</span></dd>", page) == ["7.25", "11.5"]
    for name, seconds in (("lasts7.25", 7.25), ("lasts11.5", 11.5)):
        document = json.loads((tmp_path / name / f"{name}.json").read_text())
        assert document["provenance"]["seconds"] == seconds


def test_a_page_without_figures_or_checks_is_still_a_page(tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_bytes(Report("empty", Config()).json_bytes())
    page = render([results("Empty", tmp_path, "empty")]).decode()
    assert "Empty</a>: 0 of 0 asserted checks pass" in page
    assert page.rstrip().endswith("</html>")


def test_failures_come_first_and_then_what_is_contradicted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everything, "COMMANDS", (a_command("one"), a_command("two", Fails)))
    assert call(["--out", str(tmp_path)], monkeypatch) == 1
    page = (tmp_path / "index.html").read_text()
    assert page.index(">Failed checks</h2>") < page.index(">What the papers state</h2>")
    kinds = re.findall(r'<article class="claim (\w+)"', page)
    assert kinds == ["fail", "against", "against", "pass"]
    assert re.findall(r"<details class=\"fold\"( open)?><summary>Checks: ([^<]*)<", page) == [
        ("", "1 pass, 1 reported"),
        (" open", "1 failed, 1 reported"),
    ]


def test_the_page_can_be_made_anew_from_what_runs_have_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(everything, "COMMANDS", (a_command("one"), a_command("two", Fails)))
    assert call(["--out", str(tmp_path)], monkeypatch) == 1
    made = (tmp_path / "index.html").read_bytes()
    assert call(["--from", str(tmp_path)], monkeypatch) == 1
    assert (tmp_path / "index.html").read_bytes() == made
    shutil.rmtree(tmp_path / "two")
    (tmp_path / "one" / "line.png").unlink()
    assert call(["--from", str(tmp_path)], monkeypatch) == 0
    assert "1 of 2 commands" in capsys.readouterr().out
    assert "files are not there any more" in (tmp_path / "index.html").read_text()
    for content in ("", "{}", "[1]"):
        (tmp_path / "one" / "one.json").write_text(content)
        assert call(["--from", str(tmp_path)], monkeypatch) == 2
    (tmp_path / "one" / "one.json").unlink()
    assert call(["--from", str(tmp_path)], monkeypatch) == 2
    assert capsys.readouterr().err.count("\n") == 4


def test_a_page_too_large_has_figures_of_less_detail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everything, "COMMANDS", (a_command("one"),))
    assert call(["--out", str(tmp_path)], monkeypatch) == 0
    found = [results("One", tmp_path / "one", "one")]
    sizes = []
    for detail in page_module.DETAILS:
        monkeypatch.setattr(page_module, "DETAILS", (detail,))
        sizes.append(len(render(found)))
    assert sorted(sizes, reverse=True) == sizes
    monkeypatch.undo()
    monkeypatch.setattr(page_module, "MOST_BYTES", sizes[1])
    assert len(render(found)) == sizes[1] < sizes[0]


def test_an_outcome_has_the_colour_of_its_check() -> None:
    style = (Path(page_module.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
    coloured = re.findall(r"([^{};\n]*)\.outcome b \{ color: var\(--(\w+)\); \}", style)
    assert [(where.strip(), name) for where, name in coloured] == [
        ("", "open"),
        (".check.pass", "pass"),
        (".check.fail", "fail"),
    ]


def widths(page: Path, width: int) -> dict[str, int]:
    """In a browser, in a window so wide: how far the page reaches, its cards, numbers that a line breaks, and errors.

    All that is folded is opened; a frame stands for the window, which cannot be as narrow as a phone's.
    """
    look = page.with_name(f"look_{width}.html")
    look.write_text(
        f"""<iframe src="{page.name}" style="width: {width}px; height: 900px; border: 0"></iframe><pre></pre><script>
        onload = () => {{
          const inside = document.querySelector("iframe").contentDocument;
          for (const each of inside.querySelectorAll("details")) each.open = true;
          const numbers = [...inside.querySelectorAll(".n")];
          document.querySelector("pre").textContent = JSON.stringify({{
            reach: inside.documentElement.scrollWidth,
            cards: inside.querySelectorAll(".check").length,
            broken: numbers.filter(each => each.getClientRects().length > 1).length,
            outside: numbers.filter(each => each.getBoundingClientRect().right > {width}).length,
            bare: [...inside.images].filter(each => !(each.complete && each.naturalWidth)).length,
          }});
        }};</script>"""
    )
    told = subprocess.run(
        [
            *(
                str(CHROMIUM),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--allow-file-access-from-files",
            ),
            *(
                "--enable-logging=stderr",
                f"--user-data-dir={page.parent / 'profile'}",
                f"--window-size={width + 40},950",
            ),
            *("--virtual-time-budget=5000", "--dump-dom", look.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found: dict[str, int] = json.loads(re.findall(r"<pre>(.*?)</pre>", told.stdout)[0])
    return found | {"errors": told.stderr.count("CONSOLE")}


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.sampled(0)
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here, in which the page could be looked at")
@pytest.mark.parametrize("width", [1400, 390])
def test_in_a_browser_the_page_fits_and_breaks_no_number(
    width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everything, "COMMANDS", (a_command("one"), a_command("two", Fails)))
    assert call(["--out", str(tmp_path)], monkeypatch) == 1
    found = widths(tmp_path / "index.html", width)
    assert found == {"reach": width, "cards": 4, "broken": 0, "outside": 0, "bare": 0, "errors": 0}


def test_every_command_is_known_by_its_own_name() -> None:
    names = [command.name for command in everything.COMMANDS]
    assert names == ["ghost", "overlaps", "contraction", "degeneracy", "universality"]
    assert len(set(names)) == len(names)


def test_colours_that_few_pixels_have_are_kept() -> None:
    """A red line over a large figure with many shades of blue: it means what is predicted."""
    shades = np.linspace(0, 255, 640).astype(np.uint8)
    figure = np.stack(
        [np.tile(shades, (480, 1)), np.tile(shades, (480, 1)), np.full((480, 640), 255, np.uint8)], axis=2
    )
    figure[240, 100:200] = RED = np.array([180, 30, 40], np.uint8)
    stream = io.BytesIO()
    Image.fromarray(figure).save(stream, "PNG")
    for detail in page_module.DETAILS:
        address = small(stream.getvalue(), Detail(detail.colours, 4000))
        shown = Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB")
        assert np.abs(np.asarray(shown)[240, 150].astype(int) - RED).max() < 40


def test_colours_with_a_meaning_are_not_taken_for_one_another() -> None:
    """Few pixels of tanh's green and erf's blue beside a region of many shades: each is shown as it is."""
    figure = np.full((480, 640, 3), 255, np.uint8)
    figure[:200] = np.linspace(0, 255, 640).astype(np.uint8)[None, :, None] // np.array([1, 2, 4], np.uint8)
    meant = {row: np.array(ImageColor.getrgb(NONLINEARITIES[name])) for row, name in ((300, "erf"), (400, "tanh"))}
    for row, colour in meant.items():
        figure[row : row + 6, 100:106] = colour
    stream = io.BytesIO()
    Image.fromarray(figure).save(stream, "PNG")
    for detail in page_module.DETAILS:
        address = small(stream.getvalue(), Detail(detail.colours, 4000))
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB"))
        for row, colour in meant.items():
            assert np.array_equal(shown[row + 3, 103], colour)


def test_a_grey_band_stays_grey() -> None:
    """Beside a red line, whose edges are of all shades of pale red."""
    figure = np.full((480, 640, 3), 255, np.uint8)
    figure[300:400] = GREY = np.array([228, 228, 228], np.uint8)
    for row in range(200, 240):
        figure[row, 100:500] = 255 - (255 - np.array([179, 39, 45])) * (row - 199) // 40
    stream = io.BytesIO()
    Image.fromarray(figure).save(stream, "PNG")
    for detail in page_module.DETAILS:
        address = small(stream.getvalue(), Detail(detail.colours, 4000))
        shown = Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB")
        assert np.abs(np.asarray(shown)[350, 150].astype(int) - GREY).max() <= 2
