"""The command line: hoi search, measure, demo, backends and completion.

Results go to standard output, remarks and errors to standard error. Exit status: 0 when all went well, 2 for
wrong usage or input, 1 for an error of hoi itself, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import hoi
from hoi._cli import completion as _completions
from hoi._cli.reading import SUFFIXES, choose, read_table
from hoi._errors import HoiError, HoiWarning
from hoi._measures.registry import MEASURES
from hoi._results import files, report, text
from hoi._results.multiplets import Multiplets

__all__ = ["main"]

_COLUMNS = """names or numbers (from 0) of columns, separated by commas; a colon between two means all from
the first to the second, both included: LHip,LAmy,3,5:8"""


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
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        with _warnings_as_remarks(quiet=getattr(arguments, "quiet", False)):
            arguments.run(arguments)
        sys.stdout.flush()
    except HoiError as error:
        return _fail(str(error), 2)
    except BrokenPipeError:
        # the reader of a pipe, such as head, has seen enough; Python would complain once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt as stop:
        return _fail(f"interrupted{': ' * bool(str(stop))}{stop}", 130)
    except Exception as error:
        if os.environ.get("HOI_TRACEBACK"):
            traceback.print_exc()
        return _fail(f"{type(error).__name__}: {error} (a fault of hoi; HOI_TRACEBACK=1 shows where)", 1)
    return 0


# -- commands --------------------------------------------------------------------------------------


def _search(arguments: argparse.Namespace) -> None:
    _check_targets(arguments)
    table = _read(arguments)
    if arguments.order in (2, (2, 2)) and arguments.measure == "oinfo" and not arguments.quiet:
        _remark("the O-information of two variables is always 0; --measure tc ranks by their mutual information")
    found = hoi.search(
        table,
        arguments.order,
        measure=arguments.measure,
        which=arguments.which,
        n_best=arguments.n_best,
        per_order=arguments.per_order,
        progress=False if arguments.quiet else (True if arguments.progress else None),
        threads=arguments.threads,
        **_estimation(arguments, table),
    )
    _show(found, arguments)


def _measure(arguments: argparse.Namespace) -> None:
    _check_targets(arguments)
    table = _read(arguments)
    names = _names(table)
    sets = None
    if arguments.multiplets is not None:
        sets = [
            tuple(choose(part, names, "--multiplets"))
            for part in arguments.multiplets.split(";")
            if part.strip()
        ]
        if not sets:
            raise HoiError("--multiplets is empty: write sets as 0,1,2;3,4,5")
    found = hoi.measures(table, sets, **_estimation(arguments, table))
    if len(found) == 1 and arguments.format == "table":
        _write(_one_set(found))
        _save(found, arguments)
    else:
        _show(found, arguments)


def _demo(arguments: argparse.Namespace) -> None:
    from hoi._cli.demo import demo

    demo(Path(arguments.out), _write)


def _backends(arguments: argparse.Namespace) -> None:
    for name, state in hoi.backends().items():
        _write(f"{name:<8} {state}")


def _completion(arguments: argparse.Namespace) -> None:
    _write(_completions.script(arguments.shell, _parser()).rstrip())


# -- input and output ------------------------------------------------------------------------------


def _read(arguments: argparse.Namespace) -> Any:
    """The table of the file, with remarks on what was left out."""
    values, notes = read_table(
        arguments.data,
        columns=arguments.columns,
        drop=arguments.drop,
        variable=arguments.variable,
        header=arguments.header,
        missing=arguments.missing,
        transpose=arguments.transpose,
    )
    if not arguments.quiet:
        for note in notes:
            _remark(note)
    return values


def _names(table: Any) -> list[str]:
    return list(table.columns) if hasattr(table, "columns") else [str(i) for i in range(table.shape[-1])]


def _estimation(arguments: argparse.Namespace, table: Any) -> dict[str, Any]:
    """The options that search and measure share, as keywords of the public functions."""
    groups = None
    if arguments.groups is not None:
        names = _names(table)
        groups = [choose(part, names, "--groups") for part in arguments.groups.split(";") if part.strip()]
    estimator = arguments.estimator
    if estimator == "gaussian_copula":
        estimator = hoi.estimators.GaussianCopula(arguments.ties, arguments.seed)
    return {
        "estimator": estimator,
        "bias_correction": arguments.bias_correction,
        "units": arguments.units,
        "groups": groups,
        "backend": arguments.backend,
    }


def _show(found: Multiplets, arguments: argparse.Namespace) -> None:
    """The rows on standard output, all of them, and in a file when one is asked for."""
    if arguments.format == "csv":
        files.write_rows(found, sys.stdout)
    else:
        # names are cut on a terminal only, never in a pipe or file
        width = max(30, shutil.get_terminal_size().columns - 56) if sys.stdout.isatty() else 10**6
        _write(text.table(found, max_rows=len(found), names_width=width))
    _save(found, arguments)


def _check_targets(arguments: argparse.Namespace) -> None:
    """The files to write can be written: said before the work, not after it."""
    if arguments.out:
        files.check_target(arguments.out)
    if arguments.report:
        report.check_target(arguments.report)


def _save(found: Multiplets, arguments: argparse.Namespace) -> None:
    written = [found.save(arguments.out)] if arguments.out else []
    if arguments.report:
        written.append(found.report(arguments.report))
    if not arguments.quiet:
        for path in written:
            _remark(f"written to {path}")


def _one_set(found: Multiplets) -> str:
    """The measures of one set, a line each."""
    row = found[0]
    lines = [textwrap.shorten(", ".join(row.names), 96, placeholder=" ..."), ""]
    for name in found.columns:
        measure = MEASURES[name]
        lines.append(f"  {measure.symbol:<4} {measure.label:<24} {getattr(row, name):12.6f} {found.units}")
    return "\n".join([f"{row.order} variables: {lines[0]}", *lines[1:]])


def _write(text: str) -> None:
    print(text)


def _remark(text: str) -> None:
    print(f"hoi: {text}", file=sys.stderr)


def _fail(text: str, status: int) -> int:
    """An error on standard error, and the exit status for it."""
    sys.stdout.flush()
    print(f"hoi: {text}" if status == 130 else f"hoi: error: {text}", file=sys.stderr)
    return status


@contextmanager
def _warnings_as_remarks(quiet: bool) -> Iterator[None]:
    """Warnings of hoi as one line each, without the place in the source."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
            if not issubclass(category, HoiWarning):
                usual(message, category, *where, **more)
            elif not quiet:
                print(f"hoi: warning: {message}", file=sys.stderr)

        warnings.simplefilter("always", HoiWarning)
        warnings.showwarning = show
        yield


