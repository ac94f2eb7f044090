"""The page put together: a template, a style sheet and a script, and in them the values as JSON."""

from __future__ import annotations

import importlib.util
import json
import math
import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from hoi._errors import HoiError
from hoi._measures.registry import ALL
from hoi._results.columns import COUNTS, label, unit
from hoi._results.report.pictures import pictures
from hoi._results.text import headings, summary, what_was_done, where_from
from hoi._results.writing import check_place, complete_or_nothing
from hoi.plot._style import REDUNDANCY, SYNERGY

if TYPE_CHECKING:
    from hoi._results.multiplets import Multiplets

__all__ = ["check_target", "write"]

_SUFFIXES = (".html", ".htm")
_OPTIONAL = ("dataset", "extreme")


def write(result: Multiplets, path: str | os.PathLike[str], title: str | None = None) -> Path:
    """Write the page; the file appears only when it is complete."""
    path = Path(path).expanduser()
    check_target(path)
    text = _page(result, title or summary(result))
    with complete_or_nothing(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


def check_target(path: str | os.PathLike[str]) -> None:
    """Error unless the page can be written and its pictures can be drawn."""
    path = Path(path).expanduser()
    if path.suffix.lower() not in _SUFFIXES:
        raise HoiError(f"cannot write the report to {str(path)!r}: the suffix must be .html or .htm")
    check_place(path)
    for package in ("matplotlib", "jinja2"):
        if importlib.util.find_spec(package) is None:
            raise HoiError(f"{package} is needed for a report and is not installed: pip install 'hoi[plot]'")


def _page(result: Multiplets, title: str) -> str:
    """The whole page as text."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    settings = result.settings
    line = summary(result)
    methods, _, bibtex = result.methods().partition("\n\n")
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    # what is marked up already: the package's own style and script, pictures as SVG, JSON without a "<"
    return page.from_string(_file("page.html")).render(
        title=title,
        about=[line] * (title != line) + what_was_done(settings).splitlines() + where_from(settings),
        summary=result.summary(),
        methods=methods,
        bibtex=bibtex,
        remarks=list(settings.get("warnings") or []),
        sides=_sides(result.lead),
        synergy=SYNERGY,
        redundancy=REDUNDANCY,
        style=Markup(_file("page.css")),
        script=Markup(_file("page.js")),
        data=Markup(_data(result)),
        figures=[(caption, Markup(svg)) for caption, svg in pictures(result)],
        settings=[(key, value if isinstance(value, str) else json.dumps(value)) for key, value in settings.items()],
    )


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _data(result: Multiplets) -> str:
    """The rows as JSON by columns; no character of it can end the script element it stands in."""
    optional = {name: getattr(result, name) for name in _OPTIONAL if getattr(result, name) is not None}
    if result.dataset_names is not None:
        optional["dataset"] = result.dataset_names
    table = {
        "names": result.names,
        "units": result.units,
        "columns": headings(result)[:-1],
        "lead": result.lead,
        "synergy": 0 if result.lead is None else ALL[result.lead].synergy,
        "counts": [name for name in result.columns if name in COUNTS],
        "labels": {name: _in_words(name, result.units) for name in result.columns},
        "members": result.members,
        "order": result.order.tolist(),
        **{name: column.tolist() for name, column in optional.items()},
        **{name: [_number(v) for v in getattr(result, name).tolist()] for name in result.columns},
    }
    return json.dumps(table, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _sides(measure: str | None) -> tuple[str, str, str] | None:
    """The measure that the pictures are coloured by, and on which sides of 0 synergy and redundancy are."""
    if measure is None or not ALL[measure].synergy:
        return None
    sides = ("below", "above") if ALL[measure].synergy < 0 else ("above", "below")
    return (label(measure), *sides)


def _in_words(name: str, units: str) -> str:
    of = unit(name, units)
    return f"{label(name)}, in {of}" if of else label(name)


def _number(value: float) -> float | None:
    """JSON knows no NaN and no infinity."""
    return value if math.isfinite(value) else None
