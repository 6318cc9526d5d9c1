"""How a name of the code is written in a figure: one table, for axes, legends and ticks."""

import re
from collections.abc import Mapping
from types import MappingProxyType

SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "kappa": r"$\kappa$",
        "tau": r"$\tau$",
        "r": r"$r$",
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
        "gamma": r"$\gamma$",
        "|W|^2": r"$|W|^2$",
        "dsa": "DSA",
        "cka": "CKA",
        "svcca": "SVCCA",
        "weights_group": "weights, whole group",
        "weights_group_all": "all weights, whole group",
    }
)
_PARTS = ", "
_OVERLAP = re.compile(r"(tr |det )?([mnvzu]\d*)([mnvzu]\d*)")
_ENTRY = re.compile(r"([mnvzu])([mnvzu])(\d)(\d)")
_RATIO = re.compile(r"(\S+) / (\S+)")
_DIFFERENCE = re.compile(r"([mnvzu]{2}) - ([mnvzu]{2})")
_POWER = re.compile(r"tr \((\w+)\)\^(\d)|tr ([A-Z]+)")


def typeset(name: str) -> str:
    """A name as a figure shows it; matplotlib sets what stands between dollars as mathematics.

    Overlaps of two vectors become sigma with their letters below; of one entry of a block, with its numbers. A name
    that no rule knows is told in words.

    >>> typeset("gaussian_closure"), typeset("l1"), typeset("zm"), typeset("r / r_opt"), typeset("slow_slopes")
    ('Gaussian closure', '$\\\\ell_1$', '$\\\\sigma_{zm}$', '$r$ / $r_\\\\mathrm{opt}$', 'slow slopes')
    """
    if name in SYMBOLS:
        return SYMBOLS[name]
    entry = _ENTRY.fullmatch(name)
    if entry is not None:
        one, other, row, column = entry.groups()
        return typeset(f"{one}{row}{other}{column}")
    overlap = _OVERLAP.fullmatch(name)
    if overlap is not None:
        of, *vectors = overlap.groups()
        below = "".join(f"{each[0]}_{{{each[1:]}}}" if each[1:] else each for each in vectors)
        return rf"$\mathrm{{{of.strip()}}}\,\sigma_{{{below}}}$" if of else rf"$\sigma_{{{below}}}$"
    ratio = _RATIO.fullmatch(name)
    if ratio is not None:
        return " / ".join(typeset(part) for part in ratio.groups())
    difference = _DIFFERENCE.fullmatch(name)
    if difference is not None:
        return " − ".join(typeset(part) for part in difference.groups())
    power = _POWER.fullmatch(name)
    if power is not None:
        product, exponent, alone = power.groups()
        return rf"$\mathrm{{tr}}\,{alone}$" if alone else rf"$\mathrm{{tr}}\,({product})^{exponent}$"
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
