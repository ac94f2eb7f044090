"""A run folder: settings, versions, curves, and the weights at each checkpoint.

    config.json              the sweep
    versions.json            what it was trained with
    curves.npz               step (n_steps,), and each of CURVES (n_models, n_steps)
    checkpoints/000123.npy   parameters of all models after 123 updates, (n_models, n_parameters) float32
    checkpoints/000123.json  a checksum of each model's parameters (none in folders of earlier versions)
    state.npz                parameters and moments of the optimiser, to go on from

Every file is written beside its place and then moved there, so that a kill leaves whole files only.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

import hoi
from hoi_grokking.config import Sweep, read

__all__ = ["Run", "checkpoint_steps", "versions", "write"]


def write(path: Path, content: str | Callable[[BinaryIO], Any]) -> None:
    """Put a file in place in one move; `content` is text, or a function that writes to the open file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(draft, "xb") as file:
            if isinstance(content, str):
                file.write(content.encode())
            else:
                content(file)
        os.replace(draft, path)
    except OSError as error:
        raise hoi.HoiError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an npz file, whose checksums are part of the format."""
    try:
        with open(path, "rb") as file, np.load(file) as arrays:
            return dict(arrays)
    except Exception as error:  # what damage makes the parsers of zip and numpy say is open
        raise hoi.HoiError(f"{str(path)!r} is damaged ({error}). Remove it and run again.") from error


def _sums(rows: np.ndarray, part: slice = slice(None)) -> dict[str, Any]:
    """Type and shape of an array, and the CRC-32 of each row, or of some of them."""
    sums = [zlib.crc32(np.ascontiguousarray(row).tobytes()) for row in rows[part]]
    return {"dtype": rows.dtype.str, "shape": list(rows.shape), "crc32": sums}


def checkpoint_steps(steps: int, n_checkpoints: int) -> list[int]:
    """0 and `n_checkpoints` log-spaced steps up to the last one (fewer if there are not as many steps)."""
    n, wanted = n_checkpoints, min(n_checkpoints, steps)
    while True:  # rounding makes the first ones coincide
        found = sorted({round(step) for step in np.geomspace(1, steps, n)})
        if len(found) >= wanted:
            return [0, *found]
        n += 1


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    from importlib.metadata import version

    packages = ("numpy", "scipy", "scikit-learn", "torch", "matplotlib")
    return {
        "hoi": hoi.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


class Run:
    """A run folder, new or there already.

    Parameters
    ----------
    path : Path
    sweep : Sweep, optional
        Needed for a new folder. A folder that holds another sweep is refused.
    """

    def __init__(self, path: Path | str, sweep: Sweep | None = None) -> None:
        self.path = Path(path)
        config = self.path / "config.json"
        if config.exists():
            try:
                self.sweep: Sweep = read(Sweep, json.loads(config.read_text()))
            except json.JSONDecodeError as error:
                raise hoi.HoiError(f"{str(config)!r} is damaged ({error}). Remove the run and train again.") from error
            if sweep is not None and sweep != self.sweep:
                raise hoi.HoiError(
                    f"{self.path} holds a run of other settings. Take another folder, or remove it."
                )
        elif sweep is None:
            raise hoi.HoiError(f"{self.path} is not a run folder: it has no config.json.")
        else:
            self.sweep = sweep
            write(self.path / "versions.json", json.dumps(versions(), indent=1))
            write(config, json.dumps(sweep.to_dict(), indent=1))
        self.checkpoint_steps = checkpoint_steps(self.sweep.steps, self.sweep.n_checkpoints)

    def record_steps(self) -> list[int]:
        """Steps that have a point on the curves."""
        return sorted({*range(0, self.sweep.steps + 1, self.sweep.evaluate_every), *self.checkpoint_steps})

    @property
    def finished(self) -> bool:
        """Whether all steps were trained. The curves are written last, and say so even where the weights, by far the
        largest files, have been removed: what has been measured and drawn needs them no more.
        """
        return (self.path / "curves.npz").exists()

    def checkpoint(self, step: int, member: int | None = None) -> np.ndarray:
        """Parameters at a checkpoint: of all models, or of one."""
        path = self._checkpoint(step)
        sums = path.with_suffix(".json")
        part = slice(None) if member is None else slice(member, member + 1)
        try:
            rows = np.load(path, mmap_mode="r")
            fits = True
            if sums.exists():
                wanted = json.loads(sums.read_text())
                fits = _sums(rows, part) == {**wanted, "crc32": wanted["crc32"][part]}
            chosen = rows if member is None else np.array(rows[member])
        except FileNotFoundError as error:
            raise hoi.HoiError(
                f"{str(path)!r} is missing: the run has no such checkpoint, or its weights were removed. Remove the "
                "run and train again."
            ) from error
        except Exception as error:  # what damage makes the parsers of numpy and JSON say is open
            raise hoi.HoiError(f"{str(path)!r} is damaged ({error}). Remove the run and train again.") from error
        if not fits:
            raise hoi.HoiError(
                f"{str(path)!r} does not fit its checksums: it was damaged. Remove the run and train again."
            )
        return chosen

    def save_checkpoint(self, step: int, rows: np.ndarray) -> None:
        """Store the parameters of all models at a step."""
        # the sums first: a checkpoint that is there has them
        write(self._checkpoint(step).with_suffix(".json"), json.dumps(_sums(rows)))
        write(self._checkpoint(step), lambda file: np.save(file, rows))

    def save_state(self, **arrays: np.ndarray) -> None:
        """Store what training goes on from."""
        write(self.path / "state.npz", lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]

    def load_state(self) -> dict[str, np.ndarray] | None:
        """What training goes on from; None before the first save."""
        path = self.path / "state.npz"
        return _read(path) if path.exists() else None

    def finish(self, curves: dict[str, np.ndarray]) -> None:
        """Store the curves, and drop the state: nothing goes on from here."""
        write(self.path / "curves.npz", lambda file: np.savez(file, **curves))  # type: ignore[arg-type]
        (self.path / "state.npz").unlink(missing_ok=True)

    def curves(self) -> dict[str, np.ndarray]:
        """`step` and each of CURVES (n_models, n_steps)."""
        return _read(self.path / "curves.npz")

    def member(self, label: str, seed: int) -> int:
        """Place of a model on the leading axis."""
        names = [(variant.label, one) for variant, one in self.sweep.members]
        if (label, seed) not in names:
            raise hoi.HoiError(f"The run has no model {label!r} with seed {seed}. It has: {names}.")
        return names.index((label, seed))

    def _checkpoint(self, step: int) -> Path:
        return self.path / "checkpoints" / f"{step:06d}.npy"
