"""Functions and modules that an answer must not use: named kindly in its source, and gone where it runs.

The source is searched so that a message can name what was used; nothing hangs on it. What decides is that in the
worker the function itself is replaced wherever a reference to it can be found, and the module can't be imported.
"""

from __future__ import annotations

import ast
import ctypes
import gc
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import BuiltinFunctionType, CellType, ModuleType
from typing import Any, NoReturn

from autograder.parsing import parse
from autograder.sandbox.kernels import forbid_kernels, has_kernels, python_folders, written_in_python
from autograder.sandbox.passages import Passage, TableEntry

# What students write, where it differs from the full name.
_SHORT = {"numpy": "np", "torch.nn.functional": "F", "course_utils.layers": "layers"}
_HINTS = {
    "numpy.convolve": "build it from slices, sums and products",
    "numpy.correlate": "build it from slices, sums and products",
    "torch": "these answers are written with NumPy alone",
    "scipy": "these answers are written with NumPy alone",
    "sympy": "these answers are written with NumPy alone",
}
# Functions below a public one that do the same work, and where NumPy keeps them: since 2.0, and before.
_KERNELS = {"numpy.convolve": "correlate", "numpy.correlate": "correlate2", "numpy.einsum": "c_einsum"}
_KERNEL_MODULES = ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath")
# An extension for NumPy's own tests, with a convolution among them; nothing else imports it.
_TESTS = dict.fromkeys(("numpy.convolve", "numpy.correlate"), ("numpy._core._umath_tests", "numpy.core._umath_tests"))
# Their places in the table of C functions that NumPy gives to other extensions; NumPy never changes a place.
_C_PLACES = {"numpy.convolve": 172, "numpy.correlate": 212}

_POINTER_BYTES = ctypes.sizeof(ctypes.c_void_p)

# By name, the ways to restricted functions; and the names that are forbidden in the whole notebook.
_passages: dict[str, list[Passage | TableEntry]] = {}
_gone: set[str] = set()

# Longer text is data rather than code; a tree takes hundreds of times its text's memory.
_MAX_CHARS = 100_000


class ForbiddenCall(Exception):
    """Student code reached for a function that this notebook doesn't allow."""


class ForbiddenImport(ModuleNotFoundError, ForbiddenCall):
    """Student code imported a module that this notebook doesn't allow.

    An ImportError too, because libraries try optional imports and go on without them.
    """


def find_forbidden(source: str, names: Sequence[str]) -> list[str]:
    """Find forbidden names in a cell's source, through aliases and constant `getattr` and `import_module`.

    Args:
        source: A cell's text; lines that are no Python (magics) are skipped, text that can't be parsed has nothing.
        names: Dotted names: modules or functions.

    Returns:
        Those of `names` that are used, in the order in which they are named there, each once.
    """
    tree = _parse(source)
    if tree is None:
        return []
    aliases = _habits(names) | _aliases(tree)
    used = {full for node in ast.walk(tree) for full in _full_names(node, aliases)}
    return [name for name in names if any(full == name or full.startswith(name + ".") for full in used)]


def say_forbidden(name: str) -> str:
    """The sentence that a student reads."""
    return f"{_as_written(name)} is not allowed here: {_HINTS.get(name, 'write this part yourself')}."


def forbid(names: Iterable[str]) -> None:
    """Take functions and modules out of this process. Called once, before any student code.

    Raises:
        LookupError: If a name is neither a module nor a function of one.
    """
    names = tuple(dict.fromkeys([*names, *_tests(names)]))
    forbid_kernels(names, _stand_in)
    _gone.update(names)
    modules = [name for name in names if _is_module(name)]
    _remove_functions([name for name in names if name not in modules])
    if modules:
        for loaded in list(sys.modules):
            if any(loaded == name or loaded.startswith(name + ".") for name in modules):
                del sys.modules[loaded]
        for name in modules:
            parent, _, child = name.rpartition(".")
            if parent in sys.modules and child in vars(sys.modules[parent]):
                delattr(sys.modules[parent], child)
        sys.meta_path.insert(0, _Refuser(tuple(modules)))


def restrict(names: Iterable[str]) -> None:
    """Make functions ready for `ban`: all that refers to one gets a passage to it. Called once, before student code.

    So it doesn't matter where student code keeps what it has got.

    Raises:
        LookupError: If a name is neither a module nor a function of one.
    """
    for name in names:
        if not _is_module(name):
            places = _c_places(name)
            _passages[name] = [_passage(name, original) for original in _originals(name)]
            _passages[name] += map(TableEntry, places)


