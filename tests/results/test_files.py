"""Files of results under every fault: what was there stays, what is there is whole, what is damaged says so."""

from __future__ import annotations

import csv
import errno
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from hoi import HoiError, Multiplets
from hoi._results import files, writing
from hoi._results.formats import FORMAT, checksum

pytest.importorskip("pyarrow")
pytest.importorskip("xarray")

SUFFIXES = (".parquet", ".nc")
FORMAT_1 = Path(__file__).parent / "format_1"


def example(oinfo=(-0.4, 1 / 3, 1.0), **more):
    fields = {
        "names": ["Hip L", "Größe", "脳", "a,b; c", ""],
        "dataset": [0, 3, 1],
        "extreme": ["lowest", "lowest", "highest"],
        "tc": [0.1, 1 / 3, 2.0],
        "oinfo": oinfo,
        "settings": {"measure": "oinfo", "order": [3, 4], "units": "bits", "note": '脳 "quoted"'},
    }
    return Multiplets([[0, 1, 2, -1], [1, 2, 3, 4], [0, 2, 4, -1]], **{**fields, **more})


def left(folder):
    return sorted(path.name for path in folder.iterdir())


# -- formats -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_format_1_is_read(suffix):
    found = Multiplets.load(FORMAT_1 / f"found{suffix}")
    assert found.columns == ("tc", "dtc", "oinfo", "sinfo")
    assert found.members == [(0, 1, 2), (1, 2, 3, 4), (0, 2, 4)]
    assert found.names == ("Hip L", "Größe", "脳", "a,b; c", "")
    assert found.tc.tolist() == [0.1, 1 / 3, 2.0] and found.dtc.tolist() == [0.5, 0.25, 1.0]
    assert found.oinfo.tolist() == [-0.4, 1 / 3 - 0.25, 1.0] and found.sinfo.tolist() == [0.6, 1 / 3 + 0.25, 3.0]
    assert found.dataset.tolist() == [0, 3, 1] and found.extreme.tolist() == ["lowest", "lowest", "highest"]
    assert found.settings["order"] == [3, 4] and found.settings["note"] == '脳 "quoted"' and found.units == "bits"


