"""A lint over the cases of sliding_windows: inputs that would hide a mistake."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_sizes import spread
from tests.hidden_tests.graded import Graded
from tests.hidden_tests.harness import calls_by_test

GRADED = Graded("a1_convolution", "sliding_windows")
LAYERS = ("conv2d_forward", "conv1d_forward", "conv3d_forward", "conv2d_grouped")


@pytest.fixture(scope="module")
def calls(collected):
    """Test id to its calls on the reference: name, arguments, keywords."""
    return calls_by_test(collected(GRADED), RIGHT)


def layer_calls(calls, name):
    found = []
    for made in calls.values():
        for called, args, options in made:
            if called == name:
                named = dict(zip("xwb", args, strict=False)) | options
                found.append((named["x"], named["w"], named.get("b"), options))
    return found


@pytest.mark.parametrize("name", LAYERS)
def test_no_two_axes_are_always_equal(calls, name):
    """For any two axes of images, filters and results there are cases in which their lengths differ."""
    shapes = []
    for x, w, b, options in layer_calls(calls, name):
        try:
            out = RIGHT[name](x, w, b, **{key: value for key, value in options.items() if key not in "xwb"})
        except ValueError:
            continue
        shapes.append((*x.shape, *w.shape, *out.shape))
    # N, C_in and C_out stand twice: in the result as well.
    axes = x.ndim
    known = {(0, 2 * axes), (axes, 2 * axes + 1), *([(1, axes + 1)] if name != "conv2d_grouped" else [])}
    for first, second in combinations(range(3 * axes), 2):
        if (first, second) not in known:
            assert any(shape[first] != shape[second] for shape in shapes), (first, second)


@pytest.mark.parametrize("seed", range(20))
def test_both_sides_of_the_padding_count(collected, seed):
    """In every padded case of values, a size that counts the padding once is another size, whatever the seed."""
    padded = 0
    for test, made in calls_by_test(collected(GRADED, seed), RIGHT).items():
        if not test.startswith("test_conv2d_values") or not made[0][2].get("padding"):
            continue
        (_, (x, w, _), options) = made[0]
        axes = zip(
            x.shape[2:], w.shape[2:], spread(options.get("stride", 1), 2), spread(options["padding"], 2), strict=True
        )
        assert any((n + p - k) // s != (n + 2 * p - k) // s for n, k, s, p in axes), test
        padded += 1
    assert padded == 4


@pytest.mark.parametrize("name", LAYERS)
def test_strides_leave_pixels_over(calls, name):
    """Along each axis there is a stride that does not divide, and options differ between the axes."""
    rests, differing = Counter(), set()
    for x, w, _, options in layer_calls(calls, name):
        axes = x.ndim - 2
        s, p, d = (
            spread(options.get(key, default), axes) for key, default in (("stride", 1), ("padding", 0), ("dilation", 1))
        )
        for axis in range(axes):
            room = x.shape[2 + axis] + 2 * p[axis] - d[axis] * (w.shape[2 + axis] - 1) - 1
            rests[axis] += room >= 0 and room % s[axis] != 0
        differing |= {key for key, values in (("stride", s), ("padding", p), ("dilation", d)) if len(set(values)) > 1}
    assert all(rests[axis] for axis in range(x.ndim - 2))
    if name != "conv1d_forward":
        assert {"stride", "padding"} <= differing


@pytest.mark.parametrize("name", [name for names in GRADED.questions.values() for name in names])
def test_inputs_are_not_special(calls, name):
    """No image or filter of a values test equals its mirror image or its transpose."""
    for made in calls.values():
        for called, args, _ in made:
            for array in args if called == name else ():
                if isinstance(array, np.ndarray) and array.size > 1:
                    turned = [np.flip(array, axis) for axis, n in enumerate(array.shape) if n > 1]
                    assert not any(np.array_equal(array, other) for other in turned)
                    assert not (
                        array.ndim > 1 and np.array_equal(array, np.swapaxes(array, -1, -2)) and array.shape[-1] > 1
                    )


@pytest.mark.parametrize("name", [*LAYERS, "conv1x1_as_matmul", "correlate1d", "convolve1d", "correlate2d"])
def test_kinds_of_memory_and_numbers_occur(calls, name):
    """float32, float64, whole numbers, arrays with gaps, write-protected, all negative: each occurs."""
    arrays = [arg for made in calls.values() for called, args, _ in made if called == name for arg in args[:1]]
    assert {array.dtype.kind for array in arrays} >= {"f", "i"}
    assert {array.dtype for array in arrays} >= {np.dtype(np.float32), np.dtype(np.float64)}
    if name in ("conv2d_forward", "conv1x1_as_matmul", "correlate1d", "convolve1d", "correlate2d"):
        assert any(not array.flags.forc for array in arrays)
        assert any(not array.flags.writeable for array in arrays)
        assert any((array < 0).all() for array in arrays)
