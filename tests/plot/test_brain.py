"""Sets on the scalp and in a glass brain, and what the ends of a result are called."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import result

from hoi import HoiError, plot


@pytest.mark.parametrize("name", ["connectome", "topography"])
def test_the_ends_of_pictures_of_the_brain(name, ax):
    with pytest.raises(HoiError, match=f'{name}: end=\'both\'; use "lowest" or "highest".'):
        getattr(plot, name)(result(), None, end="both", ax=ax)
    with pytest.raises(HoiError, match=f"{name}: the result has no sets to draw"):
        getattr(plot, name)(result()[:2], None, end="highest", ax=ax)


def test_places_that_are_missing(ax):
    with pytest.raises(HoiError, match=r"shape \(5, 2\); \(x, y, z\) of each of the 5 variables are needed"):
        plot.connectome(result(), np.zeros((5, 2)), ax=ax)
    with pytest.raises(HoiError, match="coordinates have no place of 'c': each of 5 variables needs one"):
        plot.connectome(result(), {"a": (0, 0, 0), "b": (0, 0, 0)}, ax=ax)
