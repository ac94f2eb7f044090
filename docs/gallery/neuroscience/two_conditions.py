"""
Comparing two conditions
========================

Are these regions more redundant during the task than at rest? Values of all sets in both conditions, a test that takes
the number of sets into account, and the same across subjects.
"""

# %%
# Rest and task
# -------------
#
# Simulated: ten regions, 200 trials of each condition. A weak common signal is there in both. In the task, regions 0,
# 1 and 2 share another one, and region 5 starts to follow the sum of regions 3 and 4.

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np

import hoi

n_trials, n_regions = 200, 10


def record(task, rng):
    common = rng.standard_normal((n_trials, 1))
    X = rng.standard_normal((n_trials, n_regions)) + 0.4 * common
    if task:
        X[:, :3] += 0.9 * rng.standard_normal((n_trials, 1))
        X[:, 5] += X[:, 3] + X[:, 4]
    return X


rng = np.random.default_rng(3)
rest, task = record(False, rng), record(True, rng)

# %%
# All triplets, in both
# ---------------------

triplets = list(combinations(range(n_regions), 3))
at_rest, in_task = hoi.measures(rest, triplets), hoi.measures(task, triplets)
hoi.plot.comparison(at_rest, in_task, labels=("rest", "task"))

# %%
# Sets on the diagonal do not change. Which of the others changed by more than chance? :func:`hoi.compare` deals the
# samples out anew to the two conditions and keeps the largest change of any triplet. Where samples follow each other
# in time it deals out blocks of them, since neighbours are alike: single samples would make differences of nothing.

found = hoi.compare(task, rest, 3, n_best=5, n_resamples=499, seed=0)
for members, difference, p in zip(found.members, found.oinfo, found.pvalue):
    if p <= 0.05:
        print(f"{members}: task less rest {difference:+.3f}, p = {p:.3f}")

# %%
# Both planted triplets, and beside them a set with two of the regions whose dependence on each other has changed: a
# difference of a set need not be one of the set as a whole.
#
# Several subjects
# ----------------
#
# Twelve subjects of the same shape, each in both conditions:

rngs = np.random.default_rng(1).spawn(12)
rest = np.stack([record(False, rng) for rng in rngs])
task = np.stack([record(True, rng) for rng in rngs])
found = hoi.compare(task, rest, 3, paired=True, n_best=5, n_resamples=1999, seed=0)
print(found)

# %%
fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
for ax, triplet in zip(axes, ((0, 1, 2), (3, 4, 5), (7, 8, 9))):
    both = np.column_stack([hoi.oinfo(rest, [triplet]), hoi.oinfo(task, [triplet])])
    ax.plot(["rest", "task"], both.T, "o-", color="#8a939b", linewidth=0.8)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.margins(x=0.3)
    p = dict(zip(found.members, found.pvalue)).get(triplet)
    said = "not among the largest" if p is None else f"p = {p:.2g}"
    ax.set_title(f"regions {triplet}: {said}", fontsize="medium")
axes[0].set_ylabel("O-information (nats)")
plt.show()

# %%
# Keep the number of trials the same in both conditions. The bias is corrected either way, but shorter recordings
# scatter more, and that alone can make two conditions look different.
