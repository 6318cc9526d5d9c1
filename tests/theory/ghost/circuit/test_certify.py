import flint
import mpmath
import numpy as np
import pytest

from theory.ghost.circuit.certify import _jet, certify_fixed_points, certify_turning_points


def networks(seed, batch, neurons, gain):
    rng = np.random.default_rng(seed)
    m, n, b = rng.normal(size=(3, batch, neurons))
    return gain * m / np.sqrt(neurons), gain * n / np.sqrt(neurons), b


class Ball:
    """The flow of one circuit and its derivative in 150-bit ball arithmetic, written independently."""

    def __init__(self, m, n, b):
        self.neurons = [tuple(map(flint.arb, map(float, triple))) for triple in zip(m, n, b, strict=True)]

    def flow(self, kappa):
        return sum((n * (m * kappa + b).tanh() for m, n, b in self.neurons), -kappa)

    def slope(self, kappa):
        return sum((n * m * (1 - (m * kappa + b).tanh() ** 2) for m, n, b in self.neurons), flint.arb(-1))

    def count(self):
        """How many fixed points there are, by bisection with interval values; the cuts avoid round numbers."""
        reach = sum((abs(n) for _, n, _ in self.neurons), flint.arb(0)) + flint.arb("0.0123456789")
        return self._count(-reach, reach * flint.arb("1.0314159"))

    def _count(self, low, high):
        cell = low.union(high)
        if not self.flow(cell).contains(0):
            return 0
        if not self.slope(cell).contains(0):
            ends = self.flow(low), self.flow(high)
            assert not any(end.contains(0) for end in ends)
            return int((ends[0] > 0) != (ends[1] > 0))
        cut = (low + (high - low) * flint.arb("0.4876543")).mid()
        return self._count(low, cut) + self._count(cut, high)


@pytest.fixture
def _150_bits():
    before, flint.ctx.prec = flint.ctx.prec, 150
    yield
    flint.ctx.prec = before


@pytest.mark.usefixtures("_150_bits")
@pytest.mark.parametrize(("neurons", "gain"), [(1, 2.0), (3, 4.0), (8, 6.0), (20, 8.0)])
def test_counts_against_ball_arithmetic(neurons, gain):
    m, n, b = networks(neurons, 30, neurons, gain)
    found = certify_fixed_points(m, n, b)
    assert found.certified.all()
    assert found.counts.max() >= 3
    assert found.counts.tolist() == [Ball(*network).count() for network in zip(m, n, b, strict=True)]


def near_tangency(seed, depth):
    """A circuit with a local extremum of f at -depth times f'': a pair of roots sqrt(2 depth) to either side.

    A neuron with m = 0 adds a constant to the flow; mpmath finds the constant.
    """
    m, n, b = (array[0] for array in networks(seed, 1, 4, 5.0))
    turning = certify_turning_points(m[None], n[None], b[None]).of(0)
    with mpmath.workdps(40):

        def flow(kappa):
            neurons = zip(m, n, b, strict=True)
            return sum((mpmath.mpf(n_) * mpmath.tanh(m_ * kappa + b_) for m_, n_, b_ in neurons), -kappa)

        place = mpmath.findroot(lambda kappa: mpmath.diff(flow, kappa), turning.roots[0])
        bend = mpmath.diff(flow, place, 2)
        constant = -flow(place) - depth * bend
        weight = 2 * abs(constant)
        bias = mpmath.atanh(constant / weight)
    return np.append(m, 0.0), np.append(n, float(weight)), np.append(b, float(bias)), float(place)


@pytest.mark.usefixtures("_150_bits")
def test_a_close_pair_that_a_grid_of_a_thousand_points_misses():
    """Two fixed points a millionth apart; the published search looks for sign changes on 1,000 points."""
    distance = 1e-6
    m, n, b, place = near_tangency(8, distance**2 / 8)
    grid = np.linspace(-15, 15, 1000)
    values = (n * np.tanh(m * grid[:, None] + b)).sum(axis=1) - grid
    by_grid = int(np.sum(values[1:] * values[:-1] < 0))

    count = certify_fixed_points(m[None], n[None], b[None]).of(0)
    assert count.certified
    assert len(count.roots) == by_grid + 2 == Ball(m, n, b).count()
    close = np.abs(count.roots - place) < 1e-4
    # the constant is rounded to 1e-16 or so, which moves each root by 1e-16 / (f'' 1e-6)
    assert np.diff(count.roots[close]) == pytest.approx([distance], abs=count.radii[close].sum() + 1e-9)
    assert count.radii[close].sum() < distance  # the two enclosures are disjoint


@pytest.mark.usefixtures("_150_bits")
def test_a_pair_that_has_just_gone_is_not_seen():
    m, n, b, _ = near_tangency(8, -1e-12)
    count = certify_fixed_points(m[None], n[None], b[None]).of(0)
    assert count.certified
    assert len(count.roots) == Ball(m, n, b).count() == 1


