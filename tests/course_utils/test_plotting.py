"""The pictures of the notebooks: what they show, how wide they are, and what they say when there is nothing to show."""

from __future__ import annotations

import io
import linecache
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view

from course_utils import plotting
from tests.course_utils.pictures import activations_and_pooling, linear_maps_and_gradients, normalization
from tests.course_utils.printed import said

mpl.use("Agg")

Function = Callable[..., Any]


# Right functions, as short as NumPy allows: they are here to be drawn.


def correlate1d(x, w):
    return sliding_window_view(x, len(w)) @ w


def convolve1d(x, w):
    return np.convolve(x, w, mode="valid")


def correlate2d(image, kernel, *, padding=0, mode="zeros"):
    padded = np.pad(image, padding, mode={"zeros": "constant", "reflect": "reflect", "circular": "wrap"}[mode])
    return np.einsum("ijuv,uv->ij", sliding_window_view(padded, kernel.shape), kernel)


def match_template(image, template):
    windows = sliding_window_view(image, template.shape)
    centred = windows - windows.mean(axis=(2, 3), keepdims=True)
    pattern = template - template.mean()
    norms = np.linalg.norm(centred, axis=(2, 3)) * np.linalg.norm(pattern)
    scores = np.einsum("ijuv,uv->ij", centred, pattern) / np.maximum(norms, 1e-12)
    row, column = np.unravel_index(scores.argmax(), scores.shape)
    return scores, (int(row), int(column))


def gaussian_kernel(size, sigma):
    offsets = np.arange(size) - size // 2
    kernel = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * sigma**2))
    return kernel / kernel.sum()


def sobel_edges(image):
    gx = correlate2d(image, np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]))
    gy = correlate2d(image, np.array([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]))
    return gx, gy, np.hypot(gx, gy)


def square_detector():
    corner = np.array([[1.0, 1, 1], [1, -1, -1], [1, -1, -1]])
    w1 = np.stack([corner, corner[:, ::-1], corner[::-1], corner[::-1, ::-1]])[:, None]
    w2 = np.zeros((1, 4, 3, 3))
    w2[0, range(4), [0, 0, 1, 1], [0, 1, 0, 1]] = 1
    return w1, np.full(4, -4.0), w2, np.array([-3.0])


def conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def conv_counts(c_in, c_out, kernel, in_size, *, padding=0):
    weights, pixels = c_out * c_in * kernel**2, conv_output_size(in_size, kernel, padding=padding) ** 2
    return weights + c_out, weights * pixels, c_out * pixels


def mlp_params(widths):
    return sum((before + 1) * after for before, after in pairwise(widths))


def conv2d_grouped(x, w, b, *, padding=0, dilation=1, groups=1):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    holed = np.zeros((*w.shape[:2], *(dilation * (side - 1) + 1 for side in w.shape[2:])))
    holed[:, :, ::dilation, ::dilation] = w
    windows = sliding_window_view(padded, holed.shape[2:], axis=(2, 3))
    parts = zip(np.split(windows, groups, axis=1), np.split(holed, groups), strict=True)
    out = np.concatenate([np.einsum("ncijuv,ocuv->noij", part, filters) for part, filters in parts], axis=1)
    return out if b is None else out + b[:, None, None]


def conv2d_forward(x, w, b, *, padding=0):
    return conv2d_grouped(x, w, b, padding=padding)


def conv1x1_as_matmul(x, w, b):
    return conv2d_grouped(x, w, b)


def conv3d_forward(x, w, b):
    windows = sliding_window_view(x, w.shape[2:], axis=(2, 3, 4))
    return np.einsum("ncdijtuv,octuv->nodij", windows, w) + b[:, None, None, None]


def receptive_field(layers):
    size, jump, start = 1, 1, 0
    for kernel, stride, padding, dilation in layers:
        size, start, jump = size + dilation * (kernel - 1) * jump, start - padding * jump, jump * stride
    return size, jump, start


