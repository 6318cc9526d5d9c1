"""Training on the filter task as it is usually written: autograd through a Python loop over time steps."""

import time
from collections.abc import Callable

import numpy as np
import torch


class LowRankLoop(torch.nn.Module):
    """tau x' = -x + u (v.phi(x)) / N + m s, O(N) a step: the product u v^T is never formed."""

    def __init__(self, theta: np.ndarray, phi: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.m, self.u, self.v, self.z = (torch.nn.Parameter(torch.tensor(column)) for column in theta.T)
        self.neurons, self.phi = len(theta), phi

    def recurrence(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """What the neurons' outputs do to their inputs."""
        return lambda rates: self.u * (self.v @ rates / self.neurons)

    def forward(self, inputs: torch.Tensor, dt: float) -> torch.Tensor:
        """The output after each step."""
        feed, x, outputs = self.recurrence(), torch.zeros_like(self.m), []
        for s in inputs:
            x = x + dt * (-x + feed(self.phi(x)) + self.m * s)
            outputs.append(self.z @ self.phi(x) / self.neurons)
        return torch.stack(outputs)


class DenseLoop(LowRankLoop):
    """The same with the N x N recurrent weights formed once an epoch: O(N^2) a step."""

    def recurrence(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """What the neurons' outputs do to their inputs, by the weights between all pairs of them."""
        weights = torch.outer(self.u, self.v) / self.neurons
        return lambda rates: weights @ rates


def train(
    network: LowRankLoop, inputs: np.ndarray, targets: np.ndarray, *, dt: float, rate: float, epochs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Overlaps (epochs + 1, 4, 4) before each epoch and after the last, and the seconds of each epoch."""
    shown, wanted = torch.tensor(inputs), torch.tensor(targets)
    optimiser = torch.optim.SGD(network.parameters(), lr=rate * network.neurons)
    sigma, seconds = [overlaps(network)], []
    for _ in range(epochs):
        began = time.perf_counter()
        optimiser.zero_grad()
        loss = dt * torch.sum((network(shown, dt) - wanted) ** 2)
        loss.backward()
        optimiser.step()
        seconds.append(time.perf_counter() - began)
        sigma.append(overlaps(network))
    return np.array(sigma), np.array(seconds)


def overlaps(network: LowRankLoop) -> np.ndarray:
    """theta^T theta / N."""
    theta = torch.stack([network.m, network.u, network.v, network.z], dim=1).detach().double()
    return (theta.T @ theta / network.neurons).numpy()
