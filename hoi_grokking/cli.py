"""Command line of the case study: ``python -m hoi_grokking``."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import hoi
from hoi_grokking import experiments, registry
from hoi_grokking.config import PAPER_SEEDS
from hoi_grokking.study import SCALES, Settings, Study

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0 if all went well, 2 if the user has to change something.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int

    Examples
    --------
    >>> from hoi_grokking.cli import main
    >>> main(["figure", "10"])
    2
    """
    options = _parser().parse_args(arguments)
    try:
        if getattr(options, "load", None):
            _load(options.load)
        if options.command == "list":
            for name in (*experiments.NAMES, *registry.names("experiment")):
                print(f"{name:22s}{experiments.title(name)}")
            return 0
        if options.command == "publish":
            from hoi_grokking.report import publish

            for path in publish(options.out, options.docs):
                print(path)
            return 0
        names = _names(options)
        study = Study(
            Settings(
                out=options.out, scale=options.scale, seeds=_seeds(options.seeds), device=options.device,
                jobs=options.jobs,
            )
        )  # fmt: skip
        study.open_folder()
        print(study.scale.note)
        for name in names:
            _show(f"{name}: {experiments.title(name)}", partial(experiments.run, name, study))
        if options.command in ("report", "all"):
            from hoi_grokking.report import write_report

            _show("report: every claim of the paper held against what was measured", partial(write_report, study))
    except hoi.HoiError as error:
        print(f"hoi_grokking: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("hoi_grokking: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _show(title: str, make: Callable[[], list[Path]]) -> None:
    """Say what is made, the files that were written, and how long it took."""
    print(title, flush=True)
    started = time.monotonic()
    for path in make():
        print(f"  {path}")
    print(f"  {time.monotonic() - started:.0f} s", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hoi_grokking",
        description="Synergy and redundancy between the neurons of networks that grok (Clauw, Marinazzo and "
        "Stramaglia, 2024): training, measures and figures. What a folder holds already is not computed again.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listed = commands.add_parser("list", help="the experiments")
    for command, what in (
        ("run", "some experiments"),
        ("figure", "figures of the paper"),
        ("report", "a page of every claim of the paper, held against what the folder holds"),
        ("all", "every experiment, and the report"),
        ("publish", "tables, figures and the page of results into the documentation, from what the folder holds"),
    ):
        sub = commands.add_parser(command, help=what)
        sub.add_argument("--out", type=Path, default=Path("grokking-output"), help="default: grokking-output")
        if command == "publish":
            sub.add_argument("docs", type=Path, help="folder of the documentation")
            continue
        if command == "run":
            sub.add_argument("what", nargs="+", metavar="NAME", help="a name that `list` shows")
            for one in (listed, sub):
                one.add_argument("--load", metavar="MODULE", help="a module of your own that registers what it adds")
        if command == "figure":
            sub.add_argument("what", nargs="+", metavar="N", help="1 to 9")
        scale = sub.add_mutually_exclusive_group()
        scale.add_argument("--scale", choices=list(SCALES), default="full", help="default: full")
        scale.add_argument("--quick", action="store_const", const="quick", dest="scale", help=SCALES["quick"].note)
        sub.add_argument("--seeds", type=int, metavar="N", help="number of seeds; default: what the scale takes")
        sub.add_argument("--device", default="cpu", help="of PyTorch; default: cpu")
        sub.add_argument("--jobs", type=int, help="threads and processes; default: one for each core")
    return parser


def _load(module: str) -> None:
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise hoi.HoiError(
            f"--load {module}: it cannot be imported ({error}). Give its name as in an import, from its own folder."
        ) from error


def _names(options: argparse.Namespace) -> list[str]:
    if options.command in ("report", "all"):
        return [] if options.command == "report" else list(experiments.NAMES)
    names = [f"figure_{what}" for what in options.what] if options.command == "figure" else options.what
    for name in names:
        experiments.title(name)  # an unknown name is said before anything runs
    return names


def _seeds(count: int | None) -> tuple[int, ...] | None:
    if count is None:
        return None
    if not 1 <= count <= len(PAPER_SEEDS):
        raise hoi.HoiError(f"--seeds is {count}, and has to be 1 to {len(PAPER_SEEDS)}, the seeds of the paper.")
    return PAPER_SEEDS[:count]
