"""What every backend owes: the same values, sets, order and counts, for every type and shape of the data.

A new backend is picked up from the registry. A case is a small problem that a backend can get wrong: the
smallest and the largest sets, a last block that is not full, several datasets, groups, nearly singular data.
"""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import hoi
import reference

# some cases have as few samples as there can be, on purpose
pytestmark = pytest.mark.filterwarnings("ignore::hoi._errors.SparseWarning")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Case:
    """A problem: data of a shape, the orders to search, and how."""

    name: str
    n_variables: int
    orders: tuple[int, int]
    n_samples: int = 60
    n_datasets: int | None = None
    lengths: tuple[int, ...] = ()  # samples of each dataset, where they differ
    groups: tuple[tuple[int, ...], ...] | None = None
    given: tuple[int, ...] = ()
    unit_sets: int | None = None  # sets in a unit of work; None leaves it to the engine
    near_copy: float | None = None  # column 1 is column 0 with that much noise
    tolerance: float = field(default=1e-10)  # nats

    def data(self, dtype: str) -> np.ndarray | list[np.ndarray]:
        """(n_datasets, n_samples, n_variables) of the type, or a list of tables, without ties in a column."""
        known = hoi.simulate.random_covariance(self.n_variables, seed=self.n_variables)
        if self.lengths:
            return [known.sample(n, seed=n).astype(dtype) for n in self.lengths]
        values = known.sample(self.n_samples, seed=self.n_samples, n_datasets=self.n_datasets or 1)
        if self.near_copy is not None:
            noise = np.random.default_rng(1).standard_normal(values[..., 0].shape)
            values[..., 1] = values[..., 0] + self.near_copy * noise
        if dtype.startswith("int"):
            values = np.argsort(np.argsort(values, axis=1), axis=1) * 3 - 50
        return values.astype(dtype)

    @property
    def variables(self) -> list[tuple[int, ...]]:
        return list(self.groups) if self.groups else reference.singles(range(self.n_variables))

    @property
    def sets(self) -> list[tuple[int, ...]]:
        """Every set of the orders, in the order of a scan."""
        numbers = [i for i in range(len(self.variables)) if self.groups or i not in self.given]
        low, high = self.orders
        return [s for k in range(low, high + 1) for s in itertools.combinations(numbers, k)]


CASES = [
    Case("pairs", 6, (2, 2)),
    Case("two variables", 2, (2, 2)),
    Case("triplets", 7, (3, 3)),
    Case("all three variables", 3, (3, 3)),
    Case("all seven variables", 7, (7, 7)),
    Case("all but one", 8, (7, 7)),
    Case("several orders", 7, (2, 4)),
    Case("a tail that fills no vector", 20, (3, 3)),
    Case("blocks with a rest", 13, (4, 4), unit_sets=101),
    Case("one set a unit", 7, (3, 4), unit_sets=1),
    Case("one sample more than members", 8, (7, 7), n_samples=8, tolerance=1e-8),
    Case("two datasets", 6, (3, 4), n_datasets=2),
    Case("a stack of one dataset", 5, (3, 3), n_datasets=1),
    Case("many datasets", 5, (3, 4), n_datasets=35),
    Case("recordings of different lengths", 7, (3, 4), n_datasets=3, lengths=(30, 8, 101), tolerance=1e-8),
    Case("recordings in units", 13, (4, 4), n_datasets=2, lengths=(60, 40), unit_sets=101),
    Case("groups of recordings given a column", 8, (2, 3), n_datasets=2, lengths=(60, 40), given=(5,),
         groups=((0, 4), (1,), (2, 3), (6, 7))),
    Case("groups", 9, (2, 3), groups=((0, 4), (1,), (8, 2, 3), (5,), (6, 7))),
    Case("groups in datasets", 7, (3, 3), groups=((0, 4), (1,), (2, 3), (6,)), n_datasets=3),
    Case("given one column", 8, (2, 4), given=(3,)),
    Case("given two columns, of two datasets", 8, (3, 4), given=(7, 0), n_datasets=2),
    Case("groups given columns", 9, (2, 3), groups=((0, 4), (1,), (2, 3), (6, 7)), given=(5, 8)),
    Case("samples for the set and what is given alone", 7, (4, 4), given=(1, 2), n_samples=7, tolerance=1e-8),
    Case("a near copy", 7, (3, 4), near_copy=1e-2, n_samples=200, tolerance=1e-8),
]


