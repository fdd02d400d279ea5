"""Frames on a stream socket: how messages are cut into bytes.

A frame is two lengths, a msgpack message and the raw bytes of its arrays. Every reader knows the few messages that
may come its way; everything else is a WireError, which is all that a reader has to expect from a hostile writer.
"""

from __future__ import annotations

import gc
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
# Descriptor at which a forkserver, and each of its workers, holds its end of the grader's socket.
CONTROL = 3
_HEADER = struct.Struct(">II")
_CHUNK_BYTES = 1 << 20
_LONG_BYTES = 1 << 16
# Frames that are held back are sent together when there are so many bytes of them, or the first has waited so long.
_HELD_BYTES = 1 << 15
_HELD_S = 0.005
_AHEAD_BYTES = 1 << 16
# What one call may hand over: 1024 on Linux.
_MOST_PARTS = 512
_CUT = "Frame: the stream ended in the middle of it."

T = TypeVar("T")


_encoder = msgspec.msgpack.Encoder()


class CutShortError(WireError):
    """The stream has ended in the middle of a frame: its writer is gone."""


class DeadlinePassed(Exception):
    """The other side took longer than it may."""


def encode(message: Message, blob_bytes: int = 0) -> bytes:
    """Header and message of one frame; the blob of that many bytes follows it.

    Raises:
        WireError: If the message is longer than a frame may be.
    """
    body = encode_body(message)
    return lead(len(body), blob_bytes) + body


def encode_body(message: Message) -> bytes:
    """The message itself."""
    return _encoder.encode(message)


def lead(message_bytes: int, blob_bytes: int) -> bytes:
    """Header of one frame.

    Raises:
        WireError: If the message is longer than a frame may be.
    """
    if message_bytes > MAX_MESSAGE_BYTES or blob_bytes > MAX_BLOB_BYTES:
        raise WireError(f"Frame: expected at most {MAX_MESSAGE_BYTES} bytes, got {message_bytes}.")
    return _HEADER.pack(message_bytes, blob_bytes)


def lengths(header: bytes | bytearray) -> tuple[int, int]:
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


def decode(decoder: msgspec.msgpack.Decoder[T], body: bytes | bytearray | memoryview) -> T:
    """Read one message.

    Raises:
        WireError: If it is not one of those that the decoder knows.
    """
    # A message holds no cycles, but a million empty lists in it would have the collector look for them for seconds.
    paused = len(body) > _LONG_BYTES and gc.isenabled()
    if paused:
        gc.disable()
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError, MemoryError) as error:
        raise WireError(f"Message: {error}") from error
    finally:
        if paused:
            gc.enable()


