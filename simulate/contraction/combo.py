"""Assemblies that read sequences and classify them: modules, trained links, input and output layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Float, PyTree

from simulate.cells.cell import Cell
from simulate.cells.nonlinearity import RELU, AnyNonlinearity, Nonlinearity, known_function
from simulate.contraction.form import VOLTAGE, AnyForm, Form, Weights, known_form
from simulate.contraction.links import NEGATIVE_FEEDBACK, LinkRule
from simulate.contraction.metric import BlockDiagonal, Metric
from simulate.contraction.network import Assembly, RecurrentNetwork
from simulate.contraction.parametrise.contracting import Contracting
from simulate.contraction.parametrise.singular import draw_singular
from simulate.contraction.parametrise.sparse import Fixed, SparseModules
from simulate.tasks.task import Batch, Outputs

Sequences = Float[Array, "batch steps channels"]
States = Float[Array, "batch units"]


class Stepper(eqx.Module):
    """One Euler step with everything that does not change from step to step multiplied out beforehand.

    Voltage form: x <- A x + K phi(x) + h (C s + b); rate form: x <- A x + h phi(K x + C s + b). A = 1 + h (L - 1) over
    all units, K = h W or W in blocks: these are the numbers that run. `response_scale` is the h outside, 1 in voltage
    form.
    """

    linear: Weights
    blocks: Float[Array, "modules size size"]
    input_weights: Float[Array, "units channels"]
    bias: Float[Array, " units"]
    form: Form = eqx.field(static=True)
    activation: Nonlinearity = eqx.field(static=True)
    response_scale: float = eqx.field(static=True)

    def __call__(self, x: States, s: Float[Array, "batch channels"]) -> States:
        """The states of a batch after one step."""
        driven = s @ self.input_weights.T + self.bias
        return x @ self.linear.T + self.response_scale * self.form.response(self._own, self.activation, x, driven)

    def _own(self, x: Array) -> Array:
        modules, size, _ = self.blocks.shape
        return jnp.einsum("pij,bpj->bpi", self.blocks, x.reshape(-1, modules, size)).reshape(x.shape)


class Prepared(eqx.Module):
    """A classifier reduced to the numbers that run: what is evaluated, and what a certificate of its steps is about."""

    stepper: Stepper
    readout: Float[Array, "classes units"]
    readout_bias: Float[Array, " classes"]

    def last_states(self, sequences: Sequences) -> States:
        """x after the last step."""
        start = jnp.zeros((len(sequences), len(self.stepper.bias)), self.stepper.bias.dtype)
        steps = jnp.swapaxes(sequences, 0, 1)
        return jax.lax.scan(lambda x, s: (self.stepper(x, s), None), start, steps)[0]

    def logits(self, sequences: Sequences) -> Float[Array, "batch classes"]:
        """The evidence for each class after the last step."""
        return self.read(self.last_states(sequences))

    def read(self, states: States) -> Float[Array, "batch classes"]:
        """The evidence for each class at these states."""
        return states @ self.readout.T + self.readout_bias


class ComboNet(Cell):
    """p modules of n units with links, driven by a sequence from x = 0 in Euler steps of h = `euler_step` tau.

    h is the network's own, whatever the time step of a task. `modules` is one `Contracting` object with a leading axis
    of modules. Arrays in float32 compute in float32.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> network = joined(draw_singular_modules(count=2, units=4, seed=0), step=0.1, seed=0)
    >>> network.links().shape, bool(network.rates().min() > 0)
    ((8, 8), True)
    """

    modules: Contracting
    free_links: Weights
    input_weights: Float[Array, "units channels"]
    bias: Float[Array, " units"]
    readout: Float[Array, "classes units"]
    readout_bias: Float[Array, " classes"]
    rule: LinkRule = eqx.field(static=True)
    form: Form = eqx.field(static=True, converter=known_form)
    activation: Nonlinearity = eqx.field(static=True, converter=known_function)
    euler_step: float = eqx.field(static=True)

    alone: ClassVar[bool] = True

    def learns(self) -> PyTree:
        """All but the weights of `Fixed` modules."""
        mask = super().learns()
        if not isinstance(self.modules, Fixed):
            return mask
        return eqx.tree_at(lambda net: net.modules, mask, jax.tree.map(lambda _: False, self.modules))

    def initial_state(self) -> Float[Array, " units"]:
        """Silence."""
        return jnp.zeros_like(self.bias)

    def step(self, state: Float[Array, " units"], inputs: Float[Array, " channels"], dt: float) -> Array:
        """x after one of the network's own Euler steps."""
        return self.prepared().stepper(state[None], inputs[None])[0]

    def read(self, state: Float[Array, " units"]) -> Float[Array, " classes"]:
        """The evidence for each class."""
        return self.readout @ state + self.readout_bias

    def outputs(self, batch: Batch) -> Outputs:
        """The evidence for each class after each step that the batch reads; links are worked out once."""
        prepared, unread = self.prepared(), batch.inputs.shape[1] - batch.targets.shape[1]
        before = prepared.last_states(batch.inputs[:, : unread + 1])

        def advance(x: States, s: Array) -> tuple[States, Array]:
            x = prepared.stepper(x, s)
            return x, prepared.read(x)

        _, later = jax.lax.scan(advance, before, jnp.swapaxes(batch.inputs[:, unread + 1 :], 0, 1))
        return jnp.concatenate([prepared.read(before)[:, None], jnp.swapaxes(later, 0, 1)], axis=1)

    def weights(self) -> Float[Array, "modules size size"]:
        """W of every module."""
        return jax.vmap(lambda module: module.weights())(self.modules)

    def metric(self) -> BlockDiagonal:
        """The metric of every module."""
        stacked = jax.vmap(lambda module: module.metric())(self.modules)
        count = len(jax.tree.leaves(stacked)[0])
        return BlockDiagonal(tuple(_taken(stacked, i) for i in range(count)))

    def rates(self) -> Float[Array, " modules"]:
        """The contraction rate that each module has at least, in its metric."""
        return jax.vmap(lambda module: module.rate())(self.modules)

    def links(self) -> Weights:
        """L."""
        modules, size, _ = jax.eval_shape(self.weights).shape
        allowed = self.rule.allowed((size,) * modules).astype(self.free_links.dtype)
        return self.rule(self.free_links * allowed, self.metric())

    def prepared(self) -> Prepared:
        """The numbers that run: everything that does not depend on the input worked out."""
        h, links = self.euler_step, self.links()
        own, response = self.form.euler_scales(h)
        stepper = Stepper(
            linear=(1 - h) * jnp.eye(len(links), dtype=links.dtype) + h * links,
            blocks=own * self.weights(),
            input_weights=own * self.input_weights,
            bias=own * self.bias,
            form=self.form,
            activation=self.activation,
            response_scale=response,
        )
        return Prepared(stepper, self.readout, self.readout_bias)

    def logits(self, sequences: Sequences) -> Float[Array, "batch classes"]:
        """The evidence for each class after the last step."""
        return self.prepared().logits(sequences)

    def assembly(self) -> Assembly:
        """The flow that is discretised, to integrate, to attack, to certify: W and L as the network's own arithmetic
        rounds them, in float64.
        """
        weights, links = (np.asarray(a, np.float64) for a in _running(self))
        modules = tuple(RecurrentNetwork(jnp.asarray(w), self.form, self.activation) for w in weights)
        return Assembly(modules, jnp.asarray(links))

    def drive(self, sequence: Float[Array, "steps channels"]) -> Float[Array, "steps units"]:
        """The input u of every unit at every step, in float64, for the assembly."""
        weights, bias = (jnp.asarray(np.asarray(a, np.float64)) for a in (self.input_weights, self.bias))
        return sequence.astype(float) @ weights.T + bias

    def astype(self, dtype: DTypeLike) -> "ComboNet":
        """The same network computing in another precision."""
        return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf), dtype), self)


