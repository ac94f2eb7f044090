"""The part of the GPU benchmark that times THOI on the same card, where it is installed."""

from __future__ import annotations

import contextlib
import time
from math import comb
from typing import Any

import torch

from benchmarks.cases import factor_data

# Sets that are kept at each end.
N_BEST = 10


def thoi(bench: Any) -> None:
    """THOI on the same device, where it is installed: all sets of one order, both tails kept."""
    try:
        from thoi.measures.gaussian_copula import multi_order_measures
    except ImportError as error:
        bench.answer.add(skipped=f"thoi cannot be imported: {error}")
        return
    n, order, most = (7, 4, 5.0) if bench.dry_run else (100, 5, 6.0)
    X = torch.from_numpy(factor_data(1000, n))
    for batch in [50] if bench.dry_run else [100_000, 1_000_000]:
        tails = Tails(most)
        with contextlib.suppress(TimeoutError):
            multi_order_measures(
                X, order, order, batch_size=batch, device=bench.device, offload_to_cpu=False,
                batch_data_collector=tails.add, batch_aggregation=lambda items: None,
            )  # fmt: skip
        bench.wait()
        bench.answer.add(**{f"sets_per_second_batch_{batch}": tails.count / (time.perf_counter() - tails.began)})
    bench.answer.add(n=n, order=order)
    few = 8 if bench.dry_run else 40  # as it comes, with a table of every set
    began = time.perf_counter()
    multi_order_measures(torch.from_numpy(factor_data(1000, few)), order, order, device=bench.device)
    bench.wait()
    bench.answer.add(sets_per_second_table=comb(few, order) / (time.perf_counter() - began), n_of_table=few)


class Tails:
    """What THOI hands its results to: it picks both ends of a batch, and stops when the time is up."""

    def __init__(self, most: float) -> None:
        self.count, self.most, self.began = 0, most, time.perf_counter()

    def add(self, nplets: torch.Tensor, result: torch.Tensor, _: int) -> None:
        for largest in (False, True):
            torch.topk(result[:, 0, 2], min(N_BEST, len(nplets)), largest=largest)
        self.count += len(nplets)
        if time.perf_counter() - self.began > self.most:
            raise TimeoutError
