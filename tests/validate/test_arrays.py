"""Reading a user's files: nothing is executed, nothing but BadArray is raised, and every refusal says what is wrong."""

import io
import zipfile

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
import scipy.io
import scipy.sparse

from validate.arrays import BadArray, read_arrays, read_matrix, read_named


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(6.0).reshape(2, 3), b=0.5)
    return path


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16, np.int64, np.uint8, bool])
def test_real_numbers_of_any_kind_become_doubles(kind, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.array([[0, 1], [1, 1]], dtype=kind))
    read = read_named(path, ("a",)).arrays["a"]
    assert read.dtype == np.float64
    assert read.tolist() == [[0, 1], [1, 1]]


def test_whole_numbers_that_a_double_holds_are_taken_however_large(tmp_path):
    for whole in (2**53, 2**53 + 2, -(2**63), 2**62 + 2**20):
        np.save(tmp_path / "a.npy", np.array([[whole]]))
        assert int(read_matrix(tmp_path / "a.npy")[0, 0]) == whole
    np.save(tmp_path / "a.npy", np.array([[2**63]], np.uint64))
    assert int(read_matrix(tmp_path / "a.npy")[0, 0]) == 2**63


@pytest.mark.parametrize("order", [">f8", "<f8"])
def test_byte_order_and_memory_order_do_not_matter(order, tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.asfortranarray(np.arange(6.0).reshape(2, 3)).astype(order))
    assert read_matrix(path).tolist() == [[0, 1, 2], [3, 4, 5]]


