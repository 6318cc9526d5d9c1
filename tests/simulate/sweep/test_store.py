import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from simulate.sweep import Job, NoResult, NotStored, RefusedResult, Store
from simulate.sweep.store import MARK, NoDataset


class Named(Job):
    name_of_it: str

    def compute(self, needed, progress):
        return RESULT


JOB, OTHER = Named("one"), Named("other")
RESULT = xr.Dataset(
    {
        "eigenvalues": (("network", "unit"), np.array([[1 + 2j, complex(np.nan, -0.0)], [complex(np.inf, 1), 0]])),
        "loss": ("network", np.array([np.nan, 1e-300])),
        "weights": (("network", "unit", "unit_"), np.arange(8, dtype=np.float32).reshape(2, 2, 2)),
        "outcome": ("network", np.array(["converged", "läuft über"])),
        "finite": ("network", np.array([True, False])),
        "epochs": ("network", np.array([3, -1])),
        "nothing": ("none", np.zeros(0)),
        "rate": 0.1,
        "cell": "gru",
    },
    coords={"network": [4, 7], "unit": ["a", "b"]},
    attrs={"note": "of the job", "list": [1, 2]},
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a" / "store")


def written(store: Store) -> Path:
    store.write(JOB, RESULT, seconds=1.5)
    return store.path(JOB)


def test_what_is_read_is_what_was_written(store: Store) -> None:
    """Complex numbers, text, booleans, NaN, infinities, empty arrays: values and types."""
    written(store)
    read = Store(str(store.directory)).read(JOB)
    xr.testing.assert_identical(read, RESULT)
    assert {name: read[name].dtype for name in read.variables} == {
        name: RESULT[name].dtype for name in RESULT.variables
    }
    assert np.array_equal(read.eigenvalues.values.view(float), RESULT.eigenvalues.values.view(float), equal_nan=True)
    assert np.signbit(read.eigenvalues.values[0, 1].imag)


def test_the_file_tells_whose_it_is_and_what_computed_it_and_nothing_of_the_machine(store: Store) -> None:
    path = written(store)
    with xr.open_dataset(path, engine="h5netcdf") as file:
        assert json.loads(file.attrs["description"]) == JOB.description()
        assert json.loads(file.attrs["provenance"]) == store.provenance(JOB)
    provenance = store.provenance(JOB)
    assert provenance["seconds"] == 1.5
    assert {"python", "jax", "numpy", "xarray"} <= set(provenance["versions"])
    for private in (os.uname().nodename, str(Path.home()), str(store.directory)):
        assert private.encode() not in path.read_bytes()


def test_a_job_that_has_not_been_computed_has_no_result(store: Store) -> None:
    assert JOB not in store
    with pytest.raises(NoResult, match=r"sweep\(\[job\], store\)"):
        store.read(JOB)


def test_a_file_of_another_job_is_refused(store: Store) -> None:
    written(store).rename(store.path(OTHER))
    with pytest.raises(RefusedResult, match=r"another job: remove it"):
        store.read(OTHER)


def test_a_file_of_another_format_is_refused(store: Store) -> None:
    with h5py.File(written(store), "r+") as file:
        file.attrs["provenance"] = json.dumps({"format": 0, "seconds": 1.0})
    with pytest.raises(RefusedResult, match=r"of format 0, this version reads format 1"):
        store.read(JOB)


def test_a_store_of_another_format_is_refused(store: Store) -> None:
    (store.directory / MARK).write_text('{"format":0}')
    with pytest.raises(RefusedResult, match="holds results of format 0"):
        Store(store.directory)
    (store.directory / MARK).write_text("{")
    with pytest.raises(RefusedResult, match="name another directory"):
        Store(store.directory)


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, 0.99])
def test_a_file_that_was_cut_is_refused(store: Store, kept: float) -> None:
    path = written(store)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(RefusedResult, match=r"damaged .*: remove it, and it is computed anew"):
        store.read(JOB)


def test_a_flipped_bit_of_a_number_is_found(store: Store) -> None:
    path = written(store)
    content = bytearray(path.read_bytes())
    where = content.index(RESULT.weights.values.tobytes())
    content[where + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(RefusedResult, match="damaged"):
        store.read(JOB)


@pytest.mark.parametrize(
    "result",
    [
        RESULT.assign_attrs(description="mine"),
        RESULT.assign(objects=("network", np.array([{}, []], dtype=object))),
        RESULT.assign_attrs(nested={"a": 1}),
    ],
)
def test_what_netcdf_cannot_hold_is_refused_by_the_job_s_name(store: Store, result: object) -> None:
    with pytest.raises(NoDataset, match=JOB.name):
        store.write(JOB, result, seconds=0.0)
    assert os.listdir(store.directory) == [MARK]


def test_leftovers_are_removed_unless_their_writer_is_at_work(store: Store) -> None:
    written(store)
    left, live = (store.directory / f".{job.name}.nc.abc.part" for job in (JOB, OTHER))
    left.touch()
    (store.directory / f".{JOB.name}.lock").touch()
    with store.holding(OTHER):
        live.touch()
        store.tidy()
        assert live.exists()
    assert {path.name for path in store.directory.iterdir()} == {MARK, store.path(JOB).name, live.name}
    with store.holding(OTHER):  # who takes the job over tidies, too
        assert not live.exists()


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotStored, match="name a directory that can be written to"):
        Store(tmp_path / "file" / "store")
