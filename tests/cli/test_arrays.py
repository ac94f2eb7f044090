"""Tables in files of arrays: npy, npz, mat and parquet."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from hoi import HoiError
from hoi._cli.reading import read_table

X = np.arange(8.0).reshape(4, 2) ** 2


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_npy(tmp_path):
    np.save(tmp_path / "x.npy", X.astype(np.float32))
    frame, _, _ = read_table(str(tmp_path / "x.npy"), columns="1")
    assert frame.to_numpy().tolist() == X[:, [1]].tolist() and list(frame.columns) == ["1"]


def test_several_data_sets(tmp_path):
    stack = np.stack([X, X + 1, X + 2])
    np.save(tmp_path / "x.npy", stack)
    assert np.array_equal(read_table(str(tmp_path / "x.npy"), columns="1,0").values, stack[:, :, ::-1])
    turned = read_table(str(tmp_path / "x.npy"), transpose=True).values
    assert np.array_equal(turned, stack.transpose(0, 2, 1))


@pytest.mark.parametrize("suffix", [".npz", ".mat"])
def test_files_of_several_arrays(tmp_path, suffix):
    from scipy.io import savemat

    def save(name, **arrays):
        path = tmp_path / f"{name}{suffix}"
        if suffix == ".npz":
            np.savez(path, **arrays)
        else:
            savemat(path, arrays)
        return str(path)

    # the only table is found among scalars and vectors
    assert np.array_equal(read_table(save("one", data=X, rate=np.array([[250.0]]))).values, X)
    both = save("both", rest=X, task=X + 1)
    assert np.array_equal(read_table(both, variable="task").values, X + 1)
    with pytest.raises(
        HoiError, match=r"holds several arrays: rest \(4, 2\), task \(4, 2\); name one with --variable"
    ):
        read_table(both)
    with pytest.raises(HoiError, match=r"has no array 'sleep'; it holds rest \(4, 2\), task \(4, 2\)"):
        read_table(both, variable="sleep")
    with pytest.raises(HoiError, match="holds no table of numbers"):
        read_table(save("none", rate=np.array([[250.0]])))


def test_arrays_that_are_no_tables(tmp_path):
    np.save(tmp_path / "c.npy", X + 1j)
    with pytest.raises(HoiError, match="its values are of type complex128, not real numbers"):
        read_table(str(tmp_path / "c.npy"))
    np.save(tmp_path / "v.npy", X[:, 0])
    with pytest.raises(
        HoiError, match=r"its shape is \(4,\); it must be \(samples, variables\), or \(data sets,"
    ):
        read_table(str(tmp_path / "v.npy"))
    np.save(tmp_path / "o.npy", np.array([[1, "a"]], dtype=object), allow_pickle=True)
    with pytest.raises(HoiError, match=r"not a \.npy file of numbers, or damaged \(Object arrays cannot be loaded"):
        read_table(str(tmp_path / "o.npy"))
    for name in ("bad.npy", "bad.npz", "bad.mat"):
        with pytest.raises(HoiError, match=r"cannot read .*bad"):
            read_table(write(tmp_path / name, "not what the suffix says, but some text\n" * 9))


def test_new_matlab_files(tmp_path, monkeypatch):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "new.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in (("rate", np.array([[250.0]])), ("EEG/data", X)):
            file.create_dataset(name, data=array.T).attrs["MATLAB_class"] = np.bytes_("double")
        file.create_dataset("EEG/setname", data=np.array([[70], [71]], "u2")).attrs["MATLAB_class"] = np.bytes_("char")
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file")
    assert np.array_equal(read_table(str(path)).values, X)
    assert np.array_equal(read_table(str(path), variable="EEG.data").values, X)
    with pytest.raises(HoiError, match=r"it holds EEG\.data \(4, 2\), EEG\.setname \(char\), rate \(1, 1\)"):
        read_table(str(path), variable="no")
    with pytest.raises(HoiError, match=r"'.*EEG\.setname': it is no array of numbers \(char\)"):
        read_table(str(path), variable="EEG.setname")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(HoiError, match=r"version 7\.3, which needs h5py: pip install 'hoi\[io\]'; .* '-v7'\)"):
        read_table(str(path))


def test_structs_and_sparse_matrices_of_matlab(tmp_path):
    from scipy.io import savemat
    from scipy.sparse import csc_array

    path = str(tmp_path / "x.mat")
    savemat(path, {"EEG": {"data": X.T, "nbchan": 2, "srate": 250.0, "chanlocs": [{"labels": "Fz"}], "setname": "a"}})
    with pytest.raises(HoiError, match=r"'EEG\.data' has shape \(2, 4\) and EEG\.nbchan is 2, .* say --transpose"):
        read_table(path)
    assert np.array_equal(read_table(path, transpose=True).values, X)
    assert np.array_equal(read_table(path, variable="EEG.data", transpose=True).values, X)
    savemat(path, {"S": csc_array(X)})
    assert np.array_equal(read_table(path).values, X)


def test_a_pickled_member_hides_no_other(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, X=X, meta=np.array([{"who": "me"}], dtype=object))
    assert np.array_equal(read_table(str(path)).values, X)
    with pytest.raises(HoiError, match=r"it is no array of numbers \(pickled objects, which are never loaded\)"):
        read_table(str(path), variable="meta")


def test_arrays_under_the_suffix_of_the_other(tmp_path):
    np.savez(tmp_path / "x.npz", X=X)
    (tmp_path / "x.npz").rename(tmp_path / "x.npy")
    with pytest.raises(HoiError, match=r"it is an npz file of several arrays; give it that suffix"):
        read_table(str(tmp_path / "x.npy"))
    np.save(tmp_path / "y.npy", X)
    (tmp_path / "y.npy").rename(tmp_path / "y.npz")
    with pytest.raises(HoiError, match=r"it is one array; give it the suffix \.npy"):
        read_table(str(tmp_path / "y.npz"))


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".mat", ".parquet", ".csv.gz"])
def test_damaged_files_are_an_error_or_the_same_table(tmp_path, suffix):
    import pandas as pd
    from scipy.io import savemat

    rng = np.random.default_rng(0)
    values = rng.normal(size=(30, 3))
    path = tmp_path / f"x{suffix}"
    if suffix == ".npy":
        np.save(path, values)
    elif suffix == ".npz":
        np.savez_compressed(path, X=values)
    elif suffix == ".mat":
        savemat(path, {"X": values}, do_compression=True)
    elif suffix == ".parquet":
        pytest.importorskip("pyarrow")
        pd.DataFrame(values, columns=list("abc")).to_parquet(path)
    else:
        pd.DataFrame(values, columns=list("abc")).to_csv(path, index=False)
    whole = path.read_bytes()
    for case in range(60):
        raw = bytearray(whole[: rng.integers(len(whole))] if case % 2 else whole)
        if not case % 2:
            raw[rng.integers(len(raw))] ^= 1 << rng.integers(8)
        path.write_bytes(raw)
        try:
            found = read_table(str(path)).values
        except HoiError:
            continue
        # npy and parquet as pandas writes it have no checksum: a flipped bit in a value is a value
        assert found.shape == (30, 3) and (suffix in (".npy", ".parquet") or np.array_equal(found, values))


def test_parquet(tmp_path):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    path = tmp_path / "x.parquet"
    pd.DataFrame(X, columns=["a", "b"], index=list("wxyz")).to_parquet(path)
    assert list(read_table(str(path)).values.columns) == ["a", "b"]
    pd.DataFrame({"a": pd.to_datetime(["2020-01-01"]), "b": [1.0]}).to_parquet(path)
    with pytest.raises(HoiError, match=r"columns that are not numbers: 'a' \(row 1: '2020-01-01"):
        read_table(str(path))
    pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": [1.0, 2.0, 4.0]}).to_parquet(path)
    assert read_table(str(path), missing="drop").values["a"].tolist() == [1.0, 3.0]
    path.write_bytes(b"no parquet")
    with pytest.raises(HoiError, match="not a parquet file"):
        read_table(str(path))


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    def refuse(path):
        raise ImportError("no engine")

    monkeypatch.setattr("pandas.read_parquet", refuse)
    with pytest.raises(HoiError, match=r"pyarrow is needed to read parquet .*: pip install 'hoi\[io\]'"):
        read_table(write(tmp_path / "x.parquet", "x"))
