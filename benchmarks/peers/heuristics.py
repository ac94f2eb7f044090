"""Tabu search beside THOI's annealing, on the 26 instances whose best set an exhaustive search knows.

    python -m benchmarks.peers.heuristics [--seeds 3]

Needs the environment of THOI (`python -m benchmarks.peers.environments`). Writes
`results/heuristics-<cpu>-<date>.json`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

import hoi
from benchmarks import machine
from benchmarks.peers.environments import python
from benchmarks.tabu import INSTANCES, RESULTS, system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = list(range(parser.parse_args().seeds))
    hoi.search(system("noise 60"), 4, method="tabu", backend="numba", n_restarts=1)  # compiles
    with tempfile.TemporaryDirectory() as folder:
        request, rows = [], []
        for name, orders in INSTANCES:
            data = system(name)
            matrix = Path(folder) / f"{name.replace(' ', '-')}.npy"
            scale = np.sqrt(np.diagonal(data.covariance))
            np.save(matrix, data.covariance / np.outer(scale, scale))
            for order in orders:
                exact = hoi.search(data, order, n_best=1, progress=False, backend="numba")
                for end, best in zip(("lowest", "highest"), exact.members, strict=True):
                    own = []
                    for seed in seeds:
                        began = time.process_time()
                        some = hoi.search(
                            data, order, n_best=1, which=end, method="tabu", seed=seed, backend="numba", threads=1
                        )
                        own.append((some.members[0] == best, time.process_time() - began))
                    request.append({"matrix": str(matrix), "samples": data.n_samples, "order": order,
                                    "highest": end == "highest", "seeds": seeds})  # fmt: skip
                    ours = {"found": sum(f for f, _ in own), "seconds": float(np.median([s for _, s in own]))}
                    rows.append({"data": name, "order": order, "end": end, "best": list(best), "hoi": ours})
        path = Path(folder) / "request.json"
        path.write_text(json.dumps(request))
        script = Path(__file__).with_name("annealing_in_thoi.py")
        subprocess.run(  # progress bars that cannot be turned off
            [str(python("thoi")), str(script), str(path)], check=True, stderr=subprocess.DEVNULL
        )
        answer = json.loads((Path(folder) / "answer.json").read_text())
    for row, runs in zip(rows, answer["runs"], strict=True):
        row["thoi"] = {"found": sum(run["members"] == row["best"] for run in runs),
                       "seconds": float(np.median([run["seconds"] for run in runs]))}  # fmt: skip
        print(row, flush=True)
    total = {tool: sum(row[tool]["found"] for row in rows) for tool in ("hoi", "thoi")}
    about = machine.describe()
    result = {"machine": about, "thoi": answer["version"], "greedy of thoi": answer["greedy"], "found": total,
              "of": len(seeds) * len(rows), "instances": rows}  # fmt: skip
    target = RESULTS / f"heuristics-{machine.slug(about)}.json"
    target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{total} of {result['of']}; greedy of THOI: {answer['greedy']}; written: {target}")


if __name__ == "__main__":
    main()
