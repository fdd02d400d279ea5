"""Typical mistakes about gradients: backward by loops, gradients as convolutions, the transposed convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_columns import (
    AXES,
    ORDER_OF_THREE,
    PADDING,
    STRIDE,
    SUM,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_maps import COPY, DTYPE, LIKE, WHOLE
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import put_into
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_gradients import (
    RIGHT,
    backward,
    between,
    dw_by_conv,
    dx_by_conv,
    layer,
    spreading,
)
from autograder.mistakes import Mistake

SHAPE = "Which shape must a gradient have?"
CLASH = "Where prints overlap, only one of them counts in your result."
ONE_WINDOW = "Your gradient of the images counts only one of the windows that overlap."
ALL = "A value that is used many times gets a gradient from each use: what becomes of them?"
CROP = "At which row and column of the padded images does the image begin?"
NEGATIVE = "What does x[0:-0] give?"
REST = "Pixels that no window has seen: what is their gradient? Which shape must the gradient have?"


def _backward(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"cb_{id}", "conv2d_backward", {"conv2d_backward": backward(**steps)}, symptom, hint)


def negative_crop(padded: np.ndarray, p: tuple[int, int], size: Any) -> np.ndarray:
    """Cuts from the padding to minus the padding."""
    return padded[:, :, p[0] : -p[0], p[1] : -p[1]]


def backwards(size: tuple[int, int]) -> list[tuple[int, ...]]:
    """The last position first."""
    return list(np.ndindex(*size))[::-1]


def _windows_by_one(place: Any, s: Any, k: Any) -> tuple[slice, ...]:
    return (slice(None), slice(None), *(slice(i, i + n) for i, n in zip(place, k, strict=True)))


def _unpadded(padded: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The images in the corner, zeros behind them: windows that read x without its padding."""
    out = np.zeros_like(padded)
    out[:, :, : x.shape[2], : x.shape[3]] = x
    return out


def _scales_dout(dout: np.ndarray, x: np.ndarray, w: np.ndarray, **options: Any) -> tuple[Any, ...]:
    out = RIGHT["conv2d_backward"](dout, x, w, **options)
    dout /= len(dout)
    return out


def _single(dout: np.ndarray, x: np.ndarray, w: np.ndarray, **options: Any) -> tuple[Any, ...]:
    parts = RIGHT["conv2d_backward"](*(array.astype(np.float32) for array in (dout, x, w)), **options)
    dtype = np.result_type(dout, x, w)
    return tuple(part.astype(dtype) for part in parts)


def _keeps_first(results: Any) -> Any:
    """An answer that adds dw to that of the last call, if that had the same shape and dtype."""
    last: list[Any] = [None]

    def conv2d_backward(dout: np.ndarray, x: np.ndarray, w: np.ndarray, **options: Any) -> tuple[Any, ...]:
        dx, dw, db = results(dout, x, w, **options)
        again = last[0] is not None and (last[0].shape, last[0].dtype) == (dw.shape, dw.dtype)
        last[0] = last[0] + dw if again else dw
        return dx, last[0].copy(), db

    return conv2d_backward


