"""
Which estimator sees it?
========================

The Gaussian copula sees what shows in the correlations of ranks. Here are five systems where nothing shows there, with
known total correlations: coins, signs, a parabola, spikes and genotypes. Which estimator sees what?
"""

# %%
# Five systems that look independent
# ----------------------------------
#
# * *Exclusive or*: two coins, and whether they differ.
# * *Signs*: two normal columns, and a third whose sign is the product of theirs.
# * *Parabola*: a column, and its square with noise.
# * *Spikes*: the third cell fires in most bins in which exactly one of the two others does.
# * *Genotypes*: two loci with 0, 1 or 2 copies, and a disease that is frequent if exactly one of them is heterozygous.
#
# Three of them are made of labels, and their distribution gives the exact value.

# sphinx_gallery_thumbnail_number = 1
import itertools
import math
import warnings

import matplotlib.pyplot as plt
import numpy as np

import hoi
from hoi.estimators import KNN, Binned, Discrete, GaussianCopula

warnings.simplefilter("ignore", hoi.TiesWarning)
rng = np.random.default_rng(0)
n = 1000
coin = {(a, b, a ^ b): 1 for a, b in itertools.product((0, 1), repeat=2)}

spikes = {}
for a, b, c in itertools.product((0, 1), repeat=3):
    fires = 0.9 if a != b else 0.1
    spikes[a, b, c] = fires if c else 1 - fires

genotypes = {}
for a, b, ill in itertools.product((0, 1, 2), (0, 1, 2), (0, 1)):
    risk = 0.8 if (a == 1) != (b == 1) else 0.2
    genotypes[a, b, ill] = math.comb(2, a) * math.comb(2, b) * (risk if ill else 1 - risk)


def sample(distribution):
    states, weights = np.array(list(distribution)), np.array(list(distribution.values()), dtype=float)
    return states[rng.choice(len(states), n, p=weights / weights.sum())]


def exact(distribution):
    return hoi.total_correlation(hoi.DiscreteSystem.from_distribution(distribution), units="bits")


x, y, z = rng.standard_normal((3, n))
noise = 0.3
# I(x; x² + noise): the entropy of the sum, by its density on a grid, less that of the noise
nodes, values = np.linspace(-6, 6, 4001), np.linspace(-2, 30, 4001)
normal = np.exp(-(nodes**2) / 2)
kernel = np.exp(-((values[:, None] - nodes**2) ** 2) / (2 * noise**2)) / (noise * math.sqrt(2 * math.pi))
density = kernel @ normal / normal.sum()
entropy = -(density * np.log2(np.maximum(density, 1e-300))).sum() * (values[1] - values[0])
parabola = entropy - 0.5 * math.log2(2 * math.pi * math.e * noise**2)

systems = {
    "exclusive or": (sample(coin), exact(coin)),
    "signs": (np.column_stack([x, y, np.abs(z) * np.sign(x * y)]), 1.0),
    "parabola": (np.column_stack([x, x**2 + noise * y]), parabola),
    "spikes": (sample(spikes), exact(spikes)),
    "genotypes": (sample(genotypes), exact(genotypes)),
}

# %%
# Four estimators, on 1000 samples of each. Labels are counted as they are; numbers go into four bins.

estimators = {
    "Gaussian copula": (GaussianCopula(), "#8a939b", "s"),
    "nearest neighbours": (KNN(), "#D55E00", "D"),
    "four bins": (Binned(4), "#009E73", "^"),
    "labels": (Discrete(), "#0072B2", "o"),
}
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for place, (X, truth) in enumerate(systems.values()):
    ax.hlines(truth, place - 0.35, place + 0.35, color="black", linewidth=1, label="true value" if not place else None)
    labels = np.issubdtype(X.dtype, np.integer)
    for shift, (name, (estimator, colour, marker)) in enumerate(estimators.items()):
        if name == ("four bins" if labels else "labels"):
            continue
        value = hoi.total_correlation(X, estimator=estimator, units="bits")
        ax.plot(place + 0.14 * (shift - 1.5), value, marker, color=colour, markersize=8)
for name, (_, colour, marker) in estimators.items():
    ax.plot([], [], marker, color=colour, label=name)
ax.set_xticks(range(len(systems)), systems)
ax.set_ylabel("total correlation (bits)")
ax.set_ylim(-0.1, None)
ax.legend(ncols=2, fontsize="small")

# %%
# The copula finds nothing anywhere. Labels that are counted come out right. Bins see the dependence of numbers, but
# lose what happens within a bin; nearest neighbours lose less of the parabola, and some of the signs, whose dependence
# jumps where a column crosses 0.
#
# An estimator of one's own
# -------------------------
#
# Any function from columns to their joint entropy in nats is an estimator, and has every measure and search. Here: the
# *ordinal patterns* of series (Bandt and Pompe 2002), which tell only in which order three successive values come. Six
# series of independent noise, but in the last one each step goes up where exactly one of the first two goes up:


def ordinal(columns):
    """Joint entropy of the patterns of three successive values in each column, with the correction of Miller."""
    windows = np.lib.stride_tricks.sliding_window_view(columns, 3, axis=0)
    patterns = np.argsort(windows, axis=2) @ [9, 3, 1]  # a number for each of six orders
    _, counts = np.unique(patterns, axis=0, return_counts=True)
    p = counts / counts.sum()
    return float(-(p * np.log(p)).sum() + (len(counts) - 1) / (2 * counts.sum()))


series = rng.standard_normal((3000, 6))
up = np.diff(series[:, :2], axis=0) > 0
series[1:, 5] = np.cumsum(np.where(up[:, 0] ^ up[:, 1], 1, -1) * rng.uniform(0.5, 1.5, 2999))

found = hoi.search(series, 3, estimator=ordinal, n_best=3, which="lowest")
print(found.members, np.round(found.oinfo, 3), found.settings["estimator"])
gaussian = hoi.search(series, 3, n_best=3, which="lowest")
print(gaussian.members, np.round(gaussian.oinfo, 3))

# %%
# The set (0, 1, 5) stands out by its patterns, and by nothing that a correlation shows. How many samples each estimator
# needs, and what it costs, is in :doc:`/estimators`.
