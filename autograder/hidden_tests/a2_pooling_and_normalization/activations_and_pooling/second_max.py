"""The listed mistakes in max pooling, made a second time: windows gathered by their indices, gradients scattered."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered import RIGHT_AGAIN
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_activations import Step
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_pooling import (
    first_winner,
    gather,
    inner,
    pair_of,
    planned,
    pooled,
    scattered_back,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.second_steps import (
    Tensor,
    all_ones,
    allowed,
    corner_crop,
    ends_with_windows,
    half_refused,
    in_double,
    in_single,
    negative_crop,
    no_crop,
    one_less,
    other_way,
    plans,
    rounded_up,
    twice_first,
)


# The forward pass of max pooling
def _zero_last(out: Tensor) -> Tensor:
    left = torch.zeros_like(out)
    rows, columns = (max(n - 1, 1) for n in out.shape[2:])
    left[:, :, :rows, :columns] = out[:, :, :rows, :columns]
    return left


def _raises_caller(x: Tensor, kernel: Any, **options: Any) -> Tensor:
    floor = x.amin()
    out = RIGHT_AGAIN["max_pool2d_forward"](x.sub_(floor), kernel, **options)
    return out.add(floor)


def _blocks(x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
    k, p = pair_of(kernel), pair_of(padding)
    if any(p) or any(n % m for n, m in zip(x.shape[2:], k, strict=True)):
        return RIGHT_AGAIN["max_pool2d_forward"](x, kernel, stride=stride, padding=padding)
    return RIGHT_AGAIN["max_pool2d_forward"](x, kernel)


def _from_memory(x: Tensor, kernel: Any, **options: Any) -> Tensor:
    strides = [1]
    for length in x.shape[:0:-1]:
        strides.insert(0, strides[0] * length)
    return RIGHT_AGAIN["max_pool2d_forward"](x.as_strided(x.shape, strides), kernel, **options)


def _larger_than_image(size: Any, kernel: Any, _stride: Any, _padding: Any) -> None:
    height, width = pair_of(kernel)
    if size[0] < height or size[1] < width:
        raise ValueError("larger than the image")


def _must_divide(size: Any, kernel: Any, stride: Any, padding: Any) -> None:
    k, p, s = pair_of(kernel), pair_of(padding), pair_of(kernel if stride is None else stride)
    free = [size[axis] + 2 * p[axis] - k[axis] for axis in (0, 1)]
    if any(room >= 0 and room % step for room, step in zip(free, s, strict=True)):
        raise AssertionError


FORWARD: dict[str, Step] = {
    "last_element": pooled(reduce=lambda w, inside, border: w[..., -1, -1]),
    "first_element": pooled(reduce=lambda w, inside, border: w[..., 0, 0]),
    "mean": pooled(reduce=lambda w, inside, border: w.sum((4, 5)) / (w.shape[4] * w.shape[5])),
    "smallest": pooled(reduce=lambda w, inside, border: w.amin((4, 5))),
    "abs_max": pooled(reduce=lambda w, inside, border: torch.maximum(w.amax((4, 5)), -w.amin((4, 5)))),
    "zero_init": pooled(finish=lambda out: torch.maximum(out, torch.zeros_like(out))),
    "row_max_only": pooled(reduce=lambda w, inside, border: w[..., 0].amax(4)),
    "first_row_only": pooled(reduce=lambda w, inside, border: w[..., 0, :].amax(4)),
    "max_over_channels": pooled(finish=lambda out: out.amax(1, keepdim=True).expand_as(out)),
    "max_over_batch": pooled(finish=lambda out: out.amax(0, keepdim=True).expand_as(out)),
    **plans(
        "kernel_height_both kernel_swapped strides_swapped stride_is_kernel stride_default_one stride_not_in_window "
        "padding_ignored no_error no_limit",
        pooled,
    ),
    "stride_rows_only": pooled(plan=planned(strides=lambda s: [s[0], 1])),
    "width_from_height": pooled(plan=planned(arrange=twice_first)),
    "out_single_pad": pooled(plan=planned(once=True)),
    "ceil_mode": pooled(plan=planned(windows=rounded_up)),
    "out_swapped": pooled(plan=planned(arrange=other_way)),
    "out_one_less": pooled(plan=planned(windows=one_less)),
    "max_over_all": pooled(
        reduce=lambda w, inside, border: w.amax((0, 1, 4, 5), keepdim=True)[..., 0, 0].expand(w.shape[:4])
    ),
    "last_missing": pooled(finish=_zero_last),
    "reshape_trick": _blocks,
    "pads_zeros": pooled(fill=0.0),
    "pads_low_number": pooled(fill=-1e9),
    "border_swapped": pooled(plan=planned(bordered=other_way)),
    "pads_after_only": pooled(plan=planned(ahead=lambda padding: 0)),
    "padding_swapped": pooled(plan=planned(paddings=other_way, too_wide=allowed)),
    "limit_too_strict": pooled(plan=planned(too_wide=half_refused)),
    "float32": pooled(finish=in_single),
    "float64": pooled(finish=in_double),
    "with_places": pooled(finish=lambda out: (out, out.clone())),
    "other_error": pooled(plan=planned(error=RuntimeError)),
    "error_without_padding": pooled(demand=_larger_than_image),
    "assumes_divisible": pooled(demand=_must_divide),
    "mutates_x": _raises_caller,
    "ignores_memory": _from_memory,
}


# The backward pass of max pooling
def _close_ones(windows: Tensor, *_others: Tensor) -> Tensor:
    return (windows.amax((4, 5), keepdim=True) - windows < 0.01).to(windows.dtype)


def _one_part(windows: Tensor, *_others: Tensor) -> Tensor:
    return torch.full_like(windows, 1.0) / (windows.shape[4] * windows.shape[5])


def _by_height(dout: Tensor, x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
    k, p, s = pair_of(kernel), pair_of(padding), pair_of(kernel if stride is None else stride)
    windows, _, _ = gather(x, planned()(x.shape[2:], kernel, stride, padding), -torch.inf)
    flat = windows.flatten(4).argmax(4)
    n, c, i, j = torch.meshgrid(*map(torch.arange, flat.shape), indexing="ij")
    wide = x.new_zeros((*x.shape[:2], x.shape[2] + 2 * p[0], x.shape[3] + 2 * p[1]))
    wide.index_put_((n, c, i * s[0] + flat // k[0], j * s[1] + flat % k[0]), dout, accumulate=True)
    return inner(wide, p)


def _lowest(windows: Tensor, *_others: Tensor) -> Tensor:
    return first_winner(windows.neg())


def _of_all_channels(windows: Tensor, *_others: Tensor) -> Tensor:
    return (windows >= windows.amax((1, 4, 5), keepdim=True)).to(windows.dtype)


def _times_winner(shares: Tensor, dout: Tensor, windows: Tensor) -> Tensor:
    return shares * (dout * windows.amax((4, 5)))[..., None, None]


def _silent_last(shares: Tensor, dout: Tensor, _windows: Tensor) -> Tensor:
    return shares * _zero_last(dout)[..., None, None]


def _only_channel(dout: Tensor) -> Tensor:
    return dout * (torch.arange(dout.shape[1]) == 0).to(dout.dtype)[:, None, None]


def _only_first_image(dx: Tensor, _dout: Tensor, _x: Tensor) -> Tensor:
    return dx * (torch.arange(len(dx)) == 0).to(dx.dtype)[:, None, None, None]


def _empties(index: int) -> Step:
    """A backward function that clears one of its inputs, or what was chosen of it."""

    def back(dout: Tensor, x: Tensor, kernel: Any, **options: Any) -> Tensor:
        dx = RIGHT_AGAIN["max_pool2d_backward"](dout, x, kernel, **options)
        if index == 0:
            dout.zero_()
        else:
            x.masked_fill_(dx != 0, 0.0)
        return dx

    return back


BACKWARD: dict[str, Step] = {
    "assign": scattered_back(accumulate=False, only_new=True),
    "assign_window": scattered_back(accumulate=False),
    "nearly_largest": scattered_back(shares=_close_ones),
    "whole_window_avg": scattered_back(shares=_one_part),
    "whole_window_full": scattered_back(shares=all_ones),
    "unravel_by_height": _by_height,
    "no_window_offset": scattered_back(target=lambda places: [axis[:1].expand_as(axis) for axis in places]),
    "offset_rows_only": scattered_back(target=lambda places: [places[0], places[1][:1].expand_as(places[1])]),
    **plans(
        "kernel_height_both kernel_swapped strides_swapped stride_is_kernel stride_default_one stride_not_in_window "
        "padding_ignored",
        scattered_back,
    ),
    "first_sample": scattered_back(finish=_only_first_image),
    "ones_not_dout": scattered_back(chain=lambda shares, dout, windows: shares),
    "times_x": scattered_back(chain=_times_winner),
    "value_not_dout": scattered_back(chain=lambda shares, dout, w: shares * w.amax((4, 5), keepdim=True)),
    "divided": scattered_back(chain=lambda shares, dout, w: shares * (dout / w[0, 0, 0, 0].numel())[..., None, None]),
    "first_channel": scattered_back(chain=lambda shares, dout, w: shares * _only_channel(dout)[..., None, None]),
    "smallest": scattered_back(shares=_lowest),
    "max_over_channels": scattered_back(shares=_of_all_channels),
    "last_missing": scattered_back(chain=_silent_last),
    "pads_zeros": scattered_back(fill=0.0),
    "crop_negative": scattered_back(into=negative_crop),
    "crop_top_left": scattered_back(into=corner_crop),
    "not_cropped": scattered_back(into=no_crop),
    "remainder_shape": ends_with_windows("max_pool2d_backward"),
    "float32": scattered_back(finish=in_single),
    "float64": scattered_back(finish=in_double),
    "mutates_dout": _empties(0),
    "mutates_x": _empties(1),
}
