from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn

from tests.adapters.conformance import Case


def tensor(*values: float) -> torch.Tensor:
    return torch.tensor(values or (1.0, 2.0, 3.0))


def layer(value: float = 1.0) -> nn.Linear:
    linear = nn.Linear(2, 3)
    with torch.no_grad():
        linear.weight.fill_(value)
        linear.bias.zero_()
    return linear


class Net(nn.Module):
    """A module of the project's own, with a buffer that is not saved and tied weights."""

    def __init__(self, tied: bool = True) -> None:
        super().__init__()
        self.first = layer()
        self.second = layer()
        if tied:
            self.second.weight = self.first.weight
        self.register_buffer("steps", torch.zeros(1), persistent=False)

    def forward(self, rows: Any) -> Any:
        return self.second(self.first(rows))


def hooked(hook: Any) -> nn.Linear:
    linear = layer()
    linear.register_forward_hook(hook)
    return linear


def shown(module: Any, rows: Any, result: Any) -> None:
    print(result)


def hidden(module: Any, rows: Any, result: Any) -> None:
    return None


def views() -> list[torch.Tensor]:
    whole = torch.arange(6.0)
    return [whole, whole[2:], whole.reshape(2, 3)]


def stepped(rate: float = 0.1, steps: int = 1) -> list[Any]:
    linear = layer()
    optimizer = torch.optim.Adam(linear.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        linear(torch.ones(1, 2)).sum().backward()
        optimizer.step()
    return [linear, optimizer]


def spent(value: float = 1.0) -> Any:
    loss = (layer(value)(torch.ones(1, 2)) ** 2).sum()
    loss.backward()
    return loss


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


CASES = (
    Case(
        "tensor",
        tensor,
        same=(lambda: torch.tensor([0.0, 1.0, 2.0, 3.0])[1:].clone(),),
        different=(
            lambda: tensor(1.0, 2.0, 4.0),
            lambda: tensor().double(),
            lambda: tensor().reshape(1, 3),
            lambda: tensor().requires_grad_(),
            lambda: nn.Parameter(tensor()),
            lambda: tensor().numpy(),
        ),
        mutate=lambda held: held.add_(1),
    ),
    Case("large", lambda: torch.arange(300_000.0), mutate=lambda held: held.add_(1)),
    Case("brain float", lambda: tensor().bfloat16(), different=(lambda: tensor().half(),)),
    Case(
        "views",
        views,
        different=(lambda: [held.clone() for held in views()],),
        mutate=lambda held: held[1].zero_(),
    ),
    Case(
        "layer",
        layer,
        different=(lambda: layer(2.0), lambda: layer().eval(), lambda: layer().double()),
        mutate=lambda held: held.eval(),
    ),
    Case("own module", Net, different=(lambda: Net(tied=False),), mutate=lambda net: net.steps.add_(1)),
    Case(
        "sequence",
        lambda: nn.Sequential(OrderedDict(a=layer(), b=nn.ReLU())),
        different=(lambda: nn.Sequential(OrderedDict(b=layer(), a=nn.ReLU())),),
    ),
    Case("hook", lambda: hooked(shown), same=(lambda: hooked(shown),), different=(lambda: hooked(hidden), layer)),
    Case(
        "spent graph",
        spent,
        different=(lambda: spent(2.0), lambda: spent().detach(), lambda: spent().detach().requires_grad_()),
        copied=False,
    ),
    Case("optimizer", stepped, different=(lambda: stepped(0.2), lambda: stepped(steps=2)), copied=False),
    Case(
        "generator",
        lambda: generator(1),
        different=(lambda: generator(2),),
        mutate=lambda held: torch.rand(1, generator=held),
        copied=False,
    ),
    Case(
        "dtype",
        lambda: torch.float32,
        different=(lambda: torch.float64, lambda: torch.device("cpu"), lambda: torch.Size([2])),
    ),
)
