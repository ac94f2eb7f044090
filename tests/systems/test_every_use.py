"""Every estimator in every use: the value is that of the plain definition, or the use is refused as the page says.

The page is docs/estimators.md: its table of refusals is read, and a use that is not in it has to give its value.
"""

from __future__ import annotations

import inspect
import itertools
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import CASES, COPULA, GAUSSIAN, Case, Columns, scores
from messages import message

import hoi
import reference

TOLERANCE = 1e-9
EVERY = list(range(5))
ROLES: dict[str, dict[str, Any]] = {"": {}, " given": {"given": [4]}, " of groups": {"groups": [(0, 1), (2,), (3,)]},
         " of groups given": {"given": [4], "groups": [(0, 1), (2,), (3,)]}}  # fmt: skip
NAMES = {"tc": "total_correlation", "dtc": "dual_total_correlation"}
USES: dict[str, Callable[[Case], None]] = {}


def use(name: str) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
    def keep(function: Callable[[Case], None]) -> Callable[[Case], None]:
        USES[name] = function
        return function

    return keep


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(np.asarray(found, dtype=float), wanted, rtol=0, atol=TOLERANCE)


def parts_of(roles: dict[str, Any], S: Columns) -> list[tuple[int, ...]]:
    groups = roles.get("groups")
    return [tuple(groups[v]) for v in S] if groups else reference.singles(S)


SETS = [(0, 1, 2), (1, 2)]


def values(measure: str, roles: dict[str, Any], target: list[int] | None) -> Callable[[Case], None]:
    def check(case: Case) -> None:
        X, more = case.data(), {} if target is None else {"target": target}
        sets = [S for S in SETS if max(S) < len(roles.get("groups", EVERY))]
        found = getattr(hoi, NAMES.get(measure, measure))(X, sets, **more, **roles, **case.options)
        wanted = [case.of(measure, X, parts_of(roles, S), target or (), roles.get("given", ())) for S in sets]
        same(found, wanted)

    return check


for name, roles in ROLES.items():
    for measure in reference.REFERENCE:
        USES[NAMES.get(measure, measure) + name] = values(measure, roles, None)
for name, roles in {"": {}, " given": {"given": [3]}, " of groups": {"groups": [(0, 3), (1,), (2,)]}}.items():
    for measure in reference.TARGET:
        USES[measure + name] = values(measure, roles, [4])


@use("measures")
def _(case: Case) -> None:
    found = hoi.measures(case.data(), SETS, **case.options)
    for measure in reference.REFERENCE:
        same(getattr(found, measure), [case.of(measure, case.data(), reference.singles(S)) for S in SETS])
    name = case.estimator if isinstance(case.estimator, str) else getattr(case.estimator, "name", None)
    assert found.settings["estimator"] == (name or type(case.estimator).__name__)


@use("entropy")
def _(case: Case) -> None:
    X = case.data()
    h = case.definition(X, EVERY, case.labelled)
    for options in ({}, {"given": [4]}):
        found = hoi.entropy(X, SETS, **options, **case.options)
        same(found, [reference.conditional(h, options.get("given", ()))(S) for S in SETS])


@use("delta")
def _(case: Case) -> None:
    parts = reference.singles((0, 1, 2, 3))
    tc, dtc = (case.of(measure, case.data(), parts) for measure in ("tc", "dtc"))
    same(hoi.delta(case.data(), [(0, 1, 2, 3)], k=3, **case.options), [dtc - 2 * tc])


@use("coinformation")
def _(case: Case) -> None:
    X = case.data()
    subsets = [T for k in (2, 3) for T in itertools.combinations((0, 1, 2), k)]
    wanted = sum((-1) ** len(T) * case.of("tc", X, reference.singles(T)) for T in subsets)
    same(hoi.coinformation(X, [(0, 1, 2)], **case.options), [wanted])


@use("tse_complexity")
def _(case: Case) -> None:
    X = case.data()
    means = {k: np.mean([case.of("tc", X, reference.singles(T)) for T in itertools.combinations(EVERY, k)])
             for k in range(2, 6)}  # fmt: skip
    same(hoi.tse_complexity(X, **case.options), sum(k / 5 * means[5] - means.get(k, 0.0) for k in range(1, 6)))


@use("pairwise")
def _(case: Case) -> None:
    found = hoi.pairwise(case.data(), **case.options).to_numpy()
    for i, j in itertools.combinations(EVERY, 2):
        same([found[i, j], found[j, i]], [case.of("tc", case.data(), [(i,), (j,)])] * 2)


