"""The command line, run for real: what it prints where, and the exit status."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import warnings

import numpy as np
import pandas
import pytest

import hoi
from hoi import Multiplets
from hoi._cli import main as cli
from hoi._cli.output import Console

COLUMNS = ["LHip", "LAmy", "LPCC", "RHip", "RAmy", "RPCC"]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


# -- search ------------------------------------------------------------------------------------


def test_search_prints_what_hoi_search_finds(run, data, X):
    status, out, err = run("search", data, "--order", "3:4", "--n-best", 4, "--format", "csv")
    assert (status, err) == (0, "")
    found = hoi.search(X, (3, 4), n_best=4)
    rows = rows_of(out)
    assert [tuple(map(int, row["members"].split())) for row in rows] == found.members
    assert [row["extreme"] for row in rows] == found.extreme.tolist()
    assert np.array_equal([float(row["oinfo"]) for row in rows], found.oinfo)
    assert rows[0]["names"] == "; ".join(COLUMNS[i] for i in found.members[0])


def test_search_prints_a_table_with_all_rows_and_whole_names(run, data):
    status, out, err = run("search", data, "--order", 3, "--n-best", 15)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Multiplets: 20 sets of 3 out of 6 variables, values in nats"
    assert sum(line.startswith("  lowest") for line in lines) == 10  # no set is at both ends
    assert "LHip, LAmy, LPCC" in lines[3]
    assert "20 sets evaluated" in out


@pytest.mark.parametrize(
    ("options", "keywords"),
    [
        (["--units", "bits"], {"units": "bits"}),
        (["--which", "lowest"], {"which": "lowest"}),
        (["--measure", "tc"], {"measure": "tc"}),
        (["--no-bias-correction"], {"bias_correction": False}),
        (["--estimator", "gaussian"], {"estimator": "gaussian"}),
        (["--ties", "random", "--seed", "3"], {"estimator": hoi.estimators.GaussianCopula("random", seed=3)}),
        (["--ties", "ordinal"], {"estimator": hoi.estimators.GaussianCopula("ordinal")}),
        (["--per-order"], {"per_order": True}),
        (["--backend", "numpy"], {"backend": "numpy"}),
        (["--threads", "1"], {"threads": 1}),
        (
            ["--groups", "0,1;LPCC;RHip:RPCC"],
            {"groups": [["LHip", "LAmy"], ["LPCC"], ["RHip", "RAmy", "RPCC"]], "order": 3},
        ),
    ],
)
def test_options_reach_the_search(run, data, tmp_path, options, keywords):
    pytest.importorskip("pyarrow")
    keywords = {"order": (2, 3), **keywords}
    order = keywords["order"]
    path = tmp_path / "out.parquet"
    text = f"{order[0]}:{order[1]}" if isinstance(order, tuple) else order
    status, _, err = run("search", data, "--order", text, "--n-best", 3, "--out", path, *options)
    assert status == 0 and err.endswith(f"hoi: written to {path}\n")
    found, expected = Multiplets.load(path), hoi.search(pandas.read_csv(data), n_best=3, **keywords)
    assert found.members == expected.members
    for name in ("tc", "dtc", "oinfo", "sinfo"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))
    changing = {"seconds", "preparation_seconds", "created"}
    assert {k: v for k, v in found.settings.items() if k not in changing} == {
        "source": str(data), **{k: v for k, v in expected.settings.items() if k not in changing}
    }


def test_columns_are_chosen_by_name_and_number(run, data):
    _, out, _ = run(
        "search", data, "--columns", "RHip:RPCC,0", "--order", 3, "--which", "highest", "--format", "csv"
    )
    assert rows_of(out)[0]["names"] == "RHip; RAmy; RPCC"
    assert len(rows_of(out)) == 4


@pytest.mark.parametrize("command", [["search", "--order", 3], ["measure"]])
def test_a_report_is_written_beside_the_result(run, data, tmp_path, command):
    pytest.importorskip("matplotlib")
    table, page = tmp_path / "out.csv", tmp_path / "out.html"
    status, out, err = run(command[0], data, *command[1:], "--out", table, "--report", page)
    assert status == 0 and out
    assert err == f"hoi: written to {table}\nhoi: written to {page}\n"
    assert "LPCC" in page.read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_refused_before_the_search(run, data):
    status, out, err = run("search", data, "--order", 3, "--report", "out.pdf")
    assert (status, out) == (2, "")
    assert err == "hoi: error: cannot write the report to 'out.pdf': the suffix must be .html or .htm\n"


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".nc"])
def test_out_writes_by_suffix(run, data, tmp_path, suffix):
    pytest.importorskip({".parquet": "pyarrow", ".nc": "xarray"}.get(suffix, "csv"))
    path = tmp_path / f"best{suffix}"
    status, out, err = run("search", data, "--order", 3, "--n-best", 2, "--out", path)
    assert (status, err) == (0, f"hoi: written to {path}\n")
    assert "LHip, LAmy, LPCC" in out
    n = len(rows_of(path.read_text("utf-8"))) if suffix == ".csv" else len(Multiplets.load(path))
    assert n == 4


def test_several_data_sets(run, X, tmp_path):
    np.save(tmp_path / "x.npy", np.stack([X, X[::-1] ** 3]))
    status, out, _ = run("search", tmp_path / "x.npy", "--order", 3, "--n-best", 1, "--format", "csv")
    assert status == 0
    assert [row["dataset"] for row in rows_of(out)] == ["0", "0", "1", "1"]
    assert rows_of(out)[0]["members"] == rows_of(out)[2]["members"] == "0 1 2"


def test_remarks_go_to_standard_error_and_can_be_silenced(run, X, tmp_path):
    path = tmp_path / "indexed.csv"
    lines = [f"s{i}," + ",".join(f"{v:.8f}" for v in row) for i, row in enumerate(X)]
    path.write_text("," + ",".join(COLUMNS) + "\n" + "\n".join(lines) + "\n,NA,1,2,3,4,5\n")
    _, out, err = run("search", path, "--order", 3, "--missing", "drop")
    assert "LHip, LAmy, LPCC" in out
    assert err.splitlines() == [
        "hoi: left out the first column: no name, and labels of the rows (columns are numbered without)",
        "hoi: left out 1 of 81 rows with missing or infinite values, in 'LHip' (1)",
    ]
    assert run("search", path, "--order", 3, "--missing", "drop", "--quiet")[2] == ""


def test_pairs_are_not_for_the_o_information(run, data):
    status, out, err = run("search", data, "--order", "2")
    assert (status, out) == (2, "") and 'measure="oinfo" of any two variables is 0' in err
    assert run("search", data, "--order", "2", "--measure", "tc")[2] == ""


def test_warnings_are_one_line(run, X, tmp_path):
    path = tmp_path / "ties.csv"
    np.savetxt(path, np.round(X), delimiter=",")
    status, _, err = run("search", path, "--order", 3)
    assert status == 0
    assert err.startswith("hoi: warning: ") and len(err.splitlines()) == 1 and "main.py" not in err
    assert run("search", path, "--order", 3, "--quiet")[2] == ""


def test_other_warnings_stay_warnings():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with cli._warnings_as_remarks(Console(quiet=True)):
            warnings.warn("of another library", UserWarning, stacklevel=1)
    assert [str(w.message) for w in caught] == ["of another library"]


# -- measure -----------------------------------------------------------------------------------


def test_measure_of_the_whole_table(run, data, X):
    status, out, err = run("measure", data, "--units", "bits")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"6 variables of {len(X)} samples: {', '.join(COLUMNS)}"
    values = {line.split()[0]: float(line.split()[-2]) for line in lines[2:]}
    for symbol, function in (
        ("TC", hoi.total_correlation), ("DTC", hoi.dual_total_correlation), ("Ω", hoi.oinfo), ("Σ", hoi.sinfo)
    ):  # fmt: skip
        assert values[symbol] == pytest.approx(function(X, units="bits"), abs=1e-6)
    assert all(line.endswith(" bits") for line in lines[2:])


def test_measure_of_given_sets(run, data, X):
    sets = "0,1,2; RHip:RPCC ;LHip,RPCC"
    _, out, _ = run("measure", data, "--multiplets", sets, "--format", "csv")
    rows = rows_of(out)
    assert [row["members"] for row in rows] == ["0 1 2", "3 4 5", "0 5"]
    expected = hoi.oinfo(X, [(0, 1, 2), (3, 4, 5), (0, 5)])
    assert np.array_equal([float(row["oinfo"]) for row in rows], expected)
    assert "RHip, RAmy, RPCC" in run("measure", data, "--multiplets", sets)[1]


def test_columns_of_labels(run, tmp_path):
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(rng.standard_normal((90, 3)), columns=list("uvw"))
    frame["kind"], frame["half"] = np.array(["b", "a", "c"])[np.arange(90) % 3], np.arange(90) % 2
    frame["v"] += 2 * (frame["kind"] == "a")
    frame.to_csv(tmp_path / "kinds.csv", index=False)
    options = ["--order", "2", "--measure", "rsi", "--target", "kind", "--discrete", "kind,half", "--given", "half"]
    status, out, err = run("search", tmp_path / "kinds.csv", *options, "--format", "csv")
    assert status == 0 and "numbered the labels of 'kind': 0 b, 1 a, 2 c" in err
    again = pandas.read_csv(tmp_path / "kinds.csv")
    wanted = hoi.search(again, 2, measure="rsi", target="kind", discrete=["kind", "half"], given="half")
    assert [float(row["rsi"]) for row in rows_of(out)] == wanted.rsi.tolist()
    assert run("plan", tmp_path / "kinds.csv", *options)[0] == 0
    assert "0, 1, 2" in run("show", tmp_path / "kinds.csv", "--discrete", "kind")[1]
    assert "--discrete" in run("show", tmp_path / "kinds.csv", "--discrete", "sort")[2]


def test_gaps_in_columns_that_are_not_measured_cost_no_rows(run, tmp_path):
    values = np.random.default_rng(3).standard_normal((40, 4))
    frame = pandas.DataFrame(values, columns=["ozone", "solar", "wind", "temp"])
    frame.loc[:3, "ozone"], frame.loc[2:9, "solar"] = np.nan, np.nan
    frame.insert(1, "note", "dry")
    frame.to_csv(tmp_path / "air.csv", index=False)
    by_columns = run("measure", tmp_path / "air.csv", "--columns", "ozone,wind,temp", "--missing", "drop")
    by_sets = run("measure", tmp_path / "air.csv", "--multiplets", "ozone,wind,temp", "--missing", "drop")
    assert by_sets[:2] == by_columns[:2]
    assert by_sets[1].startswith("3 variables of 36 samples: ozone, wind, temp")
    assert "left out 4 of 40 rows" in by_sets[2]
    assert run("measure", tmp_path / "air.csv", "--multiplets", "3,4")[0] == 0  # no gaps there
    groups = ["--groups", "ozone;wind,temp", "--missing", "drop", "--format", "csv"]
    found = rows_of(run("search", tmp_path / "air.csv", "--order", "2", "--measure", "tc", *groups)[1])[0]
    whole = frame.dropna(subset=["ozone"])[["ozone", "wind", "temp"]]
    assert float(found["tc"]) == hoi.total_correlation(whole, groups=[[0], [1, 2]])


def test_measure_of_one_set_can_be_saved(run, data, tmp_path):
    run("measure", data, "--out", tmp_path / "all.csv")
    assert rows_of((tmp_path / "all.csv").read_text("utf-8"))[0]["order"] == "6"


# -- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "DATA"], "the following arguments are required: --order"),
        (
            ["search", "DATA", "--order", "3-5"],
            "argument --order: '3-5' is neither a number nor a range such as 3:5",
        ),
        (
            ["search", "DATA", "--order", "3", "--n-best", "0"],
            "argument --n-best: '0' is not a whole number from 1",
        ),
        (["search", "DATA", "--order", "3", "--measure", "mi"], "argument --measure: invalid choice: 'mi'"),
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_usage(run, data, arguments, message):
    status, out, err = run(*[data if a == "DATA" else a for a in arguments])
    assert (status, out) == (2, "")
    assert err.startswith("hoi: error: ") and message in err
    assert err.endswith(" --help says more)\n") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "no.csv", "--order", "3"], "cannot read 'no.csv': there is no such file"),
        (["search", "DATA", "--order", "7"], "6"),
        (
            ["search", "DATA", "--order", "3", "--columns", "nose"],
            "--columns: there is no column 'nose'; the columns are",
        ),
        (["search", "DATA", "--order", "3", "--groups", "nose"], "--groups: there is no column 'nose'"),
        (["search", "DATA", "--order", "3", "--backend", "abacus"], "abacus"),
        (["search", "DATA", "--order", "3", "--estimator", "guess"], "guess"),
        (["search", "DATA", "--order", "3", "--ties", "random"], "seed"),
        (
            ["search", "DATA", "--order", "3", "--out", "no-folder/x.csv"],
            "there is no folder 'no-folder'; create it",
        ),
        (
            ["search", "DATA", "--order", "3", "--out", "x.xls"],
            "the suffix must be one of .parquet, .nc, .netcdf, .csv",
        ),
        (["measure", "DATA", "--multiplets", ";"], "--multiplets is empty: write sets as 0,1,2;3,4,5"),
        (
            ["measure", "DATA", "--multiplets", "0,9"],
            "--multiplets: there is no column 9; columns are numbered 0 to 5",
        ),
        (["measure", "DATA", "--multiplets", "0,1,0"], "--multiplets: 'LHip' named more than once"),
    ],
)
def test_wrong_input_is_one_line_without_a_traceback(run, data, arguments, message):
    status, out, err = run(*[data if a == "DATA" else a for a in arguments])
    assert (status, out) == (2, "")
    assert err.startswith("hoi: error: ") and message in err
    assert "Traceback" not in err


def test_a_bad_target_is_found_before_the_search(run, data, monkeypatch):
    monkeypatch.setattr(hoi, "search", lambda *_, **__: pytest.fail("searched"))
    assert run("search", data, "--order", 3, "--out", "x.xls")[0] == 2


def test_a_fault_of_hoi_is_status_1(run, data, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(hoi, "search", fail)
    status, _, err = run("search", data, "--order", 3)
    assert status == 1
    assert err == "hoi: error: ZeroDivisionError: oops (a fault of hoi; HOI_TRACEBACK=1 shows where)\n"
    monkeypatch.setenv("HOI_TRACEBACK", "1")
    assert "Traceback" in run("search", data, "--order", 3)[2]


@pytest.mark.parametrize(
    ("text", "shown"), [("", "hoi: interrupted\n"), ("at 5 %", "hoi: interrupted: at 5 %\n")]
)
def test_ctrl_c_is_status_130(run, data, monkeypatch, text, shown):
    def stop(*_, **__):
        raise KeyboardInterrupt(*([text] if text else []))

    monkeypatch.setattr(hoi, "search", stop)
    assert run("search", data, "--order", 3)[::2] == (130, shown)


def test_a_closed_pipe_is_no_error(data, tmp_path):
    # more than a pipe holds, and a reader that takes one line
    wide = tmp_path / "wide.npy"
    np.save(wide, np.random.default_rng(0).normal(size=(60, 18)))
    command = [sys.executable, "-m", "hoi", "search", str(wide), "--order", "4", "--n-best", "3000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"Multiplets")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


# -- the rest ----------------------------------------------------------------------------------


def test_version_and_help(run):
    assert run("--version") == (0, f"hoi {hoi.__version__}\n", "")
    for command in ([], ["search"], ["measure"], ["demo"], ["backends"]):
        status, out, err = run(*command, "--help")
        assert (status, err) == (0, "") and out.startswith("usage: hoi")


def test_backends(run):
    status, out, _ = run("backends")
    assert status == 0
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert lines == hoi.backends()
    assert lines["numpy"] == "available"


def test_python_m_hoi_reads_standard_input(data):
    command = [
        sys.executable,
        "-m",
        "hoi",
        "search",
        "-",
        "--order",
        "3",
        "--format",
        "csv",
        "--which",
        "lowest",
    ]
    with open(data, encoding="utf-8") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, check=True)
    assert rows_of(done.stdout)[0]["names"] == "LHip; LAmy; LPCC"
