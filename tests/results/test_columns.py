"""A row of the registry has a column everywhere; so have the columns that inference adds."""

from __future__ import annotations

import copy
import json
import pickle
import re

import numpy as np
import pytest

import hoi
from hoi import HoiError, Multiplets, plot
from hoi._cli import main as cli
from hoi._measures.registry import ABOUT_TARGET, ALL, MEASURES, Measure
from hoi._results import text
from hoi._results.columns import STATISTICS, label

SUFFIXES = (".parquet", ".nc")


@pytest.fixture
def tilt(monkeypatch):
    """A measure that nobody needs, as one more row: (2 D - 3 J - L) / 2 = TC + O-information."""
    monkeypatch.setitem(MEASURES, "tilt", Measure("tilt", "made-up tilt", "τ", d=2, j=-3, l=-1))


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((200, 6)) @ rng.standard_normal((6, 6))


def test_a_made_up_measure_has_a_column_everywhere(tilt, data, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    found = hoi.search(data, 3, measure="tilt", n_best=4)
    assert found.columns == tuple(MEASURES)
    assert found.tilt == pytest.approx(found.tc + found.oinfo, abs=1e-12)
    assert found.lead == "tilt" and found[0].tilt == found.tilt[0] == found.tilt.min()
    everything = hoi.measures(data, [(0, 1, 2), (1, 2, 3, 4)])
    assert everything.tilt == pytest.approx(everything.tc + everything.oinfo, abs=1e-12)
    (block,) = hoi.scan(data, 3)
    assert block.tilt.min() == found.tilt[0]

    assert "tilt" in found.to_dataframe() and "tilt" in dir(found)
    assert found.to_xarray()["tilt"].attrs == {"long_name": "made-up tilt", "units": "nats"}
    assert repr(found).splitlines()[2].split()[:3] == ["extreme", "order", "tilt"]
    assert "<th>tilt</th>" in found._repr_html_()
    for name in ("ranking", "hypergraph", "participation", "landscape"):
        assert getattr(plot, name)(found).figure
    assert plot.ranking(found).get_xlabel() == "Made-up tilt (nats)"
    assert plot.comparison(found, found, measure="tilt").get_xlabel() == "Made-up tilt (nats), first"
    page = found.report(tmp_path / "tilt.html").read_text(encoding="utf-8")
    assert '"tilt":"made-up tilt, in nats"' in page
    for suffix in SUFFIXES:
        again = Multiplets.load(found.save(tmp_path / f"tilt{suffix}"))
        assert again.columns == found.columns and again.tilt.tolist() == found.tilt.tolist()
    assert ",tilt" in found.save(tmp_path / "tilt.csv").read_text(encoding="utf-8").splitlines()[0]

    np.savetxt(tmp_path / "data.csv", data, delimiter=",")
    assert cli.main(["measure", str(tmp_path / "data.csv"), "--quiet"]) == 0
    assert "made-up tilt" in capsys.readouterr().out
    searched = ["search", str(tmp_path / "data.csv"), "--order", "3", "--measure", "tilt", "--quiet"]
    assert cli.main(searched) == 0
    assert "tilt" in capsys.readouterr().out


def with_statistics(**more):
    fields = {
        "oinfo": [-0.4, 0.3], "statistic": [2.0, 0.1], "pvalue": [0.001, 0.75], "low": [-0.6, -0.1],
        "high": [-0.2, 0.7], "extreme": ["lowest", "highest"], "settings": {"units": "bits"},
    }  # fmt: skip
    return Multiplets([[0, 1, 2], [1, 2, 3]], "abcd", **{**fields, **more})


def test_statistics_have_columns_where_they_are_given(tmp_path):
    found = with_statistics()
    assert found.columns == ("oinfo", "statistic", "pvalue", "low", "high")
    assert found[0].pvalue == 0.001 and found[1].high == 0.7
    assert found[[1]].pvalue.tolist() == [0.75]
    assert found.to_dataframe()["low"].tolist() == [-0.6, -0.1]
    assert found.to_xarray()["low"].attrs["units"] == "bits"
    assert found.to_xarray()["pvalue"].attrs["units"] == "1"
    assert "pvalue" in repr(found) and "0.0010" in repr(found) and "<th>pvalue</th>" in found._repr_html_()
    for suffix in SUFFIXES:
        again = Multiplets.load(found.save(tmp_path / f"found{suffix}"))
        assert again.columns == found.columns and again.pvalue.tolist() == [0.001, 0.75]
    pytest.importorskip("matplotlib")
    page = found.report(tmp_path / "found.html").read_text(encoding="utf-8")
    assert '"pvalue":"p-value"' in page and '"low":"lower end of the interval, in bits"' in page


def test_counts_are_whole_numbers_to_read(tmp_path):
    found = Multiplets([[0, 1]], "ab", oinfo=[0.5], hits=[12])
    assert repr(found).splitlines()[3].split()[:3] == ["2", "0.5000", "12"]
    pytest.importorskip("matplotlib")
    assert '"counts":["hits"]' in found.report(tmp_path / "found.html").read_text(encoding="utf-8")


def test_statistics_are_none_where_they_are_not():
    found = Multiplets([[0, 1]], "ab", tc=[1.0])
    assert [getattr(found, name) for name in STATISTICS] == [None] * len(STATISTICS)
    assert "pvalue" not in found.to_dataframe()


def test_a_result_has_the_columns_it_was_given_in_the_order_of_the_registry():
    found = Multiplets([[0, 1]], "ab", sinfo=[3.0], low=[0.0], tc=[1.0])
    assert found.columns == ("tc", "sinfo", "low")
    assert found.lead == "tc"
    with pytest.raises(AttributeError, match=r"no column 'oinfo'; its columns are tc, sinfo, low"):
        _ = found.oinfo
    with pytest.raises(HoiError, match=r"has no column 'omega': there are tc, dtc, oinfo, .* A measure gets its"):
        Multiplets([[0, 1]], "ab", omega=[1.0])


@pytest.mark.parametrize("name", [*ALL, *STATISTICS])
def test_every_column_has_a_label(name):
    assert label(name)
    assert name in text.table(Multiplets([[0, 1]], "ab", **{name: [0.5]}))


def test_the_picture_of_a_column_that_is_not_there():
    pytest.importorskip("matplotlib")
    found = Multiplets([[0, 1]], "ab", tc=[1.0])
    with pytest.raises(HoiError, match="the result has no column 'oinfo': use one of its own, 'tc'"):
        found.plot.ranking(measure="oinfo")
    with pytest.raises(HoiError, match="the result has no column 'dtc'"):
        found.plot.tc_dtc()


def test_a_result_does_not_follow_the_caller_s_arrays():
    indices, oinfo, dataset = np.array([[0, 1]]), np.array([0.5]), np.array([3])
    found = Multiplets(indices, "ab", oinfo=oinfo, dataset=dataset)
    indices[0, 0], oinfo[0], dataset[0] = 1, 9.0, 9
    assert (found.members, found.oinfo.tolist(), found.dataset.tolist()) == ([(0, 1)], [0.5], [3])


@pytest.mark.parametrize(
    ("indices", "said"),
    [
        ([[0, -1, 1]], r"row 0: \[0, -1, 1\] has -1 before a member"),
        ([[0, 0.7]], "must be integers, got float64"),
        ([[True, False]], "must be integers, got bool"),
    ],
)
def test_indices_are_never_rounded_or_lost(indices, said):
    with pytest.raises(HoiError, match=said):
        Multiplets(indices, "ab", oinfo=[0.5])


def test_results_and_rows_are_copied_and_pickled_whole():
    found = with_statistics(dataset=[0, 2])
    for again in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found), copy.copy(found)):
        assert list(again) == list(found) and again.settings == found.settings
        with pytest.raises(ValueError, match="read-only"):
            again.oinfo[0] = 1.0
    row = found[0]
    assert pickle.loads(pickle.dumps(row)) == copy.deepcopy(row) == row
    assert row._asdict()["pvalue"] == 0.001


