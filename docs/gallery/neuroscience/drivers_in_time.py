"""
What drives what, and when?
===========================

Series in time ask for more than a value of a set: whose past drives whose present, one by one or only together, at
which moment, and at which frequency.
"""

# %%
# A network with two kinds of drive
# ---------------------------------
#
# Six series. a and b drive e together, by their sum. d is a noisy copy of c, and both drive f, which so gets the same
# twice. Between samples 1000 and 1400 the first drive is switched off.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import hoi

rng = np.random.default_rng(3)
n_samples, off = 3000, slice(1000, 1400)
gain = np.ones(n_samples)
gain[off] = 0.0
X = rng.standard_normal((n_samples, 6))
for t in range(1, n_samples):
    X[t] += 0.3 * X[t - 1]
    X[t, 3] += 1.5 * X[t, 2]
    X[t, 4] += gain[t] * (X[t - 1, 0] + X[t - 1, 1])
    X[t, 5] += 0.5 * X[t - 1, 2] + 0.3 * X[t - 1, 3]
series = pd.DataFrame(X, columns=list("abcdef"))

# %%
# One by one
# ----------
#
# Transfer entropy: what the past of one series tells of the present of another, beyond that one's own past.

flow = hoi.transfer_entropy(series)
hoi.plot.matrix(flow, label="transfer entropy (nats)")

# %%
# The four arrows of the network are there, and a trace from c to its copy d. What the table does not say is whether the
# two sources of a target say the same.
#
# Together
# --------
#
# The dynamic O-information of two sources and a target is negative where their pasts drive it together, and positive
# where they tell the same of it. One search for each target:

for target, found in hoi.drivers(series, 2, n_best=1).items():
    low, high = found
    print(
        f"{target}: most synergistic {'+'.join(low.names)} {low.gradient:+.3f}, "
        f"most redundant {'+'.join(high.names)} {high.gradient:+.3f}"
    )

# %%
# Series e is driven by a and b in synergy; c and d are redundant about f. The values of the other targets are the
# scatter of chance: their size is what a value has to be compared with (:func:`hoi.permutation_test` does it).
#
# When
# ----
#
# Local values give every sample its part. The target of the first drive with its sources: lagged columns, with the past
# of e itself given. Single values are noisy, so a running mean is shown.

lagged = hoi.lagged(series)
local = hoi.local(lagged, [("a-1", "b-1")], measure="gradient", target="e", given="e-1")[:, 0]
smooth = np.convolve(local, np.ones(100) / 100, mode="same")
hoi.plot.course(
    smooth,
    np.arange(1, n_samples),
    events={"off": off.start, "on": off.stop},
    ylabel="gradient (nats)",
)
inside = np.zeros(n_samples - 1, dtype=bool)
inside[off.start - 1 : off.stop - 1] = True
print(f"switched off {local[inside].mean():+.3f}, else {local[~inside].mean():+.3f}")

# %%
# While the drive is off, local values turn positive: the samples there contradict the dependence that the recording
# as a whole shows. A local value does not estimate the measure at that time; it says how the sample fits into it.
# The mean over all samples is the value that ``hoi.gradient`` gives.
#
# At which frequency
# ------------------
#
# The O-information of whole processes, frequency by frequency; its mean over all of them is the O-information rate.

sets = [("a", "b", "e"), ("c", "d", "f")]
frequencies, spectrum = hoi.oinfo_spectrum(
    series, sets, sampling_rate=10, segment=64
)
hoi.plot.course(
    spectrum,
    frequencies,
    labels=["a · b · e", "c · d · f"],
    xlabel="frequency (Hz)",
    ylabel="O-information (nats)",
)
print("rates:", hoi.oinfo_rate(series, sets, segment=64).round(3))
plt.show()
