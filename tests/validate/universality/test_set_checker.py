"""The independent checker of complete sets: verifies what is true, and rejects what was changed."""

import copy
import json
from fractions import Fraction

import numpy as np
import pytest

from theory.universality import Completeness, Factored, fixed_point_set
from theory.universality.balls import RELU
from validate.universality.set_checker import (
    TANH,
    Box,
    Local,
    Malformed,
    RectifiedSet,
    Rejected,
    Search,
    SetCertificate,
    Span,
    beyond_circle,
    farthest,
    flint,
    main,
    steepest,
    tanh,
)


def weights():
    random = np.random.default_rng(1)
    return np.diag([2.0, 0.4, -0.5, 0.0]) + 0.05 * random.normal(size=(4, 4)), 0.02 * random.normal(size=4)


@pytest.fixture(scope="module")
def document():
    found = fixed_point_set(*weights())
    assert (found.complete, len(found.points), found.rank) == (True, 3, 1)
    return json.loads(found.certificate)


def verify(document):
    SetCertificate(json.loads(json.dumps(document))).verify()


def test_what_is_proved_is_verified(document):
    verify(document)
    assert {"empty", "holds", "cut", "within"} >= {
        each if isinstance(each, str) else each[0] for each in document["nodes"]
    }


def test_products_and_networks_that_contract_are_verified():
    random = np.random.default_rng(2)
    M = random.normal(size=(10, 2))
    found = fixed_point_set(Factored(M, M @ np.diag([2.5, 1.5]) / 10), 0.1 * random.normal(size=10))
    verify(json.loads(found.certificate))
    verify(json.loads(fixed_point_set(np.array([[0.5, -0.6], [0.6, -4.0]]), np.ones(2)).certificate))


@pytest.mark.parametrize("drive", [0.0, 0.125])
def test_a_point_at_zero_is_verified(drive):
    """Balls about zero, as of networks without drive."""
    found = fixed_point_set(np.array([[2.0]]), np.array([drive]))
    assert (found.complete, len(found.points)) == (True, 3)
    assert (drive != 0) == all(point.state[0] != 0 for point in found.points)
    verify(json.loads(found.certificate))


def test_what_weights_of_low_rank_leave_is_part_of_what_is_verified():
    """The file is of W, not of the nearest product: other weights are rejected."""
    random = np.random.default_rng(2)
    M = random.normal(size=(10, 2))
    found = fixed_point_set(M @ np.diag([2.5, 1.5]) @ M.T / 10, 0.1 * random.normal(size=10))
    document = json.loads(found.certificate)
    assert (found.rank, set(document["rest"])) == (2, {1})
    verify(document)
    holding = first(document, "holds")
    for wrong in ("empty", ["holds", (document["nodes"][holding][1] + 1) % len(document["points"])]):
        with pytest.raises(Rejected):
            verify(document | {"nodes": [wrong if k == holding else n for k, n in enumerate(document["nodes"])]})
    shifted = [[str(Fraction(x) + Fraction(1, 2000)) for x in row] for row in document["weights"]]
    with pytest.raises(Rejected):
        verify(document | {"weights": shifted})


def first(document, kind):
    return next(k for k, node in enumerate(document["nodes"]) if node == kind or node[0] == kind)


def dropped(document):
    del document["nodes"][first(document, "empty")]


def ended_early(document):
    del document["nodes"][-1]


def called_empty(document):
    document["nodes"][first(document, "holds")] = "empty"


def another_point(document):
    node = document["nodes"][first(document, "holds")]
    node[1] = (node[1] + 1) % len(document["points"])


def point_left_out(document):
    gone = len(document["points"]) - 1
    del document["points"][gone]
    document["nodes"] = ["empty" if node == ["holds", gone] else node for node in document["nodes"]]


def point_twice(document):
    document["points"].append(document["points"][0])
    document["nodes"][first(document, "holds")] = ["holds", len(document["points"]) - 1]


def moved_point(document):
    document["points"][0]["state"][0] = str(Fraction(document["points"][0]["state"][0]) + Fraction(1, 2**30))


def smaller_box(document):
    document["box"] = [[str(Fraction(x) / 7) for x in end] for end in document["box"]]


def moved_cut(document):
    k = first(document, "cut")
    document["nodes"][k] = ["cut", document["nodes"][k][1], 1000]


def too_narrow(document):
    k = first(document, "holds")
    document["nodes"].insert(k, ["within", [0, 0], [0, 0]])


def another_drive(document):
    document["drive"][0] = str(Fraction(document["drive"][0]) + Fraction(1, 4))


def other_weights(document):
    document["weights"][2][3] = str(Fraction(document["weights"][2][3]) + Fraction(1, 2**40))


