"""Right answers to pooling once more: all windows gathered by their indices, gradients scattered."""

from __future__ import annotations

import math
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_activations import (
    Step,
    Tensor,
    unchanged,
)


def pair_of(value: Any) -> list[int]:
    """Height and width of an int or a pair."""
    return [value] * 2 if isinstance(value, int) else list(value)


# Windows
class Places:
    """The places of all windows along one axis, (windows, taps), counted from the first pixel of the images."""

    def __init__(
        self, size: int, kernel: int, stride: int, padding: int, *, ahead: int, windows: int, first: Step
    ) -> None:
        starts = torch.tensor([first(place, stride) for place in range(windows)], dtype=torch.int64)
        self.at = starts[:, None] + torch.arange(kernel) - ahead
        self.in_image = (self.at >= 0) & (self.at < size)
        # The border of zeros or less that is added at both sides together.
        self.in_border = (self.at >= -ahead) & (self.at < size + 2 * padding - ahead)
        self.clamped = self.at.clamp(0, size - 1)


def planned(
    *,
    kernels: Step = unchanged,
    strides: Step = unchanged,
    paddings: Step = unchanged,
    stride_of: Step = lambda stride, kernel: kernel if stride is None else stride,
    too_wide: Step = lambda padding, kernel: padding > kernel // 2,
    refuse: bool = True,
    error: type[Exception] = ValueError,
    windows: Step = lambda last, stride: len(range(0, last + 1, stride)),
    arrange: Step = unchanged,
    first: Step = lambda place, stride: place * stride,
    ahead: Step = unchanged,
    once: bool = False,
    bordered: Step = unchanged,
) -> Step:
    """Build the plan of windows: the places along both axes."""

    def plan(size: Any, kernel: Any, stride: Any, padding: Any, known: Any = None) -> list[Places]:
        k, p = kernels(pair_of(kernel)), paddings(pair_of(padding))
        s = strides(pair_of(stride_of(stride, kernel)))
        if any(map(too_wide, p, k)):
            raise ValueError("the padding is too wide")
        last = [n + (q if once else q + q) - m for n, q, m in zip(size, p, k, strict=True)]
        if refuse and min(last) < 0:
            raise error("no window fits")
        many = [max(windows(end, step), 0) for end, step in zip(last, s, strict=True)] if known is None else list(known)
        return [
            Places(n, m, step, q, ahead=ahead(q), windows=count, first=first)
            for n, m, step, q, count in zip(size, k, s, bordered(p), arrange(many), strict=True)
        ]

    return plan


PLAN = planned()


def gather(x: Tensor, places: list[Places], fill: float) -> tuple[Tensor, Tensor, Tensor]:
    """All windows (N, C, H_out, W_out, K_H, K_W), and which of their places lie in the images, and in the border."""
    rows, columns = places
    taken = x[:, :, rows.clamped[:, None, :, None], columns.clamped[None, :, None, :]]
    inside = rows.in_image[:, None, :, None] & columns.in_image[None, :, None, :]
    border = rows.in_border[:, None, :, None] & columns.in_border[None, :, None, :]
    return torch.where(inside, taken, torch.full_like(taken, fill)), inside, border


def largest_within(windows: Tensor, _inside: Tensor, border: Tensor) -> Tensor:
    """The largest number of each window, which must have a place in images or border."""
    if not border.flatten(2).any(2).all():
        raise IndexError("a window lies outside")
    return windows.amax((4, 5))


