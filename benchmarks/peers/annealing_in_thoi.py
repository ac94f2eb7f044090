"""Run inside the environment of THOI: `python annealing_in_thoi.py request.json`. Imports nothing of this repository.

The request is a list of instances (a correlation matrix as .npy, samples or null, order, whether the highest is
wanted, seeds); the answer (.json) holds for each seed the best set of its simulated annealing as it comes (ten chains
of 1000 steps), and the processor time. Its greedy search cannot be timed: in version 0.2.42 it ends in a TypeError of
its own collector.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata

import numpy as np
import torch
from thoi.heuristics import greedy, simulated_annealing


def main() -> None:
    torch.set_num_threads(1)
    path = sys.argv[1]
    with open(path) as file:
        request = json.load(file)
    answer = {"version": metadata.version("thoi"), "runs": []}
    for instance in request:
        C = np.load(instance["matrix"])
        samples = instance["samples"] and [instance["samples"]]
        options = {"covmat_precomputed": True, "T": samples, "largest": instance["highest"]}
        found = []
        for seed in instance["seeds"]:
            torch.manual_seed(seed)
            began = time.process_time()
            sets, values = simulated_annealing([C], order=instance["order"], verbose=0, **options)
            best = int(values.argmax() if instance["highest"] else values.argmin())
            found.append({"members": sorted(sets[best].tolist()), "seconds": time.process_time() - began})
        answer["runs"].append(found)
    try:
        greedy([C], order=instance["order"], **options)
        answer["greedy"] = "runs"
    except TypeError as error:
        answer["greedy"] = f"{type(error).__name__}: {error}"
    with open(path.replace("request", "answer"), "w") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main()
