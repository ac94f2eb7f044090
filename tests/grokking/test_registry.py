"""Tasks, networks and experiments from outside the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

import hoi  # noqa: E402
from hoi_grokking import Network, Sweep, Task, Variant, register, registry  # noqa: E402
from hoi_grokking.cli import main  # noqa: E402
from hoi_grokking.training.tasks import load  # noqa: E402
from hoi_grokking.training.trainer import Trainer  # noqa: E402

ROOT = Path(__file__).parents[2]


def test_the_example_of_the_page_runs_in_a_fresh_interpreter(tmp_path: Path) -> None:
    """With processes that measure, which have not imported it."""
    page = (ROOT / "docs" / "grokking.md").read_text(encoding="utf-8")
    example = page.partition("`mine.py`:\n\n```python\n")[2].partition("```")[0]
    (tmp_path / "mine.py").write_text(example)
    command = ["run", "mine", "--load", "mine", "--scale", "tiny", "--seeds", "1", "--jobs", "2", "--out", "out"]
    subprocess.run([sys.executable, "-m", "hoi_grokking", *command], cwd=tmp_path, check=True)
    table = pd.read_csv(tmp_path / "out" / "tables" / "mine.csv")
    assert set(table.configuration) == {"l1 0", "l1 0.001"}
    assert table["final test accuracy"].min() > 0.7
    assert (tmp_path / "out" / "figures" / "mine.png").exists()


def test_names_are_checked() -> None:
    with pytest.raises(hoi.HoiError, match=r"The task 'parity' is one of hoi_grokking\. Take another name"):
        register("task", "parity", lambda task: None)
    with pytest.raises(hoi.HoiError, match="`kind` is 'tasks', and has to be one of 'task', 'network'"):
        register("tasks", "mine", lambda task: None)
    assert all(callable(registry.find(kind, name)) for kind in registry._KNOWN for name in registry.names(kind))


def test_a_module_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--load", "not_there"]) == 2
    assert "--load not_there: it cannot be imported (No module named 'not_there')" in capsys.readouterr().err


X, Y = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 3


class Pairs:
    """As a dataset of torch that has no tensors."""

    def __len__(self) -> int:
        return 30

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        return torch.tensor(X[place]), int(Y[place])


@pytest.mark.parametrize(
    "given",
    [
        lambda task: (X, Y),
        lambda task: (torch.tensor(X), torch.tensor(Y)),
        Pairs(),
        lambda task: Pairs(),
        torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y)),
    ],
    ids=["arrays", "tensors", "dataset", "function", "torch"],
)
def test_what_a_task_may_be(given) -> None:
    register("task", "given", given)
    data = load(Task("given", train_fraction=0.5))
    assert (data.n_inputs, data.n_classes, len(data.train.targets)) == (2, 3, 15)
    np.testing.assert_array_equal(sorted(map(tuple, data.everything.inputs)), sorted(map(tuple, X.astype(np.float32))))
    places = [int(np.flatnonzero((X.astype(np.float32) == row).all(1))[0]) for row in data.everything.inputs]
    np.testing.assert_array_equal(data.everything.targets, Y[places])


def test_tokens_and_numbers() -> None:
    register("task", "tokens", lambda task: (np.array([[0, 4], [1, 3], [2, 2]]), np.array([0.5, 1.5, 2.5])))
    data = load(Task("tokens", train_fraction=0.7))
    assert data.train.inputs.dtype == np.int64
    assert (data.n_inputs, data.n_classes, data.train.targets.shape, data.train.targets.dtype) == (5, 1, (2, 1), "f4")


def test_an_activation_and_a_loss() -> None:
    """An absolute error of a network that is linear: its gradient is the mean of signs times inputs."""
    register("task", "numbers", lambda task: (X, X @ [1.0, 2.0]))
    register("activation", "as it is", lambda values: values)
    register("loss", "absolute", lambda outputs, targets: (outputs - targets).abs().mean())
    network = Network("mlp", {"widths": [1], "activation": "as it is"}, loss="absolute")
    trainer = Trainer(Sweep((Variant("a"),), Task("numbers"), seeds=(0,), network=network, hidden_bias=False))
    train, test = trainer.data.train, trainer.data.test
    into, out = trainer.networks.layout.split(trainer.rows[0]).values()
    slope = (out[0, 0] * into[0]).numpy()
    error = train.inputs @ slope - train.targets[:, 0]
    opened = trainer.networks.open(slice(0, 1), trainer.rows)
    gradient = trainer.networks.layout.split(opened.gradient(0)[0])["hidden.0.weight"][0]
    wanted = (np.sign(error)[:, None] * train.inputs).mean(0) * float(out[0, 0])
    np.testing.assert_allclose(gradient, wanted, rtol=1e-5)
    scores = opened.scores()[:, 0]
    left = test.inputs @ slope - test.targets[:, 0]
    np.testing.assert_allclose(scores[:2], [np.abs(error).mean(), np.abs(left).mean()], rtol=1e-5)
    np.testing.assert_allclose(scores[3], 1 - (left**2).mean() / test.targets.var(), rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda task: 3, r"The task 'bad' gives int, and has to give \(inputs, targets\), or a dataset"),
        (lambda task: (X[0], Y), r"gives inputs of shape \(2,\) and targets of shape \(30,\)\. Inputs have to be"),
        (lambda task: (X[:5], Y), r"gives inputs of shape \(5, 2\) and targets of shape \(30,\)"),
        (lambda task: (X * np.nan, Y), "The task 'bad' gives values that are NaN or infinite"),
        (lambda task: (X, Y - 1), "The task 'bad' gives classes below 0: they count from 0"),
    ],
)
def test_what_a_task_may_not_be(given, message: str) -> None:
    register("task", "bad", given)
    with pytest.raises(hoi.HoiError, match=message):
        load(Task("bad"))
