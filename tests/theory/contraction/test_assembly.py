"""Networks of networks: links that cost nothing, exactly; what hierarchies and rounding cost; brute force."""

import json
from dataclasses import replace

import flint
import numpy as np
import pytest
import scipy.linalg
import sympy as sp

from theory.contraction.assembly.assembly import (
    NotAnAssembly,
    assemble,
    feedback_link,
    linked,
    metric_of,
    module,
    whole_metric,
)
from theory.contraction.assembly.certificate import certify_assembly
from theory.contraction.assembly.euler import certify_assembly_step, whole_step
from theory.contraction.conditions.registry import ABSOLUTE, SYMMETRIC
from theory.contraction.exact_matrix import ExactMatrix, rational
from theory.contraction.form import FORMS, RATE, VOLTAGE
from theory.contraction.network import network
from validate.contraction.certificate_checker import main

BOTH = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def dense_module(form, rng, size=2, rate=0.25, tau=1.0):
    """Symmetric weights, whose metric is dense."""
    half = rng.integers(-8, 9, (size, size)) / 16
    weights = half + half.T
    net = network(weights, form).with_gain(0.5 / max(np.linalg.eigvalsh(weights)[-1], 0.5))
    claim = SYMMETRIC.prove(net, rate)
    assert claim is not None
    return module(net, claim, tau)


def sparse_module(form, rng, size=2, rate=0.25, tau=1.0):
    net = network(rng.normal(size=(size, size)), form)
    net = net.with_gain(0.6 * ABSOLUTE.supremum(net).gain)
    return module(net, ABSOLUTE.prove(net, rate).as_multiplier(net.exact), tau)


def block(rng, rows, columns):
    return ExactMatrix.of(rng.integers(-8, 9, (rows, columns)) / 4)


def jacobian(assembly, fractions):
    """T^-1 (-I + M D or D M + L), from the members' own numbers."""
    taus = np.concatenate([np.full(m.size, float(m.time_constant)) for m in assembly.members])
    total, place = assembly.whole_links().approximate() - np.eye(assembly.size), 0
    for member in assembly.members:
        span = slice(place, place + member.size)
        gained, slopes = member.network.gained.approximate(), np.diag(fractions[span])
        total[span, span] += member.network.form.sloped(gained, slopes)
        place += member.size
    return total / taus[:, None]


def slowest(assembly, rng, count=100):
    """The slowest decay at random slopes and random corners in the metric of the whole, tau s P."""
    root = np.linalg.cholesky(whole_metric(assembly).approximate()).T
    inverse = np.linalg.inv(root)
    found = []
    for fractions in (*rng.uniform(size=(count, assembly.size)), *rng.integers(0, 2, (count, assembly.size))):
        turned = root @ jacobian(assembly, fractions.astype(float)) @ inverse
        found.append(-np.linalg.eigvalsh((turned + turned.T) / 2)[-1])
    return min(found)


def checked(certificate, tmp_path):
    file = tmp_path / "assembly.json"
    file.write_bytes(certificate.json_bytes())
    return main([str(file)])


def test_links_of_symbols():
    """M_i L_ij + L_ji^T M_j = 0 for generic symmetric metrics, of two neurons and of two and three."""

    def symmetric(name, size):
        return sp.Matrix(size, size, lambda i, j: sp.Symbol(f"{name}_{min(i, j)}{max(i, j)}"))

    for one, two in ((2, 2), (2, 3)):
        m, n = symmetric("m", one), symmetric("n", two)
        b = sp.Matrix(one, two, lambda i, j: sp.Symbol(f"b_{i}{j}"))
        c = sp.Matrix(two, one, lambda i, j: sp.Symbol(f"c_{i}{j}"))
        inverses = m.adjugate() / m.det(), n.adjugate() / n.det()
        there, back = feedback_link(b, c, inverses[0], n), feedback_link(c, b, inverses[1], m)
        assert (m * there + back.T * n).applyfunc(sp.cancel) == sp.zeros(one, two)


