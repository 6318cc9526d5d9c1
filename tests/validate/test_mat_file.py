"""MATLAB's files, of both kinds; those of version 7.3 are written here as MATLAB writes them."""

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

from validate.arrays import BadArray, read_arrays, read_named

MATRIX = np.array([[0.5, -1.0, 0.0], [2.0, 0.0, 0.25]])
SPARSE = scipy.sparse.csc_matrix(MATRIX)


@pytest.fixture
def matlab(tmp_path):
    """Write a file of version 7.3; its first 512 bytes are a header of MATLAB's own."""

    def write(**variables):
        path = tmp_path / "a.mat"
        with h5py.File(path, "w", userblock_size=512) as file:
            for name, (kind, content) in variables.items():
                if isinstance(content, scipy.sparse.csc_matrix):
                    stored = file.create_group(name)
                    stored["jc"] = content.indptr.astype(np.uint64)
                    if content.nnz:
                        stored["ir"], stored["data"] = content.indices.astype(np.uint64), content.data
                    stored.attrs["MATLAB_sparse"] = np.uint64(content.shape[0])
                elif isinstance(content, dict):
                    stored = file.create_group(name)
                    for each, value in content.items():
                        stored[each] = np.asarray(value).T
                else:
                    stored = file.create_dataset(name, data=np.asarray(content).T)
                stored.attrs["MATLAB_class"] = np.bytes_(kind)
        with path.open("r+b") as file:
            file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
        return path

    return write


def test_version_7_3_has_its_dimensions_in_reverse(matlab):
    whole = np.arange(24.0).reshape(2, 3, 4)
    path = matlab(W=("double", MATRIX), x=("single", whole.astype("f4")), on=("logical", np.eye(2, dtype=np.uint8)))
    found = read_named(path, ("W", "x", "on")).arrays
    np.testing.assert_array_equal(found["W"], MATRIX)
    np.testing.assert_array_equal(found["x"], whole)
    np.testing.assert_array_equal(found["on"], np.eye(2))


def test_what_is_not_numeric_is_named_and_refused(matlab):
    complex_values = np.array([[(1.0, 2.0)]], dtype=[("real", "f8"), ("imag", "f8")])
    path = matlab(
        W=("double", MATRIX),
        name=("char", np.frombuffer(b"abc", np.uint8)[None].astype(np.uint16)),
        net=("struct", {"W": MATRIX}),
        z=("double", complex_values),
    )
    assert read_named(path, ("W",)).ignored == ("name", "net", "z")
    for name, problem in (("name", "<U1 values"), ("net", "objects"), ("z", "complex values")):
        with pytest.raises(BadArray, match=f"{name} holds {problem}, not real numbers"):
            read_named(path, (name,))


def test_empty_arrays_keep_their_dimensions(matlab):
    path = matlab(W=("double", np.array([0, 3], np.uint64)))
    with h5py.File(path, "r+") as file:
        file["W"].attrs["MATLAB_empty"] = np.uint8(1)
    assert read_arrays(path)["W"].shape == (0, 3)


def test_sparse_matrices_of_both_kinds(matlab, tmp_path):
    path = matlab(W=("double", SPARSE), Z=("double", scipy.sparse.csc_matrix((2, 3))))
    scipy.io.savemat(tmp_path / "b.mat", {"W": SPARSE, "Z": scipy.sparse.csc_matrix((2, 3))})
    for each in (path, tmp_path / "b.mat"):
        found = read_named(each, ("W", "Z")).arrays
        np.testing.assert_array_equal(found["W"], MATRIX)
        np.testing.assert_array_equal(found["Z"], np.zeros((2, 3)))


def test_places_outside_a_sparse_matrix_are_refused(matlab):
    path = matlab(W=("double", SPARSE))
    with h5py.File(path, "r+") as file:
        file["W/ir"][0] = 10**9
    with pytest.raises(BadArray, match="cannot be read"):
        read_arrays(path)


def test_links_out_of_the_file_are_not_followed(matlab, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["W"] = MATRIX
    path = matlab()
    with h5py.File(path, "r+") as file:
        file["W"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "W")
    with pytest.raises(BadArray, match="W holds objects"):
        read_named(path, ("W",))