def every(case: Case, measure: str, order: int, roles: dict[str, Any], target: Columns) -> list[tuple[float, Columns]]:
    groups, fixed = roles.get("groups"), roles.get("given", ())
    free = range(len(groups)) if groups else [c for c in EVERY if c not in (*target, *fixed)]
    return [(case.of(measure, case.data(), parts_of(roles, S), target, fixed), S)
            for S in itertools.combinations(free, order)]  # fmt: skip


def searched(measure: str, target: list[int] | None, roles: dict[str, Any], **more: Any) -> Callable[[Case], None]:
    """The best sets are those of the definition; of equal ones any."""
    known = {**roles, **({} if target is None else {"target": target})}

    def check(case: Case) -> None:
        order = 2 if target else 3
        rows = every(case, measure, order, roles, target or ())
        options = {"n_best": 2, "which": "lowest", **known, **more, **case.options}
        found = hoi.search(case.data(), order, measure=measure, **options)
        by_set = {S: value for value, S in rows}
        same(getattr(found, measure), [by_set[S] for S in found.members])
        same(getattr(found, measure), sorted(by_set.values())[: len(found)])

    return check


for name, roles in ROLES.items():
    USES["search" + name] = searched("oinfo", None, roles)
USES["search about a target"] = searched("gradient", [4], {})
USES["search about a target given"] = searched("rsi", [4], {"given": [3]})
USES["search about a target of groups"] = searched("information", [4], {"groups": [(0, 3), (1,), (2,)]})
USES['search(method="tabu")'] = searched("oinfo", None, {}, method="tabu", n_restarts=2, seed=0)
USES['search(determined="drop")'] = searched("oinfo", None, {}, determined="drop")


@use("scan")
def _(case: Case) -> None:
    (block,) = hoi.scan(case.data(), 3, **case.options)
    same(block.dtc, [case.of("dtc", case.data(), reference.singles(S)) for S in block.members])
    assert len(block) == 10


@use("plan")
def _(case: Case) -> None:
    cost = hoi.plan(case.data(), (2, 3), **case.options)
    assert cost.n_sets == 20 and cost.rate > 0


@use("several datasets")
def _(case: Case) -> None:
    X, Y = case.data(), case.data(1, 72)
    wanted = [case.of("oinfo", table, reference.singles(S)) for table in (X, Y[:64]) for S in SETS]
    same(hoi.oinfo(np.stack([X, Y[:64]]), SETS, **case.options).ravel(), wanted)
    wanted = [case.of("oinfo", table, reference.singles(S)) for table in (X, Y) for S in SETS]
    same(hoi.oinfo([X, Y], SETS, **case.options).ravel(), wanted)
    found = hoi.search([X, Y], 3, n_best=1, which="lowest", **case.options)
    same(found.oinfo, [case.of("oinfo", (X, Y)[d], reference.singles(found.members[d])) for d in (0, 1)])


@use('missing="drop"')
def _(case: Case) -> None:
    X = case.data()
    gappy = X.copy()
    gappy[5, 2] = np.nan
    found = hoi.oinfo(gappy, [(0, 1, 2)], missing="drop", **case.options)
    same(found, [case.of("oinfo", np.delete(X, 5, axis=0), reference.singles((0, 1, 2)))])


@use("bias_correction=False")
def _(case: Case) -> None:
    """The correction is the same for sets of one kind, or there is none."""
    values, raw = (hoi.oinfo(case.data(), [(0, 1, 2)], bias_correction=b, **case.options)[0] for b in (True, False))
    assert np.isfinite(raw)
    if case.definition is GAUSSIAN or case.definition is COPULA:
        X = case.data() if case.definition is GAUSSIAN else scores(case.data(), case.labelled)
        h = reference.mixed_entropies(X, case.labelled, False)
        same(raw, reference.oinfo(h, reference.singles((0, 1, 2))))
        assert abs(raw - values) > 1e-4


@use('bias_correction="effective"')
def _(case: Case) -> None:
    found = hoi.measures(case.data(), SETS, bias_correction="effective", **case.options)
    raw = hoi.measures(case.data(), SETS, bias_correction=False, **case.options)
    assert 0 < np.abs(found.tc - raw.tc).max() < 0.5
    same(found.oinfo, found.tc - found.dtc)


