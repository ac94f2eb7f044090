"""Files of a run under every fault: complete or not there, and a damaged one is named."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")

from hoi import HoiError
from hoi_grokking import store
from hoi_grokking.config import Sweep, Variant
from hoi_grokking.store import Run

SWEEP = Sweep((Variant("plain"),), seeds=(0, 100), width=4, steps=8, n_checkpoints=2)
ROWS = np.random.default_rng(0).normal(size=(2, 50)).astype(np.float32)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run(tmp_path / "run", SWEEP)
    made.save_checkpoint(8, ROWS)
    return made


def test_a_checkpoint_comes_back(run: Run) -> None:
    np.testing.assert_array_equal(run.checkpoint(8), ROWS)
    np.testing.assert_array_equal(run.checkpoint(8, 1), ROWS[1])


def test_a_checkpoint_of_an_earlier_version_has_no_sums(run: Run) -> None:
    (run.path / "checkpoints" / "000008.json").unlink()
    np.testing.assert_array_equal(run.checkpoint(8, 1), ROWS[1])


def test_a_finished_run_stays_one_without_its_weights(run: Run) -> None:
    assert not run.finished
    run.finish({"step": np.arange(9)})
    (run.path / "checkpoints" / "000008.npy").unlink()
    assert Run(run.path).finished
    with pytest.raises(HoiError, match=r"000008\.npy' is missing: .* its weights were removed\. Remove the run"):
        run.checkpoint(8)


def test_a_flipped_bit_of_a_checkpoint_is_noticed(run: Run) -> None:
    path = run.path / "checkpoints" / "000008.npy"
    content = path.read_bytes()
    for place in np.random.default_rng(1).choice(len(content) * 8, 300, replace=False).tolist():
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        for member, wanted in ((None, ROWS), (0, ROWS[0]), (1, ROWS[1])):
            try:
                found = run.checkpoint(8, member)
            except HoiError as error:
                assert "000008.npy" in str(error)
            else:
                np.testing.assert_array_equal(found, wanted)
    path.write_bytes(content[:100])
    with pytest.raises(HoiError, match=r"000008\.npy' is damaged"):
        run.checkpoint(8)


def test_a_damaged_state_or_curve_or_config_is_named(run: Run) -> None:
    run.save_state(step=np.array(3), rows=ROWS)
    path = run.path / "state.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    for damaged in (content, content[:50]):
        path.write_bytes(damaged)
        with pytest.raises(HoiError, match=r"state\.npz' is damaged .* Remove it and run again"):
            run.load_state()
    (run.path / "curves.npz").write_bytes(b"no archive")
    with pytest.raises(HoiError, match=r"curves\.npz' is damaged"):
        run.curves()
    (run.path / "config.json").write_text("{")
    with pytest.raises(HoiError, match=r"config\.json' is damaged"):
        Run(run.path)


def test_an_error_while_writing_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.txt"
    store.write(path, "old")

    def fail(file: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(HoiError, match=r"cannot write .*file\.txt': No space left on device"):
        store.write(path, fail)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file.txt"]
