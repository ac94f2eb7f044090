"""Run inside the environment of dit: `python in_dit.py request.json`. Imports nothing of this repository.

O-information (bits) of one set after the other: states counted by numpy, a distribution of them, `o_information`.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata

import numpy as np


def main(request: dict) -> dict:
    import dit

    X = np.load(request["table"])

    def value(members: list[int]) -> float:
        states, counts = np.unique(X[:, members], axis=0, return_counts=True)
        distribution = dit.Distribution([tuple(map(str, state)) for state in states.tolist()], counts / counts.sum())
        return float(dit.multivariate.o_information(distribution))

    values = [value(members) for members in request["check"]]
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < request["seconds"]:
        value(request["sets"][done % len(request["sets"])])
        done += 1
    versions = {name: metadata.version(name) for name in ("dit", "numpy")}
    return {"tool": "dit", "versions": versions, "values": values, "sets": done, "rate": done / spent}


if __name__ == "__main__":
    with open(sys.argv[1]) as source:
        request = json.load(source)
    try:
        answer = main(request)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    with open(request["answer"], "w") as target:
        json.dump(answer, target)
