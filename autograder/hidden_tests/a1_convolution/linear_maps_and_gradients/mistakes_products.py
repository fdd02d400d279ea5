"""Typical mistakes about the layer as one product, backwards through it, and two other views of it."""

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
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_maps import (
    DTYPE,
    FITS,
    LIKE,
    WHOLE,
    at_least_none,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import col2im, im2col
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_products import (
    RIGHT,
    by_matrices,
    by_product,
    copies,
    sliding,
    tap_columns,
)
from autograder.mistakes import Mistake


def _product(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"product_{id}", "conv2d_im2col", {"conv2d_im2col": by_product(**steps)}, symptom, hint)


def by_window(x: np.ndarray, k: Any, s: Any, p: Any) -> tuple[np.ndarray, Any]:
    """Windows as columns, in a loop over the positions."""
    _, size = tap_columns(x, k, s, p)
    return im2col(x, tuple(k), stride=s, padding=p), size


def _by_image(x: np.ndarray, k: Any, s: Any, p: Any) -> tuple[np.ndarray, Any]:
    parts = [tap_columns(x[n : n + 1], k, s, p) for n in range(len(x))]
    return np.concatenate([cols for cols, _ in parts]), parts[0][1]


def _fits_or_nothing(x: np.ndarray, k: Any, s: Any, p: Any) -> tuple[np.ndarray, Any]:
    size = tuple(at_least_none(x.shape[2 + a], k[a], s[a], p[a]) for a in (0, 1))
    if min(size) < 1:
        return np.zeros((len(x), x.shape[1] * k[0] * k[1], 0)), size
    return tap_columns(x, k, s, p)


def _mixes_images(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None, *, stride: Any = 1, padding: Any = 0
) -> np.ndarray:
    cols, size = tap_columns(x, w.shape[2:], *((v, v) if np.isscalar(v) else v for v in (stride, padding)))
    out = w.reshape(len(w), -1) @ cols.transpose(1, 0, 2).reshape(cols.shape[1], -1)
    out = out.reshape(len(x), len(w), *size)
    return (out if b is None else out + b[:, None, None]).astype(np.result_type(x, w, *([] if b is None else [b])))


_PRODUCT = (
    _product(
        "pixel_loop",
        "Your numbers are right, but a loop runs over the pixels.",
        "Which loop is short whatever the size of the image? Let slices do the rest.",
        columns=by_window,
    ),
    _product(
        "image_loop",
        "Your numbers are right, but a loop runs over the images.",
        "What does @ do with arrays of three axes?",
        columns=_by_image,
    ),
    _product(
        "no_bias",
        "Your numbers lack the bias.",
        "Which input of the function is never used?",
        bias=lambda out, b: out,
    ),
    _product(
        "bias_along_width",
        "Your bias is added along the width, or can't be added at all.",
        "Along which axis does b vary? What does broadcasting line up?",
        bias=lambda out, b: out if b is None else out + b,
    ),
    _product(
        "bias_demanded",
        "Without a bias your function fails.",
        "What is `None + 1`?",
        bias=lambda out, b: out + b[:, None, None],
    ),
    _product(
        "weights_channels_last",
        "The entries of your filters meet the wrong entries of the columns.",
        "In which order do the entries of a column stand, and in which those of a row of your matrix?",
        rows=lambda w: w.transpose(0, 2, 3, 1).reshape(len(w), -1),
    ),
    _product(
        "flipped",
        "Your layer does a true convolution.",
        "Does the top left weight meet the top left pixel of the window?",
        rows=lambda w: w[:, :, ::-1, ::-1].reshape(len(w), -1),
    ),
    _product(
        "weights_transposed",
        "Your filters are cut into rows the wrong way.",
        "Which entries of w belong to one filter? In which order does reshape read them?",
        rows=lambda w: w.reshape(-1, len(w)).T,
    ),
    _product(
        "output_column_major",
        "Your outputs stand at the wrong places.",
        "In which order do the positions stand in the columns?",
        back=lambda out, size: out.reshape(*out.shape[:2], *size[::-1]).swapaxes(2, 3),
    ),
    _product(
        "output_transposed",
        "Height and width of your result are exchanged.",
        AXES,
        back=lambda out, size: out.reshape(*out.shape[:2], *size[::-1]),
    ),
    Mistake(
        "product_mixes_images",
        "conv2d_im2col",
        {"conv2d_im2col": _mixes_images},
        "Your images and filters are mixed up in the result.",
        "Which axis does your product put first? reshape moves no axis.",
    ),
    _product("stride_ignored", "The stride changes nothing in your result.", STRIDE, strides=lambda s: (1, 1)),
    _product("stride_swapped", "The strides of rows and columns are exchanged.", AXES, strides=lambda s: s[::-1]),
    _product("padding_ignored", "Padding changes nothing in your result.", PADDING, paddings=lambda p: (0, 0)),
    _product("padding_swapped", "The padding of rows and columns is exchanged.", AXES, paddings=lambda p: p[::-1]),
    _product("float64", "Your result is float64 whatever comes in.", DTYPE, dtype=lambda x, w, b: np.float64),
    _product(
        "truncates",
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The filters have a say as well.",
        dtype=lambda x, w, b: x.dtype,
    ),
    _product("no_error", "A filter that does not fit gives an empty result.", FITS, columns=_fits_or_nothing),
)


def _backward(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    functions = {"conv2d_matrix_backward": by_matrices(**steps)}
    return Mistake(f"mb_{id}", "conv2d_matrix_backward", functions, symptom, hint)


def _unpadded(x: np.ndarray, kernel: Any, *, stride: Any, padding: Any) -> np.ndarray:
    cols = im2col(x, kernel, stride=stride, padding=padding)
    seen = im2col(x, kernel, stride=stride)
    out = np.zeros_like(cols)
    out[:, :, : seen.shape[2]] = seen[:, :, : cols.shape[2]]
    return out


def _not_cropped(cols: np.ndarray, in_shape: Any, kernel: Any, *, stride: Any, padding: Any) -> np.ndarray:
    n, c, h, w = in_shape
    return col2im(cols, (n, c, h + 2 * padding[0], w + 2 * padding[1]), kernel, stride=stride)


_sum_of_products = RIGHT["conv2d_matrix_backward"]


def _dw_of(dy: np.ndarray, cols: np.ndarray) -> np.ndarray:
    return np.einsum("nfl,nkl->fk", dy, cols)


_BACKWARD = (
    _backward(
        "dw_first_image",
        "Your gradient of the filters knows the first image only.",
        "Which images does a filter see?",
        dw=lambda dy, cols, w: (dy[0] @ cols[0].T).reshape(w.shape),
    ),
    _backward(
        "dw_mean",
        "Your gradient of the filters is too small by the number of images.",
        "Does a loss that is summed over the images divide by their number?",
        dw=lambda dy, cols, w: _dw_of(dy, cols).reshape(w.shape) / len(dy),
    ),
    _backward(
        "dw_flat",
        "Your gradient of the filters is a matrix.",
        "Which shape must a gradient have?",
        dw=lambda dy, cols, w: _dw_of(dy, cols),
    ),
    _backward(
        "dw_channels_last",
        "The entries of your gradient of the filters stand at the wrong places.",
        "In which order do the entries of a column stand?",
        dw=lambda dy, cols, w: _dw_of(dy, cols).reshape(len(w), *w.shape[2:], w.shape[1]).transpose(0, 3, 1, 2),
    ),
    _backward(
        "dw_per_image",
        "Your gradient of the filters has one for each image.",
        "All images share the filters: what becomes of the gradients that come from each?",
        dw=lambda dy, cols, w: (dy @ cols.transpose(0, 2, 1)).reshape(-1, *w.shape),
    ),
    _backward(
        "dx_not_cropped",
        "Your gradient of the images still has the padding.",
        "Which shape must a gradient have?",
        dx=_not_cropped,
    ),
    _backward(
        "dx_columns",
        "Your gradient of the images is still in columns.",
        "Which step of the forward pass have you not gone back through yet?",
        dx=lambda cols, in_shape, kernel, **options: cols,
    ),
    _backward(
        "dx_weights_channels_last",
        "Your gradient of the images is spread by filters in another order.",
        "In which order do the entries of a column stand, and in which those of a row of your matrix?",
        rows=lambda w: w.transpose(0, 2, 3, 1).reshape(len(w), -1),
    ),
    _backward(
        "dx_flipped",
        "Your gradient of the images is spread by filters that are turned by 180 degrees.",
        "The transpose of the matrix is all there is: does it turn the filter once more?",
        rows=lambda w: w[:, :, ::-1, ::-1].reshape(len(w), -1),
    ),
    _backward(
        "dy_column_major",
        "The gradients from above meet the wrong columns.",
        "In which order do the positions stand in the columns, and in which does your reshape read them?",
        flat=lambda dout: dout.swapaxes(2, 3).reshape(*dout.shape[:2], -1),
    ),
    _backward("db_mean", "Your gradient of the biases is a mean.", SUM, db=lambda dy: dy.mean((0, 2))),
    _backward(
        "db_first_image", "Your gradient of the biases knows the first image only.", SUM, db=lambda dy: dy[0].sum(1)
    ),
    _backward("db_per_position", "Your gradient of the biases has too many entries.", SUM, db=lambda dy: dy.sum(0)),
    _backward(
        "db_column",
        "Your gradient of the biases has an axis too many.",
        "Which shape must a gradient have?",
        db=lambda dy: dy.sum((0, 2))[:, None],
    ),
    _backward(
        "dw_unpadded",
        "With padding your gradient of the filters is wrong.",
        "Which columns has the forward pass multiplied with the filters?",
        columns=_unpadded,
    ),
    _backward(
        "order",
        "Your three gradients come in another order.",
        ORDER_OF_THREE,
        finish=lambda dx, dw, db: (dw, db, dx),
    ),
)


def _copies(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"copies_{id}", "unfold_kernels", {"unfold_kernels": copies(**steps)}, symptom, hint)


_COPIES = (
    _copies(
        "average",
        "Your filters take a share of a pixel.",
        "What must a filter hold so that it copies a pixel as it is?",
        value=lambda k: 1 / (k[0] * k[1]),
    ),
    _copies(
        "channels_last",
        "Your filters come in another order: all channels of a pixel come together.",
        "Which index runs slowest within a column of im2col?",
        number=lambda c, u, v, c_in, k: (u * k[1] + v) * c_in + c,
    ),
    _copies(
        "column_major",
        "Your filters come in another order: windows are read column by column.",
        "Which index runs fastest within a column of im2col?",
        number=lambda c, u, v, c_in, k: (c * k[1] + v) * k[0] + u,
    ),
    _copies(
        "all_channels",
        "Your filters add up a pixel of all channels.",
        "How many entries of a filter may be other than zero?",
        channels=lambda c: slice(None),
    ),
    _copies(
        "depthwise",
        "Your filters see one channel only.",
        "How many input channels does each filter of a layer have?",
        finish=lambda filters, c_in: filters.sum(1, keepdims=True),
    ),
    _copies(
        "one_channel",
        "You have filters for one channel only.",
        "How many rows has a column of im2col?",
        finish=lambda filters, c_in: filters[: len(filters) // c_in],
    ),
    _copies(
        "flipped",
        "Your filters copy the pixel on the opposite side of the window.",
        "The layer does not turn its filters. Where must the one stand?",
        tap=lambda u, v, k: (k[0] - 1 - u, k[1] - 1 - v),
    ),
    _copies(
        "square",
        "Your filters are always square.",
        AXES,
        kernel_size=lambda k: (k[0], k[0]),
    ),
    _copies(
        "identity",
        "Your result is a matrix.",
        "Which shape do the filters of a layer have?",
        finish=lambda filters, c_in: filters.reshape(len(filters), -1),
    ),
)


def _shifts(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"shifts_{id}", "conv1d_by_shifts", {"conv1d_by_shifts": sliding(**steps)}, symptom, hint)


def _every_position(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    if len(w) > len(x):
        raise ValueError("the filter is longer than the input")
    y = np.zeros(len(x) - len(w) + 1, np.result_type(x, w))
    for i in range(len(y)):
        y[i] = (x[i : i + len(w)] * w).sum()
    return y


_SHIFTS = (
    Mistake(
        "shifts_loops_over_positions",
        "conv1d_by_shifts",
        {"conv1d_by_shifts": _every_position},
        "Your numbers are right, but a loop runs over the positions.",
        "Which loop is short however long the signal is?",
    ),
    _shifts(
        "flipped",
        "Your correlation gives the numbers of a true convolution.",
        "Which shift of the signal meets the first tap?",
        turn=np.flip,
    ),
    _shifts(
        "not_shifted",
        "All your copies of the signal begin at the same place.",
        "Where does the copy begin that is weighed with w[k]?",
        shifted=lambda x, k, n: x[:n],
    ),
    _shifts(
        "wraps",
        "Your result is as long as the input, and its end has seen the beginning.",
        "What does np.roll do with what leaves at one end? Which part of the sum is right?",
        length=lambda x, w: len(x),
        shifted=lambda x, k, n: np.roll(x, -k),
    ),
    _shifts(
        "other_way",
        "Your copies of the signal are shifted the other way.",
        "Which shift of the signal meets the first tap?",
        length=lambda x, w: len(x) - len(w) + 1,
        shifted=lambda x, k, n: np.roll(x, k)[:n],
    ),
    _shifts(
        "last_missing",
        "Your result is one number short.",
        "Put a window of 2 on 3 numbers by hand: how many places are there?",
        length=lambda x, w: len(x) - len(w),
    ),
    _shifts("float64", "Your result is float64 whatever comes in.", DTYPE, dtype=lambda x, w: np.float64),
    _shifts(
        "truncates",
        "With whole numbers in, the fractions of your result are lost.",
        "Which dtype does np.zeros_like take? The filter has a say as well.",
        dtype=lambda x, w: x.dtype,
    ),
    _shifts("adds_into_whole", WHOLE, LIKE, inner=lambda x, w: x.dtype),
    _shifts("no_error", "A filter that is too long gives an empty result.", FITS, check=False),
)


MISTAKES: tuple[Mistake, ...] = (*_PRODUCT, *_BACKWARD, *_COPIES, *_SHIFTS)
