"""Networks of the user's own: all distances between them, which two are most alike, and what the nulls say of it."""

import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulate.cells.dense import DenseCell
from simulate.cells.gru import GRU
from simulate.cells.lstm import LSTM
from simulate.cells.nonlinearity import NONLINEARITIES
from simulate.cells.ugrnn import UGRNN
from simulate.cells.vanilla import Vanilla
from simulate.measures.dsa import DSA
from simulate.measures.embedding import Embedding, embed
from simulate.populations.distances import (
    MEASURES,
    BesideChance,
    BesideHalves,
    BesideNull,
    NetworkDistances,
    StoppedEarly,
    distances_between,
)
from simulate.populations.recorded import RecordedNetwork
from validate.degeneracy.user_figures import drawn_distances, drawn_places
from validate.degeneracy.user_run import OwnPopulation
from validate.degeneracy.user_settings import PopulationConfig
from validate.network_file import NetworkFile
from validate.output import Plot
from validate.progress import Progress
from validate.report import Report

KINDS: dict[str, type[DenseCell]] = {"vanilla": Vanilla, "ugrnn": UGRNN, "gru": GRU, "lstm": LSTM}
MAIN = ("dsa", "cka", "svcca", "weights", "weights_group", "weights_group_all")
"""The measures of which the last line speaks, and which are drawn."""
MEANING = {
    "dsa": "dynamics, up to rotations",
    "eigenvalues": "dynamics, by the eigenvalues of the operators of DSA",
    "cka": "representations: 1 - linear CKA",
    "cka_debiased": "representations: 1 - debiased linear CKA",
    "svcca": "representations: 1 - mean canonical correlation (95 % of the variance)",
    "procrustes": "representations: angle between shapes, in radians",
    "weights": "W, up to permutations of units",
    "weights_group": "W, up to all that may be done to units",
    "weights_group_all": "all weights, up to all that may be done to units",
}
OF_DYNAMICS = ("dsa", "eigenvalues")
LISTED = 6
"""Pairs that are told one by one; of more the nearest, the mean and the furthest."""


@dataclass(frozen=True)
class OwnDistances:
    """What was found; `names` tell the files apart; `places` are those of multidimensional scaling, by measure."""

    files: tuple[str, ...]
    names: tuple[str, ...]
    distances: NetworkDistances
    places: Mapping[str, Embedding]


def checks(own: OwnPopulation, config: PopulationConfig, report: Report, progress: Progress) -> OwnDistances:
    """Measure all pairs, and say which are most alike; nothing is asserted."""
    networks = [
        _recorded(network, name, own.cell, config) for network, name in zip(own.networks, own.names, strict=True)
    ]
    with progress.told_task("distances") as tell:
        try:
            found = distances_between(
                networks,
                DSA(delays=config.delays, rank=config.rank),
                seed=config.seed,
                progress=lambda name: tell(name, MEASURES.index(name), len(MEASURES)),
            )
        except StoppedEarly as stopped:
            report.interrupted, found = True, stopped.found
    places = {name: _embedded(each) for name, each in found.found.items()}
    results = OwnDistances(own.files, own.names, found, places)
    _report_files(own, config, report)
    for name in MEASURES:
        _report_measure(name, results, report)
    report.quantity("missing", dict(found.missing))
    report.quantity("most_alike", {name: _nearest(each, own.files) for name, each in found.found.items()})
    report.quantity("embedding", {name: {"points": e.points, "stress": e.stress} for name, e in places.items()})
    report.conclude(_conclusion(results))
    return results


def _recorded(network: NetworkFile, name: str, cell: str, config: PopulationConfig) -> RecordedNetwork:
    weights = network.weights
    return RecordedNetwork(
        activity=network.activity,
        W=weights.get("W"),
        U=weights.get("U"),
        b=weights.get("b"),
        V=weights.get("V"),
        d=weights.get("d"),
        cell=KINDS[cell],
        phi=NONLINEARITIES[config.nonlinearity],
        name=name,
    )


def _embedded(found: BesideNull) -> Embedding:
    """In the plane; two networks lie on a line."""
    count = len(found.pairs.value)
    embedding = embed(found.pairs, dimensions=min(2, count - 1))
    points = np.pad(embedding.points, ((0, 0), (0, 2 - embedding.points.shape[1])))
    return Embedding(points, embedding.stress, embedding.classical_stress)


def _report_files(own: OwnPopulation, config: PopulationConfig, report: Report) -> None:
    report.quantity("files", own.files)
    report.finding("networks", len(own.files), "", f"{own.cell}, {config.nonlinearity}")
    report.finding("units", own.units, "", "of each")
    shape = own.networks[0].activity
    if all(each.activity is not None for each in own.networks) and shape is not None:
        told = f"trials x steps; DSA of {config.delays} delays and rank {config.rank}"
        report.finding("activity", f"{shape.shape[0]} x {shape.shape[1]}", "", told)
    repeated = sorted({name for name in own.files if own.files.count(name) > 1})
    if repeated:
        report.finding("named_twice", tuple(repeated), "", "at no distance from itself")
    without_part = {each.path: (*each.ignored, *_readout_bias(each)) for each in own.networks}
    ignored = tuple(f"{path}: {', '.join(names)}" for path, names in without_part.items() if names)
    if ignored:
        report.finding("ignored", ignored, "", "names in the files that play no part")


