"""Gaussian estimators and what they make of data: `GaussianSystem`, a covariance estimated once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends import registry as backends
from hoi._backends.protocol import Problem
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._inputs.categories import Categories
from hoi._inputs.containers import named
from hoi._inputs.gaps import rows_without_gaps
from hoi._inputs.table import Table
from hoi._maths.bias import chance_deviation
from hoi._maths.copula import TIES
from hoi._maths.covariance import to_correlation
from hoi._maths.influence import inverse_sizes
from hoi._systems.effective import EffectiveProblem
from hoi._systems.estimation import estimated
from hoi._systems.mixed import MixedSystem, mixed_system
from hoi._systems.pooling import pooled
from hoi._systems.protocol import Estimator, System
from hoi._systems.registry import resolve
from hoi._systems.several import SeveralSystem, fitted
from hoi._systems.spectral import SpectralSystem, check_spectra
from hoi._systems.standard_form import GaussianProblem, standard_form
from hoi._systems.ties import on_ties
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Seed, Ties

__all__ = ["Gaussian", "GaussianCopula", "GaussianSystem"]

# Scatter of the total correlation of independent columns, in nats, from which sets have too few samples.
_MUCH = 0.2


@dataclass(frozen=True)
class GaussianCopula(Estimator):
    """Gaussian entropies of the normal scores of each column: only ranks count, whatever the marginal distributions.

    Parameters
    ----------
    ties : {"average", "ordinal", "random"}
        Rank of equal values: their mean rank, their order of appearance (as gcmi), or an order drawn with `seed`.
    seed : int or numpy.random.Generator, optional
        Needed by ``ties="random"``.

    Raises
    ------
    HoiError
        For an unknown tie rule, or a random one without a seed.

    References
    ----------
    Ince et al. (2017), A statistical framework for neuroimaging data analysis based on mutual information
    estimated via a Gaussian copula, Human Brain Mapping 38, 1541-1573.

    Examples
    --------
    >>> import hoi
    >>> X = [[1, 5], [1, 3], [2, 4], [3, 1], [4, 2], [5, 0]]
    >>> estimator = hoi.estimators.GaussianCopula(ties="random", seed=1)
    >>> hoi.total_correlation(X, estimator=estimator) > 0.4
    True
    """

    ties: Ties = "average"
    seed: Seed = None
    name = "gaussian_copula"
    ranks = True
    methods = (
        "by a Gaussian copula [ince2017gcmi]: every variable was replaced by the normal scores of its ranks (repeated "
        "values: {ties} ranks), and entropies were taken from their covariance"
    )
    bias = "their bias for few samples was subtracted, as known for a Gaussian distribution"
    caution = "A Gaussian copula sees nothing but the rank correlations of pairs."

    def __post_init__(self) -> None:
        checks.check_choice(self.ties, TIES, "ties")
        object.__setattr__(self, "seed", checks.check_seed(self.seed))  # an int of Python, whatever kind was given
        if self.ties == "random" and self.seed is None:
            raise HoiError('ties="random" needs a seed, so that the call can be repeated: give seed=0, say.')

    def fit(self, X: ArrayLike, *, backend: str = "auto") -> GaussianSystem:
        rng = np.random.default_rng(self.seed) if self.ties == "random" else None
        return _fitted(X, self.name, self.ties, rng, self.seed, backend)

    def fit_categories(self, X: Table, categories: Categories, *, backend: str = "auto") -> MixedSystem:
        return mixed_system(X, categories, self.name, self.ties, self.seed)


@dataclass(frozen=True)
class Gaussian(Estimator):
    """Gaussian entropies of the columns as they are.

    References
    ----------
    Cover, Thomas (2006), Elements of Information Theory, theorem 8.4.1.

    Examples
    --------
    >>> import hoi
    >>> X = [[1, 5], [1, 3], [2, 4], [3, 1], [4, 2], [5, 0]]
    >>> round(hoi.total_correlation(X, estimator=hoi.estimators.Gaussian(), bias_correction=False), 3)
    0.644
    """

    name = "gaussian"
    methods = "from the covariance of the samples, as those of a Gaussian distribution [cover2006]"
    bias = GaussianCopula.bias
    caution = "A Gaussian estimate sees nothing but the correlations of pairs."

    def fit(self, X: ArrayLike, *, backend: str = "auto") -> GaussianSystem:
        return _fitted(X, self.name, None, None, None, backend)

    def fit_categories(self, X: Table, categories: Categories, *, backend: str = "auto") -> MixedSystem:
        return mixed_system(X, categories, self.name, None, None)


class GaussianSystem(System):
    """A covariance with names and a sample size: accepted wherever data are, and estimated once.

    Build it with :meth:`from_data` or :meth:`from_covariance`.

    Attributes
    ----------
    covariance : ndarray, shape (n_variables, n_variables) or (n_datasets, n_variables, n_variables)
        Covariance of the variables (of their normal scores for the Gaussian copula); infinite or 0 where it is beyond
        float64, which measures do not mind.
    names : tuple of str
        Name of each variable.
    n_samples : int or None
        Samples behind the covariance; None for an exact covariance, which needs no bias correction.
    estimator : {"gaussian_copula", "gaussian", "covariance"}
        Where the covariance comes from.
    ties : str or None
        Tie rule of the copula; None without one.
    stacked : bool
        Whether there is an axis of datasets: results then have it too.
    device : str or None
        The device of torch that the data were on, where it is not the CPU.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = np.random.default_rng(0).standard_normal((500, 4))
    >>> system = hoi.GaussianSystem.from_data(X)
    >>> system
    GaussianSystem(4 variables, 500 samples, gaussian_copula)
    >>> hoi.oinfo(system) == hoi.oinfo(X)
    True
    """

    tells_determined = True
    _plain: GaussianProblem | None = None  # kept, as one search of a system follows another

    def __init__(
        self, matrices: FloatArray, names: tuple[str, ...], n_samples: int | None, estimator: str, ties: str | None,
        stacked: bool, device: str | None = None, seed: Seed = None, exponents: NDArray[np.int64] | None = None,
    ) -> None:  # fmt: skip
        matrices.setflags(write=False)
        self.matrices = matrices
        # the matrices are those of columns * 2.0**-exponents, where some are too large or small for their squares
        self.exponents = exponents
        # of the periodograms of the columns of series (n_datasets or 1, n, n), where effective samples are asked for
        self.overlap: FloatArray | None = None
        self.names = names
        self.n_samples = n_samples
        self.n_datasets = len(matrices)
        self.estimator = estimator
        self.ties = ties
        self.stacked = stacked
        self.device = device
        self.seed = seed

    @classmethod
    def from_data(
        cls,
        X: ArrayLike,
        *,
        estimator: str | Estimator = "gaussian_copula",
        backend: str = "auto",
        missing: str = "raise",
        names: Sequence[str] | None = None,
        pool: bool = False,
    ) -> GaussianSystem:
        """Estimate a system from samples.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
            numpy, nested lists, pandas or polars frames, xarray, torch tensors, or a list or dict of tables.
        estimator : {"gaussian_copula", "gaussian"} or object of hoi.estimators
            Covariance of the normal scores of each column, or of the columns themselves. Rules for equal values are
            parameters of :class:`hoi.estimators.GaussianCopula`.
        backend : {"auto", "numpy", "numba", "torch", "cuda"}
            Where to estimate: "torch" on the device of the data, "cuda" on the GPU, "auto" there too if the data are a
            tensor on a GPU, and otherwise in numpy. Values do not depend on it.
        missing, names
            As in :func:`hoi.search`.
        pool : bool
            Estimate one system of all datasets, which may then be a list of tables of different lengths. Ranks are
            taken, and means removed, within each dataset; `n_samples` is the number of all samples less that of the
            datasets, plus 1, which is what the bias of such an estimate depends on.

        Returns
        -------
        GaussianSystem
            Of recordings of different lengths that are not pooled, a system of such systems.

        Raises
        ------
        HoiError
            For data that cannot be used: see :func:`hoi.oinfo`.

        Warns
        -----
        TiesWarning
            If over 10 % of the values of a column repeat (Gaussian copula only).

        References
        ----------
        Ince et al. (2017), Human Brain Mapping 38, 1541-1573.

        Examples
        --------
        >>> import hoi
        >>> hoi.GaussianSystem.from_data([[1, 2], [2, 1], [3, 5], [4, 3]]).covariance.shape
        (2, 2)
        """
        chosen = resolve(estimator)
        X = named(X, names, ranks=chosen.ranks)
        if checks.check_bool(pool, "pool"):
            matrices, n_samples, first = pooled(X, chosen, backend, missing)
            return cls(matrices, first.names, n_samples, first.estimator, first.ties, False, first.device, first.seed)
        X, _ = rows_without_gaps(X, missing, ranks=chosen.ranks)
        system = fitted(chosen, X, backend=backend)
        if not isinstance(system.parts[0] if isinstance(system, SeveralSystem) else system, GaussianSystem):
            raise HoiError(
                f"estimator={estimator!r} does not make a covariance: a GaussianSystem takes a Gaussian one. Give the "
                "data themselves to the measures, with this estimator."
            )
        system.tell()
        return system  # type: ignore[return-value]

    @classmethod
    def from_covariance(
        cls, C: ArrayLike, n_samples: int | None = None, names: Sequence[str] | None = None
    ) -> GaussianSystem:
        """A system with a known covariance.

        Parameters
        ----------
        C : array_like, shape (n_variables, n_variables) or (n_datasets, n_variables, n_variables)
            Symmetric and positive semi-definite, with a positive diagonal.
        n_samples : int, optional
            Samples the covariance was estimated from (mean removed); None takes it as exact.
        names : sequence of str, optional
            Names of the variables; "0", "1", ... otherwise.

        Returns
        -------
        GaussianSystem

        Raises
        ------
        HoiError
            If C is not a covariance; the message says which rule it breaks.

        Examples
        --------
        >>> import hoi
        >>> system = hoi.GaussianSystem.from_covariance([[1, 0.5], [0.5, 1]], names=["a", "b"])
        >>> round(hoi.total_correlation(system), 6)
        0.143841
        """
        matrices, checked, stacked = checks.check_covariance(C, n_samples, names)
        return cls(matrices, checked, n_samples, "covariance", None, stacked)

    @classmethod
    def from_spectra(
        cls, S: ArrayLike, weights: ArrayLike | None = None, names: Sequence[str] | None = None
    ) -> SpectralSystem:
        """Processes with known cross-spectra: measures of it are rates, in nats per sample.

        Parameters
        ----------
        S : array_like, shape (n_frequencies, n_variables, n_variables)
            Complex and Hermitian, positive definite at each frequency. Units and scales of variables do not matter.
        weights : array_like, shape (n_frequencies,), optional
            Share of each frequency in the mean over the whole circle; equal by default.
        names : sequence of str, optional
            Names of the variables; "0", "1", ... otherwise.

        Returns
        -------
        SpectralSystem
            Accepted wherever data are: all measures, `groups`, `given`, `target`, search and scan.

        Raises
        ------
        HoiError
            If S is no set of cross-spectra; the message says which rule it breaks.

        References
        ----------
        Faes et al. (2022), IEEE Trans. Signal Process. 70, 5766-5777.

        Examples
        --------
        >>> import numpy as np, hoi
        >>> C = np.array([[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]])  # white noise: the same at each frequency
        >>> rate = hoi.oinfo(hoi.GaussianSystem.from_spectra([C] * 8))
        >>> bool(np.isclose(rate, hoi.oinfo(hoi.GaussianSystem.from_covariance(C))))
        True
        """
        return SpectralSystem(*check_spectra(S, weights, names))

    @property
    def covariance(self) -> FloatArray:
        """Covariance, without the axis of datasets when there is just one table."""
        matrices = self.matrices
        if self.exponents is not None:
            with np.errstate(over="ignore", under="ignore"):
                matrices = np.ldexp(matrices, self.exponents[:, :, None] + self.exponents[:, None, :])
        return matrices if self.stacked else matrices[0]

    def problem(
        self,
        groups: Sequence[tuple[int, ...]] | None = None,
        given: tuple[int, ...] = (),
        *,
        bias_correction: BiasCorrection = True,
    ) -> Problem:
        own, plain = bias_correction is True, groups is None and not given
        if own and plain and self._plain is not None:
            return self._plain
        found = standard_form(
            self.matrices, self.names, self.n_samples, groups, given, own, self.device, self.exponents
        )
        if own and plain:
            self._plain = found
        if bias_correction != "effective" or self.overlap is None:
            return found
        inverse = inverse_sizes(self.overlap, to_correlation(self.matrices)[0])
        columns = self.variables(groups, given)
        return EffectiveProblem(found, inverse, columns, given, self.names)

    def __getstate__(self) -> dict[str, Any]:  # of copies, too, which may be given other matrices
        return {**vars(self), "_plain": None}

    def about(self) -> dict[str, Any]:
        seed = int(self.seed) if isinstance(self.seed, (int, np.integer)) else None
        return {"estimator": self.estimator, "ties": self.ties, "seed": seed}

    def scarcity(self, n_columns: int, chosen: bool) -> str | None:
        if not chosen or self.n_samples is None or self.n_samples > 10 * n_columns:
            return None
        scatter = chance_deviation(n_columns, self.n_samples)
        if scatter <= _MUCH:
            return None
        return (
            f"has {n_columns} columns and there are {self.n_samples} samples: the total correlation of as many "
            f"independent columns scatters by {scatter:.2g} nats (standard deviation), and the best of many sets are "
            "those with the most chance. Take smaller sets or more samples."
        )

    def require_samples(self, n_columns: int, what: Callable[[], str], given: tuple[int, ...] = ()) -> None:
        if self.n_samples is not None and self.n_samples <= n_columns:
            checks.check_samples(self.n_samples, n_columns, what())

    def __repr__(self) -> str:
        datasets = f"{self.n_datasets} datasets, " if self.stacked else ""
        samples = "exact" if self.n_samples is None else f"{self.n_samples} samples"
        return f"GaussianSystem({datasets}{self.n_variables} variables, {samples}, {self.estimator})"


def _fitted(
    X: ArrayLike, estimator: str, ties: Ties | None, rng: np.random.Generator | None, seed: Seed, backend: str
) -> GaussianSystem:
    """The covariance of data, or of their normal scores, where the backend or numpy computes it."""
    found = backends.estimator(backend, X).estimate(X, estimator, ties or "average", rng)
    if found is None:
        found = estimated(X, estimator, ties or "average", rng)
    system = GaussianSystem(
        found.matrices, found.names, found.n_samples, estimator, ties, found.stacked, found.device, seed,
        found.exponents,
    )
    system.raw = found.raw
    if ties is not None:
        system.remarks = on_ties(found.repeated, found.names, ties)
    return system
