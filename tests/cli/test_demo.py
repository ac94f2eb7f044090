"""`hoi demo`."""

from __future__ import annotations

import csv
import os
import sys

import pytest


@pytest.fixture
def few_shifts(monkeypatch):
    """The demo with less work; nothing that the tests look at depends on it."""
    monkeypatch.setattr("hoi._cli.demo.N_SURROGATES", 39)


def test_demo(run, tmp_path, few_shifts):
    pytest.importorskip("matplotlib")
    folder = tmp_path / "new" / "demo"
    status, out, err = run("demo", "--out", folder)
    assert (status, err) == (0, "")
    assert sorted(os.listdir(folder)) == ["best-sets.csv", "fmri.csv", "fmri.png"]
    assert "122,031 sets evaluated" in out and "left frontal pole" in out
    assert "10 of the 10 best sets of 3 are beyond that (p is" in " ".join(out.split())
    rows = list(csv.DictReader((folder / "best-sets.csv").read_text("utf-8").splitlines()))
    assert [row["order"] for row in rows].count("4") == 10
    lowest = min(rows, key=lambda row: float(row["oinfo"]))
    assert lowest["names"] == "LFpol; LMTG; RFpol; RMTG; RPCC"
    assert (folder / "fmri.png").read_bytes().startswith(b"\x89PNG")
    # the command it proposes works
    proposed = out.splitlines()[-1].split()
    assert proposed[1:4] == ["hoi", "search", str(folder / "fmri.csv")]
    assert run(*proposed[2:4], "--order", 2, "--n-best", 1, "--measure", "tc")[0] == 0


def test_demo_without_matplotlib_says_so_and_goes_on(run, tmp_path, monkeypatch, few_shifts):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, out, _ = run("demo", "--out", tmp_path)
    assert status == 0
    assert "No picture was drawn, since matplotlib is not installed: pip install 'hoi[plot]'" in out
    assert sorted(os.listdir(tmp_path)) == ["best-sets.csv", "fmri.csv"]


def test_demo_into_a_file(run, tmp_path):
    (tmp_path / "taken").write_text("")
    status, _, err = run("demo", "--out", tmp_path / "taken")
    assert status == 2 and "cannot make the folder" in err