def against(null: str, measure: str, target: list[int] | None) -> Callable[[Case], None]:
    def check(case: Case) -> None:
        known, order = ({}, 3) if target is None else ({"target": target}, 2)
        found = hoi.permutation_test(
            case.data(), order, measure=measure, null=null, n_resamples=3, n_best=2, seed=0, **known, **case.options
        )
        by_set = {S: value for value, S in every(case, measure, order, {}, target or ())}
        same(getattr(found, measure), [by_set[S] for S in found.members])
        assert len(found) and set(np.round(4 * found.pvalue, 9)) <= {1, 2, 3, 4}

    return check


for null in ("shift", "permute", "phase", "member"):
    USES[f'permutation_test(null="{null}")'] = against(null, "oinfo", None)
    USES[f'permutation_test(null="{null}") about a target'] = against(null, "gradient", [4])


def interval(method: str, measure: str, target: list[int] | None) -> Callable[[Case], None]:
    def check(case: Case) -> None:
        known = {} if target is None else {"target": target}
        found = hoi.confidence_interval(
            case.data(), [(0, 1)], measure=measure, method=method, n_resamples=5, seed=0, **known, **case.options
        )
        wanted = case.of(measure, case.data(), [(0,), (1,)], target or ())
        same([getattr(found, measure)[0], (found.low[0] + found.high[0]) / 2], [wanted] * 2)
        assert found.low[0] < found.high[0]

    return check


def halved(method: str) -> Callable[[Case], None]:
    def check(case: Case) -> None:
        X = case.data()
        found = hoi.split_half(X, 2, measure="tc", n_best=1, method=method, n_resamples=3, seed=0, **case.options)
        chosen = {S: case.of("tc", X[:32], reference.singles(S)) for S in itertools.combinations(EVERY, 2)}
        assert chosen[found.members[0]] == pytest.approx(min(chosen.values()), abs=TOLERANCE)
        same(found.tc, [case.of("tc", X[32:], reference.singles(S)) for S in found.members])

    return check


for method in ("influence", "bootstrap"):
    USES[f'confidence_interval(method="{method}")'] = interval(method, "tc", None)
    USES[f'confidence_interval(method="{method}") about a target'] = interval(method, "rsi", [4])
    USES[f'split_half(method="{method}")'] = halved(method)


def compared(paired: bool) -> Callable[[Case], None]:
    def check(case: Case) -> None:
        A, B = ([case.data(seed, 60) for seed in seeds] for seeds in ((0, 1), (2, 3)))
        found = hoi.compare(A, B, 3, paired=paired, n_resamples=3, n_best=1, seed=0, **case.options)
        for S, value in zip(found.members, found.oinfo, strict=True):
            each = [np.mean([case.of("oinfo", X, reference.singles(S)) for X in some]) for some in (A, B)]
            same(value, each[0] - each[1])

    return check


USES["compare"] = compared(False)
USES["compare(paired=True)"] = compared(True)


@use("compare of two conditions")
def _(case: Case) -> None:
    A, B = case.data(0), case.data(1)
    found = hoi.compare(A, B, 3, n_resamples=9, n_best=1, seed=0, **case.options)
    for S, value in zip(found.members, found.oinfo, strict=True):
        same(value, np.subtract(*(case.of("oinfo", X, reference.singles(S)) for X in (A, B))))


def by_samples(measure: str, target: list[int] | None, roles: dict[str, Any]) -> Callable[[Case], None]:
    def check(case: Case) -> None:
        X, known = case.data(), {} if target is None else {"target": target}
        found = hoi.local(X, [(0, 1, 2)], measure=measure, **known, **roles, **case.options)
        assert found.shape == (64, 1)
        same(found.mean(), case.of(measure, X, parts_of(roles, (0, 1, 2)), target or (), roles.get("given", ())))

    return check


USES["local"] = by_samples("oinfo", None, {})
USES["local given"] = by_samples("dtc", None, {"given": [4]})
USES["local of groups"] = by_samples("oinfo", None, ROLES[" of groups"])
USES["local about a target"] = by_samples("gradient", [4], {})


def beside_the_past(case: Case) -> tuple[np.ndarray, tuple[int, ...]]:
    """Each column, then that column a step before; and those of labels."""
    X = case.data()
    table = np.stack([X[1:], X[:-1]], axis=2).reshape(len(X) - 1, -1)
    return table, tuple(c for v in case.labelled for c in (2 * v, 2 * v + 1))


@use("lagged")
def _(case: Case) -> None:
    table, labelled = beside_the_past(case)
    options = {"estimator": case.estimator, **({"discrete": list(labelled)} if labelled else {})}
    same(hoi.oinfo(hoi.lagged(case.data()), [(0, 2, 3)], **options),
         [case.of("oinfo", table, [(0,), (2,), (3,)], labelled=labelled)])  # fmt: skip