def pooled(
    *,
    plan: Step = PLAN,
    fill: float = -math.inf,
    reduce: Step = largest_within,
    demand: Step = unchanged,
    finish: Step = unchanged,
) -> Step:
    """Build max_pool2d_forward."""

    def forward(x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        demand(x.shape[2:], kernel, stride, padding)
        windows, inside, border = gather(x, plan(x.shape[2:], kernel, stride, padding), fill)
        if not windows.numel():
            return finish(x.new_zeros(windows.shape[:4]))
        return finish(reduce(windows, inside, border))

    return forward


def mean_within(windows: Tensor, _inside: Tensor, border: Tensor) -> Tensor:
    """The average over the places that images and border have."""
    return (windows * border).sum((4, 5)) / border.sum((2, 3))


def averaged(**steps: Any) -> Step:
    """Build avg_pool2d_forward."""
    return pooled(**{"fill": 0.0, "reduce": mean_within} | steps)


def first_winner(windows: Tensor, *_others: Tensor) -> Tensor:
    """1 at the first of the largest numbers of each window."""
    flat = windows.flatten(4)
    return torch.zeros_like(flat).scatter_(4, flat.argmax(4, keepdim=True), 1.0).view_as(windows)


def inner(wide: Tensor, padding: list[int]) -> Tensor:
    """What belongs to the images."""
    down, right = padding
    return wide[:, :, down : wide.shape[2] - down, right : wide.shape[3] - right]


def scattered_back(
    *,
    plan: Step = PLAN,
    fill: float = -math.inf,
    shares: Step = first_winner,
    chain: Step = lambda shares, dout, windows: shares * dout[..., None, None],
    target: Step = unchanged,
    accumulate: bool = True,
    only_new: bool = False,
    into: Step = inner,
    finish: Step = lambda dx, dout, x: dx,
) -> Step:
    """Build max_pool2d_backward: all windows are scattered at once."""

    def back(dout: Tensor, x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        places = plan(x.shape[2:], kernel, stride, padding, dout.shape[2:])
        windows, inside, border = gather(x, places, fill)
        if fill < 0 and not border.flatten(2).any(2).all():
            raise IndexError("a window lies outside")
        gradient = chain(shares(windows, inside, border), dout, windows)
        down, right = (2 * p for p in pair_of(padding))
        wide = x.new_zeros((*x.shape[:2], x.shape[2] + down, x.shape[3] + right))
        rows, columns = target([axis.at + p for axis, p in zip(places, pair_of(padding), strict=True)])
        for i in range(len(rows)):
            for j in range(len(columns)):
                row, column = rows[i] < wide.shape[2], columns[j] < wide.shape[3]
                where = slice(None), slice(None), rows[i][row][:, None], columns[j][column][None, :]
                new = gradient[:, :, i, j][:, :, row][..., column]
                old = wide[where]
                kept = torch.where(new != 0, new, old) if only_new else new
                wide[where] = old + new if accumulate else kept
        return finish(into(wide, pair_of(padding)), dout, x)

    return back


def equal_shares(windows: Tensor, *_others: Tensor) -> Tensor:
    """The same for each place."""
    return torch.full_like(windows, 1 / windows[0, 0, 0, 0].numel())


def averaged_back(**steps: Any) -> Step:
    """Build avg_pool2d_backward."""
    back = scattered_back(**{"fill": 0.0, "shares": equal_shares} | steps)
    return lambda dout, in_size, kernel, **options: back(
        dout, dout.new_ones((*dout.shape[:2], *in_size)), kernel, **options
    )


def whole_average(reduce: Step = lambda pixels: pixels.mean(2), finish: Step = unchanged) -> Step:
    """Build global_avg_pool_forward."""
    return lambda x: finish(reduce(x.flatten(2)))


def whole_back(over: Step = lambda dout, height, width: height * width, finish: Step = unchanged) -> Step:
    """Build global_avg_pool_backward."""

    def back(dout: Tensor, in_size: Any) -> Tensor:
        shape = (*dout.shape, *in_size)
        return finish((dout / over(dout, *in_size)).reshape(*dout.shape, 1, 1).expand(shape).clone())

    return back


def made(
    *,
    shape: Step = lambda c, h, w: (c, 1, h, w),
    total: Step = lambda c, h, w: h * w,
    finish: Step = unchanged,
) -> Step:
    """Build avg_pool_weights."""

    def avg_pool_weights(channels: int, kernel: Any) -> Tensor:
        height, width = pair_of(kernel)
        return finish(torch.ones(shape(channels, height, width)).double() / total(channels, height, width))

    return avg_pool_weights


def pooled1d(
    *,
    stride_of: Step = lambda stride, kernel: kernel if stride is None else stride,
    windows: Step = lambda last, stride: len(range(0, last + 1, stride)),
    first: Step = lambda place, stride: place * stride,
    reduce: Step = lambda windows: windows.amax(3),
    refuse: bool = True,
    error: type[Exception] = ValueError,
    finish: Step = unchanged,
) -> Step:
    """Build max_pool1d: all windows at once, by their indices."""

    def max_pool1d(x: Tensor, kernel: int, *, stride: int | None = None) -> Tensor:
        step, last = stride_of(stride, kernel), x.shape[2] - kernel
        if refuse and last < 0:
            raise error("no window fits")
        starts = torch.tensor([first(place, step) for place in range(max(windows(last, step), 0))], dtype=torch.int64)
        at = starts[:, None] + torch.arange(kernel)
        if not at.numel():
            return finish(x.new_zeros((*x.shape[:2], 0)))
        inside = (at < x.shape[2]).expand(*x.shape[:2], -1, -1)
        taken = x[:, :, at.clamp(max=x.shape[2] - 1)]
        return finish(reduce(torch.where(inside, taken, torch.full_like(taken, -math.inf))))

    return max_pool1d
