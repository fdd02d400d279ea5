"""The small cases of batch norm in the notebook `normalization`: what its questions are tried on, what to look at.

All sides differ but where a case says so, gamma is never constant, and settings are seldom the default ones: a function
that is right for N = D, gamma = 1 or momentum = 0.1 only is found out at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np

from course_utils.checks.case import Case
from course_utils.checks.draw import Array, draw

# Roots and divisions, in any order; in single precision also sums of a few dozen numbers.
ROUNDING, SINGLE = 1e-9, 2e-5
# So coarse that the size of eps, which other cases look at, makes no difference.
COARSE: Any = {"rtol": 1e-4}
# Means are subtracted from numbers of 2**24: the difference is right to about nine digits.
FAR = 1e-6
Shape = tuple[int, ...]
FEATURES = ("N", "features")
MAPS = ("N", "C", "H", "W")

WALK = "The text goes through this example step by step: print yours, and compare them with its table."
AXIS = "Statistics are taken for each feature over the samples: down the columns of x."
COUNT = "Each channel has N * H * W values; the stored variance divides by one less."
VARIANCE = "The biased variance (divided by N) normalises, the unbiased one (N - 1) is stored."
MOMENTUM = "momentum is the weight of the new value, and the caller says how large it is."
EPS = "eps is added to the variance, inside the root, and the caller says how large it is."
EVALUATION = "In evaluation only the running statistics count: what does the batch matter? And they stay as they are."
TWO = "Two samples: the biased variance divides by 2, the unbiased one by 1."
DIGITS = "Differences of large numbers lose their digits: subtract the mean first, then square."
FLAT = "The variance of a feature may be 0; what is then under the root?"
DTYPE = "Tensors that you make yourself need the dtype and the device of x: torch.zeros_like(x), x.new_zeros(3)."
LAYOUT = "Index, reshape or copy; `view` and strides by hand need numbers that lie side by side."
ONE, ONE_PIXEL = "there is only one value for each feature", "there is only one value for each channel"


PATHS = "x reaches the output on three ways: directly, through the mean, and through the variance."
ZERO_SUM = "In training each column of dx sums to 0; if yours doesn't, a path is missing."
DGAMMA = "gamma multiplies xhat, the normalised input, in every sample: what does its gradient sum up?"
DBETA = "beta is added to every sample of its feature: its gradient sums up dout over the samples."
EVERYWHERE = "gamma and beta of a channel are used in all samples, at all places: their gradients sum over all of them."
BACK_EPS = "eps stands under the root forwards, so it does so backwards."
BACK_N = "How many values is each mean taken over? That number, from the shape of x, stands in the formula."


def _looks(out: str, training: bool, maps: bool) -> dict[str, str]:
    """What to look at in the three results of batch norm forwards."""
    variance = COUNT if maps else VARIANCE
    notes = (MOMENTUM, f"{MOMENTUM} {variance}") if training else (EVALUATION, EVALUATION)
    return {"out": out, "running_mean": notes[0], "running_var": notes[1]}


def salt_of(text: str) -> int:
    """A number that follows from a text and is hardly another text's."""
    return crc32(text.encode()) % 100_000


def affine(size: int, salt: int, dtype: str = "float64") -> dict[str, Array]:
    """gamma and beta, both (size,)."""
    return {"gamma": draw(size, salt=salt + 1, dtype=dtype), "beta": draw(size, salt=salt + 2, dtype=dtype)}


def notes(size: int, salt: int, dtype: str = "float64") -> dict[str, Array]:
    """Running statistics that have nothing to do with the batch."""
    var = np.abs(draw(size, salt=salt + 4, dtype=dtype)) + np.asarray(0.5, dtype)
    return {"running_mean": draw(size, salt=salt + 3, dtype=dtype), "running_var": var}


def _rtol(dtype: str) -> float:
    return SINGLE if dtype == "float32" else ROUNDING


def case(
    function: str,
    about: str,
    inputs: Mapping[str, Any],
    options: Mapping[str, Any],
    look: str | Mapping[str, str],
    *,
    axes: tuple[str, ...] = FEATURES,
    dtype: str = "float64",
    rtol: float | None = None,
    layout: str = "plain",
    raises: str = "",
) -> Case:
    """A case whose tolerance follows from its dtype, unless it has one of its own."""
    rtol = _rtol(dtype) if rtol is None else rtol
    return Case(function, about, inputs, options, look, layout=layout, raises=raises, axes=axes, rtol=rtol)


def _forward(
    function: str,
    about: str,
    x: Shape | Array,
    look: str = AXIS,
    *,
    training: bool = True,
    dtype: str = "float64",
    inputs: Mapping[str, Array] | None = None,
    settings: Mapping[str, Any] | None = None,
    **options: Any,
) -> Case:
    """A case of batch norm forwards.

    Args:
        function: Name of the function.
        about: As in Case.
        x: The input, or its shape.
        look: As in Case.
        training: Whether in training.
        dtype: Of all inputs.
        inputs: Inputs in the place of drawn ones.
        settings: As for case.
        options: Keyword arguments of the call.
    """
    salt = salt_of(function + about)
    given = x if isinstance(x, np.ndarray) else draw(*x, salt=salt, dtype=dtype)
    size = given.shape[1]
    drawn = {"x": given, **affine(size, salt, dtype), **notes(size, salt, dtype), **(inputs or {})}
    looks = _looks(look, training, given.ndim == 4)
    return case(function, about, drawn, {"training": training, **options}, looks, dtype=dtype, **(settings or {}))


