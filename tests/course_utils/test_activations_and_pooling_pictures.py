"""What the pictures of `activations_and_pooling` show is what the functions give."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import ConnectionPatch, Rectangle

from course_utils import plotting
from tests.course_utils.pictures.activations_and_pooling import (
    BUMPS,
    DIGITS,
    EDGES,
    IMAGES,
    LAYERS,
    avg_pool2d_forward,
    max_pool2d_backward,
    shift_sensitivity,
)
from tests.course_utils.printed import said
from tests.course_utils.test_plotting import drawn, giving, shown, visible


def test_gates_shows_what_passes() -> None:
    """The map, what is left of it, and the open gates with their share."""
    before, after, gates = drawn("gates").axes
    assert np.array_equal(shown(before), EDGES)
    assert np.array_equal(shown(after), np.maximum(EDGES, 0))
    assert np.array_equal(shown(gates), EDGES > 0)
    assert f"{100 * (EDGES > 0).mean():.0f} % open" in gates.get_title()


def test_activation_curves_draws_function_and_slope() -> None:
    """Both lines of each panel are the student's, and the title names the largest slope."""
    relu, sigmoid = visible(drawn("activation_curves"))
    x, values = relu.lines[2].get_data()
    assert np.array_equal(values, np.maximum(x, 0))
    assert np.array_equal(relu.lines[3].get_ydata(), x > 0)
    assert "0.25" in sigmoid.get_title()


def test_maxout_pieces_draws_the_envelope_and_who_is_taught() -> None:
    """The thick line is the highest of the thin ones everywhere."""
    curves, _ = drawn("maxout_pieces").axes
    top, *pieces = (line.get_ydata() for line in curves.lines)
    assert len(pieces) == 3
    assert np.array_equal(top, np.max(pieces, axis=0))


def test_pooled_maps_shrink() -> None:
    """Each map holds the maxima of the absolute values, and its title says how many."""
    _, two, four = drawn("pooled_maps").axes
    want = np.abs(EDGES).reshape(16, 4, 16, 4).max(axis=(1, 3))
    assert np.array_equal(shown(four), want)
    assert "1,024 numbers" in two.get_title()


def test_overlapping_windows_have_a_frame_each() -> None:
    """Four windows of 3x3 on 5x5 pixels; all of them hold the 9 in the middle."""
    picture, maxima = drawn("overlapping_windows").axes
    assert sum(isinstance(patch, Rectangle) for patch in picture.patches) == 4
    assert np.array_equal(shown(picture), DIGITS)
    assert (shown(maxima) == 9).all()


def test_routes_lead_to_the_winner() -> None:
    """An arrow for each output, all to the 9, where the gradients add up."""
    figure = drawn("routes")
    arrows = [artist for artist in figure.artists if isinstance(artist, ConnectionPatch)]
    assert len(arrows) == 4
    assert {arrow.xy2 for arrow in arrows} == {(1.7, 2)}
    dx = shown(figure.axes[2])
    assert dx[2, 2] == 12
    assert dx.sum() == 12


def test_averages_and_maxima_counts_who_is_reached() -> None:
    """One pixel, a window of sixteen, and the whole image."""
    titles = [ax.get_title() for ax in drawn("averages_and_maxima").axes[3:]]
    assert [title.rpartition(", ")[2] for title in titles] == ["1 pixel", "16 pixels", "144 pixels"]


def test_average_as_convolution_shows_the_difference() -> None:
    """It is zero for right filters, and seen for wrong ones."""
    *_, difference = drawn("average_as_convolution").axes
    # The filters are float32, whose thirds and eighths are off in the eighth digit.
    assert shown(difference).max() < 1e-6

    def doubled(channels, kernel):
        return np.full((channels, 1, *kernel), 2 / np.prod(kernel))

    figure = plotting.average_as_convolution(avg_pool2d_forward, doubled, plotting.colour_photo(48), (3, 8))
    assert figure is not None
    assert shown(figure.axes[3]).max() > 0.5


