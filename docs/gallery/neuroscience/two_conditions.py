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
from scipy.stats import wilcoxon

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
# Sets on the diagonal do not change. Which of the others changed by more than chance? If the condition made no
# difference, its label could be dealt out anew to the trials. So: shuffle the labels, take the difference of all
# triplets, and keep the largest one. What exceeds that in all but 5 % of the shuffles is significant, with all 120 sets
# taken into account.
#
# Each condition is ranked before the shuffles, so that a mere change of a mean or a variance does not matter; after
# them, ``estimator="gaussian"`` takes the normal scores as they are. All shuffles go into one call.

difference = in_task.oinfo - at_rest.oinfo

trials = np.concatenate([hoi.copula_transform(rest), hoi.copula_transform(task)])
shuffles = np.stack([rng.permutation(trials) for _ in range(500)])
null = hoi.oinfo(shuffles[:, n_trials:], triplets, estimator="gaussian")
null -= hoi.oinfo(shuffles[:, :n_trials], triplets, estimator="gaussian")
largest = np.abs(null).max(axis=1)
threshold = np.quantile(largest, 0.95)

fig, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
ax.hist(largest, bins=30, color="#b8bec4", label="largest difference of each shuffle")
ax.axvline(threshold, color="black", linestyle="--", label="95 % of the shuffles")
significant = np.flatnonzero(np.abs(difference) > threshold)
for i in significant:
    colour = "#D55E00" if difference[i] > 0 else "#0072B2"
    ax.axvline(abs(difference[i]), color=colour, linewidth=2)
ax.set_xlabel("absolute difference of O-information (nats)")
ax.set_ylabel("shuffles")
ax.set_ylim(0, 75)
ax.legend(loc="upper left")

for i in significant[np.argsort(-np.abs(difference[significant]))]:
    p = (1 + (largest >= abs(difference[i])).sum()) / (1 + len(largest))
    values = f"rest {at_rest.oinfo[i]:+.3f}, task {in_task.oinfo[i]:+.3f}"
    print(f"{triplets[i]}: {values}, p = {p:.3f}")

# %%
# The two planted triplets, and no other.
#
# Several subjects
# ----------------
#
# With one value for each subject the usual tests apply. Twelve subjects of the same shape go into one call for each
# condition:

rngs = np.random.default_rng(1).spawn(12)
rest = np.stack([record(False, rng) for rng in rngs])
task = np.stack([record(True, rng) for rng in rngs])

fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
for ax, triplet in zip(axes, ((0, 1, 2), (3, 4, 5), (7, 8, 9))):
    both = np.column_stack([hoi.oinfo(rest, [triplet]), hoi.oinfo(task, [triplet])])
    p = wilcoxon(*both.T).pvalue
    ax.plot(["rest", "task"], both.T, "o-", color="#8a939b", linewidth=0.8)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.margins(x=0.3)
    ax.set_title(f"regions {triplet}: p = {p:.2g}", fontsize="medium")
axes[0].set_ylabel("O-information (nats)")
plt.show()

# %%
# Keep the number of trials the same in both conditions. The bias is corrected either way, but shorter recordings
# scatter more, and that alone can make two conditions look different.
