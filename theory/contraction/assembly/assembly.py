"""An assembly of contracting networks is contracting; it is itself a module, with a metric and a rate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np
from jaxtyping import Float

from theory.contraction.claims.multiplier import Multiplier
from theory.contraction.definite import is_positive_definite, is_positive_semidefinite
from theory.contraction.exact_matrix import ExactMatrix, exact_vector, rational, to_digits
from theory.contraction.network import ExactNetwork, Network, Vector

Links = Mapping[tuple[int, int], ExactMatrix]
"""L_ij by (i, j): what part j sends to part i."""


def feedback_link(forward: Any, backward: Any, inverse_metric: Any, other_metric: Any) -> Any:
    """L_ij = B_ij - M_i^-1 B_ji^T M_j, so that M_i L_ij + L_ji^T M_j = 0 (Kozachkov, Ennis & Slotine, equation 3).

    `forward` is B_ij, `backward` B_ji. Matrices of numpy, sympy or exact ones; with rational ones the sum is zero
    exactly (`tests/theory/contraction/test_assembly.py`, also symbolically).

    >>> forward, backward = np.array([[1.0, 2.0]]), np.array([[0.0], [1.0]])
    >>> metric, other = np.array([[2.0]]), np.eye(2)
    >>> link = feedback_link(forward, backward, np.linalg.inv(metric), other)
    >>> back = feedback_link(backward, forward, np.linalg.inv(other), metric)
    >>> (metric @ link + back.T @ other).tolist()
    [[0.0, 0.0]]
    """
    return forward - inverse_metric @ backward.T @ other_metric


class NotAnAssembly(ValueError):
    """Parts and links that make no contracting assembly; the message says why."""


@dataclass(frozen=True)
class Member:
    """A contracting network in an assembly: its metric enters with `weight`, and diag(`scales`)^2 lies below it.

    `time_constant` is that of the whole network, whose own ones are 1, as is the claim's. A scale a neuron, and not
    one a network, lets neurons be measured in units as unlike as their metric's entries.
    """

    network: ExactNetwork
    claim: Multiplier
    scales: tuple[flint.fmpq, ...]
    time_constant: flint.fmpq
    weight: flint.fmpq

    @property
    def size(self) -> int:
        """The number of neurons."""
        return self.network.weights.shape[0]

    @property
    def metric(self) -> ExactMatrix:
        """s P: what links see. Distances are measured by tau s P."""
        return self.weight * self.claim.metric

    def holds(self) -> bool:
        """Whether the member's own claim and scales are proved."""
        unit = ExactMatrix.identity(self.size)
        scaled = ExactMatrix.diagonal(scale * scale for scale in self.scales)
        return (
            min(*self.scales, self.weight, self.time_constant) > 0
            and self.network.leaks == unit
            and self.claim.holds(self.network)
            and is_positive_definite(self.claim.metric - scaled)
        )


@dataclass(frozen=True)
class ExactAssembly:
    """Members and the links between them: tau_i x_i' = (its own right-hand side) + sum_j L_ij x_j + u_i."""

    members: tuple[Member, ...]
    links: Links

    @property
    def size(self) -> int:
        """The number of neurons."""
        return sum(member.size for member in self.members)

    @property
    def rate(self) -> float:
        """The best rate that `proves` accepts, in floating point: c with K singular, see `comparison`."""
        base, slope = self.comparison(rational(0)).approximate(), self._slopes()
        root = np.sqrt(slope)
        return float(np.linalg.eigvalsh(base / root / root[:, None])[0])

    def proves(self, rate: flint.fmpq) -> bool:
        """Whether rational arithmetic proves that the assembly contracts at this rate, its members' claims included."""
        return (
            rate > 0
            and is_positive_semidefinite(self.comparison(rate))
            and all(member.holds() for member in self.members)
        )

    def comparison(self, rate: flint.fmpq) -> ExactMatrix:
        """K: 2 s_i (c_i - c tau_i) - e_ii on the diagonal, -e_ij beside it; K >= 0 proves the rate c.

        V = sum s_i tau_i x_i^T P_i x_i obeys V' + 2 c V <= -|y|^T K |y|, |y| the norms of the members' states in units
        of their scales, y_i = U_i x_i with U_i^2 < P_i, and e_ij a bound of the spectral norm of U_i^-1 E_ij U_j^-1,
        its largest row or column sum, where E_ij = s_i P_i L_ij + s_j L_ji^T P_j (derived here;
        `tests/theory/contraction/test_assembly.py`).
        """
        size = len(self.members)
        rows = [[flint.fmpq(0)] * size for _ in range(size)]
        for i, member in enumerate(self.members):
            rows[i][i] = 2 * member.weight * (member.claim.rate - rate * member.time_constant)
        for i, j in self._pairs():
            bound = self.scaled_residual(i, j).largest_sum()
            rows[i][j] -= bound
            if i != j:
                rows[j][i] -= bound
        return ExactMatrix.of(rows)

    def residual(self, i: int, j: int) -> ExactMatrix:
        """E_ij: zero where the two links are negative feedback of one another."""
        total = ExactMatrix.zeros(self.members[i].size, self.members[j].size)
        if (i, j) in self.links:
            total = total + self.members[i].metric @ self.links[i, j]
        if (j, i) in self.links:
            total = total + self.links[j, i].T @ self.members[j].metric
        return total

    def scaled_residual(self, i: int, j: int) -> ExactMatrix:
        """U_i^-1 E_ij U_j^-1."""
        left, right = (ExactMatrix.diagonal(1 / scale for scale in self.members[k].scales) for k in (i, j))
        return left @ self.residual(i, j) @ right

    def whole_links(self) -> ExactMatrix:
        """L as one matrix over all neurons."""
        places = list(spans(self))
        total = ExactMatrix.zeros(self.size, self.size)
        for (i, j), link in self.links.items():
            total.put(places[i][1].start, places[j][1].start, link)
        return total

    def rescaled(self, factor: flint.fmpq) -> "ExactAssembly":
        """This assembly with its metric multiplied by `factor`, which counts only beside other parts."""
        return ExactAssembly(
            tuple(replace(member, weight=member.weight * factor) for member in self.members), self.links
        )

    def _pairs(self) -> Iterator[tuple[int, int]]:
        yield from sorted({(min(pair), max(pair)) for pair in self.links})

    def _slopes(self) -> Float[np.ndarray, " members"]:
        """B: how fast the diagonal of K falls with the rate."""
        return np.array([float(2 * m.weight * m.time_constant) for m in self.members])


