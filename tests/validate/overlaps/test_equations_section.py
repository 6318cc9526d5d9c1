"""The section on the equations at another seed than the command's own: checks pass, figures hold its numbers."""

import numpy as np

from validate.overlaps import equations
from validate.overlaps.equations import figures
from validate.overlaps.overlap_roles import ROLES
from validate.overlaps.settings import QUICK, Config
from validate.progress import Progress
from validate.report import Report


def test_checks_and_figures() -> None:
    config = Config(effort=QUICK, seed=1)
    report = Report("overlaps", config)
    results = equations.checks(config, report, Progress())
    failed = [check.name for check in report.checks if check.asserted and not check.passed]
    assert failed == []
    assert sum(check.asserted for check in report.checks) == 16
    roles, pairs = figures(config, results)
    assert roles.data["linear"].shape == roles.data["erf"].shape == (16, 10)
    labels = [label for label, _ in ROLES]
    nothing_frozen = [labels[code] for code in roles.data["linear"][0]]
    assert nothing_frozen.count("visible, moving") == 4
    assert nothing_frozen.count("invisible, moving, felt by learning") == 6
    np.testing.assert_array_equal(pairs.data["parting_along_A"], results.parting.unobservable)
    assert np.all(results.parting.observable > 100 * results.parting.unobservable)
