"""Small networks that the tests follow."""

from __future__ import annotations

from typing import Any

import torch


def mlp(seed: int = 0, width: int = 12) -> Any:
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Linear(5, width), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(width, 3)
    )


def inputs(n: int = 60) -> Any:
    return torch.randn(n, 5, generator=torch.Generator().manual_seed(1))


class Recurrent(torch.nn.Module):
    """A layer whose output is a tuple, and one that is never used."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = torch.nn.LSTM(4, 6, batch_first=True)
        self.idle = torch.nn.Linear(6, 6)

    def forward(self, sequence: Any) -> Any:
        return self.cell(sequence)[0]


class Branches(torch.nn.Module):
    """Layers with names of their own, nested, of which one returns a dictionary."""

    class Both(torch.nn.Module):
        def forward(self, values: Any) -> dict[str, Any]:
            return {"plus": values, "minus": -values}

    def __init__(self) -> None:
        super().__init__()
        self.encoder = torch.nn.ModuleDict({"wide": torch.nn.Linear(5, 9), "both": self.Both()})

    def forward(self, values: Any) -> Any:
        return self.encoder["both"](self.encoder["wide"](values))["plus"]


class Shared(torch.nn.Module):
    """One activation function after two layers, and a third time for few samples."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.act = torch.nn.Linear(5, 8), torch.nn.Linear(8, 8), torch.nn.ReLU()
        self.again = self.act

    def forward(self, values: Any) -> Any:
        values = self.act(self.second(self.act(self.first(values))))
        return self.act(values - 1) if len(values) < 10 else values
