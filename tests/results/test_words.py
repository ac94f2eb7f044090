"""A result in sentences: what a methods section says, and what was found."""

from __future__ import annotations

import re
from importlib import resources

import numpy as np
import pytest

import hoi
from hoi import Multiplets
from hoi._maths.surrogates import NULLS
from hoi._measures.registry import ALL
from hoi._results.sources import bibtex, cited
from hoi._results.words import _NULLS
from hoi._systems.registry import ESTIMATORS, resolve

FMRI = hoi.datasets.load_fmri().iloc[:, :6]
SUBJECTS = np.random.default_rng(0).standard_normal((12, 60, 5))


def paragraph(result: Multiplets) -> str:
    return result.methods().split("\n\n")[0]


def test_a_search():
    found = hoi.search(FMRI, (3, 4), n_best=5, per_order=True, units="bits")
    text = paragraph(found)
    assert text.startswith(
        "O-information (Rosas et al. 2019) was computed for all 35 sets of 3 to 4 of 6 variables from 250 samples. "
        "Entropies were estimated by a Gaussian copula (Ince et al. 2017)"
    )
    assert "repeated values: average ranks" in text
    assert "bias for few samples was subtracted" in text
    assert "Values are in bits." in text
    assert "Up to 5 sets of each order with the lowest and the highest values are reported." in text
    assert f"hoi {hoi.__version__} (numpy {np.__version__}" in text


def test_the_sources_of_what_was_used_and_no_others():
    entries = hoi.search(FMRI, 3).methods().split("\n\n")[1]
    assert re.findall(r"@\w+{(\w+),", entries) == ["rosas2019oinformation", "ince2017gcmi"]
    entries = hoi.search(FMRI, 3, measure="tc", estimator="knn", n_best=1).methods().split("\n\n")[1]
    assert re.findall(r"@\w+{(\w+),", entries) == ["watanabe1960", "kraskov2004"]


def test_a_file_keeps_the_words(tmp_path):
    found = hoi.search(FMRI, 3)
    again = Multiplets.load(found.save(tmp_path / "found.parquet"))
    assert again.methods() == found.methods()
    assert again.summary() == found.summary()


def test_what_is_set_aside_is_said():
    copied = np.column_stack([FMRI, FMRI.iloc[:, 0]])
    copied[3, 1] = np.nan
    with pytest.warns((hoi.SingularWarning, hoi.InputWarning)):
        found = hoi.search(copied, 3, missing="drop", target=2, given=[3], measure="rsi")
    text = paragraph(found)
    assert text.startswith("Redundancy-synergy index (Chechik et al. 2001) about 2, given 3, was computed for all 10 ")
    assert "sets of 3 of 5 variables but 3 that are numerically singular, from 249 samples (1 sample with" in text


@pytest.mark.parametrize("null", sorted(_NULLS))
def test_a_test(null):
    data = np.random.default_rng(0).standard_normal((100, 6))
    found = hoi.permutation_test(data, 3, null=null, n_resamples=59, seed=7)
    text = paragraph(found)
    moved = cited(_NULLS[null].format(each="every variable on its own", one="one variable"))[0]
    assert f"compared with 59 surrogates in which {moved} (seed 7). p-values are corrected" in text
    small = int((found.pvalue <= 0.05).sum())
    assert (f"Of {len(found)} sets listed, {small} ha" if small else "None of the") in found.summary()
    assert "No test was made" not in found.summary()


def test_a_test_about_a_target_moves_the_target_alone():
    data = np.random.default_rng(0).standard_normal((100, 6))
    found = hoi.permutation_test(data, 2, target=5, given=[4], measure="gradient", n_resamples=59, seed=7)
    text = paragraph(found)
    assert "surrogates in which the target alone was shifted circularly" in text
    assert "; what is given (4) stayed as it is (seed 7)" in text
    assert "every variable" not in text.partition("surrogates")[2]
    assert "a target that depends on none of them gives as much" in found.summary()
    found = hoi.permutation_test(data, 2, target=5, null="member", measure="gradient", n_resamples=59, seed=7)
    assert "in which one variable, or the target alone, at a time was shifted circularly" in paragraph(found)
    assert "that every member adds to what the others tell of the target is not shown" in found.summary()


def test_sets_that_were_left_out_are_said():
    table = FMRI.assign(both=FMRI.iloc[:, 0] + FMRI.iloc[:, 1])
    with pytest.warns(hoi.DeterminedWarning):
        found = hoi.search(table, 3, determined="drop")
    assert "(without those in which the others determine a member, or nearly) from 250" in paragraph(found)


def test_datasets_by_name_and_sets_without_a_value():
    found = hoi.search({"ann": SUBJECTS[0], "bo": SUBJECTS[1]}, 3)
    assert found.summary().startswith("Of 10 sets, by O-information: ")
    assert " in data set ann (" in found.summary() or " in data set bo (" in found.summary()
    sets = [[0, 1, 2], [0, 1, 3], [0, 2, 3]]
    known = Multiplets(sets, "abcd", oinfo=[np.nan, -0.25, 0.5])
    assert "most synergistic a, b, d (-0.2500 nats), most redundant a, c, d (0.5000 nats)" in known.summary()
    assert Multiplets(sets, "abcd", oinfo=[np.nan] * 3).summary().startswith("No set has a value.")


