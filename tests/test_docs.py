"""The pages say what is true: their code blocks run (tests/pages.py says how), their links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pages
import pytest
from pages import BLOCK, blocks, commands

ROOT = Path(__file__).parents[1]
# what is built lies in docs as well
BUILT = [ROOT / "docs" / name for name in ("_build", "generated")]
PAGES = [
    ROOT / "README.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if not any(p.is_relative_to(folder) for folder in BUILT)),
]


def by_path(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=by_path)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    if "import torch" in page.read_text(encoding="utf-8"):
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "tests")
    pages.run_python(page)


def test_the_picture_of_the_readme_is_what_its_code_draws(tmp_path, monkeypatch):
    """Its first block writes sets.svg, to be copied to docs/_static. matplotlib leaves each text in a comment."""
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    first = blocks(ROOT / "README.md", "python")[0][1]
    exec(first, {})
    drawn, shown = (
        re.findall(r"<!-- (.*) -->", path.read_text(encoding="utf-8"))
        for path in (tmp_path / "sets.svg", ROOT / "docs" / "_static" / "sets.svg")
    )
    assert drawn == shown
    assert "LFpol · LMTG · RFpol" in shown


def test_a_wrong_output_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 2\n```\n\n```python\n>>> x + 1\n4\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="Expected:\n    4\nGot:\n    3"):
        pages.run_python(page)
    page.write_text("```python\nx = 2\n```\n\n```python\n>>> x + 1\n3\n```\n", encoding="utf-8")
    pages.run_python(page)


@pytest.mark.parametrize("page", PAGES, ids=by_path)
def test_no_block_is_left_out_unseen(page):
    assert pages.kinds(page) <= {"python", "sh", "text"}
    foreign = re.findall(r"^:::\{code-block\}.*?^:::$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert not foreign or page.parent.name == "migrating", "only there does another tool have code"
    known = ("hoi ", "python -m hoi_grokking ", "make ", "pip install ", "pytest tests", ". .venv", ".ci/run")
    assert [line for line in pages.lines_of_shell(page) if not f"{line} ".startswith(known)] == []


def test_the_readme_and_the_quick_start_have_code_to_run():
    for page in (ROOT / "README.md", ROOT / "docs" / "quickstart.md"):
        assert blocks(page, "python")
        assert commands(page)
    for page in sorted((ROOT / "docs" / "migrating").glob("[!i]*.md")):
        assert blocks(page, "python"), page


@pytest.fixture
def folder_with_data(tmp_path, monkeypatch) -> Path:
    """A folder with the data.csv the pages speak of."""
    pages.write_data(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", dict.fromkeys(line for page in PAGES for line in commands(page)))
def test_the_commands_of_the_pages_work(command, folder_with_data, capsys):
    from hoi._cli.main import main

    try:
        code = main(shlex.split(command)[1:])
    except SystemExit as end:
        code = end.code
    printed = capsys.readouterr()
    assert not code, printed.err
    assert printed.out.strip(), "it prints something"
    for written in re.findall(r"--(?:out|report) (\S+)", command):
        assert (folder_with_data / written).stat().st_size > 0


def case_study() -> list[str]:
    return [line for page in PAGES for line in pages.lines_of_shell(page) if "hoi_grokking" in line]


@pytest.mark.slow
@pytest.mark.parametrize("command", dict.fromkeys(case_study()))
def test_the_commands_of_the_case_study_work(command, tmp_path):
    pytest.importorskip("torch")
    done = subprocess.run(
        [sys.executable, *shlex.split(command)[1:]], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("page", PAGES, ids=by_path)
def test_links_to_files_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [t.partition("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t]
    missing = [target for target in targets if target and not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "developer").glob("*.md")), ids=by_path)
def test_the_code_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    missing = []
    for file, name in re.findall(r"`([\w/]+\.py):(\w+)`", text):
        path = ROOT / "hoi" / file
        defines = rf"^\s*(def|class) {name}\b|^{name}\b.*="
        if not path.exists() or not re.search(defines, path.read_text(encoding="utf-8"), re.MULTILINE):
            missing.append(f"{file}:{name}")
    assert missing == []


# Of other programs, to be replaced by the reader, put together where they are written, or named as what is not there.
ELSEWHERE = {"cuobjdump", "nvdisasm", "name_.py", "name_/", "flops_float32", "flops_float64", "utils.py"}


@pytest.fixture(scope="module")
def sources() -> dict[Path, str]:
    folders = ("hoi", "hoi_grokking", "tests", "benchmarks")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    paths += [ROOT / name for name in ("Makefile", "pyproject.toml", ".ci/run", "benchmarks/gpu.sh")]
    return {path: path.read_text(encoding="utf-8") for path in paths}


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "developer").glob("*.md")), ids=by_path)
def test_words_in_code_letters_stand_in_the_tree(page, sources):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    words = set(re.findall(r"`([A-Za-z_][\w./]*)`", text)) - ELSEWHERE
    folders = {folder.name for path in sources for folder in path.parents}
    names = folders | {path.name for path in sources}
    for word in sorted(words):
        last = word.rstrip("/").rpartition("/")[2]
        if "/" in word or last.endswith((".py", ".md", ".sh")):
            assert (ROOT / word).exists() or last in names, f"there is no {word}"
        else:
            name = re.compile(rf"\b{re.escape(last.rpartition('.')[2])}\b")
            assert any(name.search(source) for source in sources.values()), f"nothing is named {word}"


def test_the_make_targets_of_the_pages_exist():
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {t for page in PAGES for t in re.findall(r"\bmake ([a-z][a-z-]*)\b", shown(page))}
    assert {"demo", "test"} <= named
    assert named <= made, f"no such target: {sorted(named - made)}"


def shown(page: Path) -> str:
    """The code of a page: its blocks and what stands between backticks."""
    text = page.read_text(encoding="utf-8")
    return "\n".join([*(m[2] for m in BLOCK.finditer(text)), *re.findall(r"`([^`\n]+)`", text)])


def test_the_reference_names_everything_public():
    import hoi
    import hoi_grokking.callbacks

    modules = ("datasets", "estimators", "plot", "simulate", "torch")
    public = {name for name in hoi.__all__ if not name.startswith("__")} - set(modules)
    for module in modules:
        public |= {f"{module}.{name}" for name in getattr(hoi, module).__all__}
    public |= set(hoi_grokking.__all__) | {f"callbacks.{name}" for name in hoi_grokking.callbacks.__all__}
    text = (ROOT / "docs" / "api" / "index.rst").read_text(encoding="utf-8")
    listed = re.findall(r"^   ([\w.]+)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(public)
