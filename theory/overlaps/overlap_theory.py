"""How low-rank networks learn, told in the overlaps of their connectivity vectors: the place to start.

A network of N neurons with connectivity theta = [m u v z] (input, connectivity, selection, readout),

    tau x' = -x + u kappa + m s,    kappa = v^T phi(x) / N,    y = z^T phi(x) / N,

acts and learns, by gradient descent on theta, as its overlaps Sigma = theta^T theta / N tell: exactly if phi is
linear, as a closed theory of networks with Gaussian rows otherwise.

    theory = OverlapTheory(Shape(rank=2), ERF)
    theory.activity, theory.visible, theory.learning().flow, print(theory.latex())

Each part is derived in a file of `theory/overlaps/equations/`: one neuron's row and its averages (`row`), the latent
variables of activity (`activity`), the loss in overlaps (`loss`), flow and map of the overlaps (`gram`), momentum and
weight decay (`step`), what is visible and what is felt (`visible`, `gradient_span`). What learning cannot change is in
`theory/overlaps/conserved/`, closed forms for impulse tasks in `theory/overlaps/impulse/`, where the theory of
nonlinear networks errs in `theory/overlaps/closure/`, memory in `theory/overlaps/memory/`. (Ger and Barak, arXiv
2605.04115; derived here.)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sympy as sp

from theory.overlaps.equations.activity import ActivityEquations, activity_equations
from theory.overlaps.equations.gradient_span import GradientSpan, span_of_flow
from theory.overlaps.equations.gram import GramEquations, trained_except
from theory.overlaps.equations.latex import flow_latex
from theory.overlaps.equations.loss import Trial, loss
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.visible import OverlapRoles, overlap_roles
from theory.overlaps.gaussian import LINEAR, NamedFunction, Nonlinearity, expression_of

EVERYTHING_TRAINED: frozenset[str] = frozenset()


@dataclass(frozen=True)
class OverlapTheory:
    """The equations of one kind of network: a shape and a nonlinearity. Blocks that are `frozen` are not trained.

    >>> theory = OverlapTheory()
    >>> theory.visible
    (vm, zm, vu, zu)
    >>> for overlap, speed in theory.learning().flow.items():
    ...     print(f"{overlap}' = {speed}")
    mm' = -2*eta*(g_vm*vm + g_zm*zm)
    mu' = -eta*(g_vm*vu + g_vu*vm + g_zm*zu + g_zu*zm)
    vm' = -eta*(g_vm*(mm + vv) + g_vu*mu + g_zm*zv)
    zm' = -eta*(g_vm*zv + g_zm*(mm + zz) + g_zu*mu)
    uu' = -2*eta*(g_vu*vu + g_zu*zu)
    vu' = -eta*(g_vm*mu + g_vu*(uu + vv) + g_zu*zv)
    zu' = -eta*(g_vu*zv + g_zm*mu + g_zu*(uu + zz))
    vv' = -2*eta*(g_vm*vm + g_vu*vu)
    zv' = -eta*(g_vm*zm + g_vu*zu + g_zm*vm + g_zu*vu)
    zz' = -2*eta*(g_zm*zm + g_zu*zu)

    where g_ab is the derivative of the loss in the overlap ab.
    """

    shape: Shape = field(default_factory=Shape)
    nonlinearity: Nonlinearity | NamedFunction = LINEAR

    def __post_init__(self) -> None:
        """Take the nonlinearity's expression, or refuse what has none (`NotANonlinearity`)."""
        object.__setattr__(self, "nonlinearity", expression_of(self.nonlinearity))

    @property
    def activity(self) -> ActivityEquations:
        """The latent equations of the activity."""
        return activity_equations(self.shape)

    @property
    def visible(self) -> tuple[sp.Symbol, ...]:
        """The overlaps that the outputs depend on."""
        return self.roles().visible

    @property
    def invisible(self) -> tuple[sp.Symbol, ...]:
        """The overlaps that the outputs do not depend on."""
        return self.roles().invisible

    def roles(self, frozen: frozenset[str] = EVERYTHING_TRAINED) -> OverlapRoles:
        """Which overlaps are visible, move, and are needed to tell what comes.

        Raises:
            UnknownBlock: if a frozen block is none of m, u, v, z.
        """
        return overlap_roles(self.shape, expression_of(self.nonlinearity), frozen)

    def learning(self, frozen: frozenset[str] = EVERYTHING_TRAINED) -> GramEquations:
        """The flow and the map of all overlaps under gradient descent."""
        return GramEquations(self.shape, self.visible, trained_except(frozen))

    def gradient_span(self, frozen: frozenset[str] = EVERYTHING_TRAINED) -> GradientSpan:
        """How many combinations of the overlaps the outputs ever feel, and the directions they never do."""
        return span_of_flow(self.learning(frozen))

    def loss(self, trials: Sequence[Trial], dt: sp.Expr) -> sp.Expr:
        """The loss on trials of a few steps, as an explicit function of the overlaps.

        Raises:
            NoClosedForm: if the nonlinearity has no gain in closed form.
        """
        return loss(self.shape, expression_of(self.nonlinearity), trials, dt)

    def latex(self, frozen: frozenset[str] = EVERYTHING_TRAINED) -> str:
        """The flow in LaTeX, one equation an overlap."""
        return flow_latex(self.learning(frozen))
