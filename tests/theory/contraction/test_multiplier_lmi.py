import numpy as np
import pytest

from theory.contraction.claims.multiplier import multiplier_blocks
from theory.contraction.form import FORMS, RATE, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.multiplier_lmi import best_multiplier_rate, prove_multiplier_lmi, solve_multiplier_lmi
from theory.contraction.search.smallest_conic import smallest_conic


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_best_rate_and_gain_are_the_parabolas(form):
    weights = np.random.default_rng(1).normal(size=(4, 4))
    value = smallest_conic(weights).value
    rate, gain = best_multiplier_rate(network(weights, form, slopes=0.6 / value))
    assert 1 - rate == pytest.approx(0.6, rel=1e-3)
    assert gain == pytest.approx(1 / 0.6, rel=1e-3)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_unequal_time_constants(form):
    """The claim holds exactly, and what the program returns solves the LMI by its eigenvalues."""
    rng = np.random.default_rng(2)
    net = network(rng.normal(size=(4, 4)) / 3, form, rng.uniform(0.5, 1.2, 4), rng.uniform(0.3, 3, 4))
    rate, gain = best_multiplier_rate(net)
    assert 0 < rate < (1 / net.time_constants).min()
    assert gain > 1
    claim = prove_multiplier_lmi(net, 0.999 * rate)
    assert claim is not None
    assert claim.holds(net.exact)
    metric, multiplier = solve_multiplier_lmi(net, 0.9 * rate)
    leaks = np.diag(1 / net.time_constants)
    top, corner, bottom = multiplier_blocks(
        form, net.gained, leaks, metric=metric, multiplier=np.diag(multiplier), rate=0.9 * rate
    )
    assert np.linalg.eigvalsh(np.block([[top, corner], [corner.T, bottom]]))[0] > 0
    assert prove_multiplier_lmi(net, 1.001 * rate) is None


def test_time_in_other_units():
    """Time constants of 2 are those of 1 in a slower clock."""
    weights = np.random.default_rng(3).normal(size=(3, 3)) / 4
    rate, gain = best_multiplier_rate(network(weights, VOLTAGE))
    slow, same = best_multiplier_rate(network(weights, VOLTAGE, time_constants=2.0))
    assert slow == pytest.approx(rate / 2, rel=1e-3)
    assert same == pytest.approx(gain, rel=1e-3)


def test_badly_scaled_units():
    weights = np.array([[0.0, -1e5], [1e-5, 0.0]])
    assert best_multiplier_rate(network(weights, RATE))[0] == pytest.approx(0.5, rel=1e-3)


def test_no_solution():
    assert best_multiplier_rate(network(np.array([[0.0, -2.1], [2.1, 0.0]]), VOLTAGE)) is None
    assert prove_multiplier_lmi(network(np.array([[1.5]]), RATE), 0.1) is None
