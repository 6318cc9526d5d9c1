import math

import numpy as np
import pytest

from theory.ghost.circuit.latent_circuit import LatentCircuit


@pytest.fixture
def ghostly():
    """Circuits of seven neurons with a ghost of any effective r at kappa = 0.30; one of the neurons is a constant."""

    def circuit(height):
        m = np.array([2.0, -1.5, 1.2, 0.8, 2.5, -0.7])
        n = np.array([0.9, -0.6, 0.7, 0.3, 0.4, -0.2])
        b = np.array([-0.9, 0.5, -0.3, 0.2, -1.1, 0.1]) - 0.9 * m
        (low, *_) = LatentCircuit(m, n, b).turning_points().roots
        constant = height - float(LatentCircuit(m, n, b).flow(low))
        return LatentCircuit(np.append(m, 0.0), np.append(n, 4.0), np.append(b, math.atanh(constant / 4.0)))

    return circuit