def check_backend(backend: str, dtype: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values, scan and search of the case agree with the slow definitions."""
    if case.unit_sets is not None:
        for name in ("_LEAST_SETS", "_MOST_SETS"):
            monkeypatch.setattr(f"hoi._engine.plan.{name}", case.unit_sets)
        monkeypatch.setattr("hoi._engine.threads._SMALL", 0)
    data = case.data(dtype)
    given = data if case.n_datasets else data[0]
    where = f"backend {backend}, {dtype}, case {case.name!r}"
    options = {"groups": case.groups, "given": case.given or None, "backend": backend}
    values = {name: [] for name in reference.REFERENCE}
    for dataset in data:
        h = reference.entropies(reference.peers_covariance(dataset.astype(np.float64)), len(dataset))
        h = reference.conditional(h, case.given)
        for name, definition in reference.REFERENCE.items():
            values[name].append([definition(h, [case.variables[i] for i in s]) for s in case.sets])
    check_values(hoi.measures(given, case.sets, **options), values, case, f"{where}, measures")
    check_scan(list(hoi.scan(given, case.orders, **options)), values, case, f"{where}, scan")
    for measure in reference.REFERENCE:
        if case.orders == (2, 2) and measure == "oinfo":
            continue  # 0 for all pairs, and refused
        found = hoi.search(given, case.orders, measure=measure, n_best=8, **options)
        check_search(found, values, measure, case, f"{where}, search by {measure}")


def check_values(result: hoi.Multiplets, values: dict, case: Case, where: str) -> None:
    """The rows are the sets of the case, in order, for each dataset."""
    n_datasets = case.n_datasets or 1
    assert result.members == case.sets * n_datasets, where
    for name in reference.REFERENCE:
        np.testing.assert_allclose(
            getattr(result, name),
            np.ravel(values[name]),
            rtol=0,
            atol=case.tolerance,
            err_msg=f"{where}: {name}",
        )
    if case.n_datasets is None:
        assert result.dataset is None, where
    else:
        assert list(result.dataset) == [d for d in range(n_datasets) for _ in case.sets], where


def check_scan(blocks: list[hoi.Multiplets], values: dict, case: Case, where: str) -> None:
    """The blocks laid end to end are the sets of the case."""
    assert [s for block in blocks for s in block.members] == case.sets * (case.n_datasets or 1), where
    for name in reference.REFERENCE:
        np.testing.assert_allclose(
            np.concatenate([getattr(block, name) for block in blocks]),
            np.ravel(values[name]),
            rtol=0,
            atol=case.tolerance,
            err_msg=f"{where}: {name}",
        )


def check_search(result: hoi.Multiplets, values: dict, measure: str, case: Case, where: str) -> None:
    """The rows are the best of the sets of each dataset, by the ordering rule, and all were gone through."""
    n_datasets = case.n_datasets or 1
    start = 0
    for d in range(n_datasets):
        rows = list(zip(values[measure][d], case.sets, strict=True))
        expected = reference.best(rows, "both", 8)
        part = result[start : start + len(expected)]
        start += len(expected)
        assert part.members == [s for _, _, s in expected], f"{where}: dataset {d}"
        assert list(part.extreme) == [extreme for extreme, _, _ in expected], f"{where}: dataset {d}"
        for name in reference.REFERENCE:
            of_set = dict(zip(case.sets, values[name][d], strict=True))
            np.testing.assert_allclose(
                getattr(part, name),
                [of_set[s] for s in part.members],
                rtol=0,
                atol=case.tolerance,
                err_msg=f"{where}: {name} of dataset {d}",
            )
    assert len(result) == start, where
    counts = (result.settings["evaluated"], result.settings["skipped"])
    assert counts == (n_datasets * len(case.sets), 0), where
    assert result.settings["backend"] == where.split()[1].rstrip(","), where


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_contract(backend: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    check_backend(backend, "float64", case, monkeypatch)


@pytest.mark.parametrize("dtype", ["float32", "int16", "int64"])
@pytest.mark.parametrize(
    "case", [CASES[2], CASES[6], CASES[11]], ids=lambda case: case.name.replace(" ", "-")
)
def test_contract_of_types(backend: str, dtype: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    check_backend(backend, dtype, case, monkeypatch)


def test_counts_of_singular_sets(backend: str) -> None:
    """In each of two datasets a different pair is a copy; the counts are those of both."""
    stack = np.stack([np.eye(6) + 0.3] * 2)
    for d, (i, j) in enumerate([(0, 5), (2, 3)]):
        stack[d, i], stack[d, :, i] = stack[d, j], stack[d, j]
        stack[d, i, i] = stack[d, j, j]
    with pytest.warns(hoi.SingularWarning) as caught:
        result = hoi.search(hoi.GaussianSystem.from_covariance(stack), (2, 4), n_best=100, backend=backend)
    skipped = sum(math.comb(4, k - 2) for k in (2, 3, 4))
    total = sum(math.comb(6, k) for k in (2, 3, 4))
    assert len(caught) == 1, backend
    assert result.settings["skipped"] == 2 * skipped, backend
    assert result.settings["evaluated"] == 2 * (total - skipped) == len(result), backend
    for d, pair in enumerate([{0, 5}, {2, 3}]):
        assert not any(pair <= set(s) for s in result[result.dataset == d].members), f"{backend}, dataset {d}"


def test_a_required_backend_that_is_missing_fails() -> None:
    """And is not skipped: the name comes from HOI_TEST_BACKENDS."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        __file__,
        "-k",
        "two-variables",
    ]
    environment = {**os.environ, "HOI_TEST_BACKENDS": "numpy,abacus"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 1, done.stdout
    assert "HOI_TEST_BACKENDS requires 'abacus'" in done.stdout
    assert "1 error" in done.stdout or "1 failed" in done.stdout
