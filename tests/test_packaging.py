"""The wheel and the source archive: they build without the network, hold what they should, and work."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import hoi

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

pytestmark = pytest.mark.packaging


def python(*arguments: str, **options) -> str:
    """Run this Python and give what it printed."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the source archive, and the wheel that is built from it."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    out = tmp_path_factory.mktemp("dist")
    python("-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT))
    return out


@pytest.fixture(scope="module")
def wheel(built) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def in_wheel(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def in_sdist(built) -> set[str]:
    (found,) = built.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="module")
def metadata(wheel) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def sources(folder: str) -> set[str]:
    """Files of a folder that belong to the project: neither hidden, nor made by running it."""
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def test_the_wheel_holds_every_file_of_the_package(in_wheel):
    missing = sources("hoi") - in_wheel
    assert missing == set()
    assert "hoi/py.typed" in in_wheel
    assert {"hoi/datasets/fmri_timeseries.csv", "hoi/datasets/fmri_timeseries.LICENSE.txt"} <= in_wheel


def test_the_wheel_holds_nothing_else(in_wheel, wheel):
    info = "-".join(wheel.name.split("-")[:2]) + ".dist-info"
    assert {name.split("/")[0] for name in in_wheel} <= {"hoi", "hoi_grokking", info}
    assert [name for name in in_wheel if "__pycache__" in name or name.endswith(".pyc")] == []
    assert [name for name in in_wheel if name.endswith("/LICENSE")] == [f"{info}/licenses/LICENSE"]


def test_the_source_archive_holds_what_is_needed_to_test_it(in_sdist):
    needed = {
        "pyproject.toml", "constraints.txt", "Makefile",
        "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff",
    }  # fmt: skip
    missing = (needed | sources("hoi") | sources("tests") | sources("docs/developer")) - in_sdist
    assert missing == set()
    assert {name.split("/")[0] for name in in_sdist} & {".venv", "dist", "build", ".git"} == set()


def test_the_source_archive_holds_nothing_else(in_sdist):
    # .gitignore is what the build reads to leave out what is made by running
    wanted = {
        "hoi", "hoi_grokking", "tests", "benchmarks", "docs", "Makefile", "constraints.txt", "pyproject.toml",
        "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "PKG-INFO", ".ci", ".github",
        ".gitignore", "",
    }  # fmt: skip
    assert {name.split("/")[0] for name in in_sdist} <= wanted
    made = ("__pycache__", ".pyc", ".so", ".nbi", ".nbc", ".egg-info", ".part")
    assert [name for name in in_sdist if any(part in name for part in made)] == []


def test_the_version_is_written_once(metadata):
    assert "version" not in PROJECT
    assert PROJECT["dynamic"] == ["version"]
    written = [
        path for path in sorted(sources("hoi") | sources("hoi_grokking"))
        if path.endswith(".py") and hoi.__version__ in (ROOT / path).read_text(encoding="utf-8")
    ]  # fmt: skip
    assert written == ["hoi/__init__.py"]
    assert metadata["Version"] == hoi.__version__


def test_the_pythons_that_are_declared_are_those_that_are_tested():
    start = "Programming Language :: Python :: 3."
    declared = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if line.startswith(start)]
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    (tested,) = re.findall(r"python: \[(.*)\]", workflow)
    assert declared == re.findall(r"[\d.]+", tested)
    assert PROJECT["requires-python"] == f">={declared[0]}"


def test_the_metadata_say_what_pyproject_says(metadata):
    assert (metadata["Name"], metadata["Version"]) == ("hoi", hoi.__version__)
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == ">=3.11"
    core = {line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line}
    assert core == set(PROJECT["dependencies"])
    assert not [line for line in core if line.startswith(("torch", "matplotlib", "triton"))]


def test_all_is_every_extra_for_users():
    extras = PROJECT["optional-dependencies"]
    wanted = {line for name in extras for line in extras[name] if name not in ("all", "docs", "test")}
    assert set(extras["all"]) == wanted


def test_the_wheel_works_away_from_the_tree_and_without_torch(wheel, tmp_path):
    site = tmp_path / "site"
    python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    program = """
        import sys
        sys.modules["torch"] = sys.modules["matplotlib"] = None  # as if they were not installed
        import hoi
        assert hoi.__file__.startswith(sys.argv[1]), hoi.__file__
        system = hoi.simulate.planted(9, seed=1)
        found = hoi.search(system.sample(200, seed=1), 3, n_best=2)
        assert len(found) == 4, found
        from hoi._cli.main import main
        assert main(["--version"]) == 0
    """
    program = "\n".join(line[8:] for line in program.splitlines())
    env = {**os.environ, "PYTHONPATH": str(site)}
    printed = python("-c", program, str(site), cwd=tmp_path, env=env)
    assert hoi.__version__ in printed


def test_the_quick_starts_and_the_migration_pages_run_from_the_wheel(wheel, tmp_path):
    """With the packages of this environment; `make newcomer` does it in an empty one."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("pyarrow")
    site = tmp_path / "site"
    python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    pages = [ROOT / "README.md", ROOT / "docs" / "quickstart.md", *sorted((ROOT / "docs" / "migrating").glob("*.md"))]
    env = {**os.environ, "PYTHONPATH": str(site), "MPLBACKEND": "agg"}
    python(str(ROOT / "tests" / "pages.py"), *map(str, pages), cwd=tmp_path, env=env)
    assert (tmp_path / "best.csv").exists()


def test_the_report_finds_its_files_in_the_wheel(wheel, tmp_path):
    pytest.importorskip("matplotlib")
    site = tmp_path / "site"
    python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    program = (
        "import hoi; found = hoi.search(hoi.datasets.load_fmri(), 3, n_best=1)\n"
        "assert hoi.__file__.startswith(__import__('sys').argv[1])\n"
        "print(found.report('best.html').stat().st_size)"
    )
    env = {**os.environ, "PYTHONPATH": str(site)}
    assert int(python("-c", program, str(site), cwd=tmp_path, env=env)) > 10_000


def test_the_command_is_declared(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("entry_points.txt"))
        assert "hoi = hoi._cli.main:main" in archive.read(name).decode()
