"""Rules that are built alike are one rule, in this process and in the next."""

import subprocess
import sys

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
