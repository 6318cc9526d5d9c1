from .delayed_activation import DelayedActivation as DelayedActivation
from .flip_flop import FlipFlop as FlipFlop
from .images import (
    digits as digits,
)
from .images import (
    idx_images as idx_images,
)
from .impulse import (
    filter_task as filter_task,
)
from .impulse import (
    oscillator_task as oscillator_task,
)
from .impulse import (
    random_task as random_task,
)
from .minibatches import MiniBatches as MiniBatches
from .noisy_targets import NoisyTargets as NoisyTargets
from .task import (
    Batch as Batch,
)
from .task import (
    CrossEntropy as CrossEntropy,
)
from .task import (
    FixedTask as FixedTask,
)
from .task import (
    IntegratedSquares as IntegratedSquares,
)
from .task import (
    SummedSquares as SummedSquares,
)
from .task import (
    Task as Task,
)
from .task import (
    fixed_task as fixed_task,
)

__all__ = [
    "Batch",
    "CrossEntropy",
    "DelayedActivation",
    "FixedTask",
    "FlipFlop",
    "IntegratedSquares",
    "MiniBatches",
    "NoisyTargets",
    "SummedSquares",
    "Task",
    "digits",
    "filter_task",
    "fixed_task",
    "idx_images",
    "oscillator_task",
    "random_task",
]
