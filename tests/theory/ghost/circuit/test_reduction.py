import mpmath
import numpy as np
import pytest
import sympy

from theory.ghost.circuit import reduction


def network(neurons, rank):
    x = sympy.Matrix(sympy.symbols(f"x:{neurons}", real=True))
    b = sympy.Matrix(sympy.symbols(f"b:{neurons}", real=True))
    m = sympy.Matrix(neurons, rank, sympy.symbols(f"m:{neurons * rank}", real=True))
    n = sympy.Matrix(neurons, rank, sympy.symbols(f"n:{neurons * rank}", real=True))
    return x, m, n, b


@pytest.mark.parametrize(("neurons", "rank"), [(1, 1), (4, 1), (3, 2), (2, 3)])
def test_the_reduction_is_exact_from_any_state(neurons, rank):
    x, m, n, b = network(neurons, rank)
    projected = n.T * reduction.network_velocity(x, m, n, b)
    circuit = reduction.latent_velocity(n.T * x, m, n, b)
    assert (projected - circuit).expand() == sympy.zeros(rank, 1)


@pytest.mark.parametrize(("neurons", "rank"), [(4, 1), (3, 2)])
def test_the_reduction_is_exact_for_the_euler_map(neurons, rank):
    x, m, n, b = network(neurons, rank)
    step = sympy.Symbol("D", positive=True)
    full = reduction.euler_map(x, reduction.network_velocity(x, m, n, b), step)
    latent = reduction.euler_map(n.T * x, reduction.latent_velocity(n.T * x, m, n, b), step)
    assert (n.T * full - latent).expand() == sympy.zeros(rank, 1)


def test_the_reduction_is_exact_for_any_number_of_neurons():
    size = sympy.Symbol("N", integer=True, positive=True)
    i, j = sympy.symbols("i j", integer=True)
    x, m, n, b = (sympy.IndexedBase(name) for name in "xmnb")
    latent = sympy.Sum(n[j] * x[j], (j, 1, size))
    share = reduction.neuron_share().subs(
        {reduction.LATENT: latent, reduction.M: m[i], reduction.N: n[i], reduction.B: b[i]}
    )
    velocity = -x[i] + share / n[i]  # of neuron i
    projected = sympy.Sum(sympy.expand(n[i] * velocity), (i, 1, size)).expand()
    circuit = -latent.replace(j, i) + sympy.Sum(share, (i, 1, size))
    assert sympy.simplify(projected - circuit) == 0


def test_the_circuit_of_a_network_is_the_sum_of_its_neurons_shares():
    _, m, n, b = network(3, 1)
    latent = sympy.Matrix([reduction.LATENT])
    shares = [
        reduction.neuron_share().subs({reduction.M: m[k], reduction.N: n[k], reduction.B: b[k]}) for k in range(3)
    ]
    assert sympy.expand(reduction.latent_velocity(latent, m, n, b)[0] - sum(shares) - reduction.leak(0)) == 0


def test_the_bounds_of_tanh_are_attained_and_exact():
    z = np.linspace(-8, 8, 400_001)
    t = np.tanh(z)
    for order in range(5):
        values = np.abs(np.polyval([float(c) for c in reduction.tanh_polynomial(order).all_coeffs()], t))
        bound = float(reduction.tanh_bound(order))
        assert values.max() <= bound * (1 + 1e-14)
        assert values.max() > bound * (1 - 1e-6)  # a grid of 4e-5 misses a smooth maximum by its square
        if order:
            with np.errstate(invalid="ignore"):
                tail = np.nanmax(values[np.abs(z) < 6] * np.cosh(z[np.abs(z) < 6]) ** 2)
            assert tail <= float(reduction.tanh_tail(order)) * (1 + 1e-9)
            assert tail > float(reduction.tanh_tail(order)) * (1 - 1e-3)  # 2 sech^2(6) is 5e-5
    assert reduction.tanh_bound(2) == 4 * sympy.sqrt(3) / 9
    assert reduction.tanh_bound(3) == 2


@pytest.mark.parametrize("order", [0, 1])
def test_lowered_derivatives_against_differences_at_30_digits(order):
    rng = np.random.default_rng(order)
    for latent, m, n, b in rng.normal(size=(20, 4)):

        def share(k, m=m, n=n, b=b):
            return n * mpmath.tanh(m * k + b)

        with mpmath.workdps(30):
            wanted = [float(mpmath.diff(share, latent, order + extra)) for extra in range(3)]
        assert reduction.latent_derivatives(order)(latent, m, n, b) == pytest.approx(wanted, rel=1e-12, abs=1e-13)


def test_parameter_and_step_derivatives_agree_with_each_other():
    rng = np.random.default_rng(3)
    latent, m, n, b, g_m, g_n, g_b = rng.normal(size=(7, 50))
    d_m, d_n, d_b = reduction.parameter_derivatives()(latent, m, n, b)
    first, second, mixed = reduction.step_derivatives()(latent, m, n, b, g_m, g_n, g_b)
    np.testing.assert_allclose(first, -(d_m * g_m + d_n * g_n + d_b * g_b), rtol=1e-12, atol=1e-13)
    for k in range(50):
        with mpmath.workdps(30):

            def moved(a, y, k=k):
                return (n[k] - a * g_n[k]) * mpmath.tanh((m[k] - a * g_m[k]) * y + b[k] - a * g_b[k])

            wanted = [mpmath.diff(moved, (0, latent[k]), orders) for orders in ((1, 0), (2, 0), (1, 1))]
        assert [first[k], second[k], mixed[k]] == pytest.approx([float(w) for w in wanted], rel=1e-10, abs=1e-12)
