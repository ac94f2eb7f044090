"""What numba keeps on disk: no folder for it, and damaged files."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import hoi
from hoi import HoiWarning
from hoi._backends import registry

ROOT = str(Path(hoi.__file__).parents[1])
cache = pytest.importorskip("hoi._backends.numba_.cache")


def test_without_a_folder_nothing_is_kept_and_it_is_said():
    # no locator of a cache serves files but that of IPython's cells: as in a read-only package without a home
    env = {**os.environ, "NUMBA_CACHE_LOCATOR_CLASSES": "IPythonCacheLocator", "PYTHONPATH": ROOT}
    program = """
import warnings, hoi
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    print(hoi.backends()["numba"])
    from hoi._backends.numba_ import tail
    print(tail.FLAGS["cache"], tail.sure_trace(3) > 0)
print([str(w.message)[:35] for w in said if issubclass(w.category, hoi.HoiWarning)])
"""
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "available\nFalse True\n['what numba compiles cannot be kept,']\n", done.stderr


def test_the_warning_says_the_way_out(monkeypatch):
    def refuse(function):
        raise RuntimeError("cannot cache function 'f': no locator available for file 'f.py'")

    monkeypatch.setattr(cache, "FunctionCache", refuse)
    with pytest.warns(HoiWarning, match="every process compiles anew, .* Set NUMBA_CACHE_DIR to a folder"):
        assert not cache.can_keep.__wrapped__()


def test_damaged_files_are_removed(tmp_path):
    index, code = pickle.dumps("0.60") + pickle.dumps(("stamp", {"key": "f.1.nbc"})), pickle.dumps((1, b"code" * 99))
    for suffix, whole in ((".nbi", index), (".nbc", code)):
        (tmp_path / f"good{suffix}").write_bytes(whole)
        (tmp_path / f"empty{suffix}").write_bytes(b"")
        (tmp_path / f"cut{suffix}").write_bytes(whole[:-9])
        (tmp_path / f"other{suffix}").write_bytes(b"\xff\xfe no pickle")
    (tmp_path / "module.pyc").write_bytes(b"")
    cache.remove_damaged(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.nbc", "good.nbi", "module.pyc"]
    cache.remove_damaged(tmp_path / "none")


def test_what_names_a_module_that_cannot_be_imported_yet_is_not_damaged(tmp_path):
    """The first walk that is imported looks at the files of all of them, which name modules that import it."""
    waits = tmp_path / "lanes.walk.1.nbc"
    waits.write_bytes(b"\x80\x04cmodule_that_waits\nName\n.")
    with pytest.raises(ModuleNotFoundError):
        pickle.loads(waits.read_bytes())
    cache.remove_damaged(tmp_path)
    assert waits.exists()


def test_damaged_files_of_numba_are_compiled_anew(tmp_path):
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": ROOT}
    program = "from hoi._backends.numba_ import tail; print(tail.sure_trace(3))"

    def run():
        done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = run()
    for suffix in (".nbi", ".nbc"):
        kept = list(tmp_path.rglob(f"*sure_trace*{suffix}"))
        assert kept
        for path in kept:
            path.write_bytes(path.read_bytes()[:-20])
        assert run() == first


def test_backends_never_raises(monkeypatch):
    def broken(name):
        raise OSError("libsomething.so: cannot open shared object file") if name == "torch" else ImportError("no")

    monkeypatch.setattr(registry, "load", broken)
    assert hoi.backends()["torch"].endswith("OSError: libsomething.so: cannot open shared object file.")
    assert not any(state == "available" for state in hoi.backends().values())
