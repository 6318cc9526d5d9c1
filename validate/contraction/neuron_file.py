"""Numbers of neurons on the command line: one for all of them, or a file with one for each."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import typer
from jaxtyping import Float

from validate.arrays import MATRIX_FILES, NAMED_FILES, BadArray, finite, read_arrays, read_numbers
from validate.contraction.matrix_file import ArrayFile
from validate.options import InputFile, Kind, Real, Refusal, listed

FORMATS = "a file as --weights"
Numbers = float | Float[np.ndarray, " n"]


class NeuronFile(ArrayFile):
    """Where the numbers are, one a neuron."""

    def read(self, neurons: int) -> Float[np.ndarray, " n"]:
        """The numbers of so many neurons: a vector, or a matrix of one row or column.

        Raises:
            BadArray: if the file cannot be read, or holds other than as many finite real numbers.
        """
        array = self._array()
        if sorted(array.shape)[:-1] not in ([], [1]) or array.size != neurons:
            raise BadArray(f"it holds {_held(array, neurons)}: one number a neuron is needed")
        return array.reshape(-1)

    def read_rows(self, neurons: int) -> Float[np.ndarray, "rows n"]:
        """Rows of as many numbers: a matrix, or one row.

        Raises:
            BadArray: if the file cannot be read, or holds other than such rows of finite real numbers.
        """
        array = self._array()
        rows = array if array.ndim == 2 and array.shape[1] == neurons else array.reshape(1, -1)
        if array.ndim > 2 or rows.shape[1] != neurons or not array.size:
            raise BadArray(f"it holds {_held(array, neurons)}: rows of one number a neuron are needed")
        return rows

    def _array(self) -> Float[np.ndarray, "..."]:
        if self.path.suffix in MATRIX_FILES:
            array = read_numbers(self.path)
        else:
            found = read_arrays(self.path)
            key = self.key
            if key is None:
                if len(found) != 1:
                    raise BadArray(f"it holds {listed(found) or 'nothing'}: name one as FILE{self.path.suffix}:KEY")
                (key,) = found
            if key not in found:
                raise BadArray(f"it has no array named {key!r}; it has {listed(found, most=40) or 'none'}")
            array = finite(key, found[key])
        return array


def _held(array: Float[np.ndarray, "..."], neurons: int) -> str:
    shape = " x ".join(map(str, array.shape)) or "one number"
    return f"{shape}, and the network has {neurons} neurons"


@dataclass(frozen=True)
class NeuronFileOption(Kind):
    """A file with a number a neuron, each of which is in a range."""

    each: Real
    metavar = "FILE"
    formats = FORMATS

    @property
    def accepted(self) -> str:
        """What a file must hold."""
        return f"one number a neuron, each {self.each.accepted}, in {FORMATS}"

    def __call__(self, text: object) -> float | NeuronFile:
        """The name of a file that can be read."""
        named = NeuronFile(text)
        suffixes = (*MATRIX_FILES, *NAMED_FILES) if named.key is None else NAMED_FILES
        path = InputFile(suffixes)(named.path if named else "")
        return NeuronFile(path if named.key is None else f"{path}:{named.key}")

    def files(self, value: object) -> tuple[Path, ...]:
        """The file that is read, if it is one."""
        return (value.path,) if isinstance(value, NeuronFile) else ()

    def read(self, option: str, value: float | NeuronFile, neurons: int) -> Numbers:
        """The number for all neurons, or those in the file.

        Raises:
            Refusal: naming the option, where the file holds no such numbers.
        """
        if not isinstance(value, NeuronFile):
            return value
        try:
            numbers = value.read(neurons)
        except BadArray as error:
            raise Refusal(option, f"{value}: {error}", self.accepted) from error
        self._each_accepted(option, value, numbers)
        return numbers

    def _each_accepted(self, option: str, value: NeuronFile, numbers: Float[np.ndarray, " n"]) -> None:
        for neuron, number in enumerate(numbers.tolist()):
            try:
                self.each(number)
            except typer.BadParameter as error:
                problem = str(error).partition("; accepted")[0]
                raise Refusal(option, f"{value}: of neuron {neuron} {problem}", self.accepted) from error


@dataclass(frozen=True)
class RowsOption(NeuronFileOption):
    """A file with rows of a number a neuron, each of which is in a range."""

    @property
    def accepted(self) -> str:
        """What a file must hold."""
        return f"rows of one number a neuron, each {self.each.accepted}, in {FORMATS}"

    def read_rows(self, option: str, value: NeuronFile, neurons: int) -> Float[np.ndarray, "rows n"]:
        """The rows.

        Raises:
            Refusal: naming the option, where the file holds no such rows.
        """
        try:
            rows = value.read_rows(neurons)
        except BadArray as error:
            raise Refusal(option, f"{value}: {error}", self.accepted) from error
        for row in rows:
            self._each_accepted(option, value, row)
        return rows


@dataclass(frozen=True)
class NeuronsOption(NeuronFileOption):
    """One number for all neurons, or a file with one for each."""

    metavar = "NUMBER"

    @property
    def accepted(self) -> str:
        """The range, and what a file must hold."""
        return self._one.accepted

    def __call__(self, text: object) -> float | NeuronFile:
        """The number, or the name of a file that can be read."""
        is_file = NeuronFile(text).path.suffix in (*MATRIX_FILES, *NAMED_FILES)
        return super().__call__(text) if is_file else self._one(text)

    @property
    def _one(self) -> Real:
        return replace(self.each, note=f", or one such number a neuron in {FORMATS}")
