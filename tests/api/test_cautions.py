"""What a caller is warned of: columns and sets that others determine, few samples, hours; and where it points."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import hoi
import reference

LIMIT = 1e-4


def with_sums(seed: int = 0, n_samples: int = 200) -> np.ndarray:
    """Nine columns: 2 = 0 + 1, 5 = 3 - 4 + tiny noise, and the others free."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, 9)) ** 3
    X[:, 8] += X[:, 0] + X[:, 3]
    X[:, 2] = X[:, 0] + X[:, 1]
    X[:, 5] = X[:, 3] - X[:, 4] + 1e-3 * rng.standard_normal(n_samples)
    return X


def least(C: np.ndarray, members: tuple[int, ...]) -> float:
    """The least share of its variance that a member keeps given the others, by least squares."""
    factor = np.linalg.cholesky(C + 1e-15 * np.diag(np.diag(C)))
    kept = []
    for j in members:
        others = [i for i in members if i != j]
        residual = factor[j] - np.linalg.lstsq(factor[others].T, factor[j], rcond=None)[0] @ factor[others]
        kept.append(residual @ residual / C[j, j])
    return min(kept)


@pytest.mark.parametrize("n_samples", [60, 1000])
def test_sums_are_named_and_their_sets_marked(n_samples: int) -> None:
    x, y, z = np.random.default_rng(1).standard_normal((3, n_samples))
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": x, "y": y, "z": z, "sum": x + y})
    with pytest.warns(hoi.DeterminedWarning, match=r"^columns are linear combinations of others: sum of x, y\. "):
        found = hoi.search(frame, 3, which="lowest")
    assert found.members[0] == (0, 1, 3) and found.oinfo[0] < -0.5, "which ranks make look like strong synergy"
    assert found.determined.tolist() == [1, 0, 0, 0]
    assert any("sum of x, y" in text for text in found.settings["warnings"])
    with pytest.warns(hoi.DeterminedWarning, match=r"a member is determined by the others, or nearly: \(x, y, sum\)"):
        values = hoi.measures(frame, [("x", "y", "z"), ("x", "y", "sum")])
    assert values.determined.tolist() == [0, 1]
    with pytest.warns(hoi.DeterminedWarning):
        hoi.oinfo(frame, [("sum", "y")], given="x")
    assert hoi.oinfo(frame, [("x", "y", "z")]) > -0.1, "no word about sets without the sum"


def test_layer_norm_average_reference_and_categories() -> None:
    rng = np.random.default_rng(0)
    raw = rng.standard_normal((500, 7)).astype(np.float32)
    centred = raw - raw.mean(axis=1, keepdims=True)
    normed = centred / centred.std(axis=1, keepdims=True)
    for X in (centred, normed):
        with pytest.warns(hoi.DeterminedWarning, match="6 of 0, 1, 2, 3, 4 and 1 more"):
            found = hoi.search(X, 7, measure="tc", n_best=1)
        assert found.determined.all()
    one_hot = np.eye(4)[rng.integers(0, 4, 500)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hoi.search(one_hot, 4, measure="tc")
    # columns of two values are sums of each other in their ranks, too
    assert {w.category for w in caught} == {hoi.TiesWarning, hoi.DeterminedWarning, hoi.SingularWarning}
    assert any("3 of 0, 1, 2" in str(w.message) for w in caught)


@pytest.mark.parametrize("estimator", ["gaussian_copula", "shrinkage", "knn"])
def test_each_estimator_that_hides_it(estimator: str) -> None:
    x, y = np.random.default_rng(3).standard_normal((2, 100))
    with pytest.warns(hoi.DeterminedWarning, match="2 of 0, 1"):
        hoi.search(np.column_stack([x, y, x + y]), 3, estimator=estimator)


def test_dropped_sets_are_exactly_the_determined_ones(backend: str) -> None:
    """Brute force over all sets, with least squares in place of elimination; fewer rows are wanted than are dropped."""
    X = with_sums()
    raw, scores = np.corrcoef(X.T), reference.peers_covariance(X)
    h = reference.entropies(scores, len(X))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.DeterminedWarning)
        for orders, n_best, measure in (((3, 5), 2, "oinfo"), ((4, 4), 40, "tc"), ((3, 3), 100, "sinfo")):
            found = hoi.search(X, orders, measure=measure, n_best=n_best, determined="drop", backend=backend)
            rows = [
                (value, members)
                for value, members in reference.every_set(
                    h, measure, reference.singles(range(9)), range(orders[0], orders[1] + 1)
                )
                if min(least(raw, members), least(scores, members)) > LIMIT
            ]
            expected = reference.best(rows, "both", n_best)
            assert found.members == [members for _, _, members in expected], (backend, orders)
            assert found.determined is None


