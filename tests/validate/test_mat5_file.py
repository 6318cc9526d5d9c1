"""MATLAB's files before 7.3, beside what SciPy reads of the same files; and damaged ones, which it may not survive."""

import struct

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from validate.arrays import BadArray, finite, read_arrays
from validate.mat5_file import DamagedFile, dense, read_mat5

rng = np.random.default_rng(0)
KINDS = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"]
SHAPES = [(1, 1), (3, 1), (1, 4), (3, 5), (2, 3, 4), (0, 3)]
NUMERIC = {
    f"{kind.strip('?') or 'on'}_{k}": rng.uniform(0, 100, shape).astype(kind)
    for kind in KINDS
    for k, shape in enumerate(SHAPES)
}
OTHERS = {
    "z": np.array([[1 + 2j]]),
    "text": "words",
    "net": {"W": np.eye(2)},
    "cells": np.array([np.eye(2), "a"], dtype=object),
}
SPARSE = {f"s{n}": scipy.sparse.random(n, 7, 0.3, "csc", random_state=n) for n in range(1, 5)} | {
    "none": scipy.sparse.csc_matrix((2, 3))
}


@pytest.mark.parametrize("compressed", [True, False])
def test_as_scipy_reads_it(tmp_path, compressed):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {**NUMERIC, **OTHERS, **SPARSE}, do_compression=compressed)
    found, theirs = read_mat5(path, lambda _: True), scipy.io.loadmat(path)
    assert list(found) == [*NUMERIC, *OTHERS, *SPARSE]
    for name in NUMERIC:
        np.testing.assert_array_equal(found[name], theirs[name])
        assert found[name].dtype.itemsize == theirs[name].dtype.itemsize
    for name in SPARSE:
        np.testing.assert_array_equal(found[name], theirs[name].toarray())
    for name, problem in (("z", "complex"), ("text", "<U1"), ("net", "objects"), ("cells", "objects")):
        with pytest.raises(BadArray, match=f"{name} holds {problem}"):
            finite(name, found[name])
    assert all(array.size == 0 for array in read_mat5(path, lambda _: False).values())


def test_version_4(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"W": np.arange(6.0).reshape(2, 3), "s": SPARSE["s3"]}, format="4")
    found = read_arrays(tmp_path / "a.mat")
    np.testing.assert_array_equal(found["W"], np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(found["s"], SPARSE["s3"].toarray())


def test_the_other_byte_order_and_numbers_stored_in_fewer_bytes(tmp_path):
    """MATLAB stores doubles that are whole numbers as bytes, and other machines have another order."""
    for order, mark in (("<", b"IM"), (">", b"MI")):

        def element(kind, content, order=order):
            return struct.pack(f"{order}II", kind, len(content)) + content + b"\0" * (-len(content) % 8)

        parts = [
            element(6, struct.pack(f"{order}II", 6, 0)),
            element(5, struct.pack(f"{order}ii", 2, 3)),
            struct.pack(f"{order}I", 1 << 16 | 1) + b"W\0\0\0",
            element(2, bytes([1, 2, 3, 4, 5, 6])),
        ]
        header = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack(f"{order}H", 0x0100) + mark
        (tmp_path / "a.mat").write_bytes(header + element(14, b"".join(parts)))
        (W,) = read_mat5(tmp_path / "a.mat", lambda _: True).values()
        assert W.tolist() == [[1, 3, 5], [2, 4, 6]]
        assert W.dtype == np.float64


@pytest.mark.parametrize("compressed", [True, False])
def test_whatever_is_broken_in_a_file_is_refused(tmp_path, compressed):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"W": NUMERIC["f8_3"], "s": SPARSE["s3"]}, do_compression=compressed)
    content, refused = path.read_bytes(), 0
    changes = np.random.default_rng(0)
    for length in range(0, len(content) - 1, 7):
        path.write_bytes(content[:length])
        with pytest.raises(BadArray):
            read_arrays(path)
    for _ in range(300):
        changed = bytearray(content)
        for place in changes.integers(128, len(content), 2):
            changed[place] = changes.integers(256)
        path.write_bytes(bytes(changed))
        try:
            read_arrays(path)
        except BadArray:
            refused += 1
    assert refused > 50


def test_an_element_of_no_type_is_refused(tmp_path):
    """That of the rows of a sparse matrix, at which SciPy's reader ends the process."""
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"s": SPARSE["s3"]})
    content = bytearray(path.read_bytes())
    at = content.index(struct.pack("<II", 5, 4 * SPARSE["s3"].nnz))
    content[at] = 53
    path.write_bytes(bytes(content))
    with pytest.raises(BadArray, match="an element of type 53 where numbers are needed"):
        read_arrays(path)


@pytest.mark.parametrize(
    ("rows", "starts", "values"),
    [
        ([0, 2], [0, 1, 2], [1.0, 1.0]),
        ([0, -1], [0, 1, 2], [1.0, 1.0]),
        ([0, 1], [0, 3, 2], [1.0, 1.0]),
        ([0, 1], [1, 1, 2], [1.0, 1.0]),
        ([0, 1], [0, 1], [1.0, 1.0]),
        ([0], [0, 1, 2], [1.0, 1.0]),
        ([0, 1], [0, 1, 2], [1.0]),
        ([], [], []),
    ],
)
def test_sparse_matrices_that_are_none(rows, starts, values):
    with pytest.raises(DamagedFile, match="a sparse matrix has"):
        dense((2, 2), rows=np.array(rows, int), starts=np.array(starts, int), values=np.array(values))


def test_more_room_than_entries():
    """MATLAB keeps rows and values for entries to come."""
    found = dense((2, 2), rows=np.array([1, 0, 9]), starts=np.array([0, 1, 2]), values=np.array([3.0, 4.0, 5.0]))
    assert found.tolist() == [[0, 4], [3, 0]]
