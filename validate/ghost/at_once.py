"""What the theory says of the settings before anything is simulated: landmarks, and how learning at the rate ends."""

from theory.ghost import ToyModel, captured_fraction, error_floor, failure_ratio, plateau_length
from validate.ghost.settings import START, Config
from validate.progress import Progress
from validate.report import Report


def checks(config: Config, report: Report, progress: Progress) -> None:
    """Record, in the limit of a confident output."""
    model = ToyModel(config.delay)
    ratio = config.learning_rate / model.critical_learning_rate
    report.quantity("optimal_r", model.optimal_r, "1 / time; at it the loss is zero")
    report.quantity("point_of_no_return", model.point_of_no_return, "1 / time; below it the loss is flat")
    report.quantity("critical_learning_rate", model.critical_learning_rate, "time^-5; up to it none can fail")
    report.quantity("failure_ratio", float(failure_ratio()), "critical rates; past it almost all fail")
    report.quantity("rate_ratio", ratio, "critical rates; the one asked for")
    record_ending(config, report, ratio)


def record_ending(config: Config, report: Report, ratio: float) -> None:
    """What the theory predicts for the user's learning rate, `ratio` times the critical one."""
    floor, captured = error_floor(ratio), captured_fraction(ratio)
    report.quantity("plateau_epochs", plateau_length(START, ratio).epochs, f"until it learns, from {START:g} optimal r")
    report.quantity("captured_fraction", captured.value, "of random starts, lost for good")
    report.quantity("captured_fraction_bound", captured.error_bound, "how far off that may be")
    error = None if floor.value is None else floor.value * config.delay
    report.quantity("error_floor", error, "time; mean loss in the end")
    report.quantity("error_floor_bound", None if floor.error_bound is None else floor.error_bound * config.delay)
    report.quantity("error_floor_from", floor.outcome.value)
    report.quantity("cycle_word", floor.word, "below (L) and above (R) the optimum in turn")
