"""
Neurons of a hidden layer
=========================

What do the neurons of a network share, and how does training change it? A multilayer perceptron of scikit-learn learns
to read digits, and after each pass through the data all triplets of its hidden neurons are measured.
"""

# %%
# Activations as a table
# ----------------------
#
# Images are samples, neurons are variables. scikit-learn does not return the hidden layer, but it is one line to
# compute. The network uses tanh: a ReLU gives many exact zeros, and
# :ref:`values that repeat <sphx_glr_generated_gallery_basics_ties_and_counts.py>` are described only roughly.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import hoi

images, digits = load_digits(return_X_y=True)
images = images / 16
parts = train_test_split(images, digits, random_state=0)
train_images, test_images, train_digits, test_digits = parts


def hidden_layer(network, inputs):
    return np.tanh(inputs @ network.coefs_[0] + network.intercepts_[0])


# %%
# Training, watched
# -----------------
#
# The activations are those for the test images, which the network does not learn from.

network = MLPClassifier((24,), activation="tanh", random_state=0)
epochs = np.unique(np.geomspace(1, 100, 14).round().astype(int))
scans, ends, accuracy = {}, [], []
for epoch in range(1, epochs[-1] + 1):
    network.partial_fit(train_images, train_digits, classes=range(10))
    if epoch in epochs:
        activations = hidden_layer(network, test_images)
        found = hoi.search(activations, 3, n_best=1)
        ends.append(found.oinfo)
        accuracy.append(network.score(test_images, test_digits))
        scans[epoch] = next(hoi.scan(activations, 3))

fig, (above, below) = plt.subplots(
    2, 1, figsize=(7, 5), sharex=True, layout="constrained", height_ratios=(1, 2)
)
above.plot(epochs, accuracy, "o-", color="#3d4650")
above.set_ylabel("accuracy on\ntest images")
lowest, highest = np.transpose(ends)
below.plot(epochs, highest, "o-", color="#D55E00", label="most redundant triplet")
below.plot(epochs, lowest, "o-", color="#0072B2", label="most synergistic triplet")
below.axhline(0, color="black", linewidth=0.8)
below.set_xscale("log")
below.set_xlabel("passes through the training images")
below.set_ylabel("O-information (nats)")
below.legend()

# %%
# At first nothing moves: what the triplets share is what random mixtures of pixels share. As the network learns, both
# ends grow. Redundancy has its peak while the accuracy still climbs, and falls again; synergy grows until the accuracy
# levels off. All triplets, at the beginning and at the end:

fig, axes = plt.subplots(1, 2, figsize=(8, 4), sharey=True, layout="constrained")
for ax, epoch in zip(axes, epochs[[0, -1]]):
    hoi.plot.landscape(scans[epoch], ax=ax)
    ax.set_title(f"pass {epoch}", loc="left")

# %%
# Does it matter for the task?
# ----------------------------
#
# One way to ask: replace three neurons by their mean over all images, and see how much accuracy is lost. For the 50
# triplets at each end, found on the training images, and for 50 triplets at random:


def accuracy_without(neurons):
    activations = hidden_layer(network, test_images)
    activations[:, neurons] = activations[:, neurons].mean(axis=0)
    answers = activations @ network.coefs_[1] + network.intercepts_[1]
    return np.mean(answers.argmax(axis=1) == test_digits)


found = hoi.search(hidden_layer(network, train_images), 3, n_best=50)
rng = np.random.default_rng(0)
chosen = {
    "synergistic": found.indices[found.extreme == "lowest"],
    "redundant": found.indices[found.extreme == "highest"],
    "random": [rng.choice(24, 3, replace=False) for _ in range(50)],
}
for kind, triplets in chosen.items():
    lost = [accuracy[-1] - accuracy_without(neurons) for neurons in triplets]
    print(f"{kind:12} accuracy lost: {np.mean(lost):.4f} ± {np.std(lost):.4f}")
plt.show()

# %%
# Not by this test. Three neurons of this layer can be spared, whatever their O-information. The measure says how
# neurons depend on each other, not what the output needs of them; and this is one small network, trained once.
