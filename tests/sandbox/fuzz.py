"""Throws mutated frames at the decoder of the wire: `python -m tests.sandbox.fuzz [frames] [seed]`, or `make fuzz`.

Each frame is read as the grader reads it, through a Channel. It must be refused with a WireError, or accepted as one
of the messages that its reader knows, and hold no more than was sent. What breaks this is printed with its number and
seed, which draw it again. Every hundredth frame's memory is measured, since that is slow.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from autograder.sandbox import wire
from autograder.sandbox.forms import WireError
from autograder.sandbox.protocol import Given
from autograder.sandbox.unpack import Unpacker
from tests.sandbox.frames import READERS, Mutator, values_of

# Bytes of memory for each byte of a frame: an empty list takes three bytes in a message and about a hundred here. And
# what one call of the decoder takes whatever comes.
FACTOR = 80
BASE_BYTES = 60_000


class Tape:
    """Stands for a socket whose other side has sent this and hung up."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)

    def fileno(self) -> int:
        """Any descriptor: without a deadline none is waited for."""
        return 0

    def recv(self, count: int, _flags: int = 0) -> bytes:
        """At most so many of the bytes that are left."""
        taken, self._data = self._data[:count], self._data[count:]
        return bytes(taken)


def read(reader: str, data: bytes) -> tuple[int, int]:
    """Read all frames and rebuild their values.

    Returns:
        How many were accepted, and 1 if the rest was refused.

    Raises:
        AssertionError: If something came out that can't be.
        Exception: Whatever the decoder raises but WireError, which is a defect.
    """
    channel = wire.Channel(Tape(data))  # type: ignore[arg-type]
    decoder = READERS[reader]
    accepted = 0
    try:
        while (received := channel.receive(decoder)) is not None:
            message, blob = received
            unpacker = Unpacker(blob, given=_unevaluated if reader == "to session" else None)
            values = [unpacker.unpack(value) for value in values_of(message)]
            if reader == "from session":
                unpacker.finish()
            held = sum(size for value in values for size in array_bytes(value))
            assert held <= len(blob), f"{held} bytes of arrays from a blob of {len(blob)}"
            accepted += 1
    except WireError:
        return accepted, 1
    return accepted, 0


def _unevaluated(given: Given) -> Any:
    """What a text would be evaluated with."""
    return dict(given.names)


def array_bytes(value: Any) -> Iterator[int]:
    """Sizes of the arrays in a value; what is in it is of the classes that the wire knows."""
    if isinstance(value, np.ndarray):
        assert not value.dtype.hasobject
        # Text beyond Unicode can't be read, and a boolean is one bit.
        value.ravel().tolist()
        assert value.dtype.kind != "b" or (np.ascontiguousarray(value).view(np.uint8) <= 1).all()
        yield value.nbytes
    elif isinstance(value, torch.Tensor):
        yield value.nbytes
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from array_bytes(entry)
    elif isinstance(value, dict):
        yield from array_bytes(list(value.values()))


def measured(reader: str, data: bytes) -> tuple[int, int]:
    """Read, and check the memory that it took; tracemalloc must be on."""
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    counts = read(reader, data)
    _, peak = tracemalloc.get_traced_memory()
    assert peak - before <= FACTOR * len(data) + BASE_BYTES, f"{peak - before} bytes for a frame of {len(data)}"
    return counts


def _sampled(reader: str, data: bytes) -> tuple[int, int]:
    tracemalloc.start()
    try:
        return measured(reader, data)
    finally:
        tracemalloc.stop()


def main(frames: int = 1_000_000, seed: int = 0) -> int:
    """Read so many frames and print what came of them.

    Returns:
        1 if one of them did what none may.
    """
    mutator = Mutator(seed)
    counts: Counter[str] = Counter()
    started = time.perf_counter()
    for number in range(frames):
        reader, data = mutator.draw(number)
        try:
            accepted, refused = _sampled(reader, data) if number % 100 == 0 else read(reader, data)
        except Exception as error:  # noqa: BLE001 - whatever it raises is what we look for
            counts["defects"] += 1
            print(f"frame {number} of seed {seed}, {reader}: {type(error).__name__}: {error}\n  {data[:400].hex()}")
            continue
        counts["accepted"] += accepted
        counts["refused"] += refused
        counts["cut off"] += not accepted and not refused
    took_s = time.perf_counter() - started
    print(f"{frames:,} frames of seed {seed} in {took_s:.0f} s, {frames / took_s:,.0f} per second")
    print(", ".join(f"{counts[name]:,} {name}" for name in ("accepted", "refused", "cut off", "defects")))
    return 1 if counts["defects"] else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
