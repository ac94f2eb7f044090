"""The public names: documented with examples that run, called alike, and of one result type."""

from __future__ import annotations

import ast
import doctest
import inspect
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import hoi

WITH_DOCTEST = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

# The names of DESIGN section 2, and what else is public
FUNCTIONS = [
    "as_table",
    "backends",
    "compare",
    "confidence_interval",
    "coinformation",
    "copula_transform",
    "delta",
    "drivers",
    "dual_total_correlation",
    "effective_sample_size",
    "entropy",
    "gradient",
    "information",
    "lagged",
    "local",
    "measures",
    "mutual_information",
    "oinfo",
    "oinfo_rate",
    "oinfo_spectrum",
    "phiid",
    "plan",
    "redundancy_mmi",
    "rsi",
    "pairwise",
    "permutation_test",
    "scan",
    "search",
    "sinfo",
    "split_half",
    "synergy_mmi",
    "total_correlation",
    "transfer_entropy",
    "tse_complexity",
]
CLASSES = [
    "DiscreteSystem", "GaussianCopulaTransformer", "GaussianSystem", "Multiplets", "OInformationSelector", "SearchPlan",
    "Recordings", "Table",
]  # fmt: skip
EXCEPTIONS = [
    "BackendUnavailableError",
    "CheckpointWarning",
    "HoiError",
    "HoiWarning",
    "DeterminedWarning",
    "IllConditionedWarning",
    "InputWarning",
    "LongSearchWarning",
    "SingularWarning",
    "SparseWarning",
    "TiesWarning",
]
MODULES = ["datasets", "estimators", "plot", "simulate", "torch"]

# An option of one name means one thing, and has one default, wherever it is
DEFAULTS = {
    "estimator": "gaussian_copula",
    "ties": "average",
    "bias_correction": True,
    "units": "nats",
    "given": None,
    "discrete": None,
    "groups": None,
    "backend": "auto",
    "seed": None,
    "threads": None,
    "progress": None,
    "executor": None,
    "checkpoint": None,
    "method": "exhaustive",
    "n_restarts": 20,
    "time_limit": None,
    "multiplets": None,
    "measure": "oinfo",
    "which": "both",
    "n_best": 10,
    "n_resamples": 999,
    "confidence_level": 0.95,
    "per_order": False,
    "conditional_on": None,
    "everything": False,
    "names": None,
    "across": "each",
    "missing": "raise",
    "singular": "raise",
}
EXCEPT = {
    ("drivers", "measure"): "gradient",
    ("pairwise", "measure"): "tc",
    ("entropy", "estimator"): "gaussian",
    ("confidence_interval", "method"): "influence",
    ("split_half", "method"): "influence",
    ("compare", "n_resamples"): 9999,
}

