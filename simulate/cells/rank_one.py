"""Networks of rank one, the neurons of the ghost mechanism, and the latent variable that decides all they do."""

from functools import partial
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from simulate.cells.cell import Cell
from simulate.cells.symmetry import Monomial, Symmetry
from simulate.tasks.task import Batch, Outputs

State = Float[Array, " neurons"]
Vector = Float[Array, " neurons"]
Scalar = Float[Array, ""]
Path = Float[Array, " steps"]
Sums = tuple[Vector, Vector, Vector]
Loop = tuple[Vector, Vector, Vector]
"""m, n and b."""
Kept = tuple[Loop, Path, Path]

BLOCK = 8
"""Steps of the adjoint whose rates are computed at once."""


class RankOne(Cell):
    """tau x' = -x + tanh(m (n.x) + b) (Dinc et al., equation 3 with W = m n^T), read as sigmoid(c (n.x - threshold)).

    m, n and b learn. Confidence c, threshold and the activity at which all neurons `start` do not. There is no input. A
    step costs O(N). Outputs follow from the latent variable kappa = n.x alone: from any state it obeys
    kappa <- (1 - D) kappa + D n.tanh(m kappa + b), D = dt / tau (equation 4, for the Euler map).

    >>> import jax.numpy as jnp
    >>> cell = RankOne(m=jnp.ones(4), n=jnp.ones(4) / 2, b=jnp.zeros(4))
    >>> round(float(cell.latent(jnp.full(4, 0.25))), 3)
    0.5
    """

    fixed: ClassVar[tuple[str, ...]] = ("confidence", "threshold", "start")

    m: Float[Array, "*networks neurons"]
    n: Float[Array, "*networks neurons"]
    b: Float[Array, "*networks neurons"]
    confidence: float | Float[Array, "*networks"] = 10.0
    threshold: float | Float[Array, "*networks"] = 1.0
    start: float | Float[Array, "*networks"] = -0.3

    def initial_state(self) -> State:
        """Every neuron at the same activity."""
        return jnp.full_like(self.b, self.start)

    def latent(self, state: State) -> Scalar:
        """kappa = n.x, all that the neurons tell one another and the readout."""
        return self.n @ state

    def step(self, state: State, inputs: Float[Array, " inputs"], dt: float) -> State:
        """x <- (1 - D) x + D tanh(m (n.x) + b) (equation 17)."""
        return (1 - dt) * state + dt * jnp.tanh(self.m * self.latent(state) + self.b)

    def read(self, state: State) -> Float[Array, " 1"]:
        """sigmoid(c (n.x - threshold))."""
        return self.read_latent(self.latent(state))[None]

    def read_latent(self, kappa: Float[Array, "*steps"]) -> Float[Array, "*steps"]:
        """The output at given values of the latent variable."""
        return jax.nn.sigmoid(self.confidence * (kappa - self.threshold))

    def outputs(self, batch: Batch) -> Outputs:
        """The outputs of each trial, all alike, through kappa alone; the adjoint is written by hand."""
        trials, steps, _ = batch.inputs.shape
        kappa = latent_path(steps, batch.dt, (self.m, self.n, self.b), self.start * jnp.sum(self.n))
        read = self.read_latent(kappa)[steps - batch.targets.shape[1] :]
        return jnp.broadcast_to(read[None, :, None], (trials, len(read), 1))

    @property
    def symmetry(self) -> Symmetry:
        """Permutations alone: all neurons start at one activity."""
        return Symmetry(self.b.shape[-1], signs=False, scales=False)

    def transformed(self, element: Monomial) -> "RankOne":
        """The network of transformed neurons."""
        m, n, b = element.rows(self.m), element.columns(self.n), element.rows(self.b)
        return RankOne(m, n, b, self.confidence, self.threshold, self.start)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def latent_path(steps: int, dt: float, loop: Loop, start: Scalar) -> Path:
    """kappa after each of `steps` Euler steps of size `dt` (in units of tau) from kappa = `start`."""
    return _forward(steps, dt, loop, start)[0]


def _forward(steps: int, dt: float, loop: Loop, start: Scalar) -> tuple[Path, Kept]:
    """The path; kept for the adjoint: m, n, b, and kappa and d kappa_(t+1) / d kappa_t before each step."""
    m, n, b = loop
    product = m * n

    def advance(kappa: Scalar, _: None) -> tuple[Scalar, tuple[Scalar, Scalar]]:
        rate = jnp.tanh(m * kappa + b)
        after = (1 - dt) * kappa + dt * jnp.sum(n * rate)
        return after, (after, jnp.sum(product * rate * rate))

    path, bend = jax.lax.scan(advance, start, length=steps, unroll=steps)[1]
    slopes = (1 - dt) + dt * (jnp.sum(product) - bend)
    return path, (loop, jnp.concatenate([start[None], path[:-1]]), slopes)


def _backward(steps: int, dt: float, kept: Kept, path_gradient: Path) -> tuple[Loop, Scalar]:
    """First lambda_t = dL/dkappa_t + lambda_(t+1) d kappa_(t+1) / d kappa_t back in time, then sums over time.

    With w_t = D lambda_(t+1), the gradients are n sum w kappa (1 - h^2), sum w h and n sum w (1 - h^2).
    The rates h are computed again: eight steps at once need less time than fetching stored ones from memory.
    """
    (m, n, b), kappas, slopes = kept

    def retreat(adjoint: Scalar, now: tuple[Scalar, Scalar]) -> tuple[Scalar, Scalar]:
        adjoint = adjoint + now[0]
        return adjoint * now[1], dt * adjoint

    adjoint, weights = jax.lax.scan(retreat, jnp.zeros_like(kappas[0]), (path_gradient, slopes), reverse=True)

    def gather(sums: Sums, block: tuple[Array, Array, Array]) -> tuple[Sums, None]:
        with_rate, with_square, with_kappa_square = sums
        kappa, weight, weight_kappa = block
        rates = jnp.tanh(m * kappa[:, None] + b)
        for i, rate in enumerate(rates):
            square = rate * rate
            with_rate += weight[i] * rate
            with_square += weight[i] * square
            with_kappa_square += weight_kappa[i] * square
        return (with_rate, with_square, with_kappa_square), None

    zeros = jnp.zeros_like(n)
    along = jax.tree.map(_blocks, (kappas, weights, weights * kappas))
    sums, _ = jax.lax.scan(gather, (zeros, zeros, zeros), along)
    with_rate, with_square, with_kappa_square = sums
    by_b = jnp.sum(weights) - with_square
    by_m = jnp.sum(weights * kappas) - with_kappa_square
    return (n * by_m, with_rate, n * by_b), adjoint


def _blocks(along: Path) -> Float[Array, "blocks block"]:
    """Some steps to a block, the last one filled up with zeros, which add nothing to a weighted sum."""
    return jnp.pad(along, (0, -len(along) % BLOCK)).reshape(-1, BLOCK)


latent_path.defvjp(_forward, _backward)
