"""Names of variables, groups and datasets: given once, and carried into every result."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from messages import message, says

import hoi

rng = np.random.default_rng(21)
X = rng.standard_normal((3, 60, 5))
NAMES = ("ann", "bo", "cy")
LABELS = ["a", "b", "c", "d", "e"]


def recordings():
    mne = pytest.importorskip("mne")
    made = []
    for name, table in zip(NAMES, X, strict=True):
        info = mne.create_info(LABELS, 100.0, "eeg")
        info["subject_info"] = {"his_id": name}
        made.append(mne.io.RawArray(table.T, info, verbose=False))
    return made


def labelled():
    xarray = pytest.importorskip("xarray")
    return xarray.DataArray(X, dims=("subject", "time", "channel"), coords={"subject": list(NAMES), "channel": LABELS})


def frames():
    made = [pd.DataFrame(table, columns=LABELS) for table in X]
    for name, frame in zip(NAMES, made, strict=True):
        frame.attrs["name"] = name
    return made


CONTAINERS = {
    "dict": lambda: dict(zip(NAMES, X, strict=True)),
    "dict of frames of other lengths": lambda: {f.attrs["name"]: f.iloc[i:] for i, f in enumerate(frames())},
    "frames": frames,
    "xarray": labelled,
    "MNE": recordings,
}


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_a_result_carries_the_names_of_datasets(make, tmp_path):
    found = hoi.search(make(), 3, n_best=1, which="lowest")
    assert found.settings["datasets"] == list(NAMES)
    assert found.dataset_names.tolist() == list(NAMES)
    assert found.dataset.tolist() == [0, 1, 2]
    assert found.to_dataframe()["dataset"].tolist() == list(NAMES)
    assert found.to_xarray()["dataset_name"].values.tolist() == list(NAMES)
    assert "  bo  " in repr(found) and ">bo<" in found._repr_html_()
    assert found[1:].dataset_names.tolist() == ["bo", "cy"]
    assert found[found.dataset_names == "cy"].dataset.tolist() == [2]
    for suffix in ("parquet", "nc"):
        again = hoi.Multiplets.load(found.save(tmp_path / f"found.{suffix}"))
        assert again.dataset_names.tolist() == list(NAMES) and again.dataset.tolist() == [0, 1, 2]
    lines = found.save(tmp_path / "f.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["dataset", *NAMES]


def test_names_in_pictures_and_reports(tmp_path):
    pytest.importorskip("matplotlib")
    found = hoi.search(dict(zip(NAMES, X, strict=True)), 3, n_best=1, which="lowest")
    labels = [text.get_text() for text in found.plot.ranking().get_yticklabels()]
    assert any(label.startswith("bo  ") for label in labels)
    ticks = [text.get_text() for text in found.plot.hypergraph().get_xticklabels()]
    assert any(tick.startswith("cy  ") for tick in ticks)
    assert '"dataset":["ann","bo","cy"]' in found.report(tmp_path / "r.html").read_text(encoding="utf-8")


def test_datasets_without_names_are_numbered():
    for data in (X, list(X), labelled().assign_coords(subject=[0, 1, 2])):
        found = hoi.search(data, 3, n_best=1, which="lowest")
        assert found.dataset_names is None
        assert found.settings["datasets"] is None
        assert found.to_dataframe()["dataset"].tolist() == [0, 1, 2]


def test_datasets_keep_their_names_beside_columns_of_labels():
    data = labelled().copy()
    data[:, :, 4] = (data[:, :, 4] > 0).astype(float)
    found = hoi.search(data, 3, discrete="e", n_best=1, which="lowest")
    assert found.dataset_names.tolist() == list(NAMES)


def test_a_system_keeps_them():
    system = hoi.GaussianSystem.from_data(dict(zip(NAMES, X, strict=True)))
    assert hoi.search(system, 3, n_best=1).settings["datasets"] == list(NAMES)


@pytest.mark.parametrize("data", [X[0], X, list(X), [X[0], X[1][:40]], X[0].tolist()], ids=lambda _: "")
def test_names_of_arrays(data):
    found = hoi.search(data, 3, names=LABELS, n_best=1, which="lowest")
    assert found.names == tuple(LABELS)
    np.testing.assert_array_equal(found.oinfo, hoi.search(data, 3, n_best=1, which="lowest").oinfo)
    assert next(hoi.scan(data, 3, names=LABELS)).member_names[0] == ("a", "b", "c")
    assert hoi.measures(data, [("b", "e")], names=LABELS).members[0] == (1, 4)


LONG = np.random.default_rng(5).standard_normal((300, 5))
LONG[1:, 4] += LONG[:-1, 0] + LONG[:-1, 2]
WITH_NAMES = {
    "permutation_test": lambda X, **more: hoi.permutation_test(X, 3, n_resamples=9, n_best=1, seed=0, **more),
    "member": lambda X, **more: hoi.permutation_test(X, 3, null="member", n_resamples=9, n_best=1, seed=0, **more),
    "confidence_interval": lambda X, **more: hoi.confidence_interval(X, **more),
    "split_half": lambda X, **more: hoi.split_half(X, 3, n_best=1, **more),
    "compare": lambda X, **more: hoi.compare(X, X[::-1] + 1, 3, n_resamples=9, n_best=1, seed=0, **more),
    "drivers": lambda X, **more: hoi.drivers(X, n_best=1, targets=4, **more),
    "transfer_entropy": lambda X, **more: hoi.transfer_entropy(X, **more),
    "phiid": lambda X, **more: hoi.phiid(X, [(0, 4)], **more),
    "pairwise": lambda X, **more: hoi.pairwise(X, **more),
    "lagged": lambda X, **more: hoi.lagged(X, 2, **more),
    "from_data": lambda X, **more: hoi.GaussianSystem.from_data(X, **more),
    "search": lambda X, **more: hoi.search(X, 3, n_best=1, **more),
    "scan": lambda X, **more: next(hoi.scan(X, 3, **more)),
    "measures": lambda X, **more: hoi.measures(X, **more),
    "as_table": lambda X, **more: hoi.as_table(X, **more),
}


def seen_in(found):
    """All names, and all numbers, that a result shows."""
    if isinstance(found, dict):
        return list(found), [seen_in(part) for part in found.values()]
    if isinstance(found, hoi.Multiplets):
        return list(found.names), found.indices.tolist(), found.to_dataframe().select_dtypes("number").to_numpy()
    if isinstance(found, pd.DataFrame):
        return [*map(str, found.index), *map(str, found.columns)], found.to_numpy()
    return list(found.names), getattr(found, "values", None) if isinstance(found, hoi.Table) else found.covariance


@pytest.mark.parametrize("name", WITH_NAMES)
@pytest.mark.filterwarnings("ignore::hoi.HoiWarning")
def test_every_result_with_names_takes_them(name):
    """As from a frame that has them, and over those that a frame has; with gaps; or an error."""
    call, frame = WITH_NAMES[name], pd.DataFrame(LONG, columns=LABELS)
    wanted = seen_in(call(frame))
    assert any(f"'{label}'" in repr(wanted[0]) for label in LABELS)
    np.testing.assert_equal(seen_in(call(LONG, names=LABELS)), wanted)
    np.testing.assert_equal(seen_in(call(pd.DataFrame(LONG, columns=list("vwxyz")), names=LABELS)), wanted)
    if name not in ("lagged", "as_table"):
        gaps = LONG.copy()
        gaps[[3, 50], [1, 2]] = np.nan
        np.testing.assert_equal(seen_in(call(gaps, names=LABELS, missing="drop"))[0], wanted[0])
    says(message(call, LONG, names=LABELS[:3]), "names has 3 entries and", "has shape (300, 5)")
    says(message(call, LONG, names="abcde"), "names='abcde': a list of names is needed")
    says(message(call, LONG, names=iter(LABELS)), "a list of names is needed, one for each variable")


def test_as_table_gives_names_to_any_function():
    table = hoi.as_table(X[0], names=LABELS)
    assert hoi.oinfo(table, [("a", "c", "e")])[0] == hoi.oinfo(X[0], [(0, 2, 4)])[0]
    assert hoi.search(pd.DataFrame(X[0], columns=LABELS), 3, names=list("vwxyz")).names == tuple("vwxyz")


def test_groups_by_name():
    groups = {"left": ["a", "b"], "right": ["d"], "mid": [2]}
    found = hoi.search(X[0], 3, names=LABELS, groups=groups, n_best=1)
    assert found.names == ("left", "right", "mid")
    assert found.settings["groups"] == {"left": ["a", "b"], "right": ["d"], "mid": ["c"]}
    plain = [(0, 1), (3,), (2,)]
    np.testing.assert_array_equal(found.oinfo, hoi.search(X[0], 3, groups=plain, n_best=1).oinfo)
    table = hoi.as_table(X[0], names=LABELS)
    assert hoi.oinfo(table, [("mid", "left", "right")], groups=groups) == hoi.oinfo(X[0], [(0, 1, 2)], groups=plain)
    assert hoi.search(X[0], 3, groups=plain, n_best=1).settings["groups"] == [["0", "1"], ["3"], ["2"]]


def test_messages():
    says(message(hoi.search, X[0], 3, names=["a", "b"]), "names has 2 entries and X has shape (60, 5)")
    says(message(hoi.search, X[0], 3, names=list("aabcd")), "names has 5 columns", "called 'a'")
    says(message(hoi.search, hoi.GaussianSystem.from_data(X[0]), 3, names=LABELS), "whose variables have names")
    says(message(hoi.oinfo, X[0], groups={"l": [0, 1], "r": [1]}), "groups['l'] and groups['r'] both hold column '1'")
    says(message(hoi.oinfo, X[0], groups={"l": [0, 9]}), "groups['l'] has index 9")
    says(message(hoi.oinfo, X[0], groups={"l": []}), "groups['l'] is empty")
    says(message(hoi.oinfo, X[0], groups={}), "groups is empty")
    says(message(hoi.oinfo, X[0], groups={1: [0], "1": [2]}), "called '1'")
    says(message(hoi.search, X[0], 3, names=3), "names=3: a list of names")
    says(message(hoi.search, X[0], 3, names="abcde"), "names='abcde': a list of names")
    says(message(hoi.oinfo, {1: X[0], "1": X[1]}), "keys that read alike as text (1, 1)")
    says(message(hoi.oinfo, {"a": [1, 2, 3], "b": [3, 1, 2]}), "dict with keys a, b", "pandas.DataFrame(X)")
