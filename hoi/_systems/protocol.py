"""What an estimator is and what it makes of data: a system, which gives problems."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from hoi._backends.protocol import Problem
from hoi._errors import HoiError, HoiWarning, warn
from hoi._inputs.categories import Categories
from hoi._inputs.table import Table
from hoi._inputs.words import columns
from hoi._systems.combined import InformationProblem
from hoi._typing import ArrayLike, BiasCorrection, FloatArray

__all__ = ["Estimator", "System", "names_of_groups"]


class System(ABC):
    """Data as an estimator sees them, read and checked once: accepted wherever data are.

    Attributes
    ----------
    names : tuple of str
        Name of each variable.
    n_samples : int or None
        Samples behind it; None for an exact system, which needs no bias correction.
    stacked : bool
        Whether there is an axis of datasets: results then have it too.
    n_datasets : int
        Number of datasets; 1 for a single table.
    datasets : tuple of str or None
        Names of the datasets, where they have some.
    estimator : str
        Name of what made it.
    """

    names: tuple[str, ...]
    n_samples: int | None
    n_datasets: int
    stacked: bool
    datasets: tuple[str, ...] | None = None
    estimator: str
    remarks: Sequence[tuple[str, type[HoiWarning]]] = ()  # what to warn of before the first use
    told: bool = False  # whether it was
    raw: FloatArray | None = None  # (n_datasets, n, n): correlations of the columns as they are, if nearly dependent
    tells_determined: bool = False  # whether a set has no value of use where the others determine a member
    # why a set has no value, and the way out
    no_value: str = (
        "is numerically singular: a variable in it is determined by the others, and its measures are infinite. Leave "
        "out duplicated or dependent columns"
    )
    corrects: bool = True  # whether entropies are corrected for their bias, where that is asked for

    @property
    def n_variables(self) -> int:
        """Number of variables."""
        return len(self.names)

    @property
    def lengths(self) -> list[int] | None:
        """Samples of each dataset, where they differ."""
        return None

    def variables(
        self, groups: Sequence[tuple[int, ...]] | None, given: tuple[int, ...]
    ) -> tuple[tuple[int, ...], ...]:
        """Columns of each variable of a problem: the groups, or each column that is not given."""
        return tuple(groups or [(c,) for c in range(self.n_variables) if c not in given])

    def tell(self) -> None:
        """Warn of what the estimator has remarked, once: after all arguments are checked."""
        if not self.told:
            self.told = True
            for text, kind in self.remarks:
                warn(text, kind)

    @abstractmethod
    def problem(
        self,
        groups: Sequence[tuple[int, ...]] | None = None,
        given: tuple[int, ...] = (),
        *,
        bias_correction: BiasCorrection = True,
    ) -> Problem:
        """The entropies of its variables as a problem for the engine.

        Parameters
        ----------
        groups : sequence of tuples of int, optional
            Columns of each variable. Without, the columns that are not `given` are the variables, in their order.
        given : tuple of int
            Columns that all entropies are conditional on.
        bias_correction : bool
            Whether the estimator's own correction of entropies for few samples is applied.

        Returns
        -------
        Problem

        Raises
        ------
        HoiError
            If a group, or what is given, has columns that are determined by others.
        """

    def information(
        self,
        groups: Sequence[tuple[int, ...]],
        given: tuple[int, ...],
        target: tuple[int, ...],
        *,
        bias_correction: BiasCorrection = True,
    ) -> Problem:
        """The information of its variables about a target as a problem for the engine: H(S) - H(S | target).

        Parameters
        ----------
        groups : sequence of tuples of int
            Columns of each variable.
        given : tuple of int
            Columns that all is conditional on.
        target : tuple of int
            Columns of the target.
        bias_correction : bool
            As in `problem`.

        Returns
        -------
        Problem
        """
        return InformationProblem(
            self.problem(groups, given, bias_correction=bias_correction),
            self.problem(groups, (*given, *target), bias_correction=bias_correction),
        )

    def by_samples(self) -> System:
        """The same, whose problems give what each sample adds, if its entropies are means over samples."""
        return self

    def most_about(self, target: tuple[int, ...], given: tuple[int, ...]) -> FloatArray | None:
        """Nats (n_datasets,) that there are to know of a target, where estimates may come out above them; or None."""
        return None

    def about(self) -> dict[str, Any]:
        """What a result says of the estimate.

        Returns
        -------
        dict
            Entries of ``settings`` of a result.
        """
        return {"estimator": self.estimator}

    def scarcity(self, n_columns: int, chosen: bool) -> str | None:
        """What makes values of sets worth little, since there are few samples for them.

        Parameters
        ----------
        n_columns : int
            Columns of a set, with those given.
        chosen : bool
            Whether the best of many sets are asked for, which are those with the most chance.

        Returns
        -------
        str or None
            The rest of a sentence that begins with the set; None where there are enough samples.
        """
        return None

    def require_samples(  # noqa: B027  (most estimators have no such rule)
        self, n_columns: int, what: Callable[[], str], given: tuple[int, ...] = ()
    ) -> None:
        """Refuse sets that cannot be estimated from so few samples.

        Parameters
        ----------
        n_columns : int
            Columns of a set, with those given.
        what : callable
            Gives the set in words, for the error.
        given : tuple of int
            Those of the columns that are given, or of a target.

        Raises
        ------
        HoiError
            If there are too few samples.
        """


class Estimator(ABC):
    """A way to estimate entropies from samples. It owns its parameters; `fit` reads data and makes a system."""

    name: ClassVar[str]
    ranks: ClassVar[bool] = False  # whether only the order of the values of a column counts
    labels: ClassVar[bool] = False  # whether columns may hold labels (text, categories) rather than numbers
    repeats: ClassVar[bool] = True  # whether it can be used on samples drawn with repeats, as a bootstrap does
    # for the methods section and the summary of a result: how entropies are estimated, how their bias is corrected, and
    # what cannot be seen by it; {names} are settings, [keys] sources
    methods: ClassVar[str] = ""
    bias: ClassVar[str] = ""
    caution: ClassVar[str] = ""

    @abstractmethod
    def fit(self, X: ArrayLike, *, backend: str = "auto") -> System:
        """Read and check data, and keep what entropies need of them.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
            Of any kind that :func:`hoi.oinfo` takes.
        backend : {"auto", "numpy", "numba", "torch", "cuda"}
            Where to estimate. Values do not depend on it.

        Returns
        -------
        System
            Accepted wherever data are.

        Raises
        ------
        HoiError
            For data that cannot be used: see :func:`hoi.oinfo`.
        """

    def fit_categories(self, X: Table, categories: Categories, *, backend: str = "auto") -> System:
        """The same of data of which some columns are categories; most estimators have no way with them.

        Parameters
        ----------
        X : Table
            Categorical columns hold 0, 1, ...
        categories : Categories
            Which columns these are.
        backend : {"auto", "numpy", "numba", "torch", "cuda"}
            As in `fit`.

        Returns
        -------
        System

        Raises
        ------
        HoiError
            As `fit`, and of an estimator that takes numbers only.
        """
        named = columns(X.names or tuple(map(str, range(X.values.shape[-1]))), categories.columns)
        raise HoiError(
            f'estimator="{self.name}" takes numbers only, and discrete names {named}: use "gaussian_copula", '
            '"gaussian", "knn", "binned" or "discrete", which take categories.'
        )


def names_of_groups(names: tuple[str, ...], groups: Sequence[tuple[int, ...]] | None) -> tuple[str, ...]:
    """Names of variables: of a group, those of its columns joined."""
    if groups is None:
        return names
    return tuple("+".join(names[c] for c in group) for group in groups)
