"""Run inside the environment of the JAX tool published as `hoi`: `python in_jax_hoi.py request.json`.

Imports nothing of this repository. The tool walks the sets one after the other: it has no batch size, and its
rate does not depend on the number of variables. The part it is given is its own full search of the first
columns; its `multiplets=` argument is slower, since it fills a table row by row. It compiles at every fit, so
two parts are timed and the rate is that of the difference: compilation and transform cost it nothing. Keeping
both tails is one sort of the values, inside the time.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import metadata
from math import comb

import numpy as np


def rss(field: str) -> int:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


def search(X: np.ndarray, k: int) -> tuple[int, float]:
    """Number of sets of k columns of X, and the seconds of evaluating them all and sorting."""
    from hoi.metrics import Oinfo

    start = time.perf_counter()
    values = Oinfo(X, verbose="ERROR").fit(minsize=k, maxsize=k)[:, 0]
    order = np.argsort(values)
    _ = order[:10], order[-10:]
    return len(values), time.perf_counter() - start


def values(X: np.ndarray, sets: list[list[int]]) -> list[float]:
    """O-information of the sets, in bits, float32."""
    from hoi.metrics import Oinfo

    k = len(sets[0])
    return Oinfo(X, multiplets=np.array(sets), verbose="ERROR").fit(minsize=k, maxsize=k)[:, 0].tolist()


def measure(X: np.ndarray, k: int, seconds: float) -> dict[str, object]:
    """The rate between a small part and one that takes about `seconds`."""
    n = X.shape[1]
    small, large = (next((m for m in range(k, n) if comb(m, k) >= count), n) for count in (2_000, 15_000))
    search(X[:, :small], k)
    sets_small, t_small = search(X[:, :small], k)
    sets, t = search(X[:, :large], k)
    rate = (sets - sets_small) / (t - t_small)
    longer = next((m for m in range(k, n) if comb(m, k) >= seconds * rate), n)
    if longer > large:
        large = longer
        sets, t = search(X[:, :large], k)
        rate = (sets - sets_small) / (t - t_small)
    return {
        "way": "Oinfo.fit", "order": k, "columns": large, "sets": sets, "seconds": t,
        "sets_small": sets_small, "seconds_small": t_small, "rate": rate, "rate_with_compilation": sets / t,
    }


def main(request: dict[str, object]) -> dict[str, object]:
    import jax

    from hoi.metrics import Oinfo  # noqa: F401  (memory counts from after the import)

    at_import = rss("VmRSS")
    X = np.load(request["table"])
    check = [values(X, sets) for sets in request["check"]]
    runs = [measure(X, run["order"], run["seconds"]) for run in request["runs"]]
    return {
        "tool": "hoi (JAX)", "threads": len(os.sched_getaffinity(0)),
        "devices": [str(d) for d in jax.devices()],
        "versions": {name: metadata.version(name) for name in ("hoi", "jax", "jaxlib", "numpy")},
        "values": check, "runs": runs, "peak_above_import": rss("VmHWM") - at_import,
    }


if __name__ == "__main__":
    with open(sys.argv[1]) as source:
        request = json.load(source)
    try:
        answer = main(request)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    with open(request["answer"], "w") as target:
        json.dump(answer, target)
