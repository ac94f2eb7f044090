"""Text tables of every kind: read surely, or an error that names the readings; one smallest file for each fault."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from fuzz.tables import case

import hoi
from hoi import HoiError
from hoi._cli import main as cli
from hoi._cli.reading import read_table


def read(folder, text, **options):
    path = folder / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(str(path), **options)


AB = [[1.5, 2.0], [3.0, 4.5]]

READ = {
    "decimal comma": ("a;b\n1,5;2\n3;4,5\n", {}, AB, 'header on line 1; separator ";", decimal ","'),
    "decimal comma and tabs": ("a\tb\n1,5\t2\n3\t4,5\n", {}, AB, 'header on line 1; separator tab, decimal ","'),
    "decimal comma and blanks": ("a b\n1,5 2\n3 4,5\n", {}, AB, 'header on line 1; separator blank, decimal ","'),
    "decimal comma in quotes": ('a,b\n"1,5",2\n3,"4,5"\n', {}, AB, 'header on line 1; separator ",", decimal ","'),
    "bars": ("a|b\n1.5|2\n3|4.5\n", {}, AB, 'header on line 1; separator "|"'),
    "of Excel": ("sep=;\na;b\n1,5;2\n3;4,5\n", {}, AB, 'header on line 2; separator ";", decimal ","'),
    "comments": ("% by hand\na,b\n1.5,2\n# session 2\n3,4.5\n// end\n", {}, AB, 'header on line 2; separator ","'),
    "units": ("a,b\n(s),mV\n1.5,2\n3,4.5\n", {}, AB, 'header on line 1; separator ","'),
    "names in a comment": ("# a,b\n1.5,2\n3,4.5\n", {}, AB, 'header on line 1; separator ","'),
    "separator at the end": ("a,b\n1.5,2,\n3,4.5,\n", {}, AB, 'header on line 1; separator ","'),
    "thousands": ("a;b\n1,234.5;2\n3;4.5\n", {}, [[1234.5, 2], [3, 4.5]], 'separator ";", decimal ".", thousands ","'),
    "thousands in quotes": ('a,b\n"1,234.5",2\n3,4.5\n', {}, [[1234.5, 2], [3, 4.5]], 'decimal ".", thousands ","'),
    "German": ("a;b\n1.234,5;2\n3;4,5\n", {}, [[1234.5, 2], [3, 4.5]], 'separator ";", decimal ",", thousands "."'),
    "Swiss": ("a;b\n1'234.5;2\n3;4.5\n", {}, [[1234.5, 2], [3, 4.5]], 'decimal ".", thousands "\'"'),
    "French": ("a;b\n1\u202f234,5;2\n3;4,5\n", {}, [[1234.5, 2], [3, 4.5]], 'decimal ",", thousands " "'),
    "index with gaps": (",a,b\n3,1.5,2\n7,3,4.5\n", {}, AB, 'header on line 1; separator ","'),
    "index shuffled": (",a,b\n7,1.5,2\n3,3,4.5\n", {}, AB, 'header on line 1; separator ","'),
    "index of times": (",a,b\n0.004,1.5,2\n0.009,3,4.5\n", {}, AB, 'header on line 1; separator ","'),
    "index saved twice": ("Unnamed: 0,a,b\n0,1.5,2\n1,3,4.5\n", {}, AB, 'header on line 1; separator ","'),
    "two levels of index": (",,a,b\nx,1,1.5,2\nx,2,3,4.5\n", {}, AB, 'header on line 1; separator ","'),
    "labels without a name": ("a,b\ns1,1.5,2\ns2,3,4.5\n", {}, AB, 'header on line 1; separator ","'),
    "rows of R with gaps": ('"a" "b"\n"3" 1.5 2\n"7" 3 4.5\n', {}, AB, "header on line 1; separator blank"),
    "a name like a comment": ("\t#3\tb\n1\t1.5\t2\n2\t3\t4.5\n", {}, AB, "header on line 1; separator tab"),
    "Latin-1": ("ä,b\n1.5,2\n3,4.5\n".encode("latin-1"), {"encoding": "latin-1"}, AB, "encoding latin-1"),
    "UTF-16": ("a,b\n1.5,2\n3,4.5\n".encode("utf-16"), {}, AB, "encoding utf-16"),
    "old Mac": ("a,b\r1.5,2\r3,4.5\r", {}, AB, 'header on line 1; separator ","'),
    "years": ("2001,2002\n1.5,2\n3,4.5\n", {"header": "yes"}, AB, "header on line 1"),
    "header further down": ("by Ann\nfor Bob\na,b\n1.5,2\n3,4.5\n", {"header": "3"}, AB, "header on line 3"),
    "lines to leave out": ("a,b\n1.5,2\n9,9\n3,4.5\n", {"skip": "3"}, AB, "header on line 1"),
    "own word for a gap": ("a,b\n1.5,2\n-999,1\n3,4.5\n", {"na": "?,-999", "missing": "drop"}, AB, "header on line 1"),
    "own comment": ("; note\na,b\n1.5,2\n3,4.5\n", {"comment": ";"}, AB, "header on line 2"),
    "forced decimal comma": ("a;b\n1,500;2\n3;4,500\n", {"decimal": ","}, AB, 'decimal ","'),
    "forced thousands": ("a;b\n1,500;2\n3;4\n", {"thousands": ","}, [[1500, 2], [3, 4]], 'thousands ","'),
    "named index": ("t,a,b\n5,1.5,2\n4,3,4.5\n", {"index": "t"}, AB, "header on line 1"),
    "text left out": ("a,who,b\n1.5,Ann,2\n3,Bob,4.5\n", {"numeric_only": True}, AB, "header on line 1"),
    "exponents": ("a,b\n15e-1,2\n+3.,.45E1\n", {}, AB, "header on line 1"),
}


@pytest.mark.parametrize("case", READ)
def test_read_surely(tmp_path, case):
    text, options, right, said = READ[case]
    found, notes, _ = read(tmp_path, text, **options)
    assert found.to_numpy().tolist() == right
    assert notes[0].startswith(f"read {tmp_path / 'data.csv'}: ") and said in notes[0]
    if "latin" not in said:
        names = {"years": ["2001", "2002"], "a name like a comment": ["#3", "b"]}
        assert list(found.columns) == names.get(case, ["a", "b"])


ASKED = {
    "numeric header": ("1,2,3\n.5,.7,.6\n.1,.9,.2\n", r"line 1 is 1, 2, 3, so it may be names or a sample: say --he"),
    "years": ("2001,2002,2003\n5,7,6\n1,9,2\n", r"line 1 is 2001, 2002, 2003, .* --header yes or --header no"),
    "counts": ("0,1,2\n5,7,6\n1,9,2\n", r"line 1 is 0, 1, 2, so it may be names or a sample"),
    "electrodes": ("3,7,12\n.5,.7,.6\n.1,.9,.2\n", r"line 1 is 3, 7, 12, so it may be names or a sample"),
    "a gap in the first line": ("?,2.5,3.5\n5,7,6\n1,9,2\n", r"line 1 holds text \('\?'\) and numbers \('2\.5'\)"),
    "labels and no header": ("s0,2.5,3.5\ns1,7,6\ns2,9,2\n", r"line 1 holds text \('s0'\) and numbers \('2\.5'\)"),
    "thousands or decimals": ("a;b\n1,234;2\n987;3\n", r"'1,234' \(column 'a', row 1\) is 1\.234 with --decimal , -"),
    "points of thousands": ("a;b\n1.234;2\n987;3\n", r"is 1\.234 with --decimal \. --thousands no, or 1234 with --dec"),
    "a row of five under four": ("a,b,c\n1,5,2,3\n2,7,4,4\n", r"its rows have 4 cells and its header 3 names"),
    "decimal comma without quotes": ("a,b\n1,5,2\n1,7,4\n", r"its rows have 3 cells and its header 2 names.*unquoted"),
    "two columns or one": ("5,7\n1,9\n4,2\n", r"lines, such as '5,7', are numbers with a comma .* --decimal ,"),
    "blanks of thousands": ("5 700\n1 900\n4 200.5\n", r"numbers with a blank between .* semicolon --thousands ' '"),
    "names like a comment": ("#3;b\n;mV\n1;2\n3;5\n", r"the names may be on line 2 or on line 1, which begins like"),
    "one column": ("7\n1.5\n2.5\n", r"line 1 is 7, so it may be names or a sample"),
    "names behind a comment sign": ("#3 x\n1 5 6\n2 7 9\n3 1 4\n", r"line 1 may be a comment or the names of the col"),
    "labels, a blank in a name and an end": ("7\ta\tx 1\n1\t5\t2\t6\t\n2\t7\t3\t5\t\n", r"line 2 has 5, and 3 are"),
    "a name and an end": ("2001\t\n1\t-2.5\t\n2\t2.5\t\n", r"line 1 is 2001, , so it may be names or a sample"),
    "unnamed and repeated": (",a,b\n1,2,3\n1,4,5\n", r"its first column has no name.*--index 0 .* or --index no"),
    "unnamed measurements": (",a,b\n.5,2,3\n.1,4,5\n.3,1,1\n", r"its first column has no name, so it may be labels"),
    "two separators": ("1,234 567,8\n3,456 789,1\n", r"cuts its lines into . cells and .* say which with --sep"),
    "short row": ("a,b\n1,2\n3\n4,5\n", r"different numbers of cells \(line 3 has 1, and 2 are expected\)"),
    "long row": ("a,b\n1,2\n3,4,5\n4,5\n", r"different numbers of cells \(line 3 has 3, and 2 are expected\)"),
    "open quote": ('a,b\n1,"2\n3,4\n', r"the quotes of line 2 do not match \(unexpected end of data\)"),
    "quote in a cell": ('a,b\n1,"2"x\n3,4\n', r"the quotes of line 2 do not match"),
    "Excel under csv": (b"PK\x03\x04rest", r"it is a zip archive \(an Excel workbook\?\)"),
    "binary": (bytes(range(256)), r"it is binary, not text"),
    "UTF-16 without a mark": ("a,b\n1,2\n".encode("utf-16-le"), r"zero bytes, so it is binary or UTF-16; try -"),
    "git-lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", r"pointer of git-lfs .* git lfs pull"),
    "cut off gzip": (b"\x1f\x8b\x08\x00\x00", r"damaged or cut off gzip"),
    "comments only": ("# a\n# b\n", r"the file is empty"),
}


@pytest.mark.parametrize("case", ASKED)
def test_asked_where_it_cannot_be_told(tmp_path, case):
    text, message = ASKED[case]
    with pytest.raises(HoiError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"separator": "ab"}, "--separator 'ab': give one sign, or comma"),
        ({"header": "0"}, "--header '0': auto, yes, no or the number of a line"),
        ({"header": "9"}, "--header 9: line 9 of .* holds nothing"),
        ({"decimal": ";"}, "--decimal ';': a point or a comma"),
        ({"thousands": "x"}, "--thousands 'x': no, or one of"),
        ({"decimal": ",", "thousands": ","}, "--thousands and --decimal are both ',': they must differ"),
        ({"skip": "a"}, "--skip: 'a' is no line"),
        ({"comment": ""}, "--comment is empty"),
        ({"encoding": "klingon"}, "--encoding klingon: there is no such encoding"),
        ({"index": "a,b"}, "no columns are left: --index names all of them"),
        ({"index": "q"}, "--index: there is no column 'q'"),
    ],
)
def test_wrong_options(tmp_path, options, message):
    with pytest.raises(HoiError, match=message):
        read(tmp_path, "a,b\n1,2\n3,5\n", **options)


def test_options_of_text_are_for_text(tmp_path):
    np.save(tmp_path / "x.npy", np.eye(3))
    with pytest.raises(HoiError, match=r"--header, --na: for files of text only, and .* is none"):
        read_table(str(tmp_path / "x.npy"), header="yes", na="?")


def test_a_cell_longer_than_the_reader_of_csv_takes(tmp_path):
    long = "x" * 200_000
    found, _, _ = read(tmp_path, f"{long},b\n1,2\n3,5\n")
    assert list(found.columns) == [long, "b"]


def test_every_number_to_the_last_bit(tmp_path):
    X = np.random.default_rng(0).normal(size=(200, 3)) * 10.0 ** np.arange(-9, 9, 6)
    for decimal, separator in ((".", ","), (",", ";"), (",", "\t")):
        lines = [separator.join(repr(float(v)).replace(".", decimal) for v in row) for row in X]
        assert np.array_equal(read(tmp_path, "a" + separator + "b" + separator + "c\n" + "\n".join(lines)).values, X)


def test_a_column_that_does_not_fit_is_text_and_no_other_number(tmp_path):
    with pytest.raises(HoiError, match=r"columns that are not numbers: 'b' \(row 1: '1\.5'\)"):
        read(tmp_path, "a;b\n1,5;1.5\n2,5;2.5\n", decimal=",")


def test_numbers_that_are_names_are_said_by_position(tmp_path):
    text = "2,0,1\n1.5,2,7\n3,4.5,9\n"
    with pytest.raises(HoiError, match="--drop: 0 is the name of column number 1, and number 0 is '2': write @1 or @0"):
        read(tmp_path, text, header="yes", drop="0")
    assert list(read(tmp_path, text, header="yes", drop="@0").values.columns) == ["0", "1"]
    assert list(read(tmp_path, text, header="yes", columns="@0,@2").values.columns) == ["2", "1"]


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    with pytest.raises(HoiError) as caught:
        read(tmp_path, "a,b,who,one\n1,,Ann,3\n2,5,Bob,3\n4,1,Cy,3\n")
    assert str(caught.value).partition("' has ")[2] == (
        "columns that are not numbers: 'who' (row 1: 'Ann'); missing or infinite values in 1 of 3 rows, in columns "
        "'b' (1); one value only in 'one' (a constant has no information to share). The way out: --drop who,one, and "
        "--missing drop for those rows, or --drop for those columns"
    )
    assert read(tmp_path, "a,b,who,one\n1,,Ann,3\n2,5,Bob,3\n4,1,Cy,3\n", drop="who,one", missing="drop").values.shape


def test_the_shifted_names_are_no_other_columns(tmp_path):
    """A separator at the end of each row once moved every name by one."""
    X = np.random.default_rng(3).normal(size=(60, 4))
    lines = [",".join(map(repr, row)) + "," for row in X.tolist()]
    found = read(tmp_path, "a,b,c,d\n" + "\n".join(lines) + "\n", columns="a,b,c").values
    assert hoi.oinfo(found) == hoi.oinfo(X[:, :3])


def test_show(tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text("a,who,b\n1.5,Ann,2\n3,Bob,\n4,Cy,7\n")
    assert cli.main(["show", str(path)]) == 0
    out, err = capsys.readouterr()
    assert err == f'hoi: read {path}: 3 rows, columns a, who, b; header on line 1; separator ","\n'
    assert out.splitlines() == [
        "3 samples of 3 columns",
        "",
        "number  name  values  lowest  highest  first",
        "0       a     3       1.5     4        1.5, 3, 4",
        "1       who   3       text    text     'Ann', 'Bob', 'Cy'",
        "2       b     2       2       7        2, nan, 7",
    ]
    np.save(tmp_path / "x.npy", np.zeros((2, 5, 3)))
    assert cli.main(["show", str(tmp_path / "x.npy")]) == 0
    assert capsys.readouterr().out == "2 data sets of 5 samples of 3 variables\n"


def test_standard_input_that_is_no_text_or_closed(monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("ä,b\n1,2\n".encode("latin-1"))))
    with pytest.raises(HoiError, match="cannot read 'standard input': its text is not UTF-8"):
        read_table("-")
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(HoiError, match="cannot read standard input: it is closed; pipe a table into hoi"):
        read_table("-")


def test_dialects_at_random():
    found = Counter(case(np.random.default_rng([0, number])) for number in range(200))
    assert set(found) == {None, "asked"} and found[None] > 120
