"""What theory says is said before anything heavy is imported, and is what is derived elsewhere."""

import json
import math
import subprocess
import sys

import pytest

from theory.degeneracy.matching_copies import best_of_two_signs
from theory.degeneracy.matching_terms import gap_with_next_terms, of_a_product
from theory.overlaps import ERF, LINEAR, Shape, count_invariants

CHILD = """
import importlib, json, sys
from validate.__main__ import COMMANDS
from validate.progress import Progress
from validate.report import Report

found = {}
for command in COMMANDS:
    config = command.read(["--quick"])[0].config
    (section,) = [each for each in command.read(["--quick"])[0].sections if each.at_once]
    report = Report(command.name, config)
    with Progress() as progress:
        section.load().checks(config, report, progress)
    assert set(report.meanings) <= set(report.quantities)
    found[command.name] = report.document()["quantities"]
print(json.dumps([found, sorted({"jax", "matplotlib", "cvxpy", "diffrax", "sklearn"} & set(sys.modules))]))
"""


def test_what_theory_says_needs_no_simulation() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    found, heavy = json.loads(done.stdout)
    assert heavy == []

    ghost = found["ghost"]
    assert ghost["critical_learning_rate"] == pytest.approx(3 * math.pi**4 / 32 / 100**5, rel=1e-14)
    assert ghost["failure_ratio"] == pytest.approx(1.02904346942964863699940214125, rel=1e-15)

    overlaps = found["overlaps"]
    one, two = count_invariants(Shape(), LINEAR), count_invariants(Shape(rank=2), LINEAR)
    assert (overlaps["overlaps"], overlaps["function"]) == (one.overlaps, one.function)
    assert (overlaps["invariants"], overlaps["hidden"]) == (one.invariants, one.hidden)
    assert (overlaps["invariants_of_rank_two"], overlaps["hidden_of_rank_two"]) == (two.invariants, two.hidden)
    assert overlaps["invariants_of_erf"] == count_invariants(Shape(), ERF).invariants

    contraction = found["contraction"]
    assert contraction["quadratic_threshold"] == 2
    assert 2 < float(contraction["switching_threshold"]) < 2.9  # between what is proved from either side
    assert contraction["theorem_six_growth"] == pytest.approx(-2 + 10)  # of W + W^T - 2 I, W = [[0, 10], [0, 0]]

    degeneracy = found["degeneracy"]
    copies = 2**16 * math.factorial(16)  # the units of --quick
    assert degeneracy["copies_of_a_network"] == pytest.approx(math.log10(copies), rel=1e-14)
    product = of_a_product(gap_with_next_terms([1.0, 1.0], 100), 1.0)
    apart = product - (3 + best_of_two_signs([1.0, 1.0], 100)) / 100  # three linear modes
    assert degeneracy["apart_at_100_neurons"] == pytest.approx(math.sqrt(apart), rel=1e-12)
    assert degeneracy["epochs_an_efold"] == pytest.approx(1 / (2 * math.log(1.05)), rel=1e-12)

    universality = found["universality"]
    assert (universality["stable_points"], universality["points"], universality["index_sum"]) == (4, 9, 1)
    assert universality["growth_at_zero"] == pytest.approx(0.6, abs=1e-6)
    kappa, units = universality["memory_at"], 20_001  # n = 1.6 m + a normal number that has no part in it
    m = [8 * (2 * k / (units - 1) - 1) for k in range(units)]
    weights = [math.exp(-(x**2) / 2) for x in m]
    average = sum(w * 1.6 * x * math.tanh(kappa * x) for w, x in zip(weights, m, strict=True)) / sum(weights)
    assert average == pytest.approx(kappa, abs=1e-6)
