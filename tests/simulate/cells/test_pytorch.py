"""State dicts of PyTorch against what PyTorch itself computed with them, and what is refused."""

import importlib.util
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from simulate.cells.full_rank import FullRank
from simulate.cells.gru import GRU
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import ERF, RELU, TANH
from simulate.cells.pytorch import NoCounterpart, NotOneLayer, from_state_dict, to_state_dict
from simulate.cells.ugrnn import UGRNN
from simulate.cells.uniform_weights import UniformWeights
from simulate.cells.vanilla import Vanilla
from simulate.tasks.task import Batch, SummedSquares

# Written by benchmarks/pytorch_reference.py with the PyTorch whose version it holds.
REFERENCE = json.loads((Path(__file__).parent / "data" / "pytorch.json").read_text(encoding="utf-8"))
KINDS = {"RNN-tanh": Vanilla, "RNN-relu": Vanilla, "GRU": GRU, "LSTM": LSTM}
KINDS |= {"RNNCell": Vanilla, "GRUCell": GRU, "LSTMCell": LSTM}


def arrays(named):
    return {name: np.array(tensor) for name, tensor in named.items()}


def some_tensors(name="LSTM"):
    return arrays(REFERENCE["networks"][name]["tensors"])


def phi_of(name):
    return RELU if name.endswith("relu") else TANH


@pytest.mark.parametrize("name", KINDS)
def test_outputs_after_every_step_are_those_of_pytorch(name):
    """To rounding: values of order one after five steps of some ten terms."""
    given = REFERENCE["networks"][name]
    network = from_state_dict(arrays(given["tensors"]), phi=phi_of(name))
    assert type(network) is KINDS[name]
    expected = np.array(given["outputs"])
    batch = Batch(jnp.asarray(given["inputs"]), jnp.asarray(expected), jnp.ones(expected.shape[:2]), 1.0)
    np.testing.assert_allclose(network.outputs(batch), expected, rtol=0, atol=1e-13)
    for trial, answers in zip(np.array(given["inputs"]), expected, strict=True):
        state = network.initial_state()
        for x, y in zip(trial, answers, strict=True):
            state = network.step(state, jnp.asarray(x), 1.0)
            np.testing.assert_allclose(network.read(state), y, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["RNN-tanh", "RNN-relu", "GRU", "LSTM"])
