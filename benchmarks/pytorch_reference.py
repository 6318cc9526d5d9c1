"""Write what PyTorch computes with small recurrent networks: the reference of tests/simulate/cells/test_pytorch.py.

    python benchmarks/pytorch_reference.py > tests/simulate/cells/data/pytorch.json

Needs PyTorch and nothing else. For every module: its state dict, inputs, the outputs of its readout after every step,
and the gradient of the sum of (outputs - 0.3)^2 with respect to each tensor. Double precision, as JSON holds it.
"""

import json
from collections.abc import Callable

import torch

UNITS, INPUTS, OUTPUTS, TRIALS, STEPS = 3, 2, 2, 2, 5


def layer(kind: Callable[..., torch.nn.Module], **settings: str) -> Callable[[], torch.nn.Module]:
    """A module that runs over whole trials."""

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = kind(INPUTS, UNITS, batch_first=True, **settings)
            self.readout = torch.nn.Linear(UNITS, OUTPUTS)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return self.readout(self.rnn(inputs)[0])

    return Network


def cell(kind: Callable[..., torch.nn.Module]) -> Callable[[], torch.nn.Module]:
    """A module of one step, called for each."""

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.core = torch.nn.ModuleDict({"one": kind(INPUTS, UNITS)})
            self.head = torch.nn.Linear(UNITS, OUTPUTS)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            state, answers = None, []
            for x in inputs.unbind(1):
                state = self.core["one"](x, state)
                answers.append(self.head(state[0] if isinstance(state, tuple) else state))
            return torch.stack(answers, 1)

    return Network


NETWORKS = {
    "RNN-tanh": layer(torch.nn.RNN),
    "RNN-relu": layer(torch.nn.RNN, nonlinearity="relu"),
    "GRU": layer(torch.nn.GRU),
    "LSTM": layer(torch.nn.LSTM),
    "RNNCell": cell(torch.nn.RNNCell),
    "GRUCell": cell(torch.nn.GRUCell),
    "LSTMCell": cell(torch.nn.LSTMCell),
}


def reference(network: torch.nn.Module) -> dict[str, object]:
    """Tensors, inputs, outputs and gradients of one network, with weights large enough to be far from linear."""
    inputs = 2 * torch.randn(TRIALS, STEPS, INPUTS)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter *= 2
    outputs = network(inputs)
    ((outputs - 0.3) ** 2).sum().backward()
    return {
        "tensors": {name: tensor.tolist() for name, tensor in network.state_dict().items()},
        "inputs": inputs.tolist(),
        "outputs": outputs.tolist(),
        "gradients": {name: parameter.grad.tolist() for name, parameter in network.named_parameters()},
    }


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    found = {name: reference(network()) for name, network in NETWORKS.items()}
    print(json.dumps({"torch": torch.__version__, "networks": found}))
