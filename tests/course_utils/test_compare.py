"""The comparison ladder stops at the first rung that fails, is fooled by no class, and never shows what is right."""

from __future__ import annotations

import random
from collections import namedtuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_utils.compare import Rung, compare
from course_utils.relation import relation
from tests.course_utils.agreeable import (
    Agreeable,
    AgreeableFloat,
    AgreeableInt,
    AgreeableKey,
    AgreeableNumber,
    AgreeableTensor,
    AgreeableText,
    AgreeableTuple,
    AgreeableWhole,
    Impostor,
)

Counts = namedtuple("Counts", ["params", "macs"])


MAPS = ("N", "C_out", "H_out", "W_out")


floats = hnp.arrays(
    np.float64, hnp.array_shapes(max_dims=4, max_side=4), elements=st.floats(-1e6, 1e6, allow_nan=False, width=32)
)


def rung(got, want, **options):
    failed = compare(got, want, **options)
    return None if failed is None else failed.rung


def message(got, want, **options):
    return compare(got, want, **options).message


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (np.zeros(3).view(Agreeable), np.ones(3)),
        (np.zeros(4).view(Agreeable), np.ones(3)),
        (AgreeableFloat(1.0), 2.0),
        (AgreeableInt(1), 2),
        (AgreeableInt(1), 2.0),
        (AgreeableNumber(1.0), 2.0),
        (AgreeableWhole(1), 2),
        (AgreeableTuple((3, 4)), (1, 2)),
        (AgreeableTuple((1, 2, 3)), (1, 2)),
        (AgreeableText("wrong"), "right"),
        (torch.zeros(3).as_subclass(AgreeableTensor), torch.ones(3)),
        (Impostor(), np.ones(3)),
        ({AgreeableKey("wrong"): 1}, {"right": 1}),
    ],
)
def test_classes_with_an_equality_of_their_own_decide_nothing(got, want):
    """What a class answers about itself is never asked."""
    assert compare(got, want) is not None


def test_subclasses_that_hold_the_right_numbers_pass():
    """A subclass of an array, a number or a tuple is as good as its base class."""
    assert compare(np.ones(3).view(Agreeable), np.ones(3)) is None
    assert compare(AgreeableFloat(3.0), 3.0) is None
    assert compare(AgreeableWhole(3), 3) is None
    assert compare(AgreeableTuple((3, 4)), (3, 4)) is None


@pytest.mark.parametrize(
    ("got", "want", "expected"),
    [
        ([1.0, 2.0], np.ones(2), Rung.TYPE),
        (None, np.ones(2), Rung.TYPE),
        (2.0, np.ones(2), Rung.TYPE),
        (torch.ones(2), np.ones(2), Rung.TYPE),
        (np.zeros((2, 1), np.float32), np.ones((1, 2)), Rung.SHAPE),
        (np.array(0.0), np.ones(1), Rung.SHAPE),
        (np.full(2, np.nan, np.float32), np.ones(2), Rung.DTYPE),
        (np.array([1.0, np.nan]), np.zeros(2), Rung.FINITE),
        (np.array([1.0, np.inf]), np.ones(2), Rung.FINITE),
        (np.zeros(2), np.ones(2), Rung.VALUES),
        (np.ones(2, complex), np.ones(2), Rung.DTYPE),
        (np.array([1, None]), np.ones(2), Rung.DTYPE),
        (np.ones(2), np.ones(2, bool), Rung.DTYPE),
        (np.array(["a", "b"]), np.ones(2), Rung.DTYPE),
        (np.array([True, False]), np.array([True, True]), Rung.VALUES),
        (np.ones(2), np.ones(2), None),
        (np.ones(2, ">f8"), np.ones(2), None),
        (np.float64(2.0), np.array(2.0), None),
        (5.0, 5, Rung.TYPE),
        (np.float32(5), 5, Rung.TYPE),
        (True, 1, Rung.TYPE),
        (np.True_, 1, Rung.TYPE),
        (np.array(5), 5, Rung.TYPE),
        ("5", 5, Rung.TYPE),
        (4, 5, Rung.VALUES),
        (np.uint8(5), 5, None),
        (2**80, 2**80, None),
        (True, 1.0, Rung.TYPE),
        (1j, 1.0, Rung.TYPE),
        (np.ones(1), 1.0, Rung.TYPE),
        (float("nan"), 1.0, Rung.FINITE),
        (float("nan"), float("nan"), Rung.FINITE),
        (float("inf"), float("inf"), None),
        (-float("inf"), float("inf"), Rung.FINITE),
        (1, 1.0, None),
        (np.float32(1), 1.0, None),
        (np.array(1.0), 1.0, None),
        (1.1, 1.0, Rung.VALUES),
        (1, True, Rung.TYPE),
        (np.True_, True, None),
        (False, True, Rung.VALUES),
        (None, None, None),
        (0, None, Rung.TYPE),
        ("a", "b", Rung.VALUES),
        (b"a", "a", Rung.TYPE),
        ([1, 2], (1, 2), Rung.TYPE),
        ((1, 2), [1, 2], Rung.TYPE),
        ((1, 2, 3), (1, 2), Rung.SHAPE),
        ((1, 3), Counts(1, 2), Rung.VALUES),
        ((1, 2), Counts(1, 2), None),
        (Counts(1, 2), (1, 2), None),
        ([[1, 2], [3.0]], [[1, 2], [3]], Rung.TYPE),
        ({"a": 1}, {"a": 1, "b": 2}, Rung.SHAPE),
        ({"a": 1, "b": 2}, {"a": 1}, Rung.SHAPE),
        ({"a": 1, 2: 2.5}, {2: 2.5, "a": 1}, None),
        ([("a", 1)], {"a": 1}, Rung.TYPE),
        (np.ones(2), torch.ones(2), Rung.TYPE),
        (torch.ones(3), torch.ones(2), Rung.SHAPE),
        (torch.ones(2, dtype=torch.float64), torch.ones(2), Rung.DTYPE),
        (torch.ones(2, device="meta"), torch.ones(2), Rung.DTYPE),
        (torch.tensor([1.0, float("nan")]), torch.ones(2), Rung.FINITE),
        (torch.zeros(2), torch.ones(2), Rung.VALUES),
        (torch.ones(2, requires_grad=True), torch.ones(2), None),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2), None),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16), None),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), Rung.VALUES),
    ],
)
def test_first_rung_that_fails(got, want, expected):
    """Each kind of value climbs the rungs in order, and stops at the first that does not hold."""
    assert rung(got, want) is expected


