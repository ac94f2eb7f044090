"""`Table` and `Recordings`: numbers and names as every function reads them."""

from __future__ import annotations

from dataclasses import dataclass

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

    def __repr__(self) -> str:
        shape = self.values.shape
        sizes = [f"{n} {word}" for n, word in zip(shape[::-1], ("variables", "samples", "datasets"))]
        return f"Table({', '.join(reversed(sizes))})"


@dataclass(frozen=True, eq=False)
class Recordings:
    """Datasets of the same variables and of different lengths, which no array holds.

    Attributes
    ----------
    tables : tuple of Table
        Each of shape (n_samples, n_variables), with samples of its own number.
    datasets : tuple of str or None
        Names of the datasets, where there are some.
    """

    tables: tuple[Table, ...]
    datasets: tuple[str, ...] | None = None
