"""What each command does: read, compute, and give out."""

from __future__ import annotations

import argparse
import io
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import hoi
from hoi._api.planning import in_words
from hoi._cli import completion as _completion
from hoi._cli import estimators
from hoi._cli.output import Console, Targets, table
from hoi._cli.reading import Options, choose, listing, open_table, read_table
from hoi._engine.checkpoint import status
from hoi._errors import HoiError
from hoi._measures.registry import ALL
from hoi._results import files
from hoi._results.multiplets import Multiplets, annotated

__all__ = ["run"]


def run(arguments: argparse.Namespace, console: Console, parser: argparse.ArgumentParser) -> None:
    """Run the command that the arguments name."""
    if arguments.command == "completion":
        console.write(_completion.script(arguments.shell, parser))
    else:
        _COMMANDS[arguments.command](arguments, console)


def _search(arguments: argparse.Namespace, console: Console) -> None:
    """The best sets of a table."""
    if arguments.null is not None:
        if arguments.method != "exhaustive":
            raise HoiError("--test goes through all sets of every surrogate: leave --method tabu out.")
        if arguments.determined != "keep":
            raise HoiError("--test is of all columns: leave out those that others determine with --drop.")
        if arguments.across == "each":
            raise HoiError("--test is of the mean over recordings, as --across mean: leave --across each out.")
        return _test(arguments, console)
    targets = Targets(arguments.out, arguments.report, arguments.data)
    values = _read(arguments, console)
    found = hoi.search(
        values,
        arguments.order,
        which=arguments.which,
        n_best=arguments.n_best,
        per_order=arguments.per_order,
        across=arguments.across or "each",
        method=arguments.method,
        n_restarts=arguments.n_restarts,
        seed=arguments.seed if arguments.method == "tabu" else None,
        checkpoint=arguments.checkpoint,
        determined=arguments.determined,
        progress=False if arguments.quiet else (True if arguments.progress else None),
        measure=arguments.measure,
        threads=arguments.threads,
        target=_columns(arguments, "target", values),
        **_estimation(arguments, values),
    )
    found = _of_file(found, arguments, console)
    targets.deliver(found, console, _shown(found, arguments, console))


def _test(arguments: argparse.Namespace, console: Console) -> None:
    """The best sets of a table, and whether they are more than chance."""
    targets = Targets(arguments.out, arguments.report, arguments.data)
    values = _read(arguments, console)
    found = hoi.permutation_test(
        values,
        arguments.order,
        null=arguments.null,
        n_resamples=arguments.resamples,
        measure=arguments.measure,
        which=arguments.which,
        n_best=arguments.n_best,
        per_order=arguments.per_order,
        target=_columns(arguments, "target", values),
        threads=arguments.threads,
        seed=arguments.seed,
        checkpoint=arguments.checkpoint,
        progress=False if arguments.quiet else (True if arguments.progress else None),
        **_estimation(arguments, values),
    )
    found = _of_file(found, arguments, console)
    targets.deliver(found, console, _shown(found, arguments, console))


def _compare(arguments: argparse.Namespace, console: Console) -> None:
    """The sets in which two tables differ most."""
    for source in (arguments.other, arguments.data):
        targets = Targets(arguments.out, arguments.report, source)
    if arguments.data == arguments.other == "-":
        raise HoiError("both files are standard input: name one of them")
    values = _read(arguments, console)
    other = _read(argparse.Namespace(**{**vars(arguments), "data": arguments.other}), console)
    found = hoi.compare(
        values,
        other,
        arguments.order,
        measure=arguments.measure,
        paired=arguments.paired,
        n_resamples=arguments.resamples,
        n_best=arguments.n_best,
        seed=arguments.seed,
        **_estimation(arguments, values),
    )
    found = _of_file(found, arguments, console)
    found = annotated(found, source=f"{found.settings['source']} and {arguments.other}")
    targets.deliver(found, console, _shown(found, arguments, console))


def _plan(arguments: argparse.Namespace, console: Console) -> None:
    """What a search would cost."""
    values = _read(arguments, console)
    estimation = {k: v for k, v in _estimation(arguments, values).items() if k not in ("bias_correction", "units")}
    cost = hoi.plan(
        values,
        arguments.order,
        measure=arguments.measure,
        threads=arguments.threads,
        target=_columns(arguments, "target", values),
        **estimation,
    )
    console.line(str(cost))


def _warm_up(arguments: argparse.Namespace, console: Console) -> None:
    """The walks of searches compiled, so that later processes find them on disk."""
    from hoi._cli.warm_up import warm_up

    warm_up(console.line)


def _measure(arguments: argparse.Namespace, console: Console) -> None:
    """All measures of a table or of given sets."""
    targets = Targets(arguments.out, arguments.report, arguments.data)
    values = _read(arguments, console)
    sets = _sets(arguments, _names(values))
    found = _of_file(hoi.measures(
        values, sets, target=_columns(arguments, "target", values), **_estimation(arguments, values)
    ), arguments, console)
    one = len(found) == 1 and arguments.format == "table"
    targets.deliver(found, console, _one_set(found, console) if one else _shown(found, arguments, console))


