"""The small cases of the notebook `normalization`: what each question is tried on, and what to look at.

All sides differ but where a case says so, gamma is never constant, and settings are seldom the default ones: a function
that is right for N = D, gamma = 1 or momentum = 0.1 only is found out at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np

from course_utils.checks.case import Case, Made
from course_utils.checks.draw import Array, draw

# Roots and divisions, in any order; in single precision also sums of a few dozen numbers.
ROUNDING, SINGLE = 1e-9, 2e-5
# Means are subtracted from numbers of 2**24: the difference is right to about nine digits.
FAR = 1e-6
Shape = tuple[int, ...]
FEATURES = ("N", "features")
MAPS = ("N", "C", "H", "W")

AXIS = "Statistics are taken for each feature over the samples: down the columns of x."
VARIANCE = "The biased variance (divided by N) normalises, the unbiased one (N - 1) is stored."
MOMENTUM = "momentum is the weight of the new value, and the caller says how large it is."
EPS = "eps is added to the variance, inside the root, and the caller says how large it is."
EVALUATION = "In evaluation only the running statistics count: what does the batch matter? And they stay as they are."
TWO = "Two samples: the biased variance divides by 2, the unbiased one by 1."
DIGITS = "Differences of large numbers lose their digits: subtract the mean first, then square."
FLAT = "The variance of a feature may be 0; what is then under the root?"
DTYPE = "Tensors that you make yourself need the dtype and the device of x: torch.zeros_like(x), x.new_zeros(3)."
LAYOUT = "Index, reshape or copy; `view` and strides by hand need numbers that lie side by side."
ONE = "there is only one value for each feature"


def _salt(text: str) -> int:
    return crc32(text.encode()) % 100_000


def _affine(size: int, salt: int, dtype: str = "float64") -> dict[str, Array]:
    return {"gamma": draw(size, salt=salt + 1, dtype=dtype), "beta": draw(size, salt=salt + 2, dtype=dtype)}


def _notes(size: int, salt: int, dtype: str = "float64") -> dict[str, Array]:
    """Running statistics that have nothing to do with the batch."""
    var = np.abs(draw(size, salt=salt + 4, dtype=dtype)) + np.asarray(0.5, dtype)
    return {"running_mean": draw(size, salt=salt + 3, dtype=dtype), "running_var": var}


def _rtol(dtype: str) -> float:
    return SINGLE if dtype == "float32" else ROUNDING


def _case(
    function: str,
    about: str,
    inputs: Mapping[str, Any],
    options: Mapping[str, Any],
    look: str,
    *,
    axes: tuple[str, ...] = FEATURES,
    dtype: str = "float64",
    rtol: float | None = None,
    layout: str = "plain",
    raises: str = "",
) -> Case:
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
        settings: As for _case.
        options: Keyword arguments of the call.
    """
    salt = _salt(function + about)
    given = x if isinstance(x, np.ndarray) else draw(*x, salt=salt, dtype=dtype)
    size = given.shape[1]
    drawn = {"x": given, **_affine(size, salt, dtype), **_notes(size, salt, dtype), **(inputs or {})}
    return _case(function, about, drawn, {"training": training, **options}, look, dtype=dtype, **(settings or {}))


def _backward(
    function: str,
    about: str,
    x: Shape | Array,
    look: str,
    *extra: Any,
    dtype: str = "float64",
    inputs: Mapping[str, Array] | None = None,
    settings: Mapping[str, Any] | None = None,
    notes: bool = False,
    **options: Any,
) -> Case:
    """A case of a way back: dout, x, gamma, and what else the function takes by position."""
    salt = _salt(function + about)
    given = x if isinstance(x, np.ndarray) else draw(*x, salt=salt, dtype=dtype)
    size = given.shape[1]
    drawn: dict[str, Any] = {
        "dout": draw(*given.shape, salt=salt + 9, dtype=dtype),
        "x": given,
        "gamma": _affine(size, salt, dtype)["gamma"],
        **(_notes(size, salt, dtype) if notes else {}),
        **dict(zip(("groups",), extra, strict=False)),
        **(inputs or {}),
    }
    return _case(function, about, drawn, options, look, dtype=dtype, **(settings or {}))


