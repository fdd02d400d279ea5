"""The listed mistakes in pooling, made a second time: all windows gathered by their indices, gradients scattered."""

from __future__ import annotations

from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered import (
    RIGHT_AGAIN,
    Step,
    averaged,
    averaged_back,
    first_winner,
    gather,
    inner,
    made,
    pair_of,
    planned,
    pooled,
    pooled1d,
    scattered_back,
    whole_average,
    whole_back,
)

Tensor = torch.Tensor


def _float(out: Tensor, *_others: Any) -> Tensor:
    return out.float()


def _double(out: Tensor, *_others: Any) -> Tensor:
    return out.double()


def _rounded_up(last: int, stride: int) -> int:
    return len(range(0, last + stride, stride))


def _one_less(last: int, stride: int) -> int:
    return len(range(stride, last + 1, stride))


def _one_if_none(stride: Any, _kernel: Any) -> Any:
    return 1 if stride is None else stride


def _kernel_always(_stride: Any, kernel: Any) -> Any:
    return kernel


def _allowed(_padding: int, _kernel: int) -> bool:
    return False


def _half_refused(padding: int, kernel: int) -> bool:
    return padding > (kernel - 1) // 2


def _twice_first(pair: list[int]) -> list[int]:
    return [pair[0], pair[0]]


def _other_way(pair: list[int]) -> list[int]:
    return [pair[1], pair[0]]


def _nothing(_pair: list[int]) -> list[int]:
    return [0, 0]


def _step_by_step(place: int, _stride: int) -> int:
    return place


# Layouts that are wrong in the same way for the largest number and for the average.
_WRONG_PLANS: dict[str, Step] = {
    "kernel_height_both": planned(kernels=_twice_first),
    "kernel_swapped": planned(kernels=_other_way),
    "strides_swapped": planned(strides=_other_way),
    "stride_is_kernel": planned(stride_of=_kernel_always),
    "stride_default_one": planned(stride_of=_one_if_none),
    "stride_not_in_window": planned(first=_step_by_step),
    "padding_ignored": planned(paddings=_nothing),
    "no_error": planned(refuse=False),
    "no_limit": planned(too_wide=_allowed),
}


def _plans(names: str, build: Step) -> dict[str, Step]:
    return {name: build(plan=_WRONG_PLANS[name]) for name in names.split()}


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


