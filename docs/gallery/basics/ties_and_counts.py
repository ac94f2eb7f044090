"""
Counts, zeros and other values that repeat
==========================================

The copula ranks the values of a column. Where values repeat, as counts and rounded data do, there is no one right
ranking. What do repeats cost, and how can one see that they matter?
"""

# %%
# The same cells, counted in ever longer bins
# -------------------------------------------
#
# Three cells whose rates follow one hidden signal. From one picture to the next only the mean count changes. The
# distribution of the counts goes from nearly all zeros to nearly continuous.

# sphinx_gallery_thumbnail_number = 2
import warnings

import matplotlib.pyplot as plt
import numpy as np

import hoi

rng = np.random.default_rng(0)
n_bins, n_cells = 4000, 3
drive = rng.standard_normal(n_bins)
rates = np.exp(0.5 * drive[:, None] + 0.3 * rng.standard_normal((n_bins, n_cells)))


def count_spikes(mean_count):
    return rng.poisson(mean_count * rates / rates.mean(axis=0))


fig, axes = plt.subplots(1, 3, figsize=(9, 2.6), layout="constrained")
for ax, mean_count in zip(axes, (0.2, 2, 20)):
    values, numbers = np.unique(count_spikes(mean_count)[:, 0], return_counts=True)
    ax.bar(values, numbers / n_bins, width=1, color="#8a939b")
    ax.set_title(f"mean count {mean_count}")
    ax.set_xlabel("spikes in a bin")
axes[0].set_ylabel("share of bins")

# %%
# A warning says when more than a tenth of a column repeats:

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    hoi.total_correlation(count_spikes(2))
print(caught[0].message)

# %%
# Three rules for ties
# --------------------
#
# Equal values can share their mean rank (the default), be ranked in the order in which they appear, or at random. Here
# are all three, for the cells and for control columns that have the same counts in an order of their own, so that they
# share nothing.

mean_counts = np.array([0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50])
rules = {"average": "#0072B2", "ordinal": "#D55E00", "random": "#3d4650"}
dependent = {rule: [] for rule in rules}
independent = {rule: [] for rule in rules}

warnings.simplefilter("ignore", hoi.TiesWarning)
for mean_count in mean_counts:
    counts = count_spikes(mean_count)
    controls = rng.permuted(counts, axis=0)
    for rule in rules:
        dependent[rule].append(hoi.total_correlation(counts, estimator=hoi.estimators.GaussianCopula(rule, seed=1)))
        independent[rule].append(hoi.total_correlation(controls, estimator=hoi.estimators.GaussianCopula(rule, seed=1)))

fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
for rule, colour in rules.items():
    label = f'ties="{rule}"'
    axes[0].plot(mean_counts, dependent[rule], "o-", color=colour, label=label)
    axes[1].plot(mean_counts, independent[rule], "o-", color=colour)
line = {"color": "black", "linewidth": 0.8, "linestyle": "--"}
axes[0].axhline(hoi.total_correlation(rates), label="of the rates", **line)
axes[1].axhline(0, **line)
for ax, title in zip(axes, ("three cells", "the same counts, shuffled")):
    ax.set_xscale("log")
    ax.set_xticks(mean_counts, [f"{m:g}" for m in mean_counts], fontsize="small")
    ax.minorticks_off()
    ax.set_xlabel("mean count")
    ax.set_title(title)
axes[0].set_ylabel("total correlation (nats)")
axes[0].legend()
plt.show()

# %%
# On the right nothing is shared, and two of the rules say so. By order of appearance, though, the zeros of all columns
# are ranked by time, the same way in each: a common trend that is not in the data, and the larger the more values
# repeat. On the left it covers up what the cells share. That is why this rule is not the default, and why values from
# tools that rank by order of appearance cannot be taken over where counts are low.
#
# With the mean rank, estimates fall as counts get low, and never rise. Part of that is no fault of the estimator: few
# spikes tell little of a rate. So with low counts
#
# - take longer bins, if the question allows;
# - leave out cells that are nearly always silent;
# - compare with shuffled columns, which repeat as much, rather than with 0.
