"""The checker accepts what is true and proved, and nothing else.

Certificates are made here by hand or by numerical search; what they claim is checked by brute force in floating point.
Run as a program, this file times multiplier certificates of given sizes:

    .venv/bin/python tests/validate/contraction/test_certificate_checker.py 32 64 128 256
"""

import ast
import contextlib
import hashlib
import io
import itertools
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import flint
import numpy as np
import pytest
from scipy import linalg, optimize

from validate.contraction import certificate_checker as checker

SOURCE = Path(checker.__file__)
Certificate = dict[str, Any]
Array = np.ndarray
FORMS = ("voltage", "rate")
HALF = Fraction(1, 2)
ROTATION = [[0, -1], [1, 0]]


# Certificates, and running the checker on them


def plain(value: Any) -> Any:
    """Numbers as the format has them, wherever they are."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return value
    fraction = Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else str(fraction)


def digest(weights: Any) -> str:
    text = "".join(" ".join(str(Fraction(entry)) for entry in row) + "\n" for row in weights)
    return hashlib.sha256(text.encode()).hexdigest()


def network(form: str, weights: Any, claims: list[Any], slopes: Any = 1, taus: Any = None) -> Certificate:
    constants = {} if taus is None else {"time_constants": taus}
    kind = {"format": "contraction certificate 1", "form": form, "weights": weights, "sha256": digest(weights)}
    return plain({**kind, "slopes": slopes, **constants, "claims": claims})


def module(form: str, weights: Any, rate: Any, P: Any, Q: Any, scales: Any, weight: Any = 1, tau: Any = 1) -> Any:
    network_ = {"form": form, "weights": weights, "sha256": digest(weights), "slopes": 1, "time_constant": tau}
    return {**network_, "rate": rate, "P": P, "Q": Q, "scales": scales, "weight": weight}


def assembly(rate: Any, modules: list[Any], *links: tuple[int, int, Any]) -> Certificate:
    joined = [{"to": to, "from": source, "weights": weights} for to, source, weights in links]
    return plain({"format": "assembly certificate 1", "rate": rate, "modules": modules, "links": joined})


def run(certificate: Certificate | str | bytes, directory: Path, *options: str) -> tuple[int, list[str], list[str]]:
    """Exit status, and the lines on standard output and standard error."""
    file = directory / "certificate.json"
    text = json.dumps(certificate) if isinstance(certificate, dict) else certificate
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = checker.main([str(file), *options])
    return status, out.getvalue().splitlines(), err.getvalue().splitlines()


def status(certificate: Certificate, directory: Path) -> int:
    return run(certificate, directory)[0]


# Proofs found numerically, near to their best rates


def parts(form: str, weights: Any, slopes: Any) -> tuple[Array, Array]:
    """B and C of T x' = -x + B y, y = D C x."""
    gained = np.array(weights, float) * (np.array(slopes, float) if form == "voltage" else np.array(slopes)[:, None])
    return (gained, np.eye(len(gained))) if form == "voltage" else (np.eye(len(gained)), gained)


def multiplier_rate(form: str, weights: Any, slopes: Any, taus: Any, P: Array, Q: Array) -> float:
    """The largest c for which the multiplier's matrix is positive semidefinite, by Schur's complement."""
    b, c = parts(form, weights, slopes)
    flow = P / np.array(taus, float)
    border = flow @ b + c.T * Q
    return float(linalg.eigvalsh(flow + flow.T - border @ (border.T / Q[:, None]) / 2, P)[0]) / 2


def euler_factor(form: str, weights: Any, slopes: Any, taus: Any, step: float, P: Array, Q: Array) -> float:
    """The least rho for which the matrix of Euler's step is positive semidefinite."""
    b, c = parts(form, weights, slopes)
    new = step / np.array(taus, float)
    old = 1 - new
    rest = 2 * np.diag(Q) - (new[:, None] * b).T @ P @ (new[:, None] * b)
    if linalg.eigvalsh(rest)[0] <= 0:
        return math.inf
    border = old[:, None] * P @ (new[:, None] * b) + c.T * Q
    total = old[:, None] * P * old + border @ np.linalg.solve(rest, border.T)
    return math.sqrt(linalg.eigvalsh((total + total.T) / 2, P)[-1])


def positive_matrix(parameters: Array, size: int) -> Array:
    factor = np.zeros((size, size))
    factor[np.tril_indices(size)] = parameters
    factor[np.diag_indices(size)] = np.exp(np.diag(factor))
    return factor @ factor.T


def best(size: int, value: Callable[[Array, Array], float], repeats: int = 4) -> tuple[Array, Array, float]:
    """P and Q of about the least value, on a grid of 2^-30, and the value there."""
    count = size * (size + 1) // 2

    def of(parameters: Array) -> tuple[Array, Array]:
        return positive_matrix(parameters[:count], size), np.exp(parameters[count:])

    found = np.zeros(count + size)
    for _ in range(repeats):
        found = optimize.minimize(lambda x: value(*of(x)), found, method="Nelder-Mead", options={"maxiter": 1000}).x
    P, Q = (np.round(each * 2**30) / 2**30 for each in of(found))
    return P, Q, value(P, Q)


def best_metric(certificate: Certificate, repeats: int = 4) -> tuple[Array, float]:
    """P of about the largest rate at all corners, of two neurons, and that rate."""
    corners = list(jacobians(certificate, inside=0))

    def worst(x: Array) -> float:
        return -min(metric_rate(np.array([[1, x[0]], [x[0], x[1]]]), J) for J in corners)

    found = np.array([0.0, 1.0])
    for _ in range(repeats):
        found = optimize.minimize(worst, found, method="Nelder-Mead", options={"maxiter": 150}).x
    found = np.round(found * 2**30) / 2**30
    return np.array([[1, found[0]], [found[0], found[1]]]), -worst(found)


WEIGHTS = [["3/10", "-13/10"], ["7/10", "-1/5"]]
UNEVEN: dict[str, Any] = {"slopes": [1, "3/2"], "taus": [1, "5/2"]}
EVEN: dict[str, Any] = {"slopes": 1, "taus": None}


def floats(value: Any) -> Array:
    return (
        np.array([[float(Fraction(x)) for x in row] for row in value])
        if isinstance(value[0], list)
        else np.array([float(Fraction(x)) for x in value])
    )


@cache
def multiplier(form: str, off: Fraction = Fraction(-1, 10**6)) -> Certificate:
    """A multiplier near to its best, at its best rate plus `off`; slopes and time constants are not all the same."""
    setting = (form, floats(WEIGHTS), floats(UNEVEN["slopes"]), floats(UNEVEN["taus"]))
    P, Q, value = best(2, lambda P, Q: -multiplier_rate(*setting, P, Q))
    claim = {"claim": "contracting", "by": "multiplier", "rate": Fraction(-value) + off, "P": P, "Q": Q}
    return network(form, WEIGHTS, [claim], **UNEVEN)


@cache
def euler_step(form: str, off: Fraction = Fraction(1, 10**6)) -> Certificate:
    """The same for Euler's step."""
    setting = (form, floats(WEIGHTS), floats(UNEVEN["slopes"]), floats(UNEVEN["taus"]), 0.5)
    P, Q, value = best(2, lambda P, Q: euler_factor(*setting, P, Q))
    claim = {"claim": "Euler step", "step": HALF, "factor": Fraction(value) + off, "P": P, "Q": Q}
    return network(form, WEIGHTS, [claim], **UNEVEN)


@cache
def vertices(form: str, off: Fraction = Fraction(-1, 10**6)) -> Certificate:
    """The same for one P at all corners."""
    P, rate = best_metric(network(form, WEIGHTS, [], **UNEVEN))
    claim = {"claim": "contracting", "by": "vertices", "rate": Fraction(rate) + off, "P": P}
    return network(form, WEIGHTS, [claim], **UNEVEN)


def absolute_weights(form: str, off: Fraction = Fraction(-1, 10**30)) -> Certificate:
    """A = [[1/4, 1/2], [1/3, 0]] in both forms, at the best rate that `left` and `right` allow, plus `off`."""
    gains, taus, left, right = [1, 2], [Fraction(3, 2), 1], [1, Fraction(11, 10)], [Fraction(5, 4), 1]
    A = [[Fraction(1, 4), HALF], [Fraction(1, 3), Fraction(0)]]
    sums = [(A[i][0] * right[0] + A[i][1] * right[1]) / right[i] for i in (0, 1)]
    sums += [(A[0][i] * left[0] + A[1][i] * left[1]) / left[i] for i in (0, 1)]
    rate = min((1 - each) / tau for each, tau in zip(sums, taus * 2, strict=True))
    gained = [[A[0][0], -A[0][1]], [A[1][0], Fraction(-5)]]
    weights = [
        [x / (gains[j] if form == "voltage" else gains[i]) for j, x in enumerate(row)] for i, row in enumerate(gained)
    ]
    claim = {"claim": "contracting", "by": "absolute weights", "rate": rate + off, "left": left, "right": right}
    return network(form, weights, [claim], slopes=gains, taus=taus)


def weighted_norm(form: str, kind: str, off: Fraction = Fraction(0)) -> Certificate:
    """Strong inhibition of oneself where it helps, or else weaker weights; at the best rate plus `off`."""
    b, taus, weights = (
        Fraction(9, 2),
        [1, Fraction(6, 5)],
        [1, Fraction(6, 5) if kind == "norm 1" else Fraction(21, 20)],
    )
    together = (form == "voltage") == (kind == "norm 1")  # one slope to a whole line
    K = [[-4, b], [-b, -4]] if together else [[HALF, Fraction(1, 5)], [Fraction(-1, 5), -4]]
    bounds = []
    for i, j in ((0, 1), (1, 0)):
        other = abs(K[i][j]) if kind == "norm inf" else abs(K[j][i])
        tau_other = taus[i] if kind == "norm inf" else taus[j]
        ratio = weights[j] / weights[i] / tau_other
        own = K[i][i] / Fraction(taus[i])
        bound = max(own + ratio * other, 0) if together else max(own, 0) + ratio * other
        bounds.append(Fraction(1, taus[i]) - bound)
    claim = {"claim": "contracting", "by": kind, "rate": min(bounds) + off, "weights": weights}
    return network(form, K, [claim], taus=taus)


def polytope(form: str, hexagon: bool) -> Certificate:
    """The l1 ball, where J V = V J, or a hexagon around it, with the best multiple of the third vertex."""
    b = Fraction(469, 100)
    strong = form == "voltage" and not hexagon
    W = [[-4, b], [-b, -4]] if strong else [[HALF, Fraction(1, 5)], [Fraction(-1, 5), 0]]
    V = [[1, 0], [0, 1]] + ([[Fraction(3, 5), Fraction(3, 5)]] if hexagon else [])
    combinations = []
    for corner in range(4):
        D = [corner & 1, corner >> 1]
        J = [[(D[j] if form == "voltage" else D[i]) * Fraction(W[i][j]) - (i == j) for j in (0, 1)] for i in (0, 1)]
        columns = []
        for k, v in enumerate(V):
            image = [sum(J[i][j] * v[j] for j in (0, 1)) for i in (0, 1)]
            candidates = [[image[0] - t * Fraction(3, 5), image[1] - t * Fraction(3, 5), t] for t in grid(hexagon)]
            columns.append(min(candidates, key=lambda c, k=k: c[k] + sum(abs(x) for i, x in enumerate(c) if i != k)))
        combinations.append([[columns[j][i] for j in range(len(V))] for i in range(len(V))])
    rate = -max(
        gamma[j][j] + sum(abs(gamma[i][j]) for i in range(len(V)) if i != j)
        for gamma in combinations
        for j in range(len(V))
    )
    claim = {"claim": "contracting", "by": "polytope", "rate": rate, "vertices": V, "combinations": combinations}
    return network(form, W, [claim])


