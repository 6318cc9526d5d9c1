"""The checker verifies what is proved under inputs in a box, and refuses what is forged or malformed."""

import copy
import json
import re

import numpy as np
import pytest

from theory.contraction import DISCRETE, RATE, VOLTAGE
from theory.contraction.regions.activation import SIGMOID, TANH
from theory.contraction.regions.autonomous import autonomous
from theory.contraction.regions.box import IntervalBox
from theory.contraction.regions.constant_inputs import amplitudes, contraction, decide, largest_gain_under
from theory.contraction.regions.input_certificate import InputCase, InputCertificate
from validate.contraction import certificate_checker as checker

SWITCH = np.array([[1.6, -0.2], [0.1, 1.5]])


@pytest.fixture(scope="module")
def documents():
    slow = autonomous(SWITCH, RATE, TANH, np.array([1.0, 0.5]), time_constants=np.array([1.0, 3.0]))
    apart = autonomous(SWITCH, RATE, TANH, time_constants=np.array([1.0, 3.0]))
    cases = {"flow": (slow, (decide(slow).case, decide(apart).case))}
    leaky = autonomous(6 * SWITCH, DISCRETE, SIGMOID, -3 * SWITCH.sum(axis=1), leak=np.array([0.4, 0.9]))
    cases["map"] = (leaky, amplitudes(leaky, np.array([-1.0, 0.5])).cases)
    voltage = autonomous(np.array([[2.0]]), VOLTAGE, TANH, 0.25)
    zero, first = IntervalBox.at([0.0]), IntervalBox(IntervalBox.at([1.0]).lower, IntervalBox.at([4.0]).lower)
    local = InputCase(zero, contraction(voltage, zero, first=first))
    along, gains = amplitudes(voltage, np.array([1.0])), largest_gain_under(voltage)
    cases["voltage"] = (voltage, (*along.cases, *gains.cases, local))
    made = {name: InputCertificate(system.exact, proved) for name, (system, proved) in cases.items()}
    return {name: json.loads(each.json_bytes()) for name, each in made.items()}


def verdict(document, tmp_path, capsys):
    file = tmp_path / "inputs.json"
    file.write_text(json.dumps(document))
    status = checker.main([str(file)])
    return status, capsys.readouterr()


@pytest.mark.parametrize("case", ["flow", "map", "voltage"])
def test_cases_are_verified(case, documents, tmp_path, capsys):
    status, said = verdict(documents[case], tmp_path, capsys)
    assert (status, said.err) == (0, ""), said
    assert said.out.splitlines()[-1] == "verified"
    assert "approach one another" in said.out
    assert "no state in common" in said.out


def claim(document, k=0):
    return document["cases"][k]["claim"]


FORGERIES = {
    "other inputs": (lambda d: d["cases"][0].update(inputs=[[0, 0], [0, 0]]), "boxes\\[1\\] does not hold"),
    "open inputs": (lambda d: d["cases"][0]["inputs"].__setitem__(0, [None, 1]), "does not hold"),
    "inputs end before": (lambda d: d["cases"][0]["inputs"].__setitem__(0, [2, 1]), "ends before"),
    "twice the weights": (lambda d: d["cases"][0].update(gain=2), "does not hold"),
    "a negative gain": (lambda d: d["cases"][0].update(gain=-1), "gain is not positive"),
    "a box too small": (lambda d: claim(d)["boxes"].__setitem__(0, [[1, 1], [1, 1]]), "boxes\\[0\\] does not hold"),
    "a step left out": (lambda d: claim(d).update(boxes=claim(d)["boxes"][-1:]), "boxes\\[0\\] does not hold"),
    "not from everywhere": (
        lambda d: claim(d).update({"from": "the first box", "boxes": [[["1/2", "3/4"], ["1/2", "3/4"]]]}),
        "boxes\\[0\\] does not hold",
    ),
    "no bounds": (lambda d: claim(d)["boxes"][0].__setitem__(0, [None, 1]), "has no bound"),
    "a box the wrong way": (lambda d: claim(d)["boxes"][0].__setitem__(0, [1, -1]), "ends before"),
    "slopes left out": (lambda d: claim(d)["slopes"].__setitem__(0, [0, "1/100"]), "slopes\\[0\\] are not bounds"),
    "faster": (lambda d: claim(d)["proof"].update(rate=5), "rate|positive definite|exceeds|large"),
    "one basin twice": (
        lambda d: claim(d, 1)["basins"].__setitem__(1, claim(d, 1)["basins"][0]),
        "may have a state in common",
    ),
    "no direction": (lambda d: claim(d, 1).update(direction=[0, 0]), "may have a state in common"),
    "no basin": (lambda d: claim(d, 1)["basins"][0].update(residual=1), "basins\\[0\\]: residual"),
    "basins under two inputs": (lambda d: d["cases"][1]["inputs"].__setitem__(0, [0, 1]), "not one constant input"),
    "other weights": (lambda d: d["weights"][0].__setitem__(0, 1), "sha256"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_cases_are_rejected(forgery, documents, tmp_path, capsys):
    document = copy.deepcopy(documents["flow"])
    forge, reason = FORGERIES[forgery]
    forge(document)
    status, said = verdict(document, tmp_path, capsys)
    assert status == 1, said
    last = said.out.splitlines()[-1]
    assert last.startswith("rejected: ")
    assert re.search(reason, last), last


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d.update(cases=[]), "cases is empty"),
        (lambda d: d["cases"][0].update(gain=1), "gain is to be left out"),
        (lambda d: d["cases"][0].update(inputs=[[0, 0]]), "inputs has 1 entries"),
        (lambda d: d["cases"][0]["inputs"].__setitem__(0, [0]), "inputs\\[0\\] has 1 entries"),
        (lambda d: claim(d).update({"from": "somewhere"}), "from is"),
        (lambda d: claim(d).update(by="magic"), "no claim that is known"),
        (lambda d: claim(d).update(boxes=8193 * claim(d)["boxes"][:1]), "there are 8193; such claims take 8192"),
        (lambda d: claim(d).update(proof={"claim": "no quadratic metric"}), "no claim that a network is contracting"),
        (lambda d: claim(d, 1).update(basins=claim(d, 1)["basins"][:1]), "basins has 1 entries"),
        (lambda d: d.update(nonlinearity="relu", cases=None), "cases is None"),
    ],
)
def test_malformed_files_are_refused_in_one_line(change, problem, documents, tmp_path, capsys):
    document = copy.deepcopy(documents["flow"])
    change(document)
    status, said = verdict(document, tmp_path, capsys)
    assert (status, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1
    assert re.search(problem, said.err)


def test_a_nonlinearity_without_bounds_proves_nothing(documents, tmp_path, capsys):
    status, said = verdict({**documents["flow"], "nonlinearity": "relu"}, tmp_path, capsys)
    assert status == 1
    assert said.out.splitlines()[-1] == "rejected: cases[0]: phi has no bounds"
