"""Frames on a stream socket: who may say what to whom, and how it is cut into bytes.

A frame is two lengths, a msgpack message and the raw bytes of its arrays. Every reader knows the few messages that
may come its way; everything else is a WireError, which is all that a reader has to expect from a hostile writer.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, TypeVar

import msgspec

from autograder.sandbox.forms import MAX_BLOB_BYTES, Name, Value, WireError

MAX_MESSAGE_BYTES = 1 << 22
TICK_S = 0.05
_HEADER = struct.Struct(">II")
_CHUNK_BYTES = 1 << 20

Text = Annotated[str, msgspec.Meta(max_length=2000)]
T = TypeVar("T")


class DeadlinePassed(Exception):
    """The other side took longer than it may."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all messages; the class name is the tag."""


class Spawn(Message, frozen=True, tag=True):
    """Grader to forkserver: fork a worker which may write into this folder. Comes with the worker's socket."""

    scratch: str


class End(Message, frozen=True, tag=True):
    """Grader to forkserver: end this worker and all that it started."""

    pid: int


class Serving(Message, frozen=True, tag=True):
    """Forkserver to grader: imports are done."""

    level: str
    anonymous_bytes: int


class Spawned(Message, frozen=True, tag=True):
    """Forkserver to grader: the worker's process id, which is also that of its group."""

    pid: int


class Ended(Message, frozen=True, tag=True):
    """Forkserver to grader: nothing of that worker is left."""

    pid: int


class CellSource(Message, frozen=True):
    """One cell to run: all of it, its imports and definitions only, or nothing."""

    id: str
    source: str
    mode: Literal["full", "reduced", "skip"]


class Load(Message, frozen=True, tag=True):
    """Grader to worker: run these cells."""

    cells: list[CellSource]


class Ask(Message, frozen=True, tag=True):
    """Grader to worker: fork a session. Comes with the session's socket."""

    session: int
    replacements: dict[str, str]


class Walled(Message, frozen=True, tag=True):
    """Worker to grader: walls and limits are up, or why they are not. Nothing of the student has run yet."""

    problem: str


class CellDone(Message, frozen=True, tag=True):
    """Worker to grader: how the next cell ran."""

    index: int
    ok: bool
    message: Text
    reduced: bool


class Loaded(Message, frozen=True, tag=True):
    """Worker to grader: all cells are through."""


class SessionEnded(Message, frozen=True, tag=True):
    """Worker to grader: that session's process is gone, with this wait status."""

    session: int
    status: int


class Call(Message, frozen=True, tag=True):
    """Grader to session: call a function. The id is drawn at random, so no reply can be written ahead."""

    id: int
    name: str
    args: list[Value]
    kwargs: dict[str, Value]
    return_arguments: bool


class Started(Message, frozen=True, tag=True):
    """Session to grader: ready for calls, or what went wrong with the replacements."""

    problem: Text


class Done(Message, frozen=True, tag=True):
    """Session to grader: the call came back."""

    id: int
    value: Value
    arguments: list[Value] | None
    output: str


class Threw(Message, frozen=True, tag=True):
    """Session to grader: the call raised."""

    id: int
    types: Annotated[list[Name], msgspec.Meta(min_length=1, max_length=50)]
    message: Text
    line: Text
    output: str


class Absent(Message, frozen=True, tag=True):
    """Session to grader: there is no such function."""

    id: int
    found: Name
    output: str


class Halted(Message, frozen=True, tag=True):
    """Session to grader: a limit or a ban cut the call."""

    id: int
    verdict: Literal["MEMORY", "OUTPUT_LIMIT", "FORBIDDEN"]
    message: Text
    output: str


ToForkserver = Spawn | End
FromForkserver = Serving | Spawned | Ended
ToWorker = Load | Ask
FromWorker = Walled | CellDone | Loaded | SessionEnded
FromSession = Started | Done | Threw | Absent | Halted

to_forkserver: msgspec.msgpack.Decoder[ToForkserver] = msgspec.msgpack.Decoder(ToForkserver)
from_forkserver: msgspec.msgpack.Decoder[FromForkserver] = msgspec.msgpack.Decoder(FromForkserver)
to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
from_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)
to_session: msgspec.msgpack.Decoder[Call] = msgspec.msgpack.Decoder(Call)
from_session: msgspec.msgpack.Decoder[FromSession] = msgspec.msgpack.Decoder(FromSession)
_encoder = msgspec.msgpack.Encoder()


def encode(message: Message, blob_bytes: int = 0) -> bytes:
    """Header and message of one frame; the blob of that many bytes follows it.

    Raises:
        WireError: If the message is longer than a frame may be.
    """
    body = _encoder.encode(message)
    if len(body) > MAX_MESSAGE_BYTES or blob_bytes > MAX_BLOB_BYTES:
        raise WireError(f"Frame: expected at most {MAX_MESSAGE_BYTES} bytes, got {len(body)}.")
    return _HEADER.pack(len(body), blob_bytes) + body


