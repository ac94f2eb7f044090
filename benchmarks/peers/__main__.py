"""hoi beside the published tools, in one run on the same arrays: `python -m benchmarks.peers`.

For each shape: whole calls of `hoi.search`, then the published tool at its best batch size on the largest
part of the search that the time allows. The values of random sets from every tool are compared with the slow
reference, and what each tool found with what the other found; a difference stops the run.
See benchmarks/README.md for the conventions.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from math import comb
from pathlib import Path

import numpy as np

from benchmarks import arithmetic, cases, machine
from benchmarks.peers import environments
from tests import reference

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results"
WAYS = ("multi_order", "nplets")  # the public ways of calling THOI
BATCHES = (1_000, 3_000, 10_000, 30_000, 100_000)
GATHER_LIMIT = 4e9  # bytes: THOI gathers batch x order x variables numbers at once
TOLERANCE = {"hoi": 1e-10, "thoi": 1e-10, "jax": 1e-3}  # nats; the JAX tool works in float32
JAX_CASES = (cases.JAX_SHAPE.name,)
N_BEST = 10


class Disagreement(RuntimeError):
    """A tool's values or rows are not those of the reference: no time is worth reporting."""


class Bench:
    """One run: where the files go, how long to measure, and the processes that measure."""

    def __init__(self, folder: Path, seconds: float, threads: int, backend: str) -> None:
        self.folder, self.seconds, self.threads, self.backend = folder, seconds, threads, backend

    def ask(self, python: str | Path, script: str, request: dict, **environment: str) -> dict:
        """Run one script on one request in a process of its own and return its answer."""
        paths = {name: self.folder / f"{name}.json" for name in ("request", "answer")}
        request = {**request, "answer": str(paths["answer"]), "threads": self.threads}
        paths["request"].write_text(json.dumps(request))
        paths["answer"].unlink(missing_ok=True)
        done = subprocess.run(
            [str(python), str(HERE / script), str(paths["request"])],
            cwd=self.folder, env={**_environment(), **environment},
            check=False, stderr=subprocess.PIPE, text=True,
        )
        if not paths["answer"].exists():
            raise RuntimeError(f"{script} gave no answer:\n{done.stderr[-2000:]}")
        answer = json.loads(paths["answer"].read_text())
        if "error" in answer:
            raise RuntimeError(f"{script}: {answer['error']}")
        return answer

    def case(self, case: cases.Case) -> dict:
        """Everything about one shape."""
        start = time.perf_counter()
        X = case.data()
        table = self.folder / "table.npy"
        np.save(table, X)
        sets = [cases.random_sets(case.n_variables, k, 40).tolist() for k in case.orders]
        C = reference.peers_covariance(X)
        truth = [[reference.value("oinfo", C, s, case.n_samples) for s in some] for some in sets]
        base = {"table": str(table), "check": sets}

        row: dict = {
            "name": case.name, "label": case.label, "n_variables": case.n_variables, "low": case.low,
            "high": case.high, "n_samples": case.n_samples, "n_sets": case.n_sets,
            "flops_per_set": arithmetic.flops_per_set(case), "agreement_nats": {},
        }
        row["hoi"] = self.measure_hoi(case, base)
        row["agreement_nats"]["hoi"] = _agreement("hoi", row["hoi"].pop("values"), truth, 1.0)
        _check_rows(row["hoi"], C, case)
        say(f"{case.label}: hoi {row['hoi']['rate']:.3g} sets/s")

        row["thoi"] = self.measure_thoi(case, base)
        row["agreement_nats"]["thoi"] = _agreement("thoi", row["thoi"].pop("values"), truth, 1.0)
        _check_found(row["hoi"], row["thoi"], case)
        row["ratio_thoi"] = row["hoi"]["rate"] / row["thoi"]["rate"]
        say(f"{case.label}: thoi {row['thoi']['rate']:.3g} sets/s, ratio {row['ratio_thoi']:.0f}")

        if case.name in JAX_CASES:
            row["jax"] = self.measure_jax(case, base)
            row["agreement_nats"]["jax"] = _agreement("jax", row["jax"].pop("values"), truth, np.log(2))
            row["ratio_jax"] = row["hoi"]["rate"] / row["jax"]["rate"]
            say(f"{case.label}: JAX tool {row['jax']['rate']:.3g} sets/s, ratio {row['ratio_jax']:.0f}")
        row["seconds_spent"] = time.perf_counter() - start
        return row

    def measure_hoi(self, case: cases.Case, base: dict) -> dict:
        """Whole calls in a warm process; the first call of a process apart; the kernels are cached before."""
        request = {**base, "order": case.order, "n_best": N_BEST, "backend": self.backend}
        self.ask(sys.executable, "in_hoi.py", {**request, "check": [], "seconds": 0.0, "at_least": 1})
        answer = self.ask(
            sys.executable, "in_hoi.py", {**request, "seconds": min(self.seconds, 8.0), "at_least": 3}
        )
        seconds = min(answer["calls_seconds"])
        if answer["evaluated"] != case.n_sets:
            raise Disagreement(f"{case.label}: {answer['evaluated']} sets evaluated, not {case.n_sets}")
        return {**answer, "seconds": seconds, "rate": case.n_sets / seconds}

    def measure_thoi(self, case: cases.Case, base: dict) -> dict:
        """Best public way and batch size, found first, then three runs, of which the fastest counts."""
        python = environments.python("thoi")
        trial = self.seconds / 8
        probe = max(case.orders, key=lambda k: comb(case.n_variables, k))
        batches = [b for b in BATCHES if b * case.n_variables * probe * 8 < GATHER_LIMIT]
        runs = [
            {"way": way, "k": probe, "batch": batch, "seconds": trial}
            for way in (*WAYS, "internals") for batch in batches
        ]
        answer = self.ask(python, "in_thoi.py", {**base, "runs": runs})
        trials = sorted(answer["runs"], key=lambda run: -run["rate"])
        public = [run for run in trials if run["way"] in WAYS]
        internals = next(run for run in trials if run["way"] == "internals")

        if case.low == case.high:
            best = public[0]
            again = {"way": best["way"], "k": probe, "batch": best["batch"], "seconds": self.seconds / 3}
            again = [again, again, {**again, "threads": 1}]  # small batches may not gain from more threads
            final = self.ask(python, "in_thoi.py", {**base, "check": [], "runs": again})
            runs = [max([*final["runs"], best], key=lambda run: run["rate"])]
        else:  # every order on its own; each takes the faster of the two best settings
            again = [
                {"way": run["way"], "k": k, "batch": run["batch"], "seconds": self.seconds / 10}
                for k in case.orders for run in public[:2]
            ]
            final = self.ask(python, "in_thoi.py", {**base, "check": [], "runs": again})
            runs = [
                max((run for run in final["runs"] if run["order"] == k), key=lambda run: run["rate"])
                for k in case.orders
            ]
        seconds = sum(comb(case.n_variables, run["order"]) / run["rate"] for run in runs)
        return {
            "tool": "thoi", "versions": answer["versions"], "threads": runs[0]["threads"],
            "values": answer["values"], "rate": case.n_sets / seconds, "seconds_for_all": seconds,
            "finished": all(run["finished"] for run in runs), "sets": sum(run["sets"] for run in runs),
            "way": _common(runs, "way"), "batch": _common(runs, "batch"), "runs": runs,
            "rate_of_internals": internals["rate"], "peak_above_import": final["peak_above_import"],
            "trials": [{key: run[key] for key in ("way", "order", "batch", "rate")} for run in trials],
        }

    def measure_jax(self, case: cases.Case, base: dict) -> dict:
        run = {"order": case.low, "seconds": self.seconds}
        answer = self.ask(environments.python("jax-hoi"), "in_jax_hoi.py", {**base, "runs": [run] * 2})
        best = max(answer.pop("runs"), key=lambda run: run["rate"])
        return {**answer, **best}

    def cold_cache(self, case: cases.Case) -> dict:
        """First call of a process that has no compiled kernel on disk."""
        table = self.folder / "table.npy"
        np.save(table, case.data())
        request = {
            "table": str(table), "check": [], "order": case.order, "n_best": N_BEST, "backend": self.backend,
            "seconds": 0.0, "at_least": 1,
        }
        with tempfile.TemporaryDirectory() as cache:
            answer = self.ask(sys.executable, "in_hoi.py", request, NUMBA_CACHE_DIR=cache)
        return {"label": case.label, "first_call_seconds": answer["first_call_seconds"]}


