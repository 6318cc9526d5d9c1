"""What the theory says before anything is searched or simulated: Theorems 6 and 7, on networks of two neurons."""

import mpmath

from theory.contraction import theorems
from validate.contraction.settings import Config
from validate.progress import Progress
from validate.report import Report


def checks(config: Config, report: Report, progress: Progress) -> None:
    """Record, exactly: W = [[0, -c], [c, 0]] is that of Theorem 7."""
    zero, one = (theorems.rotation.quadratic_rate(c) for c in (0, 1))
    report.quantity("quadratic_threshold", float(zero / (zero - one)), "c from which no quadratic metric works")
    star = mpmath.nstr(theorems.rotation.threshold(30), 30)
    report.quantity("switching_threshold", star, "c up to which it contracts")
    growth = theorems.slow_slopes.printed_counterexample().growth()
    largest = max(growth.eigenvals())
    report.quantity("theorem_six_growth", float(largest), "where Theorem 6 as printed says: decay")
