"""Every network of Fig. 4 is of one class, whatever it did."""

from itertools import product

import numpy as np
import pytest

from validate.ghost.classes import NetworkClass, network_classes

CASES = tuple(product((False, True), (False, True), (False, True), (0, 1, 2, 3)))


def test_each_network_is_of_exactly_one_class():
    learned, stuck, finite, count = (np.array(column) for column in zip(*CASES, strict=True))
    classes = network_classes(learned, stuck, finite, count)
    assert set(classes) == set(NetworkClass)
    assert np.sum([*classes.values()], axis=0).tolist() == [1] * len(CASES)


@pytest.mark.parametrize(
    ("learned", "stuck", "finite", "count", "name"),
    [
        (True, False, True, 1, NetworkClass.LEARNED_AND_KEPT),
        (True, False, True, 3, NetworkClass.LEARNED_AND_KEPT),  # a pair that blocks nothing
        (True, True, True, 3, NetworkClass.STUCK_BEHIND_SADDLE_NODE),
        (False, True, True, 3, NetworkClass.STUCK_BEHIND_SADDLE_NODE),
        (True, True, True, 1, NetworkClass.STUCK_AT_ONE_FIXED_POINT),
        (False, True, True, 1, NetworkClass.STUCK_ON_FIRST_PLATEAU),
        (False, False, True, 1, NetworkClass.STILL_LEARNING),
        (True, True, False, 3, NetworkClass.BROKEN_DOWN),
    ],
)
def test_the_class_of_each_fate(learned, stuck, finite, count, name):
    found = network_classes(np.array([learned]), np.array([stuck]), np.array([finite]), np.array([count]))
    assert [each for each, which in found.items() if which.all()] == [name]
