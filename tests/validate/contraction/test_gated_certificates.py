"""The checker accepts gated certificates that hold, refuses forged ones, and bounds rows as `theory` does."""

import copy
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from theory.contraction import gated
from theory.contraction.gated.search import proposed, shrunk
from theory.contraction.gated.statements import exact_bounds
from validate.contraction import certificate_checker as checker
from validate.contraction.compared_weights import OwnWeights

KINDS = ("after", "before", "lstm")


def arrays(kind, units=3, seed=1, recurrent=0.25):
    """By the names of PyTorch."""
    rng = np.random.default_rng(seed)
    rows = (4 if kind == "lstm" else 3) * units
    given = [rng.normal(size=shape) for shape in ((rows, 2), (rows, units), (rows,), (rows,))]
    scaled = [0.5 * given[0], recurrent * given[1], 0.3 * given[2], 0.3 * given[3]]
    return dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), scaled, strict=True))


def layer(kind, units=3, seed=1, recurrent=0.25):
    scaled = arrays(kind, units, seed, recurrent).values()
    if kind == "lstm":
        return gated.lstm.from_arrays(*scaled, input_box=0.5)
    return gated.gru.from_arrays(*scaled, input_box=0.5, reset_after=kind == "after")


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


def small(kind):
    return 0.1 if kind == "lstm" else 0.25


@pytest.fixture(scope="module")
def proof(kind):
    return json.loads(gated.decide.certify(layer(kind, recurrent=small(kind))).certificate.json_bytes())


@pytest.fixture
def check(tmp_path, capsys):
    def run(document):
        (tmp_path / "c.json").write_text(json.dumps(document))
        status = checker.main([str(tmp_path / "c.json")])
        return status, capsys.readouterr()

    return run


def test_a_proof_is_verified(proof, check):
    status, said = check(proof)
    assert status == 0
    assert said.out.splitlines()[-1] == "verified"
    assert "contracting by the factor" in said.out


def test_the_standard_library_alone_verifies(proof, tmp_path):
    (tmp_path / "c.json").write_text(json.dumps(proof))
    program = [sys.executable, "-I", "-S", str(Path(checker.__file__)), str(tmp_path / "c.json")]
    assert subprocess.run(program, capture_output=True, check=False).returncode == 0


def cell_of(of):
    """The layer as the checker reads it."""
    exact = of.exact
    return checker.CELLS[of.name](
        *(
            {name: block.tolist() for name, block in each.items()}
            for each in (exact.recurrent, exact.driven, exact.bias)
        ),
        [checker.Interval(*each) for each in zip(exact.inputs.low, exact.inputs.high, strict=True)],
    )


def shorter(number, share=Fraction(15, 16)):
    return str(Fraction(number) * share)


def forge(document, *place, value):
    forged = copy.deepcopy(document)
    at = forged
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value(at[place[-1]]) if callable(value) else value
    return forged


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (("claims", 0, "factor"), shorter, "may stretch"),
        (("claims", 0, "factor"), 1, "factor is not between"),
        (("claims", 0, "gain"), shorter, "may move"),
        (("claims", 0, "gain"), lambda gain: "-" + str(gain), "may move"),
        (("claims", 0, "weights", 0), lambda w: shorter(w, Fraction(1, 1024)), "may stretch"),
        (("claims", 0, "weights", 0), 0, "not positive"),
        (("claims", 0, "box", 0, 1), lambda end: shorter(end, Fraction(1, 2)), "leave the box"),
        (("claims", 0, "box", 0), [0, 0], "leave the box"),
        (("inputs", 0, 1), 4, "leave the box"),
        (("sha256",), "0" * 64, "sha256"),
    ],
)
def test_forged_certificates_are_rejected(proof, check, place, value, reason):
    status, said = check(forge(proof, *place, value=value))
    assert status == 1
    assert f"rejected: {'' if place == ('sha256',) else 'claims[0]: '}" in said.out
    assert reason in said.out


def test_other_weights_are_rejected(proof, check):
    name = next(iter(proof["recurrent"]))
    status, said = check(forge(proof, "recurrent", name, 0, 0, value=3))
    assert status == 1
    assert "sha256" in said.out
    assert check(forge(proof, "bias", name, 0, value=5))[0] == 1


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (("cell",), "rnn", "cell is 'rnn'"),
        (("claims", 0, "by"), "norm inf", "no claim that is known"),
        (("claims", 0, "pieces"), 65, "from 1 to 64"),
        (("claims", 0, "pieces"), True, "whole number"),
        (("claims", 0, "factor"), "1/3", "power of two"),
        (("claims", 0, "weights", 0), "1/1" + "0" * 4000, "power of two"),
        (("claims", 0, "weights"), [1], "entries"),
        (("claims", 0, "box", 0), [1, -1], "ends before"),
        (("inputs", 0, 0), "1/3", "power of two"),
        (("inputs",), [], "empty"),
        (("claims",), [], "empty"),
        (("bias",), {}, "lacks"),
        (("extra",), 1, "unknown key"),
    ],
)
def test_malformed_certificates_are_refused_in_one_line(proof, check, place, value, problem):
    status, said = check(forge(proof, *place, value=value))
    assert status == 2
    assert problem in said.err
    assert len(said.err.splitlines()) == 1


