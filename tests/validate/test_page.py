import json
import re
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import validate.__main__ as everything
from validate import cli
from validate.command import Command, Run, Section, built_in
from validate.output import Plot
from validate.page import render
from validate.plotting import new_figure, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.settings import Settings, chosen, flag
from validate.tolerance import Absolute


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    rate: float = chosen(0.25, flag("--quick", 0.125, "Quick."))


@dataclass(frozen=True, kw_only=True)
class Fails(Config):
    rate: float = 0.75


def checks(config: Config, report: Report, progress: Progress) -> float:
    report.check("loss <b>", predicted=0.0, measured=config.rate, tolerance=Absolute(0.5, "O(dt^2)"))
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


class Links(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


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
    page = (tmp_path / "out" / "index.html").read_text()
    links = Links()
    links.feed(page)
    assert sum(source.startswith("data:image/png;base64,") for source in links.sources) == 2
    assert all(source.startswith(("data:", "#")) for source in links.sources)
    assert not links.tags & {"script", "link", "iframe", "b"}
    for part in (
        "loss &lt;b&gt;",
        "A line &amp; its caption.",
        "O(dt^2)",
        "0.125",
        "optimal_r",
        "<dt>seed</dt><dd>5</dd>",
    ):
        assert part in page
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
    assert "INTERRUPTED stops" in page
    assert "PASS one" in page
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
    assert re.findall(r"<dt>seconds</dt><dd>([^<]*)</dd>", page) == ["7.25", "11.5"]
    for name, seconds in (("lasts7.25", 7.25), ("lasts11.5", 11.5)):
        document = json.loads((tmp_path / name / f"{name}.json").read_text())
        assert document["provenance"]["seconds"] == seconds


def test_a_page_without_figures_or_checks_is_still_a_page() -> None:
    page = render([Run("Empty", Report("empty", Config()), ())]).decode()
    assert "PASS empty: 0 of 0" in page
    assert page.rstrip().endswith("</html>")


def test_every_command_is_known_by_its_own_name() -> None:
    names = [command.name for command in everything.COMMANDS]
    assert names == ["ghost", "overlaps", "contraction", "degeneracy", "universality"]
    assert len(set(names)) == len(names)
