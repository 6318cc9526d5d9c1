"""The equations of the overlaps in LaTeX."""

import re

from sympy.printing.latex import LatexPrinter

from theory.overlaps.equations.gram import GramEquations, gradient_symbol, rate
from theory.overlaps.equations.shape import Shape


def overlap_latex(shape: Shape, a: int, b: int) -> str:
    r"""The overlap of columns a and b.

    >>> overlap_latex(Shape(rank=2), 5, 2)
    '\\sigma_{z u_2}'
    """
    return rf"\sigma_{_subscript(shape, a, b)}"


def flow_latex(equations: GramEquations) -> str:
    r"""The flow of every overlap, one equation a line, as an `aligned` environment; g_ab = dl/dsigma_ab.

    >>> shape = Shape()
    >>> print(flow_latex(GramEquations(shape, visible=(shape.overlap(0, 3),))).splitlines()[4])
    \dot\sigma_{zm} &= - \eta g_{zm} \left(\sigma_{mm} + \sigma_{zz}\right) \\
    """
    shape = equations.shape
    names = {rate: r"\eta"}
    for a, b in shape.pairs:
        overlap = shape.overlap(a, b)
        names |= {overlap: overlap_latex(shape, a, b), gradient_symbol(overlap): f"g_{_subscript(shape, a, b)}"}
    printer = LatexPrinter({"symbol_names": names})
    lines = [rf"\dot{names[overlap]} &= {printer.doprint(speed)} \\" for overlap, speed in equations.flow.items()]
    return "\n".join([r"\begin{aligned}", *lines, r"\end{aligned}"])


def _subscript(shape: Shape, a: int, b: int) -> str:
    """Both columns' names, {zm} or {z u_2}, in the order of the overlap's own name."""
    columns = re.findall(r"([muvz])(\d*)", shape.overlap(a, b).name)
    parts = [f"{block}_{{{number}}}" if number[1:] else f"{block}_{number}" if number else block
             for block, number in columns]  # fmt: skip
    return "{" + (" " if any(number for _, number in columns) else "").join(parts) + "}"
