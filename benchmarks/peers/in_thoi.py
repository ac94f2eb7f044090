"""Run inside the environment of THOI: `python in_thoi.py request.json`. Imports nothing of this repository.

The request names a table (.npy), sets to check, and runs (way, order, batch size, seconds); the answer
(.json) holds the values of the sets, the rate of each run, and the rows it found.

Ways of calling it, each keeping the ten lowest and ten highest O-information seen so far:
- "multi_order": `multi_order_measures`, its own exhaustive search, with a collector that keeps both tails
  (its default keeps everything) and stops the search when the time is up;
- "nplets": `nplets_measures` on blocks of sets given as an index array (made before the clock starts);
- "internals": its two private functions fed with whole index batches, without the data loader. Not a way a
  user has; it shows what its arithmetic alone could do.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import sys
import time
from importlib import metadata

import numpy as np
import torch


def rss(field: str) -> int:
    """Bytes of VmRSS or VmHWM (peak) of this process."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


class OutOfTime(Exception):
    pass


class Tails:
    """The ten lowest and ten highest O-information of what has been evaluated."""

    def __init__(self) -> None:
        self.count = 0
        self.best = {False: [], True: []}

    def add(self, nplets: torch.Tensor, result: torch.Tensor) -> None:
        o = result[:, 0, 2]
        self.count += len(o)
        for largest, rows in self.best.items():
            values, at = torch.topk(o, min(10, len(o)), largest=largest)
            rows += [
                (v, tuple(m)) for v, m in zip(values.tolist(), nplets[at].tolist(), strict=True)
            ]
            rows.sort(key=lambda row: (-row[0] if largest else row[0], row[1]))
            del rows[10:]


def leading(n: int, k: int, skip: int, count: int) -> np.ndarray:
    """Rows skip .. skip + count of all sets in lexicographic order (fewer at the end)."""
    sets = itertools.islice(itertools.combinations(range(n), k), skip, skip + count)
    return np.fromiter(itertools.chain.from_iterable(sets), dtype=np.int64).reshape(-1, k)


def by_multi_order(X, k, batch, seconds):
    from thoi.measures.gaussian_copula import multi_order_measures

    tails = Tails()
    start = time.perf_counter()

    def collect(nplets, result, _):
        tails.add(nplets, result)
        if time.perf_counter() - start > seconds:
            raise OutOfTime

    try:
        multi_order_measures(
            X, k, k, batch_size=batch, batch_data_collector=collect, batch_aggregation=lambda items: None
        )
        finished = True
    except OutOfTime:
        finished = False
    return tails, time.perf_counter() - start, finished


def by_nplets(X, k, batch, seconds, block=20_000):
    from thoi.commons import _normalize_input_data
    from thoi.measures.gaussian_copula import nplets_measures

    tails, spent, skip = Tails(), 0.0, 0
    start = time.perf_counter()
    cov, _, n, T = _normalize_input_data(X)
    spent += time.perf_counter() - start
    while True:
        sets = leading(n, k, skip, max(block, batch))
        if not len(sets):
            return tails, spent, True
        start = time.perf_counter()
        result = nplets_measures(
            cov, sets, covmat_precomputed=True, T=T, batch_size=batch, verbose=logging.ERROR
        )
        tails.add(torch.as_tensor(sets), result)
        spent += time.perf_counter() - start
        skip += len(sets)
        if spent > seconds:
            return tails, spent, False


def by_internals(X, k, batch, seconds):
    from thoi.commons import _normalize_input_data
    from thoi.measures import gaussian_copula as gc

    tails, spent, skip = Tails(), 0.0, 0
    start = time.perf_counter()
    cov, _, n, T = _normalize_input_data(X)
    bias = gc._get_bias_correctors(T, k, batch, 1, cov.device, cov.dtype)
    spent += time.perf_counter() - start
    while True:
        sets = torch.as_tensor(leading(n, k, skip, batch))
        if not len(sets):
            return tails, spent, True
        start = time.perf_counter()
        part = gc._generate_nplets_covmats(cov, sets).view(len(sets), k, k)
        four = gc._get_fast_tc_dtc_from_batched_covmat(part, k, *(b[: len(sets)] for b in bias))
        tails.add(sets, torch.stack(four, dim=-1)[:, None, :])
        spent += time.perf_counter() - start
        skip += len(sets)
        if spent > seconds:
            return tails, spent, False


WAYS = {"multi_order": by_multi_order, "nplets": by_nplets, "internals": by_internals}


def measure(way: str, X: np.ndarray, k: int, batch: int, seconds: float, threads: int) -> dict[str, object]:
    """One run; a search that ends early is repeated while there is time, and its fastest call counts."""
    torch.set_num_threads(threads)
    end = time.perf_counter() + seconds
    tails, spent, finished = WAYS[way](X, k, batch, seconds)
    while finished and time.perf_counter() + spent < end:
        spent = min(spent, WAYS[way](X, k, batch, seconds)[1])
    return {
        "way": way, "order": k, "batch": batch, "threads": threads, "sets": tails.count, "seconds": spent,
        "rate": tails.count / spent, "finished": finished,
        "lowest": tails.best[False], "highest": tails.best[True],
    }


def values(X: np.ndarray, sets: list[list[list[int]]]) -> list[list[float]]:
    """O-information in nats of each list of equally long sets."""
    from thoi.measures.gaussian_copula import nplets_measures

    return [nplets_measures(X, np.array(s), verbose=logging.ERROR)[:, 0, 2].tolist() for s in sets]


def main(request: dict[str, object]) -> dict[str, object]:
    torch.set_num_threads(request["threads"])
    torch.set_grad_enabled(False)
    import thoi.measures.gaussian_copula  # noqa: F401  (memory counts from after the import)

    at_import = rss("VmRSS")
    X = np.load(request["table"])
    answer = {
        "tool": "thoi",
        "versions": {name: metadata.version(name) for name in ("thoi", "torch", "numpy")},
        "values": values(X, request["check"]),
        "runs": [measure(X=X, **{"threads": request["threads"], **run}) for run in request["runs"]],
    }
    answer["peak_above_import"] = rss("VmHWM") - at_import
    return answer


if __name__ == "__main__":
    with open(sys.argv[1]) as source:
        request = json.load(source)
    # its progress bars cannot be turned off
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        try:
            answer = main(request)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
    with open(request["answer"], "w") as target:
        json.dump(answer, target)