def _status(arguments: argparse.Namespace, console: Console) -> None:
    """How far the search of a checkpoint is."""
    told = status(Path(arguments.checkpoint))
    about = ", ".join(f"{name} {value}" for name, value in told["about"].items() if value is not None)
    console.line(f"{arguments.checkpoint}: {about}")
    share = told["done"] / told["total"]
    console.line(f"{told['done']:,} of {told['total']:,} sets ({share:.1%}) in {told['units']:,} units")
    if told["done"] and share < 1:
        left = told["seconds"] * (1 - share) / share
        console.line(f"about {in_words(left)} of one core are left; the command that began it goes on from here")


def _show(arguments: argparse.Namespace, console: Console) -> None:
    """What would be read."""
    values, notes, _ = open_table(arguments.data, _reading(arguments))
    for note in notes:
        console.remark(note)
    console.line(listing(values))


def _demo(arguments: argparse.Namespace, console: Console) -> None:
    """A search of a shipped recording."""
    from hoi._cli.demo import demo

    demo(Path(arguments.out), console.line)


def _backends(arguments: argparse.Namespace, console: Console) -> None:
    """What can compute here."""
    for name, state in hoi.backends().items():
        console.line(f"{name:<8} {state}")


_COMMANDS: dict[str, Callable[[argparse.Namespace, Console], None]] = {
    "search": _search,
    "test": _test,
    "compare": _compare,
    "plan": _plan,
    "measure": _measure,
    "status": _status,
    "show": _show,
    "demo": _demo,
    "warm-up": _warm_up,
    "backends": _backends,
}


# -- parts of them ---------------------------------------------------------------------------------


def _reading(arguments: argparse.Namespace) -> Options:
    """The options of reading that were given."""
    return Options(**{field.name: getattr(arguments, field.name) for field in fields(Options)})


def _read(arguments: argparse.Namespace, console: Console) -> Any:
    """The table of the file, with remarks on how it was read and what was left out."""
    values, notes, dropped = read_table(arguments.data, _reading(arguments), lambda names: _used(arguments, names))
    console.dropped += dropped
    for note in notes:
        console.remark(note)
    return values


def _of_file(found: Multiplets, arguments: argparse.Namespace, console: Console) -> Multiplets:
    """The result with the file that was read and the warnings on the way, for its own file and its report."""
    source = "standard input" if arguments.data == "-" else arguments.data
    more = {"warnings": console.warned, "dropped_rows": console.dropped}
    return annotated(found, source=source, **{name: value for name, value in more.items() if value})


def _sets(arguments: argparse.Namespace, names: list[str]) -> list[tuple[int, ...]] | None:
    """The sets of --multiplets."""
    text = getattr(arguments, "multiplets", None)
    if text is None:
        return None
    sets = [tuple(choose(part, names, "--multiplets")) for part in text.split(";") if part.strip()]
    if not sets:
        raise HoiError("--multiplets is empty: write sets as 0,1,2;3,4,5")
    return sets


def _groups(arguments: argparse.Namespace, names: list[str]) -> list[list[int]] | None:
    """The groups of --groups."""
    if arguments.groups is None:
        return None
    return [choose(part, names, "--groups") for part in arguments.groups.split(";") if part.strip()]


def _used(arguments: argparse.Namespace, names: list[str]) -> list[int] | None:
    """Columns whose gaps count: of the groups or the sets, what is given, and the target; None for all."""
    sets: Sequence[Sequence[int]] | None = _groups(arguments, names) or _sets(arguments, names)
    if sets is None:
        return None
    others = [choose(text, names, f"--{o}") for o in ("given", "target") if (text := getattr(arguments, o, None))]
    return sorted({c for columns in [*sets, *others] for c in columns})


def _names(values: Any) -> list[str]:
    return list(values.columns) if hasattr(values, "columns") else [str(i) for i in range(values.shape[-1])]


def _columns(arguments: argparse.Namespace, name: str, values: Any) -> list[int] | None:
    """Columns with a part of their own, as an option names them."""
    text = getattr(arguments, name)
    return None if text is None else choose(text, _names(values), f"--{name}")


def _estimation(arguments: argparse.Namespace, values: Any) -> dict[str, Any]:
    """The options that all commands with measures share, as keywords of the public functions."""
    discrete = _columns(arguments, "discrete", values)
    return {
        **({} if discrete is None else {"discrete": discrete}),
        "estimator": estimators.chosen(arguments),
        "given": _columns(arguments, "given", values),
        "bias_correction": arguments.bias_correction,
        "units": arguments.units,
        "groups": _groups(arguments, _names(values)),
        # what counts has no gaps any more; other columns may have some
        "missing": "drop" if values.ndim == 2 else "raise",
        "backend": arguments.backend,
    }


def _shown(found: Multiplets, arguments: argparse.Namespace, console: Console) -> str:
    """All rows, as a table or as csv."""
    if arguments.format == "table":
        return table(found, console)
    rows = io.StringIO()
    files.write_rows(found, rows)
    return rows.getvalue()


def _one_set(found: Multiplets, console: Console) -> str:
    """The measures of one set, a line each."""
    row = found[0]
    lines = [textwrap.shorten(", ".join(row.names), 96, placeholder=" ..."), ""]
    measures = {name: ALL[name] for name in found.columns}
    symbols = all(console.encodes(measure.symbol) for measure in measures.values())
    for name, measure in measures.items():
        short = f"{measure.symbol:<4} " if symbols else ""
        lines.append(f"  {short}{measure.label:<24} {getattr(row, name):12.6f} {found.units}")
    samples = f" of {found.settings['n_samples']:,} samples"
    return "\n".join([f"{row.order} variables{samples}: {lines[0]}", *lines[1:], ""])
