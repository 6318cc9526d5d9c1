"""Escapes from a saddle, by formulas of the linear step and by a network of many neurons."""

import numpy as np
import pytest

from simulate.cells.nonlinearity import LINEAR
from simulate.degeneracy import TrainingMap, carried, saddle_of
from simulate.degeneracy.escaping import NotOnASaddle
from simulate.overlaps import closure_of
from simulate.tasks.impulse import filter_task
from simulate.training.rule import GradientDescent
from theory.overlaps import Shape

START = np.diag([1.0, 2.0, 0.5, 1.5])
NEURONS = 10**12


@pytest.fixture(scope="module")
def learning():
    return TrainingMap(closure_of(Shape(), LINEAR), filter_task(dt=0.25, steps=12), GradientDescent(0.05))


@pytest.fixture(scope="module")
def saddle(learning):
    return saddle_of(learning, START, epochs=400)


@pytest.mark.sampled(0)
@pytest.mark.parametrize("rest", [60])
def test_the_factor_is_that_of_the_closed_form(saddle, rest):
    """zu' = zu + k (uu + zz) vm, vm' = vm + k (vv + mm) zu: 1 + k ((uu + zz) (vv + mm))^1/2, all at the saddle."""
    pairs = Shape().pairs
    entry = {name: pairs.index(pair) for name, pair in {"zu": (1, 3), "vm": (0, 2)}.items()}
    one, other = (saddle.step[entry[a], entry[b]] for a, b in (("zu", "vm"), ("vm", "zu")))
    (escape,) = saddle.escapes
    assert saddle.unstable == 1
    assert escape.factor == pytest.approx(1 + np.sqrt(one * other), rel=1e-12)
    assert one * (0.5 + escape.overlaps[rest, 0, 0]) == pytest.approx(
        other * (2 + escape.overlaps[rest, 3, 3]), rel=1e-5
    )  # after so many epochs it rests on the saddle
    assert (np.diff(escape.gained) <= 1e-12).all()


@pytest.mark.sampled(0)
@pytest.mark.parametrize(("a", "b"), [(0.8, 1.7)])
def test_the_amplitude_is_that_of_networks(learning, saddle, a, b):
    """Of single overlaps off their mean, at a size of which the path is the limit."""
    (escape,) = saddle.escapes
    grams = np.stack([START] * 3)
    for gram, (zu, vm) in zip(grams, ((a, 0.0), (0.0, b), (a, b)), strict=True):
        gram[1, 3] = gram[3, 1] = zu / NEURONS**0.5
        gram[0, 2] = gram[2, 0] = vm / NEURONS**0.5
    threshold = saddle.loss + 0.3 * escape.gained[-1]
    epochs = carried(learning, grams, epochs=2000, loss=float(threshold))["epochs"]
    amplitudes = escape.factor ** -epochs.astype(float)
    assert amplitudes[2] == pytest.approx(amplitudes[0] + amplitudes[1], rel=escape.factor - 1)  # whole epochs
    path = np.interp(threshold, escape.gained[::-1] + saddle.loss, np.arange(len(escape.gained))[::-1])
    zu, vm = (escape.factor ** (path - epochs[k]) * NEURONS**0.5 / size for k, size in ((0, a), (1, b)))
    deviation = np.hypot(zu * np.sqrt(1.5 * 2.0), vm * np.sqrt(1.0 * 0.5))
    assert escape.deviation == pytest.approx(deviation, rel=escape.factor - 1)


@pytest.mark.sampled(0)  # the example of `saddle_of` shows one
@pytest.mark.parametrize(("start", "shape"), [(START + 0.1, Shape()), (np.eye(5), Shape(inputs=2))])
def test_starts_that_are_not_on_a_saddle_are_refused(learning, start, shape):
    other = TrainingMap(closure_of(shape, LINEAR), learning.task, learning.rule)
    with pytest.raises(NotOnASaddle, match="diagonal"):
        saddle_of(other, start, epochs=10)
