"""The Adam control, as the command runs it, on fewer and smaller networks."""

import numpy as np
import pytest

from validate.overlaps import adam
from validate.overlaps import adam as adam_figures
from validate.overlaps.settings import QUICK, Config
from validate.progress import Progress
from validate.report import Report


def test_adam_section_holds_and_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short: the laws do not need long runs."""
    monkeypatch.setattr(adam, "SAMPLES", 32)
    monkeypatch.setattr(adam, "SIZES", (32, 64, 128))
    config = Config(effort=QUICK)
    report = Report("overlaps", config)
    with Progress() as progress:
        results = adam.checks(config, report, progress)
    asserted = [check for check in report.checks if check.asserted]
    assert len(asserted) == 4
    assert all(check.passed for check in asserted if "part" in check.name)
    descent, under_adam = results.parted
    assert descent.max() < 1e-9
    assert under_adam[0] < 1e-14
    assert under_adam[1] > 1e-4
    (drawn,) = adam_figures.figures(config, results)
    np.testing.assert_array_equal(drawn.data["adam"], results.adam)
    assert results.loss.shape == (2000,)
