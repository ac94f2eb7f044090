"""Sets, groups and orders as a user may write them, and the message of every error in them."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from messages import message, says

from hoi._inputs import checks
from hoi._inputs.sets import is_int

NAMES = ("left", "right", "mid")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([(0, 1), (2, 1, 0)], [(0, 1), (2, 1, 0)]),
        ([["left", "mid"], ["right"]], [(0, 2), (1,)]),
        ([("left", 2)], [(0, 2)]),
        ((np.array([0, 1]), [np.int8(2), np.uint16(0)]), [(0, 1), (2, 0)]),
        (np.array([[2, 1], [0, 2]]), [(2, 1), (0, 2)]),
        (np.array([["left", "mid"]]), [(0, 2)]),
        (itertools.combinations(range(3), 2), [(0, 1), (0, 2), (1, 2)]),
        ((range(3) for _ in range(1)), [(0, 1, 2)]),
        (pd.Series([(0, 1), (1, 2)]), [(0, 1), (1, 2)]),
    ],
)
def test_sets(given, expected):
    found = checks.check_multiplets(given, NAMES)
    assert found == expected
    assert all(type(i) is int for members in found for i in members)


def test_sets_of_a_result():
    class Result(NamedTuple):
        members: list[tuple[int, ...]]

    assert checks.check_multiplets(Result([(0, 2)]), NAMES) == [(0, 2)]


def test_sets_of_a_tensor():
    torch = pytest.importorskip("torch")
    assert checks.check_multiplets(torch.tensor([[0, 1], [1, 2]]), NAMES) == [(0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ([], ["multiplets is empty", "list of sets", "None for all columns"]),
        (np.empty((0, 3), dtype=int), ["multiplets is empty"]),
        (3, ["multiplets=3", "list of sets of columns, for example multiplets=[(0, 1, 2)]"]),
        ("left", ["multiplets='left'", "list of sets"]),
        ((0, 1, 2), ["multiplets=(0, 1, 2) is one flat list", "Wrap it in a list: multiplets=[(0, 1, 2)]"]),
        (np.arange(2), ["multiplets=(0, 1) is one flat list"]),
        (["left", "mid"], ["('left', 'mid') is one flat list", "Wrap it in a list"]),
        (np.array(["left", "mid"]), ["('left', 'mid') is one flat list"]),
        ([1], ["multiplets=(1,) is one flat list"]),
        ([(0, 1), 2], ["multiplets[1] is 2", "Write (2,) for one column"]),
        ([(0, 1), "mid"], ["multiplets[1] is 'mid'", "Write ('mid',)"]),
        ([(0, 1), ()], ["multiplets[1] is empty", "at least one column"]),
        (
            [(0, 1), (2, 0, 2)],
            ["multiplets[1] = (2, 0, 2) holds column 'mid' more than once", "Take the repeats out"],
        ),
        ([(0, "left")], ["multiplets[0]", "column 'left' more than once"]),
        (np.array([[0, 1], [2, 2]]), ["multiplets[1] = (2, 2) holds column 'mid'"]),
        ([(0, 3)], ["multiplets[0] has index 3", "3 columns have indices 0 to 2", "counted from 0"]),
        ([(0, 1), (-1, 1)], ["multiplets[1] has index -1", "0 to 2"]),
        (np.array([[0, 1], [-1, 1]]), ["multiplets[1] has index -1"]),
        (np.array([[0, 1], [1, 3]]), ["multiplets[1] has index 3"]),
        ([(0.0, 1)], ["multiplets[0] has 0.0 (float)", "index (int) or its name (str)"]),
        (np.array([[0.0, 1.0]]), ["multiplets[0] has 0.0 (float)"]),
        ([(True, 1)], ["multiplets[0] has True (bool)"]),
        ([(np.True_, 1)], ["multiplets[0] has True (bool"]),
        ([(None, 1)], ["has None (NoneType)"]),
        ([("left", "RIGHT")], ["multiplets[0] has the name 'RIGHT'", "Did you mean 'right'?"]),
        ([("left", "rihgt")], ["multiplets[0] has the name 'rihgt'", "Did you mean 'right'?"]),
        ([("left", "zzz")], ["the name 'zzz'", "The columns are left, right, mid"]),
    ],
)
def test_message_for_bad_sets(given, parts):
    says(message(checks.check_multiplets, given, NAMES), *parts)


def test_groups():
    assert checks.check_groups([["left", "mid"], [1]], NAMES) == [(0, 2), (1,)]
    says(
        message(checks.check_groups, [[0, 1], [2, "left"]], NAMES),
        "groups[0] and groups[1] both hold column 'left'",
    )
    says(
        message(checks.check_groups, [[0, 1], []], NAMES),
        "groups[1] is empty",
        "a group needs at least one column",
    )
    says(message(checks.check_groups, [0, 1], NAMES), "groups=(0, 1) is one flat list", "groups=[(0, 1)]")
    says(message(checks.check_groups, [], NAMES), "groups is empty", "None for no groups")
    assert checks.check_groups({"a": [0], "b": ["mid", 1]}, NAMES) == [(0,), (2, 1)]
    says(message(checks.check_groups, {"a": [0], "b": ["mad"]}, NAMES), "groups['b']", "'mad'", "'mid'")


@pytest.mark.parametrize(
    ("order", "expected"),
    [(3, (3, 3)), (np.int16(2), (2, 2)), ((2, 5), (2, 5)), ([3, 3], (3, 3)), (np.array([2, 4]), (2, 4))],
)
def test_orders(order, expected):
    found = checks.check_order(order, 5)
    assert found == expected
    assert all(type(v) is int for v in found)


@pytest.mark.parametrize(
    ("order", "parts"),
    [
        (1, ["order=1", "number of variables in a set", "at least 2 variables"]),
        (0, ["order=0", "at least 2"]),
        ((1, 3), ["order=(1, 3)", "at least 2"]),
        (6, ["order=6 with 5 variables", "at most 5", "Lower it"]),
        ((2, 6), ["order=(2, 6) with 5 variables"]),
        ((4, 3), ["order=(4, 3) counts down", "order=(3, 4)"]),
        (3.0, ["order=3.0", "an int or an inclusive pair (low, high)", "order=3 or order=(3, 5)"]),
        (True, ["order=True", "an int"]),
        ("3:5", ["order='3:5'", "order=(3, 5)"]),
        ((2, 3, 4), ["order=(2, 3, 4)", "pair"]),
        (None, ["order=None", "pair"]),
        ((2, 3.5), ["order=(2, 3.5)", "pair"]),
    ],
)
def test_message_for_bad_order(order, parts):
    says(message(checks.check_order, order, 5), *parts)


def test_integers_are_no_booleans():
    assert [is_int(v) for v in (1, np.int8(1), True, np.True_, 1.0, "1")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
