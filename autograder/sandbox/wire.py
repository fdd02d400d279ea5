"""Frames on a stream socket: how messages are cut into bytes.

A frame is two lengths, a msgpack message and the raw bytes of its arrays. Every reader knows the few messages that
may come its way; everything else is a WireError, which is all that a reader has to expect from a hostile writer.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from autograder.sandbox.forms import MAX_BLOB_BYTES, WireError
from autograder.sandbox.messages import Message

MAX_MESSAGE_BYTES = 1 << 22
TICK_S = 0.05
_HEADER = struct.Struct(">II")
_CHUNK_BYTES = 1 << 20

T = TypeVar("T")


_encoder = msgspec.msgpack.Encoder()


class DeadlinePassed(Exception):
    """The other side took longer than it may."""


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
