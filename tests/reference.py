"""Slow definitions of everything hoi computes, for the tests to compare with. Never imports hoi.

A measure is a sum of joint entropies; an entropy is one slogdet; a search is a loop over
itertools.combinations. `h` is always a function from a tuple of columns to the joint entropy of those
columns, in nats, and `parts` a list of tuples of columns, each of which counts as one variable.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import ndtri, psi

Entropy = Callable[[Sequence[int]], float]


# --- entropies


def entropies(covariance: np.ndarray, n_samples: int | None = None) -> Entropy:
    """The entropy function h of a Gaussian; corrected for its bias when it was estimated from n_samples."""
    covariance = np.asarray(covariance, dtype=np.float64)
    known: dict[tuple[int, ...], float] = {(): 0.0}

    def h(columns: Sequence[int]) -> float:
        columns = tuple(sorted(columns))
        if columns not in known:
            k = len(columns)
            sign, logdet = np.linalg.slogdet(covariance[np.ix_(columns, columns)])
            if sign <= 0:
                raise ValueError(f"columns {columns} are singular")
            known[columns] = (k * math.log(2 * math.pi * math.e) + logdet) / 2
            if n_samples is not None:
                known[columns] -= bias(k, n_samples)
        return known[columns]

    return h


def bias(k: int, n_samples: int) -> float:
    """Expected entropy of k Gaussian variables estimated from n_samples less the true one, in nats (below 0).

    The mean is removed, so the scatter is Wishart with n-1 degrees of freedom, and
    E log det = log det Sigma + sum_i psi((n-i)/2) + k log 2 (Goodman 1963; Misra, Singh and Demchuk 2005).
    """
    digammas = sum(psi((n_samples - i) / 2) for i in range(1, k + 1))
    return float((digammas + k * (math.log(2) - math.log(n_samples - 1))) / 2)


def mixed_entropies(X: np.ndarray, labelled: Sequence[int], corrected: bool = True) -> Entropy:
    """h of sets of continuous columns and of the `labelled` ones: H(labels) by counts, and the mean over their joint
    states of the Gaussian entropy of the others there (conditional Gaussian: Lauritzen and Wermuth 1989)."""

    @functools.cache
    def of(columns: Sequence[int]) -> float:
        states = [tuple(row) for row in X[:, [c for c in columns if c in labelled]]]
        others = [c for c in columns if c not in labelled]
        total = 0.0
        for state in set(states):
            rows = [i for i, other in enumerate(states) if other == state]
            p = len(rows) / len(X)
            total -= p * math.log(p)
            if others:
                C = np.atleast_2d(np.cov(X[np.ix_(rows, others)], rowvar=False))
                total += p * entropies(C, len(rows) if corrected else None)(range(len(others)))
        if corrected:
            total += (len(set(states)) - 1) / (2 * len(X))
        return total

    return lambda columns: of(tuple(sorted(columns)))


def chao_shen(counts: Sequence[int]) -> float:
    """Entropy by coverage and the chance to be seen (Chao and Shen 2003, eq. 8), state by state."""
    n, singletons = sum(counts), sum(c == 1 for c in counts)
    coverage = 1 - (singletons if singletons < n else n - 1) / n
    total = 0.0
    for c in counts:
        if c:
            p = coverage * c / n
            total -= p * math.log(p) / (1 - (1 - p) ** n)
    return total


def shrunk(counts: Sequence[int]) -> float:
    """Plug-in entropy of frequencies shrunk to even ones (Hausser and Strimmer 2009); states without samples count."""
    n, even = sum(counts), 1 / len(counts)
    p = [c / n for c in counts]
    far = sum((even - x) ** 2 for x in p)
    share = min(1.0, (1 - sum(x * x for x in p)) / ((n - 1) * far)) if far else 1.0
    p = [share * even + (1 - share) * x for x in p]
    return -sum(x * math.log(x) for x in p if x)


def ross(x: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Information between continuous columns and labels by nearest neighbours (Ross 2014), in the maximum norm."""
    n = len(x)
    d = np.abs(x[:, None] - x[None]).max(axis=2)
    sizes, within = [], []
    for i in range(n):
        same = np.flatnonzero(labels == labels[i])
        radius = np.sort(d[i, same])[k]
        sizes.append(len(same))
        within.append((d[i] < radius).sum())
    return float(psi(n) + psi(k) - np.mean(psi(sizes)) - np.mean(psi(within)))


