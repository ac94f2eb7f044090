"""
Regions of a resting brain
==========================

Which sets of regions carry the same signal, and which tell something only together? A search through all triplets,
quadruplets and quintets of 28 regions in a functional MRI recording, and what to look at in its result.
"""

# %%
# The recording
# -------------
#
# It comes with the package: one person at rest, 250 volumes, 28 regions. Names of columns become names of variables.

# sphinx_gallery_thumbnail_number = 4
import matplotlib.pyplot as plt

import hoi

fmri = hoi.datasets.load_fmri()
print(fmri.attrs["description"])
fmri.iloc[:4, :8].round(2)

# %%
# All sets of three
# -----------------
#
# Look at the whole before the best. Each shape holds all sets of one size, and its width counts them on a logarithmic
# scale.

hoi.plot.landscape(hoi.scan(fmri, (3, 5)))

# %%
# Most sets lie near 0. The values grow in both directions with the number of regions, so sets of different size should
# not compete: ``per_order=True`` keeps the best of each.

found = hoi.search(fmri, order=(3, 5), n_best=4, per_order=True)
found

# %%
found.plot.ranking()

# %%
# More than chance?
# -----------------
#
# Volumes resemble their neighbours, and the search looked at many sets. A test takes both into account: each region is
# shifted in time by itself, which leaves its own course as it is, and the best sets of the same search in 199 of such
# recordings say what chance reaches.

tested = hoi.permutation_test(fmri, 3, n_best=10, n_resamples=199, seed=0)
tested.plot.null()
print(f"{(tested.pvalue <= 0.05).sum()} of {len(tested)} sets of three have p <= 0.05")

# %%
# Families of sets
# ----------------
#
# The rows are not so many separate findings. A set that is strong drags along larger sets that contain it. A line for
# each set shows which regions they share:

triplets = hoi.search(fmri, order=3, n_best=12)
triplets.plot.hypergraph(n_best=12)

# %%
# The redundant sets are a few families: precuneus and posterior cingulate cortex of both sides; the right hippocampus
# with its neighbours; frontal poles, paracingulate gyri and right caudate. Neighbours and mirror images, as one would
# guess. The synergistic sets are weaker, and have less in common: the strongest, both frontal poles with the left
# middle temporal gyrus, has less than half the strength of the strongest redundant set.
#
# How much each region takes part, over more sets:

hoi.search(fmri, order=3, n_best=50).plot.participation(n_variables=15)
plt.show()

# %%
# In the brain
# ------------
#
# The recording names its regions and does not say where they are. Rough centres in mm of MNI space, written down by
# hand, will do for a picture; ``nilearn.plotting.find_parcellation_cut_coords`` gives them for an atlas that you
# have. Lines link the members of a set.

right = {
    "Cau": (13, 10, 10), "Put": (25, 1, 0), "Thal": (11, -19, 6), "Fpol": (25, 53, 8), "Ang": (50, -56, 30),
    "SupraM": (58, -40, 30), "MTG": (58, -30, -10), "Hip": (26, -22, -14), "PostPHG": (22, -32, -17),
    "AntPHG": (22, -9, -30), "Amy": (23, -5, -18), "ParaCing": (6, 37, 21), "PCC": (6, -37, 30), "Prec": (8, -60, 38),
}  # fmt: skip
sides = {"L": -1, "R": 1}
places = {side + name: (sign * x, y, z) for name, (x, y, z) in right.items() for side, sign in sides.items()}
places["APHG"] = places["LAntPHG"]  # the name lacks its L
fig, axes = plt.subplots(2, 1, figsize=(8, 6))
for ax, end in zip(axes, ("lowest", "highest")):
    hoi.plot.connectome(triplets, places, end=end, n_best=6, ax=ax)
plt.show()

# %%
# What this does and does not say
# -------------------------------
#
# One person, one recording, values that go with the filters and the regression that were used on it. A small p says
# that the regions of a set depend on each other, not that the value would come back:
# :ref:`sphx_glr_generated_gallery_searching_chance.py` asks that of the same data.
