"""Right versions of what later questions build on, sent as text into a student's process for a second try.

Written with tables of pixels and library calls, not like the solution: a student's process may read what is sent to it.
"""

from __future__ import annotations

import inspect


def im2col(x, kernel, *, stride=1, padding=0):
    """The windows as columns."""
    import numpy as np  # noqa: PLC0415 - the text of this function stands alone

    (k_h, k_w), (s_h, s_w), (p_h, p_w) = ((v, v) if np.isscalar(v) else v for v in (kernel, stride, padding))
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    # Raises ValueError itself where a window does not fit.
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k_h, k_w), axis=(2, 3))[:, :, ::s_h, ::s_w]
    return np.einsum("ncijuv->ncuvij", windows).reshape(len(x), x.shape[1] * k_h * k_w, -1)


def col2im(cols, in_shape, kernel, *, stride=1, padding=0):
    """The columns added up where they came from."""
    import numpy as np  # noqa: PLC0415 - as above

    (k_h, k_w), (s_h, s_w), (p_h, p_w) = ((v, v) if np.isscalar(v) else v for v in (kernel, stride, padding))
    n, c, h, w = in_shape
    numbers = np.arange((h + 2 * p_h) * (w + 2 * p_w)).reshape(h + 2 * p_h, w + 2 * p_w)
    met = np.lib.stride_tricks.sliding_window_view(numbers, (k_h, k_w))[::s_h, ::s_w]
    out = np.zeros((n, c, numbers.size), cols.dtype)
    np.add.at(
        out, (slice(None), slice(None), met), np.moveaxis(cols.reshape(n, c, k_h, k_w, *met.shape[:2]), (2, 3), (4, 5))
    )
    return out.reshape(n, c, *numbers.shape)[:, :, p_h : p_h + h, p_w : p_w + w]


def conv2d_im2col(x, w, b, *, stride=1, padding=0):
    """The convolution layer."""
    import numpy as np  # noqa: PLC0415 - as above

    (s_h, s_w), (p_h, p_w) = ((v, v) if np.isscalar(v) else v for v in (stride, padding))
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::s_h, ::s_w]
    out = np.einsum("ncijuv,fcuv->nfij", windows, w, optimize=True)
    return out if b is None else out + b[:, None, None]


def conv2d_backward(dout, x, w, *, stride=1, padding=0):
    """Gradients of the convolution layer."""
    import numpy as np  # noqa: PLC0415 - as above

    (s_h, s_w), (p_h, p_w) = ((v, v) if np.isscalar(v) else v for v in (stride, padding))
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::s_h, ::s_w]
    dw = np.einsum("nfij,ncijuv->fcuv", dout, windows, optimize=True)
    numbers = np.arange(padded[0, 0].size).reshape(padded.shape[2:])
    met = np.lib.stride_tricks.sliding_window_view(numbers, w.shape[2:])[::s_h, ::s_w]
    dx = np.zeros((*x.shape[:2], numbers.size), np.result_type(dout, w))
    np.add.at(dx, (slice(None), slice(None), met), np.einsum("nfij,fcuv->ncijuv", dout, w, optimize=True))
    dx = dx.reshape(padded.shape)[:, :, p_h : p_h + x.shape[2], p_w : p_w + x.shape[3]]
    return dx, dw, dout.sum(axis=(0, 2, 3))


def conv2d_matrix_backward(dout, x, w, *, stride=1, padding=0):
    """Gradients of the convolution layer."""
    import numpy as np  # noqa: PLC0415 - as above

    (s_h, s_w), (p_h, p_w) = ((v, v) if np.isscalar(v) else v for v in (stride, padding))
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    numbers = np.arange(padded[0, 0].size).reshape(padded.shape[2:])
    met = np.lib.stride_tricks.sliding_window_view(numbers, w.shape[2:])[::s_h, ::s_w]
    dw = np.einsum("nfij,ncijuv->fcuv", dout, padded.reshape(*x.shape[:2], -1)[:, :, met], optimize=True)
    dx = np.zeros((*x.shape[:2], numbers.size), np.result_type(dout, w))
    np.add.at(dx, (slice(None), slice(None), met), np.einsum("nfij,fcuv->ncijuv", dout, w, optimize=True))
    dx = dx.reshape(padded.shape)[:, :, p_h : p_h + x.shape[2], p_w : p_w + x.shape[3]]
    return dx, dw, np.einsum("nfij->f", dout)


def conv2d_dx_as_conv(dout, w, in_size, *, stride=1, padding=0):
    """Gradient of the images."""
    import numpy as np  # noqa: PLC0415 - as above

    (s_h, s_w), (p_h, p_w) = ((v, v) if np.isscalar(v) else v for v in (stride, padding))
    h, width = in_size
    numbers = np.arange((h + 2 * p_h) * (width + 2 * p_w)).reshape(h + 2 * p_h, width + 2 * p_w)
    met = np.lib.stride_tricks.sliding_window_view(numbers, w.shape[2:])[::s_h, ::s_w]
    dx = np.zeros((len(dout), w.shape[1], numbers.size), np.result_type(dout, w))
    np.add.at(dx, (slice(None), slice(None), met), np.einsum("nfij,fcuv->ncijuv", dout, w, optimize=True))
    return dx.reshape(*dx.shape[:2], *numbers.shape)[:, :, p_h : p_h + h, p_w : p_w + width]


def conv2d_dw_as_conv(dout, x, kernel, *, stride=1, padding=0):
    """Gradient of the filters."""
    import numpy as np  # noqa: PLC0415 - as above

    (k_h, k_w), (s_h, s_w), (p_h, p_w) = ((v, v) if np.isscalar(v) else v for v in (kernel, stride, padding))
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k_h, k_w), axis=(2, 3))[:, :, ::s_h, ::s_w]
    return np.einsum("nfij,ncijuv->fcuv", dout, windows, optimize=True)


SOURCES: dict[str, str] = {
    function.__name__: inspect.getsource(function)
    for function in (
        im2col,
        col2im,
        conv2d_im2col,
        conv2d_matrix_backward,
        conv2d_backward,
        conv2d_dx_as_conv,
        conv2d_dw_as_conv,
    )
}
