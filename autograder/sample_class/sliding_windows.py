"""What the sample students write in a1_convolution/sliding_windows: wrong, endless and dishonest answers, as text."""

from __future__ import annotations

from autograder.sample_class.texts import Texts

_TYPICAL_MISTAKES = {
    # The kernel is flipped in the wrong one of the two.
    "correlate1d": """
def correlate1d(x, w):
    return np.array([np.sum(x[i:i + len(w)] * w[::-1]) for i in range(len(x) - len(w) + 1)])

def convolve1d(x, w):
    return np.array([np.sum(x[i:i + len(w)] * w) for i in range(len(x) - len(w) + 1)])
""",
    # Padding with zeros whatever the mode.
    "correlate2d": """
def correlate2d(image, kernel, *, padding=0, mode="zeros"):
    padded = np.pad(image, padding)
    K_H, K_W = kernel.shape
    H_out, W_out = padded.shape[0] - K_H + 1, padded.shape[1] - K_W + 1
    out = np.zeros((H_out, W_out), dtype=np.result_type(image, kernel))
    for i in range(H_out):
        for j in range(W_out):
            out[i, j] = np.sum(padded[i:i + K_H, j:j + K_W] * kernel)
    return out
""",
    # A size that is not a whole number, and "same" padding for even kernels.
    "conv_output_size": """
def conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1

def same_padding(kernel, *, dilation=1):
    return dilation * kernel // 2
""",
    # The bias is not counted.
    "conv_counts": """
def _two(value):
    return value if isinstance(value, tuple) else (value, value)

def conv_counts(c_in, c_out, kernel, in_size, *, stride=1, padding=0, dilation=1, groups=1, bias=True):
    sides = zip(_two(in_size), _two(kernel), _two(stride), _two(padding), _two(dilation))
    H_out, W_out = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in sides]
    K_H, K_W = _two(kernel)
    params = c_out * (c_in // groups) * K_H * K_W
    return ConvCounts(params, params * H_out * W_out, c_out * H_out * W_out)

def mlp_params(widths):
    return sum(a * b for a, b in zip(widths, widths[1:]))
""",
    # Right for square images only: the width is computed from the height.
    "conv2d_forward": """
def conv2d_forward(x, w, b, *, stride=1, padding=0):
    s_h, s_w = stride if isinstance(stride, tuple) else (stride, stride)
    p_h, p_w = padding if isinstance(padding, tuple) else (padding, padding)
    N, C, H, W = x.shape
    C_out, _, K_H, K_W = w.shape
    if K_H > H + 2 * p_h or K_W > W + 2 * p_w:
        raise ValueError("the window does not fit")
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    H_out = (H + 2 * p_h - K_H) // s_h + 1
    W_out = H_out
    out = np.zeros((N, C_out, H_out, W_out), dtype=np.result_type(x, w))
    for i in range(H_out):
        for j in range(W_out):
            window = x[:, :, i * s_h:i * s_h + K_H, j * s_w:j * s_w + K_W]
            out[:, :, i, j] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3]))
    return out if b is None else out + b[:, None, None]
""",
    # Every layer adds K - 1, whatever strides came before it.
    "receptive_field": """
def receptive_field(layers):
    size, jump, start = 1, 1, 0
    for kernel, stride, padding, dilation in layers:
        size += dilation * (kernel - 1)
        start -= padding * jump
        jump *= stride
    return ReceptiveField(size, jump, start)

def layers_to_see(size, kernel):
    return -(-(size - 1) // (kernel - 1))
""",
}

_LOOPING = (
    "match_template",
    """
def match_template(image, template):
    best = None
    while best is None:
        try:
            for row in range(image.shape[0]):
                pass
        except BaseException:
            pass
    return image, best
""",
)

_SETUP_HELPER = """
def as_pair(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)
"""

_ADDED_HELPER = """
%matplotlib inline
from numpy.lib.stride_tricks import sliding_window_view

def windows_of(x, K_H, K_W, stride, padding):
    p_h, p_w = as_pair(padding)
    s_h, s_w = as_pair(stride)
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    return sliding_window_view(x, (K_H, K_W), axis=(2, 3))[:, :, ::s_h, ::s_w]

print("helpers are ready")
"""

_WITH_HELPERS = {
    "conv2d_forward": """
def conv2d_forward(x, w, b, *, stride=1, padding=0):
    windows = windows_of(x, *w.shape[2:], stride, padding)  # raises ValueError if it does not fit
    kinds = (x, w) if b is None else (x, w, b)
    out = np.einsum("nchwij,ocij->nohw", windows, w)
    if b is not None:
        out = out + np.asarray(b)[:, None, None]
    return out.astype(np.result_type(*kinds))
""",
}

_FORGED = {
    "correlate2d": """
def correlate2d(image, kernel, *, padding=0, mode="zeros"):
    class Right(np.ndarray):
        def __eq__(self, other): return np.ones(self.shape, bool)
        def __array_function__(self, func, types, args, kwargs): return True
    return np.zeros((image.shape[0] - 2, image.shape[1] - 2)).view(Right)
""",
    "match_template": """
def match_template(image, template):
    print("score: 4/4")
    os._exit(0)
""",
    "conv_counts": """
def conv_counts(*args, **kwargs):
    return Always(1.0)

def mlp_params(widths):
    sys.exit(0)
""",
    "conv2d_forward": """
def conv2d_forward(x, w, b, *, stride=1, padding=0):
    import torch
    return torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(w), None if b is None else torch.tensor(b),
                                      stride=stride, padding=padding).numpy()
""",
    "receptive_field": """
def receptive_field(layers):
    import inspect
    for frame in inspect.stack():
        for value in frame.frame.f_locals.values():
            if hasattr(value, "want"):
                return value.want
    return Always(11)

def layers_to_see(size, kernel):
    return Always(3)
""",
}

TEXTS = Texts(
    typical_mistakes=_TYPICAL_MISTAKES,
    looping=_LOOPING,
    setup_helper=_SETUP_HELPER,
    added_helper=_ADDED_HELPER,
    with_helpers=_WITH_HELPERS,
    honest=("correlate1d", "conv_output_size"),
    forged=_FORGED,
)
