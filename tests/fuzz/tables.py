"""Text tables of every dialect, at random: the right table comes out, or a HoiError."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import numpy as np

from hoi import HoiError
from hoi._cli.reading import read_table

__all__ = ["case"]

NAMES = ["a", "Beta", "x 1", "größe", "speed (m/s)", "q,r", "1st", "2001", "7", "_", 'say "so"', "d;e", "Ω", "#3", "n2"]


def case(rng: np.random.Generator, folder: Path | None = None) -> str | None:
    """Write a table in a dialect, and read it: None where all is well, "asked" for an error, or what is wrong."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        values, raw, suffix, about = written(rng)
        path = Path(place) / f"x{suffix}"
        path.write_bytes(raw)
        try:
            found = read_table(str(path), missing="drop").values
        except HoiError:
            return "asked"
        except Exception as error:
            return f"{type(error).__name__}: {error} from {about}\n{raw[:400]!r}"
        right = values[np.isfinite(values).all(axis=1)]
        given = found.to_numpy()
        if given.shape != right.shape or not np.array_equal(given, right):
            return f"another table ({given.shape}, right is {right.shape}) from {about}\n{raw[:400]!r}"
    return None


def written(rng: np.random.Generator) -> tuple[np.ndarray, bytes, str, dict]:
    """Values, the bytes of a file that holds them, its suffix, and the dialect."""

    def one(*options, p=None):
        return options[rng.choice(len(options), p=p)]

    rows, columns = int(rng.integers(3, 12)), int(rng.integers(1, 7))
    separator = one(",", ";", "\t", " ", "|", p=[0.4, 0.25, 0.15, 0.1, 0.1])
    decimal = one(".", ",", p=[0.7, 0.3])
    thousands = one("", ",", ".", " ", "'", "\u202f", p=[0.75, 0.07, 0.07, 0.04, 0.04, 0.03])
    thousands = "" if thousands == decimal else thousands
    kind = one("normal", "integers", "large", "rounded", "small integers", "mixed", "three digits")
    values = _values(rng, kind, rows, columns)
    holes = rng.random(values.shape) < one(0, 0, 0, 0.1)
    values[holes] = np.nan
    gap = one("", "NA", "NaN", "#N/A", "null")
    quoting = one("needed", "all", "header", p=[0.7, 0.15, 0.15])
    about = {"separator": separator, "decimal": decimal, "thousands": thousands, "kind": kind, "quoting": quoting}

    def number(v: float) -> str:
        if np.isnan(v):
            return gap
        whole = v == int(v) and kind != "normal"
        text = f"{v:.3f}" if kind == "three digits" else f"{v:.0f}" if whole else repr(float(v))
        if "e" not in text and thousands:
            sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
            front, _, rest = text.partition(".")
            front = f"{int(front):,}".replace(",", thousands)
            return sign + front + (decimal + rest if rest else "")
        return text.replace(".", decimal)

    def cell(text: str, is_name: bool = False) -> str:
        # without another column nothing would show that a sign in a name is no separator
        signs = ",;| " if is_name and columns == 1 else separator
        must = any(sign in text for sign in (*signs, '"', "\n")) or (separator == " " and not text)
        if quoting == "all" or must or (quoting == "header" and is_name):
            return '"' + text.replace('"', '""') + '"'
        return text

    header = one("names", "none", "numbers", p=[0.7, 0.2, 0.1])
    names = [str(name) for name in rng.choice(NAMES, columns, replace=False)]
    if all(name.isdigit() for name in names):  # any whole numbers over whole numbers: nobody can tell
        names = ["a", "b"][:columns]
    if header == "numbers":
        start = int(one(0, 1, 2001))
        names = [str(start + i) for i in range(columns)]
    index = one("none", "counts", "labels", "gaps", "times", "of R", p=[0.6, 0.1, 0.1, 0.07, 0.06, 0.07])
    index = "none" if header == "none" else index
    step = np.cumsum(rng.integers(1, 5, rows))
    labels = {
        "counts": [str(i) for i in range(rows)],
        "labels": [f"s{i}" for i in range(rows)],
        "gaps": [str(i) for i in step],
        "times": [number(float(i) / 8) for i in step],
        "of R": [str(i + 1) for i in range(rows)],
    }.get(index)
    lines = [[cell(number(v)) for v in row] for row in values]
    if labels:
        quote = '"{}"' if index == "of R" else "{}"
        lines = [[quote.format(label) if index == "of R" else cell(label), *line] for label, line in zip(labels, lines)]
    top = [cell(name, is_name=True) for name in names]
    top = top if index in ("none", "of R") else ['""' if separator == " " else "", *top]
    about |= {"header": header, "index": index}
    text = [separator.join(line) for line in lines]
    if header != "none":
        text.insert(0, separator.join(top))
        if rng.random() < 0.07 and separator != " " and index != "of R":
            units = [one("(s)", "mV", "") for _ in top]
            text.insert(1, separator.join(units))
            about["units"] = units
    if rng.random() < 0.1 and separator != " ":
        begin = int(one(0, 1 if header != "none" else 0))
        text = text[:begin] + [line + separator for line in text[begin:]]
        about["trailing"] = begin
    comment = one("#", "%", "//")
    if rng.random() < 0.15:
        text[0:0] = [f"{comment} written by hand", f"{comment} a{separator}b"][: int(rng.integers(1, 3))]
    if rng.random() < 0.07:
        text.insert(int(rng.integers(1, len(text) + 1)), f"{comment} session 2")
    if rng.random() < 0.05 and separator != " ":
        text.insert(0, f"sep={separator}")
    if rng.random() < 0.1:
        text.insert(int(rng.integers(len(text) + 1)), "")
    end = one("\n", "\r\n", "\r", p=[0.7, 0.2, 0.1])
    whole = end.join(text) + (end if rng.random() < 0.8 else "")
    encoding = one("utf-8", "utf-8-sig", "utf-16", "latin-1", p=[0.7, 0.14, 0.1, 0.06])
    raw = whole.encode(encoding, "replace")
    about["encoding"] = encoding
    suffix = one(".csv", ".txt", ".dat") if separator != "\t" else one(".csv", ".tsv")
    if rng.random() < 0.05:
        return values, gzip.compress(raw), suffix + ".gz", about
    return values, raw, suffix, about


def _values(rng: np.random.Generator, kind: str, rows: int, columns: int) -> np.ndarray:
    """Values of one kind, none of them constant."""
    shape = (rows, columns)
    if kind == "mixed":
        parts = [_values(rng, str(rng.choice(["normal", "integers", "large"])), rows, 1) for _ in range(columns)]
        return np.hstack(parts)
    return {
        "normal": rng.normal(size=shape),
        "integers": rng.integers(-50, 2000, shape).astype(float),
        "large": np.round(rng.normal(size=shape) * 1e5, 2),
        "rounded": np.round(rng.normal(size=shape) * 100, 2),
        "small integers": rng.integers(0, 9, shape).astype(float),
        "three digits": np.round(rng.normal(size=shape) * 3, 3),
    }[kind]
