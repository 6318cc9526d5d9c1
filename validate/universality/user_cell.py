"""The network in a user's file as a cell, what its stability means, and where searches start."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Shaped

from simulate.cells.dense import DenseCell
from simulate.cells.full_rank import FullRank
from simulate.cells.gru import GRU
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import NONLINEARITIES
from simulate.cells.ugrnn import UGRNN
from simulate.cells.vanilla import Vanilla
from simulate.measures.fixed_points.find import FixedPoints
from simulate.measures.fixed_points.static_map import StaticMap
from theory.universality import Factored
from validate.universality.ball_maps import drive_of
from validate.universality.latent_points import ProductCell
from validate.universality.user_run import GivenNetwork
from validate.universality.user_settings import RATE, NetworkConfig

KINDS: dict[str, type[DenseCell]] = {"vanilla": Vanilla, "ugrnn": UGRNN, "gru": GRU, "lstm": LSTM, RATE: FullRank}
BOUNDED = ("tanh",)
"""Nonlinearities that keep states of every cell in a box."""
RUNS, STEPS = 64, 200
"""Runs from random states and their steps, from which states to start a search are drawn."""
FLOW_STEP = 0.1
"""Of the trajectories of a flow that are drawn, in time constants."""


@dataclass(frozen=True)
class AskedNetwork:
    """The map whose zeros of F(h) - h are sought, and what of its eigenvalues makes a direction unstable.

    Of a flow dh/dt = -h + G(h) the map is G, which stands still at the same points; eigenvalues of G' with a real part
    above one are unstable there. Otherwise those beyond the unit circle are. Where there are `factors` M and N of the
    weights, trajectories go through them.
    """

    cell: DenseCell
    flow: bool
    factors: Factored | None = None

    @staticmethod
    def of(given: GivenNetwork, config: NetworkConfig) -> "AskedNetwork":
        """As the file and the options say; what the file lacks is zero, and without V the state is read."""
        weights = given.file.weights
        W = jnp.asarray(weights["W"])
        rows = len(W)
        U = jnp.asarray(weights["U"]) if "U" in weights else jnp.zeros((rows, 0))
        b = jnp.asarray(weights["b"]) if "b" in weights else jnp.zeros(rows)
        V = jnp.asarray(weights["V"]) if "V" in weights else jnp.eye(given.units)
        phi, kind = NONLINEARITIES[config.nonlinearity], KINDS[given.cell]
        c = jnp.asarray(weights["c"]) if "c" in weights else jnp.zeros(len(V))
        if kind is GRU:
            inner = jnp.asarray(weights["d"]) if "d" in weights else None
            return AskedNetwork(GRU(W, U, b, V, c, phi, inner, not config.reset_before), flow=False)
        if kind is FullRank:
            tau = 1.0 if config.tau is None else config.tau
            return AskedNetwork(FullRank(W, U, b, V, c, phi, tau), flow=config.tau is None)
        return AskedNetwork(kind(W, U, b, V, c, phi), flow=False)

    @property
    def bounded(self) -> bool:
        """Whether a box is mapped into itself, so that indices sum to one."""
        return self.cell.phi.name in BOUNDED

    @property
    def step(self) -> float:
        """How far a state goes, in a step, to where it is drawn."""
        return self.cell.tau if isinstance(self.cell, FullRank) else 1.0

    @property
    def leaks(self) -> bool:
        """Whether units send phi of their state, as those of a rate network do."""
        return isinstance(self.cell, FullRank)

    def eigenvalues(self, found: FixedPoints) -> Shaped[np.ndarray, "points size"]:
        """Of each point, those that decide first: of a flow by their real part, of steps by their absolute value."""
        if not self.flow:
            return found.eigenvalues
        values = found.eigenvalues - 1
        return np.take_along_axis(values, np.argsort(-values.real, axis=1, kind="stable"), axis=1)

    def unstable_dimensions(self, found: FixedPoints) -> Int[np.ndarray, " points"]:
        """How many directions lead away from each point."""
        return (found.eigenvalues.real > 1).sum(axis=1) if self.flow else found.unstable_dimensions

    def moving(self, inputs: Float[np.ndarray, " inputs"], flow_step: float = FLOW_STEP) -> StaticMap:
        """The map that trajectories follow: of a flow a short Euler step, with the same fixed points."""
        cell = self.cell
        if self.factors is not None:
            M, N, drive = (jnp.asarray(x) for x in (self.factors.M, self.factors.N, drive_of(cell, inputs)))
            return StaticMap.of(
                ProductCell(M, N, drive, cell, self.leaks, flow_step if self.flow else self.step), inputs
            )
        if self.flow and isinstance(cell, FullRank):
            cell = FullRank(cell.W, cell.U, cell.b, cell.V, cell.c, cell.phi, flow_step)
        return StaticMap.of(cell, inputs)

    def trajectories(
        self, inputs: Float[np.ndarray, " inputs"], begin: Float[np.ndarray, "runs size"], steps: int
    ) -> Float[np.ndarray, "runs times size"]:
        """What the network does from these states at a constant input, the first included."""
        after = _run(self.moving(inputs), jnp.asarray(begin), steps)
        return np.concatenate([begin[:, None], np.asarray(after)], axis=1)

    def starts(self, inputs: Float[np.ndarray, " inputs"], count: int, seed: int) -> Float[np.ndarray, "starts size"]:
        """A third of the starts random, a third visited on the way from random states, a third around these."""
        random = np.random.default_rng(seed)
        size = StaticMap.of(self.cell, inputs).size
        begin = random.normal(size=(RUNS, size))
        visited = self.trajectories(inputs, begin, STEPS).reshape(-1, size)
        visited = visited[np.abs(visited).max(axis=1) < LARGEST]
        drawn = visited[random.integers(len(visited), size=count)]
        spread = max(1.0, float(np.abs(drawn).max()))
        part = np.arange(count) % 3
        around = drawn + drawn.std() * random.normal(size=drawn.shape)
        anywhere = random.uniform(-spread, spread, drawn.shape)
        return np.where((part == 0)[:, None], drawn, np.where((part == 1)[:, None], around, anywhere))


LARGEST = 1e6
"""States beyond are on their way to infinity, and no search starts there."""


@eqx.filter_jit
def _run(step: StaticMap, begin: Float[Array, "runs size"], steps: int) -> Float[Array, "runs steps size"]:
    def advance(states: Array, _: None) -> tuple[Array, Array]:
        states = jax.vmap(step)(states)
        return states, states

    return jnp.swapaxes(jax.lax.scan(advance, begin, length=steps)[1], 0, 1)
