"""The code blocks of the pages and how they are run: here by tests/test_docs.py, elsewhere by tests/newcomer.py.

A ```python block is run, all the blocks of a page one after the other in one namespace; one that shows a
prompt (>>>) has its output compared. In a ```sh block every line that starts with `hoi` is a command, and so is
`python -m hoi_grokking`. A ```text block is no code. The calls of another tool stand in a :::{code-block} of the
migration pages, and nowhere else.

Standard library only, and nothing else of these tests: ``python -I pages.py PAGE ...`` runs pages in an environment
that holds the package alone.
"""

from __future__ import annotations

import doctest
import random
import re
import shlex
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, kind: str) -> list[tuple[int, str]]:
    """(first line, code) of the blocks of one kind."""
    text = page.read_text(encoding="utf-8")
    return [(text.count("\n", 0, m.start(2)) + 1, m[2]) for m in BLOCK.finditer(text) if m[1] == kind]


def kinds(page: Path) -> set[str]:
    """What stands after the three backticks of the blocks of a page."""
    opened = re.findall(r"^```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)[::2]
    return {kind.strip() for kind in opened}


def run_python(page: Path) -> None:
    """Run the Python of a page; AssertionError if a block prints something else than the page says."""
    namespace: dict[str, object] = {"__name__": page.stem}
    for line, code in blocks(page, "python"):
        if ">>>" in code:
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            test = doctest.DocTestParser().get_doctest(code, namespace, page.name, str(page), line - 1)
            said: list[str] = []
            runner.run(test, out=said.append, clear_globs=False)
            if runner.summarize(verbose=False).failed:
                raise AssertionError("".join(said))
            namespace.update(test.globs)
        else:
            # newlines in front, so that an error names the line of the page
            exec(compile("\n" * (line - 1) + code, str(page), "exec"), namespace)


def lines_of_shell(page: Path) -> list[str]:
    """The lines of the ```sh blocks, without comments."""
    lines = "".join(code for _, code in blocks(page, "sh")).splitlines()
    return [shlex.join(words) for line in lines if (words := shlex.split(line, comments=True))]


def commands(page: Path) -> list[str]:
    """The uses of the command `hoi` in a page."""
    return [line for line in lines_of_shell(page) if line.startswith("hoi ")]


def write_data(folder: Path) -> None:
    """The data.csv the pages speak of."""
    rng = random.Random(3)
    rows = []
    for _ in range(200):
        a, b, c, d, e, f = (rng.gauss(0, 1) for _ in range(6))
        rows.append([a, b, a + b + c, d, e, f])
    text = "\n".join(["A,B,C,D,E,F", *(",".join(map(str, row)) for row in rows)])
    (folder / "data.csv").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Run the pages that the command line names, in the present folder."""
    write_data(Path.cwd())
    for page in map(Path, sys.argv[1:]):
        run_python(page)
        for command in commands(page):
            subprocess.run([Path(sys.executable).with_name("hoi"), *shlex.split(command)[1:]], check=True)


if __name__ == "__main__":
    main()
