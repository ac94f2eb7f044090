"""Plans, checkpoints and tabu search on the command line."""

from __future__ import annotations

import io

import numpy as np
import pandas
import pytest

import hoi
from hoi._cli.main import main


@pytest.fixture
def table(tmp_path, monkeypatch):
    X = np.random.default_rng(0).standard_normal((200, 12))
    X[:, 11] += X[:, 2] + X[:, 5]
    frame = pandas.DataFrame(X, columns=list("abcdefghijkl"))
    frame.to_csv(tmp_path / "data.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return pandas.read_csv("data.csv")


def test_a_plan_is_printed_and_nothing_is_begun(table, capsys):
    assert main(["plan", "data.csv", "--order", "3:5", "--threads", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1,507 sets, ") and "on 1,024 cores" in out
    assert "lowest" not in out


def test_a_checkpoint_its_status_and_the_same_command_again(table, capsys):
    command = ["search", "data.csv", "--order", "4", "--checkpoint", "run.sqlite", "--format", "csv", "--quiet"]
    assert main(command) == 0
    first = capsys.readouterr().out
    assert main(["status", "run.sqlite"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("run.sqlite: order [4, 4], measure oinfo")
    assert told[1].startswith("495 of 495 sets (100.0%)") and len(told) == 2
    assert main(command) == 0
    assert capsys.readouterr().out == first
    assert main([*command[:3], "3", *command[4:]]) == 2
    assert "holds another search" in capsys.readouterr().err


def test_the_status_of_what_is_no_checkpoint(table, capsys):
    assert main(["status", "data.csv"]) == 2
    assert "is no checkpoint that can be read" in capsys.readouterr().err
    assert main(["status", "nowhere.sqlite"]) == 2
    assert "there is no file 'nowhere.sqlite'" in capsys.readouterr().err


def test_tabu_given_and_target(table, capsys):
    assert main(["search", "data.csv", "--order", "3", "--method", "tabu", "--n-restarts", "6", "--n-best", "1",
                 "--which", "lowest", "--seed", "1"]) == 0  # fmt: skip
    out = capsys.readouterr().out
    assert "c, f, l" in out and "hits" in out
    assert main(["measure", "data.csv", "--multiplets", "c,f", "--given", "l", "--format", "csv"]) == 0
    (row,) = pandas.read_csv(io.StringIO(capsys.readouterr().out)).to_dict("records")
    assert row["tc"] == pytest.approx(hoi.total_correlation(table, [("c", "f")], given="l")[0], abs=1e-12)
    assert main(["search", "data.csv", "--order", "2", "--target", "l", "--measure", "rsi", "--n-best", "1",
                 "--which", "highest"]) == 0  # fmt: skip
    assert "c, f" in capsys.readouterr().out
