"""Right answers to activations_and_pooling, taken apart into steps: a mistake is one step done otherwise.

Each function here builds an answer; without arguments it builds a right one. The names of the arguments are the
decisions in which students go wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import torch

Step = Callable[..., Any]
Tensor = torch.Tensor


def same(value: Any) -> Any:
    """The step that does nothing."""
    return value


def like_x(x: Tensor) -> Any:
    """The contract's dtype: that of the input."""
    return x.dtype


# Activations


def one_by_one(value: Step, *, settings: dict[str, float] | None = None, finish: Step = same) -> Step:
    """Build an activation from the value of each number, and from what its keywords are if they are not given."""
    return lambda x, **given: finish(value(x, **(settings or {}) | given))


def one_by_one_back(
    slope: Step,
    *,
    settings: dict[str, float] | None = None,
    at: Step = lambda dout, x: x,
    weigh: Step = lambda dout, slope: dout * slope,
) -> Step:
    """Build the backward function of an activation from its slope at each number."""
    return lambda dout, x, **given: weigh(dout, slope(at(dout, x), **(settings or {}) | given))


def step_at_zero(x: Tensor) -> Tensor:
    """1 where x is positive, 0 elsewhere."""
    return (x > 0).to(x.dtype)


def sigmoid(x: Tensor) -> Tensor:
    """Without overflow: only negative numbers meet exp."""
    small = torch.exp(-x.abs())
    return torch.where(x >= 0, 1 / (1 + small), small / (1 + small))


def tanh(x: Tensor) -> Tensor:
    """Without overflow, too."""
    small = torch.exp(-2 * x.abs())
    return torch.sign(x) * (1 - small) / (1 + small)


def bell(x: Tensor) -> Tensor:
    """Density of the normal distribution."""
    return torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def below(x: Tensor) -> Tensor:
    """Probability of a normal number below x."""
    return (1 + torch.erf(x / math.sqrt(2))) / 2


SLOPE = {"slope": 0.01}
ALPHA = {"alpha": 1.0}


def leaky(x: Tensor, slope: float) -> Tensor:
    """Leaky ReLU."""
    return torch.where(x > 0, x, slope * x)


def leaky_slope(x: Tensor, slope: float) -> Tensor:
    """Slope of leaky ReLU."""
    return torch.where(x > 0, torch.ones_like(x), torch.full_like(x, slope))


def elu(x: Tensor, alpha: float) -> Tensor:
    """ELU; exp sees no large number."""
    return torch.where(x > 0, x, alpha * torch.expm1(x.clamp(max=0)))


def elu_slope(x: Tensor, alpha: float) -> Tensor:
    """Slope of ELU."""
    return torch.where(x > 0, torch.ones_like(x), alpha * torch.exp(x.clamp(max=0)))


def gelu_slope(x: Tensor) -> Tensor:
    """Slope of GELU, by the product rule."""
    return below(x) + x * bell(x)


# Maxout


def pieces_of(x: Tensor, pieces: int) -> list[Tensor]:
    """The pieces, each (N, C, ...)."""
    channels = x.shape[1] // pieces
    return [x[:, piece * channels : (piece + 1) * channels] for piece in range(pieces)]


def largest(parts: list[Tensor]) -> Tensor:
    """Entry by entry, the largest."""
    best = parts[0].clone()
    for part in parts[1:]:
        best = torch.where(part > best, part, best)
    return best


def first_largest(parts: list[Tensor]) -> list[Tensor]:
    """1 where a part is the first of the largest, 0 elsewhere."""
    free = torch.ones_like(parts[0])
    shares = []
    for part in parts:
        wins = (part == largest(parts)).to(part.dtype) * free
        free = free - wins
        shares.append(wins)
    return shares


def maxout(
    *,
    take: Step = pieces_of,
    reduce: Step = largest,
    check: bool = True,
    error: type[Exception] = ValueError,
    demand: Step = lambda x: None,
    finish: Step = lambda out, x: out,
) -> Step:
    """Build maxout_forward."""

    def maxout_forward(x: Tensor, pieces: int) -> Tensor:
        if check and x.shape[1] % pieces:
            raise error("the pieces do not divide the channels")
        demand(x)
        return finish(reduce(take(x, pieces)), x)

    return maxout_forward


def maxout_back(
    *,
    take: Step = pieces_of,
    shares: Step = first_largest,
    weigh: Step = lambda dout, share: dout * share,
    check: bool = True,
    error: type[Exception] = ValueError,
    place: Step = lambda gradients, x, pieces: torch.cat(gradients, 1),
    finish: Step = lambda dx, dout: dx,
) -> Step:
    """Build maxout_backward."""

    def maxout_backward(dout: Tensor, x: Tensor, pieces: int) -> Tensor:
        if check and x.shape[1] % pieces:
            raise error("the pieces do not divide the channels")
        gradients = [weigh(dout, share) for share in shares(take(x, pieces))]
        return finish(place(gradients, x, pieces), dout)

    return maxout_backward