@eqx.filter_jit
def _running(network: ComboNet) -> tuple[Float[Array, "modules size size"], Weights]:
    return network.weights(), network.links()


def _taken(stacked: Metric, i: int) -> Metric:
    return jax.tree.map(lambda leaf: leaf[i], stacked)


def stacked(modules: Sequence[Contracting]) -> Contracting:
    """Modules of one kind and size as one object with a leading axis."""
    return jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *modules)


@dataclass(frozen=True)
class Scales:
    """Sizes at the start. Gaussian: links with variance links^2 / units, inputs with inputs^2, readout with
    readout^2 / units; biases are 0.
    """

    links: float = 1.0
    inputs: float = 1.0
    readout: float = 0.3


def joined(
    modules: Sequence[Contracting],
    step: float,
    seed: int,
    rule: LinkRule = NEGATIVE_FEEDBACK,
    *,
    form: AnyForm = VOLTAGE,
    activation: AnyNonlinearity = RELU,
    channels: int = 1,
    classes: int = 10,
    scales: Scales = Scales(),
) -> ComboNet:
    """A network of these modules (of one kind and size), links and layers drawn at random, in float64.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> network = joined(draw_singular_modules(count=2, units=4, seed=0), step=0.1, seed=0, classes=3)
    >>> network.readout.shape
    (3, 8)
    """
    together = stacked(modules)
    units = len(modules) * jax.eval_shape(modules[0].weights).shape[0]
    random = np.random.default_rng(seed)
    shapes = (units, units), (units, channels), (classes, units)
    free, given, read = (random.standard_normal(shape) for shape in shapes)
    return ComboNet(
        modules=together,
        free_links=jnp.asarray(scales.links / units**0.5 * free),
        input_weights=jnp.asarray(scales.inputs * given),
        bias=jnp.zeros(units),
        readout=jnp.asarray(scales.readout / units**0.5 * read),
        readout_bias=jnp.zeros(classes),
        rule=rule,
        form=known_form(form),
        activation=known_function(activation),
        euler_step=step,
    )


def draw_sparse_modules(count: int, draw: SparseModules, seed: int) -> tuple[Fixed, ...]:
    """Modules of a Sparse Combo Net; module i depends on the seed and on i alone.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> modules = draw_sparse_modules(3, SparseModules(units=8, density=0.1), seed=0)
    >>> len(modules), all(float(module.rate()) > 0 for module in modules)
    (3, True)
    """
    return tuple(draw.draw((seed, i)) for i in range(count))


def draw_singular_modules(count: int, units: int, seed: int, largest: float = 0.99) -> tuple[Contracting, ...]:
    """Modules of an SVD Combo Net, for slopes up to 1; module i depends on the seed and on i alone.

    >>> import jax
    >>> jax.config.update("jax_enable_x64", True)
    >>> draw_singular_modules(count=2, units=4, seed=0)[0].weights().shape
    (4, 4)
    """
    return tuple(draw_singular((seed, i), units, largest=largest) for i in range(count))
