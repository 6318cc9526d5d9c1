"""The search in a user's network of low rank: in its few latent variables, whatever the number of units."""

from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.cells.cell import Cell
from simulate.fixed_points import PointSearch, search_points
from simulate.measures.fixed_points.descent import speeds
from simulate.measures.fixed_points.find import FixedPoints, points_from
from simulate.measures.fixed_points.static_map import StaticMap
from theory.universality import Factored, ProvedPoint, latent_map, prove_point
from validate.universality.ball_maps import drive_of
from validate.universality.latent_points import LatentPoints, ProductCell
from validate.universality.user_cell import AskedNetwork
from validate.universality.user_latent import NearProduct


class LatentCell(Cell):
    """kappa <- N^T tanh(M kappa + drive): a cell of R numbers that stands still where the network of all units does."""

    M: Float[Array, "units rank"]
    N: Float[Array, "units rank"]
    drive: Float[Array, " units"]

    def initial_state(self) -> Float[Array, " rank"]:
        """Zero."""
        return jnp.zeros(self.M.shape[1])

    def step(self, state: Float[Array, " rank"], inputs: Float[Array, " inputs"], dt: float) -> Float[Array, " rank"]:
        """N^T tanh(M kappa + drive)."""
        return self.N.T @ jnp.tanh(self.M @ state + self.drive)

    def read(self, state: Float[Array, " rank"]) -> Float[Array, " rank"]:
        """kappa."""
        return state


@dataclass(frozen=True, eq=False)
class LatentSearch:
    """Fixed points of a network at one input, sought and proved as kappa, told as states of all units.

    Columns of M and N are scaled against one another by powers of two, so that |kappa| is about one at most: points
    are told apart by distances that are relative to one. Where the weights are `near` M N^T, and no more, points are
    descended to from those of the product.
    """

    network: AskedNetwork
    factors: Factored
    near: bool
    inputs: Float[np.ndarray, " inputs"]

    @staticmethod
    def of(
        network: AskedNetwork, low: NearProduct | None, inputs: Float[np.ndarray, " inputs"]
    ) -> "LatentSearch | None":
        """None where all units decide: of other networks than those of low rank, one block of weights and tanh."""
        if low is None or network.cell.phi.name != "tanh":
            return None
        factors = low.factors
        if not factors.rank < len(factors.M) == len(network.cell.W):
            return None
        size = np.abs(factors.N).sum(axis=0)
        size = 2.0 ** np.round(np.log2(np.where(size > 0, size, 1.0)))
        return LatentSearch(network, Factored(factors.M * size, factors.N / size), low.rest > 0, inputs)

    @property
    def drive(self) -> Float[np.ndarray, " units"]:
        """U x + b."""
        return drive_of(self.network.cell, self.inputs)

    def kappa(self, states: Float[np.ndarray, "some units"]) -> Float[np.ndarray, "some rank"]:
        """N^T of what units send."""
        return (np.tanh(states) if self.network.leaks else states) @ np.asarray(self.factors.N)

    def states(self, kappa: Float[np.ndarray, "some rank"]) -> Float[np.ndarray, "some units"]:
        """Where all units stand still, if kappa does."""
        driven = kappa @ np.asarray(self.factors.M).T + self.drive
        return driven if self.network.leaks else np.tanh(driven)

    def spread(self, count: int, seed: int) -> Float[np.ndarray, "count units"]:
        """States of kappa drawn where points can be: random states of many units all have nearly one kappa."""
        bound = np.abs(self.factors.N).sum(axis=0)
        return self.states(np.random.default_rng(seed).uniform(-bound, bound, (count, len(bound))))

    def search(self, starts: Float[np.ndarray, "starts units"], *, seed: int) -> PointSearch:
        """From these states."""
        cell = LatentCell(*(jnp.asarray(each) for each in (self.factors.M, self.factors.N, self.drive)))
        search = search_points(cell, self.kappa(starts), np.zeros(0), seed=seed)
        if self.near:
            return replace(search, found=self._of_weights(search.found))
        few, step = search.found, self._step
        points, slow = self.states(few.points), self.states(few.slow)
        speed = speeds(step, points), speeds(step, slow)
        found = LatentPoints(step, points, speed[0], few.hits, slow, speed[1], few.slow_hits, few.lost, self.factors)
        return replace(search, found=found)

    def _of_weights(self, few: FixedPoints) -> FixedPoints:
        """Points of the weights themselves, next to those of the product, with the hits of these."""
        step, near, slow = StaticMap.of(self.network.cell, self.inputs), self.states(few.points), self.states(few.slow)
        found = points_from(step, near)
        gaps = np.linalg.norm(found.points[:, None] - near, axis=2)
        nearest = np.argmin(gaps, axis=0) if len(found.points) else np.zeros(0, dtype=int)
        hits = np.bincount(nearest, weights=few.hits[: len(nearest)], minlength=len(found.points)).astype(int)
        order = np.argsort(-hits, kind="stable")
        return replace(
            found,
            points=found.points[order],
            residuals=found.residuals[order],
            hits=hits[order],
            slow=np.concatenate([slow, found.slow]),
            speeds=np.concatenate([speeds(step, slow), found.speeds]),
            slow_hits=np.concatenate([few.slow_hits, found.slow_hits]),
            lost=few.lost,
        )

    @property
    def _step(self) -> StaticMap:
        M, N, drive = (jnp.asarray(each) for each in (self.factors.M, self.factors.N, self.drive))
        cell = ProductCell(M, N, drive, self.network.cell, self.network.leaks, self.network.step)
        return StaticMap.of(cell, self.inputs)

    def proofs(self, found: FixedPoints) -> list[ProvedPoint | None]:
        """Of each point, as kappa: what the network's Jacobian has besides the latent one's eigenvalues decays."""
        step = latent_map(self.factors, self.drive)
        return [prove_point(step, kappa) for kappa in self.kappa(found.points)]
