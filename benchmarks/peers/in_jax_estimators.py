"""Run inside the environment of the JAX tool published as `hoi`: `python in_jax_estimators.py request.json`.

Imports nothing of this repository. O-information (bits, float32) from states (`method="binning"`) or by nearest
neighbours. The tool compiles at every fit: two parts, its own full search of the first columns, are timed, and the
rate is that of the difference. Time is that of the processor, all threads together.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from math import comb

import numpy as np


def main(request: dict) -> dict:
    from hoi.metrics import Oinfo

    X, k = np.load(request["table"]), request["order"]
    # its neighbours are 3 unless told otherwise
    method = "binning" if request["estimator"] == "discrete" else "knn"

    def search(columns: int) -> float:
        start = time.process_time()
        found = Oinfo(X[:, :columns], verbose="ERROR").fit(minsize=k, maxsize=k, method=method)
        assert len(found) == comb(columns, k)
        return time.process_time() - start

    sets = np.array(request["check"])
    values = Oinfo(X, multiplets=sets, verbose="ERROR").fit(minsize=k, maxsize=k, method=method)[:, 0].tolist()
    small, large = request["columns"]
    search(small)
    seconds = search(large) - search(small)
    done = comb(large, k) - comb(small, k)
    versions = {name: metadata.version(name) for name in ("hoi", "jax", "jaxlib", "numpy")}
    return {"tool": "JAX", "versions": versions, "values": values, "sets": done, "rate": done / seconds}


if __name__ == "__main__":
    with open(sys.argv[1]) as source:
        request = json.load(source)
    try:
        answer = main(request)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    with open(request["answer"], "w") as target:
        json.dump(answer, target)
