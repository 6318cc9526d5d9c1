from dataclasses import replace

import numpy as np
import pytest

from simulate.degeneracy import Saddle
from theory.degeneracy.saddles import ChannelEscape
from validate.degeneracy import predicted_saddles as predicted
from validate.degeneracy.settings import QUICK, Config
from validate.progress import Progress
from validate.report import Report

NETWORKS = 2_000
SIZES = predicted.SIZES


def results(problem: predicted.FilterChannels) -> predicted.SaddleResults:
    """As if it had been measured, by the laws themselves."""
    random, channels = np.random.default_rng(0), len(problem.decays)
    names = predicted.CHANNELS + predicted.COUPLED
    lasting = predicted.CHANNELS if problem.equal else ()
    slope = 1 / (2 * np.log(1.1))
    expected, seen = [], []
    for neurons in SIZES:
        draws = {name: random.normal(size=(2, NETWORKS)) for name in (*names, "epochs")}
        limit = {name: 1.0 if name in lasting else 0.01 for name in names}
        mean = slope * np.log(neurons)
        expected.append({name: limit[name] * draws[name][0] for name in names} | {"epochs": mean + draws["epochs"][0]})
        noise = {name: np.sqrt(limit[name] ** 2 + 9 / neurons) for name in names}
        seen.append({name: noise[name] * draws[name][1] for name in names} | {"epochs": mean + draws["epochs"][1]})
    escape = ChannelEscape(1.1, 1.0, np.zeros(2), np.zeros((2, 4, 4)))
    saddle = Saddle(1.0, np.diag([*[1.1] * channels**2, 1.0]), (escape,) * channels)
    return predicted.SaddleResults(problem, saddle, SIZES, tuple(expected), tuple(seen))


@pytest.mark.parametrize("problem", predicted.PROBLEMS[1:], ids=["equal", "unequal"])
def test_networks_that_obey_the_laws_pass_and_networks_that_do_not_fail(problem):
    found = results(problem)
    report = Report("degeneracy", Config())
    predicted.judged(found, NETWORKS, report)
    assert report.passed
    assert len(report.checks) == 4 + (8 if problem.equal else 1) + 4
    measured = [
        {**each, "tr uu": found.measured[0]["tr uu"], "epochs": 1.1 * each["epochs"]} for each in found.measured
    ]
    other = Report("degeneracy", Config())
    predicted.judged(replace(found, measured=tuple(measured)), NETWORKS, other)
    failed = [check.name.split(": ")[1] for check in other.failures]
    assert "mean epochs, N = 65536" in failed
    assert "exponent of what the spread of tr uu has beyond the prediction" in failed


def test_an_exponent_that_cannot_be_told_is_not_asserted():
    """Where nearly all of a spread is predicted, or more than all, no exponent of the rest could fail."""
    sizes = np.array(SIZES, float)
    lasting = np.ones_like(sizes)
    assert predicted.falling(sizes, lasting, lasting + 1e-6, networks=NETWORKS)[1] > 0.5
    assert predicted.falling(sizes, lasting, 0.9 * lasting, networks=NETWORKS)[1] == np.inf
    found = results(predicted.PROBLEMS[1])
    report = Report("degeneracy", Config())
    seen = [
        {**each, "tr uu": 0.9 * beside["tr uu"]} for each, beside in zip(found.measured, found.predicted, strict=True)
    ]
    predicted.judged(replace(found, measured=tuple(seen)), NETWORKS, report)
    (check,) = (each for each in report.checks if "spread of tr uu has" in each.name)
    assert not check.asserted


@pytest.mark.sampled(0)
@pytest.mark.parametrize("first", [0])
def test_the_figure_has_what_is_drawn(first):
    found = tuple(results(problem) for problem in predicted.PROBLEMS[1:])
    (plot,) = predicted.figures(Config(), (found[first], *found))
    np.testing.assert_allclose(plot.data["two_equal_channels_zm11_measured"], found[0].spreads("zm11")[1])
    assert plot.data["two_unequal_channels_tr uu_measured"].shape == (len(SIZES),)


def test_invariants_do_not_see_turns_of_the_recurrence():
    random = np.random.default_rng(1)
    blocks = {name: random.normal(size=(3, 2, 2)) for name in ("zm", "mm", "zz", "uu", "vv")}
    blocks |= {name: blocks[name] + blocks[name].transpose(0, 2, 1) for name in ("uu", "vv")}
    turn = np.linalg.qr(random.normal(size=(2, 2)))[0]
    turned = blocks | {name: turn.T @ blocks[name] @ turn for name in ("uu", "vv")}
    one, other = predicted.invariants(blocks), predicted.invariants(turned)
    for name, values in one.items():
        np.testing.assert_allclose(values, other[name], rtol=1e-12, err_msg=name)
    assert set(one) == {*predicted.CHANNELS, *predicted.COUPLED}


@pytest.mark.sampled(0)
@pytest.mark.parametrize("seed", [1])
def test_the_section_passes_on_small_populations(seed, monkeypatch):
    monkeypatch.setattr(predicted, "NETWORKS", {"quick": 100})
    report = Report("degeneracy", Config(effort=QUICK, seed=seed))
    with Progress() as progress:
        predicted.checks(report.config, report, progress)
    assert report.passed
