"""Typical mistakes about backward by loops."""

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
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_maps import COPY, LIKE, WHOLE
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import put_into
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_gradients import RIGHT, backward
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


def windows_by_one(place: Any, s: Any, k: Any) -> tuple[slice, ...]:
    """Where a window lies that moves by single pixels."""
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


MISTAKES: tuple[Mistake, ...] = (
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
        window=windows_by_one,
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
