"""The newcomer's path, `make newcomer`: the quick starts, run in an empty environment that holds only the wheel.

The migration pages need the wheel alone; the README and the quick start of the documentation say which extras they
need. Nothing of the tree is on the path, and torch is not there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = {
    "": sorted((ROOT / "docs" / "migrating").glob("*.md")),
    "[plot]": [ROOT / "README.md"],
    "[plot,io]": [ROOT / "docs" / "quickstart.md"],
}


def run(*command: str | Path, folder: Path) -> None:
    """Run one command in a folder of its own; stop if it fails."""
    subprocess.run([str(part) for part in command], check=True, cwd=folder)


def main() -> None:
    """Build, install, run; an exception says what went wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
        (wheel,) = folder.glob("*.whl")
        venv.create(folder / "env", with_pip=True)
        python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
        for extras, pages in PAGES.items():
            run(python, "-m", "pip", "install", "--quiet", f"{wheel}{extras}", folder=folder)
            run(python, "-I", ROOT / "tests" / "pages.py", *pages, folder=folder)
        run(python, "-I", "-c", CLEAN, ROOT, folder=folder)


# the package came from the wheel, and nothing pulled torch in
CLEAN = """
import importlib.util, pathlib, sys, hoi
assert not pathlib.Path(hoi.__file__).is_relative_to(sys.argv[1]), hoi.__file__
assert importlib.util.find_spec("torch") is None, "torch was installed"
"""


if __name__ == "__main__":
    main()