def neighbour_entropies(X: np.ndarray, whole: Sequence[int], labelled: Sequence[int] = (), k: int = 4) -> Entropy:
    """h of the columns `whole` and of some of them, up to constants, with the radius of the whole for all (Kraskov,
    Stögbauer and Grassberger 2004): minus the mean digamma of the samples that are nearer, and the sample itself.
    Different labels are far apart, and where a radius is 0 equal samples count (Gao et al. 2017)."""

    def distances(columns: Sequence[int]) -> np.ndarray:
        far = np.zeros((len(X), len(X)))
        for c in columns:
            apart = np.abs(X[:, None, c] - X[None, :, c])
            far = np.maximum(far, 1e9 * (apart > 0) if c in labelled else apart)
        return far

    radius = np.sort(distances(whole), axis=1)[:, k]

    def h(columns: Sequence[int]) -> float:
        d = distances(columns)
        counts = np.where(radius > 0, (d < radius[:, None]).sum(axis=1), (d == 0).sum(axis=1))
        if set(columns) == set(whole):
            counts = np.where(radius > 0, k, counts)
        return -float(psi(counts).mean())

    return h


def counted(states: np.ndarray, corrected: bool = True) -> float:
    """Entropy of the joint states in rows, by their frequencies, with (states - 1) / 2n of Miller (1955)."""
    counts = np.unique(states, axis=0, return_counts=True)[1] if states.shape[1] else np.array([len(states)])
    p = counts / len(states)
    return float(-(p * np.log(p)).sum() + corrected * (len(counts) - 1) / (2 * len(states)))


def kernel_density(x: np.ndarray) -> float:
    """Minus the mean logarithm of the density of Gaussian kernels of the other samples, by Scott's rule (1992)."""
    if not x.shape[1]:
        return 0.0
    n, d = x.shape
    C = np.atleast_2d(np.cov(x, rowvar=False)) * n ** (-2 / (d + 4))
    z = x[:, None] - x[None]
    kernels = np.exp(-0.5 * np.einsum("ijk,kl,ijl->ij", z, np.linalg.inv(C), z)) / np.sqrt(np.linalg.det(2 * np.pi * C))
    return float(-np.log((kernels.sum(axis=1) - np.diag(kernels)) / (n - 1)).mean())


def conditional(h: Entropy, given: Sequence[int]) -> Entropy:
    """H(columns | given) = H(columns, given) - H(given)."""
    return lambda columns: h((*columns, *given)) - h(tuple(given))


# --- measures


