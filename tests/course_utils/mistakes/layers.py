"""What goes wrong in convolution layers, beyond what is listed for hidden tests and spoiled answers.

A layer over one axis or three that is built of a wrong one over two is wrong as well, and so is a wrong layer that is
told of groups and dilation.
"""

from __future__ import annotations

import numpy as np

from tests.course_utils.checked import checks_of

SLIDING_WINDOWS = checks_of("sliding_windows")
right = SLIDING_WINDOWS.right


def spread(value, axes=2):
    return value if isinstance(value, tuple) else (value,) * axes


def keep_dtype(out, x, w, b):
    return out.astype(np.result_type(*(a for a in (x, w, b) if a is not None)))


def around(x, sides, **how):
    """Pad the last two axes."""
    return np.pad(x, ((0, 0), (0, 0), *sides), **how)


def after_padding(sides, **how):
    """A layer whose input is padded in another way; sides(p) gives what comes before and behind."""

    def wrong(x, w, b, *, stride=1, padding=0, **rest):
        right.conv2d_grouped(x, w, b, stride=stride, padding=padding, **rest)
        padded = around(x, [sides(p) for p in spread(padding)], **how)
        return right.conv2d_grouped(padded, w, b, stride=stride, padding=0, **rest)

    return wrong


def change_out(change):
    return lambda x, w, b, **o: change(right.conv2d_grouped(x, w, b, **o), x, w, b)


def per_filter(values):
    return np.asarray(values).reshape(-1, 1, 1)


def first_axis_only(name):
    def wrong(x, w, b, **o):
        if name in o:
            o[name] = (spread(o[name])[0], 0 if name == "padding" else 1)
        return right.conv2d_grouped(x, w, b, **o)

    return wrong


def first_axis_for_all(name):
    def wrong(x, w, b, **o):
        if name in o:
            o[name] = spread(o[name])[0]
        return right.conv2d_grouped(x, w, b, **o)

    return wrong


def bias_on_last_axis(x, w, b, **o):
    out = right.conv2d_grouped(x, w, None, **o)
    return out if b is None else keep_dtype(out + b, x, w, b)


def only_divisible(x, w, b, *, stride=1, padding=0, **o):
    zipped = zip(x.shape[2:], spread(padding), w.shape[2:], spread(stride), strict=True)
    if any((n + 2 * p - k) % s for n, p, k, s in zipped):
        raise AssertionError("not divisible")
    return right.conv2d_grouped(x, w, b, stride=stride, padding=padding, **o)


def height_for_both(x, w, b, **o):
    if w.shape[3] < w.shape[2]:
        raise IndexError("index out of bounds")
    return right.conv2d_grouped(x, w[..., : w.shape[2]], b, **o)


def cropped_with_nothing(x, w, b, *, padding=0, **o):
    out = right.conv2d_grouped(x, w, b, padding=padding, **o)
    return out[:, :, 0:-0] if spread(padding)[0] == 0 else out


class OneBuffer:
    """Gives out the same array again and again."""

    def __init__(self):
        self.buffers = {}

    def __call__(self, x, w, b, **o):
        out = right.conv2d_grouped(x, w, b, **o)
        buffer = self.buffers.setdefault((out.shape, out.dtype.str), np.zeros_like(out))
        buffer[...] = out
        return buffer


