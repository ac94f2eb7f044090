"""Information, RSI, gradients and bounds about a target: definitions, known values, identities, roles, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hoi
import reference

TOLERANCE = 1e-10


def data_of(n: int = 7, n_samples: int = 40, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_samples, n)) @ (rng.standard_normal((n, n)) + 2 * np.eye(n))


def sets_among(columns: list[int]) -> list[tuple[int, ...]]:
    return [S for k in range(1, len(columns) + 1) for S in itertools.combinations(columns, k)]


FUNCTIONS = {
    "information": hoi.information,
    "rsi": hoi.rsi,
    "gradient": hoi.gradient,
    "redundancy_mmi": hoi.redundancy_mmi,
    "synergy_mmi": hoi.synergy_mmi,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), n_targets=st.integers(1, 2), z=st.integers(0, 2), bias=st.booleans())
def test_definitions(name: str, seed: int, n_targets: int, z: int, bias: bool) -> None:
    """Every set, about one column or several, given none or some, with the correction for bias and without."""
    X = data_of(seed=seed)
    X += np.random.default_rng(seed).standard_normal(X.shape)  # so that no target is nearly determined
    columns = np.random.default_rng(seed).permutation(7).tolist()
    target, fixed = tuple(columns[:n_targets]), tuple(columns[n_targets : n_targets + z])
    free = sorted(columns[n_targets + z :])
    h = reference.entropies(np.cov(X, rowvar=False), len(X) if bias else None)
    sets = sets_among(free)
    got = FUNCTIONS[name](
        X, sets, target=target, given=fixed or None, estimator="gaussian", bias_correction=bias
    )
    expected = [reference.TARGET[name](h, reference.singles(S), target, fixed) for S in sets]
    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE)


def test_the_gradient_is_the_difference_of_two_oinformations() -> None:
    X = data_of(6)
    sets = sets_among([0, 1, 2, 3, 4])
    got = hoi.gradient(X, sets, target=5)
    np.testing.assert_allclose(
        got, hoi.oinfo(X, [(*S, 5) for S in sets]) - hoi.oinfo(X, sets), rtol=0, atol=TOLERANCE
    )


def test_the_second_gradient_is_the_second_difference() -> None:
    X = data_of(6)
    sets = [(0, 1), (0, 1, 2), (3, 1, 0)]
    omega = lambda *more: hoi.oinfo(X, [(*S, *more) for S in sets])  # noqa: E731
    expected = omega(4, 5) - omega(4) - omega(5) + omega()
    got = hoi.gradient(X, sets, target=5, second=4)
    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(got, hoi.gradient(X, sets, target=4, second=5), rtol=0, atol=TOLERANCE)
    whole = hoi.gradient(X, target=5, second=4)
    assert whole == pytest.approx(hoi.gradient(X, [(0, 1, 2, 3)], target=5, second=4)[0])


def test_groups_are_variables() -> None:
    X = data_of(8)
    groups = [(0, 1), (2,), (3, 4)]
    h = reference.entropies(np.cov(X, rowvar=False), len(X))
    for name, function in FUNCTIONS.items():
        got = function(X, [(0, 1, 2), (2, 0)], target=(5, 6), given=7, groups=groups, estimator="gaussian")
        expected = [reference.TARGET[name](h, [groups[g] for g in S], (5, 6), (7,)) for S in ((0, 1, 2), (0, 2))]
        np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE, err_msg=name)


def test_any_estimator_serves() -> None:
    """Known values in bits: copy, exclusive or, parity, and AND, by counted frequencies."""

    def counted(columns: np.ndarray) -> float:
        _, counts = np.unique(columns, axis=0, return_counts=True)
        p = counts / counts.sum()
        return float(-(p * np.log(p)).sum())

    bits = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
    a, b, c = bits.T
    tables = {
        "copy": (np.column_stack([a, a, a]), (1, -1, 1)),
        "xor": (np.column_stack([a, b, (a + b) % 2]), (1, 1, -1)),
        "parity": (np.column_stack([a, b, c, (a + b + c) % 2]), (1, 1, -2)),
        "and": (np.column_stack([a, b, a * b]), (0.811278, 0.188722, -0.188722)),
    }
    for name, (table, expected) in tables.items():
        values = [
            function(table, target=-1 % table.shape[1], estimator=counted, units="bits")
            for function in (hoi.information, hoi.rsi, hoi.gradient)
        ]
        assert values == pytest.approx(expected, abs=1e-6), name


def test_signs() -> None:
    """An effect of independent causes is synergy: RSI above 0, gradient below; copies are redundancy."""
    effect = hoi.simulate.common_effect(3, noise=0.5)
    system = hoi.GaussianSystem.from_covariance(effect.covariance)
    y = effect.n_variables - 1
    assert hoi.rsi(system, target=y) > 0 > hoi.gradient(system, target=y)
    cause = hoi.GaussianSystem.from_covariance(hoi.simulate.common_cause(4, 0.8).covariance)
    assert hoi.rsi(cause, target=3) < 0 < hoi.gradient(cause, target=3)
    # var of a sum of three independent causes and noise: I = log(1 + 3 / noise^2) / 2 by signal to noise
    C = np.eye(4)
    C[:3, 3] = C[3, :3] = 0.5
    exact = hoi.GaussianSystem.from_covariance(C)
    assert hoi.information(exact, target=3) == pytest.approx(-0.5 * np.log(1 - 3 * 0.25))
    assert hoi.information(exact, [(0,)], target=3)[0] == pytest.approx(-0.5 * np.log(1 - 0.25))


def test_shapes_and_names() -> None:
    import pandas as pd

    X = data_of(5, 60)
    stacked = np.stack([X, X[::-1] ** 2, X])
    assert type(hoi.gradient(X, target=4)) is float
    assert hoi.gradient(stacked, target=4).shape == (3,)
    assert hoi.rsi(stacked, [(0, 1), (2, 3), (0, 1, 2)], target=4).shape == (3, 3)
    frame = pd.DataFrame(X, columns=list("abcdy"))
    for function in FUNCTIONS.values():
        by_name = function(frame, [("a", "c")], target="y", given=["b"])
        np.testing.assert_array_equal(by_name, function(X, [(0, 2)], target=4, given=1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": 9}, "target has index 9, and the 5 columns have indices 0 to 4"),
        ({"target": []}, "target is empty: give at least one column"),
        ({"target": 1, "given": 1}, "in target and in given. A column has one part"),
        ({"target": [0, 1, 2, 3, 4]}, "target holds all 5 columns"),
        ({"target": [0, 1], "given": [2, 3, 4]}, "target and given hold all 5 columns"),
        ({"target": 1, "groups": [(0, 1)]}, "in groups[0] and in target"),
        ({"target": 1, "multiplets": [(0, 1)]}, "which is the target. A column has one part"),
        ({"target": 1, "given": 2, "multiplets": [(0, 2)]}, "which is given. A column has one part"),
    ],
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors(name: str, options: dict, message: str) -> None:
    with pytest.raises(hoi.HoiError) as error:
        FUNCTIONS[name](data_of(5), **options)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ([0, 1], "names 2 variables: it is one"),
        (2, "is in a set already"),
        (4, "which is the target"),
        ("x", "second has the name 'x', which is not a column"),
    ],
)
def test_errors_of_the_second_variable(second: object, message: str) -> None:
    with pytest.raises(hoi.HoiError) as error:
        hoi.gradient(data_of(5), [(2, 3)], target=4, second=second)
    assert message in str(error.value)


def test_a_copy_of_the_target_is_refused() -> None:
    X = data_of(4)
    X[:, 1] = X[:, 3]
    with pytest.raises(hoi.HoiError, match="determined by the columns given"):
        hoi.information(X, target=3)


def test_few_samples_are_refused() -> None:
    with pytest.raises(hoi.HoiError, match="samples"):
        hoi.information(data_of(6, 6), target=(0, 1))


# --- search and scan


@pytest.mark.parametrize("measure", ["information", "rsi", "gradient"])
def test_a_search_is_brute_force(backend: str, measure: str) -> None:
    """Both ends, several orders, given columns, a target of two columns: the rows of a loop over all sets."""
    X = data_of(11, 60, seed=3)
    h = reference.entropies(np.cov(X, rowvar=False), 60)
    free = [0, 2, 3, 4, 6, 7, 8, 9]
    rows = [
        (reference.TARGET[measure](h, reference.singles(S), (1, 10), (5,)), S)
        for k in (2, 3, 4)
        for S in itertools.combinations(free, k)
    ]
    found = hoi.search(
        X, (2, 4), measure=measure, target=(1, 10), given=5, n_best=7, estimator="gaussian", backend=backend
    )
    wanted = reference.best(rows, "both", 7)
    assert found.members == [members for _, _, members in wanted]
    assert found.extreme.tolist() == [end for end, _, _ in wanted]
    np.testing.assert_allclose(getattr(found, measure), [v for _, v, _ in wanted], rtol=0, atol=TOLERANCE)
    assert found.columns == ("information", "rsi", "gradient")
    assert found.settings["target"] == ["1", "10"]
    assert found.settings["measure"] == found.lead == measure
    assert found.settings["walk"] == (["pair"] if backend == "numba" else ["blocks"])
    assert found.settings["evaluated"] == len(rows)


def test_a_search_of_groups_and_datasets() -> None:
    X = np.stack([data_of(9, 50, seed) for seed in range(3)])
    groups = [(0, 1), (2,), (3, 4), (5,), (6,)]
    found = hoi.search(X, (2, 3), measure="gradient", target=8, groups=groups, n_best=4, backend="numba")
    one = hoi.search(X[1], (2, 3), measure="gradient", target=8, groups=groups, n_best=4, backend="numpy")
    assert [S for S, d in zip(found.members, found.dataset, strict=True) if d == 1] == one.members
    np.testing.assert_array_equal(found.gradient[found.dataset == 1], one.gradient)


def test_a_scan_and_measures_have_the_columns() -> None:
    X = data_of(7, 50)
    rows = [(S, v) for block in hoi.scan(X, (2, 3), target=6) for S, v in zip(block.members, block.rsi, strict=True)]
    sets = [S for k in (2, 3) for S in itertools.combinations(range(6), k)]
    assert [S for S, _ in rows] == sets
    np.testing.assert_array_equal([v for _, v in rows], hoi.rsi(X, sets, target=6))
    both = hoi.measures(X, sets, target=6)
    assert both.columns == ("information", "rsi", "gradient")
    np.testing.assert_array_equal(both.gradient, hoi.gradient(X, sets, target=6))
    assert hoi.plan(X, 3, measure="rsi", target=6).n_sets == 20


def test_the_measure_and_the_target_go_together() -> None:
    X = data_of(6)
    with pytest.raises(hoi.HoiError, match='measure="gradient" is about a target, and there is none: name its columns'):
        hoi.search(X, 3, measure="gradient")
    with pytest.raises(hoi.HoiError, match='target=5 has no part in measure="oinfo": leave it out'):
        hoi.search(X, 3, target=5)
    with pytest.raises(hoi.HoiError, match="measure='gradientt'"):
        hoi.plan(X, 3, measure="gradientt", target=5)


def test_a_result_says_what_its_signs_mean() -> None:
    from hoi.plot import _style

    assert _style.colour(-1.0, "gradient") == _style.colour(1.0, "rsi") == _style.SYNERGY
    assert _style.colour(1.0, "gradient") == _style.colour(-1.0, "rsi") == _style.REDUNDANCY
    found = hoi.search(data_of(7, 50), 3, measure="rsi", target=6, n_best=2)
    names = [_style.end_name("rsi", found, rows) for rows in _style.by_end(found)]
    assert names == ["most redundant", "most synergistic"]
    assert "rsi" in str(found)
    found.plot.ranking()
