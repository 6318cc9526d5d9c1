import os
import stat
from pathlib import Path

import numpy as np
import pytest

from validate.output import OutputDirectory, OutputError, Plot, npz_bytes, write_atomically
from validate.plotting import MEASURED, PREDICTED, new_figure, plot, style


def a_plot(name: str = "line") -> Plot:
    x = np.linspace(0.0, 1.0, 5)
    with style():
        figure, axes = new_figure()
        axes.plot(x, x**2, label="predicted", **PREDICTED)
        axes.plot(x, x**2, label="measured", **MEASURED)
        axes.legend()
    return plot(name, "A parabola.", figure, {"x": x, "y": x**2})


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.json"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask  # as any other file, not private as a temporary one


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OutputError, match=r"a\.json: No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_link_is_followed_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_atomically(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"x"


def test_a_directory_is_made_or_refused_without_a_trace(tmp_path: Path) -> None:
    OutputDirectory(tmp_path / "a" / "b").write("x.txt", b"x")
    assert (tmp_path / "a" / "b" / "x.txt").read_bytes() == b"x"
    with pytest.raises(OutputError, match="cannot write into"):
        OutputDirectory(tmp_path / "c" / ("n" * 300))
    assert os.listdir(tmp_path) == ["a"]


def test_a_plot_is_saved_as_png_and_svg_with_its_data(tmp_path: Path) -> None:
    a_plot().save(OutputDirectory(tmp_path))
    assert sorted(os.listdir(tmp_path)) == ["line.npz", "line.png", "line.svg"]
    assert (tmp_path / "line.png").read_bytes().startswith(b"\x89PNG")
    assert b"</svg>" in (tmp_path / "line.svg").read_bytes()
    with np.load(tmp_path / "line.npz", allow_pickle=False) as data:
        np.testing.assert_array_equal(data["y"], data["x"] ** 2)


def test_the_same_figure_gives_the_same_files() -> None:
    assert a_plot().png == a_plot().png
    assert a_plot().svg == a_plot().svg


def test_objects_are_not_pickled() -> None:
    with pytest.raises(ValueError, match="'names'"):
        npz_bytes({"names": np.array([object()])})
