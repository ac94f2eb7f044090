"""
Is it more than chance?
=======================

The best of thousands of sets looks good even where there is nothing to find. Two answers, for a recording of 28 brain
regions: the same search on surrogates, and the same sets on data that took no part in choosing them.
"""

# %%
# The same search on surrogates
# -----------------------------
#
# Shifting each region by a random number of volumes, around the end, keeps its values and its rhythm and destroys what
# it shares with the others. Each surrogate is searched as the recording is, and the best of each search is kept. 200
# searches go into one call.

import matplotlib.pyplot as plt
import numpy as np

import hoi

fmri = hoi.datasets.load_fmri()
found = hoi.search(fmri, 3, n_best=20)

rng = np.random.default_rng(0)
regions = fmri.to_numpy().T


def shifted():
    shifts = rng.integers(10, len(fmri) - 10, len(regions))
    return np.column_stack([np.roll(x, shift) for x, shift in zip(regions, shifts)])


surrogates = np.stack([shifted() for _ in range(200)])
null = hoi.search(surrogates, 3, n_best=1, progress=False)

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
ends = (("lowest", "synergy", "#0072B2", -1), ("highest", "redundancy", "#D55E00", 1))
for ax, (end, title, colour, sign) in zip(axes, ends):
    by_chance = null.oinfo[null.extreme == end]
    real = found.oinfo[found.extreme == end]
    beyond = sign * real > (sign * by_chance).max()
    p = (1 + np.sum(sign * by_chance >= sign * real[0])) / (1 + len(by_chance))
    ax.hist(by_chance, bins=25, color="#b8bec4", label="best of each surrogate search")
    ax.vlines(real, 0, 12, color=colour, label="best 20 of the recording")
    ax.set_xlabel("O-information (nats)")
    ax.set_title(title)
    ax.legend()
    print(f"{title}: best {real[0]:+.3f} nats, p = {p:.3f}")
    print(f"    {beyond.sum()} of 20 sets lie beyond all surrogates")
axes[0].set_ylabel("surrogate searches")

# %%
# Each surrogate contributes the best of *its* 3,276 sets, so what lies beyond them all is more than luck, with the
# size of the search taken into account. That holds for all twenty redundant sets, and for the first six synergistic
# ones.
#
# What the test says is that regions depend on each other in a way in which shifted regions do not. It does not say that
# the value is right, nor that it would come back.
#
# Data left out
# -------------
#
# So choose the sets in the first half of the recording, and look at them in the second.

chosen = hoi.search(fmri[:125], 3, n_best=20)
again = hoi.measures(fmri[125:], chosen.members)
hoi.plot.comparison(chosen, again, labels=("first half", "second half"))
plt.show()

for end in ("lowest", "highest"):
    rows = chosen.extreme == end
    means = chosen.oinfo[rows].mean(), again.oinfo[rows].mean()
    print(
        f"{end}: mean {means[0]:+.3f} in the first half, {means[1]:+.3f} in the second"
    )

# %%
# Most sets keep their sign, and nearly all shrink. The synergistic ones lose most of their size, and some turn
# redundant. That shrinkage is not a change of the brain between the halves alone: whatever is chosen because it is
# extreme is partly extreme by luck. The value to report is the one on the vertical axis.
