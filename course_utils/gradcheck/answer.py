"""What a backward function answers, and whether it leaves its arguments alone and remembers nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.gradcheck.values import Array, Input, as_array, like


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient of one input.

    Attributes:
        values: In the input's shape; None if it can't be compared.
        problem: Why not, or what else is wrong; else "".
    """

    values: Array | None
    problem: str


@dataclass(frozen=True, eq=False)
class Answer:
    """All gradients, in the order of the inputs.

    Attributes:
        gradients: None for an input that has none.
        problem: What is wrong with the function as a whole; else "".
    """

    gradients: tuple[Gradient | None, ...]
    problem: str


def ask(backward: Callable[..., Any], inputs: tuple[Input, ...], dout: Array) -> Answer:
    """Call a backward function twice, each time with arguments in fresh memory.

    Raises:
        ValueError: If it gives another number of gradients than there are inputs.
    """
    first, changed = _call(backward, inputs, dout)
    second, _ = _call(backward, inputs, dout)
    # Sums of random numbers with 16 digits have no fewer digits, unless they were rounded on the way.
    random = not _in_single(dout)
    gradients = tuple(_read(*each, random=random) for each in zip(inputs, first, second, strict=True))
    names = ", ".join(changed)
    return Answer(gradients, f"backward changes its arguments ({names}): work on copies" if changed else "")


def _call(backward: Callable[..., Any], inputs: tuple[Input, ...], dout: Array) -> tuple[list[Any], list[str]]:
    """Its results, and the names of the arguments that it has changed."""
    sent = [like(inputs[0].original, dout), *(entry.rebuilt(entry.values) for entry in inputs)]
    got = backward(*sent)
    several = [*got] if isinstance(got, (tuple, list)) else [got]
    if len(several) != len(inputs):
        names = ", ".join(f"d{entry.name}" for entry in inputs)
        raise ValueError(
            f"backward: expected {len(inputs)} gradients ({names}), got {len(several)}. Return them in the order of "
            "the inputs, and None for an input that has none."
        )
    before = [("dout", dout), *((entry.name, entry.values) for entry in inputs)]
    return several, [name for (name, old), new in zip(before, sent, strict=True) if not _equal(old, new)]


def _read(entry: Input, gradient: Any, again: Any, *, random: bool) -> Gradient | None:
    if gradient is None:
        return None
    array = as_array(gradient)
    if array is None:
        return Gradient(None, f"expected an array or a tensor, got {type(gradient).__name__}")
    if array.shape != entry.values.shape:
        return Gradient(None, f"expected the shape of {entry.name}, {entry.values.shape}, got {array.shape}")
    if array.dtype != np.float64:
        return Gradient(None, f"expected float64, got {array.dtype}, which has too few digits to compare")
    if not np.isfinite(array).all():
        index = ", ".join(map(str, np.argwhere(~np.isfinite(array))[0]))
        return Gradient(None, f"expected finite numbers, got {array.flat[np.argmin(np.isfinite(array))]} at [{index}]")
    problem = ""
    if not _equal(array, again):
        problem = "another gradient in a second call: remember nothing, and seed what is random"
    elif random and _in_single(array):
        problem = "expected float64 all the way, got numbers that were rounded to float32 before"
    return Gradient(array, problem)


def _equal(array: Array, other: Any) -> bool:
    numbers = as_array(other)
    return numbers is not None and np.array_equal(array, numbers)


def _in_single(array: Array) -> bool:
    """Whether single precision holds all of several numbers other than 0."""
    numbers = array[array != 0]
    return numbers.size > 3 and bool((numbers == numbers.astype(np.float32)).all())