@pytest.fixture(scope="module")
def squares():
    """Of a layer that rows leave undecided."""
    rng = np.random.default_rng(4)
    given = [rng.uniform(-1, 1, size) / 2 for size in ((12, 1), (12, 4), 12, 12)]
    found = gated.decide.certify(gated.gru.from_arrays(*given, input_box=1.0).with_recurrence(1.05))
    return json.loads(found.certificate.json_bytes())


def test_squares_are_verified(squares, check):
    status, said = check(squares)
    assert (status, said.out.splitlines()[-1]) == (0, "verified")
    assert "contracting by the factor" in said.out
    assert "(sum of weights_i x_i^2)^(1/2)" in said.out


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (("factor",), lambda x: shorter(x, Fraction(255, 256)), "what the squares fall by is not positive"),
        (("factor",), 1, "factor is not between"),
        (("gain",), shorter, "may move"),
        (("gain",), lambda gain: "-" + str(gain), "may move"),
        (("weights", 0), lambda w: shorter(w, Fraction(1, 64)), "what the squares fall by is not positive"),
        (("weights", 0), 0, "not positive"),
        (("forms", 1), lambda form: [[shorter(x) for x in row] for row in form], "forms[1] does not hold all rows"),
        (("forms", 1), lambda form: [["-" + str(x).lstrip("-") for x in row] for row in form], "forms[1] is not"),
        (("forms", 2, 0, 1), 1, "forms[2] is not symmetric"),
        (("forms", 3), [[1, 0], [0, 1]], "forms[3] has 2 rows, not 4"),
        (("box", 0, 1), lambda end: shorter(end, Fraction(1, 2)), "leave the box"),
    ],
)
def test_forged_squares_are_rejected(squares, check, place, value, reason):
    status, said = check(forge(squares, "claims", 0, *place, value=value))
    assert status == 1
    assert "rejected: claims[0]: " in said.out
    assert reason in said.out


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (("forms",), [], "empty"),
        (("forms",), lambda forms: forms[1:], "has 3 matrices, not 4"),
        (("forms", 0), [[1, 0]], "forms[0]"),
        (("forms", 0, 0, 0), "1/3", "power of two"),
        (("pieces",), 65, "from 1 to 64"),
        (("forged",), 1, "unknown key"),
    ],
)
def test_malformed_squares_are_refused_in_one_line(squares, check, place, value, problem):
    status, said = check(forge(squares, "claims", 0, *place, value=value))
    assert status == 2
    assert problem in said.err
    assert len(said.err.splitlines()) == 1


def test_squares_of_rows_that_are_not_known_are_rejected(proof, check):
    claim = proof["claims"][0]
    forged = {**claim, "by": "squares in a box", "gain": 2**20, "forms": [[[1]]] * len(claim["box"])}
    status, said = check(forge(proof, "claims", 0, value=forged))
    assert status == 1
    unknown = proof["cell"] == "gru, reset before"
    assert ("rows are not known as sums" if unknown else "forms[0] has 1 rows, not 4") in said.out


@pytest.mark.parametrize("kind", ["after", "lstm"])
def test_the_checker_knows_rows_as_theory_does(kind):
    of = layer(kind, units=2, recurrent=1.0)
    ends = exact_bounds(shrunk(of))
    pairs = [checker.Interval(low, high) for low, high in zip(ends.low, ends.high, strict=True)]
    groups = of.exact.coefficients(of.exact.gates(ends), 2)
    theirs = [row for each in groups for row in zip(each.points, each.sensed, strict=True)]
    for (sensed, points), (known, read) in zip(cell_of(of).coefficients(pairs, 2), theirs, strict=True):
        assert (np.array(sensed, object) == read).all()
        one, other = (np.array(sorted(map(tuple, each)), object) for each in (points, known.tolist()))
        assert np.abs(one - other).max() < Fraction(1, 10**14)


def test_too_many_claims_and_too_large_layers_are_refused(proof, check):
    assert "at most" in check(forge(proof, "claims", value=proof["claims"] * 5))[1].err
    name = next(iter(proof["recurrent"]))
    large = forge(proof, "recurrent", name, value=[[0]] * 600)
    assert "weights may number" in check(large)[1].err


@pytest.fixture(scope="module")
def refutation():
    recurrent = np.concatenate([np.zeros((4, 2)), 6 * np.eye(2)])
    found = gated.decide.certify(gated.gru.from_arrays(np.zeros((6, 1)), recurrent, input_box=1.0))
    return json.loads(found.certificate.json_bytes())


