"""Right results of the small cases of `activations_and_pooling`: torch's own layers, autograd, and plain probing.

`python -m tests.course_utils.oracles.activations_and_pooling` writes the numbers that the visible checks compare with.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import torch
from torch.nn import functional

from course_utils.checks.activations_and_pooling_cases import CASES
from tests.course_utils.oracles import storing

torch.set_num_threads(1)
Layer = namedtuple("Layer", ["w", "b"])


def double(array):
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64))


def forward(function):
    def apply(x, *args, **options):
        return function(double(x), *args, **options).numpy().astype(x.dtype)

    return apply


def backward(function):
    """What autograd sends back through torch's forward function."""

    def apply(dout, x, *args, **options):
        leaf = double(x).requires_grad_()
        function(leaf, *args, **options).backward(double(dout))
        return leaf.grad.numpy().astype(np.result_type(dout, x))

    return apply


def from_size(function):
    """The same where only the size of the input is known: for a linear function the numbers don't matter."""

    def apply(dout, in_size, *args, **options):
        x = np.zeros((*dout.shape[:2], *in_size), dtype=dout.dtype)
        return backward(function)(dout, x, *args, **options)

    return apply


def leaky_relu(x, *, slope=0.01):
    return functional.leaky_relu(x, negative_slope=slope)


def maxout(x, pieces):
    return torch.stack(x.chunk(pieces, dim=1)).max(dim=0).values


def max_pool1d(x, kernel, *, stride=None):
    return functional.max_pool1d(x, kernel, stride=stride)


def mean_pixel(x):
    return functional.adaptive_avg_pool2d(x, 1)[:, :, 0, 0]


def avg_pool_weights(channels, kernel):
    """The answers of average pooling to one lit pixel after the other."""
    height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    lit = torch.eye(height * width, dtype=torch.float64).reshape(-1, 1, height, width)
    filters = functional.avg_pool2d(lit, kernel).reshape(1, 1, height, width)
    return filters.repeat(channels, 1, 1, 1).numpy()


def shift_sensitivity(features, images, shift):
    before, after = (features.make()(double(moved)).numpy() for moved in (images, np.roll(images, shift, axis=(2, 3))))
    return float(np.linalg.norm((after - before).ravel()) / np.linalg.norm(before.ravel()))


def linear_collapse(layers):
    """What the stack answers to zero, and to each unit vector beyond that."""

    def stack(x):
        for w, b in layers:
            x = x @ w.T.astype(np.float64) + b
        return x

    bias = stack(np.zeros(layers[0][0].shape[1]))
    kind = layers[0][0].dtype
    return Layer((stack(np.eye(layers[0][0].shape[1])) - bias).T.astype(kind), bias.astype(kind))


def gradient_by_depth(forward, backward, depth, width, generator):
    """Autograd through the stack; of the two functions only the first is called."""
    source = generator.make()
    inputs = [torch.randn(16, width, generator=source, dtype=torch.float64).requires_grad_()]
    for _ in range(depth):
        w = torch.randn(width, width, generator=source, dtype=torch.float64) / width**0.5
        inputs.append(forward.make()(inputs[-1] @ w.T))
    gradients = torch.autograd.grad(inputs[-1].sum(), inputs[:-1])
    return np.array([float(np.linalg.norm(gradient.numpy())) for gradient in gradients])


SMOOTH = {
    "relu": torch.relu,
    "leaky_relu": leaky_relu,
    "elu": functional.elu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": functional.gelu,
    "maxout": maxout,
    "max_pool2d": functional.max_pool2d,
}
ORACLES = {
    **{f"{name}_forward": forward(function) for name, function in SMOOTH.items()},
    **{f"{name}_backward": backward(function) for name, function in SMOOTH.items()},
    "avg_pool2d_forward": forward(functional.avg_pool2d),
    "avg_pool2d_backward": from_size(functional.avg_pool2d),
    "global_avg_pool_forward": forward(mean_pixel),
    "global_avg_pool_backward": from_size(mean_pixel),
    "avg_pool_weights": avg_pool_weights,
    "max_pool1d": forward(max_pool1d),
    "shift_sensitivity": shift_sensitivity,
    "linear_collapse": linear_collapse,
    "gradient_by_depth": gradient_by_depth,
}


def results():
    """The right result of every case that has one, by its key."""
    return storing.results(CASES, ORACLES)


if __name__ == "__main__":
    storing.write("activations_and_pooling", results())
