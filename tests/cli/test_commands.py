"""Commands beyond search and measure, the options of estimators, and the examples of every help."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest

import hoi
from hoi._cli import options
from hoi._cli.main import main
from hoi._systems.registry import ESTIMATORS


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files that examples name."""
    scipy_io = pytest.importorskip("scipy.io")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 6))
    X[:, 5] += X[:, 0] + X[:, 1]
    frame = pandas.DataFrame(X, columns=["A", "B", "C", "D", "x", "y"])
    frame.to_csv(tmp_path / "data.csv", index=False)
    for name in ("rest", "task"):
        more = pandas.DataFrame(rng.standard_normal((200, 4)), columns=list("abcd"))
        more.to_csv(tmp_path / f"{name}.csv", index=False)
    with_words = frame.assign(id=range(60), group=["u", "v"] * 30)
    (tmp_path / "words").mkdir()
    with_words.to_csv(tmp_path / "words" / "data.csv", index=False)
    frame.to_csv(tmp_path / "table.txt", index=False, sep=";", decimal=",")
    scipy_io.savemat(tmp_path / "recording.mat", {"EEG": {"data": X.T}})
    for name in ("patients", "controls"):
        np.save(tmp_path / f"{name}.npy", rng.standard_normal((5, 40, 5)))
    monkeypatch.chdir(tmp_path)
    return frame


def commands():
    (found,) = (a for a in options.parser()._actions if isinstance(a, argparse._SubParsersAction))
    return found.choices


def examples():
    for name, parser in commands().items():
        lines = re.findall(r"hoi (?:[a-z-]+ )[^\n]*|hoi [a-z-]+$", (parser.epilog or "").replace("Example: ", "\n"))
        for line in lines:
            yield pytest.param(name, line, id=line)


@pytest.mark.parametrize(("name", "line"), examples())
def test_the_examples_of_every_help_run(name, line, folder, capsys):
    if name in ("demo", "completion", "warm-up"):
        pytest.skip("has a test of its own")
    if name == "status":
        assert main(["search", "data.csv", "--order", "3", "--checkpoint", "run.sqlite", "--quiet"]) == 0
    words = shlex.split(line.split(" > ")[0])[1:]
    if "--header 3" in line:
        rows = [f"{i},5;{i * i},1;{i % 3}" for i in range(9)]
        Path("data.csv").write_text("\n".join(["a file with", "two lines above", "time;a;b", *rows]), encoding="utf-8")
    if "id,group" in line:
        os.chdir("words")
    if words[0] in ("test", "compare"):
        words += ["--resamples", "99"]
    assert main(words) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


def test_every_command_with_a_table_has_an_example():
    there = {param.values[0] for param in examples()}
    assert there >= set(commands()) - {"completion"}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_parameter_of_every_estimator_is_an_option(name, folder, capsys):
    module, kind = ESTIMATORS[name].split(":")
    fields = [f for f in dataclasses.fields(getattr(importlib.import_module(module), kind)) if f.name != "seed"]
    given = []
    for field in fields:
        option = f"{name}-{field.name}" if field.name == "method" else field.name
        given += [f"--{option}", str(field.default)]
    command = ["measure", "data.csv", "--columns", "A,B", "--quiet", "--format", "csv", "--estimator", name]
    if name == "discrete":
        (folder > 0).astype(int).to_csv("data.csv", index=False)
    assert main(command) == 0
    plain = capsys.readouterr().out
    assert main([*command, *given]) == 0
    assert capsys.readouterr().out == plain


def test_parameters_reach_the_estimator_and_strangers_are_refused(folder, capsys):
    command = ["measure", "data.csv", "--columns", "A,B,y", "--format", "csv", "--quiet"]
    for given, estimator in (
        (["--estimator", "knn", "--k", "7", "--scale", "none"], hoi.estimators.KNN(7, None)),
        (["--estimator", "binned", "--bins", "2", "--correction", "none"], hoi.estimators.Binned(2, correction=None)),
        (["--estimator", "kernel", "--bandwidth", "0.4"], hoi.estimators.Kernel(0.4)),
    ):
        assert main([*command, *given]) == 0
        (row,) = pandas.read_csv(io.StringIO(capsys.readouterr().out)).to_dict("records")
        read = pandas.read_csv("data.csv")[["A", "B", "y"]]
        assert row["tc"] == pytest.approx(hoi.total_correlation(read, estimator=estimator), abs=1e-12)
    for given, message in (
        (["--k", "4"], "--k is of --estimator knn, and this is gaussian_copula, whose options are --ties"),
        (["--estimator", "gaussian", "--bins", "4"], "--bins is of --estimator binned, and this is gaussian, "),
        (["--estimator", "knn", "--k", "many"], "k='many'"),
        (["--estimator", "nearest"], "estimator='nearest': use one of"),
    ):
        assert main([*command, *given]) == 2
        assert message in capsys.readouterr().err


