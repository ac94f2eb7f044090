"""A tracker in somebody else's training loop: callbacks of Lightning and of the Trainer of Hugging Face.

Neither package is needed by the rest, and each is imported when its callback is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hoi

if TYPE_CHECKING:
    from hoi_grokking.measures.live import Tracker

__all__ = ["hugging_face", "lightning"]


def lightning(follow: Tracker) -> Any:
    """A callback of Lightning that calls a tracker after every optimiser step.

    Parameters
    ----------
    follow : Tracker
        Of the module that is trained; it is called with the trainer's `global_step`, and keeps what the training step
        logged as numbers (``self.log``).

    Returns
    -------
    lightning.pytorch.Callback

    Raises
    ------
    hoi.HoiError
        If neither `lightning` nor `pytorch_lightning` is installed.

    Examples
    --------
    ::

        follow = track(module, [inputs], ["net.1"], every=100)
        lightning.pytorch.Trainer(callbacks=[hoi_grokking.callbacks.lightning(follow)]).fit(module, loader)
        follow.to_dataframe()
    """
    try:
        from lightning.pytorch import Callback
    except ImportError:
        try:
            from pytorch_lightning import Callback
        except ImportError as error:
            raise hoi.HoiError(
                f"The callback of Lightning needs the package `lightning`, and it cannot be imported ({error}). "
                "Install it: pip install lightning."
            ) from error

    class Follow(Callback):
        """Calls the tracker once for each step of the optimiser, however many batches go into one."""

        def __init__(self) -> None:
            self._last = -1

        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            if trainer.global_step != self._last:
                self._last = trainer.global_step
                follow(self._last, **{name: float(value) for name, value in trainer.callback_metrics.items()})

    return Follow()


def hugging_face(follow: Tracker) -> Any:
    """A callback of the Trainer of Hugging Face's transformers that calls a tracker after every optimiser step.

    Parameters
    ----------
    follow : Tracker
        Of the model that is trained; it is called with the trainer's `global_step`, and keeps the numbers that were
        logged last.

    Returns
    -------
    transformers.TrainerCallback

    Raises
    ------
    hoi.HoiError
        If `transformers` is not installed.

    Examples
    --------
    ::

        follow = track(model, [dict(input_ids=tokens)], ["transformer.h.0.mlp"], every=100)
        transformers.Trainer(model, ..., callbacks=[hoi_grokking.callbacks.hugging_face(follow)]).train()
        follow.to_dataframe()
    """
    try:
        from transformers import TrainerCallback
    except ImportError as error:
        raise hoi.HoiError(
            f"The callback of Hugging Face needs the package `transformers`, and it cannot be imported ({error}). "
            "Install it: pip install transformers accelerate."
        ) from error

    class Follow(TrainerCallback):
        """Calls the tracker."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            logged = state.log_history[-1] if state.log_history else {}
            follow(state.global_step, **{name: value for name, value in logged.items() if name != "step"})

    return Follow()
