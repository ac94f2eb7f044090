"""
Spike counts: which cells, and which bins?
==========================================

Spike times have to be counted in bins before anything can be said of them. Short bins are mostly empty, long bins are
few. How to choose, and what a search through all triplets of cells finds then.
"""

# %%
# Twelve cells for five minutes
# -----------------------------
#
# Simulated spike times. Cells 0 to 3 follow one slow fluctuation, as under a shared gain. Cells 4 and 5 follow one
# each, and cell 6 follows the sum of those two. The others fire on their own.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

import hoi

rng = np.random.default_rng(2)
duration, step = 300.0, 0.005
n_steps = int(duration / step)


def fluctuation():
    """Smooth noise of unit variance; its time scale is about a third of a second."""
    noise = gaussian_filter1d(rng.standard_normal(n_steps), 0.3 / step)
    return noise / noise.std()


gain, one, two = fluctuation(), fluctuation(), fluctuation()
both = (one + two) / np.sqrt(2)
drives = [gain] * 4 + [one, two, both] + [fluctuation() for _ in range(5)]
spike_times = []
for drive in drives:
    rate = 10 * np.exp(0.4 * drive)
    spike_times.append(np.flatnonzero(rng.random(n_steps) < rate * step) * step)
print("spikes:", [len(times) for times in spike_times])


def counts_in_bins(width):
    edges = np.arange(0, duration + width / 2, width)
    counts = [np.histogram(times, edges)[0] for times in spike_times]
    return pd.DataFrame({f"cell {i}": values for i, values in enumerate(counts)})


# %%
# How long a bin?
# ---------------
#
# Counts repeat, so the library warns; here that is known, and shown by the curve itself. Between the edges of the
# grey band p is above 0.05: the best of all triplets of cells that were shifted by random times, which keeps the rate
# and the rhythm of each, reaches as far in one case of twenty.

warnings.simplefilter("ignore", hoi.TiesWarning)
widths = np.array([0.05, 0.1, 0.2, 0.5, 1, 2, 5])
triplets = {"cells 0, 1, 2": (0, 1, 2), "cells 4, 5, 6": (4, 5, 6)}


values, bands = [], []
for width in widths:
    counts = counts_in_bins(width)
    values.append(hoi.oinfo(counts, list(triplets.values())))
    tested = hoi.permutation_test(counts, 3, n_best=1, n_resamples=99, seed=0)
    bands.append([end["value"] for end in tested.settings["thresholds"]])

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
low, high = np.transpose(bands)
ax.fill_between(widths, low, high, color="#d8dcdf", label="chance, p > 0.05")
for label, course, colour in zip(
    triplets, np.transpose(values), ("#D55E00", "#0072B2")
):
    ax.plot(widths, course, "o-", color=colour, label=label)
ax.set_xscale("log")
ax.set_xticks(widths, [f"{width:g}" for width in widths])
ax.minorticks_off()
ax.set_xlabel("length of a bin (s)")
ax.set_ylabel("O-information (nats)")
ax.legend()

# %%
# Longer bins hold more spikes, so the counts follow the rates more closely, and the values grow. At the right end only
# 60 bins are left, and the band of chance opens. There is no bin that is right for everything: the value of a set
# belongs to a time scale, and should be reported with it.
#
# All triplets
# ------------
#
# At one second, 300 bins:

found = hoi.search(counts_in_bins(1.0), 3, n_best=5)
found.plot.ranking()

# %%
# The four sets at the redundant end are the four triplets of cells 0 to 3, and the most synergistic set is cells 4, 5
# and 6. What follows on either side was not planted: it is the scatter of 300 samples, and it shows how far down the
# list one can read.

found.plot.hypergraph()
plt.show()
