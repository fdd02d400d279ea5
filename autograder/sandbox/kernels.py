"""Torch's own operators behind a function that is not allowed: whoever finds another way to them finds them gone.

A function such as `torch.nn.functional.conv2d` is one of many doors: `torch.ops.aten.convolution`, `torch.jit`,
modules, half a dozen variants for other layouts and for three dimensions. All lead through torch's dispatcher, so
the operators are replaced there, for all threads and all modes. An operator belongs to a function if it has its words
in its name: one that does a bit more, or the same in another number of dimensions, does the work just as well.

Elementary operations such as sums and products stay: torch computes gradients with them. So does what stands behind a
class: `torch.nn.Conv2d` is not allowed where its author asks for a module built from the function. Both are hidden by
name only, as `forbidden` does with all names.
"""

from __future__ import annotations

import ctypes
import functools
import re
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

# Where student code's tensors can lie.
_PLACES = ("CPU", "CUDA", "MkldnnCPU", "QuantizedCPU", "SparseCPU")
# Operators that are called otherwise than the function in torch.nn.functional.
_OTHER_NAMES = {"unfold": "im2col", "fold": "col2im", "scaled_dot_product_attention": "attention"}
_SAME_WORDS = {"convolution": "conv", "qconv": "conv", "qlinear": "linear"}


def forbid_kernels(names: Iterable[str], stand_in: Callable[[str], Callable[..., NoReturn]]) -> None:
    """Replace the operators behind the functions of torch among these names, in this process and its forks.

    Args:
        names: Dotted names.
        stand_in: Makes, for a name, the function that is called instead.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return
    names = [name for name in names if has_kernels(name)]
    known = sorted(set(torch._C._dispatch_get_all_op_names())) if names else []
    for name in names:
        _replace(torch, operators(name, known), stand_in(name))


def has_kernels(name: str) -> bool:
    """Whether operators of torch stand behind a name: whether it is one of torch's functions for layers."""
    torch = sys.modules.get("torch")
    leaf = name.rpartition(".")[2]
    if torch is None or not name.startswith("torch.") or not leaf.islower():
        return False
    return hasattr(torch.nn.functional, leaf)


def operators(name: str, known: Iterable[str]) -> list[str]:
    """Those of torch's operators that do the work of a function.

    Args:
        name: Of the function, as `torch.nn.functional.max_pool2d`.
        known: Names of operators, as `aten::max_pool2d_with_indices.out`.
    """
    leaf = name.rpartition(".")[2]
    wanted = _words(_OTHER_NAMES.get(leaf, leaf))
    return [entry for entry in known if _contains(_words(entry.partition("::")[2].partition(".")[0]), wanted)]


def _replace(torch: Any, names: Iterable[str], gone: Callable[..., NoReturn]) -> None:
    libraries: dict[tuple[str, str], Any] = {}
    with warnings.catch_warnings():
        # That something is overridden is the purpose.
        warnings.simplefilter("ignore")
        for name in names:
            space, _, operator = name.partition("::")
            for place in _PLACES:
                library = libraries.get((space, place))
                if library is None:
                    library = libraries[space, place] = torch._C._dispatch_library("IMPL", space, place)
                    # For good, and held by nothing that student code could find and undo.
                    ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
                library.impl(operator, place, gone)


@functools.cache
def _words(name: str) -> list[str]:
    """Words of a name, without the number of dimensions."""
    words = [re.sub(r"\d+d$", "", word) for word in name.split("_")]
    return [_SAME_WORDS.get(word, word) for word in words if word]


def _contains(words: list[str], wanted: list[str]) -> bool:
    count = len(wanted)
    return any(words[start : start + count] == wanted for start in range(len(words) - count + 1))
