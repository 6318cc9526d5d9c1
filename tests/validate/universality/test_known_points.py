"""The built-in checks of the universality command."""

from dataclasses import replace

from validate.progress import Progress
from validate.report import Report
from validate.universality import known_points
from validate.universality.settings import QUICK, Config


def test_what_is_known_is_found_and_proved(monkeypatch):
    monkeypatch.setattr(known_points, "BOUNDED", {"vanilla": known_points.BOUNDED["vanilla"]})
    config = Config(effort=replace(QUICK, networks=2, starts=64))
    report = Report("universality", config)
    with Progress() as progress:
        results = known_points.checks(config, report, progress)
    assert report.passed
    assert len(report.checks) == 9
    (drawn,) = known_points.figures(config, results)
    assert drawn.data["found"].shape == (27, 3)
