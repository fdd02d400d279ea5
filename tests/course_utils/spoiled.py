"""Ways to spoil a right function, whatever it computes: on the way in, on the way out, or by what it keeps.

Each takes a right function and gives a wrong one, or one that happens to be right where the way has nothing to act on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from course_utils.compare_arrays import is_tensor

Function = Callable[..., Any]
Way = Callable[[Function], Function]


def is_array(value):
    return isinstance(value, np.ndarray) or is_tensor(value)


def is_number(value):
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def each(change, value):
    """Change the parts of a result; a tuple stays what it is."""
    if isinstance(value, tuple):
        parts = [change(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return change(value)


def afterwards(change: Callable[[Any], Any]) -> Way:
    """Spoil the result as a whole."""
    return lambda right: lambda *args, **options: change(right(*args, **options))


def arrays(change: Callable[[Any], Any], axes: int = 0) -> Way:
    """Spoil the arrays of the result that have so many axes or more."""
    apply = functools.partial(each, lambda part: change(part) if is_array(part) and part.ndim >= axes else part)
    return afterwards(apply)


def numbers(change: Callable[[Any], Any]) -> Way:
    """Spoil the single numbers of the result."""
    return afterwards(functools.partial(each, lambda part: change(part) if is_number(part) else part))


def tuples(change: Callable[[Any], Any]) -> Way:
    """Spoil a result of several parts."""
    return afterwards(lambda result: change(tuple(result)) if isinstance(result, tuple) else result)


def beforehand(change: Callable[[tuple[Any, ...], dict[str, Any]], tuple[Iterable[Any], dict[str, Any]]]) -> Way:
    """Spoil what comes in."""

    def spoil(right):
        def wrong(*args, **options):
            args, options = change(args, options)
            return right(*args, **options)

        return wrong

    return spoil


def on_errors(instead: Callable[[], Any]) -> Way:
    """Do something else where the right function refuses."""

    def spoil(right):
        def wrong(*args, **options):
            try:
                return right(*args, **options)
            except ValueError:
                pass
            return instead()

        return wrong

    return spoil


def cast(dtype: str) -> Callable[[Any], Any]:
    """Another dtype, in either library."""
    return lambda array: array.to(getattr(torch, dtype)) if is_tensor(array) else array.astype(dtype)


def moved(array):
    """The second axis last."""
    return torch.moveaxis(array, 1, -1) if is_tensor(array) else np.moveaxis(array, 1, -1)


def copied(array):
    return array.clone() if is_tensor(array) else array.copy()


def with_last(value):
    """Put a number in the place of the last one."""

    def change(array):
        out = copied(array)
        out[(-1,) * array.ndim] = value
        return out

    return change


def in_c_order(array):
    """What lies in memory where the array begins to live, read as if it lay side by side."""
    if is_tensor(array):
        steps = [int(np.prod(array.shape[axis + 1 :])) for axis in range(array.ndim)]
        return torch.as_strided(array, array.shape, steps, 0) if array.numel() else array
    base = array if not isinstance(array.base, np.ndarray) else array.base
    return np.resize(np.ravel(base, order="K"), array.shape).astype(array.dtype, copy=False)


def viewed(array):
    """A tensor that gives a view of itself in one row, which not all can; an array whose shape is set in place."""
    if is_tensor(array):
        array.view(-1)
    else:
        array.shape = array.shape
    return array


def single_inside(right):
    """Compute in single precision, and hide it."""

    def wrong(*args, **options):
        kinds = iter(part.dtype for part in parts_of(right(*args, **options)))
        low = right(*(cast("float32")(arg) if is_array(arg) else arg for arg in args), **options)
        return each(lambda part: cast(str(next(kinds)).removeprefix("torch."))(part) if is_array(part) else part, low)

    return wrong


def parts_of(result):
    return [part for part in (result if isinstance(result, tuple) else (result,)) if is_array(part)]


def adds_up(right):
    """Add to what the last call of these shapes gave."""
    kept: dict[Any, Any] = {}

    def wrong(*args, **options):
        out = right(*args, **options)
        key = str([getattr(arg, "shape", arg) for arg in args if not callable(arg)]), str(options)
        if is_array(out):
            out = kept[key] = out + kept.get(key, 0)
        return out

    return wrong


def needs_all(right):
    def wrong(*args, **options):
        if any(arg is None for arg in args):
            raise TypeError("unsupported operand type(s) for +: 'int' and 'NoneType'")
        return right(*args, **options)

    return wrong


def changes(which: int) -> Way:
    """Write into an array that was given."""

    def spoil(right):
        def wrong(*args, **options):
            out = right(*args, **options)
            given = [arg for arg in args if is_array(arg)]
            if which < len(given):
                given[which][...] = given[which] + 1
            return out

        return wrong

    return spoil


def only(kind, change):
    return lambda value: change(value) if isinstance(value, kind) else value


def in_options(change: Callable[[Any], Any]) -> Way:
    """Spoil the values of keywords."""
    return beforehand(lambda args, options: (args, {name: change(value) for name, value in options.items()}))


def without(name: str) -> Way:
    """Ignore a keyword."""
    return beforehand(lambda args, options: (args, {key: options[key] for key in options if key != name}))


def refuse(error: type[Exception], message: str) -> Callable[..., Any]:
    def raising(*_args, **_options):
        raise error(message)

    return raising


WAYS: dict[str, Way] = {
    "not implemented": lambda right: refuse(NotImplementedError, "Replace this line with your code."),
    "raises": lambda right: refuse(IndexError, "list index out of range"),
    "gives None": afterwards(lambda result: None),
    "gives a list": arrays(lambda array: array.tolist()),
    "gives a string": afterwards(str),
    "gives something more": afterwards(lambda result: (result, "cache")),
    "negative": arrays(lambda array: -array),
    "zeros": arrays(lambda array: array * 0),
    "twice as large": arrays(lambda array: array * 2),
    "negative numbers cut off": arrays(lambda array: array.clip(min=0)),
    "one number is NaN": arrays(lambda a: with_last(np.nan)(a) if "float" in str(a.dtype) else a),
    "the last number is missing": arrays(with_last(0)),
    "cut short": arrays(lambda array: array[..., :-1], 1),
    "first of all only": arrays(lambda array: array * 0 + array[:1], 1),
    "summed over the first axis": arrays(lambda array: array * 0 + array.sum(0), 2),
    "first channel only": arrays(lambda array: array * 0 + array[:, :1], 2),
    "back to front": arrays(lambda array: array.flip(0) if is_tensor(array) else array[::-1], 1),
    "last axes swapped": arrays(lambda array: array.swapaxes(-1, -2), 2),
    "second axis last": arrays(moved, 3),
    "first axis lost": arrays(lambda array: array[0], 1),
    "an axis too many": arrays(lambda array: array[None]),
    "flattened": arrays(lambda array: array.reshape(-1), 2),
    "float32 always": arrays(cast("float32")),
    "float64 always": arrays(cast("float64")),
    "single precision inside": single_inside,
    "one more": numbers(lambda number: number + 1),
    "one less": numbers(lambda number: number - 1),
    "other sign": numbers(lambda number: -number),
    "a whole number as a float": numbers(lambda number: number / 1 if isinstance(number, int | np.integer) else number),
    "parts back to front": tuples(lambda parts: parts[::-1]),
    "first part only": tuples(lambda parts: parts[0]),
    "last part missing": tuples(lambda parts: parts[:-1]),
    "a dict of parts": tuples(lambda parts: dict(enumerate(parts))),
    "no error": on_errors(lambda: 0),
    "another error": on_errors(refuse(RuntimeError, "it does not fit")),
    "remembers": adds_up,
    "None is not expected": needs_all,
    "changes the first array": changes(0),
    "changes the second array": changes(1),
    "changes the third array": changes(2),
    "memory read front to back": beforehand(
        lambda args, options: ([in_c_order(arg) if is_array(arg) else arg for arg in args], options)
    ),
    "arrays seen as one row": beforehand(
        lambda args, options: ([viewed(arg) if is_array(arg) else arg for arg in args], options)
    ),
    "first two swapped": beforehand(lambda args, options: ([*args[1::-1], *args[2:]], options)),
    "pairs swapped": in_options(only(tuple, lambda pair: pair[::-1])),
    "first of a pair for both": in_options(only(tuple, lambda pair: pair[:1] * len(pair))),
    "pairs refused": in_options(only(tuple, refuse(TypeError, "unsupported operand type(s) for +: 'int' and 'tuple'"))),
}


def spoilt(right: Function, keywords: Iterable[str]) -> dict[str, Function]:
    """A right function, spoiled in all ways; afresh, for some remember their calls.

    Args:
        right: The function.
        keywords: That it takes, each of which is ignored once.
    """
    ways = WAYS | {f"{name} ignored": without(name) for name in keywords}
    return {label: way(right) for label, way in ways.items()}
