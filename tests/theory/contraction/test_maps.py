"""Maps decided: the questions of those who train `torch.nn.RNN`, of reservoirs and of leaky networks."""

import numpy as np
import pytest

from theory.contraction import network
from theory.contraction.certify import BadQuestion, certify
from theory.contraction.form import DISCRETE, DISCRETE_VOLTAGE, MAPS, RATE
from theory.contraction.gain import largest_gain
from theory.contraction.network import NotANetwork
from theory.contraction.search.euler_lmi import best_euler_metric
from theory.contraction.verdict import Verdict

BOTH = pytest.mark.parametrize("form", MAPS, ids=lambda form: form.name)
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


def dense(size, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(size, size)) / np.sqrt(size)


def proved(found):
    """The certification, after every claim has been proved anew."""
    assert found.certificate is not None
    assert found.certificate.holds()
    return found


@BOTH
def test_a_scaled_orthogonal_matrix(form):
    """0.95 Q of 64 neurons: the spectral norm tells, and nothing does better."""
    orthogonal = np.linalg.qr(np.random.default_rng(0).normal(size=(64, 64)))[0]
    found = proved(certify(0.95 * orthogonal, form))
    assert found.verdict is Verdict.CONTRACTING
    assert found.condition == "norm bound"
    assert found.factor == pytest.approx(0.95, abs=1e-6)
    gain = largest_gain(found.network)
    assert gain.low < 1 / 0.95 < gain.high < 1.0001 * gain.low
    assert gain.high_claim.holds(found.network.with_gain(gain.high).exact)


@BOTH
@pytest.mark.parametrize("leak", [1.0, 0.4])
@pytest.mark.sampled(2)
def test_dense_networks_beside_the_program(form, leak):
    """Nine neurons beyond the norm bound: 1 - factor within a thousandth of that of the semidefinite program."""
    weights = dense(9, 9, 0.7)
    assert np.linalg.norm(weights, 2) > 1
    found = proved(certify(weights, form, leak=leak))
    assert found.condition == "multiplier"
    program = best_euler_metric(found.network, 1.0, precision=2e-4)
    assert 1 - found.factor == pytest.approx(1 - program.factor, rel=1e-3)
    gain = largest_gain(found.network, 0.01)
    assert gain.low < gain.high < 1.002 * gain.low
    assert float(gain.low_claim.rate) >= 0.01


@BOTH
def test_sparse_networks(form):
    """Neurons that hear nothing, or nobody hears, cost nothing: the gain is closed to the search's tolerance."""
    rng = np.random.default_rng(0)
    weights = rng.uniform(-1, 1, (30, 30)) * (rng.random((30, 30)) < 0.06)
    assert not weights.any(axis=1).all()
    assert not weights.any(axis=0).all()
    gain = largest_gain(network(weights, form, leak=0.8))
    assert gain.low < gain.high < 1.002 * gain.low


@pytest.mark.parametrize("leak", [0.6, np.linspace(0.25, 1, 7)], ids=["one", "mixed"])
@pytest.mark.parametrize("units", [1e3, 1e-8])
@pytest.mark.sampled(2)
def test_units_do_not_matter(units, leak):
    """A positive diagonal similarity and another order of the neurons: the same factor, to the searches' tolerance."""
    weights = dense(7, 2, 0.8)
    rng = np.random.default_rng(3)
    scaling, order = units ** rng.uniform(-1, 1, 7), rng.permutation(7)
    moved = (scaling[:, None] * weights / scaling)[np.ix_(order, order)]
    leaks = np.broadcast_to(leak, 7)
    one, other = certify(weights, DISCRETE, leak=leaks), certify(moved, DISCRETE, leak=leaks[order])
    assert one.verdict is other.verdict is Verdict.CONTRACTING
    assert one.factor == pytest.approx(other.factor, abs=3e-4)


@BOTH
def test_forms_have_the_same_factor(form):
    """A map and the dual map of W^T: the same best factor, to the searches' tolerance."""
    weights = dense(6, 3, 0.7)
    one, other = certify(weights, form, leak=0.7), certify(weights.T, form.dual, leak=0.7)
    assert one.factor == pytest.approx(other.factor, abs=5e-4)


