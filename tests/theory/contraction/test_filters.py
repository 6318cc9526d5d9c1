"""Time constants of the neurons' own: the frequency condition, its search, and claims from both sides."""

import flint
import numpy as np
import pytest
import scipy.optimize
import sympy as sp

from theory.contraction.certificate import Certificate
from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.angles import ceiling
from theory.contraction.search.central_path import rescaled
from theory.contraction.search.conic import PARABOLA
from theory.contraction.search.filters import LowPass
from theory.contraction.search.frequency_dual import refute_multiplier
from theory.contraction.search.multiplier_lmi import best_multiplier_rate
from theory.contraction.search.scaled_multiplier import propose_multiplier
from theory.contraction.search.smallest_conic import smallest_conic
from theory.contraction.search.unequal import unequal_searches
from validate.contraction.certificate_checker import main

forms = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def mixed(size, seed, form=VOLTAGE, span=2.0):
    rng = np.random.default_rng(seed)
    taus = span ** rng.uniform(-1, 1, size)
    return network(0.6 * rng.normal(size=(size, size)) / np.sqrt(size), form, rng.uniform(0.5, 1, size), taus)


def fine_ceiling(matrix, taus, rate, points=3001):
    """The definition, on a fine grid of frequencies in a plain formula."""
    values = []
    for omega in np.concatenate([[0.0], np.geomspace(1e-3 / taus.max(), 1e3 / taus.min(), points)]):
        turned = matrix / (1 - rate * taus + 1j * omega * taus)[:, None]
        values.append(np.linalg.eigvalsh((turned + turned.conj().T) / 2)[-1])
    return max(values)


def test_the_metric_drops_out():
    """At x = C M w the LMI's form is 2 w^* Q w - 2 Re(w^* Q C M w) in both forms; one neuron with symbols, in parts."""
    tau, c, p, q, m, omega = sp.symbols("tau c p q m omega", real=True)
    turn = 1 / (1 - c * tau + sp.I * omega * tau)
    for x, border in ((turn * m, p * m / tau + q), (turn / tau * tau, p / tau + m * q)):
        form = (2 * p / tau - 2 * c * p) * x * sp.conjugate(x) - border * (x + sp.conjugate(x)) + 2 * q
        assert sp.simplify(form - 2 * q + q * m * (turn + sp.conjugate(turn))) == 0


@pytest.mark.parametrize("span", [1.5, 30.0])
@pytest.mark.parametrize("rate", [0.0, 0.02])
def test_the_ceiling_is_that_of_a_fine_grid(span, rate):
    for seed in range(3):
        net = mixed(5, seed, span=span)
        found = ceiling(net.gained, filters=LowPass.of(net.time_constants, rate)).value
        assert found == pytest.approx(fine_ceiling(net.gained, net.time_constants, rate), rel=1e-4)


def test_two_neurons_by_brute_force():
    """The least ceiling over D = diag(1, d), to a thousandth."""
    for seed in range(3):
        net = mixed(2, seed, span=4.0)

        def level(logarithm, net=net):
            return fine_ceiling(rescaled(net.gained, np.array([0.0, logarithm])), net.time_constants, 0.1, 301)

        best = scipy.optimize.minimize_scalar(level, bounds=(-4, 4), method="bounded", options={"xatol": 1e-6}).fun
        assert smallest_conic(net.gained, LowPass.of(net.time_constants, 0.1)).value == pytest.approx(best, rel=1e-3)


@forms
@pytest.mark.parametrize("size", [4, 6])
def test_rate_and_gain_are_those_of_the_semidefinite_program(form, size):
    net = mixed(size, 2, form)
    searches, slope = unequal_searches(net)
    rate, gain = best_multiplier_rate(net)
    assert searches.best_rate(slope) == pytest.approx(rate, rel=1e-3)
    assert 1 / (slope * searches.at(0.0).value) == pytest.approx(gain, rel=1e-3)
    assert searches.at(0.0).lower <= searches.at(0.0).value * (1 + 1e-6)


def test_nearly_equal_is_equal():
    """Time constants of 1 and of 1 + 1e-12: the parabola at k = 1 - c."""
    matrix = np.random.default_rng(4).normal(size=(6, 6)) / 4
    taus = 1 + 1e-12 * np.arange(6)
    for rate in (0.0, 0.3):
        found = smallest_conic(matrix, LowPass.of(taus, rate))
        assert found.value * (1 - rate) == pytest.approx(smallest_conic(matrix, PARABOLA).value, rel=1e-3)


@forms
def test_claims_from_both_sides(form, tmp_path):
    """Close to one another, each exact, and verified by the standalone checker."""
    net = mixed(7, 5, form)
    searches, slope = unequal_searches(net)
    best = searches.best_rate(slope)
    proved = propose_multiplier(net, 0.999 * best, searches.near(best))
    refuted = refute_multiplier(net, 1.002 * best)
    assert proved is not None
    assert refuted is not None
    assert refute_multiplier(net, 0.99 * best) is None
    assert proved.holds(net.exact)
    assert refuted.holds(net.exact)
    file = tmp_path / "both.json"
    file.write_bytes(Certificate(net.exact, (proved, refuted)).json_bytes())
    assert main([str(file)]) == 0
    other = network(net.weights, form, net.slopes, net.time_constants[::-1].copy())
    assert not type(refuted)(flint.fmpq(0), refuted.terms).holds(other.with_gain(0.2).exact)
