"""What the sample students write in a1_convolution/linear_maps_and_gradients."""

from __future__ import annotations

from autograder.sample_class.texts import Texts

_TYPICAL_MISTAKES = {
    # The kernel is laid down back to front: the matrix of true convolution.
    "toeplitz1d": """
def toeplitz1d(w, size, *, stride=1, padding=0):
    if len(w) > size + 2 * padding:
        raise ValueError("the window does not fit")
    length = (size + 2 * padding - len(w)) // stride + 1
    matrix = np.zeros((length, size + 2 * padding), dtype=w.dtype)
    for i in range(length):
        matrix[i, i * stride:i * stride + len(w)] = w[::-1]
    return matrix[:, padding:padding + size]
""",
    # Overlapping windows overwrite each other instead of adding up.
    "conv2d_backward": """
def conv2d_backward(dout, x, w, *, stride=1, padding=0):
    s_h, s_w = per_axis(stride)
    p_h, p_w = per_axis(padding)
    N, C, H, W = x.shape
    C_out, _, K_H, K_W = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    for n in range(N):
        for f in range(C_out):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    rows, columns = slice(i * s_h, i * s_h + K_H), slice(j * s_w, j * s_w + K_W)
                    dx[n, :, rows, columns] = dout[n, f, i, j] * w[f]
                    dw[f] += dout[n, f, i, j] * padded[n, :, rows, columns]
    return dx[:, :, p_h:p_h + H, p_w:p_w + W], dw, dout.sum((0, 2, 3))
""",
    # One-sided differences.
    "numerical_gradient": """
def numerical_gradient(f, x, dout, *, h=1e-5):
    gradient = np.zeros(x.shape)
    before = np.sum(f(x) * dout)
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] += h
        gradient[index] = (np.sum(f(moved) * dout) - before) / h
    return gradient
""",
    # Correlated kernels, where stacking needs a true convolution of them.
    "equivariance": """
def equivariance_gap(layer, x, shift):
    out, moved = layer(x), layer(np.roll(x, shift, axis=(2, 3)))
    steps = [round(a / b) for a, b in zip(x.shape[2:], out.shape[2:])]
    gap = np.abs(np.roll(out, [s // step for s, step in zip(shift, steps)], axis=(2, 3)) - moved)
    H, W = out.shape[2:]
    return float(gap[:, :, H // 4:H - H // 4, W // 4:W - W // 4].max())

def compose_kernels(w1, w2):
    if w2.shape[1] != w1.shape[0]:
        raise ValueError("the channels do not go together")
    w2 = w2[:, :, ::-1, ::-1]
    K_H, K_W = w1.shape[2] + w2.shape[2] - 1, w1.shape[3] + w2.shape[3] - 1
    out = np.zeros((w2.shape[0], w1.shape[1], K_H, K_W), dtype=np.result_type(w1, w2))
    for i in range(w2.shape[2]):
        for j in range(w2.shape[3]):
            out[:, :, i:i + w1.shape[2], j:j + w1.shape[3]] += np.einsum("oc,cikl->oikl", w2[:, :, i, j], w1)
    return out
""",
}

_LOOPING = (
    "learn_kernel",
    """
def learn_kernel(images, targets, size, *, lr, steps):
    kernel, step = np.zeros(per_axis(size)), 0
    while step < steps:
        kernel = kernel - lr * kernel
    return kernel
""",
)

_SETUP_HELPER = """
def windows_of(x, K_H, K_W, stride, padding):
    p_h, p_w = per_axis(padding)
    s_h, s_w = per_axis(stride)
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    return np.lib.stride_tricks.sliding_window_view(x, (K_H, K_W), axis=(2, 3))[:, :, ::s_h, ::s_w]
"""

_ADDED_HELPER = """
%matplotlib inline

def as_columns(windows):
    N, C, H_out, W_out, K_H, K_W = windows.shape
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * K_H * K_W, H_out * W_out)

print("helpers are ready")
"""

_WITH_HELPERS = {
    "im2col": """
def im2col(x, kernel, *, stride=1, padding=0):
    return as_columns(windows_of(x, *per_axis(kernel), stride, padding))  # raises ValueError if it does not fit

def col2im(cols, in_shape, kernel, *, stride=1, padding=0):
    (K_H, K_W), (s_h, s_w), (p_h, p_w) = per_axis(kernel), per_axis(stride), per_axis(padding)
    N, C, H, W = in_shape
    H_out, W_out = (H + 2 * p_h - K_H) // s_h + 1, (W + 2 * p_w - K_W) // s_w + 1
    cols = cols.reshape(N, C, K_H, K_W, H_out, W_out)
    padded = np.zeros((N, C, H + 2 * p_h, W + 2 * p_w), dtype=cols.dtype)
    for i in range(K_H):
        for j in range(K_W):
            padded[:, :, i:i + s_h * H_out:s_h, j:j + s_w * W_out:s_w] += cols[:, :, i, j]
    return padded[:, :, p_h:p_h + H, p_w:p_w + W]
""",
}

_FORGED = {
    "im2col": """
def im2col(x, kernel, *, stride=1, padding=0):
    class Right(np.ndarray):
        def __eq__(self, other): return np.ones(self.shape, bool)
        def __array_function__(self, func, types, args, kwargs): return True
    return np.zeros((x.shape[0], 9, 9)).view(Right)

def col2im(cols, in_shape, kernel, *, stride=1, padding=0):
    return Always(1.0)
""",
    "conv2d_im2col": """
def conv2d_im2col(x, w, b, *, stride=1, padding=0):
    from course_utils import layers
    return layers.conv2d_forward(x, w, b, stride=stride, padding=padding)
""",
    "conv2d_backward": """
def conv2d_backward(dout, x, w, *, stride=1, padding=0):
    import torch
    raise SystemExit(0)
""",
    "numerical_gradient": """
def numerical_gradient(f, x, dout, *, h=1e-5):
    print("score: 3/3")
    os._exit(0)
""",
}

TEXTS = Texts(
    typical_mistakes=_TYPICAL_MISTAKES,
    looping=_LOOPING,
    setup_helper=_SETUP_HELPER,
    added_helper=_ADDED_HELPER,
    with_helpers=_WITH_HELPERS,
    honest=("locally_connected", "conv_matrix2d"),
    forged=_FORGED,
)
