"""When circuits appear: times of made-up curves, leads that are there and that are not, and the nulls."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

from hoi_grokking.experiments import circuit_growth as growth
from hoi_grokking.experiments import circuits
from hoi_grokking.experiments._circuits import BY_HEART, LABELS, NETWORK, SHIFTED, neurons_of, with_nulls
from hoi_grokking.experiments._curves import crossing
from hoi_grokking.study import Settings, Study
from hoi_grokking.training.tasks import load

STEPS = np.array([20, 40, 80, 160, 320])
NAMES = (*growth.RANKINGS, growth.BY_WEIGHTS)
SHARES = ("common frequency", "all but one")


def test_a_curve_crosses_a_level_between_its_points() -> None:
    assert crossing(STEPS, np.array([0, 0.4, 0.6, 0.2, 0.9]), 0.5) == pytest.approx(40 * np.sqrt(2))
    assert crossing(STEPS, np.array([0, 0.5, 0.6, 0.6, 0.6]), 0.5) == pytest.approx(40)
    assert crossing(STEPS, np.full(5, 0.7), 0.5) == 20
    assert np.isnan(crossing(STEPS, np.full(5, 0.4), 0.5))


def made_up(at: dict[str, float], spread: float) -> tuple[pd.DataFrame, pd.DataFrame, dict]:
    """Rankings that are half there at some steps, networks that generalise and are tuned at step 80, in five seeds."""
    rng = np.random.default_rng(0)
    rows, known, accuracy = [], [], {}
    for label in LABELS:
        for seed in range(5):
            for kind in (NETWORK, SHIFTED):
                for name in NAMES:
                    half = at.get(name, 80) * np.exp(spread * rng.standard_normal()) if kind == NETWORK else 80
                    for step in STEPS:
                        share = np.clip(0.5 + 0.2 * np.log2(step / half), 0, 1)
                        rows.append((label, seed, step, kind, name, share, share))
            tuned = np.clip(0.5 + 0.2 * np.log2(STEPS / 80), 0, 1)
            known += [(label, seed, step, NETWORK, one) for step, one in zip(STEPS, tuned, strict=True)]
            accuracy[label, seed] = (STEPS, np.clip(0.5 + 0.2 * np.log2(STEPS / 80), 0, 1))
    head = ["configuration", "seed", "step", "neurons"]
    table = pd.DataFrame(rows, columns=[*head, "ranking", *(f"{what} of {growth.BEST}" for what in SHARES)])
    return table, pd.DataFrame(known, columns=[*head, "inverse participation"]), accuracy


def test_leads_are_found_with_their_steps_and_none_where_there_is_none() -> None:
    early, late = "most correlated pairs", "most synergistic quadruplets"
    when = growth.times(*made_up({early: 40, late: 160}, 0.02))
    assert len(when) == 20
    own = when[when.neurons == NETWORK]
    assert own[growth.ACCURACY].to_numpy() == pytest.approx(80)
    assert own[early].to_numpy() == pytest.approx(40, rel=0.1)
    found = growth.leads(when).set_index(["ranking", "ahead of", "configuration"])
    for what in (growth.ACCURACY, SHIFTED):
        ahead, behind = found.loc[early, what, "both"], found.loc[late, what, "both"]
        assert ahead["networks"] == behind["networks"] == 10
        assert ahead["median"] == pytest.approx(40, abs=2)
        assert behind["median"] == pytest.approx(-80, abs=4)
        assert (ahead["low"], ahead["high"]) != (ahead["median"],) * 2
        assert ahead["p"] == behind["p"] == 2 / 2**10
        assert (ahead["side"], behind["side"]) == (1, -1)
        assert ahead["decided"] and behind["decided"]
        assert found.loc[early, what, LABELS[0]]["p"] == 2 / 2**5
    rest = found.drop([early, late, growth.BUT_ONE[late]], level="ranking").drop(early, level="ahead of")
    assert rest.decided.mean() <= 0.05
    assert rest["median"].abs().max() < 5


def test_a_ranking_that_never_gets_there_has_no_lead() -> None:
    when = growth.times(*made_up({"most correlated pairs": 1e9}, 0.02))
    found = growth.leads(when)
    assert (found[found.ranking == "most correlated pairs"].networks == 0).all()
    assert not found[found.ranking == "most correlated pairs"].decided.any()


def test_leading_neurons_are_compared_with_those_of_the_last_checkpoint() -> None:
    head = {"configuration": "a", "seed": 0, "neurons": NETWORK, "ranking": "r"}
    rows = [{**head, "step": step, "leading": np.array(own)} for step, own in ((2, [1, 2]), (30, [5, 6]), (4, [6, 1]))]
    found = growth.with_leading_at_end(pd.DataFrame(rows))
    assert found["leading at the end"].tolist() == [0, 1, 0.5]
    assert "leading" not in found


def test_patterns_of_a_network_are_compared_with_those_of_its_shifted_neurons() -> None:
    columns = [value(end) for value in (circuits.SYNERGY, circuits.BEYOND) for end in ("synergistic", "redundant")]
    rows = [
        {"configuration": label, "step": 10, "seed": seed, "neurons": kind, **dict.fromkeys(columns, base * (1 + seed))}
        for label in LABELS for seed in range(5) for kind, base in ((NETWORK, 3.0), (SHIFTED, 2.0), (BY_HEART, 1.0))
    ]  # fmt: skip
    found = circuits.compared(pd.DataFrame(rows))
    assert found["median"].tolist() == pytest.approx([1.5] * 12)
    assert found.p.tolist() == [2 / 2**5] * 8 + [2 / 2**10] * 4, "five networks, five, and both"
    assert (found.side == 1).all()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return Study(Settings(out=tmp_path_factory.mktemp("circuits"), scale="tiny", seeds=(0,), jobs=1, progress=False))


def test_the_nulls_are_the_networks_shifted_and_others_with_random_labels(study: Study) -> None:
    networks = with_nulls(study, lambda run: run.checkpoint_steps[-1:])
    assert [network.kind for network in networks] == [NETWORK, SHIFTED] * 2 + [BY_HEART] * 2
    own, moved, by_heart = (neurons_of(networks[place]) for place in (0, 1, 4))
    np.testing.assert_allclose(np.sort(moved.hidden, axis=0), np.sort(own.hidden, axis=0))
    assert (moved.hidden != own.hidden).any()
    np.testing.assert_array_equal(moved.out, own.out)
    assert (by_heart.into != own.into).any()
    right, wrong = (load(networks[place].run.sweep.task).train for place in (0, 4))
    assert (right.inputs == wrong.inputs).all()
    assert (right.targets != wrong.targets).mean() > 0.5


def test_every_ranking_of_a_network_is_in_its_rows(study: Study) -> None:
    network = with_nulls(study, lambda run: run.checkpoint_steps[-1:])[0]
    rows = growth.measure_rankings(network)
    assert [row["ranking"] for row in rows] == list(NAMES)
    known = growth.measure_network(study, network)
    # 276 pairs of 24 neurons are fewer than the best 1000, so that their share is that of all
    assert rows[0][f"common frequency of {growth.MANY}"] == pytest.approx(known["pairs of one frequency"])
