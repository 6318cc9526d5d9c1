"""Colours of all figures, each with one meaning; within a group they differ to every kind of colour blindness.

A figure takes a colour by what it stands for, and says nothing by colour alone where lines can be dashed or marked.
"""

from collections.abc import Mapping
from types import MappingProxyType

THEORY = "#b3272d"
"""What must be true: a line."""
MEASUREMENT = "#1f4e79"
"""What happened: points."""
MUTED = "#777777"
"""Places to read off, nulls, what a result is held against."""
FAINT = "#e4e4e4"
"""Regions: where nothing is learned, what a bound leaves open."""
ASKED = "#222222"
"""What a task asks for."""

SERIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#555555")
"""Of lines that belong together and have no meaning of their own here, in this order."""

NONLINEARITIES: Mapping[str, str] = MappingProxyType(
    {"linear": "#555555", "erf": "#0072b2", "tanh": "#009e73", "relu": "#e69f00"}
)
CELLS: Mapping[str, str] = MappingProxyType(
    {"vanilla": "#0072b2", "ugrnn": "#009e73", "gru": "#e69f00", "lstm": "#cc79a7"}
)
LEVELS: Mapping[str, str] = MappingProxyType(
    {"gaussian_closure": "#e69f00", "infinite_width": "#009e73", "network": MEASUREMENT, "map": THEORY}
)
"""Levels at which the learning of one network is described."""
UNSTABLE = ("#1a1a1a", "#7a3b9e", "#b07fd0", "#dcc6ec", "#ffffff")
"""Fixed points with no unstable direction, one, two, three, and more; their marks have a dark edge and shapes too."""
NONLINEARITY_MARKS: Mapping[str, str] = MappingProxyType({"linear": "D", "erf": "^", "tanh": "o", "relu": "s"})
"""Shapes of nonlinearities, where colours tell cells."""


def shades(count: int) -> tuple[str, ...]:
    """Colours of an ordered series (sizes, rates, epochs), from dark to light; lightness alone tells them apart.

    >>> shades(2)
    ('#0b2545', '#9cc3e0')
    """
    first, last = (11, 37, 69), (156, 195, 224)
    steps = [k / max(1, count - 1) for k in range(count)]
    return tuple(
        "#" + "".join(f"{round(a + step * (b - a)):02x}" for a, b in zip(first, last, strict=True)) for step in steps
    )
