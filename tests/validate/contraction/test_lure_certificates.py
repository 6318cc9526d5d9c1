"""The checker accepts certificates of Lur'e systems that hold and refuses forged ones; the command answers."""

import copy
import json
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from theory.contraction import lure
from theory.contraction.lure.statements import ExactLure, contraction_matrix, gain_matrix
from validate import command
from validate.contraction import __main__ as contraction
from validate.contraction import certificate_checker as checker
from validate.contraction.compared_weights import OwnWeights


def matrices(discrete, seed=1):
    rng = np.random.default_rng(seed)
    A = 0.3 * rng.normal(size=(3, 3)) - (0 if discrete else 1) * np.eye(3)
    B, C = (0.4 * rng.normal(size=shape) for shape in ((3, 2), (2, 3)))
    return {"A": A, "B": B, "C": C, "E": rng.normal(size=(3, 2)), "F": rng.normal(size=(1, 3))}


def asked(discrete, slopes=0.5):
    return lure.system.lure(**matrices(discrete), slopes=slopes, discrete=discrete)


@pytest.fixture(scope="module", params=[True, False], ids=["map", "flow"])
def found(request):
    return lure.decide.certify(asked(request.param))


@pytest.fixture
def proof(found):
    return json.loads(found.certificate.json_bytes())


@pytest.fixture
def check(tmp_path, capsys):
    def run(document):
        (tmp_path / "c.json").write_text(json.dumps(document))
        status = checker.main([str(tmp_path / "c.json")])
        return status, capsys.readouterr()

    return run


def forge(document, *place, value):
    forged = copy.deepcopy(document)
    at = forged
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value(at[place[-1]]) if callable(value) else value
    return forged


def times(share):
    return lambda number: plain(Fraction(number) * share)


def plain(number):
    return number.numerator if number.denominator == 1 else str(number)


def test_a_proof_is_verified(proof, check):
    status, said = check(proof)
    assert status == 0
    assert [line.split(":")[0] for line in said.out.splitlines()] == [
        "system",
        "claims[0]",
        "claims[1]",
        "claims[2]",
        "verified",
    ]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("claims", 0, "rate"), times(Fraction(11, 10))),
        (("claims", 0, "rate"), 0),
        (("claims", 0, "Q", 0), 0),
        (("claims", 0, "P", 0, 0), times(Fraction(1, 100))),
        (("claims", 0, "P", 0, 1), 7),
        (("claims", 1, "gain"), times(Fraction(98, 100))),
        (("claims", 1, "gain"), times(-1)),
        (("claims", 1, "P", 1, 1), 0),
        (("claims", 1, "Q", 1), -1),
        (("claims", 2, "gain"), times(Fraction(102, 100))),
        (("claims", 2, "gain"), 0),
        (("claims", 2, "slopes"), [1, 1]),
        (("claims", 2, "rate"), 0),
        (("claims", 2, "P", 0, 0), times(Fraction(1, 1000))),
        (("claims", 2, "point"), [1, 1]),
        (("claims", 2, "inputs"), [[0, 0], [0, 0]]),
        (("claims", 2, "states", 0, 0), 9),
        (("slopes",), 20),
        (("slopes",), 0),
        (("F", 0, 0), 50),
        (("E", 0, 0), 50),
        (("A", 0, 0), 3),
    ],
)
def test_forged_certificates_are_rejected(proof, check, place, value):
    status, said = check(forge(proof, *place, value=value))
    assert status == 1
    assert said.out.splitlines()[-1].startswith("rejected: ")


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (("time",), "sampled", "time is 'sampled'"),
        (("claims", 0, "by"), "vertices", "no claim that is known"),
        (("claims", 0, "P"), [[1]], "P[0] has 1 entries"),
        (("claims", 0, "Q"), [1], "entries"),
        (("claims",), [], "empty"),
        (("B",), [[1, 1]], "B has 1 rows"),
        (("slopes",), [1], "slopes has 1 entries"),
        (("E",), [[0] * 300] * 3, "are the most"),
        (("claims", 1, "gain"), "1/" + "3" * 1000, "binary digits"),
        (("claims", 2, "states"), [[0, 0, 0]], "has 1 entries, not 2"),
        (("claims", 2, "point"), [1], "entries"),
        (("group",), [0, 1], "group counts groups"),
        (("group",), [1, 1], "group counts groups"),
        (("claims", 0, "Q"), [[1, 1], [0, 1]], "couples channels of different groups"),
        (("extra",), 1, "unknown key"),
    ],
)
def test_malformed_certificates_are_refused_in_one_line(proof, check, place, value, problem):
    status, said = check(forge(proof, *place, value=value))
    assert status == 2
    assert problem in said.err
    assert len(said.err.splitlines()) == 1


