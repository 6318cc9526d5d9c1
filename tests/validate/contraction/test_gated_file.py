"""One layer, whatever framework wrote it down: the same arrays in the same order of gates; refusals in one line."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from validate import command
from validate.arrays import BadArray
from validate.contraction import __main__ as contraction
from validate.contraction import certificate_checker as checker
from validate.contraction.gated_file import layer_among

N, M = 2, 3


def torch_arrays(blocks, seed=0):
    rng = np.random.default_rng(seed)
    shapes = {"weight_ih": (blocks * N, M), "weight_hh": (blocks * N, N), "bias_ih": blocks * N, "bias_hh": blocks * N}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def read(arrays, key=None):
    return layer_among(arrays, key, ".npz")


def assert_same(layer, arrays, *, sum_of_biases=False):
    for name in ("weight_ih", "weight_hh"):
        np.testing.assert_array_equal(getattr(layer, name), arrays[name])
    if sum_of_biases:
        np.testing.assert_allclose(layer.bias_ih + layer.bias_hh, arrays["bias_ih"] + arrays["bias_hh"])
        return
    for name in ("bias_ih", "bias_hh"):
        np.testing.assert_array_equal(getattr(layer, name), arrays[name])


@pytest.mark.parametrize(("blocks", "cell"), [(3, "a GRU"), (4, "an LSTM")])
@pytest.mark.parametrize(("prefix", "suffix"), [("", "_l0"), ("rnn.", "_l0"), ("net.cell.", ""), ("", "_l0_reverse")])
def test_pytorchs_arrays_are_found(blocks, cell, prefix, suffix):
    arrays = torch_arrays(blocks)
    found = read({**{f"{prefix}{name}{suffix}": each for name, each in arrays.items()}, "fc.weight": np.eye(N)})
    assert_same(found, arrays)
    assert (found.cell, found.reset_after) == (cell, None)
    without = read({"weight_ih_l0": arrays["weight_ih"], "weight_hh_l0": arrays["weight_hh"]})
    assert not without.bias_ih.any()
    assert not without.bias_hh.any()


def test_equinoxs_bias_of_the_candidate_is_inside_the_reset():
    arrays = torch_arrays(3)
    found = read(
        {
            "weight_ih": arrays["weight_ih"],
            "weight_hh": arrays["weight_hh"],
            "bias": arrays["bias_ih"],
            "bias_n": np.ones(N),
        }
    )
    np.testing.assert_array_equal(found.bias_ih, arrays["bias_ih"])
    assert found.bias_hh.tolist() == [0.0] * (2 * N) + [1.0] * N


@pytest.mark.parametrize("suffix", ["", ":0"])
@pytest.mark.parametrize(("blocks", "order"), [(3, (1, 0, 2)), (4, (0, 1, 2, 3))])
def test_kerass_gates_are_put_in_order(blocks, order, suffix):
    arrays = torch_arrays(blocks)

    def keras(array):
        parts = np.split(array, blocks)
        return np.concatenate([parts[order.index(k)] for k in range(blocks)]).T

    both = np.array([keras(arrays["bias_ih"]), keras(arrays["bias_hh"])])
    weights = {f"gru/kernel{suffix}": keras(arrays["weight_ih"])}
    weights[f"gru/recurrent_kernel{suffix}"] = keras(arrays["weight_hh"])
    found = read({**weights, f"gru/bias{suffix}": both})
    assert_same(found, arrays)
    assert found.reset_after is (True if blocks == 3 else None)
    alone = read({**weights, f"gru/bias{suffix}": both[0]})
    assert alone.reset_after is (False if blocks == 3 else None)
    assert not alone.bias_hh.any()
    np.testing.assert_array_equal(alone.bias_ih, arrays["bias_ih"])


@pytest.mark.parametrize(("blocks", "letters"), [(3, "rzn"), (4, "ifgo")])
def test_flaxs_kernels_are_put_together(blocks, letters):
    arrays, tensors = torch_arrays(blocks), {}
    for side, name in (("i", "ih"), ("h", "hh")):
        parts = zip(
            letters, np.split(arrays[f"weight_{name}"], blocks), np.split(arrays[f"bias_{name}"], blocks), strict=True
        )
        for letter, kernel, bias in parts:
            tensors[f"params/cell/{side}{letter}/kernel"] = kernel.T
            tensors[f"params/cell/{side}{letter}/bias"] = bias
    found = read(tensors)
    assert_same(found, arrays)
    del tensors["params/cell/ii/bias" if blocks == 4 else "params/cell/hr/bias"]
    assert (read(tensors).bias_ih if blocks == 4 else read(tensors).bias_hh)[:N].tolist() == [0.0] * N
    del tensors["params/cell/io/kernel" if blocks == 4 else "params/cell/in/kernel"]
    with pytest.raises(BadArray, match="no array named"):
        read(tensors)


def test_of_several_layers_one_is_named():
    layers = {f"{name}_l{k}": each for k in range(2) for name, each in torch_arrays(3, seed=k).items()}
    layers["weight_ih_l1"] = layers["weight_ih_l1"][:, :N]
    with pytest.raises(BadArray, match=r"weight_hh_l0 .*weight_hh_l1 .*name one as FILE\.npz:KEY"):
        read(layers)
    np.testing.assert_array_equal(read(layers, "weight_hh_l1").weight_hh, layers["weight_hh_l1"])
    with pytest.raises(BadArray, match="not the recurrent weights"):
        read(layers, "weight_ih_l1")


def test_what_is_no_gated_layer_is_refused():
    arrays = torch_arrays(3)
    good = {f"{name}_l0": each for name, each in arrays.items()}
    for bad, words in (
        ({"weight_hh_l0": np.eye(3), "weight_ih_l0": np.eye(3)}, "no GRU or LSTM"),
        ({"a": np.eye(2)}, "no GRU or LSTM is known by its name there; it has a"),
        ({**good, "weight_ih_l0": np.ones((4, 2))}, "is needed"),
        ({**good, "bias_hh_l0": np.ones(4)}, "6 numbers are needed"),
        ({**good, "bias_hh_l0": np.full(6, np.inf)}, "finite"),
        ({"weight_hh_l0": arrays["weight_hh"]}, "no array named 'weight_ih_l0'"),
        ({**good, "weight_hr_l0": np.ones((1, 2)), "weight_hh_l0": np.ones((8, 1))}, "no GRU or LSTM"),
    ):
        with pytest.raises(BadArray, match=words):
            read(bad)


def save_gru(file):
    """A layer that contracts."""
    sizes = {"weight_hh": 0.2, "weight_ih": 0.3, "bias_ih": 0.3, "bias_hh": 0.3}
    save_file({f"{k}_l0": (each * sizes[k]).astype(np.float32) for k, each in torch_arrays(3).items()}, file)


@pytest.fixture
def door(knock):
    save_gru("gru.safetensors")
    save_file({f"{name}_l0": each for name, each in torch_arrays(4).items()}, "lstm.safetensors")
    np.savez("bad.npz", weight_hh_l0=np.ones((6, 2)))
    np.savez("large.npz", weight_hh_l0=np.ones((3, 1)), weight_ih_l0=np.zeros((3, 2**18), np.float32))
    np.save("w.npy", np.eye(2))
    return partial(knock, contraction.COMMAND)


@pytest.mark.parametrize(
    ("arguments", "option", "problem", "accepted"),
    [
        (["--gated", "none.pt", "--input-box", "1"], "--gated", "does not exist", ".safetensors"),
        (["--gated", "w.npy", "--input-box", "1"], "--gated", "another suffix", ".safetensors"),
        (["--gated", "gru.safetensors"], "--input-box", "missing", "from 0"),
        (["--gated", "gru.safetensors", "--input-box", "-1"], "--input-box", "too small", "from 0"),
        (["--gated", "gru.safetensors", "--input-box", "inf"], "--input-box", "not finite", "from 0"),
        (["--gated", "bad.npz", "--input-box", "1"], "--gated", "no array named 'weight_ih_l0'", ".npz"),
        (["--gated", "large.npz", "--input-box", "1"], "--gated", "weights may number 524288 at most", ".npz"),
        (["--gated", "lstm.safetensors", "--input-box", "1", "--reset-before"], "--reset-before", "no reset", "a GRU"),
        (
            ["--gated", "gru.safetensors", "--input-box", "1", "--form", "rate"],
            "--form",
            "without --weights",
            "--weights",
        ),
        (["--weights", "w.npy", "--form", "rate", "--input-box", "1"], "--input-box", "without --gated", "--gated"),
        (["--weights", "gru.safetensors", "--form", "rate"], "--weights", "ask about it by --gated", ".safetensors"),
    ],
)
def test_a_bad_option_is_refused(door, arguments, option, problem, accepted):
    door("--json", "report.json", *arguments).refuses(option, problem, accepted)


def test_a_gru_is_decided_and_its_proof_checked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_gru("gru.safetensors")
    arguments = ["--gated", "gru.safetensors", "--input-box", "0.25", "--certificate", "c.json"]
    plan, destination = contraction.COMMAND.read(arguments)
    report = command.execute(contraction.COMMAND, plan, destination)
    found = report.quantities
    assert (report.exit_code, found["verdict"], found["layer"]) == (0, "contracting", "gru, reset after")
    assert 0 < found["factor"] < 1
    assert found["gain"] > 0
    assert found["largest_recurrence"] > 1
    assert [each["name"] for each in found["tried"]][-1] == "rows, the box where states settle"
    assert report.verdict.startswith("contraction: contracting: under the same inputs")
    for name in ("c.json", "c.gain.json"):
        assert checker.main([name]) == 0
    assert json.loads(Path("c.json").read_text())["cell"] == "gru, reset after"
    plan, _ = contraction.COMMAND.read([*arguments[:4], "--reset-before"])
    assert plan.sections[0].given.layer.name == "gru, reset before"
