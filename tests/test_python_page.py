"""`docs/python.md`: each block runs alone, and what its comments say is what comes out."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "python.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def run(holding: str) -> dict:
    """What the one block that holds this text leaves behind, run by itself."""
    (block,) = (block for block in BLOCKS if holding in block)
    names: dict = {}
    exec(compile(block, "docs/python.md", "exec"), names)
    return names


def test_every_block_is_looked_at_here() -> None:
    assert len(BLOCKS) == 6


def test_a_network_of_your_own() -> None:
    names = run("circuit.slowest()")
    circuit = names["circuit"]
    assert circuit.fixed_points().certified
    assert circuit.fixed_points().roots == pytest.approx([2.835], abs=5e-4)
    assert names["ghost"].location == pytest.approx(-0.819, abs=5e-4)
    assert names["ghost"].effective_r == pytest.approx(0.1016, abs=5e-5)
    assert circuit.predicted_delay().value == pytest.approx(7.149, abs=5e-4)
    assert circuit.predicted_euler_delay(0.5).value == pytest.approx(7.682, abs=5e-4)
    assert circuit.euler_passage(0.5).count == 16


def test_its_critical_rate_is_bracketed_by_what_the_step_does() -> None:
    """The predicted rate parts the steps that create fixed points from those that do not."""
    names = run("predict_crossing(")
    circuit, gradient, rate = (names[name] for name in ("circuit", "gradient", "rate"))
    assert rate == pytest.approx(0.01116, abs=5e-6)
    below, above = (circuit.stepped(gradient, factor * rate).fixed_points() for factor in (0.99, 1.01))
    assert (len(below.roots), len(above.roots)) == (1, 3)


def test_the_toy_model() -> None:
    names = run("failure_ratio(), 30")
    assert names["ToyModel"](delay=100.0).critical_learning_rate == pytest.approx(9.132e-10, rel=1e-4)
    assert names["plateau_length"](start=10.0, a=0.1095).epochs == pytest.approx(1537.1, abs=0.05)
    assert names["error_floor"](0.6).word == "LRR"
    shown = names["mpmath"].nstr(names["failure_ratio"](), 30)
    assert f"'{shown}'" in PAGE.read_text(encoding="utf-8")


def test_a_task_of_your_own() -> None:
    names = run("InfiniteWidth()")
    ends = [trained.observed[-1, 0] for trained in names["trainings"]]
    assert all(trained.loss[-1, 0] < 0.01 * trained.loss[0, 0] for trained in names["trainings"])
    assert np.abs(ends[0] - ends[1]).max() > 0  # the closure is not the limit


def test_the_equations_of_a_network() -> None:
    names = run("equations.latex()")
    equations, shape = names["equations"], names["Shape"](rank=2)
    assert len(equations.visible) == 9
    assert equations.latex().count(r"\dot") == 21
    assert names["count_invariants"](shape, names["LINEAR"]).invariants == 9


def test_a_network_that_forgets() -> None:
    names = run("largest_gain(found.network)")
    found, gain = names["found"], names["gain"]
    assert (found.verdict.word, found.condition) == ("contracting", "multiplier")
    assert found.rate == pytest.approx(0.4364, abs=5e-5)
    assert float(found.euler.factor) == pytest.approx(0.9593, abs=5e-5)
    assert (gain.low, gain.high) == pytest.approx((1.7765, 1.7787), abs=1e-3)
    assert found.certificate.holds()
    assert names["certify"](np.array([[0.0, -2.5], [2.5, 0.0]]), names["RATE"]).verdict.word == "no_quadratic_metric"
