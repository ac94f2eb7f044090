"""The command line: hoi search, test, measure, compare, plan, show, status and more.

Results go to standard output, remarks and errors to standard error. Exit status: 0 when all that was asked for is
written, 2 for wrong usage or input, 1 when output could not be written or hoi itself failed, 130 after Ctrl-C.
"""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hoi._cli import options
from hoi._cli.commands import run
from hoi._cli.output import Console
from hoi._errors import HoiError, HoiWarning

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Returns
    -------
    int
        The exit status.

    Examples
    --------
    >>> from hoi._cli.main import main
    >>> main(["search", "no-such-file.csv", "--order", "3"])
    2
    """
    console = Console()
    status = _run(argv, console)
    console.finish()
    if console.lost is None or isinstance(console.lost, BrokenPipeError):
        return status  # the reader of a pipe, such as head, has seen enough
    reason = console.lost.strerror or str(console.lost)
    console.complain(f"hoi: error: not all was written to standard output: {reason}")
    return status or 1


def _run(argv: Sequence[str] | None, console: Console) -> int:
    """Exit status of the command."""
    parser = options.parser(console)
    try:
        arguments = parser.parse_args(argv)
        console.quiet = getattr(arguments, "quiet", False)
        with _warnings_as_remarks(console):
            run(arguments, console, parser)
    except SystemExit as stop:
        return int(stop.code or 0)
    except HoiError as error:
        return _fail(console, f"error: {error}", 2)
    except KeyboardInterrupt as stop:
        return _fail(console, f"interrupted{': ' * bool(str(stop))}{stop}", 130)
    except MemoryError as error:
        return _fail(console, f"error: not enough memory{': ' * bool(str(error))}{error}", 1)
    except Exception as error:
        if os.environ.get("HOI_TRACEBACK"):
            console.complain(traceback.format_exc().rstrip())
        what = f"{type(error).__name__}: {error}"
        return _fail(console, f"error: {what} (a fault of hoi; HOI_TRACEBACK=1 shows where)", 1)
    return 0


def _fail(console: Console, text: str, status: int) -> int:
    """An error on standard error, after what was printed before it, and the exit status for it."""
    console.finish()
    console.complain(f"hoi: {text}")
    return status


@contextmanager
def _warnings_as_remarks(console: Console) -> Iterator[None]:
    """Warnings of hoi as one line each, without the place in the source."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, HoiWarning):
                console.warned.append(str(message))
                console.remark(f"warning: {message}")
            else:
                usual(message, category, *where, **more)

        warnings.simplefilter("always", HoiWarning)
        warnings.showwarning = show
        yield
