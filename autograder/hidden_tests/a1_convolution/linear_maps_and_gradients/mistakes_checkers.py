"""Typical mistakes about numerical gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hidden_tests.a1_convolution.linear_maps_and_gradients.steps_checkers import RIGHT, differences
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


MISTAKES: tuple[Mistake, ...] = (
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
