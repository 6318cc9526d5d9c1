"""The filter's escape rate in symbols: the ten equations' spectrum, the sensitivities, and the way to the plateau."""

import numpy as np
import pytest
import sympy as sp

from theory.overlaps.equations.shape import Shape
from theory.overlaps.impulse import escape
from theory.overlaps.impulse.clock import Flow
from theory.overlaps.impulse.critical import saddle_zm
from theory.overlaps.impulse.filter import decay, vu
from theory.overlaps.impulse.gramian import ImpulseLoss, exponential_target
from theory.overlaps.impulse.plateau import Plateau

LOSS = ImpulseLoss(Shape(), exponential_target(0.2), Flow())
NAMES = ("mm", "mu", "uu", "vv", "zv", "zz", "vu")


def saddle_gram(seed: int) -> np.ndarray:
    """A Gram matrix on the saddle with nothing else zero or equal."""
    sigma = np.diag([2.3, 1.7, 1.4, 2.6])
    draw = np.random.default_rng(seed).uniform(-0.4, 0.4, size=3)
    for (a, b), value in {(3, 0): 2 / 1.2, (1, 0): draw[0], (3, 2): draw[1], (2, 1): draw[2]}.items():
        sigma[a, b] = sigma[b, a] = value
    assert np.linalg.eigvalsh(sigma).min() > 0
    return sigma


def values(sigma: np.ndarray) -> dict[str, float]:
    shape = Shape()
    return {shape.overlap(a, b).name: float(sigma[a, b]) for a, b in shape.pairs}


def lowered(expression: sp.Expr, sigma: np.ndarray, **more: float) -> float:
    known = values(sigma) | more
    constants = {key: value.subs({decay: 0.2}) for key, value in escape.filter_constants().items()}
    whole = expression.subs(constants).subs(decay, 0.2)
    return float(whole.subs({each: known[each.name] for each in whole.free_symbols}))


def test_seven_rates_are_zero() -> None:
    coefficients = escape.flow_at_saddle().charpoly().all_coeffs()
    assert all(sp.expand(each) == 0 for each in coefficients[4:])


@pytest.mark.parametrize("seed", range(3))
def test_cubic_against_the_numeric_saddle(seed: int) -> None:
    sigma = saddle_gram(seed)
    plateau = Plateau(LOSS, sigma)
    stiff = plateau.curvatures[plateau.curvatures != 0]
    assert len(stiff) == 3
    for each in stiff:
        size = lowered(escape.growth_cubic().diff(escape.growth), sigma, **{"lambda": -each})
        assert abs(lowered(escape.growth_cubic(), sigma, **{"lambda": -each}) / size) < 1e-12


def test_rate_without_mu_and_zv() -> None:
    sigma = saddle_gram(0)
    for a, b in ((1, 0), (3, 2)):
        sigma[a, b] = sigma[b, a] = 0.0
    assert Plateau(LOSS, sigma).rate == pytest.approx(lowered(escape.growth_rate(), sigma), rel=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_sensitivities_against_differences(name: str) -> None:
    """Central differences of the numeric rate, step 1e-4: error 1e-8."""
    sigma = saddle_gram(1)
    place = {Shape().overlap(a, b).name: (a, b) for a, b in Shape().pairs}[name]
    rates = []
    for sign in (1, -1):
        moved = sigma.copy()
        moved[place] += sign * 1e-4
        moved[place[::-1]] = moved[place]
        rates.append(Plateau(LOSS, moved).rate)
    measured = (np.log(rates[0]) - np.log(rates[1])) / 2e-4
    now = {"lambda": Plateau(LOSS, sigma).rate}
    if name == "vu":
        chain = escape.filter_constants()[escape.slope].diff(vu)
        predicted = lowered(escape.rate_sensitivity()[escape.slope] * chain, sigma, **now)
    else:
        predicted = lowered(escape.rate_sensitivity()[sp.Symbol(name, real=True)], sigma, **now)
    assert predicted == pytest.approx(measured, abs=1e-7)
    assert abs(measured) > 1e-4  # every one of them matters


def test_arrival_at_the_plateau() -> None:
    """The map relaxes zm with zu = vm = 0; what it conserves is off by O(eta), slope 1 between two rates."""
    errors = []
    for rate in (0.02, 0.01):
        sigma = np.diag([1.2, 1.0, 1.0, 0.7])
        sigma[3, 0] = sigma[0, 3] = 0.1
        predicted = [lowered(escape.arrival()[each], sigma) for each in (escape.mm, escape.zz)]
        for _ in range(int(12 / rate)):
            step = np.eye(4) - 2 * rate * LOSS.gradient(sigma)
            sigma = step @ sigma @ step
        assert sigma[3, 0] == pytest.approx(float(saddle_zm().subs(decay, 0.2)), abs=1e-9)
        errors.append(np.array([sigma[0, 0], sigma[3, 3]]) - predicted)
    assert errors[0] / errors[1] == pytest.approx([2.0, 2.0], abs=0.1)
    assert np.abs(errors[1]).max() < 0.03
