"""Discrete and binned estimators: known values, identities, compiled = reference, and what is refused."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hoi
import reference
from hoi._backends import registry
from hoi._backends.numba_ import discrete as feed
from hoi._backends.protocol import EVERYTHING, UNRANKED, Ranking, Unit
from hoi._maths.counts import BY_ALL_COUNTS, CORRECTIONS, count_table
from hoi.estimators import Binned, Discrete

STATES = list(itertools.product((0, 1), repeat=3))
# (x, y, z) -> weight, and O-information, TC, DTC in bits
EXACT = {
    "copy": ({(0, 0, 0): 1, (1, 1, 1): 1}, 1.0, 2.0, 1.0),
    "exclusive or": ({s: 1 for s in STATES if sum(s) % 2 == 0}, -1.0, 1.0, 2.0),
    "independent": (dict.fromkeys(STATES, 1), 0.0, 0.0, 0.0),
}


@pytest.fixture(autouse=True)
def sparse_is_no_surprise():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.SparseWarning)
        yield


@pytest.mark.parametrize("name", EXACT)
def test_exact_distributions(name: str) -> None:
    distribution, oinfo, tc, dtc = EXACT[name]
    system = hoi.DiscreteSystem.from_distribution(distribution, names=["x", "y", "z"])
    found = hoi.measures(system, units="bits")
    np.testing.assert_allclose([found.oinfo[0], found.tc[0], found.dtc[0]], [oinfo, tc, dtc], atol=1e-12)
    assert found.settings["estimator"] == "distribution" and found.settings["bias_correction"] is False


def test_labels_of_a_distribution_are_those_that_differ_and_states_of_no_weight_do_not_occur() -> None:
    system = hoi.DiscreteSystem.from_distribution({(1, "a"): 2, ("1", "b"): 2, (True, "c"): 0, (2, "a"): 0})
    np.testing.assert_allclose(hoi.entropy(system, [(0,), (0, 1)]), math.log(2))


def test_the_conjunction_and_parity_of_four() -> None:
    conjunction = hoi.DiscreteSystem.from_distribution({(a, b, a & b): 1 for a in (0, 1) for b in (0, 1)})
    entropy = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert hoi.information(conjunction, [(0, 1)], target=2, units="bits")[0] == pytest.approx(entropy)
    assert hoi.oinfo(conjunction, units="bits") == pytest.approx(-0.1887, abs=1e-4)
    assert hoi.gradient(conjunction, [(0, 1)], target=2, units="bits")[0] == pytest.approx(-0.1887, abs=1e-4)
    parity = {s: 1 for s in itertools.product((0, 1), repeat=4) if sum(s) % 2 == 0}
    assert hoi.oinfo(hoi.DiscreteSystem.from_distribution(parity), units="bits") == pytest.approx(-2)


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_every_correction_is_its_formula(correction: str | None) -> None:
    """From counts, by the definitions of the papers."""
    counts = np.array([1, 1, 2, 3, 5, 8])
    n = int(counts.sum())
    p = counts / n
    plug_in = -(p * np.log(p)).sum()
    constant, f = count_table(n, correction)
    value = constant - f[counts].sum()
    if correction is None:
        wanted = plug_in
    elif correction == "miller_madow":
        wanted = plug_in + (len(counts) - 1) / (2 * n)
    elif correction == "grassberger":
        # G_1 = -gamma - log 2, G_2 = 2 - gamma - log 2, G_(2m+1) = G_2m, G_(2m+2) = G_2m + 2 / (2m + 1)
        G = {1: -np.euler_gamma - math.log(2), 2: 2 - np.euler_gamma - math.log(2)}
        for m in range(1, 8):
            G[2 * m + 1], G[2 * m + 2] = G[2 * m], G[2 * m] + 2 / (2 * m + 1)
        wanted = math.log(n) - sum(c * G[int(c)] for c in counts) / n
    else:
        without = []
        for i, c in enumerate(counts):
            rest = counts.copy()
            rest[i] -= 1
            rest = rest[rest > 0] / (n - 1)
            without += [-(rest * np.log(rest)).sum()] * int(c)
        wanted = n * plug_in - (n - 1) * np.mean(without)
    assert value == pytest.approx(wanted, abs=1e-12)


def test_entropies_of_a_fixed_draw() -> None:
    """Of 83 draws of six states, the last two by slow definitions."""
    x = np.random.default_rng(5).integers(0, 6, 83)[:, None]
    counts = np.bincount(x[:, 0], minlength=6)
    expected = {
        None: 1.7787172977, "miller_madow": 1.8088377796, "grassberger": 1.8151423069,
        "chao_shen": reference.chao_shen(counts), "shrink": reference.shrunk(counts),
    }  # fmt: skip
    for correction, value in expected.items():
        assert hoi.entropy(x, estimator=Discrete(correction)) == pytest.approx(value, abs=1e-10), correction


@given(st.integers(0, 10**6), st.integers(5, 60), st.integers(2, 5))
def test_chao_shen_and_shrink_are_their_formulas(seed, n, q) -> None:
    """Of joint states, most of which do not occur; and of samples that are alone, or even, which are the ends."""
    X = np.random.default_rng(seed).integers(0, q, (n, 3))
    X[: 3 * q] = np.repeat(np.arange(q), 3)[: len(X), None]  # so that the states of single columns all occur
    counts = np.zeros((q, q, q))
    np.add.at(counts, tuple(X.T), 1)
    states = [len(np.unique(column)) for column in X.T]
    counts = counts[: states[0], : states[1], : states[2]]
    try:
        found = [hoi.entropy(X, [(0, 1, 2)], estimator=Discrete(name))[0] for name in ("chao_shen", "shrink")]
    except hoi.HoiError as error:
        assert "too many different" in str(error)
        return
    assert found[0] == pytest.approx(reference.chao_shen(counts.ravel().astype(int).tolist()), abs=1e-10)
    assert found[1] == pytest.approx(reference.shrunk(counts.ravel().astype(int).tolist()), abs=1e-10)


def test_the_ends_of_chao_shen_and_shrink() -> None:
    assert BY_ALL_COUNTS["chao_shen"](np.ones(7), 20.0) == pytest.approx(reference.chao_shen([1] * 7))
    assert BY_ALL_COUNTS["shrink"](np.full(4, 5.0), 4.0) == pytest.approx(math.log(4))
    assert BY_ALL_COUNTS["shrink"](np.array([50.0]), 3.0) == pytest.approx(0, abs=1e-12)


def test_winners_are_estimated_again_and_searches_go_by_blocks() -> None:
    X = table(3, 6, 1, samples=150)
    best = hoi.search(X, 3, estimator="discrete", n_best=1, which="lowest")
    again = hoi.measures(X, best, estimator=Discrete("chao_shen"))
    assert again.members == [(0, 1, 5)] and again.oinfo[0] < -0.8
    found = hoi.search(X, 3, estimator=Discrete("shrink"), n_best=1, which="lowest")
    assert found.members == [(0, 1, 5)] and found.settings["walk"] == ["blocks"]
    assert found.settings["correction"] == "shrink"
    plain = hoi.oinfo(X, best, estimator=Discrete("shrink"), bias_correction=False)
    np.testing.assert_array_equal(plain, hoi.oinfo(X, best, estimator=Discrete(None)))


def test_the_bias_of_each_correction_where_there_are_few_samples() -> None:
    """Three columns of three states, 60 samples. Independent ones, and the sum of two modulo 3, whose O is -log 3: the
    figures of the documentation, to 0.02 nats."""
    rng = np.random.default_rng(3)
    draws = rng.integers(0, 3, (300, 60, 3))
    sums = draws.copy()
    sums[:, :, 2] = (draws[:, :, 0] + draws[:, :, 1]) % 3
    for name, free, bound in (
        (None, -0.09, 0.09), ("miller_madow", -0.05, 0.0), ("chao_shen", 0.14, 0.06), ("shrink", 0.0, 0.38),
    ):  # fmt: skip
        assert hoi.oinfo(draws, estimator=Discrete(name)).mean() == pytest.approx(free, abs=0.02), name
        assert hoi.oinfo(sums, estimator=Discrete(name)).mean() + math.log(3) == pytest.approx(bound, abs=0.02), name


def table(q: int, n: int, seed: int, samples: int = 300) -> np.ndarray:
    X = np.random.default_rng(seed).integers(0, q, (samples, n))
    X[:, n - 1] = (X[:, 0] + X[:, 1]) % q
    return X


PAIRS = [(0, 1), (2, 3), (4,), (5, 6), (7,)]
ROLES = [
    {}, {"given": (3,)}, {"given": (3, 1)}, {"groups": PAIRS}, {"target": (7,)}, {"target": (7, 2), "given": (4,)},
    {"target": (7,), "groups": PAIRS[:4]},
]  # fmt: skip


@given(st.sampled_from([2, 3, 9]), st.integers(0, 10**6), st.integers(2, 5), st.sampled_from(ROLES), st.booleans(),
       st.sampled_from([(1, -2, -1), (0, 1, 0)]))  # fmt: skip
def test_the_terms_of_the_compiled_walk_are_the_reference(q, seed, order, roles, by_heads, weights) -> None:
    """Of every set: by bits and by histograms, with one table or, where it would be too large, one for each head."""
    with pytest.MonkeyPatch.context() as patch:
        if by_heads:
            patch.setattr(feed, "_MOST_TABLE", 25)
            patch.setattr(feed, "_MOST_OF_HEAD", 15)
        system = Discrete().fit(table(q, 8, seed, samples=130))
        given, target = roles.get("given", ()), roles.get("target", ())
        groups = roles.get("groups") or [(c,) for c in range(8) if c not in (*given, *target)]
        problem = system.information(groups, given, target) if target else system.problem(groups, given)
        evaluator, n = registry.load("numba").open(problem, Ranking(*weights)), len(groups)
        unit = Unit(0, min(order, n), 0, math.comb(n - 2, min(order, n) - 2))
        parts = list(evaluator.walk(unit, lambda **_: EVERYTHING))
        assert evaluator.walk_name(unit) == "counts" or by_heads
    members = np.concatenate([part.members for part in parts])
    assert sorted(members.tolist()) == sorted(map(list, itertools.combinations(range(n), unit.order)))
    wanted = problem.reference(members, np.zeros(len(members), dtype=np.intp))
    for name in "DJL" if weights[2] else "DJ":
        values = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_allclose(values, getattr(wanted, name), rtol=0, atol=1e-10, err_msg=name)


@given(st.integers(2, 4), st.integers(0, 10**6), st.sampled_from(sorted(reference.REFERENCE)),
       st.sampled_from([None, [3], [3, 1]]), st.sampled_from([name for name in CORRECTIONS if name]))  # fmt: skip
def test_the_compiled_walk_finds_what_the_reference_finds(q, seed, measure, fixed, correction) -> None:
    X = table(q, 8, seed, samples=120)
    same_search(X, (2, 4), measure=measure, n_best=6, given=fixed, estimator=Discrete(correction))


def same_search(X, order, *, walk: str = "counts", backend: str = "numba", **options) -> None:
    """The same rows to the last bit as with numpy."""
    found = hoi.search(X, order, backend=backend, **options)
    wanted = hoi.search(X, order, backend="numpy", **options)
    assert found.members == wanted.members
    column = options.get("measure", "oinfo")
    np.testing.assert_array_equal(getattr(found, column), getattr(wanted, column))
    assert found.settings["evaluated"] == wanted.settings["evaluated"]
    if backend == "numba":
        assert found.settings["walk"] == [walk] and wanted.settings["walk"] == ["blocks"]


def test_many_states_datasets_groups_and_targets_agree_too(backend: str) -> None:
    X = np.stack([table(9, 7, seed, samples=400) for seed in (1, 2)])
    groups = [[0, 1], [2], [3], [4, 5]]
    for options in (
        {}, {"groups": groups}, {"which": "lowest", "per_order": True}, {"measure": "gradient", "target": 6},
        {"measure": "rsi", "target": 6, "groups": groups}, {"measure": "information", "target": [5, 6], "threads": 2},
    ):  # fmt: skip
        same_search(X, (2, 4), backend=backend, estimator="discrete", **options)


def test_a_table_that_is_too_large_goes_by_heads(monkeypatch) -> None:
    monkeypatch.setattr(feed, "_MOST_TABLE", 25)
    monkeypatch.setattr(feed, "_MOST_OF_HEAD", 15)
    X = np.stack([table(2, 9, seed) for seed in (1, 2)])
    same_search(X, 4, walk="blocks", estimator="discrete")  # 28 pairs behind one member: too large still
    same_search(X[:, :, 1:], 5, estimator="discrete", threads=2, n_best=20)


@pytest.mark.parametrize("by_heads", [False, True])
@pytest.mark.parametrize(("q", "roles", "orders"), [
    (2, {}, 4), (3, {"given": 2}, (2, 4)), (9, {"groups": [(0, 1), (2,), (3,), (4, 5), (6,)]}, (2, 4)),
    (3, {"target": 0}, (2, 4)),
])  # fmt: skip
def test_a_compiled_scan_is_that_of_the_reference_in_the_same_order(by_heads, q, roles, orders, monkeypatch) -> None:
    if by_heads:
        monkeypatch.setattr(feed, "_MOST_TABLE", 25)
    X = np.stack([table(q, 8, 2), table(q, 8, 3)])
    problem = Discrete().fit(X).problem()
    assert registry.load("numba").open(problem, UNRANKED).walk_name(Unit(0, 4, 0, 1)) == "counts"
    compiled, plain = (
        {
            (int(d), S): values
            for block in hoi.scan(X, orders, estimator="discrete", backend=name, **roles)
            for d, S, *values in zip(block.dataset, block.members, *(getattr(block, c) for c in block.columns))
        }
        for name in ("numba", "numpy")
    )
    assert list(compiled) == list(plain)  # in this order
    np.testing.assert_allclose(list(compiled.values()), list(plain.values()), rtol=0, atol=1e-11)


def test_the_definitions_and_a_scan() -> None:
    X = table(3, 5, 0)

    def h(columns: tuple[int, ...]) -> float:
        if not columns:
            return 0.0
        _, counts = np.unique(X[:, list(columns)], axis=0, return_counts=True)
        p = counts / counts.sum()
        return float(-(p * np.log(p)).sum()) + (len(counts) - 1) / (2 * len(X))

    (block,) = hoi.scan(X, 3, estimator="discrete")
    for i, members in enumerate(block.members):
        for name, definition in reference.REFERENCE.items():
            wanted = definition(h, [(v,) for v in members])
            assert getattr(block, name)[i] == pytest.approx(wanted, abs=1e-12)
    assert hoi.entropy(X, [(0, 1)], estimator="discrete")[0] == pytest.approx(h((0, 1)))


def test_labels_are_states_whatever_they_are_called() -> None:
    X = table(3, 4, 5)
    wanted = hoi.oinfo(X, [(0, 1, 3)], estimator="discrete")
    named = np.array(["south", "east", "north"], dtype=object)[X]
    frame = pandas.DataFrame(named, columns=list("abcd"))
    frame["a"] = frame["a"].astype("category")
    frame["b"] = X[:, 1] * 10 - 7
    for data in (named, named.tolist(), frame, X.astype(bool) if X.max() < 2 else X[:, ::1] * 3.0):
        np.testing.assert_allclose(hoi.oinfo(data, [(0, 1, 3)], estimator="discrete"), wanted, atol=1e-12)
    assert hoi.search(frame, 3, estimator="discrete", n_best=1).member_names[0] == ("a", "b", "d")


USES = {
    "permutation_test": lambda X: hoi.permutation_test(X, 3, n_resamples=3, seed=0, estimator="discrete").oinfo,
    "confidence_interval": lambda X: hoi.confidence_interval(
        X, method="bootstrap", n_resamples=5, seed=0, estimator="discrete").low,
    "split_half": lambda X: hoi.split_half(
        X, 3, method="bootstrap", n_resamples=5, seed=0, estimator="discrete").low,
    "compare": lambda X: hoi.compare([X[:60], X[60:]], [X[:40], X[40:]], 3, n_resamples=3, estimator="discrete").oinfo,
    "local": lambda X: hoi.local(X, estimator="discrete"),
    "phiid": lambda X: hoi.phiid(X, estimator="discrete").to_numpy(),
    "transfer_entropy": lambda X: hoi.transfer_entropy(X, estimator="discrete").to_numpy(),
    "drivers": lambda X: hoi.drivers(X, 2, targets=[0], estimator="discrete")["0"].gradient,
    "mutual_information": lambda X: hoi.mutual_information(X, X[::-1], estimator="discrete"),
    "several datasets": lambda X: hoi.oinfo([X[:70], X[50:]], estimator="discrete"),
}  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_every_function_takes_labels(use: str) -> None:
    X = table(3, 4, 1, 120)
    text = np.array(["south", "east", "north"])[X]
    warnings.simplefilter("ignore", hoi.HoiWarning)
    wanted = USES[use](X)
    for data in (text, pandas.DataFrame(text), pandas.DataFrame(text).astype("category")):
        np.testing.assert_allclose(USES[use](data), wanted, rtol=0, atol=1e-12)


def test_binning_by_frequency_is_invariant_and_sees_what_the_copula_misses() -> None:
    rng = np.random.default_rng(0)
    x, y, z = rng.standard_normal((3, 4000))
    X = np.column_stack([x, y, np.abs(z) * np.sign(x * y)])  # independent in pairs: the exclusive or of signs
    assert abs(hoi.oinfo(X)) < 0.01
    value = hoi.oinfo(X, estimator=Binned(2))
    assert value == pytest.approx(-math.log(2), abs=0.12)  # bins end at the medians, not at 0
    assert hoi.oinfo(np.exp(X), estimator=Binned(2)) == value
    parabola = np.column_stack([x, x**2 + 0.1 * y])
    assert hoi.total_correlation(parabola) < 0.01 and hoi.total_correlation(parabola, estimator="binned") > 0.2
    wide = hoi.oinfo(X, estimator=Binned(2, method="width"))
    assert hoi.oinfo(X * [1, 5, 100], estimator=Binned(2, method="width")) == wide
    settings = hoi.search(X, 3, estimator=Binned(3)).settings
    assert (settings["estimator"], settings["bins"], settings["correction"]) == ("binned", 3, "miller_madow")


def test_the_bias_of_independent_columns_is_nearly_gone() -> None:
    """Three columns of four states, 1000 samples: plug-in about -0.013 nats, corrected about 0 (40 draws)."""
    rng = np.random.default_rng(1)
    draws = rng.integers(0, 4, (40, 1000, 3))
    plain = hoi.oinfo(draws, estimator="discrete", bias_correction=False).mean()
    corrected = hoi.oinfo(draws, estimator="discrete").mean()
    assert -0.02 < plain < -0.008
    assert abs(corrected) < 0.003


def test_too_few_samples_a_state_are_warned_of() -> None:
    X = table(4, 6, 0, samples=200)
    with pytest.warns(hoi.SparseWarning, match="order 4 has up to 256 joint states and there are 200 samples"):
        hoi.search(X, 4, estimator="discrete")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hoi.oinfo(X, [(0, 1)], estimator="discrete")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: hoi.oinfo(np.random.default_rng(0).normal(size=(100, 3)), estimator="discrete"),
         r"counts equal values, and of 100 samples .* too many different ones: '0' \(100\)"),
        (lambda: Discrete("miller"), "correction='miller': use one of .* Did you mean 'miller_madow'"),
        (lambda: Binned(1), "bins=1: at least 2 bins"),
        (lambda: Binned(method="wide"), "method='wide': use one of 'frequency', 'width'"),
        (lambda: hoi.DiscreteSystem.from_distribution({(0, 1): 1, (0,): 1}), "tuples of labels, all of one length"),
        (lambda: hoi.DiscreteSystem.from_distribution({(0, 1): 1, (0, 0): -1}), "finite, not below 0 and not all 0"),
        (lambda: hoi.DiscreteSystem.from_distribution({(0, 1): 0, (0, 0): 0}), "give probabilities, or counts"),
        (lambda: hoi.DiscreteSystem.from_distribution({(0, 1): np.nan}), "give probabilities, or counts"),
        (lambda: hoi.DiscreteSystem.from_distribution({(0, 1): "many"}), "maps tuples of labels"),
        (lambda: hoi.DiscreteSystem.from_distribution({0: 1}), "maps tuples of labels"),
        (lambda: hoi.DiscreteSystem.from_distribution({(): 1}), "maps tuples of labels"),
        (lambda: hoi.DiscreteSystem.from_distribution({(0, 1): 1}, names=["a", "a"]), "is called 'a'"),
        (lambda: hoi.DiscreteSystem.from_distribution({(0, 1): 1}, names=["a"]), "names has 1 entries"),
        (lambda: hoi.oinfo(pandas.DataFrame({"a": ["x", None, "y"] * 9, "b": [0, 1, 2] * 9}), estimator="discrete"),
         "9 NaN values, in column 'a'"),
    ],
)  # fmt: skip
def test_errors(make, said: str) -> None:
    with pytest.raises(hoi.HoiError, match=said):
        make()
