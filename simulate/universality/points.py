"""The points of every network of a trained population, as a job of a sweep: found once, and read again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from simulate.cells.dense import DenseCell
from simulate.fixed_points import search_points
from simulate.measures.fixed_points.find import FixedPoints
from simulate.measures.fixed_points.starts import visited_states
from simulate.measures.fixed_points.static_map import StaticMap
from simulate.populations import TrainedPopulation, TrainingCondition, TrainJob, trained_population
from simulate.populations.degeneracy import dense
from simulate.sweep import Job
from simulate.sweep.job import JobProgress
from simulate.universality.graph import TransitionGraph, transition_graph


@dataclass(frozen=True)
class PointsAsked:
    """How the points of a trained network are sought, and whether the graph of them.

    `inputs` are the constant inputs at which they are asked for, a row each. A search at one begins at `starts` states
    that trials of the task visit, with Gaussian noise of `noise` standard deviations on half of them, and goes on for
    at most so many `rounds` until the indices close (`simulate.fixed_points.search_points`). Each point is moved
    `perturbations` times for the transition graph; without any, no graph is made. The `confidence` is that of the
    agreement of both kinds of edges, for each network.

    >>> PointsAsked(inputs=((0.0, 0.0),)).starts
    512
    """

    inputs: tuple[tuple[float, ...], ...]
    starts: int = field(default=512, kw_only=True)
    noise: float = field(default=0.5, kw_only=True)
    rounds: int = field(default=0, kw_only=True)
    perturbations: int = field(default=0, kw_only=True)
    confidence: float = field(default=0.99, kw_only=True)
    steps: int = field(default=10_000, kw_only=True)
    seed: int = field(default=0, kw_only=True)


@dataclass(frozen=True, eq=False)
class NetworkPoints:
    """The points of one network at each constant input, and its transition graph at the first, if it was asked for.

    `compared` edges are told by unstable manifolds and by perturbations, `disputed` of them not alike; `elsewhere`
    perturbations ended at none of the points. Without a graph these are zero.

    >>> NetworkPoints(found=(), graph=None, compared=0, disputed=0, elsewhere=0).graph is None
    True
    """

    found: tuple[FixedPoints, ...]
    graph: TransitionGraph | None
    compared: int
    disputed: int
    elsewhere: int


class PointsJob(Job):
    """Find the points of all networks of a population that converged; its result is read by `points_of`.

    >>> PointsJob.version
    1
    """

    version: ClassVar[int] = 1

    condition: TrainingCondition
    search: PointsAsked

    def needs(self) -> tuple[Job, ...]:
        """The trained population."""
        return (TrainJob(self.condition),)

    @property
    def cost(self) -> float:
        """Beside that of training, in proportion to the weights: the networks that take longest are searched first."""
        condition = self.condition
        weights = jax.tree.leaves(jax.eval_shape(lambda: condition.first_networks(jnp.dtype(float))))
        return 1e6 * len(self.search.inputs) * sum(leaf.size for leaf in weights) / condition.start.units**2

    def compute(self, needed: tuple[xr.Dataset, ...], progress: JobProgress) -> xr.Dataset:
        """All arrays of all networks, one after another, with the lengths by which they are told apart."""
        trained = trained_population(self.condition, needed[0]).trained
        parts: dict[str, list[np.ndarray]] = {}
        with threadpool_limits(1, "blas"):  # matrices this small wait for their threads
            for number, network in enumerate(trained.each()):
                for name, array in _arrays(points_of_network(network, self.condition, self.search)).items():
                    parts.setdefault(name, []).append(array)
                progress(number + 1, len(trained), "networks searched")
        flat = {name: np.concatenate(arrays) for name, arrays in parts.items()}
        return xr.Dataset({"networks": len(trained), **{name: (f"of_{name}", each) for name, each in flat.items()}})


def points_of_network(network: Any, condition: TrainingCondition, search: PointsAsked) -> NetworkPoints:
    """The points of one network of a condition, and its graph."""
    batch = condition.task.draw(jax.random.fold_in(jax.random.key(search.seed), 1))
    half = search.starts // 2
    visited = visited_states(network, batch, search.starts - half, seed=search.seed)
    around = visited_states(network, batch, half, noise=search.noise, seed=search.seed + 1) if half else visited[:0]
    starts = np.concatenate([visited, around])
    found = tuple(
        search_points(network, starts, np.array(inputs), rounds=search.rounds, seed=search.seed).found
        for inputs in search.inputs
    )
    if not search.perturbations:
        return NetworkPoints(found, None, 0, 0, 0)
    made = transition_graph(
        found[0], trials=search.perturbations, steps=search.steps, confidence=search.confidence, seed=search.seed
    )
    told = made.agreement
    return NetworkPoints(found, made.graph, told.compared, len(told.disputed), int(made.perturbations.elsewhere.sum()))


_OF_FOUND = ("points", "residuals", "hits", "slow", "speeds", "slow_hits")


def _arrays(each: NetworkPoints) -> dict[str, np.ndarray]:
    """Of one network, all flat."""
    found = each.found
    flat = {name: np.concatenate([np.ravel(getattr(one, name)) for one in found]) for name in _OF_FOUND}
    counts = np.array([[len(one.points), len(one.slow), one.lost] for one in found], dtype=int)
    transitions = np.zeros(0) if each.graph is None else each.graph.transitions.ravel()
    of_graph = np.array([each.compared, each.disputed, each.elsewhere])
    return {**flat, "count": counts.ravel(), "transition": transitions, "of_graph": of_graph}


def points_of(job: PointsJob, population: TrainedPopulation, stored: xr.Dataset) -> tuple[NetworkPoints, ...]:
    """What a `PointsJob` left, of each network of the population that converged, in their order.

    >>> import jax, tempfile
    >>> jax.config.update("jax_enable_x64", True)
    >>> import optax
    >>> from simulate.cells import UniformWeights
    >>> from simulate.populations import TrainingCondition, TrainJob, trained_population
    >>> from simulate.sweep import Store, sweep
    >>> from simulate.tasks import NBitFlipFlop
    >>> task = NBitFlipFlop(jax.random.key(0), trials=8, bits=1, steps=5, threshold=0.5)
    >>> start = UniformWeights(4, inputs=1, outputs=1)
    >>> condition = TrainingCondition(task, start, optax.adam(1e-2), networks=2, updates=200, every=4)
    >>> job = PointsJob(condition, PointsAsked(((0.0,),), starts=32))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     swept = sweep([job], store)
    ...     population = trained_population(condition, store.read(TrainJob(condition)))
    ...     [each.found[0].index_sum for each in points_of(job, population, store.read(job))]
    [1, 1]
    """
    given = {name: stored[name].values for name in (*_OF_FOUND, "count", "transition", "of_graph")}
    taken = dict.fromkeys(given, 0)

    def take(name: str, *shape: int) -> np.ndarray:
        begin = taken[name]
        taken[name] += int(np.prod(shape))
        return given[name][begin : taken[name]].reshape(shape)

    return tuple(_read(dense(network), job.search, take) for network in population.trained.each())


def _read(network: DenseCell, search: PointsAsked, take: Callable[..., np.ndarray]) -> NetworkPoints:
    counts = take("count", len(search.inputs), 3)
    found = []
    for inputs, (points, slow, lost) in zip(search.inputs, counts.tolist(), strict=True):
        step = StaticMap.of(network, np.array(inputs))
        found.append(
            FixedPoints(
                step,
                take("points", points, step.size),
                take("residuals", points),
                take("hits", points),
                take("slow", slow, step.size),
                take("speeds", slow),
                take("slow_hits", slow),
                lost,
            )
        )
    compared, disputed, elsewhere = take("of_graph", 3).tolist()
    if not search.perturbations:
        return NetworkPoints(tuple(found), None, 0, 0, 0)
    first = found[0]
    nodes = len(first.points)
    graph = TransitionGraph(take("transition", nodes, nodes), first.unstable_dimensions, first.outputs)
    return NetworkPoints(tuple(found), graph, compared, disputed, elsewhere)
