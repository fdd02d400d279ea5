"""A lint over the cases of linear_maps_and_gradients: inputs that would hide a mistake, and calls that are few."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients import oracles
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps import RIGHT
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_maps import spread
from autograder.sandbox.given import evaluate
from autograder.sandbox.protocol import Given
from tests.hidden_tests.graded import Graded
from tests.hidden_tests.harness import calls_by_test

GRADED = Graded("a1_convolution", "linear_maps_and_gradients")
# Where images and filters stand among the arguments.
IMAGES_AND_FILTERS = {
    "conv2d_im2col": (0, 1),
    "conv2d_matrix_backward": (1, 2),
    "conv2d_backward": (1, 2),
    "conv_transpose2d": (0, 1),
}
ON_ARRAYS = [name for name in RIGHT if name not in ("count_weights", "unfold_kernels")]


@pytest.fixture(scope="module")
def calls(collected):
    """Function to its calls on the reference: arguments, keywords."""
    found = {name: [] for name in RIGHT}
    for made in calls_by_test(collected(GRADED), RIGHT).values():
        for name, args, options in made:
            found[name].append((args, options))
    return found


@pytest.mark.parametrize("name", IMAGES_AND_FILTERS)
def test_no_two_axes_are_always_equal(calls, name):
    """For any two axes of images and filters there are cases in which their lengths differ."""
    x, w = IMAGES_AND_FILTERS[name]
    shapes = [(*args[x].shape, *args[w].shape) for args, _ in calls[name]]
    # Channels stand in both.
    known = {(1, 4)} if name == "conv_transpose2d" else {(1, 5)}
    for first, second in combinations(range(8), 2):
        if (first, second) not in known:
            assert any(shape[first] != shape[second] for shape in shapes), (first, second)


@pytest.mark.parametrize("name", ["im2col", "conv2d_im2col", "conv2d_matrix_backward", "conv2d_backward"])
def test_strides_leave_pixels_over(calls, name):
    """Along each axis there is a stride that does not divide, and stride and padding differ between the axes."""
    rests, differing = Counter(), set()
    for args, options in calls[name]:
        x, w = IMAGES_AND_FILTERS.get(name, (0, 1))
        kernel = spread(args[1]) if name == "im2col" else args[w].shape[2:]
        s, p = spread(options.get("stride", 1)), spread(options.get("padding", 0))
        for axis in (0, 1):
            room = args[x].shape[2 + axis] + 2 * p[axis] - kernel[axis]
            rests[axis] += room >= 0 and room % s[axis] != 0
        differing |= {key for key, values in (("stride", s), ("padding", p)) if values[0] != values[1]}
    assert rests[0]
    assert rests[1]
    assert differing == {"stride", "padding"}


@pytest.mark.parametrize("name", ON_ARRAYS)
def test_inputs_are_not_special(calls, name):
    """No image, filter or gradient equals its mirror image."""
    for args, _ in calls[name]:
        for array in args:
            if isinstance(array, np.ndarray) and array.size > 2:
                turned = [np.flip(array, axis) for axis, n in enumerate(array.shape) if n > 1]
                assert not any(np.array_equal(array, other) for other in turned)


@pytest.mark.parametrize("name", [name for name in ON_ARRAYS if name not in ("numerical_gradient", "equivariance_gap")])
def test_kinds_of_memory_and_numbers_occur(calls, name):
    """float32, float64, arrays with gaps or column by column, write-protected: each occurs."""
    arrays = [arg for args, _ in calls[name] for arg in args if isinstance(arg, np.ndarray)]
    assert {array.dtype for array in arrays} >= {np.dtype(np.float32), np.dtype(np.float64)}
    assert any(not array.flags.c_contiguous for array in arrays)
    assert any(not array.flags.writeable for array in arrays)


def test_a_moved_x_can_be_written(calls):
    """Whoever moves the entries of x in place may do so; views, columns first and single numbers occur."""
    xs = [args[1] for args, _ in calls["numerical_gradient"]]
    assert all(x.flags.writeable for x in xs)
    assert any(not x.flags.forc for x in xs)
    assert any(x.flags.f_contiguous and not x.flags.c_contiguous for x in xs)
    assert {x.ndim for x in xs} >= {0, 1, 2, 4}


@pytest.mark.parametrize("fill", ["round", "zeros"])
def test_gaps_are_the_same_however_images_move(calls, fill):
    """What leaves at one side and what comes in at the other never reaches the middle half."""

    def moved(x, shift):
        out = np.roll(x, shift, (2, 3))
        if fill == "zeros":
            for axis, n in ((2, shift[0]), (3, shift[1])):
                gone = slice(0, n) if n >= 0 else slice(n, None)
                out[(slice(None),) * axis + (gone,)] = 0
        return out

    for (layer, x, shift), _ in calls["equivariance_gap"]:
        assert isinstance(layer, Given)
        assert 2 * max(map(abs, shift)) <= min(x.shape[2:]) // 2
        function = evaluate(layer)
        out, other = function(x), function(moved(x, shift))
        step = tuple(round(n / m) for n, m in zip(x.shape[2:], out.shape[2:], strict=True))
        want = oracles.gap(out, function(np.roll(x, shift, (2, 3))), shift, step)
        assert oracles.gap(out, other, shift, step) == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("name", RIGHT)
def test_calls_are_few_and_small(calls, name):
    """A class is graded in minutes: at most 45 calls of a function, half of them with at most 3,000 numbers."""
    sizes = [sum(arg.size for arg in args if isinstance(arg, np.ndarray)) for args, _ in calls[name]]
    assert len(sizes) <= 45
    assert max(sizes) <= 12_000
    assert np.median(sizes) <= 3_000
