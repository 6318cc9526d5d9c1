"""Which arrays a measure takes: finite, of the right shape, with samples enough."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


class NotFinite(ValueError):
    """A measure was given NaN or infinity."""


class NotReal(ValueError):
    """A measure of real numbers was given complex ones."""


class WrongShape(ValueError):
    """A measure was given an array of other axes than it compares."""


class DifferentSizes(ValueError):
    """Two operators of different size."""


class TooFewSamples(ValueError):
    """There are fewer samples than what is fitted to them."""


class FewerSamplesThanFeatures(UserWarning):
    """There are fewer samples than features: what is found then says as much about the sample as about the network."""


def finite(array: ArrayLike, axes: tuple[str, ...], name: str) -> np.ndarray:
    """The array in double precision, itself where it is so already, with these axes and none of them empty.

    Raises:
        WrongShape: if there are other axes.
        NotReal: if it is complex.
        NotFinite: if an entry is NaN or infinite.
    """
    found = np.asarray(array)
    if found.ndim != len(axes) or not found.size:
        raise WrongShape(f"{name} of shape {found.shape}: give an array of {' x '.join(axes)}, at least one of each")
    if np.iscomplexobj(found):  # numpy would drop the imaginary part
        raise NotReal(f"{name} of complex numbers: give their real or their imaginary part")
    found = found.astype(np.float64, copy=False)
    if not np.isfinite(found).all():
        raise NotFinite(f"{name} with NaN or infinity: leave out the trials, units or networks that have them")
    return found


def require_one_size(operators: Sequence[np.ndarray]) -> None:
    """Of all operators.

    Raises:
        DifferentSizes: naming the sizes.
    """
    sizes = sorted({len(each) for each in operators})
    if len(sizes) > 1:
        raise DifferentSizes(f"operators of sizes {', '.join(map(str, sizes))}: fit all of them with one rank")
