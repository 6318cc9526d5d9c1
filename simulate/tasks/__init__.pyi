from .context_integration import ContextIntegration as ContextIntegration
from .delayed_activation import DelayedActivation as DelayedActivation
from .delayed_discrimination import DelayedDiscrimination as DelayedDiscrimination
from .flip_flop import FlipFlop as FlipFlop
from .images import digits as digits, idx_images as idx_images
from .impulse import filter_task as filter_task, oscillator_task as oscillator_task, random_task as random_task
from .lorenz_96 import Lorenz96 as Lorenz96
from .minibatches import MiniBatches as MiniBatches
from .n_bit_flip_flop import NBitFlipFlop as NBitFlipFlop
from .noisy_targets import NoisyTargets as NoisyTargets
from .path_integration import PathIntegration as PathIntegration
from .sine_generation import SineGeneration as SineGeneration
from .task import (
    Batch as Batch,
    CrossEntropy as CrossEntropy,
    FixedTask as FixedTask,
    IntegratedSquares as IntegratedSquares,
    MeanSquares as MeanSquares,
    SummedSquares as SummedSquares,
    Task as Task,
    fixed_task as fixed_task,
)

__all__ = [
    "Batch",
    "ContextIntegration",
    "CrossEntropy",
    "DelayedActivation",
    "DelayedDiscrimination",
    "FixedTask",
    "FlipFlop",
    "IntegratedSquares",
    "Lorenz96",
    "MeanSquares",
    "MiniBatches",
    "NBitFlipFlop",
    "NoisyTargets",
    "PathIntegration",
    "SineGeneration",
    "SummedSquares",
    "Task",
    "digits",
    "filter_task",
    "fixed_task",
    "idx_images",
    "oscillator_task",
    "random_task",
]