def _one(*numbers: float) -> Array:
    return np.array(numbers, dtype=np.float64)


def _column(*numbers: float) -> Array:
    return _one(*numbers)[:, None]


def _constant_column(*shape: int) -> Array:
    array = draw(*shape, salt=77)
    array[:, 1] = 3
    return array


# The five numbers of the text.
PENCIL = _column(1, 1, 1, 1, 6)
TEXT = {"gamma": _one(3), "beta": _one(1), "running_mean": _one(0), "running_var": _one(1)}
GAPS: Any = {"layout": "gaps"}
TURNED: Any = {"layout": "turned"}

_bn = partial(_forward, "batchnorm_forward")
BATCHNORM_FORWARD = [
    _bn("the example of the text", PENCIL, VARIANCE, inputs=TEXT, eps=0.0),
    _bn("more samples than features", (6, 3), AXIS),
    _bn("more features than samples", (3, 5), AXIS),
    _bn("another momentum", (4, 3), MOMENTUM, momentum=0.3),
    _bn("a large eps", (5, 3), EPS, eps=0.5),
    _bn("evaluation", (5, 3), EVALUATION, training=False),
    _bn("evaluation with a large eps and another momentum", (4, 3), EVALUATION, training=False, eps=0.5, momentum=0.3),
    _bn("evaluation with a single sample", (1, 4), EVALUATION, training=False),
    _bn("two samples", (2, 3), TWO, momentum=0.25),
    _bn("a momentum of 1", (4, 3), MOMENTUM, momentum=1.0),
    _bn("a feature that is the same in all samples", _constant_column(5, 3), FLAT),
    _bn("very large numbers", draw(8, 3, salt=5) + 2.0**24, DIGITS, settings={"rtol": FAR}),
    _bn("float32", (6, 3), DTYPE, dtype="float32"),
    _bn("float32 in evaluation", (6, 3), DTYPE, dtype="float32", training=False),
    _bn("inputs that are not contiguous", (5, 3), LAYOUT, settings=GAPS),
    _bn("inputs in another order of memory", (4, 5), LAYOUT, settings=TURNED),
    _bn("a single sample in training", (1, 3), settings={"raises": ONE}),
]

PATHS = "x reaches the output on three ways: directly, through the mean, and through the variance."
ZERO_SUM = "In training each column of dx sums to 0; if yours doesn't, a path is missing."
DGAMMA = "gamma multiplies xhat, the normalised input, in every sample: what does its gradient sum up?"
BACK_EPS = "eps stands under the root forwards, so it does so backwards."
BACK_N = "How many values is each mean taken over? That number, from the shape of x, stands in the formula."


def _batchnorm_backward(function: str) -> list[Case]:
    case = partial(_backward, function)
    text = {"dout": _column(1, 0, 0, 0, 0), "gamma": _one(1)}
    return [
        case("the example of the text", PENCIL, PATHS, inputs=text, eps=0.0),
        case("more samples than features", (6, 3), ZERO_SUM),
        case("more features than samples", (3, 5), BACK_N),
        case("a large eps", (5, 3), BACK_EPS, eps=0.5),
        case("two samples and a large eps", (2, 3), BACK_N, eps=2.0),
        case("a gamma of both signs", (4, 3), DGAMMA, inputs={"gamma": _one(-2, 0.5, 3)}),
        case("as many samples as features", (4, 4), AXIS),
        case("a feature that is the same in all samples", _constant_column(5, 3), FLAT, eps=0.25),
        case("very large numbers", draw(8, 3, salt=6) + 2.0**24, DIGITS, settings={"rtol": FAR}),
        case("float32", (6, 3), DTYPE, dtype="float32"),
        case("inputs that are not contiguous", (5, 3), LAYOUT, settings=GAPS),
        case("inputs in another order of memory", (4, 5), LAYOUT, settings=TURNED),
    ]