def test_a_gain_without_inputs_is_malformed(proof, check):
    del proof["E"]
    assert "no gain without inputs" in check(proof)[1].err


@pytest.mark.parametrize("discrete", [True, False])
def test_channels_of_one_slope_have_blocks_of_multipliers(discrete, check):
    turn = np.array([[0.0, -0.8], [0.8, 0.0]])
    A = 0.5 * np.eye(2) if discrete else -np.eye(2)
    system = lure.system.lure(A, np.eye(2), turn, group=np.zeros(2), E=np.eye(2), F=np.eye(2), discrete=discrete)
    document = json.loads(lure.decide.certify(system).certificate.json_bytes())
    assert document["group"] == [0, 0]
    assert [each["claim"] for each in document["claims"]] == ["contracting", "gain", "gain reached"]
    assert check(document)[0] == 0
    assert check(forge(document, "claims", 2, "slopes", value=[1, 0]))[0] == 1
    assert check(forge(document, "slopes", value=[1, 2]))[0] == 1
    del document["group"]
    assert check(document)[0] == 2


@pytest.mark.parametrize("discrete", [True, False])
def test_unstable_slopes_are_verified_and_forged_ones_rejected(discrete, check):
    document = json.loads(lure.decide.certify(asked(discrete, slopes=40.0)).certificate.json_bytes())
    assert check(document)[0] == 0
    for place, value in (("slopes", [0, 0]), ("slopes", [41, 41]), ("vector", [0, 0, 0])):
        assert check(forge(document, "claims", 0, place, value=value))[0] == 1
    assert check(forge(document, "claims", 0, "X", 0, 1, value=9))[0] == 1


def test_the_checker_has_the_forms_of_theory(found):
    """Two programs without a line in common, exactly one matrix."""
    exact = ExactLure.of(found.system)
    parts = (exact.A, exact.B, exact.C, exact.E, exact.F)
    as_fractions = [[[Fraction(str(x)) for x in row] for row in each.rows()] for each in parts]
    limits = [Fraction(str(x)) for x in exact.slopes.diagonal_entries()]
    system = checker.Lure(found.system.discrete, *as_fractions, limits, [0, 1])
    for claim, rate, gain in ((found.claim, found.claim.rate, None), (found.gain_claim, 0, found.gain_claim.gain)):
        if gain is None:
            theirs = contraction_matrix(exact, claim.metric, claim.multiplier, rate)
        else:
            theirs = gain_matrix(exact, claim.metric, claim.multiplier, gain)
        P = [[Fraction(str(x)) for x in row] for row in claim.metric.rows()]
        Q = [[Fraction(str(x)) for x in row] for row in claim.multiplier.rows()]
        ours = system.form(P, Q, Fraction(str(rate)), None if gain is None else Fraction(str(gain)))
        assert ours == [[Fraction(str(x)) for x in row] for row in theirs.rows()]


@pytest.fixture
def door(knock):
    np.savez("s.npz", **matrices(True))
    np.savez("bad.npz", A=np.eye(2), B=np.ones((3, 1)), C=np.ones((1, 2)))
    np.savez("large.npz", A=np.eye(2), B=np.ones((2, 255)), C=np.ones((255, 2)))
    np.savez("short.npz", A=np.eye(2), B=np.ones((2, 1)))
    np.save("w.npy", np.eye(2))
    return partial(knock, contraction.COMMAND)


