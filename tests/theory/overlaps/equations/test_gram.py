"""The equations of the overlaps against the chain rule written out for explicit neurons."""

from itertools import combinations

import numpy as np
import pytest
import sympy as sp

from theory.overlaps import gaussian
from theory.overlaps.equations.gram import (
    GramEquations,
    UnknownBlock,
    UnknownOverlap,
    gradient_symbol,
    metric,
    rate,
    trained_except,
)
from theory.overlaps.equations.latex import flow_latex
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.visible import visible_overlaps

ONE, TWO, WIDE = Shape(), Shape(rank=2), Shape(inputs=2, rank=2, outputs=2)
SHAPES = (ONE, TWO, WIDE, Shape(inputs=3, rank=1, outputs=2))


def every(shape: Shape) -> tuple[sp.Symbol, ...]:
    return tuple(shape.overlap(a, b) for a, b in shape.pairs)


def explicit(shape: Shape, theta: sp.Matrix) -> dict[sp.Symbol, sp.Expr]:
    """Each overlap as a function of the entries of theta."""
    return {shape.overlap(a, b): theta.col(a).dot(theta.col(b)) / theta.rows for a, b in shape.pairs}


def learned(equations: GramEquations, theta: sp.Matrix) -> sp.Matrix:
    """theta - eta N Lambda dL/dtheta, the loss being any whose derivatives in the overlaps are the g."""
    overlaps = explicit(equations.shape, theta)
    loss = sum(gradient_symbol(each) * overlaps[each] for each in equations.visible)
    relative = equations.rate_matrix
    return theta - sp.Matrix(
        theta.rows, theta.cols, lambda i, e: rate * theta.rows * relative[e, e] * loss.diff(theta[i, e])
    )


def symbols_of(neurons: int, shape: Shape) -> sp.Matrix:
    return sp.Matrix(neurons, shape.size, lambda i, a: sp.Symbol(f"t{i}_{shape.labels[a]}"))


@pytest.mark.parametrize(
    ("shape", "neurons", "rates"),
    [(ONE, 3, (1, 1, 1, 1)), (ONE, 2, sp.symbols("L_m L_u L_v L_z")), (TWO, 2, (1, 1, 1, 1)), (TWO, 2, (1, 0, 1, 0))],
)
@pytest.mark.sampled(2)
def test_map_and_flow_are_those_of_explicit_neurons(shape: Shape, neurons: int, rates: tuple) -> None:
    """Symbolic zeros; the loss depends on every overlap."""
    equations, theta = GramEquations(shape, every(shape), rates), symbols_of(neurons, shape)
    before, after = explicit(shape, theta), explicit(shape, learned(equations, theta))
    for overlap in every(shape):
        change = sp.expand(after[overlap] - before[overlap])
        assert sp.expand(change - (equations.map[overlap] - overlap).xreplace(before)) == 0
        assert sp.expand(change.coeff(rate, 1) * rate - equations.flow[overlap].xreplace(before)) == 0


PLAIN, RELATIVE = (1, 1, 1, 1), (0, 1, sp.Symbol("L_v"), 2)


@pytest.mark.parametrize(
    ("shape", "phi", "rates"),
    [
        (ONE, gaussian.LINEAR, PLAIN),
        (ONE, gaussian.ERF, RELATIVE),
        (TWO, gaussian.LINEAR, PLAIN),
        (TWO, gaussian.ERF, RELATIVE),
        (WIDE, gaussian.LINEAR, PLAIN),
        (SHAPES[3], gaussian.LINEAR, RELATIVE),
    ],
)
@pytest.mark.sampled(2)
def test_scalar_and_matrix_form_agree(shape: Shape, phi: gaussian.Nonlinearity, rates: tuple) -> None:
    equations = GramEquations(shape, visible_overlaps(shape, phi), rates)
    flow, after = equations.matrix_flow, equations.matrix_map
    assert len(equations.flow) == len(equations.map) == shape.size * (shape.size + 1) // 2
    for a, b in shape.pairs:
        overlap = shape.overlap(a, b)
        assert sp.expand(flow[a, b] - equations.flow[overlap]) == 0
        assert sp.expand(after[a, b] - equations.map[overlap]) == 0


def test_the_number_of_equations() -> None:
    assert [len(GramEquations(shape, ()).flow) for shape in SHAPES] == [10, 21, 36, 28]


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_matrix_and_scalar_gradient_mean_the_same(shape: Shape) -> None:
    """dl = tr(H dSigma): an off-diagonal overlap stands twice in Sigma, so its entry of H is half its g."""
    equations = GramEquations(shape, every(shape))
    change = (equations.gradient_matrix @ shape.sigma).trace()
    assert all(sp.expand(change.diff(each) - gradient_symbol(each)) == 0 for each in every(shape))
    assert equations.gradient_matrix == equations.gradient_matrix.T