# -- arguments -------------------------------------------------------------------------------------


def _order(text: str) -> int | tuple[int, int]:
    """3 or 3:5."""
    low, colon, high = text.partition(":")
    try:
        return (int(low), int(high)) if colon else int(low)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor a range such as 3:5") from None


def _count(text: str) -> int:
    """A number from 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


class _Parser(argparse.ArgumentParser):
    """Wrong usage is said in one line, like every other error, and not below the whole synopsis."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"hoi: error: {message} ({self.prog} --help says more)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="hoi",
        description="Synergy and redundancy among sets of variables, by exhaustive search.",
        epilog="Example: hoi search data.csv --order 3:5 --n-best 20 --out best.csv",
    )
    parser.add_argument("--version", action="version", version=f"hoi {hoi.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    data, estimation = _data_options(), _estimation_options()

    search = commands.add_parser(
        "search",
        parents=[data, estimation],
        help="the most synergistic and most redundant sets of a table",
        description="Evaluate every set of columns of the given orders and list those at both ends.",
        epilog="O-information is negative where synergy dominates, and positive where redundancy does.",
    )
    search.add_argument(
        "--order", type=_order, required=True, metavar="K|LOW:HIGH", help="variables in a set: 3, or 3:5"
    )
    search.add_argument(
        "--n-best", type=_count, default=10, metavar="N", help="rows at each end (default 10)"
    )
    search.add_argument("--per-order", action="store_true", help="keep that many for each order")
    search.add_argument(
        "--measure", choices=list(MEASURES), default="oinfo", help="what to rank by (default oinfo)"
    )
    search.add_argument(
        "--which", choices=["lowest", "highest", "both"], default="both", help="ends (default both)"
    )
    search.add_argument("--threads", type=_count, metavar="N", help="processors to use (default all)")
    search.add_argument(
        "--progress", action="store_true", help="show a progress bar even when not on a terminal"
    )
    search.set_defaults(run=_search)

    measure = commands.add_parser(
        "measure",
        parents=[data, estimation],
        help="all four measures of the whole table or of given sets",
        description="Total correlation, dual total correlation, O-information and S-information.",
    )
    measure.add_argument(
        "--multiplets",
        metavar="SETS",
        help="sets of columns, separated by semicolons: '0,1,2;LHip,LAmy,LPCC'",
    )
    measure.set_defaults(run=_measure)

    about = "search a real fMRI recording that comes with hoi, and draw the result"
    demo = commands.add_parser("demo", help=about, description=f"{about[0].upper()}{about[1:]}.")
    demo.add_argument(
        "--out", metavar="DIR", default="demo-output", help="folder to write to (default demo-output)"
    )
    demo.set_defaults(run=_demo)

    about = "what can compute here, and why the rest cannot"
    backends = commands.add_parser("backends", help=about, description=f"{about[0].upper()}{about[1:]}.")
    backends.set_defaults(run=_backends)

    completion = commands.add_parser(
        "completion",
        help="print a script that completes hoi in a shell",
        description="Print a script that completes commands, options and their values in a shell.",
        epilog='In ~/.bashrc: eval "$(hoi completion bash)". For zsh likewise. For fish: hoi completion fish | source',
    )
    completion.add_argument("shell", choices=list(_completions.SHELLS))
    completion.set_defaults(run=_completion)
    return parser


def _data_options() -> _Parser:
    """Options on what to read and where to write."""
    options = _Parser(add_help=False)
    options.add_argument(
        "data", metavar="FILE", help=f"{', '.join(SUFFIXES)}; - reads csv from standard input"
    )
    group = options.add_argument_group("data")
    group.add_argument("--columns", metavar="LIST", help=_COLUMNS)
    group.add_argument("--drop", metavar="LIST", help="columns to leave out, written likewise")
    group.add_argument("--groups", metavar="LISTS", help="columns to treat as one variable: '0,1;2,3,4;5'")
    group.add_argument(
        "--missing", choices=["error", "drop"], default="error", help="rows that lack values (default error)"
    )
    group.add_argument(
        "--header", choices=["auto", "yes", "no"], default="auto", help="first line holds names (default auto)"
    )
    group.add_argument("--variable", metavar="NAME", help="which array of an npz or mat file")
    group.add_argument("--transpose", action="store_true", help="the rows are the variables")
    group = options.add_argument_group("output")
    group.add_argument("--out", metavar="FILE", help=f"also write the result: {', '.join(files.SUFFIXES)}")
    group.add_argument(
        "--report", metavar="FILE", help="also write a page with table and pictures: .html"
    )
    group.add_argument(
        "--format", choices=["table", "csv"], default="table", help="on standard output (default table)"
    )
    group.add_argument(
        "--quiet", action="store_true", help="no remarks, warnings or progress on standard error"
    )
    return options


def _estimation_options() -> _Parser:
    """Options on how the measures are estimated."""
    options = _Parser(add_help=False)
    group = options.add_argument_group("estimation")
    group.add_argument("--units", choices=["nats", "bits"], default="nats", help="(default nats)")
    group.add_argument("--estimator", default="gaussian_copula", help="gaussian_copula (default) or gaussian")
    group.add_argument(
        "--ties", choices=["average", "ordinal", "random"], default="average", help="(default average)"
    )
    group.add_argument("--seed", type=int, metavar="N", help="for --ties random")
    group.add_argument(
        "--no-bias-correction", dest="bias_correction", action="store_false", help="raw estimates"
    )
    group.add_argument("--backend", default="auto", help="auto (default) or a name that hoi backends lists")
    return options