# Windows


def spread(value: Any) -> tuple[int, int]:
    """An int or a pair as a pair."""
    return (value, value) if isinstance(value, int) else tuple(value)


def windows(
    *,
    pair: Step = spread,
    kernels: Step = same,
    strides: Step = same,
    paddings: Step = same,
    stride_of: Step = lambda stride, kernel: kernel if stride is None else stride,
    too_wide: Step = lambda padding, kernel: 2 * padding > kernel,
    fit: bool = True,
    error: type[Exception] = ValueError,
    sides: int = 2,
    count: Step = lambda room, stride: room // stride + 1,
    counts: Step = same,
    start: Step = lambda place, stride: place * stride,
) -> Step:
    """Build the layout of windows: (kernel, padding, output size, slices of window i, j) for an input size."""

    def lay(size: Any, kernel: Any, stride: Any, padding: Any) -> tuple[Any, ...]:
        k, p = kernels(pair(kernel)), paddings(pair(padding))
        s = strides(pair(stride_of(stride, kernel)))
        if any(too_wide(q, n) for q, n in zip(p, k, strict=True)):
            raise ValueError("the padding is more than half the window")
        room = [n + sides * q - m for n, q, m in zip(size, p, k, strict=True)]
        if fit and min(room) < 0:
            raise error("the window does not fit")
        out = counts(tuple(max(count(free, step), 0) for free, step in zip(room, s, strict=True)))

        def at(i: int, j: int) -> tuple[Any, ...]:
            row, column = start(i, s[0]), start(j, s[1])
            return ..., slice(row, row + k[0]), slice(column, column + k[1])

        return k, p, out, at

    return lay


LAYOUT = windows()


def border(value: float = -math.inf, sides: Step = lambda p: (p, p)) -> Step:
    """Build the padding of images by one value, so many rows and columns before and behind."""

    def pad(x: Tensor, padding: tuple[int, int]) -> Tensor:
        (top, bottom), (left, right) = sides(padding[0]), sides(padding[1])
        height, width = x.shape[2:]
        padded = torch.full(
            (*x.shape[:2], height + top + bottom, width + left + right), value, dtype=x.dtype, device=x.device
        )
        padded[:, :, top : top + height, left : left + width] = x
        return padded

    return pad


def unpadded(dpadded: Tensor, padding: tuple[int, int], size: Any) -> Tensor:
    """The part of a padded gradient that belongs to the images."""
    (top, left), (height, width) = padding, size
    return dpadded[:, :, top : top + height, left : left + width]


