"""Values across the wire: what goes in comes out, and what was tampered with is refused."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.sandbox import messages, wire
from autograder.sandbox.forms import MAX_BLOB_BYTES, Array, BigInt, Fields, Kept, List, Scalar, TooLargeError, WireError
from autograder.sandbox.pack import Packer
from autograder.sandbox.protocol import Handle, Record
from autograder.sandbox.unpack import Unpacker

Point = namedtuple("Point", "row col")


@dataclass
class Filter:
    size: int
    weights: list[float]


def travel(value: Any) -> Any:
    """Through a frame's bytes and back, as the grader reads a reply."""
    packer = Packer(lambda value: Handle(7, type(value).__name__))
    packed = packer.pack(value)
    blob = b"".join(packer.blobs)
    frame = wire.encode(messages.Done(id=1, value=packed, arguments=None, output=""), len(blob)) + blob
    return read_frame(frame).value


def read_frame(frame: bytes) -> Any:
    """Read a reply frame as the client does; anything but WireError is a defect."""
    message_bytes, blob_bytes = wire.lengths(frame[:8])
    body, blob = frame[8 : 8 + message_bytes], frame[8 + message_bytes :]
    if len(body) != message_bytes or len(blob) != blob_bytes:
        raise WireError("cut off")
    message = wire.decode(messages.from_session, body)
    unpacker = Unpacker(memoryview(bytearray(blob)))
    if isinstance(message, messages.Done):
        value = unpacker.unpack(message.value)
        unpacker.finish()
        return messages.Done(id=message.id, value=value, arguments=None, output="")
    return message


def same(got: Any, want: Any) -> bool:
    if isinstance(want, np.ndarray):
        return (
            type(got) is np.ndarray
            and got.dtype == want.dtype
            and got.shape == want.shape
            and got.tobytes() == want.tobytes()
        )
    if isinstance(want, np.generic):
        return type(got) is type(want) and got.tobytes() == want.tobytes()
    if isinstance(want, list | tuple):
        return type(got) is type(want) and len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, dict):
        return type(got) is dict and list(got) == list(want) and all(same(got[key], want[key]) for key in want)
    return type(got) is type(want) and (got == want or bool(np.isnan(got)))


arrays = npst.arrays(
    dtype=st.one_of(
        npst.boolean_dtypes(),
        npst.integer_dtypes(endianness="?"),
        npst.floating_dtypes(endianness="?"),
        npst.complex_number_dtypes(),
        npst.unicode_string_dtypes(max_len=4),
        npst.byte_string_dtypes(max_len=4),
        npst.datetime64_dtypes(),
    ),
    shape=npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
atoms = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), texts, st.binary(max_size=9), arrays
)
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(texts, inner, max_size=3),
    ),
    max_leaves=8,
)


@given(values)
@settings(max_examples=300, deadline=None)
def test_roundtrip(value: Any) -> None:
    """Every value comes back as it was: type, dtype, shape, bytes, order."""
    assert same(travel(value), value)


@pytest.mark.parametrize("value", [2**63, -(2**63), 2**64, -(2**200) + 1, 0, -1, True])
def test_integers_of_any_size(value: int) -> None:
    """Integers beyond 64 bits come back exactly, and stay apart from bool."""
    assert travel(value) == value
    assert type(travel(value)) is type(value)


@pytest.mark.parametrize("value", [np.float32(1.5), np.int8(-3), np.bool_(True), np.complex128(1j), np.float64("nan")])
def test_scalars_keep_their_dtype(value: np.generic) -> None:
    """A NumPy scalar comes back as the same kind of scalar."""
    assert same(travel(value), value)


def test_layout_and_flags_arrive() -> None:
    """Fortran order, gaps and read-only arrive as such, so that they can be tested."""
    base = np.arange(24.0).reshape(4, 6)
    fortran, strided = travel(np.asfortranarray(base)), travel(base[:, ::2])
    assert fortran.flags.f_contiguous
    assert not fortran.flags.c_contiguous
    assert not strided.flags.c_contiguous
    assert not strided.flags.f_contiguous
    assert np.array_equal(strided, base[:, ::2])
    assert not np.shares_memory(strided.reshape(-1), strided)
    frozen = base.copy()
    frozen.flags.writeable = False
    assert not travel(frozen).flags.writeable
    assert travel(base).flags.writeable


