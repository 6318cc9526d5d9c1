"""Memory of training A-B-A: what differs at equal function, whether it tells the history, and what wipes it out.

A and B are filter tasks of decay 0.2 and 0.4, C has 0.6. Populations are trained on a grid of 100 steps of 0.2, a
single run on the published one, 400 steps of 0.05.
"""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from simulate.lowrank.closure import Closure, Overlaps
from simulate.lowrank.draw import draw_exact
from simulate.lowrank.learning import Learning, learn
from simulate.lowrank.network import Network
from simulate.lowrank.noisy_targets import NoisyTargets
from simulate.lowrank.nonlinearity import LINEAR as LINEAR_NEURON
from simulate.lowrank.rule import GradientDescent
from simulate.lowrank.tasks import filter_task
from theory.gaussian import LINEAR
from theory.lowrank.forgetting import forgotten
from theory.lowrank.holonomy import linear_memory
from theory.lowrank.loop import Filter, detour
from theory.lowrank.shape import Shape
from validate.checks.lowrank.decoding import Decoding, decode
from validate.checks.lowrank.settings import Config
from validate.progress import Progress
from validate.report import Report
from validate.tolerance import Absolute, AtLeast, AtMost, Binomial, Exact, Relative, Reported

SHAPE = Shape()
CLOSURE = Closure(SHAPE, LINEAR)
RATE = 5e-3
A, B, C = 0.2, 0.4, 0.6
DT, STEPS = 0.2, 100
DISTANCES = np.array([2e-3, 1e-3, 5e-4])
READING = 1e-4
"""Standard deviation of the error with which each overlap is read off before decoding."""
DECAYS = (2e-4, 1e-4)
FORGET_DECAY = 1e-3
DETOURS = 4
NOISE, NOISY_NEURONS = 1e-2, 8
SINGLE = tuple(tuple(k == on for k in range(4)) for on in range(4))
SINGLE_RATES = (4e-2, 1e-2, 1e-2, 1e-2)
HIDDEN = ((0, 0), (0, 1), (1, 1), (2, 2), (2, 3), (3, 3))
VISIBLE = ((0, 3), (1, 3), (0, 2), (1, 2))

Grams = Float[np.ndarray, "*runs 4 4"]


@dataclass(frozen=True)
class Forgetting:
    """The difference that history makes to the overlaps under weight decay: predicted and measured, at 2 lambda t."""

    elapsed: Float[np.ndarray, " times"]
    predicted: Float[np.ndarray, " times"]
    measured: Float[np.ndarray, "decays times"]


@dataclass(frozen=True)
class MemoryResults:
    """The published sequence on the map; the law of small detours; accuracies; forgetting."""

    sequence: Grams
    sequence_loss: Float[np.ndarray, " epochs"]
    switches: tuple[int, ...]
    distances: Float[np.ndarray, " distances"]
    displacement: Float[np.ndarray, " distances"]
    predicted_displacement: Float[np.ndarray, " distances"]
    predicted_holonomy: Float[np.ndarray, " distances"]
    forgetting: Forgetting
    decay_epochs: Float[np.ndarray, " times"]
    accuracy_under_decay: Float[np.ndarray, " times"]
    without_history: Grams
    with_history: Grams


def checks(config: Config, report: Report, progress: Progress) -> MemoryResults:
    """From one run to the law of small detours, from there to populations, and to what wipes the memory out."""
    with progress.task("training A-B-A"):
        learned, loss, switches = _sequence(config, report)
        law = _small_detours(config, report)
        _frozen(config, report)
        _networks(config, report)
    with progress.task("decoding histories"):
        without, with_history, accuracies, elapsed = _decoding(config, report)
    with progress.task("forgetting"):
        forgetting = _forgetting(config, report)
    return MemoryResults(
        sequence=learned,
        sequence_loss=loss,
        switches=switches,
        distances=DISTANCES,
        displacement=law[0],
        predicted_displacement=law[1],
        predicted_holonomy=law[2],
        forgetting=forgetting,
        decay_epochs=elapsed,
        accuracy_under_decay=accuracies,
        without_history=without,
        with_history=with_history,
    )


