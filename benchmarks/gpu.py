"""Run every part of the GPU benchmark in a process of its own, with a limit on its time; see gpu.sh.

The results file is written anew after each part, and a part that runs out of time leaves what it had measured.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TOTAL_SECONDS = 460
# The first of all: imports, the context of the card, and compilers are cold. It does not count.
WARM_UP_SECONDS = 240

# part -> most seconds, in the order of what is wanted first: what changed since it was measured, then what never was
PARTS = {
    "ceiling": 30,
    "shape-200-5": 40,
    "shape-60-8": 40,
    "shape-1000-3": 30,
    "shape-100-5": 30,
    "crossover": 30,
    "thoi": 40,
    "about-target": 40,
    "shape-30-15": 40,
    "shape-1000-4": 50,
    "surrogates": 40,
    "precision": 30,
    "transform": 40,
    "launches": 50,
    "utilisation": 40,
    "profile": 40,
    "agreement": 150,
    "kernel-tests": 150,
    "contract-tests": 150,
    "sanitizer": 150,
}
# Those that time nothing: they come last, all at the same time, and have so many seconds that nothing else takes.
CHECKS = ("agreement", "kernel-tests", "contract-tests", "sanitizer")
CHECKS_SECONDS = 150


def tests(part: str, dry_run: bool) -> list[str]:
    """The pytest command of a part."""
    files = {
        "kernel-tests": [
            f"tests/backends/{name}.py" for name in ("test_pairs", "test_pairs_about_target", "triton_cases")
        ],
        "contract-tests": [
            "tests/backends/test_contract.py", "tests/api/test_search.py", "tests/api/test_scan.py", "-k", "cuda",
        ],
    }[part]
    if dry_run:
        files = {
            "kernel-tests": [*files, "-k", "(tile and 17) or little_room"],
            "contract-tests": [*files[:-1], "torch and triplets and contract"],
        }[part]
    # without the settings of pyproject.toml, which ask for a recent pytest, and take each warning for an error
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(ROOT), "--import-mode", "importlib"]
    return [sys.executable, "-m", "pytest", *options, *files]


def interpreter_is_broken(output: str) -> str:
    """Why Triton's interpreter could not run; empty if that was not it."""
    if "only 0-dimensional arrays can be converted to Python scalars" in output and "triton" in output:
        return "the interpreter of this Triton fails with this numpy, which makes no int of an array of one element"
    return ""


def run(part: str, seconds: float, dry_run: bool) -> dict[str, object]:
    """What a part has found, and how it ended: done, skipped, failed or out of time."""
    began = time.perf_counter()
    folders = [str(ROOT / "tests"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    if dry_run:
        environment |= {"TRITON_INTERPRET": "1", "HOI_TEST_BACKENDS": "torch", "OMP_NUM_THREADS": "1"}
    else:
        environment |= {"HOI_TEST_BACKENDS": "cuda"}
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        if part.endswith("-tests"):
            command = tests(part, dry_run)
        else:
            command = [sys.executable, "-m", "benchmarks.gpu_parts", part, str(answer), *["--dry-run"] * dry_run]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=seconds)
            status = "done" if process.returncode == 0 else "failed"
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            status = "out of time"
        found = json.loads(answer.read_text()) if answer.exists() else {}
    if status == "done" and "skipped" in found:
        status = "skipped"
    record = {"status": status, "wall_seconds": round(time.perf_counter() - began, 1), **found}
    if dry_run and status == "failed" and (reason := interpreter_is_broken(output)):
        record |= {"status": "skipped", "skipped": reason}
    elif status in ("failed", "out of time"):
        record["output"] = output[-3000:]
    elif part.endswith("-tests"):
        record["summary"] = output.strip().splitlines()[-1]
    return record


def table(parts: dict[str, Any]) -> str:
    """What the parts have measured of sets a second, as a table for eyes; the file has the rest."""
    rows = [["shape", "kernel", "screen", "sets/s", "numba, 2 threads", "times"]]
    for name, part in parts.items():
        numba = part.get("numba_two_threads_sets_per_second")
        for kernel in ("nvrtc", "triton"):
            found = part.get(kernel)
            if name.startswith("shape-") and isinstance(found, dict) and "sets_per_second" in found:
                rate = found["sets_per_second"]
                more = [f"{numba:.2e}", f"{rate / numba:.0f}"] if numba else ["", ""]
                shape = f"({part['n']}, {part['order']})"
                rows.append([shape, kernel, found["screening"], f"{rate:.2e}", *more])
        for n, order, gpu, *others in part.get("rows", []) if name == "crossover" else []:
            rows.append([f"({n}, {order})", "whole call", "ms", f"{1e3 * gpu:.2f}",
                         *(f"{1e3 * seconds:.2f}" for seconds in others)])  # fmt: skip
        for n, order, measure, walk, rate, *numba_rate in part.get("agree", []) if name == "about-target" else []:
            more = [f"{numba_rate[0]:.2e}", f"{rate / numba_rate[0]:.0f}"] if numba_rate else ["", ""]
            rows.append([f"({n}, {order})", "+".join(walk), measure, f"{rate:.2e}", *more])
    best: dict[tuple[object, ...], list[object]] = {}
    for row in parts.get("launches", {}).get("launches", []):
        key = tuple(row[:4])
        if key not in best or row[-1] > best[key][-1]:
            best[key] = row
    for n, order, planes, kind, threads, *_, rate in best.values():
        rows.append([f"({n}, {order})", f"launch, {planes} matrices, {threads} threads", kind, f"{rate:.2e}", "", ""])
    rows += [["", "thoi", name.removeprefix("sets_per_second_"), f"{value:.2e}", "", ""]
             for name, value in parts.get("thoi", {}).items() if name.startswith("sets_per_second")]  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--parts", help="names, separated by commas; all by default")
    settings = parser.parse_args()
    names = settings.parts.split(",") if settings.parts else list(PARTS)
    if unknown := set(names) - set(PARTS):
        parser.error(f"no part {sorted(unknown)}: choose from {', '.join(PARTS)}")
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    file = settings.out / ("gpu-dry-run.json" if settings.dry_run else f"gpu-{day}.json")
    results: dict[str, Any] = {"dry_run": settings.dry_run, "date": day, "parts": {}}
    results["warm_up"] = run("warm-up", WARM_UP_SECONDS, settings.dry_run)
    writing = threading.Lock()
    # a dry run may be one of many things on its machine, whose compilers then take long
    slow = 5 if settings.dry_run else 1
    end = time.perf_counter() + TOTAL_SECONDS * slow
    kept = CHECKS_SECONDS * slow * any(name in CHECKS for name in names)

    def part(name: str) -> None:
        left = end - time.perf_counter() - (0 if name in CHECKS else kept)
        if left < 5:
            record: dict[str, Any] = {"status": "out of time", "wall_seconds": 0.0}
        else:
            record = run(name, min(PARTS[name] * slow, left), settings.dry_run)
        with writing:
            results["parts"][name] = record
            partial = file.with_suffix(".part")
            partial.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            partial.replace(file)
            print(f"{name:15s} {record['status']:12s} {record['wall_seconds']:6.1f} s", flush=True)

    for name in names:
        if name not in CHECKS:
            part(name)
    with ThreadPoolExecutor(1 if settings.dry_run else len(CHECKS)) as pool:
        list(pool.map(part, [name for name in names if name in CHECKS]))
    print(table(results["parts"]))
    print(f"written: {file}")
    return int(any(record["status"] not in ("done", "skipped") for record in results["parts"].values()))


if __name__ == "__main__":
    sys.exit(main())
