"""Rules that are built alike are one rule, in this process and in the next."""

import subprocess
import sys
from functools import partial

import jax
import jax.numpy as jnp
import optax
import pytest

from simulate.training.made_of import Described, made_of

SCHEDULES = (
    "optax.constant_schedule(0.1)",
    "optax.exponential_decay(0.1, 10, 0.9)",  # one of its variables is never set
    "optax.exponential_decay(0.1, 10, 0.9, transition_begin=3, staircase=True, end_value=1e-3)",
    "optax.cosine_decay_schedule(0.1, 10)",
    "optax.linear_schedule(0.1, 0.0, 9)",
    "optax.polynomial_schedule(0.1, 0.0, 2, 9)",
    "optax.piecewise_constant_schedule(0.1, {3: 0.5, 6: 0.1})",
    "optax.piecewise_interpolate_schedule('cosine', 0.1, {3: 0.5})",
    "optax.warmup_constant_schedule(0.0, 0.1, 3)",
    "optax.warmup_cosine_decay_schedule(0.0, 0.1, 3, 10)",
    "optax.warmup_exponential_decay_schedule(0.0, 0.1, 3, 10, 0.9)",
    "optax.cosine_onecycle_schedule(10, 0.1)",
    "optax.linear_onecycle_schedule(10, 0.1)",
    "optax.join_schedules([optax.constant_schedule(0.1), optax.exponential_decay(0.1, 10, 0.9)], [4])",
    "optax.sgdr_schedule([dict(init_value=0.0, peak_value=0.1, decay_steps=10, warmup_steps=2)])",
)
ALIASES = (
    *("adabelief", "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamaxw", "adamw", "adan", "amsgrad"),
    *("fromage", "lamb", "lars", "lbfgs", "lion", "nadam", "nadamw", "novograd", "optimistic_gradient_descent"),
    *("polyak_sgd", "radam", "rmsprop", "rprop", "sgd", "sign_sgd", "sm3", "yogi"),
)
WRAPPED = (
    "optax.sgd(0.1, momentum=0.9)",
    "optax.sgd(0.1, momentum=0.9, nesterov=True)",
    "optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))",
    "optax.chain(optax.clip(1.0), optax.adam(1e-3))",
    "optax.chain(optax.adaptive_grad_clip(0.1), optax.adam(1e-3))",
    "optax.chain(optax.add_decayed_weights(1e-4), optax.adam(1e-3))",
    "optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(0)), optax.adam(1e-3))",
    "optax.chain(optax.adam(1e-3), optax.ema(0.9))",
    "optax.chain(optax.adam(1e-3), optax.contrib.reduce_on_plateau())",
    "optax.named_chain(('clip', optax.clip(1.0)), ('adam', optax.adam(1e-3)))",
    "optax.inject_hyperparams(optax.adam)(1e-3)",
    "optax.inject_hyperparams(optax.adam)(optax.exponential_decay(0.1, 10, 0.9))",
    "optax.masked(optax.adam(1e-3), lambda parameters: True)",
    "optax.partition({'a': optax.adam(1e-3), 'b': optax.sgd(0.1)}, lambda parameters: 'a')",
    "optax.MultiSteps(optax.adam(1e-3), 4)",
    "optax.MultiSteps(optax.adam(1e-3), 4).gradient_transformation()",
    "optax.apply_if_finite(optax.adam(1e-3), 3)",
    "optax.contrib.schedule_free_adamw(1e-3)",
    "optax.contrib.muon(1e-3)",
)
RULES = (
    *(f"optax.adam({schedule})" for schedule in SCHEDULES),
    *(f"optax.{alias}(1e-2)" for alias in ALIASES),
    *WRAPPED,
)
NAMES = {"jax": jax, "optax": optax, "__name__": "user"}


@pytest.fixture(scope="module")
def elsewhere() -> list[str]:
    """What another process says of all of them."""
    program = (
        "import sys, jax, optax; from simulate.training.made_of import Described\n"
        "for rule in sys.stdin: print(repr(Described(eval(rule, {'jax': jax, 'optax': optax, '__name__': 'user'}))))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], input="\n".join(RULES), capture_output=True, text=True, check=True
    )
    return told.stdout.splitlines()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_told_alike_each_time_it_is_made(rule: str, elsewhere: list[str]) -> None:
    once, again = (Described(eval(rule, NAMES)) for _ in range(2))
    assert once == again
    assert hash(once) == hash(again)
    assert repr(once) == elsewhere[RULES.index(rule)]
    assert " at 0x" not in repr(once)


