"""Multiplets: rows, slicing, text, and files that give back what was saved."""

from __future__ import annotations

import csv
import json
from inspect import signature

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hoi import HoiError, Multiplets, plot
from hoi._results import files, formats

NAMES = ("Hip L", "Größe", "脳", "a,b; c", "")
SETTINGS = {
    "measure": "oinfo",
    "order": (3, 4),
    "units": "bits",
    "estimator": "gaussian_copula",
    "ties": "average",
    "bias_correction": True,
    "backend": "numba",
    "seed": None,
    "n_samples": np.int64(250),
    "evaluated": 15,
    "skipped": 2,
    "seconds": np.float64(0.25),
    "versions": {"hoi": "0.1.0"},
    "note": '脳 "quoted"',
}


def example(**changes):
    fields = {
        "indices": [[0, 1, 2, -1], [1, 2, 3, 4], [0, 2, 4, -1]],
        "tc": [0.1, 1 / 3, 2.0], "dtc": [0.5, 0.25, 1.0], "oinfo": [-0.4, 1 / 3 - 0.25, 1.0],
        "sinfo": [0.6, 1 / 3 + 0.25, 3.0], "names": NAMES, "extreme": ["lowest", "lowest", "highest"],
        "settings": SETTINGS,
    }  # fmt: skip
    return Multiplets(**{**fields, **changes})


def empty(n_names=5):
    return Multiplets(np.empty((0, 3), int), map(str, range(n_names)), extreme=[], tc=[], oinfo=[])


def assert_same(a, b):
    assert a.names == b.names
    assert a.settings == b.settings
    assert np.array_equal(a.indices, b.indices)
    assert a.columns == b.columns
    for name in a.columns:
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True), name
    for name in ("dataset", "extreme"):
        left, right = getattr(a, name), getattr(b, name)
        assert (left is None) == (right is None), name
        assert left is None or left.tolist() == right.tolist(), name


# -- rows ----------------------------------------------------------------------------------------


def test_members_names_and_orders():
    found = example()
    assert found.members == [(0, 1, 2), (1, 2, 3, 4), (0, 2, 4)]
    assert found.member_names[2] == ("Hip L", "脳", "")
    assert found.order.tolist() == [3, 4, 3]
    assert len(found) == 3
    assert found.units == "bits"


def test_rows_are_named_tuples_of_plain_values():
    row = list(example(dataset=[0, 0, 1]))[2]
    assert row == ((0, 2, 4), ("Hip L", "脳", ""), 3, 2.0, 1.0, 1.0, 3.0, 1, "highest")
    assert type(row.members[0]) is int and type(row.tc) is float and type(row.dataset) is int


def test_one_row_by_number():
    found = example()
    assert found[-1].members == (0, 2, 4)
    assert found[np.int64(0)].oinfo == -0.4
    with pytest.raises(IndexError, match="row 3 of Multiplets with 3 rows"):
        found[3]


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        (slice(1), [0]),
        (slice(None, None, -1), [2, 1, 0]),
        ([2, 0], [2, 0]),
        ([True, False, True], [0, 2]),
        ([], []),
    ],
)
def test_slices_masks_and_lists_of_rows(key, rows):
    found = example()
    part = found[key]
    assert part.members == [found.members[i] for i in rows]
    assert part.extreme.tolist() == [found.extreme[i] for i in rows]
    assert part.names == found.names and part.settings == found.settings


def test_a_slice_is_as_wide_as_its_largest_set():
    assert example()[[0, 2]].indices.shape == (2, 3)


def test_frozen():
    found = example()
    with pytest.raises(AttributeError):
        found.tc = np.zeros(3)
    with pytest.raises(ValueError, match="read-only"):
        found.tc[0] = 1.0


