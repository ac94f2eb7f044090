"""Multiplets as HTML for notebooks."""

from __future__ import annotations

import html as markup
import json
import math
from typing import TYPE_CHECKING

from hoi._results.text import cells, headings, shown, summary, what_was_done
from hoi.plot._style import colour

if TYPE_CHECKING:
    from hoi._results.multiplets import Multiplets

__all__ = ["table"]

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
.hoi-multiplets .hoi-value { display: inline-block; min-width: calc(var(--hoi-digits) * 1ch + 0.3em); }
.hoi-multiplets .hoi-bar i { position: absolute; top: 0; bottom: 0; border-radius: 2px; }
.hoi-multiplets .hoi-bar b { position: absolute; left: 50%; top: -0.15em; bottom: -0.15em; width: 1px;
  background: rgba(128,128,128,0.7); }
.hoi-multiplets .hoi-note { opacity: 0.75; margin-top: 0.5em; }
.hoi-multiplets pre { white-space: pre-wrap; color: inherit; background: transparent; }
"""


def table(result: Multiplets, max_rows: int = 20) -> str:
    """Table for notebooks. Colours are inherited or half-transparent, so it reads on light and dark pages."""
    heads = headings(result)
    words = ("extreme",) if result.dataset_names is None else ("extreme", "dataset")
    lead = result.lead
    # the ends of the bars; NaN and an all-zero column leave the bars empty
    values = [] if lead is None else getattr(result, lead).tolist()
    reach = max((abs(v) for v in values if math.isfinite(v)), default=0.0) or 1.0
    body = []
    digits = 0
    for i in shown(result, max_rows):
        if i is None:
            body.append(f'<tr><td class="hoi-words" colspan="{len(heads)}">&hellip;</td></tr>')
            continue
        row = result[i]
        columns = []
        for name, cell in zip(heads, cells(result, i, heads), strict=True):
            if name == "variables":
                chips = "".join(f'<span class="hoi-name">{markup.escape(n)}</span>' for n in row.names)
                columns.append(f'<td class="hoi-words">{chips}</td>')
            elif name == lead:
                bar = _bar(values[i], reach, name)
                digits = max(digits, len(cell))
                columns.append(f'<td>{bar}<span class="hoi-value">{cell}</span></td>')
            else:
                kind = ' class="hoi-words"' if cell and name in words else ""
                columns.append(f"<td{kind}>{markup.escape(cell)}</td>")
        body.append(f"<tr>{''.join(columns)}</tr>")
    left = {*words, "variables"}
    head = "".join(f"<th{' class=hoi-words' if h in left else ''}>{h}</th>" for h in heads)
    done = markup.escape(what_was_done(result.settings)).replace("\n", "<br>")
    hidden = len(result) - sum(i is not None for i in shown(result, max_rows))
    more = f"{hidden} more rows: .to_dataframe() has all of them<br>" if hidden else ""
    settings = ""
    if result.settings:
        listing = markup.escape(json.dumps(result.settings, indent=1, ensure_ascii=False))
        settings = f"<details><summary>settings</summary><pre>{listing}</pre></details>"
    rows = "".join(body)
    whole = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if len(result) else ""
    return (
        # values as wide as the widest, so that the zero of all bars is one line
        f'<div class="hoi-multiplets" style="--hoi-digits:{digits}"><style>{_STYLE}</style>'
        f'<div class="hoi-title">{markup.escape(summary(result))}</div>{whole}'
        f'<div class="hoi-note">{more}{done}</div>{settings}</div>'
    )


def _bar(value: float, reach: float, measure: str) -> str:
    """A bar left or right of zero, in the colour of its side where the measure has sides."""
    if not math.isfinite(value):
        return ""
    width = 50 * min(abs(value) / reach, 1.0)
    left, shade = 50 - width if value < 0 else 50.0, colour(value, measure)
    span = f'<i style="left:{left:.1f}%;width:{width:.1f}%;background:{shade}"></i>'
    return f'<span class="hoi-bar">{span}<b></b></span>'
