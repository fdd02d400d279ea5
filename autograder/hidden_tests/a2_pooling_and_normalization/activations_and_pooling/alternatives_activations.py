"""Right answers in other styles: ReLU, five other activations, and maxout."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch


def multiplied_relu(x):
    return x * (x > 0)


def multiplied_relu_backward(dout, x):
    return dout * (x > 0)


def indexed_relu(x):
    out = x.clone()
    out[out < 0] = 0
    return out


def indexed_relu_backward(dout, x):
    dx = dout.clone()
    dx[x <= 0] = 0.0
    return dx


def halved_relu(x):
    return (x + x.abs()) / 2


def signed_relu_backward(dout, x):
    return dout * torch.sign(torch.clamp(x, min=0))


def heaviside_relu_backward(dout, x):
    return dout * torch.heaviside(x, x.new_ones(()))


def looped_relu(x):
    return torch.tensor([max(0.0, v) for v in x.flatten().tolist()], dtype=x.dtype, device=x.device).reshape(x.shape)


def looped_relu_backward(dout, x):
    out = torch.zeros_like(dout)
    for index in itertools.product(*map(range, x.shape)):
        if x[index] > 0:
            out[index] = dout[index]
    return out


def maximum_relu(x):
    return torch.maximum(x, torch.zeros_like(x))


def where_relu_backward(dout, x):
    return torch.where(x > 0, dout, 0.0)


def maximum_leaky(x, *, slope=0.01):
    return torch.clamp(x, min=0) + slope * torch.clamp(x, max=0)


def indexed_leaky_backward(dout, x, *, slope=0.01):
    dx = dout.clone()
    dx[x < 0] *= slope
    return dx


def scaled_leaky(x, *, slope=0.01):
    scale = torch.ones_like(x)
    scale[x < 0] = slope
    return scale * x


def where_leaky_backward(dout, x, *, slope=0.01):
    return torch.where(x > 0, dout, dout * slope)


def plain_elu(x, *, alpha=1.0):
    return torch.where(x > 0, x, alpha * (torch.exp(x) - 1))


def plain_elu_backward(dout, x, *, alpha=1.0):
    return torch.where(x > 0, dout, dout * alpha * torch.exp(x))


def minimum_elu(x, *, alpha=1.0):
    zero = torch.zeros_like(x)
    return torch.maximum(x, zero) + alpha * torch.expm1(torch.minimum(x, zero))


def elu_backward_from_the_value(dout, x, *, alpha=1.0):
    value = minimum_elu(x, alpha=alpha)
    return dout * torch.where(x > 0, torch.ones_like(x), value + alpha)


def plain_sigmoid(x):
    return 1 / (1 + torch.exp(-x))


def masked_sigmoid(x):
    out = torch.empty_like(x)
    right = x >= 0
    out[right] = 1 / (1 + torch.exp(-x[right]))
    small = torch.exp(x[~right])
    out[~right] = small / (1 + small)
    return out


def log_sigmoid(x):
    return torch.exp(-torch.logaddexp(torch.zeros_like(x), -x))


def clamped_sigmoid(x):
    return torch.reciprocal(1 + torch.exp(-x.clamp(-500, 500))) if x.dtype == torch.float64 else plain_sigmoid(x)


def sigmoid_backward_from_the_value(dout, x):
    s = plain_sigmoid(x)
    return dout * s * (1 - s)


def sigmoid_backward_by_small_exp(dout, x):
    small = torch.exp(-torch.abs(x))
    return dout * small / (1 + small) ** 2


def tanh_by_sigmoid(x):
    return 2 * plain_sigmoid(2 * x) - 1


def tanh_by_small_exp(x):
    small = torch.exp(-2 * x.abs())
    return torch.copysign((1 - small) / (1 + small), x)


def tanh_by_expm1(x):
    grown = torch.expm1(2 * x.clamp(-50, 50))
    return grown / (grown + 2)


def tanh_backward_from_the_value(dout, x):
    t = tanh_by_sigmoid(x)
    return (1 - t.square()) * dout


def tanh_backward_by_cosh(dout, x):
    return dout / torch.cosh(x) ** 2


def gelu_by_special(x):
    return x * 0.5 * (1.0 + torch.special.erf(x / math.sqrt(2.0)))


def gelu_by_erfc(x):
    return x * torch.erfc(-x / 2**0.5) / 2


def gelu_by_math(x):
    values = [v * (1 + math.erf(v / math.sqrt(2))) / 2 for v in x.flatten().tolist()]
    return x.new_tensor(values).reshape(x.shape)


def gelu_backward_in_one_line(dout, x):
    return dout * (0.5 * (1 + torch.erf(x / 2**0.5)) + x * torch.exp(-0.5 * x**2) / (2 * torch.pi) ** 0.5)


def gelu_backward_by_erfc(dout, x):
    below = torch.erfc(-x * math.sqrt(0.5)).mul(0.5)
    bell = (-0.5 * x.pow(2)).exp().div(math.sqrt(2 * math.pi))
    return torch.addcmul(below, x, bell).mul(dout)


def numbers(slope_at):
    """A backward of one number after the other; `slope_at` gives the derivative at one."""

    def backward(dout, x, **options):
        pairs = zip(dout.flatten().tolist(), x.flatten().tolist(), strict=True)
        return x.new_tensor([d * slope_at(v, **options) for d, v in pairs]).reshape(x.shape)

    return backward


def each_leaky(x, *, slope=0.01):
    return x.new_tensor([v if v > 0 else slope * v for v in x.flatten().tolist()]).reshape(x.shape)


def each_elu(x, *, alpha=1.0):
    return x.new_tensor([v if v > 0 else alpha * math.expm1(v) for v in x.flatten().tolist()]).reshape(x.shape)


def logistic(v):
    return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))


def bell(v):
    return math.exp(-v * v / 2) / math.sqrt(2 * math.pi)


def checked(channels, pieces):
    if channels % pieces != 0:
        raise ValueError(f"{channels} channels can't be cut into {pieces} pieces")


def reshaped_maxout(x, pieces):
    checked(x.shape[1], pieces)
    return x.reshape(x.shape[0], pieces, x.shape[1] // pieces, *x.shape[2:]).max(dim=1).values


def reshaped_maxout_backward(dout, x, pieces):
    checked(x.shape[1], pieces)
    parts = x.reshape(x.shape[0], pieces, x.shape[1] // pieces, *x.shape[2:])
    winner = parts.argmax(dim=1, keepdim=True)
    dparts = torch.zeros_like(parts)
    dparts.scatter_(1, winner, dout.unsqueeze(1))
    return dparts.reshape(x.shape)


def chunked_maxout(x, pieces):
    checked(x.shape[1], pieces)
    return functools.reduce(torch.maximum, x.chunk(pieces, dim=1))


def masked_maxout_backward(dout, x, pieces):
    checked(x.shape[1], pieces)
    parts = torch.stack(x.chunk(pieces, dim=1))
    mask = parts == parts.amax(0)
    return torch.cat(list(mask * dout), dim=1)


def looped_maxout(x, pieces):
    if x.size(1) % pieces:
        raise ValueError("pieces")
    channels = x.size(1) // pieces
    out = torch.empty((x.size(0), channels, *x.shape[2:]), dtype=x.dtype, device=x.device)
    for c in range(channels):
        out[:, c] = x[:, c::channels].amax(1)
    return out


def looped_maxout_backward(dout, x, pieces):
    if x.size(1) % pieces:
        raise ValueError("pieces")
    channels = x.size(1) // pieces
    dx = torch.zeros_like(x)
    for c in range(channels):
        group = x[:, c::channels]
        ties = group == group.amax(1, keepdim=True)
        dx[:, c::channels] = ties / ties.sum(1, keepdim=True) * dout[:, c : c + 1]
    return dx


ALTERNATIVES: dict[str, Mapping[str, Callable[..., Any]]] = {
    "relu, multiplied": {"relu_forward": multiplied_relu, "relu_backward": multiplied_relu_backward},
    "relu, indexed": {"relu_forward": indexed_relu, "relu_backward": indexed_relu_backward},
    "relu, halves and signs": {"relu_forward": halved_relu, "relu_backward": signed_relu_backward},
    "relu, heaviside": {"relu_forward": lambda x: x.clamp(min=0), "relu_backward": heaviside_relu_backward},
    "relu, plain loops": {"relu_forward": looped_relu, "relu_backward": looped_relu_backward},
    "relu, maximum and where": {"relu_forward": maximum_relu, "relu_backward": where_relu_backward},
    "activations, plain": {
        "leaky_relu_forward": maximum_leaky,
        "leaky_relu_backward": indexed_leaky_backward,
        "elu_forward": plain_elu,
        "elu_backward": plain_elu_backward,
        "sigmoid_forward": plain_sigmoid,
        "sigmoid_backward": sigmoid_backward_from_the_value,
        "tanh_forward": tanh_by_sigmoid,
        "tanh_backward": tanh_backward_from_the_value,
        "gelu_forward": gelu_by_special,
        "gelu_backward": gelu_backward_in_one_line,
    },
    "activations, careful": {
        "leaky_relu_forward": scaled_leaky,
        "leaky_relu_backward": where_leaky_backward,
        "elu_forward": minimum_elu,
        "elu_backward": elu_backward_from_the_value,
        "sigmoid_forward": masked_sigmoid,
        "sigmoid_backward": sigmoid_backward_by_small_exp,
        "tanh_forward": tanh_by_small_exp,
        "tanh_backward": tanh_backward_by_cosh,
        "gelu_forward": gelu_by_erfc,
        "gelu_backward": gelu_backward_by_erfc,
    },
    "activations, logarithm, expm1, math.erf": {
        "sigmoid_forward": log_sigmoid,
        "tanh_forward": tanh_by_expm1,
        "gelu_forward": gelu_by_math,
    },
    "activations, number by number": {
        "leaky_relu_forward": each_leaky,
        "leaky_relu_backward": numbers(lambda v, slope=0.01: 1.0 if v > 0 else slope),
        "elu_forward": each_elu,
        "elu_backward": numbers(lambda v, alpha=1.0: 1.0 if v > 0 else alpha * math.exp(v)),
        "sigmoid_backward": numbers(lambda v: logistic(v) * logistic(-v)),
        "tanh_backward": numbers(lambda v: 4 * logistic(2 * v) * logistic(-2 * v)),
        "gelu_backward": numbers(lambda v: (1 + math.erf(v / math.sqrt(2))) / 2 + v * bell(v)),
    },
    "sigmoid, clamped": {"sigmoid_forward": clamped_sigmoid},
    "maxout, reshaped": {"maxout_forward": reshaped_maxout, "maxout_backward": reshaped_maxout_backward},
    "maxout, chunks and masks": {"maxout_forward": chunked_maxout, "maxout_backward": masked_maxout_backward},
    "maxout, channel by channel": {"maxout_forward": looped_maxout, "maxout_backward": looped_maxout_backward},
}