STRAIGHT = "With given statistics the layer is a straight line for each feature: nothing is averaged over the batch."
OWN = "dgamma sums dout times the input normalised with the running statistics."
_eval = partial(_backward, "batchnorm_backward_eval", notes=True)
BATCHNORM_BACKWARD_EVAL = [
    _eval(
        "the example of the text",
        _column(1, 5),
        STRAIGHT,
        inputs={"dout": _column(2, -4), "gamma": _one(3), "running_mean": _one(1), "running_var": _one(4)},
        eps=0.0,
    ),
    _eval("more samples than features", (6, 3), STRAIGHT),
    _eval("more features than samples", (3, 5), OWN),
    _eval("a single sample", (1, 4), STRAIGHT),
    _eval("a large eps", (4, 3), BACK_EPS, eps=0.5),
    _eval("a small running variance", (4, 3), BACK_EPS, inputs={"running_var": _one(0.0, 1e-4, 9)}, eps=1e-3),
    _eval("float32", (5, 3), DTYPE, dtype="float32"),
    _eval("inputs that are not contiguous", (5, 3), LAYOUT, settings=GAPS),
]

CHANNEL = "One mean and one variance for each channel, over all samples, rows and columns."
ARRANGE = "reshape moves no numbers: which axis must be last before all others become one, and how do they come back?"
COUNT = "Each channel has N * H * W values; the stored variance divides by one less."
MAP: Any = {"axes": MAPS}
_bn2 = partial(_forward, "batchnorm2d_forward", settings=MAP)
_bn2_back = partial(_backward, "batchnorm2d_backward", settings=MAP)
BATCHNORM2D = [
    _bn2("sides that all differ", (2, 3, 4, 5), CHANNEL),
    _bn2("images that are wider than high", (3, 2, 2, 5), ARRANGE),
    _bn2("as many channels as columns", (2, 4, 3, 4), ARRANGE),
    _bn2("another momentum", (2, 3, 2, 4), COUNT, momentum=0.3),
    _bn2("a large eps", (2, 3, 3, 2), EPS, eps=0.5),
    _bn2("evaluation", (2, 3, 3, 4), EVALUATION, training=False, eps=0.25),
    _bn2("a single image", (1, 3, 2, 4), CHANNEL),
    _bn2("images of one pixel", (5, 3, 1, 1), CHANNEL),
    _bn2("evaluation with a single pixel", (1, 3, 1, 1), EVALUATION, training=False),
    _bn2("float32", (2, 3, 2, 4), DTYPE, dtype="float32"),
    _bn2("inputs that are not contiguous", (2, 3, 4, 5), LAYOUT, settings={**MAP, **GAPS}),
    _bn2("inputs in another order of memory", (2, 3, 4, 5), LAYOUT, settings={**MAP, **TURNED}),
    _bn2_back("sides that all differ", (2, 3, 4, 5), CHANNEL),
    _bn2_back("images that are wider than high", (3, 2, 2, 5), ARRANGE),
    _bn2_back("as many channels as columns", (2, 4, 3, 4), ARRANGE),
    _bn2_back("a large eps", (2, 3, 3, 2), BACK_EPS, eps=0.5),
    _bn2_back("a single image", (1, 3, 2, 4), BACK_N),
    _bn2_back("float32", (2, 3, 2, 4), DTYPE, dtype="float32"),
    _bn2_back("inputs that are not contiguous", (2, 3, 4, 5), LAYOUT, settings={**MAP, **GAPS}),
    _bn2_back("inputs in another order of memory", (2, 3, 4, 5), LAYOUT, settings={**MAP, **TURNED}),
    _bn2("one value for each channel in training", (1, 3, 1, 1), settings={**MAP, "raises": ONE}),
]

ROWS = "Statistics are taken for each sample over its features: along the rows. gamma and beta belong to features."
FIRST_GAMMA = "Every feature has its own gamma: multiply by it before anything is summed along the row."
OVER_SAMPLES = "gamma and beta are used in every sample: their gradients sum over the samples."


