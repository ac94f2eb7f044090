"""Rows of a result by what was found out about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hoi._errors import HoiError

if TYPE_CHECKING:
    from hoi._results.multiplets import Multiplets

__all__ = ["Selection"]


class Selection:
    """Ways to choose rows of a `Multiplets`."""

    __slots__ = ()

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
