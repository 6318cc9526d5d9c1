import numpy as np
import pytest

from theory.contraction.form import FORMS, VOLTAGE
from theory.contraction.network import network
from theory.contraction.search.frequency_dual import refute_multiplier
from theory.contraction.search.multiplier_lmi import solve_multiplier_lmi
from theory.contraction.search.smallest_conic import smallest_conic


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_refuted_the_lmi_cannot_solve(form, seed):
    rng = np.random.default_rng(seed)
    net = network(rng.normal(size=(4, 4)) / 2, form, slopes=rng.uniform(0.5, 1.5, 4))
    search = smallest_conic(net.gained)
    net = net.with_gain(0.5 / search.lower)
    rate = 0.5002
    claim = refute_multiplier(net, rate)
    assert claim is not None
    assert claim.rate == claim.rate.__class__(*rate.as_integer_ratio())
    assert solve_multiplier_lmi(net, rate) is None
    assert refute_multiplier(net, 0.498) is None


def test_the_same_terms_refute_every_larger_rate():
    net = network(np.array([[0.0, -1.0], [0.5, 0.2]]), VOLTAGE)
    search = smallest_conic(net.gained)
    threshold = 1 - search.lower
    assert refute_multiplier(net, threshold + 1e-3, search) is not None
    assert refute_multiplier(net, (1 + threshold) / 2, search) is not None
    assert refute_multiplier(net, threshold - 1e-3, search) is None


def test_the_dual_satisfies_its_inequality_in_floating_point():
    weights = np.random.default_rng(7).normal(size=(20, 20))
    search = smallest_conic(weights)
    z = (1 + 1j * search.tangents) ** 2 / (1 + search.tangents**2)
    left = (search.vectors.conj() * (weights @ search.vectors) * (1 + z)).real.sum(axis=1)
    right = 2 * (np.abs(search.vectors) ** 2).sum(axis=1)
    assert (left >= search.lower * (1 - 1e-9) * right).all()


def test_time_constants_that_differ_are_refuted_too():
    net = network(np.array([[0.0, -9.0], [9.0, 0.0]]), VOLTAGE, time_constants=np.array([1.0, 2.0]))
    assert refute_multiplier(net, 0) is not None
    assert refute_multiplier(net.with_gain(0.1), 0) is None
    assert refute_multiplier(net, 0.5) is None  # nothing is faster than the slowest leak


def test_where_the_least_level_is_zero_nothing_is_refuted():
    assert refute_multiplier(network(-np.eye(3), VOLTAGE), 0.5) is None
