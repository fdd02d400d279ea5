"""The pictures of `activations_and_pooling` with torch's own functions, for the tests of all pictures."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from course_utils import plotting

torch.set_num_threads(1)


def sent_back(forward):
    """What autograd sends back through a function."""

    def backward(dout, x, *args, **options):
        leaf = x.detach().clone().requires_grad_()
        return torch.autograd.grad(forward(leaf, *args, **options), leaf, dout)[0]

    return backward


def relu_forward(x):
    return torch.relu(x)


def relu_backward(dout, x):
    return dout * (x > 0)


def sigmoid_forward(x):
    return torch.sigmoid(x)


def sigmoid_backward(dout, x):
    return sent_back(torch.sigmoid)(dout, x)


def maxout_forward(x, pieces):
    return torch.stack(x.chunk(pieces, dim=1)).amax(dim=0)


def maxout_backward(dout, x, pieces):
    return sent_back(maxout_forward)(dout, x, pieces)


def max_pool2d_forward(x, kernel, *, stride=None, padding=0):
    return functional.max_pool2d(x, kernel, stride, padding)


def max_pool2d_backward(dout, x, kernel, *, stride=None, padding=0):
    return sent_back(functional.max_pool2d)(dout, x, kernel, stride, padding)


def avg_pool2d_forward(x, kernel, *, stride=None, padding=0):
    return functional.avg_pool2d(x, kernel, stride, padding)


def avg_pool2d_backward(dout, in_size, kernel, *, stride=None, padding=0):
    x = dout.new_zeros(*dout.shape[:2], *in_size)
    return sent_back(functional.avg_pool2d)(dout, x, kernel, stride, padding)


def global_avg_pool_backward(dout, in_size):
    return dout[:, :, None, None].repeat(1, 1, *in_size) / np.prod(in_size)


def avg_pool_weights(channels, kernel):
    return torch.ones(channels, 1, *kernel) / np.prod(kernel)


def max_pool1d(x, kernel, *, stride=None):
    return functional.max_pool1d(x, kernel, stride)


def shift_sensitivity(features, images, shift):
    before = features(images)
    return float((features(torch.roll(images, shift, (2, 3))) - before).norm() / before.norm())


def linear_collapse(layers):
    w, b = layers[0]
    for upper, bias in layers[1:]:
        w, b = upper @ w, upper @ b + bias
    return w, b


def gradient_by_depth(forward, backward, depth, width, generator):
    """Halved in each layer, which is enough to be drawn."""
    return 0.5 ** torch.arange(depth, 0, -1.0, dtype=torch.float64)


EDGES = plotting.photo(64) - 0.5
DIGITS = [[3, 1, 4, 1, 5], [5, 3, 5, 8, 2], [2, 6, 9, 4, 0], [1, 4, 2, 7, 1], [0, 3, 5, 1, 6]]
GRADIENT = [[1, 2], [4, 5]]
BUMPS = np.zeros(12)
BUMPS[[1, 7]] = 1, 2
LAYERS = [(np.array([[1.0, 2], [0, 1]]), np.array([1.0, 0])), (np.array([[0.0, 1], [1, 1]]), np.array([0, -1.0]))]
IMAGES = torch.from_numpy(np.stack([EDGES, EDGES.T])[:, None])
ACTIVATIONS = ("ReLU", "sigmoid")
CURVES = (relu_forward, relu_backward, sigmoid_forward, sigmoid_backward)


def pairs(*functions):
    """Names of activations to their two functions."""
    return {name: functions[2 * index : 2 * index + 2] for index, name in enumerate(ACTIVATIONS)}


# For each picture: the functions it draws, how it is called with them, and how many axes it has.
PICTURES = {
    "gates": ((relu_forward, relu_backward), lambda *f: plotting.gates(*f, EDGES), 3),
    "activation_curves": (CURVES, lambda *f: plotting.activation_curves(pairs(*f)), 2),
    "maxout_pieces": (
        (maxout_forward, maxout_backward),
        lambda *f: plotting.maxout_pieces(*f, [-1, 0, 2], [-1, 0.3, -2]),
        2,
    ),
    "pooled_maps": ((max_pool2d_forward,), lambda f: plotting.pooled_maps(f, EDGES, [2, 4]), 3),
    "overlapping_windows": (
        (max_pool2d_forward,),
        lambda f: plotting.overlapping_windows(f, DIGITS, kernel=3, stride=2),
        2,
    ),
    "routes": ((max_pool2d_backward,), lambda f: plotting.routes(f, DIGITS, GRADIENT, kernel=3, stride=2), 3),
    "averages_and_maxima": (
        (max_pool2d_forward, max_pool2d_backward, avg_pool2d_forward, avg_pool2d_backward, global_avg_pool_backward),
        lambda *f: plotting.averages_and_maxima(f[:2], f[2:4], f[4], plotting.photo(96), kernel=4),
        6,
    ),
    "average_as_convolution": (
        (avg_pool2d_forward, avg_pool_weights),
        lambda *f: plotting.average_as_convolution(*f, plotting.colour_photo(48), (3, 8)),
        4,
    ),
    "pooled_signals": ((max_pool1d,), lambda f: plotting.pooled_signals(f, BUMPS, kernel=4, shifts=[0, 1]), 4),
    "sensitivities": (
        (shift_sensitivity,),
        lambda f: plotting.sensitivities(f, {"pixels": lambda x: x, "squares": lambda x: x**2}, IMAGES, range(3)),
        4,
    ),
    "collapse": ((linear_collapse, relu_forward), lambda *f: plotting.collapse(*f, LAYERS), 3),
    "gradients_by_depth": (
        (gradient_by_depth,),
        lambda f: plotting.gradients_by_depth(f, pairs(*CURVES), depth=4, width=3),
        1,
    ),
}
