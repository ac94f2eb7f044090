"""Data of the packages that neuroscientists use, as those packages make them."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest
from messages import message, says

import hoi

mne = pytest.importorskip("mne", reason="the tests with other packages run in `make docs-test`")
maskers = pytest.importorskip("nilearn.maskers", reason="the tests with other packages run in `make docs-test`")
nibabel = pytest.importorskip("nibabel")

CHANNELS = ["Fz", "Cz", "Pz", "Oz", "T7"]


@pytest.fixture(scope="module")
def values():
    """1000 samples of 5 channels; the third repeats the first two."""
    rng = np.random.default_rng(5)
    values = rng.standard_normal((1000, 5))
    values[:, 2] += values[:, 0] + values[:, 1]
    return values * 1e-6


@pytest.fixture(scope="module")
def raw(values):
    info = mne.create_info(CHANNELS, 100.0, "eeg", verbose="error")
    return mne.io.RawArray(values.T, info, verbose="error")


@pytest.fixture(scope="module")
def epochs(raw):
    return mne.make_fixed_length_epochs(raw, 2.0, preload=True, verbose="error")


def test_raw(raw, values):
    assert hoi.oinfo(raw) == hoi.oinfo(values)
    found = hoi.search(raw, 3, n_best=1)
    assert found.names == tuple(CHANNELS)
    assert found.member_names[0] == ("Fz", "Cz", "Pz")


def test_the_channels_that_were_picked(raw, values):
    assert hoi.oinfo(raw.copy().pick(["Pz", "Fz", "Cz"])) == hoi.oinfo(values[:, [2, 0, 1]])


def test_epochs_are_datasets(epochs, values):
    cut = values.reshape(5, 200, 5)
    np.testing.assert_array_equal(hoi.oinfo(epochs), hoi.oinfo(cut))
    found = hoi.search(epochs, 3, n_best=1, which="lowest")
    assert found.dataset.tolist() == [0, 1, 2, 3, 4]
    assert set(found.member_names) == {("Fz", "Cz", "Pz")}


def test_evoked(epochs, values):
    mean = values.reshape(5, 200, 5).mean(axis=0)
    assert hoi.oinfo(epochs.average()) == pytest.approx(hoi.oinfo(mean), abs=1e-12)


def test_a_spectrum_is_no_recording(raw):
    spectrum = raw.compute_psd(verbose="error")
    says(message(hoi.oinfo, spectrum), "X is a Spectrum with data of shape (5, ", "a Raw, an Evoked")


def test_what_is_marked_as_bad_is_left_out_as_mne_does(values):
    info = mne.create_info(CHANNELS, 100.0, ["eeg", "eeg", "eeg", "eeg", "stim"], verbose="error")
    raw = mne.io.RawArray(values.T, info, verbose="error")
    raw.info["bads"] = ["Oz"]
    raw.set_annotations(mne.Annotations([1.0], [0.5], ["BAD_blink"]))
    with pytest.warns(hoi.InputWarning) as caught:
        value = hoi.oinfo(raw)
    kept = raw.get_data(picks=["Fz", "Cz", "Pz"], reject_by_annotation="omit").T
    assert len(kept) < 1000
    assert value == hoi.oinfo(kept)
    says(str(caught[0].message), "1 bad channel (Oz)", "(T7: stim)", f"{1000 - len(kept)} of 1000 samples")
    assert hoi.oinfo(hoi.as_table(raw, everything=True)) == hoi.oinfo(values)


def test_frames_of_mne(raw):
    frame = raw.to_data_frame(index="time")
    assert hoi.search(frame, 3, n_best=1).member_names[0] == ("Fz", "Cz", "Pz")


@pytest.fixture(scope="module")
def images():
    """Two runs of 40 volumes, and an atlas of 4 regions."""
    rng = np.random.default_rng(8)
    atlas = np.zeros((4, 4, 4), dtype=np.int16)
    for region in range(4):
        atlas[region] = region + 1
    runs = []
    for _ in range(2):
        series = rng.standard_normal((40, 4))
        series[:, 3] += series[:, 0] - series[:, 1]
        data = np.broadcast_to(series.T[:, None, None, :], (4, 4, 4, 40)) + 0.01 * rng.standard_normal((4, 4, 4, 40))
        runs.append(nibabel.Nifti1Image(data, np.eye(4)))
    return runs, nibabel.Nifti1Image(atlas, np.eye(4))


@pytest.mark.filterwarnings("ignore")  # of nilearn, on defaults that will change
def test_the_output_of_a_masker(images):
    runs, atlas = images
    masker = maskers.NiftiLabelsMasker(atlas, verbose=0).fit()
    series = [masker.transform(run) for run in runs]
    found = hoi.search(series[0], 3, n_best=1)
    assert (len(found.names), found.members[0]) == (4, (0, 1, 3))
    both = hoi.search(series, 3, n_best=1, which="lowest")
    assert both.members == [(0, 1, 3), (0, 1, 3)]
    assert both.dataset.tolist() == [0, 1]


@pytest.mark.filterwarnings("ignore")
def test_the_frame_of_a_masker_keeps_its_names(images):
    runs, atlas = images
    labels = ["left", "right", "mid", "all"]
    masker = maskers.NiftiLabelsMasker(atlas, labels=labels, verbose=0).set_output(transform="pandas")
    found = hoi.search(masker.fit_transform(runs[0]), 3, n_best=1)
    assert found.names == tuple(labels)
    assert found.member_names[0] == ("left", "right", "all")


# --- pictures


@pytest.fixture
def ax():
    from matplotlib.figure import Figure

    return Figure().subplots()


def test_sets_on_the_scalp(raw, ax):
    # later versions of MNE have another name for it
    there = mne.channels.get_builtin_montages()
    placed = raw.copy().set_montage("colin27_1020" if "colin27_1020" in there else "standard_1020")
    found = hoi.search(placed, 3, n_best=1)
    hoi.plot.topography(found, placed.info, ax=ax)
    assert ax.get_title("left") == "most synergistic sets"
    sensors, *lines = ax.lines
    spokes = [line for line in lines if len(line.get_xdata()) == 2]
    ends = {(float(line.get_xdata()[1]), float(line.get_ydata()[1])) for line in spokes}
    places = zip(found.names, *np.array(sensors.get_data()).tolist(), strict=True)
    assert {name for name, x, y in places if (x, y) in ends} == {"Fz", "Cz", "Pz"}


def test_channels_without_places(raw, ax):
    found = hoi.search(raw, 3, n_best=1)
    says(message(hoi.plot.topography, found, raw.info, ax=ax), "cannot place the channels", "set_montage")
    others = mne.create_info(["A", "B"], 100.0, "eeg", verbose="error")
    says(message(hoi.plot.topography, found, others, ax=ax), "info has no channel 'Fz' (5 of 5", "raw.info")


def test_sets_in_a_glass_brain(values, ax):
    places = {"a": (-40, 20, 10), "b": (40, 20, 10), "c": (0, -60, 20), "d": (10, 10, 50), "e": (-20, -30, 0)}
    found = hoi.search(pd.DataFrame(values, columns=list(places)), 3, n_best=1)
    hoi.plot.connectome(found, places, end="lowest", ax=ax)
    assert ax.get_title("left") == "most synergistic sets"
    again = type(ax.figure)().subplots()
    assert found.plot.connectome(list(places.values()), ax=again) is again


@pytest.mark.parametrize("function", [hoi.plot.connectome, hoi.plot.topography])
@pytest.mark.filterwarnings("ignore::FutureWarning")  # names of montages
def test_the_examples(function):
    test = doctest.DocTestParser().get_doctest(function.__doc__, {}, function.__name__, None, 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0
