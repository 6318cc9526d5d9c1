"""The tasks that the degeneracy command trains: what each asks for at every effort, and which conditions are shared."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulate.populations import TrainJob
from simulate.runtime import available_cores
from simulate.sweep import HERE, Cluster
from simulate.tasks import Batch
from validate.degeneracy import channels, demands, regularisation, richness, width
from validate.degeneracy.settings import FULL, QUICK, TASKS, USUAL, Config
from validate.degeneracy.suite import SUITE, chosen, discrimination
from validate.stored import spread_of, workers_of

EFFORTS = (QUICK, USUAL, FULL)
SECTIONS = (channels, demands, richness, width, regularisation)
TRIALS = 2000


def forgetful(batch: Batch) -> np.ndarray:
    """Tells pulses only while they last."""
    return np.asarray(batch.inputs)


def knows_the_second_alone(batch: Batch) -> np.ndarray:
    """The mean sign given the second pulse, at each step of the response."""
    inputs = np.asarray(batch.inputs)
    steps = np.arange(inputs.shape[1])[:, None]
    last = np.where(inputs != 0, steps, 0).max(axis=1, keepdims=True)
    second = np.take_along_axis(inputs, last, axis=1)
    return np.broadcast_to((second - 6) / 4, batch.targets.shape)


def misses_the_slowest(batch: Batch) -> np.ndarray:
    """All waves but the slowest."""
    inputs = np.asarray(batch.inputs)
    return np.where(inputs > inputs.min(), np.asarray(batch.targets), 0.0)


def stays(batch: Batch) -> np.ndarray:
    """Where the path began."""
    dimensions = batch.targets.shape[-1]
    return np.broadcast_to(np.asarray(batch.inputs)[:, :1, dimensions:], batch.targets.shape)


def goes_straight_on(batch: Batch) -> np.ndarray:
    """The last state and its last change; of the first, the state that follows."""
    inputs, targets = np.asarray(batch.inputs), np.asarray(batch.targets)
    return np.concatenate([targets[:, :1], 2 * inputs[:, 1:] - inputs[:, :-1]], axis=1)


SHORT = dict(zip(TASKS, (forgetful, knows_the_second_alone, misses_the_slowest, stays, goes_straight_on), strict=True))
"""What answers without having learned the task."""


@pytest.mark.parametrize("effort", EFFORTS, ids=lambda effort: effort.name)
@pytest.mark.parametrize("task", SUITE, ids=lambda task: task.option)
@pytest.mark.sampled(3)
def test_no_threshold_is_reached_by_who_has_not_learned_the_task(task, effort):
    config = Config(effort=replace(effort, trials=TRIALS))
    for level in task.effort(config).complexity:
        made = task.at(config, level)
        batch = made(jnp.asarray(0))
        loss = float(batch.loss(jnp.asarray(SHORT[task.option](batch))))
        assert loss > 1.2 * made.threshold, (level, loss)


@pytest.mark.parametrize("effort", EFFORTS, ids=lambda effort: effort.name)
def test_more_complex_levels_have_more_inputs_or_more_outputs(effort):
    config = Config(effort=effort)
    for task in SUITE:
        sizes = [(made.inputs, made.outputs) for made in (task.at(config, n) for n in task.effort(config).complexity)]
        assert sizes == sorted(set(sizes)), task.name
        assert task.effort(config).usual in task.effort(config).complexity, task.name


def test_the_magnitude_is_an_output_more():
    config = Config(effort=QUICK)
    assert (discrimination(config, 1).outputs, discrimination(config, 1, magnitude_unit=8.0).outputs) == (1, 2)


def test_each_task_is_varied_by_every_factor_and_one_condition_is_one_population():
    config = Config(effort=USUAL)
    names = [task.name for task in SUITE]
    of_each = {section: section.factors(config) for section in SECTIONS}
    for section in (channels, richness, width):
        assert [factor.task for factor in of_each[section]] == names
    assert [factor.task for factor in of_each[regularisation]] == [name for name in names for _ in range(2)]
    assert {factor.task for factor in of_each[demands]} == {"delayed discrimination"}
    jobs = {
        level.label: TrainJob(level.condition).name
        for factors in of_each.values()
        for factor in factors
        for level in factor.levels
    }
    alike = ("path integration, 2 dimensions", "path integration, nuclear norm 0", "path integration, L1 norm 0")
    assert len({jobs[label] for label in alike}) == 1
    assert jobs["Lorenz-96, gamma 1"] == jobs["Lorenz-96, 32 units"] != jobs["Lorenz-96, 64 units"]
    assert jobs["delayed discrimination, delay 2 to 5"] == jobs["delayed discrimination, sign"]
    assert len(set(jobs.values())) == len(jobs) - 2 * 5 - 5 - 2  # penalties of nothing, widths of 32, plain delays


def test_tasks_may_be_chosen():
    assert [task.option for task in chosen(Config(effort=QUICK))] == ["flip-flop", "discrimination"]
    config = Config(effort=QUICK, tasks=("lorenz", "sine"))
    assert [task.option for task in chosen(config)] == ["sine", "lorenz"]
    assert demands.factors(config) == ()
    assert len(width.factors(config)) == 2


def test_the_fastest_wave_turns_by_less_than_an_eighth_of_a_circle_a_step():
    for effort in EFFORTS:
        made = SUITE[2].at(Config(effort=effort))
        theta, tau = 2 * np.pi * made.band[1] * made.sampling_interval, 0.5
        assert theta < np.pi / 4
        assert abs(np.exp(1j * theta) - 1 + tau) / tau < 1.5


def test_the_same_seed_gives_the_same_trials():
    one, other = (SUITE[3].at(Config(effort=QUICK, seed=7))(jnp.asarray(3)) for _ in range(2))
    assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), one, other))


def test_populations_have_a_process_a_core_but_small_ones_share_this_one():
    cores = available_cores()
    assert workers_of(Config(effort=QUICK)) == 1
    assert workers_of(Config()) == workers_of(Config(effort=FULL)) == cores
    assert workers_of(Config(workers=3)) == 3
    assert spread_of(Config(workers=3), jobs=1) == spread_of(Config(workers=3), jobs=0) == HERE
    assert isinstance(spread_of(Config(scheduler="tcp://127.0.0.1:8786"), jobs=1), Cluster)
