"""What a search would cost."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import hoi
from hoi._api.planning import in_words


def test_a_plan_counts_the_sets_and_measures_a_rate(backend: str) -> None:
    X = np.random.default_rng(0).standard_normal((2, 200, 25))
    cost = hoi.plan(X, (3, 5), backend=backend, threads=2)
    assert cost.n_sets == 2 * sum(math.comb(25, k) for k in (3, 4, 5))
    assert cost.rate > 0
    assert cost.backend == backend
    assert cost.seconds == cost.n_sets / cost.rate / cost.threads
    assert cost.seconds_on(100) == pytest.approx(cost.seconds * cost.threads / 100)
    assert 2 * 25 * 25 * 8 < cost.memory < 4 * 25 * 25 * 8
    assert re.search(r"^136,160 sets, .* a second of one core, backend", str(cost))
    assert "on 1,024 cores" in str(cost)


def test_groups_and_given_columns() -> None:
    X = np.random.default_rng(0).standard_normal((200, 9))
    assert hoi.plan(X, 3, given=[0, 1]).n_sets == math.comb(7, 3)
    assert hoi.plan(X, 2, measure="tc", groups=[[0, 1], [2, 3], [4]]).n_sets == 3
    assert hoi.plan(X, 3, target=0, measure="rsi").memory > hoi.plan(X, 3, given=0).memory > 500, "two matrices"
    with pytest.raises(hoi.HoiError, match="n_workers=0: a positive integer"):
        hoi.plan(X, 3).seconds_on(0)
    with pytest.raises(hoi.HoiError, match="order=10 with 9 variables"):
        hoi.plan(X, 10)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0123, "0.012 s"), (59, "59 s"), (90, "1.5 min"), (7200, "2 h"), (86400 * 1.5, "36 h"), (86400 * 20, "20 days"),
     (86400 * 365 * 5000, "5e+03 years")],
)  # fmt: skip
def test_durations_in_words(seconds: float, said: str) -> None:
    assert in_words(seconds) == said


def test_a_search_of_hours_says_so_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hoi._api.sets.best_sets", lambda *_: pytest.fail("begun"))
    X = np.random.default_rng(0).standard_normal((300, 200))
    said = r"\d+ sets will take about .* here. hoi.plan says more"
    with pytest.warns(hoi.LongSearchWarning, match=said) as caught, pytest.raises(pytest.fail.Exception, match="begun"):
        hoi.search(X, 10)
    assert caught[0].filename == __file__


def test_an_evaluator_that_is_known_to_be_fast_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU does in a second what a trial of it would take."""
    monkeypatch.setattr("hoi._api.sets.best_sets", lambda *_: pytest.fail("begun"))
    monkeypatch.setattr("hoi._api.planning.sets_per_second", lambda *_: pytest.fail("tried"))
    X = np.random.default_rng(0).standard_normal((300, 200))
    with pytest.raises(pytest.fail.Exception, match="tried"):
        hoi.search(X, 5)
    monkeypatch.setattr("hoi._backends.protocol.Evaluator.least_rate", 1e9)
    with pytest.raises(pytest.fail.Exception, match="begun"):
        hoi.search(X, 5)
    with pytest.raises(pytest.fail.Exception, match="tried"):
        hoi.search(X, 10)
