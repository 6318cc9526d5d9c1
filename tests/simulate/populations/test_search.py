"""A random search for the numbers of descent: what is drawn, and that the best of what was tried is kept."""

import jax
import numpy as np
import pytest
import xarray as xr

from simulate.cells import UniformWeights
from simulate.populations import DescentNumbers, SearchJob, best_numbers
from simulate.populations.search import NoneTrained
from simulate.tasks import NBitFlipFlop
from simulate.training import Squares

TASK = NBitFlipFlop(jax.random.key(0), trials=8, bits=1, steps=6, threshold=0.4)
JOB = SearchJob(
    TASK,
    UniformWeights(4, inputs=1, outputs=1),
    Squares(1e-5, on=("W", "U", "V")),
    draws=6,
    updates=40,
    every=4,
    trials=16,
    seed=0,
)


@pytest.fixture(scope="module")
def stored():
    return JOB.compute((), lambda *_: None)


def test_numbers_are_drawn_in_the_paper_s_ranges():
    drawn = DescentNumbers.drawn(4000, seed=1)
    for name, low, high in (("rate", 1e-5, 0.1), ("decay", 0.1, 0.9), ("momentum", 0, 1), ("longest", 0.1, 10)):
        values = getattr(drawn, name)
        assert low <= values.min()
        assert values.max() <= high
    assert np.median(drawn.rate) == pytest.approx(1e-3, rel=0.3)  # uniform in the logarithm
    assert np.median(drawn.longest) == pytest.approx(1.0, rel=0.2)


def test_every_draw_trains_to_the_end_and_the_best_on_other_trials_is_kept(stored):
    losses = stored["loss"].values
    best = best_numbers(stored)
    assert best.rate == stored["rate"].values[losses.argmin()]
    assert losses.min() < 0.7 < 1.0 < np.median(losses)  # a target of +-1 is missed by one until something is learned
    assert DescentNumbers.of_each([best, best]).rule(updates=40).decay.tolist() == pytest.approx([best.decay[0]] * 2)


def test_a_search_that_is_stopped_goes_on_to_the_bit_and_leaves_nothing(stored, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def stopped(done, of, what):
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        JOB.compute((), stopped)
    (left,) = (tmp_path / "rnn-learning-theory" / "checkpoints").iterdir()
    assert left.name == f"{JOB.name}.npz"
    reached = []
    assert JOB.compute((), lambda done, of, what: reached.append(done)).identical(stored)
    assert reached[0] > 20
    assert not left.exists()


def test_what_diverged_is_never_the_best():
    told = {name: ("draw", [1.0, 2.0]) for name in ("rate", "decay", "momentum", "longest")}
    assert best_numbers(xr.Dataset({**told, "loss": ("draw", [np.inf, 5.0])})).rate.tolist() == [2.0]
    with pytest.raises(NoneTrained, match="more draws"):
        best_numbers(xr.Dataset({**told, "loss": ("draw", [np.inf, np.inf])}))