def _norm(
    function: str, about: str, x: Shape | Array, look: str, *extra: Any, dtype: str = "float64", **more: Any
) -> Case:
    """A case of a norm without running statistics, forwards."""
    salt = _salt(function + about)
    given = x if isinstance(x, np.ndarray) else draw(*x, salt=salt, dtype=dtype)
    settings, options = more.pop("settings", {}), more
    affine = {**_affine(given.shape[1], salt, dtype), **options.pop("inputs", {})}
    inputs = {"x": given, **affine, **dict(zip(("groups",), extra, strict=False))}
    return _case(function, about, inputs, options, look, dtype=dtype, **settings)


_ln, _ln_back = partial(_norm, "layernorm_forward"), partial(_backward, "layernorm_backward")
GAMMAS = {"gamma": _one(1, 2, 3, 4, 5)}
LAYERNORM = [
    _ln("the example of the text", PENCIL.T.copy(), ROWS, inputs={**GAMMAS, "beta": _one(0, 0, 0, 0, 0)}, eps=0.0),
    _ln("more samples than features", (6, 3), ROWS),
    _ln("more features than samples", (3, 5), ROWS),
    _ln("as many samples as features", (4, 4), "A mean of shape (N,) is repeated along the wrong axis: keepdim=True."),
    _ln("a large eps", (3, 4), EPS, eps=0.5),
    _ln("a single sample", (1, 5), ROWS),
    _ln("a sample whose features are all the same", np.vstack([draw(2, 4, salt=3), np.full((1, 4), 2.0)]), FLAT),
    _ln("very large numbers", draw(3, 8, salt=7) + 2.0**24, DIGITS, settings={"rtol": FAR}),
    _ln("float32", (3, 5), DTYPE, dtype="float32"),
    _ln("inputs that are not contiguous", (3, 5), LAYOUT, settings=GAPS),
    _ln_back(
        "the example of the text", PENCIL.T.copy(), FIRST_GAMMA, inputs={**GAMMAS, "dout": _one(0, 0, 1, 0, 0)[None]},
        eps=0.0,
    ),
    _ln_back("more samples than features", (6, 3), FIRST_GAMMA),
    _ln_back("more features than samples", (3, 5), OVER_SAMPLES),
    _ln_back("as many samples as features", (4, 4), FIRST_GAMMA),
    _ln_back("a large eps", (3, 4), BACK_EPS, eps=0.5),
    _ln_back("a single sample", (1, 5), FIRST_GAMMA),
    _ln_back("very large numbers", draw(3, 8, salt=8) + 2.0**24, DIGITS, settings={"rtol": FAR}),
    _ln_back("float32", (3, 5), DTYPE, dtype="float32"),
    _ln_back("inputs that are not contiguous", (3, 5), LAYOUT, settings=GAPS),
]  # fmt: skip

NEIGHBOURS = "A group is C / groups neighbouring channels of one sample, with all their pixels."
OWN_GAMMA = "The statistics belong to a group, gamma and beta to a channel."
NO_GROUPS = "the channels can't be divided into that many groups"
_gn, _gn_back = partial(_norm, "groupnorm_forward"), partial(_backward, "groupnorm_backward")


def _groups(case: Callable[..., Case], error: Callable[..., Case]) -> list[Case]:
    def one(about: str, x: Any, look: str, groups: int, **more: Any) -> Case:
        settings = {**MAP, **more.pop("settings", {})}
        return case(about, x, look, groups, settings=settings, **more)

    far = draw(2, 4, 2, 4, salt=9) + 2.0**24
    return [
        one("three groups of two channels", (2, 6, 3, 4), NEIGHBOURS, 3),
        one("two groups of three channels", (2, 6, 2, 3), NEIGHBOURS, 2),
        one("a single group", (2, 4, 3, 2), OWN_GAMMA, 1),
        one("as many groups as channels", (2, 3, 3, 4), NEIGHBOURS, 3),
        one("as many channels as columns", (2, 4, 3, 4), OWN_GAMMA, 2),
        one("a single image", (1, 4, 2, 5), NEIGHBOURS, 2),
        one("images of one pixel", (3, 6, 1, 1), NEIGHBOURS, 2),
        one("a large eps", (2, 4, 3, 2), EPS, 2, eps=0.5),
        one("very large numbers", far, DIGITS, 2, settings={"rtol": FAR}),
        one("float32", (2, 4, 2, 3), DTYPE, 2, dtype="float32"),
        one("inputs that are not contiguous", (2, 4, 3, 5), LAYOUT, 2, settings=GAPS),
        one("inputs in another order of memory", (2, 4, 3, 5), LAYOUT, 2, settings=TURNED),
        error("five channels in two groups", (2, 5, 2, 3), "", 2, settings={"raises": NO_GROUPS}),
    ]