def test_a_leaky_rotation():
    """W = c R: the range is the segment from -ic to ic, so a c rho = rho^2 - (1 - a)^2 at the least factor."""
    for c, leak in ((1.1, 0.5), (1.5, 0.25)):
        found = proved(certify(c * TURN, DISCRETE, leak=leak))
        exact = (leak * c + np.sqrt((leak * c) ** 2 + 4 * (1 - leak) ** 2)) / 2
        assert found.factor == pytest.approx(exact, abs=1e-4)
        assert found.factor >= exact
    wild = proved(certify(1.1 * TURN, DISCRETE))
    assert wild.verdict is Verdict.NOT_CONTRACTING
    assert wild.factor is None


@BOTH
def test_leaks_of_the_neurons_own(form):
    found = proved(certify(dense(4, 4, 0.7), form, slopes=np.array([1, 0.5, 1, 0.75]), leak=np.array([1, 0.3, 0.6, 1])))
    assert found.verdict is Verdict.CONTRACTING
    assert {a.name for a in found.attempts} >= {"norm bound", "absolute weights", "diagonal metric", "multiplier"}


@BOTH
@pytest.mark.sampled(1)
def test_leaks_of_many_neurons_own(form):
    """Eighteen, beyond any program: far better than the diagonal metric; alike leaks give what one leak gives."""
    weights, leaks = dense(18, 5, 0.6), np.random.default_rng(6).uniform(0.25, 1, 18)
    found = proved(certify(weights, form, leak=leaks))
    rates = {attempt.name: attempt.rate for attempt in found.attempts}
    assert found.condition == "multiplier"
    assert 1 - found.factor > 1.5 * max(rates["diagonal metric"], 0.0)
    gain = largest_gain(found.network, 0.01)
    assert gain.low_claim.holds(found.network.with_gain(gain.low).exact)
    assert gain.low > 1.05
    nearly = np.full(18, 0.7)
    nearly[0] = 0.7 * (1 + 1e-9)
    one, other = (certify(weights, form, leak=leak) for leak in (0.7, nearly))
    assert other.factor == pytest.approx(one.factor, abs=2e-3)
    assert other.factor > one.factor - 1e-4


def test_the_asked_rate():
    """One minus the factor: proved where asked for less, refuted where asked for more; a slower proof is told."""
    weights = 0.75 * TURN
    assert certify(weights, DISCRETE, rate=0.24).verdict is Verdict.CONTRACTING
    refused = proved(certify(weights, DISCRETE, rate=0.26))
    assert refused.verdict is Verdict.NOT_CONTRACTING
    assert float(refused.slower.rate) == pytest.approx(0.25, abs=1e-5)


def test_on_the_boundary():
    """A rotation by a right angle neither contracts nor grows, whatever the metric: proved, exactly."""
    found = proved(certify(TURN, DISCRETE))
    assert found.verdict is Verdict.NOT_CONTRACTING
    assert float(found.claims[0].rate) == 0
    for weights in (np.eye(3), -np.eye(2)):
        assert certify(weights, DISCRETE).verdict is Verdict.NOT_CONTRACTING


def test_triangular_maps_have_no_largest_gain():
    chain = 5 * np.triu(dense(5, 1), 1)
    assert largest_gain(network(chain, DISCRETE, leak=0.5)).unbounded
    assert certify(chain, DISCRETE, leak=0.5).factor == pytest.approx(0.5, abs=1e-2)
    assert not largest_gain(network(chain - np.eye(5), DISCRETE, leak=0.5)).unbounded  # steep slopes overshoot


def test_the_flow_contracts_and_the_map_does_not():
    """W = -3: a flow of any slope contracts at rate one; the map overshoots."""
    weights = np.array([[-3.0]])
    assert certify(weights, RATE).verdict is Verdict.CONTRACTING
    assert certify(weights, DISCRETE).verdict is Verdict.NOT_CONTRACTING
    assert certify(weights, DISCRETE, leak=0.25).verdict is Verdict.CONTRACTING


@pytest.mark.parametrize("leak", [0.0, 1.5, -1.0, np.nan, np.array([0.5, 0.5, 0.5])])
def test_leaks_that_are_none(leak):
    with pytest.raises(NotANetwork, match="leaks"):
        network(TURN, DISCRETE, leak=leak)


def test_questions_that_make_no_sense():
    with pytest.raises(NotANetwork, match="not a leak"):
        certify(TURN, RATE, leak=0.5)
    with pytest.raises(NotANetwork, match="not time constants"):
        certify(TURN, DISCRETE, time_constants=2.0)
    with pytest.raises(BadQuestion, match="below 1"):
        certify(TURN, DISCRETE, rate=1.0)
    with pytest.raises(BadQuestion, match="a step already"):
        certify(TURN, DISCRETE_VOLTAGE, euler_step=0.1)
