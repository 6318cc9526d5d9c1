"""Rules that are built alike are one rule, in this process and in the next."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import optax
import pytest

from simulate.training.described import Described

RULES = (
    "optax.adam(1e-3)",
    "optax.chain(optax.clip_by_global_norm(1.0), optax.adam(optax.cosine_decay_schedule(0.1, 100)))",
    "optax.sgd(0.1, momentum=0.9)",
)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_told_alike_in_every_process(rule: str) -> None:
    here = repr(Described(eval(rule, {"optax": optax})))
    program = f"import optax; from simulate.training.described import Described; print(repr(Described({rule})))"
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert there.strip() == here
    assert " at 0x" not in here


def test_every_number_of_a_rule_counts() -> None:
    made = [
        optax.adam(1e-3),
        optax.adam(1e-3, b1=0.8),
        optax.adam(optax.constant_schedule(1e-3)),
        optax.adam(optax.cosine_decay_schedule(1e-3, 100)),
        optax.adam(optax.cosine_decay_schedule(1e-3, 101)),
        optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)),
        optax.chain(optax.clip_by_global_norm(2.0), optax.adam(1e-3)),
        optax.sgd(1e-3),
    ]
    assert len({Described(rule) for rule in made}) == len(made)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda step: 1e-3, lambda step: 1e-1),
        (lambda step: jnp.sin(step), lambda step: jnp.cos(step)),
        (lambda step: (lambda: 1)(), lambda step: (lambda: 2)()),
        (jax.jit(lambda step: 1e-3), jax.jit(lambda step: 1e-1)),
        (lambda step, *, rate=1.0: rate, lambda step, *, rate=2.0: rate),
    ],
    ids=["numbers", "names", "within", "compiled", "defaults"],
)
def test_functions_that_differ_in_what_they_hold_are_two(one, other):
    assert Described(one) != Described(other)
    assert Described(one) == Described(one)


def test_a_number_of_the_module_counts():
    """A schedule reads it each time it is called."""
    made = [eval("lambda step: RATE", {"RATE": rate, "__name__": "user"}) for rate in (0.1, 0.1, 0.2)]
    assert Described(made[0]) == Described(made[1])
    assert Described(made[0]) != Described(made[2])


def test_it_reads_the_same_in_every_process():
    assert " at 0x" not in repr(Described(optax.adam(optax.warmup_cosine_decay_schedule(0.0, 0.1, 3, 10))))
    assert " at 0x" not in repr(Described(lambda step: (lambda: jnp.sin(step))()))
