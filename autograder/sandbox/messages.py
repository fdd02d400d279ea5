"""Who may say what to whom."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from autograder.sandbox.forms import Name, Value

Text = Annotated[str, msgspec.Meta(max_length=2000)]
Natural = Annotated[int, msgspec.Meta(ge=0)]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all messages; the class name is the tag."""


class Spawn(Message, frozen=True, tag=True):
    """Grader to forkserver: fork a worker which may write into this folder. Comes with the worker's socket."""

    scratch: str


class End(Message, frozen=True, tag=True):
    """Grader to forkserver: end this worker and all that it started."""

    pid: int


class Serving(Message, frozen=True, tag=True):
    """Forkserver to grader: imports are done, and this is its process id."""

    level: str
    pid: int
    anonymous_bytes: int


class Spawned(Message, frozen=True, tag=True):
    """Forkserver to grader: the worker's process id, which is also that of its group, and where its folder is seen."""

    pid: int
    scratch: str


class Ended(Message, frozen=True, tag=True):
    """Forkserver to grader: nothing of that worker is left, whose wait status was this."""

    pid: int
    status: int


class CellSource(Message, frozen=True):
    """One cell to run: all of it, its imports and definitions only, or nothing."""

    id: str
    source: str
    mode: Literal["full", "reduced", "skip"]


class Load(Message, frozen=True, tag=True):
    """Grader to worker: run these cells."""

    cells: list[CellSource]


class Ask(Message, frozen=True, tag=True):
    """Grader to worker: end these sessions, then fork a new one. Comes with the new one's socket."""

    session: int
    replacements: dict[str, str]
    forbidden: list[str]
    lock: int
    ended: list[int]


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


class LeftBehind(Message, frozen=True, tag=True):
    """Worker to grader: earlier sessions have left processes behind, so there is none of that number."""

    session: int


class Call(Message, frozen=True, tag=True):
    """Grader to session: call a function. The id is drawn at random, so no reply can be written ahead."""

    id: int
    name: str
    args: list[Value]
    kwargs: dict[str, Value]
    return_arguments: bool
    count: bool


class Begin(Message, frozen=True, tag=True):
    """Grader to session: another question begins, as if none had been asked.

    What the last one didn't allow was put under a lock, which only the grader remembers; what this one doesn't allow
    comes under another.
    """

    unlock: int
    forbidden: list[str]
    lock: int


class Started(Message, frozen=True, tag=True):
    """Session to grader: ready for calls, or what went wrong with the replacements."""

    problem: Text


class Counts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a call took: see `protocol.Count`."""

    steps: Natural
    passes: Natural


class Done(Message, frozen=True, tag=True):
    """Session to grader: the call came back."""

    id: int
    value: Value
    arguments: list[Value] | None
    output: str
    count: Counts | None = None


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
FromWorker = Walled | CellDone | Loaded | SessionEnded | LeftBehind
ToSession = Call | Begin
Answer = Done | Threw | Absent | Halted
FromSession = Started | Answer

to_forkserver: msgspec.msgpack.Decoder[ToForkserver] = msgspec.msgpack.Decoder(ToForkserver)
from_forkserver: msgspec.msgpack.Decoder[FromForkserver] = msgspec.msgpack.Decoder(FromForkserver)
to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
from_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)
to_session: msgspec.msgpack.Decoder[ToSession] = msgspec.msgpack.Decoder(ToSession)
from_session: msgspec.msgpack.Decoder[FromSession] = msgspec.msgpack.Decoder(FromSession)
