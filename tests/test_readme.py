"""The README's Python runs as printed, and what its comments say is what comes out."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


@pytest.fixture(scope="module")
def namespace():
    """What is left after every Python block of the README has run, in order."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    assert len(blocks) >= 2
    names: dict = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    return names


def test_a_network_of_your_own(namespace):
    circuit = namespace["circuit"]
    assert circuit.fixed_points().certified
    assert circuit.fixed_points().roots == pytest.approx([2.835], abs=5e-4)
    assert namespace["ghost"].effective_r == pytest.approx(0.1016, abs=5e-5)
    assert circuit.predicted_delay().value == pytest.approx(7.149, abs=5e-4)
    assert circuit.predicted_euler_delay(0.5).value == pytest.approx(7.682, abs=5e-4)
    assert circuit.euler_passage(0.5).count == 16


def test_its_critical_rate_is_bracketed_by_what_the_step_does(namespace):
    """The predicted rate parts the steps that create fixed points from those that do not."""
    circuit, gradient, rate = (namespace[name] for name in ("circuit", "gradient", "rate"))
    assert rate == pytest.approx(0.01116, abs=5e-6)
    below, above = (circuit.stepped(gradient, factor * rate).fixed_points() for factor in (0.99, 1.01))
    assert (len(below.roots), len(above.roots)) == (1, 3)


def test_the_theory_alone(namespace):
    assert namespace["ToyModel"](delay=100.0).critical_learning_rate == pytest.approx(9.132e-10, rel=1e-4)
    assert namespace["plateau_length"](start=10.0, a=0.1095).epochs == pytest.approx(1537.1, abs=0.05)
    assert namespace["error_floor"](0.6).word == "LRR"
    shown = namespace["mpmath"].nstr(namespace["failure_ratio"](), 30)
    assert shown == "1.02904346942964863699940214125"
    assert shown in README.read_text()


def test_a_task_of_your_own(namespace):
    learning = namespace["learning"]
    assert learning.outcome == 0
    assert learning.loss[-1] < 0.01 * learning.loss[0]


def test_the_equations_of_a_network(namespace):
    equations, shape = namespace["equations"], namespace["Shape"](rank=2)
    assert len(equations.visible) == 9
    assert equations.latex().count(r"\dot") == 21
    assert namespace["count_invariants"](shape, namespace["LINEAR"]).invariants == 9


def test_a_network_that_forgets(namespace):
    found, gain = namespace["found"], namespace["gain"]
    assert (found.verdict.word, found.condition) == ("contracting", "multiplier")
    assert found.rate == pytest.approx(0.4364, abs=5e-5)
    assert float(found.euler.factor) == pytest.approx(0.9593, abs=5e-5)
    assert (gain.low, gain.high) == pytest.approx((1.7765, 1.7787), abs=1e-3)
    assert found.certificate.holds()
    rotation = namespace["np"].array([[0.0, -2.5], [2.5, 0.0]])
    assert namespace["certify"](rotation, namespace["RATE"]).verdict.word == "no_quadratic_metric"
