"""Whether a prediction to leading order is one: how much the next terms of the training map would spread networks."""

import numpy as np
from jaxtyping import ArrayLike

from simulate.degeneracy.carried import carried
from simulate.degeneracy.dispersed import Directions, Dispersions
from simulate.degeneracy.training_map import TrainingMap
from simulate.degeneracy.trials import NOTHING_ASKED, OtherTrials

REACHES = (1.0, 2.0)
"""Standard deviations on both sides of the start over which a second difference is taken; the largest counts."""


def spread_by_curvature(
    learning: TrainingMap,
    start: ArrayLike,
    directions: Directions,
    leading: Dispersions,
    *,
    neurons: int,
    epochs: int,
    trials: OtherTrials = NOTHING_ASKED,
) -> dict[str, np.ndarray]:
    """How far the next terms alone spread linear networks of N neurons, after a number of epochs: an indicator.

    Along a direction X of variance one, g(S + N^-1/2 x X) = g + a x + b x^2 + c x^3 + ...; by x^2 networks spread by
    sqrt(2) |b|, and by what is no slope in x^3 = (x^3 - 3 x) + 3 x by sqrt(6) |c|. Both are added as squares, over all
    directions. b is from second differences over one and two standard deviations, the larger (they agree where the
    expansion holds), c what the difference over one has beyond the slope a of `leading` (from `dispersed`).

    It tells whether a leading order is all, and is no correction to it: that has besides 6 a c, what the skewness of
    the overlaps makes of a b, of the same order and of either sign, and mixed derivatives, without which it depends
    on the choice of directions where several have equal variances.

    Derived here; tests/simulate/degeneracy/test_curved.py.

    Raises:
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> from simulate.degeneracy import TrainingMap, dispersed
    >>> from simulate.overlaps import closure_of
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent
    >>> from theory.degeneracy import directions, normal_rows
    >>> from theory.overlaps import LINEAR, Shape
    >>> learning = TrainingMap(closure_of(Shape(), LINEAR), filter_task(steps=40), GradientDescent(0.05))
    >>> start = 0.8 * np.eye(4) + 0.2
    >>> along = directions(normal_rows(start))
    >>> given = learning, start, along, dispersed(learning, start, along, epochs=20)
    >>> found = [spread_by_curvature(*given, neurons=n, epochs=20)["loss"] for n in (10_000, 40_000)]
    >>> float((found[0] / found[1]).round(1))
    4.0
    """
    S, step = np.asarray(start, dtype=np.float64), np.asarray(directions) / np.sqrt(neurons)
    grams = np.concatenate([S[None], *(S + side * reach * step for reach in REACHES for side in (1, -1))])
    found = carried(learning, grams, epochs=epochs, trials=trials)
    found.pop("epochs")
    return {name: _next_terms(values, leading[name].slopes / np.sqrt(neurons)) for name, values in found.items()}


def _next_terms(values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    middle, around = values[0], values[1:].reshape(len(REACHES), 2, -1, *values.shape[1:])
    pairs = list(zip(REACHES, around, strict=True))
    with np.errstate(invalid="ignore", over="ignore"):  # trainings that diverge have none
        curvature = [(above + below - 2 * middle) / reach**2 for reach, (above, below) in pairs]
        cubic = (around[0, 0] - around[0, 1]) / (2 * REACHES[0]) - slopes
        return np.asarray(np.sqrt((np.square(curvature).sum(axis=1) / 2).max(axis=0) + 6 * (cubic**2).sum(axis=0)))
