"""Weights that a certificate is compared with, in files that the checker does not read by itself: MATLAB's, PyTorch's.

The proof is checked by the standard library alone all the same; what is read here is compared with the file's matrix.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from validate.contraction import certificate_checker as checker

MORE = (".mat", ".pt", ".pth", ".pkl")
"""Suffixes of such files."""


class OwnWeights(checker.Weights):
    """What `--weights` names, as the command takes it that writes certificates."""

    @property
    def more(self) -> bool:
        """Whether the checker cannot read it by itself."""
        return any(f"{suffix}:" in f"{self.argument}:" for suffix in MORE)

    def read_matrix(self) -> checker.Matrix:
        """With recurrent weights found by their names."""
        from validate.contraction.matrix_file import MatrixFile

        return exact(MatrixFile(self.argument).read().matrix) if self.more else super().read_matrix()

    def read_arrays(self, required: Sequence[str], optional: Sequence[str]) -> dict[str, checker.Matrix]:
        """As `--lure` reads them."""
        from validate.arrays import read_named

        if not self.more:
            return super().read_arrays(required, optional)
        found = read_named(Path(self.argument), required, optional).arrays
        return {name: exact(array) for name, array in found.items()}

    def read_layer(self) -> checker.Layer:
        """By the names of PyTorch, Equinox, Keras and Flax."""
        from validate.contraction.gated_file import GatedFile

        layer = GatedFile(self.argument).read()
        (bias,), (other,) = exact(layer.bias_ih), exact(layer.bias_hh)
        return checker.Layer(exact(layer.weight_ih), exact(layer.weight_hh), bias, other)


def exact(array: object) -> checker.Matrix:
    """Rows of fractions; a list is one row."""
    import numpy as np

    from theory.doubles import as_doubles

    return [[Fraction(x) for x in row] for row in np.atleast_2d(as_doubles(np.asarray(array))).tolist()]
