"""Learning in overlap space: the equations of a low-rank network's overlaps against networks of N neurons.

    python -m validate.overlaps

runs the built-in checks: equations, invariants, linear and nonlinear networks, memory. On a task of your own,

    python -m validate.overlaps --task FILE.npz --nonlinearity erf --out DIR

trains the overlaps alone, infinitely many neurons and a network of N neurons side by side; with `--network FILE.npz`
it tells the overlaps of a network you trained, which may be written as published ones are (`--convention`).
`python -m validate.overlaps --help` lists the options with their units.
"""

from validate.interruption import stop_without_a_word

if __name__ == "__main__":
    stop_without_a_word()

from validate.command import Command, Mode, Section, built_in
from validate.overlaps.settings import Config, UserConfig
from validate.overlaps.user_run import own_plan

SECTIONS = (
    Section("Learning in overlap space in closed form", "validate.overlaps.at_once", at_once=True),
    Section("The equations", "validate.overlaps.equations"),
    Section("Invariants", "validate.overlaps.invariants"),
    Section("Closed forms", "validate.overlaps.closed_forms"),
    Section("Plateaus", "validate.overlaps.plateaus"),
    Section("Linear networks", "validate.overlaps.linear"),
    Section("The damped oscillator", "validate.overlaps.oscillator"),
    Section("Nonlinear networks: three levels", "validate.overlaps.nonlinear"),
    Section("Where the Gaussian closure errs", "validate.overlaps.closure_bias"),
    Section("When closure and truth part, and a forecast", "validate.overlaps.closure_divergence"),
    Section("The error budget", "validate.overlaps.error_budget"),
    Section("Flip-flop", "validate.overlaps.flip_flop"),
    Section("Learning as a probe of hidden overlaps", "validate.overlaps.probes"),
    Section("Memory", "validate.overlaps.memory"),
    Section("Twin memory", "validate.overlaps.twins"),
    Section("Adam, the control", "validate.overlaps.adam"),
)

COMMAND = Command(
    name="overlaps",
    title="Learning in overlap space",
    summary=(
        "Learning in overlap space: built-in checks, or findings on a task and a network of your own. A training "
        "writes trajectory.npz into --out: before each epoch and after the last, LEVEL_loss and LEVEL_sigma (d x d), "
        "whose columns are named in columns."
    ),
    example="python -m validate.overlaps --task task.npz --nonlinearity erf --rank 2 --out results",
    modes=(built_in(Config, SECTIONS), Mode(UserConfig, own_plan, chosen_by=("--task", "--network"))),
)

if __name__ == "__main__":
    COMMAND.run()
