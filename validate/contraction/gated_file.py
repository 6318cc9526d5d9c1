"""A user's GRU or LSTM in a file: its arrays by the names of PyTorch, Equinox, Keras and Flax, gates in one order.

PyTorch and Equinox stack rows of the gates: reset, update, candidate of a GRU (in Equinox with `bias` and `bias_n`);
input, forget, candidate, output of an LSTM. Keras stacks columns, of a GRU in the order update, reset, candidate, whose
bias has two rows if the reset is after the product (keras/src/layers/rnn/gru.py). Flax has an array for each gate
(flax/linen/recurrent.py, flax/nnx/nn/recurrent.py). All write z h + (1 - z) n.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from validate.arrays import NAMED_FILES, Array, BadArray, finite, read_arrays
from validate.contraction.matrix_file import ArrayFile
from validate.contraction.recurrent_weights import RecurrentWeights, recurrent_weights
from validate.options import InputFile, Kind, listed, one_of

FORMATS = f"{one_of(NAMED_FILES)} (FILE:KEY where it holds several layers)"
_GRU, _LSTM = "a GRU", "an LSTM"
_LETTERS = {_GRU: "rzn", _LSTM: "ifgo"}
_KERAS = {_GRU: (1, 0, 2), _LSTM: (0, 1, 2, 3)}
"""Which of Keras's blocks are those of PyTorch's order."""
_NO_SUCH = "no GRU or LSTM is known by its name there"


@dataclass(frozen=True, eq=False)
class GatedArrays:
    """One layer in PyTorch's order of gates; `reset_after` is None where the file does not tell, and of an LSTM."""

    cell: str
    words: str
    weight_ih: Float[np.ndarray, "rows inputs"]
    weight_hh: Float[np.ndarray, "rows units"]
    bias_ih: Float[np.ndarray, " rows"]
    bias_hh: Float[np.ndarray, " rows"]
    reset_after: bool | None = None

    @property
    def is_gru(self) -> bool:
        """Whether it is a GRU; an LSTM otherwise."""
        return self.cell == _GRU


class GatedFile(ArrayFile):
    """Where the layer is."""

    def read(self) -> GatedArrays:
        """The layer.

        Raises:
            BadArray: if the file cannot be read, holds no GRU or LSTM, or several of which none is named.
        """
        return layer_among(read_arrays(self.path), self.key, self.path.suffix)


@dataclass(frozen=True)
class GatedOption(Kind):
    """A file with a GRU or an LSTM, named FILE or FILE:KEY, KEY the recurrent weights of a layer."""

    metavar = "FILE"
    accepted: ClassVar[str] = f"a file that exists and whose name ends in {FORMATS}, with a GRU or an LSTM"
    formats = one_of(NAMED_FILES)

    def __call__(self, text: object) -> GatedFile:
        """The name of a file that can be read."""
        named = GatedFile(text)
        path = InputFile(NAMED_FILES)(named.path if named else "")
        return GatedFile(path if named.key is None else f"{path}:{named.key}")

    def files(self, value: object) -> tuple[Path, ...]:
        """The file that is read."""
        return (GatedFile(value).path,)


def layer_among(found: Mapping[str, Array], key: str | None, suffix: str) -> GatedArrays:
    """The one GRU or LSTM among arrays, or that whose recurrent weights have the name `key`.

    Raises:
        BadArray: where there is none, or several and no key, or its arrays do not fit together.
    """
    every = recurrent_weights({name: array.shape for name, array in found.items()})
    known = [each for each in every if each.cell in _LETTERS]
    chosen = known if key is None else [each for each in known if key in each.names]
    if len(chosen) > 1:
        named = listed(f"{each.name} ({each.words})" for each in chosen)
        raise BadArray(f"it holds {named}: name one as FILE{suffix}:KEY")
    if not chosen:
        others = listed(f"{each.name} ({each.words})" for each in every)
        what = _NO_SUCH if key is None else f"{key!r} is not the recurrent weights of a GRU or an LSTM there"
        raise BadArray(f"{what}; it has {others or listed(found) or 'nothing'}")
    (weights,) = chosen
    read = _apart if len(weights.names) > 1 else _keras if weights.by_rows else _stacked
    return read(weights, found)