@BOTH
def test_feedback_costs_nothing(form, tmp_path):
    """The residual is zero exactly for rational dense metrics, so that the rate is the members'."""
    rng = np.random.default_rng(0)
    parts = [dense_module(form, rng), dense_module(form, rng, 3), sparse_module(form, rng)]
    links = {(0, 1): block(rng, 2, 3), (1, 0): block(rng, 3, 2), (2, 0): block(rng, 2, 2)}
    whole = assemble(parts, links)
    assert set(whole.links) == {(0, 1), (1, 0), (0, 2), (2, 0)}
    for i in range(3):
        for j in range(3):
            assert whole.residual(i, j).is_zero()
    skew = metric_of(whole) @ whole.whole_links()
    assert (skew + skew.T).is_zero()
    certificate = certify_assembly(whole)
    assert certificate.rate == flint.fmpq(1, 4)
    assert certificate.holds()
    assert slowest(whole, rng) >= 0.25 - 1e-9
    assert checked(certificate, tmp_path) == 0
    document = json.loads(certificate.json_bytes())
    document["rate"] = 1
    (tmp_path / "altered.json").write_text(json.dumps(document))
    assert main([str(tmp_path / "altered.json")]) == 1


def test_recursion(tmp_path):
    """Assemblies of assemblies: the links between wholes are exact too, and members are counted once."""
    rng = np.random.default_rng(1)
    pairs = [
        assemble([dense_module(VOLTAGE, rng), sparse_module(RATE, rng)], {(0, 1): block(rng, 2, 2)}) for _ in range(2)
    ]
    whole = assemble(pairs, {(0, 1): block(rng, 4, 4), (1, 0): block(rng, 4, 4)})
    assert len(whole.members) == 4
    assert whole.size == 8
    skew = metric_of(whole) @ whole.whole_links()
    assert (skew + skew.T).is_zero()
    again = assemble([whole, dense_module(RATE, rng, 3)], {(1, 0): block(rng, 3, 8)})
    certificate = certify_assembly(again)
    assert certificate.rate == flint.fmpq(1, 4)
    assert slowest(again, rng) >= 0.25 - 1e-9
    assert checked(certificate, tmp_path) == 0


@BOTH
def test_hierarchies(form, tmp_path):
    """Strong links in one direction, over two steps, beside feedback: at most 1 % of the rate is lost."""
    rng = np.random.default_rng(2)
    parts = [dense_module(form, rng), sparse_module(form, rng), dense_module(form, rng)]
    down = {(1, 0): 10 * block(rng, 2, 2), (2, 1): 10 * block(rng, 2, 2), (2, 0): block(rng, 2, 2)}
    whole = assemble(parts, hierarchy=down)
    assert all(whole.links[pair] == link for pair, link in down.items())
    assert 0.99 * 0.25 - 1e-9 <= whole.rate <= 0.25
    certificate = certify_assembly(whole)
    assert float(certificate.rate) >= 0.989 * 0.25
    assert slowest(whole, rng) >= float(certificate.rate) - 1e-9
    assert checked(certificate, tmp_path) == 0
    mixed = assemble(parts, feedback={(0, 1): block(rng, 2, 2)}, hierarchy={(2, 1): block(rng, 2, 2)})
    assert float(certify_assembly(mixed).rate) >= 0.989 * 0.25


def test_circles_are_no_hierarchy():
    rng = np.random.default_rng(3)
    parts = [sparse_module(VOLTAGE, rng) for _ in range(3)]
    link = block(rng, 2, 2)
    for edges in ([(0, 1), (1, 0)], [(1, 0), (2, 1), (0, 2)]):
        with pytest.raises(NotAnAssembly, match="circle"):
            assemble(parts, hierarchy=dict.fromkeys(edges, link))
    with pytest.raises(NotAnAssembly, match="circle"):  # through a pair that feeds back
        assemble(parts, feedback={(0, 1): link}, hierarchy={(2, 0): link, (1, 2): link})


