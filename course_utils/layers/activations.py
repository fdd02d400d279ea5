"""Activations, each with its gradient: `<name>_backward(dout, x)` for `out = <name>_forward(x)`. Any shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from course_utils.layers.dispatch import F, Values, gradients, layer, tensors

if TYPE_CHECKING:
    import torch

_erf = np.vectorize(math.erf, otypes=[np.float64])


@layer
def relu_forward(x: Values) -> Values:
    """What is above 0; 0 for the rest."""
    return np.where(x > 0, x, np.zeros((), dtype=x.dtype))


@tensors("relu_forward")
def _(x: torch.Tensor) -> torch.Tensor:
    return F.relu(x)


@layer
def relu_backward(dout: Values, x: Values) -> Values:
    """Gradient of relu; 0 where x is 0."""
    return dout * (x > 0)


@tensors("relu_backward")
def _(dout: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return gradients(F.relu, [x], dout)[0]


@layer
def leaky_relu_forward(x: Values, *, slope: float = 0.01) -> Values:
    """What is above 0; the rest times the slope."""
    return np.where(x > 0, x, x * slope)


@tensors("leaky_relu_forward")
def _(x: torch.Tensor, *, slope: float = 0.01) -> torch.Tensor:
    return F.leaky_relu(x, slope)


@layer
def leaky_relu_backward(dout: Values, x: Values, *, slope: float = 0.01) -> Values:
    """Gradient of leaky relu; the slope where x is 0."""
    return np.where(x > 0, dout, dout * slope)


@tensors("leaky_relu_backward")
def _(dout: torch.Tensor, x: torch.Tensor, *, slope: float = 0.01) -> torch.Tensor:
    return gradients(lambda x: F.leaky_relu(x, slope), [x], dout)[0]


@layer
def elu_forward(x: Values, *, alpha: float = 1.0) -> Values:
    """What is above 0; alpha * (exp(x) - 1) for the rest."""
    # exp of what is above 0 is not used, and may overflow.
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@tensors("elu_forward")
def _(x: torch.Tensor, *, alpha: float = 1.0) -> torch.Tensor:
    return F.elu(x, alpha)


@layer
def elu_backward(dout: Values, x: Values, *, alpha: float = 1.0) -> Values:
    """Gradient of elu."""
    return np.where(x > 0, dout, dout * (alpha * np.exp(np.minimum(x, 0))))


@tensors("elu_backward")
def _(dout: torch.Tensor, x: torch.Tensor, *, alpha: float = 1.0) -> torch.Tensor:
    return gradients(lambda x: F.elu(x, alpha), [x], dout)[0]


@layer
def sigmoid_forward(x: Values) -> Values:
    """1 / (1 + exp(-x)), exact to the last digits for any x."""
    return np.exp(-np.logaddexp(0, -x))


@tensors("sigmoid_forward")
def _(x: torch.Tensor) -> torch.Tensor:
    return F.sigmoid(x)


@layer
def sigmoid_backward(dout: Values, x: Values) -> Values:
    """Gradient of the sigmoid."""
    return dout * np.exp(-np.logaddexp(0, -x) - np.logaddexp(0, x))


@tensors("sigmoid_backward")
def _(dout: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return gradients(F.sigmoid, [x], dout)[0]


@layer
def tanh_forward(x: Values) -> Values:
    """The hyperbolic tangent."""
    return np.tanh(x)


@tensors("tanh_forward")
def _(x: torch.Tensor) -> torch.Tensor:
    return F.tanh(x)


@layer
def tanh_backward(dout: Values, x: Values) -> Values:
    """Gradient of the hyperbolic tangent."""
    tanh = np.tanh(x)
    return dout * (1 - tanh) * (1 + tanh)


@tensors("tanh_backward")
def _(dout: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return gradients(F.tanh, [x], dout)[0]


@layer
def gelu_forward(x: Values) -> Values:
    """x times the share of a standard normal distribution that lies below x; exact, with erf."""
    return x * _normal_below(x)


@tensors("gelu_forward")
def _(x: torch.Tensor) -> torch.Tensor:
    return F.gelu(x)


@layer
def gelu_backward(dout: Values, x: Values) -> Values:
    """Gradient of gelu."""
    density = np.exp(-x * x / 2) * (1 / math.sqrt(2 * math.pi))
    return dout * (_normal_below(x) + x * density)


@tensors("gelu_backward")
def _(dout: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return gradients(F.gelu, [x], dout)[0]


def _normal_below(x: NDArray[Any]) -> NDArray[Any]:
    """The distribution function of the standard normal distribution, in the dtype of x."""
    dtype = x.dtype if np.issubdtype(x.dtype, np.floating) else np.float64
    below: NDArray[Any] = 0.5 * (1 + _erf(x / math.sqrt(2)))
    return below.astype(dtype)