def rewritten(path, change):
    """The file with its stamp or its columns changed, as another program would write it."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        about = json.loads(table.schema.metadata[b"hoi"])
        table, about = change(table, about, lambda t, name: t.drop_columns([name]))
        pq.write_table(table.replace_schema_metadata({"hoi": json.dumps(about)}), path)
    else:
        import xarray

        found = xarray.load_dataset(path, engine="scipy")
        about = json.loads(found.attrs["hoi"])
        found, about = change(found, about, lambda d, name: d.drop_vars(name))
        found = found.assign_attrs(hoi=json.dumps(about), hoi_format=about["format"])
        found.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t, about, drop: (t, {**about, "format": 99}), "format 99, and this version of hoi reads 1 and 2"),
        (lambda t, about, drop: (drop(t, "tc"), about), "it lacks the column 'tc'"),
        (lambda t, about, drop: (drop(t, "members"), about), "it lacks the column 'members'"),
        (lambda t, about, drop: (t, {**about, "columns": ["oinfo"]}), "does not fit its checksum"),
        (lambda t, about, drop: (t, {**about, "columns": ["oinfo", "new"]}), "it lacks the column 'new'"),
        (lambda t, about, drop: (t, {**about, "settings": {}}), "does not fit its checksum"),
        (lambda t, about, drop: (drop(t, "dataset"), about), "does not fit its checksum"),
        (lambda t, about, drop: (t, {**about, "names": ["a"]}), "indices of Multiplets run from -1 to 4"),
        (lambda t, about, drop: (t, {"format": FORMAT}), "damaged .KeyError"),
    ],
)
def test_a_file_that_was_changed_says_so(suffix, change, said, tmp_path):
    path = rewritten(example().save(tmp_path / f"found{suffix}"), change)
    with pytest.raises(HoiError, match=said) as error:
        Multiplets.load(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_flipped_bit_is_never_loaded_as_something_else(suffix, tmp_path):
    found = example()
    content = found.save(tmp_path / f"found{suffix}").read_bytes()
    rng, refused = np.random.default_rng(1), 0
    for place in rng.choice(len(content) * 8, 250, replace=False).tolist():
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        path = tmp_path / f"flipped{suffix}"
        path.write_bytes(flipped)
        try:
            again = Multiplets.load(path)
        except HoiError as error:
            refused += 1
            assert str(path) in str(error), place
        else:
            assert checksum(again) == checksum(found), place
    assert refused > 25


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_cut_file_is_refused(suffix, tmp_path):
    content = example().save(tmp_path / f"found{suffix}").read_bytes()
    path = tmp_path / f"cut{suffix}"
    for length in (0, 1, 8, len(content) // 3, len(content) - 9):
        path.write_bytes(content[:length])
        with pytest.raises(HoiError, match=r"cannot load .*cut"):
            Multiplets.load(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("names", [["a\0", "b\0\0"], ["\0", ""], [" ", "\n"]])
def test_names_are_kept_to_the_last_character(suffix, names, tmp_path):
    found = Multiplets([[0, 1]], names, oinfo=[0.5])
    assert Multiplets.load(found.save(tmp_path / f"found{suffix}")).names == tuple(names)


def test_a_name_that_no_file_can_hold(tmp_path):
    for suffix in files.SUFFIXES:
        with pytest.raises(HoiError, match=r"the name 'a\\udc80' holds half a character"):
            Multiplets([[0, 1]], ["a\udc80", "b"], oinfo=[0.5]).save(tmp_path / f"found{suffix}")
    assert left(tmp_path) == []


def test_names_of_a_csv_file_can_be_taken_apart(tmp_path):
    names = ["a; b", 'say "so"', "", " c ", "plain, with comma", "Größe 脳", "two\nlines"]
    found = Multiplets([range(7)], names, oinfo=[0.5])
    path = found.save(tmp_path / "found.csv")
    with open(path, newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    (again,) = csv.reader([row["names"]], delimiter=";", skipinitialspace=True)
    assert again == names


# -- complete or nothing -------------------------------------------------------------------------

ALL = [*files.SUFFIXES, ".html"]


def put(found, path):
    if path.suffix == ".html":
        pytest.importorskip("matplotlib")
        return found.report(path)
    return found.save(path)


@pytest.mark.skipif(os.name != "posix", reason="modes and links are those of POSIX")
@pytest.mark.parametrize("suffix", ALL)
def test_mode_and_link_stay(suffix, tmp_path):
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / f"real{suffix}", tmp_path / f"link{suffix}"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(Path("there") / real.name)
    put(example(), link)
    assert link.is_symlink() and not real.is_symlink()
    assert real.stat().st_size > 10 and stat.S_IMODE(real.stat().st_mode) == 0o640
    assert left(tmp_path) == sorted(["there", link.name]) and left(tmp_path / "there") == [real.name]


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_new_file_has_the_mode_that_the_user_s_mask_gives(tmp_path):
    old = os.umask(0o027)
    try:
        assert stat.S_IMODE(example().save(tmp_path / "found.csv").stat().st_mode) == 0o640
    finally:
        os.umask(old)


def test_a_name_as_long_as_names_can_be(tmp_path):
    for suffix in ALL:
        name = "n" * (249 - len(suffix)) + suffix
        assert put(example(), tmp_path / name).name == name
    with pytest.raises(HoiError, match=r"cannot save to .*too long"):
        example().save(tmp_path / ("n" * 300 + ".csv"))
    with pytest.raises(HoiError, match=r"cannot save to .*null"):
        example().save(str(tmp_path / "a\0b.csv"))
    with pytest.raises(HoiError, match="there is no such file"):
        Multiplets.load(tmp_path / ("n" * 300 + ".nc"))
    assert len(left(tmp_path)) == len(ALL)


@pytest.mark.skipif(os.name != "posix", reason="pipes are those of POSIX")
def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(HoiError, match="it is not a regular file"):
        example().save(tmp_path / "pipe.csv")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EPIPE, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_an_error_of_the_disk_leaves_what_was_there(number, where, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    suffixes = ALL if number == errno.ENOSPC else files.SUFFIXES
    for suffix in suffixes:
        path = tmp_path / f"found{suffix}"
        path.write_text("old")
        with monkeypatch.context() as patch:
            patch.setattr(*((writing.os, "fsync") if where == "fsync" else (writing.Path, "replace")), fail)
            with pytest.raises(HoiError, match=f"cannot save to .*found.*{os.strerror(number)}"):
                put(example(), path)
        assert path.read_text() == "old"
    assert len(left(tmp_path)) == len(suffixes)


def test_no_room_while_it_is_written(tmp_path):
    """A limit on the size of files stands for a full disk: the writers of other libraries meet it too."""
    resource = pytest.importorskip("resource")
    assert resource.RLIMIT_FSIZE is not None
    for suffix in files.SUFFIXES:
        (tmp_path / f"found{suffix}").write_text("old")
    program = (
        "import resource, sys, numpy as np, hoi\n"
        "import pyarrow.parquet, xarray, scipy.io\n"
        "n = 20_000\n"
        "found = hoi.Multiplets(np.tile([0, 1], (n, 1)), 'ab', oinfo=np.random.default_rng(0).normal(size=n))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        found.save(path)\n"
        "    except hoi.HoiError as error:\n"
        "        print(error)\n"
    )
    paths = [str(tmp_path / f"found{suffix}") for suffix in files.SUFFIXES]
    done = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.startswith("cannot save to") for line in done.stdout.splitlines()] == [True] * len(paths)
    assert [Path(path).read_text() for path in paths] == ["old"] * len(paths)
    assert left(tmp_path) == sorted(Path(path).name for path in paths)


def test_an_interrupt_leaves_no_draft(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "_write_csv", stop)
    with pytest.raises(KeyboardInterrupt):
        example().save(tmp_path / "found.csv")
    assert left(tmp_path) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_threads_that_save_to_one_path_never_tear_it(suffix, tmp_path):
    path, faults, stop = tmp_path / f"found{suffix}", [], threading.Event()
    versions = [example(oinfo=[float(i)] * 3) for i in range(3)]
    sums = {checksum(found) for found in versions}
    versions[0].save(path)

    def write(found):
        for _ in range(15):
            try:
                found.save(path)
            except Exception as error:
                faults.append(error)

    def read():
        while not stop.is_set():
            try:
                if checksum(Multiplets.load(path)) not in sums:
                    faults.append("torn")
            except Exception as error:
                faults.append(error)

    reader, writers = threading.Thread(target=read), [threading.Thread(target=write, args=(f,)) for f in versions]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert faults == []
    assert left(tmp_path) == [path.name]
