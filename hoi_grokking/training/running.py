"""Train a sweep into a run folder, from where it was left."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from hoi_grokking.config import Sweep
from hoi_grokking.store import Run
from hoi_grokking.training.trainer import CURVES, Trainer

__all__ = ["train"]

# Seconds of training that a kill may cost: the state is saved that often, and at the end.
_SAVE_EVERY = 20.0


def train(
    sweep: Sweep,
    path: Path | str,
    *,
    device: str = "cpu",
    threads: int | None = None,
    progress: bool | None = None,
    save_every: float = _SAVE_EVERY,
    stop_after: int | None = None,
) -> Run:
    """Train all models of a sweep, or go on with a run that was interrupted.

    Parameters
    ----------
    sweep : Sweep
    path : path
        The run folder (see :mod:`hoi_grokking.store`). A finished run is returned as it is.
    device : str
        "cpu" or "cuda".
    threads : int, optional
        Models trained at a time on a CPU.
    progress : bool, optional
        Show a bar; None shows one in a terminal.
    save_every : float
        Seconds between saves of the state.
    stop_after : int, optional
        Stop at the first checkpoint from this step on, as an interruption would. A later call goes on.

    Returns
    -------
    Run
        On a CPU an interrupted and resumed run equals a straight one to the last bit.

    Examples
    --------
    >>> import tempfile
    >>> from hoi_grokking import Sweep, Task, Variant, train
    >>> sweep = Sweep((Variant("plain"),), Task(modulus=5), seeds=(0,), width=8, steps=10)
    >>> run = train(sweep, tempfile.mkdtemp() + "/run")
    >>> run.curves()["train_accuracy"].shape
    (1, 11)
    """
    from tqdm import tqdm

    run = Run(path, sweep)
    if run.finished:
        return run
    trainer = Trainer(sweep, device, threads)
    record = run.record_steps()
    curves = np.full((len(CURVES), len(sweep.members), len(record)), np.nan)
    state = run.load_state()
    if state is not None:
        trainer.restore(state)
        curves[...] = state["curves"]
    saved = time.monotonic()
    bar = tqdm(
        total=sweep.steps,
        initial=trainer.step,
        unit="step",
        disable=None if progress is None else not progress,
    )
    with bar:
        for step in [step for step in run.checkpoint_steps if step >= trainer.step]:
            before = trainer.step
            due = [place for place, at in enumerate(record) if before <= at <= step]
            curves[:, :, due] = trainer.advance(step, [record[place] for place in due])
            bar.update(step - before)
            run.save_checkpoint(step, trainer.rows.cpu().numpy())
            stopping = stop_after is not None and step >= stop_after
            if stopping or time.monotonic() - saved > save_every:
                run.save_state(curves=curves, **trainer.state())
                saved = time.monotonic()
            if stopping:
                return run
    run.finish({"step": np.array(record), **dict(zip(CURVES, curves, strict=True))})
    return run
