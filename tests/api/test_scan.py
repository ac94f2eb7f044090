"""hoi.scan: every set once, in order, in blocks, with the values of hoi.measures."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

import hoi
import reference

MEASURES = sorted(reference.REFERENCE)
SEVEN = hoi.simulate.random_covariance(7, seed=21).covariance


def exact(covariance: np.ndarray, n_samples: int | None = None) -> hoi.GaussianSystem:
    return hoi.GaussianSystem.from_covariance(covariance, n_samples)


def combinations(n: int, low: int, high: int) -> list[tuple[int, ...]]:
    return [s for k in range(low, high + 1) for s in itertools.combinations(range(n), k)]


@pytest.mark.parametrize("orders", [2, 3, 4, 7, (2, 4)])
@pytest.mark.parametrize("n_samples", [None, 40])
def test_every_set_once_in_order(backend: str, orders: int | tuple[int, int], n_samples: int | None) -> None:
    low, high = orders if isinstance(orders, tuple) else (orders, orders)
    blocks = list(hoi.scan(exact(SEVEN, n_samples), orders, backend=backend))
    assert all(isinstance(block, hoi.Multiplets) for block in blocks)
    members = [s for block in blocks for s in block.members]
    assert members == combinations(7, low, high), backend
    h = reference.entropies(SEVEN, n_samples)
    for name in MEASURES:
        values = np.concatenate([getattr(block, name) for block in blocks])
        expected = [reference.REFERENCE[name](h, reference.singles(s)) for s in members]
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-10, err_msg=f"{name}, {backend}")


@pytest.mark.filterwarnings("ignore::hoi._errors.LongSearchWarning")  # where this machine would take hours
def test_it_is_an_iterator_of_small_blocks(backend: str) -> None:
    """The first block of a scan of 7e10 sets is there at once, and holds few of them."""
    system = exact(hoi.simulate.random_covariance(200, seed=1).covariance)
    blocks = hoi.scan(system, 6, backend=backend)
    assert isinstance(blocks, Iterator)
    first = next(blocks)
    assert 0 < len(first) <= 1_000_000
    assert first.members[:3] == [(0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 6), (0, 1, 2, 3, 4, 7)]
    second = next(blocks)
    assert second.members[0] > first.members[-1]


def test_the_best_of_a_scan_are_the_result_of_the_search(backend: str) -> None:
    rows = [
        (row.oinfo, row.members)
        for block in hoi.scan(exact(SEVEN, 50), (3, 4), backend=backend)
        for row in block
    ]
    found = hoi.search(exact(SEVEN, 50), (3, 4), n_best=15, backend=backend)
    assert found.members == [members for _, _, members in reference.best(rows, "both", 15)]


def test_groups(backend: str) -> None:
    groups = [(0, 5), (1,), (2, 3), (6,), (4,)]
    blocks = list(hoi.scan(exact(SEVEN), (2, 4), groups=groups, backend=backend))
    members = [s for block in blocks for s in block.members]
    assert members == combinations(5, 2, 4)
    h = reference.entropies(SEVEN)
    for name in MEASURES:
        values = np.concatenate([getattr(block, name) for block in blocks])
        expected = [reference.REFERENCE[name](h, [groups[i] for i in s]) for s in members]
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-10, err_msg=f"{name}, {backend}")


def test_several_datasets_come_one_after_the_other(backend: str) -> None:
    stack = hoi.simulate.random_covariance(6, seed=1).sample(60, seed=2, n_datasets=2)
    blocks = list(hoi.scan(stack, 3, backend=backend))
    assert [d for block in blocks for d in block.dataset] == [0] * 20 + [1] * 20
    values = np.concatenate([block.oinfo for block in blocks]).reshape(2, 20)
    np.testing.assert_allclose(values, hoi.oinfo(stack, combinations(6, 3, 3)), rtol=0, atol=1e-12)


def test_singular_sets_are_left_out_and_warned_about_once(backend: str) -> None:
    covariance = SEVEN.copy()
    covariance[6], covariance[6, 6] = covariance[3], covariance[3, 3]
    covariance[:, 6] = covariance[6]
    with pytest.warns(hoi.SingularWarning) as caught:
        blocks = list(hoi.scan(exact(covariance), (2, 4), backend=backend))
    assert len(caught) == 1
    expected = [s for s in combinations(7, 2, 4) if not {3, 6} <= set(s)]
    assert [s for block in blocks for s in block.members] == expected, backend
    left_out = math.comb(5, 0) + math.comb(5, 1) + math.comb(5, 2)
    assert str(left_out) in str(caught[0].message)


@pytest.mark.parametrize("block", [1, 7, 10**6])
def test_size_of_the_blocks_changes_nothing(
    backend: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the counts: over all the blocks they are those of the search."""
    covariance = hoi.simulate.equicorrelated(7, 0.3).covariance.copy()
    covariance[2, 5] = covariance[5, 2] = 1
    monkeypatch.setattr("hoi._api.sets._BLOCK", block)
    with pytest.warns(hoi.SingularWarning):
        blocks = list(hoi.scan(exact(covariance), (2, 4), backend=backend))
    assert max(len(part) for part in blocks) <= block
    expected = [s for s in combinations(7, 2, 4) if not {2, 5} <= set(s)]
    assert [s for part in blocks for s in part.members] == expected
    assert sum(part.settings["evaluated"] for part in blocks) == len(expected)
    assert sum(part.settings["skipped"] for part in blocks) == 1 + 5 + 10


def test_sets_that_stand_alone_in_a_block_are_counted_too(backend: str) -> None:
    """Two equal variables: the only pair is singular, and its block has no other set."""
    twice = np.ones((2, 2, 2)) * np.array([1.0, 0.0])[:, None, None]
    twice[1] = [[1, 0.5], [0.5, 1]]
    with pytest.warns(hoi.SingularWarning, match="1 of 2 sets were skipped"):
        blocks = list(hoi.scan(exact(twice), 2, backend=backend))
    assert [(len(block), block.settings["skipped"]) for block in blocks] == [(0, 1), (1, 0)]


def test_bits() -> None:
    nats, bits = (next(hoi.scan(exact(SEVEN), 3, units=units)) for units in ("nats", "bits"))
    np.testing.assert_allclose(bits.oinfo * math.log(2), nats.oinfo, rtol=0, atol=1e-12)


def test_names_are_kept(recording: np.ndarray) -> None:
    pandas = pytest.importorskip("pandas")
    block = next(hoi.scan(pandas.DataFrame(recording, columns=list("abcdefgh")), 7))
    assert block.names == tuple("abcdefgh")
    assert block.member_names[0] == tuple("abcdefg")


def test_errors_come_at_the_call() -> None:
    """Not at the first block: the line of the mistake is in the traceback."""
    with pytest.raises(hoi.HoiError, match=r"order.*8.*7"):
        hoi.scan(exact(SEVEN), 8)
    with pytest.raises(hoi.HoiError, match="NaN"):
        hoi.scan([[1.0, 2.0], [np.nan, 1.0], [2.0, 5.0]], 2)
