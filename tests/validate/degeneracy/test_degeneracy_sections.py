import re
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from simulate.measures import trend
from validate.degeneracy import comparison, one_population, width
from validate.degeneracy.factor import PublishedArrow
from validate.degeneracy.settings import QUICK, Config, FactorLevels, TaskEffort
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report

TINY = replace(
    QUICK,
    networks=3,
    units=6,
    updates=400,
    every=4,
    trials=8,
    run=("flip-flop",),
    tasks=(TaskEffort("flip-flop", 5e-3, 0.5, (1, 2), 2, steps=5), *QUICK.tasks[1:]),
    levels=FactorLevels(((1, 2), (2, 3)), (1.0, 2.0), (4, 8), (0.0, 1e-3), (0.0, 1e-3)),
)


@pytest.fixture
def config(tmp_path):
    return Config(effort=TINY, networks=3, units=6, store=tmp_path / "store")


class Heard(Progress):
    """Keeps what the bars would say."""

    def __init__(self):
        super().__init__()
        self.words = []

    @contextmanager
    def told_task(self, description, total=None):
        yield lambda words, done, of: self.words.append((words, done, of))


def run(section, config, progress=None):
    report = Report("degeneracy", config)
    return report, section.checks(config, report, progress or Progress())


def test_one_population_is_held_beside_its_nulls_and_copies_are_found(config):
    heard = Heard()
    report, results = run(one_population, config, heard)
    assert report.passed
    words = [words for words, _, _ in heard.words]
    assert any(re.fullmatch(r"\d+ of 400 updates, 3 networks learning", each) for each in words)
    assert any(re.fullmatch(r"27 of 27 distances; about \d+ (s|min)", each) for each in words)
    assert heard.words[-1] == ("", 2, 2)
    assert results.found is not None
    assert len(one_population.figures(config, results)) == 1
    entry = report.document()["quantities"]["flip-flop, 3 bits, alone"]
    assert entry["converged"] == 3
    for name in (
        "behaviour",
        "dsa",
        "dsa_lower",
        "weights",
        "weights_group",
        "weights_null",
        "weights_relative",
        "epochs",
        "svcca",
        "svcca_untrained",
        "weight_change",
        "kernel_alignment",
        "kernel_alignment_unrelated",
    ):
        assert entry[f"{name}_standard_error"] >= 0, name
    assert entry["dsa_lower"] <= entry["dsa"]
    assert entry["weights_group"] <= entry["weights"] + 1e-9


def test_a_factor_is_told_with_its_null_and_a_second_run_trains_nothing(config, monkeypatch):
    report, results = run(width, config)
    assert report.passed
    told = report.document()["quantities"]["width, flip-flop: DSA: trend"]
    assert told["published"] == "down"
    assert told["verdict"] in {
        "not seen at this scale",
        "contradicted",
        "confirmed",
        "confirmed raw alone",
        "confirmed raw, but so does the null",
    }
    assert report.document()["quantities"]["flip-flop, 8 units"]["memory_demand"] == 1
    heard = Heard()
    plots = width.figures(config, width.for_figures(config, results, heard))
    assert any(re.fullmatch(r"\d+ of \d+ distances.*", words) for words, _, _ in heard.words)
    assert heard.words[-1][1:] == (3, 3)
    assert [each.name for each in plots] == ["width", "width_learning", "width_places"]
    learned, found = plots[1].data, results[0].found
    assert learned["width_flip_flop_change_null_mean"].tolist() == [f.norms_at_start.mean() for f in found]
    assert learned["width_flip_flop_alignment_trained_mean"].tolist() == [f.alignment.value for f in found]
    assert learned["width_flip_flop_memory_demand"].tolist() == [1.0, 1.0]
    drawn = plots[2].data
    assert drawn["width_flip_flop_DSA_population"].tolist() == [0, 0, 0, 1, 1, 1]
    assert not [name for name in drawn if "weights" in name]  # of two widths
    centre = drawn["width_flip_flop_DSA_points"][:3].mean(axis=0)
    (reach,) = np.linalg.norm(drawn["width_flip_flop_DSA_half_axes"][:1], axis=-1).max(axis=-1)
    assert np.linalg.norm(drawn["width_flip_flop_DSA_centres"][0] - centre) < reach
    monkeypatch.setattr(comparison, "curves", lambda name, shown, *_: Plot(name, f"{len(shown)}", b"", b"", {}))
    monkeypatch.setattr(comparison, "places", lambda name, shown, _: Plot(name, f"{len(shown)}", b"", b"", {}))
    named = [replace(results[0], factor=replace(results[0].factor, name=name)) for name in "aaabbb"]
    parts = [(f"many_{name}{what}", "3") for name in "ab" for what in ("", "_learning", "_places")]
    assert [(each.name, each.caption) for each in comparison.drawn("many", named, config)] == parts
    (check,) = (each for each in report.checks if each.name.startswith("width, flip-flop: exponent of |W|"))
    assert (check.predicted, check.passed) == (-1.5, True)
    before = sorted((file.name, file.stat().st_mtime_ns) for file in config.store.glob("*.nc"))
    again, _ = run(width, config)
    assert sorted((file.name, file.stat().st_mtime_ns) for file in config.store.glob("*.nc")) == before
    assert again.document()["quantities"] == report.document()["quantities"]


