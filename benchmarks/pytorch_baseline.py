"""The Fig. 4 training as it is usually written: one network after another, autograd through a Python loop."""

import time

import numpy as np
import torch


class RankOneNetwork(torch.nn.Module):
    """tau x' = -x + tanh(m n.x + b), read through sigmoid(c (n.x - 1)) after each Euler step; O(N) a step."""

    def __init__(self, m: np.ndarray, n: np.ndarray, b: np.ndarray) -> None:
        super().__init__()
        self.m = torch.nn.Parameter(torch.tensor(m))
        self.n = torch.nn.Parameter(torch.tensor(n))
        self.b = torch.nn.Parameter(torch.tensor(b))

    def forward(self, steps: int, step: float, start: float, confidence: float) -> torch.Tensor:
        """Outputs after each step, from all units at `start`."""
        x = torch.full_like(self.b, start)
        outputs = []
        for _ in range(steps):
            x = (1 - step) * x + step * torch.tanh(self.m * (self.n @ x) + self.b)
            outputs.append(torch.sigmoid(confidence * (self.n @ x - 1)))
        return torch.stack(outputs)


def train_one_after_another(m: np.ndarray, n: np.ndarray, b: np.ndarray, epochs: int) -> tuple[np.ndarray, np.ndarray]:
    """Losses (networks, epochs) and seconds an epoch (networks); arrays (networks, neurons) are the start."""
    losses, seconds = np.empty((len(m), epochs)), np.empty(len(m))
    for i in range(len(m)):
        network = RankOneNetwork(m[i], n[i], b[i])
        target = (torch.arange(40) >= 20).to(network.m.dtype)
        optimiser = torch.optim.SGD(network.parameters(), lr=0.02)
        began = time.perf_counter()
        for epoch in range(epochs):
            optimiser.zero_grad()
            loss = torch.sum((network(40, 0.5, -0.3, 10.0) - target) ** 2) / 20
            loss.backward()
            optimiser.step()
            losses[i, epoch] = loss.item()
        seconds[i] = (time.perf_counter() - began) / epochs
    return losses, seconds
