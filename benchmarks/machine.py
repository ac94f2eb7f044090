"""What the numbers were measured on: processor, memory, versions, date. No host name, no paths."""

from __future__ import annotations

import datetime
import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

PACKAGES = ("numpy", "scipy", "numba", "llvmlite", "torch", "scikit-learn", "pandas")


def describe() -> dict[str, object]:
    """Processor, cores, memory, Python and package versions, and the time of the run."""
    cpu = _cpu()
    return {
        "cpu": cpu.get("model name", platform.processor() or platform.machine()),
        "cpu_family_model_stepping": [cpu.get(k) for k in ("cpu family", "model", "stepping")],
        "vector_instructions": [f for f in ("avx2", "fma", "avx512f") if f in cpu.get("flags", "").split()],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_GB": _memory_gb(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": versions(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "load_at_start": list(os.getloadavg()),
    }


def versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def slug(machine: dict[str, object]) -> str:
    """File name part: `<cpu>-<cores>cores-<date>`."""
    cpu = re.sub(r"[^a-z0-9]+", "-", str(machine["cpu"]).lower()).strip("-")
    return f"{cpu}-{machine['cores']}cores-{str(machine['date'])[:10]}"


def _cpu() -> dict[str, str]:
    """First block of /proc/cpuinfo; empty where there is none."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    block = path.read_text().split("\n\n")[0]
    pairs = (line.split(":", 1) for line in block.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _memory_gb() -> float | None:
    path = Path("/proc/meminfo")
    if not path.exists():
        return None
    kb = int(re.search(r"MemTotal:\s+(\d+)", path.read_text())[1])
    return round(kb / 1024**2, 1)


if __name__ == "__main__":
    import json

    json.dump(describe(), sys.stdout, indent=1)
    sys.stdout.write("\n")
