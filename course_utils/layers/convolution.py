"""The convolution layer and the matrix of its windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_utils.layers.dispatch import F, Values, gradients, layer, promoted, tensors
from course_utils.layers.windows import Setting, add_windows, out_size, pair, windows

if TYPE_CHECKING:
    import torch


@layer
def conv2d_forward(x: Values, w: Values, b: Values, *, stride: Setting = 1, padding: Setting = 0) -> Values:
    """The convolution layer: every filter looks at all input channels.

    Args:
        x: (N, C_in, H, W).
        w: (C_out, C_in, K_H, K_W).
        b: (C_out,), or None.
        stride: Pixels from one window to the next.
        padding: Zeros added on each side.

    Returns:
        (N, C_out, H_out, W_out).

    Raises:
        ValueError: If no window fits.
    """
    seen = windows(x, w.shape[2:], stride, padding)
    out = np.moveaxis(np.tensordot(seen, w, axes=((1, 4, 5), (1, 2, 3))), 3, 1)
    return np.ascontiguousarray(out if b is None else out + b[:, None, None])


@tensors("conv2d_forward")
def _(
    x: torch.Tensor, w: torch.Tensor, b: torch.Tensor | None, *, stride: Setting = 1, padding: Setting = 0
) -> torch.Tensor:
    out_size(x.shape[2:], w.shape[2:], stride, padding)
    x, w, b = promoted(x, w, b)
    return F.conv2d(x, w, b, stride=pair(stride), padding=pair(padding))


@layer
def conv2d_backward(
    dout: Values, x: Values, w: Values, *, stride: Setting = 1, padding: Setting = 0
) -> tuple[Values, Values, Values]:
    """Gradients of the convolution layer.

    Args:
        dout: (N, C_out, H_out, W_out), gradient with respect to the output.
        x: (N, C_in, H, W), as in the forward pass.
        w: (C_out, C_in, K_H, K_W), as in the forward pass.
        stride: As in the forward pass.
        padding: As in the forward pass.

    Returns:
        dx, dw and db, the last (C_out,).

    Raises:
        ValueError: If no window fits.
    """
    seen = windows(x, w.shape[2:], stride, padding)
    dseen = np.moveaxis(np.tensordot(dout, w, axes=(1, 0)), 3, 1)
    dx = add_windows(dseen, x.shape[2:], stride, padding)
    dw = np.tensordot(dout, seen, axes=((0, 2, 3), (0, 2, 3)))
    return dx, dw, dout.sum(axis=(0, 2, 3))


@tensors("conv2d_backward")
def _(
    dout: torch.Tensor, x: torch.Tensor, w: torch.Tensor, *, stride: Setting = 1, padding: Setting = 0
) -> tuple[torch.Tensor, ...]:
    out_size(x.shape[2:], w.shape[2:], stride, padding)
    dout, x, w = promoted(dout, x, w)
    s, p = pair(stride), pair(padding)
    return gradients(lambda x, w, b: F.conv2d(x, w, b, s, p), (x, w, w.new_zeros(len(w))), dout)


@layer
def im2col(x: Values, kernel: Setting, *, stride: Setting = 1, padding: Setting = 0) -> Values:
    """Every window as a column.

    Args:
        x: (N, C, H, W).
        kernel: Height and width of a window.
        stride: Pixels from one window to the next.
        padding: Zeros added on each side.

    Returns:
        (N, C * K_H * K_W, L), L = H_out * W_out windows in reading order, as torch's unfold.

    Raises:
        ValueError: If no window fits.
    """
    seen = windows(x, kernel, stride, padding).transpose(0, 1, 4, 5, 2, 3)
    N, C, K_H, K_W, H_out, W_out = seen.shape
    return seen.reshape(N, C * K_H * K_W, H_out * W_out)


@tensors("im2col")
def _(x: torch.Tensor, kernel: Setting, *, stride: Setting = 1, padding: Setting = 0) -> torch.Tensor:
    out_size(x.shape[2:], kernel, stride, padding)
    return F.unfold(x, pair(kernel), stride=pair(stride), padding=pair(padding))


@layer
def col2im(
    cols: Values, in_shape: Sequence[int], kernel: Setting, *, stride: Setting = 1, padding: Setting = 0
) -> Values:
    """The adjoint of im2col: adds where windows overlap.

    Args:
        cols: (N, C * K_H * K_W, L).
        in_shape: (N, C, H, W) of the images.
        kernel: As for im2col.
        stride: As for im2col.
        padding: As for im2col; what falls onto it is dropped.

    Returns:
        (N, C, H, W).

    Raises:
        ValueError: If no window fits.
    """
    N, C, *in_size = in_shape
    parts = cols.reshape(N, C, *pair(kernel), *out_size(in_size, kernel, stride, padding))
    return add_windows(parts.transpose(0, 1, 4, 5, 2, 3), in_size, stride, padding)


@tensors("col2im")
def _(
    cols: torch.Tensor, in_shape: Sequence[int], kernel: Setting, *, stride: Setting = 1, padding: Setting = 0
) -> torch.Tensor:
    out_size(in_shape[2:], kernel, stride, padding)
    return F.fold(cols, pair(in_shape[2:]), pair(kernel), stride=pair(stride), padding=pair(padding))