LAYER = {
    "flips the channels": lambda x, w, b, **o: right.conv2d_grouped(x, w[:, ::-1], b, **o),
    "flips the last axis only": lambda x, w, b, **o: right.conv2d_grouped(x, w[..., ::-1], b, **o),
    "bias per window entry": change_out(
        lambda out, x, w, b: out if b is None else out + per_filter((w[0].size - 1) * b)
    ),
    "bias subtracted": change_out(lambda out, x, w, b: out if b is None else out - 2 * per_filter(b)),
    "bias on the last axis": bias_on_last_axis,
    "pad first axis only": first_axis_only("padding"),
    "pad of the first axis for all": first_axis_for_all("padding"),
    "stride of the first axis for all": first_axis_for_all("stride"),
    "stride first axis only": first_axis_only("stride"),
    "pad in front": after_padding(lambda p: (2 * p, 0)),
    "E34 pad on one side": after_padding(lambda p: (p, 0)),
    "pad circular": after_padding(lambda p: (p, p), mode="wrap"),
    "pad with ones": after_padding(lambda p: (p, p), constant_values=1),
    "must be divisible": only_divisible,
    "first kernel side for all": height_for_both,
    "mean over the window": lambda x, w, b, **o: right.conv2d_grouped(x, w / w[0].size, b, **o),
    "sums the batch": change_out(lambda out, x, w, b: np.broadcast_to(out.sum(axis=0), out.shape).copy()),
    "transposed square kernel": lambda x, w, b, **o: right.conv2d_grouped(
        x, w.transpose(0, 1, 3, 2) if w.shape[2] == w.shape[3] else w, b, **o
    ),
    "crop with -0": cropped_with_nothing,
    "one buffer": OneBuffer(),
}
LAYER_OF_TWO_AXES = {
    "other parameter names": lambda x, w, b, *, s=1, pad=0: right.conv2d_forward(x, w, b, stride=s, padding=pad),
}


def over_one_axis(layer):
    """A layer over one axis, built of one over two."""

    def wrong(x, w, b, *, stride=1, padding=0):
        (s,), (p,) = spread(stride, 1), spread(padding, 1)
        return layer(x[:, :, None], w[:, :, None], b, stride=(1, s), padding=(0, p))[:, :, 0]

    return wrong


def over_three_axes(layer):
    """A layer over three axes: at each place along the depth, slices are channels of one over two."""

    def wrong(x, w, b, *, stride=1, padding=0):
        (s_d, *s), (p_d, *p) = spread(stride, 3), spread(padding, 3)
        x = np.pad(x, ((0, 0), (0, 0), (p_d, p_d), (0, 0), (0, 0)))
        if x.shape[2] < w.shape[2]:
            raise ValueError("the filter is too deep")
        filters = w.reshape(len(w), -1, *w.shape[3:])
        slabs = (x[:, :, i : i + w.shape[2]] for i in range(0, x.shape[2] - w.shape[2] + 1, s_d))
        flat = (slab.reshape(len(x), -1, *x.shape[3:]) for slab in slabs)
        return np.stack([layer(slab, filters, b, stride=tuple(s), padding=tuple(p)) for slab in flat], axis=2)

    return wrong


def sum_of_planes(x, w, b, **o):
    out = right.conv3d_forward(x, w, b, **o)
    return np.broadcast_to(out.sum(axis=2, keepdims=True), out.shape).copy()


listed = {m.id: m.functions["conv2d_forward"] for m in SLIDING_WINDOWS.graded.wrong if m.question == "conv2d_forward"}
# What is done about filters of one pixel, or needs two axes to go wrong.
ONE_PIXEL = {"cf_stride_1x1"}
TWO_AXES = {
    "cf_flip_cols_only",
    "cf_transposed_kernel",
    "cf_out_transposed",
    "cf_out_w_from_h",
    "cf_stride_rows_only",
    "cf_im2col_short_rows",
    "first kernel side for all",
    "pad of the first axis for all",
    "stride of the first axis for all",
    "transposed square kernel",
}
WRONG = {name: layer for name, layer in (listed | LAYER).items() if name not in ONE_PIXEL}
ONE_AXIS = {f"1d: {name}": over_one_axis(layer) for name, layer in WRONG.items() if name not in TWO_AXES}
THREE_AXES = {
    **{f"3d: {name}": over_three_axes(layer) for name, layer in WRONG.items()},
    "3d: sum of planes": sum_of_planes,
    "3d: flips the depth of channels": lambda x, w, b, **o: right.conv3d_forward(x, w[:, ::-1, ::-1], b, **o),
    "3d: depth not padded": lambda x, w, b, *, stride=1, padding=0: right.conv3d_forward(
        x, w, b, stride=stride, padding=(0, *spread(padding, 3)[1:])
    ),
    "3d: depth not strided": lambda x, w, b, *, stride=1, padding=0: right.conv3d_forward(
        x, w, b, stride=(1, *spread(stride, 3)[1:]), padding=padding
    ),
}


def in_place(x, w, b):
    out = right.conv1x1_as_matmul(x, w, b)
    x.shape = (-1,)
    return out


