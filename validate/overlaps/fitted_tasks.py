"""The trainings that FACTOR and SPREAD of `theory.overlaps.closure.trust` were fitted on, and the fit.

    python -m validate.overlaps.fitted_tasks    # trains them all, in a minute: 2.051 and 2.924

A fixed set, with nothing in common with `validate.overlaps.unseen_tasks` but the way tasks are drawn.
"""

import jax
import numpy as np

from simulate.cells.nonlinearity import ERF, TANH
from simulate.tasks.impulse import filter_task, random_task
from theory.overlaps.equations.shape import Shape
from validate.overlaps.forecast_trial import ForecastTrial, run_trial
from validate.overlaps.unseen_tasks import DT, ONE, STEPS, TRIALS, Problem, flip_flop_task, four_impulses, problem

GAINS = (0.5, 0.7, 1.0, 1.5)
TWO = Shape(rank=2)
EPOCHS = 150


def fitted_tasks() -> tuple[Problem, ...]:
    """Random, filter and flip-flop tasks at four gains, for erf and tanh each, and rank two."""
    key = jax.random.key(7000)
    problems = []
    for number, gain in enumerate(GAINS):
        tasks = {
            "random": random_task(jax.random.fold_in(key, number), 1, 1, trials=TRIALS, steps=STEPS, dt=DT),
            "filter": four_impulses(filter_task(0.1 * (1 + number), DT, STEPS), 700 + number),
            "flip-flop": flip_flop_task(700 + number),
        }
        for turn, (kind, task) in enumerate(tasks.items()):
            for other, phi in enumerate((ERF, TANH)):
                problems.append(problem(kind, gain, task, shape=ONE, phi=phi, seed=700 + 6 * number + 2 * turn + other))
    for number, gain in enumerate((0.6, 1.2)):
        task = random_task(jax.random.fold_in(key, 100 + number), 1, 1, trials=TRIALS, steps=STEPS, dt=DT)
        problems.append(problem("rank two", gain, task, shape=TWO, phi=ERF, seed=800 + number))
    return tuple(problems)


def fit_trainings() -> tuple[ForecastTrial, ...]:
    """Train them all."""
    return tuple(run_trial(each, EPOCHS) for each in fitted_tasks())


def fit(trainings: tuple[ForecastTrial, ...]) -> tuple[float, float]:
    """FACTOR and SPREAD: the median of error / hidden, and two standard deviations of its logarithm as a factor."""
    ratio = np.log([each.error / each.trust.hidden for each in trainings])
    return float(np.exp(np.median(ratio))), float(np.exp(2 * np.std(ratio, ddof=1)))


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    print("FACTOR and SPREAD, fitted: {:.4g}, {:.4g}".format(*fit(fit_trainings())))
