"""Right results of the small cases of `sliding_windows`, by means that it doesn't ask for: torch, counting, force.

`python -m tests.course_utils.oracles.sliding_windows` writes the numbers that the visible checks compare with.
"""

from __future__ import annotations

from collections import namedtuple
from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional

from course_utils.checks.sliding_windows_cases import CASES
from tests.course_utils.oracles import storing

Counts = namedtuple("Counts", ["params", "macs", "activations"])
Field = namedtuple("Field", ["size", "jump", "start"])
Match = namedtuple("Match", ["scores", "best"])
Edges = namedtuple("Edges", ["gx", "gy", "magnitude"])


def correlate1d(x, w):
    out = np.array([np.dot(x[i : i + len(w)], w) for i in range(len(x) - len(w) + 1)])
    return out.astype(np.result_type(x, w))


def convolve1d(x, w):
    return np.convolve(x, w, mode="valid")


def correlate2d(image, kernel, *, padding=0, mode="zeros"):
    size = (padding,) * 4
    x = torch.from_numpy(image.astype(np.float64))[None, None]
    x = functional.pad(x, size, mode={"zeros": "constant"}.get(mode, mode))
    out = functional.conv2d(x, torch.from_numpy(kernel.astype(np.float64))[None, None])
    return out[0, 0].numpy().astype(np.result_type(image, kernel))


def match_template(image, template):
    rows, columns = (a - b + 1 for a, b in zip(image.shape, template.shape, strict=True))
    scores = np.zeros((rows, columns))
    for i, j in np.ndindex(rows, columns):
        window = image[i : i + template.shape[0], j : j + template.shape[1]].astype(np.float64)
        if window.min() < window.max():
            scores[i, j] = np.corrcoef(window.ravel(), template.ravel().astype(np.float64))[0, 1]
    # What stands where several windows are alike is decided by rounding: no test may hang on it.
    best = np.argwhere(scores >= scores.max() - 1e-9)
    assert len(best) == 1
    return Match(scores, tuple(int(index) for index in best[0]))


def gaussian_kernel(size, sigma):
    along = torch.signal.windows.gaussian(size, std=sigma, dtype=torch.float64)
    kernel = torch.outer(along, along)
    return (kernel / kernel.sum()).numpy()


def sobel_edges(image):
    x = torch.from_numpy(image.astype(np.float64))[None, None]
    upright = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=torch.float64)
    gx, gy = (functional.conv2d(x, kernel[None, None])[0, 0].numpy() for kernel in (upright, upright.T.contiguous()))
    return Edges(gx, gy, np.hypot(gx, gy))


def conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
    x, w = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel)
    return int(functional.conv1d(x, w, stride=stride, padding=padding, dilation=dilation).shape[-1])


def same_padding(kernel, *, dilation=1):
    (padding,) = [
        p
        for p in range(60)
        if 50 + 2 * p >= span(kernel, dilation) and conv_output_size(50, kernel, padding=p, dilation=dilation) == 50
    ]
    return padding


def span(kernel, dilation):
    return max(range(0, kernel * dilation, dilation)) + 1


def conv_counts(c_in, c_out, kernel, in_size, **options):
    layer = torch.nn.Conv2d(c_in, c_out, kernel, device="meta", **options)
    size = in_size if isinstance(in_size, tuple) else (in_size, in_size)
    out = layer(torch.zeros(1, c_in, *size, device="meta"))
    weights = sum(parameter.numel() for parameter in layer.parameters())
    return Counts(weights, out.numel() * layer.weight[0].numel(), out.numel())


def mlp_params(widths):
    layers = [torch.nn.Linear(a, b, device="meta") for a, b in pairwise(widths)]
    return sum(parameter.numel() for layer in layers for parameter in layer.parameters())


def layer(function):
    def apply(x, w, b, **options):
        kind = np.result_type(*(a for a in (x, w, b) if a is not None))
        bias = None if b is None else torch.from_numpy(b.astype(np.float64))
        out = function(torch.from_numpy(x.astype(np.float64)), torch.from_numpy(w.astype(np.float64)), bias, **options)
        return out.numpy().astype(kind)

    return apply


def sees(layers, output):
    """The input pixels that one output sees, walked back layer by layer."""
    pixels = {output}
    for kernel, stride, padding, dilation in reversed(layers):
        pixels = {i * stride - padding + dilation * k for i in pixels for k in range(kernel)}
    return pixels


def receptive_field(layers):
    first, second = sees(layers, 0), sees(layers, 1)
    return Field(max(first) - min(first) + 1, min(second) - min(first), min(first))


def layers_to_see(size, kernel):
    depth = 0
    while receptive_field([(kernel, 1, 0, 1)] * depth).size < size:
        depth += 1
    return depth


ORACLES = {
    "correlate1d": correlate1d,
    "convolve1d": convolve1d,
    "correlate2d": correlate2d,
    "match_template": match_template,
    "gaussian_kernel": gaussian_kernel,
    "sobel_edges": sobel_edges,
    "conv_output_size": conv_output_size,
    "same_padding": same_padding,
    "conv_counts": conv_counts,
    "mlp_params": mlp_params,
    "conv2d_forward": layer(functional.conv2d),
    "conv1x1_as_matmul": layer(functional.conv2d),
    "conv1d_forward": layer(functional.conv1d),
    "conv3d_forward": layer(functional.conv3d),
    "conv2d_grouped": layer(functional.conv2d),
    "receptive_field": receptive_field,
    "layers_to_see": layers_to_see,
}


def results():
    """The right result of every case that has one, by its key."""
    return storing.results(CASES, ORACLES)


if __name__ == "__main__":
    storing.write("sliding_windows", results())