def module(network: Network, claim: Multiplier, time_constant: float = 1.0) -> ExactAssembly:
    """One contracting network as an assembly of one member.

    Raises:
        NotAnAssembly: if the network's own time constants are not one, its slopes not from zero, or the claim is not
            proved for it.

    >>> from theory.contraction import VOLTAGE, certify
    >>> found = certify(np.array([[0.0, -1.5], [1.5, -1.0]]), VOLTAGE)
    >>> part = module(found.network, found.claims[0], time_constant=2.0)
    >>> part.size, round(part.rate, 4)
    (2, 0.2187)
    """
    if not network.uniform:
        raise NotAnAssembly("a module has one time constant: give it as `time_constant`, the network's own being 1")
    if not network.from_zero:
        raise NotAnAssembly("modules have slopes from zero: give the largest slopes alone")
    if not time_constant > 0:
        raise NotAnAssembly(f"the time constant is {time_constant}; a number above 0 is needed")
    member = Member(network.exact, claim, _scales(claim.metric), rational(time_constant), rational(1))
    if not member.holds():
        raise NotAnAssembly("the claim is not proved for this network: let `certify` make it")
    return ExactAssembly((member,), {})


def _scales(metric: ExactMatrix) -> tuple[flint.fmpq, ...]:
    """U with U^2 < P, U_k^2 nearly the same share of every P_kk, in so few digits that 1 / U stays short."""
    dense = metric.approximate()
    root = np.sqrt(dense.diagonal())
    share = np.linalg.eigvalsh(dense / root / root[:, None])[0]
    return exact_vector(to_digits(0.95 * np.sqrt(max(share, 0.0)) * root, bits=5).tolist())


def assemble(
    parts: Sequence[ExactAssembly], feedback: Links | None = None, hierarchy: Links | None = None
) -> ExactAssembly:
    """Parts joined by links between their whole states.

    `feedback` holds B_ij; a pair becomes L_ij and L_ji by equation (3). `hierarchy` holds L_ij as they are: they must
    lead in one direction along some order of the parts, and are carried by small metric weights downstream, at the
    cost of 1 % of the slowest part's rate at most.

    Raises:
        NotAnAssembly: if shapes do not fit, or the links of the hierarchy run in a circle.

    >>> from theory.contraction import VOLTAGE, certify
    >>> found = certify(np.array([[0.0, -1.5], [1.5, -1.0]]), VOLTAGE)
    >>> part = module(found.network, found.claims[0])
    >>> whole = assemble([part, part], feedback={(0, 1): ExactMatrix.of([[3, 1], [0, 2]])})
    >>> whole.size, round(whole.rate - part.rate, 12)  # negative feedback costs nothing
    (4, 0.0)
    """
    feedback, hierarchy = feedback or {}, hierarchy or {}
    for (i, j), link in [*feedback.items(), *hierarchy.items()]:
        if not (0 <= i < len(parts) and 0 <= j < len(parts)) or i == j:
            raise NotAnAssembly(f"a link from part {j} to part {i}: there are parts 0 to {len(parts) - 1}")
        if link.shape != (parts[i].size, parts[j].size):
            raise NotAnAssembly(f"the link from {j} to {i} is {link.shape}, not {(parts[i].size, parts[j].size)}")
    weights = _weights(parts, feedback, hierarchy)
    parts = [part.rescaled(weight) for part, weight in zip(parts, weights, strict=True)]
    links = dict(hierarchy)
    for i, j in {(min(pair), max(pair)) for pair in feedback}:
        links[i, j], links[j, i] = _feedback_pair(parts[i], parts[j], feedback.get((i, j)), feedback.get((j, i)))
    return _flattened(parts, links)