def _environment() -> dict[str, str]:
    """Ours, with the repository importable for our own script and nothing that limits the peers' threads."""
    drop = ("PYTHONPATH", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "XLA_FLAGS")
    return {key: value for key, value in os.environ.items() if key not in drop}


def _agreement(tool: str, values: list, truth: list, unit: float) -> float:
    """Largest difference from the reference, in nats."""
    worst = max(
        float(np.max(np.abs(np.array(got) * unit - np.array(want))))
        for got, want in zip(values, truth, strict=True)
    )
    if not worst <= TOLERANCE[tool]:
        raise Disagreement(f"{tool}: values differ from the reference by {worst:.3g} nats")
    return worst


def _check_rows(found: dict, C: np.ndarray, case: cases.Case) -> None:
    """The rows that the search reports carry the values of their sets."""
    want = [reference.value("oinfo", C, members, case.n_samples) for members in found["members"]]
    worst = float(np.max(np.abs(np.array(want) - found["oinfo"])))
    if len(want) != 2 * min(N_BEST, case.n_sets) or not worst <= TOLERANCE["hoi"]:
        raise Disagreement(f"{case.label}: {len(want)} rows, off by {worst:.3g} nats")
    found["rows_difference_nats"] = worst


def _check_found(ours: dict, theirs: dict, case: cases.Case) -> None:
    """No set that the peer met beats our worst row unless it is one of our rows."""
    for extreme, sign in (("lowest", 1.0), ("highest", -1.0)):
        rows = [i for i, e in enumerate(ours["extreme"]) if e == extreme]
        members = {tuple(ours["members"][i]) for i in rows}
        bound = max(sign * ours["oinfo"][i] for i in rows)
        for run in theirs["runs"]:
            for value, of in run[extreme]:
                if sign * value < bound - 1e-9 and tuple(of) not in members:
                    raise Disagreement(f"{case.label}: {of} has {value} and is missing from our {extreme}")
    for run in theirs["runs"]:  # compared; too long to keep
        run.pop("lowest"), run.pop("highest")


