"""What `docs/python.md` says in words; `tests/test_readme.py` runs its blocks alone and compares the numbers."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
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


def test_one_certified_fixed_point_and_its_ghost() -> None:
    names = run("circuit.slowest()")
    found = names["circuit"].fixed_points()
    assert found.certified
    assert found.roots == pytest.approx([2.835], abs=5e-4)
    assert names["ghost"].location == pytest.approx(-0.819, abs=5e-4)
    assert names["ghost"].effective_r == pytest.approx(0.1016, abs=5e-5)


def test_the_critical_rate_parts_steps_that_create_fixed_points_from_those_that_do_not() -> None:
    names = run("predict_crossing(")
    circuit, gradient, rate = (names[name] for name in ("circuit", "gradient", "rate"))
    below, above = (circuit.stepped(gradient, factor * rate).fixed_points() for factor in (0.99, 1.01))
    assert (len(below.roots), len(above.roots)) == (1, 3)


def test_nine_visible_overlaps_and_21_equations() -> None:
    equations = run("equations.latex()")["equations"]
    assert len(equations.visible) == 9
    assert equations.latex().count(r"\dot") == 21


def test_the_proof_that_a_network_forgets_holds() -> None:
    assert run("largest_gain(found.network)")["found"].certificate.holds()


def test_networks_of_files_are_those_that_were_written_and_at_a_distance() -> None:
    names = run("safetensors.numpy")
    for k, network in enumerate(names["networks"]):
        drawn = names["start"].draw(jax.random.key(k), jnp.dtype("float32"))
        jax.tree.map(np.testing.assert_array_equal, network, drawn)
    found = names["pairwise"](names["WeightsUpTo"](names["networks"][0].symmetry), names["weights"]).value
    assert (found[np.triu_indices(3, 1)] > 1).all()
