"""Networks of networks trained on images of digits, certified again after training, attacked; and the control."""

from dataclasses import dataclass
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
from validate.contraction.settings import Config
from validate.contraction.simulated import ROUNDING, dense_metric, switching_search
from validate.output import Plot
from validate.palette import SERIES, THEORY
from validate.plotting import GUIDE, WIDE, legend_below, new_panels, plot, style
from validate.progress import Progress
from validate.report import Report
from validate.symbols import typeset
from validate.tolerance import AtLeast, AtMost, Exact, Reported

MODULES, UNITS, STEP = 4, 8, 0.1
CLASSES = 10
SCALES = Scales(links=1.0, inputs=1.0, readout=1.0)


@dataclass(frozen=True)
class TrainedResults:
    """The trainings by name, and the pixels of an image in the order in which they are read."""

    trainings: dict[str, Classified]
    example: Float[np.ndarray, " pixels"]


def checks(config: Config, report: Report, progress: Progress) -> TrainedResults:
    """Each kind of network: trained through its Euler steps, then proved anew from the numbers that run."""
    images = digits(seed=config.seed)
    epochs = config.effort.epochs
    training = Classification(epochs, 0.02, schedule_epochs=float(epochs), batch=32, seed=config.seed)
    sparse = draw_sparse_modules(MODULES, SparseModules(UNITS, 0.15, 3.0), config.seed)
    singular = draw_singular_modules(MODULES, UNITS, config.seed)
    seeds = [(config.seed, number) for number in range(MODULES)]
    products = [draw_product(seed, UNITS, VOLTAGE) for seed in seeds]
    multipliers = [draw_multiplier(seed, UNITS, VOLTAGE) for seed in seeds]
    cases: dict[str, tuple[list[Contracting], LinkRule]] = {
        "Sparse Combo Net": (list(sparse), BALANCED_FEEDBACK),
        "SVD Combo Net": (list(singular), NEGATIVE_FEEDBACK),
        "theorem 3": (list(products), BALANCED_FEEDBACK),
        "multiplier LMI": (list(multipliers), BALANCED_FEEDBACK),
        "unconstrained links": (list(sparse), UNCONSTRAINED),
    }
    trainings = {}
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
                _control(name, found.network, config, report)
            else:
                _certified(name, found.network, config, report)
            advance(done + 1)
    return TrainedResults(trainings, np.asarray(images.test.sequences[0, :, 0]))


def _certified(name: str, network: ComboNet, config: Config, report: Report) -> None:
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
    """What is asked and of whom, and how it is learned."""
    return _network(results), _learning(results)


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