def test_what_is_dropped_counts_as_singular_only_where_it_is(backend: str) -> None:
    X = np.random.default_rng(4).standard_normal((40, 12))
    for members, share in (((3, 1, 8), 10**-4.8), ((5, 0, 2, 7), 10**-5.2), ((10, 4), 10**-5.0)):
        X[:, members[0]] = X[:, members[1:]].sum(axis=1) + share * X[:, members[0]]
    system = hoi.GaussianSystem.from_data(X, estimator="gaussian")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)
        options = {"measure": "sinfo", "n_best": 1, "backend": backend}
        kept, dropped = (hoi.search(system, 5, determined=how, **options) for how in ("keep", "drop"))
    assert kept.settings["skipped"] > 0
    for count in ("evaluated", "skipped"):
        assert dropped.settings[count] == kept.settings[count]


def test_dropping_on_executors_and_from_checkpoints(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    X = with_sums(n_samples=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.DeterminedWarning)
        plain = hoi.search(X, (3, 5), n_best=3, determined="drop")
        with ThreadPoolExecutor(2) as pool:
            elsewhere = hoi.search(X, (3, 5), n_best=3, determined="drop", executor=pool)
        kept = hoi.search(X, (3, 5), n_best=3, determined="drop", checkpoint=f"{tmp_path}/run")
        assert plain.members == elsewhere.members == kept.members
        for other in (X[:, :], np.column_stack([X[:, :2], X[:, 2] ** 3, X[:, 3:]])):  # of the same ranks
            determined = "keep" if other is not X and other[0, 2] == X[0, 2] else "drop"
            with pytest.raises(hoi.HoiError, match="holds another search"):
                hoi.search(other, (3, 5), n_best=3, determined=determined, checkpoint=f"{tmp_path}/run")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "tabu"}, 'method="tabu" goes from set to set'),
        ({"estimator": hoi.estimators.Binned(2)}, "estimator='binned' has a value for sets"),
        ({"determined": "mark"}, "determined='mark': use one of 'keep', 'drop'"),
    ],
)
def test_dropping_is_refused_where_it_cannot_be(options: dict[str, str], message: str) -> None:
    with pytest.raises(hoi.HoiError, match=message):
        hoi.search(with_sums(), 3, **{"determined": "drop", **options})


def test_few_samples_fit_anything() -> None:
    X = np.random.default_rng(0).standard_normal((12, 6))
    with pytest.warns(hoi.SparseWarning, match=r"the largest set of order 5 has 5 columns and there are 12 samples"):
        found = hoi.search(X, 5)
    assert found.determined is None
    assert found.settings["warnings"][0].startswith("the largest set of order 5")
    assert "scatters by 0.27 nats" in found.settings["warnings"][0]
    hoi.oinfo(X, [(0, 1, 2, 3, 4)])  # nothing was chosen there
    with pytest.raises(hoi.HoiError, match="12 samples for sets of up to 5 columns"), pytest.warns(hoi.SparseWarning):
        hoi.search(X, 5, determined="drop")


