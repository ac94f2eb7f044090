"""Rows of a result by their datasets, and by what was found out about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import HoiError

if TYPE_CHECKING:
    from hoi._results.multiplets import Multiplets

__all__ = ["Selection"]


class Selection:
    """Ways to choose rows of a `Multiplets`."""

    __slots__ = ()

    @property
    def dataset_names(self: Any) -> np.ndarray | None:
        """Name of the dataset of each row, shape (n_sets,); None where datasets have no names.

        Names come from a dict of tables, the coordinate of an xarray dimension, or the recordings themselves.

        Examples
        --------
        >>> import numpy as np, hoi
        >>> X = np.random.default_rng(0).standard_normal((2, 100, 5))
        >>> found = hoi.search({"ann": X[0], "bo": X[1]}, 3, n_best=1)
        >>> len(found[found.dataset_names == "bo"])
        2
        """
        names = self.settings.get("datasets")
        if names is None or self.dataset is None:
            return None
        return np.array(names, dtype=object)[self.dataset]

    def minimal(self: Any, level: float = 0.05) -> Multiplets:
        """The sets that no smaller set explains: each member adds to what the others have.

        Parameters
        ----------
        level : float
            Largest p-value of a set that is kept.

        Returns
        -------
        Multiplets
            Rows of ``hoi.permutation_test(..., null="member")`` with `pvalue` up to `level`.

        Raises
        ------
        HoiError
            For a result of another kind.

        Examples
        --------
        >>> import numpy as np, hoi
        >>> X = np.random.default_rng(0).standard_normal((300, 6))
        >>> X[:, 5] += X[:, 1] + X[:, 2]
        >>> found = hoi.permutation_test(X, (3, 4), null="member", n_resamples=99, seed=0)
        >>> found.minimal().members
        [(1, 2, 5)]
        """
        if self.settings.get("null") != "member":
            raise HoiError(
                'minimal() needs a result of hoi.permutation_test(X, order, null="member"), which asks of every member '
                "whether it adds to the others; this result does not know."
            )
        return self[self.pvalue <= level]
