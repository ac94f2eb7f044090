"""
Epochs of an EEG: when do channels share what?
==============================================

Objects of MNE go in as they are. By default every epoch is a data set, and its time points are the samples. Turned
round, with the epochs as samples, one gets a time course: what do channels share across trials, at each moment?
"""

# %%
# Simulated epochs
# ----------------
#
# Eight channels, 80 trials of 0.8 s, and two events in each trial. From 0.15 to 0.3 s one source reaches three
# frontal channels: redundancy. From 0.45 to 0.6 s two sources, which vary independently from trial to trial, reach a
# central channel each, and Pz receives their sum: synergy.

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd

import hoi

mne.set_log_level("error")
rng = np.random.default_rng(0)
channels = ["F3", "Fz", "F4", "C3", "Cz", "C4", "Pz", "Oz"]
n_trials, sfreq = 80, 100.0
times = np.arange(-0.1, 0.7, 1 / sfreq)


def bump(start, stop):
    """A smooth event, as a course over time."""
    inside = (times > start) & (times < stop)
    return np.where(inside, np.sin(np.pi * (times - start) / (stop - start)), 0.0)


early, late = bump(0.15, 0.30), bump(0.45, 0.60)
frontal, left, right = rng.standard_normal((3, n_trials, 1))
data = rng.standard_normal((n_trials, len(channels), len(times)))
for channel, signal in {
    "F3": frontal * early, "Fz": frontal * early, "F4": frontal * early,
    "C3": left * late, "C4": right * late, "Pz": (left + right) * late,
}.items():  # fmt: skip
    data[:, channels.index(channel)] += 1.4 * signal

info = mne.create_info(channels, sfreq, "eeg")
epochs = mne.EpochsArray(data * 1e-6, info, tmin=times[0])
epochs

# %%
# One value for each epoch
# ------------------------
#
# Epochs as data sets. Names of channels are names of variables.

by_epoch = hoi.oinfo(epochs, [("F3", "Fz", "F4"), ("C3", "C4", "Pz")])
print(by_epoch.shape)
for name, values in zip(("F3, Fz, F4", "C3, C4, Pz"), by_epoch.T):
    error = values.std(ddof=1) / np.sqrt(n_trials)
    print(f"{name}: {values.mean():+.4f} ± {error:.4f} nats")

# %%
# Both are redundant. Within one trial all channels that an event reaches rise and fall together, whatever their
# amplitudes. What the amplitudes have to do with each other shows across trials only, and that is another question.
#
# One value for each moment
# -------------------------
#
# Time points as data sets, trials as samples: turn the array to (times, epochs, channels). One call computes all time
# points, with an interval of 95 % for each.

by_time = epochs.get_data().transpose(2, 0, 1)
triplets = {"F3, Fz, F4": [0, 1, 2], "C3, C4, Pz": [3, 5, 6]}

fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
ax.axhline(0, color="#5f6a72", linewidth=0.8)
for (name, triplet), colour in zip(triplets.items(), ("#D55E00", "#0072B2")):
    course = hoi.confidence_interval(by_time, [triplet])
    ax.fill_between(epochs.times, course.low, course.high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(epochs.times, course.oinfo, color=colour, label=name)
ax.axvline(0, color="black", linewidth=0.8)
ax.set_xlabel("time from the stimulus (s)")
ax.set_ylabel("O-information across trials (nats)")
ax.legend()

# %%
# Which channels, at which time
# -----------------------------
#
# A test in each time window, over all triplets. Averaging each trial over the window gives one sample per trial. Trials
# do not depend on each other, so surrogates are made by shuffling them (``null="permute"``); p is corrected for all
# triplets and both ends.

windows = {"0.15 to 0.30 s": (0.15, 0.30), "0.45 to 0.60 s": (0.45, 0.60)}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for ax, (title, (start, stop)) in zip(axes, windows.items()):
    means = epochs.copy().crop(start, stop).get_data().mean(axis=2)
    frame = pd.DataFrame(means, columns=channels)
    found = hoi.permutation_test(frame, 3, null="permute", n_best=3, n_resamples=199, seed=0)
    found.plot.ranking(ax=ax)
    ax.set_title(title, loc="left")
    for names, p in zip(found.member_names, found.pvalue):
        if p <= 0.05:
            print(f"{title}: {', '.join(names)}, p = {p:.3f}")
plt.show()

# %%
# Both planted triplets are there, each in its window, and in the early one sets with two of its three channels as well:
# the test asks whether the channels of a set depend on each other, and two of them do. The values are larger than at
# any single moment, since the mean over a window has less noise. In recordings neighbouring channels share a source by
# volume conduction, and that is redundancy as well: use a reference or a source model that you trust before you read
# much into it.
