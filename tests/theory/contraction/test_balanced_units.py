"""What is found does not depend on the units of the neurons."""

import numpy as np
import pytest

from theory.contraction.certify import certify
from theory.contraction.form import FORMS
from theory.contraction.search.balanced_units import balancing


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("unit", [2.0**13, 2.0**40, 2.0**66])
@pytest.mark.parametrize(
    ("turn", "verdict", "by"),
    [(1.5, "contracting", None), (2.5, "no_quadratic_metric", "polytope"), (3.0, "not_contracting", None)],
)
def test_verdicts(form, unit, turn, verdict, by):
    """A rotation whose second neuron is measured in another unit; the certificate is one of the matrix as given."""
    found = certify(np.array([[0.0, -turn * unit], [turn / unit, 0.0]]), form)
    assert found.verdict.word == verdict
    assert found.certificate.holds()
    assert (found.non_quadratic and found.non_quadratic.document()["by"]) == by


def test_balancing_is_undone_by_units():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(5, 5))
    units = 2.0 ** rng.integers(-30, 30, 5)
    again = balancing(units[:, None] * matrix / units) * units
    spread = np.log2(again / balancing(matrix))
    assert np.ptp(spread) <= 2


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1e300])
def test_no_scale_is_an_error(form, scale):
    weights = np.random.default_rng(1).uniform(0.5, 1, (3, 3)) * scale
    found = certify(weights, form, euler_step=0.1)
    assert found.certificate.holds()
    names = [attempt.name for attempt in found.attempts]
    assert len(names) == len(set(names))
