"""From a network as theory sees it to one that is integrated, and back: the same weights, nothing else shared."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from simulate.cells.nonlinearity import RELU, TANH, Nonlinearity, steepened
from simulate.contraction.form import known_form
from simulate.contraction.inputs import RandomSinusoids, Sinusoids
from simulate.contraction.metric import Dense
from simulate.contraction.network import Assembly, RecurrentNetwork
from simulate.contraction.switching_search import SwitchingSearch
from theory.contraction.assembly.assembly import ExactAssembly
from theory.contraction.exact_matrix import ExactMatrix
from theory.contraction.network import Network
from validate.contraction.settings import QUICK, Config

ROUNDING = 1e-6
"""What errors of the solver (1e-12 of states of order one, over distances of 1e-4, in time 0.1) and of eigenvalues add
to a rate."""
ACTIVATIONS: tuple[Nonlinearity, ...] = (RELU, TANH)


def simulated_network(network: Network, activation: Nonlinearity) -> RecurrentNetwork:
    """The network with one nonlinearity for all, whose largest slope is scaled to that of the network (one for all)."""
    gain = float(network.slopes[0]) / activation.largest_slope
    return RecurrentNetwork(jnp.asarray(network.weights), known_form(network.form), steepened(activation, gain), 1.0)


def simulated_assembly(assembly: ExactAssembly, activation: Nonlinearity) -> Assembly:
    """The assembly with the links that theory gives, rounded to floats."""
    modules = tuple(
        RecurrentNetwork(
            jnp.asarray(member.network.weights.approximate()),
            known_form(member.network.form),
            activation,
            float(member.time_constant),
        )
        for member in assembly.members
    )
    return Assembly(modules, jnp.asarray(assembly.whole_links().approximate()))


def dense_metric(metric: ExactMatrix) -> Dense:
    """A metric to measure distances by."""
    return Dense(jnp.asarray(metric.approximate()))


def random_drives(count: int, units: int, seed: int) -> Sinusoids:
    """Inputs that vary in time, one for each pair of trajectories."""
    return _drawn(jax.random.split(jax.random.key(seed), count), units)


@eqx.filter_jit
def _drawn(keys: Key[Array, " runs"], units: int) -> Sinusoids:
    return jax.vmap(lambda key: RandomSinusoids().draw(key, units))(keys)


def random_starts(count: int, units: int, seed: int) -> tuple[jax.Array, jax.Array]:
    """Two states for each pair of trajectories."""
    first, second = jax.random.split(jax.random.key(seed + 1))
    return 3 * jax.random.normal(first, (count, units)), 3 * jax.random.normal(second, (count, units))


def switching_search(config: Config) -> SwitchingSearch:
    """The adversary among switching laws, as hard as the run's effort allows."""
    if config.effort == QUICK:
        return SwitchingSearch(segments=24, periods=3, restarts=1, rounds=8, refined=1, seed=config.seed)
    return SwitchingSearch(segments=32, periods=6, restarts=2, rounds=20, refined=1, seed=config.seed)
