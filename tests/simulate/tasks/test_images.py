"""Images: IDX files are read strictly, averages are those of a loop, permutations are permutations."""

import gzip

import numpy as np
import pytest

from simulate.tasks.idx import BadImages, find_idx, read_idx
from simulate.tasks.images import SCANLINE, Permuted, averaged, digits, idx_images

RANDOM = np.random.default_rng(0)


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def directory(tmp_path):
    """Twelve training and five test pictures of 4 x 4."""
    for name, count in (("train", 12), ("t10k", 5)):
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(idx(RANDOM.integers(0, 256, (count, 4, 4))))
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % 10))
    return tmp_path


def test_files_come_back_as_written(tmp_path):
    pixels = RANDOM.integers(0, 256, (3, 2, 5))
    plain, packed = tmp_path / "a", tmp_path / "a.gz"
    plain.write_bytes(idx(pixels))
    packed.write_bytes(gzip.compress(idx(pixels)))
    np.testing.assert_array_equal(read_idx(plain, 3), pixels)
    np.testing.assert_array_equal(read_idx(packed, 3), pixels)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda raw: raw[:-1], "cut short"),
        (lambda raw: raw + b"\0", "too long"),
        (lambda raw: raw[:9], "within its header"),
        (lambda raw: raw[:2], "within its header"),
        (lambda raw: b"", "nothing"),
        (lambda raw: b"\x00\x00\x0d\x03" + raw[4:], "00000d03"),
        (lambda raw: b"\x00\x00\x08\x01" + raw[4:], "swapped"),
        (lambda raw: b"\x1f\x8b" + raw[2:], "unpack"),
        (lambda raw: raw[:4] + b"\xff\xff\xff\xff" * 3 + raw[16:], "cut short"),
    ],
)
def test_damaged_files_are_refused(directory, change, says):
    file = directory / "train-images-idx3-ubyte"
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(BadImages, match=says):
        idx_images(directory, validation=2)


def test_damaged_archives_are_refused(tmp_path):
    packed = gzip.compress(idx(np.zeros((3, 2, 2))))
    for damaged in (packed[:-9], b"no archive", packed[:15] + b"\xff\xff" + packed[17:]):
        (tmp_path / "a.gz").write_bytes(damaged)
        with pytest.raises(BadImages, match="cannot be read"):
            read_idx(tmp_path / "a.gz", 3)


@pytest.mark.parametrize("name", ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"])
def test_a_missing_file_is_named(directory, name):
    (directory / f"{name}-ubyte").unlink()
    with pytest.raises(BadImages, match=f"{name}-ubyte.gz"):
        idx_images(directory, validation=2)


@pytest.mark.parametrize(
    "spelling", ["train-images.idx3-ubyte", "train-images-idx3-ubyte.gz", "train-images.idx3-ubyte.gz"]
)
def test_other_spellings_are_found(directory, spelling):
    before = idx_images(directory, validation=2)
    file = directory / "train-images-idx3-ubyte"
    raw = file.read_bytes()
    file.unlink()
    (directory / spelling).write_bytes(gzip.compress(raw) if spelling.endswith("gz") else raw)
    assert find_idx(directory, "train-images", "idx3").name == spelling
    np.testing.assert_array_equal(idx_images(directory, validation=2).train.sequences, before.train.sequences)


@pytest.mark.parametrize(
    ("name", "array", "says"),
    [
        ("train-labels-idx1-ubyte", np.zeros(11), "12 pictures"),
        ("train-labels-idx1-ubyte", np.full(12, 10), "label 10"),
        ("t10k-images-idx3-ubyte", np.zeros((5, 2, 2)), "differ in size"),
        ("t10k-images-idx3-ubyte", np.zeros((5, 0, 2)), "no pixels"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(directory, name, array, says):
    (directory / name).write_bytes(idx(array))
    with pytest.raises(BadImages, match=says):
        idx_images(directory, validation=2)


@pytest.mark.parametrize("validation", [0, 12])
def test_validation_sets_that_leave_nothing_are_refused(directory, validation):
    with pytest.raises(BadImages, match="validation"):
        idx_images(directory, validation=validation)


def test_training_and_validation_share_the_training_file_out(directory):
    images = idx_images(directory, validation=4)
    assert (len(images.train), len(images.validation), len(images.test), images.steps) == (8, 4, 5, 16)
    raw = read_idx(directory / "train-images-idx3-ubyte", 3).reshape(12, 16) / 255
    joined = np.concatenate([images.train.sequences, images.validation.sequences])[:, :, 0]
    np.testing.assert_allclose(np.sort(joined, axis=0), np.sort(raw, axis=0), atol=1e-7)
    np.testing.assert_allclose(
        images.test.sequences[:, :, 0],
        read_idx(directory / "t10k-images-idx3-ubyte", 3).reshape(5, 16) / 255,
        atol=1e-7,
    )
    other = idx_images(directory, validation=4, seed=1)
    assert np.any(other.train.sequences != images.train.sequences)


@pytest.mark.parametrize("block", [1, 2, 3, 6])
def test_averages_are_those_of_a_loop(block):
    pictures = RANDOM.random((3, 6, 12))
    small = averaged(pictures, block)
    for i, row, column in np.ndindex(small.shape):
        patch = [pictures[i, row * block + a, column * block + b] for a in range(block) for b in range(block)]
        assert small[i, row, column] == pytest.approx(sum(patch) / block**2, abs=1e-14)


@pytest.mark.parametrize("block", [0, 4, 5])
def test_blocks_that_do_not_fit_are_refused(block):
    with pytest.raises(BadImages, match="divisor"):
        averaged(np.zeros((1, 6, 6)), block)


def test_a_permutation_is_one_and_depends_on_its_seed_alone():
    order = Permuted(3)(784)
    np.testing.assert_array_equal(np.sort(order), SCANLINE(784))
    np.testing.assert_array_equal(order, Permuted(3)(784))
    assert np.any(order != Permuted(4)(784))


def test_digits_are_split_into_disjoint_parts_and_scaled():
    images = digits()
    parts = (images.train, images.validation, images.test)
    assert [len(part) for part in parts] == [1140, 297, 360]
    everything = np.concatenate([part.sequences for part in parts])
    assert everything.shape == (1797, 64, 1)
    assert everything.dtype == np.float32
    assert (everything.min(), everything.max()) == (0, 1)
    rows = {row.tobytes() for row in everything}
    assert len(rows) == 1797  # all differ, so none is in two parts


def test_permuted_digits_hold_the_same_pixels():
    plain, permuted = digits(), digits(Permuted(1))
    np.testing.assert_array_equal(permuted.train.sequences, plain.train.sequences[:, Permuted(1)(64)])
    np.testing.assert_array_equal(permuted.train.labels, plain.train.labels)
    with pytest.raises(BadImages, match="1797"):
        digits(validation=1000, test=797)
