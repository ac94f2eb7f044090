"""One call of a public function: its checked input, its problem, the backend, and what the result says of it all."""

from __future__ import annotations

import copy
import datetime
import functools
import math
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import hoi
from hoi._api.cautions import of_columns, of_samples
from hoi._backends import registry as backends
from hoi._backends.protocol import Backend, Problem
from hoi._errors import HoiError, recorded
from hoi._inference.surrogates import scores
from hoi._inputs import checks
from hoi._inputs.containers import named, read_all, read_datasets
from hoi._inputs.datasets import names_of
from hoi._inputs.gaps import MISSING, rows_without_gaps, without_unused_gaps
from hoi._inputs.roles import Roles, check_roles
from hoi._inputs.soundness import without_constants
from hoi._maths.influence import spectral_overlap
from hoi._measures.registry import ABOUT_TARGET, ALL, MEASURES, Measure
from hoi._systems.gaussian import GaussianSystem
from hoi._systems.mixed import MixedSystem, WithCategories, with_categories
from hoi._systems.protocol import Estimator, System
from hoi._systems.registry import resolve
from hoi._systems.several import SeveralSystem, fitted
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet

__all__ = ["Call", "columns_of", "open_call", "pick", "ranked_by", "require_order", "scale_of", "settings_of"]

# Below this many sets numpy is done before numba is imported and its kernels are loaded; below the second number,
# before a kernel that is there already has returned.
_COMPILED_FROM, _LOADED_FROM = 200_000, 5_000
# From this many sets of a dataset on, a search gains more on a GPU than starting there costs: it takes an H200 some
# 0.03 s, and a second more for the first kernel of its order on a machine; 16 cores 0.1 to 0.2 s.
_GPU_FROM = 1_000_000_000


