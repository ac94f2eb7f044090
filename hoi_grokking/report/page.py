"""The page put together: a template, a style sheet, and what the folder of a study holds."""

from __future__ import annotations

import base64
import html
import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from string import Template

import hoi
from hoi_grokking import experiments
from hoi_grokking.claims import SECTIONS, Evidence, check, to_table
from hoi_grokking.claims.rule import DEPENDS, FAILS, HOLDS, OPEN, RULE, Finding, Result
from hoi_grokking.report.choices import CHOICES
from hoi_grokking.store import versions, write
from hoi_grokking.study import PROBES, Study

__all__ = ["write_report"]

# Verdict -> sign and style; the sign and the words tell them apart without colours.
_MARKS = {HOLDS: ("✓", "holds"), FAILS: ("✗", "fails"), DEPENDS: ("≈", "depends"), OPEN: ("?", "open")}

# Tables up to this many rows are on the page; longer ones are files only.
_SHOWN_ROWS = 60


def write_report(study: Study) -> list[Path]:
    """Hold every claim against what a study measured, and write report.html and tables/claims.csv.

    Parameters
    ----------
    study : Study
        Its run of the paper is trained and measured where it is not yet. Figures and tables are those that its folder
        holds; experiments that were not run are said to be missing.

    Returns
    -------
    list of Path
    """
    results = check(Evidence.of(study))
    table = study.save_table("claims", to_table(results))
    path = study.out / "report.html"
    write(path, _page(study, results))
    return [path, table]