def test_what_does_not_fit():
    rng = np.random.default_rng(4)
    parts = [sparse_module(VOLTAGE, rng), sparse_module(VOLTAGE, rng, 3)]
    for links in ({(0, 1): block(rng, 3, 2)}, {(1, 0): block(rng, 2, 2)}):
        for name in ("feedback", "hierarchy"):
            with pytest.raises(NotAnAssembly, match="the link from"):
                assemble(parts, **{name: links})
    for pair in ((0, 2), (0, 0), (-1, 0)):
        with pytest.raises(NotAnAssembly, match="there are parts 0 to 1"):
            assemble(parts, {pair: block(rng, 2, 2)})
    net = network(np.zeros((2, 2)), VOLTAGE)
    claim = SYMMETRIC.prove(net, 0.5)
    with pytest.raises(NotAnAssembly, match="one time constant"):
        module(network(np.zeros((2, 2)), VOLTAGE, time_constants=2.0), claim)
    with pytest.raises(NotAnAssembly, match="not proved"):
        module(network(2 * np.eye(2), VOLTAGE), claim)


@BOTH
def test_time_constants(form, tmp_path):
    """Each member's rate counts over its tau; distances are measured by tau s P."""
    rng = np.random.default_rng(5)
    parts = [dense_module(form, rng, rate=0.4, tau=2.0), sparse_module(form, rng, rate=0.3, tau=0.5)]
    whole = assemble(parts, {(0, 1): block(rng, 2, 2)})
    certificate = certify_assembly(whole)
    assert certificate.rate == rational(0.4) / 2
    assert slowest(whole, rng) >= 0.2 - 1e-9
    assert checked(certificate, tmp_path) == 0


@BOTH
def test_rounding_of_links_that_run_is_absorbed(form, tmp_path):
    """Links rounded to floats leave a residual of 1e-16 or so; the rate falls by about as much, and is proved."""
    rng = np.random.default_rng(6)
    parts = [dense_module(form, rng), dense_module(form, rng)]
    exact = assemble(parts, {(0, 1): 0.3 * block(rng, 2, 2)})
    floats = {pair: ExactMatrix.of(link.approximate()) for pair, link in exact.links.items()}
    running = linked(parts, floats)
    assert not running.residual(0, 1).is_zero()
    assert float(running.residual(0, 1).largest_sum()) < 1e-12
    assert running.rate == pytest.approx(0.25, rel=1e-9)
    certificate = certify_assembly(running)
    assert 0.25 * (1 - 1e-5) < float(certificate.rate) < 0.25
    assert checked(certificate, tmp_path) == 0


def test_hierarchies_of_hierarchies_give_up_one_per_cent_each():
    """Parts that hold strong links already: the rate that their own K can spare is shared out, however deep."""
    rng = np.random.default_rng(4)
    whole = dense_module(VOLTAGE, rng)
    slowest_alone = whole.rate
    for depth in range(1, 5):
        part = sparse_module(RATE, rng)
        slowest_alone = min(slowest_alone, part.rate)
        whole = assemble([whole, part], hierarchy={(1, 0): 5 * block(rng, part.size, whole.size)})
        assert certify_assembly(whole).rate > rational(0.989**depth * slowest_alone)


def test_links_in_single_precision_between_unlike_metrics():
    """Metrics over seven decades: in units of scales the residual is of the size of float32's rounding."""
    rng = np.random.default_rng(12)
    units = np.array([1e-3, 1.0, 30.0])
    parts = []
    for _ in range(2):
        net = network(units[:, None] * (0.5 * np.eye(3) + 0.05 * rng.normal(size=(3, 3))) / units, VOLTAGE)
        parts.append(module(net, ABSOLUTE.prove(net, 0.25).as_multiplier(net.exact)))
    first, second = (np.diag(metric_of(part).approximate()) for part in parts)
    assert first.max() > 1e7 * first.min()
    forward = rng.normal(size=(3, 3)) / np.sqrt(first)[:, None] * np.sqrt(second)
    links = {(0, 1): forward, (1, 0): -(forward * first[:, None]).T / second[:, None]}
    running = linked(
        parts, {pair: ExactMatrix.of(link.astype(np.float32).astype(float)) for pair, link in links.items()}
    )
    assert float(running.residual(0, 1).largest_sum()) > 0
    assert float(running.scaled_residual(0, 1).largest_sum()) < 1e-5
    assert float(certify_assembly(running).rate) > 0.25 * (1 - 1e-3)


