"""The forms that Python values take on the wire, as typed data, and how large they may be.

Array bytes travel beside the message, in order and without gaps, so a short message can't be made to unfold into
more memory than was sent. Whatever has no form here stays where it is, as a handle.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

MAX_DEPTH = 32
MAX_ITEMS = 200_000
MAX_BLOB_BYTES = 1 << 26
MAX_NDIM = 32
MAX_BIG_INT_BITS = 1 << 16
MAX_NAME = 200
MAX_SOURCE = 20_000
_MAX_DIM = 1 << 31
DTYPE = re.compile(r"[<>|=]([biufc][1-9]\d?|[SU][1-9]\d{0,5}|[mM]8(\[\d{0,6}(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?)")
_TORCH_SIZES = {
    "float": (16, 32, 64),
    "bfloat": (16,),
    "complex": (64, 128),
    "int": (8, 16, 32, 64),
    "uint": (8,),
    "bool": ("",),
}
TORCH_DTYPES = frozenset(f"{kind}{bits}" for kind, sizes in _TORCH_SIZES.items() for bits in sizes)


class WireError(Exception):
    """What came over the wire is not what was agreed on. The only exception that decoding raises."""


class TooLargeError(Exception):
    """A value takes more room than the wire gives to one message."""


Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
Length = Annotated[int, msgspec.Meta(ge=0, le=_MAX_DIM)]
Shape = Annotated[list[Length], msgspec.Meta(max_length=MAX_NDIM)]


# Forms hold no cycles: without gc=False the collector would walk all of a long message again and again.
class BigInt(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=1):
    """An int beyond 64 bits, in hexadecimal."""

    digits: str


class Complex(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=2):
    """A Python complex number."""

    real: float
    imag: float


class List(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=3):
    """A list."""

    items: list[Value]


class Tuple(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=4):
    """A tuple."""

    items: list[Value]


class Dict(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=5):
    """A dict whose keys are str."""

    items: dict[str, Value]


class Array(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=6):
    """A plain ndarray; its bytes in C order come next in the blob."""

    dtype: Name
    shape: Shape
    layout: Literal["C", "F", "strided"]
    writeable: bool


class Scalar(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=7):
    """A NumPy scalar."""

    dtype: Name
    data: Annotated[bytes, msgspec.Meta(max_length=64)]


class Tensor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=8):
    """A dense torch tensor; its bytes come next in the blob. Of one that comes back, the device on which it was."""

    dtype: Name
    shape: Shape
    contiguous: bool
    requires_grad: bool
    device: Literal["cpu", "cuda"]


class Fields(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=9):
    """A named tuple or dataclass."""

    kind: Name
    names: list[Name]
    items: list[Value]


class Kept(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=10):
    """Something that stays in the worker."""

    number: int
    kind: Name


class Bytes(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=11):
    """Raw bytes."""

    data: bytes


class Source(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=12):
    """Text that the worker evaluates, and the names that it refers to. The grader sends it, and accepts none."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_SOURCE)]
    names: dict[str, Value]


Value = (
    None
    | bool
    | int
    | float
    | str
    | Bytes
    | BigInt
    | Complex
    | List
    | Tuple
    | Dict
    | Array
    | Scalar
    | Tensor
    | Fields
    | Kept
    | Source
)