_GROUP_CASES = [*_groups(_gn, _gn), *_groups(_gn_back, _gn_back)]
GROUPNORM = sorted(_GROUP_CASES, key=lambda case: bool(case.raises))

SLOPE = "In evaluation batch norm is a straight line for each output: which number multiplies, which is added?"
FIRST_AXIS = "The slope belongs to axis 0 of w, however many axes there are behind it."
NO_BIAS = "b=None counts as 0; the new bias is there all the same."


def _fold(about: str, w: Shape | Array, look: str, *, bias: bool = True, dtype: str = "float64", **more: Any) -> Case:
    salt = _salt("fold_batchnorm" + about)
    given = w if isinstance(w, np.ndarray) else draw(*w, salt=salt, dtype=dtype)
    settings, inputs = more.pop("settings", {}), more.pop("inputs", {})
    size = given.shape[0]
    b = draw(size, salt=salt + 5, dtype=dtype) if bias else None
    drawn = {"w": given, "b": b, **_affine(size, salt, dtype), **_notes(size, salt, dtype), **inputs}
    return _case("fold_batchnorm", about, drawn, more, look, axes=(), dtype=dtype, **settings)


FOLD = [
    _fold(
        "the example of the text",
        np.array([[2.0, -1.0]]),
        SLOPE,
        inputs={"b": _one(3), "gamma": _one(6), "beta": _one(1), "running_mean": _one(1), "running_var": _one(4)},
        eps=0.0,
    ),
    _fold("filters of a convolution", (4, 3, 2, 5), FIRST_AXIS),
    _fold("a matrix", (3, 5), FIRST_AXIS),
    _fold("a square matrix", (3, 3), FIRST_AXIS),
    _fold("filters for volumes", (2, 3, 2, 3, 2), FIRST_AXIS),
    _fold("one weight for each output", (5,), FIRST_AXIS),
    _fold("no bias", (4, 2, 3, 3), NO_BIAS, bias=False),
    _fold("a large eps", (3, 2, 3, 2), EPS, eps=0.5),
    _fold("float32", (3, 2, 2, 3), DTYPE, dtype="float32"),
    _fold("float32 without bias", (3, 4), DTYPE, bias=False, dtype="float32"),
    _fold("inputs that are not contiguous", (4, 3, 2, 3), LAYOUT, settings=GAPS),
]

SUM = "The bias is added to every sample of its feature, so its gradient sums up dx over the samples."


def _bias(about: str, x: Shape | Array, look: str = SUM, **more: Any) -> Case:
    base = _backward("bias_before_batchnorm", about, x, look, notes=True, **more)
    inputs = {name: value for name, value in base.inputs.items() if name != "running_mean"}
    return Case(base.function, about, inputs, base.options, look, base.layout, axes=base.axes, rtol=base.rtol)


BIAS = [
    _bias(
        "the example of the text",
        PENCIL,
        inputs={"dout": _column(1, 0, 0, 0, 0), "gamma": _one(1), "running_var": _one(4)},
        eps=0.0,
    ),
    _bias("more samples than features", (6, 3)),
    _bias("more features than samples", (3, 5)),
    _bias("a large eps", (4, 3), BACK_EPS, eps=0.5),
    _bias("float32", (5, 3), DTYPE, dtype="float32"),
    _bias("inputs that are not contiguous", (5, 3), LAYOUT, settings=GAPS),
]