def joined(parts: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """All the columns of the parts."""
    return tuple(itertools.chain.from_iterable(parts))


def without(parts: Sequence[Sequence[int]], i: int) -> tuple[int, ...]:
    """All the columns of the parts but the i-th."""
    return joined([part for j, part in enumerate(parts) if j != i])


def total_correlation(h: Entropy, parts: Sequence[Sequence[int]]) -> float:
    """sum_i H(X_i) - H(X)   (Watanabe 1960)."""
    return sum(h(part) for part in parts) - h(joined(parts))


def dual_total_correlation(h: Entropy, parts: Sequence[Sequence[int]]) -> float:
    """H(X) - sum_i H(X_i | the others)   (Han 1975)."""
    everything = h(joined(parts))
    return everything - sum(everything - h(without(parts, i)) for i in range(len(parts)))


def oinfo(h: Entropy, parts: Sequence[Sequence[int]]) -> float:
    """(n-2) H(X) + sum_i [H(X_i) - H(the others)]   (Rosas et al. 2019, eq. 3)."""
    return (len(parts) - 2) * h(joined(parts)) + sum(
        h(part) - h(without(parts, i)) for i, part in enumerate(parts)
    )


def sinfo(h: Entropy, parts: Sequence[Sequence[int]]) -> float:
    """sum_i I(X_i; the others)   (Rosas et al. 2019, eq. 5)."""
    return sum(mutual_information(h, part, without(parts, i)) for i, part in enumerate(parts))


def mutual_information(h: Entropy, x: Sequence[int], y: Sequence[int], given: Sequence[int] = ()) -> float:
    """I(X; Y | Z) = H(X, Z) + H(Y, Z) - H(X, Y, Z) - H(Z)."""
    x, y, z = tuple(x), tuple(y), tuple(given)
    return h(x + z) + h(y + z) - h(x + y + z) - h(z)


REFERENCE: dict[str, Callable[[Entropy, Sequence[Sequence[int]]], float]] = {
    "tc": total_correlation,
    "dtc": dual_total_correlation,
    "oinfo": oinfo,
    "sinfo": sinfo,
}


# --- about a target, given further columns


def information(h: Entropy, parts: Sequence[Sequence[int]], target: Sequence[int], given: Sequence[int] = ()) -> float:
    """I(X; Y | Z) of all the parts together."""
    return mutual_information(h, joined(parts), target, given)


def rsi(h: Entropy, parts: Sequence[Sequence[int]], target: Sequence[int], given: Sequence[int] = ()) -> float:
    """I(X; Y) - sum_i I(X_i; Y)   (Chechik et al. 2002)."""
    return information(h, parts, target, given) - sum(information(h, [part], target, given) for part in parts)


def gradient(h: Entropy, parts: Sequence[Sequence[int]], target: Sequence[int], given: Sequence[int] = ()) -> float:
    """(1 - n) I(X; Y) + sum_i I(the others; Y)   (Scagliarini et al. 2023; Stramaglia et al. 2021)."""
    return (1 - len(parts)) * information(h, parts, target, given) + sum(
        mutual_information(h, without(parts, i), target, given) for i in range(len(parts))
    )


def redundancy_mmi(
    h: Entropy, parts: Sequence[Sequence[int]], target: Sequence[int], given: Sequence[int] = ()
) -> float:
    """min_i I(X_i; Y)   (Barrett 2015)."""
    return min(information(h, [part], target, given) for part in parts)


def synergy_mmi(h: Entropy, parts: Sequence[Sequence[int]], target: Sequence[int], given: Sequence[int] = ()) -> float:
    """I(X; Y) - max_i I(the others; Y)   (Barrett 2015)."""
    others = [mutual_information(h, without(parts, i), target, given) for i in range(len(parts))]
    return information(h, parts, target, given) - max(others)


# --- of all subsets, and of single samples


def coinformation(h: Entropy, parts: Sequence[Sequence[int]]) -> float:
    """-sum over subsets of (-1)^size H(subset)   (Bell 2003)."""
    sizes = range(1, len(parts) + 1)
    return -sum((-1) ** k * h(joined(some)) for k in sizes for some in itertools.combinations(parts, k))


def tse_complexity(h: Entropy, parts: Sequence[Sequence[int]]) -> float:
    """sum_k [mean over subsets of k of H(subset) - k / n H(X)]   (Tononi, Sporns, Edelman 1994)."""
    n = len(parts)
    return sum(
        float(np.mean([h(joined(some)) for some in itertools.combinations(parts, k)])) - k / n * h(joined(parts))
        for k in range(1, n + 1)
    )


def surprises(X: np.ndarray) -> Callable[[Sequence[int], int], float]:
    """Minus the log density of some columns of a sample, under the Gaussian with the covariance of X."""
    C = np.atleast_2d(np.cov(X, rowvar=False))
    centred = X - X.mean(axis=0)

    def surprise(columns: Sequence[int], t: int) -> float:
        if not len(columns):
            return 0.0
        chosen = list(columns)
        own, x = C[np.ix_(chosen, chosen)], centred[t, chosen]
        return float(
            0.5 * (len(chosen) * math.log(2 * math.pi) + np.linalg.slogdet(own)[1] + x @ np.linalg.solve(own, x))
        )

    return surprise


TARGET: dict[str, Callable[..., float]] = {
    "information": information,
    "rsi": rsi,
    "gradient": gradient,
    "redundancy_mmi": redundancy_mmi,
    "synergy_mmi": synergy_mmi,
}


def singles(members: Sequence[int]) -> list[tuple[int]]:
    """Each column a variable of its own."""
    return [(i,) for i in members]


def value(
    measure: str, covariance: np.ndarray, members: Sequence[int] | None = None, n_samples: int | None = None
) -> float:
    """One measure of one set of columns (all of them by default)."""
    members = range(len(covariance)) if members is None else members
    return REFERENCE[measure](entropies(covariance, n_samples), singles(members))


# --- search


def every_set(
    h: Entropy, measure: str, variables: Sequence[Sequence[int]], orders: Sequence[int]
) -> list[tuple[float, tuple[int, ...]]]:
    """(value, members) of every set of the given orders, in lexicographic order within each order.

    `variables` holds the columns of each variable, and members are indices into it.
    """
    rows = []
    for order in orders:
        for members in itertools.combinations(range(len(variables)), order):
            rows.append((REFERENCE[measure](h, [variables[i] for i in members]), members))
    return rows


def best(
    rows: Sequence[tuple[float, tuple[int, ...]]], which: str, n_best: int, digits: int = 10
) -> list[tuple[str, float, tuple[int, ...]]]:
    """(extreme, value, members): the n_best lowest, ascending, then the n_best highest, descending.

    Values that agree to `digits` decimals count as equal, and go in the lexicographic order of their members. Of sets
    that would be at both ends, half and those beyond it are the lowest.
    """
    lowest = sorted(rows, key=lambda row: (round(row[0], digits), row[1]))[:n_best]
    highest = sorted(rows, key=lambda row: (-round(row[0], digits), row[1]))[:n_best]
    if which == "both" and set(lowest) & set(highest):
        lowest = lowest[: math.ceil(len(set(lowest) | set(highest)) / 2)]
        highest = [row for row in highest if row not in lowest]
    chosen = []
    if which in ("lowest", "both"):
        chosen += [("lowest", *row) for row in lowest]
    if which in ("highest", "both"):
        chosen += [("highest", *row) for row in highest]
    return chosen


# --- the Gaussian copula as the published tools compute it


def peers_copula(x: np.ndarray) -> np.ndarray:
    """Normal scores of untied data: argsort of argsort, / (n+1), ndtri, less the mean (gcmi, HOI, THOI)."""
    ranks = np.argsort(np.argsort(x, axis=0, kind="stable"), axis=0, kind="stable") + 1
    z = ndtri(ranks / (len(x) + 1.0))
    return z - z.mean(axis=0)


def peers_covariance(x: np.ndarray) -> np.ndarray:
    """Covariance of the normal scores, divided by n - 1."""
    z = peers_copula(x)
    return z.T @ z / (len(x) - 1.0)


def peers_entropy(x: np.ndarray, columns: Sequence[int], bias_correction: bool = True) -> float:
    """Gaussian-copula entropy in nats, by Cholesky (Ince et al. 2017; what HOI reports in bits)."""
    k, n = len(columns), len(x)
    if k == 0:
        return 0.0
    factor = np.linalg.cholesky(peers_covariance(x)[np.ix_(columns, columns)])
    entropy = np.log(np.diag(factor)).sum() + 0.5 * k * (math.log(2 * math.pi) + 1.0)
    if bias_correction:
        psiterms = psi((n - np.arange(1.0, k + 1)) / 2.0) / 2.0
        entropy = entropy - k * (math.log(2.0) - math.log(n - 1.0)) / 2.0 - psiterms.sum()
    return float(entropy)


def peers_measures(x: np.ndarray, columns: Sequence[int], bias_correction: bool = True) -> dict[str, float]:
    """The four measures in nats as THOI computes them: determinants, the inverse, a constant per order."""
    k, n = len(columns), len(x)
    sigma = peers_covariance(x)[np.ix_(columns, columns)]
    logdet = np.linalg.slogdet(sigma)[1]
    tc = (np.log(np.diag(sigma)).sum() - logdet) / 2
    dtc = (logdet + np.log(np.diag(np.linalg.inv(sigma))).sum()) / 2
    if bias_correction:
        constant = [0.0] + [
            sum(psi((n - i) / 2.0) for i in range(1, j + 1)) / 2 + j * (math.log(2) - math.log(n - 1)) / 2
            for j in range(1, k + 1)
        ]
        tc += constant[k] - k * constant[1]
        dtc += (k - 1) * constant[k] - k * constant[k - 1]
    return {"tc": tc, "dtc": dtc, "oinfo": tc - dtc, "sinfo": tc + dtc}


# Inference: the definitions that `hoi` has faster ones for.


def long_run_variance(y: np.ndarray) -> float:
    """Sum of autocovariances over all lags, pairs of them as long as they are positive (Geyer 1992)."""
    n = len(y)
    z = y - y.mean()
    autocovariance = [sum(z[t] * z[t + lag] for t in range(n - lag)) / n for lag in range(n)]
    total = -autocovariance[0]
    for lag in range(0, n - 1, 2):
        pair = autocovariance[lag] + autocovariance[lag + 1]
        if pair <= 0:
            break
        total += 2 * pair
    return max(total, 1e-3 * autocovariance[0])


def slope(function: Callable[[np.ndarray], float], C: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Matrix G with ``function(C + dC) - function(C) = tr(G dC)`` for small symmetric dC, by differences."""
    G = np.empty_like(C)
    for i in range(len(C)):
        for j in range(len(C)):
            change = np.zeros_like(C)
            change[i, j] += step / 2
            change[j, i] += step / 2
            G[i, j] = (function(C + change) - function(C - change)) / (2 * step)
    return G


def min_p(null: np.ndarray, observed: np.ndarray) -> float:
    """p of the smallest of several p values: `null` (m, ends) extremes of surrogates, `observed` (ends,); large is far.

    Every row, the observed one first, gets the share of all rows that are as far at each end; the smallest of these is
    its statistic, and p the share of rows whose statistic is as small as the observed one's.
    """
    rows = np.concatenate([observed[None], null])
    least = [min((rows[:, e] >= row[e]).mean() for e in range(rows.shape[1])) for row in rows]
    return float(np.mean(np.array(least) <= least[0]))
