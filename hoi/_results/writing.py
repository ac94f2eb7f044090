"""Files that are complete or not there at all: what every writer of results, reports and tables goes through."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hoi._errors import HoiError

__all__ = ["check_place", "complete_or_nothing"]


def check_place(path: Path) -> None:
    """Error unless a file of that name can be made."""
    # os.path is silent about names that no file can have; making the file says what is wrong with them
    if not os.path.isdir(path.parent):
        raise HoiError(
            f"cannot save to {str(path)!r}: there is no folder {str(path.parent)!r}; create it first"
        )
    if os.path.isdir(path):
        raise HoiError(f"cannot save to {str(path)!r}: it is a folder; give the name of a file")
    if os.path.exists(path) and not os.path.isfile(path):
        raise HoiError(f"cannot save to {str(path)!r}: it is not a regular file; give the name of a file")


@contextmanager
def complete_or_nothing(path: Path) -> Iterator[Path]:
    """An empty file beside `path` to write to, which takes the place of `path` when the block is done.

    Its name is its own, so writers of one path do not meet: the last one to end wins, whole. What was there before
    stays until then, and for ever if anything goes wrong; its mode is kept, and a link keeps pointing to where it did.
    """
    try:
        target = Path(os.path.realpath(path))
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        # short, since the name that is wanted may be as long as names can be
        part = target.with_name(f".{secrets.token_hex(8)}.part")
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666 if mode is None else 0o600))
    except (OSError, ValueError) as error:
        raise _failed(path, error) from error
    try:
        yield part
        # on the disk before it is in place: after a power cut there is the old file or the new one
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        if mode is not None:
            part.chmod(mode)
        part.replace(target)
    except OSError as error:
        raise _failed(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    if os.name == "posix":
        with suppress(OSError):
            _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(path: Path, error: OSError | ValueError) -> HoiError:
    return HoiError(f"cannot save to {str(path)!r}: {getattr(error, 'strerror', None) or error}")