def grid(hexagon: bool) -> list[Fraction]:
    return [Fraction(k, 20) for k in range(-200, 201)] if hexagon else [Fraction(0)]


def scaled_rotation(form: str, c: Fraction, scale: list[int]) -> list[list[Fraction]]:
    """Weights that times slopes `scale` are c times a rotation."""
    return [[0, -c / scale[form == "voltage"]], [c / scale[form == "rate"], 0]]


def no_quadratic_metric(form: str, c: Fraction = Fraction(2), scale: tuple[int, int] = (1, 1)) -> Certificate:
    """For c times a rotation, at 1 - c/2, the sum over both terms is exactly zero."""
    axes = [[scale[0], 0], [0, scale[1]]]
    slopes = axes if form == "voltage" else axes[::-1]
    terms = [{"slopes": s, "vectors": [v]} for s, v in zip(slopes, [[1, 1], [1, -1]], strict=True)]
    claim = {"claim": "no quadratic metric", "rate": 1 - c / 2, "terms": terms}
    return network(form, scaled_rotation(form, c, list(scale)), [claim], slopes=list(scale))


def no_quadratic_metric_uneven(form: str) -> Certificate:
    return no_quadratic_metric(form, Fraction(4, 3), (1, 2))


def no_quadratic_metric_of_the_unstable(form: str) -> Certificate:
    """J v = 3/4 v with v = (1, 0) at some slopes; J is not symmetric."""
    term = {"slopes": [1, HALF], "vectors": [[1, 0], [0, 0]]}
    claim = {"claim": "no quadratic metric", "rate": 0, "terms": [term]}
    return network(form, [["5/2", 1], [0, HALF]], [claim], slopes=[1, 2], taus=[2, 1])


def fixed_slopes(form: str) -> Certificate:
    """(J + c I)^T X + X (J + c I) = I, solved numerically; J at these slopes has an eigenvalue on either side of -c."""
    weights, slopes, taus, c = [["3/2", 1], ["-1/2", "1/4"]], [1, HALF], [1, 2], Fraction(1, 100)
    bare = network(form, weights, [], slopes=[1, 1], taus=taus)
    J = jacobian(bare, np.array([1, 0.5])) + float(c) * np.eye(2)
    X = linalg.solve_continuous_lyapunov(J.T, np.eye(2))
    values, directions = np.linalg.eig(J)
    v = directions[:, np.argmax(values.real)].real
    X, v = np.round((X + X.T) * 2**20) / 2**21, np.round(v * 2**10) / 2**10
    claim = {"claim": "not contracting", "by": "fixed slopes", "rate": c, "slopes": slopes, "X": X, "vector": v}
    return network(form, weights, [claim], slopes=[1, 1], taus=taus)


@cache
def switching(form: str = "voltage", c: Fraction = Fraction(3), quarters: int = 2) -> Certificate:
    """From an axis with one slope until tan(theta) = c, then with both to the next axis, over quarters of a turn."""
    turn = Fraction((math.pi / 2 - math.atan(c)) / float(c)).limit_denominator(10**6)
    first, second = ([1, 0], [0, 1]) if form == "voltage" else ([0, 1], [1, 0])
    legs = [leg for k in range(quarters) for leg in (((first, second)[k % 2], 1), ([1, 1], turn))]
    bare = network(form, [[0, -c], [c, 0]], [])
    phi = round_trip(bare, [(np.array(s, float), float(t)) for s, t in legs], 0.0)
    X = linalg.solve_discrete_lyapunov(phi.T, -np.eye(2))
    X = np.round((X + X.T) / 2 * 2**20) / 2**20
    held = [{"slopes": slopes, "time": t} for slopes, t in legs]
    claim = {"claim": "not contracting", "by": "switching", "rate": 0, "legs": held, "X": X, "vector": [1, 0]}
    return network(form, [[0, -c], [c, 0]], [claim])


def no_multiplier_metric(form: str) -> Certificate:
    """For W G = c times a rotation no multiplier proves more than 1 - c/2: w = (1, -i), z = -i."""
    c, scale = Fraction(3, 2), [1, 2]
    term = {"cos": 0, "sin": -1, "real": [1, 0], "imaginary": [0, -1]}
    claim = {"claim": "no multiplier metric", "rate": 1 - c / 2, "terms": [term]}
    return network(form, scaled_rotation(form, c, scale), [claim], scale)


def no_multiplier_metric_at_an_angle() -> Certificate:
    """One neuron that excites itself with 1/2, z = 1 and w of any phase; and z with cos = 3/5, which costs rate."""
    terms = [
        {"cos": 1, "sin": 0, "real": [1], "imaginary": [2]},
        {"cos": "3/5", "sin": "-4/5", "real": [1], "imaginary": [1]},
    ]
    rate = 1 - (HALF * 2 * 5 + HALF * Fraction(8, 5) * 2) / 2 / 7
    return network("rate", [[HALF]], [{"claim": "no multiplier metric", "rate": rate, "terms": terms}])


P_ONE, P_TWO = [[2, 1], [1, 3]], [[5, -2, 0], [-2, 4, 1], [0, 1, 3]]
SMALL = [[0, "1/8", 0], ["-1/4", "1/8", 0], [0, 0, "1/2"]]


def feedback(strength: int = 50) -> Certificate:
    """Two modules in the metrics P_ONE and P_TWO, negative feedback of any strength, which cancels exactly."""
    there = [[strength, -7, 3], [1, strength, 0]]
    weights = [Fraction(1), Fraction(3, 2)]
    one = module("voltage", [["1/4", "-1/8"], ["1/8", 0]], "3/8", P_ONE, ["3/2", 2], [1, "5/4"], weights[0], 1)
    two = module("rate", SMALL, "1/8", P_TWO, [4, 3, "5/2"], ["3/2", 1, "5/4"], weights[1], "3/2")
    p_one, p_two = (flint.fmpq_mat(len(p), len(p), [x for row in p for x in row]) for p in (P_ONE, P_TWO))
    back = -p_two.inv() * flint.fmpq_mat(2, 3, [x for row in there for x in row]).transpose() * p_one
    scale = weights[0] / weights[1]
    returned = [[scale * Fraction(int(x.p), int(x.q)) for x in row] for row in back.tolist()]
    return assembly("1/16", [one, two], (0, 1, there), (1, 0, returned))


def hierarchy(weight: Any = "1/20000", there: Any = ((5, -1), (1, 4), (0, 3)), self_: Any = "1/50") -> Certificate:
    """A strong link in one direction, carried by a small weight downstream; and a weak link of the first to itself."""
    one = module("voltage", [["1/4", "-1/8"], ["1/8", 0]], "3/8", P_ONE, ["3/2", 2], [1, "5/4"], 1, 2)
    two = module("rate", SMALL, "1/8", P_TWO, [4, 3, "5/2"], ["3/2", 1, "5/4"], weight, "1/2")
    return assembly("1/16", [one, two], (1, 0, there), (0, 0, [[-Fraction(self_), 0], [Fraction(self_) / 2, 0]]))


def assembly_matrices(certificate: Certificate) -> tuple[Array, Array, Array]:
    """The metric of the whole, 1 / tau of every neuron, and the links, in floating point."""
    modules = certificate["modules"]
    ends = np.cumsum([0] + [len(each["weights"]) for each in modules])
    sizes = [float(Fraction(each["weight"]) * Fraction(each["time_constant"])) for each in modules]
    metric = linalg.block_diag(*(size * floats(each["P"]) for size, each in zip(sizes, modules, strict=True)))
    leaks = np.concatenate([[1 / float(Fraction(each["time_constant"]))] * len(each["P"]) for each in modules])
    links = np.zeros_like(metric)
    for link in certificate["links"]:
        i, j = link["to"], link["from"]
        links[ends[i] : ends[i + 1], ends[j] : ends[j + 1]] = floats(link["weights"])
    return metric, leaks, links


def whole_step_factor(certificate: Certificate, step: float, Q: Array) -> float:
    """The least rho for which the matrix of the whole step is positive semidefinite, by Schur's complement."""
    metric, leaks, links = assembly_matrices(certificate)
    each = [parts(m["form"], floats(m["weights"]), np.ones(len(m["P"]))) for m in certificate["modules"]]
    b, c = (linalg.block_diag(*(pair[i] for pair in each)) for i in (0, 1))
    keep = np.eye(len(Q)) + step * leaks[:, None] * (links - np.eye(len(Q)))
    through = step * leaks[:, None] * b
    border = keep.T @ metric @ through + c.T * Q
    rest = 2 * np.diag(Q) - through.T @ metric @ through
    total = keep.T @ metric @ keep + border @ np.linalg.solve(rest, border.T)
    return math.sqrt(linalg.eigvalsh((total + total.T) / 2, metric)[-1])


@cache
def whole_step(off: Fraction = Fraction(1, 10**6)) -> Certificate:
    """The step of 1/500 of two modules with weak feedback, one of each form, at its best factor plus `off`."""
    certificate = feedback(1)
    Q = [[Fraction(x) / 500 * Fraction(m["weight"]) for x in m["Q"]] for m in certificate["modules"]]
    factor = whole_step_factor(certificate, 1 / 500, np.array([float(x) for q in Q for x in q]))
    return {**certificate, "Euler step": plain({"step": "1/500", "factor": Fraction(factor) + off, "Q": Q})}


def both_forms(name: str, make: Callable[..., Certificate], *rest: Any) -> dict[str, Callable[[], Certificate]]:
    return {f"{name}, {form}": (lambda form=form: make(form, *rest)) for form in FORMS}


EXAMPLES: dict[str, Callable[[], Certificate]] = {
    "rotation": lambda: network(
        "voltage",
        ROTATION,
        [{"claim": "contracting", "by": "multiplier", "rate": "2/5", "P": [[1, 0], [0, 1]], "Q": [1, 1]}],
    ),
    **both_forms("multiplier", multiplier),
    **both_forms("Euler step", euler_step),
    **both_forms("vertices", vertices),
    **both_forms("absolute weights", absolute_weights),
    **both_forms("norm 1", weighted_norm, "norm 1"),
    **both_forms("norm inf", weighted_norm, "norm inf"),
    **both_forms("l1 ball", polytope, False),
    **both_forms("hexagon", polytope, True),
    **both_forms("no quadratic metric", no_quadratic_metric),
    **both_forms("no quadratic metric, uneven", no_quadratic_metric_uneven),
    **both_forms("no quadratic metric of the unstable", no_quadratic_metric_of_the_unstable),
    "self-excitation": lambda: network(
        "voltage",
        [[2]],
        [{"claim": "not contracting", "by": "fixed slopes", "rate": 0, "slopes": [1], "X": [[1]], "vector": [1]}],
    ),
    **both_forms("fixed slopes", fixed_slopes),
    **both_forms("switching", switching),
    **both_forms("no multiplier metric", no_multiplier_metric),
    "no multiplier metric at an angle": no_multiplier_metric_at_an_angle,
    "feedback": feedback,
    "hierarchy": hierarchy,
    "whole step": whole_step,
}


# Brute force: whether a claim holds, in floating point and without its proof


def parameters(certificate: Certificate) -> tuple[str, Array, Array, Array]:
    weights = floats(certificate["weights"])
    each = [*([1] * len(weights))]
    slopes = certificate["slopes"]
    slopes = floats(slopes) if isinstance(slopes, list) else floats([slopes] * len(weights))
    return certificate["form"], weights, slopes, floats(certificate.get("time_constants", each))


def jacobian(certificate: Certificate, slopes: Array) -> Array:
    form, weights, _, taus = parameters(certificate)
    active = weights * slopes if form == "voltage" else weights * slopes[:, None]
    return (active - np.eye(len(weights))) / taus[:, None]


