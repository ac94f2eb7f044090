"""Recordings of MNE: what its own functions leave out is left out, and said."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from messages import message, says

import hoi

VALUES = np.random.default_rng(2).standard_normal((60, 5))
NAMES = ["Fz", "Cz", "BAD1", "STI", "Pz"]


class Recording:
    """What a Raw of MNE offers: channels and their kinds, bads, annotations."""

    def __init__(self, bads=(), kinds=("eeg",) * 5, bad=slice(0, 0)):
        self.ch_names, self.times, self.info, self.kinds = NAMES, np.arange(60), {"bads": list(bads)}, list(kinds)
        self.bad = np.zeros(60, bool)
        self.bad[bad] = True
        texts = ["stimulus", "BAD_blink"] if self.bad.any() else ["stimulus"]
        self.annotations = SimpleNamespace(description=np.array(texts))

    def get_channel_types(self):
        return self.kinds

    def get_data(self, reject_by_annotation=None):
        return VALUES.T[:, ~self.bad] if reject_by_annotation == "omit" else VALUES.T


KINDS = ["eeg", "eeg", "eeg", "stim", "eeg"]
MARKED = Recording(["BAD1"], KINDS, slice(10, 22))


def test_bad_channels_segments_and_other_kinds_are_left_out_and_said_once():
    with pytest.warns(hoi.InputWarning) as caught:
        found = hoi.search(MARKED, 3, n_best=1, which="lowest")
    assert len(caught) == 1 and caught[0].filename == __file__
    says(str(caught[0].message), "1 bad channel (BAD1)", "1 channel of other kinds (STI: stim)",
         "12 of 60 samples in segments annotated as bad left out", "as_table(X, everything=True)")
    assert found.names == ("Fz", "Cz", "Pz")
    rows = np.r_[0:10, 22:60]
    assert found.oinfo[0] == hoi.oinfo(VALUES[np.ix_(rows, [0, 1, 4])])


def test_everything_is_kept_when_asked_for():
    table = hoi.as_table(MARKED, everything=True)
    assert table.names == tuple(NAMES)
    np.testing.assert_array_equal(table.values, VALUES)
    assert hoi.oinfo(table) == hoi.oinfo(VALUES)


def test_a_recording_without_marks_is_taken_whole_in_silence():
    assert hoi.oinfo(Recording()) == hoi.oinfo(VALUES)
    assert hoi.oinfo(Recording(kinds=["emg"] * 5)) == hoi.oinfo(VALUES)  # no channel of brain activity: all are meant


def test_mutual_information_of_recordings():
    with pytest.warns(hoi.InputWarning, match="Y is a recording"):
        value = hoi.mutual_information(VALUES[:, 2], Recording(["BAD1"]))
    assert value == hoi.mutual_information(VALUES[:, 2], VALUES[:, [0, 1, 3, 4]])


def test_nothing_is_left():
    says(message(hoi.oinfo, Recording(NAMES)), "none is left without 5 bad channels", "everything=True")
