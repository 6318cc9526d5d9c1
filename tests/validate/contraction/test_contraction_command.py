"""The contraction command: refusals in one line, nothing written; runs on a user's matrix, and their certificates."""

import gzip
import json
import os
import subprocess
import sys
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from safetensors.numpy import save_file

from validate import command
from validate.contraction import __main__ as contraction

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
GOOD = np.array([[0.25, -0.5], [0.5, -0.25]])


@pytest.fixture
def door(knock):
    """Knock with some arguments, where there are good files to be named."""
    np.save("w.npy", GOOD)
    return partial(knock, contraction.COMMAND)


@pytest.mark.parametrize(
    ("arguments", "option", "problem", "accepted"),
    [
        (["--weights", "none.npy"], "--weights", "does not exist", ".npy"),
        (["--weights", "none.safetensors:w"], "--weights", "does not exist", ".safetensors"),
        (["--weights", ""], "--weights", "does not exist", ".npy"),
        (["--weights", "."], "--weights", "is a directory", ".npy"),
        (["--weights", "w.doc"], "--weights", "has another suffix", ".npy"),
        (["--weights", "w.npy", "--form", "hopfield"], "--form", "is unknown", "voltage, rate, discrete"),
        (["--weights", "w.npy", "--form", "discrete", "--leak", "0"], "--leak", "is too small", "above 0"),
        (["--weights", "w.npy", "--form", "discrete", "--leak", "1.5"], "--leak", "is too large", "to 1"),
        (["--weights", "w.npy", "--form", "discrete", "--leak", "w.npy"], "--leak", "it holds 2 x 2", "a neuron"),
        (["--weights", "w.npy", "--form", "rate", "--leak", "0.5"], "--leak", "has time constants", "discrete"),
        (["--weights", "w.npy", "--form", "discrete", "--rate", "1"], "--rate", "is too large", "below 1"),
        (["--weights", "w.npy", "--form", "discrete", "--euler-step", "1"], "--euler-step", "a step already", "rate"),
        (
            ["--weights", "w.npy", "--form", "discrete-voltage", "--time-constants", "w.npy"],
            "--time-constants",
            "has a leak",
            "voltage",
        ),
        (["--weights", "w.npy"], "--form", "missing", "voltage, rate"),
        (["--weights", "w.npy", "--slope", "0"], "--slope", "is too small", "above 0"),
        (["--weights", "w.npy", "--slope", "nan"], "--slope", "is not finite", "above 0"),
        (["--weights", "w.npy", "--form", "rate", "--slope", "none.npy"], "--slope", "does not exist", ".npy"),
        (["--weights", "w.npy", "--form", "rate", "--slope", "w.npy"], "--slope", "it holds 2 x 2", "a neuron"),
        (["--weights", "w.npy", "--time-constants", "2"], "--time-constants", "does not exist", ".npy"),
        (["--weights", "w.npy", "--rate", "-1"], "--rate", "is too small", "from 0"),
        (["--weights", "w.npy", "--euler-step", "0"], "--euler-step", "is too small", "above 0"),
        (["--weights", "w.npy", "--certificate", "none/c.json"], "--certificate", "cannot write", "can be written"),
        (["--weights", "w.npy", "--form", "rate", "--units", "3"], "--units", "given without --data", "--data"),
        (["--weights", "w.npy", "--data", "."], "--data", "given together with --weights", "one of the two"),
        (["--data", "none"], "--data", "does not exist", "a directory"),
        (["--data", "w.npy"], "--data", "is not a directory", "a directory"),
        (["--data", ".", "--downsample", "3"], "--downsample", "3 does not divide 28", "1, 2, 4, 7, 14 or 28"),
        (["--data", ".", "--downsample", "29"], "--downsample", "is too large", "28"),
        (["--data", ".", "--epochs", "0"], "--epochs", "is too small", "from 1"),
        (["--data", ".", "--step", "2"], "--step", "is too large", "to 1"),
        (["--seed", "-1"], "--seed", "is too small", "from 0"),
    ],
)
def test_a_bad_option_is_refused(door, arguments, option, problem, accepted):
    with open("w.doc", "w") as stream:
        stream.write("0\n")
    door("--out", "results", "--json", "report.json", *arguments).refuses(option, problem, accepted)


