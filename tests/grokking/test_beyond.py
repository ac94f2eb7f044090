"""What the experiments beyond the paper rest on: SGD, and where a peak of synergy lies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

from hoi_grokking import (  # noqa: E402
    Sweep,
    Task,
    Variant,
    following,
    train,
)
from hoi_grokking.study import Settings, Study  # noqa: E402
from hoi_grokking.training.tasks import load  # noqa: E402


def test_sgd_is_that_of_torch(tmp_path: Path) -> None:
    """With momentum and decay: the decay of the weights is that of AdamW, apart from the momentum."""
    rate, decay, momentum = 0.5, 0.01, 0.9
    task = Task(modulus=7, train_fraction=0.7)
    variant = Variant("plain", weight_decay=decay, learning_rate=rate)
    run = train(
        Sweep((variant,), task, seeds=(3,), width=16, steps=30, optimizer="sgd", momentum=momentum),
        tmp_path / "run", progress=False,
    )  # fmt: skip
    torch.manual_seed(3)
    net = torch.nn.Sequential(torch.nn.Linear(14, 16), torch.nn.ReLU(), torch.nn.Linear(16, 7, bias=False))
    optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=momentum)
    part = load(task).train
    x = torch.nn.functional.one_hot(torch.from_numpy(part.inputs), 14).sum(1).float()
    losses = []
    for _ in range(31):
        loss = torch.nn.functional.cross_entropy(net(x), torch.from_numpy(part.targets))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.mul_(1 - rate * decay)
        optimizer.step()
    curves = run.curves()
    np.testing.assert_allclose(curves["train_loss"][0], np.array(losses)[curves["step"]], rtol=1e-4)


def test_peaks_before_and_after_generalisation() -> None:
    step = np.array([0, 1, 20, 50, 100, 200])
    synergy = np.array([[9.0, 8.0, 1.0, 3.0, 2.0, 1.0], [0.0, 0.0, 0.5, 0.4, 0.7, 0.6]])
    values = {"pooled": following.Values(step, synergy, 0 * synergy)}
    test = np.array([[0, 0, 0, 0.5, 0.95, 1], [0, 0, 0, 0, 0.1, 0.1]])
    one = following.Followed("plain", (0, 100), step, np.ones_like(test), test, values)
    grokked, never = following._peaks(one)
    assert grokked["test 90%"] == 100
    assert (grokked["synergy peak before (nats)"], grokked["step of the peak before"]) == (3, 50), (
        "steps 0 and 1 are out"
    )
    assert (grokked["synergy peak after (nats)"], grokked["step of the peak after"]) == (1, 200)
    assert np.isnan(never["test 90%"])
    assert (never["synergy peak before (nats)"], never["step of the peak before"]) == (0.7, 100)
    assert np.isnan(never["synergy peak after (nats)"])
    dies = following.Values(step, np.where(step > 20, np.nan, synergy), 0 * synergy)
    peak = following._peaks(one._replace(values={"pooled": dies}))[0]
    assert (peak["synergy peak before (nats)"], peak["step of the peak before"]) == (1, 20)
    assert np.isnan(peak["synergy peak after (nats)"])


@pytest.mark.parametrize(
    ("settings", "seeds", "width", "steps", "n_checkpoints"),
    [
        (Settings(), (0, 100, 200), 128, 2000, 40),
        (Settings(scale="quick"), (0,), 128, 1000, 12),
        (Settings(scale="tiny"), (0, 100), 24, 60, 8),
        (Settings(seeds=(7,)), (7,), 128, 2000, 40),
    ],
)
def test_sizes_at_each_scale(
    settings: Settings, seeds: tuple[int, ...], width: int, steps: int, n_checkpoints: int
) -> None:
    sweep = following.sweep_of(Study(settings), [Variant("plain")], Task(modulus=47), steps=2000)
    assert (sweep.seeds, sweep.width, sweep.steps, sweep.n_checkpoints) == (seeds, width, steps, n_checkpoints)
    assert sweep.task.modulus == (11 if settings.scale == "tiny" else 47)