class Call(NamedTuple):
    """The checked input of a public function.

    Variables of the problem are those of `roles`, whose columns are those of the system.
    """

    system: System
    problem: Problem
    roles: Roles
    bias_correction: BiasCorrection
    dropped: int = 0
    singular: str = "raise"
    multiplets: Any = None  # the sets asked for, as the user gave them, where these are all that is asked for
    absent: NDArray[np.bool_] | None = None  # (n_datasets, n_variables) those without a value in any set, if some are
    said: Sequence[str] = ()  # the warnings of the call so far
    data: Any = None  # what the system was made of: columns and samples that are left
    estimator: Any = None  # and by what

    @property
    def names(self) -> tuple[str, ...]:
        """Of what the user counts: columns, or groups."""
        return self.roles.names

    @property
    def positions(self) -> NDArray[np.intp]:
        """Variable v of the problem is number ``positions[v]`` among the names: what is given is no variable."""
        return np.array(self.roles.positions, dtype=np.intp)

    @property
    def groups(self) -> tuple[tuple[int, ...], ...] | None:
        """Columns of the variables, if the user gave groups."""
        return self.roles.variables if self.roles.grouped else None

    @property
    def given(self) -> tuple[int, ...]:
        """Columns to condition on."""
        return self.roles.given

    @property
    def target(self) -> tuple[int, ...]:
        """Columns of the target."""
        return self.roles.target

    def problem_of(self, system: System) -> Problem:
        """What is asked of the system of the call, asked of another one with its columns."""
        return _problem(system, self.roles, self.bias_correction, self.singular)

    def width(self, members: Sequence[int]) -> int:
        """Columns of a set of variables of the problem, with those given and those of the target."""
        own = len(members) if self.groups is None else sum(len(self.groups[v]) for v in members)
        return own + len(self.given) + len(self.target)

    def widest(self, k: int) -> int:
        """Columns of the widest set of k variables."""
        if self.groups is None:
            return self.width(range(k))
        return self.width(sorted(range(self.problem.n_variables), key=lambda v: self.width([v]))[-k:])

    def indices(self, members: NDArray[np.intp]) -> NDArray[np.intp]:
        """Members of sets as the user counts them; -1, which fills up, stays."""
        return np.where(members >= 0, self.positions[members], -1)

    def variables(self, sets: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """Sets as the user counts them, as variables of the problem."""
        if len(self.positions) == len(self.names):
            return list(sets)
        place = {position: v for v, position in enumerate(self.positions.tolist())}
        chosen = []
        for members in sets:
            for i in members:
                if i not in place:
                    named = ", ".join(self.names[i] for i in members)
                    of_target = self.names[i] in {self.system.names[c] for c in self.target}
                    part, where = ("the target", "target") if of_target else ("given", "given")
                    raise HoiError(
                        f"the set ({named}) holds {self.names[i]!r}, which is {part}. A column has one part: take it "
                        f"out of the set or of `{where}`."
                    )
            chosen.append(tuple(place[i] for i in members))
        return chosen


def open_call(
    X: ArrayLike | System,
    *,
    estimator: str | Estimator | Any,
    bias_correction: BiasCorrection,
    given: Multiplet | int | str | None,
    groups: Groups | None,
    backend: str = "auto",
    target: Multiplet | int | str | None = None,
    missing: str = "raise",
    singular: str = "raise",
    discrete: Multiplet | int | str | None = None,
    multiplets: Any = None,
    names: Sequence[str] | None = None,
) -> Call:
    """Read and check the data, let the estimator make a system of them if they are not one yet, and its problem.

    With a `target`, the problem is the information of sets about it. Where `multiplets` are the only sets that will be
    asked for, gaps in columns that they have no use for cost no samples.
    """
    said = recorded()
    X, resolved = with_categories(X, resolve(estimator), discrete, names)
    multiplets = list(multiplets) if isinstance(multiplets, Iterator) else multiplets
    wanted = checks.check_correction(bias_correction)
    constant = None
    on_singular = checks.check_choice(singular, ("raise", "nan"), "singular")
    if isinstance(X, System):
        checks.check_choice(missing, MISSING, "missing")
        if names is not None:
            raise HoiError(f"X is {X!r}, whose variables have names: give names where it is made.")
        system, dropped = X, 0
        roles = check_roles(system.names, groups, given, target)
    elif checks.check_choice(missing, MISSING, "missing") == "raise":
        X, dropped = named(X, names, ranks=resolved.ranks), 0
        if on_singular == "nan":
            X, constant = without_constants(read_all(X, ranks=resolved.ranks))
        system = fitted(resolved, X, backend=backend)
        roles = check_roles(system.names, groups, given, target)
    else:
        X = read_all(named(X, names, ranks=resolved.ranks), ranks=resolved.ranks)
        roles = check_roles(names_of(X), groups, given, target)
        X, kept = without_unused_gaps(X, roles.of_sets(multiplets).columns)
        if kept is not None:
            roles = roles.of_sets(multiplets).among(kept)
            resolved = resolved.among(kept) if isinstance(resolved, WithCategories) else resolved
        X, dropped = rows_without_gaps(X, missing)
        if on_singular == "nan":
            X, constant = without_constants(X)
        system = fitted(resolved, X, backend=backend)
    if wanted == "effective":
        system = _of_series(system, X, resolved)
    problem = _problem(system, roles, wanted, on_singular)
    absent = _absent(roles, constant)
    return Call(system, problem, roles, wanted, dropped, on_singular, multiplets, absent, said, X, resolved)


def _absent(roles: Roles, constant: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Variables (n_datasets, n_variables) with a constant column, or all where one is given or of the target."""
    if constant is None:
        return None
    of_all = constant[:, [*roles.given, *roles.target]].any(axis=1, keepdims=True)
    return of_all | np.stack([constant[:, list(columns)].any(axis=1) for columns in roles.variables], axis=1)


def _of_series(system: System, X: ArrayLike | System, estimator: Estimator) -> System:
    """The system with what effective samples depend on, the periodograms of its series."""
    if getattr(system, "overlap", None) is not None:  # the system of a table that another function has read
        return system
    if isinstance(X, System):
        raise HoiError(
            f'bias_correction="effective" is of series, and X is {X!r}: give the table of samples, in their order.'
        )
    if isinstance(system, SeveralSystem):
        tables = read_datasets(X, ranks=estimator.ranks).tables
        parts = [_of_series(part, table, estimator) for part, table in zip(system.parts, tables, strict=True)]
        return SeveralSystem(parts, system.remarks, system.datasets)
    if isinstance(system, MixedSystem):
        raise HoiError(
            'bias_correction="effective" is not for columns of labels: leave out `discrete`, or use '
            "bias_correction=True."
        )
    if not isinstance(system, GaussianSystem) or not system.corrects:
        raise HoiError(
            f'bias_correction="effective" is of Gaussian entropies, and estimator={estimator.name!r} has none: use '
            '"gaussian_copula" or "gaussian", or bias_correction=True.'
        )
    series = scores(checks.check_datasets(X, ranks=estimator.ranks), estimator)
    known = copy.copy(system)
    known.overlap = np.stack([spectral_overlap(table) for table in series])
    return known


def _problem(system: System, roles: Roles, bias_correction: BiasCorrection, singular: str) -> Problem:
    """Entropies of its variables, or their information about a target."""
    if roles.target:
        problem = system.information(roles.variables, roles.given, roles.target, bias_correction=bias_correction)
    else:
        groups = roles.variables if roles.grouped else None
        problem = system.problem(groups, roles.given, bias_correction=bias_correction)
    if singular == "raise" and problem.degenerate:
        raise HoiError(problem.degenerate)
    return problem


def pick(backend: str, n_sets: int, searched: Problem | None = None) -> Backend:
    """The backend to use. "auto" spares small problems the import of the compiled one, and takes a large search to a
    GPU where the data are on one, or where torch is in use already."""
    if backend == "auto":
        if (
            searched is not None and not searched.grouped and n_sets >= _GPU_FROM * searched.n_datasets
            and (gpu := backends.gpu(searched.device)) is not None
        ):
            return gpu
        compiled_from = _LOADED_FROM if backends.is_loaded("numba") else _COMPILED_FROM
        backend = "numba" if n_sets >= compiled_from else "numpy"
    return backends.load(backend)


def require_order(call: Call, order: int | tuple[int, int], ranked: Measure | None = None) -> tuple[int, int]:
    """Checked orders; the largest set must have fewer columns than there are samples, and pairs need a measure that
    is not 0 for all of them. Warns of what the columns and the samples are not good for."""
    low, high = checks.check_order(order, call.problem.n_variables)
    widest = call.widest(high)
    fixed = call.given + call.target

    def largest() -> str:
        return f"the largest set of order {high}"

    call.system.require_samples(widest, largest, fixed)
    if high == 2 and ranked is not None and ranked.of == "set" and ranked.d == -ranked.l and ranked.j == 2 * ranked.l:
        raise HoiError(
            f'order={order!r} is of pairs, and measure="{ranked.name}" of any two variables is 0, so that there is '
            'nothing to rank: use order=3 or more, or measure="tc", which is their mutual information.'
        )
    of_columns(call)
    of_samples(call, widest, largest, chosen=True)
    return low, high


def scale_of(units: str) -> float:
    """Factor from nats to the units asked for."""
    return 1.0 if checks.check_choice(units, ("nats", "bits"), "units") == "nats" else 1.0 / math.log(2.0)


def columns_of(
    call: Call, scale: float, D: FloatArray, J: FloatArray, L: FloatArray, ranked: Measure | None = None
) -> dict[str, FloatArray]:
    """The measures of the registry, of sets or about the target, and the one that was ranked by, as columns."""
    rows = dict(ABOUT_TARGET if call.target else MEASURES)
    if ranked is not None:
        rows[ranked.name] = ranked
    return {name: scale * row.value(D, J, L) for name, row in rows.items()}


def ranked_by(measure: str, target: Any) -> Measure:
    """The row of the measure, which is about a target if there is one."""
    row = ALL[checks.check_choice(measure, ALL, "measure")]
    if target is None and row.of == "target":
        raise HoiError(
            f'measure="{measure}" is about a target, and there is none: name its columns, as in target="y", or use one '
            f"of {', '.join(map(repr, MEASURES))}."
        )
    if target is not None and row.of == "set":
        raise HoiError(
            f'target={target!r} has no part in measure="{measure}": leave it out, so that the column is one of the '
            f"variables, or use one of {', '.join(map(repr, ABOUT_TARGET))}."
        )
    return row


@functools.cache
def _versions() -> dict[str, str]:
    """Of what the numbers depend on; nothing is imported to find out."""
    return {name: version(name) for name in ("numpy", "scipy", "numba")}


def _groups(call: Call) -> dict[str, list[str]] | list[list[str]] | None:
    """Columns of the groups that play a part, by their names where they have some."""
    if call.groups is None:
        return None
    columns = [[call.system.names[c] for c in group] for group in call.groups]
    names = [call.names[position] for position in call.roles.positions]
    return dict(zip(names, columns, strict=True)) if call.roles.named else columns


def settings_of(call: Call, units: str, backend: Backend, about: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a reader needs to repeat the call, and what it did; `about` is what the evaluator says of itself."""
    system = call.system
    columns = system.names
    warned = [*system.remarks, *call.said]
    return {
        **system.about(),
        "bias_correction": call.bias_correction if system.corrects and system.n_samples is not None else False,
        "units": units,
        "backend": backend.name,
        **about,
        "n_datasets": system.n_datasets if system.stacked else None,
        "datasets": system.datasets,
        "n_samples": system.n_samples if system.lengths is None else system.lengths,
        "dropped_rows": call.dropped,
        "n_variables": call.problem.n_variables,
        "groups": _groups(call),
        "given": [columns[c] for c in call.given] or None,
        "target": [columns[c] for c in call.target] or None,
        **more,
        **({"warnings": list(dict.fromkeys([*(text for text, _ in system.remarks), *call.said]))} if warned else {}),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": {
            "hoi": hoi.__version__,
            **_versions(),
            "python": platform.python_version(),
        },
    }
