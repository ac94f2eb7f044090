"""benchmarks/gpu.sh as a dry run: the script that a GPU will be measured by, at tiny sizes and without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("triton")

ROOT = Path(__file__).parents[1]
# one shape stands for all; those that time nothing come last
PARTS = ["ceiling", "shape-200-5", "crossover", "thoi", "about-target", "surrogates", "precision", "transform"]
PARTS += ["launches", "utilisation", "profile", "agreement", "kernel-tests", "contract-tests", "sanitizer"]
# what a machine may lack
TOOLS = {"launches", "about-target", "utilisation", "sanitizer", "thoi"}


def script(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OUT": str(out), "PYTHON": sys.executable}
    command = ["sh", str(ROOT / "benchmarks" / "gpu.sh"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=out.parent, check=False)


@pytest.mark.slow
def test_a_dry_run_goes_through_every_part(tmp_path):
    done = script(tmp_path / "results", "--dry-run", "--parts", ",".join(PARTS))
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "results" / "gpu-dry-run.json").read_text())
    assert results["dry_run"] is True
    parts = results["parts"]
    assert list(parts) == PARTS
    if any("interpreter" in part.get("skipped", "") for part in parts.values()):
        pytest.skip(parts["shape-200-5"]["skipped"])
    assert results["warm_up"]["status"] == "done"
    assert {name: part["status"] for name, part in parts.items() if name not in TOOLS} == dict.fromkeys(
        [name for name in PARTS if name not in TOOLS], "done"
    )
    assert all("skipped" in parts[name] or parts[name]["status"] == "done" for name in TOOLS)
    assert parts["ceiling"]["flops_float64"] > 0
    kernels = results["warm_up"]["kernels"]
    assert kernels[-1] == "triton"
    assert len(parts["agreement"]["agree"]) == 2 * (2 * len(kernels) + 1) + 4 * ("nvrtc" in kernels)
    assert parts["shape-200-5"]["agrees_with_numba_on"] == 7
    for kernel in kernels:
        assert parts["shape-200-5"][kernel]["walk"] == [kernel]
        assert parts["shape-200-5"][kernel]["sets_per_second"] > 0
    assert "nvrtc" not in kernels or len(parts["launches"]["launches"]) == 6
    assert "nvrtc" not in kernels or [row[3] for row in parts["about-target"]["agree"]] == [["nvrtc"]] * 3
    lines = [line for line in done.stdout.splitlines() if line.startswith("(")]
    assert len(lines) == len(kernels) + 2 + (9 if "nvrtc" in kernels else 0), "a table of what was measured"
    rates = [f"{kernel}_{way}_sets_per_second" for kernel in kernels for way in ("float64", "float32")]
    assert all(parts["precision"][rate] > 0 for rate in rates)
    assert "passed" in parts["kernel-tests"]["summary"]
    assert "passed" in parts["contract-tests"]["summary"]


def test_a_part_that_fails_leaves_its_output_and_the_others_run(tmp_path):
    """Without a GPU, and not as a dry run."""
    done = script(tmp_path / "results", "--parts", "shape-200-5,transform")
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here, on which the parts do not fail")
    assert done.returncode == 1
    (file,) = (tmp_path / "results").glob("gpu-*.json")
    parts = json.loads(file.read_text())["parts"]
    assert [part["status"] for part in parts.values()] == ["failed", "failed"]
    assert 'backend="cuda" needs' in parts["transform"]["output"]


def test_the_host_s_share_of_a_search_by_lists_on_record():
    """Of 91,390 sets some hundreds are listed, and twenty evaluated."""
    from benchmarks.gpu_host import measure

    found = measure(40, 4)  # compares the result with numba's
    sample, swept = found["survivors"]
    assert sample > 4000 > 2000 > swept
    assert 20 <= found["evaluated_on_host"] <= 30
    assert found["host_ms"] >= found["shortest_host_ms"] > 0


def test_an_unknown_part_is_an_error(tmp_path):
    done = script(tmp_path / "results", "--parts", "abacus")
    assert done.returncode == 2
    assert "no part ['abacus']: choose from ceiling, shape-200-5" in done.stderr
