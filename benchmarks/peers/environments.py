"""Build the environments of the published tools, under .peers/: `python -m benchmarks.peers.environments`.

THOI does not declare that it needs torch; the tool published as `hoi` has our import name: each lives alone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".peers"
REQUIREMENTS = {
    "thoi": ["thoi==0.2.42", "torch", "--constraint", str(ROOT / "constraints.txt")],
    "jax-hoi": ["hoi==0.0.7", "jax==0.10.2", "jaxlib==0.10.2"],
    "syntropy": ["syntropyx==0.0.2"],
    "dit": ["dit==2.3"],
}


def python(name: str) -> Path:
    """The interpreter of one environment."""
    return HOME / name / "bin" / "python"


def missing(*names: str) -> list[str]:
    """Environments that are not built, of these or of all."""
    return [name for name in names or REQUIREMENTS if not (HOME / name / ".built").exists()]


def build() -> None:
    """Make what is missing; an environment that was built is left alone."""
    for name in missing():
        print(f"building .peers/{name}")
        subprocess.run([sys.executable, "-m", "venv", str(HOME / name)], check=True)
        pip = [str(python(name)), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, *REQUIREMENTS[name]], check=True)
        (HOME / name / ".built").touch()


if __name__ == "__main__":
    build()
