"""Frames that a hostile process might send: good ones of every message, and what chance makes of them."""

from __future__ import annotations

import random
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import torch

from autograder.sandbox import messages, wire
from autograder.sandbox.forms import MAX_BLOB_BYTES, Value
from autograder.sandbox.pack import Packer
from autograder.sandbox.protocol import Given, Handle

READERS: dict[str, msgspec.msgpack.Decoder[Any]] = {
    "to forkserver": messages.to_forkserver,
    "from forkserver": messages.from_forkserver,
    "to worker": messages.to_worker,
    "from worker": messages.from_worker,
    "to session": messages.to_session,
    "from session": messages.from_session,
}
Point = namedtuple("Point", "row col")


@dataclass(frozen=True)
class Frame:
    """Two lengths, a message and the bytes of its arrays; the lengths are the right ones unless they are given.

    Attributes:
        reader: Who reads it.
        body: The message.
        blob: The bytes behind it.
        lengths: What the header says instead of the truth.
    """

    reader: str
    body: bytes
    blob: bytes = b""
    lengths: tuple[int, int] | None = None

    @property
    def data(self) -> bytes:
        """All of its bytes."""
        message, blob = self.lengths or (len(self.body), len(self.blob))
        return message.to_bytes(4, "big") + blob.to_bytes(4, "big") + self.body + self.blob


def good_frames() -> list[Frame]:
    """One or more frames of each message, in which every form of a value occurs."""
    packer = Packer(lambda value: Handle(1, type(value).__name__))
    value = packer.pack(_everything())
    blob = b"".join(packer.blobs)
    plain = [
        ("to forkserver", messages.Spawn(scratch="/tmp/x")),
        ("to forkserver", messages.End(pid=12)),
        ("from forkserver", messages.Serving(level="landlock", pid=11, anonymous_bytes=1 << 26)),
        ("from forkserver", messages.Spawned(pid=12, scratch="/tmp/x")),
        ("from forkserver", messages.Ended(pid=12, status=9)),
        ("to worker", messages.Load(cells=[messages.CellSource(id="a", source="x = 1", mode="full")] * 2)),
        (
            "to worker",
            messages.Ask(session=2, replacements={"f": "def f(): ..."}, forbidden=["numpy.einsum"], lock=3, ended=[1]),
        ),
        ("from worker", messages.Walled(problem="")),
        ("from worker", messages.CellDone(index=0, ok=False, message="no", reduced=True)),
        ("from worker", messages.Loaded()),
        ("from worker", messages.SessionEnded(session=1, status=9)),
        ("from worker", messages.LeftBehind(session=1)),
        ("to session", messages.Begin(unlock=3, forbidden=["numpy.einsum"], lock=2**62 - 1)),
        ("from session", messages.Started(problem="")),
        ("from session", messages.Done(id=1, value=1.5, arguments=[None], output="printed")),
        (
            "from session",
            messages.Done(id=1, value=2, arguments=None, output="", count=messages.Counts(steps=10, passes=3)),
        ),
        ("from session", messages.Threw(id=1, types=["ValueError", "Exception"], message="no", line="x", output="")),
        ("from session", messages.Absent(id=1, found="int", output="")),
        ("from session", messages.Halted(id=1, verdict="MEMORY", message="no", output="")),
    ]
    loaded = [
        ("from session", messages.Done(id=1, value=value, arguments=[value], output=""), 2 * blob),
        (
            "to session",
            messages.Call(id=1, name="f", args=[value], kwargs={"k": 1}, return_arguments=True, count=False),
            blob,
        ),
        ("to session", _call_with_text(), np.ones(2).tobytes()),
    ]
    frames = [_frame(reader, message, b"") for reader, message in plain]
    frames += [_frame(reader, message, data) for reader, message, data in loaded]
    for entry in _everything():
        single = Packer(lambda value: Handle(1, type(value).__name__))
        done = messages.Done(id=1, value=single.pack(entry), arguments=None, output="")
        frames.append(_frame("from session", done, b"".join(single.blobs)))
    return frames


def _call_with_text() -> messages.Call:
    text = Packer().pack(Given("lambda x: x + w", {"w": np.ones(2)}))
    return messages.Call(id=1, name="f", args=[text], kwargs={}, return_arguments=False, count=True)


def _frame(reader: str, message: messages.Message, blob: bytes) -> Frame:
    return Frame(reader, wire.encode(message, len(blob))[8:], blob)


