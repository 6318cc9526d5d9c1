"""Images as sequences of pixels, one pixel a step: training, validation and test sets, and the task to tell them."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree
from sklearn.datasets import load_digits
from typing_extensions import override

from simulate.tasks.idx import BadImages, find_idx, read_idx
from simulate.tasks.task import CROSS_ENTROPY, Batch, Task

Pictures = Float[np.ndarray, "count rows columns"]
Labels = Int[np.ndarray, " count"]


@dataclass(frozen=True)
class Examples:
    """Sequences of pixel values from 0 to 1 (float32), and the class of each."""

    sequences: Float[np.ndarray, "count steps channels"]
    labels: Labels

    def __len__(self) -> int:
        """The number of sequences."""
        return len(self.labels)

    def first(self, count: int) -> "Examples":
        """The first so many."""
        return Examples(self.sequences[:count], self.labels[:count])

    def batch(self, classes: int) -> Batch:
        """All of them as one batch, whose class is asked for after the last step."""
        labels = jnp.asarray(self.labels)
        return asked_for_class(jnp.asarray(self.sequences), labels, classes)


@dataclass(frozen=True)
class Images:
    """Three disjoint sets. Parameters are chosen on the second; the third is looked at once."""

    train: Examples
    validation: Examples
    test: Examples
    classes: int

    @property
    def steps(self) -> int:
        """Pixels in a sequence."""
        return self.train.sequences.shape[1]


class Passes(Task):
    """Batches of sequences to be classified: each pass shows all of them once, in an order of its own.

    The order is drawn by (`seed`, pass); what is left over after the last full batch of a pass is left out of it.
    """

    sequences: Float[Array, "examples steps channels"]
    labels: Int[Array, " examples"]
    order: Int[Array, "updates batch"]
    classes: int = eqx.field(static=True)
    seed: int = eqx.field(static=True)

    def __call__(self, epoch: Int[Array, ""]) -> Batch:
        """The batch of an update; after the last pass its last batch again."""
        which = self.order[jnp.minimum(epoch, len(self.order) - 1)]
        return asked_for_class(self.sequences[which], self.labels[which], self.classes)

    def identity(self) -> PyTree:
        """All but the number of passes."""
        return self.sequences, self.labels, self.order[0], self.classes, self.seed


def passes(examples: Examples, classes: int, batch: int, seed: int, count: int) -> Passes:
    """So many passes over the examples, in batches."""
    each = len(examples) // batch
    orders = [np.random.default_rng((seed, k)).permutation(len(examples))[: each * batch] for k in range(count)]
    order = jnp.asarray(np.concatenate(orders).reshape(-1, batch))
    return Passes(jnp.asarray(examples.sequences), jnp.asarray(examples.labels), order, classes, seed)


def asked_for_class(
    sequences: Float[Array, "batch steps channels"], labels: Int[Array, " batch"], classes: int
) -> Batch:
    """A batch whose class is asked for after the last step."""
    targets = jax.nn.one_hot(labels, classes, dtype=sequences.dtype)[:, None]
    return Batch(sequences, targets, jnp.ones((len(labels), 1), sequences.dtype), 1.0, CROSS_ENTROPY)


@dataclass(frozen=True)
class PixelOrder:
    """In which order the pixels of an image are shown."""

    @abstractmethod
    def __call__(self, pixels: int) -> Int[np.ndarray, " pixels"]:
        """The place of each step's pixel, counted row by row."""


@dataclass(frozen=True)
class Scanline(PixelOrder):
    """Row by row."""

    @override
    def __call__(self, pixels: int) -> Int[np.ndarray, " pixels"]:
        return np.arange(pixels)


@dataclass(frozen=True)
class Permuted(PixelOrder):
    """One random order for all images, fixed by its seed."""

    seed: int

    @override
    def __call__(self, pixels: int) -> Int[np.ndarray, " pixels"]:
        return np.random.default_rng(self.seed).permutation(pixels)


SCANLINE = Scanline()


