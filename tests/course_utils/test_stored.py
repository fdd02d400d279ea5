"""The stored results are what torch and brute force give, and hold the numbers that are printed on the slides."""

from __future__ import annotations

import json
from collections import namedtuple
from importlib import import_module

import numpy as np
import pytest

from course_utils.checks import draw, stored
from course_utils.checks.sliding_windows_cases import CASES
from course_utils.compare import compare
from tests.course_utils.checked import CHECKED

RIGHT = stored.load("sliding_windows")
each_notebook = pytest.mark.parametrize("checked", CHECKED, ids=lambda checked: checked.name)
# A row 1 2 3 4 5, a filter 10 20, stride 2, dout 1 3.
EXAMPLE = (np.array([[[[10.0, 20, 30, 60, 0]]]]), np.array([[[[10.0, 14]]]]), np.array([4.0]))
Pair = namedtuple("Pair", ["scores", "best"])


@each_notebook
def test_stored_results_are_up_to_date(checked):
    """Every case with a result has one, none is left over, and computing them anew gives the same."""
    right, fresh = stored.load(checked.name), import_module(f"tests.course_utils.oracles.{checked.name}").results()
    assert list(fresh) == list(right)
    for key, want in fresh.items():
        assert compare(right[key], want, rtol=1e-12, atol=1e-12, what=key) is None


@each_notebook
def test_cases_have_names_of_their_own(checked):
    """No two cases of a function share a name, and those that ask for an error come last."""
    listed = [case for question in checked.cases.values() for case in question]
    assert len({case.key for case in listed}) == len(listed)
    for function in {case.function for case in listed}:
        asks = [bool(case.raises) for case in listed if case.function == function]
        assert asks == sorted(asks)


def test_sums_are_exact():
    """The cases of the layers have the same result in any order of summation: their numbers are binary fractions."""
    for case in CASES["conv2d_forward"]:
        if not case.raises:
            result = RIGHT[case.key]
            assert np.array_equal(result * 2**20, np.round(result * 2**20))
            assert np.abs(result).max() * 16 < 2**53


@pytest.mark.parametrize(
    ("key", "want"),
    [
        ("correlate1d: the example on the slide, 0 1 -1 1 1 with -1 1", np.array([1, -2, 2, 0])),
        ("convolve1d: the example on the slide, 0 1 -1 1 1 with -1 1", np.array([-1, 2, -2, 0])),
        (
            "correlate2d: the picture on the slide with a Sobel filter",
            np.array(
                [
                    [-3, -4, -4, -4, -4, -3],
                    [-3, -4, -4, -3, -1, 0],
                    [0, 0, 0, 0, 0, 0],
                    [2, 1, 0, 1, 3, 3],
                    [2, 1, 0, 1, 3, 3],
                    [1, 3, 4, 3, 1, 0],
                ]
            ),
        ),
        ("conv_counts: the example on the slide: 760 and 768,000", (760, 768_000, 10_240)),
        ("receptive_field: a stride in the first of three layers", (11, 2, 0)),
        ("receptive_field: a stride in the second of three layers", (9, 2, 0)),
        ("receptive_field: a stride in the last of three layers", (7, 2, 0)),
        ("receptive_field: no layer at all", (1, 1, 0)),
        ("layers_to_see: a single pixel", 0),
        ("count_weights: six inputs and windows of three, as on the slide", (3, 12, 24)),
        ("conv2d_backward: the example with a pencil", EXAMPLE),
        ("conv_transpose2d: the example with a pencil", np.array([[[[10.0, 20, 35, 60, 15]]]])),
        ("compose_kernels: the example with a pencil", np.array([[[[1.0, 12, 20]]]])),
    ],
)
def test_numbers_on_the_slides(key, want):
    """The goldens of the lectures, and those that the text computes, are among the stored results."""
    right = {**RIGHT, **stored.load("linear_maps_and_gradients")}
    assert compare(right[key], want, rtol=0, atol=0) is None


@pytest.mark.parametrize(
    "value",
    [
        3,
        0.1,
        np.array([[0.25, -3.5]]),
        np.array([1, 2], dtype=np.int64),
        np.array([1 / 3, np.pi]),
        np.array([1 / 3], dtype=np.float32),
        np.array([2**20 + 2**-20]),
        (1, 2.5),
        Pair(np.array([[0.5]]), (1, 2)),
    ],
)
def test_encoding_loses_nothing(value):
    """What is written to JSON comes back with its type, dtype, shape, names and every bit."""
    again = stored.decode(json.loads(json.dumps(stored.encode(value))))
    assert compare(again, value, rtol=0, atol=0) is None
    assert getattr(again, "_fields", ()) == getattr(value, "_fields", ())


def test_drawn_numbers_are_the_same_everywhere():
    """The inputs are fixed, bounded, without zeros, and differ with the salt."""
    numbers = draw.draw(3, 50, salt=4)
    assert draw.draw(5, salt=7, unit=1).tolist() == [1, 5, -8, 7, -7]
    assert np.array_equal(numbers, draw.draw(3, 50, salt=4))
    assert not np.array_equal(numbers, draw.draw(3, 50, salt=5))
    assert np.abs(numbers).max() == 2.25
    assert (numbers != 0).all()
    assert len(np.unique(numbers)) == 18


@pytest.mark.parametrize("layout", draw.LAYOUTS)
def test_layouts_hold_the_same_numbers(layout):
    """However it lies in memory, it is a copy with the same numbers."""
    array = draw.draw(3, 4)
    laid = draw.lay_out(array, layout)
    assert np.array_equal(laid, array)
    assert not np.may_share_memory(laid, array)
    assert laid.flags.c_contiguous == (layout in {"plain", "read-only"})
    assert laid.flags.writeable == (layout != "read-only")


def test_words_of_a_case():
    """A call is told in words with its sizes."""
    case = next(case for case in CASES["conv2d_forward"] if case.about == "float32")
    assert case.words == "x (1, 2, 4, 5) float32, w (3, 2, 2, 2) float32, b of 3 numbers float32, padding 1"