def lengths(header: bytes) -> tuple[int, int]:
    """Lengths of message and blob.

    Raises:
        WireError: If they are beyond what a frame may have.
    """
    message, blob = _HEADER.unpack(header)
    if message > MAX_MESSAGE_BYTES or blob > MAX_BLOB_BYTES:
        raise WireError(
            f"Frame: expected at most {MAX_MESSAGE_BYTES} + {MAX_BLOB_BYTES} bytes, got {message} + {blob}."
        )
    return message, blob


def decode(decoder: msgspec.msgpack.Decoder[T], body: bytes | bytearray) -> T:
    """Read one message.

    Raises:
        WireError: If it is not one of those that the decoder knows.
    """
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError, MemoryError) as error:
        raise WireError(f"Message: {error}") from error


class Channel:
    """One end of a stream socket.

    Args:
        sock: Connected; this object owns it.
        tick: Called about every 50 ms while waiting, from the side that waits.
    """

    def __init__(self, sock: socket.socket, tick: Callable[[], None] | None = None) -> None:
        self.sock = sock
        self._tick = tick
        self._poll = select.poll()

    def fileno(self) -> int:
        """Descriptor of the socket."""
        return self.sock.fileno()

    def close(self) -> None:
        """Close the socket. May be called twice."""
        self.sock.close()

    def send(
        self,
        message: Message,
        blobs: Sequence[memoryview] = (),
        *,
        fds: Sequence[int] = (),
        deadline: float | None = None,
    ) -> None:
        """Send one frame, and descriptors with it.

        Args:
            message: What to say.
            blobs: Bytes of its arrays.
            fds: At most one descriptor, for the other side to own.
            deadline: On the clock of time.monotonic(); None waits for ever.

        Raises:
            DeadlinePassed: If the other side doesn't read in time.
            OSError: If it is gone.
        """
        parts = [memoryview(encode(message, sum(blob.nbytes for blob in blobs))), *blobs]
        if fds:
            self._wait(select.POLLOUT, deadline)
            sent = socket.send_fds(self.sock, [parts[0]], list(fds))
            parts[0] = parts[0][sent:]
        for part in parts:
            self._send_all(part, deadline)

    def receive(
        self, decoder: msgspec.msgpack.Decoder[T], deadline: float | None = None
    ) -> tuple[T, memoryview] | None:
        """Receive one frame: its message and its blob, or None at the end of the stream.

        Raises:
            DeadlinePassed: If it isn't here in time.
            WireError: If it is not a frame, or not a message that the decoder knows.
            OSError: If the other side is gone.
        """
        header = self._receive_exactly(_HEADER.size, deadline, start=True)
        if header is None:
            return None
        return self._receive_rest(decoder, bytes(header), deadline)

    def receive_with_descriptor(self, decoder: msgspec.msgpack.Decoder[T]) -> tuple[T, int | None] | None:
        """Receive one frame and the descriptor that came with it; for readers who trust the writer."""
        header, fds, _, _ = socket.recv_fds(self.sock, _HEADER.size, 1)
        if not header:
            return None
        while len(header) < _HEADER.size:
            more = self.sock.recv(_HEADER.size - len(header))
            if not more:
                return None
            header += more
        message, _ = self._receive_rest(decoder, header, None)
        return message, fds[0] if fds else None

    def _receive_rest(
        self, decoder: msgspec.msgpack.Decoder[T], header: bytes, deadline: float | None
    ) -> tuple[T, memoryview]:
        message_bytes, blob_bytes = lengths(header)
        body = self._receive_exactly(message_bytes, deadline)
        blob = self._receive_exactly(blob_bytes, deadline)
        if body is None or blob is None:
            raise WireError("Frame: the stream ended in the middle of it.")
        return decode(decoder, body), memoryview(blob)

    def _receive_exactly(self, count: int, deadline: float | None, *, start: bool = False) -> bytearray | None:
        """Receive that many bytes, taking memory as they come. None if the stream ends first."""
        data = bytearray()
        while len(data) < count:
            self._wait(select.POLLIN, deadline)
            try:
                chunk = self.sock.recv(min(count - len(data), _CHUNK_BYTES))
            except BlockingIOError:
                continue
            if not chunk:
                if start and data:
                    raise WireError("Frame: the stream ended in the middle of it.")
                return None
            data += chunk
        return data

    def _send_all(self, data: memoryview, deadline: float | None) -> None:
        while data.nbytes:
            self._wait(select.POLLOUT, deadline)
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                continue

    def _wait(self, events: int, deadline: float | None) -> None:
        if deadline is None:
            return
        self._poll.register(self.sock, events)
        while True:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise DeadlinePassed
            if self._poll.poll(min(left_s, TICK_S) * 1000 + 1):
                return
            if self._tick is not None:
                self._tick()
