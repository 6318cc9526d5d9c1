import jax
import jax.numpy as jnp
import numpy as np

from simulate.tasks.impulse import random_task
from simulate.training.rule import GradientDescent
from theory.overlaps.equations.shape import Shape
from validate.overlaps.linear import EVERY_OPTION, EXACT, Case, _learning, both_ways, cases
from validate.overlaps.reference_data import EPOCHS, VISIBLE, reference_run
from validate.overlaps.settings import QUICK, USUAL, Config


def test_both_efforts_cover_every_rank_and_networks_smaller_than_their_gram_matrix():
    for effort in (QUICK, USUAL):
        listed = cases(Config(effort=effort))
        assert {case.shape.rank for case in listed} == {1, 2, 3, 4}
        assert any(case.neurons < case.shape.size for case in listed)
        assert any(case.rule is EVERY_OPTION for case in listed)
    assert {case.neurons for case in cases(Config(effort=USUAL)) if case.name == "filter"} == {3, 10, 100, 1000}


def test_a_case_agrees_to_rounding_and_a_wrong_map_would_not():
    task = random_task(jax.random.key(0), 1, 1, trials=2, steps=10)
    trained = both_ways(Case("one", Shape(), task, GradientDescent(1e-2), 3, 20), seed=1)
    assert EXACT.judge(np.zeros(2), trained.errors).passed
    other = both_ways(Case("other", Shape(), task, GradientDescent(1.001e-2), 3, 20), seed=1)
    mixed = type(trained)(trained.case, trained.map_sigma, trained.map_loss, other.network_sigma, other.network_loss)
    assert not EXACT.judge(np.zeros(2), mixed.errors).passed


def test_the_published_run_is_met_and_its_naive_flow_is_not():
    run = reference_run()
    assert run.theirs.shape == run.mapped.shape == (101, 11)
    assert run.epochs[0] == 0
    assert run.epochs[-1] == EPOCHS - 1
    assert run.error < 1e-5  # float32 rounding of that run
    assert min(run.naive_errors()) > 1e-2
    assert jnp.array_equal(run.naive[0], run.visible[0])
    figure = _learning(run)
    assert figure.data["naive"].shape == (101, len(VISIBLE))