def jacobians(certificate: Certificate, inside: int = 5) -> Iterator[Array]:
    """At all corners of the slopes, and inside."""
    _, _, slopes, _ = parameters(certificate)
    for corner in itertools.product([0, 1], repeat=len(slopes)):
        yield jacobian(certificate, slopes * corner)
    for point in np.random.default_rng(1).random((inside, len(slopes))):
        yield jacobian(certificate, slopes * point)


def metric_rate(P: Array, J: Array) -> float:
    """The rate at which x^T P x falls at these slopes, over two."""
    if linalg.eigvalsh(P)[0] <= 0:
        return -math.inf
    return -float(linalg.eigvalsh(P @ J + J.T @ P, P)[-1]) / 2


def log_norm(J: Array, weights: Array, kind: str) -> float:
    """By its definition as a derivative: (|I + h J| - 1) / h at a small h, exact for these norms."""
    scaled = J * weights / weights[:, None] if kind == "norm inf" else J * weights[:, None] / weights
    h = 2.0**-12
    return (np.linalg.norm(np.eye(len(J)) + h * scaled, np.inf if kind == "norm inf" else 1) - 1) / h


def gauge(V: Array, x: Array) -> float:
    """The norm with unit ball conv(columns of V and their negatives)."""
    found = optimize.linprog(np.ones(2 * V.shape[1]), A_eq=np.hstack([V, -V]), b_eq=x)
    return float(found.fun)


def polytope_contracts(certificate: Certificate, claim: Any) -> bool:
    V = floats(claim["vertices"]).T
    points = [*V.T, *np.random.default_rng(2).standard_normal((2, len(V)))]
    c = float(Fraction(claim["rate"]))
    return all(
        gauge(V, linalg.expm(J / 10) @ x) <= math.exp(-c / 10) * gauge(V, x) * (1 + 1e-6)
        for J in jacobians(certificate, inside=1)
        for x in points
    )


def best_multiplier_rate(certificate: Certificate) -> float:
    setting = parameters(certificate)
    return -best(len(setting[1]), lambda P, Q: -multiplier_rate(*setting, P, Q), repeats=1)[2]


def stays(step: Array, v: Array, time_: float) -> bool:
    """Whether y -> step y, which takes `time_`, lets v fall by less than exp(-0.02 t)."""
    length, y = 0.0, v
    for _ in range(math.ceil(600 / time_)):
        y = step @ y
        length += math.log(np.linalg.norm(y))
        y = y / np.linalg.norm(y)
    return length >= -0.02 * 600


def round_trip(certificate: Certificate, legs: list[tuple[Array, float]], rate: float) -> Array:
    total = np.eye(len(certificate["weights"]))
    for slopes, duration in legs:
        total = linalg.expm((jacobian(certificate, slopes) + rate * np.eye(len(total))) * duration) @ total
    return total


def within_limits(certificate: Certificate, slopes: Array) -> bool:
    return bool(np.all(slopes >= 0) and np.all(slopes <= parameters(certificate)[2]))


def claim_holds(certificate: Certificate, claim: Any) -> bool:
    rate = float(Fraction(claim.get("rate", 0)))
    match claim["claim"], claim.get("by"):
        case "contracting", "multiplier" | "vertices":
            P = floats(claim["P"])
            return rate > 0 and all(metric_rate(P, J) >= rate - 1e-9 for J in jacobians(certificate))
        case "contracting", "absolute weights":
            P = np.diag(parameters(certificate)[3] * floats(claim["left"]) / floats(claim["right"]))
            return rate > 0 and all(metric_rate(P, J) >= rate - 1e-9 for J in jacobians(certificate))
        case "contracting", ("norm 1" | "norm inf") as kind:
            q = floats(claim["weights"])
            norms = [log_norm(J, q, kind) for J in jacobians(certificate)]
            return rate > 0 and bool(np.all(q > 0)) and all(each <= -rate + 1e-9 for each in norms)
        case "contracting", "polytope":
            return rate > 0 and polytope_contracts(certificate, claim)
        case "no quadratic metric", None:
            return best_metric(certificate, repeats=1)[1] <= rate + 1e-6
        case "no multiplier metric", None:
            return best_multiplier_rate(certificate) <= rate + 1e-6
        case "not contracting", "fixed slopes":
            slopes = floats(claim["slopes"])
            step = round_trip(certificate, [(slopes, 1.0)], rate)
            return within_limits(certificate, slopes) and stays(step, floats(claim["vector"]), 1.0)
        case "not contracting", "switching":
            legs = [(floats(leg["slopes"]), float(Fraction(leg["time"]))) for leg in claim["legs"]]
            step, duration = round_trip(certificate, legs, rate), sum(t for _, t in legs)
            possible = all(t > 0 and within_limits(certificate, slopes) for slopes, t in legs)
            return possible and stays(step, floats(claim["vector"]), duration)
        case "Euler step", None:
            P, h, rho = floats(claim["P"]), float(Fraction(claim["step"])), float(Fraction(claim["factor"]))
            if linalg.eigvalsh(P)[0] <= 0:
                return False
            steps = [np.eye(len(P)) + h * J for J in jacobians(certificate)]
            return all(linalg.eigvalsh(A.T @ P @ A, P)[-1] <= rho**2 + 1e-9 for A in steps)
    raise AssertionError(claim)


def assembly_holds(certificate: Certificate) -> bool:
    metric, leaks, links = assembly_matrices(certificate)
    rate = float(Fraction(certificate["rate"]))
    flows = [
        leaks[:, None] * (linalg.block_diag(*blocks) + links)
        for blocks in itertools.product(*(list(jacobians(each, inside=1)) for each in certificate["modules"]))
    ]
    if not (rate > 0 and all(metric_rate(metric, J) >= rate - 1e-9 for J in flows)):
        return False
    if "Euler step" not in certificate:
        return True
    h, rho = (float(Fraction(certificate["Euler step"][key])) for key in ("step", "factor"))
    steps = [np.eye(len(metric)) + h * J for J in flows]
    return all(linalg.eigvalsh(A.T @ metric @ A, metric)[-1] <= rho**2 + 1e-9 for A in steps)


def holds(certificate: Certificate) -> bool:
    if certificate["format"] == "assembly certificate 1":
        return assembly_holds(certificate)
    return all(claim_holds(certificate, claim) for claim in certificate["claims"])


# True and proved


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_proved_is_verified_and_true(name: str, tmp_path: Path) -> None:
    certificate = EXAMPLES[name]()
    outcome = run(certificate, tmp_path)
    assert (outcome[0], outcome[1][-1], outcome[2]) == (0, "verified", [])
    assert holds(certificate)


def test_what_is_said_of_a_network(tmp_path: Path) -> None:
    assert run(EXAMPLES["rotation"](), tmp_path)[1] == [
        "network: 2 neurons, voltage form, tau x' = -x + W phi(x) + u; slopes of phi between 0 and 1; "
        f"SHA-256 of the weights {digest(ROTATION)}; time constants 1",
        "claims[0]: contracting at rate 2/5 in the metric x^T P x, whatever the slopes do in time (by multipliers)",
        "verified",
    ]


def test_long_numbers_are_said_in_decimals_too(tmp_path: Path) -> None:
    certificate = EXAMPLES["rotation"]()
    certificate["claims"][0]["rate"] = str(Fraction(0.4))
    certificate["slopes"] = ["999/1000", 1]
    lines = run(certificate, tmp_path)[1]
    assert "slopes of phi between 0 and 999/1000 ... 1;" in lines[0]
    assert "at rate 0.400000 (3602879701896397/9007199254740992) in" in lines[1]


def test_every_claim_is_verified(tmp_path: Path) -> None:
    certificate = EXAMPLES["rotation"]()
    good = certificate["claims"][0]
    certificate["claims"] = [good, {**good, "rate": "1/10"}, {**good, "rate": 1}, good]
    assert run(certificate, tmp_path)[1][-1] == (
        "rejected: claims[2]: the matrix of P and Q is not positive definite: its leading 1 x 1 block is not"
    )
    certificate["claims"].pop(2)
    assert status(certificate, tmp_path) == 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("make", "sign"), [(multiplier, -1), (vertices, -1), (euler_step, 1)])
def test_rates_are_bracketed(make: Callable[..., Certificate], sign: int, form: str, tmp_path: Path) -> None:
    """The checker agrees with the eigenvalues of the numerical search, 10^-9 to either side."""
    assert status(make(form, Fraction(sign, 10**9)), tmp_path) == 0
    assert status(make(form, Fraction(-sign, 10**9)), tmp_path) == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["norm 1", "norm inf"])
def test_rates_in_norms_are_bracketed(kind: str, form: str, tmp_path: Path) -> None:
    assert status(weighted_norm(form, kind), tmp_path) == 0
    assert status(weighted_norm(form, kind, Fraction(1, 10**30)), tmp_path) == 1


@pytest.mark.parametrize("form", FORMS)
def test_rates_by_absolute_weights_are_bracketed(form: str, tmp_path: Path) -> None:
    assert status(absolute_weights(form), tmp_path) == 0
    assert status(absolute_weights(form, Fraction(0)), tmp_path) == 1  # the inequalities are strict


def test_fixed_slopes_are_bracketed(tmp_path: Path) -> None:
    """One neuron with W = 2/3 and tau = 2: J = -1/6."""
    for off, expected in ((Fraction(0), 0), (Fraction(1, 10**50), 0), (Fraction(-1, 10**50), 1)):
        claim = {"claim": "not contracting", "by": "fixed slopes", "slopes": [1], "X": [[1]], "vector": [1]}
        certificate = network("rate", [["2/3"]], [{**claim, "rate": Fraction(1, 6) + off}], taus=[2])
        assert status(certificate, tmp_path) == expected


@pytest.mark.parametrize(
    ("growth", "reason"),
    [
        (Fraction(1, 10**30), None),
        (Fraction(1, 10**200), None),
        (Fraction(1, 10**700), "may not be positive definite"),
        (Fraction(0), "may not be positive definite"),
        (Fraction(-1, 10**200), "is not positive definite"),
        (Fraction(-1, 10), "is not positive definite"),
    ],
)
def test_switching_is_bracketed_to_the_last_digits(growth: Fraction, reason: str | None, tmp_path: Path) -> None:
    """One neuron that grows, at slope 1, by exp(3 growth) in 3 units of time."""
    legs = [{"slopes": [1], "time": 1}, {"slopes": [1], "time": 2}]
    claim = {"claim": "not contracting", "by": "switching", "rate": 0, "legs": legs, "X": [[1]], "vector": [1]}
    code, out, _ = run(network("voltage", [[1 + growth]], [claim]), tmp_path)
    assert code == (0 if reason is None else 1)
    assert (reason or "verified") in out[-1]


def test_the_rates_of_rotations(tmp_path: Path) -> None:
    """W = c R: 4 (1 - rate) > c^2 + 1 for P = Q = I; at all corners, 1 - rate > c / 2."""
    for c, largest in ((Fraction(1), HALF), (Fraction(3, 2), Fraction(3, 16))):
        for off, expected in ((Fraction(-1, 10**40), 0), (Fraction(0), 1)):
            claim = {
                "claim": "contracting",
                "by": "multiplier",
                "rate": largest + off,
                "P": [[1, 0], [0, 1]],
                "Q": [1, 1],
            }
            weights = [[0, -c], [c, 0]]
            assert status(network("voltage", weights, [claim]), tmp_path) == expected
            corners = {"claim": "contracting", "by": "vertices", "rate": 1 - c / 2 + off, "P": [[1, 0], [0, 1]]}
            assert status(network("voltage", weights, [corners]), tmp_path) == expected