def random_overlaps(rng: np.random.Generator, runs: int, neurons: int = 500) -> Grams:
    """The overlaps of random networks whose columns have norm sqrt(neurons)."""
    theta = rng.normal(size=(runs, neurons, SHAPE.size))
    theta /= np.sqrt((theta**2).mean(axis=1, keepdims=True))
    return np.asarray(np.einsum("nia,nib->nab", theta, theta) / neurons)


@eqx.filter_jit
def _trained(sigma: Array, decay: Array, rule: GradientDescent, epochs: int) -> Array:
    """The overlaps of each run after training one filter task on the coarse grid."""
    task = filter_task(decay, DT, STEPS)
    return jax.vmap(lambda s: learn(Overlaps(s, CLOSURE), task, rule, epochs).end.sigma())(sigma)


def after(sigma: Grams, decays: tuple[float, ...], epochs: int, rule: GradientDescent | None = None) -> Grams:
    """Overlaps (runs, d, d) after training filter tasks one after the other."""
    rule = GradientDescent(jnp.asarray(RATE)) if rule is None else rule
    now = jnp.asarray(sigma)
    for decay in decays:
        now = _trained(now, jnp.asarray(decay), rule, epochs)
    return np.asarray(now)


@eqx.filter_jit
def _published(sigma: Array, decay: Array, noise: Array, rate: Array, epochs: int) -> Learning[Overlaps]:
    task = NoisyTargets(filter_task(decay).batch, noise, jax.random.key(0))
    return learn(Overlaps(sigma, CLOSURE), task, GradientDescent(rate), epochs)