class Channel:
    """One end of a stream socket.

    Args:
        sock: Connected; this object owns it.
        tick: Called about every 50 ms while waiting, from the side that waits.
    """

    def __init__(self, sock: socket.socket, tick: Callable[[], None] | None = None) -> None:
        self.sock = sock
        self._tick = tick
        self._read = bytearray()
        self._later = memoryview(b"")
        self._held = bytearray()
        self._held_since = 0.0
        self._readable = _poll(sock, select.POLLIN)
        self._writable = _poll(sock, select.POLLOUT)

    def fileno(self) -> int:
        """Descriptor of the socket."""
        return self.sock.fileno()

    @property
    def ahead(self) -> bool:
        """Whether bytes were read that no frame has taken yet; a poll of the socket doesn't tell of them."""
        return bool(self._read)

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
        self._release()
        if fds:
            self._wait(self._writable, deadline)
            sent = socket.send_fds(self.sock, [parts[0]], list(fds))
            parts[0] = parts[0][sent:]
        self._send_all(parts, deadline)

    def hold(self, message: Message, blobs: Sequence[memoryview] = ()) -> None:
        """Send one frame together with those that follow soon, and at the latest before waiting for something to read.

        Who is asked much at once wakes the other side a few times only, not for each answer.

        Raises:
            WireError: If it is longer than a frame may be.
            OSError: If the other side is gone.
        """
        blob_bytes = sum(blob.nbytes for blob in blobs)
        parts = [memoryview(encode(message, blob_bytes)), *blobs]
        if blob_bytes > _HELD_BYTES:
            self._release()
            self._send_all(parts, None)
            return
        now = time.monotonic()
        if not self._held:
            self._held_since = now
        for part in parts:
            self._held += part.tobytes()
        if len(self._held) > _HELD_BYTES or now - self._held_since > _HELD_S:
            self._release()

    def _release(self) -> None:
        if self._held:
            held, self._held = self._held, bytearray()
            self._send_all([memoryview(held)], None)

    def send_later(self, frames: bytes) -> None:
        """Have frames sent as soon as the other side takes them, and as far as it does, whenever `flush` is called."""
        self._later = memoryview(bytes(self._later) + frames)

    def flush(self) -> bool:
        """Send without waiting what is to be sent later. Whether something is left."""
        try:
            while self._later:
                self._later = self._later[self.sock.send(self._later[:_CHUNK_BYTES], socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            return True
        except OSError:
            # The other side is gone, which its reader will learn.
            self._later = memoryview(b"")
        return False

    def receive(
        self, decoder: msgspec.msgpack.Decoder[T], deadline: float | None = None
    ) -> tuple[T, memoryview] | None:
        """Receive one frame: its message and its blob, or None at the end of the stream.

        Reads ahead, so it is not to be mixed with `receive_with_descriptor` on one channel.

        Raises:
            DeadlinePassed: If it isn't here in time.
            WireError: If it is not a frame, or not a message that the decoder knows.
            CutShortError, OSError: If the other side is gone.
        """
        if not self._fill(_HEADER.size, deadline, ahead=True):
            if self._read:
                raise CutShortError(_CUT)
            return None
        return self._frame(decoder, deadline, ahead=True)

    def receive_frames(self, deadline: float | None = None) -> list[tuple[bytes, bytes]]:
        """Receive the frames that are here, at least one: message and blob of each. None at all at the end.

        Raises:
            As `receive`; what the messages say is not looked at.
        """
        if not self._fill(_HEADER.size, deadline, ahead=True):
            if self._read:
                raise CutShortError(_CUT)
            return []
        if not self._fill(_HEADER.size + sum(lengths(self._read[: _HEADER.size])), deadline, ahead=True):
            raise CutShortError(_CUT)
        frames = []
        data, start = bytes(self._read), 0
        while len(data) - start >= _HEADER.size:
            message_bytes, blob_bytes = _HEADER.unpack_from(data, start)
            middle = start + _HEADER.size + message_bytes
            end = middle + blob_bytes
            if end > len(data):
                # The rest is on its way; or the header is no honest one, which is said when its turn comes.
                break
            frames.append((data[start + _HEADER.size : middle], data[middle:end]))
            start = end
        del self._read[:start]
        return frames

    def receive_with_descriptor(self, decoder: msgspec.msgpack.Decoder[T]) -> tuple[T, int | None] | None:
        """Receive one frame and the descriptor that came with it; for readers who trust the writer."""
        header, fds, _, _ = socket.recv_fds(self.sock, _HEADER.size, 1)
        self._read += header
        if not header or not self._fill(_HEADER.size, None, ahead=False):
            return None
        message, _ = self._frame(decoder, None, ahead=False)
        return message, fds[0] if fds else None

    def _frame(
        self, decoder: msgspec.msgpack.Decoder[T], deadline: float | None, *, ahead: bool
    ) -> tuple[T, memoryview]:
        """Take the frame whose header is here already."""
        message_bytes, blob_bytes = lengths(self._read[: _HEADER.size])
        middle = _HEADER.size + message_bytes
        end = middle + blob_bytes
        if not self._fill(end, deadline, ahead=ahead):
            raise CutShortError(_CUT)
        frame, self._read = self._read, self._read[end:]
        view = memoryview(frame)
        return decode(decoder, view[_HEADER.size : middle]), view[middle:end]

    def _fill(self, count: int, deadline: float | None, *, ahead: bool) -> bool:
        """Have that many bytes ready, taking memory as they come. False if the stream ends first."""
        while (missing := count - len(self._read)) > 0:
            # A writer without end keeps us from waiting; it must not keep us from the clock.
            if deadline is not None and time.monotonic() > deadline:
                raise DeadlinePassed
            try:
                # Most often it is here already.
                size = min(max(missing, _AHEAD_BYTES if ahead else 0), _CHUNK_BYTES)
                chunk = self.sock.recv(size, socket.MSG_DONTWAIT if self._held else _flags(deadline))
            except BlockingIOError:
                if self._held:
                    self._release()
                else:
                    self._wait(self._readable, deadline)
                continue
            if not chunk:
                return False
            self._read += chunk
        return True

    def _send_all(self, parts: Sequence[memoryview], deadline: float | None) -> None:
        waiting = [part for part in parts if part.nbytes]
        while waiting:
            try:
                sent = self.sock.sendmsg(waiting[:_MOST_PARTS], (), _flags(deadline))
            except BlockingIOError:
                self._wait(self._writable, deadline)
                continue
            while waiting and sent >= waiting[0].nbytes:
                sent -= waiting.pop(0).nbytes
            if sent:
                waiting[0] = waiting[0][sent:]

    def _wait(self, poll: select.poll, deadline: float | None) -> None:
        if deadline is None:
            return
        while True:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise DeadlinePassed
            if poll.poll(min(left_s, TICK_S) * 1000 + 1):
                return
            if self._tick is not None:
                self._tick()


def _flags(deadline: float | None) -> int:
    """Whoever has a deadline must not wait in the call itself."""
    return 0 if deadline is None else socket.MSG_DONTWAIT


def _poll(sock: socket.socket, events: int) -> select.poll:
    poll = select.poll()
    poll.register(sock, events)
    return poll