def test_no_quadratic_metric_begins_at_two(tmp_path: Path) -> None:
    """The sum over terms is a positive multiple of c - 2 times a positive matrix."""
    for form in FORMS:
        certificate = no_quadratic_metric(form)
        for off, expected in ((Fraction(-1, 10**50), 1), (Fraction(0), 0), (Fraction(1, 10**50), 0)):
            weights = [[0, -2 - off], [2 + off, 0]]
            altered = {**certificate, "weights": plain(weights), "sha256": digest(weights)}
            assert status(altered, tmp_path) == expected


def test_the_switching_law_is_unstable_past_its_threshold(tmp_path: Path) -> None:
    """A quarter turn multiplies lengths by sqrt(1 + c^2) exp(-1 - (pi/2 - atan c) / c), which is 1 at c = 2.88345."""
    gain = lambda c: math.log(1 + c * c) / 2 - 1 - (math.pi / 2 - math.atan(c)) / c  # noqa: E731
    critical = optimize.brentq(gain, 2, 3, xtol=1e-12)
    assert critical == pytest.approx(2.88345, abs=1e-5)
    for form in FORMS:
        for c, expected in ((critical + 1e-4, 0), (critical - 1e-4, 1)):
            certificate = switching(form, Fraction(c).limit_denominator(10**9), quarters=4)
            assert status(certificate, tmp_path) == expected


def test_negative_feedback_of_any_strength_cancels_and_else_does_not(tmp_path: Path) -> None:
    assert status(feedback(10**30), tmp_path) == 0
    certificate = feedback()
    certificate["links"][1]["weights"][0][0] = plain(Fraction(certificate["links"][1]["weights"][0][0]) * 2)
    assert run(certificate, tmp_path)[1][-1].startswith("rejected: the matrix of the modules is not positive semidef")
    certificate = feedback()
    certificate["links"].pop()
    assert status(certificate, tmp_path) == 1


def test_time_constants_slow_an_assembly_down(tmp_path: Path) -> None:
    """The links of `feedback` cancel, so its rate is the least rate over time constant, 1/12."""
    certificate = feedback()
    for rate, expected in ((Fraction(1, 12), 0), (Fraction(1, 12) + Fraction(1, 10**30), 1)):
        assert status({**certificate, "rate": plain(rate)}, tmp_path) == expected


@pytest.mark.parametrize(
    ("there", "norm"),
    [
        ([[1, 1], [0, 0], [0, 0]], 6),  # P_TWO times it is [[5, 5], [-2, -2], [0, 0]], in scales [[10/3, 8/3], ...]
        ([[1, 0], [-1, 0], [0, 0]], Fraction(172, 15)),  # [[7, 0], [-6, 0], [-1, 0]], the column [14/3, -6, -4/5]
    ],
)
def test_a_hierarchy_takes_small_weights_downstream(there: Any, norm: Any, tmp_path: Path) -> None:
    """M = [[d_1, -s e], [-s e, s d_2]] is semidefinite up to s = d_1 d_2 / e^2. Here d_i is 2 (c_i - c tau_i), d_1
    less what the link of the first to itself takes: E is [[-3, 1/2], [1/2, 0]] / 50, in scales [[-3, 2/5], ...]."""
    first = 2 * (Fraction(3, 8) - Fraction(1, 8)) - Fraction(17, 5) / 50
    largest = first * 2 * (Fraction(1, 8) - Fraction(1, 32)) / norm**2
    for weight, expected in ((largest, 0), (largest / 10**9, 0), (largest * (1 + Fraction(1, 10**20)), 1)):
        assert status(hierarchy(weight, there), tmp_path) == expected


def test_scales_that_are_not_positive_prove_nothing(tmp_path: Path) -> None:
    certificate = hierarchy()
    for off in (0, -1):
        certificate["modules"][0]["scales"] = [1, off]
        outcome = run(certificate, tmp_path)
        assert (outcome[0], outcome[1][-1]) == (1, "rejected: modules[0]: scales: entry [1] is not positive")


def test_a_rate_beyond_the_modules_own_is_rejected(tmp_path: Path) -> None:
    """c_i - c tau_i is negative, which no link can mend."""
    certificate = {**hierarchy(), "rate": 5}
    assert run(certificate, tmp_path)[1][-1].startswith("rejected: the matrix of the modules is not positive semidef")


def test_the_step_of_an_assembly_is_bracketed(tmp_path: Path) -> None:
    """The checker agrees with the eigenvalues, 10^-9 to either side."""
    assert status(whole_step(Fraction(1, 10**9)), tmp_path) == 0
    outcome = run(whole_step(Fraction(-1, 10**9)), tmp_path)
    assert outcome[1][-1].startswith("rejected: Euler step: the matrix of the whole step is not positive definite")


# Altered


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Fraction]]:
    """All numbers of a certificate, and where they are."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    elif isinstance(value, int) or value.count("/") == 1:
        yield path, Fraction(value)


def altered(certificate: Certificate, path: tuple[Any, ...], number: Fraction) -> Certificate:
    copy = json.loads(json.dumps(certificate))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = plain(number)
    return copy


def alterations(certificate: Certificate) -> Iterator[tuple[tuple[Any, ...], Certificate]]:
    for path, number in leaves(certificate):
        others = {number + 1, number - 1, -number, number / 2, Fraction(7, 3), number + Fraction(1, 10**5)} - {number}
        for other in sorted(others):
            yield path, altered(certificate, path, other)


def owner(certificate: Certificate, path: tuple[Any, ...]) -> Any:
    """The network to whose weights a number belongs, if it is a weight."""
    if path[0] == "modules" and path[2] == "weights":
        return certificate["modules"][path[1]]
    return certificate if path[0] == "weights" else None


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.sampled(12)
def test_no_altered_number_makes_a_false_claim_pass(name: str, tmp_path: Path) -> None:
    statuses = []
    for path, certificate in alterations(EXAMPLES[name]()):
        statuses.append(status(certificate, tmp_path))
        if owner(certificate, path) is not None:
            assert statuses[-1] == 1, path  # the digest
        if statuses[-1] == 0:
            assert holds(certificate), (path, certificate)
    assert statuses.count(1) > len(statuses) / 4
    assert statuses.count(0) > 0


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.sampled(12)
def test_no_altered_weight_with_its_digest_makes_a_false_claim_pass(name: str, tmp_path: Path) -> None:
    statuses = []
    for path, certificate in alterations(EXAMPLES[name]()):
        changed = owner(certificate, path)
        if changed is None:
            continue
        changed["sha256"] = digest(changed["weights"])
        statuses.append(status(certificate, tmp_path))
        if statuses[-1] == 0:
            assert holds(certificate), (path, certificate)
    assert statuses.count(1) > 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("make", [multiplier, vertices, euler_step, absolute_weights, no_quadratic_metric_uneven])
def test_transposes_and_forms_are_told_apart(make: Callable[[str], Certificate], form: str, tmp_path: Path) -> None:
    """Near to the best rate the proof of a network is none of the transposed network, nor of the other form."""
    certificate = make(form)
    weights = [list(row) for row in zip(*certificate["weights"], strict=True)]
    assert status({**certificate, "weights": weights, "sha256": digest(weights)}, tmp_path) == 1
    assert status({**certificate, "form": "rate" if form == "voltage" else "voltage"}, tmp_path) == 1
    exchanged = [row[::-1] for row in certificate["weights"][::-1]]
    assert status({**certificate, "weights": exchanged, "sha256": digest(exchanged)}, tmp_path) == 1


@pytest.mark.parametrize("form", FORMS)
def test_the_unstable_is_not_its_transpose(form: str, tmp_path: Path) -> None:
    certificate = no_quadratic_metric_of_the_unstable(form)
    weights = [list(row) for row in zip(*certificate["weights"], strict=True)]
    assert status({**certificate, "weights": weights, "sha256": digest(weights)}, tmp_path) == 1


def test_legs_are_applied_in_their_order(tmp_path: Path) -> None:
    """In another order the legs are as good for another X; for the same one they are not."""
    certificate = switching()
    (claim,) = certificate["claims"]
    assert status({**certificate, "claims": [{**claim, "legs": claim["legs"][::-1]}]}, tmp_path) == 1


REJECTED: list[tuple[str, tuple[Any, ...], Any, str]] = [
    ("rotation", ("sha256",), "0" * 64, "sha256 is not that of the weights"),
    ("rotation", ("sha256",), "", "sha256 is not that of the weights"),
    ("rotation", ("slopes",), 0, "slopes: entry [0] is not positive"),
    ("rotation", ("slopes",), [1, -1], "slopes: entry [1] is not positive"),
    ("multiplier, rate", ("time_constants",), [1, 0], "time constants: entry [1] is not positive"),
    ("rotation", ("claims", 0, "rate"), 0, "claims[0]: rate is not positive"),
    (
        "rotation",
        ("claims", 0, "P"),
        [[1, 1], [0, 1]],
        "claims[0]: P is not symmetric: entries [1][0] and [0][1] differ",
    ),
    ("rotation", ("claims", 0, "P"), [[1, 1], [1, 1]], "P is not positive definite: its leading 2 x 2 block is not"),
    ("rotation", ("claims", 0, "P"), [[-1, 0], [0, 1]], "P is not positive definite: its leading 1 x 1 block is not"),
    ("rotation", ("claims", 0, "Q"), [1, 0], "the matrix of P and Q is not positive definite"),
    ("vertices, rate", ("claims", 0, "rate"), 2, "-(P J + J^T P + 2 c P) at corner 0 is not positive definite"),
    ("absolute weights, rate", ("claims", 0, "left"), [0, 1], "left: entry [0] is not positive"),
    ("absolute weights, rate", ("claims", 0, "right"), [1, -1], "right: entry [1] is not positive"),
    ("absolute weights, rate", ("claims", 0, "right"), [1, 5], "A r is too large in entry [0]"),
    ("absolute weights, rate", ("claims", 0, "left"), [1, 9], "A^T l is too large in entry [0]"),
    ("norm 1, rate", ("claims", 0, "weights"), [1, 0], "weights: entry [1] is not positive"),
    ("norm 1, rate", ("claims", 0, "rate"), 1, "the logarithmic norm exceeds -rate in column [0]"),
    ("norm inf, rate", ("claims", 0, "rate"), 1, "the logarithmic norm exceeds -rate in row [0]"),
    ("l1 ball, rate", ("claims", 0, "vertices"), [[1, 1], [2, 2]], "the vertices do not span the space"),
    ("l1 ball, rate", ("claims", 0, "rate"), 1, "column [0] of Gamma exceeds -rate at corner 1"),
    ("hexagon, rate", ("claims", 0, "combinations", 2, 0, 0), 5, "J V is not V Gamma at corner 2"),
    ("no quadratic metric, rate", ("claims", 0, "rate"), "-1/5", "rate is negative"),
    ("no quadratic metric, rate", ("claims", 0, "terms", 1, "slopes"), [2, 0], "terms[1].slopes[0] is not between"),
    ("no quadratic metric, rate", ("claims", 0, "terms", 0, "slopes"), [0, -1], "terms[0].slopes[1] is not between"),
    ("self-excitation", ("claims", 0, "vector"), [0], "vector^T X vector is not positive"),
    ("self-excitation", ("claims", 0, "slopes"), ["1/3"], "(J + c I)^T X + X (J + c I) is not positive semidefinite"),
    ("fixed slopes, rate", ("claims", 0, "slopes"), [1, 2], "slopes[1] is not between 0 and the largest slope"),
    ("fixed slopes, rate", ("claims", 0, "X", 0, 1), 7, "X is not symmetric"),
    ("switching, rate", ("claims", 0, "X", 0, 1), 7, "X is not symmetric"),
    ("switching, rate", ("claims", 0, "legs", 3, "time"), 0, "legs[3].time is not positive"),
    ("switching, rate", ("claims", 0, "legs", 3, "time"), 10**9, "legs[3] is too long to be enclosed"),
    ("switching, rate", ("claims", 0, "legs", 2, "slopes"), [1, "3/2"], "legs[2].slopes[1] is not between"),
    ("switching, rate", ("claims", 0, "vector"), [0, 0], "vector^T X vector is not positive"),
    ("Euler step, rate", ("claims", 0, "step"), 0, "step is not positive"),
    ("Euler step, rate", ("claims", 0, "factor"), 1, "factor is not between 0 and 1"),
    ("Euler step, rate", ("claims", 0, "factor"), "-9/10", "factor is not between 0 and 1"),
    ("no multiplier metric, rate", ("claims", 0, "rate"), 1, "rate is not between 0 and 1"),
    ("no multiplier metric, rate", ("claims", 0, "terms", 0, "cos"), 1, "terms[0]: cos + i sin is not of modulus 1"),
    (
        "no multiplier metric, rate",
        ("claims", 0, "terms", 0, "real"),
        [1, 5],
        "the sum over terms is too small for neuron",
    ),
    ("no multiplier metric, rate", ("time_constants",), [1, 9], "rate is not between 0 and 1 / (largest time"),
    ("no multiplier metric, rate", ("time_constants",), [1, 2], "the sum over terms is too small for neuron"),
    ("feedback", ("rate",), 0, "rate is not positive"),
    ("feedback", ("modules", 1, "weight"), 0, "modules[1]: weight is not positive"),
    ("feedback", ("modules", 1, "time_constant"), -1, "modules[1]: time_constant is not positive"),
    ("feedback", ("modules", 1, "scales", 1), 2, "modules[1]: P - diag(scales)^2 is not positive definite"),
    ("whole step", ("Euler step", "step"), 0, "Euler step: step is not positive"),
    ("whole step", ("Euler step", "factor"), 1, "Euler step: factor is not between 0 and 1"),
    ("whole step", ("Euler step", "Q", 0, 0), -1, "Euler step: the matrix of the whole step is not positive definite"),
    ("feedback", ("modules", 1, "rate"), 0, "modules[1]: rate is not positive"),
    ("feedback", ("modules", 1, "sha256"), "", "modules[1]: sha256 is not that of the weights"),
    ("feedback", ("rate",), "1/10", "the matrix of the modules is not positive semidefinite: its leading 2 x 2 block"),
]


@pytest.mark.parametrize(("name", "path", "value", "reason"), REJECTED)
def test_false_values_are_rejected_by_the_condition_that_fails(
    name: str, path: tuple[Any, ...], value: Any, reason: str, tmp_path: Path
) -> None:
    certificate = json.loads(json.dumps(EXAMPLES[name]()))
    place = certificate
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    code, out, err = run(certificate, tmp_path)
    assert (code, err) == (1, [])
    assert out[-1].startswith("rejected: ")
    assert reason in out[-1]


def test_vectors_that_are_all_zero_prove_nothing(tmp_path: Path) -> None:
    for name in ("no quadratic metric, rate", "no multiplier metric, rate"):
        certificate = json.loads(json.dumps(EXAMPLES[name]()))
        for term in certificate["claims"][0]["terms"]:
            term |= {"vectors": [[0, 0]]} if "vectors" in term else {"real": [0, 0], "imaginary": [0, 0]}
        assert run(certificate, tmp_path)[1][-1] == "rejected: claims[0]: all vectors are zero"


# Malformed

GOOD = json.dumps(EXAMPLES["rotation"]())
ASSEMBLY_DOCUMENT, STEPPED = feedback(), whole_step()
ASSEMBLY = json.dumps(ASSEMBLY_DOCUMENT)


def many_neurons(**claim: Any) -> str:
    return json.dumps(network("rate", [[0] * 13] * 13, [{"claim": "contracting", **claim}]))


def replaced(old: str, new: str, text: str = GOOD) -> str:
    assert text.count(old) >= 1
    return text.replace(old, new, 1)


# Sizes


KINDS = {*checker.CLAIMS.values(), *checker.MAP_CLAIMS.values()}
TAGS = {kind: tags for claims in (checker.CLAIMS, checker.MAP_CLAIMS) for tags, kind in claims.items()}


def readers(kind: type[Any]) -> dict[str, tuple[Any, Any]]:
    """Of every field, what reads it and what is in it."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: (x.__metadata__[0], get_args(x.__origin__)) for name, x in hints.items() if hasattr(x, "__metadata__")
    }


