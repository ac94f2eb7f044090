"""`Table` and `Recordings`: numbers and names as every function reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hoi._errors import HoiError
from hoi._typing import FloatArray

__all__ = ["Recordings", "Table"]


@dataclass(frozen=True, eq=False)
class Table:
    """Samples with names, as :func:`hoi.as_table` reads them from any container; accepted wherever data are.

    Attributes
    ----------
    values : ndarray, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
        float64. A missing or masked value is NaN. Columns that float64 cannot hold (integers beyond 2**53, long
        doubles) are moved so that their smallest value is 0.
    names : tuple of str or None
        Names of the variables, where the container has some.
    left_out : str
        What of a recording was left out, in words; empty if nothing was.
    gap : {"NaN", "masked"}
        What a missing value was.
    datasets : tuple of str or None
        Names of the datasets of a stack, where the container has some.

    Examples
    --------
    >>> import hoi
    >>> table = hoi.as_table([[1, 2], [2, 1], [3, 5]])
    >>> table
    Table(3 samples, 2 variables)
    >>> hoi.total_correlation(table) == hoi.total_correlation([[1, 2], [2, 1], [3, 5]])
    True
    """

    values: FloatArray
    names: tuple[str, ...] | None = None
    left_out: str = ""
    gap: str = "NaN"
    datasets: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.values, np.ndarray) or self.values.dtype != np.float64:
            raise HoiError(
                f"the values of a Table are a {type(self.values).__name__}, and an array of float64 is needed: "
                "hoi.as_table(values, names=...) makes a Table of anything."
            )
        shape = self.values.shape
        for what, labels, size in (("names", self.names, shape[-1:]), ("datasets", self.datasets, shape[:-2])):
            if labels is not None and len(shape) > 1 and (len(labels),) != size:
                raise HoiError(f"{what} has {len(labels)} entries and the values of the Table have shape {shape}.")

    def __repr__(self) -> str:
        shape = self.values.shape
        sizes = [f"{n} {word}" for n, word in zip(shape[::-1], ("variables", "samples", "datasets"))]
        return f"Table({', '.join(reversed(sizes))})"


@dataclass(frozen=True, eq=False)
class Recordings:
    """Datasets of the same variables and of different lengths, as :func:`hoi.as_table` reads them.

    They are accepted wherever data are.

    Attributes
    ----------
    tables : tuple of Table
        Each of shape (n_samples, n_variables), with samples of its own number.
    datasets : tuple of str or None
        Names of the datasets, where there are some.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> recordings = hoi.as_table({"one": np.eye(9, 2), "two": np.eye(5, 2)})
    >>> recordings
    Recordings(2 datasets, 5 to 9 samples, 2 variables)
    >>> recordings.datasets, recordings.tables[1]
    (('one', 'two'), Table(5 samples, 2 variables))
    """

    tables: tuple[Table, ...]
    datasets: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not self.tables or not all(isinstance(table, Table) and table.values.ndim == 2 for table in self.tables):
            raise HoiError("Recordings are made of tables (samples, variables): give hoi.as_table(...) of each.")
        first = self.tables[0]
        if any((t.names, t.values.shape[1]) != (first.names, first.values.shape[1]) for t in self.tables):
            raise HoiError("the tables of Recordings have different columns: give the same ones in the same order.")
        if self.datasets is not None and len(self.datasets) != len(self.tables):
            raise HoiError(f"datasets has {len(self.datasets)} entries and there are {len(self.tables)} tables.")

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the variables, where the tables have some."""
        return self.tables[0].names

    def __repr__(self) -> str:
        lengths = [len(table.values) for table in self.tables]
        return (
            f"Recordings({len(lengths)} datasets, {min(lengths)} to {max(lengths)} samples, "
            f"{self.tables[0].values.shape[-1]} variables)"
        )
