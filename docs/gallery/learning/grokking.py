"""
A network that groks
====================

Some networks know their training set by heart long before they generalise. What do their hidden neurons share
meanwhile? A small network learns to add modulo 23, watched by ``hoi_grokking.track``.
"""

# %%
# Modular addition
# ----------------
#
# All pairs of numbers from 0 to 22, written as two one-hot vectors. 70 % of the pairs are for training.

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn.functional import cross_entropy, one_hot

from hoi_grokking import Probe, track

modulus = 23
torch.manual_seed(0)
torch.set_num_threads(1)
pairs = torch.cartesian_prod(torch.arange(modulus), torch.arange(modulus))
inputs = one_hot(pairs, modulus).flatten(1).float()
sums = pairs.sum(1) % modulus
order = torch.randperm(len(pairs))
train, test = order[: int(0.7 * len(pairs))], order[int(0.7 * len(pairs)) :]

# %%
# Training
# --------
#
# Weight decay is what makes such a network generalise at last. The hidden layer is measured on the training inputs, at
# steps that are evenly spaced on a logarithmic scale, in two ways: all triplets of the 100 neurons, and sets of
# ten clusters of neurons, each by its mean activation.

network = torch.nn.Sequential(
    torch.nn.Linear(2 * modulus, 100), torch.nn.ReLU(), torch.nn.Linear(100, modulus)
)
optimizer = torch.optim.AdamW(
    network.parameters(), lr=0.03, weight_decay=0.5, betas=(0.9, 0.98)
)
probes = [Probe("neurons"), Probe("pooled")]
follow = track(network, [inputs[train]], ["1"], probes=probes)
watched = set(np.unique(np.geomspace(1, 1400, 22).round().astype(int)))

for step in range(1401):
    if step in watched:
        with torch.no_grad():
            right = (network(inputs).argmax(1) == sums).float()
        follow(step, train=right[train].mean().item(), test=right[test].mean().item())
    loss = cross_entropy(network(inputs[train]), sums[train])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

table = follow.to_dataframe()
table[["step", "probe", "lowest", "highest", "train", "test"]].tail(4).round(3)

# %%
# Accuracy, synergy and redundancy
# --------------------------------

triplets, clusters = (table[table["probe"] == probe.method] for probe in probes)

fig, axes = plt.subplots(3, 1, figsize=(7, 7), sharex=True, layout="constrained")
steps = triplets["step"]
axes[0].plot(steps, triplets["train"], "--", color="#3d4650", label="training pairs")
axes[0].plot(steps, triplets["test"], "-", color="#3d4650", label="test pairs")
axes[0].set_ylabel("accuracy")
axes[0].legend()
for ax, rows in zip(axes[1:], (triplets, clusters)):
    ax.plot(steps, rows["highest"], "o-", color="#D55E00", label="most redundant set")
    ax.plot(steps, rows["lowest"], "o-", color="#0072B2", label="most synergistic set")
    ax.axhline(0, color="black", linewidth=0.8)
axes[1].set_ylabel("O-information (nats)\ntriplets of neurons")
axes[2].set_ylabel("O-information (nats)\nsets of clusters")
axes[1].legend(loc="upper left")
axes[2].set_xscale("log")
axes[2].set_xlabel("training step")
plt.show()

# %%
# The training pairs are known by heart after some 20 steps. Up to step 90 no test pair is right; then
# the network generalises, over hundreds of steps.
#
# By triplets of neurons nothing stands out at step 20, and both ends grow as the test accuracy does. By clusters there
# is hardly any redundancy, and the synergy begins to grow before a single test pair is right, and goes on.
#
# So the two estimators tell different stories of one training, and neither is *the* synergy of the layer. This is one
# small network with one seed, and no more than an illustration: the :doc:`case study </grokking>` compares estimators
# on the networks of the paper.
