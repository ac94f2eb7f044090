"""What Windows does otherwise, on a system that is none: names of paths, files that are open, encodings, and functions
of the operating system that are not there. Processes that start anew are in tests/engine/test_executors.py."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import hoi
from hoi import HoiError, Multiplets
from hoi._cli.main import main
from hoi._results import writing

ROOT = Path(__file__).parents[1]
RESERVED = {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))}


def test_the_paths_of_the_tree_are_paths_there():
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git, or no checkout")
    paths = done.stdout.split("\0")[:-1]
    assert "hoi/__init__.py" in paths
    for path in paths:
        for part in path.split("/"):
            assert not re.search(r'[<>:"|?*\\\x00-\x1f]|[. ]$', part), path
            assert part.split(".")[0].lower() not in RESERVED, path
    assert max(map(len, paths)) < 160  # of 260, with the folder that it is checked out to
    assert [path for path, n in Counter(path.lower() for path in paths).items() if n > 1] == []


# --- a file that is open can be neither replaced nor removed


def is_open(path) -> bool:
    """Whether this process has the file open, or mapped."""
    real = os.path.realpath(path)
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            if os.path.realpath(descriptor) == real:
                return True
        except OSError:  # that of the listing itself
            continue
    return real in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def open_files_stay(monkeypatch):
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")

    def guarded(act):
        def only_if_closed(*paths, **more):
            for path in paths:
                if is_open(path):
                    raise PermissionError(13, "The process cannot access the file because it is being used", str(path))
            return act(*paths, **more)

        return only_if_closed

    for name in ("replace", "rename", "unlink", "remove"):
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))


def found():
    return hoi.search(np.random.default_rng(0).standard_normal((60, 5)), 3, n_best=2)


def test_an_open_file_is_seen(open_files_stay, tmp_path):
    path = tmp_path / "a.csv"
    with open(path, "w", encoding="utf-8"), pytest.raises(HoiError, match=r"cannot save to .* it is being used"):
        found().save(path)
    found().save(path)
    path.unlink()


@pytest.mark.parametrize("suffix", [".csv", ".nc", ".parquet", ".html"])
def test_results_replace_files_that_were_read(suffix, open_files_stay, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    if suffix == ".html":
        pytest.importorskip("matplotlib")
    path, put = tmp_path / f"result{suffix}", Multiplets.report if suffix == ".html" else Multiplets.save
    put(found(), path)
    again = Multiplets.load(path) if suffix in (".nc", ".parquet") else found()
    put(again, path)
    path.unlink()
    if suffix in (".nc", ".parquet"):
        path.write_bytes(b"damaged")
        with pytest.raises(HoiError):
            Multiplets.load(path)
        path.unlink()


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".npz", ".mat", ".parquet"])
def test_tables_are_closed_when_they_were_read(suffix, open_files_stay, tmp_path, capsys):
    path, table = tmp_path / f"data{suffix}", np.random.default_rng(0).standard_normal((60, 4))
    if suffix == ".csv":
        np.savetxt(path, table, delimiter=",", header="a,b,c,d", comments="")
    elif suffix == ".npy":
        np.save(path, table)
    elif suffix == ".npz":
        np.savez(path, table)
    elif suffix == ".mat":
        pytest.importorskip("scipy.io").savemat(path, {"X": table})
    else:
        pytest.importorskip("pyarrow")
        pytest.importorskip("pandas").DataFrame(table, columns=list("abcd")).to_parquet(path)
    assert main(["search", str(path), "--order", "3", "--out", str(tmp_path / "out.csv")]) == 0
    path.unlink()
    path.write_bytes(b"\x80no table")
    assert main(["search", str(path), "--order", "3"]) != 0
    path.unlink()
    assert capsys.readouterr().err


def test_checkpoints_are_closed_when_the_search_is_done_or_refused(open_files_stay, tmp_path):
    path, X = tmp_path / "search.checkpoint", np.random.default_rng(0).standard_normal((60, 6))
    hoi.search(X, 3, checkpoint=path)
    with pytest.raises(HoiError, match="holds another search"):
        hoi.search(X, 4, checkpoint=path)
    path.unlink()
    path.write_bytes(b"no database" * 99)
    with pytest.raises(HoiError):
        hoi.search(X, 3, checkpoint=path)
    path.unlink()


# --- what the system does not have


class Windows:
    """`os` where folders cannot be opened, as they have nothing to be brought to the disk."""

    name = "nt"

    def __getattr__(self, name):
        return getattr(os, name)

    def open(self, path, *more):
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied", str(path))
        return os.open(path, *more)


def test_folders_are_not_brought_to_the_disk_there(monkeypatch, tmp_path):
    monkeypatch.setattr(writing, "os", Windows())
    monkeypatch.setattr(writing, "_sync_folder", lambda folder: pytest.fail("tried"))
    assert found().save(tmp_path / "found.csv").stat().st_size > 0


WITHOUT = """
    import os, sys, warnings
    import numpy, scipy.stats, scipy.optimize, pandas, numba, sklearn.base, multiprocessing.pool, concurrent.futures
    for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
        sys.modules[name] = None
    for name in (
        "chown", "fchmod", "fork", "forkpty", "getegid", "geteuid", "getgid", "getgroups", "getloadavg", "getpgid",
        "getuid", "killpg", "mkfifo", "nice", "openpty", "pathconf", "posix_fallocate", "pread", "pwrite",
        "sched_getaffinity", "sched_setaffinity", "sendfile", "setsid", "statvfs", "sync", "sysconf", "uname", "wait3",
        "wait4",
    ):
        if hasattr(os, name):
            delattr(os, name)
    warnings.filterwarnings("error", category=EncodingWarning, module="hoi")
    import hoi
    from hoi._cli.main import main
    X = hoi.datasets.load_fmri().iloc[:, :6]
    found = hoi.search(X, 3, threads=2, checkpoint="Größe.checkpoint", backend="numpy")
    found = hoi.permutation_test(X, 3, n_resamples=19, seed=0, backend="numpy")
    found.save("Größe 脳.csv")
    hoi.Multiplets.load(found.save("Größe 脳.nc"))
    assert main(["show", "data.csv"]) == 0
    assert main(["search", "data.csv", "--order", "3", "--out", "best.csv"]) == 0
    assert main(["status", "Größe.checkpoint"]) == 0
"""


def test_without_functions_of_posix_and_in_an_encoding_of_one_byte(tmp_path):
    """The terminal has an encoding of its own, and no file is opened without one that is named."""
    table = "\r\n".join(["Größe;脳;c;d", *(f"{a:.3f};{b:.3f};{a + b:.3f};{a * b:.3f}" for a, b in POINTS)])
    (tmp_path / "data.csv").write_bytes(b"\xef\xbb\xbf" + table.encode())  # as a spreadsheet writes it there
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"}
    (tmp_path / "program.py").write_text(textwrap.dedent(WITHOUT), encoding="utf-8")
    command = [sys.executable, "-X", "warn_default_encoding", "program.py"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode("cp1252")
    shown = done.stdout.decode("cp1252")
    assert "Größe" in shown and r"\u8133" in shown
    assert "Größe; 脳; c" in (tmp_path / "best.csv").read_text(encoding="utf-8")


POINTS = np.random.default_rng(0).standard_normal((80, 2)).tolist()