def pixels(change):
    return lambda x, w, b: change(right.conv1x1_as_matmul(x, w, b), x, w)


PIXELS = {
    "bias 0 for all": lambda x, w, b: right.conv1x1_as_matmul(x, w, None if b is None else np.full_like(b, b[0])),
    "bias on the last axis": lambda x, w, b: right.conv1x1_as_matmul(x, w, None) + (0 if b is None else b),
    "reshape without moving channels": lambda x, w, b: (
        x.reshape(-1, x.shape[1]) @ w[:, :, 0, 0].T + (0 if b is None else b)
    ).reshape(len(x), len(w), *x.shape[2:]),
    "no transpose back": pixels(lambda out, x, w: out.transpose(1, 0, 2, 3).reshape(out.shape)),
    "rows and columns mixed": pixels(lambda out, x, w: out.swapaxes(2, 3).reshape(out.shape)),
    "transposed weights": lambda x, w, b: right.conv1x1_as_matmul(
        x, w.transpose(1, 0, 2, 3) if len(w) == w.shape[1] else w, b
    ),
    "batch order": lambda x, w, b: right.conv1x1_as_matmul(x[::-1], w, b),
    "mean over channels": lambda x, w, b: right.conv1x1_as_matmul(x / x.shape[1], w, b),
    "first channel": lambda x, w, b: right.conv1x1_as_matmul(x[:, :1], w[:, :1], b),
    "reshapes x in place": in_place,
}


def regroup(pick):
    def wrong(x, w, b, *, groups=1, **o):
        right.conv2d_grouped(x, w, b, groups=groups, **o)
        parts = [
            right.conv2d_grouped(x[:, pick(g, groups, x.shape[1])], w[f], None, **o)
            for g, f in enumerate(np.split(np.arange(len(w)), groups))
        ]
        out = np.concatenate(parts, axis=1)
        return keep_dtype(out if b is None else out + per_filter(b), x, w, b)

    return wrong


def thinned(x, dilation):
    d_h, d_w = spread(dilation)
    return x[:, :, ::d_h, ::d_w]


def one_filter_a_group(x, w, b, *, groups=1, **o):
    shared = max(len(w) // groups, 1)
    return np.repeat(right.conv2d_grouped(x, w, b, groups=groups, **o)[:, ::shared], shared, axis=1)


def undilated_if_too_large(x, w, b, *, dilation=1, **o):
    try:
        return right.conv2d_grouped(x, w, b, dilation=dilation, **o)
    except ValueError:
        return right.conv2d_grouped(x, w, b, **o)


GROUPED = WRONG | {
    "groups in reverse": regroup(lambda g, groups, c: np.arange(c).reshape(groups, -1)[groups - 1 - g]),
    "every group reads the last": regroup(lambda g, groups, c: np.arange(c)[-(c // groups) :]),
    "E39 dilates the input": lambda x, w, b, *, dilation=1, **o: right.conv2d_grouped(
        thinned(x, dilation), w, b, dilation=dilation, **o
    ),
    "E39 dilates the input instead": lambda x, w, b, *, dilation=1, **o: right.conv2d_grouped(
        thinned(x, dilation), w, b, **o
    ),
    "dilation of the rows only": first_axis_only("dilation"),
    "dilation of the rows for both": first_axis_for_all("dilation"),
    "dilation one more": lambda x, w, b, *, dilation=1, **o: right.conv2d_grouped(
        x, w, b, dilation=tuple(d if d == 1 else d + 1 for d in spread(dilation)), **o
    ),
    "groups ignored": lambda x, w, b, *, groups=1, **o: right.conv2d_grouped(x, np.tile(w, (1, groups, 1, 1)), b, **o),
    "stride times dilation": lambda x, w, b, *, stride=1, dilation=1, **o: right.conv2d_grouped(
        x,
        w,
        b,
        stride=tuple(s * d for s, d in zip(spread(stride), spread(dilation), strict=True)),
        dilation=dilation,
        **o,
    ),
    "one filter for each group": one_filter_a_group,
    "depthwise only without multiplier": lambda x, w, b, *, groups=1, **o: right.conv2d_grouped(
        x, w, b, groups=groups, **o
    )[:, : groups if groups == x.shape[1] else None],
    "error without dilation": undilated_if_too_large,
}