def another_rest(document):
    document["rest"][0] = -1


def another_split(document):
    document["U"][0] = [0]


def another_index(document):
    document["points"][0]["index"] *= -1


def another_instability(document):
    document["points"][0]["unstable"] += 1


def index_that_is_no_integer(document):
    document["points"][0]["index"] = bool(document["points"][0]["index"])


def huge_drive(document):
    document["drive"][0] = 10**400


def singular_point(document):
    first = [[1], [0], [0], [0]]
    document |= {"weights": [[*row, 0, 0, 0] for row in first], "U": first, "V": first, "rest": [1] * 4}
    document |= {"drive": [0] * 4}
    document["points"] = [{"state": [0] * 4, "radius": f"1/{10**30}", "unstable": 0, "index": 1}]


def no_variables(document):
    for key in ("U", "V"):
        document[key] = [[]] * 4
    document |= {"weights": [[0] * 4] * 4, "drive": [0] * 4, "rest": [1] * 4, "box": [[], []]}
    document["points"] = [{"state": [0] * 4, "radius": "1/8", "unstable": 0, "index": 1}]
    document["nodes"] = [["holds", 0]]


def no_variables_and_empty(document):
    no_variables(document)
    document["nodes"] = ["empty"]


def no_variables_and_a_part(document):
    no_variables(document)
    document["nodes"] = [["within", [], []], ["holds", 0]]


FORGERIES = [
    dropped, ended_early, called_empty, another_point, point_left_out, point_twice, moved_point, smaller_box, moved_cut,
    too_narrow, another_drive, other_weights, another_rest, another_split, another_index, another_instability,
    index_that_is_no_integer, huge_drive, singular_point, no_variables_and_empty, no_variables_and_a_part,
]  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda each: each.__name__)
def test_forgeries_are_rejected(document, forge):
    forged = copy.deepcopy(document)
    forge(forged)
    with pytest.raises((Rejected, Malformed)):
        verify(forged)


def test_a_network_without_recurrence_needs_no_variables(document):
    no_variables(plain := copy.deepcopy(document))
    verify(plain)


@pytest.fixture(scope="module")
def rectified():
    """relu(3/2 h - 1/4) has 0 and 1/2, so two units have four points; a third and fourth are pulled along."""
    W = np.diag([1.5, 1.5, 0.3, -0.4]) + np.diag([0.0, 0.0, 0.2], 1) - np.diag([0.0, 0.3, 0.1], -1)
    found = fixed_point_set(W, np.array([-0.25, -0.25, 0.3, 0.1]), RELU)
    assert found.outcome is Completeness.COMPLETE_TO_BOUND
    assert len(found.points) > 1
    document = json.loads(found.certificate)
    assert {"solved", "unit", "none"} == {each if isinstance(each, str) else each[0] for each in document["nodes"]}
    return document


def test_all_points_of_a_relu_network_are_verified(rectified):
    RectifiedSet(rectified).verify()


def one_more(document):
    document["points"] += 1


def region_dropped(document):
    del document["nodes"][first(document, "solved")]


def region_called_empty(document):
    document["nodes"][first(document, "solved")] = ["none", []]


def without_multipliers(document):
    document["nodes"][first(document, "none")][1] = []


def negative_multiplier(document):
    rows = document["nodes"][first(document, "none")][1]
    rows.append([*rows[0][:2], -1])


def row_of_an_active_unit(document):
    rows = document["nodes"][first(document, "none")][1]
    rows += [["most", unit, 1] for unit in range(4)]


def unit_twice(document):
    document["nodes"][first(document, "unit") + 1] = document["nodes"][first(document, "unit")]


def solved_too_early(document):
    document["nodes"] = ["solved"]


def other_drive(document):
    document["drive"][0] = "1/4"


FORGED_PATTERNS = [
    one_more, region_dropped, region_called_empty, without_multipliers, negative_multiplier, row_of_an_active_unit,
    unit_twice, solved_too_early, other_drive,
]  # fmt: skip


@pytest.mark.parametrize("forge", FORGED_PATTERNS, ids=lambda each: each.__name__)
def test_forged_patterns_are_rejected(rectified, forge):
    forged = copy.deepcopy(rectified)
    forge(forged)
    with pytest.raises((Rejected, Malformed)):
        RectifiedSet(forged).verify()


@pytest.mark.parametrize("key", ["weights", "drive", "U", "rest", "points", "box", "nodes"])
def test_files_that_lack_something_are_malformed(document, key):
    with pytest.raises(Malformed):
        SetCertificate({name: value for name, value in document.items() if name != key})


