"""What convolution and pooling share: where windows lie, what they hold, and adding up what goes back into them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]
Setting = int | Sequence[int]
Pair = tuple[int, int]


def pair(setting: Setting) -> Pair:
    """A setting for rows and columns: 3 and (3, 3) mean the same."""
    rows, columns = (setting, setting) if isinstance(setting, (int, np.integer)) else setting
    return int(rows), int(columns)


def out_size(in_size: Setting, kernel: Setting, stride: Setting, padding: Setting) -> Pair:
    """Number of windows along rows and columns.

    Raises:
        ValueError: If not even one window fits.
    """
    sizes = zip(pair(in_size), pair(kernel), pair(stride), pair(padding), strict=True)
    rows, columns = ((size + 2 * p - k) // s + 1 for size, k, s, p in sizes)
    if rows < 1 or columns < 1:
        raise ValueError(
            f"kernel: expected windows that fit into {pair(in_size)} pixels with a padding of {pair(padding)}, got "
            f"{pair(kernel)}. Take smaller windows or more padding."
        )
    return rows, columns


def pool_settings(
    in_size: Setting, kernel: Setting, stride: Setting | None, padding: Setting
) -> tuple[Pair, Pair, Pair]:
    """Kernel, stride (by default the kernel) and padding of a pooling layer, one number per axis.

    Raises:
        ValueError: If a padding is more than half the kernel, or no window fits.
    """
    k, p = pair(kernel), pair(padding)
    s = k if stride is None else pair(stride)
    if any(2 * border > length for border, length in zip(p, k, strict=True)):
        raise ValueError(f"padding: expected at most half the kernel {k}, got {p}. Windows must see some of the image.")
    out_size(in_size, k, s, p)
    return k, s, p


def windows(x: Array, kernel: Setting, stride: Setting, padding: Setting, fill: float = 0) -> Array:
    """All windows of a batch of images, (N, C, H_out, W_out, K_H, K_W), a view of the padded images.

    Args:
        x: (N, C, H, W).
        kernel: Height and width of a window.
        stride: Pixels from one window to the next.
        padding: Pixels added on each side.
        fill: What they hold.

    Raises:
        ValueError: If no window fits.
    """
    out_size(x.shape[2:], kernel, stride, padding)
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), constant_values=fill)
    return sliding_window_view(padded, pair(kernel), axis=(2, 3))[:, :, ::s_h, ::s_w]


def add_windows(parts: Array, in_size: Sequence[int], stride: Setting, padding: Setting) -> Array:
    """The adjoint of `windows`: put each window back where it came from, adding where windows overlap.

    Args:
        parts: (N, C, H_out, W_out, K_H, K_W).
        in_size: (H, W).
        stride: As for `windows`.
        padding: As for `windows`; what falls onto it is dropped.

    Returns:
        (N, C, H, W), in the dtype of the parts.
    """
    (s_h, s_w), (p_h, p_w), (height, width) = pair(stride), pair(padding), pair(in_size)
    h_out, w_out, k_h, k_w = parts.shape[2:]
    padded = np.zeros((*parts.shape[:2], height + 2 * p_h, width + 2 * p_w), dtype=parts.dtype)
    for top, left in np.ndindex(k_h, k_w):
        rows, columns = slice(top, top + s_h * h_out, s_h), slice(left, left + s_w * w_out, s_w)
        padded[:, :, rows, columns] += parts[..., top, left]
    return padded[:, :, p_h : p_h + height, p_w : p_w + width].copy()