def backward(
    function: str,
    about: str,
    x: Shape | Array,
    look: str,
    *extra: Any,
    dtype: str = "float64",
    inputs: Mapping[str, Array] | None = None,
    settings: Mapping[str, Any] | None = None,
    with_notes: bool = False,
    dgamma: str = DGAMMA,
    **options: Any,
) -> Case:
    """A case of a way back: dout, x, gamma, and what else the function takes by position.

    Args:
        function: Name of the function.
        about: As in Case.
        x: The input, or its shape.
        look: What to look at if dx is wrong.
        extra: The number of groups, if there is one.
        dtype: Of all inputs.
        inputs: Inputs in the place of drawn ones.
        settings: As for case.
        with_notes: Whether running statistics come after gamma.
        dgamma: What to look at if dgamma is wrong.
        options: Keyword arguments of the call.
    """
    salt = salt_of(function + about)
    given = x if isinstance(x, np.ndarray) else draw(*x, salt=salt, dtype=dtype)
    size = given.shape[1]
    drawn: dict[str, Any] = {
        "dout": draw(*given.shape, salt=salt + 9, dtype=dtype),
        "x": given,
        "gamma": affine(size, salt, dtype)["gamma"],
        **(notes(size, salt, dtype) if with_notes else {}),
        **dict(zip(("groups",), extra, strict=False)),
        **(inputs or {}),
    }
    gradients = {"dx": look, "dgamma": dgamma, "dbeta": DBETA}
    if given.ndim == 4:
        gradients = {"dx": look, "dgamma": EVERYWHERE, "dbeta": EVERYWHERE}
    looks = look if look == WALK else gradients
    return case(function, about, drawn, options, looks, dtype=dtype, **(settings or {}))


def vector(*numbers: float) -> Array:
    """Numbers written out, (D,)."""
    return np.array(numbers, dtype=np.float64)


def column(*numbers: float) -> Array:
    """One feature written out, (N, 1)."""
    return vector(*numbers)[:, None]


def _constant_column(*shape: int) -> Array:
    array = draw(*shape, salt=77)
    array[:, 1] = 3
    return array


# The five numbers of the text.
PENCIL = column(1, 1, 1, 1, 6)
EXAMPLE = {"gamma": vector(3), "beta": vector(1), "running_mean": vector(0), "running_var": vector(1)}
GAPS: Any = {"layout": "gaps"}
TURNED: Any = {"layout": "turned"}

_bn = partial(_forward, "batchnorm_forward")
BATCHNORM_FORWARD = [
    _bn("the example of the text", PENCIL, WALK, inputs=EXAMPLE, settings=COARSE),
    _bn("more samples than features", (6, 3), AXIS, settings=COARSE),
    _bn("a large eps", (5, 3), EPS, eps=0.5),
    _bn("more features than samples", (3, 5), AXIS),
    _bn("another momentum", (4, 3), AXIS, momentum=0.3),
    _bn("evaluation", (5, 3), EVALUATION, training=False, settings=COARSE),
    _bn("evaluation with a large eps and another momentum", (4, 3), EPS, training=False, eps=0.5, momentum=0.3),
    _bn("evaluation with a single sample", (1, 4), EVALUATION, training=False),
    _bn("two samples", (2, 3), TWO, momentum=0.25),
    _bn("a momentum of 1", (4, 3), AXIS, momentum=1.0),
    _bn("a feature that is the same in all samples", _constant_column(5, 3), FLAT),
    _bn("very large numbers", draw(8, 3, salt=5) + 2.0**24, DIGITS, settings={"rtol": FAR}),
    _bn("float32", (6, 3), DTYPE, dtype="float32"),
    _bn("float32 in evaluation", (6, 3), DTYPE, dtype="float32", training=False),
    _bn("inputs that are not contiguous", (5, 3), LAYOUT, settings=GAPS),
    _bn("inputs in another order of memory", (4, 5), LAYOUT, settings=TURNED),
    _bn("a single sample in training", (1, 3), settings={"raises": ONE}),
]