def test_gradients_are_those_of_pytorch(name):
    """The sum of squares over two trials: the mean over trials, divided by one half."""
    given = REFERENCE["networks"][name]
    network = from_state_dict(arrays(given["tensors"]), phi=phi_of(name))
    targets = jnp.full(np.shape(given["outputs"]), 0.3)
    batch = Batch(jnp.asarray(given["inputs"]), targets, jnp.ones(targets.shape[:2]), 1.0, SummedSquares(0.5))
    _, gradient = network.loss_and_gradient(batch)
    theirs = arrays(given["gradients"])
    expected = {"W": theirs["rnn.weight_hh_l0"], "U": theirs["rnn.weight_ih_l0"], "b": theirs["rnn.bias_ih_l0"]}
    expected |= {"V": theirs["readout.weight"], "c": theirs["readout.bias"]}
    if name == "GRU":
        expected["d"] = theirs["rnn.bias_hh_l0"][2 * network.units :]
    assert gradient.parameters.keys() == expected.keys()
    for parameter, slope in expected.items():
        scale = np.abs(slope).max()
        assert scale > 1e-3
        np.testing.assert_allclose(gradient.parameters[parameter], slope, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("kind", [Vanilla, GRU, LSTM])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_there_and_back_is_the_same_to_the_bit(kind, dtype):
    network = UniformWeights.around(kind.blank(4, 2, 3), jax.random.key(0), jnp.dtype(dtype))
    for recurrent, readout in (("rnn", "readout"), ("", "fc"), ("model.core", "model.read.out")):
        tensors = to_state_dict(network, recurrent=recurrent, readout=readout)
        assert {tensor.dtype for tensor in tensors.values()} == {np.dtype(dtype)}
        back = from_state_dict(tensors)
        assert jax.tree.structure(back) == jax.tree.structure(network)
        for name, found in back.parameters.items():
            assert np.array_equal(found, network.parameters[name])


@pytest.mark.parametrize("name", ["RNN-tanh", "GRU", "LSTM"])
def test_files_of_safetensors_come_and_go(name, tmp_path):
    """A file as PyTorch's users have it, read; the network written; and read again: to the bit."""
    save_file(some_tensors(name), tmp_path / "theirs.safetensors")
    network = from_state_dict(load_file(tmp_path / "theirs.safetensors"))
    save_file(to_state_dict(network), tmp_path / "ours.safetensors")
    stored = load_file(tmp_path / "ours.safetensors")
    assert {key: tensor.shape for key, tensor in stored.items()} == {
        key: tensor.shape for key, tensor in some_tensors(name).items()
    }
    again = from_state_dict(stored)
    jax.tree.map(np.testing.assert_array_equal, again, network)


def test_names_are_those_that_pytorch_asks_for():
    names = list(some_tensors("GRU"))
    assert list(to_state_dict(from_state_dict(some_tensors("GRU")))) == names


def test_without_a_readout_the_network_answers_with_its_state():
    tensors = {name: a for name, a in some_tensors("GRU").items() if name.startswith("rnn.")}
    bare = {name.removeprefix("rnn."): a for name, a in tensors.items()}
    for given in (tensors, bare):
        network = from_state_dict(given)
        assert np.array_equal(network.V, np.eye(3))
        assert np.array_equal(network.c, np.zeros(3))


def test_biases_that_are_not_there_are_zero():
    tensors = {name: a for name, a in some_tensors("GRU").items() if "bias" not in name}
    network = from_state_dict(tensors)
    for bias in (network.b, network.c, network.d):
        assert not np.any(bias)


def test_short_floats_become_single_precision():
    for kind in (np.float16, ml_dtypes.bfloat16):
        tensors = {name: a.astype(kind) for name, a in some_tensors("RNN-tanh").items()}
        network = from_state_dict(tensors)
        assert network.dtype == jnp.float32
        assert np.array_equal(network.W, tensors["rnn.weight_hh_l0"].astype(np.float32))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda t: t | {"rnn.weight_ih_l1": np.ones((12, 3))}, "several recurrent layers .*l0.*l1"),
        (lambda t: t | {"other.weight_hh_l0": np.ones((12, 3))}, "several recurrent layers"),
        (lambda t: t | {"rnn.weight_ih_l0_reverse": np.ones((12, 2))}, "bidirectional"),
        (lambda t: t | {"rnn.weight_hr_l0": np.ones((2, 3))}, "projections"),
        (lambda t: t | {"encoder.weight": np.ones((4, 3))}, "'readout', 'encoder'|'encoder'"),
        (lambda t: t | {"h0": np.zeros(3)}, "beside the recurrent layer"),
        (lambda t: t | {"readout.weight": np.ones((2, 5))}, r"readout.*\(2, 5\).* 3 units"),
        (lambda t: t | {"readout.bias": np.ones(5)}, "readout's bias"),
        (lambda t: t | {"rnn.bias_hh_l0": np.ones(5)}, r"bias_hh has shape \(5,\)"),
        (lambda t: t | {"rnn.weight_ih_l0": np.ones((9, 2))}, r"weight_ih has shape \(9, 2\)"),
        (lambda t: t | {"rnn.weight_hh_l0": np.ones((6, 3))}, "6 by 3"),
        (lambda t: t | {"rnn.weight_hh_l0": np.ones((13, 3))}, "13 by 3"),
        (lambda t: t | {"rnn.weight_hh_l0": np.ones(3)}, "no matrix"),
        (lambda t: t | {"rnn.weight_hh_l0": np.ones((12, 3), int)}, "int64"),
        (lambda t: {k: a for k, a in t.items() if k != "rnn.weight_hh_l0"}, "weight_hh .*missing"),
        (lambda t: {k: a for k, a in t.items() if k.startswith("readout")}, "no recurrent layer"),
        (lambda t: {}, "no tensors at all"),
    ],
)
def test_what_is_no_single_layer_is_refused(change, why):
    with pytest.raises(NotOneLayer, match=why):
        from_state_dict(change(some_tensors()))


def test_a_nonlinearity_for_what_has_none_to_choose_is_refused():
    with pytest.raises(NotOneLayer, match="leave phi out"):
        from_state_dict(some_tensors("GRU"), phi=RELU)


@pytest.mark.parametrize(
    "cell",
    [
        UGRNN.blank(2, 1, 1),
        FullRank.blank(2, 1, 1),
        GRU.blank(2, 1, 1, reset_after=False),
        LSTM.blank(2, 1, 1, RELU),
        Vanilla.blank(2, 1, 1, ERF),
    ],
    ids=lambda cell: type(cell).__name__,
)
def test_cells_that_pytorch_has_no_module_for(cell):
    with pytest.raises(NoCounterpart, match=type(cell).__name__):
        to_state_dict(cell)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is needed by the benchmarks alone")
@pytest.mark.parametrize("kind", [Vanilla, GRU, LSTM])
def test_a_module_of_pytorch_loads_what_is_written_and_computes_the_same(kind):
    import torch

    network = UniformWeights.around(kind.blank(4, 2, 3), jax.random.key(0), jnp.dtype("float64"))
    module = {Vanilla: torch.nn.RNN, GRU: torch.nn.GRU, LSTM: torch.nn.LSTM}[kind](2, 4, batch_first=True).double()
    readout = torch.nn.Linear(4, 3).double()
    tensors = {name: torch.tensor(tensor) for name, tensor in to_state_dict(network).items()}
    for part, name in ((module, "rnn."), (readout, "readout.")):
        part.load_state_dict({key.removeprefix(name): t for key, t in tensors.items() if key.startswith(name)})
    inputs = np.random.default_rng(0).normal(size=(2, 5, 2))
    batch = Batch(jnp.asarray(inputs), jnp.zeros((2, 5, 3)), jnp.ones((2, 5)), 1.0)
    expected = readout(module(torch.tensor(inputs))[0]).detach().numpy()
    np.testing.assert_allclose(network.outputs(batch), expected, rtol=0, atol=1e-13)
