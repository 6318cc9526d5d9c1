"""One layer of several: which tensors are its own, and which columns of the readout."""

import numpy as np
import pytest

from simulate.cells.torch_layer import NotOneLayer, SeveralLayers, only_layer, read_layer

UNITS, INPUTS, OUTPUTS = 3, 2, 4


def stacked(gates=1, layers=2, directions=("", "_reverse")):
    """Tensors of a stacked layer whose every number is its own; a readout of the last layer."""
    rng, found = np.random.default_rng(0), {}
    for layer in range(layers):
        for back in directions:
            inputs = INPUTS if layer == 0 else len(directions) * UNITS
            for name, columns in (("weight_ih", (inputs,)), ("weight_hh", (UNITS,)), ("bias_ih", ()), ("bias_hh", ())):
                found[f"rnn.{name}_l{layer}{back}"] = rng.normal(size=(gates * UNITS, *columns))
    found["fc.weight"] = rng.normal(size=(OUTPUTS, len(directions) * UNITS))
    return found | {"fc.bias": rng.normal(size=OUTPUTS)}


@pytest.mark.parametrize("gates", [1, 4])
@pytest.mark.parametrize("directions", [("",), ("", "_reverse")])
def test_each_layer_and_direction_has_tensors_of_its_own(gates, directions):
    tensors = stacked(gates, directions=directions)
    for layer in range(2):
        for place, back in enumerate(directions):
            end = f"_l{layer}{back}"
            found = read_layer(only_layer(tensors, f"rnn.weight_hh{end}"))
            np.testing.assert_array_equal(found.W, tensors[f"rnn.weight_hh{end}"])
            np.testing.assert_array_equal(found.U, tensors[f"rnn.weight_ih{end}"])
            np.testing.assert_array_equal(found.b, tensors[f"rnn.bias_ih{end}"] + tensors[f"rnn.bias_hh{end}"])
            if layer == 0:
                assert found.V is None
            else:
                columns = tensors["fc.weight"][:, place * UNITS : (place + 1) * UNITS]
                np.testing.assert_array_equal(found.V, columns)
                np.testing.assert_array_equal(found.c, tensors["fc.bias"])


def test_of_a_layer_that_is_alone_nothing_is_left_out():
    tensors = stacked(layers=1, directions=("",))
    one, other = read_layer(tensors), read_layer(only_layer(tensors, "rnn.weight_hh_l0"))
    for mine, theirs in zip(vars(one).values(), vars(other).values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_of_two_networks_nobody_knows_which_one_is_read():
    tensors = stacked(directions=("",))
    two = {name.replace("rnn", which): each for which in ("one", "two") for name, each in tensors.items()}
    found = read_layer(only_layer(two, "two.weight_hh_l1"))
    np.testing.assert_array_equal(found.W, tensors["rnn.weight_hh_l1"])
    assert found.V is None


@pytest.mark.parametrize("name", ["rnn.weight_hh_l2", "rnn.weight_ih_l0", "fc.weight", "weight_hh_l0"])
def test_other_names_are_refused_with_those_that_there_are(name):
    with pytest.raises(NotOneLayer, match=r"has rnn\.weight_hh_l0, rnn.weight_hh_l0_reverse, rnn.weight_hh_l1, "):
        only_layer(stacked(), name)


def test_of_several_layers_one_is_to_be_chosen():
    for tensors in (stacked(), stacked(directions=("",)), stacked(layers=1)):
        with pytest.raises(SeveralLayers):
            read_layer(tensors)
