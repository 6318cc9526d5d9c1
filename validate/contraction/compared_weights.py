"""Weights that a certificate is compared with, in files that the checker does not read by itself: MATLAB's, PyTorch's.

The proof is checked by the standard library alone all the same; what is read here is compared with the file's matrix.
"""

from fractions import Fraction

from validate.contraction import certificate_checker as checker

MORE = (".mat", ".pt", ".pth", ".pkl")
"""Suffixes of such files."""


def read_weights(argument: str) -> checker.Matrix:
    """The matrix that `--weights` names, as the command takes it that writes certificates.

    Raises:
        certificate_checker.Malformed: if there is none.
    """
    if not any(f"{suffix}:" in f"{argument}:" for suffix in MORE):
        return checker.read_weights(argument)
    from validate.arrays import BadArray
    from validate.contraction.matrix_file import MatrixFile

    try:
        return [[Fraction(x) for x in row] for row in MatrixFile(argument).read().matrix.tolist()]
    except BadArray as error:
        raise checker.Malformed(f"--weights: {error}") from error
