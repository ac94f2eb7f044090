"""Lagged tables, transfer entropy, drivers, and the decomposition of pairs in time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from messages import message, says

import hoi
import reference


def series(n: int = 5, n_samples: int = 300, seed: int = 0) -> np.ndarray:
    """A vector autoregression of order 1."""
    rng = np.random.default_rng(seed)
    A = 0.6 * rng.standard_normal((n, n)) / np.sqrt(n)
    X = rng.standard_normal((n_samples, n))
    for t in range(1, n_samples):
        X[t] += X[t - 1] @ A.T
    return X


def test_a_lagged_table_is_shifted_columns() -> None:
    X = series(3, 20)
    table = hoi.lagged(X, [1, 4])
    assert table.names == ("0", "0-1", "0-4", "1", "1-1", "1-4", "2", "2-1", "2-4")
    assert table.values.shape == (16, 9)
    for v in range(3):
        np.testing.assert_array_equal(table.values[:, 3 * v], X[4:, v])
        np.testing.assert_array_equal(table.values[:, 3 * v + 1], X[3:-1, v])
        np.testing.assert_array_equal(table.values[:, 3 * v + 2], X[:-4, v])
    stacked = hoi.lagged(np.stack([X, 2 * X]), 2)
    assert stacked.values.shape == (2, 18, 9)
    np.testing.assert_array_equal(stacked.values[1], hoi.lagged(2 * X, 2).values)


def test_names_are_kept() -> None:
    import pandas as pd

    frame = pd.DataFrame(series(2, 30), columns=["x", "y"])
    table = hoi.lagged(frame)
    assert table.names == ("x", "x-1", "y", "y-1")
    by_name = hoi.information(table, [("x-1",)], target="y", given="y-1")
    assert by_name[0] == pytest.approx(hoi.transfer_entropy(frame).loc["x", "y"], abs=1e-12)


@pytest.mark.parametrize("lags", [1, 2, [1, 3]])
def test_transfer_entropy_is_conditional_information(lags: object) -> None:
    X = series(4)
    found = hoi.transfer_entropy(X, lags=lags)
    table = hoi.lagged(X, lags)
    width = 1 + (len(lags) if isinstance(lags, list) else lags)
    for i, j in itertools.permutations(range(4), 2):
        past, own, now = (table.values[:, c] for c in (
            slice(i * width + 1, (i + 1) * width), slice(j * width + 1, (j + 1) * width), j * width))  # fmt: skip
        expected = hoi.mutual_information(past, now, conditional_on=own)
        assert found.to_numpy()[i, j] == pytest.approx(expected, abs=1e-10)
    assert np.isnan(np.diag(found.to_numpy())).all()


def test_gaussian_transfer_entropy_of_a_known_process() -> None:
    """y = c x(t-1) + noise of x white: T = log(1 + c^2) / 2, and nothing back."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(40_000)
    y = rng.standard_normal(40_000)
    y[1:] += 0.8 * x[:-1]
    found = hoi.transfer_entropy(np.column_stack([x, y]), estimator="gaussian").to_numpy()
    assert found[0, 1] == pytest.approx(0.5 * np.log(1 + 0.64), abs=0.01)
    assert found[1, 0] == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize("lags", [1, 2])
@pytest.mark.parametrize("measure", ["gradient", "information", "rsi"])
def test_drivers_are_the_published_formula(measure: str, lags: int) -> None:
    """(1 - k) I(all; y | past of y) + sum over sources of I(the others; y | past of y), over all sets and targets."""
    X = series(5, 200)
    found = hoi.drivers(X, (2, 3), lags=lags, measure=measure, estimator="gaussian", n_best=3)
    h = reference.entropies(np.cov(hoi.lagged(X, lags).values, rowvar=False), 200 - lags)
    past = [tuple(range(v * (lags + 1) + 1, (v + 1) * (lags + 1))) for v in range(5)]
    assert list(found) == [str(v) for v in range(5)]
    for j in range(5):
        others = [v for v in range(5) if v != j]
        rows = [
            (reference.TARGET[measure](h, [past[v] for v in S], (j * (lags + 1),), past[j]), S)
            for k in (2, 3)
            for S in itertools.combinations(others, k)
        ]
        wanted = reference.best(rows, "both", 3)
        result = found[str(j)]
        assert result.members == [S for _, _, S in wanted]
        np.testing.assert_allclose(getattr(result, measure), [v for _, v, _ in wanted], rtol=0, atol=1e-10)
        assert result.settings["target"] == [str(j)]
        assert result.settings["lags"] == list(range(1, lags + 1))


def test_drivers_of_some_targets() -> None:
    X = series(4)
    assert list(hoi.drivers(X, targets=[2], n_best=1)) == ["2"]
    stacked = hoi.drivers(np.stack([X, X[::-1]]), targets=2, n_best=1)["2"]
    assert stacked.dataset.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("lags", [0, -1, [], [0], [1, 1], "2", 1.5, [1.5], None])
