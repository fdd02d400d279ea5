"""What the pictures of `linear_maps_and_gradients` show, beyond what holds for every picture."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_utils import plotting
from tests.course_utils.checked import checks_of
from tests.course_utils.pictures.linear_maps_and_gradients import NOISE, NUMBERED, PICTURES
from tests.course_utils.printed import said

right = checks_of("linear_maps_and_gradients").right

mpl.use("Agg")


def drawn(name: str) -> Figure:
    functions, draw, _ = PICTURES[name]
    figure = draw(*functions)
    assert isinstance(figure, Figure)
    return figure


def shown(ax: Axes) -> Any:
    return np.asarray(ax.images[0].get_array())


def framed(ax: Axes) -> Any:
    """The part of an image that lies in its first frame."""
    frame = next(patch for patch in ax.patches if isinstance(patch, Rectangle))
    left, top = (round(corner + 0.5) for corner in frame.get_xy())
    return shown(ax)[top : top + round(frame.get_height()), left : left + round(frame.get_width())]


def test_filter_matrix_is_the_window_without_the_padding() -> None:
    """With padding, the matrix is the picture of the sliding window but for its first and last column."""
    _, _, slid, matrix = drawn("filter_matrix").axes
    assert np.array_equal(shown(slid)[:, 1:-1], shown(matrix))
    assert not np.array_equal(shown(slid)[:, :-2], shown(matrix))


def test_weight_sharing_counts_weights_by_colour() -> None:
    """As many different numbers as the title says: 3, 12, 24."""
    for ax, count in zip(drawn("weight_sharing").axes, (3, 12, 24), strict=True):
        image = ax.images[0].get_array()
        assert len(np.unique(np.ma.compressed(image))) == count
        assert f"{count} weights" in ax.get_title()


def test_unfolding_frames_the_same_numbers_twice() -> None:
    """The framed window holds the numbers of the framed column, in order."""
    left, right_, left_2, right_2 = drawn("unfolding").axes
    for window, column in ((left, right_), (left_2, right_2)):
        assert np.array_equal(framed(window).ravel(), framed(column).ravel())
    assert framed(left)[0, 0] != framed(left_2)[0, 0]


def test_gathered_gradient_is_the_sum_of_the_product() -> None:
    """The number in the filter's gradient is the sum that stands above the product."""
    figure = drawn("gathered_gradient")
    for picture, _, product, gathered in np.array(figure.axes).reshape(-1, 4):
        total = float(shown(product).sum())
        assert f"sum {total:g}" in product.get_title()
        assert [text.get_text() for text in gathered.texts] == [f"{total:g}"]
        assert np.array_equal(framed(picture) * (NUMBERED[:2, :2] - 2), shown(product))


def test_dx_by_convolution_slides_the_flipped_filter_over_the_frame() -> None:
    """What lies in panel 6 is panel 3 correlated with panel 5."""
    panels = [shown(ax) for ax in drawn("dx_by_convolution").axes]
    slid = right.conv2d_im2col(panels[2][None, None], panels[4][None, None], None)[0, 0]
    assert np.array_equal(slid, panels[5])
    assert (panels[5][-1] == 0).all()
    assert (panels[5][:, -1] == 0).all()


def test_step_sizes_draws_a_valley() -> None:
    """Central differences are best near 1e-5, and a thousand times better there than one-sided ones."""
    one_sided, central, *_ = drawn("step_sizes").axes[0].lines
    steps, errors = (np.asarray(values) for values in central.get_data())
    best = steps[errors.argmin()]
    assert 1e-7 < best < 1e-4
    assert errors.min() * 1000 < np.asarray(one_sided.get_ydata())[errors.argmin()]


def test_shift_gaps_tell_strides_by_their_teeth() -> None:
    """A layer that treats all pixels alike lies on zero, one with stride 2 does so for even shifts."""
    whole, half = (np.asarray(line.get_ydata()) for line in drawn("shift_gaps").axes[0].lines)
    assert (whole == 0).all()
    assert half[[0, 2]].tolist() == [0, 0]
    assert half[1] > 0.1


def test_learned_kernel_comes_closer() -> None:
    """After more steps the kernel is more like the one that made the targets."""
    _, early, late, truth, *_ = (shown(ax) for ax in drawn("learned_kernel").axes)
    assert np.abs(late - truth).max() < 0.5 * np.abs(early - truth).max()


def test_a_gap_that_is_no_number_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """The note names the function and sends the student to its check."""
    assert plotting.shift_gaps(lambda *_: "none", {"same": lambda x: x}, NOISE[0], [1]) is None
    assert "equivariance_gap gives str, it needs a number. Run its check first." in said(capsys)