def _page(study: Study, results: Sequence[Result]) -> str:
    return Template(_file("page.html")).substitute(
        title="Grokking and synergy: what of the paper holds",
        style=_file("page.css"),
        version=hoi.__version__,
        note=html.escape(f"{study.scale.note} Seeds of the models: {', '.join(map(str, study.seeds))}."),
        summary=_summary(results),
        rule=html.escape(RULE),
        claims=_claims(results),
        figures=_figures(study.out / "figures"),
        tables=_tables(study.out / "tables"),
        choices="".join(f"<h3>{html.escape(head)}</h3>{_choices(rows)}" for head, rows in CHOICES.items()),
        settings=_settings(study),
    )


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], style: str = "") -> str:
    """A table of cells that are HTML already."""
    heads = "".join(f"<th scope=col>{cell}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class=wide><table{style}><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"


# --- claims


def _mark(verdict: str) -> str:
    sign, style = _MARKS[verdict]
    return f'<span class="mark {style}">{sign} {verdict}</span>'


def _summary(results: Sequence[Result]) -> str:
    """How many claims, and how many controls, ended how."""
    kinds = {
        "claims of the paper": [result for result in results if not result.claim.control],
        "controls that it lacks": [result for result in results if result.claim.control],
    }
    counts = [Counter(result.verdict for result in chosen) for chosen in kinds.values()]
    rows = [[_mark(verdict), *(str(count[verdict]) for count in counts)] for verdict in _MARKS]
    return _table(["", *kinds], [*rows, ["all", *(str(count.total()) for count in counts)]])


def _claims(results: Sequence[Result]) -> str:
    found = {result.claim.key: result for result in results}
    parts = []
    for heading, claims in SECTIONS.items():
        rows = "".join(_claim(found[claim.key]) for claim in claims)
        parts.append(
            f"<h3>{html.escape(heading)}</h3><div class=wide><table class=claims><thead><tr><th scope=col>Where</th>"
            "<th scope=col>Claim</th><th scope=col>Number, lowest to highest</th><th scope=col>Seeds that agree</th>"
            f"<th scope=col>Verdict</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )
    return "".join(parts)


def _claim(result: Result) -> str:
    """A row for the claim, and one that unfolds what each estimator says."""
    claim = result.claim
    control = ' <span class="control">control</span>' if claim.control else ""
    number, agree, by = f'<span class="missing">{html.escape(result.reason)}</span>', "", ""
    if result.findings:
        decisive = [item for item in result.findings.items() if item[1].verdict != OPEN]
        name, shown = (decisive or list(result.findings.items()))[0]
        number = f"{_interval(shown)}<br><small>{html.escape(name)}</small>"
        agree = _agreement(shown)
        decided = Counter(finding.verdict for finding in result.findings.values())
        n_decided = decided[HOLDS] + decided[FAILS]
        if len(result.findings) > 1 and n_decided:
            by = f"<br><small>holds by {decided[HOLDS]} of {n_decided} that decide it</small>"
    return (
        f'<tr id="{claim.key}" class=claim><td class=where>{html.escape(claim.where)}</td>'
        f'<td>{html.escape(claim.sentence)}{control}<br><span class="criterion">{html.escape(claim.criterion)}</span>'
        f"</td><td class=number>{number}</td><td class=agree>{agree}</td>"
        f"<td class=verdict>{_mark(result.verdict)}{by}</td></tr>"
        f"<tr class=more><td></td><td colspan=4>{_estimators(result)}</td></tr>"
    )


def _estimators(result: Result) -> str:
    if not result.findings:
        return ""
    rows = [
        [html.escape(name), _interval(found), _agreement(found), " ".join(map(_number, found.values)),
         _mark(found.verdict)]
        for name, found in result.findings.items()
    ]  # fmt: skip
    title = "By estimator and seed" if len(rows) > 1 else "By seed"
    head = ["", "Number, lowest to highest", "Seeds that agree", "All numbers", "Verdict"]
    return f"<details><summary>{title}</summary>{_table(head, rows)}</details>"


def _interval(found: Finding) -> str:
    return f"{_number(found.value)} [{_number(found.low)}, {_number(found.high)}]" if found.known else "–"


def _agreement(found: Finding) -> str:
    """Of the seeds that have a number; the others are counted apart."""
    if not found.known:
        return "none has a number"
    without = f", {found.total - found.known} without a number" if found.known < found.total else ""
    return f"{found.agree} of {found.known}{without}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", "−")


# --- figures and tables


def _of_experiment(name: str, folder: Path, suffix: str) -> list[Path]:
    """Files of an experiment: its name, and its name with something behind."""
    return sorted([*folder.glob(f"{name}{suffix}"), *folder.glob(f"{name}_*{suffix}")])


def _missing(name: str) -> str:
    return (
        f'<p class="missing">{html.escape(experiments.title(name))}: not run here '
        f"(<code>python -m hoi_grokking run {name}</code>).</p>"
    )


def _figures(folder: Path) -> str:
    parts = []
    for name in experiments.NAMES:
        paths = _of_experiment(name, folder, ".svg")
        title = html.escape(f"{name.replace('_', ' ').capitalize()}. {experiments.title(name)}")
        parts += [
            f"<figure id={path.stem}><figcaption>{title}</figcaption><div>"
            f'<img alt="{title}" src="data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}">'
            "</div></figure>"
            for path in paths
        ] or [_missing(name)]
    return "".join(parts)


def _tables(folder: Path) -> str:
    """Short tables in full, long ones by their names."""
    import pandas as pd

    parts, long = [], []
    for name in experiments.NAMES:
        paths = _of_experiment(name, folder, ".csv")
        if not paths:
            parts.append(_missing(name))
        for path in paths:
            table = pd.read_csv(path)
            if len(table) > _SHOWN_ROWS:
                long.append(f"{path.name} ({len(table)} rows)")
                continue
            shown = table.to_html(index=False, border=0, na_rep="–", float_format=lambda value: f"{value:.4g}")
            parts.append(
                f"<details><summary>{path.name}: {html.escape(experiments.title(name))}</summary>"
                f"<div class=wide>{shown}</div></details>"
            )
    if long:
        parts.append(f"<p>In the folder <code>tables</code> only: {', '.join(long)}.</p>")
    return "".join(parts) + "<p>The claims above are the table <code>claims.csv</code>.</p>"


# --- choices and settings


def _choices(rows: Iterable[Sequence[str]]) -> str:
    return _table(["About", "What is said", "Followed here"], [[html.escape(cell) for cell in row] for row in rows])


def _settings(study: Study) -> str:
    run = study.paper()
    sweep = run.sweep.to_dict()
    variants = sweep.pop("variants")
    columns = [
        name for name in variants[0]
        if name not in ("label", "kept") and len({json.dumps(variant[name]) for variant in variants}) > 1
    ]  # fmt: skip
    same = {name: value for name, value in variants[0].items() if name not in (*columns, "label", "kept")}
    networks = _table(
        ["configuration", *(name.replace("_", " ") for name in columns)],
        [[variant["label"], *(_plain(variant[name]) for name in columns)] for variant in variants],
    )
    estimators = _table(
        ["estimator", "settings"],
        [[name, html.escape(probe.key.replace("_", ", "))] for name, probe in PROBES.items()],
    )
    trained = json.loads((run.path / "versions.json").read_text())
    now = versions()
    programs = _table(["", "training", "this report"], [[name, trained.get(name, "–"), now[name]] for name in now])
    task = {f"task, {name}": value for name, value in sweep.pop("task").items()}
    others = task | sweep | same
    everything = _table(
        ["", ""], [[name.replace("_", " "), html.escape(_plain(value))] for name, value in others.items()]
    )
    return (
        f"<h3>Networks</h3>{networks}<details><summary>All other settings of training</summary>{everything}</details>"
        f"<h3>Estimators</h3><p>Values are in nats, without bias correction.</p>{estimators}"
        f"<h3>Versions</h3>{programs}"
    )


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
