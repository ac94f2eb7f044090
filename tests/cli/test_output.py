"""Faults of what is written to: pipes, full disks, closed streams, narrow encodings, names that are taken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape

from hoi import HoiError, Multiplets
from hoi._cli import main as cli
from hoi._cli.output import Console, Targets

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell and /dev/full are needed")


@pytest.fixture
def data(tmp_path):
    X = np.random.default_rng(0).normal(size=(40, 12))
    np.save(tmp_path / "x.npy", X)
    return tmp_path / "x.npy"


def shell(command, folder, **env):
    """Status and standard error of a command of a shell, with hoi on the path as `$HOI`."""
    hoi = f"{sys.executable} -m hoi"
    env = {**os.environ, "HOI": hoi, "PYTHONPATH": str(Path(cli.__file__).parents[2]), **env}
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=folder, env=env, capture_output=True, check=False,
        text=True, errors="replace",
    )
    return done.returncode, done.stdout, done.stderr


SEARCH = "$HOI search x.npy --order 3 --n-best 200 --backend numpy"


def rows(path):
    return len(path.read_text(encoding="utf-8").splitlines()) - 1


@pytest.mark.parametrize(
    ("redirection", "status", "said"),
    [
        ("| head -1", 0, "hoi: written to best.csv\n"),
        ("| true", 0, "hoi: written to best.csv\n"),
        ("> /dev/full", 1, "hoi: error: not all was written to standard output: No space left on device\n"),
        (">&-", 1, "hoi: error: not all was written to standard output: it is closed\n"),
    ],
)
def test_the_file_is_written_whatever_happens_to_the_output(data, tmp_path, redirection, status, said):
    if "/dev/full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    found = shell(f"{SEARCH} --out best.csv {redirection}", tmp_path)
    assert found[0] == status
    assert found[2].endswith(said) and "Traceback" not in found[2] and "ignored" not in found[2]
    assert rows(tmp_path / "best.csv") == 220


def test_a_closed_standard_error_loses_nothing(data, tmp_path):
    status, out, _ = shell(f"{SEARCH} --out best.csv 2>&- | wc -l", tmp_path)
    assert status == 0 and int(out) > 220 and rows(tmp_path / "best.csv") == 220
    assert shell("$HOI search no.npy --order 3 2>&-", tmp_path)[:2] == (2, "")
    assert shell("$HOI search no.npy --order 3 2>/dev/full >&-", tmp_path)[0] == 2
    assert shell("$HOI frobnicate 2>&- >&-", tmp_path)[0] == 2


def test_help_into_a_pipe_that_is_closed(tmp_path):
    assert shell("$HOI search --help | true", tmp_path)[::2] == (0, "")
    status, _, err = shell("$HOI --version > /dev/full", tmp_path)
    assert status == 1 and "No space left" in err


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
def test_letters_that_the_encoding_lacks(tmp_path, encoding):
    text = "α,b,c\n" + "".join(f"{a},{a * a % 7},{a * 3 % 5}\n" for a in range(20))
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    for command in ("measure x.csv", "measure x.csv --format csv")[: 2 if encoding == "cp1252" else 1]:
        out = tmp_path / "r.csv"
        status, printed, err = shell(f"$HOI {command} --out r.csv", tmp_path, PYTHONIOENCODING=encoding)
        assert status == 0, err
        assert "α" in out.read_text(encoding="utf-8")
        assert (r"\u03b1" in printed) == (encoding in ("cp1252", "ascii"))
        assert (f"standard output is {encoding} and cannot write" in err) == (encoding in ("cp1252", "ascii"))
        out.unlink()


def test_no_colour_and_no_progress_in_a_pipe(data, tmp_path):
    for command in ("search --help", "search x.npy --order 3 --backend numpy"):
        _, out, err = shell(f"$HOI {command}", tmp_path)
        assert "\x1b" not in out + err and "\r" not in out + err


# -- output is never its own input -----------------------------------------------------------------


def table(folder, name="mine.csv"):
    X = np.random.default_rng(1).normal(size=(30, 4))
    np.savetxt(folder / name, X, delimiter=",", header="a,b,c,d", comments="")
    return (folder / name).read_bytes()


@pytest.mark.parametrize(
    ("prepare", "out"),
    [
        ("", "mine.csv"),
        ("", "./mine.csv"),
        ("mkdir sub", "sub/../mine.csv"),
        ("ln -s mine.csv link.csv", "link.csv"),
        ("ln mine.csv hard.csv", "hard.csv"),
    ],
)
def test_output_is_never_its_own_input(tmp_path, monkeypatch, capsys, prepare, out):
    before = table(tmp_path)
    assert not prepare or subprocess.run(prepare.split(), cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    for source in ("mine.csv", str(tmp_path / "mine.csv")):
        assert cli.main(["measure", source, "--out", out]) == 2
        printed = capsys.readouterr()
        assert printed.out == "" and "would be overwritten: give another name" in printed.err
        assert (tmp_path / "mine.csv").read_bytes() == before


def test_standard_input_is_an_input_too(tmp_path):
    before = table(tmp_path)
    status, printed, err = shell("$HOI measure - --out mine.csv < mine.csv", tmp_path)
    assert (status, printed) == (2, "") and "is the file that is read (standard input)" in err
    assert (tmp_path / "mine.csv").read_bytes() == before


def test_reading_through_a_link_counts_too(tmp_path):
    before = table(tmp_path)
    (tmp_path / "link.csv").symlink_to("mine.csv")
    assert cli.main(["measure", str(tmp_path / "link.csv"), "--out", str(tmp_path / "mine.csv")]) == 2
    assert (tmp_path / "mine.csv").read_bytes() == before


def test_out_and_report_are_two_files(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "a.html").write_text("")
    (tmp_path / "a.csv").symlink_to(tmp_path / "a.html")
    with pytest.raises(HoiError, match="--out and --report are one file"):
        Targets(str(tmp_path / "a.csv"), str(tmp_path / "a.html"), "x.npy")


# -- said before the work --------------------------------------------------------------------------


def test_what_cannot_be_written_is_said_before_the_work(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 260 + ".csv")
    with pytest.raises(HoiError, match=r"--out: cannot write .*name too long; give another name"):
        Targets(str(long), None, "x.npy")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(HoiError, match="it is not a regular file"):
        Targets(str(tmp_path / "pipe.csv"), None, "x.npy")
    (tmp_path / "kept.csv").write_text("")
    with monkeypatch.context() as patch:
        patch.setattr("os.access", lambda *_, **__: False)
        with pytest.raises(HoiError, match="it is write-protected; give another name"):
            Targets(str(tmp_path / "kept.csv"), None, "x.npy")

    def refuse(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(HoiError, match=r"no file can be made in its folder \(Read-only file system\); give a name in"):
        Targets(str(tmp_path / "new.csv"), None, "x.npy")
    with pytest.raises(HoiError, match="the suffix must be one of"):
        Targets("", None, "x.npy")
    assert list(tmp_path.glob("*.part")) == []


def test_a_file_that_fails_at_the_end_keeps_neither_the_other_nor_the_table(tmp_path, monkeypatch, capsys):
    def fail(*_, **__):
        raise HoiError("cannot save to 'x.csv': No space left on device")

    found = Multiplets([[0, 1, 2]], tc=[1.0], dtc=[1.0], oinfo=[0.0], sinfo=[2.0], names=list("abc"))
    monkeypatch.setattr(Multiplets, "save", fail)
    with pytest.raises(HoiError, match="No space left"):
        Targets(str(tmp_path / "x.csv"), None, "x.npy").deliver(found, Console(), "the table\n")
    assert capsys.readouterr().out == "the table\n"
    monkeypatch.setattr(Multiplets, "save", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        Targets(str(tmp_path / "x.csv"), None, "x.npy").deliver(found, Console(), "the table\n")
    assert capsys.readouterr().out == "the table\n"


def test_too_little_memory_is_no_fault_of_hoi(tmp_path, monkeypatch, capsys):
    def fail(*_, **__):
        raise MemoryError("Unable to allocate 7 TiB")

    table(tmp_path)
    monkeypatch.setattr("hoi.measures", fail)
    assert cli.main(["measure", str(tmp_path / "mine.csv")]) == 1
    assert capsys.readouterr().err.endswith("hoi: error: not enough memory: Unable to allocate 7 TiB\n")


def test_a_report_names_its_source_and_the_warnings(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    rng = np.random.default_rng(0)
    table = rng.integers(0, 3, (60, 4)).astype(float)
    table[7, 2] = np.nan
    np.savetxt(tmp_path / "ties.csv", table, delimiter=",", header="a,b,c,d", comments="")
    page, rows = tmp_path / "page.html", tmp_path / "rows.parquet"
    command = ["search", str(tmp_path / "ties.csv"), "--order", "3", "--report", str(page), "--out", str(rows)]
    assert cli.main([*command, "--missing", "drop", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    settings = Multiplets.load(rows).settings
    assert settings["source"] == str(tmp_path / "ties.csv")
    (warning,) = settings["warnings"]
    text = page.read_text(encoding="utf-8")
    assert f"read from {settings['source']}" in text
    assert "1 row with missing values left out" in text
    assert "from 59 samples (1 sample with missing values left out)" in text
    assert f"<li>{escape(warning)}</li>" in text
