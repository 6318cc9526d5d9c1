"""The checker verifies basins of all forms and nonlinearities, and refuses what is forged, by the standard library."""

import copy
import json
import re
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.contraction import DISCRETE, DISCRETE_VOLTAGE, RATE, VOLTAGE
from theory.contraction.regions.activation import ACTIVATIONS, RELU, SIGMOID, TANH
from theory.contraction.regions.autonomous import autonomous
from theory.contraction.regions.basin_certificate import BasinCertificate
from theory.contraction.regions.certify_basin import certify_basin
from theory.contraction.regions.fixed_points import fixed_points, starts
from validate.contraction import certificate_checker as checker

SWITCH = np.array([[1.6, -0.2], [0.1, 1.5]])
CASES = {
    "map": (SWITCH, DISCRETE, TANH, 0.1, {"leak": np.array([0.4, 0.9])}),
    "voltage map": (SWITCH, DISCRETE_VOLTAGE, SIGMOID, 0.1, {}),
    "flow": (6 * SWITCH, RATE, SIGMOID, -3 * SWITCH.sum(axis=1), {"time_constants": np.array([1.0, 3.0])}),
    "voltage": (np.array([[0.4, -1.5], [-1.5, 0.3]]), VOLTAGE, RELU, np.array([1.0, 1.1]), {}),
}


@pytest.fixture(scope="module")
def documents():
    made = {}
    for name, (weights, form, activation, inputs, options) in CASES.items():
        system = autonomous(weights, form, activation, inputs, **options)
        points = [point for point in fixed_points(system, starts(system, 20)) if point.stable][
            : 2 if name == "map" else 1
        ]
        basins = tuple(certify_basin(system, point.state).basin for point in points)
        made[name] = json.loads(BasinCertificate(system.exact, basins).json_bytes())
    return made


def verdict(document, tmp_path, capsys, *options):
    file = tmp_path / "basins.json"
    file.write_text(json.dumps(document))
    status = checker.main([str(file), *options])
    return status, capsys.readouterr()


@pytest.mark.parametrize("case", CASES)
def test_basins_are_verified(case, documents, tmp_path, capsys):
    status, said = verdict(documents[case], tmp_path, capsys)
    assert (status, said.err) == (0, "")
    assert said.out.splitlines()[-1] == "verified"
    assert "tend to its one fixed point" in said.out


def test_by_the_standard_library_alone(documents, tmp_path):
    file = tmp_path / "basins.json"
    file.write_text(json.dumps(documents["map"]))
    done = subprocess.run([sys.executable, "-I", "-S", checker.__file__, str(file)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def scaled(matrix, factor):
    return [
        [
            str(factor * Fraction(x)) if (factor * Fraction(x)).denominator > 1 else int(factor * Fraction(x))
            for x in row
        ]
        for row in matrix
    ]


FORGERIES = {
    "another point": (lambda b: b["point"].__setitem__(0, "9/10"), "not positive definite|not bounds"),
    "larger": (lambda b: b.update(X=scaled(b["X"], 2)), "not bounds|not positive definite"),
    "not symmetric": (lambda b: b["X"][0].__setitem__(1, 0), "not symmetric"),
    "a larger core": (lambda b: b.update(core=1), "not bounds"),
    "a core beyond": (lambda b: b.update(core=2), "core is not"),
    "faster": (
        lambda b: b.update({"factor" if "factor" in b else "rate": "1/2" if "factor" in b else 5}),
        "positive definite|residual",
    ),
    "not slower": (lambda b: b.update({"factor": 1} if "factor" in b else {"rate": 0}), "is not positive"),
    "no residual": (lambda b: b.update(residual=0), "residual is not below"),
    "residual too small": (lambda b: b.update(residual=f"1/{2**90}"), "bordered by f"),
    "residual too large": (lambda b: b.update(residual=1), "residual is not below"),
    "steeper secants left out": (lambda b: b["secants"][0].__setitem__(1, b["secants"][0][0]), "secants\\[0\\]"),
    "flatter secants left out": (lambda b: b["secants"][1].__setitem__(0, b["secants"][1][1]), "secants\\[1\\]"),
    "slopes left out": (lambda b: b["slopes"][0].__setitem__(0, b["slopes"][0][1]), "slopes\\[0\\]|positive definite"),
    "multiplier of the other sign": (lambda b: b["S"].__setitem__(0, -1), "S: entry \\[0\\] is not positive"),
    "core multiplier of zero": (lambda b: b["core_S"].__setitem__(1, 0), "core_S: entry \\[1\\] is not positive"),
}


@pytest.mark.parametrize("case", ["map", "flow"])
@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_basins_are_rejected(case, forgery, documents, tmp_path, capsys):
    document = copy.deepcopy(documents[case])
    forge, reason = FORGERIES[forgery]
    forge(document["basins"][0])
    status, said = verdict(document, tmp_path, capsys)
    assert status == 1
    last = said.out.splitlines()[-1]
    assert last.startswith("rejected: basins[0]: ")
    assert re.search(reason, last), last


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d.update(nonlinearity="softplus"), "nonlinearity is"),
        (lambda d: d.update(inputs=[1]), "inputs has 1 entries"),
        (lambda d: d.update(basins=[]), "basins is empty"),
        (lambda d: d.update(slopes=1), "unknown key"),
        (lambda d: d["basins"][0].update(rate=1), "unknown key"),
        (lambda d: d["basins"][0].pop("core"), "lacks core"),
        (lambda d: d["basins"][0].update(secants=[[0, 1]]), "secants has 1 rows"),
        (lambda d: d["basins"][0]["slopes"].__setitem__(0, [0]), "slopes\\[0\\] has 1 entries"),
    ],
)
def test_malformed_basins_are_refused_in_one_line(change, problem, documents, tmp_path, capsys):
    document = copy.deepcopy(documents["map"])
    change(document)
    status, said = verdict(document, tmp_path, capsys)
    assert (status, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1
    assert re.search(problem, said.err)


def test_other_nonlinearities_inputs_and_weights_are_not_proved(documents, tmp_path, capsys):
    for change in ({"nonlinearity": "sigmoid"}, {"inputs": [1, 1]}, {"form": "discrete-voltage"}):
        assert verdict({**documents["map"], **change}, tmp_path, capsys)[0] == 1
    np.save(tmp_path / "other.npy", SWITCH + 1)
    status, said = verdict(documents["map"], tmp_path, capsys, "--weights", str(tmp_path / "other.npy"))
    assert status == 2
    assert "not the one of the certificate" in said.err


# Its bounds beside those of the theory, which are made another way

arguments = st.fractions(-9, 9, max_denominator=1000)


@settings(max_examples=12, deadline=None)
@given(z=arguments, width=st.fractions(0, 9, max_denominator=1000).filter(lambda w: w > 0))
def test_bounds_that_the_theory_gives_are_accepted_and_narrower_ones_are_not(z, width):
    for phi in ACTIVATIONS:
        own = checker.NONLINEARITIES[phi.name]
        value = own.value(z)
        assert value.low <= phi.value(z).upper
        assert value.high >= phi.value(z).lower
        for bounds, within in (
            (phi.slopes(z, width), own.slopes_within),
            (phi.secants(z, width), own.secants_within),
        ):
            assert within(z, width, [bounds.lower, bounds.upper])
            least = Fraction(1, 10**6)
            assert not within(z, width, [bounds.lower + least, bounds.upper])
            assert not within(z, width, [bounds.lower, bounds.upper - least])
