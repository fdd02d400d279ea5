"""Typical mistakes about checkers: difference quotients, shifts, two layers in one, and gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.mistakes_maps import DTYPE, LIKE, WHOLE
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_checkers import (
    RIGHT,
    commuting,
    composing,
    descent,
    differences,
    rolled,
)
from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_columns import put_into
from autograder.mistakes import Mistake


def _slope(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    functions = {"numerical_gradient": differences(**steps)}
    return Mistake(f"slope_{id}", "numerical_gradient", functions, symptom, hint)


def _by_hand(id: str, symptom: str, hint: str, function: Any) -> Mistake:
    return Mistake(f"slope_{id}", "numerical_gradient", {"numerical_gradient": function}, symptom, hint)


def weighed(f: Any, x: np.ndarray, dout: Any) -> Any:
    """What is differentiated."""
    return (np.asarray(f(x)) * np.asarray(dout)).sum()


def _leaves_moved(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    out = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        x[index] += h
        above = weighed(f, x, dout)
        x[index] -= 2 * h
        out[index] = (above - weighed(f, x, dout)) / (2 * h)
    return out


def _there_and_back(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    out = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        x[index] += h
        above = weighed(f, x, dout)
        x[index] -= 2 * h
        out[index] = (above - weighed(f, x, dout)) / (2 * h)
        x[index] += h
    return out


def _result_is_a_view(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    out = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        value = x[index]
        x[index] = value + h
        above = f(x)
        x[index] = value - h
        below = f(x)
        x[index] = value
        out[index] = ((above - below) * np.asarray(dout)).sum() / (2 * h)
    return out


def _flattens_a_copy(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    flat = x.reshape(-1)
    out = np.zeros(flat.shape)
    for index in range(flat.size):
        value = flat[index]
        flat[index] = value + h
        above = weighed(f, x, dout)
        flat[index] = value - h
        below = weighed(f, x, dout)
        flat[index] = value
        out[index] = (above - below) / (2 * h)
    return out.reshape(x.shape)


def _calls_with_flat(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    flat = np.array(x).reshape(-1)
    return RIGHT["numerical_gradient"](f, flat, dout, h=h).reshape(x.shape)


def _all_at_once(f: Any, x: np.ndarray, dout: Any, *, h: float = 1e-5) -> np.ndarray:
    return np.full(x.shape, (weighed(f, x + h, dout) - weighed(f, x - h, dout)) / (2 * h))


BOTH_SIDES = "How far apart are the two places at which you call f? Which of them is x?"

_SLOPES = (
    _slope(
        "forward",
        "Your slopes are good for straight functions, and off by the step where f bends.",
        BOTH_SIDES,
        quotient=lambda f, at, h: (f(at(h)) - f(at(0))) / h,
    ),
    _slope(
        "backward",
        "Your slopes are good for straight functions, and off by the step where f bends, the other way.",
        BOTH_SIDES,
        quotient=lambda f, at, h: (f(at(0)) - f(at(-h))) / h,
    ),
    _slope(
        "one_side_two_steps",
        "Your slopes are half of what they should be.",
        BOTH_SIDES,
        quotient=lambda f, at, h: (f(at(h)) - f(at(0))) / (2 * h),
    ),
    _slope(
        "two_sides_one_step",
        "Your slopes are twice what they should be.",
        BOTH_SIDES,
        quotient=lambda f, at, h: (f(at(h)) - f(at(-h))) / h,
    ),
    _slope(
        "sign",
        "Your slopes have the wrong sign.",
        "Which of the two values is taken off?",
        quotient=lambda f, at, h: (f(at(-h)) - f(at(h))) / (2 * h),
    ),
    _slope(
        "step_ignored",
        "Your step is always the same.",
        "Where does `h` enter?",
        h=lambda h: 1e-5,
    ),
    _slope(
        "other_step",
        "Your step is always another one than the docstring says.",
        "Where does `h` enter, and what is its default?",
        h=lambda h: h / 10,
    ),
    _slope(
        "dout_ignored",
        "The gradient from above changes nothing in your result.",
        "Where does `dout` enter?",
        weigh=lambda change, dout: change.sum(),
    ),
    _slope(
        "mean",
        "Your slopes are too small by the number of outputs.",
        "The docstring says what is differentiated: is it a sum or a mean?",
        weigh=lambda change, dout: (change * dout).mean(),
    ),
    _slope(
        "first_entry",
        "All entries of your result but the first are zero.",
        "How many entries of x must be moved?",
        visited=lambda x: list(np.ndindex(*x.shape))[:1],
    ),
    _slope(
        "single",
        "Your slopes are rough.",
        "A difference of two nearly equal numbers: how many digits are left in float32?",
        read=lambda x: np.array(x, dtype=np.float32),
        finish=lambda out, x: out,
    ),
    _slope(
        "flat",
        "Your result is one long row.",
        "Which shape must a gradient have?",
        finish=lambda out, x: out.reshape(-1),
    ),
    _by_hand(
        "leaves_moved",
        "After the call x holds other numbers, and later slopes are taken elsewhere.",
        "Where is x after you have called f a second time?",
        _leaves_moved,
    ),
    _by_hand(
        "there_and_back",
        "After the call x is not quite what it was.",
        "Is (x + h) - h always x, in numbers of 64 bits? What could you keep instead?",
        _there_and_back,
    ),
    _by_hand(
        "result_is_a_view",
        "For functions that give back a part of their input your slopes are zero.",
        "If f hands you your own array: what happens to the first result when you move x again?",
        _result_is_a_view,
    ),
    _by_hand(
        "flattens_a_copy",
        "For some inputs all your slopes are zero.",
        "When is x.reshape(-1) a view of x, and when a copy?",
        _flattens_a_copy,
    ),
    _by_hand(
        "calls_with_flat",
        "Your f is called with one long row.",
        "Which shape does f expect?",
        _calls_with_flat,
    ),
    _by_hand(
        "all_at_once",
        "All entries of your result are equal.",
        "Whose change do you see if all entries move at once?",
        _all_at_once,
    ),
)


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


def _learn(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake(f"learn_{id}", "learn_kernel", {"learn_kernel": descent(**steps)}, symptom, hint)


FACTOR = "Differentiate the mean of the squares: which factors stand before the sum?"

_LEARN = (
    _learn(
        "uphill",
        "Your kernel runs away.",
        "The gradient points uphill. Which way does a step go?",
        rate=lambda lr: -lr,
    ),
    _learn("no_two", "Your steps are half as long as they should be.", FACTOR, factor=lambda r: 1 / r.size),
    _learn("sum", "Your steps are far too long.", FACTOR, factor=lambda r: 2.0),
    _learn("over_images", "Your steps are too long by the number of positions.", FACTOR, factor=lambda r: 2 / len(r)),
    _learn(
        "one_step_more",
        "Your kernel is one step ahead.",
        "How often does your loop run?",
        count=lambda steps: steps + 1,
    ),
    _learn(
        "one_step_less",
        "Your kernel is one step behind.",
        "How often does your loop run?",
        count=lambda steps: max(steps - 1, 0),
    ),
    _learn(
        "one_step_only",
        "More steps change nothing in your kernel.",
        "What does each step begin with: with zeros, or with the kernel of the step before?",
        count=lambda steps: min(steps, 1),
    ),
    _learn(
        "starts_at_ones",
        "Your kernel has not started at zero.",
        "What does the docstring say about the first kernel?",
        start=np.ones,
    ),
    _learn(
        "starts_at_random",
        "Your kernel has not started at zero.",
        "What does the docstring say about the first kernel?",
        start=lambda k: 0.01 * np.random.default_rng(0).normal(size=k),
    ),
    _learn(
        "one_image_at_a_time",
        "You take a step after each image.",
        "Over which images is the mean of the loss?",
        batches=lambda windows, targets: [(windows[n : n + 1], targets[n : n + 1]) for n in range(len(windows))],
    ),
    _learn(
        "first_image",
        "Your kernel has seen the first image only.",
        "Over which images is the mean of the loss?",
        batches=lambda windows, targets: [(windows[:1], targets[:1])],
    ),
    _learn(
        "flipped",
        "Your gradient is turned by 180 degrees.",
        "Which pixels has the top left weight met?",
        turn=lambda gradient: gradient[::-1, ::-1],
    ),
    _learn(
        "predicts_by_convolution",
        "Your prediction is a true convolution.",
        "Does the top left weight meet the top left pixel of the window?",
        predict=lambda windows, w: np.einsum("nijuv,uv->nij", windows, w[::-1, ::-1]),
    ),
    _learn(
        "square",
        "Your kernel is always square.",
        "Which entry of the pair belongs to the rows?",
        kernel_size=lambda k: (k[0], k[0]),
    ),
    _learn(
        "rate_ignored",
        "The learning rate changes nothing.",
        "Where does `lr` enter?",
        rate=lambda lr: 0.1,
    ),
)

MISTAKES: tuple[Mistake, ...] = (*_SLOPES, *_GAPS, *_COMPOSED, *_LEARN)