def test_metric_is_the_sum_over_neurons_and_gives_the_flow() -> None:
    theta = symbols_of(2, ONE)
    overlaps, equations = explicit(ONE, theta), GramEquations(ONE, every(ONE))
    table = {(p, q): metric(ONE, p, q) for p in ONE.pairs for q in ONE.pairs}
    for (p, q), claimed in table.items():
        one, other = overlaps[ONE.overlap(*p)], overlaps[ONE.overlap(*q)]
        explicit_sum = sum(2 * one.diff(entry) * other.diff(entry) for entry in theta)
        assert sp.expand(explicit_sum - claimed.xreplace(overlaps)) == 0
    for p in ONE.pairs:
        speed = sum(table[p, q] * gradient_symbol(ONE.overlap(*q)) for q in ONE.pairs)
        assert sp.expand(equations.flow[ONE.overlap(*p)] + rate * speed) == 0


@pytest.mark.parametrize("shape", [ONE, TWO])
def test_metric_is_positive_where_the_gram_matrix_is(shape: Shape) -> None:
    """So the loss falls at -eta g.G g; on a Gram matrix of deficient rank some motions are impossible (G singular)."""
    generator = np.random.default_rng(0)
    for neurons, positive in ((shape.size, True), (1, False)):
        theta = generator.normal(size=(neurons, shape.size))
        sigma = theta.T @ theta / neurons
        known = {shape.overlap(a, b): sigma[a, b] for a, b in shape.pairs}
        matrix = np.array([[float(metric(shape, p, q).xreplace(known)) for q in shape.pairs] for p in shape.pairs])
        eigenvalues = np.linalg.eigvalsh(matrix)
        assert eigenvalues[0] > -1e-13 * eigenvalues[-1]
        assert (eigenvalues[0] > 1e-6) == positive


def test_latex_of_rank_one_and_two() -> None:
    lines = flow_latex(GramEquations(ONE, visible_overlaps(ONE, gaussian.LINEAR))).splitlines()
    assert (lines[0], lines[-1], len(lines)) == (r"\begin{aligned}", r"\end{aligned}", 12)
    zm = (
        r"\dot\sigma_{zm} &= - \eta \left(g_{vm} \sigma_{zv} + "
        r"g_{zm} \left(\sigma_{mm} + \sigma_{zz}\right) + g_{zu} \sigma_{mu}\right) \\"
    )
    assert zm in lines
    two = flow_latex(GramEquations(TWO, visible_overlaps(TWO, gaussian.LINEAR))).splitlines()
    assert len(two) == 23
    left = [line.split(" &= ")[0] for line in two[1:-1]]
    assert len(set(left)) == 21
    assert r"\dot\sigma_{v_1 u_2}" in left
    assert all(line.count("{") == line.count("}") for line in two)


def test_no_overlap_is_left_out_by_name() -> None:
    """Names of different pairs differ, up to twelve columns a block: a collision would merge two equations."""
    shape = Shape(inputs=12, rank=2, outputs=12)
    assert len(set(every(shape))) == shape.size * (shape.size + 1) // 2
    assert all(shape.overlap(a, b) == shape.overlap(b, a) for a, b in combinations(range(shape.size), 2))


def test_a_symbol_of_another_shape_is_refused() -> None:
    with pytest.raises(UnknownOverlap, match="v2u1"):
        GramEquations(ONE, (TWO.overlap(1, 4),))


def test_blocks_are_frozen_by_name() -> None:
    assert trained_except(frozenset()) == (1, 1, 1, 1)
    for index, block in enumerate("muvz"):
        assert trained_except(frozenset(block)) == tuple(int(other != index) for other in range(4))
    assert trained_except(frozenset("muvz")) == (0, 0, 0, 0)
    with pytest.raises(UnknownBlock, match=r"'w'.*m, u, v, z"):
        trained_except(frozenset("mw"))


def test_rates_stand_in_the_order_of_the_columns() -> None:
    """Two columns of m, three of u, two of v, one of z."""
    rates = sp.symbols("L_m L_u L_v L_z")
    shape = Shape(inputs=3, rank=2, outputs=1)
    found = GramEquations(shape, (), rates).rate_matrix
    each = {label: found[i, i] for i, label in enumerate(shape.labels)}
    assert found == sp.diag(*found.diagonal())
    assert all(rate_ == dict(zip("muvz", rates, strict=True))[label[0]] for label, rate_ in each.items())
    counts = {name: sum(label.startswith(name) for label in each) for name in "muvz"}
    assert sorted(counts.values()) == [1, 2, 2, 3]


def test_what_is_not_visible_does_not_move_anything() -> None:
    shape = Shape()
    seen = shape.overlap(2, 0)
    equations = GramEquations(shape, (seen,))
    g = gradient_symbol(seen)
    assert equations.gradient == (g,)
    half = [[g / 2 if {a, b} == {0, 2} else 0 for b in range(4)] for a in range(4)]
    assert equations.gradient_matrix == sp.ImmutableMatrix(half)
    for a, b in shape.pairs:
        moves = {a, b} & {0, 2}
        assert bool(equations.flow[shape.overlap(a, b)] != 0) == bool(moves)
