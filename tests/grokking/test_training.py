"""Training: batched equals alone, resumed equals uninterrupted, and the first steps of the published runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")

from hoi_grokking import Sweep, Task, Variant, paper_variants, train

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
