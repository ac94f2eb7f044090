"""Run inside the environment of syntropy: `python in_syntropy.py request.json`. Imports nothing of this repository.

O-information of one set after the other, as its users call it: the distribution of the columns and
`o_information` in bits for states, and `o_information` in nats for neighbours, with the columns named.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata

import numpy as np


def main(request: dict) -> dict:
    from syntropy import discrete, knn
    from syntropy.discrete.utils import construct_joint_distribution

    X = np.ascontiguousarray(np.load(request["table"]).T)

    def value(members: list[int]) -> float:
        if request["estimator"] == "knn":
            return float(knn.o_information(X, request["neighbours"], tuple(members))[1])
        return float(discrete.o_information(construct_joint_distribution(X[members]))[1])

    values = [value(members) for members in request["check"]]
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < request["seconds"]:
        value(request["sets"][done % len(request["sets"])])
        done += 1
    versions = {name: metadata.version(name) for name in ("syntropyx", "numpy", "scipy")}
    return {"tool": "syntropy", "versions": versions, "values": values, "sets": done, "rate": done / spent}


if __name__ == "__main__":
    with open(sys.argv[1]) as source:
        request = json.load(source)
    try:
        answer = main(request)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    with open(request["answer"], "w") as target:
        json.dump(answer, target)