@pytest.mark.parametrize(
    ("arguments", "option", "problem", "accepted"),
    [
        (["--lure", "none.npz", "--time", "discrete"], "--lure", "does not exist", ".npz"),
        (["--lure", "w.npy", "--time", "discrete"], "--lure", "another suffix", ".npz"),
        (["--lure", "s.npz"], "--time", "missing", "discrete"),
        (["--lure", "s.npz", "--time", "sampled"], "--time", "unknown", "continuous"),
        (["--lure", "bad.npz", "--time", "discrete"], "--lure", "B has shape (3, 1)", "A (n x n)"),
        (["--lure", "large.npz", "--time", "discrete"], "--lure", "256 are the most", "A (n x n)"),
        (["--lure", "short.npz", "--time", "discrete"], "--lure", "no array named C", "C (k x n)"),
        (["--lure", "s.npz", "--time", "discrete", "--slope", "0"], "--slope", "too small", "above 0"),
        (["--lure", "s.npz", "--time", "discrete", "--slope", "w.npy"], "--slope", "it holds 2 x 2", "a neuron"),
        (["--lure", "s.npz", "--time", "discrete", "--form", "rate"], "--form", "without --weights", ""),
        (["--weights", "w.npy", "--form", "rate", "--time", "discrete"], "--time", "without --lure", "--lure"),
    ],
)
def test_a_bad_option_is_refused(door, arguments, option, problem, accepted):
    door("--json", "report.json", *arguments).refuses(option, problem, accepted)


def test_a_system_is_decided_and_its_proof_checked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("s.npz", **matrices(True))
    arguments = ["--lure", "s.npz", "--time", "discrete", "--slope", "0.5", "--certificate", "c.json"]
    plan, destination = contraction.COMMAND.read(arguments)
    report = command.execute(contraction.COMMAND, plan, destination)
    quantities = report.quantities
    assert (report.exit_code, quantities["verdict"], quantities["rate"]) == (0, "contracting", None)
    assert 0 < quantities["factor"] < 1
    assert 0 < quantities["gain_reached"] <= quantities["gain"]
    assert quantities["claims"] == ["contracting", "gain", "gain reached"]
    assert checker.main(["c.json"]) == 0


def test_the_system_of_a_file_is_compared(found, tmp_path, monkeypatch, capsys):
    """Each of its matrices, those that there are; groups up to their numbers."""
    monkeypatch.chdir(tmp_path)
    Path("c.json").write_bytes(found.certificate.json_bytes())
    given = matrices(found.system.discrete)

    def status(argument, read=checker.Weights):
        return checker.main(["c.json", "--weights", argument], read), capsys.readouterr().err

    np.savez("s.npz", **given, other=np.ones((2, 2, 2)))
    np.savez("alone.npz", **given, group=np.array([7, 3]))
    scipy.io.savemat("s.mat", given)
    assert [status(each)[0] for each in ("s.npz", "alone.npz")] == [0, 0]
    assert [status(each, OwnWeights)[0] for each in ("s.npz", "alone.npz", "s.mat")] == [0, 0, 0]
    for name, each in given.items():
        np.savez("changed.npz", **{**given, name: each * (1 + 2.0**-30)})
        assert f"{name} is not that of the certificate" in status("changed.npz")[1]
        np.savez("without.npz", **{other: value for other, value in given.items() if other != name})
        said = f"no array named {name}" if name in "ABC" else f"{name} is not that of the certificate"
        assert said in status("without.npz")[1]
    np.savez("together.npz", **given, group=np.zeros(2))
    assert status("together.npz") == (2, "certificate checker: --weights: group is not that of the certificate\n")
    np.save("a.npy", given["A"])
    assert "with arrays by name" in status("a.npy")[1]