PHOTO = plotting.photo(64)
COLOURS = plotting.colour_photo(64)
DIM = PHOTO * np.linspace(0.25, 1, 64)
EYE = PHOTO[25:33, 20:31]
SIGNAL = np.repeat([0.2, 0.9, 0.1], [4, 5, 3])
SMALL = np.pad(np.ones((3, 4), dtype=int), 1)
EDGE = np.array([[1, 2], [-1, -2]])
SETTINGS = [
    {"size": 7, "kernel": 3, "stride": 2, "padding": 0},
    {"size": 8, "kernel": 3, "stride": 2, "padding": 0},
]
STACKS = {
    f"stride in layer {strided}": [(3, 2 if layer == strided else 1, 0, 1) for layer in (1, 2, 3)]
    for strided in (1, 2, 3)
}

# For each picture: the functions it draws, how it is called with them, and how many axes it has.
PICTURES: dict[str, tuple[tuple[Function, ...], Callable[..., Figure | None], int]] = {
    "signal_response": (
        (correlate1d,),
        lambda f: plotting.signal_response(f, SIGNAL, np.array([-1.0, 1.0])),
        2,
    ),
    "impulse_responses": (
        (correlate1d, convolve1d),
        lambda *f: plotting.impulse_responses(*f, np.array([1.0, 2.0, 3.0])),
        3,
    ),
    "sliding_window": ((correlate2d,), lambda f: plotting.sliding_window(f, SMALL, EDGE, [(0, 0), (1, 2)]), 6),
    "border_modes": ((correlate2d,), lambda f: plotting.border_modes(f, PHOTO, np.ones((5, 5)) / 25, 2), 4),
    "template_search": (
        (correlate2d, match_template),
        lambda *f: plotting.template_search(*f, DIM, EYE),
        6,  # two of them are colour bars
    ),
    "edges": ((sobel_edges,), lambda f: plotting.edges(f, PHOTO), 7),
    "edges_in_noise": (
        (gaussian_kernel, correlate2d, sobel_edges),
        lambda *f: plotting.edges_in_noise(*f, PHOTO, 1.5),
        3,
    ),
    "detector": (
        (square_detector, correlate2d),
        lambda *f: plotting.detector(*f, plotting.square_scene()),
        6,
    ),
    "output_sizes": ((conv_output_size,), plotting.output_sizes, 2),
    "window_positions": ((conv_output_size,), lambda f: plotting.window_positions(f, SETTINGS), 2),
    "parameter_growth": ((conv_counts, mlp_params), plotting.parameter_growth, 1),
    "feature_maps": (
        (conv2d_forward,),
        lambda f: plotting.feature_maps(f, COLOURS, np.stack([np.ones((3, 3, 3)), np.eye(3)[None].repeat(3, 0)]), "ab"),
        3,
    ),
    "channel_mixing": (
        (conv1x1_as_matmul,),
        lambda f: plotting.channel_mixing(f, COLOURS, np.ones((2, 3, 1, 1)), ["grey", "warm"]),
        4,
    ),
    "motion": (
        (conv3d_forward,),
        lambda f: plotting.motion(f, plotting.moving_dots(), np.eye(3)[:, None, :], np.array([-2.0])),
        6,
    ),
    "connections": ((conv2d_grouped,), lambda f: plotting.connections(f, 6, [1, 2, 6]), 3),
    "holes": ((conv2d_grouped,), lambda f: plotting.holes(f, [1, 3]), 2),
    "views": ((receptive_field,), lambda f: plotting.views(f, STACKS), 3),
    "view_growth": ((receptive_field,), plotting.view_growth, 1),
    **activations_and_pooling.PICTURES,
    **linear_maps_and_gradients.PICTURES,
    **normalization.PICTURES,
}
# Pictures of functions that return a number.
MEASURED = {"shift_gaps"}
EVERY_PICTURE = pytest.mark.parametrize("name", PICTURES)