def test_a_column_is_not_an_index():
    with pytest.raises(HoiError, match=r"rows are chosen by number, slice or mask; for a column use \.tc"):
        example()["tc"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"indices": [0, 1, 2]},
            r"indices of Multiplets must be 2-D \(n_sets, largest_order\), got shape \(3,\)",
        ),
        ({"names": ["a", "b"]}, r"run from -1 to 4, but there are 2 names: use 0 to 1"),
        ({"tc": [1.0]}, r"tc of Multiplets has shape \(1,\), but there are 3 sets"),
        ({"extreme": ["lowest"]}, r"extreme of Multiplets has shape \(1,\), but there are 3 sets"),
        ({"settings": {"rng": object()}}, "settings of Multiplets must be values that JSON can hold: object"),
    ],
)
def test_wrong_fields_are_refused(changes, message):
    with pytest.raises(HoiError, match=message):
        example(**changes)


def test_settings_are_the_caller_s_values_as_json_gives_them_back():
    assert example().settings["order"] == [3, 4]
    assert example().settings["n_samples"] == 250
    assert example(settings=None).settings == {}
    assert example(settings=None).units == "nats"


# -- DataFrame and xarray ------------------------------------------------------------------------


def test_dataframe():
    frame = example().to_dataframe()
    assert list(frame) == ["extreme", "order", "members", "names", "tc", "dtc", "oinfo", "sinfo"]
    assert frame.loc[1, "members"] == (1, 2, 3, 4)
    assert frame.loc[1, "names"] == NAMES[1:]
    assert frame["oinfo"].tolist() == example().oinfo.tolist()
    assert frame.attrs["settings"]["evaluated"] == 15
    assert frame.attrs["units"] == "bits"


def test_dataframe_of_several_datasets_and_of_nothing():
    assert list(example(dataset=[0, 1, 1]).to_dataframe())[:2] == ["dataset", "extreme"]
    assert example(extreme=None).to_dataframe().columns[0] == "order"
    assert len(empty().to_dataframe()) == 0
    # equally long tuples stay one column
    assert example()[:1].to_dataframe().loc[0, "members"] == (0, 1, 2)


def test_dataframe_does_not_lock_its_values():
    frame = example().to_dataframe()
    frame.loc[0, "tc"] = 9.0
    assert frame.loc[0, "tc"] == 9.0 and example().tc[0] == 0.1


def test_xarray():
    xr = pytest.importorskip("xarray")
    found = example(dataset=[0, 0, 1]).to_xarray()
    assert isinstance(found, xr.Dataset)
    assert found.sizes == {"multiplet": 3, "position": 4, "variable": 5}
    assert found["variable"].values.tolist() == list(NAMES)
    assert found["oinfo"].attrs == {"long_name": "O-information", "units": "bits"}
    assert found["dataset"].values.tolist() == [0, 0, 1]
    assert found["extreme"].values.tolist() == ["lowest", "lowest", "highest"]
    assert json.loads(found.attrs["settings"])["evaluated"] == 15


# -- files ---------------------------------------------------------------------------------------

CASES = {
    "search": example(),
    "several datasets": example(dataset=[0, 3, 1]),
    "no extreme": example(extreme=None, dataset=None),
    "no settings": example(settings=None),
    "nan": example(tc=[np.nan, 1e-308, np.inf]),
    "no rows": empty(),
    "long settings": example(settings={"groups": [["é" * 100] * 1000]}),
}


@pytest.mark.parametrize("suffix", [".parquet", ".nc", ".netcdf", ".PARQUET"])
@pytest.mark.parametrize("case", CASES)
def test_files_give_back_what_was_saved(tmp_path, suffix, case):
    pytest.importorskip("pyarrow" if "parquet" in suffix.lower() else "xarray")
    path = CASES[case].save(tmp_path / f"found{suffix}")
    assert path == tmp_path / f"found{suffix}"
    assert_same(Multiplets.load(str(path)), CASES[case])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@settings(max_examples=25, deadline=None)
