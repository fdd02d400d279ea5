"""A stand-in for tqdm where it isn't installed: students leave it in their loops, and Colab has it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_PLACES = ("tqdm", "tqdm.auto", "tqdm.autonotebook", "tqdm.notebook", "tqdm.std")


class Bar:
    """Goes through what it is given and shows nothing; any other method does nothing.

    Args:
        iterable: What it goes through.
    """

    def __init__(self, iterable: Iterable[Any] = (), *_args: object, **_kwargs: object) -> None:
        self._iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self._iterable)

    def __len__(self) -> int:
        return len(self._iterable)  # type: ignore[arg-type]

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing

    @staticmethod
    def write(text: object, *_args: object, **_kwargs: object) -> None:
        """Print a line, as tqdm does above its bar."""
        print(text)


def stand_in() -> None:
    """Take the place of tqdm, if it isn't there."""
    if importlib.util.find_spec("tqdm") is not None:
        return
    for name in _PLACES:
        module = ModuleType(name)
        # Who looks whether a module is there asks for this.
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(tqdm=Bar, trange=_bar_of_range, tqdm_notebook=Bar, tnrange=_bar_of_range)
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


def _bar_of_range(*args: int, **_kwargs: object) -> Bar:
    return Bar(range(*args))


def _nothing(*_args: object, **_kwargs: object) -> None:
    pass
