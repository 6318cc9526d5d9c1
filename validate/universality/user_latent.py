"""A user's network of low rank in its latent variables: points, how far basins reach, and the phase portrait of two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from simulate.latent import (
    BasinBoundary,
    LatentPortrait,
    LatentVelocity,
    basin_boundary,
    latent_portrait,
    map_portrait,
    settle,
)
from simulate.latent.map_portrait import settle_in_steps
from simulate.measures.fixed_points.find import FixedPoints
from theory.universality import Factored, LatentFlow, SearchLimits
from validate.arrays import Real
from validate.options import listed
from validate.output import Plot
from validate.report import Report
from validate.universality.ball_maps import drive_of
from validate.universality.latent_figure import drawn_portraits
from validate.universality.user_cell import AskedNetwork

HIGHEST = 3
"""Latent variables in which basins are looked at."""
ROUNDED = 2.0**-16
"""Singular values below that part of the largest are what single precision leaves of zero, or less."""
RAYS, BASINS = 32, 8
"""Rays from a stable point, and stable points whose basins are told."""
WIDER = 1.3
"""Than all that is attracting, the square of a portrait."""
AROUND, LONG = 32, 100.0
"""States from which it is seen what is attracting, and for how many time constants they are followed."""


@dataclass(frozen=True, eq=False)
class LatentOfCondition:
    """A network of low rank at one constant input: kappa at its points, and, of a flow, what bounds basins.

    `rest` is what is left out of the weights, to a unit at most; `stable` are places among the points, `boundaries`
    those of their basins; `portrait` is of two variables. Of a flow `moving` is how many of so many states around come
    to no stable point; `circles`: there is a cycle, if these are all points.
    """

    rest: float
    points: Float[np.ndarray, "points rank"]
    stable: tuple[int, ...]
    boundaries: tuple[BasinBoundary, ...]
    portrait: LatentPortrait | None
    moving: int = 0
    circles: bool = False


@dataclass(frozen=True, eq=False)
class NearProduct:
    """M and N, and what W has besides M N^T: so much to a unit at most, and zero if it is a double's rounding."""

    factors: Factored
    rest: float


def low_rank_of(weights: Mapping[str, Real]) -> NearProduct | None:
    """M and N as the file has them, or of a square W whose other singular values are rounding; None of a high rank."""
    if "M" in weights:
        given = Factored(weights["M"], weights["N"])
        return NearProduct(given, 0.0) if given.rank <= SearchLimits().rank else None
    W = np.asarray(weights["W"], dtype=np.float64)
    if W.shape[0] != W.shape[1] or not W.any():
        return None
    left, values, right = np.linalg.svd(W)
    for least in (len(W) * np.finfo(float).eps, ROUNDED):
        rank = int((values > least * values[0]).sum())
        if rank <= min(HIGHEST, len(W) - 1):
            M, N = left[:, :rank] * values[:rank], right[:rank].T
            rest = float(np.abs(W - M @ N.T).sum(axis=1).max()) if least == ROUNDED else 0.0
            return NearProduct(Factored(M, N), rest)
    return None


def latent_at(
    network: AskedNetwork, low: NearProduct | None, found: FixedPoints, inputs: Float[np.ndarray, " inputs"]
) -> LatentOfCondition | None:
    """At these points; None of other networks than those of low rank, with tanh, and one block of weights."""
    if low is None or len(low.factors.M) != network.cell.W.shape[0] or network.cell.phi.name != "tanh":
        return None
    factors = low.factors
    active = np.tanh(found.points) if network.leaks else found.points
    points = active @ factors.N
    if factors.rank > HIGHEST:
        return LatentOfCondition(low.rest, points, (), (), None)
    flow = LatentFlow(factors, drive_of(network.cell, inputs))
    velocity = LatentVelocity(jnp.asarray(factors.M), jnp.asarray(factors.N), jnp.asarray(flow.drive))
    starts = np.random.default_rng(0).uniform(-flow.bound, flow.bound, (AROUND, flow.rank))
    if not network.flow:
        seen = np.concatenate([points, settle_in_steps(velocity, points, starts, step=network.step).ends])
        reach = WIDER * float(np.abs(seen).max())
        drawn = map_portrait(velocity, points, reach=reach, step=network.step) if flow.rank == 2 else None
        return LatentOfCondition(low.rest, points, (), (), drawn)
    unstable = flow.unstable_dimensions(points)
    stable = np.flatnonzero(unstable == 0)
    settled = settle(velocity, points[stable], starts, longest=LONG)
    reach = WIDER * float(np.abs(np.concatenate([points, settled.ends])).max())
    boundaries = tuple(
        basin_boundary(velocity, points[stable], k, reach=2 * reach, rays=RAYS)
        for k in range(min(len(stable), BASINS) if len(stable) > 1 else 0)
    )
    portrait = latent_portrait(velocity, points, reach=reach) if flow.rank == 2 else None
    moving = int((settled.nodes < 0).sum())
    circles = flow.rank == 2 and len(points) > 0 and bool((unstable == 2).all())  # bounded, and no point holds it
    return LatentOfCondition(low.rest, points, tuple(stable.tolist()), boundaries, portrait, moving, circles)


def report_latent(latent: LatentOfCondition | None, mark: str, report: Report) -> None:
    """What comes to no point; how far each stable point is from the boundary of its basin, and what is beyond it."""
    if latent is None:
        return
    rank = latent.points.shape[1]
    left = f", but for weights that give a unit {latent.rest:.1g} at most" if latent.rest else ""
    report.finding(f"rank{mark}", rank, "", f"latent variables decide; all other directions decay{left}")
    if latent.moving:
        cycle = "two variables, and all directions lead away from what stands still: if that is all, there is a cycle"
        kind = cycle if latent.circles else "they go round, or creep, or rest on what bounds basins"
        text = f"of {AROUND} states around come to no stable point in {LONG:g} time constants: {kind}"
        report.finding(f"moving{mark}", latent.moving, "", text)
    for boundary in latent.boundaries:
        others = sorted({latent.stable[k] + 1 for k in boundary.beyond[np.isfinite(boundary.distances)] if k >= 0})
        met = np.isfinite(boundary.distances).sum()
        beyond = f"; beyond are basins of points {listed(map(str, others))}" if others else ""
        report.finding(
            f"basin_of_point{mark}_{latent.stable[boundary.node] + 1}",
            boundary.nearest if met else "not met",
            "of kappa",
            f"to the end of its basin, nearest of the {met} of {RAYS} rays that leave it{beyond}",
        )


def latent_quantities(latents: Sequence[LatentOfCondition | None]) -> dict[str, list[object]]:
    """What the JSON has of them, a list by condition; nothing of networks that are of no low rank."""
    if all(each is None for each in latents):
        return {}
    return {
        "latent_points": [None if each is None else each.points for each in latents],
        "basin_distances": [
            None if each is None else [b.nearest if np.isfinite(b.nearest) else None for b in each.boundaries]
            for each in latents
        ],
    }


def drawn_latent(latents: Sequence[LatentOfCondition | None]) -> tuple[Plot, ...]:
    """The portraits of networks of rank two."""
    shown = [(k, each.portrait) for k, each in enumerate(latents) if each is not None and each.portrait is not None]
    titles = tuple(f"condition {k + 1}" if len(latents) > 1 else "" for k, _ in shown)
    return drawn_portraits(tuple(portrait for _, portrait in shown), titles)
