"""When networks generalise, with and without an intervention: censored times, and exact tests over the seeds."""

from __future__ import annotations

import types

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

from hoi_grokking import Sweep
from hoi_grokking.experiments import causes

ARMS = [causes.PLAIN, *causes.PENALTIES, *causes.DROPOUTS]


def networks(slower: str, factor: float) -> pd.DataFrame:
    """Eight seeds of each arm, of which one needs some times the steps; 700 is the last step."""
    rows = []
    for arm in ARMS:
        for seed in range(8):
            times = np.array([200.0, 400.0]) * (1 + seed / 100) * (factor if arm == slower else 1)
            half, most = np.where(times > 700, np.nan, times)
            rows.append({"arm": arm, "seed": seed, "test 50%": half, "test 90%": most, "last step": 700})
    return pd.DataFrame(rows)


def test_an_arm_that_is_later_in_every_seed_is_decided_and_no_other() -> None:
    table = causes.tests(networks("penalty: synergistic", 1.5)).set_index(["until", "arm", "beside"])
    own = table.loc[("test 50%", "penalty: synergistic", causes.PLAIN)]
    assert own.p == pytest.approx(2 / 2**8)
    assert own.ratio == pytest.approx(1.5)
    touched = ["penalty: synergistic" in pair[1:] for pair in table.index]
    assert (table.decided == touched).all()


def test_networks_that_do_not_get_there_count_with_the_last_step() -> None:
    table = causes.tests(networks("dropout: redundant", 3)).set_index(["until", "arm", "beside"])
    own = table.loc[("test 90%", "dropout: redundant", causes.PLAIN)]
    assert (own.censored, own["censored beside"]) == (8, 0)
    assert own["median"] == pytest.approx(700)
    assert own.ratio == pytest.approx(np.exp(np.mean(np.log(700 / (400 * (1 + np.arange(8) / 100))))))
    everyone = networks("none of them", 1).assign(**{"test 90%": np.nan})
    censored = causes.tests(everyone).query("until == 'test 90%'")
    assert (censored.p == 1).all(), "two that are censored have no difference"


def test_first_steps_of_a_run() -> None:
    sweep = Sweep(causes.variants(20)[:1], seeds=(0, 1), steps=30)
    test = np.array([[0, 0.2, 0.6, 0.95], [0, 0.1, 0.2, 0.4]])
    curves = {"step": np.array([0, 10, 20, 30]), "train_accuracy": np.ones((2, 4)), "test_accuracy": test}
    found = causes.outcomes(types.SimpleNamespace(sweep=sweep, curves=lambda: curves))
    assert found["test 50%"].tolist()[0] == 20
    assert found["test 90%"].tolist()[0] == 30
    assert found[["test 50%", "test 90%"]].iloc[1].isna().all()
    assert found["final test accuracy"].tolist() == [0.95, 0.4]


def test_arms_of_a_kind_have_the_same_dose() -> None:
    penalties = [variant.penalty for variant in causes.variants(100)[1:]]
    assert {(one.strength, one.relative, one.every) for one in penalties[:3]} == {(causes.DOSE, True, causes.EVERY)}
    assert {one.options["n_dropped"] for one in penalties[3:]} == {30}
