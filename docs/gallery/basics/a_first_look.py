"""
The same, or something only together?
=====================================

What do two variables tell about a third: twice the same thing, or something that only both together tell? Two small
systems, one of each kind, and what the O-information makes of them.
"""

# %%
# Two systems of three variables
# ------------------------------
#
# In the first, three sensors pick up one signal, each with noise of its own. In the second, a cell adds up two
# inputs that have nothing to do with each other.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import hoi

rng = np.random.default_rng(0)
n_samples = 2000

signal, *noise = rng.standard_normal((4, n_samples))
sensors = pd.DataFrame({f"sensor {i + 1}": signal + e for i, e in enumerate(noise)})

left, right, error = rng.standard_normal((3, n_samples))
total = left + right + 0.7 * error
cell = pd.DataFrame({"left input": left, "right input": right, "cell": total})

# %%
# One number for each. Above 0 redundancy prevails, below 0 synergy:

print(f"three sensors:         {hoi.oinfo(sensors):+.3f} nats")
print(f"two inputs and a cell: {hoi.oinfo(cell):+.3f} nats")

# %%
# Parts and whole
# ---------------
#
# For three variables this number can be taken apart. It is what the first tells of the third, plus what the second
# tells of it, minus what both together tell.

fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
for ax, X in zip(axes, (sensors, cell)):
    first, second, third = X.columns
    one = hoi.mutual_information(X[first], X[third])
    two = hoi.mutual_information(X[second], X[third])
    both = hoi.mutual_information(X[[first, second]], X[third])
    print(f"{one:.3f} + {two:.3f} - {both:.3f} = {one + two - both:+.3f}")

    ax.bar([first, second], [one, two], color="#8a939b")
    ax.bar("both, added up", one, color="#8a939b")
    ax.bar("both, added up", two, bottom=one, color="#c3c8cd")
    ax.bar("both together", both, color="#D55E00" if one + two > both else "#0072B2")
    ax.set_title(f"information about: {third}")
    ax.tick_params(axis="x", labelsize="small", length=0)
axes[0].set_ylabel("nats")

# %%
# The sensors repeat one another: added up, their information counts the common part twice. Of the two inputs each
# tells a little of the cell, and both together tell more than that little twice.
#
# All sets in one plane
# ---------------------
#
# The O-information is the total correlation minus the dual total correlation. So every set is a point in the plane
# of the two, and the diagonal divides redundancy from synergy. Here are all twenty sets of three of the six
# variables:

every_set = hoi.search(pd.concat([sensors, cell], axis=1), 3, n_best=10)
every_set.plot.tc_dtc()
plt.show()

# %%
# Two points lie off the diagonal: the sensors, and the inputs with their cell. The other sets mix variables of the two
# systems. What is shared in them is shared by two variables at most, and of two variables the O-information is 0.
