"""The small cases of the notebook `normalization`: what each question is tried on, and what to look at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from course_utils.checks.batchnorm_cases import (
    BACK_EPS,
    BATCHNORM,
    COARSE,
    DIGITS,
    DTYPE,
    EPS,
    FAR,
    FLAT,
    GAPS,
    LAYOUT,
    MAP,
    PENCIL,
    TURNED,
    WALK,
    Shape,
    affine,
    backward,
    case,
    column,
    notes,
    salt_of,
    vector,
)
from course_utils.checks.case import Case, Made
from course_utils.checks.draw import Array, draw

ROWS = "Statistics are taken for each sample over its features: along the rows. gamma and beta belong to features."
FIRST_GAMMA = "Every feature has its own gamma: multiply by it before anything is summed along the row."


def _norm(
    function: str, about: str, x: Shape | Array, look: str, *extra: Any, dtype: str = "float64", **more: Any
) -> Case:
    """A case of a norm without running statistics, forwards."""
    salt = salt_of(function + about)
    given = x if isinstance(x, np.ndarray) else draw(*x, salt=salt, dtype=dtype)
    settings, options = more.pop("settings", {}), more
    learned = {**affine(given.shape[1], salt, dtype), **options.pop("inputs", {})}
    inputs = {"x": given, **learned, **dict(zip(("groups",), extra, strict=False))}
    return case(function, about, inputs, options, look, dtype=dtype, **settings)


_ln, _ln_back = partial(_norm, "layernorm_forward"), partial(backward, "layernorm_backward")
GAMMAS = {"gamma": vector(1, 2, 3, 4, 5)}
LAYERNORM = [
    _ln("the example of the text", PENCIL.T.copy(), WALK, inputs={**GAMMAS, "beta": np.zeros(5)}, settings=COARSE),
    _ln("more samples than features", (6, 3), ROWS, settings=COARSE),
    _ln("a large eps", (3, 4), EPS, eps=0.5),
    _ln("more features than samples", (3, 5), ROWS),
    _ln("as many samples as features", (4, 4), "A mean of shape (N,) is repeated along the wrong axis: keepdim=True."),
    _ln("a single sample", (1, 5), ROWS),
    _ln("a sample whose features are all the same", np.vstack([draw(2, 4, salt=3), np.full((1, 4), 2.0)]), FLAT),
    _ln("very large numbers", draw(3, 8, salt=7) + 2.0**24, DIGITS, settings={"rtol": FAR}),
    _ln("float32", (3, 5), DTYPE, dtype="float32"),
    _ln("inputs that are not contiguous", (3, 5), LAYOUT, settings=GAPS),
    _ln("inputs in another order of memory", (4, 3), LAYOUT, settings=TURNED),
    _ln_back(
        "the example of the text", PENCIL.T.copy(), WALK, inputs={**GAMMAS, "dout": vector(0, 0, 1, 0, 0)[None]},
        settings=COARSE,
    ),
    _ln_back("more samples than features", (6, 3), FIRST_GAMMA, settings=COARSE),
    _ln_back("a large eps", (3, 4), BACK_EPS, eps=0.5),
    _ln_back("more features than samples", (3, 5), FIRST_GAMMA),
    _ln_back("as many samples as features", (4, 4), FIRST_GAMMA),
    _ln_back("a single sample", (1, 5), FIRST_GAMMA),
    _ln_back("very large numbers", draw(3, 8, salt=8) + 2.0**24, DIGITS, settings={"rtol": FAR}),
    _ln_back("float32", (3, 5), DTYPE, dtype="float32"),
    _ln_back("inputs that are not contiguous", (3, 5), LAYOUT, settings=GAPS),
    _ln_back("inputs in another order of memory", (4, 3), LAYOUT, settings=TURNED),
]  # fmt: skip

NEIGHBOURS = "A group is C / groups neighbouring channels of one sample, with all their pixels."
OWN_GAMMA = "The statistics belong to a group, gamma and beta to a channel."
NO_GROUPS = "the channels can't be divided into that many groups"
_gn, _gn_back = partial(_norm, "groupnorm_forward"), partial(backward, "groupnorm_backward")


def _groups(case: Callable[..., Case], error: Callable[..., Case]) -> list[Case]:
    def one(about: str, x: Any, look: str, groups: int, **more: Any) -> Case:
        settings = {**MAP, **more.pop("settings", {})}
        return case(about, x, look, groups, settings=settings, **more)

    far = draw(2, 4, 2, 4, salt=9) + 2.0**24
    return [
        one("three groups of two channels", (2, 6, 3, 4), NEIGHBOURS, 3, settings=COARSE),
        one("a large eps", (2, 4, 3, 2), EPS, 2, eps=0.5),
        one("two groups of three channels", (2, 6, 2, 3), NEIGHBOURS, 2),
        one("a single group", (2, 4, 3, 2), OWN_GAMMA, 1),
        one("as many groups as channels", (2, 3, 3, 4), NEIGHBOURS, 3),
        one("as many channels as columns", (2, 4, 3, 4), OWN_GAMMA, 2),
        one("a single image", (1, 4, 2, 5), NEIGHBOURS, 2),
        one("images of one pixel", (3, 6, 1, 1), NEIGHBOURS, 2),
        one("very large numbers", far, DIGITS, 2, settings={"rtol": FAR}),
        one("float32", (2, 4, 2, 3), DTYPE, 2, dtype="float32"),
        one("inputs that are not contiguous", (2, 4, 3, 5), LAYOUT, 2, settings=GAPS),
        one("inputs in another order of memory", (2, 4, 3, 5), LAYOUT, 2, settings=TURNED),
        error("five channels in two groups", (2, 5, 2, 3), "", 2, settings={"raises": NO_GROUPS}),
    ]


_GROUP_CASES = [*_groups(_gn, _gn), *_groups(_gn_back, _gn_back)]
GROUPNORM = sorted(_GROUP_CASES, key=lambda case: bool(case.raises))

SHIFT = "In evaluation batch norm is a straight line for each output: the old bias goes through that line, too."
FIRST_AXIS = "The slope belongs to axis 0 of w, however many axes there are behind it."
NO_BIAS = "b=None counts as 0; the new bias is there all the same."


def _fold(about: str, w: Shape | Array, look: str, *, bias: bool = True, dtype: str = "float64", **more: Any) -> Case:
    salt = salt_of("fold_batchnorm" + about)
    given = w if isinstance(w, np.ndarray) else draw(*w, salt=salt, dtype=dtype)
    settings, inputs = more.pop("settings", {}), more.pop("inputs", {})
    size = given.shape[0]
    b = draw(size, salt=salt + 5, dtype=dtype) if bias else None
    drawn = {"w": given, "b": b, **affine(size, salt, dtype), **notes(size, salt, dtype), **inputs}
    looks = {"w": look, "b": SHIFT if look == FIRST_AXIS else look}
    return case("fold_batchnorm", about, drawn, more, looks, axes=(), dtype=dtype, **settings)


FOLD = [
    _fold(
        "the example of the text",
        np.array([[2.0, -1.0]]),
        WALK,
        inputs={
            "b": vector(3),
            "gamma": vector(6),
            "beta": vector(1),
            "running_mean": vector(1),
            "running_var": vector(4),
        },
        settings=COARSE,
    ),
    _fold("filters of a convolution", (4, 3, 2, 5), FIRST_AXIS, settings=COARSE),
    _fold("a large eps", (3, 2, 3, 2), EPS, eps=0.5),
    _fold("a matrix", (3, 5), FIRST_AXIS),
    _fold("a square matrix", (3, 3), FIRST_AXIS),
    _fold("filters for volumes", (2, 3, 2, 3, 2), FIRST_AXIS),
    _fold("one weight for each output", (5,), FIRST_AXIS),
    _fold("no bias", (4, 2, 3, 3), NO_BIAS, bias=False),
    _fold("float32", (3, 2, 2, 3), DTYPE, dtype="float32"),
    _fold("float32 without bias", (3, 4), DTYPE, bias=False, dtype="float32"),
    _fold("inputs that are not contiguous", (4, 3, 2, 3), LAYOUT, settings=GAPS),
    _fold("inputs in another order of memory", (4, 3, 2, 3), LAYOUT, settings=TURNED),
]

CANCELS = "What does the mean of the batch do with something that is added to all samples alike?"
SUM = "The bias is added to every sample of its feature, so its gradient sums up dx over the samples."


def _bias(about: str, x: Shape | Array, look: str = SUM, **more: Any) -> Case:
    base = backward("bias_before_batchnorm", about, x, look, with_notes=True, **more)
    inputs = {name: value for name, value in base.inputs.items() if name != "running_mean"}
    looks = {"in_training": CANCELS, "in_evaluation": look}
    return Case(base.function, about, inputs, base.options, looks, base.layout, axes=base.axes, rtol=base.rtol)


BIAS = [
    _bias(
        "the example of the text",
        PENCIL,
        inputs={"dout": column(1, 0, 0, 0, 0), "gamma": vector(1), "running_var": vector(4)},
        settings=COARSE,
    ),
    _bias("more samples than features", (6, 3), settings=COARSE),
    _bias("a large eps", (4, 3), BACK_EPS, eps=0.5),
    _bias("more features than samples", (3, 5)),
    _bias("float32", (5, 3), DTYPE, dtype="float32"),
    _bias("inputs that are not contiguous", (5, 3), LAYOUT, settings=GAPS),
    _bias("inputs in another order of memory", (4, 3), LAYOUT, settings=TURNED),
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


def _gap(about: str, norm: str, x: Array, scale: Any, shift: Any, **more: Any) -> Case:
    inputs = {"norm": Made(norm, lambda: MEASURED[norm]), "x": x, "scale": scale, "shift": shift}
    look = f"{INSIDE} {LARGEST}"
    return case("scale_invariance_gap", about, inputs, {}, look, axes=(), **more)


PLAIN = "lambda x: x"
CENTRED = "lambda x: x - x.mean(dim=0)"
WHOLE = "lambda x: (x - x.mean(dim=0)) / x.std(dim=0)"
SCALE_INVARIANCE = [
    _gap("a function that changes nothing", PLAIN, vector(1, -3), 2.0, 0.0),
    _gap("a shift below zero", PLAIN, vector(1, -3), 1.0, -0.5),
    _gap("scale and shift together", PLAIN, draw(3, 4, salt=1), 3.0, 0.25),
    _gap("a scale below zero", "lambda x: x.clamp(min=0)", draw(4, 3, salt=2), -2.0, 0.5),
    _gap("a shift that is subtracted again", CENTRED, draw(5, 3, salt=3), 1.0, draw(3, salt=4)),
    _gap("a scale that is not divided out", CENTRED, draw(5, 3, salt=3), 4.0, 0.0),
    _gap("a scale for each feature", WHOLE, draw(5, 3, salt=5), vector(2, 7, 0.5), draw(3, salt=6)),
    _gap("a scale for each sample", WHOLE, draw(5, 3, salt=5), np.abs(draw(5, 1, salt=7)) + 0.5, 0.0),
    _gap("a norm that lets shifts through", "lambda x: x / x.std(dim=0)", draw(6, 2, salt=8), 2.0, 1.5),
    _gap(
        "a norm along the rows",
        "lambda x: x / x.norm(dim=1, keepdim=True)",
        draw(4, 3, salt=9),
        np.abs(draw(4, 1, salt=10)) + 0.5,
        vector(0.5, 0, -1),
    ),
    _gap("float32", WHOLE, draw(5, 3, salt=11, dtype="float32"), 3.0, 0.5, dtype="float32"),
    _gap("inputs that are not contiguous", PLAIN, draw(4, 3, salt=12), 0.5, draw(3, salt=13), layout="gaps"),
]

CASES: dict[str, list[Case]] = {
    **BATCHNORM,
    "layernorm": LAYERNORM,
    "groupnorm": GROUPNORM,
    "fold_batchnorm": FOLD,
    "bias_before_batchnorm": BIAS,
    "scale_invariance": SCALE_INVARIANCE,
}
