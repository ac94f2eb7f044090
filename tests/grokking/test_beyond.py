"""What the experiments beyond the paper rest on: the transformer, SGD, and where a peak of synergy lies."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

import hoi  # noqa: E402
from hoi_grokking import Probe, Sweep, Task, Variant, train  # noqa: E402
from hoi_grokking.experiments import _beyond, transformer  # noqa: E402
from hoi_grokking.store import checkpoint_steps  # noqa: E402
from hoi_grokking.study import Settings, Study  # noqa: E402
from hoi_grokking.training.networks import LAYERS, Training, Transformer, train_transformer  # noqa: E402
from hoi_grokking.training.tasks import load  # noqa: E402

SMALL = Training(Task(modulus=7, train_fraction=0.7), width=8, heads=2, hidden=12, steps=40, n_checkpoints=4)
PROBES = [Probe("pooled", n_clusters=4), Probe("neurons")]


def test_a_transformer_is_the_same_for_the_same_seed() -> None:
    before = torch.random.get_rng_state()
    first, again, other = (train_transformer(SMALL, seed, PROBES) for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    for name, values in first[0].items():
        np.testing.assert_array_equal(again[0][name], values, err_msg=name)
    assert first[1].records == again[1].records
    assert [record["lowest"] for record in first[1].records] != [record["lowest"] for record in other[1].records]


def test_layers_of_a_transformer_are_followed_at_the_checkpoints() -> None:
    curves, follow = train_transformer(SMALL, 0, PROBES)
    assert curves["step"].tolist() == sorted({0, 10, 20, 30, 40, *checkpoint_steps(40, 4)})
    assert [(r["step"], r["layer"], r["probe"]) for r in follow.records] == [
        (step, layer, probe.method) for step in checkpoint_steps(40, 4) for layer in LAYERS.values() for probe in PROBES
    ]


def test_a_transformer_learns_its_training_set() -> None:
    curves, _ = train_transformer(dataclasses.replace(SMALL, width=16, hidden=32, steps=120), 0, [])
    assert curves["train_accuracy"][0] < 0.5
    assert curves["train_accuracy"][-1] == 1


def test_the_last_position_is_that_of_a_transformer_that_computes_them_all() -> None:
    torch.manual_seed(0)
    net = Transformer(7, 8, 2, 12)
    tokens = torch.tensor([[1, 2, 7], [6, 0, 7]])
    stream = net.token(tokens) + net.position.weight
    causal = torch.ones(3, 3).triu(1).bool()
    stream = stream + net.attention(stream, stream, stream, attn_mask=causal)[0]
    everywhere = net.unembed(stream + net.mlp(stream))
    torch.testing.assert_close(net(tokens), everywhere[:, -1])


@pytest.mark.parametrize("name", ["parity", "digits"])
def test_a_transformer_needs_tokens(name: str) -> None:
    with pytest.raises(hoi.HoiError, match=f"Training.task is '{name}', and has to be a modular one"):
        Training(Task(name))


def test_a_trained_transformer_is_not_trained_again(tmp_path: Path) -> None:
    first = transformer._trained(tmp_path, SMALL, 0, "cpu")
    (path,) = tmp_path.rglob("seed_000.json")
    path.write_text(json.dumps(first | {"records": []}))
    assert transformer._trained(tmp_path, SMALL, 0, "cpu")["records"] == []


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
    values = {"pooled": _beyond.Values(step, synergy, 0 * synergy)}
    test = np.array([[0, 0, 0, 0.5, 0.95, 1], [0, 0, 0, 0, 0.1, 0.1]])
    one = _beyond.Followed("plain", (0, 100), step, np.ones_like(test), test, values)
    grokked, never = _beyond._peaks(one)
    assert grokked["test 90%"] == 100
    assert (grokked["synergy peak before (nats)"], grokked["step of the peak before"]) == (3, 50), (
        "steps 0 and 1 are out"
    )
    assert (grokked["synergy peak after (nats)"], grokked["step of the peak after"]) == (1, 200)
    assert np.isnan(never["test 90%"])
    assert (never["synergy peak before (nats)"], never["step of the peak before"]) == (0.7, 100)
    assert np.isnan(never["synergy peak after (nats)"])


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
    sweep = _beyond.sweep_of(Study(settings), [Variant("plain")], Task(modulus=47), steps=2000)
    assert (sweep.seeds, sweep.width, sweep.steps, sweep.n_checkpoints) == (seeds, width, steps, n_checkpoints)
    assert sweep.task.modulus == (11 if settings.scale == "tiny" else 47)
