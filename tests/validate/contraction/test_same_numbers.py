"""Certify's reader of matrices and that of the standalone checker: the same numbers out of a file, or both refuse."""

import json
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import save_file

from validate.arrays import BadArray
from validate.contraction.certificate_checker import Malformed, Weights
from validate.contraction.matrix_file import MatrixOption

WHOLE = ["?", "i1", "u1", "<i2", ">i2", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8"]
PARTS = ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]
OTHERS = ["g", ">c8", "<c16", "S3", "<U2", "M8[s]", "m8[s]"]
FILES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


def both(name):
    """The matrix as fractions that each of the two reads; None where it refuses."""
    try:
        ours = [[Fraction(x) for x in row] for row in MatrixOption()(name).read().matrix.tolist()]
    except BadArray:
        ours = None
    try:
        theirs = Weights(str(name)).matrix()
    except Malformed:
        theirs = None
    return ours, theirs


def matrices(kinds):
    """Square matrices of some kind, near to 2^53 among others, with numbers that are none."""
    shapes = st.integers(1, 3).map(lambda n: (n, n))
    near = st.integers(-3, 3).map(lambda k: 2**53 + k) | st.integers(60, 63).map(lambda k: 2**k - 1)

    def of(kind):
        elements = None
        if np.dtype(kind).kind in "iu" and np.dtype(kind).itemsize == 8:
            info = np.iinfo(kind)
            elements = st.integers(int(info.min), int(info.max)) | near | st.integers(-5 * (info.min < 0), 5)
        return arrays.arrays(np.dtype(kind), shapes, elements=elements)

    return st.sampled_from(kinds).flatmap(of)


SHORT = matrices(["<u2"]).map(lambda matrix: matrix.view(ml_dtypes.bfloat16))
"""Of bfloat16, any bits."""


@FILES
@given(matrices(WHOLE + PARTS), st.booleans())
def test_npy(tmp_path, matrix, columns_first):
    np.save(tmp_path / "w.npy", np.asfortranarray(matrix) if columns_first else matrix)
    ours, theirs = both(tmp_path / "w.npy")
    assert ours == theirs
    exact = matrix.tolist()
    held = all(np.isfinite(x) and float(x) == x for row in exact for x in row)
    assert ours == ([[Fraction(x) for x in row] for row in exact] if held else None)


@FILES
@given(matrices(WHOLE + PARTS), st.sampled_from(["W", "rnn.weight_hh_l0", "cell/h/kernel", "a b"]), st.booleans())
def test_npz(tmp_path, matrix, name, compressed):
    (np.savez_compressed if compressed else np.savez)(tmp_path / "w.npz", **{name: matrix}, bias=np.ones(3))
    ours, theirs = both(f"{tmp_path}/w.npz:{name}")
    assert ours == theirs
    if ours is not None:
        turned = matrix.T if name.endswith("kernel") else matrix
        assert ours == [[Fraction(x) for x in row] for row in turned.tolist()]


@FILES
@given(matrices(WHOLE + PARTS) | SHORT, st.sampled_from(["W", "a.weight_hh", "h.kernel"]))
def test_safetensors(tmp_path, matrix, name):
    native = matrix if matrix.dtype == ml_dtypes.bfloat16 else matrix.astype(matrix.dtype.newbyteorder("="))
    save_file({name: native}, tmp_path / "w.safetensors")
    ours, theirs = both(f"{tmp_path}/w.safetensors:{name}")
    assert ours == theirs
    if ours is not None:
        wide = native.astype(float) if native.dtype == ml_dtypes.bfloat16 else native
        turned = wide.T if name.endswith("kernel") else wide
        assert ours == [[Fraction(x) for x in row] for row in turned.tolist()]


@pytest.mark.parametrize("kind", OTHERS)
def test_other_types_are_refused_by_both(tmp_path, kind):
    np.save(tmp_path / "w.npy", np.zeros((2, 2)).astype(int).astype(kind))
    np.savez(tmp_path / "w.npz", W=np.zeros((2, 2)).astype(int).astype(kind))
    assert both(tmp_path / "w.npy") == (None, None)
    assert both(f"{tmp_path}/w.npz:W") == (None, None)


@pytest.mark.parametrize("kind", ["F8_E4M3", "F8_E5M2", "C64"])
def test_other_types_of_safetensors_are_refused_by_both(tmp_path, kind):
    size = 8 if kind == "C64" else 1
    header = json.dumps({"W": {"dtype": kind, "shape": [1, 1], "data_offsets": [0, size]}}).encode()
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * size)
    assert both(f"{tmp_path}/w.safetensors:W") == (None, None)


NUMBERS = (
    st.floats(width=64) | st.integers(-(2**70), 2**70) | st.sampled_from([0.1, 2**53 + 1, "1e400", "nan", "x", ""])
)


@FILES
@given(
    st.integers(1, 3).flatmap(lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n), min_size=n, max_size=n)),
    st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), (" ", "."), (", ", ".")]),
    st.sampled_from(["csv", "tsv", "txt"]),
    st.sampled_from(["", "# made by hand\n", "\n", "\ufeff"]),
)
def test_text(tmp_path, rows, marks, suffix, head):
    separator, point = marks
    lines = [separator.join(str(x).replace(".", point) for x in row) for row in rows]
    (tmp_path / f"w.{suffix}").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    ours, theirs = both(tmp_path / f"w.{suffix}")
    assert theirs is None or ours == theirs
    plain = all(isinstance(x, float | int) and np.isfinite(float(x)) for row in rows for x in row)
    if plain and (len(rows) > 1 or point == "."):  # alone, 0,5 is two numbers
        assert ours == theirs == [[Fraction(float(x)) for x in row] for row in rows]