def test_wrong_lags(lags: object) -> None:
    with pytest.raises(hoi.HoiError, match="steps back in time"):
        hoi.lagged(series(2, 20), lags)


def test_other_errors() -> None:
    X = series(2, 20)
    with pytest.raises(hoi.HoiError, match="lags up to 19 of 20 samples leave 1 rows"):
        hoi.lagged(X, [19])
    system = hoi.GaussianSystem.from_covariance(np.eye(3))
    for function in (hoi.drivers, hoi.transfer_entropy, hoi.phiid):
        with pytest.raises(hoi.HoiError, match="which has no samples to shift in time"):
            function(system)
    with pytest.raises(hoi.HoiError, match="transfer entropy is between two"):
        hoi.transfer_entropy(X[:, :1])
    with pytest.raises(hoi.HoiError, match="one table"):
        hoi.transfer_entropy(np.stack([X, X]))
    with pytest.raises(hoi.HoiError, match="one table is needed"):
        hoi.phiid(np.stack([X, X]))
    with pytest.raises(hoi.HoiError, match="has 1 members: phiid is about pairs"):
        hoi.phiid(X, [(0,)])
    with pytest.raises(hoi.HoiError, match=r"phiid is about pairs\. Give two columns or more"):
        hoi.phiid(X[:, :1])


def test_atoms_add_up() -> None:
    X = series(4)
    table = hoi.lagged(X, 2).values
    found = hoi.phiid(X, lag=2, estimator="gaussian")
    assert found.shape == (6, 16)
    lag = hoi.lagged(X, [2]).values
    for (i, j), row in zip(itertools.combinations(range(4), 2), found.to_numpy(), strict=True):
        past, now = lag[:, [2 * i + 1, 2 * j + 1]], lag[:, [2 * i, 2 * j]]
        assert row.sum() == pytest.approx(hoi.mutual_information(past, now, estimator="gaussian"), abs=1e-10)
        # from x, alone or with others: the atoms of x and r sum to what x tells of both
        alone = hoi.mutual_information(past[:, 0], now, estimator="gaussian")
        names = found.columns
        assert row[[name[0] in "rx" for name in names]].sum() == pytest.approx(alone, abs=1e-10)
    assert table.shape[0] == lag.shape[0]