def test_two_boxes_are_verified_and_forged_ones_rejected(refutation, check):
    status, said = check(refutation)
    assert status == 0
    assert "stay apart for ever" in said.out
    first, second = refutation["claims"][0]["boxes"]
    for place, value, reason in (
        (("boxes",), [first, first], "in common"),
        (("boxes", 1), [[str(Fraction(x) / 2) for x in pair] for pair in second], "leave boxes[1]"),
        (("input", 0), 2, "not in its interval"),
    ):
        status, said = check(forge(refutation, "claims", 0, *place, value=value))
        assert status == 1
        assert reason in said.out
    assert check(forge(refutation, "claims", 0, "boxes", value=[first]))[0] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_checker_bounds_rows_as_theory_does(kind):
    """Two programs without a line in common; only their enclosures of the gates differ, far behind the point."""
    of = layer(kind, recurrent=1.0)
    box, exact = shrunk(of), of.exact
    weights = exact.arithmetic.numbers(np.round(proposed(of, box).weights * 64 + 1))
    ends = exact_bounds(box)
    pairs = [checker.Interval(low, high) for low, high in zip(ends.low, ends.high, strict=True)]
    cell = cell_of(of)
    rows = np.array([list(row) for row in cell.rows(pairs, list(weights), 5)])
    theirs = np.array([exact.state_sums(exact.gates(ends), weights, 5), exact.input_sums(exact.gates(ends), 5)]).T
    assert np.abs(rows - theirs).max() < Fraction(1, 10**14)
    after = exact.next(ends)
    following = cell.following(pairs, cell.inputs)
    for each, low, high in zip(following, after.low, after.high, strict=True):
        assert abs(each.low - low) + abs(each.high - high) < Fraction(1, 10**14)


@pytest.fixture
def compare(proof, tmp_path, monkeypatch, capsys):
    """The exit status, and what is said of what `--weights` names."""
    monkeypatch.chdir(tmp_path)
    Path("c.json").write_text(json.dumps(proof))

    def run(argument, read=checker.Weights):
        status = checker.main(["c.json", "--weights", argument], read)
        return status, capsys.readouterr().err

    return run


def test_the_layer_of_a_state_dict_is_compared(kind, compare):
    """By the standard library, and as the command reads files; of two layers one is named."""
    given = arrays(kind, recurrent=small(kind))
    np.savez("one.npz", **given)
    np.savez("turned.npz", **{name: np.asfortranarray(each) for name, each in given.items()})
    save_file(given, "one.safetensors")
    deeper = {name.replace("l0", "l1"): 2 * each for name, each in given.items()}
    np.savez("two.npz", **given, **deeper)
    for argument in ("one.npz", "turned.npz", "one.safetensors", "two.npz:weight_hh_l0"):
        assert compare(argument) == (0, "")
        assert compare(argument, OwnWeights) == (0, "")
    status, said = compare("two.npz")
    assert (status, "2 arrays weight_hh" in said) == (2, True)
    status, said = compare("two.npz:weight_hh_l1")
    assert (status, "recurrent weights are others" in said) == (2, True)


@pytest.mark.parametrize("name", ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"])
def test_a_layer_that_differs_anywhere_is_another(name, kind, compare):
    """The last row is of the last gate; 2^-30 counts."""
    given = arrays(kind, recurrent=small(kind))
    given[name][-1:] += 2.0**-30
    np.savez("other.npz", **given)
    said = "inner bias" if kind == "after" and name == "bias_hh_l0" else {"w": "weights", "b": "bias"}[name[0]]
    for read in (checker.Weights, OwnWeights):
        status, error = compare("other.npz", read)
        assert (status, error.count("\n")) == (2, 1)
        assert said in error
        assert "are others than the certificate's" in error


def test_what_is_no_layer_is_refused_in_a_line(kind, compare):
    given = arrays(kind, recurrent=small(kind))
    np.savez("larger.npz", **arrays(kind, units=4))
    np.savez("none.npz", W=np.eye(3))
    np.savez("driven.npz", weight_hh_l0=given["weight_hh_l0"])
    np.savez("short.npz", **{**given, "bias_hh_l0": np.ones(2)})
    np.save("matrix.npy", np.eye(3))
    for argument, reason in (
        ("larger.npz", "rows of weights, not"),
        ("none.npz", "0 arrays weight_hh"),
        ("driven.npz", "no array named weight_ih_l0"),
        ("short.npz", "not one number a row"),
        ("matrix.npy", "with arrays by name"),
    ):
        status, said = compare(argument)
        assert (status, said.count("\n")) == (2, 1)
        assert reason in said


def test_a_layer_of_keras_is_compared(kind, compare):
    """Columns; of a GRU update before reset; two rows of biases where the reset is after the product."""
    given = [np.split(each, 4 if kind == "lstm" else 3) for each in arrays(kind, recurrent=small(kind)).values()]
    order = (0, 1, 2, 3) if kind == "lstm" else (1, 0, 2)
    driven, recurrent, first, second = (np.concatenate([each[block] for block in order]) for each in given)
    bias = np.array([first, second]) if kind == "after" else first + second
    np.savez("keras.npz", kernel=driven.T, recurrent_kernel=recurrent.T, bias=bias)
    assert compare("keras.npz", OwnWeights) == (0, "")
