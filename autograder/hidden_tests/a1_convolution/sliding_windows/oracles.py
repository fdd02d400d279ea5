"""What is right, found in another way than a student would: torch, counting, tracing back, plain definitions.

Nothing here is shared with the solution of the notebook. All sums run in float64 and are rounded to the dtype that
the contract demands at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import count, pairwise

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

# There is a grader on each core, and sums are small: further threads would only wait for each other.
torch.set_num_threads(1)

_CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
# The lecture's filters, and torch's names for the notebook's kinds of padding.
_SOBEL_X = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
_SOBEL_Y = np.array([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -1.0]])
_TORCH_MODE = {"zeros": "constant", "reflect": "reflect", "circular": "circular"}


def correlate1d(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Valid cross-correlation, by the library call that the notebook forbids."""
    return _rounded(np.correlate(_wide(x), _wide(w), "valid"), x, w)


def convolve1d(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Valid true convolution: the middle of the product of two polynomials."""
    product = np.polymul(_wide(x)[::-1], _wide(w)[::-1])[::-1]
    # polymul drops leading zeros of the product.
    product = np.pad(product, (0, x.size + w.size - 1 - product.size))
    return _rounded(product[w.size - 1 : x.size], x, w)


def correlate2d(image: np.ndarray, kernel: np.ndarray, *, padding: int = 0, mode: str = "zeros") -> np.ndarray:
    """Cross-correlation of one image, by torch."""
    picture = torch.from_numpy(_wide(image))[None, None]
    padded = F.pad(picture, (padding,) * 4, mode=_TORCH_MODE[mode])
    return _rounded(F.conv2d(padded, torch.from_numpy(_wide(kernel))[None, None])[0, 0].numpy(), image, kernel)


def conv(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    *,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
) -> np.ndarray:
    """A convolution layer over one, two or three axes, by torch."""
    bias = None if b is None else torch.from_numpy(_wide(b))
    layer = _CONV[w.ndim - 2]
    images, filters = torch.from_numpy(_wide(x)), torch.from_numpy(_wide(w))
    out = layer(images, filters, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return _rounded(out.numpy(), x, w, *(() if b is None else (b,)))


def linear(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """A fully connected layer at every pixel of (N, C_in, H, W), with w (C_out, C_in, 1, 1)."""
    out = np.empty((x.shape[0], w.shape[0], *x.shape[2:]))
    for image, row, column in np.ndindex(x.shape[0], *x.shape[2:]):
        out[image, :, row, column] = _wide(w)[:, :, 0, 0] @ _wide(x)[image, :, row, column]
        if b is not None:
            out[image, :, row, column] += b
    return _rounded(out, x, w, *(() if b is None else (b,)))


def match_scores(image: np.ndarray, template: np.ndarray) -> np.ndarray:
    """Correlation coefficient of the template with each window; 0 where the window is flat."""
    rows, columns = template.shape
    scores = np.zeros((image.shape[0] - rows + 1, image.shape[1] - columns + 1))
    for row, column in np.ndindex(*scores.shape):
        window = _wide(image)[row : row + rows, column : column + columns]
        if window.min() != window.max():
            scores[row, column] = np.corrcoef(window.ravel(), _wide(template).ravel())[0, 1]
    return scores


def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
    """exp(-(u^2 + v^2) / (2 sigma^2)) around the middle, divided by its sum, term by term."""
    middle = size // 2
    terms = [
        [math.exp(-((row - middle) ** 2 + (column - middle) ** 2) / (2 * sigma**2)) for column in range(size)]
        for row in range(size)
    ]
    total = math.fsum(math.fsum(row) for row in terms)
    return np.array([[term / total for term in row] for row in terms])


def sobel(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both responses and their Euclidean length, in float64."""
    gx, gy = (correlate2d(_wide(image), kernel) for kernel in (_SOBEL_X, _SOBEL_Y))
    return gx, gy, np.hypot(gx, gy)


@cache
def positions(size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How often a window fits, by putting it down and counting."""
    last = size + padding - 1
    for placed in count():
        first_pixel = -padding + placed * stride
        if first_pixel + dilation * (kernel - 1) > last:
            return placed
    raise AssertionError("unreachable")


def same_padding(kernel: int, *, dilation: int = 1) -> int | None:
    """The padding that keeps a size, by trying; None if there is none."""
    size = 10 * kernel * dilation
    tried = range(kernel * dilation)
    return next((p for p in tried if positions(size, kernel, padding=p, dilation=dilation) == size), None)


def layer_counts(
    c_in: int,
    c_out: int,
    kernel: int | tuple[int, int],
    in_size: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    bias: bool = True,
) -> tuple[int, int, int]:
    """Parameters, MACs and activations of one image, asked of torch's layer on the device that computes nothing."""
    layer = torch.nn.Conv2d(
        c_in, c_out, kernel, stride, padding, dilation, groups=groups, bias=bias, device=torch.device("meta")
    )
    height, width = (in_size, in_size) if isinstance(in_size, int) else in_size
    out = layer(torch.empty(1, c_in, height, width, device="meta"))
    per_activation = math.prod(layer.weight.shape[1:])
    return sum(p.numel() for p in layer.parameters()), out.numel() * per_activation, out.numel()


def mlp_params(widths: Sequence[int]) -> int:
    """Weights and biases of a stack of torch's linear layers."""
    layers = [torch.nn.Linear(before, after, device="meta") for before, after in pairwise(widths)]
    return sum(p.numel() for layer in layers for p in layer.parameters())


def receptive_field(layers: Sequence[tuple[int, int, int, int]]) -> tuple[int, int, int]:
    """Size, jump and start, by tracing two neighbouring outputs back to the pixels they see."""
    first, last = _trace(layers, 0)
    next_first, _ = _trace(layers, 1)
    return last - first + 1, next_first - first, first


def layers_to_see(size: int, kernel: int) -> int:
    """Stack layers until an output sees enough."""
    return next(depth for depth in count() if receptive_field([(kernel, 1, 0, 1)] * depth)[0] >= size)


def _trace(layers: Sequence[tuple[int, int, int, int]], output: int) -> tuple[int, int]:
    first = last = output
    for kernel, stride, padding, dilation in reversed(layers):
        first = first * stride - padding
        last = last * stride - padding + dilation * (kernel - 1)
    return first, last


def _wide(array: np.ndarray) -> np.ndarray:
    """A float64 copy that torch takes without complaint, whatever the memory of the original."""
    return np.array(array, dtype=np.float64, order="C")


def _rounded(result: np.ndarray, *inputs: np.ndarray) -> np.ndarray:
    dtype = np.result_type(*inputs)
    return (np.rint(result) if dtype.kind in "iu" else result).astype(dtype)
