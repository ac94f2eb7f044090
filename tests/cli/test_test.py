"""`hoi test`: the rows of `hoi.permutation_test`."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

import hoi
from hoi._cli.main import main


def test_rows_are_those_of_the_function(rng, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(rng.standard_normal((100, 5)), columns=list("abcde"))
    frame.to_csv("data.csv", index=False)
    command = ["test", "data.csv", "--order", "3", "--resamples", "99", "--seed", "1", "--n-best", "2"]
    assert main([*command, "--format", "csv", "--quiet"]) == 0
    rows = pd.read_csv(io.StringIO(capsys.readouterr().out))
    expected = hoi.permutation_test(frame, 3, n_resamples=99, seed=1, n_best=2)
    np.testing.assert_allclose(rows["pvalue"], expected.pvalue)
    np.testing.assert_allclose(rows["oinfo"], expected.oinfo)


def test_effective_samples_correct_the_values(rng, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(np.cumsum(rng.standard_normal((300, 4)), axis=0), columns=list("abcd"))
    frame.to_csv("data.csv", index=False)
    assert main(["measure", "data.csv", "--effective-samples", "--format", "csv", "--quiet"]) == 0
    rows = pd.read_csv(io.StringIO(capsys.readouterr().out))
    np.testing.assert_allclose(rows["tc"], hoi.total_correlation(frame, bias_correction="effective"))


def test_search_with_a_test_is_the_test_and_its_report_has_p_and_the_null(rng, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(rng.standard_normal((100, 5)), columns=list("abcde"))
    frame.to_csv("data.csv", index=False)
    options = ["data.csv", "--order", "3", "--resamples", "99", "--seed", "1", "--format", "csv", "--quiet"]
    assert main(["search", "--test", "shift", *options, "--checkpoint", "run.sqlite", "--report", "page.html"]) == 0
    searched = capsys.readouterr().out
    assert main(["test", "--null", "shift", *options]) == 0
    assert searched == capsys.readouterr().out and "pvalue" in searched
    assert main(["status", "run.sqlite"]) == 0
    assert "test shift, n_resamples 99" in capsys.readouterr().out
    page = (tmp_path / "page.html").read_text()
    assert "Beside the best sets of surrogates" in page and "best of 99 surrogates" in page
    assert '"pvalue":[' in page
    assert main(["search", "--test", "shift", "--method", "tabu", *options]) == 2
    assert "leave --method tabu out" in capsys.readouterr().err
