"""hoi.search against brute force: every order, measure, tail and kind of system, whatever runs it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest

import hoi
import reference

TOLERANCE = 1e-10  # nats
MEASURES = sorted(reference.REFERENCE)
TWELVE = hoi.simulate.random_covariance(12, degrees_of_freedom=16, seed=11).covariance


def exact(covariance: np.ndarray, n_samples: int | None = None) -> hoi.GaussianSystem:
    return hoi.GaussianSystem.from_covariance(covariance, n_samples)


def check(
    result: hoi.Multiplets,
    h: reference.Entropy,
    variables: Sequence[Sequence[int]],
    orders: Sequence[int],
    *,
    measure: str = "oinfo",
    which: str = "both",
    n_best: int = 10,
    case: str = "",
) -> None:
    """The result is what brute force finds, row by row, and holds all four measures of each row."""
    rows = reference.every_set(h, measure, variables, orders)
    expected = reference.best(rows, which, n_best)
    assert result.members == [members for _, _, members in expected], case
    assert list(result.extreme) == [extreme for extreme, _, _ in expected], case
    assert list(result.order) == [len(members) for members in result.members], case
    for name in MEASURES:
        values = [reference.REFERENCE[name](h, [variables[i] for i in members]) for members in result.members]
        np.testing.assert_allclose(
            getattr(result, name), values, rtol=0, atol=TOLERANCE, err_msg=f"{name}: {case}"
        )
    total = sum(math.comb(len(variables), order) for order in orders)
    assert (result.settings["evaluated"], result.settings["skipped"]) == (total, 0), case


def same(one: hoi.Multiplets, other: hoi.Multiplets, case: str = "") -> None:
    """Two results agree to the last bit."""
    np.testing.assert_array_equal(one.indices, other.indices, err_msg=case)
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=f"{name}: {case}")
    for name in ("extreme", "dataset"):
        assert (getattr(one, name) is None) == (getattr(other, name) is None), case
        if getattr(one, name) is not None:
            assert list(getattr(one, name)) == list(getattr(other, name)), case


# brute force


@pytest.mark.parametrize("order", range(3, 13))
def test_oinfo_of_every_order_of_12_variables(backend: str, order: int) -> None:
    result = hoi.search(exact(TWELVE), order, n_best=7, backend=backend)
    check(result, reference.entropies(TWELVE), reference.singles(range(12)), [order], n_best=7, case=backend)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("order", range(2, 13))
def test_every_measure_and_order_of_12_variables(measure: str, order: int) -> None:
    """By the numpy backend; `test_every_measure` holds the others to it."""
    if (order, measure) == (2, "oinfo"):
        with pytest.raises(hoi.HoiError, match=r'order=2 is of pairs, and measure="oinfo" of any two .*measure="tc"'):
            hoi.search(exact(TWELVE), order, measure=measure)
        return
    result = hoi.search(exact(TWELVE), order, measure=measure, n_best=7, backend="numpy")
    h = reference.entropies(TWELVE)
    check(result, h, reference.singles(range(12)), [order], measure=measure, n_best=7)


@pytest.mark.parametrize(
    ("measure", "order"), [*itertools.product(MEASURES, [3, 4]), ("tc", 7), ("oinfo", 7)]
)
def test_every_measure(backend: str, measure: str, order: int) -> None:
    covariance = hoi.simulate.random_covariance(14, seed=order).covariance
    result = hoi.search(exact(covariance), order, measure=measure, n_best=25, backend=backend)
    h = reference.entropies(covariance)
    variables = reference.singles(range(14))
    check(result, h, variables, [order], measure=measure, n_best=25, case=backend)


@pytest.mark.parametrize("n", [3, 4, 5, 31])
def test_triplets(backend: str, n: int) -> None:
    """The shortest prefix; from one set only to a long tail."""
    covariance = hoi.simulate.random_covariance(n, seed=n).covariance
    result = hoi.search(exact(covariance), 3, backend=backend)
    check(result, reference.entropies(covariance), reference.singles(range(n)), [3], case=backend)


@pytest.mark.parametrize("which", ["lowest", "highest", "both"])
@pytest.mark.parametrize("n_best", [1, 2, 1000])
def test_tails_and_their_length(backend: str, which: str, n_best: int) -> None:
    """One tail holds all the 220 sets when more are asked for, and both of them each set once."""
    result = hoi.search(exact(TWELVE), 3, which=which, n_best=n_best, backend=backend)
    h, variables = reference.entropies(TWELVE), reference.singles(range(12))
    check(result, h, variables, [3], which=which, n_best=n_best, case=backend)
    assert len(result) == min(min(n_best, 220) * (2 if which == "both" else 1), 220)
    assert len(set(result.members)) == len(result)


# several orders


@pytest.mark.parametrize("n_samples", [None, 30, 1000])
@pytest.mark.parametrize("measure", MEASURES)
def test_several_orders_are_ranked_together(backend: str, measure: str, n_samples: int | None) -> None:
    """The correction decides between orders: at 30 samples high orders no longer lead by their bias."""
    result = hoi.search(exact(TWELVE, n_samples), (2, 4), measure=measure, n_best=30, backend=backend)
    h = reference.entropies(TWELVE, n_samples)
    variables = reference.singles(range(12))
    check(result, h, variables, [2, 3, 4], measure=measure, n_best=30, case=f"{backend}, {n_samples} samples")


def test_all_the_orders_at_once(backend: str) -> None:
    result = hoi.search(exact(TWELVE, 50), (2, 12), n_best=40, backend=backend)
    h, variables = reference.entropies(TWELVE, 50), reference.singles(range(12))
    check(result, h, variables, range(2, 13), n_best=40, case=backend)


def test_without_correction_over_orders() -> None:
    result = hoi.search(exact(TWELVE, 30), (2, 4), measure="tc", n_best=5, bias_correction=False)
    h, variables = reference.entropies(TWELVE), reference.singles(range(12))
    check(result, h, variables, [2, 3, 4], measure="tc", n_best=5)
    corrected = hoi.search(exact(TWELVE, 30), (2, 4), measure="tc", n_best=5)
    assert not np.allclose(corrected.tc, result.tc)


def test_per_order_keeps_the_best_of_each(backend: str) -> None:
    result = hoi.search(exact(TWELVE, 60), (2, 5), n_best=6, per_order=True, backend=backend)
    h, variables = reference.entropies(TWELVE, 60), reference.singles(range(12))
    assert len(result) == 3 * 2 * 6 + 6, "pairs are all equal: half of the first six at each end"
    assert list(result.extreme) == ["lowest"] * 21 + ["highest"] * 21
    for order in range(2, 6):
        expected = reference.best(reference.every_set(h, "oinfo", variables, [order]), "both", 6)
        got = result[np.asarray(result.order) == order]
        assert got.members == [members for _, _, members in expected], f"order {order}, {backend}"
        assert list(got.extreme) == [extreme for extreme, _, _ in expected], f"order {order}, {backend}"


# equal values


def test_equal_values_go_in_the_order_of_their_members(backend: str) -> None:
    """All the sets of an equicorrelated system are equal."""
    covariance = hoi.simulate.equicorrelated(11, 0.3).covariance
    result = hoi.search(exact(covariance), 4, n_best=15, backend=backend)
    first = list(itertools.islice(itertools.combinations(range(11), 4), 15))
    assert result.members == first, "each once, though they are as good as any at either end"
    assert list(result.extreme) == ["lowest"] * 8 + ["highest"] * 7, backend
    np.testing.assert_allclose(result.oinfo, hoi.simulate.equicorrelated(4, 0.3).oinfo, rtol=0, atol=1e-12)


def test_equal_values_of_several_orders(backend: str) -> None:
    """In a diagonal system every set is 0, and a set comes before those that go on from it."""
    result = hoi.search(
        exact(np.diag([1.0, 2, 3, 4, 5, 6])), (2, 4), n_best=8, which="lowest", backend=backend
    )
    every = [s for k in (2, 3, 4) for s in itertools.combinations(range(6), k)]
    assert result.members == sorted(every)[:8], backend
    np.testing.assert_allclose(result.oinfo, 0, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_best", [1, 5, 40])
def test_equal_values_by_independence(backend: str, n_best: int) -> None:
    """A set and the same set with an independent variable are equal but for rounding."""
    system = hoi.simulate.planted(12, background=0.0, seed=5)
    result = hoi.search(exact(system.covariance), (3, 5), n_best=n_best, backend=backend)
    h, variables = reference.entropies(system.covariance), reference.singles(range(12))
    check(result, h, variables, [3, 4, 5], n_best=n_best, case=backend)


def test_planted_sets_are_found() -> None:
    system = hoi.simulate.planted(25, n_synergy=5, n_redundancy=5, background=0.05, seed=2)
    where = {label: columns for label, columns, _ in system.parts}
    result = hoi.search(system.sample(3000, seed=0), 5, n_best=1)
    assert result.members == [where["synergy"], where["redundancy"]]


# groups, datasets, units


def test_groups(backend: str) -> None:
    groups = [(0, 5), (1,), (2, 3, 4), (6, 11), (7,), (8, 9)]
    for measure in MEASURES:
        result = hoi.search(
            exact(TWELVE, 80), (2, 4), measure=measure, groups=groups, n_best=9, backend=backend
        )
        h = reference.entropies(TWELVE, 80)
        check(result, h, groups, [2, 3, 4], measure=measure, n_best=9, case=f"{measure}, {backend}")


def test_groups_of_one_column_equal_no_groups(backend: str) -> None:
    plain = hoi.search(exact(TWELVE), 4, backend=backend)
    same(hoi.search(exact(TWELVE), 4, groups=[(i,) for i in range(12)], backend=backend), plain, backend)


def test_several_datasets(backend: str) -> None:
    stack = hoi.simulate.random_covariance(9, seed=1).sample(60, seed=2, n_datasets=3)
    result = hoi.search(stack, (3, 4), n_best=5, backend=backend)
    assert list(result.dataset) == [0] * 10 + [1] * 10 + [2] * 10
    for d, one in enumerate(stack):
        alone = hoi.search(one, (3, 4), n_best=5, backend=backend)
        part = result[result.dataset == d]
        assert part.members == alone.members, f"dataset {d}, {backend}"
        assert list(part.extreme) == list(alone.extreme)
        np.testing.assert_allclose(part.oinfo, alone.oinfo, rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", [3, 4, (2, 4)])
def test_many_small_datasets(backend: str, order: int | tuple[int, int]) -> None:
    """More datasets than any kernel has lanes, and not a multiple of them."""
    stack = hoi.simulate.random_covariance(6, seed=3).sample(30, seed=4, n_datasets=37)
    result = hoi.search(stack, order, n_best=3, backend=backend)
    assert result.settings["evaluated"] == 37 * sum(
        math.comb(6, k) for k in (range(2, 5) if isinstance(order, tuple) else [order])
    )
    for d, one in enumerate(stack):
        alone = hoi.search(one, order, n_best=3, backend="numpy")
        assert result[result.dataset == d].members == alone.members, f"dataset {d}, {backend}"
        np.testing.assert_allclose(result.oinfo[result.dataset == d], alone.oinfo, rtol=0, atol=1e-12)


def test_bits() -> None:
    nats, bits = (hoi.search(exact(TWELVE), 4, units=units) for units in ("nats", "bits"))
    assert nats.members == bits.members
    for name in MEASURES:
        np.testing.assert_allclose(getattr(bits, name) * math.log(2), getattr(nats, name), rtol=0, atol=1e-12)


def test_from_data_with_names(recording: np.ndarray) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(recording, columns=[f"roi{i}" for i in range(8)])
    result = hoi.search(frame, (3, 4))
    h = reference.entropies(reference.peers_covariance(recording), len(recording))
    check(result, h, reference.singles(range(8)), [3, 4])
    assert result.names == tuple(frame.columns)
    assert result.member_names[0] == tuple(f"roi{i}" for i in result.members[0])


# what runs it changes nothing


def test_every_backend_gives_the_same_bits(backend: str) -> None:
    reference_run = hoi.search(exact(TWELVE, 40), (2, 5), n_best=12, backend="numpy")
    same(hoi.search(exact(TWELVE, 40), (2, 5), n_best=12, backend=backend), reference_run, backend)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("unit_sets", [37, 1000, 10**9])
def test_units_and_threads_change_nothing(
    monkeypatch: pytest.MonkeyPatch, unit_sets: int, threads: int
) -> None:
    covariance = hoi.simulate.random_covariance(21, seed=4).covariance
    plain = hoi.search(exact(covariance), (3, 4), n_best=20)
    for name in ("_LEAST_SETS", "_MOST_SETS"):
        monkeypatch.setattr(f"hoi._engine.plan.{name}", unit_sets)
    monkeypatch.setattr("hoi._engine.threads._SMALL", 0)
    cut_up = hoi.search(exact(covariance), (3, 4), n_best=20, threads=threads)
    same(cut_up, plain, f"{unit_sets} sets a unit, {threads} threads")
    assert cut_up.settings["evaluated"] == plain.settings["evaluated"] == math.comb(21, 3) + math.comb(21, 4)


@pytest.mark.parametrize("unit_sets", [50, 10**9])
def test_units_and_threads_keep_equal_values_in_order(
    monkeypatch: pytest.MonkeyPatch, unit_sets: int
) -> None:
    for name in ("_LEAST_SETS", "_MOST_SETS"):
        monkeypatch.setattr(f"hoi._engine.plan.{name}", unit_sets)
    monkeypatch.setattr("hoi._engine.threads._SMALL", 0)
    covariance = hoi.simulate.equicorrelated(20, 0.3).covariance
    result = hoi.search(exact(covariance), 4, n_best=6, threads=3)
    first = list(itertools.islice(itertools.combinations(range(20), 4), 6))
    assert result.members == first


# numerically difficult systems


def test_strong_correlations_at_a_high_order(backend: str) -> None:
    """Determinants of 1e-116, and products of 1e120: correlations near 0.9999, 30 of 32 variables."""
    loadings = np.sqrt(1 - 1e-4 * np.random.default_rng(3).uniform(0.5, 2, 32))
    covariance = hoi.simulate.common_cause(32, loadings).covariance
    for which in ("lowest", "highest"):
        result = hoi.search(exact(covariance), 30, n_best=5, which=which, backend=backend)
        h = reference.entropies(covariance)
        rows = reference.every_set(h, "oinfo", reference.singles(range(32)), [30])
        value = {members: value for value, members in rows}
        got = [value[members] for members in result.members]
        np.testing.assert_allclose(result.oinfo, got, rtol=0, atol=1e-7, err_msg=backend)
        best = [value for _, value, _ in reference.best(rows, which, 5)]
        np.testing.assert_allclose(got, best, rtol=0, atol=1e-7, err_msg=backend)
        # the closed form of the one-factor model for the set found
        known = hoi.simulate.common_cause(30, loadings[list(result.members[0])])
        assert result.oinfo[0] == pytest.approx(known.oinfo, abs=1e-7)


# bad calls


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 13}, r"order.*13.*12"),
        ({"order": 1}, r"order.*1"),
        ({"order": (4, 3)}, r"order.*\(4, 3\)"),
        ({"order": 3, "measure": "o"}, r"measure.*'o'.*oinfo"),
        ({"order": 3, "which": "best"}, r"which.*'best'.*lowest"),
        ({"order": 3, "n_best": 0}, r"n_best.*0"),
        ({"order": 3, "units": "hartley"}, r"units.*'hartley'.*nats"),
        ({"order": 3, "backend": "abacus"}, r"backend.*'abacus'.*numba"),
        ({"order": 3, "threads": 0}, r"threads.*0"),
        ({"order": 3, "groups": [(0, 1), (1, 2)]}, r"groups"),
        ({"order": 3, "groups": [(0, 1), (2,)]}, r"order.*3.*2"),
    ],
)
def test_bad_calls(options: dict, message: str) -> None:
    with pytest.raises(hoi.HoiError, match=message):
        hoi.search(exact(TWELVE), **options)


@pytest.mark.filterwarnings("ignore::hoi.IllConditionedWarning")
def test_more_variables_in_a_set_than_samples() -> None:
    data = hoi.simulate.random_covariance(12, seed=0).sample(8, seed=0)
    with pytest.raises(hoi.HoiError, match=r"(?s)8.*samples"):
        hoi.search(data, (3, 8))
    with pytest.warns(hoi.InputWarning, match="12 variables and 8 samples"), pytest.warns(hoi.SparseWarning):
        assert len(hoi.search(data, (3, 7))) == 20


def test_rows_of_a_search_per_order_come_order_after_order():
    X = hoi.simulate.random_covariance(9, seed=4).sample(200, seed=4)
    found = hoi.search(X, (3, 5), n_best=4, per_order=True)
    assert found.order.tolist() == 2 * [3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5]
    for end, sign in (("lowest", 1), ("highest", -1)):
        for order in (3, 4, 5):
            values = found.oinfo[(found.extreme == end) & (found.order == order)]
            assert (np.diff(sign * values) >= 0).all()
