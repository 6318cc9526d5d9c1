"""Networks of networks trained on images of digits, certified again after training, attacked; and the control."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.linalg import block_diag

from simulate.contraction.adversary import worst_slopes, worst_step
from simulate.contraction.classify import Classification, Classified, classify
from simulate.contraction.combo import ComboNet, Scales, draw_singular_modules, draw_sparse_modules, joined
from simulate.contraction.form import VOLTAGE
from simulate.contraction.links import BALANCED_FEEDBACK, NEGATIVE_FEEDBACK, UNCONSTRAINED, LinkRule
from simulate.contraction.parametrise.contracting import Contracting
from simulate.contraction.parametrise.multiplier import draw_multiplier
from simulate.contraction.parametrise.product import draw_product
from simulate.contraction.parametrise.sparse import SparseModules
from simulate.tasks.images import digits
from theory.contraction.assembly.assembly import linked, whole_metric
from theory.contraction.assembly.certificate import certify_assembly
from validate.contraction.claims import SIMULATED_STEP, TRAINED
from validate.contraction.recertify import link_blocks, modules_of, recertified
from validate.contraction.settings import QUICK, Config
from validate.contraction.simulated import ROUNDING, dense_metric, switching_search
from validate.output import Plot
from validate.palette import SERIES, THEORY
from validate.plotting import GUIDE, WIDE, legend_below, legend_under, mark_values, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import AtLeast, AtMost, Exact, Reported

MODULES, UNITS, STEP = 4, 8, 0.1
CLASSES = 10
SCALES = Scales(links=1.0, inputs=1.0, readout=1.0)
SPARSE, SINGULAR = "Sparse Combo Net", "SVD Combo Net"
FEWER_AND_MORE = (1, 2, 8)
"""Numbers of modules besides `MODULES` at which the kinds of the paper are trained for Fig. 4; a quick run takes 1."""


@dataclass(frozen=True)
class TrainedResults:
    """The trainings by name, the rates certified afterwards, and the pixels of an image in the order they are read in.

    `by_modules` has the test accuracies by number of modules, of the two kinds of the paper.
    """

    trainings: dict[str, Classified]
    rates: dict[str, float | None]
    example: Float[np.ndarray, " pixels"]
    by_modules: dict[str, dict[int, float]] = field(default_factory=dict)


def checks(config: Config, report: Report, progress: Progress) -> TrainedResults:
    """Each kind of network: trained through its Euler steps, then proved anew from the numbers that run."""
    images, training = digits(seed=config.seed), _training(config)
    epochs = training.epochs
    sparse, singular = (_drawn(kind, MODULES, config.seed) for kind in (SPARSE, SINGULAR))
    seeds = [(config.seed, number) for number in range(MODULES)]
    products = [draw_product(seed, UNITS, VOLTAGE) for seed in seeds]
    multipliers = [draw_multiplier(seed, UNITS, VOLTAGE) for seed in seeds]
    cases: dict[str, tuple[list[Contracting], LinkRule]] = {
        SPARSE: (sparse, RULES[SPARSE]),
        SINGULAR: (singular, RULES[SINGULAR]),
        "theorem 3": (list(products), BALANCED_FEEDBACK),
        "multiplier LMI": (list(multipliers), BALANCED_FEEDBACK),
        "unconstrained links": (sparse, UNCONSTRAINED),
    }
    trainings: dict[str, Classified] = {}
    rates: dict[str, float | None] = {}
    with progress.task("training", total=len(cases)) as advance:
        for done, (name, (modules, rule)) in enumerate(cases.items()):
            network = joined(modules, STEP, config.seed, rule, scales=SCALES)
            found = classify(network, images, training)
            trainings[name] = found
            report.check(
                f"{name}: test accuracy after {epochs} epochs; chance is 0.1",
                predicted=None,
                measured=found.test_accuracy,
                tolerance=Reported(f"digits of 8 x 8 pixels in 64 steps, {MODULES} x {UNITS} units"),
            )
            if rule is UNCONSTRAINED:
                rates[name] = None
                _control(name, found.network, config, report)
            else:
                rates[name] = _certified(name, found.network, config, report)
            advance(done + 1)
    return TrainedResults(trainings, rates, np.asarray(images.test.sequences[0, :, 0]))


RULES: dict[str, LinkRule] = {SPARSE: BALANCED_FEEDBACK, SINGULAR: NEGATIVE_FEEDBACK}


def _training(config: Config) -> Classification:
    epochs = config.effort.epochs
    return Classification(epochs, 0.02, schedule_epochs=float(epochs), batch=32, seed=config.seed)


def _drawn(kind: str, count: int, seed: int) -> list[Contracting]:
    """So many modules of a kind of the paper."""
    if kind == SPARSE:
        return list(draw_sparse_modules(count, SparseModules(UNITS, 0.15, 3.0), seed))
    return list(draw_singular_modules(count, UNITS, seed))


def for_figures(config: Config, results: TrainedResults, progress: Progress) -> TrainedResults:
    """The two kinds of the paper with fewer and with more modules, trained alike."""
    images, training = digits(seed=config.seed), _training(config)
    counts = FEWER_AND_MORE[:1] if config.effort == QUICK else FEWER_AND_MORE
    found = {kind: {MODULES: _tested(results.trainings[kind])} for kind in RULES}
    with progress.task("fewer and more modules", total=len(RULES) * len(counts)) as advance:
        for done, (kind, count) in enumerate((kind, count) for kind in RULES for count in counts):
            modules = _drawn(kind, count, config.seed)
            network = joined(modules, STEP, config.seed, RULES[kind], scales=SCALES)
            found[kind][count] = _tested(classify(network, images, training))
            advance(done + 1)
    return replace(results, by_modules=found)


def _tested(found: Classified) -> float:
    return np.nan if found.test_accuracy is None else found.test_accuracy


def _certified(name: str, network: ComboNet, config: Config, report: Report) -> float:
    """The rate that is certified of the trained network."""
    proved = recertified(network)
    promised = float(np.asarray(network.rates()).min())
    report.check(
        f"{name}: certified after training, flow",
        predicted=1,
        measured=int(proved.certificate is not None),
        tolerance=Exact(),
        claim=TRAINED,
    )
    report.check(
        f"{name}: rate promised by the parametrisation; certified",
        predicted=promised,
        measured=proved.rate,
        tolerance=Reported("theorem 1 is certified in the metric of its two vectors, by entries, which gives less"),
        claim=TRAINED,
    )
    factor = "not certified in this metric" if proved.factor is None else proved.factor
    report.check(
        f"{name}: certified factor of its Euler step of {STEP:g} tau",
        predicted=None,
        measured=factor,
        tolerance=Reported("a large enough step does not contract, however well the flow does"),
        claim=SIMULATED_STEP,
    )
    system, metric = network.assembly(), dense_metric(whole_metric(proved.assembly))
    worst = worst_step(system, metric, STEP, seed=config.seed)
    report.check(
        f"{name}: factor of that step at the worst slopes found",
        predicted=None if proved.factor is None else proved.factor + ROUNDING,
        measured=worst.factor,
        tolerance=Reported("above 1 the step does not contract in this metric, and no certificate was missed")
        if proved.factor is None
        else AtMost("the certified factor"),
        claim=SIMULATED_STEP,
    )
    report.check(
        f"{name}: largest logarithmic norm at adversarial slopes",
        predicted=-proved.rate + ROUNDING,
        measured=worst_slopes(system, metric, restarts=4, seed=config.seed).log_norm,
        tolerance=AtMost("minus the certified rate"),
    )
    report.check(
        f"{name}: fastest growth under adversarial switching",
        predicted=-proved.rate + ROUNDING,
        measured=switching_search(config).run(system, metric).growth_rate,
        tolerance=AtMost("minus the certified rate"),
    )
    return proved.rate


def _control(name: str, network: ComboNet, config: Config, report: Report) -> None:
    """The same fixed modules, links trained without the rule: no certificate, and slopes that make differences grow."""
    parts = modules_of(network)
    assembly = linked(parts, link_blocks(network))
    report.check(
        f"{name}: certificates found (control)",
        predicted=0,
        measured=int(certify_assembly(assembly) is not None),
        tolerance=Exact(),
        claim=TRAINED,
    )
    system, metric = network.assembly(), dense_metric(whole_metric(assembly))
    report.check(
        f"{name}: fastest growth under adversarial switching (control)",
        predicted=0.0,
        measured=switching_search(config).run(system, metric).growth_rate,
        tolerance=AtLeast("without the rule, training leaves contraction behind"),
    )


def figures(config: Config, results: TrainedResults) -> tuple[Plot, ...]:
    """What is asked and of whom, how it is learned, and how well."""
    return _network(results), _learning(results), _accuracies(config, results)


def _network(results: TrainedResults) -> Plot:
    """An image as it is read, the weights within modules, and the links between them that were trained."""
    network = results.trainings["Sparse Combo Net"].network
    within, links = block_diag(*np.asarray(network.weights())), np.asarray(network.links())
    edge = round(len(results.example) ** 0.5)
    with style():
        figure, (image, modules, between) = new_panels(3, 9.6, 3.4)
        pixels = results.example.reshape(edge, edge)
        image.imshow(pixels, cmap="Greys")
        image.plot(np.tile([-0.3, edge - 0.7], edge), np.repeat(np.arange(edge), 2), color=THEORY, linewidth=0.6)
        image.set(title=f"an image, read in {edge**2} steps", xlabel="pixel", ylabel="row")
        for axes, matrix, title in (
            (modules, within, "weights within modules, fixed"),
            (between, links, "links between them, trained"),
        ):
            largest = np.abs(matrix).max()
            shown = axes.imshow(matrix, cmap="RdBu_r", vmin=-largest, vmax=largest)
            figure.colorbar(shown, ax=axes, shrink=0.7, label="weight")
            axes.set(title=title, xlabel="from unit", ylabel="to unit")
        for axes in (image, modules, between):
            axes.grid(visible=False)
    caption = (
        f"Figs. 2 and 3: digits pixel by pixel, read by {MODULES} x {UNITS} units. The links are antisymmetric in the "
        "metric of the whole, so that they cost no contraction."
    )
    return plot("fig_3", caption, figure, {"image": results.example, "within": within, "links": links})


def _learning(results: TrainedResults) -> Plot:
    """Loss and validation accuracy, epoch by epoch."""
    data: dict[str, np.ndarray] = {}
    with style():
        figure, (loss, accuracy) = new_panels(2, WIDE, 3.6)
        for colour, (name, found) in zip(SERIES, results.trainings.items(), strict=False):
            epochs = np.arange(1, len(found.history.loss) + 1)
            dash = "--" if name.startswith("unconstrained") else "-"
            label = f"{typeset(name)} (control)" if dash == "--" else typeset(name)
            look: dict[str, Any] = {
                "color": colour,
                "linestyle": dash,
                "marker": "." if len(epochs) < 10 else "",
                "label": label,
            }
            loss.plot(epochs, found.history.loss, **look)
            accuracy.plot(epochs, found.history.validation_accuracy, **look)
            key = name.replace(" ", "_")
            data |= {
                f"loss_{key}": found.history.loss,
                f"validation_{key}": found.history.validation_accuracy,
            }
        loss.axhline(np.log(CLASSES), **GUIDE)
        accuracy.axhline(1 / CLASSES, label="chance", **GUIDE)
        loss.set(xlabel="epoch", ylabel="cross-entropy (nats)")
        accuracy.set(xlabel="epoch", ylabel="validation accuracy", ylim=(0, 1))
        legend_below(figure, 3)
    caption = (
        "Digits pixel by pixel: networks contracting by construction, and the control whose links obey no rule. One "
        "network a kind; dotted: chance."
    )
    return plot("trained", caption, figure, data)


def _accuracies(config: Config, results: TrainedResults) -> Plot:
    """Test accuracy against the number of modules, and of each kind of network with the rate certified of it."""
    names = list(results.trainings)
    reached = np.array([_tested(results.trainings[name]) for name in names])
    data: dict[str, np.ndarray] = {"names": np.array(names), "test_accuracy": reached}
    with style():
        figure, (modules, kinds) = new_panels(2, WIDE, 3.4)
        for colour, (kind, found) in zip(SERIES, results.by_modules.items(), strict=False):
            counts = sorted(found)
            accuracies = [found[count] for count in counts]
            modules.plot(counts, accuracies, "o-", color=colour, markersize=3.5, label=kind)
            key = kind.replace(" ", "_")
            data |= {f"modules_{key}": np.array(counts), f"by_modules_{key}": np.array(accuracies)}
        modules.axhline(1 / CLASSES, label="chance", **GUIDE)
        modules.set(xlabel=f"modules of {UNITS} units", ylabel="test accuracy", xscale="log", ylim=(0, 1))
        mark_values(modules, sorted({count for found in results.by_modules.values() for count in found}))
        legend_under(modules)
        places = np.arange(len(names))[::-1]
        kinds.barh(places, reached, color=[SERIES[k] for k in range(len(names))])
        kinds.axvline(1 / CLASSES, **GUIDE)
        kinds.set(xlabel="test accuracy", xlim=(0, 1), yticks=places, yticklabels=[_told(results, n) for n in names])
    caption = (
        "Fig. 4 and Table 1 on digits of 8 x 8 pixels, read in 64 steps (the paper's are MNIST and CIFAR10): test "
        f"accuracy by the number of modules, and of {MODULES} x {UNITS} units of each kind with the rate certified "
        f"after training, per unit of time. One network a point, {config.effort.epochs} epochs; dotted: chance."
    )
    return plot("fig_4", caption, figure, data)


def _told(results: TrainedResults, name: str) -> str:
    rate = results.rates[name]
    return f"{typeset(name)}\n{'no certificate' if rate is None else f'rate {rate:.2g}'}"
