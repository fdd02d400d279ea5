"""What a notebook does not allow is gone while a student's function is checked, as it is when it is graded.

Otherwise a check would praise an answer that earns nothing. Names are taken away where students reach for them: in the
library, as methods of tensors, and where the notebook has imported them. Who wants to get round that can; the grader
looks more closely.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

# What students write, where it differs from the full name.
_SHORT = {"numpy.": "np.", "torch.nn.functional.": "F.", "course_utils.layers.": "layers."}
_FUNCTIONAL = "torch.nn.functional."
# A method of the same name that does something else, and is allowed.
_OTHER_METHODS = {"unfold"}


class NotAllowed(Exception):
    """A function that the notebook does not allow was called."""


class _Gone:
    """Stands where something was: says so when it is called, or asked for what it held."""

    def __init__(self, name: str) -> None:
        short = next((new + name[len(old) :] for old, new in _SHORT.items() if name.startswith(old)), name)
        self._message = f"{short} is not allowed here"

    def __call__(self, *_args: object, **_options: object) -> Any:
        raise NotAllowed(self._message)

    def __getattr__(self, attribute: str) -> Any:
        raise NotAllowed(self._message)


@contextmanager
def without(names: Iterable[str], functions: Iterable[Callable[..., Any]]) -> Iterator[None]:
    """Take functions and modules away for a while.

    Args:
        names: Their dotted names; what is not loaded need not be taken.
        functions: The student's functions, whose notebooks may hold some under names of their own.
    """
    notebooks = {id(space): space for function in functions if (space := getattr(function, "__globals__", None))}
    with ExitStack() as back:
        for name in names:
            entry = _find(name)
            if entry is None:
                continue
            stand_in = _Gone(name)
            for notebook in notebooks.values():
                for key in [key for key, value in notebook.items() if _is_of(value, entry)]:
                    back.callback(notebook.__setitem__, key, notebook[key])
                    notebook[key] = stand_in
            for holder, attribute in _places(name):
                back.callback(_put_back, holder, attribute, vars(holder).get(attribute))
                setattr(holder, attribute, stand_in)
        yield


def _find(name: str) -> Any:
    """A loaded module or a function of one, or None."""
    module, _, attribute = name.rpartition(".")
    return sys.modules.get(name) or getattr(sys.modules.get(module), attribute, None)


def _is_of(value: Any, entry: Any) -> bool:
    """Whether a notebook's name holds what is taken away, or a part of a module that is."""
    if value is entry or not isinstance(entry, ModuleType):
        return value is entry
    module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return isinstance(module, str) and f"{module}.".startswith(f"{entry.__name__}.")


def _places(name: str) -> Iterator[tuple[Any, str]]:
    """Where a library holds it: in its module, and among the methods of tensors."""
    module, _, attribute = name.rpartition(".")
    if hasattr(sys.modules.get(module), attribute):
        yield sys.modules[module], attribute
    torch = sys.modules.get("torch")
    if torch is not None and name.startswith(_FUNCTIONAL) and attribute not in _OTHER_METHODS:
        yield from ((torch.Tensor, method) for method in (attribute, f"{attribute}_") if hasattr(torch.Tensor, method))


def _put_back(holder: Any, attribute: str, own: Any) -> None:
    """Give a module or class its own attribute back, or uncover the one that it inherits."""
    if own is None:
        delattr(holder, attribute)
    else:
        setattr(holder, attribute, own)