class Trap:
    """Unpickling this would raise an error that no reader expects."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('a pickle was executed')",))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (np.array([1 + 2j]), "a holds complex128 values, not real numbers"),
        (np.array(["1.0"]), "a holds <U3 values"),
        (np.array([b"x"]), "a holds |S1 values"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "not real numbers"),
        (np.array([(1, 2.0)], dtype=[("x", int), ("y", float)]), "not real numbers"),
        (np.array([1.0, np.nan]), r"a is not finite: 1 of 2 values, the first at (1,)"),
        (np.array(-np.inf), "a is not finite: 1 of 1 values"),
        (np.array([np.longdouble("1.5")]), "a holds long doubles (float128); make them doubles, array.astype(float)"),
        (np.array([0, 2**53 + 1]), "a holds 9007199254740993, beyond 2^53 and not exact in double precision"),
        (np.array([-(2**53) - 1]), "a holds -9007199254740993"),
        (np.array([2**64 - 1], np.uint64), "a holds 18446744073709551615"),
    ],
)
def test_other_values_are_refused(values, problem, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=values)
    with pytest.raises(BadArray) as refused:
        read_named(path, ("a",))
    assert problem in str(refused.value)


def test_pickles_are_never_executed(tmp_path):
    objects = np.array([Trap()], dtype=object)
    np.savez(tmp_path / "a.npz", a=objects)
    np.save(tmp_path / "a.npy", objects)
    (tmp_path / "b.npy").write_bytes(b"\x80\x04cposix\nsystem\n.")
    with pytest.raises(BadArray, match="pickled"):
        read_named(tmp_path / "a.npz", ("a",))
    for name in ("a.npy", "b.npy"):
        with pytest.raises(BadArray, match="pickled"):
            read_matrix(tmp_path / name)


def test_missing_arrays_are_named_and_so_are_those_that_play_no_part(archive):
    with pytest.raises(BadArray, match="no array named c, d; the file has a, b"):
        read_named(archive, ("a", "c", "d"))
    assert read_named(archive, ("a",)).ignored == ("b",)
    both = read_named(archive, ("a",), ("b", "c"))
    assert set(both.arrays) == {"a", "b"}
    assert both.ignored == ()


def test_what_plays_no_part_is_not_even_read(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.eye(2), notes=np.array([Trap()], dtype=object), name=np.array("mine"), rate=np.nan)
    found = read_named(path, ("a",))
    assert found.arrays["a"].tolist() == [[1, 0], [0, 1]]
    assert found.ignored == ("notes", "name", "rate")


def test_an_archive_of_other_things_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"not an array")
        archive.writestr("notes.txt", b"hello")
    with pytest.raises(BadArray):
        read_named(path, ("a",))
    with pytest.raises(BadArray):
        read_named(path, ("a",), ("notes.txt",))
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(BadArray, match="the file has none at all"):
        read_named(path, ("a",))


def test_a_file_that_claims_to_be_huge_is_refused(tmp_path):
    """Its header asks for 8 EB; numpy cannot have them."""
    path = tmp_path / "a.npy"
    content = npy(np.zeros((1000, 1000)))[:200].replace(b"(1000, 1000), }", b"(9**9, 10**9)}")
    path.write_bytes(content.replace(b"(9**9, 10**9)}", b"(999999999,999)"))
    with pytest.raises(BadArray, match="cannot be read"):
        read_matrix(path)
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1073741824, 1073741824)}"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"\0" * 64)
    with pytest.raises(BadArray, match="cannot be read"):
        read_matrix(path)


def test_a_wrong_container_is_refused(tmp_path, archive):
    (tmp_path / "b.npz").write_bytes(npy(np.eye(2)))
    with pytest.raises(BadArray, match="no npz archive"):
        read_named(tmp_path / "b.npz", ("a",))
    (tmp_path / "c.npy").write_bytes(archive.read_bytes())
    with pytest.raises(BadArray, match="no npy file"):
        read_matrix(tmp_path / "c.npy")


@pytest.mark.parametrize("kind", ["npz", "npy"])
def test_whatever_is_broken_in_a_file_is_a_bad_array(kind, tmp_path):
    """Cut at every place, and with bytes changed at random: it reads as the same array, or is refused."""
    path, whole = tmp_path / f"a.{kind}", np.arange(12.0).reshape(3, 4)
    np.savez_compressed(path, a=whole) if kind == "npz" else np.save(path, whole)
    content, random = path.read_bytes(), np.random.default_rng(0)

    def read():
        return read_named(path, ("a",)).arrays["a"] if kind == "npz" else read_matrix(path)

    assert read().tolist() == whole.tolist()
    refused = 0
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(BadArray):
            read()
    for _ in range(400):
        changed = bytearray(content)
        for place in random.integers(0, len(content), 3):
            changed[place] = random.integers(256)
        path.write_bytes(bytes(changed))
        try:
            read()
        except BadArray:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("shape", [(), (3,), (2, 2, 2)])
def test_other_than_two_dimensions_are_no_matrix(shape, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(BadArray, match="no matrix"):
        read_matrix(tmp_path / "a.npy")


def test_names_in_an_archive_may_begin_alike(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, **{"rnn.m": 2 * np.eye(2), "rnn.n": np.ones(3), "head.w": np.array([Trap()], dtype=object)})
    found = read_named(path, ("m",), ("n",))
    assert found.arrays["m"].tolist() == [[2, 0], [0, 2]]
    assert found.arrays["n"].tolist() == [1, 1, 1]
    assert found.ignored == ("head.w",)


def test_the_other_files_of_arrays_by_name(tmp_path):
    """MATLAB makes every number a matrix; safetensors may hold numbers of two bytes, and parts of a larger network."""
    scipy.io.savemat(tmp_path / "a.mat", {"m": np.eye(2), "dt": 0.5, "notes": "mine"})
    found = read_named(tmp_path / "a.mat", ("m", "dt"))
    assert found.arrays["dt"].tolist() == [[0.5]]
    assert found.ignored == ("notes",)
    tensors = {"rnn.m": np.eye(2, dtype=np.float16), "rnn.n": np.eye(2, dtype=ml_dtypes.bfloat16), "head.w": np.eye(3)}
    safetensors.numpy.save_file(tensors, tmp_path / "a.safetensors")
    found = read_named(tmp_path / "a.safetensors", ("m",), ("n",))
    np.testing.assert_array_equal([found.arrays["m"], found.arrays["n"]], [np.eye(2)] * 2)
    assert found.ignored == ("head.w",)
    for suffix in ("mat", "safetensors", "pt"):
        (tmp_path / f"b.{suffix}").write_bytes(b"\x00\x01 nothing of the kind" * 20)
        with pytest.raises(BadArray, match="cannot be read"):
            read_named(tmp_path / f"b.{suffix}", ("m",))
        (tmp_path / f"c.{suffix}").write_bytes(b"")
        with pytest.raises(BadArray, match="cannot be read"):
            read_named(tmp_path / f"c.{suffix}", ("m",))


ROWS = np.array([[0.5, -1.0, 0.0], [2.0, 0.0, 0.25]])


@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csc_matrix, scipy.sparse.coo_matrix])
@pytest.mark.parametrize("number", [np.float64, np.float32, np.int64])
def test_sparse_matrices_of_scipy(kind, number, tmp_path):
    dense = (4 * ROWS).astype(number)
    scipy.sparse.save_npz(tmp_path / "a.npz", kind(dense))
    (found,) = read_arrays(tmp_path / "a.npz").values()
    np.testing.assert_array_equal(found, dense)
    assert found.dtype == number


def test_sparse_files_that_lie_are_refused(tmp_path):
    """About the size of the matrix, about places in it."""
    parts = {"format": b"csr", "data": np.ones(1), "indptr": np.array([0, 1, 1])}
    np.savez(tmp_path / "a.npz", **parts, indices=np.array([0]), shape=np.array([2, 10**12]))
    with pytest.raises(BadArray, match="2 x 1000000000000 is too large"):
        read_arrays(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", **parts, indices=np.array([10**6]), shape=np.array([2, 2]))
    with pytest.raises(BadArray, match="cannot be read"):
        read_arrays(tmp_path / "a.npz")


def test_objects_beside_a_matrix_do_no_harm(tmp_path):
    np.savez(tmp_path / "a.npz", W=ROWS, notes=np.array([{}], dtype=object))
    assert list(read_arrays(tmp_path / "a.npz")) == ["W", "notes"]