def averaged(pictures: Pictures, block: int) -> Float[np.ndarray, "count fewer_rows fewer_columns"]:
    """Down-sampled: the mean of every `block` x `block` pixels.

    Raises:
        BadImages: if the block does not divide the pictures.
    """
    count, rows, columns = pictures.shape
    if block < 1 or rows % block or columns % block:
        raise BadImages(f"blocks of {block} do not divide pictures of {rows} x {columns}: give a divisor of both")
    return pictures.reshape(count, rows // block, block, columns // block, block).mean(axis=(2, 4))


def digits(order: PixelOrder = SCANLINE, seed: int = 0, validation: int = 297, test: int = 360) -> Images:
    """scikit-learn's 1,797 handwritten digits of 8 x 8 pixels: 64 steps; levels 0 to 16 divided by 16.

    The sets are drawn at random by the seed; training gets what is left (1,140).

    Raises:
        BadImages: if nothing is left.

    >>> images = digits()
    >>> images.train.sequences.shape, images.classes  # images, pixels, channels
    ((1140, 64, 1), 10)
    """
    loaded = load_digits()
    pictures, labels = loaded.images / 16.0, loaded.target.astype(np.int64)
    if not (validation > 0 and test > 0 and validation + test < len(labels)):
        raise BadImages(f"{validation} and {test} of {len(labels)} digits: give less, and at least one of each")
    drawn = np.random.default_rng(seed).permutation(len(labels))
    shown = _shown(pictures, labels, order)
    held_out, tested = drawn[:validation], drawn[validation : validation + test]
    return Images(_part(shown, drawn[validation + test :]), _part(shown, held_out), _part(shown, tested), 10)


def idx_images(
    directory: Path, order: PixelOrder = SCANLINE, block: int = 1, seed: int = 0, validation: int | None = None
) -> Images:
    """MNIST, Fashion-MNIST or anything else in their files: training and test set as they are given.

    The validation set, by default a twelfth (5,000 of MNIST's 60,000), is drawn from the training set by the seed
    and leaves it. Levels 0 to 255 are divided by 255, then averaged over blocks.

    Raises:
        BadImages: if a file is missing or damaged, if counts differ, labels exceed 9, pictures are of two sizes, or
            none would be left to train on.

    >>> idx_images(Path("nowhere"))  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    BadImages: nowhere holds no train-images-idx3-ubyte nor train-images-idx3-ubyte.gz
    """
    train, test = (_labelled(directory, name, order, block) for name in ("train", "t10k"))
    if train.sequences.shape[1] != test.sequences.shape[1]:
        raise BadImages(f"{directory}: training and test pictures differ in size: take both from one data set")
    if validation is None:
        validation = max(1, len(train) // 12)
    if not 0 < validation < len(train):
        raise BadImages(f"{validation} of {len(train)} pictures for validation: give less, and at least one")
    drawn = np.random.default_rng(seed).permutation(len(train))
    return Images(_part(train, np.sort(drawn[validation:])), _part(train, np.sort(drawn[:validation])), test, 10)


def _labelled(directory: Path, name: str, order: PixelOrder, block: int) -> Examples:
    pictures, labels = find_idx(directory, f"{name}-images", "idx3"), find_idx(directory, f"{name}-labels", "idx1")
    levels, classes = read_idx(pictures, 3), read_idx(labels, 1)
    if len(levels) != len(classes):
        raise BadImages(
            f"{pictures} holds {len(levels)} pictures, {labels} {len(classes)} labels: take both from one set"
        )
    if not levels.size:
        raise BadImages(f"{pictures} holds no pixels: fetch it again")
    if classes.max() > 9:
        raise BadImages(f"{labels} holds the label {classes.max()}: labels go from 0 to 9")
    return _shown(averaged(levels.astype(np.float32) / np.float32(255), block), classes.astype(np.int64), order)


def _shown(pictures: Pictures, labels: Labels, order: PixelOrder) -> Examples:
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    return Examples(np.ascontiguousarray(flat[:, order(flat.shape[1])])[:, :, None], labels)


def _part(examples: Examples, which: Int[np.ndarray, " some"]) -> Examples:
    return Examples(examples.sequences[which], examples.labels[which])
