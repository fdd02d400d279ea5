"""Python values to their forms on the wire."""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from autograder.sandbox.forms import (
    DTYPE,
    MAX_BIG_INT_BITS,
    MAX_BLOB_BYTES,
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_NAME,
    MAX_NDIM,
    MAX_SOURCE,
    TORCH_DTYPES,
    Array,
    BigInt,
    Bytes,
    Complex,
    Dict,
    Fields,
    Kept,
    List,
    Scalar,
    Source,
    Tensor,
    TooLargeError,
    Tuple,
    Value,
)
from autograder.sandbox.protocol import Given, Handle, Record


class Packer:
    """Packs the values of one message and gathers the bytes of their arrays.

    Values are read by the methods of the exact base class (`float.__float__`, `list.__iter__`, ...), so that a subclass
    arrives as what its base class holds.

    Args:
        keep: Keeps a value that has no form on the wire and returns its handle; without it, such a value is an error.
    """

    def __init__(self, keep: Callable[[Any], Handle] | None = None) -> None:
        self._keep = keep
        self._items = 0
        self.blobs: list[memoryview] = []
        self.blob_bytes = 0
        self.has_tensors = False

    def pack(self, value: Any, depth: int = 0) -> Value:
        """Pack one value.

        Raises:
            TooLargeError: If it takes more room than one message may.
            TypeError: If it has no form on the wire and can't be kept.
        """
        self._items += 1
        if self._items > MAX_ITEMS:
            raise TooLargeError(f"expected at most {MAX_ITEMS} items in lists, tuples and dicts together, got more")
        # Most values are plain ones of a few classes; what is left may be anything.
        plain = _PLAIN.get(type(value))
        packed = self._pack(value, depth) if plain is None else plain(self, value)
        return self._kept(value) if packed is _NO_FORM else packed

    def _kept(self, value: Any) -> Kept:
        if self._keep is None:
            raise TypeError(f"Value for the sandbox: expected numbers, text, arrays or containers, got {type(value)}.")
        handle = self._keep(value)
        return Kept(handle.number, handle.type[:MAX_NAME])

    def _pack(self, value: Any, depth: int) -> Any:  # noqa: PLR0911 - one line for each form
        kind = type(value)
        if issubclass(kind, np.ndarray):
            return self._array(np.ndarray.view(value, np.ndarray))
        if issubclass(kind, np.generic):
            return self._scalar(value)
        if issubclass(kind, int):
            return _pack_int(int.__int__(value))
        if issubclass(kind, float):
            return float.__float__(value)
        if issubclass(kind, str):
            return _pack_text(str.__str__(value))
        if kind is Handle:
            return Kept(value.number, value.type)
        if kind is Given and self._keep is None:
            return self._source(value, depth)
        return self._pack_rare(value, kind, depth)

    def _pack_rare(self, value: Any, kind: type, depth: int) -> Any:  # noqa: PLR0911 - as above
        if issubclass(kind, bytes):
            return Bytes(bytes.__getitem__(value, slice(None)))
        if issubclass(kind, complex):
            plain = complex.__complex__(value)
            return Complex(plain.real, plain.imag)
        torch = sys.modules.get("torch")
        if torch is not None and issubclass(kind, torch.Tensor):
            return self._tensor(torch, value)
        if depth >= MAX_DEPTH:
            return _NO_FORM
        if issubclass(kind, list):
            return List([self.pack(entry, depth + 1) for entry in list.__iter__(value)])
        fields = _fields_of(value, kind)
        if fields is not None:
            name, names, entries = fields
            return Fields(name, names, [self.pack(entry, depth + 1) for entry in entries])
        if issubclass(kind, tuple):
            return Tuple([self.pack(entry, depth + 1) for entry in tuple.__iter__(value)])
        if issubclass(kind, dict) and all(type(key) is str and _is_text(key) for key in dict.keys(value)):
            return Dict({key: self.pack(entry, depth + 1) for key, entry in dict.items(value)})
        return _NO_FORM

    def _source(self, value: Given, depth: int) -> Source:
        """Only what the grader sends may be text to evaluate: where values are kept, this is one of them."""
        if len(value.text) > MAX_SOURCE:
            raise TooLargeError(f"expected a text of at most {MAX_SOURCE} characters, got {len(value.text)}")
        return Source(value.text, {name: self.pack(entry, depth + 1) for name, entry in value.names.items()})

    def _array(self, array: np.ndarray[Any, Any]) -> Any:
        if not DTYPE.fullmatch(array.dtype.str) or array.ndim > MAX_NDIM:
            return _NO_FORM
        layout: Literal["C", "F", "strided"] = "strided"
        if array.flags.c_contiguous:
            layout = "C"
        elif array.flags.f_contiguous:
            layout = "F"
        self._add(array)
        return Array(array.dtype.str, list(array.shape), layout, bool(array.flags.writeable))

    def _add(self, array: np.ndarray[Any, Any]) -> None:
        self.blob_bytes += array.nbytes
        if self.blob_bytes > MAX_BLOB_BYTES:
            most = MAX_BLOB_BYTES >> 20
            raise TooLargeError(
                f"expected arrays of at most {most} MB together, got {self.blob_bytes >> 20} MB or more"
            )
        if array.nbytes:
            self.blobs.append(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)

    def _scalar(self, value: Any) -> Any:
        if isinstance(value, np.str_):
            return _pack_text(str.__str__(value))
        if isinstance(value, np.bytes_):
            return Bytes(bytes.__getitem__(value, slice(None)))
        plain = np.asarray(value)
        if plain.ndim or not DTYPE.fullmatch(plain.dtype.str):
            return _NO_FORM
        return Scalar(plain.dtype.str, plain.tobytes())

    def _tensor(self, torch: Any, value: Any) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            plain = torch.Tensor.detach(value)
            name, device = torch_name(plain.dtype), plain.device.type
            is_dense = plain.layout == torch.strided and device in {"cpu", "cuda"}
            if not is_dense or name not in TORCH_DTYPES or plain.ndim > MAX_NDIM:
                return _NO_FORM
            if plain.is_conj() or plain.is_neg() or device != "cpu":
                plain = plain.resolve_conj().resolve_neg().cpu()
            if name == "bfloat16":
                # NumPy has no such numbers. A single one counts as contiguous whatever its stride; only a stride of
                # one can be viewed as bytes.
                self._add(plain.contiguous().as_strided((plain.numel(),), (1,)).view(torch.uint8).numpy())
            else:
                self._add(plain.numpy())
            self.has_tensors = True
            return Tensor(name, list(plain.shape), bool(plain.is_contiguous()), bool(value.requires_grad), device)


