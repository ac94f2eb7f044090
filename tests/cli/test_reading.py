"""Files to tables: separators, headers, row labels, missing values, and what is said about them."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest

from hoi import HoiError
from hoi._cli.reading import choose, read_table

NAMES = ["LHip", "LAmy", "a,b", "3", "x:y", "LPCC"]


def write(folder, text, name="data.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


def read(folder, text, name="data.csv", **options):
    return read_table(write(folder, text, name), **options)


# -- columns by name and number ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("LHip,LPCC", [0, 5]),
        (" LHip , 1 ", [0, 1]),
        ("3", [3]),  # a name wins over a number
        ("0,4", [0, 4]),
        ("0:2", [0, 1, 2]),
        ("LAmy:3", [1, 2, 3]),
        (":1", [0, 1]),
        ("4:", [4, 5]),
        ("x:y", [4]),
        ('"a,b",LHip', [2, 0]),
    ],
)
def test_columns(text, positions):
    assert choose(text, NAMES) == positions


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lhip", "--columns: there is no column 'lhip'; did you mean 'LHip'?"),
        (
            "nose",
            "--columns: there is no column 'nose'; the columns are 'LHip', 'LAmy', 'a,b', '3', 'x:y', 'LPCC'",
        ),
        ("6", "--columns: there is no column 6; columns are numbered 0 to 5"),
        ("-1", "--columns: there is no column -1; columns are numbered 0 to 5"),
        ("2:1", "--columns: '2:1' runs backwards; write 1:2"),
        ("0,LHip", "--columns: 'LHip' named more than once"),
        ("", "--columns is empty: name at least one column"),
    ],
)
def test_wrong_columns(text, message):
    with pytest.raises(HoiError) as caught:
        choose(text, NAMES)
    assert str(caught.value) == message


# -- text --------------------------------------------------------------------------------------

TABLES = {
    "comma": ("a,b\n1,2\n3,4.5\n", "t.csv"),
    "comma and blanks": ("a, b\n1, 2\n3, 4.5\n", "t.csv"),
    "semicolon": ("a;b\n1;2\n3;4.5\n", "t.csv"),
    "decimal comma": ("a;b\n1;2\n3;4,5\n", "t.csv"),
    "tabulator": ("a\tb\n1\t2\n3\t4.5\n", "t.tsv"),
    "tabulator in csv": ("a\tb\n1\t2\n3\t4.5\n", "t.csv"),
    "blanks": ("a b\n 1   2\n 3  4.5\n", "t.txt"),
    "quotes": ('"a","b"\n"1","2"\n3,4.5\n', "t.csv"),
    "windows": ("\ufeffa,b\r\n1,2\r\n3,4.5\r\n", "t.csv"),
    "blank lines": ("\na,b\n\n1,2\n3,4.5\n\n", "t.csv"),
    "comments": ("# by hand\n# twice\na,b\n1,2\n3,4.5\n", "t.csv"),
    "row numbers": (",a,b\n0,1,2\n1,3,4.5\n", "t.csv"),
    "row numbers from 1": ('"",a,b\n1,1,2\n2,3,4.5\n', "t.csv"),
    "row labels": (",a,b\nfirst,1,2\nsecond,3,4.5\n", "t.csv"),
    "row labels of R": ('"a" "b"\n"1" 1 2\n"2" 3 4.5\n', "t.txt"),
    "comma at the end": ("a,b,\n1,2,\n3,4.5,\n", "t.csv"),
}


INDEX = "left out the first column: no name, and labels of the rows (columns are numbered without)"


@pytest.mark.parametrize("case", TABLES)
def test_text_of_many_kinds(tmp_path, case):
    frame, _, _ = read(tmp_path, *TABLES[case])
    assert list(frame.columns) == ["a", "b"]
    assert frame.to_numpy().tolist() == [[1.0, 2.0], [3.0, 4.5]]
    assert set(frame.dtypes) == {np.dtype(float)}


@pytest.mark.parametrize(
    ("case", "note"),
    [
        ("row numbers", INDEX),
        ("row labels", INDEX),
        ("row labels of R", INDEX),
        ("comma at the end", "left out an empty last column without a name"),
        ("comments", "left out as comments: 2 lines, the first one 1"),
        ("comma", None),
    ],
)
def test_what_is_left_out_is_said(tmp_path, case, note):
    assert read(tmp_path, *TABLES[case]).notes[1:] == ([note] if note else [])


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("1.5,2\n3,4.5\n", ["0", "1"], 2),
        (",0,1\n0,3,4.5\n1,5,6.5\n", ["0", "1"], 2),  # as pandas writes a header with an index
        ("0,1,2,3,4\n.1,.2,.3,.4,.5\n.3,.4,.1,.2,.7\n", list("01234"), 2),
        ('"1","2"\n1,5\n3,4\n', ["1", "2"], 2),
        ("time,1,2,3\n0.1,5,6,7\n0.3,4,5,6\n", ["time", "1", "2", "3"], 2),
        ("7,2,4\n1,0,4\n0,1,5\n", ["0", "1", "2"], 3),  # whole numbers: data
        ("7,2,NA\n3,4,1\n5,6,2\n", ["0", "1", "2"], 2),
    ],
)
def test_a_header_is_recognised(tmp_path, text, names, rows):
    frame, _, _ = read(tmp_path, text, missing="drop")
    assert list(frame.columns) == names
    assert len(frame) == rows


def test_the_header_can_be_said(tmp_path):
    assert list(read(tmp_path, "2020,2021\n1,2\n3,4\n", header="yes").values.columns) == ["2020", "2021"]
    assert len(read(tmp_path, "0,1\n3.5,4\n5,6\n", header="no").values) == 3


def test_a_named_column_that_counts_rows_is_kept_and_remarked(tmp_path):
    text = "time,a\n0,5.0\n1,2.0\n2,4.0\n"
    frame, notes, _ = read(tmp_path, text)
    assert list(frame.columns) == ["time", "a"]
    assert notes[1:] == ["column 'time' counts the rows; if it is not data, leave it out with --drop time"]
    assert read(tmp_path, text, drop="time").notes[1:] == []
    assert read(tmp_path, text, columns="time,a").notes[1:] == []
    steps = "a,t\n5,0.004\n2,0.008\n4,0.012\n"
    assert "column 't' goes in steps of 0.004" in read(tmp_path, steps).notes[1]
    rising = "id,a\n" + "".join(f"{i * i},{i * 7 % 5}\n" for i in range(12))
    assert "column 'id' rises from row to row" in read(tmp_path, rising).notes[1]


def test_gzip_and_standard_input(tmp_path, monkeypatch):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n3,4.5\n"))
    assert read_table(str(path)).values.loc[1, "b"] == 4.5
    for raw in (b"a,b\n1,2\n3,4.5\n", b"\xef\xbb\xbfa,b\n1,2\n3,4.5\n", path.read_bytes()):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        frame = read_table("-").values
        assert list(frame.columns) == ["a", "b"] and frame.loc[1, "b"] == 4.5


def test_columns_and_drop(tmp_path):
    text = "a,b,who\n1,2,x\n3,4,y\n"
    assert list(read(tmp_path, text, columns="b,a").values.columns) == ["b", "a"]
    assert list(read(tmp_path, text, drop="who").values.columns) == ["a", "b"]
    with pytest.raises(HoiError, match="no columns are left: --drop names all of them"):
        read(tmp_path, text, drop=":")
    with pytest.raises(HoiError, match="--drop: there is no column 'c'"):
        read(tmp_path, text, drop="c")


def test_rows_as_variables(tmp_path):
    wide = "1.5,2,3\n4,5,7\n"
    frame, _, _ = read(tmp_path, wide, transpose=True)
    assert frame.to_numpy().tolist() == [[1.5, 4], [2, 5], [3, 7]] and list(frame.columns) == ["0", "1"]
    assert read(tmp_path, wide).notes[1:] == ["2 samples of 3 variables; if rows are variables, use --transpose"]


MISSING = "a,b,c\n1,2,3\nNA,5,\n7,inf,9\n10,11,12\n"


def test_missing_values_are_named_and_counted(tmp_path):
    with pytest.raises(HoiError) as caught:
        read(tmp_path, MISSING)
    assert (
        "has missing or infinite values in 2 of 4 rows, in columns 'a' (1), 'b' (1), 'c' (1). "
        "The way out: --missing drop for those rows, or --drop for those columns"
    ) in str(caught.value)


def test_rows_with_missing_values_can_be_dropped(tmp_path):
    frame, notes, _ = read(tmp_path, MISSING, missing="drop")
    assert frame["a"].tolist() == [1.0, 10.0]
    assert notes[1] == "left out 2 of 4 rows with missing or infinite values, in 'a' (1), 'b' (1), 'c' (1)"
    with pytest.raises(HoiError, match=r"no row without missing values, .* 'b' \(2\)\. .*: --drop b or another"):
        read(tmp_path, "a,b\n1,\n2,\n", missing="drop")


def test_constant_columns_are_named_with_the_way_out(tmp_path):
    with pytest.raises(HoiError, match=r"has one value only in 'b', 'd' \(a constant .* --drop b,d$"):
        read(tmp_path, "a,b,c,d\n1,2,3,0\n4,2,5,0\n6,2,4,0\n")
    assert list(read(tmp_path, "a,b,c\n1,2,3\n4,2,5\n6,2,4\n", drop="b").values.columns) == ["a", "c"]
    many = ",".join(f"c{i}" for i in range(10))
    with pytest.raises(HoiError, match=r"'c7' and 2 more columns .* --drop c0,c1,.*,c9$"):
        read(tmp_path, f"{many},a\n" + "".join("1," * 10 + f"{i}\n" for i in range(3)))


def test_text_in_columns_is_named_and_shown(tmp_path):
    with pytest.raises(HoiError) as caught:
        read(tmp_path, "a,who,b\n1,Ann,2\n3,Bob,?\n5,Cy,6\n")
    assert (
        "has columns that are not numbers: 'who' (row 1: 'Ann'); 'b' (row 2: '?'). "
        "The way out: --drop who,b (or --numeric-only)"
    ) in str(caught.value)


def test_lines_above_the_header_are_suspected_where_no_column_is_of_numbers(tmp_path):
    table = "exported 2024,\nA,B\n1,2\n3,4\n"
    with pytest.raises(HoiError, match=r"lines 1 and 2 both hold no numbers, .*: say --header 2, or --skip 2 if"):
        read(tmp_path, table)
    with pytest.raises(HoiError, match=r"Not one holds numbers only: if lines .* header, say --header N"):
        read(tmp_path, "x,y\n1,a\nb,c\n2,d\n")
    assert read(tmp_path, table, header="2").values["B"].tolist() == [2.0, 4.0]
    assert read(tmp_path, table, skip="1").values["B"].tolist() == [2.0, 4.0]
    assert read(tmp_path, "#" + table).values["B"].tolist() == [2.0, 4.0]


def test_true_and_false_are_numbers(tmp_path):
    assert read(tmp_path, "a,b\nTrue,1\nFalse,2\n").values["a"].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("a,b\n", "it has a header and no rows"),
        ("a,a\n1,2\n", "the header names 'a' more than once; rename the columns, or use --header no"),
        ("a,b\n1,2\n1,2,3\n", r"its rows have different numbers of cells \(.*\); mend the file"),
    ],
)
def test_text_that_is_no_table(tmp_path, text, message):
    with pytest.raises(HoiError, match=message):
        read(tmp_path, text)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(HoiError, match=r"cannot read '.*no\.csv': there is no such file"):
        read_table(str(tmp_path / "no.csv"))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(HoiError, match="it is a folder"):
        read_table(str(tmp_path / "folder.csv"))
    with pytest.raises(HoiError, match="it is a folder"):
        read_table(str(tmp_path))
    suffixes = r"the suffix must be one of \.csv, \.tsv, \.txt, \.dat, \.npy, \.npz, \.par.*after one of text"
    with pytest.raises(HoiError, match=suffixes + "$"):
        read_table(write(tmp_path, "x", "data.json"))
    with pytest.raises(HoiError, match=suffixes + r"\. Save the sheet as csv$"):
        read_table(write(tmp_path, "x", "data.xlsx"))
    (tmp_path / "latin.csv").write_bytes("größe,b\n1,2\n".encode("latin-1"))
    with pytest.raises(HoiError, match=r"its text is not UTF-8\. Line 1 has 'größe,b' in cp1252, .* --encoding"):
        read_table(str(tmp_path / "latin.csv"))
    with pytest.raises(HoiError, match="--variable chooses an array of an npz or mat file"):
        read(tmp_path, "a,b\n1,2\n", variable="x")
