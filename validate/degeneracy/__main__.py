"""How differently networks end that were trained alike: behaviour, dynamics and weights, each beside its null.

    python -m validate.degeneracy

trains populations along the four factors of Huang et al. (complexity, feature learning, width, regularisation), and
says of each published arrow whether it is seen, and whether the null does the same. Then distances of low-rank networks
are held to what their overlaps foretell. Networks of your own, trained wherever, are compared by

    python -m validate.degeneracy --population FILE FILE ...

and how far apart low-rank networks will end that learn a task of yours from rows of a given covariance is predicted by

    python -m validate.degeneracy --task FILE.npz --sigma FILE --neurons N

`python -m validate.degeneracy --help` lists the options with their units.
"""

from validate.interruption import stop_without_a_word

if __name__ == "__main__":
    stop_without_a_word()

from validate.command import Command, Mode, Plan, Section
from validate.degeneracy.settings import Config
from validate.degeneracy.task_run import task_plan
from validate.degeneracy.user_run import population_plan
from validate.degeneracy.user_settings import DispersionConfig, PopulationConfig

TRAINED = (
    Section("One population, and what its distances are to be held against", "validate.degeneracy.one_population"),
    Section("Complexity: channels (Fig. 3)", "validate.degeneracy.channels"),
    Section("Complexity: memory demand and an auxiliary output (Fig. 4)", "validate.degeneracy.demands"),
    Section("Feature learning (Fig. 6)", "validate.degeneracy.richness"),
    Section("Width (Fig. 7)", "validate.degeneracy.width"),
    Section("Regularisation (Fig. 8)", "validate.degeneracy.regularisation"),
)
PREDICTED = (
    Section("Predicted from overlaps: spreads", "validate.degeneracy.predicted_spreads"),
    Section("Predicted from overlaps: starts on a saddle", "validate.degeneracy.predicted_saddles"),
    Section("Predicted from overlaps: weights up to permutations", "validate.degeneracy.predicted_weights"),
    Section("Predicted from overlaps: dynamics", "validate.degeneracy.predicted_dynamics"),
    Section("Predicted from overlaps: nonlinear networks", "validate.degeneracy.predicted_nonlinear"),
    Section("Predicted from overlaps: the arrows of Table 1", "validate.degeneracy.predicted_table"),
)
CLOSED_FORM = Section("Degeneracy in closed form", "validate.degeneracy.at_once", at_once=True)
SECTIONS = (CLOSED_FORM, *TRAINED, *PREDICTED)
AHEAD = Section("What is left to train", "validate.degeneracy.ahead", given=tuple(each.module for each in TRAINED))


def plan(config: Config) -> Plan:
    """The sections; before a run of days, how long it will take."""
    return Plan(config, (AHEAD, *SECTIONS) if config.effort.full_length else SECTIONS)


COMMAND = Command(
    name="degeneracy",
    title="Degeneracy",
    summary="How differently networks end that were trained alike: published trends beside measured ones and nulls.",
    example="python -m validate.degeneracy --quick --out results",
    modes=(
        Mode(Config, plan),
        Mode(PopulationConfig, population_plan, chosen_by=("--population",)),
        Mode(DispersionConfig, task_plan, chosen_by=("--task",)),
    ),
)

if __name__ == "__main__":
    COMMAND.run()
