"""The measures by public functions: closed forms, definitions, invariances, bias, published formulas."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import hoi
import reference
from hoi._measures.registry import MEASURES

FUNCTIONS = {
    "tc": hoi.total_correlation,
    "dtc": hoi.dual_total_correlation,
    "oinfo": hoi.oinfo,
    "sinfo": hoi.sinfo,
}
TOLERANCE = 1e-10  # nats

measures = pytest.mark.parametrize("measure", sorted(reference.REFERENCE))


@st.composite
def covariances(draw: st.DrawFn, low: int = 2, high: int = 7) -> np.ndarray:
    """A factor model with its own noise: positive definite, of any scale, with zeros and repeats at times."""
    n = draw(st.integers(low, high))
    factors = draw(arrays(np.float64, (n, draw(st.integers(1, n))), elements=st.floats(-2, 2, width=32)))
    noise = draw(arrays(np.float64, n, elements=st.floats(0.125, 3, width=32)))
    return factors @ factors.T + np.diag(noise)


def exact(covariance: np.ndarray, n_samples: int | None = None) -> hoi.GaussianSystem:
    return hoi.GaussianSystem.from_covariance(covariance, n_samples)


def all_sets(n: int) -> list[tuple[int, ...]]:
    """Every set of 2 to n of n variables."""
    return [members for k in range(2, n + 1) for members in itertools.combinations(range(n), k)]


def test_every_measure_has_a_definition_and_a_function() -> None:
    assert set(MEASURES) == set(reference.REFERENCE) == set(FUNCTIONS)


# closed forms

SYSTEMS = [
    hoi.simulate.independent(4, variance=[0.1, 1, 10, 100]),
    hoi.simulate.equicorrelated(2, 0.7),
    hoi.simulate.equicorrelated(6, 0.3),
    hoi.simulate.equicorrelated(5, -0.2),
    hoi.simulate.equicorrelated(12, 0.95),
    hoi.simulate.markov_chain(7, 0.8),
    hoi.simulate.markov_chain(4, [0.9, -0.2, 0.5]),
    hoi.simulate.common_cause(5, [0.2, 0.4, 0.6, 0.8, -0.9]),
    hoi.simulate.common_cause(5, 0.7, observed=True),
    hoi.simulate.common_effect(4, [1, 2, -1, 0.5], noise=0.2),
    hoi.simulate.block_diagonal(hoi.simulate.markov_chain(3, 0.6), hoi.simulate.common_effect(3)),
    hoi.simulate.planted(15, background=0.1),
]


@measures
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda s: f"{s.kind}-{s.n_variables}")
def test_closed_forms(system: hoi.simulate.KnownGaussian, measure: str) -> None:
    value = FUNCTIONS[measure](exact(system.covariance))
    assert isinstance(value, float)
    assert value == pytest.approx(getattr(system, measure), rel=1e-12, abs=TOLERANCE)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda s: f"{s.kind}-{s.n_variables}")
def test_closed_form_of_the_entropy(system: hoi.simulate.KnownGaussian) -> None:
    assert hoi.entropy(exact(system.covariance)) == pytest.approx(system.entropy, rel=1e-12, abs=TOLERANCE)


@given(n=st.integers(2, 20), rho=st.floats(0.001, 0.99))
def test_equicorrelated(n: int, rho: float) -> None:
    system = hoi.simulate.equicorrelated(n, rho)
    values = hoi.measures(exact(system.covariance))
    for measure in FUNCTIONS:
        assert getattr(values, measure)[0] == pytest.approx(
            getattr(system, measure), rel=1e-10, abs=TOLERANCE
        )


# definitions


@given(covariance=covariances(), n_samples=st.none() | st.integers(20, 500))
def test_definitions(covariance: np.ndarray, n_samples: int | None) -> None:
    """Every set of a random system, with the bias correction and without."""
    h = reference.entropies(covariance, n_samples)
    sets = all_sets(len(covariance))
    system = exact(covariance, n_samples)
    together = hoi.measures(system, sets)
    assert together.members == sets
    for measure, function in FUNCTIONS.items():
        expected = [reference.REFERENCE[measure](h, reference.singles(members)) for members in sets]
        np.testing.assert_allclose(function(system, sets), expected, rtol=0, atol=TOLERANCE, err_msg=measure)
        np.testing.assert_array_equal(getattr(together, measure), function(system, sets), err_msg=measure)
    np.testing.assert_allclose(hoi.entropy(system, sets), [h(s) for s in sets], rtol=0, atol=TOLERANCE)


@given(covariance=covariances())
def test_identities(covariance: np.ndarray) -> None:
    n = len(covariance)
    values = hoi.measures(exact(covariance), all_sets(n))
    np.testing.assert_allclose(values.oinfo, values.tc - values.dtc, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(values.sinfo, values.tc + values.dtc, rtol=0, atol=TOLERANCE)
    assert (values.tc >= -TOLERANCE).all()
    assert (values.dtc >= -TOLERANCE).all()
    pairs = np.array(values.order) == 2
    assert pairs.sum() == math.comb(n, 2)
    np.testing.assert_allclose(values.oinfo[pairs], 0, rtol=0, atol=1e-12)
    # TC and DTC are at most k-1 times each other (Austin 2020, Entropy 22:137)
    others = np.array(values.order) - 2
    assert (values.oinfo <= others * values.dtc + TOLERANCE).all()
    assert (values.oinfo >= -others * values.tc - TOLERANCE).all()


@given(variances=arrays(np.float64, st.integers(2, 8), elements=st.floats(1e-6, 1e6)))
def test_a_diagonal_covariance_shares_nothing(variances: np.ndarray) -> None:
    for measure, function in FUNCTIONS.items():
        assert function(exact(np.diag(variances))) == pytest.approx(0, abs=1e-12), measure


@given(left=covariances(2, 4), right=covariances(2, 4))
def test_independent_blocks_add_up(left: np.ndarray, right: np.ndarray) -> None:
    n, m = len(left), len(right)
    both = np.zeros((n + m, n + m))
    both[:n, :n], both[n:, n:] = left, right
    for measure, function in FUNCTIONS.items():
        total = function(exact(both), [tuple(range(n + m)), tuple(range(n)), tuple(range(n, n + m))])
        assert total[0] == pytest.approx(total[1] + total[2], abs=TOLERANCE), measure


# invariances


@measures
@given(covariance=covariances(), seed=st.integers(0, 2**32 - 1))
def test_order_and_scale_of_the_columns_change_nothing(
    measure: str, covariance: np.ndarray, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(covariance))
    scale = rng.choice([-1, 1], len(order)) * 10.0 ** rng.integers(-4, 5, len(order))
    changed = (covariance * scale[:, None] * scale)[np.ix_(order, order)]
    value = FUNCTIONS[measure](exact(covariance))
    assert FUNCTIONS[measure](exact(changed)) == pytest.approx(value, abs=TOLERANCE)


@measures
def test_members_in_any_order(recording: np.ndarray, measure: str) -> None:
    sets = [(5, 1, 3), (3, 5, 1), (1, 3, 5)]
    values = FUNCTIONS[measure](recording, sets)
    np.testing.assert_allclose(values, values[0], rtol=0, atol=TOLERANCE)


MONOTONE = [np.exp, np.arctan, lambda v: v**3, lambda v: -v, lambda v: 1e6 + 1e-3 * v, lambda v: -np.sinh(v)]


@measures
@settings(max_examples=10)
@given(maps=st.lists(st.sampled_from(MONOTONE), min_size=5, max_size=5), seed=st.integers(0, 1000))
def test_copula_is_invariant_to_monotone_maps(measure: str, maps: list, seed: int) -> None:
    data = hoi.simulate.random_covariance(5, seed=seed).sample(60, seed)
    mapped = np.column_stack([change(column) for change, column in zip(maps, data.T, strict=True)])
    assert FUNCTIONS[measure](mapped) == pytest.approx(FUNCTIONS[measure](data), abs=TOLERANCE)


@measures
def test_order_of_the_samples_changes_nothing(
    recording: np.ndarray, rng: np.random.Generator, measure: str
) -> None:
    shuffled = rng.permutation(recording, axis=0)
    assert FUNCTIONS[measure](shuffled) == pytest.approx(FUNCTIONS[measure](recording), abs=TOLERANCE)


def test_entropy_follows_the_units_of_the_columns(recording: np.ndarray) -> None:
    scale = np.array([1e-3, 1, 2, 3, 4, 5, 1e4, -7])
    shift = np.log(np.abs(scale)).sum()
    assert hoi.entropy(recording * scale + 5) == pytest.approx(hoi.entropy(recording) + shift, abs=1e-9)


# settings


@measures
def test_bits(recording: np.ndarray, measure: str) -> None:
    nats, bits = (
        FUNCTIONS[measure](recording, [(0, 1, 2), (3, 4)], units=units) for units in ("nats", "bits")
    )
    np.testing.assert_allclose(bits * math.log(2), nats, rtol=0, atol=1e-12)
    assert nats[0] != bits[0]


def test_bits_of_the_entropy_and_mutual_information(recording: np.ndarray) -> None:
    assert hoi.entropy(recording, units="bits") * math.log(2) == pytest.approx(
        hoi.entropy(recording), abs=1e-12
    )
    x, y = recording[:, :3], recording[:, 3:]
    bits = hoi.mutual_information(x, y, units="bits")
    assert bits * math.log(2) == pytest.approx(hoi.mutual_information(x, y), abs=1e-12)


@measures
def test_gaussian_estimator_uses_the_covariance_as_it_is(recording: np.ndarray, measure: str) -> None:
    expected = reference.value(measure, np.cov(recording.T), n_samples=len(recording))
    assert FUNCTIONS[measure](recording, estimator="gaussian") == pytest.approx(expected, abs=TOLERANCE)
    assert FUNCTIONS[measure](recording) != pytest.approx(expected, abs=1e-3)


@measures
def test_gaussian_correction_is_unbiased(measure: str) -> None:
    """The mean over many small samples is the exact value; without the correction it is far from it."""
    known = hoi.simulate.block_diagonal(
        hoi.simulate.common_effect(2, noise=0.7), hoi.simulate.equicorrelated(2, 0.4)
    )
    draws = known.sample(12, seed=5, n_datasets=4000)
    corrected = FUNCTIONS[measure](draws, estimator="gaussian")
    plain = FUNCTIONS[measure](draws, estimator="gaussian", bias_correction=False)
    error = corrected.std() / math.sqrt(len(draws))
    assert corrected.mean() == pytest.approx(getattr(known, measure), abs=4 * error)
    expected = reference.value(measure, np.eye(5), n_samples=12)  # the correction alone, as TC = DTC = 0 here
    np.testing.assert_allclose(corrected - plain, expected, rtol=0, atol=1e-9)
    assert abs(plain.mean() - getattr(known, measure)) > 6 * error


def test_corrected_entropy_is_unbiased() -> None:
    known = hoi.simulate.markov_chain(4, 0.5)
    draws = known.sample(10, seed=6, n_datasets=4000)
    corrected, plain = (hoi.entropy(draws, bias_correction=flag) for flag in (True, False))
    error = corrected.std() / math.sqrt(len(draws))
    assert corrected.mean() == pytest.approx(known.entropy, abs=4 * error)
    np.testing.assert_allclose(corrected - plain, -reference.bias(4, 10), rtol=0, atol=1e-9)
    assert known.entropy - plain.mean() > 50 * error


def test_exact_covariances_are_not_corrected() -> None:
    system = hoi.simulate.markov_chain(4, 0.5)
    assert hoi.oinfo(exact(system.covariance), bias_correction=True) == pytest.approx(system.oinfo, abs=1e-12)


# groups


@measures
@given(covariance=covariances(4, 8), seed=st.integers(0, 2**32 - 1))
def test_groups_by_definition(measure: str, covariance: np.ndarray, seed: int) -> None:
    """Columns dealt out to variables at random; sets are of groups."""
    rng = np.random.default_rng(seed)
    n = len(covariance)
    cuts = np.sort(rng.choice(np.arange(1, n), size=rng.integers(1, n - 1), replace=False))
    groups = [tuple(int(i) for i in part) for part in np.split(rng.permutation(n), cuts)]
    sets = all_sets(len(groups))
    h = reference.entropies(covariance)
    expected = [reference.REFERENCE[measure](h, [groups[g] for g in members]) for members in sets]
    got = FUNCTIONS[measure](exact(covariance), sets, groups=groups)
    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE, err_msg=f"groups {groups}")


@measures
def test_groups_with_bias(recording: np.ndarray, measure: str) -> None:
    groups = [(0, 3), (1,), (2, 4, 5), (7,)]
    h = reference.entropies(reference.peers_covariance(recording), len(recording))
    expected = reference.REFERENCE[measure](h, groups)
    assert FUNCTIONS[measure](recording, groups=groups) == pytest.approx(expected, abs=TOLERANCE)


@measures
def test_groups_of_one_column_equal_no_groups(recording: np.ndarray, measure: str) -> None:
    sets = [(0, 1, 2), (7, 3), (0, 1, 2, 3, 4, 5, 6, 7)]
    grouped = FUNCTIONS[measure](recording, sets, groups=[(i,) for i in range(8)])
    np.testing.assert_allclose(grouped, FUNCTIONS[measure](recording, sets), rtol=0, atol=1e-12)


# several datasets, and every kind of table


@measures
def test_a_stack_is_the_loop_over_its_datasets(measure: str) -> None:
    stack = hoi.simulate.random_covariance(5, seed=3).sample(40, seed=4, n_datasets=3)
    sets = [(0, 1, 2), (1, 4), (0, 1, 2, 3, 4)]
    values = FUNCTIONS[measure](stack, sets)
    assert values.shape == (3, 3)
    np.testing.assert_allclose(values, [FUNCTIONS[measure](one, sets) for one in stack], rtol=0, atol=1e-12)
    whole = FUNCTIONS[measure](stack)
    assert whole.shape == (3,)
    np.testing.assert_allclose(whole, values[:, 2], rtol=0, atol=1e-12)


def test_a_stack_of_covariances() -> None:
    known = [hoi.simulate.markov_chain(4, 0.5), hoi.simulate.equicorrelated(4, 0.3)]
    values = hoi.oinfo(exact(np.stack([system.covariance for system in known])))
    np.testing.assert_allclose(values, [system.oinfo for system in known], rtol=0, atol=1e-12)


def test_rows_of_a_stack_say_their_dataset() -> None:
    stack = hoi.simulate.equicorrelated(4, 0.3).sample(30, seed=1, n_datasets=2)
    sets = [(0, 1, 2), (2, 3)]
    result = hoi.measures(stack, sets)
    assert list(result.dataset) == [0, 0, 1, 1]
    assert result.members == sets + sets
    np.testing.assert_allclose(result.tc, hoi.total_correlation(stack, sets).ravel(), rtol=0, atol=1e-12)
    assert hoi.measures(stack[0], sets).dataset is None


def tables() -> dict[str, object]:
    """The same numbers, exact in float32, in every container."""
    rng = np.random.default_rng(2)
    base = rng.permuted(np.tile(np.arange(64), (4, 1)), axis=1).T
    base[:, 3] = rng.permutation(64) + base[:, 0]
    made = {
        "int64": base,
        "float64": base.astype(float),
        "float32": base.astype(np.float32),
        "int16": base.astype(np.int16),
        "uint8": base.astype(np.uint8),
        "longdouble": base.astype(np.longdouble),
        "fortran": np.asfortranarray(base.astype(float)),
        "strided": np.repeat(base.astype(float), 2, axis=1)[:, ::2],
        "read-only": np.frombuffer(base.astype(float).tobytes()).reshape(base.shape),
        "list": base.tolist(),
    }
    return made


@pytest.mark.parametrize("kind", list(tables()))
@pytest.mark.filterwarnings("ignore::hoi.TiesWarning")
def test_every_table_gives_the_same_values(kind: str) -> None:
    every = tables()
    before = np.array(every[kind], dtype=float)
    assert hoi.oinfo(every[kind]) == hoi.oinfo(every["float64"])
    np.testing.assert_array_equal(np.array(every[kind], dtype=float), before, err_msg="the input was changed")


@pytest.mark.parametrize("kind", ["pandas", "xarray", "torch"])
def test_tables_of_other_libraries(recording: np.ndarray, kind: str) -> None:
    library = pytest.importorskip(kind)
    names = [f"region {i}" for i in range(8)]
    table = {
        "pandas": lambda: library.DataFrame(recording, columns=names),
        "xarray": lambda: library.DataArray(recording, dims=("time", "region"), coords={"region": names}),
        "torch": lambda: library.tensor(recording),
    }[kind]()
    assert hoi.oinfo(table) == hoi.oinfo(recording)
    expected = hoi.oinfo(recording, [(0, 5, 2)])
    np.testing.assert_array_equal(hoi.oinfo(table, [(0, 5, 2)]), expected)
    if kind != "torch":
        assert hoi.measures(table).names == tuple(names)
        np.testing.assert_array_equal(hoi.oinfo(table, [("region 0", "region 5", "region 2")]), expected)


def test_a_system_is_the_data_it_was_made_of(recording: np.ndarray) -> None:
    system = hoi.GaussianSystem.from_data(recording)
    assert hoi.oinfo(system) == hoi.oinfo(recording)
    np.testing.assert_allclose(system.covariance, reference.peers_covariance(recording), rtol=0, atol=1e-12)
    assert system.n_samples == len(recording)


# the published tools


@pytest.mark.parametrize("bias_correction", [True, False])
@pytest.mark.parametrize("shape", [(25, 3), (300, 6), (2000, 10)])
def test_published_formulas(shape: tuple[int, int], bias_correction: bool) -> None:
    """Values for data without ties are those of HOI, THOI and gcmi (rank/(n+1), ndtri, n-1, psi)."""
    data = np.exp(hoi.simulate.random_covariance(shape[1], seed=1).sample(shape[0], 2))
    columns = range(shape[1])
    expected = reference.peers_measures(data, columns, bias_correction)
    for measure, function in FUNCTIONS.items():
        value = function(data, bias_correction=bias_correction)
        assert value == pytest.approx(expected[measure], abs=1e-9), measure
    entropy = hoi.entropy(data, estimator="gaussian_copula", bias_correction=bias_correction)
    assert entropy == pytest.approx(reference.peers_entropy(data, columns, bias_correction), abs=1e-9)
    np.testing.assert_allclose(
        hoi.copula_transform(data) - hoi.copula_transform(data).mean(axis=0),
        reference.peers_copula(data),
        rtol=0,
        atol=1e-12,
    )
