"""Typical mistakes about gradients as convolutions, and the transposed convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_columns import AXES, STRIDE
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_gradients import (
    ALL,
    CLASH,
    NEGATIVE,
    REST,
    backwards,
    negative_crop,
    windows_by_one,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_maps import DTYPE, LIKE, WHOLE
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import put_into
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_convolutions import (
    between,
    dw_by_conv,
    dx_by_conv,
    layer,
    spreading,
)
from autograder.mistakes import Mistake


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
        window=windows_by_one,
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


MISTAKES: tuple[Mistake, ...] = (*_DX, *_DW, *_TRANSPOSED)
