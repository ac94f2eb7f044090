"""The claims of the paper as data: a sentence, a number that decides it, and a condition on that number.

| file | what it holds |
|---|---|
| `accuracy.py` | section 4, figures 1, 8 and 9 |
| `phases_of_training.py` | section 5, figures 2 to 4 |
| `early_synergy.py` | section 6, figure 5 |
| `subnetworks.py` | section 7, figures 6 and 7 |
| `other_measures.py` | synergy beside the comparison measures |
| `criteria.py` | the numbers: one network in, one number out |
| `evidence.py` | what a study measured |
| `condition.py` | conditions on a number, which print themselves |
| `rule.py` | from numbers to a verdict |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hoi_grokking.claims import accuracy, early_synergy, other_measures, phases_of_training, subnetworks
from hoi_grokking.claims.evidence import Evidence
from hoi_grokking.claims.rule import Claim, Result, evaluate, judge

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CLAIMS", "SECTIONS", "check", "to_table", "verdicts"]

SECTIONS: dict[str, tuple[Claim, ...]] = {
    "Which networks grok": accuracy.CLAIMS,
    "Phases of training": phases_of_training.CLAIMS,
    "Early synergy": early_synergy.CLAIMS,
    "Sub-networks": subnetworks.CLAIMS,
    "Synergy beside other measures": other_measures.CLAIMS,
}

_COLUMNS = (
    "claim", "where", "sentence", "criterion", "control", "estimator", "value", "low", "high", "agree", "known",
    "total", "values", "p", "verdict of estimator", "verdict", "reason",
)  # fmt: skip

CLAIMS = tuple(claim for claims in SECTIONS.values() for claim in claims)


def check(evidence: Evidence) -> list[Result]:
    """Hold every claim against what was measured.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    list of Result
        In the order of `CLAIMS`, with verdicts that hold together.
    """
    return judge([evaluate(claim, evidence) for claim in CLAIMS])


def to_table(results: list[Result]) -> pd.DataFrame:
    """One row per claim and estimator; a claim that could not be measured has one row without numbers."""
    import pandas as pd

    rows = []
    for result in results:
        claim = result.claim
        head = {
            "claim": claim.key, "where": claim.where, "sentence": claim.sentence, "criterion": claim.criterion,
            "control": claim.control,
        }  # fmt: skip
        for name, finding in result.findings.items():
            rows.append(
                head | {
                    "estimator": name, "value": finding.value, "low": finding.low, "high": finding.high,
                    "agree": finding.agree, "known": finding.known, "total": finding.total,
                    "values": " ".join(f"{value:.4g}" for value in finding.values), "p": finding.pvalue,
                    "verdict of estimator": finding.verdict, "verdict": result.verdict,
                }
            )  # fmt: skip
        if not result.findings:
            rows.append(head | {"verdict": result.verdict, "reason": result.reason})
    return pd.DataFrame(rows, columns=_COLUMNS)


def verdicts(results: list[Result]) -> pd.DataFrame:
    """One row per claim: the sentence, and how it ended."""
    import pandas as pd

    rows = [
        {
            "where": result.claim.where, "sentence": result.claim.sentence,
            "claim of": "a control" if result.claim.control else "the paper", "verdict": result.verdict,
        }
        for result in results
    ]  # fmt: skip
    return pd.DataFrame(rows)
