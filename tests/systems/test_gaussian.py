"""A Gaussian system makes its plain problem once, and its copies make their own."""

from __future__ import annotations

import copy
import pickle

import numpy as np

import hoi
from hoi._systems.gaussian import GaussianSystem


def several() -> GaussianSystem:
    return hoi.GaussianSystem.from_data(np.random.default_rng(0).standard_normal((2, 40, 4)))


def test_searches_of_a_system_share_its_problem() -> None:
    system = several()
    assert system.problem() is system.problem()
    assert system.problem(given=(1,)) is not system.problem(given=(1,))
    assert system.problem(bias_correction=False).bias[3] == 0 != system.problem().bias[3]


def test_a_copy_with_other_matrices_has_another_problem() -> None:
    system = several()
    system.problem()
    for other in (copy.copy(system), pickle.loads(pickle.dumps(system))):
        assert np.array_equal(other.problem().matrix, system.problem().matrix)
    one = copy.copy(system)
    one.matrices = system.matrices[1:]
    assert np.array_equal(one.problem().matrix, several().problem().matrix[1:])
