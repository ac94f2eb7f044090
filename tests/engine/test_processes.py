"""Searches in processes of their own: Ctrl-C, progress, memory, compiled kernels on disk, and others' threads.

Nothing here has a limit on time. A search that Ctrl-C does not stop ends by itself, and is then found out.
"""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hoi

ROOT = Path(__file__).parents[2]


def run(program: str, **environment: str) -> str:
    """What a Python program prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def interrupted(command: list[str]) -> tuple[int, str]:
    """Status and error stream of a process that gets Ctrl-C as soon as its progress bar has counted some sets."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT) as process:
        shown = b""
        while (some := process.stderr.read1()) and not (re.search(rb"[1-9][0-9.]*[kMG]?set/s", shown)):
            shown += some
        process.send_signal(signal.SIGINT)
        shown += some + process.stderr.read()
    return process.returncode, shown.decode()


# --- Ctrl-C and progress

STOPPED = r"stopped after ([\d,]+) of ([\d,]+) sets \((\d+\.\d)%\)"
# shapes that take half a minute and more
LONG = {"numba": (150, 6), "numpy": (60, 5), "torch": (100, 5)}


@pytest.mark.parametrize(("name", "threads"), [("numba", 1), ("numba", 2), ("numpy", 1), ("torch", 1)])
def test_ctrl_c_stops_a_search_and_says_how_far_it_came(name: str, threads: int) -> None:
    if name == "torch":
        pytest.importorskip("torch")
    n, order = LONG[name]
    status, shown = interrupted([sys.executable, "-c", f"""
import hoi
system = hoi.simulate.random_covariance({n}, seed=0)
hoi.search(hoi.GaussianSystem.from_covariance(system.covariance), {order}, backend={name!r}, threads={threads},
           progress=True)
"""])  # fmt: skip
    assert status != 0
    done, total, share = re.search(f"KeyboardInterrupt: {STOPPED}", shown).groups()
    assert 0 < int(done.replace(",", "")) < int(total.replace(",", ""))
    assert float(share) == pytest.approx(100 * int(done.replace(",", "")) / int(total.replace(",", "")), abs=0.06)


def test_ctrl_c_on_the_command_line(tmp_path: Path) -> None:
    table = tmp_path / "table.npy"
    np.save(table, hoi.simulate.random_covariance(150, seed=0).sample(400, seed=0))
    status, shown = interrupted(
        [sys.executable, "-m", "hoi", "search", str(table), "--order", "6", "--progress"]
    )
    assert status == 130
    assert re.search(f"hoi: interrupted: {STOPPED}", shown)


SEARCH = "import hoi; hoi.search(hoi.simulate.random_covariance(60, seed=0).sample(200, seed=0), 5, backend='numba'"
BAR = r"hoi: +\d+%\|.*\| [\d.]+[kMG]?/5.46M \[\d\d:\d\d<.+, .*set/s\]"  # done, of all; time so far, time left; rate


def test_progress_shows_rate_and_time_left_when_asked() -> None:
    command = [sys.executable, "-c", f"{SEARCH}, progress=True)"]
    asked = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert re.search(BAR, asked.stderr)
    assert asked.stderr.rstrip().splitlines()[-1].split("\r")[-1].startswith("hoi: 100%")


@pytest.mark.parametrize("asked", ["progress=False", "progress=None"])
def test_no_progress_goes_to_a_file(asked: str) -> None:
    program = f"from hoi._engine.progress import Progress; Progress._patience = 0; {SEARCH}, {asked})"
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_progress_shows_by_itself_in_a_terminal() -> None:
    import fcntl
    import pty
    import struct
    import termios

    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 120, 0, 0))
    command = [sys.executable, "-c", f"from hoi._engine.progress import Progress; Progress._patience = 0; {SEARCH})"]
    with subprocess.Popen(command, stderr=terminal, cwd=ROOT) as process:
        os.close(terminal)
        shown = b""
        try:
            while some := os.read(master, 1 << 16):
                shown += some
        except OSError:  # the other end is closed
            pass
    os.close(master)
    assert process.returncode == 0
    assert re.search(BAR, shown.decode())


# --- memory

MEMORY = """
import resource, sys
import numpy as np
import hoi

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

imported = peak()
system = hoi.GaussianSystem.from_data(np.random.default_rng(0).standard_normal((500, 106)))
small = hoi.GaussianSystem.from_covariance(system.covariance[:40, :40], 500)
hoi.search(small, 5, backend="numba")
"""


@pytest.mark.skipif(os.name != "posix", reason="needs getrusage")
def test_memory_of_a_search_does_not_grow_with_the_number_of_sets() -> None:
    used = run(MEMORY + """
few = peak()
found = hoi.search(system, 5, backend="numba")
print(few - imported, peak() - few, found.settings["evaluated"])
""")  # fmt: skip
    few, more, evaluated = map(int, used.split())
    assert evaluated == math.comb(106, 5)  # 1e8: one number for each would be 800 MB
    assert few + more < 300e6
    assert more < 20e6