def test_pooled_signals_marks_what_moved() -> None:
    """After one step the bump at 1 is still in window 0, the one at 7 has gone to window 2."""
    axes = drawn("pooled_signals").axes
    assert [bar.get_height() for bar in axes[1].patches] == [1, 2, 0]
    assert [bar.get_height() for bar in axes[3].patches] == [1, 0, 2]
    assert [text.get_text() for text in axes[3].texts] == ["moved"]
    assert np.array_equal([bar.get_height() for bar in axes[2].patches], np.roll(BUMPS, 1))


def test_sensitivities_draws_the_function() -> None:
    """One line for each kind of features, from no shift on."""
    pixels, squares = drawn("sensitivities").axes[-1].lines[:2]
    assert list(pixels.get_ydata()) == [shift_sensitivity(lambda x: x, IMAGES, (0, step)) for step in range(3)]
    assert (pixels.get_label(), squares.get_label()) == ("A: pixels", "B: squares")
    _, _, map_of_squares = drawn("sensitivities").axes[:3]
    assert np.array_equal(shown(map_of_squares), IMAGES[0, 0].numpy() ** 2)


def test_sensitivities_show_maps_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Features without a place can be measured, but not shown."""
    assert plotting.sensitivities(lambda f, x, shift: 0.0, {"means": lambda x: x.mean((2, 3))}, IMAGES, [0]) is None
    assert "the features of one image have the shape (1, 1)" in said(capsys)


def test_sensitivities_of_images_that_stay_must_be_zero(capsys: pytest.CaptureFixture[str]) -> None:
    """A number that can't be right is not drawn."""
    assert plotting.sensitivities(giving(0.5), {"pixels": lambda x: x}, IMAGES, range(2)) is None
    assert "gives 0.5 for images that have not moved. Run its check first." in said(capsys)


def test_sensitivities_wait_for_the_layers_that_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing is named, also where another function calls it."""

    def relu_forward(x):
        raise NotImplementedError

    layers = {"ReLU": lambda x: relu_forward(x)}  # noqa: PLW0108 - as a notebook writes it
    assert plotting.sensitivities(shift_sensitivity, layers, IMAGES, range(2)) is None
    assert said(capsys).startswith("No picture yet: relu_forward is not written.")


def test_collapse_marks_the_one_layer_on_the_stack() -> None:
    """The crosses lie on the lines of the stack, and ReLU makes another picture."""
    _, straight, bent = drawn("collapse").axes
    crosses = np.array(straight.lines[-1].get_data()).T
    corner = np.array([-1.0, -1.0])
    for w, b in LAYERS:
        corner = w @ corner + b
    assert np.isclose(crosses, corner).all(axis=1).any()
    lines = [np.array(line.get_data()) for line in straight.lines[:2]]
    assert not np.allclose(lines[0], bent.lines[0].get_data())
    assert np.isclose(crosses[0], lines[0].T[0]).all()


def test_gradients_by_depth_draws_one_line_each() -> None:
    """The lines are the function's norms, by the names of the activations."""
    lines = drawn("gradients_by_depth").axes[0].lines
    assert [line.get_label() for line in lines] == ["ReLU", "sigmoid"]
    assert list(lines[0].get_ydata()) == [0.0625, 0.125, 0.25, 0.5]


def test_pictures_use_the_device_that_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What students' functions are given lies there."""
    seen = []

    def noted(dout, x, kernel, **options):
        seen.extend((dout.device.type, x.device.type))
        return max_pool2d_backward(dout, x, kernel, **options)

    monkeypatch.setattr("course_utils.device._chosen", "cpu")
    assert plotting.routes(noted, DIGITS, [[1, 2], [4, 5]], kernel=3, stride=2) is not None
    assert set(seen) == {"cpu"}
