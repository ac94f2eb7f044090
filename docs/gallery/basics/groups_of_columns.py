"""
Several columns as one variable
===============================

A region has many voxels, a joint has three angles, a word has a vector. Averaging makes one column of them, and loses
what lies in their pattern. With ``groups`` each is one multivariate variable instead.
"""

# %%
# Six regions of four voxels
# --------------------------
#
# Simulated, so that the truth is known. Three regions share a signal that moves all their voxels up and down together.
# In three others the signal moves half of the voxels up and the other half down: a *pattern*, of which the mean knows
# nothing. In both cases the third region carries the sum of what the first two carry.

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import hoi

rng = np.random.default_rng(0)
n_samples, n_voxels = 600, 4
level, pattern = np.ones(n_voxels), np.array([1, 1, -1, -1])


def region(signal, weights):
    return np.outer(signal, weights) + rng.standard_normal((n_samples, n_voxels))


a, b, c, d = rng.standard_normal((4, n_samples))
regions = {
    "V1": region(a, level),
    "V2": region(b, level),
    "V4": region(a + b, level),
    "S1": region(c, pattern),
    "S2": region(d, pattern),
    "M1": region(c + d, pattern),
}
columns = [f"{name}.{i}" for name in regions for i in range(n_voxels)]
voxels = pd.DataFrame(np.hstack(list(regions.values())), columns=columns)
voxels.iloc[:3].round(2)

# %%
# Means, and groups
# -----------------
#
# A group is a list of columns. A search over groups gives sets of groups, and counts them from 0 as it does columns.

means = pd.DataFrame({name: values.mean(axis=1) for name, values in regions.items()})
groups = [[c for c in columns if c.startswith(f"{name}.")] for name in regions]
names = list(regions)

for table, options in ((means, {}), (voxels, {"groups": groups})):
    for row in hoi.search(table, 3, n_best=2, which="lowest", **options):
        print(f"{row.oinfo:+.3f}  {', '.join(names[i] for i in row.members)}")
    print()

# %%
# The means find the one triplet and see nothing in the other. The groups find both. All twenty triplets, by either:

triplets = list(combinations(range(6), 3))
by_means = hoi.measures(means, triplets)
by_groups = hoi.measures(voxels, triplets, groups=groups)

fig, ax = plt.subplots(figsize=(5.6, 4.6), layout="constrained")
ax.axhline(0, color="#b8bec4", linewidth=0.8)
ax.axvline(0, color="#b8bec4", linewidth=0.8)
colours = ["#0072B2" if value < -0.05 else "#8a939b" for value in by_groups.oinfo]
ax.scatter(by_means.oinfo, by_groups.oinfo, color=colours)
for i in by_groups.oinfo.argsort()[:2]:
    label = ", ".join(names[m] for m in triplets[i])
    place = by_means.oinfo[i], by_groups.oinfo[i]
    ax.annotate(label, place, (8, 0), textcoords="offset points", va="center")
ax.annotate("the other 18", (0, 0), (-10, -16), textcoords="offset points", ha="right")
ax.margins(0.2)
ax.set_xlabel("O-information of the means (nats)")
ax.set_ylabel("O-information of the groups (nats)")
plt.show()

# %%
# Groups cost samples: a set of three regions has twelve columns here, and it is the columns that count when you ask
# :ref:`how many samples <sphx_glr_generated_gallery_basics_bias_and_sample_size.py>` an estimate needs. With hundreds
# of voxels per region reduce each region to a few components first, and make groups of those.