@given(floats, floats)
def test_another_shape_never_passes(got, want):
    """Two arrays of different shapes are told apart before any value is compared, broadcastable or not."""
    if got.shape != want.shape:
        assert rung(got, want, rtol=1e9, atol=1e9) is Rung.SHAPE


@given(floats, st.data())
def test_broadcast_views_never_pass_for_smaller_arrays(want, data):
    """An axis more, or an axis stretched, is another shape."""
    axis = data.draw(st.integers(0, want.ndim))
    assert rung(np.expand_dims(want, axis), want) is Rung.SHAPE
    assert rung(np.repeat(np.expand_dims(want, axis), 2, axis), want) is Rung.SHAPE


@given(floats, st.data())
def test_nan_never_passes(want, data):
    """NaN is never right, not even where NaN is expected, whatever the tolerance."""
    place = data.draw(st.integers(0, want.size - 1))
    got = want.copy()
    got.flat[place] = np.nan
    for tolerance in (0, 1e30, np.inf):
        assert rung(got, want, rtol=tolerance, atol=tolerance) is Rung.FINITE
        assert rung(got, got, rtol=tolerance, atol=tolerance) is Rung.FINITE


@given(floats)
def test_equal_arrays_pass_without_tolerance(want):
    """An array equals its copy exactly, in any layout of memory."""
    assert compare(np.asfortranarray(want), want, rtol=0, atol=0) is None


@given(floats, st.data())
def test_mask_marks_exactly_the_wrong_values(want, data):
    """What the mismatch marks is what was changed."""
    changed = data.draw(hnp.arrays(bool, want.shape))
    failed = compare(np.where(changed, want + 1e7, want), want)
    assert (failed is None) == (not changed.any())
    if failed is not None:
        assert np.array_equal(failed.where.mask, changed)


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=5), st.integers())
def test_order_of_keys_is_irrelevant(want, seed):
    """Dictionaries are compared by key."""
    keys = list(want)
    random.Random(seed).shuffle(keys)
    assert compare({key: want[key] for key in keys}, want) is None


@given(st.integers(-(2**62), 2**62), st.integers(1, 5))
def test_whole_numbers_are_compared_exactly(number, by):
    """No tolerance makes two whole numbers equal, alone or in an array."""
    assert rung(number + by, number, rtol=1, atol=1e9) is Rung.VALUES
    assert rung(np.array([number + by]), np.array([number]), rtol=1, atol=1e9) is Rung.VALUES
    assert compare(np.array([number]), np.array([number])) is None


def test_tolerances_are_relative_to_the_right_value():
    """The allowed error is atol + rtol * |right|, for arrays and numbers."""
    assert compare(np.array([100.9]), np.array([100.0]), rtol=0.01, atol=0) is None
    assert rung(np.array([101.1]), np.array([100.0]), rtol=0.01, atol=0) is Rung.VALUES
    assert compare(100.9, 100.0, rtol=0.01, atol=0) is None
    assert rung(1e-8, 0.0, rtol=1, atol=1e-9) is Rung.VALUES


