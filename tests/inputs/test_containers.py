"""Every container of data that hoi accepts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from messages import message, says

import hoi
from hoi._inputs import checks

TABLE = np.array([[1, 2, 0], [0, 5, 1], [1, 3, 1], [0, 4, 0]])
NAMES = ("left", "right", "mid")


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u1", "i2", "u4", "i8", "u8", "f2", "f4", "f8", "g", ">f4", ">i8"]
)
def test_numpy_of_every_real_type(dtype):
    data = checks.check_data((TABLE % 2 if dtype == "?" else TABLE).astype(dtype))
    assert data.values.dtype == np.float64
    assert data.values.shape == (1, 4, 3)
    assert data.names == ("0", "1", "2")
    assert data.stacked is False
    np.testing.assert_array_equal(data.values[0], TABLE % 2 if dtype == "?" else TABLE)


@pytest.mark.parametrize("array", [TABLE.astype(float), np.asfortranarray(TABLE, float), TABLE[::-1, ::-1]])
def test_every_memory_layout(array):
    data = checks.check_data(array)
    assert data.values.flags.c_contiguous
    np.testing.assert_array_equal(data.values[0], array)


def test_the_input_is_not_changed():
    array = TABLE.astype(float)
    array.setflags(write=False)
    checks.check_data(array)
    np.testing.assert_array_equal(array, TABLE)


def test_stack_of_tables():
    data = checks.check_data(np.stack([TABLE, TABLE + 1, TABLE * 2]))
    assert data.values.shape == (3, 4, 3)
    assert data.stacked is True


@pytest.mark.parametrize(
    "given", [TABLE.tolist(), tuple(map(tuple, TABLE)), list(TABLE), [list(r) for r in TABLE]]
)
def test_nested_lists(given):
    data = checks.check_data(given)
    np.testing.assert_array_equal(data.values[0], TABLE)
    assert not data.stacked


def test_nested_lists_of_three_levels():
    assert checks.check_data([TABLE.tolist(), TABLE.tolist()]).values.shape == (2, 4, 3)


def test_masked_array_and_matrix_without_gaps():
    masked = np.ma.masked_array(TABLE.astype(float), mask=False)
    assert type(checks.check_data(masked).values) is np.ndarray
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix(TABLE)
    assert type(checks.check_data(matrix).values) is np.ndarray


def test_pandas_keeps_names():
    data = checks.check_data(pd.DataFrame(TABLE, columns=NAMES))
    assert data.names == NAMES
    np.testing.assert_array_equal(data.values[0], TABLE)


def test_pandas_names_become_text():
    assert checks.check_data(pd.DataFrame(TABLE, columns=[10, 2.5, ("a", 1)])).names == (
        "10",
        "2.5",
        "('a', 1)",
    )


def test_pandas_mixed_and_nullable_columns():
    frame = pd.DataFrame(
        {
            "flag": [True, False, True, False],
            "count": pd.array([1, 2, 3, 4], dtype="Int64"),
            "ok": pd.array([True, True, False, True], dtype="boolean"),
            "small": np.array([1, 2, 3, 5], dtype=np.int8),
            "x": [0.5, 1.5, 2.5, 0.0],
        }
    )
    data = checks.check_data(frame)
    assert data.names == tuple(frame.columns)
    np.testing.assert_array_equal(data.values[0][0], [1, 1, 1, 1, 0.5])


def test_pandas_arrow_columns():
    pytest.importorskip("pyarrow")
    kinds = {"a": "int64[pyarrow]", "b": "double[pyarrow]"}
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 0.1, 0.2]}).astype(kinds)
    np.testing.assert_array_equal(checks.check_data(frame).values[0], [[1, 0.5], [2, 0.1], [3, 0.2]])


def test_list_of_dataframes_is_a_stack():
    frame = pd.DataFrame(TABLE, columns=NAMES)
    data = checks.check_data([frame, frame + 1])
    assert data.stacked
    assert data.names == NAMES
    np.testing.assert_array_equal(data.values[1], TABLE + 1)


class Polarslike:
    """What polars offers of a DataFrame: columns, dtypes of its own, columns by name, conversion to numpy."""

    def __init__(self, **columns: list[Any]) -> None:
        self.data = columns
        self.columns = list(columns)
        self.shape = (len(next(iter(columns.values()))), len(columns))

    def to_numpy(self) -> np.ndarray:
        return np.array(list(zip(*self.data.values(), strict=True)), dtype=object)

    def __getitem__(self, name: str) -> Any:
        return PolarsColumn(self.data[name])


class PolarsColumn(NamedTuple):
    values: list[Any]

    @property
    def dtype(self) -> str:
        kinds = {bool: "Boolean", str: "String"}
        return kinds.get(type(self.values[0]), "Int64")

    def to_numpy(self) -> np.ndarray:
        return np.array(self.values, dtype=object if None in self.values or self.dtype == "String" else None)


def test_duck_typed_dataframe():
    data = checks.check_data(Polarslike(a=[1, 2, 4], b=[True, False, True]))
    assert data.names == ("a", "b")
    np.testing.assert_array_equal(data.values[0], [[1, 1], [2, 0], [4, 1]])
    says(message(checks.check_data, Polarslike(a=[1, 2, 4], b=[True, None, True])), "1 NaN", "column 'b'")
    says(message(checks.check_data, Polarslike(a=[1, 2, 4], s=["x", "y", "z"])), "'s' (String)")


def test_polars():
    polars = pytest.importorskip("polars")
    data = checks.check_data(
        polars.DataFrame({"a": [1, 2, 4], "b": [True, False, True], "c": [0.5, 1.0, 2.0]})
    )
    assert data.names == ("a", "b", "c")
    np.testing.assert_array_equal(data.values[0], [[1, 1, 0.5], [2, 0, 1.0], [4, 1, 2.0]])
    says(message(checks.check_data, polars.DataFrame({"a": [1, None, 4]})), "1 NaN", "'a'")
    says(message(checks.check_data, polars.DataFrame({"a": [1, 2, 4], "s": ["x", "y", "z"]})), "'s' (String)")


def test_what_is_not_computed_yet():
    polars = pytest.importorskip("polars")
    lazy = polars.DataFrame({"a": [1, 2, 4]}).lazy()
    says(message(checks.check_data, lazy), "X is a LazyFrame", "use X.collect()")


def test_pyarrow_tables_keep_names():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"a": [1, 2, 4], "b": [0.5, 0.1, 0.2]})
    data = checks.check_data(table)
    assert data.names == ("a", "b")
    np.testing.assert_array_equal(data.values[0], [[1, 0.5], [2, 0.1], [4, 0.2]])
    assert checks.check_data([table, table]).values.shape == (2, 3, 2)


class Channels(NamedTuple):
    """What MNE offers of a Raw, an Evoked or Epochs."""

    values: Any
    ch_names: list[str]
    times: Any

    def get_data(self) -> Any:
        return self.values


class WithFrequencies(Channels):
    """What MNE offers of a time-frequency average."""

    freqs = np.arange(3)


def test_channels_are_variables_and_times_are_samples():
    data = checks.check_data(Channels(TABLE.T, list(NAMES), np.arange(4)))
    assert (data.names, data.stacked) == (NAMES, False)
    np.testing.assert_array_equal(data.values[0], TABLE)
    assert data.values.flags.c_contiguous


def test_epochs_are_datasets():
    epochs = Channels(np.stack([TABLE.T, TABLE.T * 2]), list(NAMES), np.arange(4))
    data = checks.check_data(epochs)
    assert (data.names, data.stacked) == (NAMES, True)
    np.testing.assert_array_equal(data.values[1], TABLE * 2)


def test_a_list_of_recordings_is_a_stack():
    raw = Channels(TABLE.T, list(NAMES), np.arange(4))
    data = checks.check_data([raw, raw])
    assert (data.values.shape, data.names, data.stacked) == ((2, 4, 3), NAMES, True)


@pytest.mark.parametrize(
    "given",
    [
        Channels(TABLE.T, list(NAMES), np.arange(5)),
        Channels(TABLE.T[None, None], list(NAMES), np.arange(4)),
        Channels(TABLE, list(NAMES), np.arange(4)),
        WithFrequencies(np.stack([TABLE.T] * 3), list(NAMES), np.arange(4)),
    ],
)
def test_recordings_of_another_shape(given):
    says(message(checks.check_data, given), f"X is a {type(given).__name__} with data of shape", "a Raw, an Evoked")


def test_xarray_names_come_from_the_last_dimension():
    xarray = pytest.importorskip("xarray")
    plain = xarray.DataArray(TABLE, dims=("time", "region"))
    assert checks.check_data(plain).names == ("0", "1", "2")
    named = plain.assign_coords(region=list(NAMES), time=[0.1, 0.2, 0.3, 0.4])
    data = checks.check_data(named)
    assert data.names == NAMES
    np.testing.assert_array_equal(data.values[0], TABLE)
    stack = checks.check_data(xarray.concat([named, named + 1], dim="subject"))
    assert (stack.stacked, stack.names, stack.values.shape) == (True, NAMES, (2, 4, 3))


def test_xarray_dataset_has_a_way_out():
    xarray = pytest.importorskip("xarray")
    dataset = xarray.Dataset({"a": ("time", [1.0, 2.0]), "b": ("time", [0.0, 2.0])})
    for call in (checks.check_data, hoi.oinfo, lambda X: hoi.search(X, 2), lambda X: hoi.mutual_information(X, X)):
        says(message(call, dataset), "xarray Dataset of 2 variables", "DataArray", "to_dataarray")


@pytest.mark.parametrize("dtype", ["bool", "int32", "uint8", "float16", "bfloat16", "float32", "float64"])
def test_torch_tensors(dtype):
    torch = pytest.importorskip("torch")
    table = TABLE % 2 if dtype == "bool" else TABLE
    tensor = torch.tensor(table).to(getattr(torch, dtype))
    np.testing.assert_array_equal(checks.check_data(tensor).values[0], table)


def test_torch_tensors_that_carry_gradients_or_are_odd():
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(TABLE, dtype=torch.float32, requires_grad=True)
    with pytest.warns(hoi.HoiWarning, match=r"requires a gradient.*hoi\.torch\.oinfo\(X, \.\.\.\).*X\.detach\(\)"):
        np.testing.assert_array_equal(checks.check_data(tensor).values[0], TABLE)
    with pytest.warns(hoi.HoiWarning, match="requires a gradient"):
        np.testing.assert_array_equal(checks.check_data(tensor.T).values[0], TABLE.T)
    says(message(checks.check_data, tensor.detach().to_sparse()), "sparse tensor of shape (4, 3)", "to_dense")
    says(message(checks.check_data, tensor.detach() * 1j), "complex64", "real numbers")


def test_activations_of_a_torch_module():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    kept = []
    network = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))
    network[1].register_forward_hook(lambda module, inputs, output: kept.append(output))
    network(torch.randn(200, 3))
    assert kept[0].requires_grad
    values = kept[0].detach().double().numpy()
    with pytest.warns(hoi.HoiWarning, match="requires a gradient"):
        assert hoi.oinfo(kept[0], [(0, 1, 2)]) == pytest.approx(hoi.oinfo(values, [(0, 1, 2)]), abs=1e-12)
    kept = [kept[0].detach()]
    assert hoi.search(kept, 3, n_best=1).members == hoi.search(values, 3, n_best=1).members


def test_numbers_so_large_that_their_sum_overflows():
    table = np.array([[1e308, 1], [1.5e308, 2], [1e308, 4]])
    np.testing.assert_array_equal(checks.check_data(table).values[0], table)
