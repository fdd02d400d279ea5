"""Runs a notebook's cells without a kernel: IPython's syntax, quiet stand-ins for what only a kernel can do.

Runs in the worker, around student code; the grader believes nothing of what it says.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import importlib
import inspect
import linecache
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, NoReturn

from IPython.core.inputtransformer2 import TransformerManager

from autograder.sandbox.messages import CellDone, CellSource
from autograder.sandbox.pack import type_name
from autograder.sandbox.reduce import REDUCED_WALL_S, keep_definitions, one_import_each, split_blocks

_REPEAT_S = 0.1
_MESSAGE_LENGTH = 500
_LINE_LENGTH = 200
# Cell magics whose body is the student's code all the same, and line magics whose argument is.
_RUNNING_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun"})
_RUNNING_LINE_MAGICS = frozenset({"time"})
_WRITING_CELL_MAGICS = frozenset({"writefile", "file"})
_RUNNING_ON_TOP = re.compile(rf"\s*%%(?:{'|'.join(sorted(_RUNNING_CELL_MAGICS))})\b.*")


class CellTimeout(BaseException):
    """A cell took longer than it may. Not an Exception, so that `except Exception` doesn't swallow it."""


class NotebookRunner:
    """A namespace in which cells run one after the other, as `__main__`."""

    def __init__(self) -> None:
        self._module = ModuleType("__main__")
        self._transform = TransformerManager().transform_cell
        self._lines: dict[str, list[str]] = {}
        self._armed = False
        self.namespace: dict[str, Any] = self._module.__dict__
        shell = QuietShell(self._run_source)
        self.namespace.update(
            __builtins__=builtins, get_ipython=lambda: shell, display=_show_nothing, In=[], Out={}, _="", __="", ___=""
        )
        sys.modules["__main__"] = self._module
        builtins.input = _no_input
        # Modules that a notebook has written are found, but never in the place of a library's.
        sys.path.append("")
        # `from IPython import get_ipython` gives what a notebook has.
        for name in ("IPython", "IPython.core.getipython"):
            vars(sys.modules[name])["get_ipython"] = self.namespace["get_ipython"]

    def run(self, index: int, cell: CellSource, wall_s: float) -> CellDone:
        """Run one cell; if it fails or takes too long, what it imports and defines."""
        message = "It was left out, because it stopped the process."
        source = _without_magic_on_top(cell.source)
        kept = False
        if cell.mode == "full":
            give_up = time.monotonic() + wall_s
            error = self._attempt(lambda: self._run_source(source, cell.id), wall_s)
            if error is None:
                return CellDone(index=index, ok=True, message="", reduced=False)
            message = self._say(error, wall_s)
            if isinstance(error, ModuleNotFoundError):
                left_s = max(give_up - time.monotonic(), min(wall_s, REDUCED_WALL_S))
                kept = self._go_on(cell.id, error, left_s)
        if cell.mode != "skip" and not kept:
            kept = self._run_definitions(cell.id, source, min(wall_s, REDUCED_WALL_S))
        return CellDone(index=index, ok=False, message=message, reduced=kept)

    def describe(self, error: BaseException) -> tuple[list[str], str, str]:
        """Class names by method resolution order, message, and the student's line of an exception."""
        mro = type.__dict__["__mro__"].__get__(type(error))
        types = [type_name(kind) for kind in mro if kind is not object][:50]
        return types, _message_of(error), self._line_of(error)

    def _attempt(self, run: Callable[[], None], wall_s: float) -> BaseException | None:
        """Run for at most that long. What went wrong, or None."""
        try:
            with self._alarm(wall_s):
                run()
        except BaseException as error:  # noqa: BLE001 - student code may raise anything, SystemExit included
            return error
        return None

    def _say(self, error: BaseException, wall_s: float) -> str:
        """What went wrong, for the student."""
        if isinstance(error, CellTimeout):
            return f"it took longer than {wall_s:g} s: is there a loop that never ends?"
        types, message, line = self.describe(error)
        where = f", in the line `{line}`" if line else ""
        return f"{types[0]}: {message}{where}"

    def _go_on(self, name: str, error: ModuleNotFoundError, wall_s: float) -> bool:
        """Run what stands below an import of what isn't here, since where the cell was written it ran.

        Returns:
            Whether there was anything.
        """
        frames = traceback.walk_tb(error.__traceback__)
        stopped = next((line for frame, line in frames if frame.f_code.co_filename == self._file(name)), None)
        tree = _parse("".join(self._lines.get(self._file(name), ())))
        if stopped is None or tree is None:
            return False
        below = [statement for statement in tree.body if (statement.end_lineno or 0) >= stopped]
        return self._run_each(name, one_import_each(below), wall_s)

    def _run_definitions(self, name: str, source: str, wall_s: float) -> bool:
        """Run imports, definitions and plain assignments. True if there were any."""
        try:
            trees = [tree for block in split_blocks(self._transform(source)) if (tree := _parse(block)) is not None]
        except Exception:  # noqa: BLE001 - whatever IPython makes of a broken cell, nothing of it is kept
            return False
        statements = [statement for tree in trees for statement in tree.body]
        return self._run_each(name, one_import_each(keep_definitions(statements)), wall_s)

    def _run_each(self, name: str, statements: Sequence[ast.stmt], wall_s: float) -> bool:
        """Run statements, each by itself. True if one of them ran to its end."""
        ran = False
        give_up = time.monotonic() + wall_s
        for statement in statements:
            left_s = give_up - time.monotonic()
            if left_s <= 0:
                break
            ran = self._attempt(partial(self._run_statement, statement, name), left_s) is None or ran
        return ran

    def _run_statement(self, statement: ast.stmt, name: str) -> None:
        self._execute(self._compiled(ast.Module([statement], []), name))

    def _run_source(self, source: str, name: str = "magic") -> None:
        text, code = self._compile(source, name)
        self._remember(name, text)
        self._execute(code)

    def _compile(self, source: str, name: str) -> tuple[str, CodeType]:
        """The text that runs, and its code. Most cells are plain Python, which compiles ten times faster."""
        try:
            return source, self._compiled(source, name)
        except (SyntaxError, ValueError):
            text = self._transform(source)
            return text, self._compiled(text, name)

    def _compiled(self, source: str | ast.Module, name: str) -> CodeType:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code: CodeType = compile(source, self._file(name), "exec", flags=flags, dont_inherit=True)
        return code

    def _execute(self, code: CodeType) -> None:
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, self.namespace))  # noqa: S307 - running student code is what this process is for
        else:
            exec(code, self.namespace)  # noqa: S102

    @contextmanager
    def _alarm(self, wall_s: float) -> Iterator[None]:
        """Raise CellTimeout in the body after that time, and again until it gives in."""
        signal.signal(signal.SIGALRM, self._on_alarm)
        self._armed = True
        signal.setitimer(signal.ITIMER_REAL, wall_s, _REPEAT_S)
        try:
            yield
        finally:
            self._disarm()

    def _disarm(self) -> None:
        while self._armed:
            try:
                self._armed = False
                signal.setitimer(signal.ITIMER_REAL, 0)
            except CellTimeout:
                continue
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _on_alarm(self, _number: int, _frame: FrameType | None) -> None:
        if self._armed:
            raise CellTimeout

    def _file(self, name: str) -> str:
        return f"<cell {name}>"

    def _remember(self, name: str, text: str) -> None:
        lines = text.splitlines(keepends=True)
        self._lines[self._file(name)] = lines
        # For inspect.getsource, as in a notebook.
        linecache.cache[self._file(name)] = (len(text), None, lines, self._file(name))

    def _line_of(self, error: BaseException) -> str:
        if isinstance(error, SyntaxError) and type(error.text) is str:
            return _plain(error.text).strip()[:_LINE_LENGTH]
        line = ""
        trace = error.__traceback__
        while trace is not None:
            lines = self._lines.get(trace.tb_frame.f_code.co_filename, [])
            if 0 < trace.tb_lineno <= len(lines):
                line = lines[trace.tb_lineno - 1]
            trace = trace.tb_next
        return _plain(line).strip()[:_LINE_LENGTH]


