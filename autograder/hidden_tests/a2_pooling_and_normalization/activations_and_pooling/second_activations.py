"""The listed mistakes in relu, activations and maxout, made a second time: other formulas, all pieces at once."""

from __future__ import annotations

import math
from typing import Any

import torch

from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered import RIGHT_AGAIN
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.gathered_activations import (
    Step,
    chained,
    competing,
    competing_back,
    density,
    exponential,
    exponential_back,
    hyperbolic,
    leaking,
    leaking_back,
    logistic,
    ones,
    share_below,
    two_sided,
    unchanged,
    winners,
    zeros,
)
from autograder.hidden_tests.a2_pooling_and_normalization.activations_and_pooling.second_steps import under

Tensor = torch.Tensor


def _as_single(function: Step) -> Step:
    return lambda *args, **settings: function(*args, **settings).float()


def _as_double(function: Step) -> Step:
    return lambda *args, **settings: function(*args, **settings).double()


def _keeps(slope: Tensor, _dout: Tensor) -> Tensor:
    return slope


# ReLU


def _fills(x: Tensor) -> Tensor:
    return x.masked_fill_(x < 0, 0.0)


def _fills_dout(dout: Tensor, x: Tensor) -> Tensor:
    return dout.masked_fill_(x < 0, 0.0)


_RELU: dict[str, Step] = {
    "absolute": two_sided(unchanged, torch.neg),
    "negative_side": two_sided(zeros, unchanged),
    "leaks": two_sided(unchanged, lambda x: x / 100),
    "capped": lambda x: torch.minimum(torch.maximum(x, torch.zeros_like(x)), torch.full_like(x, 6.0)),
    "shifted": lambda x: x.masked_fill(x <= 1, 0.0),
    "returns_mask": lambda x: torch.ceil(torch.sign(x).clamp(min=0)),
    "in_place": _fills,
    "float32": _as_single(RIGHT_AGAIN["relu_forward"]),
}

_ARRAY: dict[str, dict[str, Step]] = {
    "relu_array": {"relu_forward": lambda x: RIGHT_AGAIN["relu_forward"](x).detach().cpu().numpy()}
}

_RELU_BACK: dict[str, Step] = {
    "not_masked": lambda dout, x: dout.clone(),
    "mask_of_dout": lambda dout, x: torch.maximum(dout, torch.zeros_like(dout)),
    "mask_only": lambda dout, x: torch.ceil(torch.sign(x).clamp(min=0)),
    "mask_float32": lambda dout, x: (x > 0).float(),
    "is_forward": lambda dout, x: torch.where(x > 0, x, torch.zeros_like(x)),
    "times_value": lambda dout, x: (dout * x).masked_fill(x < 0, 0.0),
    "wrong_side": lambda dout, x: dout.masked_fill(x >= 0, 0.0),
    "leaks": lambda dout, x: torch.where(x > 0, dout, dout / 100),
    "in_place": _fills_dout,
    "float32": _as_single(RIGHT_AGAIN["relu_backward"]),
    "summed": lambda dout, x: torch.einsum("n...->...", dout.masked_fill(x <= 0, 0.0)),
}


# The other activations


