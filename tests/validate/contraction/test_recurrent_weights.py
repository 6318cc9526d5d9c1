"""Names that frameworks give to recurrent weights, and names of everything else."""

import pytest

from validate.contraction.recurrent_weights import by_rows, described, of_a_gate, of_inputs, recurrent_weights

LSTM_OF_FLAX = {f"params/cell/{end}{gate}/kernel": (5, 5) for gate in "ifgo" for end in "ih"}


@pytest.mark.parametrize("prefix", ["", "rnn.", "model.encoder.", "state_dict.net.rnn."])
@pytest.mark.parametrize(("cell", "gates"), [("an RNN", 1), ("a GRU", 3), ("an LSTM", 4)])
@pytest.mark.parametrize(
    ("end", "where"),
    [("", ""), ("_l0", ", layer 0"), ("_l12", ", layer 12"), ("_l1_reverse", ", layer 1, backwards")],
)
def test_pytorch(prefix, cell, gates, end, where):
    shapes = {
        f"{prefix}weight_ih{end}": (gates * 7, 7),
        f"{prefix}weight_hh{end}": (gates * 7, 7),
        f"{prefix}bias_hh{end}": (gates * 7,),
        "fc.weight": (7, 7),
    }
    (found,) = recurrent_weights(shapes)
    assert (found.name, found.cell, found.units, found.by_rows) == (f"{prefix}weight_hh{end}", cell, 7, False)
    assert found.gated == (gates > 1)
    assert found.words == f"recurrent weights of {cell} of 7 units{where}"


def test_layers_and_directions_are_all_told():
    names = [f"weight_hh_l{layer}{back}" for layer in range(2) for back in ("", "_reverse")]
    found = recurrent_weights(dict.fromkeys(names, (4, 4)))
    assert [each.name for each in found] == names


def test_an_lstm_with_projections():
    (found,) = recurrent_weights({"weight_hh_l0": (40, 5), "weight_hr_l0": (5, 10)})
    assert (found.cell, found.units) == ("an LSTM with projections", 10)
    assert recurrent_weights({"weight_hh_l0": (40, 5)}) == ()


@pytest.mark.parametrize(
    ("name", "gates", "cell"),
    [
        ("params/SimpleCell_0/h/kernel", 1, "an RNN"),
        ("params.rnn.cell.h.kernel", 1, "an RNN"),
        ("rnn/cell/dense_h/kernel", 1, "an RNN"),
        ("rnn/cell/dense_h/kernel", 3, "a GRU"),
        ("rnn/cell/dense_h/kernel", 4, "an LSTM"),
        ("simple_rnn/simple_rnn_cell/recurrent_kernel:0", 1, "an RNN"),
        ("gru/gru_cell/recurrent_kernel", 3, "a GRU"),
        ("lstm/lstm_cell/recurrent_kernel:0", 4, "an LSTM"),
        ("vanilla_rnn/~/linear_1/w", 1, "an RNN"),
    ],
)
def test_kernels_multiply_rows(name, gates, cell):
    (found,) = recurrent_weights({name: (6, gates * 6), "dense/kernel": (6, 6)})
    assert (found.name, found.cell, found.units, found.by_rows) == (name, cell, 6, True)


@pytest.mark.parametrize(
    ("gates", "cell"),
    [(("hi", "hf", "hg", "ho"), "an LSTM"), (("hr", "hz", "hn"), "a GRU"), (("hf", "hn"), "a minimal gated unit")],
)
@pytest.mark.parametrize("prefix", ["", "params/LSTMCell_0/", "lstm."])
def test_gates_apart(gates, cell, prefix):
    mark = "." if prefix.endswith(".") else "/"
    names = tuple(f"{prefix}{gate}{mark}kernel" for gate in gates)
    (found,) = recurrent_weights({**dict.fromkeys(names, (5, 5)), f"{prefix}in{mark}kernel": (5, 5)})
    assert (found.names, found.cell, found.units) == (names, cell, 5)


@pytest.mark.parametrize(
    "name",
    [
        "W",
        "w",
        "J",
        "W_rec",
        "w_rec",
        "wrec",
        "net.wrec",
        "Whh",
        "rnn.W_hh",
        "h2h.weight",
        "rnn.recurrent.weight",
        "hidden2hidden.weight",
        "cell.hid_to_hid.weight",
        "rec.weight",
        "net.recurrent",
    ],
)
def test_names_that_people_give(name):
    (found,) = recurrent_weights({name: (3, 3), "out.weight": (3, 3)})
    assert (found.name, found.cell, found.by_rows) == (name, "an RNN", False)


@pytest.mark.parametrize(
    "name",
    [
        "fc.weight",
        "weight",
        "rnn.W",
        "h",
        "kernel",
        "dense/kernel",
        "weight_ih_l1",
        "weight_hr_l0",
        "weight_hh_l0_raw",
        "bias_hh",
        "a",
        "M",
        "linear_1/w",
        "parametrizations.weight_hh_l0.original0",
        "recurrence.weight",
        "i/kernel",
    ],
)
def test_names_that_do_not_tell_of_recurrent_weights(name):
    assert recurrent_weights({name: (3, 3)}) == ()


def test_shapes_decide_too():
    for shape in ((3,), (), (3, 3, 3), (2, 3), (6, 3), (15, 3), (0, 0)):
        assert recurrent_weights({"weight_hh_l0": shape}) == ()


def test_what_the_others_are():
    assert described("rnn.weight_ih_l0") == "input weights"
    assert described("rnn.weight_ih_l2_reverse") == "input weights, from layer 1 to layer 2, backwards"
    assert described("params/SimpleCell_0/i/kernel") == "input weights"
    assert described("weight_hr_l0") == "the projection of an LSTM"
    assert described("weight_hh") == "recurrent weights of a cell that is not known"
    assert described("fc.weight") == described("Dense_0/kernel") == "weights of a linear layer"
    for name in ("weight_hh_l0_orig", "weight_hh_l0_raw", "parametrizations.weight_hh_l0.0.base"):
        assert described(f"rnn.{name}") == "what rnn.weight_hh_l0 is computed from, and not rnn.weight_hh_l0 itself"
    assert described("a") == "an array whose name tells nothing"
    assert [of_inputs(name) for name in ("weight_ih", "i/kernel", "wi", "fc.weight", "weight_hh")] == [True] * 3 + [
        False,
        False,
    ]


def test_gates_by_name_and_by_their_neighbours():
    assert of_a_gate("encoder.gru_cell.w", [])
    assert of_a_gate("cell.hz.w", ["cell.hr.w", "cell.hz.w"])
    assert not of_a_gate("congruence", ["congruence"])
    assert not of_a_gate("lstm_model.fc.weight", [])
    assert of_a_gate("lstm_model.lstm.weight", [])


@pytest.mark.parametrize("gates", ["rzn", "ifgo"])
def test_the_candidate_belongs_to_the_gates(gates):
    names = [f"cell/i{gate}/kernel" for gate in gates]
    assert all(of_a_gate(name, names) for name in names)
    assert not of_a_gate("cell/in/kernel", ["cell/in/kernel", "cell/on/kernel"])


def test_rows():
    assert [by_rows(name) for name in ("a/kernel", "kernel", "recurrent_kernel:0", "linear/w")] == [True] * 4
    assert [by_rows(name) for name in ("w", "rnn.w", "kernel.weight", "my_kernel", "weight_hh")] == [False] * 5
    assert {by_rows(name) for name in LSTM_OF_FLAX} == {True}