@cache
def drawn(name: str) -> Figure:
    """The picture with right functions, drawn once for all tests."""
    functions, draw, _ = PICTURES[name]
    figure = draw(*functions)
    assert isinstance(figure, Figure)
    return figure


def visible(figure: Figure) -> list[Axes]:
    return [ax for ax in figure.axes if ax.axison]


def shown(ax: Axes) -> Any:
    """The numbers of the image in some axes."""
    return np.asarray(ax.images[0].get_array())


def stub(name: str) -> Function:
    """What students start with."""

    def function(*args: Any, **options: Any) -> Any:
        raise NotImplementedError("Replace this line with your code.")

    function.__name__ = name
    return function


def giving(result: Any, name: str = "theirs") -> Function:
    """A function that returns the same whatever it is asked."""

    def function(*args: Any, **options: Any) -> Any:
        return result

    function.__name__ = name
    return function


def test_every_exported_picture_is_tested() -> None:
    """A picture that nobody draws here would rot."""
    materials = {
        "batchnorm_graph",
        "colour_photo",
        "moving_dots",
        "photo",
        "square_scene",
        "when_ready",
        "shuffled_pixels",
    }
    assert set(plotting.__all__) - materials == set(PICTURES)


@EVERY_PICTURE
def test_has_its_axes_and_titles(name: str) -> None:
    """The headline says the finding, and each panel but colour bars has a title."""
    figure = drawn(name)
    axes = visible(figure)
    assert len(axes) == PICTURES[name][2]
    assert len(figure.get_suptitle()) > 20
    panels = [ax for ax in axes if ax.get_label() != "<colorbar>"]
    assert all(ax.get_title() for ax in panels)


@EVERY_PICTURE
def test_fits_the_page(name: str) -> None:
    """Saved as Jupyter saves it, cropped with a margin, a picture is at most 600 pixels wide."""
    file = io.BytesIO()
    drawn(name).savefig(file, format="png", bbox_inches="tight")
    file.seek(0)
    assert 300 < imread(file, format="png").shape[1] <= 600


@EVERY_PICTURE
def test_charts_name_their_axes(name: str) -> None:
    """Where there are ticks, the axis below them has a name."""
    for ax in visible(drawn(name)):
        if ax.images or ax.get_label() == "<colorbar>":
            continue
        shares_the_axis_below = not ax.xaxis.get_tick_params()["labelbottom"]
        assert ax.get_xlabel() or shares_the_axis_below


@EVERY_PICTURE
def test_leaves_no_figure_open(name: str) -> None:
    """pyplot would show an open figure a second time."""
    drawn(name)
    assert plt.get_fignums() == []


