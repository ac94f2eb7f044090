"""What the results page says is what its tables say."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "grokking-results.md").read_text(encoding="utf-8")
TABLES = DOCS / "grokking-results" / "tables"


def test_the_counts_of_verdicts_are_those_of_the_claims() -> None:
    claims = pd.read_csv(TABLES / "claims.csv").drop_duplicates("claim")
    said = {
        verdict: (int(paper), int(control))
        for verdict, paper, control in re.findall(r"^\| ([a-z ]+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    }
    counted = claims.groupby("verdict")["control"].agg([lambda own: int((~own).sum()), lambda own: int(own.sum())])
    assert said == {verdict: tuple(row) for verdict, row in counted.iterrows()}


def test_the_table_of_verdicts_is_that_of_the_claims() -> None:
    claims = pd.read_csv(TABLES / "claims.csv").drop_duplicates("claim")
    shown = pd.read_csv(TABLES / "verdicts.csv")
    assert shown.verdict.tolist() == claims.verdict.tolist()
    assert shown.sentence.tolist() == claims.sentence.tolist()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"grokking-results/[\w/]+\.\w+", PAGE))))
def test_every_file_that_the_page_names_is_there(path: str) -> None:
    assert (DOCS / path).is_file()
