"""The checks of transition graphs that are known, and that they can fail."""

import dataclasses

import pytest

from validate.progress import Progress
from validate.report import Report
from validate.universality import known_graphs
from validate.universality.settings import Config


@pytest.fixture
def run():
    def checks():
        report = Report("universality", Config())
        with Progress() as progress:
            results = known_graphs.checks(Config(), report, progress)
        return report, results

    return checks


def test_graphs_that_are_known_are_found(run):
    report, results = run()
    assert report.passed
    assert len(report.checks) == 4 * 4 + 5
    (drawn,) = known_graphs.figures(Config(), results)
    assert drawn.data["transitions"].shape == (27, 27)


def test_branches_that_end_elsewhere_are_a_failure(run, monkeypatch):
    follow = known_graphs.transition_graph

    def turned(found, **settings):
        made = follow(found, **settings)
        return dataclasses.replace(
            made,
            graph=made.perturbed,
            branches=dataclasses.replace(made.branches, nodes=made.branches.nodes[:, [0, 0]]),
        )

    monkeypatch.setattr(known_graphs, "transition_graph", turned)
    report, _ = run()
    failed = {check.name for check in report.failures}
    assert {name for name in failed if name.endswith("disagree")} == {
        f"{name}: edges of which branches and perturbations disagree"
        for name in ("1 bit", "2 bits", "3 bits", "3 bits, coupled")
    }
    assert any("transitions by branches" in name for name in failed)