@functools.cache
def torch_name(dtype: Any) -> str:
    """What torch calls a dtype, without its own name before it."""
    return str(dtype).removeprefix("torch.")


class _NoForm:
    """Marks a value that has no form on the wire."""


_NO_FORM = _NoForm()


def _itself(_packer: Packer, value: Any) -> Any:
    return value


_PLAIN: dict[type, Callable[[Packer, Any], Any]] = {
    type(None): _itself,
    bool: _itself,
    float: _itself,
    int: lambda _, value: _pack_int(value),
    str: lambda _, value: _pack_text(value),
    np.ndarray: Packer._array,
}


def _pack_int(value: int) -> Any:
    if -(1 << 63) <= value < 1 << 63:
        return value
    if value.bit_length() > MAX_BIG_INT_BITS:
        return _NO_FORM
    return BigInt(format(value, "x"))


def _pack_text(value: str) -> Any:
    return value if _is_text(value) else _NO_FORM


def _is_text(value: str) -> bool:
    """Whether it is valid Unicode; lone surrogates have no form on the wire."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fields_of(value: Any, kind: type) -> tuple[str, list[str], Iterator[Any]] | None:
    """Type name, field names and values of a named tuple or dataclass, or None."""
    if kind is Record:
        return value.type[:MAX_NAME], [name for name, _ in value.fields], iter([entry for _, entry in value.fields])
    try:
        if issubclass(kind, tuple):
            names = list(type.__getattribute__(kind, "_fields"))
            values = list(tuple.__iter__(value))
        else:
            type.__getattribute__(kind, "__dataclass_fields__")
            names = [field.name for field in dataclasses.fields(value)]
            values = [object.__getattribute__(value, name) for name in names]
    except (AttributeError, TypeError):
        return None
    if len(names) != len(values) or not all(type(name) is str and len(name) <= MAX_NAME for name in names):
        return None
    return type_name(kind), names, iter(values)


def type_name(kind: type) -> str:
    """Name of a class as plain text of bounded length, whatever its metaclass says."""
    name = str.__str__(type.__dict__["__name__"].__get__(kind))
    return name.encode("utf-8", "replace").decode()[:MAX_NAME]