# -- settings ------------------------------------------------------------------------------------

CHANGES = [
    lambda s: s.__setitem__("units", "bits"),
    lambda s: s.__delitem__("units"),
    lambda s: s.update(units="bits"),
    lambda s: s.setdefault("new", 1),
    lambda s: s.pop("units"),
    lambda s: s.popitem(),
    lambda s: s.clear(),
    lambda s: s.__ior__({"units": "bits"}),
    lambda s: s["order"].append(5),
    lambda s: s["order"].__setitem__(0, 9),
    lambda s: s["order"].__iadd__([1]),
    lambda s: s["order"].sort(),
    lambda s: s["versions"].update(hoi="9"),
    lambda s: s["groups"][0].append("x"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_settings_cannot_be_changed(change):
    settings = {"units": "nats", "order": (3, 4), "versions": {"hoi": "1"}, "groups": [["a"], ["b"]]}
    found = Multiplets([[0, 1]], "ab", oinfo=[0.5], settings=settings)
    before = json.dumps(found.settings)
    with pytest.raises(HoiError, match=r"settings of a result cannot be changed: .*deepcopy\(found\.settings\)"):
        change(found.settings)
    assert json.dumps(found.settings) == before


def test_a_deep_copy_of_settings_can_be_changed():
    found = Multiplets([[0, 1]], "ab", oinfo=[0.5], settings={"order": [3], "versions": {"hoi": "1"}})
    mine = copy.deepcopy(found.settings)
    mine["units"] = "bits"
    mine["order"].append(4)
    mine["versions"]["hoi"] = "2"
    assert (type(mine), type(mine["order"]), type(mine["versions"])) == (dict, list, dict)
    assert found.settings == {"order": [3], "versions": {"hoi": "1"}} and found.units == "nats"
    assert pickle.loads(pickle.dumps(found.settings)) == found.settings
    with pytest.raises(HoiError, match="cannot be changed"):
        pickle.loads(pickle.dumps(found.settings))["order"].append(1)


@pytest.mark.parametrize("name", ABOUT_TARGET)
def test_measures_about_a_target_have_columns_and_sides(name, tmp_path):
    pytest.importorskip("matplotlib")
    found = Multiplets([[0, 1], [1, 2]], "abc", settings={"measure": name}, **{name: [-0.5, 0.25]})
    assert found.lead == name and found.columns == (name,)
    assert repr(found).splitlines()[2].split() == ["order", name, "variables"]
    from matplotlib.colors import to_hex

    side = {-1: ["synergy", "redundancy"], 1: ["redundancy", "synergy"], 0: []}[ALL[name].synergy]
    shades = {"#0072B2": "synergy", "#D55E00": "redundancy"}
    drawn = [shades.get(shade) for shade in re.findall(r"background:(#\w+)\"></i>", found._repr_html_())]
    assert drawn == (side or [None, None])
    bars = plot.ranking(found).patches
    assert [shades.get(to_hex(bar.get_facecolor()).upper()) for bar in bars] == (side or [None, None])
    page = found.report(tmp_path / "found.html").read_text(encoding="utf-8")
    below = {-1: "below 0: synergy prevails", 1: "below 0: redundancy prevails", 0: None}[ALL[name].synergy]
    assert (below in page) if below else ("prevails" not in page)
    assert f'"lead":"{name}","synergy":{ALL[name].synergy}' in page
