"""Pooling layers and their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.layers.dispatch import F, Values, gradients, layer, tensors
from course_utils.layers.windows import Setting, add_windows, pair, pool_settings, windows

if TYPE_CHECKING:
    import torch


@layer
def max_pool2d_forward(x: Values, kernel: Setting, *, stride: Setting | None = None, padding: Setting = 0) -> Values:
    """The largest number in each window.

    Args:
        x: (N, C, H, W).
        kernel: Height and width of a window.
        stride: Pixels from one window to the next; by default the kernel.
        padding: Pixels added on each side, which are never the largest; at most half the kernel.

    Returns:
        (N, C, H_out, W_out).

    Raises:
        ValueError: If no window fits, or a padding is too large.
    """
    return _windows_to_max(x, kernel, stride, padding).max(axis=(4, 5))


@tensors("max_pool2d_forward")
def _(x: torch.Tensor, kernel: Setting, *, stride: Setting | None = None, padding: Setting = 0) -> torch.Tensor:
    return F.max_pool2d(x, *pool_settings(x.shape[2:], kernel, stride, padding))


@layer
def max_pool2d_backward(
    dout: Values, x: Values, kernel: Setting, *, stride: Setting | None = None, padding: Setting = 0
) -> Values:
    """Gradient of max-pooling: to the largest number, of equal ones the first in reading order.

    Args:
        dout: (N, C, H_out, W_out).
        x: (N, C, H, W), as in the forward pass.
        kernel: As in the forward pass.
        stride: As in the forward pass.
        padding: As in the forward pass.

    Returns:
        (N, C, H, W).

    Raises:
        ValueError: If no window fits, or a padding is too large.
    """
    seen = _windows_to_max(x, kernel, stride, padding)
    flat = seen.reshape(*seen.shape[:4], -1)
    largest = flat.argmax(axis=4)[..., None] == np.arange(flat.shape[4])
    _, s, p = pool_settings(x.shape[2:], kernel, stride, padding)
    return add_windows((dout[..., None] * largest).reshape(seen.shape), x.shape[2:], s, p)


@tensors("max_pool2d_backward")
def _(
    dout: torch.Tensor, x: torch.Tensor, kernel: Setting, *, stride: Setting | None = None, padding: Setting = 0
) -> torch.Tensor:
    settings = pool_settings(x.shape[2:], kernel, stride, padding)
    return gradients(lambda x: F.max_pool2d(x, *settings), [x], dout)[0]


@layer
def avg_pool2d_forward(x: Values, kernel: Setting, *, stride: Setting | None = None, padding: Setting = 0) -> Values:
    """The mean of each window, with the zeros of the padding.

    Args:
        x: (N, C, H, W).
        kernel: Height and width of a window.
        stride: Pixels from one window to the next; by default the kernel.
        padding: Zeros added on each side, at most half the kernel.

    Returns:
        (N, C, H_out, W_out).

    Raises:
        ValueError: If no window fits, or a padding is too large.
    """
    return windows(x, *pool_settings(x.shape[2:], kernel, stride, padding)).mean(axis=(4, 5))


@tensors("avg_pool2d_forward")
def _(x: torch.Tensor, kernel: Setting, *, stride: Setting | None = None, padding: Setting = 0) -> torch.Tensor:
    return F.avg_pool2d(x, *pool_settings(x.shape[2:], kernel, stride, padding))


@layer
def avg_pool2d_backward(
    dout: Values, in_size: Sequence[int], kernel: Setting, *, stride: Setting | None = None, padding: Setting = 0
) -> Values:
    """Gradient of average pooling: each number of a window has the same share.

    Args:
        dout: (N, C, H_out, W_out).
        in_size: (H, W) of the input.
        kernel: As in the forward pass.
        stride: As in the forward pass.
        padding: As in the forward pass.

    Returns:
        (N, C, H, W).

    Raises:
        ValueError: If no window fits, or a padding is too large.
    """
    (k_h, k_w), s, p = pool_settings(in_size, kernel, stride, padding)
    shares = np.broadcast_to((dout / (k_h * k_w))[..., None, None], (*dout.shape, k_h, k_w))
    return add_windows(shares, in_size, s, p)


@tensors("avg_pool2d_backward")
def _(
    dout: torch.Tensor, in_size: Sequence[int], kernel: Setting, *, stride: Setting | None = None, padding: Setting = 0
) -> torch.Tensor:
    settings = pool_settings(in_size, kernel, stride, padding)
    x = dout.new_zeros((*dout.shape[:2], *pair(in_size)))
    return gradients(lambda x: F.avg_pool2d(x, *settings), [x], dout)[0]


@layer
def global_avg_pool_forward(x: Values) -> Values:
    """The mean of each channel: (N, C, H, W) to (N, C)."""
    return x.mean(axis=(2, 3))


@tensors("global_avg_pool_forward")
def _(x: torch.Tensor) -> torch.Tensor:
    return F.adaptive_avg_pool2d(x, 1).flatten(1)


@layer
def global_avg_pool_backward(dout: Values, in_size: Sequence[int]) -> Values:
    """Gradient of global average pooling: (N, C) to (N, C, H, W), in_size being (H, W)."""
    height, width = pair(in_size)
    return np.broadcast_to((dout / (height * width))[..., None, None], (*dout.shape, height, width)).copy()


@tensors("global_avg_pool_backward")
def _(dout: torch.Tensor, in_size: Sequence[int]) -> torch.Tensor:
    x = dout.new_zeros((*dout.shape, *pair(in_size)))
    return gradients(lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1), [x], dout)[0]


def _windows_to_max(x: NDArray[Any], kernel: Setting, stride: Setting | None, padding: Setting) -> NDArray[Any]:
    """Windows in a border that is never the largest."""
    lowest = -np.inf if np.issubdtype(x.dtype, np.floating) else np.iinfo(x.dtype).min
    return windows(x, *pool_settings(x.shape[2:], kernel, stride, padding), fill=lowest)
