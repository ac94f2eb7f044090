"""The page put together: a template, a style sheet, and what the folder of a study holds."""

from __future__ import annotations

import base64
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import hoi
from hoi_grokking import experiments
from hoi_grokking.claims import SECTIONS, Evidence, check, to_table, verdicts
from hoi_grokking.claims.rule import (
    CONTRADICTED,
    DEPENDS,
    RULE,
    SUPPORTED,
    UNDECIDED,
    UNMEASURED,
    Finding,
    Result,
)
from hoi_grokking.report.choices import CHOICES
from hoi_grokking.store import versions, write
from hoi_grokking.study import PROBES, Study

__all__ = ["write_report"]

# Verdict -> sign and style; the sign and the words tell them apart without colours.
_MARKS = {
    SUPPORTED: ("✓", "supported"), CONTRADICTED: ("✗", "contradicted"), DEPENDS: ("≈", "depends"),
    UNDECIDED: ("?", "open"), UNMEASURED: ("–", "open"),
}  # fmt: skip

# Tables up to this many rows are on the page; longer ones are files only.
_SHOWN_ROWS = 60


def write_report(study: Study) -> list[Path]:
    """Hold every claim against what a study measured, and write report.html, tables/claims.csv and verdicts.csv.

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
    tables = [study.save_table("claims", to_table(results)), study.save_table("verdicts", verdicts(results))]
    path = study.out / "report.html"
    write(path, _page(study, results))
    return [path, *tables]


def _page(study: Study, results: Sequence[Result]) -> str:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    tables, long = _tables(study.out / "tables")
    return page.from_string(_file("page.html")).render(
        title="Grokking and synergy: what of the paper holds",
        style=Markup(_file("page.css")),
        version=hoi.__version__,
        note=f"{study.scale.note} Seeds of the models: {', '.join(map(str, study.seeds))}.",
        marks=_MARKS,
        summary=_summary(results),
        rule=RULE,
        claims=_claims(results),
        figures=list(_figures(study.out / "figures")),
        tables=tables,
        long=long,
        choices=CHOICES,
        settings=_settings(study),
    ).lstrip()


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


# --- claims


def _summary(results: Sequence[Result]) -> dict[str, Any]:
    """How many claims, and how many controls, ended how."""
    kinds = {
        "claims of the paper": [result for result in results if not result.claim.control],
        "controls that it lacks": [result for result in results if result.claim.control],
    }
    counts = [Counter(result.verdict for result in chosen) for chosen in kinds.values()]
    rows = [(verdict, [count[verdict] for count in counts]) for verdict in _MARKS]
    return {"kinds": list(kinds), "rows": [*rows, ("all", [count.total() for count in counts])]}


def _claims(results: Sequence[Result]) -> list[tuple[str, list[dict[str, Any]]]]:
    found = {result.claim.key: result for result in results}
    return [(heading, [_claim(found[claim.key]) for claim in claims]) for heading, claims in SECTIONS.items()]


def _claim(result: Result) -> dict[str, Any]:
    """What the row of a claim shows, and what each estimator says."""
    row = {"claim": result.claim, "verdict": result.verdict, "reason": result.reason}
    number = by = agree = decided_by = ""
    if result.findings:
        decisive = [item for item in result.findings.items() if item[1].verdict == result.verdict]
        by, shown = (decisive or list(result.findings.items()))[0]
        number, agree = _interval(shown), _agreement(shown)
        found = Counter(finding.verdict for finding in result.findings.values())
        if len(result.findings) > 1:
            decided_by = f"{found[SUPPORTED]} for, {found[CONTRADICTED]} against, {found[UNDECIDED]} undecided"
    estimators = [
        ([name, _interval(one), _agreement(one), " ".join(map(_number, one.values)), _number(one.pvalue)], one.verdict)
        for name, one in result.findings.items()
    ]
    return {**row, "number": number, "by": by, "agree": agree, "decided": decided_by, "estimators": estimators}


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


def _figures(folder: Path) -> Iterator[dict[str, Any]]:
    for name in experiments.NAMES:
        title = experiments.title(name)
        files = [
            {"stem": path.stem, "content": base64.b64encode(path.read_bytes()).decode()}
            for path in _of_experiment(name, folder, ".svg")
        ]
        yield {
            "name": name, "title": title, "files": files, "caption": f"{name.replace('_', ' ').capitalize()}. {title}"
        }  # fmt: skip


def _tables(folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Short tables in full, long ones by their names."""
    import pandas as pd
    from markupsafe import Markup

    parts, long = [], []
    for name in experiments.NAMES:
        paths, files = _of_experiment(name, folder, ".csv"), []
        for path in paths:
            table = pd.read_csv(path)
            if len(table) > _SHOWN_ROWS:
                long.append(f"{path.name} ({len(table)} rows)")
                continue
            # pandas escapes what is in the cells
            shown = table.to_html(index=False, border=0, na_rep="–", float_format=lambda value: f"{value:.4g}")
            files.append((path.name, Markup(shown)))
        parts.append({"name": name, "title": experiments.title(name), "files": files, "there": bool(paths)})
    return parts, long


# --- settings


def _settings(study: Study) -> dict[str, Any]:
    run = study.paper()
    sweep = run.sweep.to_dict()
    variants = sweep.pop("variants")
    columns = [
        name for name in variants[0]
        if name not in ("label", "kept") and len({json.dumps(variant[name]) for variant in variants}) > 1
    ]  # fmt: skip
    same = {name: value for name, value in variants[0].items() if name not in (*columns, "label", "kept")}
    networks = (
        ["configuration", *(name.replace("_", " ") for name in columns)],
        [[variant["label"], *(_plain(variant[name]) for name in columns)] for variant in variants],
    )
    trained = json.loads((run.path / "versions.json").read_text())
    now = versions()
    task = {f"task, {name}": value for name, value in sweep.pop("task").items()}
    others = task | sweep | same
    return {
        "networks": networks,
        "others": [[name.replace("_", " "), _plain(value)] for name, value in others.items()],
        "estimators": [[name, probe.key.replace("_", ", ")] for name, probe in PROBES.items()],
        "programs": [[name, trained.get(name, "–"), now[name]] for name in now],
    }


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
