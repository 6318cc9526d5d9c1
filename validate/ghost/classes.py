"""What became of each network of Fig. 4: classes that leave none out and count none twice.

The paper has two words, learned and stuck, and its counts of them need not add up. A network can be both (it lost what
it had learned) and it can be neither: it has left the plateau late and is still on its way when training ends.
"""

from enum import Enum

import numpy as np
from jaxtyping import Bool, Int


class NetworkClass(Enum):
    """The fate of a network at the end of its training."""

    LEARNED_AND_KEPT = "learned and kept it"
    STUCK_BEHIND_SADDLE_NODE = "stuck behind a saddle-node"
    STUCK_AT_ONE_FIXED_POINT = "learned, then stuck at a single fixed point"
    STUCK_ON_FIRST_PLATEAU = "stuck on the first plateau: not learned yet"
    STILL_LEARNING = "left the plateau, still learning when training ended"
    BROKEN_DOWN = "training broke down"


def network_classes(
    learned: Bool[np.ndarray, " networks"],
    stuck: Bool[np.ndarray, " networks"],
    finite: Bool[np.ndarray, " networks"],
    fixed_points: Int[np.ndarray, " networks"],
) -> dict[NetworkClass, Bool[np.ndarray, " networks"]]:
    """Which networks are of each class; each network is of exactly one.

    `learned` and `stuck` by the paper's criteria, `finite` whether training stayed finite, `fixed_points` the number
    that the latent flow certainly has (a network whose count is left open, hence too low, may pass for one on the
    plateau: the check of the certificates tells).
    """
    blocked = fixed_points > 1
    return {
        NetworkClass.LEARNED_AND_KEPT: finite & learned & ~stuck,
        NetworkClass.STUCK_BEHIND_SADDLE_NODE: finite & stuck & blocked,
        NetworkClass.STUCK_AT_ONE_FIXED_POINT: finite & learned & stuck & ~blocked,
        NetworkClass.STUCK_ON_FIRST_PLATEAU: finite & ~learned & stuck & ~blocked,
        NetworkClass.STILL_LEARNING: finite & ~learned & ~stuck,
        NetworkClass.BROKEN_DOWN: ~finite,
    }
