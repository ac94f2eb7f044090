"""`Multiplets`: sets of variables with their measures, the one result type of the library."""

from __future__ import annotations

import copy
import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from hoi._errors import HoiError
from hoi._results import files as _storage
from hoi._results import html as _render

if TYPE_CHECKING:
    import os

    import pandas
    import xarray
    from numpy.typing import ArrayLike

__all__ = ["Multiplet", "Multiplets"]

MEASURES = ("tc", "dtc", "oinfo", "sinfo")


class Multiplet(NamedTuple):
    """One set of variables with its four measures: one row of `Multiplets`."""

    members: tuple[int, ...]
    names: tuple[str, ...]
    order: int
    tc: float
    dtc: float
    oinfo: float
    sinfo: float
    dataset: int | None = None
    extreme: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Multiplets:
    """Sets of variables with their four measures of higher-order interaction.

    `hoi.search`, `hoi.scan` and `hoi.measures` return it. Rows keep the order in which they were reported.
    The arrays are read-only. Indexing by an integer gives one row, by a slice, a mask or an array of integers
    a smaller `Multiplets`.

    Parameters
    ----------
    indices : array of int, shape (n_sets, largest_order)
        Column indices of the members of each set; sets of fewer members are filled up with -1 at the end.
    tc, dtc, oinfo, sinfo : array of float, shape (n_sets,)
        Total correlation, dual total correlation, O-information and S-information, in
        ``settings["units"]`` (nats when it is absent).
    names : sequence of str
        Names of all the variables of the system, not only of those in the sets.
    dataset : array of int, shape (n_sets,), optional
        Which data set each row belongs to; None when the data were a single table.
    extreme : sequence of str, length n_sets, optional
        "lowest" or "highest": which end of the ranking each row of a search belongs to.
    settings : dict, optional
        What is needed to repeat the call and what the call did: measure, order, estimator, ties,
        bias_correction, units, backend, seed, evaluated, skipped, seconds, versions and so on. Anything that
        JSON can hold.

    Raises
    ------
    HoiError
        When lengths differ, an index is out of range, or the settings cannot be written as JSON.

    Examples
    --------
    >>> from hoi import Multiplets
    >>> found = Multiplets([[0, 1, 2], [1, 2, -1]], [0.5, 0.2], [0.9, 0.2], [-0.4, 0.0], [1.4, 0.4],
    ...                    names=["LHip", "LAmy", "LPCC"])
    >>> found.member_names
    [('LHip', 'LAmy', 'LPCC'), ('LAmy', 'LPCC')]
    >>> found[0].oinfo
    -0.4
    >>> len(found[found.oinfo < 0])
    1
    """

    indices: np.ndarray
    tc: np.ndarray
    dtc: np.ndarray
    oinfo: np.ndarray
    sinfo: np.ndarray
    names: tuple[str, ...]
    dataset: np.ndarray | None = None
    extreme: np.ndarray | None = None
    settings: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        indices = np.asarray(self.indices, dtype=np.intp)
        if indices.shape == (0,):
            indices = indices.reshape(0, 0)
        if indices.ndim != 2:
            raise HoiError(
                f"indices of Multiplets must be 2-D (n_sets, largest_order), got shape {indices.shape}"
            )
        names = tuple(str(name) for name in self.names)
        if indices.size and (indices.max() >= len(names) or indices.min() < -1):
            raise HoiError(
                f"indices of Multiplets run from {indices.min()} to {indices.max()}, but there are "
                f"{len(names)} names: use 0 to {len(names) - 1}, and -1 only to fill up shorter sets"
            )
        # canonical width: as many columns as the largest set has members
        width = int((indices >= 0).sum(axis=1).max(initial=0))
        self._set("indices", indices[:, :width])
        self._set("names", names)
        for name in MEASURES:
            self._set(name, np.asarray(getattr(self, name), dtype=np.float64))
        if self.dataset is not None:
            self._set("dataset", np.asarray(self.dataset, dtype=np.intp))
        if self.extreme is not None:
            self._set("extreme", np.asarray(self.extreme, dtype=object))
        for name in (*MEASURES, "dataset", "extreme"):
            column = getattr(self, name)
            if column is not None and column.shape != (len(indices),):
                raise HoiError(
                    f"{name} of Multiplets has shape {column.shape}, but there are {len(indices)} sets"
                )
        self._set("settings", _as_json(self.settings or {}))

    def _set(self, name: str, value: Any) -> None:
        """Store a field of the frozen class; arrays as read-only views."""
        if isinstance(value, np.ndarray):
            value = value.view()
            value.flags.writeable = False
        object.__setattr__(self, name, value)

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
        return str(self.settings.get("units", "nats")) if self.settings else "nats"

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
        columns = {name: getattr(self, name)[key] for name in ("indices", *MEASURES)}
        dataset = None if self.dataset is None else self.dataset[key]
        extreme = None if self.extreme is None else self.extreme[key]
        return Multiplets(
            **columns, names=self.names, dataset=dataset, extreme=extreme, settings=self.settings
        )

    def _row(self, i: int) -> Multiplet:
        """Row i as a named tuple of plain Python values."""
        members = tuple(j for j in self.indices[i].tolist() if j >= 0)
        return Multiplet(
            members=members,
            names=tuple(self.names[j] for j in members),
            order=len(members),
            **{name: float(getattr(self, name)[i]) for name in MEASURES},
            dataset=None if self.dataset is None else int(self.dataset[i]),
            extreme=None if self.extreme is None else str(self.extreme[i]),
        )

    # -- other forms ------------------------------------------------------------------------------

    def to_dataframe(self) -> pandas.DataFrame:
        """The rows as a pandas DataFrame.

        Returns
        -------
        pandas.DataFrame
            Columns [dataset,] [extreme,] order, members (tuples of int), names (tuples of str), tc, dtc,
            oinfo, sinfo.
            ``.attrs["settings"]`` holds the settings and ``.attrs["units"]`` the unit.

        Examples
        --------
        >>> from hoi import Multiplets
        >>> Multiplets([[0, 1]], [0.5], [0.5], [0.0], [1.0], names=["a", "b"]).to_dataframe().loc[0, "names"]
        ('a', 'b')
        """
        import pandas as pd

        columns: dict[str, Any] = {}
        if self.dataset is not None:
            columns["dataset"] = self.dataset
        if self.extreme is not None:
            columns["extreme"] = self.extreme
        columns["order"] = self.order
        # filled by hand: pandas would read a list of equally long tuples as a table
        for name, rows in (("members", self.members), ("names", self.member_names)):
            columns[name] = np.empty(len(self), dtype=object)
            columns[name][:] = rows
        columns.update({name: getattr(self, name) for name in MEASURES})
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
        return _storage.to_xarray(self)

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
            For another suffix, a folder that does not exist, or a missing optional package.
        """
        return _storage.save(self, path)

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
        # by name, not by an import statement: results lie below the layer of pictures
        return importlib.import_module("hoi._results.report").write(self, path, title)

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
            When there is no such file, it was not written by `save`, its suffix is not known, or an optional
            package is missing.

        Examples
        --------
        >>> import os, tempfile
        >>> from hoi import Multiplets
        >>> found = Multiplets([[0, 1]], [0.5], [0.5], [0.0], [1.0], names=["a", "b"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = found.save(os.path.join(folder, "found.parquet"))
        ...     Multiplets.load(path).member_names
        [('a', 'b')]
        """
        return cls(**_storage.load(path))

    def __repr__(self) -> str:
        return _render.text(self)

    def _repr_html_(self) -> str:
        return _render.html(self)

    @property
    def plot(self) -> _Pictures:
        """Pictures of the rows: ``.plot.ranking()`` and the other functions of `hoi.plot`."""
        return _Pictures(self)