@pytest.mark.skipif(os.name != "posix", reason="needs getrusage")
def test_memory_of_a_scan_does_not_grow_with_the_number_of_sets() -> None:
    used = run(MEMORY + """
blocks = hoi.scan(system, 4, backend="numba")
first = len(next(blocks))
few = peak()
total = first + sum(len(block) for block in blocks)
print(peak() - few, total)
""")  # fmt: skip
    more, sets = map(int, used.split())
    assert sets == math.comb(106, 4)  # 5e6, with members and values 300 MB
    assert more < 60e6


# --- compiled kernels

COMPILING = """
import sys
import hoi
from hoi._engine.progress import Progress
from numba.core import event

Progress._patience = 0
system = hoi.simulate.random_covariance(40, seed=0).covariance
compiled = []
for n, order in {shapes}:
    with event.install_recorder("numba:compile") as record:
        hoi.search(hoi.GaussianSystem.from_covariance(system[:n, :n]), order, backend="numba", progress=True)
    compiled.append(len(record.buffer))
print(compiled)
"""


def test_compiled_kernels_are_kept_and_serve_any_number_of_variables(tmp_path: Path) -> None:
    """A cold process compiles the one walk it needs and says so; a second one compiles nothing."""
    shapes = [(20, 3), (21, 3), (39, 3)]
    command = [sys.executable, "-c", COMPILING.format(shapes=shapes)]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}

    def process() -> tuple[list[int], str, set[str]]:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=True)
        return json.loads(done.stdout), done.stderr, {path.name for path in tmp_path.rglob("*.nbc")}

    (first, *others), shown, kept = process()
    assert first > 0
    assert others == [0, 0], "another number of variables"
    assert re.search(r"hoi: compiling", shown)
    walks = [name for name in kept if "walk" in name]
    assert len(walks) == 1, walks
    again, _, after = process()
    assert again == [0, 0, 0]
    assert after == kept


# --- beside others' threads and processes


def table(**options: object) -> str:
    """What a search must find in every process: members, and values to the last bit."""
    covariance = hoi.simulate.random_covariance(36, seed=1).covariance
    options = {"backend": "numba", "n_best": 20, "threads": 1, **options}
    found = hoi.search(hoi.GaussianSystem.from_covariance(covariance, 200), 5, **options)
    return repr((found.members, found.oinfo.tolist()))


PRELUDE = """
import warnings
import hoi
system = hoi.GaussianSystem.from_covariance(hoi.simulate.random_covariance(36, seed=1).covariance, 200)
def search(threads):
    found = hoi.search(system, 5, backend="numba", n_best=20, threads=threads)
    return repr((found.members, found.oinfo.tolist()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_workers_of_a_process_that_has_searched() -> None:
    program = PRELUDE + """
import multiprocessing
warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, from Python 3.12 on
before = search(2)
with multiprocessing.get_context("fork").Pool(2) as pool:
    found = pool.map(search, [1, 2, 2, 3])
print({before, *found, search(2)} == {search(1)}, search(1))
"""
    assert run(program) == f"True {table()}\n"


def test_workers_of_joblib() -> None:
    pytest.importorskip("joblib")
    program = PRELUDE + """
from joblib import Parallel, delayed
before = search(2)
for backend in ("loky", "threading"):
    found = Parallel(n_jobs=2, backend=backend)(delayed(search)(threads) for threads in (1, 2, 2))
    print({before, *found} == {search(1)})
print(search(2))
"""
    assert run(program) == f"True\nTrue\n{table()}\n"


@pytest.mark.parametrize("first", ["torch", "hoi"])
def test_torch_in_the_same_process(first: str) -> None:
    """Both have threads of their own, and may have an OpenMP each; the order in which they start does not matter."""
    pytest.importorskip("torch")
    use = "import torch; torch.set_num_threads(2); A = torch.rand(600, 600); B = (A @ A).sort().values"
    calls = [use, "found = search(2)"]
    program = PRELUDE + "\n".join(calls if first == "torch" else calls[::-1]) + """
C = (A @ A).sort().values
print(bool((B == C).all()), found == search(2), found)
"""
    assert run(program, OMP_NUM_THREADS="2") == f"True True {table()}\n"


def test_a_search_by_torch_and_one_by_numba_in_one_process() -> None:
    pytest.importorskip("torch")
    assert table(backend="torch") == table(threads=2) == table(backend="torch")


@pytest.mark.parametrize(("told", "asked", "used"), [("1", None, 1), ("3", None, 3), ("3", 2, 2), ("1", 4, 4)])
def test_the_number_of_threads(told: str, asked: int | None, used: int) -> None:
    """NUMBA_NUM_THREADS is what a search takes by itself, and `threads` what it takes when told."""
    program = PRELUDE + f"""
import threading
started = []
original = threading.Thread.start
threading.Thread.start = lambda self: started.append(self.name) or original(self)
found = hoi.search(system, 5, backend="numba", n_best=20, threads={asked})
print(found.settings["threads"], sum(name.startswith("hoi-") for name in started))
print(repr((found.members, found.oinfo.tolist())))
"""
    threads = used if used > 1 else 0  # one thread is the one that calls
    assert run(program, NUMBA_NUM_THREADS=told) == f"{used} {threads}\n{table()}\n"


def test_the_cores_of_the_process_are_the_default() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("needs sched_setaffinity")
    program = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from hoi._engine import threads; "
    environment = {"NUMBA_NUM_THREADS": ""}
    assert run(program + "print(threads.default_threads())", **environment) == "1\n"
