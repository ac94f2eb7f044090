"""The page of results: its prose is a template, and every number in it comes from a table when it is written."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hoi
from hoi_grokking.store import write

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["publish", "results_page"]

# Parts of figure_5.csv.
_PARTS = ("figure_2_values.csv", "figure_3_values.csv", "figure_4_values.csv")


def publish(out: Path, docs: Path) -> list[Path]:
    """Put tables and figures of a study, and the page that is made of them, into a folder of documentation.

    Parameters
    ----------
    out : Path
        Folder of a study; experiments that it does not hold keep the tables and figures that are there.
    docs : Path
        Gets grokking-results.md and grokking-results/.

    Returns
    -------
    list of Path
        What was written.
    """
    folder = docs / "grokking-results"
    written = []
    for kind, pattern in (("tables", "*.csv"), ("figures", "*.png")):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for path in sorted((out / kind).glob(pattern)):
            if path.name not in _PARTS:
                written.append(Path(shutil.copy(path, folder / kind)))
    page = docs / "grokking-results.md"
    write(page, results_page(folder / "tables"))
    return [*written, page]


def results_page(tables: Path) -> str:
    """The page with the numbers of some tables.

    Parameters
    ----------
    tables : Path
        Folder of csv files.

    Raises
    ------
    hoi.HoiError
        If a table or a row is missing, or a sentence does not fit the numbers any more.
    """
    from jinja2 import Environment, StrictUndefined

    held: dict[str, pd.DataFrame] = {}

    def table(name: str, **where: Any) -> pd.DataFrame:
        """Rows of a table whose columns have these values; a list means any of them."""
        import pandas as pd

        if name not in held:
            path = tables / f"{name}.csv"
            if not path.exists():
                raise hoi.HoiError(f"{path} is missing, and the page of results has numbers of it.")
            held[name] = pd.read_csv(path)
        rows = held[name]
        for column, value in where.items():
            column = column if column in rows else column.replace("_", " ")
            rows = rows[rows[column].isin(value if isinstance(value, list) else [value])]
        if rows.empty:
            raise hoi.HoiError(f"tables/{name}.csv has no row with {where}.")
        return rows

    def require(fits: Any, sentence: str) -> str:
        """Nothing, or an error where the prose says what the numbers do not."""
        if not fits:
            raise hoi.HoiError(f"The page of results says “{sentence}”, and its tables do not. Write it anew.")
        return ""

    page = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    page.filters |= {"span": _span, "number": _number}
    text = resources.files(__package__).joinpath("results.md").read_text(encoding="utf-8")
    return page.from_string(text).render(table=table, require=require)


def _number(value: float, digits: int = 2) -> str:
    """With so many decimals, and without a minus before zero."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _span(values: pd.Series, digits: int = 2) -> str:
    """Lowest to highest; one number if they are the same."""
    low, high = _number(values.min(), digits), _number(values.max(), digits)
    return low if low == high else f"{low} to {high}"
