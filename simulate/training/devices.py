"""Networks shared out among JAX's devices: the cores of a processor, or one graphics card, alike."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

NETWORKS = PartitionSpec("networks")
EVERYWHERE = PartitionSpec()


def mesh_for(networks: int) -> Mesh:
    """All devices there are, but no more than networks."""
    devices = jax.devices()[: max(1, networks)]
    return jax.make_mesh((len(devices),), ("networks",), axis_types=(AxisType.Auto,), devices=devices)


def shared_out(mesh: Mesh, tree: Any) -> Any:
    """Every array's leading axis shared out among the devices; it must be a multiple of their number."""
    return jax.device_put(tree, NamedSharding(mesh, NETWORKS))


def filled_up(mesh: Mesh, tree: Any) -> Any:
    """Copies of the last network appended, up to a multiple of the devices."""

    def fill(leaf: Any) -> Any:
        missing = -len(leaf) % mesh.size
        stack = np.concatenate if isinstance(leaf, np.ndarray) else jnp.concatenate
        return stack([leaf, *[leaf[-1:]] * missing]) if missing else leaf

    return jax.tree.map(fill, tree)