def test_nothing_is_said_of_ordinary_data() -> None:
    """Random systems, strongly correlated ones and a real recording: every warning is an error here."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        n = int(rng.choice([30, 100, 500]))
        X = hoi.simulate.random_covariance(7, degrees_of_freedom=8, seed=seed).sample(n, seed=seed)
        hoi.search(X, (3, 5))
        hoi.search(rng.standard_normal((n, 1)) + 0.1 * rng.standard_normal((n, 6)), (3, 5))
    hoi.search(hoi.datasets.load_fmri().iloc[:, :12], (3, 4))


def test_more_variables_than_samples() -> None:
    X = np.random.default_rng(0).standard_normal((30, 40))
    with pytest.warns(hoi.InputWarning, match=r"there are 40 variables and 30 samples: rows are samples.*X\.T"):
        hoi.search(X, 3, n_best=1)


def test_no_set_is_at_both_ends_of_a_small_table() -> None:
    X = np.random.default_rng(0).standard_normal((100, 5))
    for order, n_best in ((3, 10), (4, 10), (5, 1), ((3, 4), 8)):
        found = hoi.search(X, order, n_best=n_best)
        assert len(set(found.members)) == len(found)
        ends = found.extreme.tolist()
        assert 0 <= ends.count("lowest") - ends.count("highest") <= 1


@pytest.mark.parametrize("function", ["search", "permutation_test", "plan"])
def test_pairs_are_not_ranked_by_a_measure_that_is_0(function: str) -> None:
    X = np.random.default_rng(0).standard_normal((100, 5))
    with pytest.raises(hoi.HoiError, match=r'order=2 is of pairs, and measure="oinfo" .* use order=3 or more, or'):
        getattr(hoi, function)(X, 2)
    assert len(hoi.search(X, 2, measure="tc", which="highest")) == 10
    assert len(hoi.search(X, 2, measure="gradient", target=0, which="highest")) == 6


@pytest.mark.parametrize(
    ("function", "arguments", "options"),
    [
        ("search", (5,), {}),
        ("search", (5,), {"executor": ThreadPoolExecutor(1)}),
        ("scan", (5,), {}),
        ("permutation_test", (3,), {"null": "permute"}),
        ("compare", (3,), {}),
    ],
)
def test_hours_are_said_before_they_begin(
    function: str, arguments: tuple[int], options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hoi._api.planning._LONG", 1)
    monkeypatch.setattr("hoi._api.planning.sets_per_second", lambda *_: 1e-6)
    X = np.random.default_rng(0).standard_normal((100, 6))
    data = (list(np.random.default_rng(0).standard_normal((2, 8, 50, 6))) if function == "compare" else [X])
    with pytest.warns(hoi.LongSearchWarning, match=r"^[\d,]+ sets .*will take about .* (days|years) here"):
        getattr(hoi, function)(*data, *arguments, **options)


TIED = np.random.default_rng(0).poisson(1.0, (200, 5)).astype(float)
CALLS = {
    "oinfo": ([(0, 1, 2)],), "total_correlation": (), "dual_total_correlation": (), "sinfo": (),
    "measures": (), "information": ([(1, 2)],), "rsi": ([(1, 2)],), "gradient": ([(1, 2)],),
    "synergy_mmi": ([(1, 2)],), "redundancy_mmi": ([(1, 2)],), "local": ([(0, 1, 2)],), "coinformation": ([(0, 1)],),
    "tse_complexity": (), "search": (3,), "plan": (3,), "permutation_test": (3,), "confidence_interval": ([(0, 1, 2)],),
    "split_half": (3,), "phiid": ([(0, 1)],), "transfer_entropy": (), "drivers": (2,),
    "mutual_information": (TIED[:, :1],),
}  # fmt: skip
MORE = {"information": {"target": 0}, "rsi": {"target": 0}, "gradient": {"target": 0}, "synergy_mmi": {"target": 0},
        "redundancy_mmi": {"target": 0}, "permutation_test": {"n_resamples": 20, "which": "lowest"},
        "transfer_entropy": {"lags": 1}, "drivers": {"lags": 1}}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_warnings_point_to_the_line_of_the_caller(name: str) -> None:
    X = TIED[:, 1:] if name == "mutual_information" else TIED
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(hoi, name)(X, *CALLS[name], **MORE.get(name, {}))
    ours = [warning for warning in caught if issubclass(warning.category, hoi.HoiWarning)]
    assert hoi.TiesWarning in [warning.category for warning in ours]
    assert {warning.filename for warning in ours} == {__file__}


def test_other_warnings_point_there_too() -> None:
    X = np.random.default_rng(0).standard_normal((40, 6))
    X[:, 5] = X[:, 4]
    Y = TIED[:40] % 2
    near = np.column_stack([X[:, :3], X[:, 0] + X[:, 1] + 6e-5 * X[:, 3]])
    pairs = [
        (hoi.SingularWarning, lambda: hoi.search(X, 3)),
        (hoi.SingularWarning, lambda: list(hoi.scan(X, 3))),
        (hoi.SparseWarning, lambda: hoi.oinfo(Y, estimator="discrete")),
        (hoi.IllConditionedWarning, lambda: hoi.oinfo(near, estimator="gaussian")),
        (hoi.HoiWarning, lambda: hoi.permutation_test(X[:, :4], 3, n_resamples=3)),
        (hoi.HoiWarning, lambda: hoi.compare(np.stack([X, -X])[:, :, :4] + 1e-3 * np.random.default_rng(1).normal(
            size=(2, 40, 4)), np.stack([X, X])[:, :, :4] + np.random.default_rng(2).normal(size=(2, 40, 4)), 3)),
    ]  # fmt: skip
    for category, call in pairs:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        assert [w.filename for w in caught if issubclass(w.category, category)] == [__file__], category


def test_errors_in_arguments_come_before_warnings() -> None:
    """Every warning is an error here, so that the wrong one would come first."""
    for wrong, message in (
        (lambda: hoi.search(TIED, 9), "order=9"),
        (lambda: hoi.oinfo(TIED, [(0, 7)]), "7"),
        (lambda: hoi.search(TIED, 3, backend="fortran"), "backend='fortran'"),
        (lambda: hoi.oinfo(TIED, [(0, 1)], given="q"), "'q'"),
    ):
        with pytest.raises(hoi.HoiError, match=message):
            wrong()


def test_compiling_is_not_counted_as_searching(monkeypatch: pytest.MonkeyPatch) -> None:
    from hoi._backends.numba_.gaussian import GaussianWalks

    usual = GaussianWalks.ready

    def slow(self: GaussianWalks, order: int) -> None:
        import time

        time.sleep(0.3)
        usual(self, order)

    monkeypatch.setattr(GaussianWalks, "ready", slow)
    X = np.random.default_rng(0).standard_normal((100, 12))
    hoi.search(X, 4, backend="numba")
    found = hoi.search(X, 4, backend="numba")
    assert found.settings["preparation_seconds"] >= 0.3 > found.settings["seconds"]


def test_the_scatter_of_independent_columns() -> None:
    """Against 2000 draws; normal scores scatter like the Gaussian columns themselves."""
    draws = np.random.default_rng(0).standard_normal((2000, 15, 4))
    values = hoi.total_correlation(draws, estimator="gaussian")
    from hoi._maths.bias import chance_deviation

    assert values.std() == pytest.approx(chance_deviation(4, 15), rel=0.06)
    assert hoi.total_correlation(draws).std() == pytest.approx(chance_deviation(4, 15), rel=0.15)


def test_sums_among_columns_of_any_structure() -> None:
    """As many sums as the rank lacks, and each is one, by least squares."""
    from hoi._maths.dependence import sums_among

    for seed in range(20):
        rng = np.random.default_rng(seed)
        n, rank = int(rng.integers(3, 9)), int(rng.integers(2, 8))
        mix = rng.standard_normal((rank, n)) * (rng.random((rank, n)) < 0.6) if rank < n else np.eye(n)
        mix = mix[:, np.abs(mix).sum(axis=0) > 0]
        X = rng.standard_normal((50, len(mix))) @ mix
        found = sums_among(np.corrcoef(X.T), range(X.shape[1]))
        assert len(found) == X.shape[1] - np.linalg.matrix_rank(X)
        for column, of in found:
            fit = X[:, of] @ np.linalg.lstsq(X[:, of], X[:, column], rcond=None)[0]
            np.testing.assert_allclose(fit, X[:, column], atol=1e-6)
            assert all(np.linalg.matrix_rank(X[:, [c for c in of if c != one]]) == len(of) - 1 for one in of)


