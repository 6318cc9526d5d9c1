"""Points of a user's network of low rank, stepped and linearised through its factors: cheap for thousands of units."""

from dataclasses import dataclass, replace
from functools import cached_property

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int

from simulate.cells.cell import Cell
from simulate.cells.dense import DenseCell
from simulate.measures.fixed_points.descent import iterated
from simulate.measures.fixed_points.find import FixedPoints
from simulate.measures.fixed_points.pull import Pull
from simulate.measures.fixed_points.static_map import StaticMap
from theory.universality import Factored


class ProductCell(Cell):
    """The network with M (N^T h) in place of W h, driven by U x + b: where units leak, by the share `tau` in a step."""

    M: Float[Array, "units rank"]
    N: Float[Array, "units rank"]
    drive: Float[Array, " units"]
    network: DenseCell
    leaks: bool = eqx.field(static=True)
    tau: float = eqx.field(static=True, default=1.0)

    def initial_state(self) -> Float[Array, " units"]:
        """Zero."""
        return jnp.zeros(len(self.M))

    def step(self, state: Float[Array, " units"], inputs: Float[Array, " inputs"], dt: float) -> Float[Array, " units"]:
        """h + tau (-h + M N^T tanh(h) + drive), or tanh(M N^T h + drive)."""
        driven = self.M @ (self.N.T @ (jnp.tanh(state) if self.leaks else state)) + self.drive
        return state + self.tau * (driven - state) if self.leaks else jnp.tanh(driven)

    def read(self, state: Float[Array, " units"]) -> Float[Array, " outputs"]:
        """As the network does."""
        return self.network.read(state)


@dataclass(frozen=True, eq=False)
class LatentPoints(FixedPoints):
    """Fixed points whose Jacobians are known by R x R matrices.

    With D the slopes of tanh, W D = M N^T D has the eigenvalues of N^T D M, with eigenvectors M a, and zeros beside
    them; so has D W, with eigenvectors D M a. 1 - W D has the determinant of 1 - N^T D M. On what is orthogonal to M
    and D N (or to D M and N) F' - 1 is minus one, times the share of a step.
    """

    factors: Factored

    @property
    def _cell(self) -> ProductCell:
        assert isinstance(self.step.network, ProductCell)
        return self.step.network

    @property
    def _slopes(self) -> Float[np.ndarray, "points units"]:
        return self._slopes_at(self.points)

    def _slopes_at(self, states: Float[np.ndarray, "states units"]) -> Float[np.ndarray, "states units"]:
        """D where the network is in these states: a rate network's units take tanh of them, others of what they get."""
        if self._cell.leaks:
            return 1 - np.tanh(states) ** 2
        cell = self._cell
        return 1 - np.tanh(states @ np.asarray(cell.N) @ np.asarray(cell.M).T + np.asarray(cell.drive)) ** 2

    def singular_values_at(self, states: Float[np.ndarray, "states units"]) -> Float[np.ndarray, "states 2"]:
        """The largest and the smallest of F' - 1, out of matrices of 2R x 2R."""
        told = np.ones((len(states), 2))
        for k, steep in enumerate(self._slopes_at(states)):
            values = np.linalg.svd(self._inside(steep)[1], compute_uv=False)
            besides = self._cell.tau if len(values) < len(steep) else values[0]
            told[k] = max(values[0], besides), min(values[-1], besides)
        return told

    def pull_at(self, state: Float[np.ndarray, " units"]) -> Pull | None:
        """F(h) - h, and F' - 1 out of a matrix of 2R x 2R."""
        (before,), (after,) = iterated(self.step, state[None])
        residual = after - before
        (steep,) = self._slopes_at(state[None])
        if not (np.isfinite(residual).all() and np.isfinite(steep).all()):
            return None
        basis, inside = self._inside(steep)
        left, values, right = np.linalg.svd(inside)
        besides = self._cell.tau if len(values) < len(steep) else None
        return Pull(residual, basis @ left, values, basis @ right.T, besides)

    def _inside(self, steep: Float[np.ndarray, " units"]) -> tuple[np.ndarray, np.ndarray]:
        """A basis of what is not orthogonal to M and D N (or D M and N), in columns, and F' - 1 in it."""
        M, N = (np.asarray(each) for each in (self.factors.M, self.factors.N))
        left, right = (M, steep[:, None] * N) if self._cell.leaks else (steep[:, None] * M, N)
        basis = np.linalg.qr(np.concatenate([left, right], axis=1))[0]
        return basis, self._cell.tau * ((basis.T @ left) @ (basis.T @ right).T - np.eye(basis.shape[1]))

    @property
    def latent_jacobians(self) -> Float[np.ndarray, "points rank rank"]:
        """N^T D M at each point."""
        M, N = (np.asarray(each) for each in (self.factors.M, self.factors.N))
        return np.einsum("ur,pu,us->prs", N, self._slopes, M)

    @cached_property
    def modes(self) -> tuple[Complex[np.ndarray, "points rank"], Complex[np.ndarray, "points units rank"]]:
        """Those R that are not of the zeros."""
        values, vectors = (each.astype(complex) for each in np.linalg.eig(self.latent_jacobians))
        M = np.asarray(self.factors.M)
        sent = np.broadcast_to(M, (len(values), *M.shape)) if self._cell.leaks else self._slopes[:, :, None] * M
        return 1 + self._cell.tau * (values - 1), sent @ vectors

    @cached_property
    def eigenvalues(self) -> Complex[np.ndarray, "points units"]:
        """Of the Jacobian at each point, the largest in absolute value first."""
        few = self.modes[0]
        zeros = np.full((len(few), self.step.size - few.shape[1]), 1 - self._cell.tau, dtype=complex)
        found = np.concatenate([few, zeros], axis=1)
        return np.take_along_axis(found, np.argsort(-np.abs(found), axis=1, kind="stable"), axis=1)

    @property
    def indices(self) -> Int[np.ndarray, " points"]:
        """The sign of det(1 - F') at each point."""
        return np.linalg.slogdet(np.eye(self.factors.rank) - self.latent_jacobians)[0].astype(int)

    def in_steps(self, tau: float) -> "LatentPoints":
        """The same points of a flow, under Euler steps of this length."""
        cell = self._cell
        moved = ProductCell(cell.M, cell.N, cell.drive, cell.network, cell.leaks, tau)
        return replace(self, step=StaticMap.of(moved, self.step.inputs))
