"""Multiplets as plain text: the table, and sentences on what was done."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hoi._results.columns import COUNTS

if TYPE_CHECKING:
    from hoi._results.multiplets import Multiplet, Multiplets

__all__ = ["cells", "headings", "shown", "summary", "table", "what_was_done", "where_from"]

def table(result: Multiplets, max_rows: int = 20, names_width: int = 60) -> str:
    """Table in plain text: a title line, the first rows of each end, and what was evaluated."""
    lines = [summary(result)]
    if len(result):
        lines += ["", *_lines(result, max_rows, names_width)]
    done = what_was_done(result.settings)
    if done:
        lines += ["", done]
    return "\n".join(lines)


def summary(result: Multiplets) -> str:
    """One line: how many sets, of which orders, out of how many variables, in which unit."""
    count = f"{len(result)} set{'' if len(result) == 1 else 's'}"
    if len(result):
        low, high = int(result.order.min()), int(result.order.max())
        count += f" of {low}" if low == high else f" of {low} to {high}"
    of = f" out of {len(result.names)} variables"
    datasets = "" if result.dataset is None else f", {len(set(result.dataset.tolist()))} data sets"
    return f"Multiplets: {count}{of}{datasets}, values in {result.units}"


def shown(result: Multiplets, max_rows: int) -> list[int | None]:
    """Rows to show; None stands for rows left out. Of a search, the first rows of both ends are kept."""
    n = len(result)
    if n <= max_rows:
        return list(range(n))
    ends = [str(end) for end in result.extreme] if result.extreme is not None else ["lowest"] * n
    runs = [start for start in range(n) if start == 0 or ends[start] != ends[start - 1]] + [n]
    each = max(1, max_rows // (len(runs) - 1))
    rows: list[int | None] = []
    for start, stop in pairwise(runs):
        if len(rows) >= max_rows:
            rows.append(None)
            break
        rows += range(start, min(start + each, stop))
        if stop - start > each:
            rows.append(None)
    return rows


def headings(result: Multiplets) -> list[str]:
    """What each row shows, the measure that leads before the others."""
    optional = [name for name in ("dataset", "extreme") if getattr(result, name) is not None]
    lead = [name for name in result.columns if name == result.lead]
    return [*optional, "order", *lead, *(name for name in result.columns if name not in lead), "variables"]


def cells(result: Multiplets, i: int, names: list[str]) -> list[str]:
    """Row i as strings, in the order of the headings; datasets by their names."""
    row: Multiplet = result[i]
    values = {name: getattr(row, name) for name in names if name != "variables"}
    if result.dataset_names is not None:
        values["dataset"] = result.dataset_names[i]
    words = {
        name: f"{value:z.{0 if name in COUNTS else 4}f}" if isinstance(value, float) else str(value)
        for name, value in values.items()
    }
    return [", ".join(row.names) if name == "variables" else words[name] for name in names]


def _lines(result: Multiplets, max_rows: int, names_width: int) -> list[str]:
    """Lines of the table; numbers flush right, words flush left, names cut at `names_width`."""
    heads = headings(result)
    rows: list[list[str] | None] = []
    for i in shown(result, max_rows):
        if i is None:
            rows.append(None)
            continue
        row = cells(result, i, heads)
        if len(row[-1]) > names_width:
            row[-1] = row[-1][: names_width - 1] + "…"
        rows.append(row)
    full = [row for row in rows if row is not None]
    widths = [max(len(head), *(len(row[j]) for row in full)) for j, head in enumerate(heads)]
    words = {"extreme", "variables"} if result.dataset_names is None else {"extreme", "variables", "dataset"}

    def line(texts: list[str]) -> str:
        triples = zip(texts, widths, heads, strict=True)
        return "  " + "  ".join(c.ljust(w) if h in words else c.rjust(w) for c, w, h in triples).rstrip()

    body = ["  …" if row is None else line(row) for row in rows]
    hidden = len(result) - len(full)
    more = [f"  ({hidden} more rows: .to_dataframe() has all of them)"] if hidden else []
    return [line(heads), *body, *more]


def what_was_done(settings: dict[str, Any] | None) -> str:
    """Sentences on the work behind the rows, from whatever the settings hold."""
    settings = settings or {}
    work = []
    if settings.get("evaluated") is not None:
        work.append(f"{settings['evaluated']:,} set{'' if settings['evaluated'] == 1 else 's'} evaluated")
    if settings.get("skipped"):
        work.append(f"{settings['skipped']:,} skipped as singular")
    if settings.get("seconds") is not None:
        work.append(f"{_duration(settings['seconds'])}")
        if (before := settings.get("preparation_seconds") or 0) > 0.1:
            work[-1] += f" after {_duration(before)} of preparation"
    if settings.get("backend"):
        work.append(f"backend {settings['backend']}")
    how = []
    if settings.get("estimator"):
        how.append(str(settings["estimator"]))
    if settings.get("ties") and "copula" in str(settings.get("estimator", "copula")):
        how.append(f"ties {settings['ties']}")
    if settings.get("bias_correction") is not None:
        by = " by effective samples" if settings["bias_correction"] == "effective" else ""
        how.append(f"bias corrected{by}" if settings["bias_correction"] else "bias not corrected")
    if (samples := settings.get("n_samples")) is not None:
        each = samples if isinstance(samples, list) else [samples]
        how.append(f"{' to '.join(f'{n:,}' for n in sorted({min(each), max(each)}))} samples")
    return "\n".join(", ".join(part) for part in (work, how) if part)


def where_from(settings: dict[str, Any] | None) -> list[str]:
    """Sentences on the file that was read and the rows left out, where the settings name them."""
    settings = settings or {}
    said = [f"read from {settings['source']}"] if settings.get("source") else []
    if dropped := settings.get("dropped_rows"):
        said.append(f"{dropped:,} row{'' if dropped == 1 else 's'} with missing values left out")
    return said


def _duration(seconds: float) -> str:
    if seconds < 0.1:
        return f"{seconds * 1000:.2g} ms"
    return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
