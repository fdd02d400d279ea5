"""Answers the calls of one question, in a process forked from the loaded notebook.

Like the worker, it shares a process with student code, and nothing it says is believed.
"""

from __future__ import annotations

import functools
import os
import random
import sys
from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from autograder.sandbox import messages, wire
from autograder.sandbox.counting import counted
from autograder.sandbox.forbidden import ForbiddenCall, ban, is_for_good, unban
from autograder.sandbox.forms import TooLargeError, WireError
from autograder.sandbox.given import evaluate
from autograder.sandbox.notebook import NotebookRunner
from autograder.sandbox.output import OUTPUT_PATIENCE, Output
from autograder.sandbox.pack import Packer, type_name
from autograder.sandbox.protocol import Handle, Record
from autograder.sandbox.unpack import Unpacker

_SEED = 0
_TEXT_LENGTH = 2000
_exit = os._exit
_MISSING = object()


def serve_session(
    channel: wire.Channel, notebook: NotebookRunner, ask: messages.Ask, output_bytes: int, device: str = "cpu"
) -> None:
    """Answer calls until the grader hangs up.

    Args:
        channel: The grader is on the other side.
        notebook: Loaded.
        ask: What is to be replaced, and what is not allowed.
        output_bytes: Bytes of printed text that are kept.
        device: Where tensors are put.
    """
    _Session(channel, notebook, output_bytes, device).serve(ask)


