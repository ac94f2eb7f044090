"""Run in the environment of this repository: `python in_hoi.py request.json`.

One process per search. The first call is timed apart: it holds the import of numba, and the compilation or
the reading of the cache on disk. The later ones are whole calls too: checks, ranks, covariance, search, rows.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np


def rss(field: str) -> int:
    """Bytes of VmRSS or VmHWM (peak) of this process."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


def clock(call, seconds: float, at_least: int) -> list[float]:
    """Seconds of each of several calls, for about `seconds` in all."""
    spent: list[float] = []
    while len(spent) < at_least or (sum(spent) < seconds and len(spent) < 200):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return spent


def main(request: dict) -> dict:
    X = np.load(request["table"])
    start = time.perf_counter()
    import hoi

    import_seconds = time.perf_counter() - start
    at_import = rss("VmRSS")
    order = request["order"]
    order = order if isinstance(order, int) else tuple(order)

    def search():
        return hoi.search(
            X, order, n_best=request["n_best"], backend=request["backend"], threads=request["threads"]
        )

    first = clock(search, 0.0, 1)[0]
    calls = clock(search, request["seconds"], request["at_least"])
    peak = rss("VmHWM") - at_import
    found = search()
    system = clock(lambda: hoi.GaussianSystem.from_data(X), 0.3, 3)
    return {
        "tool": "hoi (this repository)", "versions": {"hoi": hoi.__version__},
        "threads": found.settings.get("threads"), "backend": found.settings.get("backend"),
        "evaluated": found.settings.get("evaluated"), "skipped": found.settings.get("skipped"),
        "import_seconds": import_seconds, "first_call_seconds": first, "calls_seconds": calls,
        "transform_seconds": min(system), "peak_above_import": peak,
        "members": [list(map(int, m)) for m in found.members],
        "oinfo": np.asarray(found.oinfo).tolist(),
        "extreme": [] if found.extreme is None else [str(e) for e in found.extreme],
        "values": [np.asarray(hoi.oinfo(X, [tuple(s) for s in sets])).tolist() for sets in request["check"]],
    }


if __name__ == "__main__":
    with open(sys.argv[1]) as source:
        request = json.load(source)
    answer = main(request)
    with open(request["answer"], "w") as target:
        json.dump(answer, target)
