"""The ghost mechanism: a plateau, a sudden drop and a point of no return, predicted and measured.

    python -m validate.ghost --T 100

runs the toy model, its training map and a population of trained networks, and prints predictions beside
measurements. `python -m validate.ghost --help` lists the options with their units.
"""

from validate.interruption import stop_without_a_word

if __name__ == "__main__":
    stop_without_a_word()

from validate.command import Command, Section, built_in
from validate.ghost.settings import Config

SECTIONS = (
    Section("The ghost mechanism in closed form", "validate.ghost.at_once", at_once=True),
    Section("The toy model", "validate.ghost.toy_model"),
    Section("The training map", "validate.ghost.training_map"),
    Section("The learning rate asked for", "validate.ghost.asked_rate"),
    Section("The threshold and confidence asked for", "validate.ghost.asked_output"),
    Section("A population of rank-one networks (Fig. 4)", "validate.ghost.population"),
    Section("The latent flow along training (Fig. 3)", "validate.ghost.along_training"),
    Section("The latent circuit and its delay", "validate.ghost.circuits"),
    Section("The critical rate of every network", "validate.ghost.crossing"),
    Section("Learning rates and ranks (Figs. S1, S2)", "validate.ghost.sweeps"),
)

COMMAND = Command(
    name="ghost",
    title="The ghost mechanism",
    summary="Predictions of the ghost mechanism beside measurements: toy model, training map, trained networks.",
    example="python -m validate.ghost --T 100 --learning-rate 5e-10 --out results",
    modes=(built_in(Config, SECTIONS),),
)

if __name__ == "__main__":
    COMMAND.run()
