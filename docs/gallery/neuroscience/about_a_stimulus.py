"""
What do cells tell of a stimulus?
=================================

Each cell tells a little of what was shown. Which cells say the same again, and which say something only together?
Measures about a target answer that, and a search goes through all sets of cells.
"""

# %%
# Twenty cells
# ------------
#
# Simulated responses in 2000 trials. Cells 0 to 4 follow the stimulus and share their noise: whoever listens to one of
# them learns little from the next. Cell 5 follows a state of the animal, and cell 6 the stimulus plus that state:
# cell 5 alone says nothing of the stimulus, but it says how to read cell 6. The others fire on their own.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import hoi

rng = np.random.default_rng(1)
n_trials, n_cells = 2000, 20
stimulus, state, shared = rng.standard_normal((3, n_trials))
rates = rng.standard_normal((n_trials, n_cells))
rates[:, :5] += 0.8 * stimulus[:, None] + shared[:, None]
rates[:, 5] = state + 0.3 * rates[:, 5]
rates[:, 6] = stimulus + state + 0.3 * rates[:, 6]
table = pd.DataFrame(rates, columns=[f"cell {i}" for i in range(n_cells)])
table["stimulus"] = stimulus

# %%
# All pairs
# ---------
#
# The redundancy-synergy index of a pair is what both tell of the stimulus, less what each tells alone. Above 0 the
# whole is more than its parts.

pairs = hoi.pairwise(table, measure="rsi", target="stimulus")
hoi.plot.matrix(
    pairs.iloc[:10, :10], measure="rsi", label="redundancy-synergy index (nats)"
)

# %%
# The first five cells are redundant with each other and with cell 6, and cells 5 and 6 are synergistic.
#
# All triplets
# ------------
#
# The gradient of the O-information has the opposite sign: it is what the stimulus adds to the balance of a set,
# negative where the stimulus binds the cells in a way that no smaller set shows. The test permutes the trials, takes
# the best set of all 1,140 in every surrogate, and corrects for both ends.

found = hoi.permutation_test(
    table,
    3,
    measure="gradient",
    target="stimulus",
    null="permute",
    n_best=5,
    n_resamples=99,
    seed=0,
)
found.plot.ranking()
print(found)

# %%
# The synergistic triplets are cells 5 and 6 with any third cell: the pair is what counts, and the third adds nothing to
# it, which is why their values are all alike. The redundant triplets are those of the first five cells.
#
# How much do sets tell in all?
# -----------------------------
#
# The information itself can only grow with a set, so compare sets of one size. The best triplet holds the synergistic
# pair. Minimum mutual information says what its least telling cell tells alone, and how much of it is lost without the
# cell that matters least.

best = hoi.search(
    table, 3, measure="information", target="stimulus", which="highest", n_best=1
)
row = best[0]
print(f"{' + '.join(row.names)} tell {row.information:.3f} nats of the stimulus")
least = hoi.redundancy_mmi(table, [row.members], target="stimulus")[0]
lost = hoi.synergy_mmi(table, [row.members], target="stimulus")[0]
print(f"the least telling cell alone {least:.3f}, lost without the least needed {lost:.3f}")

alone = hoi.information(table, [(i,) for i in range(n_cells)], target="stimulus")
fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
ax.bar(range(n_cells), alone, color="#5f6a72")
ax.axhline(row.information, color="#0072B2", label="the best three together")
ax.set_xlabel("cell")
ax.set_ylabel("information (nats)")
ax.legend()
plt.show()

# %%
# All of this is Gaussian: a cell whose variance alone follows the stimulus would not be seen. With counts of spikes and
# few kinds of stimuli, ``estimator="discrete"`` sees every kind of dependence, if there are trials enough.
