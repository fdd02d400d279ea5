"""Right answers to `linear_maps_and_gradients`, written otherwise than the solution: views, einsum, unit vectors."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def pair(value):
    return (value, value) if np.ndim(value) == 0 else tuple(value)


def windows(x, kernel, stride=1, padding=0):
    """(N, C, H_out, W_out, K_H, K_W), a view."""
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    # NumPy raises ValueError itself where the window does not fit.
    return sliding_window_view(padded, pair(kernel), axis=(2, 3))[:, :, ::s_h, ::s_w]


def im2col(x, kernel, *, stride=1, padding=0):
    seen = windows(x, kernel, stride, padding)
    N, C, H_out, W_out, K_H, K_W = seen.shape
    return seen.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * K_H * K_W, H_out * W_out)


def col2im(cols, in_shape, kernel, *, stride=1, padding=0):
    # Each entry is sent to the number of its pixel; numbers in the padding are -1.
    pixels = np.arange(np.prod(in_shape[1:])).reshape(1, *in_shape[1:]) + 1
    home = im2col(pixels, kernel, stride=stride, padding=padding)[0] - 1
    out = np.zeros((in_shape[0], np.prod(in_shape[1:])), dtype=cols.dtype)
    for image, columns in zip(out, cols, strict=True):
        np.add.at(image, home[home >= 0], columns[home >= 0])
    return out.reshape(in_shape)


def conv2d_im2col(x, w, b, *, stride=1, padding=0):
    out = np.einsum("ncijuv,ocuv->noij", windows(x, w.shape[2:], stride, padding), w)
    return out if b is None else out + b.reshape(1, -1, 1, 1)


def toeplitz1d(w, size, *, stride=1, padding=0):
    units = np.eye(size, dtype=w.dtype).reshape(size, 1, 1, size)
    return conv2d_im2col(units, w.reshape(1, 1, 1, -1), None, stride=(1, stride), padding=(0, padding))[:, 0, 0].T


def conv_matrix2d(kernel, in_size, *, stride=1, padding=0):
    pixels = np.prod(in_size)
    units = np.eye(pixels, dtype=kernel.dtype).reshape(pixels, 1, *in_size)
    return conv2d_im2col(units, kernel[None, None], None, stride=stride, padding=padding).reshape(pixels, -1).T


def locally_connected1d(x, w):
    if w.shape[0] != len(x) - w.shape[1] + 1:
        raise ValueError("rows")
    return np.einsum("ik,ik->i", w, sliding_window_view(x, w.shape[1]))


def count_weights(size, kernel):
    if kernel > size:
        raise ValueError("kernel")
    return kernel, (size - kernel + 1) * kernel, (size - kernel + 1) * size


def unfold_kernels(c_in, kernel):
    K_H, K_W = pair(kernel)
    filters = np.zeros((c_in, K_H, K_W, c_in, K_H, K_W), dtype=int)
    for place in np.ndindex(c_in, K_H, K_W):
        filters[place + place] = 1
    return filters.reshape(-1, c_in, K_H, K_W)


def conv1d_by_shifts(x, w):
    if len(w) > len(x):
        raise ValueError("w")
    return sum(weight * x[k : len(x) - len(w) + 1 + k] for k, weight in enumerate(w))


def conv2d_backward(dout, x, w, *, stride=1, padding=0):
    (H, W), (s_h, s_w), (p_h, p_w) = x.shape[2:], pair(stride), pair(padding)
    dw = np.einsum("ncijuv,noij->ocuv", windows(x, w.shape[2:], stride, padding), dout)
    dx = np.zeros((*x.shape[:2], H + 2 * p_h, W + 2 * p_w), dtype=np.result_type(dout, w))
    for n, o, i, j in np.ndindex(*dout.shape):
        top, left = i * s_h, j * s_w
        dx[n, :, top : top + w.shape[2], left : left + w.shape[3]] += dout[n, o, i, j] * w[o]
    return dx[:, :, p_h : p_h + H, p_w : p_w + W], dw, np.einsum("noij->o", dout)


def conv2d_dx_as_conv(dout, w, in_size, *, stride=1, padding=0):
    x = np.zeros((len(dout), w.shape[1], *in_size), dtype=dout.dtype)
    return conv2d_backward(dout, x, w, stride=stride, padding=padding)[0]


def conv2d_dw_as_conv(dout, x, kernel, *, stride=1, padding=0):
    w = np.zeros((dout.shape[1], x.shape[1], *pair(kernel)), dtype=dout.dtype)
    return conv2d_backward(dout, x, w, stride=stride, padding=padding)[1]


def conv_transpose2d(x, w, *, stride=1, padding=0):
    (N, _, H, W), (s_h, s_w), (p_h, p_w) = x.shape, pair(stride), pair(padding)
    K_H, K_W = w.shape[2:]
    full = np.zeros((N, w.shape[1], (H - 1) * s_h + K_H, (W - 1) * s_w + K_W), dtype=np.result_type(x, w))
    for i, j in np.ndindex(H, W):
        prints = np.einsum("nc,couv->nouv", x[:, :, i, j], w)
        full[:, :, i * s_h : i * s_h + K_H, j * s_w : j * s_w + K_W] += prints
    out = full[:, :, p_h : full.shape[2] - p_h, p_w : full.shape[3] - p_w]
    if 0 in out.shape:
        raise ValueError("nothing left")
    return out


def numerical_gradient(f, x, dout, *, h=1e-5):
    def loss(moved):
        return float(np.sum(f(moved) * dout))

    units = np.eye(x.size).reshape(x.size, *x.shape)
    slopes = [(loss(x + h * unit) - loss(x - h * unit)) / (2 * h) for unit in units]
    return np.array(slopes).reshape(x.shape)


def moved(images, down, right):
    """Moved with zeros from outside."""
    H, W = images.shape[2:]
    wide = np.pad(images, ((0, 0), (0, 0), (H, H), (W, W)))
    return wide[:, :, H - down : 2 * H - down, W - right : 2 * W - right]


def equivariance_gap(layer, x, shift):
    out = layer(x)
    H_out, W_out = out.shape[2:]
    steps = round(x.shape[2] / H_out), round(x.shape[3] / W_out)
    gaps = layer(moved(x, *shift)) - moved(out, shift[0] // steps[0], shift[1] // steps[1])
    rows, columns = np.arange(H_out), np.arange(W_out)
    inside = np.ix_(
        (rows >= H_out // 4) & (rows < H_out - H_out // 4), (columns >= W_out // 4) & (columns < W_out - W_out // 4)
    )
    return max(abs(gap[inside]).max() for image in gaps for gap in image)


def compose_kernels(w1, w2):
    if w1.shape[0] != w2.shape[1]:
        raise ValueError("channels")
    # The true convolution of two kernels: correlation with one of them flipped, and all overlaps.
    K_H, K_W = w2.shape[2:]
    wide = np.pad(w1.transpose(1, 0, 2, 3), ((0, 0), (0, 0), (K_H - 1, K_H - 1), (K_W - 1, K_W - 1)))
    return conv2d_im2col(wide, w2[:, :, ::-1, ::-1], None).transpose(1, 0, 2, 3)


def learn_kernel(images, targets, size, *, lr, steps):
    seen = sliding_window_view(images, pair(size), axis=(1, 2)).reshape(targets.size, -1).astype(np.float64)
    w = np.zeros(seen.shape[1])
    for _ in range(steps):
        w -= lr * 2 / targets.size * seen.T @ (seen @ w - targets.ravel())
    return w.reshape(pair(size))


RIGHT = {
    "toeplitz1d": {"toeplitz1d": toeplitz1d},
    "conv_matrix2d": {"conv_matrix2d": conv_matrix2d},
    "locally_connected": {"locally_connected1d": locally_connected1d, "count_weights": count_weights},
    "im2col": {"im2col": im2col, "col2im": col2im},
    "conv2d_im2col": {"conv2d_im2col": conv2d_im2col},
    "conv2d_matrix_backward": {"conv2d_matrix_backward": conv2d_backward},
    "unfold_kernels": {"unfold_kernels": unfold_kernels},
    "conv1d_by_shifts": {"conv1d_by_shifts": conv1d_by_shifts},
    "conv2d_backward": {"conv2d_backward": conv2d_backward},
    "conv2d_gradients_as_convs": {"conv2d_dx_as_conv": conv2d_dx_as_conv, "conv2d_dw_as_conv": conv2d_dw_as_conv},
    "conv_transpose2d": {"conv_transpose2d": conv_transpose2d},
    "numerical_gradient": {"numerical_gradient": numerical_gradient},
    "equivariance": {"equivariance_gap": equivariance_gap, "compose_kernels": compose_kernels},
    "learn_kernel": {"learn_kernel": learn_kernel},
}
