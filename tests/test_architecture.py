"""The structure of the source tree: layers, cycles, sizes, public names, and what `import hoi` costs.

The layers are read from the table in docs/developer/architecture.md, so that the page cannot drift from the
code.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hoi
from hoi._measures.registry import MEASURES

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "developer" / "architecture.md"
SOURCES = sorted((ROOT / "hoi").rglob("*.py"))
CASE_STUDY = sorted((ROOT / "hoi_grokking").rglob("*.py"))
TESTS = sorted([*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")])


# --- reading the tree


def module_name(path: Path) -> str:
    """hoi/_maths/bias.py -> hoi._maths.bias ; hoi/_maths/__init__.py -> hoi._maths."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def for_types_only(tree: ast.Module) -> set[ast.AST]:
    """The statements under `if TYPE_CHECKING:`, which are never run."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for statement in node.body:
                skipped.update(ast.walk(statement))
    return skipped


def imports(path: Path) -> Iterator[tuple[ast.AST, str, str | None]]:
    """Every import that can run, in functions and by string too: (statement, module, name or None)."""
    tree = parse(path)
    skipped = for_types_only(tree)
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node, module, alias.name) for alias in node.names)
        elif loaded := re.fullmatch(r"importlib\.import_module\('([\w.]+)'\)", ast.unparse(node)):
            yield node, loaded[1], None


def inner_imports(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """The modules of hoi that a file of hoi imports: the deepest one each statement names.

    The package itself is left out where a file takes nothing but the version from it.
    """
    for node, module, name in imports(path):
        if module.split(".")[0] == "hoi":
            deepest = f"{module}.{name}"
            target = deepest if deepest in MODULES else module
            if target != "hoi" or (name or taken_from_hoi(path)) not in ("__version__", {"__version__"}):
                yield node, target


def taken_from_hoi(path: Path) -> set[str]:
    """The attributes of `hoi` that a file with `import hoi` uses."""
    return {
        node.attr
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hoi"
    }


def layer_table() -> dict[str, tuple[int, int]]:
    """File or folder of hoi/ -> (layer, row), from the page."""
    rows = re.findall(r"^\| (\d) \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        entry: (int(layer), row)
        for row, (layer, entries) in enumerate(rows)
        for entry in re.findall(r"`([^`]+)`", entries)
    }


LAYERS = layer_table()


def layer(module: str) -> tuple[int, int]:
    """(layer, row of the table) of a module of hoi; above all if the table has no row for it."""
    first = MODULES[module].relative_to(ROOT / "hoi").parts
    return LAYERS.get(first[0] if len(first) == 1 else f"{first[0]}/", (9, -1))


def by_path(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- layers


def test_the_page_has_a_layer_for_every_file():
    parts = [path.relative_to(ROOT / "hoi").parts for path in SOURCES]
    present = {part[0] if len(part) == 1 else f"{part[0]}/" for part in parts}
    assert present == set(LAYERS), f"{PAGE.name} and hoi/ differ"


@pytest.mark.parametrize("path", SOURCES, ids=by_path)
def test_a_file_imports_lower_layers_or_its_own_row_only(path):
    module = module_name(path)
    wrong = [
        f"{where(path, node)} (layer {layer(module)[0]}) imports {target} (layer {layer(target)[0]})"
        for node, target in inner_imports(path)
        if not (layer(target)[0] < layer(module)[0] or layer(target) == layer(module))
    ]
    assert not wrong, "\n".join(wrong)


def test_there_are_no_import_cycles():
    after = {
        module: {t for _, t in inner_imports(path) if t != module}
        for module, path in MODULES.items()
    }
    while after:
        free = [module for module, targets in after.items() if not targets & after.keys()]
        assert free, f"a cycle among {sorted(after)}"
        for module in free:
            del after[module]


def leaf(module: str) -> str | None:
    """The backend a module belongs to, or None: the modules in hoi/_backends that end with an underscore."""
    parts = module.split(".")
    is_leaf = parts[:2] == ["hoi", "_backends"] and len(parts) > 2 and parts[2].endswith("_")
    return parts[2] if is_leaf else None


@pytest.mark.parametrize("path", SOURCES, ids=by_path)
def test_a_backend_is_imported_by_itself_only(path):
    # the registry loads it by name, when it is first used
    own = leaf(module_name(path))
    wrong = [f"{where(path, n)} imports {t}" for n, t in inner_imports(path) if leaf(t) not in (None, own)]
    assert not wrong, "\n".join(wrong)


def test_hoi_never_imports_the_case_study():
    found = [(where(path, node), module) for path in SOURCES for node, module, _ in imports(path)]
    assert [place for place, module in found if module.startswith("hoi_grokking")] == []


def test_the_case_study_uses_public_names_only():
    wrong = []
    for path in CASE_STUDY:
        for node, module, name in imports(path):
            head, _, rest = module.partition(".")
            public = (not rest and name in {None, *hoi.__all__}) or rest in hoi.__all__
            if head == "hoi" and not public:
                wrong.append(f"{where(path, node)}: {ast.unparse(node)}")
    assert not wrong, "\n".join(wrong)


def test_the_reference_never_imports_hoi():
    found = [module for _, module, _ in imports(ROOT / "tests" / "reference.py")]
    assert found, "tests/reference.py imports something, so that this test sees it"
    assert not [module for module in found if module.split(".")[0] == "hoi"]


# --- files


@pytest.mark.parametrize("path", [*SOURCES, *CASE_STUDY], ids=by_path)
def test_files_are_short_and_say_what_they_are(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, "a file of more than 400 lines is more than one thing"
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "no docstring of the module"


def is_command_line(path: Path) -> bool:
    return by_path(path) == "hoi_grokking/cli.py"


@pytest.mark.parametrize("path", [*SOURCES, *CASE_STUDY], ids=by_path)
def test_the_library_does_not_print_configure_logging_or_assert(path):
    wrong = []
    for node in ast.walk(parse(path)):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if called == "print" and not is_command_line(path):
            wrong.append(f"{where(path, node)}: print outside the command line")
        if called in ("logging.basicConfig", "basicConfig"):
            wrong.append(f"{where(path, node)}: logging belongs to the application")
        if isinstance(node, ast.Assert):
            wrong.append(f"{where(path, node)}: assert is gone under python -O; raise an error")
    assert not wrong, "\n".join(wrong)


COMPARISONS = {"allclose", "isclose", "array_equal", "array_equiv", "equal", "equals", "isfinite", "isnan"}
COMPARISONS |= {"all", "any"}


@pytest.mark.parametrize("path", TESTS, ids=by_path)
def test_no_comparison_is_dropped(path):
    wrong = []
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Expr):
            call = node.value.func if isinstance(node.value, ast.Call) else None
            name = getattr(call, "attr", getattr(call, "id", None))
            if name in COMPARISONS or isinstance(node.value, ast.Compare | ast.BoolOp):
                wrong.append(f"{where(path, node)}: {ast.unparse(node)}")
    assert not wrong, "compared and not asserted:\n" + "\n".join(wrong)


# --- public names


@pytest.mark.parametrize("module", MODULES)
def test_all_is_what_the_module_offers(module):
    tree = parse(MODULES[module])
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    loaded = importlib.import_module(module)
    listed = getattr(loaded, "__all__", None)
    if listed is None:
        assert not defined, f"{module} defines {sorted(defined)} and has no __all__"
        return
    assert len(set(listed)) == len(listed), "a name twice"
    assert defined <= set(listed), f"public by name, but not in __all__: {sorted(defined - set(listed))}"
    assert [name for name in listed if not hasattr(loaded, name)] == []


def test_the_version_is_one_number():
    found = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert found, "CITATION.cff has a version"
    assert hoi.__version__ == found[1]
    assert f"## {hoi.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# --- the cost of import


def loaded_by(code: str) -> set[str]:
    """The modules that running the code adds to a fresh interpreter."""
    added = "print(json.dumps(sorted(set(sys.modules) - before)))"
    program = f"import sys, json; before = set(sys.modules)\n{code}\n{added}"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_hoi_loads_nothing_but_itself_and_the_standard_library():
    loaded = loaded_by("import hoi")
    assert "hoi" in loaded
    others = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"hoi"}
    assert others == set(), "import hoi brings in other packages; import them where they are used"
    assert {name for name in loaded if name.startswith("hoi.")} == set()


def test_one_measure_loads_neither_torch_nor_the_tables_and_pictures():
    loaded = loaded_by("import numpy, hoi; hoi.oinfo(numpy.random.default_rng(0).normal(size=(50, 4)))")
    heavy = {"torch", "matplotlib", "pandas", "xarray", "pyarrow", "sklearn", "scipy.stats", "scipy.signal"}
    assert {"numpy", "hoi._api"} <= loaded
    assert loaded & heavy == set()


def test_every_name_of_the_package_is_there():
    missing = [name for name in hoi.__all__ if not hasattr(hoi, name)]
    assert missing == []
    assert set(hoi.__all__) <= set(dir(hoi))


# --- a measure is a row of the registry, a slow definition and a line of documentation


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_has_a_slow_definition_and_a_line_in_the_documentation(name):
    reference = importlib.import_module("reference")
    assert name in reference.REFERENCE, f"tests/reference.py has no slow definition of {name!r}"
    assert callable(reference.REFERENCE[name])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `{name}` \| {re.escape(MEASURES[name].label)} \|", readme, re.MULTILINE), (
        f"the README's table of measures has no row for {name!r}"
    )


def test_every_slow_definition_belongs_to_a_measure():
    reference = importlib.import_module("reference")
    assert set(reference.REFERENCE) == set(MEASURES)