def test_every_null_has_words():
    assert set(_NULLS) == {*NULLS, "member"}


def test_a_comparison():
    groups = paragraph(hoi.compare(SUBJECTS[:7], SUBJECTS[7:], 3, n_resamples=99, seed=1))
    assert "mean differences of 7 and 5 data sets. In 99 resamples the labels of the data sets were" in groups
    pairs = hoi.compare(SUBJECTS[:6], SUBJECTS[6:], 3, n_resamples=99, seed=1, paired=True)
    assert "the signs of the differences of pairs were dealt out anew (seed 1)" in paragraph(pairs)
    conditions = hoi.compare(SUBJECTS[0], SUBJECTS[1], 3, n_resamples=99, seed=1)
    assert "differences of two conditions. In 99 resamples samples were dealt out anew" in paragraph(conditions)
    assert "highest difference" in conditions.summary()


def test_intervals():
    sure = hoi.confidence_interval(FMRI, [(0, 1, 2), (1, 2, 3)])
    text = paragraph(sure)
    assert "computed for 2 sets of 3 of 6 variables" in text
    assert "intervals (95 %) are from influence functions" in text
    assert "not corrected for the choice" in text
    outside = int(((sure.low > 0) | (sure.high < 0)).sum())
    assert f"Of 2 intervals at 95 %, {outside} leave" in sure.summary()
    halves = hoi.split_half(FMRI, 3)
    chosen = "Sets were chosen in samples 1 to 125; values and intervals are of samples 126 to 250 alone."
    assert chosen in paragraph(halves)
    assert "not corrected" not in paragraph(halves) + halves.summary()


def test_a_heuristic_is_called_one():
    text = paragraph(hoi.search(FMRI, 3, method="tabu", seed=0))
    assert "20 runs of tabu search (Glover 1989) came by, a heuristic that need not find the best, from 250" in text


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_every_estimator_has_words(name):
    estimator = type(resolve(name))
    assert estimator.methods
    assert estimator.caution.endswith(".")
    data = FMRI.iloc[:, :3] > 0 if name == "discrete" else FMRI.iloc[:, :3]
    given = hoi.estimators.Binned(2) if name == "binned" else name
    found = hoi.search(data, 3, estimator=given, n_best=1)
    assert "not recorded" not in found.methods()
    assert estimator.caution in found.summary()


def test_datasets_are_counted():
    assert "all 10 sets of 3 of 5 variables from 60 samples each of 12 data sets." in paragraph(hoi.search(SUBJECTS, 3))


def test_a_given_covariance_and_an_estimator_of_ones_own():
    exact = hoi.search(hoi.GaussianSystem.from_covariance(np.eye(3) + 0.2), 3)
    assert "taken from a given covariance" in paragraph(exact)
    own = hoi.search(FMRI, 3, estimator=by_spread, n_best=1)
    assert "Entropies were estimated by by_spread; no bias was corrected." in paragraph(own)


def by_spread(columns):
    return float(np.log(columns.std(axis=0)).sum())


def test_sides_are_named_by_the_sign():
    names = ["a", "b", "c", "d"]
    both = Multiplets([[0, 1, 2], [0, 1, 3]], names, oinfo=[-0.25, 0.5])
    assert both.summary().startswith(
        "Of 2 sets reported, by O-information: most synergistic a, b, c (-0.2500 nats), most redundant a, b, d (0.5000"
    )
    positive = Multiplets([[0, 1, 2], [0, 1, 3]], names, oinfo=[0.25, 0.5])
    assert "lowest a, b, c (0.2500 nats), most redundant a, b, d" in positive.summary()
    turned = Multiplets([[0, 1, 2], [0, 1, 3]], names, rsi=[-0.25, 0.5])
    assert "most redundant a, b, c (-0.2500 nats), most synergistic a, b, d" in turned.summary()
    sideless = Multiplets([[0, 1, 2], [0, 1, 3]], names, tc=[0.25, 0.5])
    assert "by total correlation: lowest a, b, c (0.2500 nats), highest a, b, d" in sideless.summary()


def test_nothing_found():
    assert Multiplets(np.empty((0, 3), int), ["a", "b", "c"], oinfo=[]).summary().startswith("No sets were found.")


def test_every_source_is_there_and_every_measure_has_one():
    text = resources.files("hoi._results").joinpath("references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+{(\w+),", text, re.MULTILINE)
    assert len(keys) == len(set(keys))
    assert {measure.source for measure in ALL.values()} <= set(keys)
    assert all(entry.count("{") == entry.count("}") for entry in bibtex(keys).split("\n@"))


def test_how_sources_are_named():
    assert cited("a [watanabe1960] b [cover2006], c [kraskov2004]")[0] == (
        "a (Watanabe 1960) b (Cover and Thomas 2006), c (Kraskov et al. 2004)"
    )
