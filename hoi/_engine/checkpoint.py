"""Finished units of a search in one SQLite file, so that one that was killed goes on where it was."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import sqlite3
import types
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hoi import __version__
from hoi._backends.protocol import Problem
from hoi._errors import CheckpointWarning, HoiError, warn

__all__ = ["Checkpoint", "Done", "clear_errors", "fingerprint", "status"]

_FORMAT = 1
# Seconds to wait for another process that has the file open.
_PATIENCE = 30.0
# Errors of a file that is sound: it, or the disk, is not at our disposal.
_NOT_NOW = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL,
}  # fmt: skip


def fingerprint(problem: Problem, *options: Any) -> str:
    """A hash of everything that the answer depends on: the problem's arrays and numbers, and what is asked of it."""
    digest = hashlib.sha256()

    def take(value: Any) -> None:
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype.str}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        elif isinstance(value, Problem):
            digest.update(value.kind.encode())
            for name, part in sorted(vars(value).items()):
                if not name.startswith("_") and name != "device":
                    digest.update(name.encode())
                    take(part)
        elif isinstance(value, (list, tuple)):
            digest.update(f"{len(value)}(".encode())
            for part in value:
                take(part)
        elif isinstance(value, types.MethodType):
            take(value.__func__)
            take(value.__self__)
        elif isinstance(value, types.FunctionType):
            # two functions of one name, or one that was changed, are two estimators
            digest.update(f"{value.__module__}.{value.__qualname__}".encode())
            take([value.__code__.co_code, value.__defaults__, [cell.cell_contents for cell in value.__closure__ or ()]])
            take([c for c in value.__code__.co_consts if not isinstance(c, types.CodeType)])
        elif hasattr(value, "__dict__") and not isinstance(value, type):
            digest.update(f"{type(value).__module__}.{type(value).__qualname__}".encode())
            for name, part in sorted(vars(value).items()):
                digest.update(name.encode())
                take(part)
        else:
            digest.update(repr(value).encode())

    take(problem)
    take(options)
    return digest.hexdigest()


class Done(NamedTuple):
    """What a unit gave: arrays, the sets that had a value, those that were singular, and the walk that found them."""

    arrays: dict[str, np.ndarray]
    evaluated: int
    skipped: int
    walk: str


class Checkpoint:
    """One file, written by the process that called, one commit for the units that have just been finished.

    Parameters
    ----------
    path : path
        Made if it is not there.
    key : str
        The fingerprint of the search: a file of another one is refused.
    about : dict
        What the search is, in words for ``hoi status``.
    """

    def __init__(self, path: Path, key: str, about: dict[str, Any]) -> None:
        self.path = Path(path)
        if not self.path.parent.is_dir():
            raise HoiError(f"checkpoint={str(path)!r}: there is no folder {str(self.path.parent)!r}. Make it first.")
        with self._clear_errors():
            self._db = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        try:
            with self._clear_errors():
                known = _entries(self._db, self.path)
            if known:
                self._check(known, key)
        except BaseException:
            self._db.close()  # where files that are open cannot be removed, the user is told to remove this one
            raise
        self._known, self._key, self._about = known, key, about
        self._failed = False

    def _check(self, known: dict[str, Any], key: str) -> None:
        for what, ours in (("format", _FORMAT), ("version", __version__)):
            if known.get(what) != ours:
                raise HoiError(
                    f"{self.path} was written by hoi {known.get('version')} (format {known.get('format')}), and this "
                    f"is {__version__} (format {_FORMAT}): go on with that version, or name another file."
                )
        if known["key"] != key:
            theirs = ", ".join(f"{name} {value}" for name, value in known["about"].items())
            raise HoiError(
                f"{self.path} holds another search ({theirs}): data and options must be the same to go on with it. "
                "Name another file, or delete this one."
            )

    def open(self, total: int, cutting: tuple[int, ...]) -> tuple[int, ...]:
        """Begin, or go on: gives how the work is cut into units, which for a file that is there is as it was then."""
        if self._known:
            return tuple(self._known["cutting"])
        entries = {
            "format": _FORMAT, "version": __version__, "key": self._key, "total": total, "cutting": list(cutting),
            "about": self._about,
        }  # fmt: skip
        with self._clear_errors():
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT)")
            self._db.execute(
                "CREATE TABLE unit (number INTEGER PRIMARY KEY, evaluated INTEGER, skipped INTEGER, seconds REAL, "
                "walk TEXT, kept BLOB)"
            )
            self._db.executemany("INSERT INTO run VALUES (?, ?)", [(k, json.dumps(v)) for k, v in entries.items()])
            self._db.execute("COMMIT")
        return cutting

    def units(self) -> dict[int, Done]:
        """The units that are done, by number."""
        with self._clear_errors():
            rows = self._db.execute("SELECT number, evaluated, skipped, walk, kept FROM unit").fetchall()
            return {number: Done(_read(kept), e, s, walk) for number, e, s, walk, kept in rows}

    def put(self, done: list[tuple[int, Done, float]]) -> None:
        """Keep what units gave, as (number, what, seconds), in one commit, since each waits for the disk.

        If the disk is full the search goes on, and says so once.
        """
        rows = [
            (number, unit.evaluated, unit.skipped, seconds, unit.walk, _written(unit.arrays))
            for number, unit, seconds in done
        ]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO unit VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if not self._failed:
                warn(
                    f"{self.path} cannot be written ({error}): the search goes on, and what follows is not in it.",
                    CheckpointWarning,
                )
            self._failed = True

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextlib.contextmanager
    def _clear_errors(self) -> Any:
        with clear_errors(self.path):
            yield


