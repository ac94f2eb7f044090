"""Curvature: eigenvalues of Hessians in closed form, and AdamW itself at either side of its limit."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the case study trains with PyTorch")

from hoi_grokking import Sweep, Task, Variant  # noqa: E402
from hoi_grokking.curvature import loss_of, preconditioner, sharpness, stability_limit  # noqa: E402
from hoi_grokking.training.paper import shape_of  # noqa: E402
from hoi_grokking.training.trainer import Trainer  # noqa: E402

RNG = np.random.default_rng(0)


def quadratic(seed: int, n: int = 12) -> np.ndarray:
    """A symmetric matrix with eigenvalues of both signs, the largest in size negative."""
    basis = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]
    return basis @ np.diag(np.linspace(-9, 5, n)) @ basis.T


def test_the_largest_eigenvalue_of_a_quadratic() -> None:
    matrix = quadratic(0)
    whole = torch.from_numpy(matrix)
    assert sharpness(lambda row: row @ whole @ row / 2, RNG.standard_normal(12)) == pytest.approx(5, rel=1e-3)


def test_a_preconditioner_is_that_of_scaled_coordinates() -> None:
    matrix, metric = quadratic(1), RNG.uniform(0.1, 5, 12)
    whole = torch.from_numpy(matrix)
    expected = np.linalg.eigvals(matrix / metric[:, None]).real.max()
    assert sharpness(lambda row: row @ whole @ row / 2, np.ones(12), metric) == pytest.approx(expected, rel=2e-3)


SMALL = (Task(modulus=5, train_fraction=0.7), Task("parity", bits=4, relevant=2, n_samples=40))


@pytest.mark.parametrize("task", SMALL, ids=lambda task: task.name)
def test_a_network_has_the_loss_of_the_trainer_and_the_eigenvalue_of_its_whole_hessian(task: Task) -> None:
    trainer = Trainer(Sweep((Variant("plain"),), task, seeds=(3,), width=6, steps=20), threads=1)
    curves = trainer.advance(20, [20])
    shape = shape_of(trainer.sweep, trainer.data.n_inputs, trainer.data.n_classes)
    loss, row = loss_of(shape, trainer.data.train), trainer.rows[0].double()
    assert float(loss(row)) == pytest.approx(curves[0, 0, 0], rel=1e-5)
    whole = torch.func.hessian(loss)(row)
    largest = float(torch.linalg.eigvalsh(whole)[-1])
    assert sharpness(loss, row.numpy()) == pytest.approx(largest, rel=2e-3)


def adamw_on(curvature: float, variant: Variant, frozen: float, steps: int) -> float:
    """|x| after AdamW on curvature x^2 / 2 with a second moment that stands still at `frozen`, from x = 1."""
    sweep = Sweep((variant,))
    point, moment = 1.0, 0.0
    for step in range(1, steps + 1):
        moment = sweep.betas[0] * moment + (1 - sweep.betas[0]) * curvature * point
        divided = moment / (1 - sweep.betas[0] ** step) / (np.sqrt(frozen) + sweep.eps)
        point = (1 - variant.learning_rate * variant.weight_decay) * point - variant.learning_rate * divided
    return abs(point)


@pytest.mark.parametrize("decay", [0.0, 2.0, 10.0])
def test_adamw_diverges_just_above_the_limit_and_not_just_below(decay: float) -> None:
    variant, frozen = Variant("plain", weight_decay=decay), 0.04
    limit = stability_limit(Sweep((variant,)), variant, 10**6)
    metric = np.sqrt(frozen) + Sweep((variant,)).eps
    below, above = (adamw_on(factor * limit * metric, variant, frozen, 4000) for factor in (0.99, 1.01))
    assert below < 1e-3
    assert above > 1e3


def test_the_limit_without_decay_is_that_of_cohen_and_without_momentum_that_of_gradient_descent() -> None:
    variant = Variant("plain", learning_rate=0.03)
    assert stability_limit(Sweep((variant,)), variant, 10**6) == pytest.approx(38 / 0.03)
    assert stability_limit(Sweep((variant,), betas=(0.0, 0.98)), variant, 1) == pytest.approx(2 / 0.03)


def test_early_steps_are_larger_so_that_their_limit_is_lower() -> None:
    variant = Variant("plain")
    sweep = Sweep((variant,))
    assert stability_limit(sweep, variant, 1) == pytest.approx(0.1 * stability_limit(sweep, variant, 10**6))


def test_the_preconditioner_is_what_the_trainer_divides_by() -> None:
    """Two more updates with the first moment known: the step is rate x first / (1 - b1^t) / P."""
    variant = Variant("plain", weight_decay=1.0)
    trainer = Trainer(Sweep((variant,), Task(modulus=5, train_fraction=0.7), seeds=(3,), width=6), threads=1)
    trainer.advance(7, [])
    before = trainer.rows[0].double().clone()
    trainer.advance(8, [])
    metric = preconditioner(trainer.second_moment[0].numpy(), trainer.sweep, 8)
    step = 0.97 * before - trainer.rows[0].double()
    expected = 0.03 * trainer.first_moment[0].double() / (1 - 0.9**8) / torch.from_numpy(metric)
    torch.testing.assert_close(step, expected, rtol=1e-3, atol=1e-6)
