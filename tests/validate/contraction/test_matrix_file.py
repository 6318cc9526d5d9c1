"""A user's matrix in a file, and which of several it is."""

import json

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from safetensors.numpy import save_file

from validate.arrays import BadArray
from validate.contraction.matrix_file import MatrixOption

MATRIX = np.array([[0.5, -1.0], [2.0, 1 / 3]])


def read(text):
    return chosen(text).matrix


def chosen(text):
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
    np.testing.assert_array_equal(named.read().matrix, stored.astype(float))
    assert str(named) == f"{tmp_path}/s.safetensors:rnn.weight_hh_l0"


def test_keys(tmp_path):
    save_file({"a": MATRIX, "b": MATRIX, "c": np.ones((2, 3))}, tmp_path / "s.safetensors")
    with pytest.raises(BadArray, match=r"holds a \(2 x 2, .*\), b \(2 x 2.*name one as FILE.safetensors:KEY"):
        read(tmp_path / "s.safetensors")
    with pytest.raises(BadArray, match="no array named 'd'; it has a, b, c"):
        read(f"{tmp_path}/s.safetensors:d")
    with pytest.raises(BadArray, match="2 x 3"):
        read(f"{tmp_path}/s.safetensors:c")
    save_file({"c": np.ones((2, 3)), "d": np.ones(2)}, tmp_path / "none.safetensors")
    with pytest.raises(BadArray, match="no square matrix, but c, d"):
        read(tmp_path / "none.safetensors")


def dict_of(module, gates=1, units=5, **others):
    """The tensors of a recurrent layer of PyTorch and a square readout."""
    shapes = {"weight_ih_l0": (gates * units, units), "weight_hh_l0": (gates * units, units), "bias_hh_l0": (gates,)}
    tensors = {f"{module}.{name}": np.full(shape, 0.5) for name, shape in shapes.items()}
    return {**tensors, "fc.weight": np.eye(units), **others}


def test_recurrent_weights_are_found_beside_a_square_readout(tmp_path):
    save_file(dict_of("rnn"), tmp_path / "s.safetensors")
    found = chosen(tmp_path / "s.safetensors")
    assert (found.key, found.words) == ("rnn.weight_hh_l0", "recurrent weights of an RNN of 5 units, layer 0")
    np.testing.assert_array_equal(found.matrix, np.full((5, 5), 0.5))


@pytest.mark.parametrize(("gates", "cell"), [(4, "an LSTM"), (3, "a GRU")])
def test_the_readout_of_a_gated_cell_is_never_taken_for_it(tmp_path, gates, cell):
    save_file(dict_of("rnn", gates), tmp_path / "s.safetensors")
    for name in ("s.safetensors", "s.safetensors:rnn.weight_hh_l0"):
        with pytest.raises(BadArray) as refused:
            read(tmp_path / name)
        for words in (
            f"weights of {cell} of 5 units, layer 0",
            "a gated cell",
            "fc.weight (5 x 5, weights of a linear",
        ):
            assert words in str(refused.value)
    named = chosen(f"{tmp_path}/s.safetensors:fc.weight")
    assert named.words == "weights of a linear layer"
    np.testing.assert_array_equal(named.matrix, np.eye(5))


def test_of_layers_and_directions_one_is_to_be_named(tmp_path):
    names = ["weight_hh_l0", "weight_hh_l0_reverse", "weight_hh_l1", "weight_hh_l1_reverse"]
    tensors = {f"rnn.{name}": np.full((2, 2), float(k)) for k, name in enumerate(names)}
    save_file({**tensors, "rnn.weight_ih_l1": MATRIX}, tmp_path / "s.safetensors")
    with pytest.raises(BadArray) as refused:
        read(tmp_path / "s.safetensors")
    assert all(f"rnn.{name} (recurrent weights of an RNN of 2 units, layer" in str(refused.value) for name in names)
    assert "name one as FILE.safetensors:KEY" in str(refused.value)
    for k, name in enumerate(names):
        found = chosen(f"{tmp_path}/s.safetensors:rnn.{name}")
        assert found.matrix.tolist() == np.full((2, 2), k).tolist()
        assert ("backwards" in found.words) == name.endswith("reverse")


def test_input_weights_are_taken_where_they_are_named_and_said_to_be_such(tmp_path):
    save_file({"rnn.weight_ih_l1": MATRIX}, tmp_path / "s.safetensors")
    with pytest.raises(BadArray, match=r"input weights, from layer 0 to layer 1\).*name one"):
        read(tmp_path / "s.safetensors")
    found = chosen(f"{tmp_path}/s.safetensors:rnn.weight_ih_l1")
    assert found.words == "input weights, from layer 0 to layer 1, the only one of the file"
    np.testing.assert_array_equal(found.matrix, MATRIX)


@pytest.mark.parametrize("key", ["params/SimpleCell_0/h/kernel", "simple_rnn/simple_rnn_cell/recurrent_kernel"])
def test_kernels_are_transposed(tmp_path, key):
    """They multiply rows of states; the theorems are about columns."""
    np.savez(
        tmp_path / "a.npz", **{key: MATRIX, "params/Dense_0/kernel": np.eye(2), "params/i/kernel": np.ones((3, 2))}
    )
    for name in (f"{tmp_path}/a.npz", f"{tmp_path}/a.npz:{key}"):
        found = chosen(name)
        np.testing.assert_array_equal(found.matrix, MATRIX.T)
        assert "recurrent weights of an RNN of 2 units; transposed here" in found.words


def test_an_lstm_of_flax(tmp_path):
    names = [f"params/LSTMCell_0/{end}{gate}/kernel" for gate in "ifgo" for end in "ih"]
    np.savez(tmp_path / "a.npz", **dict.fromkeys(names, MATRIX), **{"params/Dense_0/kernel": np.eye(2)})
    for name in ("a.npz", f"a.npz:{names[1]}"):
        with pytest.raises(BadArray, match=r"recurrent weights of an LSTM of 2 units, a gated cell.*Dense_0/kernel"):
            read(tmp_path / name)


def test_a_gated_cell_beside_a_plain_one(tmp_path):
    save_file({**dict_of("lstm", 4), **dict_of("rnn")}, tmp_path / "s.safetensors")
    with pytest.raises(BadArray, match=r"lstm.weight_hh_l0 \(recurrent.*rnn.weight_hh_l0 \(recurrent.*name one"):
        read(tmp_path / "s.safetensors")
    assert chosen(f"{tmp_path}/s.safetensors:rnn.weight_hh_l0").words.startswith("recurrent weights of an RNN")


def test_sparse_matrices(tmp_path):
    scipy.sparse.save_npz(tmp_path / "w.npz", scipy.sparse.csr_matrix(MATRIX))
    scipy.io.savemat(tmp_path / "w.mat", {"W": scipy.sparse.csc_matrix(MATRIX)})
    np.testing.assert_array_equal(read(tmp_path / "w.npz"), MATRIX)
    np.testing.assert_array_equal(read(tmp_path / "w.mat"), MATRIX)


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
