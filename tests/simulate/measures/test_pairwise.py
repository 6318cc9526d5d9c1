"""All pairs of things, each in its place."""

import numpy as np
import pytest

from simulate.measures.pairwise import NoPairs, pairwise


def test_pairs_are_in_their_places() -> None:
    found = pairwise(lambda a, b: abs(a - b), [1.0, 2.0, 4.0, 8.0])
    np.testing.assert_array_equal(found.value, np.abs(np.subtract.outer([1.0, 2, 4, 8], [1.0, 2, 4, 8])))
    np.testing.assert_array_equal(found.lower, found.value)
    np.testing.assert_array_equal(found.each, [1, 3, 7, 2, 6, 4])


def test_one_thing_has_no_pairs() -> None:
    with pytest.raises(NoPairs, match="1 items"):
        pairwise(lambda a, b: 0.0, [1.0])
