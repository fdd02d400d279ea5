"""Typical mistakes about shifts, and layers in a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_maps import DTYPE, LIKE, WHOLE
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import put_into
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_equivariance import (
    RIGHT,
    commuting,
    composing,
    rolled,
)
from autograder.mistakes import Mistake


def _gap(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"gap_{id}", "equivariance", {"equivariance_gap": commuting(**steps)}, symptom, hint)


DOWN = "Which axis of x are the rows? Which entry of the shift moves them?"


_GAPS = (
    _gap(
        "everywhere",
        "Your gap finds fault with the border of layers that commute with shifts.",
        "Which part of the output must not be compared?",
        interior=lambda out, x: (...,),
    ),
    _gap(
        "interior_of_rows",
        "Your gap looks at the border on the left and right.",
        "How many axes have a border?",
        interior=lambda out, x: (..., slice(out.shape[2] // 4, out.shape[2] - out.shape[2] // 4), slice(None)),
    ),
    _gap(
        "interior_too_small",
        "Your gap looks at too small a part of the output.",
        "How many rows does a border of a quarter leave?",
        interior=lambda out, x: (
            ...,
            slice(out.shape[2] // 3, out.shape[2] - out.shape[2] // 3),
            slice(out.shape[3] // 3, out.shape[3] - out.shape[3] // 3),
        ),
    ),
    _gap(
        "output_not_moved",
        "Your gap is large even for layers that commute with shifts.",
        "Two ways lead from x to the moved output. What is compared with what?",
        move_out=lambda out, shift: out,
    ),
    _gap(
        "input_not_moved",
        "Your gap compares the output with itself, moved.",
        "Two ways lead from x to the moved output. Which input does the layer see on each?",
        move=lambda x, shift: x,
    ),
    _gap(
        "both_outputs",
        "Your gap is always zero.",
        "Two ways lead from x to the moved output. Which input does the layer see on each?",
        difference=lambda a, b: np.zeros_like(a),
    ),
    _gap(
        "other_way",
        "Your input moves one way, your output the other.",
        "In which direction does np.roll move by a positive number?",
        move_out=lambda out, shift: rolled(out, (-shift[0], -shift[1])),
    ),
    _gap(
        "stride_ignored",
        "Your gap is large for every layer with a stride.",
        "The input moves by two pixels: by how many does the output of a layer with stride 2 move?",
        step=lambda size, out: (1, 1),
    ),
    _gap(
        "stride_rounded_down",
        "Your gap is large for some layers with a stride whose images are not twice as large as the output.",
        "33 rows give 17: which stride is nearest?",
        step=lambda size, out: (size[0] // out[0], size[1] // out[1]),
    ),
    _gap(
        "towards_zero",
        "Your gap is wrong where the input moves up or left by no multiple of the stride.",
        "What are -1 // 2 and int(-1 / 2)? The docstring says which one is asked for.",
        by=lambda shift, step: (int(shift[0] / step[0]), int(shift[1] / step[1])),
    ),
    _gap(
        "axes_swapped",
        "Down and right are exchanged.",
        DOWN,
        move=lambda x, shift: rolled(x, shift[::-1]),
        move_out=lambda out, shift: rolled(out, shift[::-1]),
    ),
    _gap(
        "moves_batch",
        "You move images and channels.",
        DOWN,
        move=lambda x, shift: np.roll(x, shift, (0, 1)),
        move_out=lambda out, shift: np.roll(out, shift, (0, 1)),
    ),
    _gap(
        "rows_only",
        "You move the images down, but not to the right.",
        DOWN,
        move=lambda x, shift: np.roll(x, shift[0], 2),
        move_out=lambda out, shift: np.roll(out, shift[0], 2),
    ),
    _gap(
        "mean",
        "Your gap is smaller than the largest difference.",
        "Which of all differences does the docstring ask for?",
        largest=lambda gaps, out: gaps.mean(),
    ),
    _gap(
        "signed",
        "Your gap is blind to differences of one sign.",
        "Which is larger, a difference of -3 or of 1?",
        difference=lambda a, b: a - b,
    ),
    _gap(
        "relative",
        "Your gap is divided by the size of the output.",
        "Does the docstring ask for a relative difference?",
        largest=lambda gaps, out: gaps.max() / np.abs(out).max(),
    ),
    _gap(
        "squared",
        "Your gap is a square.",
        "In which units is a largest difference?",
        difference=lambda a, b: (a - b) ** 2,
    ),
    _gap(
        "first_image",
        "Your gap looks at the first image only.",
        "Over which axes is the largest difference?",
        interior=lambda out, x: (slice(0, 1), slice(None), *(slice(n // 4, n - n // 4) for n in out.shape[2:])),
    ),
)


def _composed(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"compose_{id}", "equivariance", {"compose_kernels": composing(**steps)}, symptom, hint)


def _one_channel_of_many(w1: np.ndarray, w2: np.ndarray) -> np.ndarray:
    if w2.shape[1] != len(w1):
        raise ValueError("the channels don't go together")
    return RIGHT["compose_kernels"](w1[:1], w2[:, :1])


def _as_many_as_there_are(taps: np.ndarray, w1: np.ndarray) -> np.ndarray:
    return (taps[:, : len(w1), None, None, None] * w1[: taps.shape[1]]).sum(1)


ONE_WAY = "Taps that come together by several ways are counted once."


WAYS = "In how many ways can the two windows reach the same pixel? What becomes of the products?"


_COMPOSED = (
    _composed(
        "flipped",
        "One of your filters is turned by 180 degrees.",
        "An output of the second layer at (i, j) looks at (i + u, j + v) of the first. Where does that one look?",
        turn=lambda w: w[:, :, ::-1, ::-1],
    ),
    _composed("assigns", ONE_WAY, WAYS, put=put_into),
    # What a loop over the taps of the first layer leaves, where it writes instead of adding.
    _composed("assigns_by_tap", ONE_WAY, WAYS, order=lambda k: list(np.ndindex(*k))[::-1], put=put_into),
    _composed(
        "too_large",
        "Your filters are one row and column too large.",
        "Two windows of 3: how many pixels see both together?",
        size=lambda k1, k2: (k1[0] + k2[0], k1[1] + k2[1]),
    ),
    _composed(
        "output_first",
        "Input and output channels of your filters are exchanged.",
        "In which order do the axes of a filter stand?",
        finish=lambda out, w1, w2: out.swapaxes(0, 1).copy(),
    ),
    _composed(
        "other_order",
        "Your first layer comes second.",
        "Whose outputs does the second layer see?",
        swap=True,
    ),
    Mistake(
        "compose_first_channel",
        "equivariance",
        {"compose_kernels": _one_channel_of_many},
        "Your filters know one channel between the layers only.",
        "By how many ways does an input channel reach an output channel?",
    ),
    _composed(
        "mean_of_channels",
        "Your filters are too small by the number of channels between the layers.",
        "By how many ways does an input channel reach an output channel, and what becomes of them?",
        mix=lambda taps, w1: np.einsum("ab,bchw->achw", taps, w1) / len(w1),
        dtype=lambda w1, w2: np.result_type(w1, w2, np.float32),
    ),
    _composed(
        "no_error",
        "Layers whose channels don't go together are composed.",
        "How many channels does the first layer give, how many does the second take?",
        check=False,
        mix=_as_many_as_there_are,
    ),
    _composed(
        "broadcasts",
        "A first layer of one channel is composed with any second layer.",
        "Which sizes go together in a product of arrays, and which in a composition of layers?",
        check=False,
    ),
    _composed("float64", "Your filters are float64 whatever comes in.", DTYPE, dtype=lambda w1, w2: np.float64),
    _composed(
        "truncates",
        "With whole numbers in, the fractions of your filters are lost.",
        "Which dtype does np.zeros_like take? The other filters have a say as well.",
        dtype=lambda w1, w2: w1.dtype,
    ),
    _composed("adds_into_whole", WHOLE, LIKE, room=lambda w1, w2: w1.dtype),
)


MISTAKES: tuple[Mistake, ...] = (*_GAPS, *_COMPOSED)
