"""The closure's error against amplitude and rate: the laws themselves, at a size that is quick."""

import numpy as np
import pytest

from simulate.cells.nonlinearity import ERF, LINEAR, RELU
from simulate.overlaps.infinite_width import SobolNodes, TensorNodes
from validate.overlaps.closure_bias import Bias, train_closure_and_limit
from validate.overlaps.error_budget import at_finer_step
from validate.overlaps.reference_run import RATE, reference_task


def test_small_activity_errs_as_the_fourth_power() -> None:
    small, smaller = (train_closure_and_limit(ERF, TensorNodes(6), amplitude=a).final for a in (0.1, 0.05))
    assert np.log2(small / smaller) == pytest.approx(4, abs=0.1)


def test_relu_has_no_small_activity() -> None:
    one, other = (train_closure_and_limit(RELU, SobolNodes(256), amplitude=a).final for a in (1.0, 0.3))
    assert other == pytest.approx(one, rel=1e-10)
    assert one > 0.3


def test_linear_networks_have_no_closure_error() -> None:
    assert train_closure_and_limit(LINEAR, SobolNodes(256)).relative.max() < 1e-12


def test_parting_is_the_first_epoch_past_a_hundredth() -> None:
    assert Bias(np.array([0.0, 0.005, 0.02, 0.001, 0.03]), 1.0, 0.1).parting == 2
    assert Bias(np.array([0.0, 0.005]), 1.0, 0.1).parting is None


def test_half_the_rate_takes_twice_the_epochs() -> None:
    usual, half = (train_closure_and_limit(ERF, SobolNodes(256), rate=rate) for rate in (RATE, RATE / 2))
    assert len(half.relative) - 1 == 2 * (len(usual.relative) - 1)
    assert half.final == pytest.approx(usual.final, rel=0.1)


def test_refining_the_time_step_keeps_the_task() -> None:
    batch = reference_task().batch
    finer = at_finer_step(batch, 4)
    assert finer.dt == batch.dt / 4
    assert finer.inputs.shape[1] == 4 * batch.inputs.shape[1]
    np.testing.assert_allclose(finer.dt * finer.inputs.sum(axis=1), batch.dt * batch.inputs.sum(axis=1), rtol=1e-14)
    np.testing.assert_array_equal(finer.targets[:, 3::4], batch.targets)