def sample(kind: type[Any], size: int) -> Any:
    """Some well-formed claim of a kind, true or not, with one element in each list whose length is free."""
    ones, unit = [1] * size, np.eye(size, dtype=int).tolist()
    known = {checker.number: 1, checker.vector: ones, checker.vectors: [ones], checker.square: unit}
    known[checker.square_at_corners] = [[[1]]] * 2**size
    return {name: known[r] if r in known else [sample(inner[0], size)] for name, (r, inner) in readers(kind).items()}


def lists_of(kind: type[Any], before: str = "") -> Iterator[str]:
    """The lists in a claim whose length is free."""
    for name, (reader, inner) in readers(kind).items():
        if reader is checker.vectors:
            yield before + name
        elif reader not in (checker.number, checker.vector, checker.square, checker.square_at_corners):
            yield before + name
            yield from lists_of(inner[0], f"{before}{name}.")


@pytest.mark.parametrize("kind", sorted(KINDS, key=lambda kind: kind.__name__))
def test_every_kind_of_claim_has_limits_that_refuse_at_once(
    kind: type[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read within them, and refused in a line before anything is proved where any of them is less."""
    monkeypatch.setattr(kind, "verify", lambda claim, network: pytest.fail("something was proved"))
    claim = {**dict(zip(("claim", "by"), TAGS[kind], strict=False)), **sample(kind, 2)}
    certificate = network("discrete" if kind in checker.MAP_CLAIMS.values() else "rate", [[0, 1], [1, 0]], [claim])
    sets = {"limits": kind.limits, **({"repeated": kind.repeated} if hasattr(kind, "repeated") else {})}
    named = {name for limits in sets.values() for name, _, _ in limits.lists}
    for free in lists_of(kind):
        assert any(name == free or name.startswith(f"{free}.") for name in named), f"{free} may be of any length"
    if "repeated" in sets:
        claim["slopes"] *= 2
        certificate["claims"] = plain([claim])
    for name, limits in sets.items():
        tight = [replace(limits, neurons=1), replace(limits, bits=0)]
        tight += [replace(limits, lists=((each, 0, 0),)) for each, _, _ in limits.lists]
        for less in tight if name == "repeated" or len(sets) == 1 else tight[:1]:
            with monkeypatch.context() as patch:
                patch.setattr(kind, name, less)
                answer, out, err = run(certificate, tmp_path)
            assert (answer, out, len(err)) == (2, [], 1)
            assert "at most" in err[0]


def test_other_files_are_limited_by_tests_of_their_own() -> None:
    """Gated layers, basins and Lur'e systems; a registry of claims that is new is to be crossed with limits as well."""
    registries = {name for name, each in vars(checker).items() if name.endswith("CLAIMS") and isinstance(each, dict)}
    assert registries == {"CLAIMS", "MAP_CLAIMS", "GATED_CLAIMS", "LURE_CLAIMS"}


def test_numbers_of_the_network_and_the_claims_of_a_file_are_limited(tmp_path: Path) -> None:
    certificate = {**vertices("rate"), "slopes": 2**4096}
    assert run(certificate, tmp_path)[2] == [
        "certificate checker: the network: a number has 4097 binary digits; such claims take 4096 at most"
    ]
    certificate = multiplier("rate")
    certificate = {**certificate, "claims": certificate["claims"] * 17}
    assert run(certificate, tmp_path)[2] == ["certificate checker: claims: there are 17; a file has 16 at most"]


def test_an_assembly_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for less in (replace(checker.Assembly.limits, neurons=1), checker.Limits(9, lists=(("modules", 1, 0),))):
        monkeypatch.setattr(checker.Assembly, "limits", less)
        answer, out, err = run(feedback(), tmp_path)
        assert (answer, out, len(err)) == (2, [], 1)
        assert "at most" in err[0]


def test_sizes_are_those_of_the_page() -> None:
    """Every number of the limits stands in the table."""
    table = Path("docs/certificates.md").read_text().partition("## Sizes")[2]
    limits = {each for kind in KINDS for each in vars(kind).values() if isinstance(each, checker.Limits)}
    for each in {*limits, checker.Assembly.limits}:
        lists = [str(number) for _, *some in each.lists for number in some if number]
        row = next((row for row in table.splitlines() if f"| {each.neurons} | {each.bits} |" in row), "")
        assert row, each
        rows = [row for row in table.splitlines() if f"| {each.neurons} | {each.bits} |" in row]
        assert any(all(number in row for number in lists) for row in rows), each


def test_what_is_singular_and_large_is_not_eliminated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "eliminate", lambda rows, strict: pytest.fail("eliminated"))
    v = [Fraction(3**1200 + k, 2**1900 + 1) for k in range(24)]
    claim = {"claim": "contracting", "by": "multiplier", "rate": HALF, "P": [[a * b for b in v] for a in v]}
    certificate = network("rate", [[0] * 24] * 24, [{**claim, "Q": [1] * 24}])
    assert "too large to eliminate" in run(certificate, tmp_path)[1][-1]


@pytest.mark.parametrize("form", ["rate", "discrete"])
def test_corners_are_not_eliminated_one_after_the_other(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P is v v^T and a little; J = -I at all of the 1024 corners. P itself may be eliminated, once."""
    asked: list[int] = []
    monkeypatch.setattr(checker, "eliminate", lambda rows, strict: asked.append(len(rows)))
    v = [3**500 + k**2 for k in range(10)]
    P = [[a * b + (i == j) for j, b in enumerate(v)] for i, a in enumerate(v)]
    pace = {"rate": HALF} if form == "rate" else {"factor": HALF}
    certificate = network(form, [[0] * 10] * 10, [{"claim": "contracting", "by": "vertices", **pace, "P": P}])
    assert "too large to eliminate" in run(certificate, tmp_path)[1][-1]
    assert asked == [10]


def test_lists_without_a_common_denominator_are_refused(tmp_path: Path) -> None:
    """Sums of their entries would have the digits of all of them; of time constants that is so of their inverses."""
    below = [2**8000 + 2 * k + 1 for k in range(9)]
    entries = [Fraction(q + 1, q) for q in below]
    P = [[entries[3 * max(i, j) + min(i, j)] + 2 * (i == j) for j in range(3)] for i in range(3)]
    claim = {"claim": "contracting", "by": "multiplier", "rate": "1/4", "P": P, "Q": [1] * 3}
    refused = "a list has a common denominator of more than 17152 binary digits"
    assert run(network("voltage", [[0] * 3] * 3, [claim]), tmp_path)[2] == [
        f"certificate checker: claims[0]: {refused}"
    ]
    alike = [[Fraction(p.numerator, below[0]) for p in row] for row in P]
    assert run(network("voltage", [[0] * 3] * 3, [{**claim, "P": alike}]), tmp_path)[2] == []
    plain_claim = {**claim, "P": np.eye(3, dtype=int).tolist()}
    taus = [Fraction(q, 2**8000) for q in below[:3]]
    assert run(network("voltage", [[0] * 3] * 3, [plain_claim], taus=taus), tmp_path)[2] == [
        f"certificate checker: the network: {refused}"
    ]


def test_points_of_the_circle_are_short(tmp_path: Path) -> None:
    certificate = no_multiplier_metric("voltage")
    t = Fraction(1, 3**200)
    certificate["claims"][0]["terms"][0].update(cos=str((1 - t * t) / (1 + t * t)), sin=str(2 * t / (1 + t * t)))
    assert run(certificate, tmp_path)[2] == ["certificate checker: cos or sin has 633 binary digits; 512 are the most"]


NO_FRACTIONS = [
    *("4/10", "2/1", "2/-5", "-2/-5", "2/0", "0/5", "0/1", "2", "-0/5", "02/5", "2/05", "+2/5", " 2/5", "2/5 ", "2 /5"),
    *("2/ 5", "2/5\n", "", "/", "2/", "/5", "0.4", "2/5/1", "٢/٥", "2_0/50", "1e0/3", "--2/5", "nan", "inf", "1/0"),
]
MALFORMED: dict[str, str | bytes] = {
    "empty file": "",
    "no JSON": "contracting",
    "truncated": GOOD[:-1],
    "half": GOOD[: len(GOOD) // 2],
    "two documents": GOOD + GOOD,
    "comment": GOOD + "// verified",
    "trailing comma": replaced("]}]", ",]}]"),
    "byte order mark": "\ufeff" + GOOD,
    "UTF-16": GOOD.encode("utf-16"),
    "not UTF-8": GOOD.encode() + b"\xff",
    "zero bytes": b"\x00" * 50,
    "null": "null",
    "number": "1",
    "list": f"[{GOOD}]",
    "deep lists": "[" * 10**6,
    "deep objects": '{"a":' * 10**5,
    "unknown format": replaced("certificate 1", "certificate 2"),
    "no format": replaced('"format": "contraction certificate 1", ', ""),
    "format of another type": replaced('"contraction certificate 1"', "[1]"),
    "unknown form": replaced('"voltage"', '"Voltage"'),
    "form of another type": replaced('"voltage"', '["voltage"]'),
    "sha256 of another type": replaced(f'"{digest(ROTATION)}"', "1"),
    "unknown key": replaced('{"format"', '{"extra": 1, "format"'),
    "key of two lines": replaced('{"format"', '{"a\\nb\\ud800": 1, "format"'),
    "long key": replaced('{"format"', '{"%s": 1, "format"' % ("k" * 10**5)),
    "unknown key of a claim": replaced('"P"', '"R": 1, "P"'),
    "missing key": replaced('"slopes": 1, ', ""),
    "missing key of a claim": replaced(', "Q": [1, 1]', ""),
    "repeated key": replaced('"slopes": 1', '"slopes": 1, "slopes": 1'),
    "repeated key of a claim": replaced('"Q": [1, 1]', '"Q": [1, 1], "Q": [1, 1]'),
    "no claims": replaced(GOOD[GOOD.index('"claims"') :], '"claims": []}'),
    "claims of another type": replaced(GOOD[GOOD.index('"claims"') :], '"claims": {}}'),
    "claim of another type": replaced(GOOD[GOOD.index('"claims"') :], '"claims": ["contracting"]}'),
    "unknown claim": replaced('"contracting"', '"stable"'),
    "claim of a list": replaced('"contracting"', '["contracting"]'),
    "unknown by": replaced('"multiplier"', '"magic"'),
    "no by": replaced('"by": "multiplier", ', ""),
    "by that is null": replaced('"by": "multiplier"', '"by": null'),
    "by where there is none": replaced('"contracting", "by": "multiplier"', '"Euler step", "by": "multiplier"'),
    "float": replaced('"slopes": 1', '"slopes": 1.0'),
    "float with an exponent": replaced('"slopes": 1', '"slopes": 1e0'),
    "float in the weights": replaced("[0, -1]", "[0, -1.0]"),
    "NaN": replaced('"slopes": 1', '"slopes": NaN'),
    "Infinity": replaced('"slopes": 1', '"slopes": Infinity'),
    "-Infinity": replaced('"slopes": 1', '"slopes": -Infinity'),
    "true": replaced('"slopes": 1', '"slopes": true'),
    "true in a list": replaced('"Q": [1, 1]', '"Q": [1, true]'),
    "null as number": replaced('"Q": [1, 1]', '"Q": [1, null]'),
    "leading zero": replaced('"slopes": 1', '"slopes": 01'),
    "plus": replaced('"slopes": 1', '"slopes": +1'),
    **{f"the string {text!r}": replaced('"2/5"', json.dumps(text)) for text in NO_FRACTIONS},
    "matrix that is a number": replaced("[[1, 0], [0, 1]]", "1"),
    "matrix of too few rows": replaced("[[1, 0], [0, 1]]", "[[1, 0]]"),
    "matrix of too many rows": replaced("[[1, 0], [0, 1]]", "[[1, 0], [0, 1], [0, 0]]"),
    "ragged matrix": replaced("[[1, 0], [0, 1]]", "[[1, 0], [0]]"),
    "vector for a matrix": replaced("[[1, 0], [0, 1]]", "[1, 1]"),
    "matrix for a vector": replaced('"Q": [1, 1]', '"Q": [[1], [1]]'),
    "object for a vector": replaced('"Q": [1, 1]', '"Q": {}'),
    "short vector": replaced('"Q": [1, 1]', '"Q": [1]'),
    "long vector": replaced('"Q": [1, 1]', '"Q": [1, 1, 1]'),
    "no weights": replaced("[[0, -1], [1, 0]]", "[]"),
    "weights of empty rows": replaced("[[0, -1], [1, 0]]", "[[], []]"),
    "weights that are not square": replaced("[[0, -1], [1, 0]]", "[[0, -1]]"),
    "short slopes": replaced('"slopes": 1', '"slopes": [1]'),
    "no slopes": replaced('"slopes": 1', '"slopes": []'),
    "short time constants": replaced('"slopes": 1', '"slopes": 1, "time_constants": [2]'),
    "time constant that is a number": replaced('"slopes": 1', '"slopes": 1, "time_constants": 2'),
    "time constants that are all 1": replaced('"slopes": 1', '"slopes": 1, "time_constants": [1, 1]'),
    "integer of 4301 digits": replaced('"slopes": 1', '"slopes": 1' + "0" * 4300),
    "integer of a million digits": replaced('"slopes": 1', '"slopes": -1' + "0" * 10**6),
    "numerator of 4301 digits": replaced('"2/5"', '"1' + "0" * 4300 + '/3"'),
    "denominator of 4301 digits": replaced('"2/5"', '"1/1' + "0" * 4300 + '"'),
    "13 neurons at all corners": many_neurons(by="vertices", rate=1, P=[[0] * 13] * 13),
    "13 neurons in a polytope": many_neurons(by="polytope", rate=1, vertices=[[1] * 13], combinations=[[[1]]]),
    "no legs": json.dumps(altered(switching(), ("claims", 0, "legs"), Fraction(0))).replace('"legs": 0', '"legs": []'),
    "vectors that are a vector": replaced(
        '"vectors": [[1, 1]]', '"vectors": [1, 1]', json.dumps(no_quadratic_metric("rate"))
    ),
    "too few combinations": json.dumps(polytope("rate", False)).replace('"combinations": [', '"combinations": [[[1]],'),
    "combinations of another size": replaced("[[-1, 0], [0, -1]]", "[[-1]]", json.dumps(polytope("rate", False))),
    "combination that is not square": replaced("[[-1, 0], [0, -1]]", "[[-1, 0]]", json.dumps(polytope("rate", False))),
    "no modules": '{"format": "assembly certificate 1", "rate": 1, "modules": [], "links": []}',
    "link from nowhere": replaced('"from": 1', '"from": 2', ASSEMBLY),
    "link from below": replaced('"from": 1', '"from": -1', ASSEMBLY),
    "link from true": replaced('"from": 1', '"from": true', ASSEMBLY),
    "link from a string": replaced('"from": 1', '"from": "3/2"', ASSEMBLY),
    "link twice": replaced('"to": 1, "from": 0', '"to": 0, "from": 1', ASSEMBLY),
    "link of another shape": replaced('"to": 0, "from": 1', '"to": 1, "from": 1', ASSEMBLY),
    "no multipliers": json.dumps({**STEPPED, "Euler step": {**STEPPED["Euler step"], "Q": []}}),
    "multipliers of one module too few": json.dumps(
        {**STEPPED, "Euler step": {**STEPPED["Euler step"], "Q": STEPPED["Euler step"]["Q"][:1]}}
    ),
    "no factor": json.dumps({**ASSEMBLY_DOCUMENT, "Euler step": {"step": 1, "Q": [[1, 1], [1, 1, 1]]}}),
    "links of another type": ASSEMBLY[: ASSEMBLY.index('"links"')] + '"links": {}}',
    "slopes of an assembly": replaced('"rate"', '"slopes": 1, "rate"', ASSEMBLY),
    "time constants of a module": replaced('"time_constant"', '"time_constants"', ASSEMBLY),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_files_are_refused_in_one_line(name: str, tmp_path: Path) -> None:
    code, out, err = run(MALFORMED[name], tmp_path)
    assert (code, out) == (2, [])
    assert len(err) == 1
    assert err[0].startswith("certificate checker: ")
    assert err[0].isascii()
    assert len(err[0]) < 300


def test_numbers_may_have_4300_digits_and_a_file_may_have_no_links(tmp_path: Path) -> None:
    certificate = EXAMPLES["rotation"]()
    certificate["slopes"] = "9" * 4300 + "/1" + "0" * 4299
    assert run(certificate, tmp_path)[0] == 1
    assert run({**feedback(), "links": []}, tmp_path)[0] == 0


@pytest.mark.parametrize("target", ["missing.json", ".", "nul\0.json", "n" * 300])
def test_files_that_cannot_be_read(target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checker.main([target if "\0" in target else str(tmp_path / target)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "cannot be read" in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--check"],
        ["--weights", "w.npy"],
        ["FILE", "FILE"],
        ["FILE", "--check", "FILE"],
        ["FILE", "--weights"],
        ["FILE", "--weights=a.npy", "--weights=b.npy"],
        ["FILE", "--verbose"],
        ["--checks=FILE"],
        ["-", "FILE"],
    ],
)
def test_bad_usage(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "good.json"
    file.write_text(GOOD)
    assert checker.main([each.replace("FILE", str(file)) for each in arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "usage" in err


# The weights beside the file

MATRIX = np.array([[0.1, -1.5, 3], [1e-3, 0, 2], [-0.25, 7, 1]])


def certificate_of(weights: Array) -> Certificate:
    claim = {"claim": "contracting", "by": "multiplier", "rate": 1, "P": np.eye(len(weights)), "Q": [1] * len(weights)}
    return network("rate", [[Fraction(float(x)) for x in row] for row in weights], [claim])


def compares(weights: Array, argument: str, directory: Path) -> int:
    """0 if the file's matrix is this one and not its transpose, 2 if not; the claim itself is rejected."""
    same = run(certificate_of(weights), directory, f"--weights={argument}")
    other = run(certificate_of(weights.T), directory, "--weights", argument)
    assert other[0] == 2
    assert (len(other[1]), len(other[2])) == (0, 1)
    assert same[0] in (1, 2)
    return 0 if same[0] == 1 else 2


def safetensors(tensors: dict[str, tuple[str, list[int], bytes]]) -> bytes:
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}  # type: ignore[dict-item]
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def test_weights_as_numpy_saves_them(tmp_path: Path) -> None:
    whole = np.array([[1, 0, 1], [0, 0, 1], [0, 1, 1]])
    file = tmp_path / "w.npy"
    for dtype in ("<f2", "<f4", "<f8", ">f2", ">f4", ">f8"):
        for order in ("C", "F"):
            np.save(file, np.array(MATRIX, dtype=dtype, order=order))  # type: ignore[call-overload]
            assert compares(MATRIX.astype(dtype).astype(float), str(file), tmp_path) == 0
    for dtype in ("?", "i1", "u1", "<i2", ">i2", "<u2", "<i4", ">u4", "<i8", ">i8", "<u8"):
        np.save(file, whole.astype(dtype))
        assert compares(whole, str(file), tmp_path) == 0
    for version in ((1, 0), (2, 0), (3, 0)):
        with file.open("wb") as stream:
            np.lib.format.write_array(stream, MATRIX, version=version)
        assert compares(MATRIX, str(file), tmp_path) == 0
    np.save(file, np.nextafter(MATRIX, np.inf))
    assert compares(MATRIX, str(file), tmp_path) == 2


def test_weights_as_text(tmp_path: Path) -> None:
    """Read as numpy reads them: the nearest double."""
    file = tmp_path / "w.csv"
    for text in (
        "0.1,-1.5,3\n1e-3,0,2\n-.25,7,1\n",
        "\ufeff# weights\r\n0.1, -1.5 ,3.0 # first\r\n\r\n0.001000,-0,+2\r\n-25e-2,7,1",
        "0.1000000000000000055511151231257827,-1.5,3\n1e-3,0,2\n-0.25,7,1",
    ):
        file.write_text(text, encoding="utf-8", newline="")
        assert np.array_equal(np.loadtxt(file, delimiter=",", encoding="utf-8-sig"), MATRIX)
        assert compares(MATRIX, str(file), tmp_path) == 0


def test_weights_as_text_with_other_marks(tmp_path: Path) -> None:
    for name, text in (
        ("w.tsv", "0.1\t-1.5\t3\n1e-3\t0\t2\n-.25\t7\t1\n"),
        ("w.txt", "# weights\n0.1 -1.5  3\n 1e-3 0 2\n-.25 7 1\n"),
        ("w.csv", "0,1;-1,5;3\n1e-3;0;2\n-,25;7;1\n"),
    ):
        (tmp_path / name).write_text(text)
        assert compares(MATRIX, str(tmp_path / name), tmp_path) == 0


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_weights_in_an_archive(tmp_path: Path, save: Any) -> None:
    file = tmp_path / "w.npz"
    save(file, W=MATRIX, b=np.ones(3), notes=np.array([{}], dtype=object))
    assert compares(MATRIX, str(file), tmp_path) == 0
    assert compares(MATRIX, f"{file}:W", tmp_path) == 0
    assert compares(MATRIX, f"{file}:b", tmp_path) == 2
    assert compares(MATRIX, f"{file}:notes", tmp_path) == 2
    save(file, W=MATRIX, V=MATRIX.T)
    assert compares(MATRIX, str(file), tmp_path) == 2  # which of the two?
    assert compares(MATRIX.T, f"{file}:V", tmp_path) == 0
    save(file, **{"cell/h/kernel": MATRIX})
    assert compares(MATRIX.T, str(file), tmp_path) == 0  # kernels multiply rows


def test_weights_in_safetensors(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    bias = ("F32", [3], np.ones(3, "<f4").tobytes())
    for name, dtype in (("F64", "<f8"), ("F32", "<f4"), ("F16", "<f2")):
        content = MATRIX.astype(dtype)
        file.write_bytes(safetensors({"b": bias, "w.hh": (name, [3, 3], content.tobytes())}))
        assert compares(content.astype(float), str(file), tmp_path) == 0
        assert compares(content.astype(float), f"{file}:w.hh", tmp_path) == 0
    short = MATRIX.astype("<f4").view("<u4") >> 16 << 16  # type: ignore[operator]
    file.write_bytes(safetensors({"w": ("BF16", [3, 3], (short >> 16).astype("<u2").tobytes())}))
    assert compares(short.astype("<u4").view("<f4").astype(float), str(file), tmp_path) == 0
    whole = np.array([[1, 0, 1], [0, 0, 1], [0, 1, 1]])
    for name, dtype in (("BOOL", "?"), ("I8", "i1"), ("U8", "u1"), ("I16", "<i2"), ("I32", "<i4"), ("I64", "<i8")):
        both = {
            "w": (name, [3, 3], whole.astype(dtype).tobytes()),
            "v": (name, [3, 3], (1 - whole).astype(dtype).tobytes()),
        }
        file.write_bytes(safetensors(both))
        assert compares(whole, f"{file}:w", tmp_path) == 0
        assert compares(whole, f"{file}:v", tmp_path) == 2
        assert compares(whole, str(file), tmp_path) == 2  # which of the two?


def npy(header: bytes, content: bytes = MATRIX.tobytes(), version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header + content


def header_of(descr: str = "<f8", order: str = "False", shape: str = "(3, 3)") -> bytes:
    return f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}}}\n".encode()


