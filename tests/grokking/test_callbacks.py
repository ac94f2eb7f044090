"""Trackers inside the trainers of Lightning and Hugging Face, with the real packages where they are installed.

They are not among the requirements of the tests: to run these, install lightning, transformers and accelerate.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks of PyTorch are followed")

import hoi  # noqa: E402
from hoi_grokking import Probe, callbacks, measure, track  # noqa: E402

PROBES = [Probe("neurons")]


# what the packages say about each other is not about us
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
def test_lightning(tmp_path: Path) -> None:
    """Three epochs of four batches, two of which go into a step."""
    pl = pytest.importorskip("lightning.pytorch", reason="Lightning is not installed")

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Sequential(torch.nn.Linear(5, 9), torch.nn.Tanh(), torch.nn.Linear(9, 1))

        def forward(self, values: Any) -> Any:
            return self.net(values)

        def training_step(self, batch: Any, _place: int) -> Any:
            loss = torch.nn.functional.mse_loss(self.net(batch[0]), batch[1])
            self.log("loss", loss)
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=0.01)

    def train(follows: bool) -> tuple[Any, Any]:
        pl.seed_everything(0, verbose=False)
        module, x = Module(), torch.randn(80, 5)
        data = torch.utils.data.TensorDataset(x, x[:, :1] * x[:, 1:2])
        follow = track(module, [x], ["net.1"], probes=PROBES, every=2)
        pl.Trainer(
            max_epochs=3, accumulate_grad_batches=2, accelerator="cpu", logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path,
            callbacks=[callbacks.lightning(follow)] if follows else [],
        ).fit(module, torch.utils.data.DataLoader(data, batch_size=20, shuffle=True))  # fmt: skip
        hidden = module.net[:2](x).detach().numpy()
        return module, (follow.to_dataframe(), measure(hidden, PROBES[0]))

    alone, _ = train(False)
    followed, (table, last) = train(True)
    assert table.step.tolist() == [0, 2, 4, 6]
    assert table.lowest.iloc[-1] == pytest.approx(last.lowest.value, abs=1e-6)
    assert table.loss.notna().all()
    for name, values in alone.state_dict().items():
        assert torch.equal(values, followed.state_dict()[name]), name


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
def test_hugging_face(tmp_path: Path) -> None:
    """A small GPT of the library, on random tokens."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("accelerate", reason="its Trainer needs accelerate")
    config = transformers.GPT2Config(
        vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0
    )
    tokens = torch.randint(11, (40, 6), generator=torch.Generator().manual_seed(0))
    data = [{"input_ids": row, "labels": row} for row in tokens]

    def train(follows: bool) -> tuple[Any, Any]:
        transformers.set_seed(0)
        model = transformers.GPT2LMHeadModel(config)
        follow = track(model, [{"input_ids": tokens}], ["transformer.h.0.mlp.act"], probes=PROBES, every=4)
        settings = transformers.TrainingArguments(
            tmp_path, num_train_epochs=2, per_device_train_batch_size=5, report_to=[], save_strategy="no",
            logging_steps=2, use_cpu=True, disable_tqdm=True,
        )  # fmt: skip
        chosen = [callbacks.hugging_face(follow)] if follows else []
        transformers.Trainer(model, settings, train_dataset=data, callbacks=chosen).train()
        return model, follow.to_dataframe()

    alone, _ = train(False)
    followed, table = train(True)
    assert table.step.tolist() == [4, 8, 12, 16]
    assert np.isfinite(table.lowest).all()
    assert table.loss.notna().any()
    for name, values in alone.state_dict().items():
        assert torch.equal(values, followed.state_dict()[name]), name


@pytest.mark.parametrize(
    ("make", "missing", "message"),
    [
        ("lightning", ["lightning", "lightning.pytorch", "pytorch_lightning"], "needs the package `lightning`"),
        ("hugging_face", ["transformers"], "needs the package `transformers`"),
    ],
)
def test_what_is_not_installed(
    make: str, missing: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(hoi.HoiError, match=message):
        getattr(callbacks, make)(lambda _step: None)
