"""A transformer of one layer on a modular task, followed by :func:`hoi_grokking.track` in a plain training loop."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

import hoi
from hoi_grokking.config import Task
from hoi_grokking.measures.estimators import Probe
from hoi_grokking.measures.live import Tracker, track
from hoi_grokking.store import checkpoint_steps
from hoi_grokking.training.tasks import Part, load

__all__ = ["LAYERS", "Training", "Transformer", "train_transformer"]

# What is followed -> name of the layer.
LAYERS = {"attention": "attention", "MLP": "mlp.1"}


@dataclasses.dataclass(frozen=True)
class Training:
    """Network and training of :func:`train_transformer`: AdamW on the full batch, cross-entropy.

    `evaluate_every` steps, and at the checkpoints, the accuracies are recorded; the layers are measured at
    `n_checkpoints` log-spaced steps, on the training inputs.
    """

    task: Task
    width: int = 64
    heads: int = 4
    hidden: int = 128
    steps: int = 2500
    learning_rate: float = 0.01
    weight_decay: float = 1.0
    betas: tuple[float, float] = (0.9, 0.98)
    evaluate_every: int = 10
    n_checkpoints: int = 40

    def __post_init__(self) -> None:
        if self.task.name in ("parity", "digits"):
            raise hoi.HoiError(f"Training.task is {self.task.name!r}, and has to be a modular one: it needs tokens.")


class Transformer(nn.Module):
    """One layer of attention and MLP that reads a, b, = and answers at the last position; no normalisation, as in
    Nanda et al. (2023).

    The other positions pass nothing on, so only the last one asks and goes through the MLP.

    Parameters
    ----------
    modulus : int
        Number of tokens; the token after them stands for the equals sign.
    width, heads, hidden : int
        Of the residual stream, of the attention, and of the MLP.
    """

    def __init__(self, modulus: int, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.token = nn.Embedding(modulus + 1, width)
        self.position = nn.Embedding(3, width)
        for table in (self.token, self.position):
            nn.init.normal_(table.weight, std=width**-0.5)
        self.attention = nn.MultiheadAttention(width, heads, bias=False, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))
        self.unembed = nn.Linear(width, modulus, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of the answer, (n, modulus), from tokens (n, 3)."""
        stream = self.token(tokens) + self.position.weight
        attended, _ = self.attention(stream[:, -1:], stream, stream, need_weights=False)
        last = stream[:, -1] + attended[:, 0]
        return self.unembed(last + self.mlp(last))


def train_transformer(
    training: Training, seed: int, probes: Sequence[Probe], *, device: str = "cpu"
) -> tuple[dict[str, np.ndarray], Tracker]:
    """Train one transformer and follow its layers.

    Parameters
    ----------
    training : Training
    seed : int
        Of the initial weights. On one thread of a CPU the numbers are the same every time; the state of the global
        generator is put back.
    probes : sequence of Probe
        `inputs` has no effect here: the training inputs are measured.
    device : str

    Returns
    -------
    curves : dict of ndarray
        `step`, `train_accuracy` and `test_accuracy`. Step t is the network after t updates.
    follow : Tracker
        The measures of :data:`LAYERS`.

    Examples
    --------
    >>> from hoi_grokking import Probe, Task
    >>> from hoi_grokking.training.networks import Training, train_transformer
    >>> small = Training(Task(modulus=7), width=8, heads=2, hidden=12, steps=20, n_checkpoints=3)
    >>> curves, follow = train_transformer(small, 0, [Probe("neurons")])
    >>> curves["step"].tolist(), sorted({record["layer"] for record in follow.records})
    ([0, 1, 4, 10, 20], ['attention', 'mlp.1'])
    """
    data = load(training.task)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Transformer(training.task.modulus, training.width, training.heads, training.hidden).to(device)
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay, betas=training.betas
    )
    in_order = Part(*(values[data.drawn] for values in data.train))  # as stored runs are measured
    inputs, targets = _tokens(in_order, training.task.modulus, device)
    test_inputs, test_targets = _tokens(data.test, training.task.modulus, device)
    follow = track(net, [inputs], list(LAYERS.values()), probes=probes)
    checkpoints = set(checkpoint_steps(training.steps, training.n_checkpoints))
    curves: dict[str, list[float]] = {"step": [], "train_accuracy": [], "test_accuracy": []}
    for step in range(training.steps + 1):
        logits = net(inputs)
        if step % training.evaluate_every == 0 or step in checkpoints:
            with torch.no_grad():
                right = (_accuracy(logits, targets), _accuracy(net(test_inputs), test_targets))
            for name, value in zip(curves, (step, *right), strict=True):
                curves[name].append(value)
        if step in checkpoints:
            follow(step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits, targets).backward()
        optimizer.step()
    return {name: np.array(values) for name, values in curves.items()}, follow


def _tokens(part: Part, modulus: int, device: str) -> tuple[Tensor, Tensor]:
    """The inputs (a, modulus + b) as tokens a, b, =; and the targets."""
    equals = np.full(len(part.inputs), modulus)
    tokens = np.column_stack([part.inputs % modulus, equals])
    return torch.from_numpy(tokens).to(device), torch.from_numpy(part.targets).to(device)


def _accuracy(logits: Tensor, targets: Tensor) -> float:
    return float((logits.argmax(1) == targets).double().mean())