@pytest.mark.parametrize(
    ("got", "want", "exact", "kind", "real"),
    [
        (np.ones(2, np.float32), np.ones(2), Rung.DTYPE, None, None),
        (np.ones(2, np.int64), np.ones(2), Rung.DTYPE, Rung.DTYPE, None),
        (np.ones(2, np.uint8), np.ones(2, np.int64), Rung.DTYPE, None, None),
        (np.ones(2, bool), np.ones(2), Rung.DTYPE, Rung.DTYPE, Rung.DTYPE),
        (np.ones(2, complex), np.ones(2), Rung.DTYPE, Rung.DTYPE, Rung.DTYPE),
        (torch.ones(2).double(), torch.ones(2), Rung.DTYPE, None, None),
        (torch.ones(2).long(), torch.ones(2), Rung.DTYPE, Rung.DTYPE, None),
        (torch.ones(2).bool(), torch.ones(2), Rung.DTYPE, Rung.DTYPE, Rung.DTYPE),
    ],
)
def test_how_strictly_a_dtype_is_demanded(got, want, exact, kind, real):
    """The dtype itself, its kind, or any real numbers."""
    assert [rung(got, want, dtype=rule) for rule in ("exact", "kind", "real")] == [exact, kind, real]


@pytest.mark.parametrize("want", [1j, np.ones(2, complex), np.array(["a"]), {1, 2}, object(), torch.ones(2).cfloat()])
def test_what_cannot_be_compared_is_the_authors_error(want):
    """The ladder refuses what it has no rungs for, complex numbers included."""
    with pytest.raises(TypeError, match="compare: expected"):
        compare(want, want)


X = np.linspace(7.123, 9.876, 240).reshape(2, 4, 5, 6) * np.where(np.arange(240).reshape(2, 4, 5, 6) % 7, 1, -3)


def put(index, by=1.0):
    changed = X.copy()
    changed[index] += by
    return changed


@pytest.mark.parametrize(
    ("got", "want", "part"),
    [
        ([1.0], np.ones(1), "the result: expected a NumPy array of shape (1,), got a list. np.array(...) makes"),
        (None, np.ones(1), "got None. Does every path through the function end with `return`?"),
        (5.0, 5, "the result: expected an int, got the float 5.0; sizes are whole numbers, use //."),
        (True, 5, "expected an int, got a bool."),
        (4, 5, "expected another number, got 4, which is too small."),
        (6.5, 5.0, "expected another number, got 6.5, which is too large."),
        ((1, 3), Counts(1, 2), "macs of the result: expected another number, got 3, which is too large."),
        ((1,), Counts(1, 2), "the result: expected 2 entries (params, macs), got 1."),
        (([1, 2], 3), ([1, 1], 3), "entry 1 of entry 0 of the result: expected another number, got 2"),
        ({"w": 1}, {"w": 2}, "'w' of the result: expected another number, got 1"),
        ({"v": 1}, {"w": 1}, "the result: expected the key 'w', which is missing."),
        ({"w": 1, "v": 1}, {"w": 1}, "got keys that were not expected: 'v'."),
        (X[:, :, :-1], X, "expected shape (2, 4, 5, 6), got (2, 4, 4, 6). H_out is 1 too small."),
        (X[0], X, "got (4, 5, 6). That is 3 axes instead of 4."),
        (X.swapaxes(2, 3), X, "your array equals the right one with its last two axes swapped."),
        (np.zeros((4, 2, 5, 6)), X, "These are the right lengths in another order of axes."),
        (X.astype(np.float32), X, "expected dtype float64, got float32. The dtype follows from the inputs"),
        (X + 0j, X, "got complex128. Complex numbers come from an FFT or a root: keep the real part."),
        (put(np.s_[1], np.nan), X, "expected finite values, got 120 of 240 that are NaN. All errors are in sample 1,"),
        (
            put(np.s_[..., -2:]),
            X,
            "All errors are in the last 2 columns, where every value is wrong; the rest is right.",
        ),
        (put(np.s_[0, 1, 2, 3], 0.1), X, "One value is wrong, in sample 0, output channel 1, row 2, column 3"),
        (put(np.s_[0, 1, 2, 3], 0.1), X, "The largest error, at index (0, 1, 2, 3), is 0.34 % of the largest value."),
        (-X, X, "Look: your numbers are exactly the negative of the right ones."),
        (X - X, X, "Look: your numbers are all zero."),
        (np.ones(3), np.zeros(3), "The largest error, at index 0, is where zeros are expected."),
    ],
)
def test_messages(got, want, part):
    """Each message says what was checked, what was expected, what came, and what to look at."""
    text = message(got, want, axes=MAPS if want is X else ())
    assert part in text