BAD_WEIGHTS: dict[str, bytes] = {
    "empty.npy": b"",
    "magic.npy": b"\x93NUMPX" + npy(header_of())[6:],
    "version.npy": npy(header_of(), version=b"\x04\x00"),
    "cut.npy": npy(header_of())[:9],
    "cut-header.npy": npy(header_of())[:40],
    "cut-data.npy": npy(header_of())[:-1],
    "long-data.npy": npy(header_of()) + b"\0",
    "vector.npy": npy(header_of(shape="(9,)")),
    "rows.npy": npy(header_of(shape="(1, 9)")),
    "none.npy": npy(header_of(shape="(0, 0)"), b""),
    "negative.npy": npy(header_of(shape="(-3, -3)")),
    "truth.npy": npy(header_of(shape="(True, True)"), b"\0" * 8),
    "huge.npy": npy(header_of(shape="(10**9, 10**9)")),
    "huger.npy": npy(header_of(shape=f"(0x{'f' * 9000}, 0x{'e' * 9})")),
    "object.npy": npy(header_of("|O")),
    "complex.npy": npy(header_of("<c16")),
    "long-double.npy": npy(header_of("<f16")),
    "one-byte-float.npy": npy(header_of("<f1")),
    "text.npy": npy(header_of("<U2")),
    "structured.npy": npy(b"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3, 3)}"),
    "order.npy": npy(header_of(order="'no'")),
    "call.npy": npy(b"{'descr': print('executed'), 'fortran_order': False, 'shape': (3, 3)}"),
    "escape.npy": npy(b"{'descr': '\\d', 'fortran_order': False, 'shape': (3, 3)}"),
    "list.npy": npy(b"[1, 2]"),
    "keys.npy": npy(b"{}"),
    "deep.npy": npy(b"(" * 9000),
    "latin.npy": npy(b"{'descr\xff"),
    "nan.npy": npy(header_of(), np.full((3, 3), np.nan).tobytes()),
    "inf.npy": npy(header_of(), np.full((3, 3), np.inf).tobytes()),
    "empty.csv": b"",
    "comment.csv": b"# 1,2\n",
    "words.csv": b"a,b\nc,d\n",
    "ragged.csv": b"1,2\n3\n",
    "oblong.csv": b"1,2\n",
    "gap.csv": b"1,,2\n3,4,5\n6,7,8\n",
    "nan.csv": b"1,nan\n1,1\n",
    "inf.csv": b"1,inf\n1,1\n",
    "overflow.csv": b"1,1e999\n1,1\n",
    "underscore.csv": b"1_0,1\n1,1\n",
    "binary.csv": b"\xff\xfe",
    "mixed.csv": b"0,1;1,5\n1.0;1,2,3\n",
    "names.txt": b"a b\n1 2\n3 4\n",
    "rows.tsv": b"a\t1\t2\nb\t3\t4\n",
    "empty.npz": b"",
    "no-zip.npz": b"PK\x03\x04 and no more",
    "whole.npy": npy(header_of("<i8"), np.full((3, 3), 2**53 + 1).tobytes()),
    "empty.safetensors": b"",
    "short.safetensors": b"\x10\0\0\0\0\0\0\0{}",
    "huge.safetensors": b"\xff" * 8 + b"{}",
    "no-json.safetensors": b"\x02\0\0\0\0\0\0\0{]",
    "no-tensor.safetensors": safetensors({}),
    "list.safetensors": b"\x02\0\0\0\0\0\0\0[]",
    "tensor.safetensors": b'\x07\0\0\0\0\0\0\0{"a":1}',
    "keys.safetensors": b'\x08\0\0\0\0\0\0\0{"a":{}}',
    "type.safetensors": safetensors({"w": ("F8_E4M3", [3, 3], b"\0" * 9)}),
    "vector.safetensors": safetensors({"w": ("F64", [9], MATRIX.tobytes())}),
    "cut.safetensors": safetensors({"w": ("F64", [3, 3], MATRIX.tobytes())})[:-1],
    "odd.safetensors": safetensors({"w": ("BF16", [3, 3], b"\0" * 17)}),
    "offsets.safetensors": safetensors({"w": ("F64", [3, 3], MATRIX.tobytes())}).replace(b"[0, 72]", b"[0, -2]"),
    "dtype.safetensors": safetensors({"w": ("F64", [3, 3], MATRIX.tobytes())}).replace(b'"F64"', b'["F"]'),
    "model.pt": b"",
    "weights": b"",
}


