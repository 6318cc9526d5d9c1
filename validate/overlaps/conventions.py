"""How people write a low-rank network down, read as theta = [m u v z] of this project.

Ours is x' = -x + u kappa + m s, kappa = v^T phi(x) / N, y = z^T phi(x) / N (Ger and Barak, arXiv 2605.04115). Many
published networks are state dicts of the classes of Dubreuil, Valente, Beiran, Mastrogiuseppe and Ostojic (2022), with

    x' = -x + m n^T phi(x) / N + (si wi)^T s,    y = (wo so)^T phi(x) / N,

`wi` being n_in x N; their m is our u and their n our v. A second class of the same authors, used by Beiran et al.
(2023), has neither of the two factors 1/N; there u = sqrt(N) m, v = sqrt(N) n, z = N wo so. The names in the file are
the same, so that the file cannot tell which it is; the size of the weights does, and a hint says so.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from validate.arrays import NAMED_FILES, BadArray, Real, read_named
from validate.options import one_of

Columns = Float[np.ndarray, "neurons _"]
LARGEST = 1e150
"""Weights beyond have squares, and so overlaps, that are no finite numbers."""


@dataclass(frozen=True)
class Weights:
    """What a file says of a network: either u and v, or W, is there.

    `bias` is added to each neuron's activity before phi, `start` is its activity at the beginning of a trial; both None
    where the file has none, or zeros.
    """

    m: Columns
    z: Columns
    u: Columns | None
    v: Columns | None
    W: Float[np.ndarray, "neurons neurons"] | None
    bias: Columns | None = None
    start: Columns | None = None
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Convention(ABC):
    """A way to write a network down."""

    name: str
    accepted: str
    """What a file must hold."""
    nonlinearity: str
    """That of most networks written down so."""
    vectors: tuple[str, str]
    """The names of our u and v."""
    whole: str
    """The name of the recurrent weights as one matrix."""

    @abstractmethod
    def read(self, path: Path) -> Weights:
        """The weights in a file.

        Raises:
            BadArray: saying what is wrong.
        """

    @abstractmethod
    def remedy(self, too_large: bool) -> str:
        """What to do where the recurrent weights are too large, or too small, by a factor of the order of N."""


@dataclass(frozen=True)
class Ours(Convention):
    """m, z and u, v or W, with the factors 1/N."""

    def read(self, path: Path) -> Weights:
        """m and z, and u and v or W, as they are."""
        try:
            found = read_named(path, ("m", "z"), ("u", "v", "W"))
        except BadArray as error:
            if "wi" in str(error) or "gaussian_basis" in str(error):
                raise BadArray(f"{error}: these names are read with --convention dubreuil or beiran") from error
            raise
        columns = {name: _columns(name, array) for name, array in found.arrays.items()}
        given = sorted(set(columns) - {"m", "z"})
        if given not in (["W"], ["u", "v"]):
            raise BadArray(f"of u, v and W it has {' and '.join(given) or 'none'}")
        _require_neurons(columns, len(columns["m"]), "m")
        u, v, whole = (columns.get(name) for name in ("u", "v", "W"))
        return Weights(columns["m"], columns["z"], u, v, whole, ignored=found.ignored)

    def remedy(self, too_large: bool) -> str:
        """Where to put the factor N; W has none to move."""
        if too_large:
            return "if your v goes with the factor 1/N, divide v and z by N"
        return "if your equations have u v^T and z^T phi without the factors 1/N, multiply v and z by N"


@dataclass(frozen=True)
class Published(Convention):
    """wi, si, m, n (or wrec), wo, so, b, h0; or those as combinations of a Gaussian basis.

    `scaled` says whether the network's equations have the factors 1/N.
    """

    scaled: bool

    def read(self, path: Path) -> Weights:
        """wi, m, n and wo times their factors, put together from a basis first if the file has one."""
        found = read_named(path, (), (*_PLAIN, *_BASIS, "rec_noise"))
        arrays = found.arrays
        if "gaussian_basis" in arrays:
            arrays = self._out_of_basis(arrays)
        missing = [name for name in ("wi", "wo") if name not in arrays]
        if missing:
            present = ", ".join((*arrays, *found.ignored)) or "none at all"
            raise BadArray(f"no array named {', '.join(missing)}; the file has {present}")
        if np.any(arrays.get("rec_noise", np.zeros(1))):
            raise BadArray("its rec_noise is a part of full rank: save wrec = m n^T + rec_noise, and give --rank")
        given = sorted({"m", "n", "wrec"} & set(arrays))
        if given not in (["m", "n"], ["wrec"]):
            raise BadArray(f"of m, n and wrec it has {' and '.join(given) or 'none'}")
        first = given[0]
        neurons = len(_columns(first, arrays[first]))
        columns = {name: _columns(name, arrays[name]) for name in (*given, "wo")}
        columns["wi"] = _rows_a_neuron("wi", arrays["wi"], neurons)
        _require_neurons(columns, neurons, first)
        wi, wo = _scaled(columns["wi"], "si", arrays), _scaled(columns["wo"], "so", arrays)
        root = 1.0 if self.scaled else np.sqrt(neurons)
        u, v, whole = (columns.get(name) for name in ("m", "n", "wrec"))
        return Weights(
            m=wi,
            z=wo * root**2,
            u=None if u is None else u * root,
            v=None if v is None else v * root,
            W=whole / neurons if whole is not None and self.scaled else whole,
            bias=_extra("b", arrays, neurons),
            start=_extra("h0", arrays, neurons),
            ignored=found.ignored,
        )

    def remedy(self, too_large: bool) -> str:
        """The other convention, if it differs by the factor that is off."""
        if too_large == self.scaled:
            return "neither convention brings them near 1"
        return f"this looks like --convention {'beiran' if self.scaled else 'dubreuil'}"

    def _out_of_basis(self, arrays: Mapping[str, Real]) -> dict[str, Real]:
        """The vectors, each class of neurons (a row of `supports`) having its own combination of the basis."""
        if self.scaled:
            raise BadArray("vectors in a gaussian_basis go without the factors 1/N: give --convention beiran")
        missing = [
            name for name in ("supports", "wi_weights", "m_weights", "n_weights", "wo_weights") if name not in arrays
        ]
        if missing:
            raise BadArray(f"no array named {', '.join(missing)} beside its gaussian_basis")
        basis, supports = arrays["gaussian_basis"], arrays["supports"]
        made: dict[str, Real] = {}
        try:
            for name in ("wi", "m", "n", "wo"):
                made[name] = np.einsum("kcb,bi,ci->ik", arrays[f"{name}_weights"], basis, supports)
                if f"{name}_biases" in arrays:
                    made[name] = made[name] + (arrays[f"{name}_biases"] @ supports).T
            if "h0_weights" in arrays:
                made["h0"] = np.einsum("cb,bi,ci->i", arrays["h0_weights"], basis, supports)
        except ValueError as error:
            raise BadArray(f"weights, gaussian_basis and supports do not fit one another: {error}") from error
        return made


_PLAIN = ("wi", "si", "m", "n", "wrec", "wo", "so", "b", "h0")
_BASIS = (
    *("gaussian_basis", "supports", "h0_weights"),
    *(f"{name}_{kind}" for name in ("wi", "m", "n", "wo") for kind in ("weights", "biases")),
)
_PUBLISHED = (
    "a file of the state dict with wi (n_in x N), wo (N x n_out), m and n (N x R) or wrec (N x N, with --rank) and, if "
    "there are any, si, so, b and h0; or with a gaussian_basis, supports and m_weights and so on"
)
OURS = Ours(
    "ours",
    f"a file whose name ends in {one_of(NAMED_FILES)} with m (N x n_in), z (N x n_out) and either u and v (N x R) or "
    "W (N x N, with --rank), all finite; for files with wi, wo, m, n: --convention",
    nonlinearity="linear",
    vectors=("u", "v"),
    whole="W",
)
CONVENTIONS: dict[str, Convention] = {
    each.name: each
    for each in (
        OURS,
        Published("dubreuil", _PUBLISHED, "tanh", ("m", "n"), "wrec", scaled=True),
        Published("beiran", _PUBLISHED, "tanh", ("m", "n"), "wrec", scaled=False),
    )
}


def _columns(name: str, array: Real) -> Columns:
    """The array as columns, one row a neuron; a vector is one column."""
    columns = array[:, None] if array.ndim == 1 else array
    if columns.ndim != 2:
        raise BadArray(f"{name} has shape {array.shape}, which is no matrix")
    if columns.size == 0:
        raise BadArray(f"{name} has shape {array.shape}: no {('neurons', 'columns')[columns.shape.index(0)]}")
    if (largest := np.abs(columns).max()) > LARGEST:
        raise BadArray(f"{name} has values up to {largest:g}: their squares are too large to reckon with")
    return columns


def _require_neurons(columns: Mapping[str, Columns], neurons: int, first: str) -> None:
    for name, array in columns.items():
        if len(array) != neurons:
            transposed = "; transposed?" if array.shape[1] == neurons else ""
            raise BadArray(f"{name} has {len(array)} rows and {first} {neurons}: not one a neuron{transposed}")
    for name in {"W", "wrec"} & set(columns):
        if columns[name].shape != (neurons, neurons):
            raise BadArray(f"{name} has shape {columns[name].shape}, not {neurons} x {neurons}")


def _rows_a_neuron(name: str, array: Real, neurons: int) -> Columns:
    """An array that is published with one column a neuron, turned; left as it is if it has one row a neuron alone."""
    columns = _columns(name, array)
    turned = array.ndim == 2 and columns.shape[1] == neurons
    return columns.T if turned else columns


def _scaled(columns: Columns, name: str, arrays: Mapping[str, Real]) -> Columns:
    """The columns times their factors, if the file has any by that name."""
    factors = np.atleast_1d(arrays.get(name, np.ones(1)))
    if factors.ndim != 1 or len(factors) not in (1, columns.shape[1]):
        raise BadArray(f"{name} has shape {factors.shape}, not one factor for each of {columns.shape[1]} columns")
    return columns * factors


def _extra(name: str, arrays: Mapping[str, Real], neurons: int) -> Columns | None:
    """A vector of one number a neuron; None where it is zero everywhere."""
    if name not in arrays or not np.any(arrays[name]):
        return None
    vector = arrays[name].reshape(-1)
    if len(vector) != neurons:
        raise BadArray(f"{name} has shape {arrays[name].shape}, not one number for each of {neurons} neurons")
    return vector[:, None]