# What the instrument measures: right norms, wrong ones, and functions that are no norms at all.
MEASURED: dict[str, Callable[[Any], Any]] = {
    "lambda x: x": lambda x: x,
    "lambda x: x - x.mean(dim=0)": lambda x: x - x.mean(dim=0),
    "lambda x: x.clamp(min=0)": lambda x: x.clamp(min=0),
    "lambda x: x / x.std(dim=0)": lambda x: x / x.std(dim=0),
    "lambda x: (x - x.mean(dim=0)) / x.std(dim=0)": lambda x: (x - x.mean(dim=0)) / x.std(dim=0),
    "lambda x: x / x.norm(dim=1, keepdim=True)": lambda x: x / x.norm(dim=1, keepdim=True),
}
LARGEST = "The largest difference, above or below zero, over all entries; nothing is divided by anything."
INSIDE = "Scale and shift change the input of the norm: scale times x, then plus shift."


def _gap(about: str, norm: str, x: Array, scale: Any, shift: Any, look: str = INSIDE, **more: Any) -> Case:
    inputs = {"norm": Made(norm, lambda: MEASURED[norm]), "x": x, "scale": scale, "shift": shift}
    return _case("scale_invariance_gap", about, inputs, {}, look, axes=(), **more)


PLAIN = "lambda x: x"
CENTRED = "lambda x: x - x.mean(dim=0)"
WHOLE = "lambda x: (x - x.mean(dim=0)) / x.std(dim=0)"
SCALE_INVARIANCE = [
    _gap("a function that changes nothing", PLAIN, _one(1, -3), 2.0, 0.0),
    _gap("a shift below zero", PLAIN, _one(1, -3), 1.0, -0.5, LARGEST),
    _gap("scale and shift together", PLAIN, draw(3, 4, salt=1), 3.0, 0.25),
    _gap("a scale below zero", "lambda x: x.clamp(min=0)", draw(4, 3, salt=2), -2.0, 0.5, LARGEST),
    _gap("a shift that is subtracted again", CENTRED, draw(5, 3, salt=3), 1.0, draw(3, salt=4)),
    _gap("a scale that is not divided out", CENTRED, draw(5, 3, salt=3), 4.0, 0.0),
    _gap("a scale for each feature", WHOLE, draw(5, 3, salt=5), _one(2, 7, 0.5), draw(3, salt=6)),
    _gap("a scale for each sample", WHOLE, draw(5, 3, salt=5), np.abs(draw(5, 1, salt=7)) + 0.5, 0.0),
    _gap("a norm that lets shifts through", "lambda x: x / x.std(dim=0)", draw(6, 2, salt=8), 2.0, 1.5),
    _gap(
        "a norm along the rows",
        "lambda x: x / x.norm(dim=1, keepdim=True)",
        draw(4, 3, salt=9),
        np.abs(draw(4, 1, salt=10)) + 0.5,
        _one(0.5, 0, -1),
    ),
    _gap("float32", WHOLE, draw(5, 3, salt=11, dtype="float32"), 3.0, 0.5, dtype="float32"),
    _gap("inputs that are not contiguous", PLAIN, draw(4, 3, salt=12), 0.5, draw(3, salt=13), layout="gaps"),
]

CASES: dict[str, list[Case]] = {
    "batchnorm_forward": BATCHNORM_FORWARD,
    "batchnorm_backward": _batchnorm_backward("batchnorm_backward"),
    "batchnorm_backward_simplified": _batchnorm_backward("batchnorm_backward_simplified"),
    "batchnorm_backward_eval": BATCHNORM_BACKWARD_EVAL,
    "batchnorm2d": BATCHNORM2D,
    "layernorm": LAYERNORM,
    "groupnorm": GROUPNORM,
    "fold_batchnorm": FOLD,
    "bias_before_batchnorm": BIAS,
    "scale_invariance": SCALE_INVARIANCE,
}
