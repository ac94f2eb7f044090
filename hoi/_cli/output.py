"""What the command line gives out: files first, then standard output; remarks on standard error.

Nothing that goes wrong with a stream stops a command: a pipe that nobody reads, a full disk, a closed stream or a
letter that its encoding lacks is kept for the end, when files are written and only the exit status can tell.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from hoi._errors import HoiError
from hoi._results import files, report, text
from hoi._results.multiplets import Multiplets

__all__ = ["Console", "Targets", "table"]


class Console:
    """Standard output and standard error of one command.

    Parameters
    ----------
    quiet : bool
        Remarks are not shown.

    Attributes
    ----------
    warned : list of str
        Warnings of hoi so far, shown or not, for the files that are written.
    dropped : int
        Rows with gaps that were left out of the files that were read.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.warned: list[str] = []
        self.dropped = 0
        self.lost: OSError | None = None
        self._escaped: set[str] = set()

    @property
    def wide(self) -> bool:
        """Whether lines may be of any length: in a pipe or a file, not on a terminal."""
        return sys.stdout is None or not sys.stdout.isatty()

    def encodes(self, text: str) -> bool:
        """Whether standard output has every letter of a text."""
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            return False
        return True

    def write(self, text: str) -> None:
        """Text to standard output; a letter that its encoding lacks is written as an escape, such as \\u03a9."""
        if self.lost is not None:
            return
        if sys.stdout is None:  # Python's sign of a stream that was closed before it started
            self.lost = OSError("it is closed")
            return
        if not self.encodes(text):
            encoding = sys.stdout.encoding
            self._escaped.update(letter for letter in set(text) if not self.encodes(letter))
            text = text.encode(encoding, "backslashreplace").decode(encoding)
        self._guard(lambda: sys.stdout.write(text))

    def line(self, text: str) -> None:
        """A line, or several, to standard output."""
        self.write(f"{text}\n")

    def remark(self, text: str) -> None:
        """A line on standard error, unless the user wants none."""
        if not self.quiet:
            self.complain(f"hoi: {text}")

    def complain(self, text: str) -> None:
        """A line on standard error; where that is closed or full there is nobody to tell."""
        stream = sys.stderr
        if stream is None:
            return
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
            stream.flush()
        except OSError:
            _to_nowhere(stream)

    def finish(self) -> None:
        """See what was written through to the stream, and say which letters were escaped."""
        if sys.stdout is not None and self.lost is None:
            self._guard(sys.stdout.flush)
        if self._escaped:
            letters = "".join(sorted(self._escaped)[:8])
            self.remark(
                f"standard output is {sys.stdout.encoding} and cannot write {letters!r}, so they are escaped; "
                "PYTHONIOENCODING=utf-8 writes them, and so does --out"
            )

    def _guard(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except OSError as error:
            self.lost = error
            _to_nowhere(sys.stdout)


def _to_nowhere(stream: TextIO) -> None:
    """Let what a broken stream still holds go nowhere, or Python would complain of it once more at its end."""
    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, stream.fileno())
        os.close(descriptor)
    except (OSError, ValueError, AttributeError):
        pass  # a stream without a descriptor has nothing to flush into


class Targets:
    """The files that a command is asked to write, checked before its work.

    Parameters
    ----------
    out : str, optional
        File for the result, by its suffix.
    page : str, optional
        File of the report, the page with table and pictures.
    source : str
        The file that is read, "-" for standard input: never one of those that are written.

    Raises
    ------
    HoiError
        If one of them cannot be written, is the file that is read, or both are one file.
    """

    def __init__(self, out: str | None, page: str | None, source: str) -> None:
        self.out, self.page = out, page
        for option, name, check in (("--out", out, files.check_target), ("--report", page, report.check_target)):
            if name is not None:
                path = Path(name).expanduser()
                _refuse_name(option, path)
                _refuse_source(option, path, source)
                check(path)
                _require_writable(option, path)
        if out is not None and page is not None and os.path.realpath(out) == os.path.realpath(page):
            raise HoiError(f"--out and --report are one file, {out!r}: give each its own")

    def deliver(self, found: Multiplets, console: Console, shown: str) -> None:
        """Write the files, then print. What cannot be written does not keep the rest from being written.

        Raises
        ------
        HoiError
            After all that could be written is.
        """
        failed: list[Exception] = []
        for name, save in ((self.out, found.save), (self.page, found.report)):
            if name is None:
                continue
            try:
                console.remark(f"written to {save(name)}")
            except Exception as error:
                failed.append(error)
        console.write(shown)
        for other in failed:
            if not isinstance(other, HoiError):
                raise other
        if failed:
            raise HoiError("; ".join(map(str, failed)))


def _refuse_name(option: str, path: Path) -> None:
    """Error where the file system has no such names: too long, or a folder that is a file."""
    try:
        os.stat(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise HoiError(f"{option}: cannot write {str(path)!r}: {error.strerror}; give another name") from error


def _refuse_source(option: str, path: Path, source: str) -> None:
    """Error where a file to write is the one that is read, by whatever name."""
    try:
        target = os.stat(path)
        read = os.fstat(sys.stdin.fileno()) if source == "-" else os.stat(source)
    except (OSError, ValueError, AttributeError):
        return  # one of them is not there, or is no file
    if stat.S_ISREG(read.st_mode) and os.path.samestat(target, read):
        name = "standard input" if source == "-" else repr(source)
        raise HoiError(
            f"{option} {str(path)!r} is the file that is read ({name}), and would be overwritten: give another name"
        )


def _require_writable(option: str, path: Path) -> None:
    """Error unless a new file can be made beside `path`, and a file that is there may be replaced."""
    if path.exists() and not os.access(path, os.W_OK):
        raise HoiError(f"{option}: cannot write {str(path)!r}: it is write-protected; give another name")
    try:
        with tempfile.TemporaryFile(dir=Path(os.path.realpath(path)).parent):
            pass
    except OSError as error:
        raise HoiError(
            f"{option}: cannot write {str(path)!r}: no file can be made in its folder ({error.strerror}); "
            "give a name in another folder"
        ) from error


def table(found: Multiplets, console: Console) -> str:
    """All rows as text; names are cut on a terminal only, never in a pipe or file."""
    width = 10**6 if console.wide else max(30, shutil.get_terminal_size().columns - 56)
    return text.table(found, max_rows=len(found), names_width=width) + "\n"
