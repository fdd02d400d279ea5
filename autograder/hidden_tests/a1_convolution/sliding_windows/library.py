"""Right versions of what later questions build on, sent as text into a student's process for a second try.

Written with library calls, not like the solution: a student's process may read what is sent to it.
"""

from __future__ import annotations

import inspect


def correlate2d(image, kernel, *, padding=0, mode="zeros"):
    """Cross-correlation of one image with a kernel."""
    import numpy as np  # noqa: PLC0415 - the text of this function stands alone

    modes = {"zeros": "constant", "reflect": "reflect", "circular": "wrap"}
    if mode not in modes:
        raise ValueError(f"mode: expected one of {', '.join(modes)}, got {mode!r}")
    h, w = (padding, padding) if np.isscalar(padding) else padding
    image, kernel = np.asarray(image), np.asarray(kernel)
    padded = np.pad(image, ((h, h), (w, w)), mode=modes[mode])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.tensordot(windows, kernel, 2).astype(np.result_type(image, kernel), copy=False)


def conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
    """Number of positions of a window along one axis."""
    room = size + 2 * padding - dilation * (kernel - 1)
    if room < 1:
        raise ValueError("the window does not fit")
    return -(-room // stride)


def same_padding(kernel, *, dilation=1):
    """The padding that keeps a size."""
    padding, rest = divmod(dilation * (kernel - 1), 2)
    if rest:
        raise ValueError("no symmetric padding keeps the size")
    return padding


def conv2d_forward(x, w, b, *, stride=1, padding=0):
    """The convolution layer."""
    import numpy as np  # noqa: PLC0415 - the text of this function stands alone

    (s_h, s_w), (p_h, p_w) = ((v, v) if np.isscalar(v) else v for v in (stride, padding))
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    # Raises ValueError itself where a window does not fit.
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::s_h, ::s_w]
    out = np.einsum("nchwij,fcij->nfhw", windows, w, optimize=True)
    return out if b is None else out + b[:, None, None]


SOURCES: dict[str, str] = {
    function.__name__: inspect.getsource(function)
    for function in (correlate2d, conv_output_size, same_padding, conv2d_forward)
}
