"""What the results page says is what its tables say: it is written from them, and refuses what they do not say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("jinja2", reason="the page is a template")

import hoi
from hoi_grokking.cli import main
from hoi_grokking.report import results_page

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "grokking-results.md").read_text(encoding="utf-8")
TABLES = DOCS / "grokking-results" / "tables"


def test_the_page_is_the_one_that_its_tables_give() -> None:
    assert results_page(TABLES) == PAGE, "run: python -m hoi_grokking publish docs"


def test_the_counts_of_verdicts_are_those_of_the_claims() -> None:
    claims = pd.read_csv(TABLES / "claims.csv").drop_duplicates("claim")
    said = {
        verdict: (int(paper), int(control))
        for verdict, paper, control in re.findall(r"^\| ([a-z ]+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    }
    counted = claims.groupby("verdict")["control"].agg([lambda own: int((~own).sum()), lambda own: int(own.sum())])
    assert {verdict: counts for verdict, counts in said.items() if any(counts)} == {
        verdict: tuple(row) for verdict, row in counted.iterrows()
    }


def test_the_table_of_verdicts_is_that_of_the_claims() -> None:
    claims = pd.read_csv(TABLES / "claims.csv").drop_duplicates("claim")
    shown = pd.read_csv(TABLES / "verdicts.csv")
    assert shown.verdict.tolist() == claims.verdict.tolist()
    assert shown.sentence.tolist() == claims.sentence.tolist()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"grokking-results/[\w/]+\.\w+", PAGE))))
def test_every_file_that_the_page_names_is_there(path: str) -> None:
    assert (DOCS / path).is_file()


def test_a_sentence_that_does_not_fit_its_table_is_refused(tmp_path: Path) -> None:
    shutil.copytree(TABLES, tmp_path / "tables")
    path = tmp_path / "tables" / "figure_1.csv"
    pd.read_csv(path).assign(**{"test 98%": float("nan")}).to_csv(path, index=False)
    with pytest.raises(hoi.HoiError, match=r"The page of results says “.*”, and its tables do not"):
        results_page(tmp_path / "tables")
    path.unlink()
    with pytest.raises(hoi.HoiError, match=r"figure_1\.csv is missing, and the page of results has numbers of it"):
        results_page(tmp_path / "tables")


def test_publishing_takes_tables_and_figures_of_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, docs = tmp_path / "out", tmp_path / "docs"
    shutil.copytree(TABLES, out / "tables")
    (out / "tables" / "figure_2_values.csv").write_text("a part of figure_5.csv\n")
    (out / "figures").mkdir()
    (out / "figures" / "figure_1.png").write_bytes(b"picture")
    (out / "figures" / "figure_1.svg").write_bytes(b"the same, larger")
    assert main(["publish", str(docs), "--out", str(out)]) == 0
    assert (docs / "grokking-results.md").read_text(encoding="utf-8") == PAGE
    written = {str(path.relative_to(docs / "grokking-results")) for path in (docs / "grokking-results").rglob("*.*")}
    assert written == {f"tables/{path.name}" for path in TABLES.glob("*.csv")} | {"figures/figure_1.png"}
    assert capsys.readouterr().out.splitlines()[-1] == str(docs / "grokking-results.md")
