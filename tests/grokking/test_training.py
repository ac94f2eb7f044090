"""Training: batched equals alone, resumed equals uninterrupted, and the first steps of the published runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")

from hoi_grokking import Sweep, Task, Variant, paper_variants, train
from hoi_grokking.model import shape_of
from hoi_grokking.tasks import load

SMALL = {"task": Task(modulus=11, train_fraction=0.6), "width": 24, "steps": 40}


def test_a_model_is_the_same_alone_and_in_a_batch(tmp_path: Path) -> None:
    variants = paper_variants()
    batch = train(Sweep(variants, seeds=(0, 100), **SMALL), tmp_path / "batch", progress=False)
    curves = batch.curves()
    for variant in variants:
        alone = train(Sweep((variant,), seeds=(100,), **SMALL), tmp_path / variant.label, progress=False).curves()
        for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy"):
            np.testing.assert_array_equal(
                alone[name][0], curves[name][batch.member(variant.label, 100)], err_msg=f"{variant.label} {name}"
            )


def test_an_interrupted_run_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    sweep = Sweep((Variant("plain"),), seeds=(0,), **SMALL)
    straight = train(sweep, tmp_path / "straight", progress=False)
    stopped = train(sweep, tmp_path / "resumed", progress=False, stop_after=15)
    assert not stopped.finished
    resumed = train(sweep, tmp_path / "resumed", progress=False)
    assert resumed.finished
    for name, values in straight.curves().items():
        np.testing.assert_array_equal(resumed.curves()[name], values, err_msg=name)


def test_the_first_steps_are_those_of_the_published_code(tmp_path: Path) -> None:
    """Train accuracy of seed 0 with weight decay 0.1, as its authors logged it: of 3763 inputs, one may differ, since
    float32 is rounded differently from processor to processor.
    """
    variants = tuple(v for v in paper_variants() if v.label == "weight decay 0.1")
    curves = train(Sweep(variants, seeds=(0,), steps=25), tmp_path / "run", progress=False).curves()
    at = np.searchsorted(curves["step"], [5, 10, 15, 20, 25])
    np.testing.assert_array_equal(curves["step"][at], [5, 10, 15, 20, 25])
    logged = [0.1645, 0.3072, 0.7393, 0.97369, 1.0]
    np.testing.assert_allclose(curves["train_accuracy"][0, at], logged, rtol=0, atol=1.1 / 3763)


@pytest.mark.parametrize("mask", ["both", "first"])
@pytest.mark.parametrize("held", [False, True])
def test_masked_networks_train_as_an_optimiser_of_torch_says(mask: str, held: bool, tmp_path: Path) -> None:
    """Neurons masked in both layers are left out of the arithmetic; the result is that of masking after each step."""
    import torch

    kept = (1, 4, 5, 20)
    variant = Variant("masked", weight_decay=0.5, alpha=2.0, keep_norm=held, kept=kept, mask=mask)
    sweep = Sweep((variant,), seeds=(3,), **SMALL)
    run = train(sweep, tmp_path / "run", progress=False)

    torch.manual_seed(3)
    first, last = torch.nn.Linear(22, 24), torch.nn.Linear(24, 11, bias=False)
    alive = torch.zeros(24)
    alive[list(kept)] = 1

    def silence() -> None:
        first.weight.mul_(alive[:, None])
        if mask == "both":
            first.bias.mul_(alive)
            last.weight.mul_(alive)

    def norm() -> torch.Tensor:
        return torch.sqrt(first.weight.square().sum() + last.weight.square().sum())

    with torch.no_grad():
        first.weight.mul_(2)
        last.weight.mul_(2)
        if mask == "both":
            silence()
        start = norm()
        silence()
    data = load(sweep.task)
    inputs = torch.nn.functional.one_hot(torch.from_numpy(data.train.inputs), 22).sum(1).float()
    targets = torch.from_numpy(data.train.targets)
    optimizer = torch.optim.AdamW(
        [*first.parameters(), *last.parameters()], lr=0.03, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.5
    )
    losses = []
    for _ in range(sweep.steps):
        loss = torch.nn.functional.cross_entropy(last(torch.relu(first(inputs))), targets)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            if held:
                factor = start / norm()
                first.weight.mul_(factor)
                last.weight.mul_(factor)
            silence()
    curves = run.curves()
    recorded = curves["step"] < sweep.steps
    np.testing.assert_allclose(
        curves["train_loss"][0][recorded], np.array(losses)[curves["step"][recorded]], rtol=2e-3
    )
    into, out, bias = shape_of(sweep, 22, 11).split(run.checkpoint(sweep.steps, 0)[None])
    np.testing.assert_allclose(into[0].T, first.weight.detach(), atol=5e-3)
    np.testing.assert_allclose(out[0], last.weight.detach(), atol=5e-3)
    np.testing.assert_allclose(bias[0], first.bias.detach(), atol=5e-3)