_BACKWARD = (
    _backward("dx_assign", ONE_WINDOW, ALL, put_dx=put_into),
    # What a loop over the taps of the filter leaves, where it writes instead of adding.
    _backward("dx_assign_by_tap", ONE_WINDOW, ALL, places=backwards, put_dx=put_into),
    _backward("dw_assign", "Your gradient of the filters knows the last position only.", ALL, put_dw=put_into),
    _backward(
        "dw_first_image",
        "Your gradient of the filters knows the first image only.",
        "Which images does a filter see?",
        dw=lambda g, seen: np.einsum("nf,nchw->fchw", g[:1], seen[:1]),
    ),
    _backward(
        "dw_mean",
        "Your gradient of the filters is too small by the number of images.",
        "Does a loss that is summed over the images divide by their number?",
        dw=lambda g, seen: np.einsum("nf,nchw->fchw", g, seen) / len(g),
    ),
    _backward(
        "dx_last_filter",
        "Your gradient of the images knows the last filter only.",
        "Each filter has looked at the window: what must come back from each?",
        dx=lambda g, w: np.einsum("nf,fchw->nchw", g[:, -1:], w[-1:]),
    ),
    _backward(
        "dx_not_cropped",
        "Your gradient of the images still has the padding.",
        SHAPE,
        crop=lambda padded, p, size: padded,
    ),
    _backward(
        "dx_crop_top_left",
        "With padding your gradient of the images is shifted.",
        CROP,
        crop=lambda padded, p, size: padded[:, :, : size[0], : size[1]],
    ),
    _backward(
        "dx_crop_negative", "Without padding your gradient of the images is empty.", NEGATIVE, crop=negative_crop
    ),
    _backward(
        "dx_rest_missing",
        "Where a stride leaves pixels over your gradient of the images is too small.",
        REST,
        room=lambda padded, dout, w, s: (
            *padded.shape[:2],
            (dout.shape[2] - 1) * s[0] + w.shape[2],
            (dout.shape[3] - 1) * s[1] + w.shape[3],
        ),
    ),
    _backward("db_mean", "Your gradient of the biases is a mean.", SUM, db=lambda dout: dout.mean((0, 2, 3))),
    _backward(
        "db_over_images",
        "Your gradient of the biases is too small by the number of images.",
        SUM,
        db=lambda dout: dout.sum((0, 2, 3)) / len(dout),
    ),
    _backward(
        "db_first_image",
        "Your gradient of the biases knows the first image only.",
        SUM,
        db=lambda dout: dout[0].sum((1, 2)),
    ),
    _backward("db_per_position", "Your gradient of the biases has too many entries.", SUM, db=lambda dout: dout.sum(0)),
    _backward(
        "db_column",
        "Your gradient of the biases has an axis too many.",
        SHAPE,
        db=lambda dout: dout.sum((0, 2, 3))[:, None],
    ),
    _backward(
        "stride_ignored",
        "In your gradients the windows move by one, whatever the stride.",
        STRIDE,
        window=_windows_by_one,
    ),
    _backward(
        "stride_rows_only",
        "In your gradients the windows move by the stride downwards, but by one to the right.",
        "How many axes does a stride have?",
        strides=lambda s: (s[0], 1),
    ),
    _backward("stride_swapped", "The strides of rows and columns are exchanged.", AXES, strides=lambda s: s[::-1]),
    _backward(
        "padding_ignored",
        "Your gradients take the images for unpadded.",
        PADDING,
        paddings=lambda p: (0, 0),
    ),
    _backward(
        "dx_flips_filter",
        "Your gradient of the images is spread by filters that are turned by 180 degrees.",
        "The pixel at (u, v) of a window met w[u, v]. Which weight does its gradient come through?",
        turn=lambda w: w[:, :, ::-1, ::-1],
    ),
    _backward(
        "dw_dout_reversed",
        "Your gradient of the filters pairs the windows with the gradients of other positions.",
        "Which entry of dout belongs to the window at (i, j)?",
        dw=lambda g, seen: np.einsum("nf,nchw->fchw", g, seen[:, :, ::-1, ::-1]),
    ),
    _backward(
        "dw_unpadded_x",
        "With padding your gradient of the filters is wrong.",
        "Which windows has the forward pass multiplied with the filters?",
        from_x=_unpadded,
    ),
    _backward(
        "dx_no_filters",
        "Your gradient of the images does not know the filters.",
        "By how much does the output change with a pixel? Write down one product of the forward pass.",
        dx=lambda g, w: np.einsum("nf,fchw->nchw", g, np.ones_like(w)),
    ),
    _backward(
        "dx_channels_mixed",
        "All channels of your gradient of the images are equal.",
        "Which weights did a channel meet?",
        dx=lambda g, w: np.einsum("nf,fhw->nhw", g, w.sum(1))[:, None].repeat(w.shape[1], 1),
    ),
    _backward(
        "order", "Your three gradients come in another order.", ORDER_OF_THREE, finish=lambda dx, dw, db: (dw, dx, db)
    ),
    _backward(
        "truncates",
        "With whole numbers in, the fractions of your gradients are lost.",
        "Which dtype does np.zeros_like take? The gradient from above has a say as well.",
        dtype=lambda dout, other: other.dtype,
    ),
    _backward("adds_into_whole", WHOLE, LIKE, inner=lambda dout, x: x.dtype),
    Mistake(
        "cb_single_inside",
        "conv2d_backward",
        {"conv2d_backward": _single},
        "Your gradients are good to six digits only.",
        "Where does single precision come in? Which dtype do the inputs have?",
    ),
    Mistake(
        "cb_changes_dout",
        "conv2d_backward",
        {"conv2d_backward": _scales_dout},
        "After the call the caller's gradient holds other numbers.",
        COPY,
    ),
    Mistake(
        "cb_remembers",
        "conv2d_backward",
        {"conv2d_backward": _keeps_first(RIGHT["conv2d_backward"])},
        "A second call gives other numbers than the first.",
        "Where is the array made into which you add: inside the function?",
    ),
)