@use("transfer_entropy")
def _(case: Case) -> None:
    table, labelled = beside_the_past(case)
    found = hoi.transfer_entropy(case.data(), **case.options).to_numpy()
    for i, j in ((0, 1), (1, 0), (4, 2), (2, 4)):
        same(found[i, j], case.of("information", table, [(2 * i + 1,)], [2 * j], [2 * j + 1], labelled))


@use("drivers")
def _(case: Case) -> None:
    table, labelled = beside_the_past(case)
    found = hoi.drivers(case.data(), 2, targets=0, n_best=1, **case.options)["0"]
    for S, value in zip(found.members, found.gradient, strict=True):
        same(value, case.of("gradient", table, [(2 * i + 1,) for i in S], [0], [1], labelled))


@use("phiid")
def _(case: Case) -> None:
    table, labelled = beside_the_past(case)
    atoms = hoi.phiid(case.data(), [(1, 2)], **case.options).iloc[0]
    for past, begins in (((3, 5), "rxys"), ((3,), "rx"), ((5,), "ry")):
        for now, ends in (((2, 4), "rxys"), ((2,), "rx"), ((4,), "ry")):
            some = [value for atom, value in atoms.items() if atom[0] in begins and atom[2] in ends]
            same(sum(some), case.of("tc", table, [past, now], labelled=labelled))


@use("mutual_information")
def _(case: Case) -> None:
    X = case.data()
    options = {"estimator": case.estimator, **({"discrete": "Y"} if case.labelled else {})}
    table, labelled = X[:, [0, 1, 3]], [2] if case.labelled else []
    found = hoi.mutual_information(X[:, :2], X[:, 3], **options)
    same(found, case.of("tc", table, [(0, 1), (2,)], labelled=labelled))


@use("mutual_information(conditional_on=)")
def _(case: Case) -> None:
    X = case.data()
    options = {"estimator": case.estimator, **({"discrete": ["Y", "conditional_on"]} if case.labelled else {})}
    found = hoi.mutual_information(X[:, :2], X[:, 3], conditional_on=X[:, 4], **options)
    table, labelled = X[:, [0, 1, 3, 4]], [2, 3] if case.labelled else []
    same(found, case.of("tc", table, [(0, 1), (2,)], fixed=[3], labelled=labelled))


@use("OInformationSelector")
def _(case: Case) -> None:
    table = case.data()[:, [0, 1, 2, 4]]
    target = "numbers" if case.kind == "numbers" else "classes"
    found = hoi.OInformationSelector(target=target, estimator=case.estimator).fit(table[:, :3], table[:, 3])
    labelled = [3] if case.labelled else []
    values = {S: case.of("gradient", table, reference.singles(S), [3], labelled=labelled)
              for S in itertools.combinations(range(3), 2)}  # fmt: skip
    same([found.gradient_, values[tuple(found.get_support(indices=True))]], [min(values.values())] * 2)


def refusals() -> dict[tuple[str, str], list[list[str]]]:
    """(use, estimator) -> what the message says, by the page; one of several where there are several reasons."""
    page = (Path(__file__).parents[2] / "docs" / "estimators.md").read_text(encoding="utf-8")
    rows = re.search(r"\| refused \| under \| the way out \|\n\|[-|]+\n((?:\|.*\n)+)", page)
    assert rows
    known: dict[tuple[str, str], list[list[str]]] = {}
    for row in rows[1].splitlines():
        uses, under, out = (re.findall(r"`([^`]*)`", cell) for cell in row.strip("|").split(" | "))
        others = "all but" in row.split(" | ")[1]
        for label, name in itertools.product(CASES, USES if "everything" in row.split(" | ")[0] else uses):
            if (label in under) != others:
                assert name in USES, name
                known.setdefault((name, label), []).append(out)
    return known


REFUSED = refusals()


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize("label", CASES)
def test_the_value_is_that_of_the_definition_or_the_page_says_why_not(label: str, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)
        if (name, label) not in REFUSED:
            USES[name](CASES[label])
            return
        said = message(USES[name], CASES[label])
    assert any(all(part in said for part in out) for out in REFUSED[name, label]), said


def test_every_function_with_an_estimator_is_here() -> None:
    functions = {name: getattr(hoi, name) for name in hoi.__all__ if inspect.isfunction(getattr(hoi, name))}
    estimate = {name for name, function in functions.items() if "estimator" in inspect.signature(function).parameters}
    assert estimate == {re.split(r"[ (]", name)[0] for name in USES} & set(functions) - {"lagged"}
