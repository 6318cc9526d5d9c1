"""What a run on a user's task says beside its numbers: how trainings ended, the nodes' error, what is trained."""

import numpy as np
import pytest

from simulate.training.outcome import TrainingOutcome
from validate.options import Refusal
from validate.overlaps import user_task
from validate.overlaps.settings import QUICK, UserConfig
from validate.overlaps.training_notes import how_it_ended
from validate.overlaps.user_run import own_run
from validate.progress import Progress
from validate.report import Report

RANDOM = np.random.default_rng(0)
INPUTS, TARGETS = RANDOM.standard_normal((2, 8, 1)), RANDOM.standard_normal((2, 8, 1))


@pytest.fixture
def trained(tmp_path):
    """Train on a task; returns the report and the results."""

    def train(task, **options):
        np.savez(tmp_path / "task.npz", **{"inputs": INPUTS, "targets": TARGETS, "dt": 0.2} | task)
        own = own_run(UserConfig(task=tmp_path / "task.npz", epochs=5, effort=QUICK, **options))
        report = Report("overlaps", own.config)
        return report, user_task.checks(own, own.config, report, Progress())

    return train


def test_the_error_of_the_nodes_is_reported_and_their_number_is_the_user_s(trained):
    """Sixteen times the nodes err by less: as 1/nodes at best, by half at least."""
    errors = {}
    for nodes in (64, 1024):
        report, results = trained({}, nonlinearity="tanh", levels=("infinite_width",), nodes=nodes, learning_rate=0.5)
        errors[nodes] = report.quantities["infinite_width_overlaps_error_of_nodes"]
        assert report.quantities["infinite_width_loss_error_of_nodes"] > 0
        assert [each.level.name for each in results.levels] == ["infinite_width"]
    assert 0 < errors[1024] < errors[64] / 2


def test_a_rule_with_too_few_nodes_or_no_power_of_two_is_refused(trained):
    for nodes in (2, 4, 1000):
        with pytest.raises(Refusal, match="a power of two from 8"):
            trained({}, nonlinearity="tanh", nodes=nodes)
    with pytest.raises(Refusal, match="without the level infinite_width"):
        trained({}, nodes=1024)


def test_a_time_step_that_makes_the_leak_unstable_is_what_the_advice_is_about(trained):
    """1 - dt = -3: after 400 steps activity of 1 is 1e190, its square no number."""
    long = {"inputs": np.ones((1, 400, 1)), "targets": np.ones((1, 400, 1)), "dt": 4.0}
    report, (result,) = (lambda found: (found[0], found[1].levels))(trained(long, levels=("map",)))
    assert result.outcome is TrainingOutcome.diverged
    assert report.quantities["leak_factor"] == -3
    (text,) = (each.meaning for found in report.findings.values() for each in found if each.name == "map_outcome")
    assert "multiplies activity by -3" in text
    assert "no learning rate helps" in text
    assert "lower the learning" not in text


def test_a_stable_leak_is_not_spoken_of(trained):
    report, _ = trained({"dt": 2.0}, levels=("map",))
    assert "leak_factor" not in report.quantities


@pytest.mark.parametrize(
    ("epochs_finite", "dt", "words"),
    [
        (0, 0.1, "before anything is learned"),
        (7, 0.1, TrainingOutcome.diverged.sentence),
        (7, 2.0, TrainingOutcome.diverged.sentence),
        (7, 2.1, "the leak itself is unstable"),
    ],
)
def test_the_advice_is_about_what_diverged(epochs_finite, dt, words):
    assert words in how_it_ended(TrainingOutcome.diverged, epochs_finite, dt)
    assert how_it_ended(TrainingOutcome.completed, 5, dt) == TrainingOutcome.completed.sentence


def test_a_mask_of_zeros_is_refused(trained):
    with pytest.raises(Refusal, match="mask is zero everywhere"):
        trained({"mask": np.zeros((2, 8))})


def test_of_weights_of_full_rank_it_is_said_which_part_is_trained(trained, tmp_path):
    weights = RANDOM.standard_normal((6, 6))
    columns = RANDOM.standard_normal((2, 6, 1))
    np.savez(tmp_path / "network.npz", m=columns[0], z=columns[1], W=weights)
    options = {"network": tmp_path / "network.npz", "rank": 2}
    report, _ = trained({}, **options, levels=("network",))
    values = np.linalg.svd(weights, compute_uv=False)
    expected = np.linalg.norm(values[2:]) / np.linalg.norm(values)
    assert report.quantities["network_trained_residual"] == pytest.approx(expected, rel=1e-12)
    assert "rank 2" in report.quantities["network_trained"]
    report, _ = trained({}, **options, levels=("map",))
    assert "network_trained" not in report.quantities
