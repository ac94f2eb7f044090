"""Gaussian problems: a covariance in standard form, of groups of columns, given further columns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._maths.bias import entropy_bias
from hoi._maths.covariance import to_correlation
from hoi._maths.terms import SINGULAR, Terms, by_elimination, correction, least_variance
from hoi._systems.protocol import names_of_groups
from hoi._typing import BiasCorrection, FloatArray

__all__ = ["GaussianProblem", "standard_form"]


@dataclass(frozen=True, eq=False)
class GaussianProblem(Problem):
    """Gaussian entropies in standard form: each variable whitened, so that only correlations between them are left.

    The constants of single variables that standard form has lost are kept in `log_scale`; D is 0 for every set.

    Attributes
    ----------
    matrix : (n_datasets, n_columns, n_columns)
        Unit diagonal, identity blocks.
    blocks : (n_variables + 1,)
        Variable ``v`` is the columns ``blocks[v]:blocks[v + 1]``.
    log_scale : (n_datasets, n_variables)
        Log-determinant of each variable's own covariance.
    bias : (n_columns + 1,)
        Constant to add to the entropy of k columns, in nats; zeros where nothing is corrected. It can be shorter:
        sets with more columns than samples have no value.
    device : str or None
        The device of torch that the data were on.
    degenerate : str
        Why some entries of `matrix` are NaN, in words: columns of a variable, or what is given, are determined.
    """

    matrix: FloatArray
    blocks: NDArray[np.intp]
    log_scale: FloatArray
    bias: FloatArray
    device: str | None = None
    degenerate: str = ""

    kind = "gaussian"

    @property
    def n_datasets(self) -> int:  # type: ignore[override]
        return self.matrix.shape[0]

    @property
    def n_variables(self) -> int:  # type: ignore[override]
        return len(self.blocks) - 1

    @property
    def grouped(self) -> bool:
        return self.n_variables != self.matrix.shape[-1]

    def of_dataset(self, dataset: int) -> GaussianProblem:
        """That of one of the datasets."""
        one = slice(dataset, dataset + 1)
        return replace(self, matrix=self.matrix[one], log_scale=self.log_scale[one])

    def reference(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> Terms:
        return by_elimination(self.matrix, members, self.blocks, dataset)

    def least_variance(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> FloatArray:
        return least_variance(self.matrix, members, self.blocks, dataset)

    def correction(self, members: NDArray[np.intp]) -> tuple[FloatArray, FloatArray, FloatArray]:
        return correction(np.diff(self.blocks)[members], self.bias)

    def constant(self, members: NDArray[np.intp]) -> FloatArray:
        columns = np.diff(self.blocks)[members].sum(axis=1)
        own = self.log_scale[:, members].sum(axis=2)
        return 0.5 * (columns * np.log(2 * math.pi * math.e) + own)


def standard_form(
    matrices: FloatArray,
    names: tuple[str, ...],
    n_samples: int | None,
    groups: Sequence[tuple[int, ...]] | None = None,
    given: tuple[int, ...] = (),
    bias_correction: BiasCorrection = True,
    device: str | None = None,
    exponents: NDArray[np.int64] | None = None,
) -> GaussianProblem:
    """The problem of covariances (n_datasets, n, n) of columns that were multiplied by 2.0**-exponents (n_datasets, n).

    See :meth:`hoi._systems.protocol.System.problem`.
    """
    matrix, log_scale = to_correlation(matrices)
    if exponents is not None:
        log_scale = log_scale + 2 * np.log(2.0) * exponents
    columns = [c for c in range(len(names)) if c not in given] if groups is None else [c for g in groups for c in g]
    blocks = np.arange(len(columns) + 1)
    faults: list[str] = []
    if given or groups is not None:
        chosen = np.asarray(columns, dtype=np.intp)
        own = log_scale[:, chosen]
        if given:
            matrix, scale = to_correlation(_schur_complement(matrix, chosen, given, names, faults))
            own = own + scale
        else:
            matrix = matrix[:, chosen[:, None], chosen]
        if groups is not None:
            blocks = np.concatenate([[0], np.cumsum([len(group) for group in groups])])
        log_scale = np.add.reduceat(own, blocks[:-1], axis=1)
        if len(blocks) <= len(columns):
            log_scale = log_scale + _whiten(matrix, blocks, names_of_groups(names, groups), faults)
    most = matrix.shape[-1]
    if n_samples is not None:
        most = max(0, min(most, n_samples - 1 - len(given)))
    if bias_correction and n_samples is not None:
        table = np.asarray(entropy_bias(np.arange(most + len(given) + 1), n_samples))
        # of H(S | Z) = H(S, Z) - H(Z): the constant of k + z columns less that of z
        bias = table[len(given) :] - table[len(given)]
    else:
        bias = np.zeros(most + 1)
    return GaussianProblem(np.ascontiguousarray(matrix), blocks, log_scale, bias, device, "".join(faults[:1]))


def _schur_complement(
    R: FloatArray, columns: NDArray[np.intp], given: tuple[int, ...], names: tuple[str, ...], faults: list[str]
) -> FloatArray:
    """Conditional covariance of columns given others: C_SS - C_SZ C_ZZ^-1 C_ZS. NaN where there is none, for which the
    reason is added to `faults`."""
    z = np.asarray(given, dtype=np.intp)
    out = R[:, columns[:, None], columns].copy()
    for C, conditional in zip(R, out, strict=True):
        if _singular(C[None, z[:, None], z])[0]:
            faults.append(
                f"the columns given ({', '.join(names[c] for c in given)}) are numerically singular: some of them are "
                "determined by the others. Leave the redundant ones out."
            )
            conditional[...] = np.nan
            continue
        part = np.linalg.solve(np.linalg.cholesky(C[np.ix_(z, z)]), C[np.ix_(z, columns)])
        conditional -= part.T @ part
        determined = np.diagonal(conditional) <= SINGULAR
        if determined.any():
            which = ", ".join(names[c] for c in columns[determined].tolist())
            faults.append(
                f"{which}: determined by the columns given ({', '.join(names[c] for c in given)}), so that nothing is "
                "left of them. Leave them out."
            )
            conditional[determined] = conditional[:, determined] = np.nan
    return out


def _whiten(matrix: FloatArray, blocks: NDArray[np.intp], names: Sequence[str], faults: list[str]) -> FloatArray:
    """Make the block of each group the identity, in place; give the log-determinants (n_datasets, n_groups).

    A group that is singular is NaN outside of its block; the reason is added to `faults`.
    """
    logdet = np.zeros((len(matrix), len(blocks) - 1))
    for g, (start, stop) in enumerate(itertools.pairwise(blocks)):
        part = slice(start, stop)
        singular = _singular(matrix[:, part, part])
        if singular.any():
            faults.append(
                f"group {names[g]!r} is numerically singular: some of its {stop - start} columns are determined "
                "by the others. Leave the redundant columns out, or reduce the group (by PCA, for example)."
            )
            matrix[singular, part] = matrix[singular, :, part] = np.nan
            logdet[singular, g] = np.nan
        factor = np.linalg.cholesky(matrix[~singular, part, part])
        rows = np.linalg.solve(factor, matrix[~singular, part])
        matrix[~singular, part] = rows
        matrix[~singular, :, part] = rows.swapaxes(1, 2)
        matrix[:, part, part] = np.eye(stop - start)
        logdet[~singular, g] = 2 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    return logdet


def _singular(R: FloatArray) -> NDArray[np.bool_]:
    """In which correlation matrices (n, k, k) some column is determined by the others, by the rule for sets."""
    n, k, _ = R.shape
    members = np.broadcast_to(np.arange(k), (n, k))
    return ~(least_variance(R, members, np.arange(k + 1), np.arange(n)) > SINGULAR)
