"""`Multiplets`: sets of variables with their measures, the one result type of the library."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, overload

import numpy as np

from hoi._errors import HoiError
from hoi._measures.registry import ALL
from hoi._results import files, formats, html, report, text
from hoi._results.columns import STATISTICS, in_order
from hoi._results.drawing import Pictures
from hoi._results.graphs import Graphs
from hoi._results.rows import Multiplet, row_type
from hoi._results.selection import Selection
from hoi._results.settings import Settings
from hoi._results.words import Words

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas
    import xarray
    from numpy.typing import ArrayLike

__all__ = ["Multiplets", "annotated"]

class Multiplets(Selection, Words, Graphs):
    """Sets of variables with their measures of higher-order interaction.

    `hoi.search`, `hoi.scan` and `hoi.measures` return it. Rows keep the order in which they were reported.
    The arrays are copies, and read-only. Indexing by an integer gives one row, by a slice, a mask or an array of
    integers a smaller `Multiplets`.

    Parameters
    ----------
    indices : array of int, shape (n_sets, largest_order)
        Column indices of the members of each set; sets of fewer members are filled up with -1 at the end.
    names : sequence of str
        Names of all the variables of the system, not only of those in the sets.
    dataset : array of int, shape (n_sets,), optional
        Which data set each row belongs to; None when the data were a single table.
    extreme : sequence of str, length n_sets, optional
        "lowest" or "highest": which end of the ranking each row of a search belongs to.
    settings : dict, optional
        What is needed to repeat the call and what the call did: measure, order, estimator, ties,
        bias_correction, units, backend, seed, evaluated, skipped, seconds, versions and so on. Anything that
        JSON can hold. It cannot be changed afterwards; ``copy.deepcopy(found.settings)`` is a dict that can.
    **columns : array of float, shape (n_sets,)
        Values by name, each an attribute of the result: measures (``tc``, ``dtc``, ``oinfo``, ``sinfo`` and those
        about a target), in ``settings["units"]`` (nats when it is absent), and ``statistic``, ``pvalue``, ``low``
        and ``high`` of the measure that was tested. The latter four are None in a result without them.

    Raises
    ------
    HoiError
        When lengths differ, an index is out of range or no integer, a column is not known, or the settings cannot
        be written as JSON.

    Examples
    --------
    >>> from hoi import Multiplets
    >>> found = Multiplets([[0, 1, 2], [1, 2, -1]], ["LHip", "LAmy", "LPCC"], oinfo=[-0.4, 0.0], tc=[0.5, 0.2])
    >>> found.member_names
    [('LHip', 'LAmy', 'LPCC'), ('LAmy', 'LPCC')]
    >>> found[0].oinfo
    -0.4
    >>> len(found[found.oinfo < 0])
    1
    >>> found.columns
    ('tc', 'oinfo')
    """

    __slots__ = ("__weakref__", "_values", "dataset", "extreme", "indices", "names", "settings")

    indices: np.ndarray
    names: tuple[str, ...]
    dataset: np.ndarray | None
    extreme: np.ndarray | None
    settings: dict[str, Any]

    def __init__(
        self,
        indices: ArrayLike,
        names: Iterable[str],
        *,
        dataset: ArrayLike | None = None,
        extreme: ArrayLike | None = None,
        settings: Mapping[str, Any] | None = None,
        **columns: ArrayLike,
    ) -> None:
        labels = tuple(map(str, names))
        members = _checked_indices(indices, labels)
        fields: dict[str, Any] = {
            "indices": members,
            "names": labels,
            "dataset": None if dataset is None else np.array(dataset, dtype=np.intp),
            "extreme": None if extreme is None else np.array(extreme, dtype=object),
            "_values": {name: np.array(columns[name], dtype=np.float64) for name in in_order(columns)},
            "settings": Settings(settings or {}),
        }
        for name, column in {"dataset": fields["dataset"], "extreme": fields["extreme"], **fields["_values"]}.items():
            if column is None:
                continue
            if column.shape != (len(members),):
                raise HoiError(
                    f"{name} of Multiplets has shape {column.shape}, but there are {len(members)} sets"
                )
            column.flags.writeable = False
        members.flags.writeable = False
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        # not found the usual way: a column, or one that this result does not have
        values = {} if name.startswith("_") else self._values
        if name in values:
            return values[name]
        if name in STATISTICS:
            return None
        if name in ALL:
            there = ", ".join(values) or "none"
            raise AttributeError(f"this result has no column {name!r}; its columns are {there}", name=name, obj=self)
        raise AttributeError(f"Multiplets has no attribute {name!r}", name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a result cannot be changed: Multiplets.{name} is read-only")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.columns})

    def __reduce__(self) -> tuple[Any, ...]:
        return _result_from, (self.indices, self.names, self._columns())

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of numbers: measures in the order of the registry, then statistics."""
        return tuple(self._values)

    @property
    def lead(self) -> str | None:
        """The measure that a reader looks at first: the one searched for, else O-information, else the first."""
        wanted = self.settings.get("measure")
        measures = [name for name in self.columns if name in ALL]
        return next((name for name in (wanted, "oinfo", *measures) if name in measures), None)

    def _columns(self) -> dict[str, Any]:
        """What the constructor takes by keyword."""
        return {"dataset": self.dataset, "extreme": self.extreme, "settings": self.settings, **self._values}

    # -- rows -------------------------------------------------------------------------------------

    @property
    def members(self) -> list[tuple[int, ...]]:
        """Column indices of each set, one tuple per row."""
        return [tuple(i for i in row if i >= 0) for row in self.indices.tolist()]

    @property
    def member_names(self) -> list[tuple[str, ...]]:
        """Names of the variables of each set, one tuple per row."""
        return [tuple(self.names[i] for i in row) for row in self.members]

    @property
    def order(self) -> np.ndarray:
        """Number of variables in each set, shape (n_sets,)."""
        return (self.indices >= 0).sum(axis=1)

    @property
    def units(self) -> str:
        """Unit of the measures: "nats" or "bits"."""
        return str(self.settings.get("units", "nats"))

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Multiplet]:
        return (self._row(i) for i in range(len(self)))

    @overload
    def __getitem__(self, key: int) -> Multiplet: ...
    @overload
    def __getitem__(self, key: slice | ArrayLike) -> Multiplets: ...
    def __getitem__(self, key: Any) -> Multiplet | Multiplets:
        if isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_)):
            if not -len(self) <= key < len(self):
                raise IndexError(f"row {key} of Multiplets with {len(self)} rows")
            return self._row(int(key))
        if isinstance(key, str):
            raise HoiError(
                f"Multiplets[{key!r}]: rows are chosen by number, slice or mask; for a column use .{key}"
            )
        if not isinstance(key, slice):
            key = np.asarray(key) if len(key) else np.empty(0, dtype=np.intp)
        part = {name: column[key] for name, column in self._columns().items() if isinstance(column, np.ndarray)}
        return Multiplets(self.indices[key], self.names, settings=self.settings, **part)

    def _row(self, i: int) -> Multiplet:
        """Row i as a named tuple of plain Python values."""
        members = tuple(j for j in self.indices[i].tolist() if j >= 0)
        fields = ("members", "names", "order", *self.columns, "dataset", "extreme")
        return row_type(fields)(
            members,
            tuple(self.names[j] for j in members),
            len(members),
            *[float(column[i]) for column in self._values.values()],
            None if self.dataset is None else int(self.dataset[i]),
            None if self.extreme is None else str(self.extreme[i]),
        )

    # -- other forms ------------------------------------------------------------------------------

    def to_dataframe(self) -> pandas.DataFrame:
        """The rows as a pandas DataFrame.

        Returns
        -------
        pandas.DataFrame
            Columns [dataset,] [extreme,] order, members (tuples of int), names (tuples of str), and those of
            `columns`; datasets by name, if they have names.
            ``.attrs["settings"]`` holds the settings and ``.attrs["units"]`` the unit.

        Examples
        --------
        >>> from hoi import Multiplets
        >>> Multiplets([[0, 1]], ["a", "b"], tc=[0.5]).to_dataframe().loc[0, "names"]
        ('a', 'b')
        """
        import pandas as pd

        columns: dict[str, Any] = {}
        if self.dataset is not None:
            columns["dataset"] = self.dataset if self.dataset_names is None else self.dataset_names
        if self.extreme is not None:
            columns["extreme"] = self.extreme
        columns["order"] = self.order
        # filled by hand: pandas would read a list of equally long tuples as a table
        for name, rows in (("members", self.members), ("names", self.member_names)):
            columns[name] = np.empty(len(self), dtype=object)
            columns[name][:] = rows
        columns.update(self._values)
        frame = pd.DataFrame({name: pd.Series(np.array(column)) for name, column in columns.items()})
        frame.attrs.update(settings=copy.deepcopy(self.settings), units=self.units)
        return frame

    def to_xarray(self) -> xarray.Dataset:
        """The rows as an xarray Dataset (needs ``pip install 'hoi[io]'``).

        Returns
        -------
        xarray.Dataset
            Dimension "multiplet" for the rows; "members" (multiplet, position) holds indices into the
            coordinate "variable", filled up with -1; settings as JSON in ``.attrs["settings"]``.

        Raises
        ------
        HoiError
            When xarray is not installed.
        """
        return formats.to_xarray(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows, names and settings to a file whose suffix says the format.

        Parameters
        ----------
        path : str or path
            ``.parquet`` and ``.nc`` (netCDF) are read back by `Multiplets.load` without loss; ``.csv`` holds
            the rows as plain text for other programs and cannot be loaded back.

        Returns
        -------
        Path
            Where it was written.

        Raises
        ------
        HoiError
            For another suffix, a folder that does not exist, a missing optional package, or a file that cannot be
            written. What was there before stays in that case.
        """
        return files.save(self, path)

    def report(self, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
        """Write one HTML page with the table, the pictures and the settings (needs ``pip install 'hoi[plot]'``).

        The page needs no network: it can be sent by mail or put on any server. Its table sorts by a click on
        a heading and filters by variable, end, order and data set; it follows the reader's light or dark mode.

        Parameters
        ----------
        path : str or path
            A file with the suffix ``.html`` or ``.htm``.
        title : str, optional
            The heading; by default the first line of the text form.

        Returns
        -------
        Path
            Where it was written.

        Raises
        ------
        HoiError
            For another suffix, a folder that does not exist, or when matplotlib is missing.

        Examples
        --------
        >>> import hoi
        >>> found = hoi.search(hoi.datasets.load_fmri(), 3)
        >>> found.report("best.html", title="Resting-state fMRI").name
        'best.html'
        """
        return report.write(self, path, title)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Multiplets:
        """Read what `save` wrote to a ``.parquet`` or ``.nc`` file.

        Parameters
        ----------
        path : str or path
            The file.

        Returns
        -------
        Multiplets
            With the same rows, names and settings.

        Raises
        ------
        HoiError
            When there is no such file, it was not written by `save` or is damaged (a checksum over its content says
            so), a later version wrote it, its suffix is not known, or an optional package is missing.

        Examples
        --------
        >>> import os, tempfile
        >>> from hoi import Multiplets
        >>> found = Multiplets([[0, 1]], ["a", "b"], tc=[0.5])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = found.save(os.path.join(folder, "found.parquet"))
        ...     Multiplets.load(path).member_names
        [('a', 'b')]
        """
        return files.load(path, cls)

    def __repr__(self) -> str:
        return text.table(self)

    def _repr_html_(self) -> str:
        return html.table(self)

    @property
    def plot(self) -> Pictures:
        """Pictures of the rows: ``.plot.ranking()`` and the other functions of `hoi.plot`."""
        return Pictures(self)


def annotated(result: Multiplets, **more: Any) -> Multiplets:
    """The same result with more settings: what only the caller knows, such as the file that was read."""
    return Multiplets(result.indices, result.names, **{**result._columns(), "settings": {**result.settings, **more}})


def _result_from(indices: np.ndarray, names: tuple[str, ...], more: dict[str, Any]) -> Multiplets:
    return Multiplets(indices, names, **more)


def _checked_indices(indices: ArrayLike, names: tuple[str, ...]) -> np.ndarray:
    """A copy of the indices, as many columns wide as the largest set has members."""
    given = np.asarray(indices)
    if given.shape == (0,):
        given = given.reshape(0, 0)
    if given.ndim != 2:
        raise HoiError(f"indices of Multiplets must be 2-D (n_sets, largest_order), got shape {given.shape}")
    if given.size and given.dtype.kind not in "iu":
        raise HoiError(
            f"indices of Multiplets must be integers, got {given.dtype}: they are the numbers of columns, from 0"
        )
    if given.size and (given.max() >= len(names) or given.min() < -1):
        raise HoiError(
            f"indices of Multiplets run from {given.min()} to {given.max()}, but there are "
            f"{len(names)} names: use 0 to {len(names) - 1}, and -1 only to fill up shorter sets"
        )
    there = given >= 0
    if (broken := ~there[:, :-1] & there[:, 1:]).any():
        row = int(broken.any(axis=1).argmax())
        raise HoiError(
            f"indices of Multiplets, row {row}: {given[row].tolist()} has -1 before a member. -1 fills up shorter "
            "sets at their end."
        )
    width = int(there.sum(axis=1).max(initial=0))
    return given[:, :width].astype(np.intp, order="C", copy=True)