def _quick_gelu(x: Tensor) -> Tensor:
    return x / (1 + torch.exp(-2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def _quick_slope(x: Tensor) -> Tensor:
    inner = 2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)
    rise = 2 * math.sqrt(2 / math.pi) * (1 + 0.134145 * x * x)
    s = logistic(inner)
    return s + x * s * (1 - s) * rise


def _writes_left(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    left = x < 0
    return x.masked_scatter_(left, alpha * (torch.exp(x[left]) - 1))


def _multiplies_dout(dout: Tensor, x: Tensor) -> Tensor:
    return dout.mul_((1 - hyperbolic(x)) * (1 + hyperbolic(x)))


def _of_dout(dout: Tensor, _x: Tensor) -> Tensor:
    return dout


def _both_sides(x: Tensor, left: Tensor) -> Tensor:
    """Add both sides, each times 1 or 0."""
    return (1 + torch.sign(x)) / 2 * x + (1 - torch.sign(x)) / 2 * left


_SMOOTH: dict[str, tuple[str, Step]] = {
    "leaky_positive_side": ("leaky_relu_forward", leaking(right=lambda x, slope: slope * x, left=unchanged)),
    "leaky_slope_ignored": ("leaky_relu_forward", leaking(slope_of=lambda slope: 0.01)),
    "leaky_does_not_leak": ("leaky_relu_forward", leaking(left=zeros)),
    "leaky_sign": ("leaky_relu_forward", leaking(left=lambda x, slope: x.abs() * slope)),
    "leaky_default": ("leaky_relu_forward", leaking(default=0.1)),
    "leaky_back_positive_side": (
        "leaky_relu_backward",
        leaking_back(right=torch.full_like, left=ones),
    ),
    "leaky_back_mask_of_dout": ("leaky_relu_backward", leaking_back(_of_dout)),
    "leaky_back_does_not_leak": ("leaky_relu_backward", leaking_back(left=zeros)),
    "leaky_back_slope_ignored": ("leaky_relu_backward", leaking_back(slope_of=lambda slope: 0.01)),
    "leaky_back_no_dout": (
        "leaky_relu_backward",
        lambda dout, x, *, slope=0.01: (x > 0).to(x.dtype) + slope * (x <= 0),
    ),
    "leaky_back_dout_on_one_side": (
        "leaky_relu_backward",
        lambda dout, x, *, slope=0.01: dout.masked_fill(x <= 0, slope),
    ),
    "leaky_back_is_forward": (
        "leaky_relu_backward",
        lambda dout, x, *, slope=0.01: dout * (x > 0) + slope * x.clamp(max=0),
    ),
    "elu_one_missing": ("elu_forward", exponential(left=lambda x, alpha: alpha * torch.exp(x))),
    "elu_alpha_ignored": ("elu_forward", exponential(left=lambda x, alpha: torch.exp(x) - 1)),
    "elu_alpha_inside": ("elu_forward", exponential(left=lambda x, alpha: torch.exp(alpha * x) - 1)),
    "elu_alpha_before_one": ("elu_forward", exponential(left=lambda x, alpha: alpha * torch.exp(x) - 1)),
    "elu_one_inside": ("elu_forward", exponential(left=lambda x, alpha: alpha * torch.exp(x) / math.e)),
    "elu_alpha_both_sides": (
        "elu_forward",
        lambda x, *, alpha=1.0: alpha * (x.clamp(min=0) + torch.expm1(x.clamp(max=0))),
    ),
    "elu_mask_overflow": (
        "elu_forward",
        lambda x, *, alpha=1.0: _both_sides(x, alpha * torch.expm1(x)),
    ),
    "elu_in_place": ("elu_forward", _writes_left),
    "elu_back_alpha_missing": ("elu_backward", exponential_back(left=lambda x, alpha: torch.exp(x))),
    "elu_back_of_value": ("elu_backward", exponential_back(left=lambda x, alpha: alpha * (torch.exp(x) - 1))),
    "elu_back_plus_one": ("elu_backward", exponential_back(left=lambda x, alpha: alpha * torch.exp(x) - alpha + 1)),
    "elu_back_mask_overflow": (
        "elu_backward",
        lambda dout, x, *, alpha=1.0: dout * ((x > 0).to(x.dtype) + (x <= 0) * (alpha * torch.exp(x))),
    ),
    "elu_back_mask_of_dout": ("elu_backward", exponential_back(_of_dout)),
    "elu_back_no_dout": (
        "elu_backward",
        lambda dout, x, *, alpha=1.0: torch.where(x > 0, 1.0, alpha * torch.exp(x)).to(x.dtype),
    ),
    "elu_back_dout_on_one_side": (
        "elu_backward",
        lambda dout, x, *, alpha=1.0: torch.where(x > 0, dout, alpha * torch.exp(x)),
    ),
    "sigmoid_sign": ("sigmoid_forward", lambda x: 1 - logistic(x)),
    "sigmoid_overflow": ("sigmoid_forward", lambda x: torch.exp(x) * torch.reciprocal(1 + torch.exp(x))),
    "sigmoid_is_tanh": ("sigmoid_forward", lambda x: 2 * logistic(x) - 1),
    "sigmoid_float32": ("sigmoid_forward", _as_single(logistic)),
    "sigmoid_clipped": ("sigmoid_forward", lambda x: logistic(torch.where(x.abs() > 0.5, torch.sign(x) / 2, x))),
    "sigmoid_back_takes_value": ("sigmoid_backward", chained(lambda x: x - x * x)),
    "sigmoid_back_factor_missing": ("sigmoid_backward", chained(logistic)),
    "sigmoid_back_no_dout": ("sigmoid_backward", chained(lambda x: logistic(x) * (1 - logistic(x)), _keeps)),
    "sigmoid_back_squared": ("sigmoid_backward", chained(lambda x: (1 - logistic(x)) * (1 + logistic(x)))),
    "sigmoid_back_overflow": ("sigmoid_backward", chained(lambda x: torch.exp(-x) * logistic(x) ** 2)),
    "tanh_overflow": ("tanh_forward", lambda x: torch.sinh(x) / torch.cosh(x)),
    "tanh_one_side_overflow": (
        "tanh_forward",
        lambda x: -torch.expm1(-2 * x) * torch.reciprocal(1 + torch.exp(-2 * x)),
    ),
    "tanh_other_side_overflow": (
        "tanh_forward",
        lambda x: torch.expm1(2 * x) * torch.reciprocal(torch.exp(2 * x) + 1),
    ),
    "tanh_half_as_steep": ("tanh_forward", lambda x: hyperbolic(x / 2)),
    "tanh_numerator": ("tanh_forward", lambda x: hyperbolic(-x)),
    "tanh_float32": ("tanh_forward", _as_single(hyperbolic)),
    "tanh_back_takes_value": ("tanh_backward", chained(lambda x: (1 - x) * (1 + x))),
    "tanh_back_overflow": ("tanh_backward", chained(lambda x: 1 - (torch.sinh(x) / torch.cosh(x)).square())),
    "tanh_back_not_squared": ("tanh_backward", chained(lambda x: 1 - hyperbolic(x))),
    "tanh_back_like_sigmoid": ("tanh_backward", chained(lambda x: hyperbolic(x) - hyperbolic(x) ** 2)),
    "tanh_back_no_dout": ("tanh_backward", chained(lambda x: 1 - hyperbolic(x) ** 2, _keeps)),
    "tanh_back_in_place": ("tanh_backward", _multiplies_dout),
    "gelu_by_tanh": ("gelu_forward", _quick_gelu),
    "gelu_by_sigmoid": ("gelu_forward", lambda x: x / (1 + torch.exp(-1.702 * x))),
    "gelu_root_missing": ("gelu_forward", lambda x: x * torch.erfc(-x) / 2),
    "gelu_half_missing": ("gelu_forward", lambda x: x * (torch.erf(x / 2**0.5) + 1)),
    "gelu_x_missing": ("gelu_forward", share_below),
    "gelu_one_missing": ("gelu_forward", lambda x: x * (share_below(x) - 0.5)),
    "gelu_back_one_term": ("gelu_backward", chained(share_below)),
    "gelu_back_bell_not_scaled": (
        "gelu_backward",
        chained(lambda x: share_below(x) + x * torch.exp(-0.5 * x * x)),
    ),
    "gelu_back_bell_narrow": (
        "gelu_backward",
        chained(lambda x: share_below(x) + x * torch.exp(-x * x) / (2 * math.pi) ** 0.5),
    ),
    "gelu_back_bell_halved": ("gelu_backward", chained(lambda x: share_below(x) + 0.5 * x * density(x))),
    "gelu_back_bell_without_x": ("gelu_backward", chained(lambda x: density(x) + share_below(x))),
    "gelu_back_root_missing": ("gelu_backward", chained(lambda x: torch.erfc(-x) / 2 + x * density(x))),
    "gelu_back_by_tanh": ("gelu_backward", chained(_quick_slope)),
    "gelu_back_no_dout": ("gelu_backward", chained(lambda x: share_below(x) + x * density(x), _keeps)),
}


# Maxout


def _unpacks_four(shape: Any) -> None:
    _n, _channels, _height, _width = shape


def _interleaved(x: Tensor, pieces: int) -> Tensor:
    return x.unflatten(1, (-1, pieces)).transpose(1, 2)


def _last_two_swapped(parts: Tensor) -> Tensor:
    return parts.transpose(1, 2).flatten(1, 2)


def _close_ones(parts: Tensor) -> Tensor:
    return (parts.amax(1, keepdim=True) - parts < 0.01).to(parts.dtype)


def _overwrites_x(x: Tensor, pieces: int) -> Tensor:
    best = RIGHT_AGAIN["maxout_forward"](x, pieces)
    x.narrow(1, 0, best.shape[1]).copy_(best)
    return best


def _clears_dout(dout: Tensor, x: Tensor, pieces: int) -> Tensor:
    dx = RIGHT_AGAIN["maxout_backward"](dout, x, pieces)
    dout.masked_fill_(dx[:, : dout.shape[1]] == 0, 0.0)
    return dx


_OUT: dict[str, Step] = {
    "neighbours": competing(view=_interleaved),
    "mean": competing(reduce=lambda parts: parts.mean(1)),
    "sum": competing(reduce=lambda parts: parts.sum(1)),
    "smallest": competing(reduce=lambda parts: parts.amin(1)),
    "wrong_axis": competing(reduce=lambda parts: parts.amax(2)),
    "from_zero": competing(reduce=lambda parts: parts.amax(1).clamp(min=0)),
    "absolute": competing(reduce=lambda parts: parts.abs().amax(1)),
    "two_pieces": competing(reduce=lambda parts: parts[:, :2].amax(1)),
    "last_piece_missing": competing(reduce=lambda parts: parts[:, : max(parts.shape[1] - 1, 1)].amax(1)),
    "pieces_kept": competing(reduce=lambda parts: parts.amax(1, keepdim=True)),
    "no_error": competing(refuse=lambda channels, pieces: False),
    "other_error": competing(error=RuntimeError),
    "assertion": competing(error=AssertionError),
    "with_places": competing(reduce=lambda parts: (parts.amax(1), parts.argmax(1))),
    "images_only": competing(demand=_unpacks_four),
    "float32": _as_single(competing()),
    "float64": _as_double(competing()),
    "in_place": _overwrites_x,
}

_OUT_BACK: dict[str, Step] = {
    "neighbours": competing_back(view=_interleaved, merge=_last_two_swapped),
    "to_all": competing_back(shares=torch.ones_like),
    "evenly": competing_back(shares=lambda parts: torch.full_like(parts, 1 / parts.shape[1])),
    "ones": competing_back(chain=lambda shares, dout: shares),
    "nearly_equal": competing_back(shares=_close_ones),
    "order_of_pieces": competing_back(merge=lambda parts: parts.flip(1).flatten(1, 2)),
    "first_piece": competing_back(
        shares=lambda parts: torch.cat([torch.ones_like(parts[:, :1]), torch.zeros_like(parts[:, 1:])], 1)
    ),
    "interleaved": competing_back(merge=_last_two_swapped),
    "positive_only": competing_back(shares=lambda parts: winners(parts).masked_fill(parts < 0, 0.0)),
    "no_error": competing_back(refuse=lambda channels, pieces: False),
    "other_error": competing_back(error=RuntimeError),
    "float32": _as_single(competing_back()),
    "in_place": _clears_dout,
}


SECOND: dict[str, dict[str, Any]] = {
    **under("relu", "relu_forward", _RELU),
    **_ARRAY,
    **under("relu_back", "relu_backward", _RELU_BACK),
    **{id: {function: wrong} for id, (function, wrong) in _SMOOTH.items()},
    **under("maxout", "maxout_forward", _OUT),
    **under("maxout_back", "maxout_backward", _OUT_BACK),
}
