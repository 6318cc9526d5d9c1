"""What learning rules make of the invariants of real networks: exact laws of a step, and drifts over runs."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Float, Key

from simulate.cells.low_rank import Connectivity, LowRank
from simulate.cells.nonlinearity import Nonlinearity
from simulate.overlaps.draw import network_of
from simulate.training.rule import GradientDescent
from theory.overlaps.conserved.broken import modified_blocks, step_adds, step_keeps
from theory.overlaps.conserved.invariants import conserved_matrices, schur_complement
from theory.overlaps.equations.gram import GramEquations
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.visible import visible_overlaps
from theory.overlaps.gaussian import LINEAR
from validate.overlaps.level_set import BEGINNING, SIGNATURE, task
from validate.overlaps.weight_paths import follow, follow_adam

NEURONS = 12
SPAN = BEGINNING[-1]
"""Rate times epochs of every run."""
RATES = np.array([4e-3, 2e-3, 1e-3])
EPOCHS = round(SPAN / RATES.min())
MOMENTUM = 0.5
BLOCK_RATES = (0.5, 2.0, 1.0, 1.5)

Weights = Float[np.ndarray, "rates epochs neurons d"]


@dataclass(frozen=True)
class Runs:
    """Runs of one network under one rule at each of RATES: theta and the velocity w at every epoch."""

    theta: Weights
    velocity: Weights

    @property
    def sigma(self) -> Float[np.ndarray, "rates epochs d d"]:
        """The overlaps."""
        return np.swapaxes(self.theta, -1, -2) @ self.theta / self.theta.shape[-2]

    def moved(self, quantities: Float[np.ndarray, "rates epochs quantities"]) -> Float[np.ndarray, "quantities rates"]:
        """How far quantities, given at all epochs, are from their start after SPAN."""
        ends = np.round(SPAN / RATES).astype(int)
        return np.stack([np.abs(quantities[k, end] - quantities[k, 0]) for k, end in enumerate(ends)], axis=-1)

    def strayed(
        self, quantities: Float[np.ndarray, "rates epochs quantities"]
    ) -> Float[np.ndarray, "quantities rates"]:
        """How far at most they are from their start within SPAN: drifts have no sign of their own and may turn back."""
        ends = np.round(SPAN / RATES).astype(int)
        paths = [quantities[k, : end + 1] - quantities[k, 0] for k, end in enumerate(ends)]
        return np.stack([np.abs(path).max(axis=0) for path in paths], axis=-1)


def order(moved: Float[np.ndarray, "*quantities rates"]) -> Float[np.ndarray, "*quantities"]:
    """The exponent of the rate, from the two lowest."""
    return np.log2(moved[..., -2] / moved[..., -1])


def normal_network(
    key: Key[jax.Array, ""], shape: Shape, nonlinearity: Nonlinearity, neurons: int = NEURONS
) -> LowRank:
    """A network of normal weights."""
    return network_of(0.8 * jax.random.normal(key, (neurons, shape.size)), shape.counts, nonlinearity)


def train_at_every_rate(network: LowRank, rule: GradientDescent) -> Runs:
    """Train at every rate; `rule` has the rate 1, and its weight decay is relative to the rate."""
    momentum, decay, relative = rule.momentum or 0.0, rule.weight_decay or 0.0, rule.block_rates or (1.0, 1.0, 1.0, 1.0)
    full = GradientDescent(rule.rate, momentum, decay, None, relative)
    numbers: GradientDescent = jax.tree.map(jnp.asarray, full)  # no constants: one program serves all rules
    theta = _theta(follow(network, task(), numbers, jnp.asarray(RATES), EPOCHS))
    velocity = np.zeros_like(theta)
    velocity[:, 1:] = theta[:, 1:] - (1 - RATES[:, None, None, None] * decay) * theta[:, :-1]
    return Runs(theta, velocity)


def train_with_adam(network: LowRank) -> Runs:
    """Train at every rate by Adam, which has no velocity in this sense."""
    theta = np.stack([_theta(follow_adam(network, task(), jnp.asarray(rate), EPOCHS)) for rate in RATES])
    return Runs(theta, np.zeros_like(theta))


def conserved(shape: Shape, block_rates: tuple[float, float, float, float]) -> Float[np.ndarray, "d d"]:
    """B of a linear network with these block rates, scaled to 1 / Lambda_m in its first entry."""
    learning = GramEquations(shape, visible_overlaps(shape, LINEAR), block_rates)
    (matrix,) = conserved_matrices(learning.gradient_matrix, learning.rate_matrix.applyfunc(sp.nsimplify))
    return np.array(matrix, dtype=float) / block_rates[0]


def law_residual(runs: Runs, shape: Shape, rule: GradientDescent) -> float:
    """The largest |K~ after a step - what the law of a rule says of it| of all steps, in units of the largest |K~|."""
    momentum, decay = rule.momentum or 0.0, rule.weight_decay or 0.0
    m, u, v, z = (float(each) for each in rule.block_rates or (1.0, 1.0, 1.0, 1.0))
    matrix = conserved(shape, (m, u, v, z))
    worst, size = 0.0, 0.0
    for rate, theta, velocity in zip(RATES, runs.theta, runs.velocity, strict=True):
        fade = float(rate * decay)
        form = np.block([list(row) for row in modified_blocks(matrix, momentum=momentum, weight_decay=fade)])
        both = np.concatenate([theta, velocity], axis=-1)
        charge = both @ form @ np.swapaxes(both, -1, -2)
        added = [step_adds(matrix, each, momentum=momentum, weight_decay=fade) for each in velocity[1:]]
        worst = max(worst, np.abs(charge[1:] - step_keeps(fade) * charge[:-1] - np.array(added)).max())
        size = max(size, np.abs(charge).max())
    return float(worst / size)


def orthogonal_spectrum(runs: Runs, shape: Shape, block: str) -> Float[np.ndarray, "rates epochs d_trained"]:
    """Eigenvalues of A times the Schur complement of one frozen block, which learning keeps; ascending."""
    fixed = list(shape.columns(block))
    free = [column for column in range(shape.size) if column not in fixed]
    form = sp.lambdify([list(shape.sigma.free_symbols)], schur_complement(shape.sigma, fixed), "numpy")
    names = list(shape.sigma.free_symbols)
    places = {shape.overlap(a, b): (a, b) for a, b in shape.pairs}
    flat = runs.sigma.reshape(-1, shape.size, shape.size)
    inner = np.stack([form([each[places[name]] for name in names]) for each in flat])
    values = np.sort(np.linalg.eigvals(SIGNATURE[np.ix_(free, free)] @ inner).real, axis=-1)
    return values.reshape(*runs.sigma.shape[:2], -1)


def noise_draws(key: Key[jax.Array, ""], network: LowRank, noise: float, draws: int) -> Float[np.ndarray, "draws d d"]:
    """The overlaps after one step of weight noise alone, many times over."""
    still = jax.tree.map(jnp.zeros_like, eqx.filter(network, network.learns()))
    return np.asarray(_noisy(network, still, jnp.asarray(noise), jax.random.split(key, draws)))


@eqx.filter_jit
def _noisy(network: LowRank, gradient: LowRank, noise: jax.Array, keys: jax.Array) -> jax.Array:
    rule = GradientDescent(rate=0.0, noise=noise)
    stepped = jax.vmap(lambda key: rule.step(network, gradient, None, loss=jnp.zeros(()), key=key)[0].sigma())
    return stepped(keys)


def _theta(weights: Connectivity) -> np.ndarray:
    return np.concatenate([np.asarray(getattr(weights, block)) for block in ("m", "u", "v", "z")], axis=-1)