def _report_measure(name: str, results: OwnDistances, report: Report) -> None:
    """The matrices as quantities; in the table the nearest two and, of few pairs, all."""
    found = results.distances.found.get(name)
    for quantity, value in _quantities(name, found).items():
        report.quantity(quantity, value)
    if found is None:
        report.finding(f"{name}_missing", "not measured", "", results.distances.missing[name])
        return
    each, names = found.pairs.each, results.names
    spread = f"mean of {len(each)} pairs, up to {each.max():.4g}" if len(each) > 1 else "the one pair"
    report.finding(f"{name}_mean", float(each.mean()), "", f"{MEANING[name]}; {spread}")
    if len(each) <= LISTED:
        for a, b in itertools.combinations(range(len(names)), 2):
            told = _beside(name, found, a, b)
            report.finding(f"{name}: {names[a]}, {names[b]}", float(found.pairs.value[a, b]), "", told)
    else:
        i, j = found.most_alike
        told = f"{names[i]}, {names[j]}; {_beside(name, found, i, j)}"
        report.finding(f"{name}_nearest", float(found.pairs.value[i, j]), "", told)
    if name == "weights_group_all":
        report.finding("weights_compared", results.distances.arrays, "", "in all files")
    if name in results.distances.cautions:
        report.finding(f"{name}_caution", "few samples", "", results.distances.cautions[name])


def _quantities(name: str, found: BesideNull | None) -> dict[str, object]:
    """What the report holds of a measure; each None where it could not be measured."""
    quantities: dict[str, object] = {name: None if found is None else found.pairs.value}
    if name == "dsa" or _is_of_weights(name):
        quantities[f"{name}_lower"] = None if found is None else found.pairs.lower
    quantities[f"{name}_null"] = None if found is None else found.null
    if name in OF_DYNAMICS:
        own = found.of_each if isinstance(found, BesideHalves) else None
        quantities[f"{name}_halves"] = None if own is None else own.mean(axis=0)
        quantities[f"{name}_compared"] = None if found is None or own is None else found.compared
    if _is_of_weights(name):
        quantities[f"{name}_relative"] = None if found is None else found.compared
    return quantities


def _nearest(found: BesideNull, files: Sequence[str]) -> dict[str, object]:
    """Which two are most alike: how far they are apart, as measured and as held against the null."""
    i, j = found.most_alike
    return {
        "files": [files[i], files[j]],
        "distance": float(found.pairs.value[i, j]),
        "compared": float(found.compared[i, j]),
        "null_range": found.null_range(i, j),
        "null_bound": found.bound if isinstance(found, BesideChance) else None,
        "beyond_null": found.beyond(i, j),
    }


def _readout_bias(network: NetworkFile) -> tuple[str, ...]:
    """Its name in a file of arrays: no distance takes notice of it."""
    return ("c",) if network.cell is None and "c" in network.weights else ()


def _is_of_weights(name: str) -> bool:
    return name.startswith("weights")


def _beside(name: str, found: BesideNull, i: int, j: int) -> str:
    """A pair beside the null, in words."""
    value, reach = float(found.compared[i, j]), found.null_range(i, j)
    if reach is None:
        return NO_NULL
    low, high = (f"{each:.4g}" for each in reach)
    beyond = found.beyond(i, j)
    span = low if low == high else f"{low} to {high}"
    verdict = NO_NULL if beyond is None else VERDICTS[type(found), beyond]
    if isinstance(found, BesideHalves):
        return f"by half of the trials {value:.4g}; each from its own other half {span}: {verdict}"
    if isinstance(found, BesideChance) and found.bound is not None:
        span += f", at 1 % above {found.bound:.4g}"
    if _is_of_weights(name):
        return f"over sqrt(|W1|^2 + |W2|^2) {value:.4g}; shuffled {span}: {verdict}"
    return f"where one is shown other trials {span}: {verdict}"


NO_NULL = "no null, too little to draw it from"
VERDICTS: dict[tuple[type[BesideNull], bool], str] = {
    (BesideHalves, True): "apart beyond the null",
    (BesideHalves, False): "no further than the null",
    (BesideChance, True): "nearer than chance",
    (BesideChance, False): "no nearer than chance",
}


def _conclusion(results: OwnDistances) -> str:
    """Which two are most alike, by which measures, and whether the null says the same."""
    by_pair: dict[tuple[int, int], list[str]] = {}
    for name in MAIN:
        found = results.distances.found.get(name)
        if found is not None:
            i, j = found.most_alike
            beyond = found.beyond(i, j)
            verdict = NO_NULL if beyond is None else VERDICTS[type(found), beyond]
            by_pair.setdefault((i, j), []).append(f"{name} {found.pairs.value[i, j]:.4g} ({verdict})")
    told = [
        f"{results.names[i]} and {results.names[j]} by {', '.join(words)}" for (i, j), words in sorted(by_pair.items())
    ]
    return f"most alike are {'; '.join(told)}" if told else "no distance was found"


def figures(config: PopulationConfig, results: OwnDistances) -> tuple[Plot, ...]:
    """Where the networks lie, and the matrices of distances."""
    found = {name: each for name, each in results.distances.found.items() if name in MAIN}
    if not found:
        return ()
    places = {name: results.places[name] for name in found}
    return drawn_places(results.names, places), drawn_distances(results.names, found)


def files(config: PopulationConfig, results: OwnDistances) -> dict[str, bytes]:
    """`distances.csv`: a row a pair, with each distance and its null."""
    found = results.distances.found
    stream = io.StringIO()
    columns = [
        column
        for name, each in found.items()
        for column in ((name, f"{name}_null") if each.null is not None else (name,))
    ]
    stream.write(",".join(["file", "other_file", *columns]) + "\n")
    for i, j in itertools.combinations(range(len(results.files)), 2):
        row: list[str] = [_quoted(results.files[i]), _quoted(results.files[j])]
        for each in found.values():
            row += [f"{matrix[i, j]:.17g}" for matrix in (each.pairs.value, each.null) if matrix is not None]
        stream.write(",".join(row) + "\n")
    return {"distances.csv": stream.getvalue().encode()}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if {",", '"', "\n"} & set(name) else name