@pytest.mark.parametrize("name", BAD_WEIGHTS)
def test_weights_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(BAD_WEIGHTS[name])
    code, out, err = run(certificate_of(MATRIX), tmp_path, "--weights", str(tmp_path / name))
    assert (code, out, len(err)) == (2, [], 1)
    assert err[0].startswith("certificate checker: --weights: ")
    assert err[0].isascii()


def test_other_weights_are_no_rejection(tmp_path: Path) -> None:
    file = tmp_path / "w.csv"
    file.write_text("0,-1\n1,1\n")
    assert run(GOOD, tmp_path, "--weights", str(file)) == (
        2,
        [],
        ["certificate checker: --weights: the matrix is not the one of the certificate"],
    )
    file.write_text("0,-1\n1,0\n")
    assert run(GOOD, tmp_path, "--weights", str(file))[0] == 0
    file.write_text("0\n")
    assert run(GOOD, tmp_path, "--weights", str(file))[0] == 2
    code, out, err = run(ASSEMBLY, tmp_path, "--weights", str(file))
    assert (code, out) == (2, [])
    assert err == [
        "certificate checker: --weights: an assembly certificate has many matrices; check it without --weights"
    ]
    assert run(GOOD, tmp_path, "--weights", str(tmp_path / "missing.npy"))[0] == 2
    (tmp_path / "m.safetensors").write_bytes(safetensors({"w": ("F64", [1, 1], b"\0" * 8)}))
    assert "has no tensor 'v'" in run(GOOD, tmp_path, "--weights", f"{tmp_path}/m.safetensors:v")[2][0]


# By itself