@given(names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=4))
@pytest.mark.parametrize("suffix", [".parquet", ".nc"])
def test_any_names_survive(tmp_path_factory, suffix, names):
    pytest.importorskip("pyarrow" if suffix == ".parquet" else "xarray")
    found = Multiplets([[0, 1]], names, tc=[0.1], oinfo=[-0.1], settings={"names": names})
    path = found.save(tmp_path_factory.mktemp("names") / f"found{suffix}")
    assert_same(Multiplets.load(path), found)


def test_parquet_is_readable_by_pandas(tmp_path):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pd.read_parquet(example().save(tmp_path / "found.parquet"))
    assert list(frame) == ["extreme", "order", "members", "names", "tc", "dtc", "oinfo", "sinfo"]
    assert list(frame.loc[1, "names"]) == list(NAMES[1:])


def test_csv_holds_the_rows_at_full_precision(tmp_path):
    path = example(dataset=[0, 0, 1]).save(tmp_path / "found.csv")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == ["dataset", "extreme", "order", "members", "names", "tc", "dtc", "oinfo", "sinfo"]
    assert rows[1]["members"] == "1 2 3 4" and rows[0]["names"] == "Hip L; Größe; 脳"
    assert float(rows[1]["tc"]) == 1 / 3


def test_saving_over_a_file_replaces_it(tmp_path):
    path = example().save(tmp_path / "found.csv")
    example()[:1].save(path)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_save_says_what_is_wrong(tmp_path):
    found = example()
    with pytest.raises(HoiError, match=r"the suffix must be one of \.parquet, \.nc, \.netcdf, \.csv"):
        found.save(tmp_path / "found.xlsx")
    with pytest.raises(HoiError, match=r"there is no folder .*missing'; create it first"):
        found.save(tmp_path / "missing" / "found.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(HoiError, match="it is a folder; give the name of a file"):
        found.save(tmp_path / "folder.csv")


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = example().save(tmp_path / "found.csv")
    before = path.read_bytes()

    def fail(result, part):
        part.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_write_csv", fail)
    with pytest.raises(HoiError, match="No space left on device"):
        example().save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["found.csv"]


def test_load_says_what_is_wrong(tmp_path):
    with pytest.raises(HoiError, match=r"there is no such file"):
        Multiplets.load(tmp_path / "no.parquet")
    with pytest.raises(
        HoiError, match=r"a csv file holds the rows without the settings; save to \.parquet or \.nc"
    ):
        Multiplets.load(example().save(tmp_path / "found.csv"))
    with pytest.raises(HoiError, match=r"the suffix must be one of \.parquet, \.nc, \.netcdf"):
        Multiplets.load(tmp_path / "found.pkl")
    for suffix, what in ((".parquet", "a parquet file"), (".nc", "a netCDF 3 file")):
        pytest.importorskip("pyarrow" if suffix == ".parquet" else "xarray")
        bad = tmp_path / f"bad{suffix}"
        bad.write_bytes(b"not what the suffix says")
        with pytest.raises(HoiError, match=f"not {what}"):
            Multiplets.load(bad)


def test_load_refuses_files_of_others(tmp_path):
    pd, xr = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    pytest.importorskip("pyarrow")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    xr.Dataset({"a": 1.0}).to_netcdf(tmp_path / "other.nc", engine="scipy")
    for name in ("other.parquet", "other.nc"):
        with pytest.raises(HoiError, match=r"it was not written by Multiplets\.save"):
            Multiplets.load(tmp_path / name)


@pytest.mark.parametrize(
    ("module", "act"),
    [
        ("pyarrow", lambda found, folder: found.save(folder / "a.parquet")),
        ("xarray", lambda found, folder: found.save(folder / "a.nc")),
        ("xarray", lambda found, folder: found.to_xarray()),
    ],
)
def test_a_missing_package_is_named(tmp_path, monkeypatch, module, act):
    real = formats.importlib.import_module

    def without(name, *rest):
        if name.partition(".")[0] == module:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(formats.importlib, "import_module", without)
    with pytest.raises(HoiError, match=rf"{module} is needed to .* not installed: pip install 'hoi\[io\]'"):
        act(example(), tmp_path)


# -- text and HTML -------------------------------------------------------------------------------


def test_repr_holds_names_units_and_work():
    lines = repr(example()).splitlines()
    assert lines[0] == "Multiplets: 3 sets of 3 to 4 out of 5 variables, values in bits"
    assert lines[2].split() == ["extreme", "order", "oinfo", "tc", "dtc", "sinfo", "variables"]
    assert lines[3].split()[:3] == ["lowest", "3", "-0.4000"] and lines[3].endswith("Hip L, Größe, 脳")
    assert lines[-2] == "15 sets evaluated, 2 skipped as singular, 0.25 s, backend numba"
    assert lines[-1] == "gaussian_copula, ties average, bias corrected, 250 samples"


def many(n=100):
    values = np.linspace(-1, 1, n)
    ends = ["lowest"] * (n // 2) + ["highest"] * (n - n // 2)
    return Multiplets([[0, 1, 2]] * n, "abc", extreme=ends, tc=values, oinfo=values)


def test_a_long_repr_shows_both_ends():
    lines = repr(many()).splitlines()
    assert sum(line.lstrip().startswith("lowest") for line in lines) == 10
    assert sum(line.lstrip().startswith("highest") for line in lines) == 10
    assert lines[-1] == "  (80 more rows: .to_dataframe() has all of them)"


def test_a_repr_stays_short_when_the_ends_alternate():
    n = 100
    found = many(n)
    mixed = found[np.arange(n).reshape(2, -1).T.ravel()]
    assert len(repr(mixed).splitlines()) < 30


def test_long_names_are_cut():
    found = Multiplets([[0, 1]], ["x" * 50, "y" * 50], oinfo=[0])
    assert max(map(len, repr(found).splitlines())) < 120
    assert repr(found).splitlines()[-1].endswith("…")


def test_a_value_that_rounds_to_zero_has_no_sign():
    found = Multiplets([[0, 1]], "ab", tc=[1e-9], oinfo=[-1e-9])
    assert "-0.0000" not in repr(found) and "-0.0000" not in found._repr_html_()


def test_repr_of_nothing():
    assert repr(empty()) == "Multiplets: 0 sets out of 5 variables, values in nats"


def test_html_escapes_names_and_shows_settings():
    found = Multiplets([[0, 1]], ["<b>", "a&b"], tc=[0], oinfo=[np.nan], settings=SETTINGS)
    page = found._repr_html_()
    assert "&lt;b&gt;" in page and "a&amp;b" in page and "<b>&" not in page
    assert "15 sets evaluated" in page and "&quot;measure&quot;: &quot;oinfo&quot;" in page
    assert "80 more rows" in many()._repr_html_()
    assert "<table" not in empty()._repr_html_()


def test_synergy_and_redundancy_have_their_colours():
    page = example()._repr_html_()
    assert page.count("background:#0072B2") == 1
    assert page.count("background:#D55E00") == 2


def test_plot_has_every_picture_as_a_method_with_its_options():
    assert repr(example().plot).startswith("pictures of this result: .comparison(), .connectome(), .hypergraph()")
    for name in set(plot.__all__) - {"course", "matrix"}:
        picture, method = getattr(plot, name), getattr(type(example().plot), name)
        (_, *options), (_, *more) = (list(signature(f).parameters.values()) for f in (picture, method))
        assert [(o.name, o.default, o.kind) for o in options] == [(m.name, m.default, m.kind) for m in more], name
        assert name in dir(example().plot)
    with pytest.raises(AttributeError, match="'pie'"):
        example().plot.pie()


def test_results_import_no_heavy_package(monkeypatch):
    import subprocess
    import sys

    code = (
        "import sys; from hoi import Multiplets; "
        "repr(Multiplets([[0, 1]], ['a', 'b'], oinfo=[0])); "
        "print([m for m in ('pandas', 'xarray', 'pyarrow', 'matplotlib', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
