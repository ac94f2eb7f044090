"""Multiplets as text and as HTML."""

from __future__ import annotations

import html as html_text
import json
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hoi._results.multiplets import Multiplet, Multiplets

__all__ = ["REDUNDANCY", "SYNERGY", "VALUES", "html", "summary", "text", "what_was_done"]

# one colour each in every table and picture: blue and vermilion of Okabe and Ito, which every eye tells apart
SYNERGY = "#0072B2"
REDUNDANCY = "#D55E00"

VALUES = ("oinfo", "tc", "dtc", "sinfo")


def text(result: Multiplets, max_rows: int = 20, names_width: int = 60) -> str:
    """Table in plain text: a title line, the first rows of each end, and what was evaluated."""
    lines = [summary(result)]
    if len(result):
        lines += ["", *_table(result, max_rows, names_width)]
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


def _shown(result: Multiplets, max_rows: int) -> list[int | None]:
    """Rows to show; None stands for rows left out. Of a search, the first rows of both ends are kept."""
    n = len(result)
    if n <= max_rows:
        return list(range(n))
    ends = [str(end) for end in result.extreme] if result.extreme is not None else ["lowest"] * n
    runs = [start for start in range(n) if start == 0 or ends[start] != ends[start - 1]] + [n]
    each = max(1, max_rows // (len(runs) - 1))
    shown: list[int | None] = []
    for start, stop in pairwise(runs):
        if len(shown) >= max_rows:
            shown.append(None)
            break
        shown += range(start, min(start + each, stop))
        if stop - start > each:
            shown.append(None)
    return shown


def _headings(result: Multiplets) -> list[str]:
    optional = [name for name in ("dataset", "extreme") if getattr(result, name) is not None]
    return [*optional, "order", *VALUES, "variables"]


def _cells(row: Multiplet, headings: list[str]) -> list[str]:
    """One row as strings, in the order of the headings."""
    cells = []
    for name in headings:
        if name == "variables":
            cells.append(", ".join(row.names))
        elif name in VALUES:
            cells.append(f"{getattr(row, name):z.4f}")
        else:
            cells.append(str(getattr(row, name)))
    return cells


def _table(result: Multiplets, max_rows: int, names_width: int) -> list[str]:
    """Lines of the table; numbers flush right, words flush left, names cut at `names_width`."""
    headings = _headings(result)
    rows: list[list[str] | None] = []
    for i in _shown(result, max_rows):
        if i is None:
            rows.append(None)
            continue
        cells = _cells(result[i], headings)
        if len(cells[-1]) > names_width:
            cells[-1] = cells[-1][: names_width - 1] + "…"
        rows.append(cells)
    full = [row for row in rows if row is not None]
    widths = [max(len(heading), *(len(row[j]) for row in full)) for j, heading in enumerate(headings)]
    words = {"extreme", "variables"}

    def line(cells: list[str]) -> str:
        pairs = zip(cells, widths, headings, strict=True)
        return "  " + "  ".join(c.ljust(w) if h in words else c.rjust(w) for c, w, h in pairs).rstrip()

    body = ["  …" if row is None else line(row) for row in rows]
    hidden = len(result) - len(full)
    more = [f"  ({hidden} more rows: .to_dataframe() has all of them)"] if hidden else []
    return [line(headings), *body, *more]


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
    if settings.get("backend"):
        work.append(f"backend {settings['backend']}")
    how = []
    if settings.get("estimator"):
        how.append(str(settings["estimator"]))
    if settings.get("ties") and "copula" in str(settings.get("estimator", "copula")):
        how.append(f"ties {settings['ties']}")
    if settings.get("bias_correction") is not None:
        how.append("bias corrected" if settings["bias_correction"] else "bias not corrected")
    if settings.get("n_samples") is not None:
        how.append(f"{settings['n_samples']:,} samples")
    return "\n".join(", ".join(part) for part in (work, how) if part)


def _duration(seconds: float) -> str:
    if seconds < 0.1:
        return f"{seconds * 1000:.2g} ms"
    return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"


_STYLE = """
.hoi-multiplets { font-size: 0.92em; line-height: 1.45; color: inherit; }
.hoi-multiplets .hoi-title { font-weight: 600; margin: 0.2em 0 0.5em; }
.hoi-multiplets table { border-collapse: collapse; color: inherit; background: transparent; }
.hoi-multiplets th { font-weight: 600; border-bottom: 1px solid rgba(128,128,128,0.6); }
.hoi-multiplets th, .hoi-multiplets td { padding: 0.2em 0.8em; text-align: right; background: transparent;
  color: inherit; white-space: nowrap; font-variant-numeric: tabular-nums; }
.hoi-multiplets tbody tr { border-bottom: 1px solid rgba(128,128,128,0.2); background: transparent; }
.hoi-multiplets .hoi-words { text-align: left; white-space: normal; }
.hoi-multiplets .hoi-name { display: inline-block; padding: 0 0.5em; margin: 0.05em 0.15em 0.05em 0;
  border-radius: 0.6em; background: rgba(128,128,128,0.18); }
.hoi-multiplets .hoi-bar { position: relative; display: inline-block; width: 7em; height: 0.75em;
  margin-right: 0.6em; vertical-align: -0.05em; }
.hoi-multiplets .hoi-value { display: inline-block; min-width: 4.2em; }
.hoi-multiplets .hoi-bar i { position: absolute; top: 0; bottom: 0; border-radius: 2px; }
.hoi-multiplets .hoi-bar b { position: absolute; left: 50%; top: -0.15em; bottom: -0.15em; width: 1px;
  background: rgba(128,128,128,0.7); }
.hoi-multiplets .hoi-note { opacity: 0.75; margin-top: 0.5em; }
.hoi-multiplets pre { white-space: pre-wrap; color: inherit; background: transparent; }
"""


def html(result: Multiplets, max_rows: int = 20) -> str:
    """Table for notebooks. Colours are inherited or half-transparent, so it reads on light and dark pages."""
    headings = _headings(result)
    # the ends of the bars; NaN and an all-zero column leave the bars empty
    reach = max((abs(v) for v in result.oinfo.tolist() if math.isfinite(v)), default=0.0) or 1.0
    body = []
    for i in _shown(result, max_rows):
        if i is None:
            body.append(f'<tr><td class="hoi-words" colspan="{len(headings)}">&hellip;</td></tr>')
            continue
        row = result[i]
        cells = []
        for name, cell in zip(headings, _cells(row, headings), strict=True):
            if name == "variables":
                chips = "".join(f'<span class="hoi-name">{html_text.escape(n)}</span>' for n in row.names)
                cells.append(f'<td class="hoi-words">{chips}</td>')
            elif name == "oinfo":
                value = f'<span class="hoi-value">{cell}</span>'
                cells.append(f"<td>{_bar(row.oinfo, reach)}{value}</td>")
            else:
                kind = ' class="hoi-words"' if name == "extreme" else ""
                cells.append(f"<td{kind}>{html_text.escape(cell)}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    left = {"extreme", "variables"}
    head = "".join(f"<th{' class=hoi-words' if h in left else ''}>{h}</th>" for h in headings)
    done = html_text.escape(what_was_done(result.settings)).replace("\n", "<br>")
    hidden = len(result) - sum(i is not None for i in _shown(result, max_rows))
    more = f"{hidden} more rows: .to_dataframe() has all of them<br>" if hidden else ""
    settings = ""
    if result.settings:
        listing = html_text.escape(json.dumps(result.settings, indent=1, ensure_ascii=False))
        settings = f"<details><summary>settings</summary><pre>{listing}</pre></details>"
    rows = "".join(body)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if len(result) else ""
    return (
        f'<div class="hoi-multiplets"><style>{_STYLE}</style>'
        f'<div class="hoi-title">{html_text.escape(summary(result))}</div>{table}'
        f'<div class="hoi-note">{more}{done}</div>{settings}</div>'
    )


def _bar(value: float, reach: float) -> str:
    """A bar left (synergy) or right (redundancy) of zero."""
    if not math.isfinite(value):
        return ""
    width = 50 * min(abs(value) / reach, 1.0)
    left, colour = (50 - width, SYNERGY) if value < 0 else (50.0, REDUNDANCY)
    span = f'<i style="left:{left:.1f}%;width:{width:.1f}%;background:{colour}"></i>'
    return f'<span class="hoi-bar">{span}<b></b></span>'
