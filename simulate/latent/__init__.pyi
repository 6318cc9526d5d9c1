from .boundary import BasinBoundary as BasinBoundary, basin_boundary as basin_boundary
from .draw import DrawnUnits as DrawnUnits, draw_units as draw_units
from .map_portrait import map_portrait as map_portrait
from .portrait import LatentPortrait as LatentPortrait, latent_portrait as latent_portrait
from .separatrices import Separatrix as Separatrix, trace_separatrices as trace_separatrices
from .settle import Settled as Settled, settle as settle
from .velocity import LatentVelocity as LatentVelocity, RateVelocity as RateVelocity

__all__ = [
    "BasinBoundary",
    "DrawnUnits",
    "LatentPortrait",
    "LatentVelocity",
    "RateVelocity",
    "Separatrix",
    "Settled",
    "basin_boundary",
    "draw_units",
    "latent_portrait",
    "map_portrait",
    "settle",
    "trace_separatrices",
]