class QuietShell:
    """Stands in for IPython's shell: magics and system commands do nothing, but for those whose body is code."""

    def __init__(self, run: Callable[[str], None]) -> None:
        self._run = run

    def run_line_magic(self, name: str, line: str, *_args: object, **_kwargs: object) -> None:
        """Run the argument of %time; do nothing else."""
        if name in _RUNNING_LINE_MAGICS:
            self._run(line)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Run the body of %%time and its like, write that of %%writefile; leave out %%bash, %%html and the rest."""
        if name in _RUNNING_CELL_MAGICS:
            self._run(cell)
        elif name in _WRITING_CELL_MAGICS:
            _write_file(line, cell)

    def system(self, *_args: object, **_kwargs: object) -> None:
        """Run no command."""

    def getoutput(self, *_args: object, **_kwargs: object) -> list[str]:
        """Run no command; its output is empty."""
        return []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _quiet


class _Quiet:
    """Any attribute and any call of it is itself: for `get_ipython().events.register(...)` and the like."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_args: object, **_kwargs: object) -> Any:
        return self


_quiet = _Quiet()


def _show_nothing(*_args: object, **_kwargs: object) -> None:
    """What `display` does when no one is looking."""


def _no_input(_prompt: object = "", /) -> NoReturn:
    raise RuntimeError("input() can't be answered while this is graded: write the value into the code instead")


def _write_file(line: str, text: str) -> None:
    """What %%writefile does: for modules that a notebook writes and then imports."""
    *options, name = line.split() or [""]
    with suppress(OSError), Path(name.strip("'\"")).open("a" if options else "w", encoding="utf-8") as file:
        file.write(text)
    importlib.invalidate_caches()


def _without_magic_on_top(source: str) -> str:
    """A cell's code without the magic that only times or hides it. Lines keep their numbers."""
    magic = _RUNNING_ON_TOP.match(source)
    return source if magic is None else "\n" * magic[0].count("\n") + source[magic.end() :]


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _message_of(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and type(error.msg) is str:
        return _plain(error.msg)[:_MESSAGE_LENGTH]
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - `__str__` is student code as well
        return ""
    return _plain(str.__str__(text)[:_MESSAGE_LENGTH])


def _plain(text: str) -> str:
    """Text that can travel: lone surrogates replaced."""
    return text.encode("utf-8", "replace").decode()
