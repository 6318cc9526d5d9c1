"""What the theory says before anything is trained: how many numbers learning cannot change, how many stay hidden."""

from theory.overlaps import ERF, LINEAR, Shape, count_invariants
from theory.overlaps.conserved.counting import count_by_formula
from theory.overlaps.conserved.symmetries import Response
from validate.overlaps.settings import Config
from validate.progress import Progress
from validate.report import Report


def checks(config: Config, report: Report, progress: Progress) -> None:
    """Count, in exact arithmetic."""
    one, two = count_invariants(Shape(), LINEAR), count_by_formula(Shape(rank=2), Response.linear)
    report.quantity("overlaps", one.overlaps, "numbers that tell all of learning, rank one, any size")
    report.quantity("function", one.function, "of them what a linear network computes")
    report.quantity("invariants", one.invariants, "numbers that learning cannot change (linear)")
    report.quantity("hidden", one.hidden, "directions that neither shows (linear)")
    report.quantity("invariants_of_rank_two", two.invariants, f"of {two.overlaps} overlaps (linear)")
    report.quantity("hidden_of_rank_two", two.hidden, "directions that neither shows (linear)")
    report.quantity("invariants_of_erf", count_invariants(Shape(), ERF).invariants, "rank one, Gaussian rows")