def _dx(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    functions = {"conv2d_dx_as_conv": dx_by_conv(**steps)}
    return Mistake(f"dx_conv_{id}", "conv2d_gradients_as_convs", functions, symptom, hint)


def _dw(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    functions = {"conv2d_dw_as_conv": dw_by_conv(**steps)}
    return Mistake(f"dw_conv_{id}", "conv2d_gradients_as_convs", functions, symptom, hint)


def _no_rest(dout: np.ndarray, s: Any, size: Any, k: Any, p: Any) -> np.ndarray:
    return between(dout, s)


def _not_dilated(dout: np.ndarray, s: Any, size: Any, k: Any, p: Any) -> np.ndarray:
    return dout


def _raise_negative(array: np.ndarray, margin: Any) -> np.ndarray:
    return np.pad(array, ((0, 0), (0, 0), *((m, m) for m in margin)))


def _too_far(dout: np.ndarray, s: Any, size: Any, k: Any, p: Any) -> np.ndarray:
    return between(dout, (s[0] + 1, s[1] + 1))


SPACING = "With a stride of 2, how many zeros stand between two gradients?"

_DX = (
    _dx(
        "not_dilated",
        "With a stride your gradient of the images is too small.",
        "Which positions has the window skipped, and what do they give back?",
        dilate=_not_dilated,
    ),
    _dx("dilated_too_far", "Your gradients stand too far apart.", SPACING, dilate=_too_far),
    _dx(
        "rest_missing",
        "Where a stride leaves pixels over your gradient of the images is too small.",
        REST,
        dilate=_no_rest,
    ),
    _dx(
        "not_flipped",
        "Your gradient of the images comes from filters that were not turned.",
        "The pixel at (u, v) of a window met w[u, v]. From the pixel's side: where does that window lie?",
        turn=lambda w: w,
    ),
    _dx(
        "flips_one_axis",
        "Your filters are turned along one axis only.",
        "How many axes does a filter slide along?",
        turn=lambda w: w[:, :, :, ::-1],
    ),
    _dx(
        "transposed_not_turned",
        "Rows and columns of your filters are exchanged.",
        "Turning by 180 degrees and transposing are two things: try both on the numbers 1 to 6.",
        turn=lambda w: w.swapaxes(2, 3),
    ),
    _dx(
        "channels_kept",
        "Input and output channels of your filters don't go together with the gradient.",
        "Which channels does dout have, and which must come out?",
        channels=lambda w: w,
    ),
    _dx(
        "full_padding",
        "With padding your gradient of the images is too large.",
        "How much of the border has been padding already?",
        margin=lambda k, p: (k[0] - 1, k[1] - 1),
    ),
    _dx(
        "no_padding",
        "Your gradient of the images is too small: its border is missing.",
        "Which windows see a pixel in the corner? Where must the turned filter stand for it?",
        margin=lambda k, p: (0, 0),
    ),
    _dx(
        "same_padding",
        "You pad the gradient by as much as the images.",
        "Without padding in the forward pass: how large must the gradient become, and how large is it?",
        margin=lambda k, p: p,
    ),
    _dx(
        "wide_padding_fails",
        "With padding that is wider than the filter your function fails.",
        "Less than no padding: what does that mean for the gradient?",
        surround=_raise_negative,
    ),
    _dx("padding_swapped", "The padding of rows and columns is exchanged.", AXES, paddings=lambda p: p[::-1]),
    _dx("float64", "Your gradient is float64 whatever comes in.", DTYPE, dtype=lambda dout, w: np.float64),
)

_DW = (
    _dw(
        "not_dilated",
        "With a stride your gradient of the filters comes from the wrong pixels.",
        "How far apart are the pixels that a weight has met at two neighbouring positions?",
        dilate=lambda dout, s: dout,
    ),
    _dw(
        "not_padded",
        "With padding your gradient of the filters is wrong.",
        "Which images has the filter slid over?",
        pad=lambda x, p: x,
    ),
    _dw(
        "flipped",
        "Your gradient of the filters is that of a true convolution.",
        "Which entry of dout meets the pixel that weight (0, 0) has met at position (0, 0)?",
        turn=lambda dout: dout[:, :, ::-1, ::-1],
    ),
    _dw(
        "result_flipped",
        "Your gradient of the filters is turned by 180 degrees.",
        "Of the two gradients, which one needs a turned filter?",
        finish=lambda dw, dout: dw[:, :, ::-1, ::-1].copy(),
    ),
    _dw(
        "rest_not_cropped",
        "Where a stride leaves pixels over your gradient of the filters is too large.",
        "Which size does `kernel` name? What do the further positions mean?",
        crop=lambda dw, k: dw,
    ),
    _dw(
        "channels_swapped",
        "Input and output channels of your gradient of the filters are exchanged.",
        "In which order do the axes of w stand?",
        back=lambda dw: dw,
    ),
    _dw(
        "mean",
        "Your gradient of the filters is too small by the number of images.",
        "Does a loss that is summed over the images divide by their number?",
        finish=lambda dw, dout: dw / np.asarray(len(dout), dw.dtype),
    ),
    _dw(
        "first_image",
        "Your gradient of the filters knows the first image only.",
        "Which images does a filter see?",
        convolve=lambda padded, spaced: layer(padded[:1].swapaxes(0, 1), spaced[:1].swapaxes(0, 1), None),
    ),
    _dw("stride_swapped", "The strides of rows and columns are exchanged.", AXES, strides=lambda s: s[::-1]),
    _dw("float64", "Your gradient is float64 whatever comes in.", DTYPE, dtype=lambda dout, x: np.float64),
)


def _transposed(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"ct_{id}", "conv_transpose2d", {"conv_transpose2d": spreading(**steps)}, symptom, hint)


_TRANSPOSED = (
    _transposed(
        "not_cropped",
        "Padding changes nothing in your result.",
        "Padding of a transposed layer takes pixels away: where?",
        crop=lambda out, p, size: out,
    ),
    _transposed("assigns", CLASH, ALL, put=put_into),
    _transposed("assigns_by_tap", CLASH, ALL, places=backwards, put=put_into),
    _transposed(
        "flipped",
        "Your prints are turned by 180 degrees.",
        "Which weight does the top left pixel of a print come from?",
        turn=lambda w: w[:, :, ::-1, ::-1],
    ),
    _transposed("stride_ignored", "The stride changes nothing in your result.", STRIDE, strides=lambda s: (1, 1)),
    _transposed(
        "prints_by_one",
        "With a stride your result has the right size, but its prints lie one pixel apart.",
        "Where does the print of pixel (i, j) begin?",
        window=_windows_by_one,
    ),
    _transposed("stride_swapped", "The strides of rows and columns are exchanged.", AXES, strides=lambda s: s[::-1]),
    _transposed(
        "crop_top_left",
        "With padding your result is shifted.",
        "From which sides does the padding take pixels away?",
        crop=lambda out, p, size: out[:, :, : size[0], : size[1]],
    ),
    _transposed("crop_negative", "Without padding your result is empty.", NEGATIVE, crop=negative_crop),
    _transposed(
        "weights_of_a_layer",
        "Your filters are taken for (C_out, C_in).",
        "In which order do the axes of w stand here? It is the weight of the layer whose backward this is.",
        block=lambda pixel, w: np.einsum("nc,fchw->nfhw", pixel, w),
        filters=len,
    ),
    _transposed(
        "one_too_large",
        "Your result is larger than it should be by a row and a column of the stride.",
        "Where does the last print begin, where does it end?",
        length=lambda n, k, s: n * s + k,
    ),
    _transposed(
        "first_channel",
        "Your result knows the first channel only.",
        "Every channel leaves a print: what becomes of them?",
        block=lambda pixel, w: np.einsum("n,fhw->nfhw", pixel[:, 0], w[0]),
    ),
    _transposed(
        "no_error",
        "Padding that takes everything away gives an empty result.",
        "How many rows and columns are left at least? The docstring says what to do otherwise.",
        check=False,
        crop=lambda out, p, size: out[:, :, p[0] : max(out.shape[2] - p[0], 0), p[1] : max(out.shape[3] - p[1], 0)],
    ),
    _transposed("float64", "Your result is float64 whatever comes in.", DTYPE, dtype=lambda x, w: np.float64),
    _transposed(
        "truncates",
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The filters have a say as well.",
        dtype=lambda x, w: x.dtype,
    ),
    _transposed("adds_into_whole", WHOLE, LIKE, inner=lambda x, w: x.dtype),
)

MISTAKES: tuple[Mistake, ...] = (*_BACKWARD, *_DX, *_DW, *_TRANSPOSED)