def test_the_command_says_what_it_found(document, tmp_path, capsys):
    file, W = tmp_path / "set.json", tmp_path / "W.npy"
    file.write_text(json.dumps(document))
    np.save(W, weights()[0])
    assert main([str(file), str(W)]) == 0
    assert "exactly 3 fixed points (2 of 0, 1 of 1" in capsys.readouterr().out
    np.save(W, weights()[0] + 1e-12)
    assert main([str(file), str(W)]) == 2
    assert main([str(file), str(tmp_path / "none.npy")]) == 2
    called_empty(forged := copy.deepcopy(document))
    file.write_text(json.dumps(forged))
    assert main([str(file)]) == 1


def test_all_that_a_certificate_speaks_of_is_compared_with_the_network(document, tmp_path, monkeypatch, capsys):
    """The drive is U x + b with its rounding; another input, bias or matrix is another network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(SetCertificate, "verify", lambda _: None)
    W, drive = weights()
    U, x = np.random.default_rng(3).normal(size=(4, 2)), np.array([0.3, -0.7])
    b = drive - U @ x
    (tmp_path / "set.json").write_text(json.dumps(document))
    np.savez("net.npz", W=W, U=U, b=b, V=np.ones((1, 4)))
    np.savez("gated.npz", W=np.vstack([2 * W, W]), U=np.vstack([U, U]), b=np.hstack([b, b]))
    np.savez("other.npz", W=W, U=U, b=b + 1e-9)
    np.savetxt("x.csv", x[None], delimiter=",", fmt="%.17g")
    assert [main(["set.json", name, "x.csv"]) for name in ("net.npz", "gated.npz", "other.npz")] == [0, 0, 2]
    assert "network: that of net.npz, weights and drive, at the input 0.3, -0.7" in capsys.readouterr().out
    assert main(["set.json", "net.npz"]) == 2  # at zero
    np.save("W.npy", W)
    assert main(["set.json", "W.npy"]) == 0
    assert "the drive, U x + b, has not been compared" in capsys.readouterr().out


def test_a_part_of_a_network_is_another_network(tmp_path, capsys):
    """Of M and N, and of the bias beside W, all rows count: what stands above them is no gate."""
    M, N, drive = np.random.default_rng(0).normal(size=(3, 4, 1)) / 2
    (tmp_path / "set.json").write_bytes(fixed_point_set(Factored(M, N), drive[:, 0]).certificate)
    own = {"M": M, "N": N, "b": drive}
    double = {name: np.vstack([3 * each, each]) for name, each in own.items()}
    for arrays, status in ((own, 0), (double, 2), ({**own, "b": double["b"]}, 2), ({**own, "M": double["M"]}, 2)):
        np.savez(tmp_path / "net.npz", **arrays)
        assert main([str(tmp_path / "set.json"), str(tmp_path / "net.npz")]) == status
    assert "its M is another" in capsys.readouterr().err


@pytest.mark.parametrize("gates", [0, 4])
def test_weights_given_as_a_product_are_compared_with_their_rounding(gates, tmp_path, monkeypatch, capsys):
    """Of ReLU, and of the candidate of a UGRNN below its gates: the set is that of W, computed from M and N."""
    random = np.random.default_rng(4)
    M, N, b = random.normal(size=(gates + 4, 2)), random.normal(size=(4, 2)) / 3, random.normal(size=gates + 4)
    (tmp_path / "set.json").write_bytes(fixed_point_set((M @ N.T)[-4:], b[-4:], RELU).certificate)
    monkeypatch.setattr(RectifiedSet, "verify", lambda _: None)
    for changed, status in ((M, 0), (M + 1e-12, 2), (M[1:], 2), (M[:, :1], 2)):
        np.savez(tmp_path / "net.npz", M=changed, N=N, b=b)
        assert main([str(tmp_path / "set.json"), str(tmp_path / "net.npz")]) == status
    np.savez(tmp_path / "net.npz", M=M, b=b)
    assert main([str(tmp_path / "set.json"), str(tmp_path / "net.npz")]) == 2
    assert "does not hold the weights" in capsys.readouterr().err


def test_true_is_no_number_of_a_point_or_unit(document):
    changed = copy.deepcopy(document)
    place = next(k for k, node in enumerate(changed["nodes"]) if node[0] == "holds" and node[1] == 1)
    changed["nodes"][place] = ["holds", True]
    with pytest.raises(Malformed, match="which is no node"):
        verify(changed)


def test_a_network_of_no_units_is_refused(document):
    with pytest.raises(Malformed, match="0 units"):
        verify({**document, "drive": [], "weights": [], "U": [], "V": [], "rest": [], "points": [], "nodes": ["empty"]})
    rectified = {"format": "rectified", "weights": [], "drive": [], "bound": 1, "points": 0, "nodes": []}
    with pytest.raises(Malformed, match="0 units"):
        RectifiedSet(rectified)


def test_bounds_of_lines_are_those_of_a_fine_grid():
    random = np.random.default_rng(0)
    a, c = random.normal(size=(2, 200)) * np.repeat([1.0, 4.0], 100)
    s, rho = random.uniform(0, 1, 200), random.uniform(0, 2, 200) * np.tile([1.0, 1e-3], 100)
    y = np.linspace(-rho, rho, 2001)
    off = np.abs(np.tanh(a + y) - c - s * y).max(axis=0)
    slope = np.abs(1 - np.tanh(a + y) ** 2 - s).max(axis=0)
    for bound, least, room in ((farthest(a, c, s, rho), off, 1e-5), (steepest(a, s, rho), slope, 1e-2)):
        assert (bound >= least - 1e-15).all()
        assert (bound <= least + room * rho + 1e-11).all()


def test_tanh_errs_by_less_than_it_says():
    """Beside balls; from where numbers are tiny to where tanh is one."""
    x = np.concatenate([np.linspace(-25, 25, 999), np.logspace(-300, 1.5, 500), [0.0]])
    errors = [
        abs(flint.arb(t) - flint.arb(y).tanh()).abs_upper() for t, y in zip(tanh(x).tolist(), x.tolist(), strict=True)
    ]
    assert max(map(float, errors)) < TANH / 8


def test_spans_hold_what_exact_numbers_make():
    """Sums, products and products of matrices of doubles with radii, beside rational arithmetic at their corners."""
    random = np.random.default_rng(0)
    A, B = (Span(random.normal(size=(3, 3)), 1e-3 * random.random((3, 3))) for _ in range(2))
    for signs in random.choice([-1, 1], (20, 2, 3, 3)):
        a, b = (
            [
                [Fraction(m) + int(k) * Fraction(r) for m, k, r in zip(*row, strict=True)]
                for row in zip(S.middle.tolist(), sign, S.radius.tolist(), strict=True)
            ]
            for S, sign in zip((A, B), signs, strict=True)
        )
        exact = {
            "sum": [[a[i][j] + b[i][j] for j in range(3)] for i in range(3)],
            "product": [[a[i][j] * b[i][j] for j in range(3)] for i in range(3)],
            "matrix": [[sum(a[i][k] * b[k][j] for k in range(3)) for j in range(3)] for i in range(3)],
        }
        for name, span in (("sum", A + B), ("product", A * B), ("matrix", A @ B)):
            for i, j in np.ndindex(3, 3):
                off = abs(exact[name][i][j] - Fraction(span.middle[i, j]))
                assert off <= Fraction(span.radius[i, j])
                assert span.radius[i, j] < 0.1


def test_spans_of_sums_that_overflow_tell_nothing():
    """This sum is below zero, and infinite where it is made from the left."""
    with np.errstate(all="ignore"):
        total = Span(np.array([[1e308, 1e308, -1.7e308, -1.7e308]])) @ Span(np.ones((4, 1)))
    assert not np.isfinite(total.radius).any()


def test_boxes_that_are_looked_at_together_are_told_what_each_is_told_alone(document):
    """Lines may be a step of Newton's method apart; what they decide is not."""
    certificate = SetCertificate(document)
    search, ends = Search(certificate), np.linspace(-1.9, 1.9, 20)
    boxes = [
        Box([Fraction(a)], [Fraction(b)], np.zeros(4))
        for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    ]
    for coarse in (True, False):
        together = Local(search, boxes, coarse=coarse)
        alone = [Local(search, [box], coarse=coarse) for box in boxes]
        for name in ("empty", "axis"):
            assert (getattr(together, name) == np.concatenate([getattr(x, name) for x in alone])).all()
        assert (together.single() == np.concatenate([x.single() for x in alone])).all()
        assert together.empty.any()
        assert together.single().any()


@pytest.mark.parametrize("size", [1, 2, 7, 20])
def test_eigenvalues_beyond_the_circle_are_counted_of_all_matrices_of_a_span(size):
    for seed in range(5):
        W = 1.5 / np.sqrt(size) * np.random.default_rng(seed).normal(size=(size, size))
        assert beyond_circle(Span(W, np.full_like(W, 1e-12))) == (np.abs(np.linalg.eigvals(W)) > 1).sum()
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert beyond_circle(Span(turn, np.full_like(turn, 1e-15))) is None
    assert beyond_circle(Span(1.01 * turn, np.full_like(turn, 0.02))) is None
    assert beyond_circle(Span(np.array([[1.0, 1.0], [0.0, 1.0]]))) is None
