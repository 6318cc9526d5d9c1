import os
from pathlib import Path

import numpy as np
import pytest

from simulate.atomic import OutputError
from validate.output import OutputDirectory, Plot, npz_bytes
from validate.plotting import MEASURED, PREDICTED, new_figure, plot, style


def a_plot(name: str = "line") -> Plot:
    x = np.linspace(0.0, 1.0, 5)
    with style():
        figure, axes = new_figure()
        axes.plot(x, x**2, label="predicted", **PREDICTED)
        axes.plot(x, x**2, label="measured", **MEASURED)
        axes.legend()
    return plot(name, "A parabola.", figure, {"x": x, "y": x**2})


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
