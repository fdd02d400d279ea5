"""The small cases of the notebook `activations_and_pooling`: what each question is tried on, and what to look at.

Here are those of the questions that put layers to use; those of the layers stand beside this module.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from course_utils.checks.activations_cases import ACTIVATIONS, MAXOUT, RELU
from course_utils.checks.case import Case, Made
from course_utils.checks.draw import Array, distinct, draw
from course_utils.checks.numbers import FORMULA, FORMULA_SINGLE, LAYOUT, Shape, single
from course_utils.checks.pooling_cases import AVG_POOL, AVG_POOL_AS_CONV, MAX_POOL_BACKWARD, MAX_POOL_FORWARD, POOL1D


def _identity(x: Any) -> Any:
    return x


def _tripled(x: Any) -> Any:
    return 3 * x


def _channel_means(x: Any) -> Any:
    return x.mean(dim=(2, 3))


def _every_second(x: Any) -> Any:
    return x[:, :, ::2, ::2]


def _rows(x: Any) -> Any:
    return x.sum(dim=3)


def _products(x: Any) -> Any:
    return x[:, :1] * x.flip(3)


FEATURES = {
    "lambda x: x": _identity,
    "lambda x: 3 * x": _tripled,
    "lambda x: x.mean(dim=(2, 3))": _channel_means,
    "lambda x: x[:, :, ::2, ::2]": _every_second,
    "lambda x: x.sum(dim=3)": _rows,
    "lambda x: x[:, :1] * x.flip(3)": _products,
}


def _made(words: str, function: Any) -> Made:
    return Made(f"`{words}`", lambda: function)


def _sensitivity(about: str, features: str, images: Array, shift: tuple[int, int], look: str, **more: Any) -> Case:
    inputs = {"features": _made(features, FEATURES[features]), "images": images, "shift": shift}
    rtol = FORMULA_SINGLE if images.dtype == np.float32 else FORMULA
    return Case("shift_sensitivity", about, inputs, look=look, rtol=rtol, **more)


CHANGE = (
    "The images move along the axes 2 and 3; then it is the norm of the features' change over the norm of what they "
    "were. A norm is the root of the sum of all squares."
)
MOVE = "Move the images, not the features; then ask how far the features have gone from what they were."
RELATIVE = "Divide by the size of the features of the images that were not moved."
WHOLE = "One norm over all images, channels and places together, the square root of the sum of all squares."
DIRECTION = "shift is (down, right): the first entry moves along axis 2, the second along axis 3."
SHIFT_SENSITIVITY = [
    _sensitivity("the example of the notebook", "lambda x: x", np.array([[[[3.0, 0.0, 4.0]]]]), (0, 1), CHANGE),
    _sensitivity("features of another scale", "lambda x: 3 * x", np.array([[[[3.0, 0.0, 4.0]]]]), (0, 1), RELATIVE),
    _sensitivity("a shift to the right", "lambda x: x", distinct(1, 1, 4, 5, salt=70), (0, 1), DIRECTION),
    _sensitivity("a shift downwards", "lambda x: x", distinct(1, 1, 5, 3, salt=70), (1, 0), DIRECTION),
    _sensitivity("two images of three channels", "lambda x: x", distinct(2, 3, 4, 5, salt=70), (1, 2), WHOLE),
    _sensitivity(
        "features that don't see where things are",
        "lambda x: x.mean(dim=(2, 3))",
        distinct(2, 3, 4, 6, salt=71),
        (2, 1),
        MOVE,
    ),
    _sensitivity(
        "every second pixel",
        "lambda x: x[:, :, ::2, ::2]",
        distinct(1, 2, 6, 4, salt=72),
        (0, 1),
        f"{RELATIVE} {DIRECTION}",
    ),
    _sensitivity("one number per row", "lambda x: x.sum(dim=3)", distinct(2, 2, 5, 4, salt=73), (0, 3), DIRECTION),
    _sensitivity(
        "one number per row, upwards", "lambda x: x.sum(dim=3)", distinct(2, 2, 5, 4, salt=73), (-1, 0), DIRECTION
    ),
    _sensitivity(
        "a faint and a bright image",
        "lambda x: x",
        distinct(2, 1, 4, 5, salt=74) * np.array([1.0, 64.0])[:, None, None, None],
        (1, 2),
        WHOLE,
    ),
    _sensitivity("products of pixels", "lambda x: x[:, :1] * x.flip(3)", distinct(2, 3, 4, 5, salt=75), (1, -2), MOVE),
    _sensitivity("no shift", "lambda x: x", distinct(1, 2, 3, 4, salt=76), (0, 0), MOVE),
    _sensitivity(
        "float32",
        "lambda x: x",
        single(2, 1, 4, 3, salt=77),
        (1, 1),
        WHOLE,
    ),
    _sensitivity(
        "a view that is not contiguous", "lambda x: x", distinct(2, 1, 4, 3, salt=78), (1, 1), LAYOUT, layout="gaps"
    ),
]


def _stack(about: str, widths: Shape, look: str, dtype: str = "float64", **more: Any) -> Case:
    layers = [
        (draw(out, into, salt=80 + index, dtype=dtype), draw(out, salt=90 + index, dtype=dtype))
        for index, (into, out) in enumerate(pairwise(widths))
    ]
    return Case("linear_collapse", about, {"layers": layers}, look=look, **more)


ORDER = "Write out w2 (w1 x + b1) + b2: what multiplies x, with which matrix on the left, and what is left without x?"
BIASES = "A bias goes through all later layers, too: what is left of the stack where x is 0?"
LINEAR_COLLAPSE = [
    _stack("two layers", (3, 4, 2), ORDER),
    _stack("two layers as wide as their input", (3, 3, 3), ORDER),
    _stack("three layers", (4, 3, 5, 2), BIASES),
    _stack("four layers as wide as their input", (2, 2, 2, 2, 2), BIASES),
    _stack("a single layer", (5, 3), "A single layer is its own answer."),
    _stack("float32", (3, 2, 4), ORDER, "float32"),
    _stack("views that are not contiguous", (3, 4, 2), LAYOUT, layout="gaps"),
    Case("linear_collapse", "no layer at all", {"layers": []}, raises="without a layer there is no size"),
]


def _soft_forward(a: Any) -> Any:
    return a / (1 + a.abs())


def _soft_backward(dout: Any, a: Any) -> Any:
    return dout / (1 + a.abs()) ** 2


def _gate_forward(a: Any) -> Any:
    return a.clamp(min=0)


def _gate_backward(dout: Any, a: Any) -> Any:
    return dout * (a > 0)


def _passing(dout: Any, _a: Any) -> Any:
    return dout


ACTIVATED = {
    "lambda a: a": (_identity, "lambda dout, a: dout", _passing),
    "lambda a: a / (1 + a.abs())": (_soft_forward, "lambda dout, a: dout / (1 + a.abs()) ** 2", _soft_backward),
    "lambda a: a.clamp(min=0)": (_gate_forward, "lambda dout, a: dout * (a > 0)", _gate_backward),
}


def _seeded(seed: int) -> Made:
    def generator() -> Any:
        import torch  # noqa: PLC0415 - NumPy notebooks never load it

        return torch.Generator().manual_seed(seed)

    return Made(f"with the seed {seed}", generator)


def _depth(about: str, activation: str, depth: int, width: int, seed: int, look: str) -> Case:
    forward, words, backward = ACTIVATED[activation]
    inputs = {
        "forward": _made(activation, forward),
        "backward": _made(words, backward),
        "depth": depth,
        "width": width,
        "generator": _seeded(seed),
    }
    return Case("gradient_by_depth", about, inputs, look=look, axes=("layer",), rtol=1e-9, place="cpu")


DRAWN = "With the generator draw x, then w; divide w by the root of width. The gradient at the top is all ones."
BACK = "From the top: da = backward(dh, a), then dh = da @ w, with the a and the w of that layer."
GRADIENT_BY_DEPTH = [
    _depth("a single layer without activation", "lambda a: a", 1, 3, 1, DRAWN),
    _depth("two layers without activation", "lambda a: a", 2, 3, 2, BACK),
    _depth("four layers with an activation that saturates", "lambda a: a / (1 + a.abs())", 4, 5, 3, BACK),
    _depth("three layers with ReLU", "lambda a: a.clamp(min=0)", 3, 6, 4, BACK),
    _depth("a single layer with ReLU", "lambda a: a.clamp(min=0)", 1, 4, 5, BACK),
]

CASES: dict[str, list[Case]] = {
    "relu": RELU,
    "activations": ACTIVATIONS,
    "maxout": MAXOUT,
    "max_pool2d_forward": MAX_POOL_FORWARD,
    "max_pool2d_backward": MAX_POOL_BACKWARD,
    "avg_pool2d": AVG_POOL,
    "avg_pool_as_conv": AVG_POOL_AS_CONV,
    "pool1d": POOL1D,
    "shift_sensitivity": SHIFT_SENSITIVITY,
    "linear_collapse": LINEAR_COLLAPSE,
    "gradient_by_depth": GRADIENT_BY_DEPTH,
}
