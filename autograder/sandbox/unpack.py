"""Forms from the wire to Python values, each checked before it is built."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.sandbox.forms import (
    DTYPE,
    MAX_BIG_INT_BITS,
    MAX_DEPTH,
    MAX_ITEMS,
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
    Tuple,
    Value,
    WireError,
)
from autograder.sandbox.protocol import Given, Handle, Record

_HEX = re.compile(r"-?[0-9a-f]+")
_MAX_CODE_POINT = 0x10FFFF


class Unpacker:
    """Rebuilds the values of one message, and raises nothing but WireError.

    Args:
        blob: The bytes of the arrays, in the order in which they were packed.
        handle: Turns a handle into what stands for it here.
        record: Turns a named tuple or dataclass into what stands for it here.
        given: Turns a text into what it gives; None where no text is accepted.
        device: Where tensors are put.

    Attributes:
        devices: Where the tensors were, before they were sent. One number may be anywhere.
    """

    def __init__(
        self,
        blob: memoryview,
        *,
        handle: Callable[[Handle], Any] = lambda handle: handle,
        record: Callable[[Record], Any] = lambda record: record,
        given: Callable[[Given], Any] | None = None,
        device: str = "cpu",
    ) -> None:
        self._blob = blob
        self._used = 0
        self._items = 0
        self._handle = handle
        self._record = record
        self._given = given
        self._device = device
        self.devices: set[str] = set()

    def finish(self) -> None:
        """Check that every byte of the blob was claimed.

        Raises:
            WireError: If some are left.
        """
        if self._used != len(self._blob):
            raise WireError(f"Blob: expected {self._used} bytes, got {len(self._blob)}.")

    def unpack(self, value: Value, depth: int = 0) -> Any:
        """Rebuild one value.

        Raises:
            WireError: If it isn't as agreed on.
        """
        if depth > MAX_DEPTH:
            raise WireError(f"Value: expected at most {MAX_DEPTH} levels, got more.")
        # The sender counts likewise: more can't come from a packer, and every item costs its reader time.
        self._items += 1
        if self._items > MAX_ITEMS:
            raise WireError(f"Value: expected at most {MAX_ITEMS} items, got more.")
        # Decoded forms are of exactly these classes; all else stands for itself.
        rebuild = _REBUILD.get(type(value))
        return value if rebuild is None else rebuild(self, value, depth + 1)

    def _list(self, value: List, depth: int) -> list[Any]:
        return [self.unpack(entry, depth) for entry in value.items]

    def _tuple(self, value: Tuple, depth: int) -> tuple[Any, ...]:
        return tuple([self.unpack(entry, depth) for entry in value.items])

    def _dict(self, value: Dict, depth: int) -> dict[str, Any]:
        return {key: self.unpack(entry, depth) for key, entry in value.items.items()}

    def _fields(self, value: Fields, depth: int) -> Any:
        if len(value.names) != len(value.items):
            raise WireError(f"Record: expected {len(value.names)} fields, got {len(value.items)}.")
        fields = [self.unpack(entry, depth) for entry in value.items]
        return self._record(Record(value.kind, tuple(zip(value.names, fields, strict=True))))

    def _scalar(self, value: Scalar, _depth: int) -> Any:
        dtype = _dtype(value.dtype)
        if dtype.kind in "SU" or len(value.data) != dtype.itemsize:
            raise WireError(f"Scalar of {value.dtype}: expected {dtype.itemsize} bytes, got {len(value.data)}.")
        return _sound(np.frombuffer(value.data, np.uint8), dtype)[0]

    def _big_int(self, value: BigInt, _depth: int) -> int:
        digits = value.digits
        if len(digits) > MAX_BIG_INT_BITS // 4 + 1 or not _HEX.fullmatch(digits):
            raise WireError(f"Large integer: expected hexadecimal digits, got {digits[:20]!r}.")
        return int(digits, 16)

    def _bytes(self, value: Bytes, _depth: int) -> bytes:
        return value.data

    def _complex(self, value: Complex, _depth: int) -> complex:
        return complex(value.real, value.imag)

    def _kept(self, value: Kept, _depth: int) -> Any:
        return self._handle(Handle(value.number, value.kind))

    def _source(self, value: Source, depth: int) -> Any:
        if self._given is None:
            raise WireError("Value: expected data, got a text to evaluate.")
        names = {name: self.unpack(entry, depth) for name, entry in value.names.items()}
        return self._given(Given(value.text, names))

    def _take(self, count: int, itemsize: int) -> memoryview:
        end = self._used + count * itemsize
        if end > len(self._blob):
            raise WireError(f"Blob: expected {end} bytes or more, got {len(self._blob)}.")
        taken = self._blob[self._used : end]
        self._used = end
        return taken

    def _array(self, value: Array, _depth: int) -> np.ndarray[Any, Any]:
        dtype = _dtype(value.dtype)
        data = np.frombuffer(self._take(math.prod(value.shape), dtype.itemsize), dtype=np.uint8)
        try:
            plain = _sound(data, dtype).reshape(value.shape)
            array = _lay_out(plain, value.layout)
        except (ValueError, MemoryError) as error:
            raise WireError(f"Array of shape {value.shape}: {error}") from error
        array.flags.writeable = value.writeable
        return array

    def _tensor(self, value: Tensor, _depth: int) -> Any:
        torch = sys.modules.get("torch")
        if value.dtype not in TORCH_DTYPES:
            raise WireError(f"Tensor: expected one of {', '.join(sorted(TORCH_DTYPES))}, got {value.dtype!r}.")
        if torch is None:
            raise WireError("Tensor: expected none, because torch is not loaded here.")
        # NumPy has no numbers of this kind; their bytes are read as whole numbers of as many bits.
        is_brief = value.dtype == "bfloat16"
        dtype = np.dtype("int16" if is_brief else value.dtype)
        data = np.frombuffer(self._take(math.prod(value.shape), dtype.itemsize), dtype=np.uint8)
        try:
            plain = torch.from_numpy(_sound(data, dtype).reshape(value.shape))
            if is_brief:
                plain = plain.view(torch.bfloat16)
            if self._device != "cpu":
                plain = plain.to(self._device)
            tensor = plain if value.contiguous else _spread_tensor(torch, plain)
            if plain.ndim:
                self.devices.add(value.device)
            return tensor.requires_grad_() if value.requires_grad else tensor
        except (RuntimeError, ValueError, TypeError, MemoryError) as error:
            raise WireError(f"Tensor of shape {value.shape}: {error}") from error


def _dtype(name: str) -> np.dtype[Any]:
    """The dtype of that name, if arrays of it may travel.

    Raises:
        WireError: If they may not: objects, structures, nonsense.
    """
    try:
        if DTYPE.fullmatch(name):
            return np.dtype(name)
    except (TypeError, ValueError) as error:
        raise WireError(f"Array: expected a dtype of numbers or text, got {name[:40]!r}.") from error
    raise WireError(f"Array: expected a dtype of numbers or text, got {name[:40]!r}.")


def _sound(data: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """A flat copy of these bytes as that dtype, with no bit pattern that NumPy itself would never write.

    Raises:
        ValueError: If text holds a code point beyond Unicode.
    """
    flat = np.empty(data.size // dtype.itemsize, dtype)
    flat.view(np.uint8)[:] = data
    if dtype.kind == "b":
        return np.asarray(flat.view(np.uint8) != 0)
    if dtype.kind == "U" and flat.size:
        points = flat.view(dtype.str[0] + "u4")
        if points.max() > _MAX_CODE_POINT:
            raise ValueError("expected Unicode text, got a code point beyond it")
    return flat


def _lay_out(plain: np.ndarray[Any, Any], layout: str) -> np.ndarray[Any, Any]:
    """These values, in memory as they were on the other side: C order, as they are, Fortran order, or with gaps."""
    if layout == "C" or not plain.ndim:
        return plain
    if layout == "F":
        return plain.copy(order="F")
    # Rows begin at an odd distance: no view flattens them.
    wide = np.zeros((*plain.shape[:-1], 2 * plain.shape[-1] + 1), plain.dtype)
    spread = wide[..., 1::2]
    spread[...] = plain
    return spread


def _spread_tensor(torch: Any, plain: Any) -> Any:
    if not plain.ndim:
        return plain
    wide = torch.zeros((*plain.shape[:-1], 2 * plain.shape[-1]), dtype=plain.dtype, device=plain.device)
    spread = wide[..., ::2]
    spread.copy_(plain)
    return spread


_REBUILD: dict[type, Callable[[Unpacker, Any, int], Any]] = {
    List: Unpacker._list,
    Tuple: Unpacker._tuple,
    Dict: Unpacker._dict,
    Fields: Unpacker._fields,
    Array: Unpacker._array,
    Scalar: Unpacker._scalar,
    Tensor: Unpacker._tensor,
    BigInt: Unpacker._big_int,
    Bytes: Unpacker._bytes,
    Complex: Unpacker._complex,
    Kept: Unpacker._kept,
    Source: Unpacker._source,
}
