"""The listed mistakes about products with matrices of windows, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_columns import framed, gather, scatter
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_maps import Step, count, pair
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.again_products import (
    contracted,
    einsums,
    eyes,
    stacked,
    views,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.second_maps import (
    dtype_of_first,
    float64,
    unrefused,
)
from autograder.mistakes import named


def _window_by_window(x: np.ndarray, k: Any, s: Any, p: Any) -> np.ndarray:
    seen = views(x, k, s, p)
    out = np.zeros_like(seen)
    for i in range(seen.shape[2]):
        for j in range(seen.shape[3]):
            out[:, :, i, j] = seen[:, :, i, j]
    return out


def _image_by_image(x: np.ndarray, k: Any, s: Any, p: Any) -> np.ndarray:
    return np.stack([views(image[None], k, s, p)[0] for image in x])


def _unrefused_views(x: np.ndarray, k: Any, s: Any, p: Any) -> np.ndarray:
    out = [unrefused(*how) for how in zip(x.shape[2:], k, s, p, strict=True)]
    return views(x, k, s, p) if all(out) else np.zeros((*x.shape[:2], *out, *k))


def _reshapes_product(windows: np.ndarray, w: np.ndarray) -> np.ndarray:
    n, _, rows, columns = windows.shape[:4]
    return np.einsum("ncijuv,fcuv->fnij", windows, w).reshape(n, len(w), rows, columns)


def _reread(out: np.ndarray) -> np.ndarray:
    n, f, rows, columns = out.shape
    return out.reshape(n, f, columns, rows)


_PRODUCT: dict[str, Step] = {
    "pixel_loop": contracted(windows=_window_by_window),
    "image_loop": contracted(windows=_image_by_image),
    "no_bias": contracted(bias=lambda out, b: out),
    "bias_along_width": contracted(bias=lambda out, b: out + (0 if b is None else b)),
    "bias_demanded": contracted(bias=lambda out, b: out + b[:, np.newaxis, np.newaxis]),
    "weights_channels_last": contracted(
        filters=lambda w: np.stack([f.transpose(1, 2, 0).ravel().reshape(f.shape) for f in w])
    ),
    "flipped": contracted(filters=lambda w: np.flip(w, (2, 3))),
    "weights_transposed": contracted(filters=lambda w: w.reshape(-1, len(w)).T.reshape(w.shape)),
    "output_column_major": contracted(arrange=lambda out: _reread(out).swapaxes(2, 3)),
    "output_transposed": contracted(arrange=_reread),
    "mixes_images": contracted(product=_reshapes_product),
    "stride_ignored": contracted(strides=lambda s: (1, 1)),
    "stride_swapped": contracted(strides=lambda s: (s[1], s[0])),
    "padding_ignored": contracted(paddings=lambda p: (0, 0)),
    "padding_swapped": contracted(paddings=lambda p: (p[1], p[0])),
    "float64": contracted(dtype=float64),
    "truncates": contracted(dtype=dtype_of_first),
    "no_error": contracted(windows=_unrefused_views),
}


def _frame_stays(dcols: np.ndarray, x: np.ndarray, k: Any, s: Any, p: Any) -> np.ndarray:
    return scatter(dcols, framed(x, p).shape, k, stride=s)


def _columns_of_x(x: np.ndarray, kernel: Any, *, stride: Any, padding: Any) -> np.ndarray:
    wanted = int(np.prod([count(*how) for how in zip(x.shape[2:], kernel, pair(stride), pair(padding), strict=True)]))
    seen = gather(x, kernel, stride=stride)[:, :, :wanted]
    return np.concatenate([seen, np.zeros((*seen.shape[:2], wanted - seen.shape[2]), x.dtype)], axis=2)


_BACKWARD: dict[str, Step] = {
    "dw_first_image": einsums(dw=lambda dy, cols: np.einsum("fl,el->fe", dy[0], cols[0])),
    "dw_mean": einsums(dw=lambda dy, cols: np.mean(dy @ cols.swapaxes(1, 2), axis=0)),
    "dw_flat": einsums(shape=lambda dw, w: dw),
    "dw_channels_last": einsums(shape=lambda dw, w: np.moveaxis(dw.reshape(len(w), *w.shape[2:], w.shape[1]), -1, 1)),
    "dw_per_image": einsums(
        dw=lambda dy, cols: np.einsum("nfl,nel->nfe", dy, cols), shape=lambda dw, w: dw.reshape(len(dw), *w.shape)
    ),
    "dx_not_cropped": einsums(back=_frame_stays),
    "dx_columns": einsums(back=lambda dcols, x, k, s, p: dcols),
    "dx_weights_channels_last": einsums(
        filters=lambda w: np.stack([f.transpose(1, 2, 0).ravel().reshape(f.shape) for f in w])
    ),
    "dx_flipped": einsums(filters=lambda w: np.flip(w, (2, 3))),
    "dy_column_major": einsums(above=lambda dout: np.moveaxis(dout, 3, 2).reshape(*dout.shape[:2], -1)),
    "db_mean": einsums(db=lambda dy: dy.swapaxes(0, 1).reshape(dy.shape[1], -1).mean(1)),
    "db_first_image": einsums(db=lambda dy: np.einsum("fl->f", dy[0])),
    "db_per_position": einsums(db=lambda dy: np.einsum("nfl->fl", dy)),
    "db_column": einsums(db=lambda dy: np.einsum("nfl->f", dy).reshape(-1, 1)),
    "dw_unpadded": einsums(columns=_columns_of_x),
    "order": einsums(finish=lambda dx, dw, db: (dw, db, dx)),
}


_COPIES: dict[str, Step] = {
    "average": eyes(finish=lambda filters, c_in, k: filters / np.prod(k)),
    "channels_last": eyes(
        rows=lambda eye, c_in, k: np.moveaxis(eye.reshape(c_in, *k, c_in, *k), 0, 2).reshape(-1, c_in, *k)
    ),
    "column_major": eyes(
        rows=lambda eye, c_in, k: eye.reshape(c_in, *k, c_in, *k).swapaxes(1, 2).reshape(-1, c_in, *k)
    ),
    "all_channels": eyes(finish=lambda filters, c_in, k: np.repeat(filters.max(1, keepdims=True), c_in, axis=1)),
    "depthwise": eyes(finish=lambda filters, c_in, k: filters.max(1, keepdims=True)),
    "one_channel": eyes(finish=lambda filters, c_in, k: filters[: k[0] * k[1]]),
    "flipped": eyes(finish=lambda filters, c_in, k: np.flip(filters, (2, 3))),
    "square": eyes(sides=lambda k: (k[0], k[0])),
    "identity": eyes(rows=lambda eye, c_in, k: eye),
}


def _one_by_one(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    if w.size > x.size:
        raise ValueError("no window fits")
    places = range(x.size - w.size + 1)
    return np.array([np.dot(x[i : i + w.size], w) for i in places], dtype=np.result_type(x, w))


_SHIFTS: dict[str, Step] = {
    "loops_over_positions": _one_by_one,
    "flipped": stacked(taps=lambda w: w[::-1]),
    "not_shifted": stacked(row=lambda x, k, n: x[:n]),
    "wraps": stacked(number=lambda x, w: x.size, row=lambda x, k, n: np.concatenate([x[k:], x[:k]])),
    "other_way": stacked(row=lambda x, k, n: np.concatenate([x[x.size - k :], x[: x.size - k]])[:n]),
    "last_missing": stacked(number=lambda x, w: x.size - w.size),
    "float64": stacked(dtype=float64),
    "truncates": stacked(dtype=dtype_of_first),
    "adds_into_whole": stacked(product=dtype_of_first),
    "no_error": stacked(refuse=False),
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **named("product", "conv2d_im2col", _PRODUCT),
    **named("mb", "conv2d_matrix_backward", _BACKWARD),
    **named("copies", "unfold_kernels", _COPIES),
    **named("shifts", "conv1d_by_shifts", _SHIFTS),
}