def _everything() -> list[Any]:
    base = np.arange(24.0).reshape(4, 6)
    frozen = np.ones(3, np.float32)
    frozen.flags.writeable = False
    return [
        None, True, 3, -(2**63), 2**80, 1.5, float("nan"), 2 + 1j, "text", "ü", b"bytes",
        [1, [2, []]], (1, ()), {"a": {"b": 1}}, Point(1, (2,)), {1, 2},
        base, np.asfortranarray(base), base[:, ::2], frozen, np.array([True, False]), np.array(["ab", "c"]),
        np.array([b"ab"]), np.array(["2020-01-01"], "M8[D]"), np.array([3], "m8[ms]"), np.zeros((0, 3)), np.array(1),
        np.array([1 + 1j]), np.ones(2, np.longdouble), np.float32(2), np.bool_(True), np.int8(-1),
        np.datetime64(1, "s"), torch.ones(2, 3),
        torch.ones(3, 2, dtype=torch.int8).T, torch.ones(2, requires_grad=True),
        torch.tensor([True]), torch.zeros(0, 2, dtype=torch.bfloat16), torch.tensor(1j),
    ]  # fmt: skip


# What stands in the place of a part: numbers at the ends of their ranges, names that mean something elsewhere, shapes
# that overflow, and bytes that are no message at all.
_NUMBERS = [-1, 0, 1, 2, 31, 2**31, 2**31 + 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), 0.5, 1e308]
_NUMBERS += [float("inf"), float("nan")]
_DTYPES = ["|O", "O", "object", "<f8,<i4", "|V8", "<U999999", "<U0", "<S0", "|S1", "f8", "=f16", "<f3", "<c32", ">c16"]
_DTYPES += ["|b1", "<b2", "<M8[0s]", "<M8[999999Y]", "<m8", "<M8"]
_TEXTS = [
    "",
    "\0",
    "x" * 201,
    "x" * 2001,
    "float32",
    "float33",
    "bool",
    "C",
    "F",
    "strided",
    "Z",
    "MEMORY",
    "Done",
    "-",
]
_SHAPES = [[], [0], [1], [-1], [2**31], [2**31] * 3, [0, 2**31, 2**31, 2**31], [2**31, 0], [1] * 32, [1] * 33]
_SHAPES += [[2**16, 2**16, 2**16, 2**16], [3, 8], [24.0], [True]]
_BYTES = [b"", b"\0" * 8, b"\xff" * 16, b"\xff" * 65]
_RAW = [
    b"\xa2\xc3\x28",
    b"\xa4\xed\xa0\x80a",
    b"\x92\x03\x91" * 300 + b"\x01",
    b"\x91" * 3000 + b"\xc0",
    b"\x92\x05\x81\xa0" * 40 + b"\xc0",
    b"\xdd\xff\xff\xff\xff",
    b"\x92\x03\xdd\x0f\xff\xff\xff\x00",
    b"\xdf\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xc1",
    b"\x93\x0c\xa11\x80",
    b"\x93\x0c\xa1x\x81\xa1x\x93\x0c\xa11\x80",
    b"\xd6\xff\x00\x00\x00\x00",
    b"\xc9\xff\xff\xff\xff\x01",
    b"\x92\x03\xdc\x03\xe8" + b"\x92\x03\x90" * 1000,
]


