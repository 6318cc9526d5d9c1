"""The checker verifies what is proved under inputs in a box, and refuses what is forged or malformed."""

import copy
import json
import re
from fractions import Fraction

import numpy as np
import pytest

from theory.contraction import DISCRETE, DISCRETE_VOLTAGE, RATE, VOLTAGE
from theory.contraction.claims.claim import number
from theory.contraction.regions.activation import SIGMOID, TANH
from theory.contraction.regions.autonomous import autonomous
from theory.contraction.regions.box import IntervalBox
from theory.contraction.regions.constant_inputs import amplitudes, contraction, decide, largest_gain_under
from theory.contraction.regions.fixed_cube import fixed_cube
from theory.contraction.regions.fixed_points import refined
from theory.contraction.regions.input_certificate import InputCase, InputCertificate
from theory.contraction.regions.two_points import TwoPoints
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
    turning = autonomous(np.array([[1.3, -1.1], [1.1, 1.3]]), DISCRETE, TANH, np.array([0.2, -0.1]), leak=0.8)
    cases["turning map"] = (turning, (decide(turning).case,))
    still = IntervalBox.at([0.0, 0.0])
    flow = autonomous(np.array([[1.3, -1.1], [1.1, 1.3]]), VOLTAGE, TANH, time_constants=np.array([1.0, 3.0]))
    cases["turning flow"] = (flow, (decide(flow).case,))
    points = [refined(apart, np.array([sign * 0.9, sign * 0.7])).state for sign in (1, -1)]
    cubes = [fixed_cube(apart, point) for point in points]
    cases["points"] = (apart, (InputCase(still, TwoPoints((cubes[0], cubes[1]))),))
    for name, form in (("leaky flip", DISCRETE), ("leaky voltage flip", DISCRETE_VOLTAGE)):
        flip = autonomous(np.array([[-4.0]]), form, TANH, 2.7, leak=0.5)
        cases[name] = (flip, (decide(flip).case,))
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


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("turning map", "leave the cube of all within 1/1048576 of it"),
        ("turning flow", "leave the cube of all within 1/1048576 of it"),
        ("points", "a fixed point in each of two cubes"),
        ("leaky flip", "approach one another"),
        ("leaky voltage flip", "approach one another"),
    ],
)
def test_what_flips_or_turns_is_verified(case, words, documents, tmp_path, capsys):
    status, said = verdict(documents[case], tmp_path, capsys)
    assert (status, said.err) == (0, ""), said
    assert words in said.out
    assert said.out.splitlines()[-1] == "verified"


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


def cube(document):
    return claim(document)["cube"]


def turned(document):
    """The form with its sign changed: of a stable point."""
    claim(document)["X"] = [[number(-Fraction(x)) for x in row] for row in claim(document)["X"]]


def narrowed(document):
    """The third box without a thousandth of its lower end."""
    ends = claim(document)["boxes"][2][0]
    ends[0] = number(Fraction(ends[0]) + Fraction(1, 1000))


POINTS = {
    "a step cut short": ("leaky flip", narrowed, "boxes\\[2\\] does not hold"),
    "another step cut short": ("leaky voltage flip", narrowed, "boxes\\[2\\] does not hold"),
    "a larger leak": ("leaky flip", lambda d: d.update(leaks=["3/5"]), "boxes\\[\\d+\\] does not hold"),
    "another state": ("turning map", lambda d: cube(d)["point"].__setitem__(0, 1), "slopes\\[0\\] are not bounds"),
    "next to it": (
        "points",
        lambda d: claim(d)["cubes"][1]["point"].__setitem__(1, "-7/10"),
        "cubes\\[1\\]: slopes\\[0\\] are not",
    ),
    "no radius": ("turning map", lambda d: cube(d).update(radius=0), "radius is not positive"),
    "a larger cube": ("turning flow", lambda d: cube(d).update(radius=1), "slopes\\[0\\] are not bounds"),
    "a smaller one": ("turning map", lambda d: cube(d).update(radius=f"1/{2**80}"), "may leave the cube"),
    "no inverse": ("turning map", lambda d: cube(d).update(Y=[[0, 0], [0, 0]]), "may leave the cube in entry \\[0\\]"),
    "any slopes": ("turning flow", lambda d: cube(d).update(slopes=[[0, 1], [0, 1]]), "may leave the cube"),
    "wrong slopes": ("turning flow", lambda d: cube(d).update(slopes=[[0, "1/2"]] * 2), "slopes\\[0\\] are not"),
    "a falling form of a map": ("turning map", turned, "vector\\^T X vector is not positive"),
    "a falling form of a flow": ("turning flow", turned, "vector\\^T X vector is not positive"),
    "another form of a map": (
        "turning map",
        lambda d: claim(d).update(X=[[1, 0], [0, -9]], vector=[1, 0]),
        "is not positive definite",
    ),
    "another form of a flow": (
        "turning flow",
        lambda d: claim(d).update(X=[[1, 0], [0, -9]], vector=[1, 0]),
        "is not positive def",
    ),
    "no symmetry": ("turning map", lambda d: claim(d)["X"][0].__setitem__(1, 5), "X is not symmetric"),
    "nowhere": ("turning map", lambda d: claim(d).update(vector=[0, 0]), "vector\\^T X vector is not positive"),
    "inputs in a box": (
        "turning map",
        lambda d: d["cases"][0]["inputs"].__setitem__(0, [0, 1]),
        "not one constant input",
    ),
    "another input": ("turning map", lambda d: d["cases"][0].update(inputs=[[0, 0], [0, 0]]), "cases\\[0\\]: "),
    "smaller weights": ("turning flow", lambda d: d["cases"][0].update(gain="1/2"), "may leave the cube"),
    "one point twice": (
        "points",
        lambda d: claim(d)["cubes"].__setitem__(1, claim(d)["cubes"][0]),
        "the cubes may have a state in common",
    ),
}


@pytest.mark.parametrize("forgery", [*FORGERIES, *POINTS])
def test_forged_cases_are_rejected(forgery, documents, tmp_path, capsys):
    name, forge, reason = POINTS[forgery] if forgery in POINTS else ("flow", *FORGERIES[forgery])
    document = copy.deepcopy(documents[name])
    forge(document)
    status, said = verdict(document, tmp_path, capsys)
    assert status == 1, said
    last = said.out.splitlines()[-1]
    assert last.startswith("rejected: ")
    assert re.search(reason, last), last


POINT = {"claim": "not contracting", "by": "unstable point", "cube": None, "X": [[1, 0], [0, 1]], "vector": [1, 0]}


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
        (lambda d: d["cases"][0].update(claim={**POINT, "cube": 1}), "cube is 1, not an object"),
        (lambda d: d["cases"][0].update(claim={**POINT, "cube": {}}), "cube lacks point"),
        (lambda d: d["cases"][0].update(claim={**POINT, "rate": 1}), "unknown key 'rate'"),
        (lambda d: d["cases"][0].update(claim={**POINT, "by": "two points"}), "lacks cubes"),
        (
            lambda d: d["cases"][0].update(claim={"claim": "not contracting", "by": "two points", "cubes": [1]}),
            "cubes has 1 entries, not 2",
        ),
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
