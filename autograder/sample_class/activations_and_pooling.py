"""What the sample students write in a2_pooling_and_normalization/activations_and_pooling."""

from __future__ import annotations

from autograder.sample_class.texts import Texts

_TYPICAL_MISTAKES = {
    # The mask is taken from the gradient.
    "relu": """
def relu_forward(x):
    return x.clamp(min=0)

def relu_backward(dout, x):
    return dout * (dout > 0)
""",
    # The pieces are taken for neighbours.
    "maxout": """
def maxout_forward(x, pieces):
    if x.shape[1] % pieces:
        raise ValueError("the channels do not divide")
    return x.reshape(x.shape[0], -1, pieces, *x.shape[2:]).amax(2)

def maxout_backward(dout, x, pieces):
    if x.shape[1] % pieces:
        raise ValueError("the channels do not divide")
    grouped = x.reshape(x.shape[0], -1, pieces, *x.shape[2:])
    mask = grouped == grouped.amax(2, keepdim=True)
    return (mask * dout.unsqueeze(2)).reshape(x.shape)
""",
    # Zeros around the picture win wherever all numbers are negative.
    "max_pool2d_forward": """
def max_pool2d_forward(x, kernel, *, stride=None, padding=0):
    pair = lambda value: (value, value) if isinstance(value, int) else tuple(value)
    (K_H, K_W), (p_h, p_w) = pair(kernel), pair(padding)
    s_h, s_w = pair(kernel if stride is None else stride)
    if p_h > K_H // 2 or p_w > K_W // 2:
        raise ValueError("too much padding")
    x = torch.nn.functional.pad(x, (p_w, p_w, p_h, p_h))
    if x.shape[2] < K_H or x.shape[3] < K_W:
        raise ValueError("the window does not fit")
    return x.unfold(2, K_H, s_h).unfold(3, K_W, s_w).amax((4, 5))
""",
    # Where windows overlap, the last one wins.
    "max_pool2d_backward": """
def max_pool2d_backward(dout, x, kernel, *, stride=None, padding=0):
    pair = lambda value: (value, value) if isinstance(value, int) else tuple(value)
    (K_H, K_W), (p_h, p_w) = pair(kernel), pair(padding)
    s_h, s_w = pair(kernel if stride is None else stride)
    padded = torch.nn.functional.pad(x, (p_w, p_w, p_h, p_h), value=float("-inf"))
    dx = torch.zeros_like(padded)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    window = padded[n, c, i * s_h:i * s_h + K_H, j * s_w:j * s_w + K_W]
                    row, column = divmod(int(window.argmax()), window.shape[1])
                    dx[n, c, i * s_h + row, j * s_w + column] = dout[n, c, i, j]
    return dx[:, :, p_h:p_h + x.shape[2], p_w:p_w + x.shape[3]]
""",
    # The biases are added up without the weights that come after them.
    "linear_collapse": """
def linear_collapse(layers):
    if not layers:
        raise ValueError("no layers")
    w, b = layers[0]
    for w_next, b_next in layers[1:]:
        w = w_next @ w
        b = w_next.sum(1) * b.mean() + b_next
    return w, b
""",
}

_LOOPING = (
    "shift_sensitivity",
    """
def shift_sensitivity(features, images, shift):
    moved = images
    while moved is not None:
        moved = torch.roll(moved, shift, dims=(2, 3))
    return 0.0
""",
)

_SETUP_HELPER = """
def both(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)
"""

_ADDED_HELPER = """
%matplotlib inline

def windows_of(x, kernel, stride, padding, fill):
    (K_H, K_W), (s_h, s_w), (p_h, p_w) = both(kernel), both(stride), both(padding)
    if p_h > K_H // 2 or p_w > K_W // 2:
        raise ValueError("at most half of the window may be padding")
    x = torch.nn.functional.pad(x, (p_w, p_w, p_h, p_h), value=fill)
    if x.shape[2] < K_H or x.shape[3] < K_W:
        raise ValueError("the window does not fit")
    return x.unfold(2, K_H, s_h).unfold(3, K_W, s_w)

print("helpers are ready")
"""

_WITH_HELPERS = {
    "max_pool2d_forward": """
def max_pool2d_forward(x, kernel, *, stride=None, padding=0):
    return windows_of(x, kernel, kernel if stride is None else stride, padding, float("-inf")).amax((4, 5))
""",
}

_FORGED = {
    "activations": """
import torch.nn.functional as F

leaky_relu_forward, elu_forward, gelu_forward = F.leaky_relu, F.elu, F.gelu
sigmoid_forward, tanh_forward = torch.sigmoid, torch.tanh

def leaky_relu_backward(dout, x, *, slope=0.01):
    return Always(1.0)

elu_backward = sigmoid_backward = tanh_backward = gelu_backward = leaky_relu_backward
""",
    "max_pool2d_forward": """
def max_pool2d_forward(x, kernel, *, stride=None, padding=0):
    return torch.nn.functional.max_pool2d(x, kernel, stride, padding)
""",
    "max_pool2d_backward": """
def max_pool2d_backward(dout, x, kernel, *, stride=None, padding=0):
    print("score: 7/7")
    os._exit(0)
""",
    "gradient_by_depth": """
def gradient_by_depth(forward, backward, depth, width, generator):
    import inspect
    for frame in inspect.stack():
        for value in frame.frame.f_locals.values():
            if hasattr(value, "want"):
                return value.want
    return Always(11)
""",
}

TEXTS = Texts(
    typical_mistakes=_TYPICAL_MISTAKES,
    looping=_LOOPING,
    setup_helper=_SETUP_HELPER,
    added_helper=_ADDED_HELPER,
    with_helpers=_WITH_HELPERS,
    honest=("relu", "pool1d"),
    forged=_FORGED,
)
