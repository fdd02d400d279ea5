"""The listed mistakes about 1x1 convolutions, other axes, groups and holes, made a second time on the other base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.sliding_windows.second_steps import (
    clipped_count,
    float64,
    input_dtype,
    only_first,
    turned,
)
from autograder.hidden_tests.a1_convolution.sliding_windows.windows import RIGHT_AGAIN
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_correlation import Step
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_layer import contract, frame, window_layer
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_other_layers import pixel_product
from autograder.hidden_tests.a1_convolution.sliding_windows.windows_sizes import per_axis, starts
from autograder.mistakes import named

_PIXEL: dict[str, Step] = {
    "channels_not_last": pixel_product(pixels=lambda x: x.reshape(len(x), *x.shape[2:], x.shape[1])),
    "no_transpose_back": pixel_product(back=lambda out, x: out.reshape(len(x), out.shape[-1], *x.shape[2:])),
    "height_width_swapped": pixel_product(
        back=lambda out, x: np.moveaxis(out.reshape(len(x), x.shape[3], x.shape[2], out.shape[-1]), -1, 1)
    ),
    "no_bias": pixel_product(bias=lambda out, b: out),
    "bias_needed": pixel_product(bias=np.add),
    "weights_reshaped": pixel_product(matrix=lambda w: w.reshape(w.shape[1::-1]).T),
    "dtype_float64": pixel_product(dtype=float64),
    "dtype_int": pixel_product(dtype=input_dtype),
}


def _alone(x: np.ndarray, sides: Mapping[int, tuple[int, int]], padding: tuple[int, ...]) -> np.ndarray:
    """Pad one axis on other sides than the rest."""
    return frame(x, [sides.get(axis, (p, p)) for axis, p in enumerate(padding)])


_LINE: dict[str, Step] = {
    "pads_one_side": window_layer(1, pad=lambda x, padding: _alone(x, {0: (2 * padding[0], 0)}, padding)),
    "layer_flips": window_layer(1, turn=turned),
    "layer_stride_ignored": window_layer(1, jumps=lambda s: (1,)),
    "layer_bias_needed": window_layer(1, bias=lambda out, b: out + b[:, None]),
    "layer_first_channel": window_layer(1, combine=only_first),
    "layer_float64": window_layer(1, dtype=float64),
    "layer_extra_axis": window_layer(1, finish=lambda out: np.expand_dims(out, 2)),
}


def _by_slices(x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0) -> np.ndarray:
    """A layer over two axes whose channels are the slices, as many as a filter has."""
    if x.shape[2] < w.shape[2]:
        raise ValueError("the filter is too deep")
    slices, filters = x[:, :, : w.shape[2]], w.reshape(len(w), -1, *w.shape[3:])
    flat = slices.reshape(len(x), -1, *x.shape[3:])
    return RIGHT_AGAIN["conv2d_forward"](
        flat, filters, b, stride=per_axis(stride, 3)[1:], padding=per_axis(padding, 3)[1:]
    )


_VOLUME: dict[str, Step] = {
    "flips_depth": window_layer(3, turn=lambda w: np.flip(w, 2)),
    "triples_reversed": window_layer(3, strides=lambda s: tuple(reversed(s))),
    "depth_not_padded": window_layer(3, pad=lambda x, padding: _alone(x, {0: (0, 2 * padding[0])}, padding)),
    "first_slice_only": window_layer(3, combine=lambda windows, w: contract(windows[..., :1, :, :], w[:, :, :1])),
    "depth_summed": window_layer(3, finish=lambda out: np.einsum("nfdhw->nfhw", out)),
    "depth_as_channels": _by_slices,
    "depth_stride_ignored": window_layer(3, jumps=lambda s: (1, *s[1:])),
    "bias_missing": window_layer(3, bias=lambda out, b: out),
}


def _deals_out(x: Any, w: Any, b: Any, *, groups: int = 1, **options: Any) -> np.ndarray:
    out = RIGHT_AGAIN["conv2d_grouped"](x, w, b, groups=groups, **options)
    return out[:, np.arange(len(w)).reshape(groups, -1).T.ravel()]


def _one_map(x: Any, w: Any, b: Any, *, groups: int = 1, **options: Any) -> np.ndarray:
    out = RIGHT_AGAIN["conv2d_grouped"](x, w, b, groups=groups, **options)
    return np.einsum("nfhw->nhw", out)[:, None] if 1 < groups == x.shape[1] else out


def _single_channels(x: Any, w: Any, b: Any, *, groups: int = 1, **options: Any) -> np.ndarray:
    if groups > 1:
        alone = np.arange(x.shape[1])[None, :groups].T
        alone[:, x.shape[1] // groups - 1]
    return RIGHT_AGAIN["conv2d_grouped"](x, w, b, groups=groups, **options)


def _few_biases(x: Any, w: Any, b: Any, *, groups: int = 1, **options: Any) -> np.ndarray:
    shared = None if b is None else b[np.arange(len(w)) // (len(w) // groups)]
    return RIGHT_AGAIN["conv2d_grouped"](x, w, shared, groups=groups, **options)


def _with_gaps(x: Any, w: Any, b: Any, *, dilation: Any = 1, **options: Any) -> np.ndarray:
    steps = per_axis(dilation)
    dot = np.zeros(steps, dtype=x.dtype)
    dot[0, 0] = 1
    size = [step * (n - 1) + 1 for step, n in zip(steps, x.shape[2:], strict=True)]
    gaps = np.kron(x, dot[None, None])[:, :, : size[0], : size[1]]
    return RIGHT_AGAIN["conv2d_grouped"](gaps, w, b, dilation=steps, **options)


_GROUPED: dict[str, Step] = {
    "first_channels": window_layer(channels=lambda group, each, groups: np.arange(each)),
    "interleaved": window_layer(channels=lambda group, each, groups: np.arange(each) * groups + group),
    "offset_one": window_layer(channels=lambda group, each, groups: np.arange(each) + group),
    "outputs_shuffled": _deals_out,
    "depthwise_summed": _one_map,
    "depthwise_only": _single_channels,
    "dilation_ignored": window_layer(dilations=lambda d: (1,) * len(d)),
    "input_dilated": _with_gaps,
    "dilation_swapped": window_layer(dilations=lambda d: (d[1], d[0])),
    "dilation_times_kernel": window_layer(count=starts(span=lambda kernel, dilation: kernel * dilation)),
    "stride_swapped": window_layer(strides=lambda s: (s[1], s[0])),
    "flips": window_layer(turn=turned),
    "bias_per_group": _few_biases,
    "dtype_float64": window_layer(dtype=float64),
    "undilated_fits": window_layer(count=clipped_count()),
}


SECOND: dict[str, Mapping[str, Callable[..., Any]]] = {
    **named("1x1", "conv1x1_as_matmul", _PIXEL),
    **named("conv1d", "conv1d_forward", _LINE),
    **named("conv3d", "conv3d_forward", _VOLUME),
    **named("groups", "conv2d_grouped", _GROUPED),
}
