"""The right results of small cases, as numbers in a JSON file beside the checks.

They were computed once, with other means than the ones that the notebooks ask for.
"""

from __future__ import annotations

import json
from collections import namedtuple
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

# A sum of products of numbers with `unit` 4 is a whole number of sixteenths, and so on.
UNITS = tuple(4**power for power in range(21))


@cache
def load(notebook: str) -> dict[str, Any]:
    """The right result of every case of a notebook, by the case's key.

    Args:
        notebook: Name of the notebook, "sliding_windows".
    """
    text = resources.files(__package__).joinpath(f"{notebook}.json").read_text(encoding="utf-8")
    return {key: decode(value) for key, value in json.loads(text).items()}


def encode(value: Any) -> Any:
    """Turn a result into what JSON can hold, without losing a bit.

    Args:
        value: An int, a float, an array of real numbers, or a (named) tuple of them.
    """
    if isinstance(value, np.ndarray):
        unit = next((unit for unit in UNITS if value.dtype.kind == "f" and _whole(value * float(unit))), 1)
        numbers = (value * unit).astype(np.int64) if _whole(value * float(unit)) else value
        return {"dtype": str(value.dtype), "shape": list(value.shape), "unit": unit, "values": numbers.ravel().tolist()}
    if isinstance(value, tuple):
        names = getattr(value, "_fields", ())
        return {"fields": list(names), "entries": [encode(entry) for entry in value]}
    return value


def decode(value: Any) -> Any:
    """Turn it back; named tuples come as named tuples with the same fields."""
    if isinstance(value, dict) and "dtype" in value:
        numbers = np.array(value["values"], dtype=np.float64 if value["dtype"].startswith("float") else np.int64)
        return (numbers / value["unit"]).astype(value["dtype"]).reshape(value["shape"])
    if isinstance(value, dict):
        entries = [decode(entry) for entry in value["entries"]]
        return namedtuple("Result", value["fields"])(*entries) if value["fields"] else tuple(entries)
    return value


def _whole(array: Any) -> bool:
    return bool((array == np.round(array)).all() and (np.abs(array) < 2.0**52).all())
