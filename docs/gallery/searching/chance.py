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
# it shares with the others. Each of 199 surrogates is searched as the recording is, and the best of each search is
# kept.

import matplotlib.pyplot as plt

import hoi

fmri = hoi.datasets.load_fmri()
found = hoi.permutation_test(fmri, 3, n_best=20, n_resamples=199, seed=0)

# %%
# Grey is the best set of each surrogate at each end, and its wide part the middle 90 % of them; the lines are where p
# is 0.05.

found.plot.null()

# %%
for end in ("lowest", "highest"):
    rows = found.extreme == end
    print(f"{end}: best {found.oinfo[rows][0]:+.3f} nats, p = {found.pvalue[rows][0]:.3f}")
    print(f"    {(found.pvalue[rows] <= 0.05).sum()} of 20 sets have p <= 0.05")

# %%
# Each surrogate contributes the best of *its* 3,276 sets, so the size of the search is taken into account, and so are
# both ends.
#
# What the test says is that regions depend on each other in a way in which shifted regions do not. It does not say that
# the value is right, nor that it would come back.
#
# Data left out
# -------------
#
# So choose the sets in the first half of the recording, and look at them in the second. :func:`hoi.split_half` does
# both, and adds intervals.

chosen = hoi.search(fmri[:125], 3, n_best=20)
again = hoi.split_half(fmri, 3, n_best=20)
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
