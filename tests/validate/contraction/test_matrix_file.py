"""A user's matrix in a file: npy, csv and safetensors."""

import json

import numpy as np
import pytest
import scipy.io
from safetensors.numpy import save_file

from validate.arrays import BadArray
from validate.contraction.matrix_file import MatrixOption

MATRIX = np.array([[0.5, -1.0], [2.0, 1 / 3]])


def read(text):
    return MatrixOption()(str(text)).read()


def test_npy_and_csv(tmp_path):
    np.save(tmp_path / "w.npy", MATRIX)
    np.savetxt(tmp_path / "w.csv", MATRIX, delimiter=",", fmt="%.17g")
    np.testing.assert_array_equal(read(tmp_path / "w.npy"), MATRIX)
    np.testing.assert_array_equal(read(tmp_path / "w.csv"), MATRIX)
    np.save(tmp_path / "one.npy", np.array([[3]]))
    assert read(tmp_path / "one.npy").tolist() == [[3.0]]


def test_text_with_names_and_other_separators(tmp_path):
    for name, text in (
        ("names.csv", "a,b\n0.5,-1\n2,0.25\n"),
        ("spreadsheet.csv", ";a;b\na;0,5;-1\nb;2;0,25\n"),
        ("tabs.tsv", "0.5\t-1\n2\t0.25\n"),
    ):
        (tmp_path / name).write_text(text)
        assert read(tmp_path / name).tolist() == [[0.5, -1], [2, 0.25]]


def test_arrays_by_name(tmp_path):
    np.savez(tmp_path / "w.npz", w=MATRIX, b=np.ones(2))
    scipy.io.savemat(tmp_path / "w.mat", {"w": MATRIX, "c": np.ones((2, 3))})
    for suffix in ("npz", "mat"):
        np.testing.assert_array_equal(read(tmp_path / f"w.{suffix}"), MATRIX)
        np.testing.assert_array_equal(read(f"{tmp_path}/w.{suffix}:w"), MATRIX)
        with pytest.raises(BadArray, match="no array named 'd'; it has w"):
            read(f"{tmp_path}/w.{suffix}:d")


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16, np.int32])
def test_state_dict(tmp_path, kind):
    """By its key, or alone among others that are not square."""
    stored = (8 * MATRIX).astype(kind)
    tensors = {"rnn.weight_hh_l0": stored, "rnn.bias": np.ones(2, kind), "rnn.weight_ih_l0": np.ones((2, 5), kind)}
    save_file(tensors, tmp_path / "s.safetensors")
    np.testing.assert_array_equal(read(tmp_path / "s.safetensors"), stored.astype(float))
    named = MatrixOption()(f"{tmp_path}/s.safetensors:rnn.weight_hh_l0")
    np.testing.assert_array_equal(named.read(), stored.astype(float))
    assert str(named) == f"{tmp_path}/s.safetensors:rnn.weight_hh_l0"


def test_keys(tmp_path):
    save_file({"a": MATRIX, "b": MATRIX, "c": np.ones((2, 3))}, tmp_path / "s.safetensors")
    with pytest.raises(BadArray, match=r"2 square matrices \(a, b\)"):
        read(tmp_path / "s.safetensors")
    with pytest.raises(BadArray, match="no array named 'd'; it has a, b, c"):
        read(f"{tmp_path}/s.safetensors:d")
    with pytest.raises(BadArray, match="2 x 3"):
        read(f"{tmp_path}/s.safetensors:c")
    save_file({"c": np.ones((2, 3))}, tmp_path / "none.safetensors")
    with pytest.raises(BadArray, match=r"0 square matrices \(none\)"):
        read(tmp_path / "none.safetensors")


@pytest.mark.parametrize(("gates", "cell"), [(4, "an LSTM"), (3, "a GRU")])
def test_gated_cells(tmp_path, gates, cell):
    save_file({"w": np.ones((gates * 5, 5))}, tmp_path / "s.safetensors")
    np.save(tmp_path / "w.npy", np.ones((gates * 5, 5)))
    np.save(tmp_path / "t.npy", np.ones((5, gates * 5)))
    for name, shape in (
        (f"{tmp_path}/s.safetensors:w", f"{gates * 5} x 5"),
        (tmp_path / "w.npy", f"{gates * 5} x 5"),
        (tmp_path / "t.npy", f"5 x {gates * 5}"),
    ):
        with pytest.raises(BadArray, match=f"{shape}.*the weights of {cell}"):
            read(name)


@pytest.mark.parametrize(
    "key", ["lstm.hf.kernel", "params/GRUCell_0/hn/kernel", "encoder.gru_cell.w", "OptimizedLSTMCell.hi"]
)
def test_one_gate_of_a_gated_cell(tmp_path, key):
    """Stored gate by gate the matrices are square, and the name tells."""
    save_file({key: MATRIX}, tmp_path / "s.safetensors")
    with pytest.raises(BadArray, match=r"by its name.*belongs to a gated cell"):
        read(tmp_path / "s.safetensors")


@pytest.mark.parametrize("names", [("W_i", "W_f", "W_o", "W_g"), ("cell.hr.w", "cell.hz.w", "cell.hn.w")])
def test_gates_side_by_side(tmp_path, names):
    """Each gate has a matrix of its own, and its letter tells."""
    save_file(dict.fromkeys(names, MATRIX), tmp_path / "s.safetensors")
    with pytest.raises(BadArray, match="belongs to a gated cell"):
        read(f"{tmp_path}/s.safetensors:{names[0]}")


@pytest.mark.parametrize("key", ["rnn.weight_hh_l0", "congruence", "program.w"])
def test_names_that_tell_of_no_gates(tmp_path, key):
    save_file({key: MATRIX}, tmp_path / "s.safetensors")
    np.testing.assert_array_equal(read(tmp_path / "s.safetensors"), MATRIX)


def test_bfloat16(tmp_path):
    body = np.array([0x3F80, 0, 0, 0x3F80], "<u2").tobytes()  # the identity
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}).encode()
    (tmp_path / "b.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + body)
    np.testing.assert_array_equal(read(tmp_path / "b.safetensors"), np.eye(2))


def test_broken_files(tmp_path):
    np.save(tmp_path / "w.npy", MATRIX)
    whole = (tmp_path / "w.npy").read_bytes()
    for cut in (0, 5, 60, len(whole) - 8):
        (tmp_path / "w.npy").write_bytes(whole[:cut])
        with pytest.raises(BadArray, match="cannot be read"):
            read(tmp_path / "w.npy")
    save_file({"w": MATRIX}, tmp_path / "s.safetensors")
    whole = (tmp_path / "s.safetensors").read_bytes()
    for cut in (0, 5, 30, len(whole) - 8):
        (tmp_path / "s.safetensors").write_bytes(whole[:cut])
        with pytest.raises(BadArray, match="cannot be read"):
            read(tmp_path / "s.safetensors")
    save_file({"w": np.array([[np.nan]])}, tmp_path / "n.safetensors")
    with pytest.raises(BadArray, match="not finite"):
        read(tmp_path / "n.safetensors")
