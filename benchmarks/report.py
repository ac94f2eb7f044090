"""Write the measured tables of benchmarks/README.md from the result files: `python -m benchmarks.report`.

Everything between the markers of a section comes from the newest result of its kind; nothing there is typed
by hand. `--check` writes nothing and fails when the page is not what the files say.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
RESULTS = HERE / "results"


def newest(kind: str) -> Path:
    """The result file of a kind with the latest date in it."""
    found = list(RESULTS.glob(f"{kind}-*.json"))
    if not found:
        raise SystemExit(f"no {kind}-*.json in benchmarks/results: measure first (see benchmarks/README.md)")
    return max(found, key=lambda path: json.loads(path.read_text())["machine"]["date"])


def peers_section(report: dict) -> str:
    """The comparison: speed, memory, agreement, and the share of the arithmetic limit."""
    lines = [_measured_on(report), "", *_speed(report["cases"]), ""]
    jax = [case for case in report["cases"] if "jax" in case]
    lines += [f"Against {_name(jax[0]['jax'])}:", "", *_jax(jax), ""] if jax else []
    lines += ["First call, transform, and how near the values are:", "", *_detail(report["cases"]), ""]
    cold = report["cold_cache"]
    seconds = _seconds(cold["first_call_seconds"])
    lines += [f"First call with no compiled kernel on disk, {cold['label']}: {seconds}."]
    lines += ["", _limit_text(report), "", *_limit(report)]
    return "\n".join(lines)


def scaling_section(report: dict, path: Path) -> str:
    """One row for each series, and the picture."""
    lines = [_measured_on(report), "", f"![scaling](results/{path.with_suffix('.svg').name})", ""]
    for name, points in report["series"].items():
        varying = next(
            key for key in ("n_variables", "order", "threads", "n_datasets")
            if len({point[key] for point in points}) > 1 or len(points) == 1
        )
        cells = [[f"{name}"], ["sets/s"]]
        for point in points:
            cells[0].append(str(point[varying]))
            cells[1].append(_rate(point["rate"]))
        lines += [_row(cells[0]), _row(["---"] * len(cells[0])), _row(cells[1]), ""]
    return "\n".join(lines).rstrip()


def _measured_on(report: dict) -> str:
    """One line on the machine, the versions, the date, and what else the machine was doing."""
    about = report["machine"]
    parts = [
        f"{about['cpu']}, {about['cores']} cores ({', '.join(about['vector_instructions'])})",
        f"{about['memory_GB']} GB", str(about["system"]), f"Python {about['python']}",
        *(f"{name} {version}" for name, version in about["versions"].items()), str(about["date"]),
        f"load {about['load_at_start'][0]:.1f} at the start and {report['load_at_end'][0]:.1f} at the end",
    ]
    return ", ".join(parts) + (". A quick run: numbers are rough." if report.get("quick") else ".")


def _speed(rows: list[dict]) -> list[str]:
    head = ["sets (n, k)", "number of sets", "hoi: whole call", "hoi: sets/s", "hoi: memory", "THOI: sets/s",
            "THOI: way, batch", "THOI: evaluated", "THOI: memory", "ratio"]
    lines = [_row(head), _row(["---"] * len(head))]
    for row in rows:
        ours, thoi = row["hoi"], row["thoi"]
        lines.append(_row([
            row["label"], f"{row['n_sets']:.3g}", _seconds(ours["seconds"]), _rate(ours["rate"]),
            _megabytes(ours), _rate(thoi["rate"]), f"{thoi['way']}, {thoi['batch']}",
            "all" if thoi["finished"] else f"{thoi['sets']:.2g}", _megabytes(thoi),
            f"**{row['ratio_thoi']:.0f}**",
        ]))
    return lines


def _jax(rows: list[dict]) -> list[str]:
    head = ["sets (n, k)", "hoi: sets/s", "JAX tool: sets/s", "evaluated", "memory", "ratio"]
    lines = [_row(head), _row(["---"] * len(head))]
    for row in rows:
        jax = row["jax"]
        lines.append(_row([
            row["label"], _rate(row["hoi"]["rate"]), _rate(jax["rate"]), f"{jax['sets']:.2g}",
            _megabytes(jax), f"**{row['ratio_jax']:.0f}**",
        ]))
    return lines


def _detail(rows: list[dict]) -> list[str]:
    head = ["sets (n, k)", "samples", "first call of a process", "transform", "transform's share",
            "hoi - reference", "THOI - reference", "THOI's arithmetic alone, sets/s", "ratio to it"]
    lines = [_row(head), _row(["---"] * len(head))]
    for row in rows:
        ours = row["hoi"]
        lines.append(_row([
            row["label"], str(row["n_samples"]), _seconds(ours["first_call_seconds"]),
            _seconds(ours["transform_seconds"]), f"{ours['transform_seconds'] / ours['seconds']:.0%}",
            f"{row['agreement_nats']['hoi']:.0e} nats", f"{row['agreement_nats']['thoi']:.0e} nats",
            _rate(row["thoi"]["rate_of_internals"]), f"{ours['rate'] / row['thoi']['rate_of_internals']:.0f}",
        ]))
    return lines


def _limit_text(report: dict) -> str:
    limit, cores = report["limit_flops_per_core"], report["machine"]["cores"]
    fma, dgemm = limit["numba_fma_per_core"] / 1e9, limit["dgemm_per_core"] / 1e9
    return (
        f"Arithmetic limit of one core, float64: {fma:.1f} Gflop/s in chains of product-sums (numba), "
        f"{dgemm:.1f} Gflop/s in a matrix product. The flops of a set are those of the textbook sweep "
        f"(`benchmarks/arithmetic.py`); the share is of all {cores} cores and of whole calls, so transform "
        "and start count against it."
    )


def _limit(report: dict) -> list[str]:
    limit = max(report["limit_flops_per_core"].values()) * report["machine"]["cores"]
    head = ["sets (n, k)", "flops per set", "sets/s at the limit", "hoi: sets/s", "share of the limit"]
    lines = [_row(head), _row(["---"] * len(head))]
    for row in report["cases"]:
        rate, flops = row["hoi"]["rate"], row["flops_per_set"]
        lines.append(_row([
            row["label"], f"{flops:.0f}", _rate(limit / flops), _rate(rate), f"{rate * flops / limit:.0%}"
        ]))
    return lines


def _name(answer: dict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in answer["versions"].items())
    return f"the JAX tool published as `hoi` ({versions}; {answer['threads']} cores to use)"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rate(rate: float) -> str:
    return f"{rate:.2e}"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _megabytes(answer: dict) -> str:
    return f"{answer['peak_above_import'] / 1e6:.0f} MB"


def filled(page: str) -> str:
    """The page with every measured section written anew; a section without a result file is left as it is."""
    makers: dict[str, Callable[[dict, Path], str]] = {
        "peers": lambda report, path: peers_section(report),
        "scaling": scaling_section,
    }
    for kind, make in makers.items():
        if not list(RESULTS.glob(f"{kind}-*.json")):
            continue
        begin, end = f"<!-- {kind}: begin -->", f"<!-- {kind}: end -->"
        before, rest = page.split(begin)
        after = rest.split(end)[1]
        path = newest(kind)
        source = f"From `results/{path.name}`."
        page = f"{before}{begin}\n{source}\n\n{make(json.loads(path.read_text()), path)}\n{end}{after}"
    return page


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the page is not what the files say")
    args = parser.parse_args()
    page = PAGE.read_text()
    new = filled(page)
    if args.check:
        sys.exit("benchmarks/README.md is out of date: python -m benchmarks.report" if new != page else 0)
    PAGE.write_text(new)


if __name__ == "__main__":
    main()