def test_compare_gives_the_rows_of_the_function(folder, capsys):
    command = ["compare", "patients.npy", "controls.npy", "--order", "3", "--resamples", "99", "--seed", "1"]
    assert main([*command, "--format", "csv", "--out", "found.parquet"]) == 0
    rows = pandas.read_csv(io.StringIO(capsys.readouterr().out))
    expected = hoi.compare(np.load("patients.npy"), np.load("controls.npy"), 3, n_resamples=99, seed=1)
    np.testing.assert_allclose(rows["pvalue"], expected.pvalue)
    np.testing.assert_allclose(rows["oinfo"], expected.oinfo)
    assert hoi.Multiplets.load("found.parquet").settings["source"] == "patients.npy and controls.npy"
    for wrong, message in (
        ([*command, "--out", "controls.npy"], "controls.npy"),
        ([*command, "--discrete", "0"], "it is not categorical"),
        (["compare", "-", "-", "--order", "3"], "both files are standard input"),
    ):
        assert main(wrong) == 2
        assert message in capsys.readouterr().err


def test_the_mean_over_recordings(folder, capsys):
    command = ["search", "patients.npy", "--order", "3", "--n-best", "2", "--format", "csv", "--quiet"]
    X = np.load("patients.npy")
    for more, across in (([], "each"), (["--across", "each"], "each"), (["--across", "mean"], "mean")):
        assert main([*command, *more, "--out", "found.parquet"]) == 0
        rows = pandas.read_csv(io.StringIO(capsys.readouterr().out))
        expected = hoi.search(X, 3, n_best=2, across=across)
        assert len(rows) == len(expected) == (4 if across == "mean" else 20)
        np.testing.assert_allclose(rows["oinfo"], expected.oinfo, rtol=0, atol=1e-12)
        assert ("agreement" in rows) == (across == "mean")
        assert hoi.Multiplets.load("found.parquet").settings["across"] == across
    # a test is of the mean in any case
    tested = [*command, "--test", "shift", "--resamples", "19", "--seed", "0"]
    assert main(tested) == main([*tested, "--across", "mean"]) == 0
    capsys.readouterr()
    for wrong, text in (
        ([*tested, "--across", "each"], "--test is of the mean over recordings, as --across mean: leave --across each"),
        (["search", "data.csv", "--order", "3", "--across", "mean"], "across='mean': X is one table"),
    ):
        assert main(wrong) == 2
        assert text in capsys.readouterr().err


def test_groups_of_recordings_with_categories_are_compared(folder, capsys):
    tables = np.random.default_rng(0).standard_normal((2, 5, 60, 4))
    tables[..., 3] = tables[..., 3] > 0
    for name, some in zip(("one.npy", "other.npy"), tables, strict=True):
        np.save(name, some)
    command = ["compare", "one.npy", "other.npy", "--order", "3", "--resamples", "49", "--seed", "1", "--discrete", "3"]
    assert main([*command, "--format", "csv", "--quiet"]) == 0
    rows = pandas.read_csv(io.StringIO(capsys.readouterr().out))
    expected = hoi.compare(*tables, 3, n_resamples=49, seed=1, discrete=3)
    np.testing.assert_allclose(rows["oinfo"], expected.oinfo)
    np.testing.assert_allclose(rows["pvalue"], expected.pvalue)


def test_categories_targets_and_sets_that_are_left_out(folder, capsys):
    folder.assign(kind=["u", "v", "w"] * 20, sum=folder.A + folder.B).to_csv("data.csv", index=False)
    command = ["data.csv", "--format", "csv", "--quiet"]
    assert main(["measure", *command, "--columns", "A,B,y,kind", "--discrete", "kind"]) == 0
    (row,) = pandas.read_csv(io.StringIO(capsys.readouterr().out)).to_dict("records")
    frame = pandas.read_csv("data.csv")
    wanted = hoi.total_correlation(frame[["A", "B", "y", "kind"]], discrete="kind")
    assert row["tc"] == pytest.approx(wanted, abs=1e-12)
    assert main(["measure", *command, "--columns", "A,B,y", "--multiplets", "A,B", "--target", "y"]) == 0
    (row,) = pandas.read_csv(io.StringIO(capsys.readouterr().out)).to_dict("records")
    assert row["information"] == pytest.approx(hoi.information(folder, [("A", "B")], target="y")[0], abs=1e-12)
    numbers = ["--drop", "kind", "--order", "3"]
    for more, there in (([], True), (["--determined", "drop"], False)):
        assert main(["search", *command, *numbers, *more]) == 0
        assert ("A; B; sum" in capsys.readouterr().out) == there


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}])
def test_no_colours_in_a_pipe(environment, folder):
    for words in (["--help"], ["search", "--help"], ["search", "data.csv", "--order", "3", "--progress"], ["nonsense"]):
        done = subprocess.run(
            [sys.executable, "-m", "hoi", *words], capture_output=True, check=False, env={**os.environ, **environment}
        )
        assert b"\x1b[" not in done.stdout + done.stderr.replace(b"\x1b[A", b"")


def test_the_warm_up_compiles_what_searches_need(monkeypatch):
    from hoi._cli import warm_up

    said, walks = [], set()
    usual = hoi.search

    def search(**options):
        found = usual(**options)
        walks.update(found.settings["walk"])
        return found

    monkeypatch.setattr(hoi, "search", search)
    warm_up.warm_up(said.append)
    assert said[0].startswith("order 3: ")
    assert walks >= {"tail", "lanes", "subsets", "complements", "together", "groups", "pair"}
