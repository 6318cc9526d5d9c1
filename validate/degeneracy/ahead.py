"""What is left to train, and the hours that it will take on this machine: told before the first of them."""

import importlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import numpy as np

from simulate.populations.condition import TrainingCondition
from simulate.populations.jobs import TrainJob
from simulate.populations.rate import seconds_an_update
from simulate.runtime import available_cores
from simulate.sweep.store import Store
from simulate.training.penalty import Penalised
from validate.degeneracy.conditions import FactorLevel
from validate.degeneracy.settings import Config
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report
from validate.stored import store_of, store_refused, workers_of
from validate.tolerance import Reported


@dataclass(frozen=True)
class WorkAhead:
    """The populations of a run: those in the store, with the updates that their networks had, and those left.

    `seconds` are those of one update of one network on one core, for each that is left; `cores` share the work. It is
    `rough` as long as some of these are reckoned.
    """

    done: tuple[TrainingCondition, ...]
    had: tuple[float, ...]
    left: tuple[TrainingCondition, ...]
    seconds: tuple[float, ...]
    cores: int
    rough: bool = False

    @property
    def least(self) -> float:
        """Hours if every network is at its threshold from the first update on, and only its patience is left."""
        return self._hours([min(each.patience * each.every, each.updates) for each in self.left])

    @property
    def most(self) -> float:
        """Hours if no network reaches its threshold, and all have the most updates they may have."""
        return self._hours([each.updates for each in self.left])

    @property
    def expected(self) -> float | None:
        """Hours if networks need the share of their most updates that those in the store needed; None without these."""
        if not self.done:
            return None
        share = np.mean([had / condition.updates for had, condition in zip(self.had, self.done, strict=True)])
        return float(share) * self.most

    def _hours(self, updates: Sequence[int]) -> float:
        """Of so many updates of each network, population by population."""
        parts = zip(self.left, updates, self.seconds, strict=True)
        return sum(condition.networks * count * seconds for condition, count, seconds in parts) / self.cores / 3600

    @property
    def sentence(self) -> str:
        """For a person who is about to start it."""
        total = len(self.done) + len(self.left)
        if not self.left:
            return f"all {total} populations are in the store: nothing is left to train"
        about = "roughly " * self.rough
        hours = f"{about}{self._told(self.least)} to {self._told(self.most)} hours"
        words = f"{len(self.left)} of {total} populations are left to train: {hours}"
        shared = f"on {self.cores} core{'s' * (self.cores > 1)} as busy as now"
        if self.expected is None:
            return f"{words} {shared}, by how soon networks reach their thresholds"
        return f"{words} {shared}; {self._told(self.expected)} if networks need as many updates as those in the store"

    def _told(self, hours: float) -> str:
        return f"{float(f'{hours:.{2 if self.rough else 3}g}'):,g}"


def work_ahead(levels: Sequence[FactorLevel], store: Store, progress: Progress, *, cores: int) -> WorkAhead:
    """What of these populations is not in the store, and how long an update of each takes here.

    That takes minutes, as each shape of network and trial is timed. So rough hours are printed once the first is.
    """
    conditions = {TrainJob(level.condition).name: level.condition for level in levels}
    done = tuple(each for each in conditions.values() if TrainJob(each) in store)
    left = tuple(each for each in conditions.values() if TrainJob(each) not in store)
    had = tuple(float(store.read(TrainJob(each)).updates.mean()) for each in done)
    shape_of_each = [shape_of(each) for each in left]
    to_time = typical_first(dict(zip(shape_of_each, left, strict=True)))
    seconds: dict[str, float] = {}

    def found(*, rough: bool) -> WorkAhead:
        return WorkAhead(done, had, left, tuple(seconds[shape] for shape in shape_of_each), cores, rough)

    with progress.task("how long an update takes", len(to_time)) as advance:
        for number, (shape, condition) in enumerate(to_time.items(), 1):
            timed = seconds_an_update(condition)
            if number == 1 < len(to_time):
                rate = timed / operations(condition)
                seconds = {other: rate * operations(each) for other, each in to_time.items()}
                print(found(rough=True).sentence, flush=True)
                print(f"closer when each of {len(to_time)} shapes of network and trial is timed", flush=True)
            seconds[shape] = timed
            advance(number)
    return found(rough=False)


def typical_first(shapes: Mapping[str, TrainingCondition]) -> dict[str, TrainingCondition]:
    """Those of a median update before the others: by it the others are reckoned, and it is timed soon."""
    by_size = sorted(shapes.items(), key=lambda shape: operations(shape[1]))
    middle = (len(by_size) - 1) // 2
    return dict([*by_size[middle:], *by_size[:middle]])


def operations(condition: TrainingCondition) -> int:
    """Products of one pass of a network over a batch, to which an update is in proportion, roughly."""
    inputs = jax.eval_shape(condition.task.draw, jax.random.key(0)).inputs
    steps, units = math.prod(inputs.shape[:2]), condition.start.units
    return steps * units * (units + condition.task.inputs + condition.task.outputs)


def shape_of(condition: TrainingCondition) -> str:
    """What decides how long an update takes: shapes of trials and weights, and what is computed of them."""
    batch = jax.eval_shape(condition.task.draw, jax.random.key(0))
    network = jax.eval_shape(lambda: condition.first_networks(jax.numpy.dtype("float32")))
    rule = condition.training_rule
    penalty = type(rule.penalty).__name__ if isinstance(rule, Penalised) else "none"
    shapes = [leaf.shape for leaf in (batch.inputs, batch.targets)]
    weights = [leaf.shape[1:] for leaf in jax.tree.leaves(network)]
    return repr((shapes, type(network).__name__, weights, type(rule).__name__, penalty))


def levels_of(modules: Sequence[str], config: Config) -> list[FactorLevel]:
    """Those of all sections, which have factors of several levels or one level alone."""
    found: list[FactorLevel] = []
    for each in map(importlib.import_module, modules):
        if hasattr(each, "factors"):
            found += [level for factor in each.factors(config) for level in factor.levels]
        else:
            found.append(each.level_of(config))
    return found


def cores_of(config: Config) -> int:
    """How many share the work; of a cluster, one of them, as its workers are not known."""
    if config.scheduler is not None:
        return 1
    workers = workers_of(config)
    return jax.device_count() if workers == 1 else min(workers, available_cores())


def checks(modules: Sequence[str], config: Config, report: Report, progress: Progress) -> WorkAhead:
    """Count, measure, and say it at once: what follows takes long."""
    with store_refused():
        found = work_ahead(levels_of(modules, config), store_of(config), progress, cores=cores_of(config))
    print(found.sentence, flush=True)
    report.check(
        "populations in the store",
        predicted=len(found.done) + len(found.left),
        measured=len(found.done),
        tolerance=Reported("others are trained now"),
    )
    hours = {"least": found.least, "most": found.most, "expected": found.expected}
    report.quantity("hours ahead", {**hours, "cores": found.cores, "populations": len(found.left)})
    return found


def figures(config: Config, results: WorkAhead) -> tuple[Plot, ...]:
    """None."""
    return ()
