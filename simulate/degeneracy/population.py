"""Low-rank networks of N neurons trained by their own gradients, and measured by what their weights and outputs are."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from simulate.cells.low_rank import Connectivity, LowRank
from simulate.cells.low_rank_latent import LowRankLatent, by_latent_state
from simulate.cells.nonlinearity import AnyNonlinearity, known_function
from simulate.degeneracy.trials import NOTHING_ASKED, OtherTrials
from simulate.integrate import require_double_precision
from simulate.measures.learning import kernel_alignment, weight_change
from simulate.tasks.task import Batch, Task
from simulate.training.rule import Rule
from simulate.training.stopping import NEVER, Stopping
from simulate.training.train import train

Counts = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class LowRankPopulation:
    """Networks before and after training (every array with a leading axis of networks), and their numbers of updates.

    >>> from simulate.degeneracy import LowRankPopulation
    >>> "measured" in dir(LowRankPopulation)
    True
    """

    before: LowRankLatent
    after: LowRankLatent
    updates: Int[np.ndarray, " networks"]

    def one(self, which: int) -> LowRankLatent:
        """One network after training."""
        return _one(self.after, which)

    @property
    def sigma(self) -> Float[np.ndarray, "networks d d"]:
        """The overlaps of each after training."""
        return np.array([self.one(i).sigma() for i in range(len(self.updates))])

    def loss(self, batch: Batch) -> Float[np.ndarray, " networks"]:
        """Of each on these trials, after training."""
        return np.asarray(_losses(self.after, batch))

    def measured(self, last: Batch, trials: OtherTrials = NOTHING_ASKED) -> dict[str, np.ndarray]:
        """Of each network what `dispersed` predicts, by the same names, from its weights and its outputs.

        W = u v^T / N is written out, and tangent kernels are those of automatic differentiation in every weight.
        """
        pairs = [(_one(self.before, i), _one(self.after, i)) for i in range(len(self.updates))]
        found = {
            "sigma": self.sigma,
            "loss": self.loss(last),
            "change": np.array([_change(*pair) for pair in pairs]),
            "recurrent_change": np.array([weight_change(*map(_recurrent, pair)).value for pair in pairs]),
        }
        if trials.unseen is not None:
            found["unseen_loss"] = self.loss(trials.unseen)
        if trials.probe is not None:
            found["alignment"] = np.array([kernel_alignment(*pair, trials.probe).value for pair in pairs])
        return found


def train_rows(
    theta: Float[np.ndarray, "networks neurons d"],
    counts: Counts,
    nonlinearity: AnyNonlinearity,
    task: Task,
    *,
    rule: Rule,
    epochs: int,
    stop: Stopping = NEVER,
) -> LowRankPopulation:
    """Train networks with these rows of theta = [m u v z], `counts` the columns of each block.

    Raises:
        DoublePrecisionRequired: if `jax_enable_x64` is off.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from simulate.cells import LINEAR
    >>> from simulate.degeneracy import Rows
    >>> from simulate.tasks import filter_task
    >>> from simulate.training import GradientDescent, Threshold
    >>> theta = Rows(np.eye(4)).draw(neurons=50, networks=3, seed=0)
    >>> task, rule = filter_task(steps=20), GradientDescent(0.05)
    >>> population = train_rows(theta, (1, 1, 1, 1), LINEAR, task, rule=rule, epochs=400, stop=Threshold(0.05))
    >>> bool((population.updates < 400).all())
    True
    """
    require_double_precision()
    m, u, v, z = jnp.split(jnp.asarray(theta), np.cumsum(counts)[:-1].tolist(), axis=-1)
    share = jnp.full(theta.shape[:2], 1 / theta.shape[1])
    before = by_latent_state(LowRank(Connectivity(m, u, v, z), share, known_function(nonlinearity)))
    trained = train(before, task, rule=rule, epochs=epochs, stop=stop, record_every=epochs)
    return LowRankPopulation(before, trained.networks, trained.stopped_at)


def _one(networks: LowRankLatent, which: int) -> LowRankLatent:
    return jax.tree.map(lambda leaf: leaf[which], networks)


@eqx.filter_jit
def _losses(networks: LowRankLatent, batch: Batch) -> Float[Array, " networks"]:
    return eqx.filter_vmap(lambda network: batch.loss(network.outputs(batch)))(networks)


def _change(before: LowRank, after: LowRank) -> float:
    """|theta_T - theta_0| / N^1/2."""
    moved = weight_change(before.connectivity.theta, after.connectivity.theta).value
    return moved / len(before.share) ** 0.5


def _recurrent(network: LowRank) -> Float[np.ndarray, "neurons neurons"]:
    """W = u v^T / N."""
    u, v = (np.asarray(each) for each in (network.connectivity.u, network.connectivity.v))
    return u @ v.T / len(u)