@contextlib.contextmanager
def clear_errors(path: Path) -> Any:
    """Errors of SQLite in words that say what to do."""
    try:
        yield
    except (sqlite3.DatabaseError, zipfile.BadZipFile, zlib.error, ValueError, KeyError, OSError, EOFError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_NOW:  # the rest of a code says more of the same
            raise HoiError(
                f"{path} cannot be used now ({error}): another process holds it, it may not be written, or the disk is "
                "full. What is done stays in it."
            ) from error
        raise HoiError(
            f"{path} is no checkpoint that can be read ({type(error).__name__}: {error}): it is damaged, or something "
            "else. Delete it, or name another file."
        ) from error


def _entries(db: sqlite3.Connection, path: Path) -> dict[str, Any]:
    """What the file says of its search; nothing for a new one."""
    if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return {}
    (state,) = db.execute("PRAGMA quick_check").fetchone()
    if state != "ok":
        raise sqlite3.DatabaseError(state)
    return {name: json.loads(value) for name, value in db.execute("SELECT name, value FROM run")}


def status(path: Path) -> dict[str, Any]:
    """How far the search of a file is: `about`, `total`, `done` sets, `units`, and the `seconds` that they took."""
    if not path.is_file():
        raise HoiError(f"there is no file {str(path)!r}.")
    with clear_errors(path):
        # not "ro": what a killed process was writing must be taken back first, and only who may write can do that
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=_PATIENCE)
        with contextlib.closing(db):
            entries = _entries(db, path)
            if entries:
                units, done, seconds = db.execute(
                    "SELECT count(*), coalesce(sum(evaluated + skipped), 0), coalesce(sum(seconds), 0) FROM unit"
                ).fetchone()
                return {"about": entries["about"], "total": entries["total"], "done": done, "units": units,
                        "seconds": seconds}  # fmt: skip
    raise HoiError(f"{path} has nothing yet: its search was stopped as it began. The same call goes on.")


def _written(arrays: dict[str, np.ndarray]) -> bytes:
    """Arrays by name, and never a pickle, which would run what it holds."""
    with io.BytesIO() as file:
        np.savez(file, allow_pickle=False, **arrays)
        return file.getvalue()


def _read(blob: bytes) -> dict[str, np.ndarray]:
    """The same arrays again."""
    with np.load(io.BytesIO(blob), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