def test_atoms_of_what_is_copied() -> None:
    """x goes over into y and nothing else happens: one atom; white noise: none."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4000, 2))
    assert np.abs(hoi.phiid(X).to_numpy()).max() < 0.01
    X[1:, 1] += X[:-1, 0]
    atoms = hoi.phiid(X).iloc[0]
    assert atoms["xty"] == pytest.approx(0.5 * np.log(2), abs=0.05)
    assert np.abs(atoms.drop("xty")).max() < 0.01
    named = hoi.phiid(X, [(1, 0)])
    assert named.index.tolist() == [("1", "0")]
    assert named.iloc[0]["ytx"] == pytest.approx(atoms["xty"])


def test_a_gap_leaves_out_the_rows_that_it_is_in() -> None:
    X = series(3, 60)
    gappy = X.copy()
    gappy[20, 1] = np.nan
    with pytest.raises(hoi.HoiError, match="NaN"):
        hoi.transfer_entropy(gappy)
    rows = np.delete(hoi.lagged(X).values, [19, 20], axis=0)
    with pytest.warns(hoi.InputWarning):
        found = hoi.transfer_entropy(gappy, missing="drop")
    expected = hoi.information(rows, [(1,)], target=2, given=3)[0]
    assert found.loc["0", "1"] == pytest.approx(expected, abs=1e-12)
    for function in (hoi.drivers, hoi.phiid):
        with pytest.warns(hoi.InputWarning):
            function(gappy, missing="drop")


def test_atoms_of_known_mechanisms() -> None:
    """In bits: a coin that is passed on is "xty", and the exclusive or of both pasts is synergy that goes to y."""
    x = np.random.default_rng(0).integers(0, 2, 4000)
    passed = np.concatenate([[0], x[:-1]])
    exclusive = np.zeros_like(x)
    for t in range(1, len(x)):
        exclusive[t] = x[t - 1] ^ exclusive[t - 1]
    for y, atom in ((passed, "xty"), (exclusive, "sty")):
        found = hoi.phiid(np.column_stack([x, y]), estimator="discrete", units="bits").iloc[0]
        assert found[atom] == pytest.approx(1, abs=0.01)
        assert found.drop(atom).abs().max() < 0.01


def test_an_atom_of_all_pairs_is_a_table() -> None:
    found = hoi.phiid(series(4))["xty"].unstack()
    assert found.shape == (3, 3)
    assert found.loc["0", "3"] == hoi.phiid(series(4), [(0, 3)])["xty"].iloc[0]


@pytest.mark.parametrize("options", [
    {"estimator": "knn"}, {"estimator": "knn", "discrete": "2"}, {"discrete": [2]}, {"estimator": "kernel"},
    {"estimator": "gaussian", "bias_correction": "effective"},
])  # fmt: skip
def test_atoms_add_up_under_other_estimators(options) -> None:
    """All of them to the information of both pasts about both presents, those from x to that of x: by groups."""
    X = series(3, 120)
    X[:, 2] = np.random.default_rng(0).integers(0, 3, len(X))
    X[1:, 1] += 2 * (X[:-1, 2] == 1)
    table = hoi.lagged(X, 1)
    labelled = {"discrete": ["2", "2-1"]} if "discrete" in options else {}
    for pair, row in zip([(0, 1), (1, 2)], hoi.phiid(X, [(0, 1), (1, 2)], **options).itertuples(index=False)):
        atoms = row._asdict()
        now, past = [2 * i for i in pair], [2 * i + 1 for i in pair]
        for side, begins in ((past, "rxys"), (past[:1], "rx"), (past[1:], "ry")):
            known = hoi.total_correlation(table, groups=[side, now], **(options | labelled))
            assert sum(v for name, v in atoms.items() if name[0] in begins) == pytest.approx(known, abs=1e-10)


def test_effective_samples_of_series_and_their_past() -> None:
    X = np.cumsum(series(3, 200), axis=0)
    found = hoi.transfer_entropy(X, bias_correction="effective")
    wanted = hoi.information(hoi.lagged(X), [(1,)], target=2, given=3, bias_correction="effective")[0]
    assert found.loc["0", "1"] == pytest.approx(wanted, abs=1e-12)
    assert abs(wanted - hoi.transfer_entropy(X).loc["0", "1"]) > 1e-3
    driven = hoi.drivers(X, targets=1, n_best=1, which="lowest", bias_correction="effective")["1"]
    assert driven.settings["bias_correction"] == "effective"
    wanted = hoi.gradient(hoi.lagged(X), [(1, 5)], target=2, given=3, bias_correction="effective")[0]
    assert driven.gradient[0] == pytest.approx(wanted, abs=1e-12)


LENGTHS = [series(4, n, seed=n) for n in (60, 45, 120)]


def test_recordings_are_lagged_each_by_itself() -> None:
    found = hoi.lagged(dict(zip("abc", LENGTHS, strict=True)), [1, 3])
    assert repr(found) == "Recordings(3 datasets, 42 to 117 samples, 12 variables)"
    assert (found.datasets, found.names) == (("a", "b", "c"), hoi.lagged(LENGTHS[0], [1, 3]).names)
    for part, table in zip(found.tables, LENGTHS, strict=True):
        np.testing.assert_array_equal(part.values, hoi.lagged(table, [1, 3]).values)
    sets = [("0-1", "1-3"), ("2-1", "3-1", "3-3")]
    values = hoi.gradient(found, sets, target="0", given=("0-3",))
    alone = [hoi.gradient(hoi.lagged(table, [1, 3]), sets, target="0", given=("0-3",)) for table in LENGTHS]
    np.testing.assert_array_equal(values, alone)
    says(message(hoi.lagged, [LENGTHS[0], LENGTHS[1][:6]], 5), "lags up to 5 of 6 samples of dataset '1' leave 1 rows")


@pytest.mark.filterwarnings("ignore::hoi.SparseWarning", "ignore::hoi.InputWarning")
def test_drivers_of_recordings_are_those_of_each() -> None:
    with_gaps = [table.copy() for table in LENGTHS]
    with_gaps[1][7, 2] = np.nan
    for data, more in ((LENGTHS, {}), (with_gaps, {"missing": "drop"}), (LENGTHS, {"estimator": "gaussian"})):
        found = hoi.drivers(dict(zip("abc", data, strict=True)), lags=2, n_best=2, **more)
        for d, table in enumerate(data):
            alone = hoi.drivers(table, lags=2, n_best=2, **more)
            for target, result in found.items():
                part = result[result.dataset == d]
                np.testing.assert_array_equal(part.indices, alone[target].indices)
                for column in ("gradient", "rsi", "information"):
                    np.testing.assert_array_equal(getattr(part, column), getattr(alone[target], column))
                assert set(part.dataset_names) == {"abc"[d]}
    says(message(hoi.transfer_entropy, LENGTHS), "X has 3 datasets: one table is needed")


def test_names_of_datasets_are_kept() -> None:
    assert hoi.lagged({"a": LENGTHS[0], "b": LENGTHS[0]}).datasets == ("a", "b")