class _Session:
    def __init__(self, channel: wire.Channel, notebook: NotebookRunner, output_bytes: int, device: str) -> None:
        self._channel = channel
        self._notebook = notebook
        self._output_bytes = output_bytes
        self._device = device
        self._call = 0
        self._pid = os.getpid()
        self._begin()

    def _begin(self) -> None:
        """Forget what an earlier question has left with us."""
        self._kept: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._output = sys.stdout = sys.stderr = Output(self._output_bytes, self._overflow)
        _reseed()

    def serve(self, ask: messages.Ask) -> None:
        for_good = is_for_good(ask.forbidden)
        problem = self._forbid(ask.forbidden, ask.lock) or self._replace(ask.replacements)
        self._channel.send(messages.Started(problem=problem[:_TEXT_LENGTH]))
        while (received := self._channel.receive(messages.to_session)) is not None:
            call, blob = received
            if isinstance(call, messages.Begin):
                self._begin()
                problem = self._forbid_anew(call, for_good=for_good)
                self._channel.send(messages.Started(problem=problem[:_TEXT_LENGTH]))
                continue
            self._call = call.id
            try:
                reply, blobs = self._answer(call, blob)
            except BaseException as error:  # noqa: BLE001 - student code may raise anything, at any time
                reply, blobs = self._raised(error), []
            # The call's own data may be large; nothing of it is needed while waiting for the next one.
            del call, blob, received
            if os.getpid() != self._pid:
                # A child that the student's code forked and let run on: a call has one answer.
                _exit(0)
            try:
                self._channel.hold(reply, blobs)
            except WireError as error:
                self._channel.hold(self._raised(error))

    def _forbid_anew(self, begin: messages.Begin, *, for_good: bool) -> str:
        """Give back what the last question didn't allow, and take away what this one doesn't."""
        if for_good or is_for_good(begin.forbidden):
            return "What this question or the last doesn't allow can't be taken away for a while."
        unban(begin.unlock)
        return self._forbid(begin.forbidden, begin.lock)

    def _forbid(self, names: Sequence[str], lock: int) -> str:
        """Take away what this question doesn't allow. What went wrong, or ""."""
        try:
            if names:
                ban(names, lock)
        except BaseException as error:  # noqa: BLE001 - what the student did to Python may break ours
            types, message, _ = self._notebook.describe(error)
            return f"What this question doesn't allow can't be taken away: {types[0]}: {message}."
        return ""

    def _replace(self, replacements: Mapping[str, str]) -> str:
        """Put our functions in the place of the student's. What went wrong, or ""."""
        for name, source in replacements.items():
            scope: dict[str, Any] = {"__name__": "replacement"}
            try:
                exec(compile(source, "<replacement>", "exec", dont_inherit=True), scope)  # noqa: S102
                self._notebook.namespace[name] = scope[name]
            except BaseException as error:  # noqa: BLE001 - what the student did to Python may break ours
                types, message, _ = self._notebook.describe(error)
                return f"Our version of a function does not run beside this notebook: {types[0]}: {message}."
        return ""

    def _answer(self, call: messages.Call, blob: memoryview) -> tuple[messages.Message, list[memoryview]]:
        function = self._notebook.namespace.get(call.name, _MISSING)
        if function is _MISSING:
            return messages.Absent(id=call.id, found="", output=self._output.take()), []
        if not callable(function):
            return messages.Absent(id=call.id, found=type_name(type(function)), output=self._output.take()), []
        make = functools.partial(evaluate, device=self._device)
        unpacker = Unpacker(blob, handle=self._fetch, record=self._rebuild, given=make, device=self._device)
        args = [unpacker.unpack(entry) for entry in call.args]
        kwargs = {name: unpacker.unpack(entry) for name, entry in call.kwargs.items()}
        count = None
        if call.count:
            value, took = counted(function, args, kwargs)
            count = messages.Counts(took.steps, took.passes)
        else:
            value = function(*args, **kwargs)
        packer = Packer(self._keep)
        packed = packer.pack(value)
        arguments = [packer.pack(entry) for entry in args] if call.return_arguments else None
        output = self._output.take()
        reply = messages.Done(id=call.id, value=packed, arguments=arguments, output=output, count=count)
        return reply, packer.blobs

    def _raised(self, error: BaseException) -> messages.Message:
        output = self._output.take()
        if isinstance(error, ForbiddenCall):
            message = str(error)[:_TEXT_LENGTH]
            return messages.Halted(id=self._call, verdict="FORBIDDEN", message=message, output=output)
        if isinstance(error, TooLargeError | WireError):
            message = f"The result is too large to be compared: {error}."[:_TEXT_LENGTH]
            return messages.Halted(id=self._call, verdict="MEMORY", message=message, output=output)
        types, message, line = self._notebook.describe(error)
        return messages.Threw(id=self._call, types=types, message=message, line=line, output=output)

    def _overflow(self) -> NoReturn:
        """Say so and end, whatever the student's code would catch."""
        most = OUTPUT_PATIENCE * self._output_bytes
        message = f"It printed more than {most} bytes: take out prints that stand in a loop."
        try:
            self._channel.send(
                messages.Halted(id=self._call, verdict="OUTPUT_LIMIT", message=message, output=self._output.take())
            )
        finally:
            _exit(0)

    def _keep(self, value: Any) -> Handle:
        number = self._numbers.setdefault(id(value), len(self._kept))
        self._kept[number] = value
        return Handle(number, type_name(type(value)))

    def _fetch(self, handle: Handle) -> Any:
        return self._kept[handle.number]

    def _rebuild(self, record: Record) -> Any:
        """A named tuple of the notebook's own class where there is one; else one made for the occasion."""
        names = [name for name, _ in record.fields]
        values = [value for _, value in record.fields]
        kind = self._notebook.namespace.get(record.type)
        if isinstance(kind, type) and list(getattr(kind, "_fields", ())) == names:
            return tuple.__new__(kind, values)
        if isinstance(kind, type) and list(getattr(kind, "__dataclass_fields__", ())) == names:
            return kind(*values)
        return namedtuple(record.type, names)(*values)


def _reseed() -> None:
    """The same random numbers for every question, whatever was asked before."""
    random.seed(_SEED)
    np.random.seed(_SEED)  # noqa: NPY002 - what students use unawares must be repeatable too
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(_SEED)
