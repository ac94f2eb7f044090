"""Paths and slices: closed forms, and networks whose neurons were only put into another order."""

from __future__ import annotations

import types

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

from hoi_grokking import Sweep, Task, Variant  # noqa: E402
from hoi_grokking.curvature import loss_of  # noqa: E402
from hoi_grokking.experiments import landscape, sharpness  # noqa: E402
from hoi_grokking.landscape import align, barrier, bend, curve, direction, path, scores  # noqa: E402
from hoi_grokking.training.paper import shape_of  # noqa: E402
from hoi_grokking.training.trainer import Trainer  # noqa: E402

SWEEP = Sweep((Variant("plain"),), Task(modulus=7, train_fraction=0.7), seeds=(0, 1), width=24, steps=60)


@pytest.fixture(scope="module")
def trained():
    trainer = Trainer(SWEEP, threads=1)
    curves = trainer.advance(60, [60])
    shape = shape_of(SWEEP, trainer.data.n_inputs, trainer.data.n_classes)
    return shape, trainer.data, trainer.rows.double().numpy(), curves[:, :, 0]


def shuffled(shape, row: np.ndarray, seed: int) -> np.ndarray:
    order = np.random.default_rng(seed).permutation(shape.width)
    return np.concatenate([part[..., order].ravel() for part in shape.split(row[None])])


def test_scores_are_those_of_the_trainer(trained) -> None:
    shape, data, rows, curves = trained
    for part, own in ((data.train, curves[0::2]), (data.test, curves[1::2])):
        np.testing.assert_allclose(scores(shape, part, rows), own, rtol=1e-4)
    assert float(loss_of(shape, data.test)(torch.from_numpy(rows[1]))) == pytest.approx(curves[1, 1], rel=1e-4)


def test_neurons_in_another_order_are_put_back_and_the_barrier_goes(trained) -> None:
    shape, data, rows, _ = trained
    other = shuffled(shape, rows[0], 5)
    np.testing.assert_array_equal(align(shape, rows[0], other), rows[0])
    ends = (other, align(shape, rows[0], other))
    heights = [barrier(scores(shape, data.train, path(rows[0], end))[0]) for end in ends]
    assert heights[0] > 0.3
    assert heights[1] == pytest.approx(0, abs=1e-6)


def test_an_aligned_network_is_the_same_function_and_nearer(trained) -> None:
    shape, data, rows, _ = trained
    there = align(shape, rows[0], rows[1])
    np.testing.assert_allclose(scores(shape, data.test, [there]), scores(shape, data.test, [rows[1]]), rtol=1e-5)
    near, far = (np.linalg.norm(end - rows[0]) for end in (there, rows[1]))
    assert near < 0.95 * far
    assert all(near <= np.linalg.norm(shuffled(shape, rows[1], seed) - rows[0]) for seed in range(50))


def test_a_path_is_straight_and_has_both_ends() -> None:
    np.testing.assert_allclose(path([0, 4], [2, 0], 3), [[0, 4], [1, 2], [2, 0]])


def test_a_curve_is_quadratic_and_has_both_ends() -> None:
    np.testing.assert_allclose(curve([0.0, 4.0], [3.0, 3.0], [2.0, 0.0], 3), [[0, 4], [2, 2.5], [2, 0]])


def test_a_curve_bends_around_a_hill() -> None:
    """The straight path goes over it; the loss is lowest on the unit circle, which both ends lie on."""
    loss = lambda row: (row.square().sum() - 1).square()  # noqa: E731
    ends = np.array([-1.0, 0.05]), np.array([1.0, 0.05])
    middle = bend(loss, *ends, n_steps=300, rate=0.05)
    heights = [
        barrier([float(loss(torch.from_numpy(point))) for point in points])
        for points in (path(*ends), curve(ends[0], middle, ends[1]))
    ]
    assert heights[0] > 0.95
    assert heights[1] < 0.05


def test_a_barrier_is_above_the_line_between_the_ends() -> None:
    line = np.linspace(0, 1, 101)
    assert barrier(3 * line + 4 * line * (1 - line)) == pytest.approx(1)
    assert barrier((1 - line) ** 2) == pytest.approx(0, abs=1e-12), "a convex path has none"


def test_a_direction_has_the_norms_of_the_network_filter_by_filter(trained) -> None:
    shape, _, rows, _ = trained
    drawn = direction(shape, rows[0], np.random.default_rng(0))
    for own, random, axis in zip(shape.split(rows[:1]), shape.split(drawn[None]), (1, 2), strict=False):
        np.testing.assert_allclose(np.linalg.norm(random, axis=axis), np.linalg.norm(own, axis=axis))
    assert not shape.split(drawn[None]).bias.any()
    wide = direction(shape, 10 * rows[0], np.random.default_rng(0))
    np.testing.assert_allclose(wide, 10 * drawn)


# --- the experiments


def run_of(train: list[list[float]], test: list[list[float]]) -> types.SimpleNamespace:
    """Two networks, whose accuracies are known at steps 0 to 40."""
    curves = {"step": np.arange(0, 50, 10), "train_accuracy": np.array(train), "test_accuracy": np.array(test)}
    sweep = Sweep((Variant("one"), Variant("two")), seeds=(0,), steps=40)
    return types.SimpleNamespace(sweep=sweep, curves=lambda: curves, checkpoint_steps=[0, 5, 15, 25, 40])


def test_phases_are_the_first_checkpoints_in_them_or_those_of_the_others() -> None:
    learnt = [0, 0.5, 1, 1, 1]
    found = landscape.phases_of(run_of([learnt, learnt], [[0, 0, 0.6, 0.7, 0.99], [0, 0, 0, 0.1, 0.2]]))
    expected = {"initial": 0, "memorised": 25, "emergence": 25, "grokked": 40}
    assert found == {("one", 0): expected, ("two", 0): expected}
    nobody = landscape.phases_of(run_of([learnt, learnt], [[0] * 5, [0] * 5]))
    assert nobody["one", 0]["grokked"] == 40


def test_barriers_are_compared_pair_by_pair() -> None:
    rng = np.random.default_rng(0)
    heights = {("weight decay 0.5", "aligned"): 0.1, ("weight decay 0.01", "aligned"): 0.5}
    heights["weight decay 0.5", "bent"] = 0.7
    rows = [
        {
            "configuration": variant.label, "path": kind, "phase": phase, "seed": seed,
            **{
                f"barrier of the {what}": heights.get((variant.label, kind), 1.0) + 0.01 * rng.random()
                for what in ("train loss", "test error")
            },
        }
        for variant in landscape.VARIANTS for kind in (*landscape.ORDERS, landscape.BENT)
        for phase in landscape.PHASES for seed in range(8)
    ]  # fmt: skip
    found = landscape._tests(pd.DataFrame(rows))
    assert found.decided.all()
    assert (found.side < 0).all()
    assert found.p.to_numpy() == pytest.approx(2 / 2**8)
    assert found.loc[found.second == "weight decay 0.01, aligned", "median of the second"].between(0.5, 0.51).all()


def test_windows_end_and_begin_where_the_network_generalises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharpness, "WINDOW", 10)
    found = sharpness.windows_of(run_of([[1] * 5] * 2, [[0, 0, 0.6, 0.95, 1], [0, 0, 0, 0, 0]]))
    assert found["one", 0] == {"before": 10, "after": 30}
    assert found["two", 0] == found["one", 0], "the median of those that get there"
    nobody = sharpness.windows_of(run_of([[1] * 5] * 2, [[0] * 5] * 2))
    assert nobody["one", 0] == {"before": 10, "after": 20}