def test_a_pair_closer_than_double_precision_is_named_as_undecided():
    m, n, b, place = near_tangency(8, 0.0)
    count = certify_fixed_points(m[None], n[None], b[None]).of(0)
    assert not count.certified
    assert len(count.roots) == 1
    ((low, high),) = count.undecided.tolist()
    assert low < place < high
    assert high - low < 1e-5


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("gain", [1.0, 30.0, 1e3])
def test_the_rounding_allowance_covers_the_rounding(order, gain):
    m, n, b = networks(11, 5, 60, gain)
    rng = np.random.default_rng(7)
    member, centre = np.repeat(np.arange(5), 12), rng.normal(size=60) * rng.choice([1e-3, 1.0, 30.0], 60)
    jet = _jet(m, n, b, 0)(member, centre, np.zeros(60))
    for k in range(60):
        rows = zip(m[member[k]], n[member[k]], b[member[k]], strict=True)
        with mpmath.workdps(30):
            exact = mpmath.mpf(0)
            for m_, n_, b_ in rows:
                t = mpmath.tanh(mpmath.mpf(m_) * mpmath.mpf(centre[k]) + mpmath.mpf(b_))
                exact += n_ * mpmath.mpf(m_) ** order * (t, 1 - t**2, -2 * t * (1 - t**2))[order]
            exact += (-mpmath.mpf(centre[k]), -1, 0)[order]
            error = abs(float(exact - mpmath.mpf(jet.derivatives[order][k])))
        assert error <= jet.errors[order][k]


@pytest.mark.parametrize("gain", [1.0, 10.0, 300.0])
def test_the_remainder_bound_covers_the_third_derivative_on_the_cell(gain):
    m, n, b = networks(2, 4, 30, gain)
    member, radius = np.repeat(np.arange(4), 25), np.tile(10.0 ** np.linspace(-6, 1, 25), 4)
    centre = np.random.default_rng(4).normal(size=100)
    bound = _jet(m, n, b, 0)(member, centre, radius).third
    for k in range(100):
        z = m[member[k]] * (centre[k] + radius[k] * np.linspace(-1, 1, 401))[:, None] + b[member[k]]
        decay = np.exp(-2 * np.abs(z))
        sech2 = 4 * decay / (1 + decay) ** 2
        third = (n[member[k]] * m[member[k]] ** 3 * sech2 * (4 - 6 * sech2)).sum(axis=1)
        assert np.abs(third).max() <= bound[k]


def test_fixed_and_turning_points_lie_where_they_are_looked_for():
    m, n, b = networks(3, 300, 10, 5.0)
    fixed, turning = certify_fixed_points(m, n, b), certify_turning_points(m, n, b)
    assert fixed.certified.all()
    assert turning.certified.all()
    assert np.all(np.abs(fixed.roots) < np.abs(n).sum(axis=1)[fixed.member])
    assert np.all(np.abs(turning.roots) < (np.abs(n) * (1 + np.abs(b))).sum(axis=1)[turning.member])
    far = 1.01 * np.outer(np.abs(n).sum(axis=1), [-1.0, 1.0])
    flow = (n[:, None] * np.tanh(m[:, None] * far[..., None] + b[:, None])).sum(axis=2) - far
    assert np.all(np.sign(flow) == [1, -1])


def test_counts_obey_the_laws_of_a_line():
    """Fixed points alternate stable, unstable, ..., stable; a turning point lies between any two; f' = 0 pairs up."""
    m, n, b = networks(8, 400, 6, 6.0)
    fixed, turning = certify_fixed_points(m, n, b), certify_turning_points(m, n, b)
    assert np.all(turning.counts % 2 == 0)
    for k in range(400):
        mine, turns = fixed.of(k), turning.of(k).roots
        assert mine.slopes.tolist() == [-1, 1] * (len(mine.slopes) // 2) + [-1]
        for left, right in zip(mine.roots[:-1], mine.roots[1:], strict=True):
            assert np.any((left < turns) & (turns < right))


def test_a_whole_batch_agrees_with_its_members_one_by_one():
    m, n, b = networks(9, 40, 12, 6.0)
    together = certify_fixed_points(m, n, b)
    for k in range(40):
        alone = certify_fixed_points(m[k : k + 1], n[k : k + 1], b[k : k + 1]).of(0)
        np.testing.assert_allclose(together.of(k).roots, alone.roots, atol=1e-11)


def test_degenerate_circuits():
    zero = np.zeros((1, 3))
    assert certify_fixed_points(zero, zero, zero).of(0).roots.tolist() == [0.0]
    critical = certify_fixed_points(np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 1))).of(0)
    assert not critical.certified  # -kappa + tanh kappa: a triple root at zero
    assert critical.undecided[0, 0] <= 0.0 <= critical.undecided[0, 1]
    huge = certify_fixed_points(np.full((1, 1), 1e200), np.full((1, 1), 2.0), np.zeros((1, 1))).of(0)
    assert not huge.certified  # the bounds overflow, so nothing is claimed
    assert all(np.any((huge.undecided[:, 0] <= x) & (x <= huge.undecided[:, 1])) for x in (-2.0, 0.0, 2.0))