def linked(parts: Sequence[ExactAssembly], links: Links) -> ExactAssembly:
    """Parts joined by links just as they are, such as those that a simulation runs with.

    `rate` and `proves` judge them.
    """
    return _flattened(list(parts), links)


def _feedback_pair(
    first: ExactAssembly, second: ExactAssembly, forward: ExactMatrix | None, backward: ExactMatrix | None
) -> tuple[ExactMatrix, ExactMatrix]:
    forward = forward or ExactMatrix.zeros(first.size, second.size)
    backward = backward or ExactMatrix.zeros(second.size, first.size)
    one, two = metric_of(first), metric_of(second)
    return feedback_link(forward, backward, one.inverse(), two), feedback_link(backward, forward, two.inverse(), one)


def metric_of(assembly: ExactAssembly) -> ExactMatrix:
    """The metric that links see: s P of every member, on the diagonal of the whole."""
    return ExactMatrix.block_diagonal([member.metric for member in assembly.members])


def whole_metric(assembly: ExactAssembly) -> ExactMatrix:
    """The metric that distances are measured by: tau s P of every member, on the diagonal of the whole."""
    return ExactMatrix.block_diagonal([member.time_constant * member.metric for member in assembly.members])


def _flattened(parts: Sequence[ExactAssembly], links: Links) -> ExactAssembly:
    members = tuple(member for part in parts for member in part.members)
    first = np.cumsum([0, *(len(part.members) for part in parts)]).tolist()
    every: dict[tuple[int, int], ExactMatrix] = {}
    for part, offset in zip(parts, first, strict=False):
        every |= {(offset + i, offset + j): link for (i, j), link in part.links.items()}
    for (i, j), link in links.items():
        for a, rows in spans(parts[i]):
            for b, columns in spans(parts[j]):
                block = link.block(rows, columns)
                if not block.is_zero():
                    every[first[i] + a, first[j] + b] = block
    return ExactAssembly(members, every)


def spans(assembly: ExactAssembly) -> Iterator[tuple[int, slice]]:
    """Each member's number, and where its neurons are among all."""
    begin = 0
    for number, member in enumerate(assembly.members):
        yield number, slice(begin, begin + member.size)
        begin += member.size


def _weights(parts: Sequence[ExactAssembly], feedback: Links, hierarchy: Links) -> list[flint.fmpq]:
    """A power of 1/2 for each part, one for parts that feed back to one another, smaller the further downstream."""
    from scipy.sparse.csgraph import connected_components

    count = len(parts)
    if not hierarchy:
        return [flint.fmpq(1)] * count
    tied = np.zeros((count, count))
    for i, j in feedback:
        tied[i, j] = 1
    groups, group = connected_components(tied, directed=False)
    order = _order(groups, {(int(group[i]), int(group[j])) for i, j in hierarchy})
    rate = 0.99 * min(part.rate for part in parts)
    # small weights downstream: what the parts' own K can spare dominates every entry that the links add beside it
    members = sum(len(part.members) for part in parts)
    weight = [flint.fmpq(1)] * groups
    for g in order:
        allowed = 1.0
        for (i, j), link in hierarchy.items():
            if group[i] == g:
                pull = _pull(parts[i], parts[j], link)
                room = _room(parts[i], rate) * _room(parts[j], rate) * float(weight[group[j]])
                allowed = min(allowed, room / (members * pull) ** 2 if pull else 1.0)
        weight[g] = flint.fmpq(1, 2 ** max(0, int(np.ceil(-np.log2(allowed)))))
    return [weight[g] for g in group]


def _pull(part: ExactAssembly, source: ExactAssembly, link: ExactMatrix) -> float:
    """The largest row or column sum of a link in the metric of its end, in units of scales."""
    pull = np.abs(metric_of(part).approximate() @ link.approximate()) / _all_scales(part)[:, None] / _all_scales(source)
    return float(max(pull.sum(0).max(), pull.sum(1).max()))


def _all_scales(part: ExactAssembly) -> Vector:
    return np.array([float(scale) for member in part.members for scale in member.scales])


def _room(part: ExactAssembly, rate: float) -> float:
    """By how much the diagonal of K exceeds at this rate, at least, what it is where K is just semidefinite."""
    return (part.rate - rate) * min(float(2 * m.weight * m.time_constant) for m in part.members)


def _order(count: int, edges: set[tuple[int, int]]) -> list[int]:
    """The groups, each after all that send to it."""
    order: list[int] = []
    waiting = set(range(count))
    while waiting:
        ready = sorted(g for g in waiting if not any(to == g and source in waiting for to, source in edges))
        if not ready:
            raise NotAnAssembly("the links of the hierarchy run in a circle: make them feedback, or leave one out")
        order += ready
        waiting -= set(ready)
    return order
