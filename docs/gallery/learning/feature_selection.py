"""
Selecting features that need each other
=======================================

Feature selection usually rates one feature at a time. A feature that tells nothing by itself, but much beside another
one, is lost. ``OInformationSelector`` rates sets, as a step of a scikit-learn pipeline. Where it helps, and where not.
"""

# %%
# Two sensors with a common drift
# -------------------------------
#
# Simulated: what is to be predicted is the difference of sensors 3 and 8, which both drift by far more than that. Three
# other features repeat the target, with much noise. The rest is noise only.

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline

import hoi

rng = np.random.default_rng(0)
n_samples = 400
X = rng.standard_normal((n_samples, 12))
X[:, [3, 8]] += 3 * rng.standard_normal((n_samples, 1))
y = X[:, 3] - X[:, 8] + 0.5 * rng.standard_normal(n_samples)
X[:, :3] += 0.4 * y[:, None]

fig, axes = plt.subplots(1, 4, figsize=(10, 2.8), sharey=True, layout="constrained")
views = {
    "feature 0": X[:, 0],
    "feature 3": X[:, 3],
    "feature 8": X[:, 8],
    "feature 3 − feature 8": X[:, 3] - X[:, 8],
}
for ax, (name, values) in zip(axes, views.items()):
    ax.scatter(values, y, s=5, color="#3d4650", alpha=0.5, linewidths=0)
    ax.set_xlabel(name)
    ax.set_title(f"r = {np.corrcoef(values, y)[0, 1]:.2f}".replace("-", "−"))
axes[0].set_ylabel("target")

# %%
# Four ways to keep two features
# ------------------------------
#
# Each is fitted within the cross-validation, and a linear regression predicts from what it keeps.


def compare(X, y, n_features):
    selectors = {
        "one by one\n(F test)": SelectKBest(f_regression, k=n_features),
        "by\nredundancy": hoi.OInformationSelector(n_features, by="redundancy"),
        "by\nsynergy": hoi.OInformationSelector(n_features, by="synergy"),
        "all\nfeatures": "passthrough",
    }
    folds = KFold(5, shuffle=True, random_state=0)
    return {
        name: cross_val_score(make_pipeline(step, LinearRegression()), X, y, cv=folds)
        for name, step in selectors.items()
    }


def draw(scores, title, ax):
    colours = ["#8a939b", "#D55E00", "#0072B2", "#3d4650"]
    means = [score.mean() for score in scores.values()]
    spreads = [score.std() for score in scores.values()]
    ax.bar(list(scores), means, yerr=spreads, color=colours)
    ax.tick_params(axis="x", length=0)
    ax.set_title(title)


print("kept:", hoi.OInformationSelector(2).fit(X, y).get_support(indices=True))

diabetes = load_diabetes(as_frame=True)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
draw(compare(X, y, 2), "sensors with drift: 2 of 12 features", axes[0])
draw(compare(diabetes.data, diabetes.target, 3), "diabetes: 3 of 10 features", axes[1])
axes[0].set_ylabel("R² on the folds left out")
plt.show()

# %%
# Synergy is not relevance
# ------------------------
#
# On the left the pair is found that no rating of single features can find, and two features do as well as all twelve.
#
# On the right, on the diabetes data of scikit-learn, synergy chooses worst. There single features do tell of the
# target, and the strongest sets are redundant:

for by in ("synergy", "redundancy"):
    selector = hoi.OInformationSelector(3, by=by).fit(diabetes.data, diabetes.target)
    names = ", ".join(selector.get_feature_names_out())
    print(f"{by:10} {selector.gradient_:+.3f} nats  {names}")

# %%
# The selector looks for features that change each other's meaning, not for those that tell most. Use it to find
# interactions beside features chosen for what they tell, and let cross-validation decide.