def test_no_two_rules_are_told_alike() -> None:
    assert len({Described(eval(rule, NAMES)) for rule in RULES}) == len(RULES)


def test_every_number_of_a_rule_counts() -> None:
    made = [
        optax.adam(1e-3),
        optax.adam(1e-3, b1=0.8),
        optax.adam(optax.constant_schedule(1e-3)),
        optax.adam(optax.cosine_decay_schedule(1e-3, 100)),
        optax.adam(optax.cosine_decay_schedule(1e-3, 101)),
        optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)),
        optax.chain(optax.clip_by_global_norm(2.0), optax.adam(1e-3)),
        optax.adam(optax.exponential_decay(1e-3, 10, 0.9)),
        optax.adam(optax.exponential_decay(1e-3, 10, 0.8)),
        optax.adam(optax.exponential_decay(1e-3, 10, 0.9, end_value=1e-4)),
        optax.adam(optax.exponential_decay(1e-3, 10, 0.9, end_value=1e-5)),
        optax.MultiSteps(optax.adam(1e-3), 4).gradient_transformation(),
        optax.MultiSteps(optax.adam(1e-2), 4).gradient_transformation(),
        optax.inject_hyperparams(optax.adam)(optax.exponential_decay(1e-3, 10, 0.9)),
        optax.inject_hyperparams(optax.adam)(optax.exponential_decay(1e-3, 10, 0.8)),
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


def written(rate: float) -> dict[str, object]:
    """A schedule, as a user writes it, that calls another function of its module."""
    names: dict[str, object] = {"__name__": "user"}
    exec(f"def rate(step): return {rate}\ndef schedule(step): return rate(step) / (1 + step)", names)
    return names


def test_a_function_of_the_module_counts():
    assert Described(written(0.1)["schedule"]) == Described(written(0.1)["schedule"])
    assert Described(written(0.1)["schedule"]) != Described(written(0.2)["schedule"])


def recursive(rate: float):
    def schedule(step: int) -> float:
        return rate if step < 1 else 0.5 * schedule(step - 1)

    return schedule


def by_turns(rate: float):
    def even(step: int) -> float:
        return rate if step == 0 else odd(step - 1)

    def odd(step: int) -> float:
        return 0.5 * even(step - 1)

    return even, odd


def test_functions_that_refer_to_themselves_and_to_one_another() -> None:
    assert Described(recursive(0.1)) == Described(recursive(0.1))
    assert Described(recursive(0.1)) != Described(recursive(0.2))
    assert Described(by_turns(0.1)) == Described(by_turns(0.1))
    assert len({Described(each) for each in (*by_turns(0.1), *by_turns(0.2))}) == 4
    assert Described(optax.sgd(recursive(0.1))) == Described(optax.sgd(recursive(0.1)))


def test_containers_and_objects_that_hold_themselves() -> None:
    class Holder:
        def __init__(self, rate: float) -> None:
            self.rate, self.own = rate, [self]

        def __call__(self, step: int) -> float:
            return self.rate

        def schedule(self, step: int) -> float:
            return self.rate

    assert Described(Holder(0.1)) == Described(Holder(0.1))
    assert Described(Holder(0.1)) != Described(Holder(0.2))
    assert Described(Holder(0.1).schedule) == Described(Holder(0.1).schedule)
    assert Described(Holder(0.1).schedule) != Described(Holder(0.2).schedule)
    ring: list[object] = [1.0]
    ring.append(ring)
    assert Described(ring) != Described([1.0, [1.0]])


def test_it_does_not_count_whether_a_closure_is_shared() -> None:
    shared = optax.exponential_decay(0.1, 10, 0.9)
    once = optax.chain(optax.adam(shared), optax.sgd(shared))
    twice = optax.chain(*(rule(optax.exponential_decay(0.1, 10, 0.9)) for rule in (optax.adam, optax.sgd)))
    assert Described(once) == Described(twice)


def test_numbers_that_are_equal_and_not_the_same() -> None:
    assert len({made_of(value) for value in (1, True, 1.0, "1", 1 + 0j)}) == 5
    assert made_of(0.0) != made_of(-0.0)
    assert made_of(float("nan")) == made_of(float("nan"))
    assert made_of(jax.random.key(1)) == made_of(jax.random.key(1)) != made_of(jax.random.key(2))
    assert made_of(partial(max, 1)) != made_of(partial(max, 2)) != made_of(partial(min, 2))
