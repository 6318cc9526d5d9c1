"""The constant input of a network of the user's own: its biases, from a file or from beside the recurrent weights."""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from validate.arrays import MATRIX_FILES, BadArray, finite, read_arrays
from validate.contraction.matrix_file import ChosenMatrix, MatrixFile
from validate.contraction.neuron_file import NeuronFile, NeuronFileOption

_RECURRENT = re.compile(r"(?P<before>.*)weight_hh(?P<after>(_l\d+)?(_reverse)?)")


@dataclass(frozen=True, eq=False)
class ConstantInput:
    """One number a neuron, and where it comes from."""

    values: Float[np.ndarray, " n"]
    words: str


def constant_input(
    file: MatrixFile, weights: ChosenMatrix, bias: NeuronFile | None, option: NeuronFileOption
) -> ConstantInput:
    """What `--bias` names; without it the sum of PyTorch's biases of these weights, or zero.

    Raises:
        Refusal: where the file of `--bias` holds no number a neuron.
        BadArray: where biases beside the weights are not one finite number a neuron.
    """
    neurons = len(weights.matrix)
    if bias is not None:
        return ConstantInput(np.asarray(option.read("--bias", bias, neurons)), f"of {bias}")
    match = None if weights.key is None else _RECURRENT.fullmatch(weights.key)
    if match is not None and file.path.suffix not in MATRIX_FILES:
        found = read_arrays(file.path)
        names = [f"{match['before']}{kind}{match['after']}" for kind in ("bias_ih", "bias_hh")]
        beside = [name for name in names if name in found]
        for name in beside:
            if found[name].shape != (neurons,):
                shape = " x ".join(map(str, found[name].shape)) or "one number"
                raise BadArray(f"{name} is {shape}, and the network has {neurons} neurons: name biases by --bias")
        if beside:
            total = sum((finite(name, found[name]) for name in beside), np.zeros(neurons))
            return ConstantInput(total, " + ".join(beside))
    return ConstantInput(
        np.zeros(neurons), "zero: no biases by PyTorch's names stand beside the weights, and --bias names none"
    )