@pytest.mark.parametrize(
    ("option", "needed"),
    [
        (f"--{name} {value}", "--weights")
        for name, value in (("form", "rate"), ("slope", "1"), ("rate", "0.5"), ("leak", "1"))
    ]
    + [("--euler-step 0.1", "--weights"), ("--certificate c.json", "--weights")]
    + [(f"--{name} 1", "--data") for name in ("downsample", "modules", "units", "epochs", "minutes", "step")]
    + [("--permuted", "--data"), ("--checkpoint c.npz", "--data")],
)
def test_options_that_would_play_no_part_are_refused(door, option, needed):
    door(*option.split()).refuses(option.split()[0], f"given without {needed}", needed)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (["--certificate", "w.npy"], "--certificate"),
        (["--certificate", "x.json", "--json", "x.json"], "--certificate"),
        (["--certificate", "x.json", "--json", "x.gain.json"], "--certificate"),
        (["--json", "w.npy"], "--json"),
    ],
)
def test_no_file_is_written_over_another(door, options, option):
    np.save("w.npy", GOOD)
    door("--weights", "w.npy", "--form", "rate", *options).refuses(option, "too", "a file of its own")
    np.testing.assert_array_equal(np.load("w.npy"), GOOD)


def test_a_rate_of_zero_is_an_option_too(door):
    door("--rate", "0").refuses("--rate", "given without --weights", "--weights")


BROKEN = {
    "not square": (np.ones((2, 3)), "the matrix is 2 x 3"),
    "LSTM": (np.ones((8, 2)), "an LSTM"),
    "GRU": (np.ones((6, 2)), "a GRU"),
    "empty": (np.ones((0, 0)), "(0, 0)"),
    "vector": (np.ones(4), "(4,)"),
    "stack": (np.ones((2, 2, 2)), "(2, 2, 2)"),
    "complex": (1j * GOOD, "complex128"),
    "nan": (np.array([[np.nan]]), "not finite"),
    "inf": (np.array([[np.inf]]), "not finite"),
    "text": (np.array([["a"]]), "<U1"),
    "objects": (np.array([[None]]), "pickled"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_bad_matrix_is_refused(door, name):
    array, problem = BROKEN[name]
    np.save("bad.npy", array)
    answer = door("--weights", "bad.npy", "--form", "rate", "--certificate", "c.json", "--json", "report.json")
    answer.refuses("--weights", problem, "a square matrix of finite real numbers")


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "1,2\n3\n", "", "1,2,3\n4,5,6\n", "nan,0\n0,0\n", "1+1j,0\n0,1\n"])
def test_a_bad_text_file_is_refused(door, text):
    with open("w.csv", "w") as stream:
        stream.write(text)
    door("--weights", "w.csv", "--form", "rate").refuses("--weights", "", "a square matrix")


def test_a_bad_state_dict_is_refused(door):
    save_file({"a": GOOD, "b": GOOD, "lstm": np.ones((8, 2))}, "s.safetensors")
    for name, problem in (
        ("s.safetensors", "name one as FILE.safetensors:KEY"),
        ("s.safetensors:c", "no array named 'c'; it has a, b, lstm"),
        ("s.safetensors:lstm", "the weights of an LSTM"),
    ):
        door("--weights", name, "--form", "voltage").refuses("--weights", problem, ".safetensors")


def test_words_for_what_a_file_holds(door):
    """Gates by their names, an empty file, and numbers of neurons that are none."""
    np.savez("gates.npz", **{f"W_{gate}": GOOD for gate in "ifo"})
    open("empty.pt", "wb").close()
    np.save("nan.npy", np.array([np.nan, 1.0]))
    form = ("--form", "discrete")
    door("--weights", "gates.npz", *form).refuses("--weights", "W_i, W_f, W_o belong to a gated cell", ".npz")
    door("--weights", "empty.pt", *form).refuses("--weights", "is damaged: it ends early", ".pt")
    door("--weights", "w.npy", *form, "--leak", "nan.npy").refuses("--leak", "the array is not finite", "a neuron")


def test_names_in_a_file_do_not_reach_the_terminal_as_they_are(door):
    np.savez("a.npz", **{"one\ntwo\x1b[31m": GOOD, "c": GOOD})
    answer = door("--weights", "a.npz", "--form", "rate")
    answer.refuses("--weights", "it holds one two?[31m (2 x 2", ".npz")
    assert "\x1b" not in answer.err


def test_an_lstm_is_named_and_its_readout_not_taken(door):
    save_file({"lstm.weight_hh_l0": np.ones((8, 2)), "fc.weight": GOOD}, "s.safetensors")
    problem = "the recurrent weights of an LSTM of 2 units, layer 0, a gated cell"
    door("--weights", "s.safetensors", "--form", "rate").refuses("--weights", problem, ".safetensors")


NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


def write_idx(directory, count=6):
    """Four IDX files of a few images: noise, with labels from 0 to 9."""
    rng = np.random.default_rng(0)
    for name in NAMES:
        images = "images" in name
        values = rng.integers(0, 256 if images else 10, (count, 28, 28) if images else (count,)).astype(np.uint8)
        head = bytes([0, 0, 8, values.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in values.shape)
        (directory / name).write_bytes(head + values.tobytes())


def test_a_run_on_images(tmp_path, capsys):
    """Sixteen steps, two networks of eight, one pass: trained, certified as it runs, and the certificate verified."""
    write_idx(tmp_path, 60)
    file = tmp_path / "c.json"
    options = "--downsample 7 --modules 2 --units 8 --epochs 1 --step 0.1 --permuted"
    where = f"--data {tmp_path} --certificate {file} --json {tmp_path / 'report.json'}"
    assert status(*options.split(), *where.split()) == 0
    found = json.loads((tmp_path / "report.json").read_text())["quantities"]
    assert found["steps_per_image"] == 16
    assert found["outcome"] == "trained to the last epoch"
    assert 0 <= found["test_accuracy"] <= 1
    assert found["certified_rate"] > 0
    assert found["certificate"] == str(file)
    assert contraction_check(file) == 0
    capsys.readouterr()


@pytest.mark.parametrize("broken", ["no files", "cut short", "cut in gzip"])
def test_bad_images_are_refused(ask, tmp_path, broken):
    """These are found when they are read, after the command has begun: still one line, nothing written."""
    data = tmp_path / "data"
    data.mkdir()
    if broken != "no files":
        write_idx(data)
        path = data / NAMES[0]
        content = path.read_bytes()
        if broken == "cut short":
            path.write_bytes(content[:-1])
        else:
            path.unlink()
            (data / f"{NAMES[0]}.gz").write_bytes(gzip.compress(content)[:-9])
    ask(contraction.COMMAND, "--data", "data", "--json", "report.json").refuses("--data", "", "IDX files")
    assert sorted(os.listdir(tmp_path)) == ["data"]


def status(*arguments):
    """The exit status of a run with these arguments."""
    plan, destination = contraction.COMMAND.read(arguments)
    return command.execute(contraction.COMMAND, plan, destination).exit_code


def run(tmp_path, weights, form="voltage", **options):
    """A run of the command; its exit status and the quantities of its report."""
    np.save(tmp_path / "w.npy", weights)
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    where = ["--weights", str(tmp_path / "w.npy"), "--json", str(tmp_path / "report.json")]
    found = status(*where, "--form", form, *words)
    return found, json.loads((tmp_path / "report.json").read_text())["quantities"]


@pytest.mark.parametrize(
    ("form", "weights", "verdict", "by"),
    [
        ("voltage", GOOD, "contracting", None),
        ("rate", 2.5 * TURN, "no_quadratic_metric", "polytope"),
        ("voltage", 3 * TURN, "not_contracting", None),
    ],
    ids=["contracting", "no metric", "not contracting"],
)
def test_a_run_answers_and_exits_with_zero(tmp_path, capsys, form, weights, verdict, by):
    file = tmp_path / "c.json"
    code, found = run(tmp_path, weights, form, certificate=file)
    assert code == 0
    names = {"verdict", "non_quadratic", "condition", "rate", "largest_gain", "gain_unbounded", "certificate"}
    assert names <= set(found)
    assert found["verdict"] == verdict
    assert (found["condition"] is not None) == (found["rate"] is not None) == (verdict == "contracting")
    if by is not None:
        assert found["non_quadratic"] == by
        assert found["largest_gain"] == pytest.approx(0.8, rel=1e-5)
    assert found["gain_unbounded"] is False
    assert found["largest_gain"] < found["gain_excluded_from"]
    assert found["certificate"] == str(file)
    assert contraction_check(file) == 0
    for name, slope, proved in (
        ("gain_certificate", found["largest_gain"], "contracting"),
        ("gain_excluded_certificate", found["gain_excluded_from"], found["gain_excluded_by"]),
    ):
        assert contraction_check(found[name]) == 0
        document = json.loads(Path(found[name]).read_text())
        assert float(Fraction(document["slopes"])) == slope
        assert [claim["claim"] for claim in document["claims"]] == [proved]
    assert verdict in capsys.readouterr().out


def contraction_check(*arguments):
    from validate.contraction.certificate_checker import main

    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("form", ["discrete", "discrete-voltage"])
def test_a_map_has_a_factor_a_step(tmp_path, capsys, form):
    """0.5 W with a leak of a half: its words, its numbers, its ellipse's certificates."""
    file = tmp_path / "c.json"
    code, found = run(tmp_path, 1.1 * TURN, form, leak=0.5, certificate=file)
    assert (code, found["verdict"], found["condition"]) == (0, "contracting", "multiplier")
    assert found["factor"] == pytest.approx((0.55 + np.sqrt(0.55**2 + 1)) / 2, abs=1e-5)
    assert "rate" not in found
    assert found["largest_gain"] == pytest.approx(1.5 / 1.1, rel=1e-4)  # c < (1 - 1/4) / (1/2)
    for name in ("certificate", "gain_certificate", "gain_excluded_certificate"):
        assert contraction_check(found[name]) == 0
    document = json.loads(file.read_text())
    assert (document["form"], document["leaks"]) == (form, ["1/2", "1/2"])
    assert "a constant quadratic metric shrinks by the factor" in capsys.readouterr().out
    _, slower = run(tmp_path, 1.1 * TURN, form, leak=0.5, rate=0.2)
    assert slower["factor"] is None
    assert slower["larger_factor"] == pytest.approx(found["factor"], abs=1e-5)
    _, wild = run(tmp_path, 1.1 * TURN, form)
    assert wild["verdict"] == "not_contracting"


def test_what_another_norm_proves_is_told(tmp_path, capsys):
    """Its rate, how steep slopes may be in it, and the certificates of both; the answer stands first and last."""
    file = tmp_path / "c.json"
    _, found = run(tmp_path, np.array([[-4.0, 4.75], [-4.75, -4.0]]), certificate=file)
    assert found["verdict"] == "no_quadratic_metric"
    assert found["non_quadratic"] == "norm 1"
    assert found["non_quadratic_rate"] == pytest.approx(0.25, rel=1e-5)
    assert found["largest_gain"] < 1 < found["largest_gain_by_norm"] < 4 / 3
    for name in ("certificate", "gain_norm_certificate"):
        assert contraction_check(found[name]) == 0
    lines = capsys.readouterr().out.splitlines()
    answer = "contraction: no_quadratic_metric: no constant quadratic metric contracts; a weighted 1-norm contracts"
    assert [line.startswith(answer) for line in lines].count(True) == 2
    assert not any("asserted checks" in line for line in lines)


def test_an_unstable_network_ends_with_what_was_found(tmp_path, capsys):
    run(tmp_path, 3 * TURN, "discrete")
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "contraction: not_contracting: at slopes in sequence a displacement does not die out"


def test_leaks_of_each_neuron(tmp_path):
    np.save(tmp_path / "a.npy", np.array([0.5, 1.0]))
    file = tmp_path / "c.json"
    _, found = run(tmp_path, GOOD, "discrete", leak=tmp_path / "a.npy", certificate=file)
    assert found["verdict"] == "contracting"
    assert json.loads(file.read_text())["leaks"] == ["1/2", 1]
    assert contraction_check(file) == 0


def test_largest_slope_does_not_depend_on_the_slope_asked_about(tmp_path):
    """Nor on the form; the rate and the verdict do on the slope."""
    one, two = (run(tmp_path, TURN, slope=slope)[1] for slope in (1.0, 3.0))
    assert one["largest_gain"] == pytest.approx(2.0, rel=1e-5)
    assert two["largest_gain"] == pytest.approx(2.0, rel=1e-5)
    assert (one["verdict"], two["verdict"]) == ("contracting", "not_contracting")
    assert run(tmp_path, TURN, "rate")[1]["largest_gain"] == pytest.approx(2.0, rel=1e-5)


def test_rates_steps_and_gains_without_bound(tmp_path, capsys):
    _, asked = run(tmp_path, TURN, rate=0.6, euler_step=0.05)
    told = capsys.readouterr().out
    assert "certified at the rate asked for" in told
    assert "excluded at the rate asked for" in told
    assert asked["verdict"] == "no_quadratic_metric"
    assert asked["largest_gain"] == pytest.approx(0.8, rel=1e-5)
    assert 0.49 < asked["lower_rate"] < 0.5
    assert 1 - 0.05 * 0.5 < asked["euler_factor"] < 1 - 0.05 * 0.49
    _, free = run(tmp_path, np.array([[0.0, 8.0], [0.0, 0.0]]))
    assert free["gain_unbounded"] is True
    assert free["largest_gain"] is None
    assert free["certificate"] is None
    assert "euler_factor" not in free
    assert "asked for" not in capsys.readouterr().out
    _, stepped = run(tmp_path, GOOD, euler_step=0.05)
    assert 1 - 0.05 < stepped["euler_factor"] < 1


def test_slopes_and_time_constants_of_each_neuron(tmp_path):
    """Those in the files are those of the certificate; equal ones give the answer of one number."""
    network = {"W": GOOD, "g": np.array([0.5, 2.0]), "tau": np.array([[1.0], [4.0]])}
    np.savez(tmp_path / "net.npz", **network)
    named, file = (f"{tmp_path}/net.npz:{name}" for name in ("g", "tau")), tmp_path / "c.json"
    slopes, constants = named
    code, found = run(tmp_path, GOOD, slope=slopes, time_constants=constants, certificate=file)
    assert (code, found["verdict"], found["matrix"]) == (0, "contracting", None)
    document = json.loads(file.read_text())
    assert [Fraction(x) for x in document["slopes"]] == [Fraction(1, 2), 2]
    assert document["time_constants"] == [1, 4]
    assert contraction_check(file) == 0
    gained = json.loads((tmp_path / "c.gain.json").read_text())
    assert [float(Fraction(x)) / found["largest_gain"] for x in gained["slopes"]] == pytest.approx([0.5, 2.0])
    np.save(tmp_path / "g.npy", np.full(2, 2.0))
    _, alike = run(tmp_path, GOOD, slope=tmp_path / "g.npy")
    _, one = run(tmp_path, GOOD, slope=2.0)
    assert alike["rate"] == one["rate"]
    assert 2 * alike["largest_gain"] == one["largest_gain"]


def test_a_matrix_by_its_name_and_its_certificate(tmp_path, capsys):
    """Recurrent weights of Flax are transposed, by the command and by the checker."""
    weights, file = tmp_path / "net.npz", tmp_path / "c.json"
    np.savez(weights, **{"params/SimpleCell_0/h/kernel": GOOD @ GOOD + GOOD, "params/Dense_0/kernel": np.eye(2)})
    options = ["--weights", str(weights), "--form", "rate", "--certificate", str(file)]
    assert status(*options, "--json", str(tmp_path / "r.json")) == 0
    found = json.loads((tmp_path / "r.json").read_text())["quantities"]
    assert found["matrix"] == "params/SimpleCell_0/h/kernel"
    assert "transposed here" in capsys.readouterr().out
    assert contraction_check(file, "--weights", f"{weights}:params/SimpleCell_0/h/kernel") == 0
    assert contraction_check(file, "--weights", f"{weights}:params/Dense_0/kernel") == 2
    np.save(tmp_path / "w.npy", GOOD @ GOOD + GOOD)
    assert contraction_check(file, "--weights", tmp_path / "w.npy") == 2


def test_a_certificate_beside_the_weights_in_matlabs_file(tmp_path):
    """The command compares them, in files that the checker does not read by itself."""
    file, options = tmp_path / "c.json", {"capture_output": True, "text": True, "check": False}
    run(tmp_path, GOOD, certificate=file)
    for name, weights in (("w.mat", GOOD), ("other.mat", TURN)):
        scipy.io.savemat(tmp_path / name, {"W": weights})
    assert contraction_check(file, "--weights", tmp_path / "w.mat") == 2
    for name, code, end in (("w.mat", 0, "verified"), ("other.mat", 2, "not the one of the certificate")):
        words = [sys.executable, "-m", "validate.contraction", "--check", file, "--weights", tmp_path / name]
        done = subprocess.run(words, **options)
        assert done.returncode == code
        assert (done.stdout + done.stderr).rstrip().endswith(end)


def test_certificates_from_the_shell(tmp_path):
    """0 verified, 1 rejected where it was altered, 2 where the weights are others."""
    file = tmp_path / "c.json"
    run(tmp_path, GOOD, certificate=file)
    altered, other = tmp_path / "altered.json", tmp_path / "other.npy"
    document = json.loads(file.read_text())
    document["claims"][0]["rate"] = 1
    altered.write_text(json.dumps(document))
    np.save(other, TURN)
    command = [sys.executable, "-m", "validate.contraction", "--check"]
    done = subprocess.run(
        [*command, file, "--weights", tmp_path / "w.npy"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "verified" in done.stdout
    assert contraction_check(altered) == 1
    assert contraction_check(file, "--weights", other) == 2
