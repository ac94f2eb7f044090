"""
How many samples?
=================

Estimates from few samples are too high on average, they scatter, and the best of many sets is the luckiest one. Three
pictures of what the number of samples decides, on systems whose true values are known.
"""

# %%
# Bias: on average too high
# -------------------------
#
# Five variables with a correlation of 0.3 between all pairs, in 300 recordings of each length. Recordings of the same
# shape go into one call, as (datasets, samples, variables).

import matplotlib.pyplot as plt
import numpy as np

import hoi

truth = hoi.simulate.equicorrelated(5, 0.3)
rng = np.random.default_rng(1)
lengths = np.array([10, 20, 40, 80, 160, 320, 640])


def draw(system, *size):
    zero = np.zeros(system.n_variables)
    return rng.multivariate_normal(zero, system.covariance, size)


mean, spread = {}, {}
for corrected in (False, True):
    for n in lengths:
        recordings = draw(truth, 300, n)
        values = hoi.total_correlation(recordings, bias_correction=corrected)
        mean[corrected, n], spread[corrected, n] = values.mean(), values.std()

fig, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for corrected, colour, label in (
    (False, "#8a939b", "not corrected"),
    (True, "#0072B2", "corrected (the default)"),
):
    center = np.array([mean[corrected, n] for n in lengths])
    width = np.array([spread[corrected, n] for n in lengths])
    band = center - width, center + width
    ax.fill_between(lengths, *band, color=colour, alpha=0.2, linewidth=0)
    ax.plot(lengths, center, "o-", color=colour, label=label)
ax.axhline(truth.tc, color="black", linewidth=0.8, linestyle="--", label="true value")
ax.set_xscale("log")
ax.set_xticks(lengths, lengths)
ax.minorticks_off()
ax.set_xlabel("samples")
ax.set_ylabel("total correlation (nats)")
ax.legend()

# %%
# Bands are one standard deviation over recordings. The correction takes nearly all of the bias away; with ten samples
# a little too much. About the scatter it does nothing: a single recording of ten samples may still say anything from
# below 0 to more than twice the true value.
#
# Scatter: how precise is one estimate
# ------------------------------------
#
# The spread of the O-information over recordings, for sets of three, five and ten variables; on the left independent
# ones, on the right with the correlation of 0.3.

fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
lengths = np.array([50, 100, 200, 400, 800])
for ax, rho in zip(axes, (0.0, 0.3)):
    system = hoi.simulate.equicorrelated(10, rho)
    for order, colour in ((10, "#08519c"), (5, "#4292c6"), (3, "#9ecae1")):
        scatter = [
            hoi.oinfo(draw(system, 100, n), [range(order)]).std() for n in lengths
        ]
        ax.plot(lengths, scatter, "o-", color=colour, label=f"{order} variables")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(lengths, lengths)
    ax.minorticks_off()
    ax.set_xlabel("samples")
    ax.set_title("independent" if rho == 0 else f"correlation {rho}")
axes[0].set_ylabel("standard deviation of the\nO-information (nats)")
axes[0].legend()

# %%
# Larger sets scatter more. Where variables depend on each other, and only there is something to measure, the scatter
# falls slowly: four times the samples halve it.
#
# Luck: the best of many
# ----------------------
#
# Last, a search where there is nothing to find: all sets of three, four and five out of 20 independent variables, and
# the lowest value of each search.

fig, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
lengths = [50, 100, 200, 500, 1000]
for order, colour in ((3, "#9ecae1"), (4, "#4292c6"), (5, "#08519c")):
    lowest = []
    for n in lengths:
        noise = rng.standard_normal((10, n, 20))
        lowest.append(hoi.search(noise, order, which="lowest", n_best=1).oinfo.mean())
    ax.plot(lengths, lowest, "o-", color=colour, label=f"{order} of 20 variables")
ax.axhline(0, color="black", linewidth=0.8, linestyle="--", label="true value")
ax.set_xscale("log")
ax.set_xticks(lengths, lengths)
ax.minorticks_off()
ax.set_xlabel("samples")
ax.set_ylabel("lowest O-information found (nats)")
ax.legend()
plt.show()

# %%
# With 50 samples such a search reports synergy in pure noise, and more of it the larger the sets: a tenth of a nat for
# sets of five. So a value means something next to what the same search finds in surrogates of the same length, as in
# :ref:`sphx_glr_generated_gallery_searching_chance.py`.
