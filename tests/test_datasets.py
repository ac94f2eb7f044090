"""Shipped data: shapes, names, and the licence that travels with them."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import numpy as np
import pytest

from hoi import datasets

LOADERS = [datasets.load_fmri, datasets.load_wine, datasets.load_breast_cancer]


@pytest.mark.parametrize("load", LOADERS)
def test_a_loader_gives_complete_numbers_and_says_what_they_are(load):
    frame = load()
    values = frame.to_numpy()
    assert values.dtype == np.float64
    assert np.isfinite(values).all()
    assert (values.std(axis=0) > 0).all()
    assert frame.columns.is_unique
    for key in ("name", "description", "source", "licence", "citation"):
        assert isinstance(frame.attrs[key], str) and frame.attrs[key]
    assert list(frame.attrs["variables"]) == list(frame.columns)


def test_fmri_is_28_regions_and_3_nuisance_signals():
    regions, everything = datasets.load_fmri(), datasets.load_fmri(nuisance=True)
    assert regions.shape == (250, 28) and everything.shape == (250, 31)
    assert list(everything.columns[:3]) == ["WM", "Vent", "Brain"]
    assert list(everything.columns[3:]) == list(regions.columns)
    assert everything.iloc[0, :4].tolist() == [10125.9, 10112.8, 9219.5, -7.39443]
    # the regions come cleaned of the nuisance signals
    assert np.abs(np.corrcoef(everything.T)[2, 3:]).max() < 0.11


def test_fmri_long_names():
    names = datasets.load_fmri(nuisance=True).attrs["variables"]
    assert names["LPCC"] == "left posterior cingulate cortex"
    assert names["APHG"] == "left anterior parahippocampal gyrus"
    assert names["RAntPHG"] == "right anterior parahippocampal gyrus"
    assert names["Brain"] == "whole brain"
    left = {name.removeprefix("left ") for name in names.values() if name.startswith("left ")}
    right = {name.removeprefix("right ") for name in names.values() if name.startswith("right ")}
    assert left == right and len(left) == 14


def test_fmri_file_is_the_one_its_provenance_names():
    folder = files("hoi.datasets")
    digest = hashlib.sha256(folder.joinpath("fmri_timeseries.csv").read_bytes()).hexdigest()
    assert digest in folder.joinpath("fmri_timeseries.md").read_text(encoding="utf-8")
    licence = folder.joinpath("fmri_timeseries.LICENSE.txt").read_text(encoding="utf-8")
    assert licence.startswith("Copyright (c) 2006-2011, NIPY Developers")


def test_targets_of_the_machine_learning_data():
    assert sorted(set(datasets.load_wine().attrs["target"])) == [0, 1, 2]
    assert len(datasets.load_breast_cancer().attrs["target"]) == 569


def test_available_lists_every_loader():
    table = datasets.available()
    assert list(table.index) == ["fmri", "wine", "breast_cancer"]
    assert set(table["loader"]) == {name for name in datasets.__all__ if name.startswith("load_")}
    assert table.loc["wine", ["samples", "variables"]].tolist() == [178, 13]


def test_a_loaded_table_is_the_caller_s_own():
    changed = datasets.load_fmri()
    changed.iloc[:, :] = 0.0
    assert datasets.load_fmri().to_numpy().any()