UNREACHABLE = tuple(replace(each, threshold=1e-9) for each in TINY.tasks)


def test_too_few_that_converge_are_counted_and_no_statement_is_made(tmp_path):
    config = Config(effort=replace(TINY, updates=8, tasks=UNREACHABLE), networks=3, units=6, store=tmp_path)
    report, results = run(width, config)
    assert report.passed
    assert all(result.statements == () for result in results)
    found = report.document()["quantities"]["flip-flop, 4 units"]
    assert (found["networks"], found["converged"], found["memory_demand"]) == (3, 0, 1)
    assert found["outcomes"]["not_converged"].startswith("3 of 3: its loss did not reach the threshold: allow more")
    (counted,) = (each for each in report.checks if each.name == "width, flip-flop: networks that converged")
    assert (counted.predicted, counted.measured) == ("3, 3", "0, 0")
    assert "need more updates or a higher threshold" in counted.tolerance_from
    assert width.figures(config, width.for_figures(config, results, Progress())) == ()


UP, DOWN, FLAT = (
    trend(levels, draws=2000)
    for levels in (
        [[1.0, 1.1, 1.2, 0.9, 1.05], [2.0, 2.1, 2.2, 1.9, 2.05]],
        [[2.0, 2.1, 2.2, 1.9, 2.05], [1.0, 1.1, 1.2, 0.9, 1.05]],
        [[1.0, 2.0, 3.0, 4.0, 5.0], [1.5, 2.5, 3.5, 0.5, 4.5]],
    )
)


@pytest.mark.parametrize(
    ("arrow", "raw", "null", "beyond", "verdict"),
    [
        (1, UP, FLAT, UP, "confirmed"),
        (1, UP, UP, FLAT, "confirmed raw, but so does the null"),
        (1, UP, FLAT, FLAT, "confirmed raw alone"),
        (1, UP, DOWN, DOWN, "confirmed raw alone"),
        (1, FLAT, UP, UP, "not seen at this scale"),
        (1, DOWN, UP, UP, "contradicted"),
        (-1, DOWN, DOWN, UP, "confirmed raw, but so does the null"),
        (-1, UP, DOWN, DOWN, "contradicted"),
        (0, FLAT, UP, UP, "none seen, as published"),
        (0, UP, UP, UP, "contradicted"),
        (None, FLAT, UP, UP, "not seen at this scale"),
        (None, DOWN, UP, DOWN, "goes down"),
        (None, DOWN, DOWN, FLAT, "goes down raw, but so does the null"),
        (None, UP, DOWN, FLAT, "goes up raw alone"),
    ],
)
def test_verdicts(arrow, raw, null, beyond, verdict):
    assert PublishedArrow("weights", arrow, raw, null, beyond).verdict == verdict
