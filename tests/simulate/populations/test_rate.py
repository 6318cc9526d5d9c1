"""How long an update takes: that it is the quickest of the calls that do not compile, for one network on one core."""

import jax
import optax
import pytest

from simulate.cells import UniformWeights
from simulate.populations import TrainingCondition, rate, seconds_an_update
from simulate.tasks import NBitFlipFlop


def test_the_quickest_call_after_the_first_is_shared_among_its_updates(monkeypatch):
    seen = []

    def train(networks, task, *, epochs, chunk, progress, **other):
        seen.append((len(networks.W), epochs))
        for done in range(chunk, epochs + 1, chunk):
            progress(done)

    ticks = iter([100.0, 103.0, 104.6, 108.0])
    monkeypatch.setattr(rate, "train", train)
    monkeypatch.setattr(rate.time, "perf_counter", lambda: next(ticks))
    task = NBitFlipFlop(jax.random.key(0), trials=4, bits=1, steps=5)
    condition = TrainingCondition(task, UniformWeights(4, inputs=1, outputs=1), optax.adam(1e-2), networks=50)
    assert seconds_an_update(condition) == pytest.approx(1.6 / (rate.NETWORKS * rate.UPDATES))
    assert seen == [(rate.NETWORKS * jax.device_count(), rate.UPDATES * rate.CHUNKS)]