def test_each_array_of_a_tuple_has_axes_of_its_own():
    """The sentence about the place uses the words of the array that is wrong."""
    want = (np.zeros((2, 3)), np.ones((2, 3)))
    got = (want[0], want[1] * [[1], [5]])
    failed = compare(got, want, axes=(("N", "C_in"), ("C_out", "K_W")))
    assert "in output channel 1" in failed.message


@given(st.integers(0, 2**32), st.sampled_from(["values", "finite", "shape", "dtype", "type"]))
@settings(max_examples=50)
def test_a_message_never_holds_the_right_values(seed, kind):
    """Whatever rung fails, no number of the expected array is in the message."""
    rng = np.random.default_rng(seed)
    want = rng.integers(10**6, 10**9, size=(3, 4)) / 128
    wrong = {
        "values": want + rng.normal(size=want.shape),
        "finite": want * np.nan,
        "shape": want[1:],
        "dtype": want.astype(np.float32),
        "type": want.tolist(),
    }
    text = message(wrong[kind], want)
    assert not any(str(int(value)) in text for value in want.ravel())
    assert str(int(want[0, 0])) not in message(float(want[0, 0]) + 0.4e9, float(want[0, 0]))


RELATED = {
    "your numbers are exactly the negative of the right ones": lambda x: -x,
    "your numbers are right but for the sign of some": np.abs,
    "your numbers are twice the right ones": lambda x: 2 * x,
    "your numbers are half the right ones": lambda x: x / 2,
    "your numbers are 1/9 times the right ones": lambda x: x / 9,
    "your numbers are 3 times the right ones": lambda x: 3 * x,
    "your numbers are 3.142 times the right ones": lambda x: np.pi * x,
    "your numbers differ from the right ones by one and the same amount everywhere": lambda x: x + 5,
    "your array equals the right one turned back to front along the last axis": lambda x: x[..., ::-1],
    "your array equals the right one turned upside down along the last axis but one": lambda x: x[..., ::-1, :],
    "your array equals the right one turned by 180 degrees": lambda x: x[..., ::-1, ::-1],
    "your array equals the right one with its last two axes swapped": lambda x: x.swapaxes(-1, -2),
    "your numbers are the right ones without their fractions: an integer array takes no fractions": np.trunc,
    "your numbers are right to about six digits, as if something were stored or computed in float32": lambda x: (
        x.astype(np.float32).astype(np.float64)
    ),
    "in each output channel all values are off by one and the same amount": lambda x: x + np.arange(4)[:, None, None],
    "in each column all values are off by one and the same amount": lambda x: x + np.arange(1, x.shape[-1] + 1),
    "": lambda x: x + np.arange(x.size).reshape(x.shape) ** 2,
}


@pytest.mark.parametrize("sentence", RELATED)
def test_relations_are_named(sentence):
    """A simple relation between the wrong numbers and the right ones is found."""
    assert relation(RELATED[sentence](X), X, 1e-12, 1e-12, MAPS) == sentence


@given(st.sampled_from(sorted(RELATED)), st.integers(0, 2**32))
def test_relations_are_true(sentence, seed):
    """A relation is said only if it holds for every number: one changed number takes it away."""
    rng = np.random.default_rng(seed)
    want = rng.normal(size=(2, 4, 5, 5)) * 10
    got = RELATED[sentence](want).copy()
    got.flat[rng.integers(got.size)] += 97.3
    assert relation(got, want, 1e-7, 1e-9, MAPS) == ""


def test_mismatches_compare_by_rung_and_message():
    """Two equal mismatches are equal; the places are data for pictures."""
    first, second = compare(np.zeros(3), np.ones(3)), compare(np.zeros(3), np.ones(3))
    assert first == second
    assert first.where is not second.where
    assert first.where.mask.all()


def test_inputs_are_left_alone():
    """Comparing changes neither side, and works on arrays that can't be written to."""
    got, want = np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3) + 1
    got.flags.writeable = want.flags.writeable = False
    assert rung(got, want) is Rung.VALUES
    assert got[0, 0] == 0


@pytest.mark.parametrize("want", [3, 3.0], ids=["int", "float"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_too_long_to_be_written(want, sign):
    """An int that Python neither writes out nor turns into a float is a wrong number like any other."""
    mismatch = compare(sign << 60_000, want)
    assert mismatch is not None
    assert mismatch.rung in {Rung.VALUES, Rung.FINITE}
    assert len(mismatch.message) < 200


def test_a_duration_is_no_whole_number():
    """NumPy counts it among its integers; a size it is not."""
    mismatch = compare(np.timedelta64(3, "s"), 3)
    assert mismatch is not None
    assert mismatch.rung is Rung.TYPE
