"""The report: every claim with its verdict, what is missing said plainly, and nothing fetched from anywhere."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

import pandas as pd
from markupsafe import escape

from hoi_grokking import experiments
from hoi_grokking.claims import CLAIMS
from hoi_grokking.claims.rule import CONTRADICTED, DEPENDS, SUPPORTED, UNDECIDED, UNMEASURED
from hoi_grokking.cli import main
from hoi_grokking.report import page as report_page
from hoi_grokking.report.choices import CHOICES

ARGUMENTS = ["--scale", "tiny", "--seeds", "1", "--jobs", "1", "--out"]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with figure 1 and the report, and none of the other experiments."""
    folder = tmp_path_factory.mktemp("report")
    assert main(["figure", "1", *ARGUMENTS, str(folder)]) == 0
    assert main(["report", *ARGUMENTS, str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def page(out: Path) -> str:
    return (out / "report.html").read_text(encoding="utf-8")


def row(page: str, key: str) -> str:
    """The row of a claim."""
    found = re.findall(rf'<tr id="{re.escape(key)}" class=claim>.*?</tr>', page, re.DOTALL)
    assert len(found) == 1, key
    return found[0]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
def test_every_claim_has_a_row(claim, page: str) -> None:
    text = row(page, claim.key)
    assert str(escape(claim.sentence)) in text
    assert str(escape(claim.criterion)) in text
    assert str(escape(claim.where)) in text
    assert ('class="control"' in text) == claim.control
    assert re.search(f"[✓✗≈?–] ({SUPPORTED}|{CONTRADICTED}|{DEPENDS}|{UNDECIDED}|{UNMEASURED})</span>", text)


def test_the_table_of_claims_says_the_same(out: Path, page: str) -> None:
    table = pd.read_csv(out / "tables" / "claims.csv")
    assert list(dict.fromkeys(table.claim)) == [claim.key for claim in CLAIMS]
    for key, verdict in table[["claim", "verdict"]].drop_duplicates().itertuples(index=False):
        assert f" {verdict}</span>" in row(page, key), key


def test_the_claims_come_from_what_is_stored_without_any_weights(out: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(out, kept, ignore=shutil.ignore_patterns("checkpoints", "tables"))
    assert main(["report", *ARGUMENTS, str(kept)]) == 0
    for name in ("claims.csv", "verdicts.csv"):
        assert (kept / "tables" / name).read_text() == (out / "tables" / name).read_text()
    shown = pd.read_csv(kept / "tables" / "verdicts.csv")
    assert shown.sentence.tolist() == [claim.sentence for claim in CLAIMS]


def test_the_summary_counts_every_claim(out: Path, page: str) -> None:
    summary = page[page.index('<section id="summary">') : page.index('<section id="claims">')]
    counts = [tuple(map(int, pair)) for pair in re.findall(r"<td>(\d+)</td><td>(\d+)</td>", summary)]
    table = pd.read_csv(out / "tables" / "claims.csv").drop_duplicates("claim")
    expected = [
        tuple(int(((table.verdict == verdict) & (table.control == control)).sum()) for control in (False, True))
        for verdict in (SUPPORTED, CONTRADICTED, DEPENDS, UNDECIDED, UNMEASURED)
    ]
    assert counts == [*expected, (int((~table.control).sum()), int(table.control.sum()))]


def test_what_was_not_run_is_said_to_be_missing(page: str) -> None:
    for name in experiments.NAMES:
        there = name == "figure_1"
        assert (f"<code>python -m hoi_grokking run {name}</code>" in page) == (not there), name
        assert (f"<figure id={name}>" in page) == there, name
    assert "tables/figure_6.csv is missing: run figure_6" in row(page, "sub-faster")
    assert UNMEASURED in row(page, "sub-faster")


def test_figures_and_short_tables_are_on_the_page(out: Path, page: str) -> None:
    assert page.count("<img ") == 1
    assert '<img alt="Figure 1. Accuracy' in page
    assert "<summary>figure_1.csv: Accuracy" in page
    assert "<th>test 98%</th>" in page


HOSTILE = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>{{ 7 * 7 }}"


class Elements(HTMLParser):
    """Names of the elements, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        assert not any(name.startswith("on") for name, _ in attributes)

    def handle_data(self, text: str) -> None:
        self.text += text


def test_text_of_any_kind_stays_text(out: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "title", lambda name: HOSTILE)
    monkeypatch.setitem(CHOICES, HOSTILE, ((HOSTILE, HOSTILE, HOSTILE),))
    monkeypatch.setattr(report_page, "RULE", HOSTILE)
    assert main(["report", *ARGUMENTS, str(out)]) == 0
    hostile = Elements((out / "report.html").read_text(encoding="utf-8"))
    assert hostile.text.count(HOSTILE) >= 4 + len(experiments.NAMES)
    assert "script" not in hostile.names
    assert hostile.names.count("img") == Elements(page).names.count("img") == 1


def test_it_needs_no_network(page: str) -> None:
    places = re.findall(r"(?:src|href)=\"?([^\"\s>]+)", page)
    assert len(places) > 5
    assert [place for place in places if not place.startswith(("#", "data:"))] == []
    assert "<script" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_every_choice_is_named(page: str) -> None:
    for heading, choices in CHOICES.items():
        assert f"<h3>{heading}</h3>" in page
        for choice in choices:
            for text in choice:
                assert f"<td>{escape(text)}</td>" in page


def test_settings_and_versions_are_those_of_the_run(out: Path, page: str) -> None:
    (run,) = (out / "runs").iterdir()
    for name, version in json.loads((run / "versions.json").read_text()).items():
        assert f"<tr><td>{name}</td><td>{version}</td>" in page
    assert "<tr><td>weight decay 0.1</td><td>0.1</td><td>1.0</td><td>false</td>" in page
    assert "<tr><td>task, modulus</td><td>11</td></tr>" in page
    assert "Tiny version" in page


def test_the_same_folder_gives_the_same_page(out: Path, page: str) -> None:
    assert main(["report", *ARGUMENTS, str(out)]) == 0
    assert (out / "report.html").read_text(encoding="utf-8") == page
