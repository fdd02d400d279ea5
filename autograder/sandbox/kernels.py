"""Torch's own operators behind a function that is not allowed: whoever finds another way to them finds them gone.

A function such as `torch.nn.functional.conv2d` is one of many doors: `torch.ops.aten.convolution`, `torch.jit`,
modules, half a dozen variants for other layouts and for three dimensions. All lead through torch's dispatcher, so
the operators are replaced there, for all threads and all modes. An operator belongs to a function if it has its words
in its name: one that does a bit more, or the same in another number of dimensions, does the work just as well.

Torch has many of them a second time, written in Python out of elementary operations, for its compiler: these go too.

Elementary operations such as sums and products stay: torch computes gradients with them. So does what stands behind a
class: `torch.nn.Conv2d` is not allowed where its author asks for a module built from the function. Both are hidden by
name only, as `forbidden` does with all names.

Gradients have more doors than the two that have names: the engine itself, nodes that can be called, derivatives
forwards, the language of `torch.jit`. So where they are not allowed, no operation records what it did.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

# Where student code's tensors can lie.
_PLACES = ("CPU", "CUDA", "MkldnnCPU", "QuantizedCPU", "SparseCPU")
# Operators that are called otherwise than the function in torch.nn.functional.
_OTHER_NAMES = {"unfold": "im2col", "fold": "col2im", "scaled_dot_product_attention": "attention"}
# What works on what operations have recorded.
_OF_RECORDS = frozenset({"torch.autograd.backward", "torch.autograd.grad"})
# Where they are recorded, and what computes without that.
_RECORDING, _COMPUTING = ("AutogradCPU", "AutogradCUDA"), ("CPU", "CUDA", "CompositeExplicitAutograd")
# Where torch keeps its operators written in Python.
_IN_PYTHON = ("torch._refs", "torch._decomp")
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
    if not _OF_RECORDS.isdisjoint(names):
        _stop_recording(torch, known)
    for name in names:
        if name in _OF_RECORDS:
            continue
        _replace(torch, operators(name, known), stand_in(name))


def has_kernels(name: str) -> bool:
    """Whether operators of torch stand behind a name: one of its functions for layers or for gradients."""
    torch = sys.modules.get("torch")
    leaf = name.rpartition(".")[2]
    if torch is None or not name.startswith("torch.") or not leaf.islower():
        return False
    return name in _OF_RECORDS or hasattr(torch.nn.functional, leaf)


def written_in_python(name: str) -> list[Callable[..., Any]]:
    """Functions of torch's own that do the work of an operator with elementary ones."""
    if not has_kernels(name) or name in _OF_RECORDS:
        return []
    modules = [module for loaded, module in sys.modules.items() if loaded.startswith(_IN_PYTHON)]
    # One with several names, for several types or for results of the caller's, stands in this table only.
    table = importlib.import_module("torch._decomp").decomposition_table
    named = [(str(operator).partition(".")[2].partition(".")[0], function) for operator, function in table.items()]
    named += [(key, value) for module in modules for key, value in vars(module).items() if callable(value)]
    wanted = _wanted(name)
    return [value for key, value in named if _contains(_words(key), wanted) and _is_of(_IN_PYTHON, value)]


def python_folders(names: Iterable[str]) -> list[Path]:
    """Where they lie: who could read that could have them again."""
    if not any(has_kernels(name) for name in names):
        return []
    return [Path(entry) for module in _IN_PYTHON for entry in importlib.import_module(module).__path__]


def operators(name: str, known: Iterable[str]) -> list[str]:
    """Those of torch's operators that do the work of a function.

    Args:
        name: Of the function, as `torch.nn.functional.max_pool2d`.
        known: Names of operators, as `aten::max_pool2d_with_indices.out`.
    """
    wanted = _wanted(name)
    return [entry for entry in known if _contains(_words(entry.partition("::")[2].partition(".")[0]), wanted)]


def _wanted(name: str) -> list[str]:
    """Words that an operator has which does the work of a function."""
    leaf = name.rpartition(".")[2]
    return _words(_OTHER_NAMES.get(leaf, leaf))


def _is_of(packages: tuple[str, ...], value: Any) -> bool:
    return str(getattr(value, "__module__", "")).startswith(packages)


def _stop_recording(torch: Any, known: Iterable[str]) -> None:
    """Have every operation that computes something do just that, whatever it is given."""
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    computing = [
        name for name in known if torch._C._dispatch_has_kernel(name) and any(has(name, place) for place in _COMPUTING)
    ]
    recording = [name for name in computing if any(has(name, place) for place in ("Autograd", *_RECORDING))]
    for place in _RECORDING:
        _register(torch, recording, place, torch.library.fallthrough_kernel)


def _replace(torch: Any, names: Sequence[str], gone: Callable[..., NoReturn]) -> None:
    for place in _PLACES:
        _register(torch, names, place, gone)


def _register(torch: Any, names: Iterable[str], place: str, function: Any) -> None:
    """Have operators do this instead, in one place of torch's dispatcher."""
    libraries: dict[str, Any] = {}
    with warnings.catch_warnings():
        # That something is overridden is the purpose.
        warnings.simplefilter("ignore")
        for name in names:
            space, _, operator = name.partition("::")
            library = libraries.get(space)
            if library is None:
                library = libraries[space] = torch._C._dispatch_library("IMPL", space, place)
                # For good, and held by nothing that student code could find and undo.
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
            library.impl(operator, place, function)


@functools.cache
def _words(name: str) -> list[str]:
    """Words of a name, without the number of dimensions."""
    words = [re.sub(r"\d+d$", "", word) for word in name.split("_")]
    return [_SAME_WORDS.get(word, word) for word in words if word]


def _contains(words: list[str], wanted: list[str]) -> bool:
    count = len(wanted)
    return any(words[start : start + count] == wanted for start in range(len(words) - count + 1))
