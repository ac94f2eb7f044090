"""
All sets of five out of a hundred
=================================

A hundred variables have 75 million sets of five. One synergistic and one redundant set are hidden among them. Does an
exhaustive search find both, how long does it take, and would a shorter way have done?
"""

# %%
# Two sets among noise
# --------------------
#
# ``hoi.simulate.planted`` makes such a system, and says where the sets are. The synergistic one is four causes and
# their noisy sum, the redundant one five noisy copies of a signal.

import matplotlib.pyplot as plt

import hoi

system = hoi.simulate.planted(100, n_synergy=5, n_redundancy=5, noise=1.0, loading=0.6)
hidden = {label: columns for label, columns, _ in system.parts}
print("synergy:   ", hidden["synergy"])
print("redundancy:", hidden["redundancy"])
X = system.sample(1000, seed=0)

# %%
# The search
# ----------
#
# The first search of an order compiles its code, which is kept on disk. A small one does that here, so that it does
# not count in the time of the large one.

hoi.search(X[:, :30], order=5)

found = hoi.search(X, order=5, n_best=8)
found

# %%
# Both hidden sets come first. On the machine that built this page:

evaluated, seconds = found.settings["evaluated"], found.settings["seconds"]
rate = evaluated / seconds / 1e6
print(f"{evaluated:,} sets in {seconds:.1f} s: {rate:.0f} million sets per second")

# %%
# All 75 million values were computed and only the best kept, so memory does not grow with the number of sets.
#
# One set, many rows
# ------------------

found.plot.hypergraph()
plt.show()

# %%
# After the first set at each end come four of its five members with whatever variable lifts the value most. Such rows
# are no findings of their own. :doc:`Reading results </results>` says more on that.
#
# From below
# ----------
#
# Would the sets of three have been enough? Here, yes: their best are parts of the hidden sets, and one could go up from
# them.

for row in hoi.search(X, order=3, n_best=8):
    inside = [
        label for label, members in hidden.items() if set(row.members) <= set(members)
    ]
    part = inside[0] if inside else "none"
    print(f"{row.oinfo:+.4f}  {row.members!s:12}  within: {part}")

# %%
# Going up is a bet, though: a set need not have parts that stand out. With an exhaustive search there is no bet, and up
# to some hundred million sets there is no need for one.
