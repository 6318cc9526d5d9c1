import dataclasses
import enum
import json
import os
import subprocess
import sys
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulate.cells import GRU, TANH, MaximalUpdate, UniformWeights, steepened
from simulate.sweep import NotDescribed, described
from simulate.sweep.described import canonical
from simulate.tasks import DelayedDiscrimination, NBitFlipFlop
from simulate.training import GradientDescent, Optax

ROOT = Path(__file__).parents[3]
KEY = jax.random.key(0)


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass(frozen=True)
class Setting:
    size: int
    hint: str = dataclasses.field(default="", compare=False)


class Scaled(eqx.Module):
    factor: float

    def of(self, x):
        return self.factor * x


DISTINCT = [
    None,
    True,
    1,
    1.5,
    float("nan"),
    float("inf"),
    -float("inf"),
    1.5j,
    "1",
    b"1",
    [1, 2],
    [[1], 2],
    {"a": 1},
    {"a": 2},
    {1: "a"},
    {1, 2},
    np.arange(4.0),
    np.arange(4.0).reshape(2, 2),
    np.arange(4.0).reshape(2, 2).T,
    np.arange(4),
    np.arange(4.0, dtype=np.float32),
    np.float32(1.5),
    np.array(["a", "b"]),
    np.array([1 + 2j]),
    jax.random.key(0),
    jax.random.key(1),
    jax.random.split(KEY, 2),
    jax.random.key(0, impl="rbg"),
    Colour.RED,
    Setting(1),
    Setting(2),
    Scaled(1.0),
    Scaled(2.0),
    Scaled(1.0).of,
    Scaled(2.0).of,
    GRU,
    UniformWeights(3, 2, 1),
    UniformWeights(4, 2, 1),
    UniformWeights(3, 2, 1, cell=GRU),
    UniformWeights(3, 2, 1, phi=steepened(TANH, 2.0)),
    MaximalUpdate(gamma=0.5),
    NBitFlipFlop(KEY),
    NBitFlipFlop(jax.random.key(1)),
    NBitFlipFlop(KEY, bits=2),
    NBitFlipFlop(KEY, probability=0.05),
    NBitFlipFlop(KEY, pulsed_at_start=False),
    NBitFlipFlop(KEY, threshold=0.01),
    NBitFlipFlop(KEY).out_of_distribution(),
    DelayedDiscrimination(KEY),
    GradientDescent(0.1),
    GradientDescent(0.1, momentum=0.9),
    optax.adam(1e-3),
    optax.adam(1e-2),
    optax.adam(1e-3, b1=0.8),
    optax.adamw(1e-3),
    optax.adam(optax.cosine_decay_schedule(1e-3, 100)),
    optax.adam(optax.cosine_decay_schedule(1e-3, 200)),
    optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)),
    Optax(optax.adam(1e-3)),
    Optax(optax.scale_by_adam(), rate=1e-3),
    lambda x: x + 1,
    lambda x: x + 2,
    jnp.tanh,
    np.tanh,
    np.dtype("float32"),
]


def test_whatever_differs_is_told_apart() -> None:
    texts = [canonical(described(value)) for value in DISTINCT]
    assert [json.loads(text) for text in texts] == [described(value) for value in DISTINCT]
    assert len(set(texts)) == len(DISTINCT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.float64(0.1), 0.1),
        (np.int32(3), 3),
        (np.bool_(True), True),
        ((1, 2), [1, 2]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (frozenset("abc"), set("cba")),
        (jnp.arange(3.0), np.arange(3.0)),
        (np.arange(4.0).reshape(2, 2).T, np.array([[0.0, 2.0], [1.0, 3.0]])),
        (np.arange(3.0, dtype=">f8"), np.arange(3.0)),
        (Setting(1, "once"), Setting(1, "again")),
        (Scaled(2.0).of, Scaled(2.0).of),
        (optax.adam(1e-3), optax.adam(1e-3)),
        (optax.chain(optax.clip(1.0), optax.sgd(0.1)), optax.chain(optax.clip(1.0), optax.sgd(0.1))),
        (NBitFlipFlop(KEY), NBitFlipFlop(KEY, bits=3, steps=100)),
    ],
)
def test_what_is_alike_is_told_alike(one: object, other: object) -> None:
    assert described(one) == described(other)


@pytest.mark.parametrize("value", [object(), np.array([object()]), [1, Path("x")], {"a": iter(())}])
def test_what_tells_nothing_is_refused(value: object) -> None:
    with pytest.raises(NotDescribed):
        described(value)


TELL = """
import jax
jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp, optax
from simulate.cells import UniformWeights
from simulate.sweep import described
from simulate.sweep.described import canonical
from simulate.tasks import NBitFlipFlop
kinds = {"one", "two", "three", "four", "five"}
rule = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(optax.exponential_decay(1e-3, 10, 0.9)))
chosen = lambda name: name in {"one", "two", "three", "four", "five"}
values = [kinds, rule, chosen, NBitFlipFlop(jax.random.key(3)), UniformWeights(3, 2, 1), jnp.ones(3), {"b": 1, "a": 2}]
print(canonical(described(values)))
"""


def test_a_description_is_the_same_in_every_process() -> None:
    """Also one whose hashes of text differ: sets, and functions that hold them."""
    told = {
        subprocess.run(
            [sys.executable, "-c", TELL],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("0", "1")
    }
    assert len(told) == 1
    assert "0x" not in told.pop()  # no address in memory
