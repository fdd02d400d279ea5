"""Sentences about where an array is wrong are true: read back by a parser of their own, and checked on any mask."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_utils.where import describe, locate

AXES = ("N", "C_out", "H_out", "W_out")
CORNERS = {
    "four": {"top left", "top right", "bottom left", "bottom right"},
    "top": {"top left", "top right"},
    "bottom": {"bottom left", "bottom right"},
    "left": {"top left", "bottom left"},
    "right": {"top right", "bottom right"},
}
WORDS = {"sample": 0, "output channel": 1, "row": 2, "column": 3}


def indices_meant(text, size):
    """What a phrase about one axis says, read independently of how it was made; None if it only counts."""
    if text.startswith("some "):
        return None
    if "the first " in text or "the last " in text:
        meant = set()
        for side, count in re.findall(r"the (first|last) (\d+)?", text):
            some = range(int(count or 1))
            meant |= {i if side == "first" else size - 1 - i for i in some}
        return meant
    if text.startswith("every "):
        step, start = map(int, re.findall(r"\d+", text))
        return set(range(start, size, step))
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if " to " in text:
        return set(range(numbers[0], numbers[1] + 1))
    return set(numbers)


def region_meant(phrase, shape, words):
    """The part of an array that a list of such phrases names; a vague one leaves its axis whole."""
    if pair := re.fullmatch(r"where the (.*) and the (.*) have the same number", phrase):
        index = np.indices(shape)
        return index[words[pair[1]]] == index[words[pair[2]]]
    chosen = [range(size) for size in shape]
    corner = re.search(r"the (four|top|bottom|left|right|\w+ \w+) corners?: ", phrase)
    phrase = phrase.replace(corner[0], "") if corner else phrase
    for part in re.split(r", (?=[a-z])", phrase):
        (axis,) = {axis for word, axis in words.items() if word in part}
        meant = indices_meant(part, shape[axis])
        chosen[axis] = sorted(meant) if meant is not None else chosen[axis]
    region = np.zeros(shape, bool)
    region[np.ix_(*chosen)] = True
    if corner:
        assert corners_of(region) == CORNERS.get(corner[1], {corner[1]})
    return region


def corners_of(region):
    """Which corners of the rows and columns a region touches."""
    flat = region.any(axis=tuple(range(region.ndim - 2)))
    ends = {"top left": (0, 0), "top right": (0, -1), "bottom left": (-1, 0), "bottom right": (-1, -1)}
    return {name for name, place in ends.items() if flat[place]}


def check_truth(mask, where, words=WORDS):
    """Read a sentence and hold it against the mask."""
    sentence, shape = where.sentence, mask.shape
    if sentence in {f"all {mask.size} values are wrong", "the value is wrong"}:
        assert mask.all()
    elif one := re.fullmatch(r"one value is wrong, in (.*); the rest is right", sentence):
        assert mask.sum() == 1
        assert np.array_equal(region_meant(one[1], shape, words), mask)
    elif inside := re.fullmatch(r"all errors are in (.*), where (.*) (?:is|are) wrong; the rest is right", sentence):
        region = region_meant(inside[1], shape, words)
        assert not (mask & ~region).any()
        assert not region.all() or "some" in sentence
        if inside[2] == "every value":
            assert "some" in sentence or np.array_equal(region, mask)
        else:
            wrong, room = map(int, re.findall(r"\d+", inside[2]))
            assert wrong == mask.sum()
            assert "some" in sentence or room == region.sum()
    elif border := re.fullmatch(r"all errors are at the border, in (.*); the interior is right", sentence):
        frame = np.zeros(shape, bool)
        for part in re.split(r", | and ", border[1]):
            frame |= region_meant(part, shape, words)
        assert not (mask & ~frame).any()
        assert not frame.all()
    elif but := re.fullmatch(r"everything is wrong but (.*)", sentence):
        region = region_meant(but[1], shape, words)
        assert "some" in sentence or np.array_equal(~region, mask)
        assert not (~region & ~mask).any()
    elif same := re.fullmatch(r"all errors are (where .*), every value there; the rest is right", sentence):
        assert np.array_equal(region_meant(same[1], shape, words), mask)
    else:
        place = "nearly everywhere" if mask.mean() >= 0.9 else "spread over the result"
        assert sentence == f"{mask.sum()} of {mask.size} values are wrong, {place}"


shapes = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 7), st.integers(1, 8))
masks = shapes.flatmap(lambda shape: hnp.arrays(bool, shape))


@st.composite
def boxes(draw):
    """Masks as mistakes make them: a block, or all but a block, in some samples and channels."""
    shape = draw(shapes)
    mask = np.zeros(shape, bool)
    cut = []
    for size in shape:
        low = draw(st.integers(0, size - 1))
        cut.append(slice(low, draw(st.integers(low + 1, size)), draw(st.integers(1, 3))))
    mask[tuple(cut)] = True
    if draw(st.integers(0, 4)) == 0:
        first, second = draw(st.permutations(range(4)))[:2]
        index = np.indices(shape)
        mask = index[first] == index[second]
    return ~mask if draw(st.booleans()) else mask


@given(st.one_of(masks, boxes()))
@settings(max_examples=400, deadline=None)
def test_sentence_is_true(mask):
    """Whatever the mask, the sentence read back holds for it, and no error lies outside the region."""
    if not mask.any():
        return
    where = locate(mask, AXES)
    check_truth(mask, where)
    assert not (mask & ~where.region).any()


@given(st.integers(1, 12).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), min_size=1))))
def test_describe_says_the_indices(case):
    """A phrase names exactly the indices that it was given, or counts them."""
    size, chosen = case
    text = describe(sorted(chosen), size, "H_out")
    meant = indices_meant(text, size)
    assert text == f"some rows ({len(chosen)} of {size})" if meant is None else meant == chosen


@pytest.mark.parametrize(
    ("chosen", "size", "name", "text"),
    [
        ([6], 7, "W_out", "the last column"),
        ([5, 6], 7, "W", "the last 2 columns"),
        ([0, 1], 7, "H", "the first 2 rows"),
        ([0], 7, "H", "row 0"),
        ([0, 6], 7, "H", "the first row and the last row"),
        ([1, 3, 5], 7, "W_out", "every 2nd column from column 1 on"),
        ([2, 3, 4], 7, "N", "samples 2 to 4"),
        ([1, 2, 5], 7, "C_out", "output channels 1, 2 and 5"),
        ([1, 2, 4, 5, 7], 12, "C_in", "some input channels (5 of 12)"),
        ([1], 3, "axis 0", "index 1 of axis 0"),
    ],
)
def test_describe_words(chosen, size, name, text):
    """The words are the ones that a person would choose."""
    assert describe(chosen, size, name) == text


def wrong_in(shape, *places):
    mask = np.zeros(shape, bool)
    for place in places:
        mask[place] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "sentence", "kind"),
    [
        (wrong_in((2, 4, 5, 6), ...), "all 240 values are wrong", "all"),
        (
            wrong_in((2, 4, 5, 6), np.s_[..., -2:]),
            "all errors are in the last 2 columns, where every value is wrong; the rest is right",
            "only",
        ),
        (
            wrong_in((2, 4, 5, 6), np.s_[1, 0, 0, 0], np.s_[1, 1, 4, 5], np.s_[1, 2:, 1:4, 1:5]),
            "all errors are in sample 1, where 26 of 120 values are wrong; the rest is right",
            "only",
        ),
        (
            wrong_in((2, 4, 5, 6), np.s_[..., 0, :], np.s_[..., :, -1]),
            "all errors are at the border, in the first row and the last column; the interior is right",
            "border",
        ),
        (
            ~wrong_in((2, 4, 5, 6), np.s_[..., 0, 0]),
            "everything is wrong but the top left corner: row 0, column 0",
            "but",
        ),
        (
            wrong_in((2, 4, 5, 6), np.s_[..., -1, -2:]),
            "all errors are in the bottom right corner: the last row, the last 2 columns, where every value is wrong; "
            "the rest is right",
            "only",
        ),
        (
            wrong_in((4, 5), (0, 0), (0, -1), (-1, 0), (-1, -1)),
            "all errors are in the four corners: the first row and the last row, the first column and the last column, "
            "where every value is wrong; the rest is right",
            "only",
        ),
        (
            wrong_in((1, 1, 5, 6), np.s_[..., 0, 0], np.s_[..., 0, -1]),
            "all errors are in the top corners: row 0, the first column and the last column, where every value is "
            "wrong; the rest is right",
            "only",
        ),
        (
            wrong_in((2, 4, 6, 7), np.s_[..., 1::2, :], np.s_[..., 1::2]),
            "everything is wrong but every 2nd row from row 0 on, every 2nd column from column 0 on",
            "but",
        ),
        (
            ~wrong_in((2, 4, 6, 7), np.s_[..., ::2, ::3]),
            "everything is wrong but every 2nd row from row 0 on, every 3rd column from column 0 on",
            "but",
        ),
        (
            wrong_in((2, 4, 6, 7), np.s_[..., 1::2, ::3]),
            "all errors are in every 2nd row from row 1 on, every 3rd column from column 0 on, where every value is "
            "wrong; the rest is right",
            "only",
        ),
        (
            ~np.broadcast_to(np.eye(4, dtype=bool)[:, None], (2, 4, 3, 4)),
            "everything is wrong but where the output channel and the column have the same number",
            "but",
        ),
        (
            np.eye(4, dtype=bool),
            "all errors are where the row and the column have the same number, every value there; the rest is right",
            "only",
        ),
        (wrong_in((3, 4), np.s_[1, 2]), "one value is wrong, in row 1, column 2; the rest is right", "only"),
        (
            wrong_in((3, 4), (0, 0), (1, 2), (2, 1), (1, 3)),
            "4 of 12 values are wrong, spread over the result",
            "spread",
        ),
        (wrong_in((), ()), "the value is wrong", "all"),
    ],
)
def test_plainest_sentence(mask, sentence, kind):
    """Of the true sentences, the one that points at the mistake is chosen."""
    where = locate(mask, AXES if mask.ndim == 4 else ())
    assert (where.sentence, where.kind) == (sentence, kind)


def test_a_lone_right_value_is_no_pattern():
    """One right value among many, or two side by side, are chance, and are not named."""
    where = locate(~wrong_in((2, 3, 4, 5), (1, 2, 3, 1)), AXES)
    assert where.sentence == "119 of 120 values are wrong, nearly everywhere"
    where = locate(~wrong_in((2, 3, 4, 5), np.s_[1, 2, 3, 1:3]), AXES)
    assert where.sentence == "118 of 120 values are wrong, nearly everywhere"


def test_locate_refuses_what_it_cannot_describe():
    """Without an error, or with another number of names than axes, there is nothing true to say."""
    with pytest.raises(ValueError, match="a mask with an error"):
        locate(np.zeros(3, bool))
    with pytest.raises(ValueError, match="expected 1 names of axes, got 2"):
        locate(np.ones(3, bool), ("H", "W"))