def by_itself(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(SOURCE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


@pytest.mark.parametrize(
    "order", [["--check", "F", "--weights", "W"], ["--weights=W", "F"], ["--weights", "W", "--check=F"]]
)
def test_without_site_packages(order: list[str], tmp_path: Path) -> None:
    file, weights = tmp_path / "a b.json", tmp_path / "w.npy"
    np.save(weights, np.array(ROTATION))
    arguments = [each.replace("F", str(file)).replace("W", str(weights)) for each in order]
    file.write_text(GOOD)
    verified = by_itself(*arguments, cwd=tmp_path)
    assert (verified.returncode, verified.stdout.splitlines()[-1], verified.stderr) == (0, "verified", "")
    file.write_text(replaced('"2/5"', '"3/5"'))
    rejected = by_itself(*arguments, cwd=tmp_path)
    assert (rejected.returncode, rejected.stderr) == (1, "")
    assert rejected.stdout.splitlines()[-1].startswith("rejected: claims[0]: ")
    file.write_text(GOOD[:-1])
    malformed = by_itself(*arguments, cwd=tmp_path)
    assert (malformed.returncode, malformed.stdout, malformed.stderr.count("\n")) == (2, "", 1)
    file.write_text("[" * 10**6)
    assert by_itself(*arguments, cwd=tmp_path).stderr.count("\n") == 1


def test_a_lower_limit_of_digits_is_respected(tmp_path: Path) -> None:
    file = tmp_path / "certificate.json"
    file.write_text(replaced('"slopes": 1', '"slopes": 1' + "0" * 700))
    command = [sys.executable, "-X", "int_max_str_digits=640", str(SOURCE), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_only_the_standard_library_is_imported() -> None:
    nodes = list(ast.walk(ast.parse(SOURCE.read_text(encoding="utf-8"))))
    assert not any(isinstance(node, ast.ImportFrom) and node.level for node in nodes)
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert {str(name).split(".")[0] for name in names} <= set(sys.stdlib_module_names)
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert called & {"eval", "exec", "__import__", "float", "compile"} == {"float"}  # one float, of a decimal number
    assert len([node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, float)]) == 0


# Which matrices are positive definite


def exactly_definite(matrix: list[list[Fraction]], strict: bool) -> bool:
    """By the signs of the characteristic polynomial's coefficients, all roots of which are real."""
    n = len(matrix)
    entries = [flint.fmpq(x.numerator, x.denominator) for row in matrix for x in row]
    signs = [x * (-1) ** (n - k) for k, x in enumerate(flint.fmpq_mat(n, n, entries).charpoly().coeffs())]
    return all(x > 0 for x in signs) if strict else all(x >= 0 for x in signs)


def random_matrix(rng: np.random.Generator) -> list[list[Fraction]]:
    """Symmetric: a sum of a few squares, so often singular; often moved a little, or scaled by rows and columns."""
    n, rank_ = int(rng.integers(1, 6)), int(rng.integers(1, 7))
    factor = rng.integers(-3, 4, (rank_, n))
    signs = np.where(rng.random(rank_) < 0.15, -1, 1)
    matrix = [[Fraction(int(x)) for x in row] for row in factor.T @ (signs[:, None] * factor)]
    shift = Fraction(int(rng.integers(-1, 2)), int(rng.choice([1, 10**6, 2**58, 2**61, 2**130, 2**300])))
    place = int(rng.integers(n))
    matrix[place][place] += shift
    scales = [
        Fraction(2) ** int(k) * int(rng.integers(1, 9)) for k in rng.integers(-1, 2, n) * int(rng.choice([0, 5, 900]))
    ]
    return [[x * a * b for x, b in zip(row, scales, strict=True)] for row, a in zip(matrix, scales, strict=True)]


@pytest.mark.parametrize("seed", range(4))
def test_definiteness_is_decided_as_by_the_characteristic_polynomial(seed: int) -> None:
    rng = np.random.default_rng(seed)
    outcomes = []
    for _ in range(250):
        matrix = random_matrix(rng)
        for strict in (True, False):
            size, eliminated = (
                checker.failing_block(matrix, strict),
                checker.eliminate(checker.over_one(matrix), strict),
            )
            outcomes.append((strict, size is None))
            assert (size is None) == (eliminated is None) == exactly_definite(matrix, strict)
            if size is not None:
                block = [row[:size] for row in matrix[:size]]
                assert not exactly_definite(block, strict)
            if size is not None and strict and size > 1:
                assert exactly_definite([row[: size - 1] for row in matrix[: size - 1]], strict)
    assert min(outcomes.count(each) for each in itertools.product([True, False], repeat=2)) > 50


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 20])
def test_a_coarse_grid_never_proves_what_is_false(bits: int) -> None:
    rng = np.random.default_rng(bits)
    proved = []
    for _ in range(400):
        matrix = random_matrix(rng)
        if checker.factor_on_grid(matrix, bits) is None:
            proved.append(matrix)
    assert all(exactly_definite(matrix, strict=True) for matrix in proved)
    assert len(proved) > (10 if bits > 2 else 0)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_remainders_of_divisions_on_the_grid_are_accounted_for(size: int) -> None:
    """Integers whose last diagonal entry is about where the determinant changes its sign, on a grid of few digits."""
    rng = np.random.default_rng(size)
    proved = []
    for _ in range(400):
        factor = rng.integers(-100, 101, (size, size)) + 100 * np.eye(size, dtype=int)
        matrix = [[Fraction(int(x)) for x in row] for row in factor @ factor.T]
        whole, lead = (
            int(flint.fmpz_mat([[int(x) for x in row[:n]] for row in matrix[:n]]).det()) for n in (size, size - 1)
        )
        above = int(rng.choice([-1, 0, 1, 10, 100, 1000]))
        matrix[-1][-1] += -whole // lead + above  # the determinant is positive if `above` is
        assert exactly_definite(matrix, strict=True) == (above > 0)
        if checker.factor_on_grid(matrix, int(rng.integers(6, 9))) is None:
            proved.append(above)
    assert min(proved) > 0
    assert {100, 1000} & set(proved)


def test_the_grid_decides_down_to_its_resolution() -> None:
    """[[1, 1], [1, 1 + e]] is definite; both grids see that down to e of a few 2^-bits, and no further."""
    for bits in (60, 240):
        for exponent, seen in ((bits - 6, True), (bits + 6, False)):
            matrix = [[Fraction(1), Fraction(1)], [Fraction(1), 1 + Fraction(1, 2**exponent)]]
            assert (checker.factor_on_grid(matrix, bits) is None) == seen
            assert checker.failing_block(matrix, strict=True) is None


def test_definiteness_of_large_matrices_that_are_nearly_singular() -> None:
    """Gram matrices in 40 dimensions, moved to either side of semidefinite."""
    rng = np.random.default_rng(0)
    for seed in range(3):
        factor = rng.standard_normal((39 + seed % 2, 40))
        gram = factor.T @ factor
        low = linalg.eigvalsh(gram)[0]
        exact = [[Fraction(float((gram[i, j] + gram[j, i]) / 2)) for j in range(40)] for i in range(40)]
        for shift in (-low + 1e-9, -low - 1e-9):
            moved = checker.shifted(exact, Fraction(shift))
            assert (checker.failing_block(moved, strict=True) is None) == (shift > -low)
            assert (checker.failing_block(moved, strict=False) is None) == (shift > -low)


# Enclosures of exponentials


def arb_exponential(matrix: list[list[Fraction]]) -> list[list[Fraction]]:
    """By python-flint, to 600 bits; its midpoints."""
    flint.ctx.prec = 700
    try:
        entries = [flint.arb(flint.fmpq(x.numerator, x.denominator)) for row in matrix for x in row]
        result = flint.arb_mat(len(matrix), len(matrix), entries).exp()
        middles = [[x.mid().man_exp() for x in row] for row in result.tolist()]
        return [[Fraction(int(m)) * Fraction(2) ** int(e) for m, e in row] for row in middles]
    finally:
        flint.ctx.prec = 53


@pytest.mark.parametrize("bits", [128, 512])
@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("norm", [Fraction(1, 1000), HALF, Fraction(3), Fraction(40)])
def test_exponentials_are_enclosed(norm: Fraction, size: int, bits: int) -> None:
    rng = np.random.default_rng([size, bits])
    for _ in range(3):
        matrix = [[Fraction(int(x), 997) for x in row] for row in rng.integers(-1000, 1001, (size, size))]
        matrix = checker.scaled(norm / checker.row_sum_norm(matrix), matrix)
        enclosure = checker.exponential(matrix, bits)
        exact = arb_exponential(matrix)
        distance = checker.row_sum_norm(checker.added(exact, checker.scaled(-1, enclosure.center)))
        assert distance <= enclosure.error
        scale = Fraction(math.exp(min(2 * float(norm), 700)))
        assert enclosure.error <= scale * (norm + 1) * 2 ** (9 - bits) * size


def test_products_of_enclosures_hold_all_products() -> None:
    """At corners of the balls, with few bits, where the radius matters."""
    rng = np.random.default_rng(5)
    tight = 0.0
    for _ in range(200):
        x, y = rng.integers(-40, 41, (2, 3, 3))
        a, b = (checker.Enclosure(m.tolist(), int(rng.integers(1, 20)), 4) for m in (x, y))
        total = a @ b
        for _ in range(5):
            dx, dy = (np.diag(rng.choice([-1, 1], 3))[rng.permutation(3)] * each.radius for each in (a, b))
            away = (x + dx) @ (y + dy) / 16 - np.array(total.middle)
            distance = np.abs(away).sum(axis=1).max()
            tight = max(tight, distance / total.radius)
            assert distance <= total.radius
    assert tight > 0.5


def test_the_error_of_the_growth_over_a_round_is_a_bound() -> None:
    """Of Phi^T X Phi - X for every Phi within the radius; with few bits, where the radius matters."""
    rng = np.random.default_rng(6)
    tight = 0.0
    for _ in range(300):
        n = int(rng.integers(1, 4))
        X, phi = rng.integers(-5, 6, (n, n)), rng.integers(-20, 21, (n, n))
        X = X + X.T + np.eye(n, dtype=int)
        claim = checker.Switching(Fraction(0), [], [[Fraction(int(x)) for x in row] for row in X], [Fraction(0)] * n)
        enclosure = checker.Enclosure(phi.tolist(), int(rng.integers(1, 30)), 4)
        growth, error = claim.growth(enclosure)
        for column in range(n):  # all rows move in the same column: the transpose has n times the norm
            delta = np.zeros((n, n))
            delta[:, column] = enclosure.radius * rng.choice([-1, 1], n)
            exact = ((phi + delta) / 16).T @ X @ ((phi + delta) / 16) - X
            distance = np.abs(exact - floats(growth)).sum(axis=1).max()
            assert distance <= float(error)
            tight = max(tight, distance / float(error))
    assert tight > 0.7


# Size


def large(size: int, seed: int = 0) -> Certificate:
    """Symmetric Gaussian weights, contracting at rate 1/4 in the metric (2 k - W + 2 sqrt(k^2 - k W))^-1, k = 3/4."""
    k = 0.75
    weights = np.random.default_rng(seed).standard_normal((size, size))
    weights = weights + weights.T
    weights *= 0.9 * k / linalg.eigvalsh(weights)[-1]
    values, vectors = linalg.eigh(weights)
    near = 0.97 * k  # strictly above the matrix that is semidefinite
    P = (vectors / (2 * near - values + 2 * np.sqrt(near**2 - near * values))) @ vectors.T
    P = (P + P.T) / 2
    claim = {"claim": "contracting", "by": "multiplier", "rate": "1/4", "P": P.tolist(), "Q": [1] * size}
    return network("voltage", weights.tolist(), [claim])


def timed(certificate: Certificate, file: Path) -> tuple[str, float]:
    """The verdict, and the processor's time in seconds."""
    file.write_text(json.dumps(certificate))
    start = os.times().children_user
    done = by_itself(str(file))
    return done.stdout.splitlines()[-1], os.times().children_user - start


def test_sixty_four_neurons(tmp_path: Path) -> None:
    certificate = large(64)
    outcome, _ = timed(certificate, tmp_path / "large.json")
    assert outcome == "verified"
    certificate["claims"][0]["rate"] = "1/3"
    outcome, _ = timed(certificate, tmp_path / "large.json")
    assert outcome.startswith("rejected: claims[0]: the matrix of P and Q is not positive definite")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        for argument in sys.argv[1:]:
            certificate = large(int(argument))
            outcome, seconds = timed(certificate, Path(directory, "large.json"))
            print(f"n = {argument}: {outcome} in {seconds:.2f} s", flush=True)
