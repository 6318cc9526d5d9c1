"""Leaks of the neurons' own: the frequency condition of maps, its search, and claims from both sides."""

from dataclasses import replace

import flint
import numpy as np
import pytest
import sympy as sp

from theory.contraction import DISCRETE, DISCRETE_VOLTAGE, largest_gain, network
from theory.contraction.certificate import Certificate
from theory.contraction.claims.step_vertices import StepVertices
from theory.contraction.conditions.step_condition import as_map, last_gain
from theory.contraction.form import MAPS
from theory.contraction.search.angles import ceiling
from theory.contraction.search.conic import Conic
from theory.contraction.search.euler_lmi import StepProgram
from theory.contraction.search.leaky import Leaky
from theory.contraction.search.mixed_leaks import mixed_searches, propose_mixed
from theory.contraction.search.smallest_conic import smallest_conic
from theory.contraction.search.step_dual import refute_step
from validate.contraction.certificate_checker import main

maps = pytest.mark.parametrize("form", MAPS, ids=lambda form: form.name)


def mixed(size, seed, form, least=0.05):
    rng = np.random.default_rng(seed)
    leaks = np.exp(rng.uniform(np.log(least), 0, size))
    matrix = 0.5 * rng.normal(size=(size, size)) / np.sqrt(size)
    return as_map(network(matrix, form, rng.uniform(0.5, 1, size), leak=leaks))


def test_the_metric_drops_out():
    """One neuron with symbols: at x = (z - k)^-1 a m w, or (z - k)^-1 a w, |z| = rho, the step LMI has no P."""
    a, p, q, m, rho, theta = sp.symbols("a p q m rho theta", positive=True)
    k, z = 1 - a, rho * sp.exp(sp.I * theta)
    for through, read in ((a * m, 1), (a, m)):
        x = through / (z - k)
        form = (rho**2 - k**2) * p * x * sp.conjugate(x) - (k * p * through + q * read) * (x + sp.conjugate(x))
        form += 2 * q - through**2 * p
        ceiling_of = sp.re(a / (z - k) * m)
        at = {a: sp.Rational(1, 3), p: 2, q: 5, m: sp.Rational(7, 4), rho: sp.Rational(9, 10)}
        for angle in (0, sp.Rational(2, 5), sp.Rational(5, 2)):
            value = (form - 2 * q * (1 - ceiling_of)).subs(at).subs(theta, angle)
            assert abs(sp.N(value, 30)) < 1e-25


@maps
def test_the_ceiling_is_that_of_a_fine_grid(form):
    for seed, factor in ((0, 1.0), (1, 0.99)):
        asked = mixed(4, seed, form)
        filters = Leaky.of(asked.keep, factor)
        values = []
        for angle in np.append(np.geomspace(1e-4, np.pi, 3000), 0.0):
            turned = (asked.leaks / (factor * np.exp(1j * angle) - asked.keep))[:, None] * asked.gained
            values.append(np.linalg.eigvalsh((turned + turned.conj().T) / 2)[-1])
        assert ceiling(asked.gained, filters=filters).value == pytest.approx(max(values), rel=1e-4)


def test_leaks_that_are_nearly_equal_have_the_ellipse():
    matrix = np.random.default_rng(4).normal(size=(5, 5)) / 4
    keep = 0.75 - 1e-12 * np.arange(5)
    found = smallest_conic(matrix, Leaky.of(keep, 0.9))
    assert found.value * (0.9 - 0.75) / 0.25 == pytest.approx(smallest_conic(matrix, Conic(0.75 / 0.9)).value, rel=1e-3)


@maps
def test_the_gain_is_that_of_the_semidefinite_program(form):
    asked = mixed(3, 2, form)
    searches, slope = mixed_searches(asked)
    gain = last_gain(lambda gain: StepProgram(asked.with_gain(gain), 1.0).solve(1.0) is not None)
    assert 1 / (slope * searches.at(0.0).value) == pytest.approx(gain, rel=1e-3)
    assert searches.at(0.0).lower <= searches.at(0.0).value * (1 + 1e-6)


@maps
def test_claims_from_both_sides(form, tmp_path):
    """Close to one another, each exact, and verified by the standalone checker; forged ones are rejected."""
    asked = mixed(4, 5, form, least=0.2)
    searches, slope = mixed_searches(asked)
    found = searches.at(0.0)
    below, above = asked.with_gain(0.998 / (slope * found.value)), asked.with_gain(1.001 / (slope * found.lower))
    proved, refuted = propose_mixed(below, 1e-6, found), refute_step(above, 0, found)
    assert proved.holds(below.exact)
    assert refuted.holds(above.exact)
    file = tmp_path / "claim.json"
    for claim, at in ((proved, below), (refuted, above)):
        file.write_bytes(Certificate(at.exact, (claim,)).json_bytes())
        assert main([str(file)]) == 0
    off = tuple(replace(term, cos=term.cos * flint.fmpq(99, 100)) for term in refuted.terms)
    for forged, at in ((refuted, below), (replace(refuted, terms=off), above)):
        assert not forged.holds(at.exact)
        file.write_bytes(Certificate(at.exact, (forged,)).json_bytes())
        assert main([str(file)]) == 1
    other = DISCRETE if form is DISCRETE_VOLTAGE else DISCRETE_VOLTAGE
    assert not refuted.holds(as_map(network(above.weights, other, 0.5 * above.slopes, leak=above.leaks)).exact)


def test_the_gain_is_bracketed_from_both_sides():
    """Of 9 neurons, for which no corners of slopes are tried."""
    asked = mixed(9, 7, DISCRETE)
    found = largest_gain(asked)
    assert found.low < found.high < found.low * 1.002
    assert found.low_claim.holds(asked.with_gain(found.low).exact)
    assert found.high_claim.holds(asked.with_gain(found.high).exact)
    assert not found.high_claim.holds(asked.with_gain(0.99 * found.low).exact)


def test_corners_of_a_map_that_leaks_slowly_bracket_its_gain():
    """At a leak of 1/64 rates a step are of its size: what is asked of a metric at all corners has to be, too."""
    weights = 1.5 * np.random.default_rng(0).normal(size=(5, 5))
    found = largest_gain(network(weights, DISCRETE_VOLTAGE, leak=1 / 64))
    assert isinstance(found.low_claim, StepVertices)
    assert found.low < found.high < found.low * 1.002