def test_subclasses_become_what_they_hold() -> None:
    """A subclass arrives as its base class, by the base class's own methods."""

    class Always(float):
        def __eq__(self, other: object) -> bool:
            return True

        def __float__(self) -> float:
            return 99.0

        __hash__ = None  # type: ignore[assignment]

    class Word(str):
        def __str__(self) -> str:
            return "forged"

    class Board(np.ndarray):
        def __array__(self, *_args: object, **_kwargs: object) -> np.ndarray:
            return np.full(3, 99.0)

    class Row(list):
        def __iter__(self) -> Any:
            return iter([99])

    assert same(travel(Always(1.0)), 1.0)
    assert same(travel(Word("said")), "said")
    assert same(travel(np.arange(3.0).view(Board)), np.arange(3.0))
    assert same(travel(Row([1, 2])), [1, 2])
    assert same(travel(np.ma.masked_array([1.0, 2.0], [0, 1])), np.array([1.0, 2.0]))


def test_records_and_handles() -> None:
    """Named tuples and dataclasses come as records, everything else as a handle, also inside of a list."""
    assert travel(Point(1, (2, 3))) == Record("Point", (("row", 1), ("col", (2, 3))))
    assert travel(Filter(3, [0.5])) == Record("Filter", (("size", 3), ("weights", [0.5])))
    assert travel([{1, 2}, 1]) == [Handle(7, "set"), 1]
    assert travel(np.array([None, 1], dtype=object)) == Handle(7, "ndarray")
    assert travel(np.zeros(2, dtype="i4,f8")) == Handle(7, "ndarray")
    assert travel({1: 2}) == Handle(7, "dict")
    assert travel("\ud800") == Handle(7, "str")


def test_endless_values_end() -> None:
    """A list that holds itself is cut by its depth, or by the number of items."""
    endless: list[Any] = []
    endless.append(endless)
    assert isinstance(travel(endless), list)
    endless.append(endless)
    with pytest.raises(TooLargeError, match="items"):
        travel(endless)


def test_large_arrays_are_refused_before_they_are_copied() -> None:
    """An array beyond the cap is not sent, even if it holds no memory of its own."""
    with pytest.raises(TooLargeError, match="MB"):
        travel(np.broadcast_to(1.0, (MAX_BLOB_BYTES,)))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int64", "bool", "complex64"])
def test_tensors(dtype: str) -> None:
    """Tensors keep dtype, shape, gaps and whether they take part in gradients."""
    kind = getattr(torch, dtype)
    tensor = torch.arange(6).reshape(2, 3).to(kind)
    got = travel(tensor.T)
    assert got.dtype == kind
    assert torch.equal(got, tensor.T)
    assert not got.is_contiguous()
    assert travel(torch.zeros(0, 3, dtype=kind)).shape == (0, 3)
    assert travel(torch.tensor(1, dtype=kind)).shape == ()
    if kind.is_floating_point:
        assert travel(tensor.clone().requires_grad_()).requires_grad


@pytest.mark.parametrize("length", [0, 1, 3])
def test_tensors_of_any_stride(length: int) -> None:
    """A cut of a larger tensor arrives, also where it holds a single number and its stride says nothing."""
    tensor = torch.arange(12.0).reshape(3, 4)[:length, 2]
    assert torch.equal(travel(tensor), tensor)


