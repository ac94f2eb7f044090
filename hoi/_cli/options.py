"""The options of every command, and an example in the help of each."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

import hoi
from hoi._cli import estimators
from hoi._cli.completion import SHELLS, names_a_file, names_a_folder
from hoi._cli.output import Console
from hoi._cli.reading import SUFFIXES
from hoi._measures.registry import ALL
from hoi._results import files

__all__ = ["parser"]

# Options whose names parameters of estimators cannot have.
_TAKEN = {"method"}
_COLUMNS = """names or numbers (from 0, as hoi show lists them) of columns, separated by commas; a colon between
two means all from the first to the second, both included: LHip,LAmy,3,5:8; @3 is always a number"""


def _examples(*lines: str) -> str:
    """Sentences and commands below the options."""
    said = [line for line in lines if not line.startswith("hoi ")]
    return "\n".join([*said, "Examples:" if len(lines) - len(said) > 1 else "Example:"] + [
        f"  {line}" for line in lines if line.startswith("hoi ")
    ])


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

    console = Console()

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"hoi: error: {message} ({self.prog} --help says more)\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Help to standard output by way of the console: argparse says nothing where that is full."""
        if file is sys.stdout:
            self.console.write(message)
        else:
            self.console.complain(message.rstrip("\n"))


def parser(console: Console | None = None) -> argparse.ArgumentParser:
    """The parser of the command line, which prints to `console`; the name of the command is its `command`."""
    kind = _Parser if console is None else type("_Parser", (_Parser,), {"console": console})
    whole = kind(
        prog="hoi",
        description="Synergy and redundancy among sets of variables, by exhaustive search.",
        epilog="Example: hoi search data.csv --order 3:5 --n-best 20 --out best.csv",
    )
    whole.add_argument("--version", action="version", version=f"hoi {hoi.__version__}")
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    reading, writing = _data_options()
    estimation, ranking = _estimation_options(), _ranking_options()

    search = commands.add_parser(
        "search",
        parents=[reading, ranking, estimation, writing],
        help="the most synergistic and most redundant sets of a table",
        description="Evaluate every set of columns of the given orders and list those at both ends.",
        epilog=_examples(
            "O-information is negative where synergy dominates, and positive where redundancy does.",
            "hoi search data.csv --order 3 --test shift --resamples 999 --seed 0",
            "hoi search data.csv --order 3:5 --per-order --drop id,group --missing drop --out best.csv",
            "hoi search table.txt --decimal , --order 3 --measure tc --report best.html",
            "hoi search recording.mat --variable EEG.data --transpose --order 3",
            "hoi search data.csv --order 2 --target y --measure gradient --estimator knn --k 5",
            "hoi search patients.npy --order 3 --across mean",
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    search.add_argument(
        "--method", choices=["exhaustive", "tabu"], default="exhaustive",
        help="all sets (default), or a heuristic where nobody can go through all",
    )  # fmt: skip
    search.add_argument(
        "--n-restarts", type=_count, default=20, metavar="N", help="runs of --method tabu for each end (default 20)"
    )
    names_a_file(
        search.add_argument(
            "--checkpoint", metavar="FILE", help="keep what is done, and go on from there if the file is there"
        )
    )
    _add_null(search, "--test", "also test whether the sets are more than chance")
    search.add_argument(
        "--determined", choices=["keep", "drop"], default="keep",
        help="sets in which the others determine a member: mark them (default), or leave them out",
    )  # fmt: skip
    search.add_argument(
        "--across", choices=["each", "mean"],
        help="of several recordings in one array: search each (default), or rank by the mean over all, as --test does",
    )  # fmt: skip

    _add_test(commands, [reading, ranking, estimation, writing])
    _add_compare(commands, [reading, estimation, writing])
    about = "what a search would cost here and elsewhere, without beginning it"
    commands.add_parser(
        "plan",
        parents=[reading, ranking, estimation],
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=_examples("hoi plan data.csv --order 5", "hoi plan data.csv --order 3:4 --estimator knn --k 6"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    measure = commands.add_parser(
        "measure",
        parents=[reading, estimation, writing],
        help="all four measures of the whole table or of given sets",
        description="Total correlation, dual total correlation, O-information and S-information.",
        epilog=_examples(
            "hoi measure data.csv --columns A,B,C,D --units bits",
            "hoi measure data.csv --multiplets 'A,B,C;B,C,D' --format csv > values.csv",
            "hoi measure data.csv --columns A,B,D --estimator binned --bins 3 --correction none",
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    measure.add_argument(
        "--multiplets",
        metavar="SETS",
        help="sets of columns, separated by semicolons: '0,1,2;LHip,LAmy,LPCC'",
    )
    measure.add_argument("--target", metavar="LIST", help="columns that sets are to tell of: their information")

    about = "how far the search of a checkpoint is"
    state = commands.add_parser(
        "status", help=about, description=f"{about[0].upper()}{about[1:]}.", epilog="Example: hoi status run.sqlite"
    )
    names_a_file(state.add_argument("checkpoint", metavar="FILE", help="what --checkpoint of hoi search named"))

    commands.add_parser(
        "show",
        parents=[reading],
        help="what would be read from a file: its columns, their numbers, gaps and ranges",
        description="Print how a file is read, and each column with its number, name, values that are there and range.",
        epilog=_examples("hoi show data.csv", "hoi show data.csv --header 3 --decimal , --index time"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    about = "search a real fMRI recording that comes with hoi, and draw the result"
    demo = commands.add_parser(
        "demo",
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog="Example: hoi demo --out demo-output",
    )
    where = "folder to write to (default demo-output)"
    names_a_folder(demo.add_argument("--out", metavar="DIR", default="demo-output", help=where))

    about = "compile the walks of searches once, so that the first search does not"
    commands.add_parser(
        "warm-up", help=about, description=f"{about[0].upper()}{about[1:]}.", epilog="Example: hoi warm-up"
    )

    about = "what can compute here, and why the rest cannot"
    commands.add_parser(
        "backends", help=about, description=f"{about[0].upper()}{about[1:]}.", epilog="Example: hoi backends"
    )

    completion = commands.add_parser(
        "completion",
        help="print a script that completes hoi in a shell",
        description="Print a script that completes commands, options and their values in a shell.",
        epilog='In ~/.bashrc: eval "$(hoi completion bash)". For zsh likewise. For fish: hoi completion fish | source',
    )
    completion.add_argument("shell", choices=list(SHELLS))
    return whole


def _add_test(commands: Any, parents: list[_Parser]) -> None:
    """The command that says whether the best sets are more than chance."""
    test = commands.add_parser(
        "test",
        parents=parents,
        help="the same sets as search, with p-values against surrogates",
        description="Search all sets of the given orders, and the same in surrogates without dependence.",
        epilog=_examples("hoi test data.csv --order 3 --null shift --resamples 999 --seed 0"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_null(test, "--null", "what surrogates are", default="shift")
    names_a_file(test.add_argument("--checkpoint", metavar="FILE", help="keep what is done, as in hoi search"))


def _add_compare(commands: Any, parents: list[_Parser]) -> None:
    """The command that says in which sets two tables differ."""
    compare = commands.add_parser(
        "compare",
        parents=parents,
        help="the sets in which two tables differ most, with p-values",
        description="Compare two conditions of a recording, or two groups of recordings (arrays of three dimensions).",
        epilog=_examples(
            "Values are those of the first file less those of the second.",
            "hoi compare rest.csv task.csv --order 3 --seed 0",
            "hoi compare patients.npy controls.npy --order 3:4 --n-best 5 --seed 0",
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names_a_file(compare.add_argument("other", metavar="OTHER", help="the second file, of the same columns"))
    compare.add_argument("--paired", action="store_true", help="the recordings of both files are of the same subjects")
    _add_order(compare)
    compare.add_argument("--resamples", type=_count, default=9999, metavar="N", help="rearrangements (default 9999)")


def _add_order(group: Any) -> None:
    words = "variables in a set: 3, or 3:5"
    group.add_argument("--order", type=_order, required=True, metavar="K|LOW:HIGH", help=words)
    group.add_argument("--n-best", type=_count, default=10, metavar="N", help="rows at each end (default 10)")
    group.add_argument(
        "--measure", choices=ALL, default="oinfo", help="what to rank by (default oinfo), or delta_3 and the like"
    )


def _ranking_options() -> _Parser:
    """Options on which sets are wanted, for all commands that go through the sets of a table."""
    options = _Parser(add_help=False)
    group = options.add_argument_group("sets")
    _add_order(group)
    group.add_argument("--per-order", action="store_true", help="keep that many for each order")
    group.add_argument("--which", choices=["lowest", "highest", "both"], default="both", help="ends (default both)")
    group.add_argument("--target", metavar="LIST", help="columns that information, rsi and gradient are about")
    group.add_argument("--threads", type=_count, metavar="N", help="processors to use (default all)")
    group.add_argument("--progress", action="store_true", help="show a progress bar even when not on a terminal")
    return options


def _add_null(command: argparse.ArgumentParser, name: str, about: str, default: str | None = None) -> None:
    """The options of a test against surrogates."""
    command.add_argument(
        name, dest="null", choices=["shift", "permute", "phase", "member"], default=default,
        help=f"{about}: shift series (the usual one), permute independent samples, phase, or one member at a time",
    )  # fmt: skip
    command.add_argument("--resamples", type=_count, default=999, metavar="N", help="surrogates (default 999)")


def _data_options() -> list[_Parser]:
    """Options on what to read, and on where to write."""
    reading = _Parser(add_help=False)
    names_a_file(
        reading.add_argument("data", metavar="FILE", help=f"{', '.join(SUFFIXES)}; - reads csv from standard input")
    )
    group = reading.add_argument_group("data")
    group.add_argument("--columns", metavar="LIST", help=_COLUMNS)
    group.add_argument("--drop", metavar="LIST", help="columns to leave out, written likewise")
    group.add_argument("--discrete", metavar="LIST", help="columns of labels, of numbers or text, written likewise")
    group.add_argument("--numeric-only", action="store_true", help="leave out columns that are not numbers")
    group.add_argument(
        "--missing", choices=["error", "drop"], default="error", help="rows that lack values (default error)"
    )
    group.add_argument("--na", metavar="WORDS", default="", help="further words for a missing value: -999,?,n.d.")
    group.add_argument("--variable", metavar="NAME", help="which array of an npz or mat file: X, EEG.data")
    group.add_argument("--transpose", action="store_true", help="the rows are the variables")
    group = reading.add_argument_group("how a text file is written (default auto: told from the file, or asked)")
    group.add_argument("--header", metavar="auto|yes|no|LINE", default="auto", help="line 1 holds names, or this one")
    group.add_argument("--separator", metavar="SIGN", default="auto", help="comma, semicolon, tab, blank, bar or sign")
    group.add_argument("--decimal", metavar="SIGN", default="auto", help="in numbers: . or ,")
    group.add_argument("--thousands", metavar="SIGN", default="auto", help="between thousands: , . ' ' or no")
    group.add_argument("--index", metavar="LIST", default="auto", help="columns that label the rows, or no")
    group.add_argument("--comment", metavar="SIGN", default="auto", help="that begins a comment (auto: # %% //), or no")
    group.add_argument("--skip", metavar="LINES", default="", help="lines to leave out, by number: 2,5:7")
    group.add_argument("--encoding", metavar="NAME", default="auto", help="utf-8, cp1252, latin-1, utf-16 ...")
    group.add_argument("--quiet", action="store_true", help="no remarks, warnings or progress on standard error")
    writing = _Parser(add_help=False)
    group = writing.add_argument_group("output")
    written = f"also write the result: {', '.join(files.SUFFIXES)}"
    names_a_file(group.add_argument("--out", metavar="FILE", help=written))
    names_a_file(
        group.add_argument("--report", metavar="FILE", help="also write a page with table and pictures: .html")
    )
    group.add_argument(
        "--format", choices=["table", "csv"], default="table", help="on standard output (default table)"
    )
    return [reading, writing]


def _estimation_options() -> _Parser:
    """Options on how the measures are estimated."""
    options = _Parser(add_help=False)
    group = options.add_argument_group("estimation")
    group.add_argument("--given", metavar="LIST", help="columns to condition all measures on, written like --columns")
    group.add_argument("--groups", metavar="LISTS", help="columns to treat as one variable: '0,1;2,3,4;5'")
    group.add_argument("--units", choices=["nats", "bits"], default="nats", help="(default nats)")
    estimators.add_options(group, _TAKEN)
    group.add_argument("--seed", type=int, metavar="N", help="for --ties random, --method tabu and hoi test")
    group.add_argument(
        "--no-bias-correction", dest="bias_correction", action="store_false", help="raw estimates"
    )
    group.add_argument(
        "--effective-samples", dest="bias_correction", action="store_const", const="effective", default=True,
        help="correct each set by the independent samples that autocorrelated ones are worth",
    )  # fmt: skip
    group.add_argument("--backend", default="auto", help="auto (default) or a name that hoi backends lists")
    return options
