"""How a name of the code is written in a figure: one table, for axes, legends and ticks."""

import re
from collections.abc import Mapping
from types import MappingProxyType

SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "kappa": r"$\kappa$",
        "tau": r"$\tau$",
        "rho": r"$\rho$",
        "rho_0": r"$\rho_0$",
        "r_opt": r"$r_\mathrm{opt}$",
        "r_eff": r"$r_\mathrm{eff}$",
        "a_fail": r"$a_\mathrm{fail}$",
        "l1": r"$\ell_1$",
        "l2": r"$\ell_2$",
        "norm 1": r"$\ell_1$ norm",
        "norm inf": r"$\ell_\infty$ norm",
        "D W / D": r"$D W D^{-1}$",
        "W": r"$W$",
        "N": r"$N$",
        "gaussian_closure": "Gaussian closure",
        "infinite_width": "infinite width",
        "relu": "ReLU",
        "gru": "GRU",
        "lstm": "LSTM",
        "ugrnn": "UGRNN",
    }
)
_PARTS = ", "
_OVERLAP = re.compile(r"(tr )?([mnvzu])([mnvzu])")
_RATIO = re.compile(r"(\S+) / (\S+)")


def typeset(name: str) -> str:
    """A name as a figure shows it; matplotlib sets what stands between dollars as mathematics.

    Overlaps of two vectors become sigma with their letters below. A name that no rule knows is told in words.

    >>> typeset("gaussian_closure"), typeset("l1"), typeset("zm"), typeset("r / r_opt"), typeset("slow_slopes")
    ('Gaussian closure', '$\\\\ell_1$', '$\\\\sigma_{zm}$', 'r / $r_\\\\mathrm{opt}$', 'slow slopes')
    """
    if name in SYMBOLS:
        return SYMBOLS[name]
    overlap = _OVERLAP.fullmatch(name)
    if overlap is not None:
        trace, one, other = overlap.groups()
        return rf"$\mathrm{{tr}}\,\sigma_{{{one}{other}}}$" if trace else rf"$\sigma_{{{one}{other}}}$"
    ratio = _RATIO.fullmatch(name)
    if ratio is not None:
        return " / ".join(typeset(part) for part in ratio.groups())
    for kind in ("step: ", "theorem "):
        if name.startswith(kind):
            return f"{kind.capitalize() if kind == 'theorem ' else kind}{typeset(name.removeprefix(kind))}"
    return name.replace("_", " ")


def typeset_all(names: str) -> str:
    """Names between commas, each as a figure shows it.

    >>> typeset_all("dense, rate, relu")
    'dense, rate, ReLU'
    """
    return _PARTS.join(typeset(name) for name in names.split(_PARTS))