_FORWARD: dict[str, Step] = {
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
    **_plans(
        "kernel_height_both kernel_swapped strides_swapped stride_is_kernel stride_default_one stride_not_in_window "
        "padding_ignored no_error no_limit",
        pooled,
    ),
    "stride_rows_only": pooled(plan=planned(strides=lambda s: [s[0], 1])),
    "width_from_height": pooled(plan=planned(arrange=_twice_first)),
    "out_single_pad": pooled(plan=planned(once=True)),
    "ceil_mode": pooled(plan=planned(windows=_rounded_up)),
    "out_swapped": pooled(plan=planned(arrange=_other_way)),
    "out_one_less": pooled(plan=planned(windows=_one_less)),
    "max_over_all": pooled(
        reduce=lambda w, inside, border: w.amax((0, 1, 4, 5), keepdim=True)[..., 0, 0].expand(w.shape[:4])
    ),
    "last_missing": pooled(finish=_zero_last),
    "reshape_trick": _blocks,
    "pads_zeros": pooled(fill=0.0),
    "pads_low_number": pooled(fill=-1e9),
    "border_swapped": pooled(plan=planned(bordered=_other_way)),
    "pads_after_only": pooled(plan=planned(ahead=lambda padding: 0)),
    "padding_swapped": pooled(plan=planned(paddings=_other_way, too_wide=_allowed)),
    "limit_too_strict": pooled(plan=planned(too_wide=_half_refused)),
    "float32": pooled(finish=_float),
    "float64": pooled(finish=_double),
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


def _all_ones(windows: Tensor, *_others: Tensor) -> Tensor:
    return torch.ones_like(windows)


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


def _negative_crop(wide: Tensor, padding: list[int]) -> Tensor:
    return wide[..., padding[0] : -padding[0], padding[1] : -padding[1]]


def _corner_crop(wide: Tensor, padding: list[int]) -> Tensor:
    return wide[..., : wide.shape[2] - 2 * padding[0], : wide.shape[3] - 2 * padding[1]]


def _no_crop(wide: Tensor, _padding: list[int]) -> Tensor:
    return wide


def _ends_with_windows(name: str) -> Step:
    def back(dout: Tensor, of: Any, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        dx = RIGHT_AGAIN[name](dout, of, kernel, stride=stride, padding=padding)
        k, p, s = pair_of(kernel), pair_of(padding), pair_of(kernel if stride is None else stride)
        height, width = ((dout.shape[2 + a] - 1) * s[a] + k[a] - 2 * p[a] for a in (0, 1))
        return dx.narrow(2, 0, min(height, dx.shape[2])).narrow(3, 0, min(width, dx.shape[3]))

    return back


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


_BACKWARD: dict[str, Step] = {
    "assign": scattered_back(accumulate=False, only_new=True),
    "assign_window": scattered_back(accumulate=False),
    "nearly_largest": scattered_back(shares=_close_ones),
    "whole_window_avg": scattered_back(shares=_one_part),
    "whole_window_full": scattered_back(shares=_all_ones),
    "unravel_by_height": _by_height,
    "no_window_offset": scattered_back(target=lambda places: [axis[:1].expand_as(axis) for axis in places]),
    "offset_rows_only": scattered_back(target=lambda places: [places[0], places[1][:1].expand_as(places[1])]),
    **_plans(
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
    "crop_negative": scattered_back(into=_negative_crop),
    "crop_top_left": scattered_back(into=_corner_crop),
    "not_cropped": scattered_back(into=_no_crop),
    "remainder_shape": _ends_with_windows("max_pool2d_backward"),
    "float32": scattered_back(finish=_float),
    "float64": scattered_back(finish=_double),
    "mutates_dout": _empties(0),
    "mutates_x": _empties(1),
}


# Average pooling


def _within_image(windows: Tensor, inside: Tensor, _border: Tensor) -> Tensor:
    return windows.sum((4, 5)) / inside.sum((2, 3))


def _only_inside(windows: Tensor, inside: Tensor, _border: Tensor) -> Tensor:
    return (inside.to(windows.dtype) / inside.sum((2, 3))[:, :, None, None]).expand_as(windows)


def _square_of_height(windows: Tensor, *_others: Tensor) -> Tensor:
    return torch.ones_like(windows) / windows.shape[4] ** 2


def _corner(windows: Tensor, *_others: Tensor) -> Tensor:
    shares = torch.zeros_like(windows)
    shares[..., 0, 0] = 1.0
    return shares


def _shrinks_dout(dout: Tensor, in_size: Any, kernel: Any, **options: Any) -> Tensor:
    dx = RIGHT_AGAIN["avg_pool2d_backward"](dout, in_size, kernel, **options)
    height, width = pair_of(kernel)
    dout.div_(height * width)
    return dx


def _by_image(dout: Tensor, in_size: Any, kernel: Any, **options: Any) -> Tensor:
    back = averaged_back(shares=lambda w, *others: torch.full_like(w, 1 / (in_size[0] * in_size[1])))
    return back(dout, in_size, kernel, **options)


def _takes_mean_off(x: Tensor) -> Tensor:
    means = x.mean((2, 3), keepdim=True)
    x.sub_(means)
    return means[:, :, 0, 0]


_AVERAGE: dict[str, Step] = {
    "sum": averaged(reduce=lambda w, inside, border: w.sum((4, 5))),
    "largest": averaged(reduce=lambda w, inside, border: w.amax((4, 5))),
    "height_squared": averaged(reduce=lambda w, inside, border: w.sum((4, 5)) / w.shape[4] ** 2),
    "border_not_counted": averaged(reduce=_within_image),
    "row_only": averaged(reduce=lambda w, inside, border: w[..., 0, :].mean(4)),
    **_plans(
        "strides_swapped stride_is_kernel stride_default_one stride_not_in_window padding_ignored no_error no_limit "
        "kernel_swapped",
        averaged,
    ),
    "padding_swapped": averaged(plan=planned(paddings=_other_way, too_wide=_allowed)),
    "other_error": averaged(plan=planned(error=RuntimeError)),
    "ceil_mode": averaged(plan=planned(windows=_rounded_up)),
    "float32": averaged(finish=_float),
    "float64": averaged(finish=_double),
}

_AVERAGE_BACK: dict[str, Step] = {
    "not_divided": averaged_back(shares=_all_ones),
    "divided_by_image": _by_image,
    "assign": averaged_back(accumulate=False),
    "height_squared": averaged_back(shares=_square_of_height),
    "border_not_counted": averaged_back(shares=_only_inside),
    "first_pixel": averaged_back(shares=_corner),
    **_plans("stride_not_in_window stride_is_kernel", averaged_back),
    "crop_negative": averaged_back(into=_negative_crop),
    "crop_top_left": averaged_back(into=_corner_crop),
    "not_cropped": averaged_back(into=_no_crop),
    "remainder_shape": _ends_with_windows("avg_pool2d_backward"),
    "float32": averaged_back(finish=_float),
    "mutates_dout": _shrinks_dout,
}

_WHOLE: dict[str, Step] = {
    "sum": whole_average(lambda pixels: pixels.sum(2)),
    "largest": whole_average(lambda pixels: pixels.amax(2)),
    "axes_kept": whole_average(finish=lambda out: out.reshape(*out.shape, 1, 1)),
    "rows_only": lambda x: x.sum(2) / x.shape[2],
    "batch": whole_average(finish=lambda out: out.mean(0)),
    "channels": whole_average(finish=lambda out: out.mean(1)),
    "height_squared": lambda x: x.sum((2, 3)) / (x.shape[2] * x.shape[2]),
    "float32": whole_average(finish=_float),
    "mutates_x": _takes_mean_off,
}

_WHOLE_BACK: dict[str, Step] = {
    "not_divided": whole_back(lambda dout, height, width: 1),
    "no_dout": lambda dout, in_size: torch.full((*dout.shape, *in_size), 1 / (in_size[0] * in_size[1])),
    "divided_by_batch": whole_back(lambda dout, height, width: dout.shape[0] * height * width),
    "height_squared": whole_back(lambda dout, height, width: height**2),
    "one_pixel": whole_back(finish=lambda dx: dx[:, :, 0:1, 0:1]),
    "size_swapped": lambda dout, in_size: RIGHT_AGAIN["global_avg_pool_backward"](dout, in_size[::-1]),
    "float32": whole_back(finish=_float),
}


# Average pooling as a convolution

_FILTERS: dict[str, Step] = {
    "ones": made(total=lambda c, h, w: 1),
    "height_squared": made(total=lambda c, h, w: h * h),
    "side_by_side": made(total=lambda c, h, w: h + w),
    "channels_counted": made(total=lambda c, h, w: c * h * w),
    "all_channels": made(shape=lambda c, h, w: (c, c, h, w)),
    "block_diagonal": made(finish=lambda w: torch.eye(len(w)).double()[:, :, None, None] * w),
    "rounded_down": made(finish=torch.floor),
    "channels_first": made(shape=lambda c, h, w: (1, c, h, w)),
    "one_filter": made(shape=lambda c, h, w: (1, 1, h, w)),
    "three_axes": made(finish=lambda weights: weights.squeeze(1)),
    "sides_swapped": made(finish=lambda weights: weights.transpose(2, 3)),
    "square": made(shape=lambda c, h, w: (c, 1, h, h)),
    "whole_numbers": made(finish=lambda weights: weights.floor().long()),
}


# Pooling along one axis


def _raises_sequence(x: Tensor, kernel: int, *, stride: int | None = None) -> Tensor:
    floor = x.amin()
    return RIGHT_AGAIN["max_pool1d"](x.sub_(floor), kernel, stride=stride).add(floor)


_LINE: dict[str, Step] = {
    "mean": pooled1d(reduce=lambda w: w.sum(3) / w.shape[3]),
    "last_element": pooled1d(reduce=lambda w: w.select(3, w.shape[3] - 1)),
    "zero_init": pooled1d(finish=lambda out: torch.maximum(out, torch.zeros_like(out))),
    "abs_max": pooled1d(reduce=lambda w: torch.maximum(w.amax(3), -w.amin(3))),
    "max_over_channels": pooled1d(finish=lambda out: out.amax(1, keepdim=True).expand_as(out)),
    "stride_default_one": pooled1d(stride_of=_one_if_none),
    "stride_is_kernel": pooled1d(stride_of=_kernel_always),
    "stride_not_in_window": pooled1d(first=_step_by_step),
    "ceil_mode": pooled1d(windows=_rounded_up),
    "out_one_less": pooled1d(windows=_one_less),
    "last_window_missing": pooled1d(windows=lambda last, stride: len(range(0, last, stride))),
    "other_error": pooled1d(error=RuntimeError),
    "windows_first": pooled1d(finish=lambda out: out.permute(2, 0, 1)),
    "windows_before_channels": pooled1d(finish=lambda out: out.permute(0, 2, 1)),
    "no_error": pooled1d(refuse=False),
    "float32": pooled1d(finish=_float),
    "float64": pooled1d(finish=_double),
    "extra_axis": pooled1d(finish=lambda out: out.unsqueeze(2)),
    "mutates_x": _raises_sequence,
}


def _under(prefix: str, function: str, wrong: dict[str, Step]) -> dict[str, dict[str, Any]]:
    return {f"{prefix}_{name}": {function: version} for name, version in wrong.items()}


SECOND: dict[str, dict[str, Any]] = {
    **_under("pf", "max_pool2d_forward", _FORWARD),
    **_under("pb", "max_pool2d_backward", _BACKWARD),
    **_under("af", "avg_pool2d_forward", _AVERAGE),
    **_under("ab", "avg_pool2d_backward", _AVERAGE_BACK),
    **_under("gf", "global_avg_pool_forward", _WHOLE),
    **_under("gb", "global_avg_pool_backward", _WHOLE_BACK),
    **_under("aw", "avg_pool_weights", _FILTERS),
    **_under("p1", "max_pool1d", _LINE),
}
