import re
from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax
import xarray as xr

from simulate.sweep import Job
from simulate.tasks import NBitFlipFlop, Task


class Trained(Job):
    task: Task
    rule: optax.GradientTransformation
    weights: jax.Array
    observe: Callable[[float], float] = abs

    def compute(self, needed, progress):
        return xr.Dataset({"weights": ("units", self.weights)})


class TrainedAgain(Trained):
    version = 2


class Compared(Job):
    one: Job
    other: Job

    @property
    def stem(self):
        return "compared to / what?"

    def needs(self):
        return self.one, self.other

    def compute(self, needed, progress):
        return needed[0] - needed[1]


def trained(seed: int = 0, rate: float = 1e-3, kind: type[Trained] = Trained, **constants: float) -> Trained:
    return kind(NBitFlipFlop(jax.random.key(0), **constants), optax.adam(rate), jnp.full(3, float(seed)))


def test_a_name_is_a_stem_and_sixteen_digits() -> None:
    assert re.fullmatch(r"trained-again-[0-9a-f]{16}", trained(kind=TrainedAgain).name)
    assert re.fullmatch(r"compared-to-what-[0-9a-f]{16}", Compared(trained(), trained()).name)


def test_all_that_the_result_depends_on_is_in_the_name() -> None:
    jobs = [
        trained(),
        trained(seed=1),
        trained(rate=2e-3),
        trained(kind=TrainedAgain),
        trained(bits=2),
        trained(probability=0.31),
        trained(threshold=0.002),
        Compared(trained(), trained(seed=1)),
        Compared(trained(seed=1), trained()),
        Compared(trained(), trained(seed=1, kind=TrainedAgain)),
    ]
    assert len({job.name.rpartition("-")[2] for job in jobs}) == len(jobs)
    assert trained().name == trained().name


def test_a_raised_version_is_another_job(monkeypatch) -> None:
    """Also for those that need it."""
    before = trained().name, Compared(trained(), trained(seed=1)).name
    monkeypatch.setattr(Trained, "version", 5)
    after = trained().name, Compared(trained(), trained(seed=1)).name
    assert not set(before) & set(after)
