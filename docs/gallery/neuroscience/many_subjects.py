"""
Many subjects
=============

Which sets are synergistic in a group? Recordings of different lengths, the values of every subject, and a search of the
mean over subjects that says how many agree with it.
"""

# %%
# Seven recordings
# ----------------
#
# Simulated: ten regions, 150 to 300 samples of each subject. Region 5 follows the sum of regions 3 and 4 in all of
# them, more or less; regions 0, 1 and 2 share a signal in all but two. One pair of regions is another one in each.

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import hoi

regions = [f"r{i}" for i in range(10)]


def record(i, rng):
    X = rng.standard_normal((int(rng.integers(150, 300)), 10))
    X[:, 5] += rng.uniform(0.4, 1) * (X[:, 3] + X[:, 4])
    if i > 1:
        X[:, :3] += 0.8 * rng.standard_normal((len(X), 1))
    X[:, [i, 9]] += 0.5 * rng.standard_normal((len(X), 1))
    return pd.DataFrame(X, columns=regions)


rngs = np.random.default_rng(5).spawn(7)
subjects = {f"sub-{i + 1}": record(i, rng) for i, rng in enumerate(rngs)}
print({name: len(table) for name, table in subjects.items()})

# %%
# Each subject by itself
# ----------------------
#
# A dict (or list) of tables is one dataset for each. Every recording is estimated by itself, with the bias of its own
# number of samples, and rows carry the names of subjects.

found = hoi.search(subjects, 3, n_best=1)
print(found)

# %%
# Values of given sets are an array of subjects by sets: the way to all statistics that one may want of them.

triplets = list(combinations(range(10), 3))
values = hoi.oinfo(subjects, triplets)
print(values.shape)
t = values.mean(axis=0) / (values.std(axis=0, ddof=1) / np.sqrt(len(values)))
print("largest |t|:", triplets[np.abs(t).argmax()])

# %%
# The group
# ---------
#
# ``across="mean"`` ranks sets by the mean over subjects. ``agreement`` is the share of subjects whose own value has the
# sign of the mean: a mean that one subject makes is told from one that all share.

group = hoi.search(subjects, 3, across="mean", n_best=4)
print(group)

# %%
# The same sets in every subject, as rows of a picture:

best = group.member_names
each = hoi.oinfo(subjects, best)
reach = np.abs(each).max()
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
image = ax.imshow(each, cmap="RdBu_r", vmin=-reach, vmax=reach, aspect="auto")
ax.set_xticks(range(len(best)), ["\n".join(names) for names in best])
ax.set_yticks(range(len(subjects)), list(subjects))
fig.colorbar(image, label="O-information (nats)")

# %%
# Whether the mean is more than chance is a question for :func:`hoi.permutation_test`, which tests the same mean where
# all recordings have one length, and for :func:`hoi.compare` where there are two groups or conditions.