def pooling(
    *,
    lay: Step = LAYOUT,
    read: Step = same,
    demand: Step = lambda images, kernel, stride, padding: None,
    pad: Step = border(),  # noqa: B008 - a step is a constant
    reduce: Step = lambda window: window.amax((2, 3)),
    dtype: Step = like_x,
    visited: Step = same,
    finish: Step = lambda out, x: out,
) -> Step:
    """Build max_pool2d_forward."""

    def pool(x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        images = read(x)
        demand(images, kernel, stride, padding)
        _, p, size, at = lay(images.shape[2:], kernel, stride, padding)
        padded = pad(images, p)
        out = torch.zeros((*x.shape[:2], *size), dtype=dtype(x), device=x.device)
        for i, j in product(*(range(visited(n)) for n in size)):
            out[:, :, i, j] = reduce(padded[at(i, j)])
        return finish(out, x)

    return pool


def mean_of(window: Tensor) -> Tensor:
    """The average over a window."""
    return window.mean((2, 3))


def averaging(**steps: Any) -> Step:
    """Build avg_pool2d_forward."""
    return pooling(**{"pad": border(0.0), "reduce": mean_of} | steps)


def first_maximum(window: Tensor) -> Tensor:
    """1 at the first of the largest numbers of each window, 0 elsewhere."""
    flat = window.flatten(2)
    shares = torch.zeros_like(flat).scatter(2, flat.argmax(2, keepdim=True), 1)
    return shares.reshape(window.shape)


def pooling_back(
    *,
    lay: Step = LAYOUT,
    pad: Step = border(),  # noqa: B008 - as above
    share: Step = first_maximum,
    incoming: Step = lambda dout, i, j: dout[:, :, i, j, None, None],
    weigh: Step = lambda gradient, share, window: gradient * share,
    place: Step = lambda at, i, j: at(i, j),
    add: Step = torch.add,
    visited: Step = same,
    crop: Step = unpadded,
    dtype: Step = like_x,
    finish: Step = lambda dx, dout, x: dx,
) -> Step:
    """Build max_pool2d_backward."""

    def back(dout: Tensor, x: Tensor, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        _, p, _, at = lay(x.shape[2:], kernel, stride, padding)
        padded = pad(x, p)
        dpadded = torch.zeros(padded.shape, dtype=dtype(x), device=x.device)
        for i, j in product(*(range(visited(n)) for n in dout.shape[2:])):
            window = padded[at(i, j)]
            gradient = weigh(incoming(dout, i, j), share(window), window)
            where = place(at, i, j)
            dpadded[where] = add(dpadded[where], gradient.to(dpadded.dtype))
        return finish(crop(dpadded, p, x.shape[2:]), dout, x)

    return back


def averaging_back(*, shape: Step = lambda dout, in_size: (*dout.shape[:2], *in_size), **steps: Any) -> Step:
    """Build avg_pool2d_backward: like the other, with even shares; the images don't matter."""

    def avg_back(dout: Tensor, in_size: Any, kernel: Any, *, stride: Any = None, padding: Any = 0) -> Tensor:
        height, width = spread(kernel)
        even = {"share": lambda window: torch.full_like(window, 1 / (height * width))}
        back = pooling_back(**{"pad": border(0.0)} | even | steps)
        blank = torch.zeros(shape(dout, in_size), dtype=dout.dtype, device=dout.device)
        return back(dout, blank, kernel, stride=stride, padding=padding)

    return avg_back


def global_average(*, average: Step = mean_of, finish: Step = lambda out, x: out) -> Step:
    """Build global_avg_pool_forward."""
    return lambda x: finish(average(x), x)


def global_back(
    *, divisor: Step = lambda dout, height, width: height * width, finish: Step = lambda dx, dout: dx
) -> Step:
    """Build global_avg_pool_backward."""

    def global_avg_pool_backward(dout: Tensor, in_size: Any) -> Tensor:
        height, width = in_size
        dx = torch.zeros((*dout.shape, height, width), dtype=dout.dtype, device=dout.device)
        dx += (dout / divisor(dout, height, width))[:, :, None, None]
        return finish(dx, dout)

    return global_avg_pool_backward


def filters(
    *,
    shape: Step = lambda channels, height, width: (channels, 1, height, width),
    weight: Step = lambda channels, height, width: 1 / (height * width),
    finish: Step = same,
) -> Step:
    """Build avg_pool_weights."""

    def avg_pool_weights(channels: int, kernel: Any) -> Tensor:
        height, width = spread(kernel)
        weights = torch.full(shape(channels, height, width), weight(channels, height, width), dtype=torch.float64)
        return finish(weights)

    return avg_pool_weights


def pooling1d(
    *,
    stride_of: Step = lambda stride, kernel: kernel if stride is None else stride,
    count: Step = lambda room, stride: room // stride + 1,
    start: Step = lambda place, stride: place * stride,
    reduce: Step = lambda window: window.amax(2),
    dtype: Step = like_x,
    check: bool = True,
    error: type[Exception] = ValueError,
    finish: Step = lambda out, x: out,
) -> Step:
    """Build max_pool1d."""

    def max_pool1d(x: Tensor, kernel: int, *, stride: int | None = None) -> Tensor:
        step = stride_of(stride, kernel)
        room = x.shape[2] - kernel
        if check and room < 0:
            raise error("the window does not fit")
        out = torch.zeros((*x.shape[:2], max(count(room, step), 0)), dtype=dtype(x), device=x.device)
        for place in range(out.shape[2]):
            first = start(place, step)
            out[:, :, place] = reduce(x[:, :, first : first + kernel])
        return finish(out, x)

    return max_pool1d


# Networks


def norm_of(x: Tensor) -> Tensor:
    """The root of the sum of squares over everything."""
    return (x * x).sum().sqrt()


def shift_change(
    *,
    move: Step = lambda images, shift: torch.roll(images, tuple(shift), dims=(2, 3)),
    change: Step = lambda after, before, shift: after - before,
    measure: Step = norm_of,
    relative: Step = lambda change, before, after, images: change / before,
    finish: Step = float,
) -> Step:
    """Build shift_sensitivity."""

    def shift_sensitivity(features: Step, images: Tensor, shift: Any) -> float:
        before, after = features(images), features(move(images, shift))
        lengths = measure(change(after, before, shift)), measure(before), measure(after), measure(images)
        return finish(relative(*lengths))

    return shift_sensitivity


def collapsing(
    *,
    order: Step = same,
    rest: Step = lambda stack: stack[1:],
    weights: Step = lambda w, total: w @ total,
    biases: Step = lambda w, b, total: w @ total + b,
    empty: Step | None = None,
    finish: Step = lambda w, b, layers: (w, b),
) -> Step:
    """Build linear_collapse: layer by layer, what the layers so far do."""

    def linear_collapse(layers: list[tuple[Tensor, Tensor]]) -> Any:
        if not layers:
            if empty is None:
                raise ValueError("there are no layers")
            return empty()
        stack = order(list(layers))
        w, b = (part.clone() for part in stack[0])
        for next_w, next_b in rest(stack):
            w, b = weights(next_w, w), biases(next_w, next_b, b)
        return finish(w, b, layers)

    return linear_collapse


def by_depth(
    *,
    numbers: Step = lambda generator: generator,
    dtype: Any = torch.float64,
    first: Step = lambda draw, width: draw(16, width),
    scale: Step = math.sqrt,
    drawn: Step = lambda draw, depth, width: [draw(width, width) for _ in range(depth)],
    through: Step = lambda h, w: h @ w.T,
    at: Step = lambda before, a, h: a,
    back: Step = lambda da, w: da @ w,
    top: Step = torch.ones_like,
    measure: Step = norm_of,
    local: Step = lambda backward, dh, a: backward(dh, a),
    keep: Step = lambda before, inside, behind: before,
    finish: Step = lambda norms: torch.stack(norms[::-1]),
) -> Step:
    """Build gradient_by_depth."""

    def gradient_by_depth(forward: Step, backward: Step, depth: int, width: int, generator: Any) -> Any:
        source = numbers(generator)

        def draw(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=source, dtype=dtype, device=generator.device)

        h = first(draw, width)
        passed = []
        for raw in drawn(draw, depth, width):
            w = raw / scale(width)
            before, a = h, through(h, w)
            h = forward(a)
            passed.append((w, at(before, a, h)))
        dh = top(h)
        norms = []
        for w, a in reversed(passed):
            inside = local(backward, dh, a)
            before = back(inside, w)
            norms.append(measure(keep(before, inside, dh)))
            dh = before
        return finish(norms)

    return gradient_by_depth


_CURVES = ("leaky_relu", "elu", "sigmoid", "tanh", "gelu")

QUESTIONS: dict[str, tuple[str, ...]] = {
    "relu": ("relu_forward", "relu_backward"),
    "activations": tuple(f"{name}_{way}" for name in _CURVES for way in ("forward", "backward")),
    "maxout": ("maxout_forward", "maxout_backward"),
    "max_pool2d_forward": ("max_pool2d_forward",),
    "max_pool2d_backward": ("max_pool2d_backward",),
    "avg_pool2d": (
        "avg_pool2d_forward",
        "avg_pool2d_backward",
        "global_avg_pool_forward",
        "global_avg_pool_backward",
    ),
    "avg_pool_as_conv": ("avg_pool_weights",),
    "pool1d": ("max_pool1d",),
    "shift_sensitivity": ("shift_sensitivity",),
    "linear_collapse": ("linear_collapse",),
    "gradient_by_depth": ("gradient_by_depth",),
}

RIGHT: dict[str, Step] = {
    "relu_forward": one_by_one(lambda x: x * step_at_zero(x)),
    "relu_backward": one_by_one_back(step_at_zero),
    "leaky_relu_forward": one_by_one(leaky, settings=SLOPE),
    "leaky_relu_backward": one_by_one_back(leaky_slope, settings=SLOPE),
    "elu_forward": one_by_one(elu, settings=ALPHA),
    "elu_backward": one_by_one_back(elu_slope, settings=ALPHA),
    "sigmoid_forward": one_by_one(sigmoid),
    "sigmoid_backward": one_by_one_back(lambda x: sigmoid(x) * sigmoid(-x)),
    "tanh_forward": one_by_one(tanh),
    "tanh_backward": one_by_one_back(lambda x: 1 - tanh(x) ** 2),
    "gelu_forward": one_by_one(lambda x: x * below(x)),
    "gelu_backward": one_by_one_back(gelu_slope),
    "maxout_forward": maxout(),
    "maxout_backward": maxout_back(),
    "max_pool2d_forward": pooling(),
    "max_pool2d_backward": pooling_back(),
    "avg_pool2d_forward": averaging(),
    "avg_pool2d_backward": averaging_back(),
    "global_avg_pool_forward": global_average(),
    "global_avg_pool_backward": global_back(),
    "avg_pool_weights": filters(),
    "max_pool1d": pooling1d(),
    "shift_sensitivity": shift_change(),
    "linear_collapse": collapsing(),
    "gradient_by_depth": by_depth(),
}
