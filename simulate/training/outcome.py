"""How the training of a network ended."""

from simulate.outcome import Outcome


class TrainingOutcome(Outcome):
    """How the training of one network ended; the sentence says what to do about it.

    >>> TrainingOutcome(0).name
    'completed'
    """

    completed = 0, "trained to the last epoch"
    converged = 1, "its loss stayed at or below the threshold, and training stopped there"
    not_converged = 2, "its loss did not reach the threshold: allow more epochs, or try another learning rate"
    diverged = 3, "loss, gradient or what is observed stopped being finite numbers: lower the learning rate"
    out_of_time = 4, "stopped when its time was over: allow more, or run again with the same checkpoint to go on"
    interrupted = 5, "stopped before the last epoch: run again with the same checkpoint to go on"