class Mutator:
    """Draws frames, each from a seed of its own: the same number gives the same frame.

    Args:
        seed: Of the whole run.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._good = good_frames()
        self._trees = [msgspec.msgpack.decode(frame.body) for frame in self._good]
        self._paths = [list(_paths(tree)) for tree in self._trees]
        self._nasty = [
            *_NUMBERS,
            *_DTYPES,
            *_TEXTS,
            *_SHAPES,
            *_BYTES,
            *map(msgspec.Raw, _RAW),
            None,
            True,
            {},
            {"a": 1},
        ]

    def draw(self, number: int) -> tuple[str, bytes]:
        """Who reads it, and what comes: mostly one frame that was tampered with, at times several in a row."""
        chance = random.Random(self._seed * 1_000_003 + number)
        frame = self._tampered(chance)
        data = frame.data
        action = chance.random()
        if action < 0.10:
            data = data[: chance.randrange(len(data) + 1)]
        elif action < 0.20:
            data = bytes(_flipped(chance, data))
        elif action < 0.25:
            data += chance.choice(self._good).data[: chance.randint(1, 60)]
        elif action < 0.30:
            data = _spliced(chance, data, chance.choice(self._good).data)
        elif action < 0.33:
            data *= chance.randint(2, 20)
        return frame.reader, data

    def _tampered(self, chance: random.Random) -> Frame:
        index = chance.randrange(len(self._good))
        frame = self._good[index]
        action = chance.random()
        if action < 0.05:
            return replace(frame, reader=chance.choice(list(READERS)))
        if action < 0.55:
            return replace(frame, body=self._changed(chance, index))
        if action < 0.75:
            return replace(frame, body=bytes(_flipped(chance, frame.body)))
        if action < 0.85:
            return replace(frame, blob=_other_length(chance, frame.blob))
        if action < 0.95:
            honest = len(frame.body), len(frame.blob)
            lengths = [max(0, length + chance.choice([-8, -1, 0, 1, 7])) for length in honest]
            if chance.random() < 0.3:
                lengths[chance.randrange(2)] = chance.choice(
                    [0, wire.MAX_MESSAGE_BYTES, MAX_BLOB_BYTES, 2**31, 2**32 - 1]
                )
            return replace(frame, lengths=(lengths[0], lengths[1]))
        other = self._good[chance.randrange(len(self._good))]
        return replace(frame, body=_spliced(chance, frame.body, other.body))

    def _changed(self, chance: random.Random, index: int) -> bytes:
        """The message with some of its parts replaced, dropped or doubled; whatever comes is encoded again."""
        tree = self._replaced(chance, self._trees[index], chance.choice(self._paths[index]))
        if chance.random() < 0.3:
            tree = self._replaced(chance, tree, chance.choice(list(_paths(tree))))
        return msgspec.msgpack.encode(tree)

    def _replaced(self, chance: random.Random, tree: Any, path: tuple[Any, ...]) -> Any:
        if not path:
            if chance.random() < 0.5 or not isinstance(tree, list | dict):
                return self._part(chance)
            return _reshaped(chance, tree)
        first, *rest = path
        entry = self._replaced(chance, tree[first], tuple(rest))
        if isinstance(tree, dict):
            return tree | {first: entry}
        return [*tree[:first], entry, *tree[first + 1 :]]

    def _part(self, chance: random.Random) -> Any:
        if chance.random() < 0.7:
            return chance.choice(self._nasty)
        index = chance.randrange(len(self._trees))
        part = self._trees[index]
        for key in chance.choice(self._paths[index]):
            part = part[key]
        return part


def _paths(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every part of a message is."""
    yield path
    keys = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield from _paths(tree[key], (*path, key))


def _reshaped(chance: random.Random, tree: Any) -> Any:
    """A container with an entry dropped or doubled."""
    if not tree:
        return [tree]
    if isinstance(tree, dict):
        gone = chance.choice(list(tree))
        return {key: entry for key, entry in tree.items() if key != gone}
    place = chance.randrange(len(tree))
    return chance.choice([tree[:place] + tree[place + 1 :], [*tree, tree[place]], tree * 3])


def _flipped(chance: random.Random, data: bytes) -> bytearray:
    """Some bytes changed, cut out or put in."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(changed) + 1)
        action = chance.random()
        if action < 0.4 and place < len(changed):
            changed[place] ^= 1 << chance.randrange(8)
        elif action < 0.6 and place < len(changed):
            changed[place] = chance.randrange(256)
        elif action < 0.8:
            del changed[place : place + chance.randint(1, 5)]
        else:
            changed[place:place] = chance.choice([chance.randbytes(chance.randint(1, 5)), chance.choice(_RAW)])
    return changed


def _spliced(chance: random.Random, one: bytes, other: bytes) -> bytes:
    return one[: chance.randrange(len(one) + 1)] + other[chance.randrange(len(other) + 1) :]


def _other_length(chance: random.Random, blob: bytes) -> bytes:
    return chance.choice([b"", blob[:-1], blob + b"\0", blob[1:], blob * 2, chance.randbytes(len(blob) or 8)])


def values_of(message: Any) -> list[Value]:
    """The values that a message carries, in the order of their bytes."""
    match message:
        case messages.Done():
            return [message.value, *(message.arguments or ())]
        case messages.Call():
            return [*message.args, *message.kwargs.values()]
    return []
