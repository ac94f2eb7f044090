"""What the public functions share: reading their input, evaluating given sets, describing the call."""

from __future__ import annotations

import datetime
import math
import platform
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import hoi
from hoi._backends import registry
from hoi._backends.protocol import Backend, Problem
from hoi._engine.plan import prepare, variable_names
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._inputs.containers import listing
from hoi._maths.terms import Terms
from hoi._measures.registry import MEASURES
from hoi._search.exhaustive import corrected
from hoi._systems.gaussian import GaussianSystem
from hoi._typing import ArrayLike, FloatArray, Multiplet, Seed, Ties

__all__ = [
    "Call",
    "as_user_shape",
    "evaluate",
    "four_measures",
    "open_call",
    "pick",
    "scale_of",
    "sets_of",
    "settings_of",
    "unwrap",
]

# Below this many sets numpy is done before numba is imported and its kernels are loaded; below the second number,
# before a kernel that is there already has returned.
_COMPILED_FROM, _LOADED_FROM = 200_000, 5_000
# From this many sets of a dataset on, a search gains more on a GPU than starting there costs. Estimated from the
# arithmetic of both, not measured: on the safe side.
_GPU_FROM = 20_000_000_000


class Call(NamedTuple):
    """The checked input of a public function."""

    system: GaussianSystem
    problem: Problem
    names: tuple[str, ...]
    grouped: bool
    bias_correction: bool


def open_call(
    X: ArrayLike | GaussianSystem,
    *,
    estimator: str,
    ties: Ties,
    seed: Seed,
    bias_correction: bool,
    groups: Sequence[Multiplet] | None,
    backend: str = "auto",
) -> Call:
    """Read and check the data, estimate the system if it is not one yet, and put it in standard form."""
    system = X if isinstance(X, GaussianSystem) else GaussianSystem.from_data(
        X, estimator=estimator, ties=ties, seed=seed, backend=backend
    )
    checked = None if groups is None else checks.check_groups(groups, system.names)
    wanted = checks.check_bool(bias_correction, "bias_correction")
    problem = prepare(system, checked, wanted)
    return Call(system, problem, variable_names(system, checked), checked is not None, wanted)


def pick(backend: str, n_sets: int, searched: Problem | None = None) -> Backend:
    """The backend to use. "auto" spares small problems the import of the compiled one, and takes a large search to a
    GPU where the data are on one, or where torch is in use already."""
    if backend == "auto":
        if (
            searched is not None and not searched.grouped and n_sets >= _GPU_FROM * searched.n_datasets
            and (gpu := registry.gpu(searched.device)) is not None
        ):
            return gpu
        compiled_from = _LOADED_FROM if registry.is_loaded("numba") else _COMPILED_FROM
        backend = "numba" if n_sets >= compiled_from else "numpy"
    return registry.load(backend)


def scale_of(units: str) -> float:
    """Factor from nats to the units asked for."""
    return 1.0 if checks.check_choice(units, ("nats", "bits"), "units") == "nats" else 1.0 / math.log(2.0)


def four_measures(
    scale: float, D: FloatArray, J: FloatArray, L: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The measures of a `Multiplets`, in its order."""
    tc, dtc, oinfo, sinfo = (scale * MEASURES[name].value(D, J, L) for name in ("tc", "dtc", "oinfo", "sinfo"))
    return tc, dtc, oinfo, sinfo


def evaluate(call: Call, sets: Sequence[tuple[int, ...]], backend: Backend) -> Terms:
    """Corrected terms (n_datasets, n_sets) of given sets of any orders."""
    problem = call.problem
    shape = (problem.n_datasets, len(sets))
    terms = Terms.zeros(shape)
    orders = np.array([len(members) for members in sets])
    columns = np.diff(problem.blocks)
    for order in np.unique(orders).tolist():
        rows = np.flatnonzero(orders == order)
        members = np.sort(np.array([sets[row] for row in rows.tolist()], dtype=np.intp), axis=1)
        _require_samples(call, members, columns)
        found = corrected(problem, backend.terms(problem, members), members)
        if found.singular.any():
            dataset = int(found.singular.any(axis=1).argmax())
            _refuse_singular(call, dataset, members[found.singular[dataset]])
        for target, source in zip(terms, found, strict=True):
            target[:, rows] = source
    return terms


def _require_samples(call: Call, members: np.ndarray, columns: np.ndarray) -> None:
    """Every set needs more samples than columns, unless the covariance is exact."""
    if call.system.n_samples is not None:
        widths = columns[members].sum(axis=1)
        widest = int(np.argmax(widths))
        what = f"the set {_named(call, members[widest])}"
        checks.check_samples(call.system.n_samples, int(widths[widest]), what)


def _refuse_singular(call: Call, dataset: int, members: np.ndarray) -> None:
    where = f" of dataset {dataset}" if call.system.stacked else ""
    others = f" (and {len(members) - 1} more sets)" if len(members) > 1 else ""
    raise HoiError(
        f"the covariance of the set {_named(call, members[0])}{others}{where} is numerically singular: a variable in "
        "it is determined by the others, and its measures are infinite. Leave out duplicated or dependent columns."
    )


def _named(call: Call, members: np.ndarray) -> str:
    return f"({listing([call.names[v] for v in members])})"


def settings_of(call: Call, units: str, backend: Backend, seed: Seed, **more: Any) -> dict[str, Any]:
    """What a reader needs to repeat the call, and what it did."""
    import numba
    import scipy

    system = call.system
    return {
        "estimator": system.estimator,
        "ties": system.ties,
        "bias_correction": call.bias_correction and system.n_samples is not None,
        "units": units,
        "seed": seed if isinstance(seed, int) else None,
        "backend": backend.name,
        **(backend.settings(call.problem) if hasattr(backend, "settings") else {}),
        "n_datasets": system.n_datasets if system.stacked else None,
        "n_samples": system.n_samples,
        "n_variables": call.problem.n_variables,
        "groups": _group_columns(call) if call.grouped else None,
        **more,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": {
            "hoi": hoi.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "numba": numba.__version__,
            "python": platform.python_version(),
        },
    }


def _group_columns(call: Call) -> list[int]:
    return np.diff(call.problem.blocks).tolist()


def as_user_shape(call: Call, values: FloatArray) -> Any:
    """Without the axis of datasets for a single table."""
    return values if call.system.stacked else values[0]


def sets_of(multiplets: Sequence[Multiplet] | None, names: tuple[str, ...]) -> list[tuple[int, ...]]:
    """The sets asked for; all variables as one set by default."""
    return [tuple(range(len(names)))] if multiplets is None else checks.check_multiplets(multiplets, names)


def unwrap(values: Any, multiplets: Sequence[Multiplet] | None) -> float | FloatArray:
    """Without the axis of sets when none were given."""
    if multiplets is not None:
        return values
    return float(values[0]) if values.ndim == 1 else values[:, 0]
