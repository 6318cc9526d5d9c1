from .cells import (
    gru as gru,
    lstm as lstm,
    rate as rate,
    settled_lstm as settled_lstm,
    ugrnn as ugrnn,
    vanilla as vanilla,
)
from .fixed_point_set import (
    FixedPointSet as FixedPointSet,
    Completeness as Completeness,
    Factored as Factored,
    fixed_point_set as fixed_point_set,
    latent_map as latent_map,
)
from .fold import LatentPath as LatentPath
from .gaussian_loadings import GaussianLoadings as GaussianLoadings, GaussianPopulation as GaussianPopulation
from .krawczyk import ProvedPoint as ProvedPoint, prove_point as prove_point
from .latent_flow import LatentFlow as LatentFlow
from .prune import SearchLimits as SearchLimits

__all__ = [
    "Completeness",
    "Factored",
    "FixedPointSet",
    "GaussianLoadings",
    "GaussianPopulation",
    "LatentFlow",
    "LatentPath",
    "ProvedPoint",
    "SearchLimits",
    "fixed_point_set",
    "gru",
    "latent_map",
    "lstm",
    "prove_point",
    "rate",
    "settled_lstm",
    "ugrnn",
    "vanilla",
]
