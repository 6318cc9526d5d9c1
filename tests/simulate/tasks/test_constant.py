"""What a constant may be: each kind of value from both sides of its bounds."""

import numpy as np
import pytest

from simulate.tasks.constant import COUNT, POSITIVE, PROBABILITY, YES_OR_NO, Number, OrNone, Range, WholeNumber


@pytest.mark.parametrize(
    ("values", "allowed", "refused"),
    [
        (COUNT, [1, 7, np.int64(3)], [0, -1, 1.0, True, None, "1", float("nan")]),
        (WholeNumber(2, 3), [2, 3], [1, 4]),
        (POSITIVE, [1e-300, 1.0, 2, np.float32(3)], [0.0, -1.0, float("inf"), float("nan"), True, None, 1j]),
        (PROBABILITY, [1e-9, 1.0], [0.0, 1.0 + 1e-9]),
        (Number(least=0.0), [0.0, 5.0], [-1e-9]),
        (Number(), [-5.0, 0.0], [float("-inf")]),
        (Range(WholeNumber(0)), [(0, 0), (5, 20)], [(20, 5), (-1, 5), (5, 20.0), [5, 20], (5,), (1, 2, 3), 5]),
        (OrNone(POSITIVE), [None, 1.0], [0.0]),
        (YES_OR_NO, [True, False], [0, 1, None]),
    ],
)
def test_values_are_told_apart(values, allowed, refused):
    assert [value for value in allowed if not values.allow(value)] == []
    assert [value for value in refused if values.allow(value)] == []


def test_what_to_give_instead_is_said_in_words():
    assert str(COUNT) == "a whole number from 1"
    assert str(WholeNumber(2, 3)) == "a whole number from 2 to 3"
    assert str(PROBABILITY) == "a number above 0, at most 1"
    assert str(Number()) == "a finite number"
    assert str(Range(WholeNumber(0))) == "(low, high) with low <= high, each a whole number from 0"
    assert str(OrNone(POSITIVE)) == "a number above 0, or None"
    assert str(YES_OR_NO) == "True or False"
