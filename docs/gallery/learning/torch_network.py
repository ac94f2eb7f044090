"""
A torch network from training to figure
=======================================

A network learns to read digits. Which of its hidden neurons are synergistic and which redundant, at every step of the
training, beside loss and accuracy; whether that is more than independent neurons would show; and what to write.
"""

# %%
# Network and training
# --------------------
#
# Nothing special: 64 pixels, 32 hidden neurons, ten digits. `track` is given the images to measure on, here those
# that the network does not learn from. It is called with the step and whatever else should stand in the figure.

import matplotlib.pyplot as plt
import pandas as pd
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import hoi
from hoi_grokking import Probe, capture, track

_ = torch.manual_seed(0)
images, digits = load_digits(return_X_y=True)
parts = train_test_split(images / 16, digits, random_state=0)
train_x, test_x = (torch.tensor(part, dtype=torch.float32) for part in parts[:2])
train_y, test_y = (torch.tensor(part) for part in parts[2:])

network = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10))
optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
follow = track(network, [test_x], ["1"], probes=[Probe("neurons")], every=10, fixed={"1": [0, 1, 2]}, null=20)

for step in range(201):
    loss = torch.nn.functional.cross_entropy(network(train_x), train_y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        accuracy = (network(test_x).argmax(1) == test_y).float().mean().item()
    follow(step, loss=loss.item(), accuracy=accuracy)

print(follow)

# %%
# The figure
# ----------
#
# Blue is the most synergistic triplet of all 4,960 at each step, vermilion the most redundant one. They are other
# triplets at each step; the dashed line is one that stays the same. The bands are what 20 copies of the layer give in
# which every neuron is permuted over the images on its own: they are so narrow here that they hardly show.

follow.plot()

# %%
# As numbers:

table = follow.to_dataframe().set_index("step")
table.iloc[::4][["accuracy", "lowest", "null_lowest", "highest", "null_highest", "fixed"]].round(3)

# %%
# Which neurons
# -------------
#
# `capture` gives the activations themselves, and every function of `hoi` takes them. The images are samples that do
# not follow each other in time, so surrogates permute them.

activations = capture(network, [test_x], ["1"])["1"]
neurons = pd.DataFrame(activations, columns=[f"neuron {i}" for i in range(32)])
found = hoi.permutation_test(neurons, 3, null="permute", n_best=5, n_resamples=199, seed=0)
found

# %%
found.plot.hypergraph()
plt.show()

# %%
# Dependence of neurons is no surprise: they see the same images. The test says that it is there, not that the network
# uses it. Take the sets away and see what is lost (:doc:`an example </generated/gallery/learning/layer_activations>`)
# before a set is called a circuit.
#
# What to write
# -------------

print(found.summary())

# %%
print(found.methods().split("\n\n")[0])