@pytest.mark.parametrize(
    "form",
    [
        Array("|O", [1], "C", True),
        Array("<f8", [2], "C", True),
        Array("<f8", [-1], "C", True),
        Array("<f8", [0, 2**31, 2**31, 2**31], "C", True),
        Array("<f8,<i4", [0], "C", True),
        Array("|V8", [1], "C", True),
        Array("<U0", [2**31], "C", True),
        Array("<U1", [2], "C", True),
        Array("f8", [1], "C", True),
        Array("<f8", [1] * 40, "C", True),
        Array("<f8", [1], "Z", True),  # type: ignore[arg-type]
        Array("<f8", [1.0], "C", True),  # type: ignore[list-item]
        Scalar("<f8", b"123"),
        Scalar("|O", b"12345678"),
        BigInt("0x12"),
        BigInt("1" * 10**6),
        Fields("P", ["a", "b"], [1]),
        Kept("one", "set"),  # type: ignore[arg-type]
    ],
    ids=lambda form: f"{type(form).__name__} {str(msgspec.structs.astuple(form))[:40]}",
)
def test_forged_forms_are_refused(form: Any) -> None:
    """Wrong dtypes, sizes and shapes end in a WireError: nothing is built from them."""
    blob = b"\xff" * 8
    frame = wire.encode(messages.Done(id=1, value=form, arguments=None, output=""), len(blob)) + blob
    with pytest.raises(WireError):
        read_frame(frame)


def test_deep_nesting_is_refused() -> None:
    """A value nested ten thousand levels deep ends in a WireError, not in a crash."""
    value: Any = 1
    for _ in range(200):
        value = List([value])
    frame = wire.encode(messages.Done(id=1, value=value, arguments=None, output=""))
    with pytest.raises(WireError, match="levels"):
        read_frame(frame)
    deep = b"\x92\x03\x91" * 10_000 + b"\x01"
    with pytest.raises(WireError):
        wire.decode(messages.from_session, deep)


def test_unclaimed_bytes_are_refused() -> None:
    """Bytes that no array claims are a violation, so none can hide."""
    frame = wire.encode(messages.Done(id=1, value=1, arguments=None, output=""), 3) + b"abc"
    with pytest.raises(WireError, match="Blob"):
        read_frame(frame)


def test_mutated_frames_raise_only_wire_errors() -> None:
    """Whatever bytes are flipped, cut, doubled or inserted: the decoder reads a message or raises WireError."""
    chance = random.Random(0)
    packer = Packer(lambda value: Handle(1, "set"))
    value = [1, 2.5, "text", None, True, 2**70, 1j, b"b", (np.arange(6.0).reshape(2, 3), np.float32(1)), {"k": {1}}]
    value += [Point(1, 2), np.array(["ab", "c"]), np.array([True]), torch.ones(2, 2)]
    packed = packer.pack(value)
    blob = b"".join(packer.blobs)
    good = wire.encode(messages.Done(id=5, value=packed, arguments=[packed], output="out"), 2 * len(blob)) + 2 * blob
    refused = 0
    for _ in range(3000):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(data))
            action = chance.random()
            if action < 0.6:
                data[place] = chance.randrange(256)
            elif action < 0.8:
                del data[place : place + chance.randint(1, 5)]
            else:
                data[place:place] = chance.randbytes(chance.randint(1, 5))
        # Most mutations of lengths are caught at once; these reach the message.
        body = bytes(data[8:])
        cut = min(len(body), len(good) - 8 - 2 * len(blob))
        try:
            read_frame(cut.to_bytes(4, "big") + (len(body) - cut).to_bytes(4, "big") + body)
        except WireError:
            refused += 1
        try:
            read_frame(bytes(data))
        except WireError:
            refused += 1
    assert refused > 1000


def test_frames_beyond_the_cap_are_refused_by_their_header() -> None:
    """A giant length is refused before a byte of it is read."""
    with pytest.raises(WireError, match="at most"):
        wire.lengths(b"\xff" * 8)


def test_channel_deadline_holds_against_a_slow_writer() -> None:
    """Bytes that drip in do not extend the deadline."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    stop = threading.Event()

    def drip() -> None:
        theirs.sendall((1000).to_bytes(4, "big") + (0).to_bytes(4, "big"))
        while not stop.wait(0.02):
            theirs.sendall(b"\x00")

    writer = threading.Thread(target=drip)
    writer.start()
    started = time.monotonic()
    with pytest.raises(wire.DeadlinePassed):
        wire.Channel(ours).receive(messages.from_session, started + 0.3)
    assert time.monotonic() - started < 1.0
    stop.set()
    writer.join()
    ours.close()
    theirs.close()