def _common(runs: list[dict], key: str) -> object:
    """The setting of all the runs, or "varies"."""
    found = {run[key] for run in runs}
    return found.pop() if len(found) == 1 else "varies"


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/peers-<cpu>-<date>.json")
    parser.add_argument("--quick", action="store_true", help="a quarter of the time for each measurement")
    parser.add_argument("--seconds", type=float, default=15.0, help="time for each peer and shape")
    names = [c.name for c in cases.PEER_CASES]
    parser.add_argument("--cases", nargs="*", choices=names, help="some shapes only")
    parser.add_argument("--backend", default="numba")
    args = parser.parse_args()
    if environments.missing():
        parser.error("build the peers first: python -m benchmarks.peers.environments")

    about = machine.describe()
    say(f"{about['cpu']}, {about['cores']} cores, load {about['load_at_start'][0]:.2f}")
    chosen = [c for c in cases.PEER_CASES if not args.cases or c.name in args.cases]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), args.seconds / (4 if args.quick else 1), about["cores"], args.backend)
        report = {
            "kind": "peers", "quick": args.quick, "machine": about, "n_best": N_BEST,
            "limit_flops_per_core": arithmetic.fma_rate(),
            "cold_cache": bench.cold_cache(chosen[0]),
            "cases": [bench.case(case) for case in chosen],
        }
    report["load_at_end"] = list(os.getloadavg())
    out = args.out or RESULTS / f"peers-{machine.slug(about)}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")
    say(f"wrote {out.name}")


if __name__ == "__main__":
    main()
