"""What the theory says before anything is trained: how many numbers learning cannot change, how many stay hidden."""

from theory.overlaps import ERF, Shape
from theory.overlaps.conserved.counting import count_by_formula
from theory.overlaps.conserved.symmetries import Response
from validate.overlaps.settings import Config
from validate.progress import Progress
from validate.report import Report


def checks(config: Config, report: Report, progress: Progress) -> None:
    """Count, by the formulas that the section on invariants holds against ranks of differentials."""
    one, two = (count_by_formula(Shape(rank=rank), Response.linear) for rank in (1, 2))
    report.quantity("overlaps", one.overlaps, "numbers that tell all of learning at rank one")
    report.quantity("function", one.function, "of them what a linear network computes")
    report.quantity("invariants", one.invariants, "numbers that learning cannot change (linear)")
    report.quantity("hidden", one.hidden, "directions that neither shows (linear)")
    report.quantity("invariants_of_rank_two", two.invariants, f"of {two.overlaps} overlaps (linear)")
    report.quantity("hidden_of_rank_two", two.hidden, "directions that neither shows (linear)")
    report.quantity(
        "invariants_of_erf", count_by_formula(Shape(), Response.of(ERF)).invariants, "rank one, Gaussian rows"
    )
