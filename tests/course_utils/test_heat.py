"""The picture of where an array is wrong: it agrees with the mask, rounds nothing away, and needs no colour."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_utils.heat import LEGEND, MOST, as_text, heat, svg

AXES = ("N", "C_out", "H_out", "W_out")
masks = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 60), st.integers(1, 60)).flatmap(
    lambda shape: hnp.arrays(bool, shape, elements=st.booleans(), fill=st.booleans())
)


def squares(drawing):
    """Width of each square of a drawing by its centre, in cells of the given size."""
    path = ET.fromstring(drawing).findall("{http://www.w3.org/2000/svg}path")[1].attrib["d"]
    found = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)", path)
    return {(float(x) + float(side) / 2, float(y) + float(side) / 2): float(side) for x, y, side in found}


def shown(mask, label, axis):
    """The part of a mask that a label says is drawn, once it is sure that the rest repeats it."""
    if " and so on to " not in label:
        return mask
    cut, last = (int(number) for number in re.findall(r"to (\d+)", label))
    places = np.moveaxis(mask.mean(axis=tuple(range(mask.ndim - 2))), axis, 0)
    assert last + 1 == len(places)
    assert all(np.array_equal(places[i], places[i % (cut + 1)]) for i in range(len(places)))
    return np.take(mask, range(cut + 1), axis)


def check_agrees(mask, picture):
    """Hold every cell of a picture over rows and columns against the entries that it stands for, one by one."""
    mask = shown(shown(mask, picture.row_axis, -2), picture.column_axis, -1)
    height, width = mask.shape[-2:]
    down, across = (-(-size // MOST) for size in (height, width))
    assert len(picture.rows) == -(-height // down)
    for row, shares in enumerate(picture.rows):
        assert len(shares) == -(-width // across)
        for column, share in enumerate(shares):
            part = mask[..., row * down : (row + 1) * down, column * across : (column + 1) * across]
            assert share == pytest.approx(part.sum() / part.size, abs=1e-4)
            assert (share == 0) == (not part.any())
            assert (share == 1) == part.all()


@given(masks)
@settings(max_examples=60, deadline=None)
def test_shares_agree_with_the_mask(mask):
    """Each cell holds the share of its own entries; only what is right is 0 and only what is wrong throughout is 1."""
    picture = heat(mask, AXES)
    if picture is not None and picture.column_axis.startswith("column"):
        check_agrees(mask, picture)
        assert max(len(picture.rows), len(picture.rows[0])) <= MOST


def test_a_rare_error_is_never_rounded_away():
    """One wrong value in a hundred thousand shows, and so does one right value."""
    mask = np.zeros((100_000, 1, 2), bool)
    mask[5, 0, 1] = True
    (right, wrong), (almost, full) = heat(mask, ("N", "H", "W")).rows[0], heat(~mask, ("N", "H", "W")).rows[0][::-1]
    assert (right, full) == (0, 1)
    assert 0 < wrong < 0.001
    assert 0.999 < almost < 1


def test_bins_are_whole_and_said():
    """50 columns become 17 bins of 3, the last one narrower; the caption says so."""
    mask = np.zeros((5, 50), bool)
    mask[0, 48], mask[1, 0] = True, True
    picture = heat(mask)
    assert picture.rows[0] == (0,) * 16 + (0.5,)
    assert picture.rows[1] == (pytest.approx(1 / 3, abs=1e-4), *(0,) * 16)
    assert picture.caption == "Down: rows 0 to 4. Across: columns 0 to 49, 3 to a cell."


@pytest.mark.parametrize("step", [2, 3, 5])
@pytest.mark.parametrize("size", [25, 30, 47, 48, 60])
def test_a_stride_is_seen_on_long_axes(size, step):
    """Where every second row is wrong, a picture of 48 rows shows that, and says that the rest goes on alike."""
    mask = np.zeros((2, 3, size, 7), bool)
    mask[..., ::step, :] = True
    for turned, label in ((mask, "row_axis"), (mask.swapaxes(-1, -2), "column_axis")):
        picture = heat(turned, AXES)
        cells = np.array(picture.rows) if label == "row_axis" else np.array(picture.rows).T
        assert [bool(row.all()) for row in cells] == [i % step == 0 for i in range(len(cells))]
        assert not (cells % 1).any()
        assert len(cells) <= MOST
        assert getattr(picture, label).endswith(f"0 to {len(cells) - 1}, and so on to {size - 1}")
        check_agrees(turned, picture)


def test_a_stride_with_one_more_error_is_binned():
    """What does not repeat to the end is not said to."""
    mask = np.zeros((48, 5), bool)
    mask[::2] = True
    mask[47, 0] = True
    assert heat(mask).row_axis == "rows 0 to 47, 2 to a cell"


@pytest.mark.parametrize(
    ("mask", "axes"),
    [
        (np.array(True), ()),
        (np.array([True]), ()),
        (np.zeros((0, 3), bool), ()),
        (np.ones((3, 4), bool), ()),
        (np.zeros((2, 3, 4, 5), bool), AXES),
    ],
)
def test_nothing_to_show(mask, axes):
    """A scalar, nothing, and what is equally wrong everywhere have no picture."""
    assert heat(mask, axes) is None


def wrong(shape, place):
    mask = np.zeros(shape, bool)
    mask[place] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "axes", "rows", "caption"),
    [
        (wrong(4, 2), (), ((0, 0, 1, 0),), "Across: positions 0 to 3."),
        (wrong((2, 2, 3), np.s_[:, 1, 0]), ("N", "C_out", "L_out"), ((0.5, 0, 0),), "Across: positions 0 to 2."),
        (
            wrong((2, 3, 4, 5), np.s_[1, 2]),
            AXES,
            ((0, 0, 0), (0, 0, 1)),
            "Down: samples 0 to 1. Across: output channels 0 to 2.",
        ),
        (
            wrong((2, 3, 2, 4, 5), np.s_[:, :, 1]),
            ("N", "C", "D", "H", "W"),
            ((0, 1),),
            "Across: slices 0 to 1.",
        ),
        (
            ~np.broadcast_to(np.eye(3, dtype=bool)[:, None], (2, 3, 2, 3)),
            AXES,
            ((0, 1, 1), (1, 0, 1), (1, 1, 0)),
            "Down: output channels 0 to 2. Across: columns 0 to 2.",
        ),
        (
            wrong((1, 2, 2), np.s_[0, 1]),
            (),
            ((0, 0), (1, 1)),
            "Down: indices 0 to 1 of axis 1. Across: indices 0 to 1 of axis 2.",
        ),
    ],
)
def test_which_axes_are_shown(mask, axes, rows, caption):
    """Rows and columns where they matter, and otherwise the axes along which the errors change."""
    picture = heat(mask, axes)
    assert (picture.rows, picture.caption) == (rows, caption)


@pytest.mark.parametrize("shape", [(1, 1), (1, 24), (24, 1), (24, 24), (5, 7)])
def test_drawing(shape):
    """Every wrong place has a square in its own cell, a full one if wrong throughout; nothing is wider than 220."""
    shares = np.linspace(0, 1, num=shape[0] * shape[1]).reshape(shape)
    shares[0, 0] = 1
    rows = tuple(tuple(float(share) for share in row) for row in shares)
    drawing = svg(rows, "x")
    root = ET.fromstring(drawing)
    assert int(root.attrib["width"]) <= 220
    assert int(root.attrib["height"]) <= 220
    cell = (int(root.attrib["width"]) - 2) / shape[1]
    found = {(int(y // cell), int(x // cell)): side for (x, y), side in squares(drawing).items()}
    assert set(found) == {place for place in product(*map(range, shape)) if shares[place] > 0}
    for place, side in found.items():
        assert side == cell - 1 if shares[place] == 1 else side <= 0.7 * cell
    partly = sorted((shares[place], side) for place, side in found.items())
    assert [side for _, side in partly] == sorted(side for _, side in partly)


def test_what_is_said_is_escaped():
    """The text alternative stays text, whatever it holds."""
    root = ET.fromstring(svg(((0.0, 1.0),), '<script>alert(1)</script>&"'))
    assert root.attrib["role"] == "img"
    assert [child.tag.partition("}")[2] for child in root] == ["title", "path", "path"]
    assert root[0].text == '<script>alert(1)</script>&"'


def test_in_characters():
    """Without a browser, three characters say it."""
    assert as_text(((0.0, 0.5), (1.0, 0.0001))) == ". +\n# +"
    picture = heat(wrong((2, 2), (1, 1)))
    assert repr(picture).startswith(". .\n. #\nDown: rows 0 to 1.")
    assert LEGEND in picture._repr_html_()


def test_plain_python_shows_it_below_the_message():
    """An uncaught failure ends with the picture in characters; the message itself stays as it was."""
    code = """
import numpy as np
from course_utils.checks.failure import CheckFailed
from course_utils.rungs import Rung
from course_utils.where import locate
raise CheckFailed("The last column.", Rung.VALUES, locate(np.array([[False, True], [False, True]])))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "CheckFailed: The last column.\n. #\n. #\nDown: rows 0 to 1." in ran.stderr