ESTIMATION = {"estimator", "bias_correction", "units", "backend", "missing"}
SETS = ("total_correlation", "dual_total_correlation", "oinfo", "sinfo", "entropy", "measures")
TARGET = ("gradient", "information", "redundancy_mmi", "rsi", "synergy_mmi")
OPTIONS = {
    "coinformation": ESTIMATION | {"given", "discrete", "groups"},
    "tse_complexity": ESTIMATION | {"given", "discrete", "groups"},
    "delta": ESTIMATION | {"given", "discrete", "groups", "k", "singular"},
    "pairwise": ESTIMATION | {"given", "discrete", "groups", "measure", "target", "names"},
    "local": ESTIMATION | {"given", "discrete", "groups", "measure", "target"},
    "lagged": {"names"},
    "oinfo_rate": {"segment", "units"},
    "oinfo_spectrum": {"sampling_rate", "segment", "units"},
    "transfer_entropy": ESTIMATION | {"discrete", "lags", "names"},
    "drivers": ESTIMATION | {"discrete", "lags", "targets", "which", "n_best", "per_order", "threads", "progress"}
    | {"names"},
    "phiid": ESTIMATION | {"discrete", "lag", "names"},
    **{name: ESTIMATION | {"given", "discrete", "groups", "target"} for name in TARGET},
    **{name: ESTIMATION | {"given", "discrete", "groups"} for name in SETS},
    "measures": ESTIMATION | {"given", "discrete", "groups", "names"},
    "mutual_information": ESTIMATION | {"conditional_on", "discrete"},
    "search": ESTIMATION
    | {"given", "groups", "measure", "which", "n_best", "per_order", "threads", "executor", "checkpoint", "progress"}
    | {"discrete", "method", "n_restarts", "time_limit", "seed", "names", "across", "determined"},
    "plan": {"missing", "estimator", "given", "discrete", "groups", "backend", "measure", "threads"},
    "permutation_test": ESTIMATION
    | {"given", "groups", "measure", "which", "n_best", "per_order", "threads", "progress"}
    | {"discrete", "null", "n_resamples", "seed", "executor", "checkpoint", "names"},
    "confidence_interval": ESTIMATION
    | {"given", "discrete", "groups", "measure", "target", "confidence_level", "method", "n_resamples", "seed"}
    | {"names"},
    "split_half": ESTIMATION
    | {"given", "discrete", "groups", "measure", "which", "n_best", "per_order", "threads", "progress"}
    | {"confidence_level", "method", "n_resamples", "seed", "names"},
    "compare": ESTIMATION
    | {"given", "discrete", "groups", "measure", "n_best", "paired", "n_resamples", "seed", "executor", "names"},
    "effective_sample_size": set(),
    "scan": ESTIMATION | {"given", "discrete", "groups", "names", "executor"},
    "copula_transform": {"ties", "seed"},
    "as_table": {"everything", "names"},
    "backends": set(),
}
POSITIONAL = {
    "delta": ["X", "multiplets"],
    "pairwise": ["X"],
    "coinformation": ["X", "multiplets"],
    "tse_complexity": ["X"],
    "local": ["X", "multiplets"],
    "lagged": ["X", "lags"],
    "oinfo_rate": ["X", "multiplets"],
    "oinfo_spectrum": ["X", "multiplets"],
    "transfer_entropy": ["X"],
    "drivers": ["X", "order"],
    "phiid": ["X", "pairs"],
    **{name: ["X", "multiplets"] for name in TARGET},
    **{name: ["X", "multiplets"] for name in SETS},
    "mutual_information": ["X", "Y"],
    "search": ["X", "order"],
    "permutation_test": ["X", "order"],
    "confidence_interval": ["X", "multiplets"],
    "split_half": ["X", "order"],
    "compare": ["A", "B", "order"],
    "effective_sample_size": ["X"],
    "scan": ["X", "order"],
    "plan": ["X", "order"],
    "copula_transform": ["X"],
    "as_table": ["X"],
    "backends": [],
}