def test_links_without_constraint_are_not_certified():
    rng = np.random.default_rng(7)
    parts = [dense_module(VOLTAGE, rng), dense_module(VOLTAGE, rng)]
    eye = ExactMatrix.identity(2)
    wild = linked(parts, {(0, 1): 3 * eye, (1, 0): 3 * eye})
    assert wild.rate < 0
    assert certify_assembly(wild) is None
    assert slowest(wild, rng) < 0
    itself = linked(parts[:1], {(0, 0): 5 * eye})
    assert certify_assembly(itself) is None


@BOTH
def test_euler_step_of_the_whole(form):
    """No slopes stretch distances in the metric of the whole by more than the factor."""
    rng = np.random.default_rng(8)
    parts = [dense_module(form, rng), sparse_module(form, rng, tau=1.5)]
    whole = assemble(parts, {(0, 1): 0.25 * block(rng, 2, 2)})
    claim = certify_assembly_step(whole, 0.05)
    assert claim is not None
    assert claim.holds(whole)
    metric = whole_metric(whole).approximate()
    root = np.linalg.cholesky(metric).T
    for fractions in rng.uniform(size=(200, whole.size)):
        moved = np.eye(whole.size) + 0.05 * jacobian(whole, np.round(fractions) if fractions[0] > 0.5 else fractions)
        assert np.linalg.norm(root @ moved @ np.linalg.inv(root), 2) <= float(claim.factor) < 1
    keep, through = whole_step(whole, rational(0.05))
    links = whole.whole_links().approximate()
    taus = np.array([1.0, 1.0, 1.5, 1.5])
    expected = np.eye(whole.size) + 0.05 * (links - np.eye(whole.size)) / taus[:, None]
    np.testing.assert_allclose(keep.approximate(), expected, atol=1e-15)
    sizes = np.linalg.norm(through.approximate(), axis=1)
    weights = scipy.linalg.block_diag(*(m.network.gained.approximate() for m in whole.members))
    unlinked = weights if form == VOLTAGE else np.eye(whole.size)
    np.testing.assert_allclose(sizes, 0.05 * np.linalg.norm(unlinked, axis=1) / taus, rtol=1e-14)
    assert certify_assembly_step(whole, 5.0) is None


def test_step_of_members_of_both_forms(tmp_path):
    """The step is certified, in the file too, and bounds the map at random slopes."""
    rng = np.random.default_rng(9)
    whole = assemble([sparse_module(VOLTAGE, rng), sparse_module(RATE, rng)], {(0, 1): 0.25 * block(rng, 2, 2)})
    certificate = certify_assembly(whole, euler_step=0.05)
    assert certificate.euler is not None
    assert certificate.holds()
    assert checked(certificate, tmp_path) == 0
    assert not replace(certificate, euler=replace(certificate.euler, factor=rational(0.5))).holds()
    beside = ExactMatrix.zeros(whole.size, whole.size)
    beside.put(0, 1, ExactMatrix.of([[2.0**-60]]))
    full = certificate.euler.multiplier + beside + beside.T
    assert not replace(certificate, euler=replace(certificate.euler, multiplier=full)).holds()
    root = np.linalg.cholesky(whole_metric(whole).approximate()).T
    for fractions in rng.uniform(size=(200, whole.size)):
        moved = np.eye(whole.size) + 0.05 * jacobian(whole, np.round(fractions))
        assert np.linalg.norm(root @ moved @ np.linalg.inv(root), 2) <= float(certificate.euler.factor) < 1
