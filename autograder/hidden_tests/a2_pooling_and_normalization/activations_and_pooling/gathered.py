"""Right answers to activations_and_pooling once more, on whole tensors: pieces and windows gathered by their indices.

As in `steps`, each function here builds an answer, a right one without arguments, and the names of the arguments are
the decisions in which students go wrong. Nothing is shared between the two: where a mistake is made on both, it is
made twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

Step = Callable[..., Any]
Tensor = torch.Tensor


def unchanged(value: Any, *_others: Any) -> Any:
    """The step that does nothing."""
    return value


def pair_of(value: Any) -> list[int]:
    """Height and width of an int or a pair."""
    return [value] * 2 if isinstance(value, int) else list(value)


# Activations: other formulas than those of the first base


def logistic(x: Tensor) -> Tensor:
    """The sigmoid, by its logarithm."""
    return torch.exp(-torch.logaddexp(torch.zeros_like(x), -x))


def hyperbolic(x: Tensor) -> Tensor:
    """tanh; beyond 20 nothing changes any more."""
    grown = torch.expm1(2 * x.clamp(-20, 20))
    return grown / (grown + 2)


def share_below(x: Tensor) -> Tensor:
    """Probability of a normal number below x, by what lies above."""
    return torch.erfc(x * -(0.5**0.5)) * 0.5


def density(x: Tensor) -> Tensor:
    """Of the normal distribution."""
    return (2 * math.pi) ** -0.5 * torch.exp(-0.5 * x * x)


def two_sided(right: Step, left: Step) -> Step:
    """Build a function from its values on both sides of 0, each asked about its own numbers only."""

    def function(x: Tensor, *settings: float) -> Tensor:
        out = torch.empty_like(x)
        rising = x > 0
        out[rising] = right(x[rising], *settings)
        out[~rising] = left(x[~rising], *settings)
        return out

    return function


def zeros(x: Tensor, *_settings: float) -> Tensor:
    """0 everywhere."""
    return torch.zeros_like(x)


def ones(x: Tensor, *_settings: float) -> Tensor:
    """1 everywhere."""
    return torch.ones_like(x)


def leaking(slope_of: Step = unchanged, default: float = 0.01, **sides: Step) -> Step:
    """Build leaky_relu_forward."""
    curve = two_sided(sides.get("right", unchanged), sides.get("left", lambda x, slope: x * slope))
    return lambda x, *, slope=default: curve(x, slope_of(slope))


def leaking_back(at: Step = lambda dout, x: x, slope_of: Step = unchanged, **sides: Step) -> Step:
    """Build leaky_relu_backward."""
    curve = two_sided(sides.get("right", ones), sides.get("left", torch.full_like))
    return lambda dout, x, *, slope=0.01: torch.mul(curve(at(dout, x), slope_of(slope)), dout)


def exponential(**sides: Step) -> Step:
    """Build elu_forward."""
    curve = two_sided(unchanged, sides.get("left", lambda x, alpha: alpha * (torch.exp(x) - 1)))
    return lambda x, *, alpha=1.0: curve(x, alpha)


def exponential_back(at: Step = lambda dout, x: x, **sides: Step) -> Step:
    """Build elu_backward."""
    curve = two_sided(ones, sides.get("left", lambda x, alpha: alpha * torch.exp(x)))
    return lambda dout, x, *, alpha=1.0: torch.mul(curve(at(dout, x), alpha), dout)


def chained(slope: Step, chain: Step = torch.mul) -> Step:
    """Build a backward function without settings."""
    return lambda dout, x: chain(slope(x), dout)


# Maxout


def side_by_side(x: Tensor, pieces: int) -> Tensor:
    """View the channels as (N, pieces, C, ...)."""
    return x.unflatten(1, (pieces, -1))


def competing(
    *,
    view: Step = side_by_side,
    reduce: Step = lambda parts: parts.amax(1),
    refuse: Step = lambda channels, pieces: channels % pieces != 0,
    error: type[Exception] = ValueError,
    demand: Step = unchanged,
    finish: Step = unchanged,
) -> Step:
    """Build maxout_forward."""

    def maxout_forward(x: Tensor, pieces: int) -> Tensor:
        if refuse(x.shape[1], pieces):
            raise error("channels are left over")
        demand(x.shape)
        return finish(reduce(view(x[:, : x.shape[1] // pieces * pieces], pieces)))

    return maxout_forward


def winners(parts: Tensor) -> Tensor:
    """1 at the first of the largest along axis 1."""
    return torch.zeros_like(parts).scatter_(1, parts.argmax(1, keepdim=True), 1.0)


def competing_back(
    *,
    view: Step = side_by_side,
    shares: Step = winners,
    chain: Step = lambda shares, dout: shares * dout.unsqueeze(1),
    refuse: Step = lambda channels, pieces: channels % pieces != 0,
    error: type[Exception] = ValueError,
    merge: Step = lambda parts: parts.flatten(1, 2),
    finish: Step = unchanged,
) -> Step:
    """Build maxout_backward."""

    def maxout_backward(dout: Tensor, x: Tensor, pieces: int) -> Tensor:
        if refuse(x.shape[1], pieces):
            raise error("channels are left over")
        kept = x.shape[1] // pieces * pieces
        dx = torch.zeros_like(x)
        dx[:, :kept] = merge(chain(shares(view(x[:, :kept], pieces)), dout))
        return finish(dx)

    return maxout_backward


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


# Networks


def moved(images: Tensor, shift: Any) -> Tensor:
    """Images that go round, by indices."""
    rows, columns = ((torch.arange(n) - step) % n for n, step in zip(images.shape[2:], shift, strict=True))
    return images[:, :, rows][:, :, :, columns]


def relative_change(
    *,
    move: Step = moved,
    compare: Step = lambda after, before, shift: after - before,
    length: Step = torch.linalg.vector_norm,
    ratio: Step = lambda change, before, after, images: change / before,
    finish: Step = lambda ratio: ratio.item(),
) -> Step:
    """Build shift_sensitivity."""

    def shift_sensitivity(features: Step, images: Tensor, shift: Any) -> float:
        before = features(images)
        after = features(move(images, shift))
        return finish(ratio(length(compare(after, before, shift)), length(before), length(after), length(images)))

    return shift_sensitivity


def augmented(
    *,
    order: Step = list,
    corner: float = 1.0,
    product: Step = lambda matrix, total: matrix @ total,
    biases: Step = lambda number, count, bias: bias,
    empty: Step | None = None,
    finish: Step = lambda w, b: (w, b),
) -> Step:
    """Build linear_collapse: one matrix for each layer, that adds its bias to a further unit of 1."""

    def linear_collapse(layers: list[tuple[Tensor, Tensor]]) -> Any:
        if not layers:
            if empty is not None:
                return empty()
            raise ValueError("there are no layers")
        stack = order(layers)
        total = None
        for number, (w, b) in enumerate(stack):
            column = biases(number, len(stack), b)
            last = w.new_zeros((1, w.shape[1] + 1))
            last[0, -1] = corner
            matrix = torch.cat([torch.cat([w, column[:, None]], 1), last])
            total = matrix if total is None else product(matrix, total)
        return finish(total[:-1, :-1].clone(), total[:-1, -1].clone())

    return linear_collapse


def recursive(
    *,
    source: Step = unchanged,
    dtype: Any = torch.float64,
    rows: Step = lambda width: 16,
    shrink: Step = lambda width: width**-0.5,
    drawn_first: bool = False,
    forth: Step = lambda h, w: torch.einsum("ni,oi->no", h, w),
    slope_at: Step = lambda before, a, h: a,
    local: Step = lambda backward, dh, a: backward(dh, a),
    home: Step = lambda da, w: torch.einsum("no,oi->ni", da, w),
    top: Step = torch.ones_like,
    length: Step = torch.linalg.vector_norm,
    measured: Step = lambda before, inside, behind: before,
    finish: Step = torch.stack,
) -> Step:
    """Build gradient_by_depth: each layer asks the next for its gradient."""

    def gradient_by_depth(forward: Step, backward: Step, depth: int, width: int, generator: Any) -> Any:
        settings = {"generator": source(generator), "dtype": dtype, "device": generator.device}
        early = [torch.randn((width, width), **settings) for _ in range(depth if drawn_first else 0)]

        def from_layer(number: int, h: Tensor) -> tuple[Tensor, list[Tensor]]:
            if number == depth:
                return top(h), []
            raw = early[number] if early else torch.randn((width, width), **settings)
            w = raw * shrink(width)
            a = forth(h, w)
            out = forward(a)
            dh, norms = from_layer(number + 1, out)
            da = local(backward, dh, slope_at(h, a, out))
            dx = home(da, w)
            return dx, [length(measured(dx, da, dh)), *norms]

        return finish(from_layer(0, torch.randn((rows(width), width), **settings))[1])

    return gradient_by_depth


RIGHT_AGAIN: dict[str, Step] = {
    "relu_forward": two_sided(unchanged, zeros),
    "relu_backward": chained(two_sided(ones, zeros)),
    "leaky_relu_forward": leaking(),
    "leaky_relu_backward": leaking_back(),
    "elu_forward": exponential(),
    "elu_backward": exponential_back(),
    "sigmoid_forward": logistic,
    "sigmoid_backward": chained(lambda x: logistic(x) * (1 - logistic(x))),
    "tanh_forward": hyperbolic,
    "tanh_backward": chained(lambda x: (1 - hyperbolic(x)) * (1 + hyperbolic(x))),
    "gelu_forward": lambda x: share_below(x) * x,
    "gelu_backward": chained(lambda x: x * density(x) + share_below(x)),
    "maxout_forward": competing(),
    "maxout_backward": competing_back(),
    "max_pool2d_forward": pooled(),
    "max_pool2d_backward": scattered_back(),
    "avg_pool2d_forward": averaged(),
    "avg_pool2d_backward": averaged_back(),
    "global_avg_pool_forward": whole_average(),
    "global_avg_pool_backward": whole_back(),
    "avg_pool_weights": made(),
    "max_pool1d": pooled1d(),
    "shift_sensitivity": relative_change(),
    "linear_collapse": augmented(),
    "gradient_by_depth": recursive(),
}