def _stacked(weights: RecurrentWeights, found: Mapping[str, Array]) -> GatedArrays:
    """PyTorch's and Equinox's."""
    blocks = len(_LETTERS[weights.cell])
    before, _, after = weights.name.rpartition("weight_hh")
    recurrent = _array(found, weights.name, blocks * weights.units, weights.units)
    driven = _array(found, f"{before}weight_ih{after}", blocks * weights.units)
    zeros = np.zeros(blocks * weights.units)
    first, second = (found.get(f"{before}bias_{side}{after}") for side in ("ih", "hh"))
    if first is None and second is None and f"{before}bias" in found:
        first, second = found[f"{before}bias"], zeros.copy()
        if f"{before}bias_n" in found:
            inner = _vector(f"{before}bias_n", found[f"{before}bias_n"], weights.units)
            second[2 * weights.units :] = inner
    beside = f"a bias beside {weights.name}"
    bias, other = (zeros if each is None else _vector(beside, each, len(zeros)) for each in (first, second))
    return GatedArrays(weights.cell, weights.words, driven, recurrent, bias, other)


def _keras(weights: RecurrentWeights, found: Mapping[str, Array]) -> GatedArrays:
    """Keras's: columns, and two rows of a bias where the reset is after the product."""
    blocks, order = len(_LETTERS[weights.cell]), _KERAS[weights.cell]
    rows = blocks * weights.units
    before, _, after = weights.name.rpartition("recurrent_kernel")
    recurrent = _array(found, weights.name, weights.units, rows).T
    driven = _array(found, f"{before}kernel{after}", None, rows).T
    bias = found.get(f"{before}bias{after}")
    both = np.zeros((2, rows)) if bias is None else finite(f"{before}bias", bias)
    if both.shape not in ((rows,), (2, rows)):
        raise BadArray(f"{before}bias has shape {both.shape}; {rows} numbers, or two rows of them, are needed")
    after_product = None if bias is None or weights.cell != _GRU else both.ndim == 2
    first, second = both if both.ndim == 2 else (both, np.zeros(rows))
    driven, recurrent, first, second = (
        np.concatenate([np.split(array, blocks)[block] for block in order])
        for array in (driven, recurrent, first, second)
    )
    return GatedArrays(weights.cell, weights.words, driven, recurrent, first, second, after_product)


def _apart(weights: RecurrentWeights, found: Mapping[str, Array]) -> GatedArrays:
    """Flax's: a kernel, and perhaps a bias, for each gate of the inputs and of the states."""
    units, arrays = weights.units, []
    for side in "ih":
        kernels, biases = [], []
        for letter in _LETTERS[weights.cell]:
            name = re.sub(r"h[ifgorzn](?=[./]kernel$)", f"{side}{letter}", weights.name)
            kernels.append(_array(found, name, units if side == "h" else None, units).T)
            bias = found.get(f"{name.removesuffix('kernel')}bias")
            biases.append(np.zeros(units) if bias is None else _vector(f"the bias of {name}", bias, units))
        if len({kernel.shape for kernel in kernels}) > 1:
            raise BadArray(f"the kernels of the gates of {weights.name} read different inputs")
        arrays += [np.concatenate(kernels), np.concatenate(biases)]
    driven, first, recurrent, second = arrays
    return GatedArrays(weights.cell, weights.words, driven, recurrent, first, second, weights.cell == _GRU or None)


def _array(
    found: Mapping[str, Array], name: str, rows: int | None, columns: int | None = None
) -> Float[np.ndarray, "rows columns"]:
    """A matrix of finite numbers, of so many rows and columns where these are given."""
    if name not in found:
        raise BadArray(f"it has no array named {name!r}, which the layer needs; it has {listed(found, most=40)}")
    matrix = finite(name, found[name])
    wanted = (rows, columns)
    if matrix.ndim != 2 or any(want not in (None, size) for want, size in zip(wanted, matrix.shape, strict=True)):
        needed = " by ".join("any number" if want is None else str(want) for want in wanted)
        raise BadArray(f"{name} has shape {matrix.shape}; {needed} is needed")
    if matrix.size == 0:
        raise BadArray(f"{name} is empty: a layer needs one input at least")
    return matrix


def _vector(name: str, array: Array, size: int) -> Float[np.ndarray, " size"]:
    vector = finite(name, array)
    if vector.shape != (size,):
        raise BadArray(f"{name} has shape {vector.shape}; {size} numbers are needed")
    return vector