class _Pictures:
    """``result.plot``: the functions of `hoi.plot` with the result as their first argument."""

    def __init__(self, result: Multiplets) -> None:
        self._result = result

    def __call__(self, **options: Any) -> Any:
        return self.ranking(**options)

    def __getattr__(self, name: str) -> Any:
        # by name, not by an import statement: results lie below the layer of pictures
        module = importlib.import_module("hoi.plot")
        if name not in module.__all__:
            raise AttributeError(f"no picture {name!r}; there are {', '.join(module.__all__)}")
        return lambda *more, **options: getattr(module, name)(self._result, *more, **options)

    def __dir__(self) -> list[str]:
        return list(importlib.import_module("hoi.plot").__all__)

    def __repr__(self) -> str:
        return f"pictures of this result: {', '.join('.' + name + '()' for name in dir(self))}"


def _as_json(settings: dict[str, Any]) -> dict[str, Any]:
    """A copy of the settings as a file gives them back: lists for tuples, plain numbers."""
    try:
        return json.loads(json.dumps(settings, default=_plain))
    except (TypeError, ValueError) as error:
        raise HoiError(f"settings of Multiplets must be values that JSON can hold: {error}") from error


def _plain(value: Any) -> Any:
    """numpy scalars and arrays, and paths, as what JSON knows."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} {value!r}")