def _sequence(config: Config, report: Report) -> tuple[Grams, Float[np.ndarray, " epochs"], tuple[int, ...]]:
    """0.2, 0.4, 0.2, 0.4, then 0.2 with noisy targets at twice the rate; a quarter of the epochs in a quick run."""
    share = 4 if config.effort.small else 1
    sigma = jnp.asarray(random_overlaps(np.random.default_rng(config.seed), 1)[0])
    phases = [(A, 0.0, RATE, 3000), *((decay, 0.0, RATE, 1000) for decay in (B, A, B)), (A, 0.1, 2 * RATE, 4000)]
    parts, ends = [], []
    for decay, noise, rate, epochs in phases:
        part = _published(sigma, jnp.asarray(decay), jnp.asarray(noise), jnp.asarray(rate), epochs // share)
        sigma = part.end.sigma()
        parts.append(part)
        ends.append(np.asarray(sigma))
    learned = np.concatenate([np.asarray(part.sigma[:-1]) for part in parts])
    loss = np.concatenate([np.asarray(part.loss[:-1]) for part in parts])
    moved = ends[2] - ends[0]
    report.check(
        "A-B-A on the published grid: largest loss at A before and after",
        predicted=1e-4,
        measured=max(float(parts[0].loss[-1]), float(parts[2].loss[-1])),
        tolerance=AtMost("trained: 1e-5 of the initial loss, about 1, ten times over"),
    )
    report.quantity("memory_of_aba", {SHAPE.overlap(a, b).name: float(moved[a, b]) for a, b in SHAPE.pairs})
    report.quantity(
        "memory_after_noisy_targets",
        {SHAPE.overlap(a, b).name: float(ends[4][a, b] - ends[0][a, b]) for a, b in SHAPE.pairs},
    )
    return learned, loss, tuple(int(n) for n in np.cumsum([epochs // share for *_, epochs in phases]))


def _small_detours(config: Config, report: Report) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    epochs = 2000
    start = after(random_overlaps(np.random.default_rng(config.seed + 1), 1), (A,), 2 * epochs)
    task = Filter(A, DT, STEPS)
    measured, predicted, holonomy = [], [], []
    for distance in DISTANCES:
        measured.append((after(start, (A + distance, A), epochs) - start)[0])
        found = detour(start[0], task, Filter(A + distance, DT, STEPS), RATE)
        predicted.append(found.displacement)
        holonomy.append(found.holonomy)
    sizes, foreseen, turned = (np.abs(each).max(axis=(1, 2)) for each in (measured, predicted, holonomy))
    errors = np.abs(np.array(measured) - predicted).max(axis=(1, 2)) / sizes
    report.check(
        "detour to a task close by: exponent of the distance in what it leaves",
        predicted=2.0,
        measured=_exponent(sizes),
        tolerance=Absolute(0.1, "next order: 0.05 at the largest distance"),
    )
    report.check(
        "exponent of the distance in the relative error of the second-order formula",
        predicted=1.0,
        measured=_exponent(errors),
        tolerance=Absolute(0.15, "next order"),
    )
    report.check(
        "what the smallest detour leaves, extrapolated to distance 0 (unit: the formula)",
        predicted=1.0,
        measured=float(2 * sizes[-1] / foreseen[-1] - sizes[-2] / foreseen[-2]),
        tolerance=Absolute(0.01, "O(distance^2) after one extrapolation"),
    )
    report.check(
        "share of the memory that gradient flow would leave (holonomy), at the published rate",
        predicted=1.0,
        measured=float(turned[-1] / foreseen[-1]),
        tolerance=Reported("the rest is the O(rate) drift of the invariants by finite steps"),
    )
    return sizes, foreseen, turned


def _exponent(values: np.ndarray) -> float:
    return float(np.log(values[0] / values[-1]) / np.log(DISTANCES[0] / DISTANCES[-1]))


def _frozen(config: Config, report: Report) -> None:
    """One block alone: the function fixes all that moves, and nothing is remembered at any rate."""
    start = after(random_overlaps(np.random.default_rng(config.seed + 2), 1, 6), (A,), 4000)
    left, directions = [], []
    for trained, rate in zip(SINGLE, SINGLE_RATES, strict=True):
        m, u, v, z = (jnp.asarray(rate * on) for on in trained)
        rule = GradientDescent(jnp.asarray(1.0), block_rates=(m, u, v, z))
        first = after(start, (A,), 8000, rule)
        left.append(float(np.abs(after(first, (0.25, A), 8000, rule) - first).max()))
        directions.append(linear_memory(trained=trained).directions)
    report.check(
        "directions of memory when one block alone is trained: m, u, v or z",
        predicted=np.zeros(4),
        measured=np.array(directions),
        tolerance=Exact("brackets of the fields of learning"),
    )
    report.check(
        "what A-B-A leaves when one block alone is trained",
        predicted=np.zeros(4),
        measured=np.array(left),
        tolerance=Absolute(1e-7, "convergence of the training"),
    )


@eqx.filter_jit
def _network_trained(network: Network, decay: Array, epochs: int) -> Learning[Network]:
    return learn(network, filter_task(decay, DT, STEPS), GradientDescent(RATE), epochs)


def _networks(config: Config, report: Report) -> None:
    epochs = 200 if config.effort.small else 800
    start = random_overlaps(np.random.default_rng(config.seed + 3), 1)
    errors = []
    for neurons in (10, 40):
        network = draw_exact(jax.random.key(config.seed), start[0], SHAPE.counts, neurons, LINEAR_NEURON)
        for decay in (A, B, A):
            network = _network_trained(network, jnp.asarray(decay), epochs).end
        errors.append(float(jnp.abs(network.sigma() - after(start, (A, B, A), epochs)[0]).max()))
    report.check(
        "overlaps after A-B-A, networks of 10 and 40 neurons against the map",
        predicted=np.zeros(2),
        measured=np.array(errors),
        tolerance=Absolute(1e-9, "rounding, accumulated over the run"),
    )


def features(sigma: Grams, pairs: tuple[tuple[int, int], ...], rng: np.random.Generator) -> Float[np.ndarray, "runs k"]:
    """Overlaps of each run, each read off with an error."""
    rows, columns = np.transpose(pairs)
    read = sigma[:, rows, columns]
    return np.asarray(read + READING * rng.normal(size=read.shape))


def functions(sigma: Grams, rng: np.random.Generator) -> Float[np.ndarray, "runs 3"]:
    """zm, vu and zu vm of each run, each read off with an error."""
    read = np.stack([sigma[:, 3, 0], sigma[:, 2, 1], sigma[:, 3, 1] * sigma[:, 2, 0]], axis=1)
    return np.asarray(read + READING * rng.normal(size=read.shape))


def _decoding(config: Config, report: Report) -> tuple[Grams, Grams, np.ndarray, np.ndarray]:
    """Runs of either history start anew each: nothing but the history tells the classes apart.

    A detour leaves the more, the higher the rate: several detours at twice the published rate.
    """
    runs = 200 if config.effort.small else 400
    rng = np.random.default_rng(config.seed + 4)
    starts = after(random_overlaps(rng, 3 * runs // 2), (A,), 2000)
    half = runs // 2
    labels = np.arange(runs) >= half
    once = [after(starts[:half], (A, A), 1000), after(starts[half:runs], (B, A), 1000)]
    single = decode(features(np.concatenate(once), HIDDEN, rng), labels, rng)
    report.check(
        "history from the hidden overlaps, one detour at the published rate: accuracy",
        predicted=0.5,
        measured=single.accuracy,
        tolerance=Reported(f"what one detour leaves is below the spread of the starts; {single.trials} held-out runs"),
    )
    rule = GradientDescent(jnp.asarray(2 * RATE))
    stayed = after(starts[:half], (A, A) * DETOURS, 500, rule)
    detoured = after(starts[half:runs], (B, A) * DETOURS, 500, rule)
    other = after(starts[runs:], (C, A) * DETOURS, 500, rule)
    pairs = {"A(BA)^4 from A(AA)^4": (stayed, detoured), "A(BA)^4 from A(CA)^4": (other, detoured)}
    family = 3 * len(pairs) + 2
    for name, histories in pairs.items():
        both = np.concatenate(histories)
        found = decode(features(both, HIDDEN, rng), labels, rng)
        _decodable(report, f"history from the hidden overlaps, {name}", found)
        controls = {
            "history from the function": decode(functions(both, rng), labels, rng),
            "shuffled history from the hidden overlaps": decode(
                features(both, HIDDEN, rng), rng.permutation(labels), rng
            ),
        }
        for control, decoding in controls.items():
            _chance(report, f"{control}, {name}", decoding, family)
        visible = decode(features(both, VISIBLE, rng), labels, rng)
        report.check(
            f"history from the visible overlaps, {name}",
            predicted=0.5,
            measured=visible.accuracy,
            tolerance=Reported("the function fixes zu vm but not zu and vm, which may differ"),
        )
    both = np.concatenate(pairs["A(BA)^4 from A(AA)^4"])
    elapsed, accuracies = _under_decay(both, labels, rng)
    _chance(report, "history from the hidden overlaps after 2 lambda t = 6 of weight decay", accuracies[-1], family)
    noisy = _under_noise(both, config.seed)
    _chance(
        report,
        f"history from the hidden overlaps of {NOISY_NEURONS} neurons after weight noise",
        decode(features(noisy, HIDDEN, rng), labels, rng),
        family,
    )
    return stayed, detoured, np.array([each.accuracy for each in accuracies]), elapsed


def _decodable(report: Report, name: str, found: Decoding) -> None:
    report.quantity(f"accuracy: {name}", found.accuracy)
    report.check(
        f"{name}: accuracy (lower end)",
        predicted=0.5,
        measured=found.at_least(),
        tolerance=AtLeast(f"binomial 99.9 %, {found.trials} held-out runs"),
    )


def _chance(report: Report, name: str, found: Decoding, family: int) -> None:
    report.check(
        f"{name}: chance",
        predicted=0.5,
        measured=found.accuracy,
        tolerance=Binomial(found.trials, family=family),
    )


def _under_decay(
    sigma: Grams, labels: np.ndarray, rng: np.random.Generator
) -> tuple[Float[np.ndarray, " times"], list[Decoding]]:
    rule = GradientDescent(jnp.asarray(RATE), weight_decay=jnp.asarray(FORGET_DECAY))
    piece, pieces = 500, 6
    found = [decode(features(sigma, HIDDEN, rng), labels, rng)]
    for _ in range(pieces):
        sigma = after(sigma, (A,), piece, rule)
        found.append(decode(features(sigma, HIDDEN, rng), labels, rng))
    return piece * np.arange(pieces + 1.0), found


@eqx.filter_jit
def _shaken(networks: Network, keys: Array, epochs: int) -> Array:
    rule = GradientDescent(RATE, noise=NOISE)
    task = filter_task(A, DT, STEPS)
    return jax.vmap(lambda network, key: learn(network, task, rule, epochs, key).end.sigma())(networks, keys)


def _under_noise(sigma: Grams, seed: int) -> Grams:
    keys = jax.random.split(jax.random.key(seed), len(sigma))
    drawn = [
        draw_exact(key, each, SHAPE.counts, NOISY_NEURONS, LINEAR_NEURON) for key, each in zip(keys, sigma, strict=True)
    ]
    networks = jax.tree.map(lambda *leaves: jnp.stack(leaves), *drawn)
    return np.asarray(_shaken(networks, keys, 100))


def _forgetting(config: Config, report: Report) -> Forgetting:
    """Pairs that differ by a detour, under weight decay at A."""
    start = after(random_overlaps(np.random.default_rng(config.seed + 5), 1), (A,), 2000)
    stayed, detoured = after(start, (A, A), 1000), after(start, (B, A), 2000)
    elapsed = np.linspace(0, 2, 5)
    drift = [forgotten(each[0], elapsed / 2) for each in (detoured, stayed)]
    predicted = np.abs(drift[0] - drift[1]).max(axis=(1, 2))
    measured = []
    for weight_decay in DECAYS:
        rule = GradientDescent(jnp.asarray(RATE), weight_decay=jnp.asarray(weight_decay))
        both = np.concatenate([detoured, stayed])
        differences = [predicted[0]]
        for _ in elapsed[1:]:
            both = after(both, (A,), round((elapsed[1] - elapsed[0]) / 2 / weight_decay), rule)
            differences.append(float(np.abs(both[0] - both[1]).max()))
        measured.append(differences)
    found = Forgetting(elapsed, predicted, np.array(measured))
    extrapolated = 2 * found.measured[1] - found.measured[0]
    report.check(
        "difference that history makes under weight decay, 2 lambda t = 0.5 to 2, extrapolated to small lambda",
        predicted=predicted[1:],
        measured=extrapolated[1:],
        tolerance=Relative(0.03, "O(lambda^2) after one extrapolation, and the finite rate"),
    )
    signature = np.diag([1.0, 1, -1, -1])
    spectra = [np.sort(np.linalg.eigvals(signature @ each).real) for each in (detoured[0], both[0])]
    report.check(
        "eigenvalues of A Sigma after 2 lambda t = 2 of weight decay (unit: at the start)",
        predicted=np.full(4, np.exp(-2.0)),
        measured=spectra[1] / spectra[0],
        tolerance=Relative(0.02, "finite steps: O(rate) in all"),
    )
    survived = np.log(found.measured[-1, 1:] / found.measured[-1, :-1])
    report.check(
        "forgetting time of the difference over 2 lambda t = 0 to 2 (unit: 1 / (2 lambda))",
        predicted=float(2 / -np.log(predicted[-1] / predicted[0])),
        measured=float(-2 / survived.sum()),
        tolerance=Relative(0.03, "O(lambda)"),
    )
    return found