@EVERY_PICTURE
def test_waits_for_what_is_not_written(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With stubs a picture prints one line that names a missing function, and returns nothing."""
    functions, draw, _ = PICTURES[name]
    assert draw(*(stub(function.__name__) for function in functions)) is None
    out = said(capsys)
    assert out.startswith("No picture yet: ")
    assert any(function.__name__ in out for function in functions)
    assert out.count(".") == 2


@EVERY_PICTURE
@pytest.mark.parametrize("result", [None, "text", 2.5, np.zeros((1, 2, 3)), (1, 2), [[1.0]]], ids=str)
def test_survives_functions_that_return_something_else(
    name: str, result: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong type or shape gives a note that sends the student to the check."""
    if name in MEASURED and isinstance(result, float):
        pytest.skip("a number is what this picture asks for")
    functions, draw, _ = PICTURES[name]
    assert draw(*(giving(result, function.__name__) for function in functions)) is None
    assert "un its check" in said(capsys)


@EVERY_PICTURE
def test_survives_functions_that_raise(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The student's error is named in the note, without a traceback."""

    def broken(*args: Any, **options: Any) -> Any:
        raise IndexError("index 9 is out of bounds")

    functions, draw, _ = PICTURES[name]
    assert draw(*(broken for _ in functions)) is None
    out = said(capsys)
    assert "broken raised IndexError: index 9 is out of bounds" in out
    assert "Traceback" not in out


def test_a_function_that_changes_its_input_spoils_no_picture() -> None:
    """Student functions get copies."""

    def greedy(image: Any) -> Any:
        result = sobel_edges(image)
        image[:] = 0
        return result

    photo = PHOTO.copy()
    figure = plotting.edges(greedy, photo)
    assert figure is not None
    assert np.array_equal(photo, PHOTO)
    assert np.array_equal(shown(figure.axes[0]), PHOTO)


def test_shuffled_pixels_keeps_every_pixel() -> None:
    """Both panels hold the same numbers, in another order."""
    order = np.random.default_rng(0).permutation(PHOTO.size)
    left, right = plotting.shuffled_pixels(PHOTO, order).axes
    assert np.array_equal(shown(left), PHOTO)
    assert np.array_equal(shown(right).ravel(), PHOTO.ravel()[order])
    assert not np.array_equal(shown(right), PHOTO)


def test_signal_response_draws_what_the_function_gives() -> None:
    """The bars are the function's output."""
    heights = [bar.get_height() for bar in drawn("signal_response").axes[1].patches]
    assert np.allclose(heights, correlate1d(SIGNAL, np.array([-1.0, 1.0])))


def test_impulse_responses_show_the_flip() -> None:
    """Correlation turns the kernel round, true convolution does not."""
    bars = [[bar.get_height() for bar in ax.patches] for ax in drawn("impulse_responses").axes]
    assert bars == [[1, 2, 3], [0, 3, 2, 1, 0], [0, 1, 2, 3, 0]]


def test_sliding_window_fills_the_output_step_by_step() -> None:
    """Image and products are as given, and the output is filled up to the window's position only."""
    axes = drawn("sliding_window").axes
    image, products, partly = (axes[3 + column] for column in range(3))
    assert np.array_equal(shown(image), SMALL)
    assert np.array_equal(shown(products), SMALL[1:3, 2:4] * EDGE)
    out = partly.images[0].get_array()
    assert np.count_nonzero(~np.ma.getmaskarray(out)) == SMALL.shape[1] - 1 + 3
    assert np.array_equal(out.compressed(), correlate2d(SMALL, EDGE).ravel()[: out.compressed().size])
    frames = [patch for patch in image.patches if isinstance(patch, Rectangle)]
    assert [(frame.get_x(), frame.get_y(), frame.get_width()) for frame in frames] == [(1.5, 0.5, 2)]


def test_border_modes_differ_at_the_border_only() -> None:
    """The three pictures are those of the three modes."""
    zeros, reflect, circular = (shown(ax) for ax in drawn("border_modes").axes[:3])
    assert np.allclose(zeros[2:-2, 2:-2], reflect[2:-2, 2:-2])
    assert zeros[0].mean() < reflect[0].mean()
    assert not np.allclose(circular, reflect)


def test_template_search_marks_both_peaks() -> None:
    """The score's frame is where the template was cut out, the dot product's is elsewhere."""
    _, photo, raw, scores = drawn("template_search").axes[:4]
    places = [(frame.get_y() + 0.5, frame.get_x() + 0.5) for frame in photo.patches]
    assert places[1] == (25, 20)
    assert places[0] != places[1]
    assert np.allclose(shown(raw), correlate2d(DIM, EYE))
    assert "(25, 20)" in scores.get_title()


def test_edges_shows_the_three_responses() -> None:
    """Every map is one of the function's results, and signed ones have white at zero."""
    figure = drawn("edges")
    for ax, want in zip(figure.axes[1:4], sobel_edges(PHOTO), strict=True):
        assert np.allclose(shown(ax), want)
    norm = figure.axes[1].images[0].norm
    assert norm.vmin == -norm.vmax


def test_edges_in_noise_blurs_before_the_last_panel() -> None:
    """The last panel is the magnitude of the blurred photo."""
    blurred = correlate2d(PHOTO, gaussian_kernel(7, 1.5), padding=3, mode="reflect")
    assert np.allclose(shown(drawn("edges_in_noise").axes[2]), sobel_edges(blurred)[2])


def test_detector_frames_what_fired() -> None:
    """The scene holds two outlines, and the headline counts the frames."""
    figure = drawn("detector")
    assert "at 2 places" in figure.get_suptitle()
    assert sorted(len(ax.patches) for ax in visible(figure))[-1] == 2


def test_detector_with_many_channels_shows_four() -> None:
    """A detector may have as many channels as it likes."""

    def wasteful() -> Any:
        w1, b1, w2, b2 = square_detector()
        return np.repeat(w1, 3, axis=0), np.repeat(b1, 3), np.repeat(w2, 3, axis=1) / 3, b2

    figure = plotting.detector(wasteful, correlate2d, plotting.square_scene())
    assert figure is not None
    assert len(visible(figure)) == 6


def test_output_sizes_draws_the_function() -> None:
    """Each line is the function's answer for its stride or padding."""
    line = drawn("output_sizes").axes[0].lines[1]
    assert line.get_label() == "stride 2"
    assert [conv_output_size(size, 3, stride=2) for size in line.get_xdata()] == list(line.get_ydata())


def test_window_positions_marks_what_is_never_seen() -> None:
    """With 7 pixels all are seen, with 8 the last one is not."""
    marks = [
        [text.get_text() for text in ax.texts if text.get_text() == "never"] for ax in drawn("window_positions").axes
    ]
    assert marks == [[], ["never"]]


def test_parameter_growth_draws_both_layers() -> None:
    """A fully connected layer grows fourfold with each doubling of the side, a convolution layer not at all."""
    dense, conv = (np.asarray(line.get_ydata()) for line in drawn("parameter_growth").axes[0].lines)
    assert set(conv) == {64 * 28}
    assert dense[0] == 64 * (3 * 64 + 1)
    assert np.all(dense[1:] / dense[:-1] > 3.9)


def test_feature_maps_shows_image_and_maps() -> None:
    """First the image as it is, then the inner part of each map."""
    image, first, _ = visible(drawn("feature_maps"))
    assert np.array_equal(shown(image), COLOURS.transpose(1, 2, 0))
    assert np.allclose(shown(first), correlate2d(COLOURS.sum(axis=0), np.ones((3, 3)), padding=1)[3:-3, 3:-3])


def test_channel_mixing_shows_matrix_and_result() -> None:
    """The matrix is the filters, the maps are the output's channels."""
    _, matrix, grey, _ = drawn("channel_mixing").axes
    assert shown(matrix).shape == (2, 3)
    assert np.allclose(shown(grey), COLOURS.sum(axis=0))


def test_motion_hears_only_the_dot_that_moves_right() -> None:
    """The answer is a diagonal in position against time."""
    assert np.array_equal(shown(drawn("motion").axes[5]), np.eye(5, 11, 3))


def test_connections_are_measured() -> None:
    """One block, two blocks, and a diagonal; the titles count the weights."""
    one, two, six = drawn("connections").axes
    assert shown(one).all()
    assert np.array_equal(shown(two), np.kron(np.eye(2), np.ones((3, 3))))
    assert np.array_equal(shown(six), np.eye(6))
    assert "18 weights" in two.get_title()


def test_holes_spread_nine_pixels() -> None:
    """Every dilation touches nine pixels, further and further apart."""
    near, far = (np.argwhere(shown(ax)) for ax in drawn("holes").axes)
    assert len(near) == len(far) == 9
    assert [np.ptp(pixels[:, 0]) for pixels in (near, far)] == [2, 6]


def test_views_count_what_an_output_sees() -> None:
    """The stride in the first, second and last layer: 11, 9 and 7 pixels, as many as there are filled dots."""
    for ax, count in zip(drawn("views").axes, (11, 9, 7), strict=True):
        assert f"sees {count} pixels" in ax.get_title()
        filled = [line for line in ax.lines if line.get_color() != "white"]
        dots = [len(line.get_xdata()) for line in filled]
        assert (dots[0], dots[-1]) == (count, 1)


def test_view_growth_draws_the_function() -> None:
    """Ten layers of 3x3 see 21 pixels."""
    assert drawn("view_growth").axes[0].lines[0].get_ydata()[-1] == 21


def test_absurd_views_are_not_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """A view of a billion pixels would take all memory to draw."""
    assert plotting.views(giving((10**9, 1, 0)), STACKS) is None
    assert "Run its check" in said(capsys)


def test_absurd_sizes_are_not_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """More windows than pixels can't be right."""
    assert plotting.window_positions(giving(10**9), SETTINGS) is None
    assert "gives 1000000000 windows" in said(capsys)


def test_when_ready_names_the_missing_function(capsys: pytest.CaptureFixture[str]) -> None:
    """A stub called by another function is the one that is named."""

    def conv1d_forward() -> None:
        raise NotImplementedError

    def caller() -> None:
        conv1d_forward()

    with plotting.when_ready():
        caller()
    assert "conv1d_forward is not written" in said(capsys)


@pytest.mark.parametrize(
    ("error", "words"), [(TypeError("no such axis."), "TypeError: no such axis"), (KeyError(), "KeyError")]
)
def test_when_ready_tells_other_errors(error, words, capsys):
    """A mistake of the student's is theirs to see, in a sentence, and "Run all" goes on."""
    with plotting.when_ready():
        raise error
    assert said(capsys) == f"Nothing to see: {words}. Run the checks above, then this cell again."


def test_when_ready_quotes_the_last_line_of_the_notebook(capsys, monkeypatch):
    """Of the frames that were left, the one that is the student's own tells where."""
    source = "def halves(x):\n    return np.reshape(x, (2, -1))\n"
    monkeypatch.setitem(linecache.cache, "<cell>", (len(source), None, source.splitlines(keepends=True), "<cell>"))
    notebook = {"__name__": "__main__", "np": np}
    exec(compile(source, "<cell>", "exec"), notebook)
    with plotting.when_ready():
        notebook["halves"](np.ones(3))
    assert "into shape (2,newaxis), in the line `return np.reshape(x, (2, -1))`." in said(capsys)


def test_photo_is_grey_and_of_the_size_asked_for() -> None:
    """Brightness lies between black and white, and uses most of the range."""
    grey, colours = plotting.photo(128), plotting.colour_photo(96)
    assert (grey.shape, colours.shape) == ((128, 128), (3, 96, 96))
    assert 0 <= grey.min() < 0.1
    assert 0.9 < grey.max() <= 1


@pytest.mark.parametrize("size", [0, -4, 100])
def test_photo_refuses_sizes_that_leave_a_remainder(size: int) -> None:
    """The photo is averaged over whole blocks."""
    with pytest.raises(ValueError, match="expected a divisor of 384"):
        plotting.photo(size)


def test_scene_holds_two_outlines() -> None:
    """Counted pixel by pixel, without any detector; the last row and column are free."""
    scene = plotting.square_scene()
    outline = np.pad(np.zeros((2, 2)), 1, constant_values=1)
    patches = sliding_window_view(scene, (4, 4))
    assert np.argwhere((patches == outline).all(axis=(2, 3))).tolist() == [[2, 2], [11, 16]]
    assert not scene[-1].any()
    assert not scene[:, -1].any()


def test_import_does_not_load_pyplot() -> None:
    """Checks are fast because drawing is imported when the first picture is drawn."""
    code = "import sys, course_utils.plotting; print('matplotlib.pyplot' in sys.modules, 'torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
