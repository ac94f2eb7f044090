"""The pages say what is true: their code blocks run, their links lead somewhere.

A ```python block is run, all the blocks of a page one after the other in one namespace; one that shows a
prompt (>>>) has its output compared. In the README's ```sh blocks every line that starts with `hoi` is given
to the command line. A block of any other kind is not run.
"""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def by_path(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(page: Path, kind: str) -> list[tuple[int, str]]:
    """(first line, code) of the blocks of one kind."""
    text = page.read_text(encoding="utf-8")
    return [(text.count("\n", 0, m.start(2)) + 1, m[2]) for m in BLOCK.finditer(text) if m[1] == kind]


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=by_path)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "tests")
    namespace: dict[str, object] = {"__name__": page.stem}
    for line, code in blocks(page, "python"):
        if ">>>" in code:
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            test = doctest.DocTestParser().get_doctest(code, namespace, page.name, str(page), line - 1)
            said: list[str] = []
            runner.run(test, out=said.append, clear_globs=False)
            assert runner.summarize(verbose=False).failed == 0, "".join(said)
            namespace.update(test.globs)
        else:
            # newlines in front, so that an error names the line of the page
            exec(compile("\n" * (line - 1) + code, str(page), "exec"), namespace)


def test_the_readme_has_code_to_run():
    assert blocks(ROOT / "README.md", "python")
    assert commands()


def commands() -> list[str]:
    """The README's uses of the command line."""
    lines = "".join(code for _, code in blocks(ROOT / "README.md", "sh")).splitlines()
    return [line for line in lines if line.startswith("hoi ")]


@pytest.fixture
def folder_with_data(tmp_path, monkeypatch) -> Path:
    """A folder with the data.csv the README speaks of."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 6))
    X[:, 2] += X[:, 0] + X[:, 1]
    np.savetxt(tmp_path / "data.csv", X, delimiter=",", header="A,B,C,D,E,F", comments="")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", commands())
def test_the_commands_of_the_readme_work(command, folder_with_data, capsys):
    from hoi.cli import main

    try:
        code = main(shlex.split(command, comments=True)[1:])
    except SystemExit as end:
        code = end.code
    printed = capsys.readouterr()
    assert not code, printed.err
    assert printed.out.strip(), "it prints something"
    for written in re.findall(r"--out (\S+)", command):
        assert (folder_with_data / written).stat().st_size > 0


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


def test_the_make_targets_of_the_pages_exist():
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {t for page in PAGES for t in re.findall(r"\bmake ([a-z][a-z-]*)\b", shown(page))}
    assert {"demo", "test"} <= named
    assert named <= made, f"no such target: {sorted(named - made)}"


def shown(page: Path) -> str:
    """The code of a page: its blocks and what stands between backticks."""
    text = page.read_text(encoding="utf-8")
    return "\n".join([*(m[2] for m in BLOCK.finditer(text)), *re.findall(r"`([^`\n]+)`", text)])
