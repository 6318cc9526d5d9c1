"""The style of figures: colours that every eye tells apart, names as they are written, what every figure gets."""

import ast
import io
import re
import runpy
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from validate import palette
from validate.palette import (
    CELLS,
    FAINT,
    LEVELS,
    MEASUREMENT,
    MUTED,
    NONLINEARITIES,
    NONLINEARITY_MARKS,
    SERIES,
    THEORY,
    UNSTABLE,
)
from validate.plotting import (
    complex_plane,
    decades,
    legend_below,
    legend_right,
    new_figure,
    new_panels,
    plot,
    style,
    whole_ticks,
)
from validate.symbols import SYMBOLS, typeset

# Colours that may stand side by side in one figure.
GROUPS = {
    "what is held against what": (THEORY, MEASUREMENT, MUTED, FAINT),
    "series": SERIES,
    "nonlinearities": tuple(NONLINEARITIES.values()),
    "cells": tuple(CELLS.values()),
    "levels": tuple(LEVELS.values()),
    "fixed points": UNSTABLE,
}
# Machado, Oliveira & Fernandes (2009), severity 1, in linear RGB.
SEEN_BY = {
    "all cones": np.eye(3),
    "no L cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no M cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no S cones": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
JUST_NOTICED = 2.3
"""CIE76 distance that is just noticed where two colours touch; thin lines apart from one another need several."""


def lab(colour: str, seen: np.ndarray) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(seen @ linear, 0, 1) / (TO_XYZ @ np.ones(3))
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("eye", SEEN_BY)
def test_colours_of_a_group_are_told_apart_by_every_eye(group: str, eye: str) -> None:
    for one, other in combinations(GROUPS[group], 2):
        apart = np.linalg.norm(lab(one, SEEN_BY[eye]) - lab(other, SEEN_BY[eye]))
        assert apart > 4 * JUST_NOTICED, (one, other, apart)


def test_a_colour_means_one_thing_within_its_group() -> None:
    for group in (NONLINEARITIES, CELLS, LEVELS):
        assert len(set(group.values())) == len(group)
    assert len(set(NONLINEARITY_MARKS.values())) == len(NONLINEARITY_MARKS) == len(NONLINEARITIES)
    for ordered in (palette.shades(6), UNSTABLE):
        lightness = [lab(colour, np.eye(3))[0] for colour in ordered]
        assert (np.diff(lightness) > 2 * JUST_NOTICED).all()  # in grey too


def test_pictures_of_the_pages_have_the_colours_of_figures() -> None:
    """Pages may not import `validate`, so that their pictures repeat them."""
    look = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "look.py"))
    for name in ("THEORY", "MEASUREMENT", "MUTED", "FAINT", "ASKED"):
        assert look[name] == getattr(palette, name)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("gaussian_closure", "Gaussian closure"),
        ("kappa", r"$\kappa$"),
        ("l1", r"$\ell_1$"),
        ("norm inf", r"$\ell_\infty$ norm"),
        ("tr zm", r"$\mathrm{tr}\,\sigma_{zm}$"),
        ("det uu", r"$\mathrm{det}\,\sigma_{uu}$"),
        ("zm12", r"$\sigma_{z_{1}m_{2}}$"),
        ("u1v", r"$\sigma_{u_{1}v}$"),
        ("step: norm 1", r"step: $\ell_1$ norm"),
        ("theorem 4", "Theorem 4"),
        ("r / r_opt", r"$r$ / $r_\mathrm{opt}$"),
        ("uu - vv", r"$\sigma_{uu}$ − $\sigma_{vv}$"),
        ("tr (AS)^2", r"$\mathrm{tr}\,(AS)^2$"),
        ("learning rate", "learning rate"),
    ],
)
def test_names_are_written_as_mathematics(name: str, written: str) -> None:
    assert typeset(name) == written


def test_pictures_of_the_pages_have_the_colours_of_the_figures() -> None:
    """They are drawn by files that know the front doors alone, so the colours are told twice."""
    look = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "look.py"))
    names = ("THEORY", "MEASUREMENT", "MUTED", "FAINT", "ASKED")
    assert {name: look[name] for name in names} == {name: getattr(palette, name) for name in names}
    assert look["SHADES"] == palette.shades(4)


def test_every_name_of_the_table_can_be_drawn() -> None:
    with style():
        figure, axes = new_figure()
        for place, name in enumerate(SYMBOLS):
            axes.plot([0, 1], [place, place], label=typeset(name))
        axes.legend()
        assert plot("names", "", figure, {}).png


def test_no_number_of_a_text_is_left_as_its_name_in_braces() -> None:
    """As where one line of several has lost the f before its quotation mark."""
    left = [
        (file.name, part.value)
        for file in sorted((Path(__file__).parents[2] / "validate").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.Constant) and re.search(r"\{\w+([.\[(][^{}]*|:[^{} ]+)\}", str(part.value))
    ]
    assert left == []


def test_panels_are_lettered_and_epochs_are_whole() -> None:
    with style():
        figure, (left, right) = new_panels(2, 6.0, 3.0)
        left.plot([0, 1, 2], [1, 2, 3], label="loss")
        left.set(xlabel="epoch")
        right.semilogy([0, 1], [2e-3, 3e-3], label="loss")
        decades(right)
        legend_right(right)
        legend_below(figure, 2)
        plot("two", "", figure, {})
    assert [each.get_text() for axes in figure.axes for each in axes.texts] == ["a", "b"]
    assert all(tick == round(tick) for tick in left.get_xticks())
    assert [each.get_text() for each in figure.legends[0].get_texts()] == ["loss"]
    low, high = right.get_ylim()
    assert low <= 2e-3
    assert high >= 3e-3
    assert high / low >= 10 * (1 - 1e-12)


def test_one_panel_bears_no_letter() -> None:
    with style():
        figure, axes = new_figure()
        axes.plot([0, 1])
        whole_ticks(axes)
        plot("one", "", figure, {})
    assert not axes.texts


def test_a_circle_in_the_complex_plane_is_round() -> None:
    with style():
        figure, axes = new_figure(6.0, 3.0)
        angle = np.linspace(0, 2 * np.pi, 100)
        axes.plot(np.cos(angle), np.sin(angle))
        complex_plane(axes)
        plot("circle", "", figure, {})
    across, up = axes.transData.transform([[0, 0], [1, 1]])[1] - axes.transData.transform([0, 0])
    assert across == pytest.approx(up)


def test_a_legend_beside_the_axes_is_in_the_picture() -> None:
    with style():
        figure, axes = new_figure(4.0, 3.0)
        axes.plot([0, 1], label="a long label of a line")
        legend_right(axes)
        drawn = plot("legend", "", figure, {})
    picture = np.asarray(Image.open(io.BytesIO(drawn.png)).convert("L"))
    assert (picture[:, -3:] > 250).all()  # nothing is cut off at the edge
    assert isinstance(figure, Figure)