def test_type_checkers_and_editors_see_the_names_that_there_are() -> None:
    stub = ast.parse(Path(hoi.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    seen = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }  # fmt: skip
    loaded = {name: f"{home}.{name}" for name, home in hoi._HOME.items()} | {n: f"hoi.{n}" for n in hoi._MODULES}
    assert seen == loaded
    assert {*seen, "__version__"} == set(hoi.__all__)


def documented() -> dict[str, object]:
    """Every public function, class and method, by its dotted name."""
    things: dict[str, object] = {name: getattr(hoi, name) for name in FUNCTIONS + CLASSES + EXCEPTIONS}
    for module in MODULES:
        for name in getattr(hoi, module).__all__:
            things[f"{module}.{name}"] = getattr(getattr(hoi, module), name)
    for name, thing in list(things.items()):
        if inspect.isclass(thing) and not issubclass(thing, Exception):
            for method in vars(thing):
                if not method.startswith("_") and callable(getattr(thing, method)):
                    things[f"{name}.{method}"] = getattr(thing, method)
    return things


DOCUMENTED = documented()
METHODS = {name for name in DOCUMENTED if name.rpartition(".")[0] in DOCUMENTED}
CALLABLES = {name: thing for name, thing in DOCUMENTED.items() if inspect.isroutine(thing)}


def test_all_is_what_is_promised() -> None:
    assert set(hoi.__all__) == {*FUNCTIONS, *CLASSES, *EXCEPTIONS, *MODULES, "__version__"}
    assert dir(hoi) == sorted(hoi.__all__)
    for name in hoi.__all__:
        assert getattr(hoi, name) is not None


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'o_info'"):
        hoi.o_info  # noqa: B018


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_docstring(name: str) -> None:
    """A summary in one line; for functions the numpydoc sections, and every parameter described."""
    thing = DOCUMENTED[name]
    text = inspect.getdoc(thing) or ""
    lines = text.splitlines()
    assert lines, f"{name} has no docstring"
    assert lines[0].rstrip().endswith((".", ":", "?")), (
        f"the first line of {name} is no sentence: {lines[0]!r}"
    )
    assert len(lines) == 1 or not lines[1].strip(), f"{name}: a blank line follows the summary"
    if name not in CALLABLES:
        return
    parameters = [p for p in inspect.signature(thing).parameters if p not in ("self", "cls")]
    for parameter in parameters:
        assert _describes(text, parameter), f"{name} does not describe its parameter {parameter}"
    if parameters:
        assert "Parameters\n----------" in text, f"{name} has no Parameters section"
    returns = inspect.signature(thing).return_annotation
    if returns not in (None, "None", inspect.Signature.empty):
        assert "Returns\n-------" in text or "Yields\n------" in text, f"{name} does not say what it returns"


def _describes(text: str, parameter: str) -> bool:
    """Whether a numpydoc entry, `a, b : type` or `a, b` above an indented text, names the parameter."""
    lines = text.splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        names, colon, _ = line.partition(" : ")
        entry = not line.startswith(" ") and (colon or below.startswith("    "))
        if entry and parameter in [name.strip().lstrip("*") for name in names.split(",")]:
            return True
    return False


# examples with packages that only the environment of the documentation has; tests/docs runs them
NEED_MORE = {"plot.connectome": "nilearn", "plot.topography": "mne"}


@pytest.mark.parametrize("name", sorted(set(DOCUMENTED) - set(EXCEPTIONS)))
@pytest.mark.filterwarnings("ignore::hoi.HoiWarning")
def test_the_examples_run(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in NEED_MORE:
        pytest.importorskip(NEED_MORE[name], reason="the tests with other packages run in `make docs-test`")
    thing = DOCUMENTED[name]
    monkeypatch.chdir(tmp_path)  # some write files
    text = inspect.getdoc(thing) or ""
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    if name not in METHODS:  # the example of their class covers those that have none
        assert test.examples, f"{name} has no example"
    runner = doctest.DocTestRunner(optionflags=WITH_DOCTEST, verbose=False)
    report: list[str] = []
    runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "\n".join(report)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature(name: str) -> None:
    """Data first, by position; every option by keyword only, with the default it has everywhere."""
    parameters = inspect.signature(getattr(hoi, name)).parameters
    by_position = [p.name for p in parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    by_keyword = {p.name for p in parameters.values() if p.kind is p.KEYWORD_ONLY}
    assert by_position == POSITIONAL[name]
    assert set(by_position) | by_keyword == set(parameters), f"{name} takes *args or **kwargs"
    assert by_keyword >= OPTIONS[name]
    for parameter in parameters.values():
        if parameter.name in DEFAULTS:
            default = EXCEPT.get((name, parameter.name), DEFAULTS[parameter.name])
            assert parameter.default == default, f"{name}({parameter.name}=)"
        else:
            needed = parameter.name in ("A", "B", "X", "Y", "k", "order", "target")
            assert needed or parameter.default is not inspect.Parameter.empty
        assert parameter.annotation is not inspect.Parameter.empty, f"{name}({parameter.name}) has no type"


def test_one_measure_is_called_like_the_others() -> None:
    signatures = {
        name: inspect.signature(getattr(hoi, name)).parameters
        for name in ("total_correlation", "dual_total_correlation", "oinfo", "sinfo")
    }
    first = [(p.name, p.kind, p.default) for p in signatures["oinfo"].values()]
    for name, parameters in signatures.items():
        assert [(p.name, p.kind, p.default) for p in parameters.values()] == first, name


@pytest.mark.parametrize("name", sorted(CALLABLES))
def test_flags_are_given_by_keyword(name: str) -> None:
    """A bare True in a call says nothing."""
    for parameter in inspect.signature(CALLABLES[name]).parameters.values():
        if isinstance(parameter.default, bool):
            assert parameter.kind is parameter.KEYWORD_ONLY, f"{name}({parameter.name}=)"


def test_one_result_type() -> None:
    data = hoi.simulate.equicorrelated(5, 0.3).sample(50, seed=0)
    assert type(hoi.measures(data)) is hoi.Multiplets
    assert type(hoi.search(data, 3)) is hoi.Multiplets
    assert all(type(block) is hoi.Multiplets for block in hoi.scan(data, 3))


SINGLE: list[Callable[..., object]] = [
    hoi.total_correlation,
    hoi.dual_total_correlation,
    hoi.oinfo,
    hoi.sinfo,
    hoi.entropy,
]


@pytest.mark.parametrize("function", SINGLE, ids=lambda f: f.__name__)
def test_shapes_of_the_values(function: Callable[..., object]) -> None:
    data = hoi.simulate.equicorrelated(5, 0.3).sample(50, seed=0)
    assert type(function(data)) is float
    for values, shape in [
        (function(data, [(0, 1, 2)]), (1,)),
        (function(data, [(0, 1), (0, 1, 2, 3, 4), (4, 2, 0)]), (3,)),
        (function(np.stack([data, data + 1])), (2,)),
        (function(np.stack([data, data + 1]), [(0, 1), (1, 2), (2, 3)]), (2, 3)),
        (function(data[None]), (1,)),
    ]:
        assert isinstance(values, np.ndarray)
        assert (values.shape, values.dtype) == (shape, np.float64)


@pytest.mark.parametrize("missing", ["torch", "triton", None])
def test_names_stay_functions_once_everything_is_loaded(missing: str | None) -> None:
    """No folder or file of the package takes the place of a public name when it is imported."""
    program = (
        "import importlib, pkgutil, sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] == {missing!r}: raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "import numpy as np, hoi\n"
        "for found in pkgutil.walk_packages(hoi.__path__, 'hoi.'):\n"
        "    if found.name.endswith('__main__'): continue\n"
        "    try: importlib.import_module(found.name)\n"
        "    except ImportError as error: assert not (error.name or '').startswith('hoi'), error\n"
        "hoi.search(np.random.default_rng(0).standard_normal((50, 4)), 3)\n"
        "hoi.backends()\n"
        "import types\n"
        f"for name in {FUNCTIONS}:\n"
        "    assert isinstance(getattr(hoi, name), types.FunctionType), name\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("first", ["search", *CLASSES, *MODULES])
def test_any_name_can_be_the_first_one_used(first: str) -> None:
    """Lazy loading: no name needs another one to have been used before."""
    kind = {"functions": "callable(thing)", "modules": "isinstance(thing, types.ModuleType)"}
    rule = kind["modules" if first in MODULES else "functions"]
    program = f"import types\nfrom hoi import {first} as thing\nassert {rule}, thing"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_modules_are_modules() -> None:
    assert all(isinstance(getattr(hoi, name), types.ModuleType) for name in MODULES)


def test_errors_are_value_errors() -> None:
    assert issubclass(hoi.HoiError, ValueError)
    assert issubclass(hoi.BackendUnavailableError, hoi.HoiError)
    for name in ("SingularWarning", "TiesWarning"):
        assert issubclass(getattr(hoi, name), hoi.HoiWarning)
    assert issubclass(hoi.HoiWarning, UserWarning)
