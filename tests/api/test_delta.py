"""The family delta_k and tables of pairs: definitions, known values, and where their names are taken."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import hoi
import reference

PARITY = {n: hoi.DiscreteSystem.from_distribution(
    {(*row, sum(row) % 2): 1.0 for row in itertools.product((0, 1), repeat=n - 1)}) for n in (3, 4, 5)}  # fmt: skip


def data_of(n: int = 6, n_samples: int = 60, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_samples, n)) @ (rng.standard_normal((n, n)) + 2 * np.eye(n))


@pytest.mark.parametrize("n", PARITY)
def test_parity_is_an_interaction_of_all(n: int) -> None:
    """(n - k) bits: 0 at its own order, as published."""
    for k in range(7):
        assert hoi.delta(PARITY[n], k=k, units="bits") == pytest.approx(n - k, abs=1e-12)
    copies = hoi.DiscreteSystem.from_distribution({(0,) * n: 1, (1,) * n: 1})
    assert hoi.delta(copies, k=3, units="bits") == pytest.approx(1 - 2 * (n - 1), abs=1e-12)


@pytest.mark.parametrize("k", [0, 1, 2, 3, 4, 7])
def test_definition(k: int) -> None:
    X = data_of()
    h = reference.entropies(np.cov(X, rowvar=False), len(X))
    sets = [(0, 1), (2, 0, 1), (5, 1, 2, 3)]
    expected = [
        reference.dual_total_correlation(h, parts) - (k - 1) * reference.total_correlation(h, parts)
        for parts in map(reference.singles, sets)
    ]
    np.testing.assert_allclose(hoi.delta(X, sets, k=k, estimator="gaussian"), expected, rtol=0, atol=1e-10)
    local = hoi.local(X, sets, measure=f"delta_{k}", estimator="gaussian").mean(axis=0)
    np.testing.assert_allclose(local, expected, rtol=0, atol=1e-10)
    assert np.isclose(hoi.delta(X, k=2), -hoi.oinfo(X), rtol=0, atol=1e-12)


@pytest.mark.parametrize("k", [0, 2, 3, 5, 12])
def test_a_search_by_it_is_brute_force(backend: str, k: int) -> None:
    X = data_of(9)
    name = f"delta_{k}"
    sets = [S for order in (3, 4) for S in itertools.combinations(range(9), order)]
    values = hoi.delta(X, sets, k=k)
    rows = [(float(value), S) for value, S in zip(values, sets, strict=True)]
    wanted = reference.best(rows, "both", 4)
    found = hoi.search(X, (3, 4), measure=name, n_best=4, backend=backend)
    assert found.members == [S for _, _, S in wanted]
    assert found.columns == ("tc", "dtc", "oinfo", "sinfo", name)
    assert found.lead == name
    np.testing.assert_allclose(getattr(found, name), [value for _, value, _ in wanted], rtol=0, atol=1e-10)


@pytest.mark.filterwarnings("ignore:.*so few arrangements:hoi.HoiWarning")
def test_results_carry_it(tmp_path: object) -> None:
    X = data_of(6, 200)
    found = hoi.permutation_test(X, 3, measure="delta_3", n_best=1, n_resamples=39, seed=0)
    np.testing.assert_allclose(found.delta_3, found.dtc - 2 * found.tc, rtol=0, atol=1e-12)
    found.save(tmp_path / "found.nc")
    assert hoi.Multiplets.load(tmp_path / "found.nc").columns == found.columns
    assert hoi.confidence_interval(X, [(0, 1, 2)], measure="delta_3").columns[4] == "delta_3"
    compared = hoi.compare(np.stack([X, X[::-1]]), np.stack([X, X]) ** 3, 3, measure="delta_3", n_resamples=9, seed=0)
    assert "delta_3" in compared.columns
    assert "Delta of order 3" in found.plot.ranking().get_xlabel()
    with pytest.raises(AttributeError, match="no column 'delta_4'"):
        _ = found.delta_4


@pytest.mark.parametrize("name", ["delta", "delta_", "delta_03", "delta_-1", "delta_100", "delta_3.0"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(hoi.HoiError, match="use one of 'tc', 'dtc'"):
        hoi.search(data_of(), 3, measure=name)
    with pytest.raises(hoi.HoiError, match="Multiplets has no column"):
        hoi.Multiplets([[0, 1]], ["a", "b"], **{name: [0.0]})


@pytest.mark.parametrize("k", [-1, 100, 1.5, "3", True])
def test_other_orders_are_refused(k: object) -> None:
    with pytest.raises(hoi.HoiError, match="a whole number from 0 to 99 is needed"):
        hoi.delta(data_of(), k=k)


# --- tables of pairs


def test_a_table_of_pairs() -> None:
    import pandas as pd

    frame = pd.DataFrame(data_of(5), columns=list("abcdy"))
    table = hoi.pairwise(frame)
    assert list(table.index) == list(table.columns) == list("abcdy")
    assert np.isnan(np.diag(table)).all()
    assert table.loc["a", "c"] == table.loc["c", "a"] == pytest.approx(
        hoi.mutual_information(frame["a"], frame["c"]), abs=1e-12
    )
    about = hoi.pairwise(frame, measure="rsi", target="y", given="b", units="bits")
    assert list(about.index) == ["a", "c", "d"]
    assert about.loc["d", "a"] == hoi.rsi(frame, [("a", "d")], target="y", given="b", units="bits")[0]
    grouped = hoi.pairwise(frame, groups=[("a", "b"), ("y",)], estimator="gaussian")
    assert list(grouped.index) == ["a+b", "y"]
    assert grouped.iloc[0, 1] == hoi.total_correlation(
        frame, [(0, 1)], groups=[("a", "b"), ("y",)], estimator="gaussian"
    )[0]  # fmt: skip


def test_what_has_no_table_of_pairs() -> None:
    X = data_of()
    with pytest.raises(hoi.HoiError, match="X has 2 datasets: one table is needed"):
        hoi.pairwise(np.stack([X, X]))
    with pytest.raises(hoi.HoiError, match="there is one variable, and a pair is two"):
        hoi.pairwise(X, groups=[(0, 1)])
    with pytest.raises(hoi.HoiError, match='measure="rsi" is about a target'):
        hoi.pairwise(X, measure="rsi")
