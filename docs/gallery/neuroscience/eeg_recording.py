"""
An EEG from raw to topography
=============================

Sixteen seconds of EEG, 14 channels: read, filter, mark a bad channel, search for synergy and redundancy, test, draw on
the scalp, look at each second, and write the paragraph.
"""

# %%
# The recording
# -------------
#
# It comes with the package ``spkit`` (``pip install --no-deps spkit``; nothing of it is imported here): a wireless
# headset, 128 samples a second, values in microvolts. MNE takes it from there.

# sphinx_gallery_thumbnail_number = 3
import pickle
import warnings
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import mne
import numpy as np

import hoi

mne.set_log_level("error")
path = Path(find_spec("spkit").origin).parent / "data" / "files" / "EEG16SecData.pkl"
values, channels = pickle.loads(path.read_bytes())
raw = mne.io.RawArray(values.T * 1e-6, mne.create_info(channels, 128.0, "eeg"))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # later versions of MNE have another name for this montage
    raw.set_montage("standard_1020")
raw.filter(1.0, 40.0)
raw.plot(duration=8.0, scalings=1e-4, show_scrollbars=False, show=False)

# %%
# What is marked as bad is left out
# ---------------------------------
#
# The names in ``raw.info["bads"]`` and segments annotated as ``BAD`` are not read, as in MNE's own functions, and
# this is said once.

raw.info["bads"] = ["T8"]
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    found = hoi.search(raw, 3, n_best=5)
print(said[0].message)
found

# %%
# The values of all sets are above 0 here: redundancy prevails everywhere, and the lowest are the least redundant.
#
# Do not take an average reference first: it makes each channel minus the sum of all others, and a set that determines
# a member by the others looks like synergy without end.
#
# Is it more than chance?
# -----------------------
#
# Neighbouring samples of an EEG are alike: 2,048 of them hold far fewer that are independent.

raw.drop_channels(raw.info["bads"])
independent = hoi.effective_sample_size(raw)
print(f"median over pairs: {np.median(independent[np.triu_indices(len(independent), 1)]):.0f} of {len(raw.times)}")

# %%
# So the surrogates are shifted in time, which keeps what each channel is like, and not permuted.

tested = hoi.permutation_test(raw, 3, n_best=5, n_resamples=199, seed=0)
tested

# %%
# Where on the scalp
# ------------------

fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for ax, end in zip(axes, ("lowest", "highest")):
    hoi.plot.topography(tested, raw.info, end=end, ax=ax)

# %%
# Redundant sets are neighbours. An electrode sees what its neighbours see (volume conduction), and this is redundancy
# by itself. Before more is read into it than that, take a source model or a reference that you trust.
#
# When
# ----
#
# Epochs are data sets: one value for each second. ``hoi.local`` says it sample by sample.

epochs = mne.make_fixed_length_epochs(raw, 1.0)
most = [tested[0].names, tested[len(tested) - 5].names]
by_epoch = hoi.oinfo(epochs, most)
hoi.plot.course(
    by_epoch, np.arange(len(epochs)) + 0.5, labels=[", ".join(names) for names in most],
    xlabel="time (s)", ylabel="O-information of each second (nats)",
)  # fmt: skip
plt.show()

# %%
# One second stands out. Look at the raw traces there before you call it brain: a movement makes all channels alike.
#
# What to write
# -------------

print(tested.summary())

# %%
print(tested.methods().split("\n\n")[0])

# %%
# Missing in the paragraph is what only you know: the person, the task, the headset, the filter from 1 to 40 Hz and
# the channel that was left out.
