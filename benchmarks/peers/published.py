"""Values of published tools that tests compare with: `python -m benchmarks.peers.published` writes them anew.

Each tool runs once, in its own environment (`python -m benchmarks.peers.environments`), on the series that
`tests/published.py` makes; what it gave is stored with its version in `tests/published.json`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "tests" / "published.json"
TOOLS = {"jax-hoi": "hoi", "thoi": "thoi"}


def series() -> np.ndarray:
    """Those of the tests, by path: no package is imported beside the tool."""
    spec = importlib.util.spec_from_file_location("published", ROOT / "tests" / "published.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.series()


def by_jax_hoi(X: np.ndarray) -> dict[str, object]:
    """In bits; the last column is the target, sets are those of the others."""
    from hoi import metrics

    x, y = X[:, :-1], X[:, -1]
    found: dict[str, object] = {}
    for name in ("GradientOinfo", "InfoTot", "RSI", "RedundancyMMI", "SynergyMMI"):
        model = getattr(metrics, name)(x, y, verbose=False)
        values = np.asarray(model.fit(minsize=2, maxsize=3, method="gc")).ravel()
        found[name] = [[[int(i) for i in S if i >= 0], float(v)] for S, v in zip(model.multiplets, values)]
    model = metrics.InfoTopo(x, verbose=False)
    values = np.asarray(model.fit(minsize=2, maxsize=3, method="gc")).ravel()
    found["InfoTopo"] = [[[int(i) for i in S if i >= 0], float(v)] for S, v in zip(model.multiplets, values)]
    values = np.asarray(metrics.TransferEntropy(x, verbose=False).fit(tau=1, method="gc", matrix=True))
    found["TransferEntropy"] = values.reshape(x.shape[1], x.shape[1]).tolist()
    model = metrics.DOtot(x, verbose=False)
    values = np.asarray(model.fit(minsize=3, maxsize=3, tau=1, method="gc")).ravel()
    found["DOtot"] = [[[int(i) for i in S if i >= 0], float(v)] for S, v in zip(model.multiplets, values)]
    atoms = ["rtr", "rtu1", "rtu2", "rts", "u1tr", "u2tr", "str", "u1tu1", "u1tu2", "u2tu1", "u2tu2", "stu1", "stu2",
             "u1ts", "sts"]  # fmt: skip
    found["AtomsPhiID"] = {
        atom: np.asarray(metrics.AtomsPhiID(x, verbose=False).fit(tau=1, method="gc", atoms=[atom])).ravel().tolist()
        for atom in atoms
    }
    return found


def by_thoi(X: np.ndarray) -> dict[str, object]:
    """Local values in nats, (samples, (TC, DTC, O, S)) of two sets."""
    from thoi.measures.gaussian_copula_local import local_nplets_measures

    sets = [[0, 1, 2], [1, 2, 3]]
    values = np.asarray(local_nplets_measures(X, sets)).squeeze()
    return {"sets": sets, "local": values.tolist()}


def main() -> None:
    if len(sys.argv) > 1:
        tool = sys.argv[1]
        found = {"jax-hoi": by_jax_hoi, "thoi": by_thoi}[tool](series())
        print(json.dumps({"version": version(TOOLS[tool]), "numpy": version("numpy"), **found}))
        return
    from benchmarks.peers.environments import build, python

    build()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    stored = {}
    for tool in TOOLS:
        run = subprocess.run(
            [python(tool), __file__, tool], check=True, capture_output=True, text=True, env=environment
        )
        stored[tool] = json.loads(run.stdout.splitlines()[-1])
    STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
