"""Where networks stand still at a constant input: every fixed point, with proof, and whether any is missing.

    python -m validate.universality

holds the search and its proofs against networks whose fixed points are known, trains populations on the tasks of
Maheswaranathan et al. (2019), and says of each claim of theirs what was measured. A network of your own, trained
wherever:

    python -m validate.universality --network FILE

`python -m validate.universality --help` lists the options with their units.
"""

from validate.interruption import stop_without_a_word

if __name__ == "__main__":
    stop_without_a_word()

from validate.command import Command, Mode, Plan, Section, use_jax, use_jax_briefly
from validate.universality.settings import Config
from validate.universality.user_run import network_plan
from validate.universality.user_settings import NetworkConfig

SECTIONS = (
    Section("Universality in closed form", "validate.universality.at_once", at_once=True),
    Section("Networks whose fixed points are known", "validate.universality.known_points"),
    Section("Networks whose transition graphs are known", "validate.universality.known_graphs"),
    Section("Networks of low rank, and their latent equations", "validate.universality.low_rank"),
    Section("How the points of a flip-flop appear as it learns", "validate.universality.appearing"),
    Section("Flip-flop: points, graphs and representations (Fig. 1)", "validate.universality.flip_flop"),
    Section("Sines: points and frequencies at each command (Fig. 2)", "validate.universality.sine"),
    Section("Integration: lines of points, and the modes that integrate (Fig. 3)", "validate.universality.integration"),
)


def _built_in(config: Config) -> Plan:
    """Small networks are trained in less time than it takes to compile what trains them."""
    return Plan(config, SECTIONS, use_jax_briefly if config.small else use_jax)


COMMAND = Command(
    name="universality",
    title="Universality",
    summary="Where networks stand still at a constant input: fixed points with proof, and whether any is missing.",
    example="python -m validate.universality --network rnn.pt --out results",
    modes=(Mode(Config, _built_in), Mode(NetworkConfig, network_plan, chosen_by=("--network",))),
)

if __name__ == "__main__":
    COMMAND.run()