def _batchnorm_backward(function: str) -> list[Case]:
    case = partial(backward, function)
    text = {"dout": column(1, 0, 0, 0, 0), "gamma": vector(1)}
    return [
        case("the example of the text", PENCIL, WALK, inputs=text, settings=COARSE),
        case("more samples than features", (6, 3), f"{PATHS} {ZERO_SUM}", settings=COARSE),
        case("a large eps", (5, 3), BACK_EPS, eps=0.5),
        case("more features than samples", (3, 5), BACK_N),
        case("two samples and a large eps", (2, 3), BACK_N, eps=2.0),
        case(
            "a gamma of both signs",
            (4, 3),
            "dx needs the gamma of its own feature.",
            inputs={"gamma": vector(-2, 0.5, 3)},
        ),
        case("as many samples as features", (4, 4), AXIS),
        case("a feature that is the same in all samples", _constant_column(5, 3), FLAT, eps=0.25),
        case("very large numbers", draw(8, 3, salt=6) + 2.0**24, DIGITS, settings={"rtol": FAR}),
        case("float32", (6, 3), DTYPE, dtype="float32"),
        case("inputs that are not contiguous", (5, 3), LAYOUT, settings=GAPS),
        case("inputs in another order of memory", (4, 5), LAYOUT, settings=TURNED),
    ]


STRAIGHT = "With given statistics the layer is a straight line for each feature: nothing is averaged over the batch."
OWN = "dgamma sums dout times the input normalised with the running statistics."
_eval = partial(backward, "batchnorm_backward_eval", with_notes=True, dgamma=OWN)
BATCHNORM_BACKWARD_EVAL = [
    _eval(
        "the example of the text",
        column(1, 5),
        WALK,
        inputs={"dout": column(2, -4), "gamma": vector(3), "running_mean": vector(1), "running_var": vector(4)},
        settings=COARSE,
    ),
    _eval("more samples than features", (6, 3), STRAIGHT, settings=COARSE),
    _eval("a large eps", (4, 3), BACK_EPS, eps=0.5),
    _eval("more features than samples", (3, 5), STRAIGHT),
    _eval("a single sample", (1, 4), STRAIGHT),
    _eval("a small running variance", (4, 3), BACK_EPS, inputs={"running_var": vector(0.0, 1e-4, 9)}, eps=1e-3),
    _eval("float32", (5, 3), DTYPE, dtype="float32"),
    _eval("inputs that are not contiguous", (5, 3), LAYOUT, settings=GAPS),
    _eval("inputs in another order of memory", (4, 5), LAYOUT, settings=TURNED),
]

CHANNEL = "One mean and one variance for each channel, over all samples, rows and columns."
ARRANGE = "reshape moves no numbers: which axis must be last before all others become one, and how do they come back?"
MAP: Any = {"axes": MAPS}
_bn2 = partial(_forward, "batchnorm2d_forward", settings=MAP)
_bn2_back = partial(backward, "batchnorm2d_backward", settings=MAP)
BATCHNORM2D = [
    _bn2("sides that all differ", (2, 3, 4, 5), f"{CHANNEL} {ARRANGE}", settings={**MAP, **COARSE}),
    _bn2("a large eps", (2, 3, 3, 2), EPS, eps=0.5),
    _bn2("images that are wider than high", (3, 2, 2, 5), ARRANGE),
    _bn2("as many channels as columns", (2, 4, 3, 4), ARRANGE),
    _bn2("another momentum", (2, 3, 2, 4), CHANNEL, momentum=0.3),
    _bn2("evaluation", (2, 3, 3, 4), EVALUATION, training=False, eps=0.25),
    _bn2("a single image", (1, 3, 2, 4), CHANNEL),
    _bn2("images of one pixel", (5, 3, 1, 1), CHANNEL),
    _bn2("evaluation with a single pixel", (1, 3, 1, 1), EVALUATION, training=False),
    _bn2("float32", (2, 3, 2, 4), DTYPE, dtype="float32"),
    _bn2("inputs that are not contiguous", (2, 3, 4, 5), LAYOUT, settings={**MAP, **GAPS}),
    _bn2("inputs in another order of memory", (2, 3, 4, 5), LAYOUT, settings={**MAP, **TURNED}),
    _bn2_back("sides that all differ", (2, 3, 4, 5), f"{CHANNEL} {ARRANGE}", settings={**MAP, **COARSE}),
    _bn2_back("a large eps", (2, 3, 3, 2), BACK_EPS, eps=0.5),
    _bn2_back("images that are wider than high", (3, 2, 2, 5), ARRANGE),
    _bn2_back("as many channels as columns", (2, 4, 3, 4), ARRANGE),
    _bn2_back("a single image", (1, 3, 2, 4), BACK_N),
    _bn2_back("float32", (2, 3, 2, 4), DTYPE, dtype="float32"),
    _bn2_back("inputs that are not contiguous", (2, 3, 4, 5), LAYOUT, settings={**MAP, **GAPS}),
    _bn2_back("inputs in another order of memory", (2, 3, 4, 5), LAYOUT, settings={**MAP, **TURNED}),
    _bn2("one value for each channel in training", (1, 3, 1, 1), settings={**MAP, "raises": ONE_PIXEL}),
]

BATCHNORM: dict[str, list[Case]] = {
    "batchnorm_forward": BATCHNORM_FORWARD,
    "batchnorm_backward": _batchnorm_backward("batchnorm_backward"),
    "batchnorm_backward_simplified": _batchnorm_backward("batchnorm_backward_simplified"),
    "batchnorm_backward_eval": BATCHNORM_BACKWARD_EVAL,
    "batchnorm2d": BATCHNORM2D,
}