def ban(names: Iterable[str], lock: int) -> None:
    """Close the passages to functions, and take modules out of this process, after student code has run in it.

    Args:
        names: What is not allowed.
        lock: Hides where the functions are; known to nothing in this process before and after.

    Raises:
        LookupError: If a name is no module, and was not made ready.
    """
    names = [name for name in names if name not in _gone]
    forbid_kernels(names, _stand_in)
    for name in names:
        if name in _passages:
            for number, passage in enumerate(_passages[name]):
                passage.close(_own_lock(lock, name, number))
        elif _is_module(name):
            forbid([name])
        else:
            raise LookupError(f"Forbidden name {name}: expected one that the sandbox was told of when it was opened.")


def unban(lock: int) -> None:
    """Open the passages again.

    Args:
        lock: With which they were closed.
    """
    for name, passages in _passages.items():
        for number, passage in enumerate(passages):
            passage.open(_own_lock(lock, name, number))


def is_for_good(names: Iterable[str]) -> bool:
    """Whether a ban on some of these can't be undone: modules, and torch's operators."""
    names = [name for name in names if name not in _gone]
    return any(has_kernels(name) or (name not in _passages and _is_module(name)) for name in names)


def _own_lock(lock: int, name: str, number: int) -> int:
    """A lock for one passage, so that who knows where one of them leads doesn't know the others."""
    digest = hashlib.blake2b(f"{lock} {name} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


class _Refuser(importlib.abc.MetaPathFinder):
    """Finds no forbidden module, and lets no one look further."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self._modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        for name in self._modules:
            if fullname == name or fullname.startswith(name + "."):
                raise ForbiddenImport(say_forbidden(name), name=fullname)
        return None


def kernel_files(names: Iterable[str]) -> list[Path]:
    """Modules that hold forbidden functions under other names: a copy would have them back, so none may be read."""
    names = list(names)
    folders = python_folders(names)
    if not any(name in _KERNELS for name in names):
        return folders
    modules = (*_KERNEL_MODULES, *_tests(names))
    specs = (importlib.util.find_spec(module) for module in modules if _has_parent(module))
    return folders + [Path(spec.origin) for spec in specs if spec is not None and spec.origin is not None]


def _tests(names: Iterable[str]) -> list[str]:
    """Modules that go with functions."""
    return [module for name in names for module in _TESTS.get(name, ()) if _has_parent(module)]


def _has_parent(module: str) -> bool:
    return module.rpartition(".")[0] in sys.modules


def _is_module(name: str) -> bool:
    """Whether a dotted name is a module, or lies in a package that isn't loaded and thus need not be told apart."""
    if name in sys.modules or name.partition(".")[0] not in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def _remove_functions(names: Sequence[str]) -> None:
    stand_ins: dict[int, tuple[Any, Callable[..., Any]]] = {}
    places = [place for name in names for place in _c_places(name)]
    for name in names:
        stand_in = _stand_in(name)
        for original in _originals(name):
            stand_ins.setdefault(id(original), (original, stand_in))
    _replace_everywhere(stand_ins)
    for place in places:
        ctypes.c_void_p.from_address(place).value = None


def _passage(name: str, original: Any) -> Passage:
    """Put a passage in the place of the original, wherever that is held."""
    passage = Passage(name.rpartition(".")[2], getattr(original, "__doc__", None), _stand_in(name))
    _replace_everywhere({id(original): (original, passage.function)})
    # Only now, or it would have been replaced there as well.
    passage.lead_to(original)
    return passage


def _originals(name: str) -> tuple[Any, ...]:
    """What stands behind a name: the function, those that it wraps, and what does their work.

    Raises:
        LookupError: If there is no such function.
    """
    function = _look_up(name)
    if function is None:
        raise LookupError(f"Forbidden name {name}: expected a module, or a function of an importable module.")
    originals = _layers(function)
    if name in _KERNELS:
        kernels = (_look_up(f"{module}.{_KERNELS[name]}") for module in _KERNEL_MODULES)
        originals += [next(kernel for kernel in kernels if kernel is not None)]
    return (*originals, *(layer for other in written_in_python(name) for layer in _layers(other)))


def _c_places(name: str) -> list[int]:
    """Where tables of C have a function: those of the modules' methods, and NumPy's for other extensions."""
    places = [_method_place(original) for original in _originals(name) if type(original) is BuiltinFunctionType]
    if name in _C_PLACES:
        table = next(found for module in _KERNEL_MODULES if (found := _look_up(f"{module}._ARRAY_API")) is not None)
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
        places.append(pointer(table, None) + _C_PLACES[name] * _POINTER_BYTES)
    return places


def _method_place(function: Any) -> int:
    """Where the table of a module's methods has a function: the second entry of what follows the object's head."""
    head = object.__basicsize__
    method = ctypes.c_void_p.from_address(id(function) + head).value
    assert method is not None
    return method + _POINTER_BYTES


def _look_up(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None


def _layers(function: Any) -> list[Any]:
    """A function and those that it wraps."""
    layers = [function]
    for attribute in ("__wrapped__", "_implementation", "__func__"):
        inner = getattr(function, attribute, None)
        if callable(inner) and all(inner is not other for other in layers):
            layers.append(inner)
    return layers


def _stand_in(name: str) -> Callable[..., NoReturn]:
    message = say_forbidden(name)

    def gone(*_args: object, **_kwargs: object) -> NoReturn:
        raise ForbiddenCall(message)

    gone.__name__ = gone.__qualname__ = name.rpartition(".")[2]
    gone.__doc__ = message
    return gone


def _replace_everywhere(stand_ins: Mapping[int, tuple[Any, Callable[..., Any]]]) -> None:
    """Put stand-ins wherever their originals are held: namespaces, containers, closures.

    Args:
        stand_ins: Id of an original to itself and what takes its place. One look at all objects serves them all.
    """
    for holder in gc.get_referrers(*(original for original, _ in stand_ins.values())):
        if isinstance(holder, dict):
            for key, value in list(holder.items()):
                if id(value) in stand_ins:
                    holder[key] = stand_ins[id(value)][1]
        elif isinstance(holder, set):
            holder.difference_update([original for original, _ in stand_ins.values()])
        elif isinstance(holder, CellType) and id(holder.cell_contents) in stand_ins:
            holder.cell_contents = stand_ins[id(holder.cell_contents)][1]


def _parse(source: str) -> ast.Module | None:
    if len(source) > _MAX_CHARS:
        return None
    for text in (source, "\n".join("" if _is_magic(line) else line for line in source.splitlines())):
        if (tree := parse(text)) is not None:
            return tree
    return None


def _is_magic(line: str) -> bool:
    return line.lstrip().startswith(("%", "!", "?")) or line.rstrip().endswith("?")


def _habits(names: Sequence[str]) -> dict[str, str]:
    """Short names that a set-up cell may have imported; only those that matter, as F may well be a count of filters."""
    return {short: full for full, short in _SHORT.items() if any(name.startswith(full + ".") for name in names)}


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Local name to full dotted name, for all imports anywhere in the cell."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for entry in node.names:
                if entry.asname:
                    aliases[entry.asname] = entry.name
                else:
                    aliases[entry.name.split(".")[0]] = entry.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for entry in node.names:
                aliases[entry.asname or entry.name] = f"{node.module}.{entry.name}"
    return aliases


def _full_names(node: ast.AST, aliases: Mapping[str, str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [entry.name for entry in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{entry.name}" for entry in node.names]
    if isinstance(node, ast.Attribute):
        full = _dotted(node, aliases)
        return [full] if full else []
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        # A module's bare name is how its allowed parts are reached, and an import says it anyway.
        full = aliases.get(node.id, "")
        return [full] if "." in full else []
    if isinstance(node, ast.Call):
        return _from_call(node, aliases)
    return []


def _from_call(node: ast.Call, aliases: Mapping[str, str]) -> list[str]:
    """What `getattr(np, "convolve")`, `import_module("scipy.signal")` and `__import__("torch")` reach for."""
    function = _dotted(node.func, aliases)
    texts = [_constant_text(argument) for argument in node.args]
    if function == "getattr" and len(node.args) >= 2 and texts[1]:
        owner = _dotted(node.args[0], aliases)
        return [f"{owner}.{texts[1]}"] if owner else []
    if function.rpartition(".")[2] in {"import_module", "__import__"} and texts and texts[0]:
        return [texts[0]]
    return []


def _constant_text(node: ast.AST) -> str:
    """The text of a string constant, or of several joined by +; "" for anything else."""
    parts: list[str] = []
    # A sum of thousands of terms is a tree as deep: no recursion here.
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts.append(_plain_text(node.right))
        node = node.left
    parts.append(_plain_text(node))
    return "".join(reversed(parts)) if all(parts) else ""


def _plain_text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _dotted(node: ast.AST, aliases: Mapping[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([aliases.get(node.id, node.id), *reversed(parts)])


def _as_written(name: str) -> str:
    parent, _, child = name.rpartition(".")
    return f"{_SHORT[parent]}.{child}" if parent in _SHORT else name
