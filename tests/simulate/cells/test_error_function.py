"""erf against thirty digits."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

from simulate.cells.error_function import erf


def test_value_to_rounding_everywhere() -> None:
    """Three roundings of 1.1e-16, and none that is large relative to a small value."""
    tails = np.logspace(-300, 300, 301)
    x = np.concatenate([np.linspace(-7, 7, 3001), tails, -tails, [0.0, 1.0, -1.0, np.nextafter(1, 0)]])
    with mp.workdps(30):
        exact = np.array([float(mp.erf(mp.mpf(float(each)))) for each in x])
    found = np.asarray(erf(jnp.asarray(x)))
    np.testing.assert_allclose(found, exact, rtol=4e-16, atol=0)
    np.testing.assert_array_equal(np.asarray(erf(jnp.asarray([jnp.inf, -jnp.inf, 0.0]))), [1, -1, 0])
    assert np.isnan(float(erf(jnp.asarray(jnp.nan))))


@pytest.mark.parametrize("x", [-2.5, -0.3, 0.0, 0.9999, 1.0, 3.0])
def test_derivatives(x: float) -> None:
    """Both modes, and twice, also at the seam of the two polynomials."""
    slope = 2 / np.sqrt(np.pi) * np.exp(-x * x)
    assert float(jax.grad(erf)(jnp.asarray(x))) == pytest.approx(slope, rel=1e-15)
    assert float(jax.jacfwd(jax.grad(erf))(jnp.asarray(x))) == pytest.approx(-2 * x * slope, rel=1e-15)
