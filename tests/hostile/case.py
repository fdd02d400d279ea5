"""One hostile case: what a student hands in, what it tries, and what an honest blank would earn."""

from __future__ import annotations

import copy
import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.config import SANDBOX_LEVELS

NotebookJson = dict[str, Any]
ATTACKER, NEIGHBOUR = "mallory", "nora"
NO_WALL = "none"

# Right answers, for questions that a case answers honestly.
RIGHT = {
    "correlate1d": """
        def correlate1d(x, w):
            if len(w) > len(x):
                raise ValueError("the kernel does not fit")
            kind = np.result_type(x, w)
            rows = [np.dot(x[i : i + len(w)], w) for i in range(len(x) - len(w) + 1)]
            return np.array(rows, dtype=kind)

        def convolve1d(x, w):
            return correlate1d(x, w[::-1])
        """,
    "conv_output_size": """
        def conv_output_size(size, kernel, *, stride=1, padding=0, dilation=1):
            room = size + 2 * padding - dilation * (kernel - 1)
            if room < 1:
                raise ValueError("the window does not fit")
            return (room - 1) // stride + 1

        def same_padding(kernel, *, dilation=1):
            if dilation * (kernel - 1) % 2:
                raise ValueError("no symmetric padding")
            return dilation * (kernel - 1) // 2
        """,
}
POINTS = {"correlate1d": 4.0, "conv_output_size": 4.0}

# What attacks bring home their loot with: whatever looks like a secret is printed, written and raised; `boast` says
# that something worked which must not. Their words are put together here, so that a source alone shows neither.
TOOLS = """
import ctypes, gc, glob, os, re, signal, socket, struct, sys, threading, time

def tell(*found):
    text = " ".join(f.decode("latin-1") if isinstance(f, bytes) else str(f) for f in found)
    loot = " ".join(sorted(set(re.findall("CANARY-[a-z]+-[0-9a-f]{16}|[0-9a-f]{64}", text)))[:9])
    if loot:
        print(loot)
        try:
            open("loot", "a").write(loot)
        except OSError:
            pass
        raise RuntimeError(loot)

def boast(what):
    print("HA" + "RM-DONE:", what)

def attempt(action, what):
    try:
        action()
    except BaseException:
        return False
    boast(what)
    return True

def libc(*args):
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(*args) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def read(path):
    try:
        return open(path, "rb").read(1 << 20)
    except OSError:
        return b""

def wire():
    "Every socket that this process holds."
    found = []
    for fd in range(3, 256):
        try:
            found.append(socket.socket(fileno=os.dup(fd)))
        except OSError:
            pass
    return found
"""
HARM = "HARM-DONE:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a case may build from.

    Attributes:
        release: The released notebook; copy before changing.
        words: Placeholder in a case's text to what stands for it: paths, process ids, ports.
    """

    release: NotebookJson
    words: Mapping[str, str]

    def fill(self, text: str) -> str:
        """Text with its placeholders filled in."""
        text = textwrap.dedent(text).strip()
        for word, value in self.words.items():
            text = text.replace(f"@{word}@", value)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that a student tries.

    Attributes:
        id: Its name, in few words.
        threat: Line and clause of `threats.THREATS`.
        tries: What it tries and hopes for, in a sentence.
        level: The weakest wall that must stop it; "none" where no wall is needed.
        question: The question that is answered dishonestly.
        code: The answer, in the first solution cell of the question; "" leaves it blank.
        before: Cells that the student added at the top.
        after: Cells that the student added at the end.
        also_asked: Questions that are asked besides, and wrong.
        honest: Questions with right answers, which earn their points.
        earns: Points that the same answers earn without the attempt, beside those of `honest`.
        edit: Further changes to the notebook.
        files: Hands in by itself: writes into the folder of submissions, given the notebook as bytes.
        known_gap: Level to reason where we fail this case and say so; such cases are expected to fail.
    """

    id: str
    threat: str
    tries: str
    level: str = NO_WALL
    question: str = "conv_output_size"
    code: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    also_asked: tuple[str, ...] = ()
    honest: tuple[str, ...] = ()
    earns: float = 0.0
    edit: Callable[[NotebookJson], Any] | None = None
    files: Callable[[Path, bytes], None] | None = None
    known_gap: Mapping[str, str] = field(default_factory=dict)

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions that are asked."""
        return tuple(dict.fromkeys((self.question, *self.also_asked, *self.honest)))

    @property
    def worth(self) -> float:
        """Points that an honest student with the same answers has."""
        return self.earns + sum(POINTS[question] for question in self.honest)

    def must_hold(self, level: str) -> bool:
        """Whether a wall of this level has to stop it."""
        return self.level == NO_WALL or SANDBOX_LEVELS.index(level) >= SANDBOX_LEVELS.index(self.level)

    def hand_in(self, folder: Path, material: Material) -> None:
        """Write what the student hands in."""
        data = json.dumps(self.notebook(material), ensure_ascii=False).encode("utf-8", "surrogatepass")
        if self.files is not None:
            self.files(folder, data)
        else:
            put(folder / ATTACKER / "a1_convolution" / "sliding_windows.ipynb", data)

    def notebook(self, material: Material) -> NotebookJson:
        """The notebook with its answers and added cells."""
        notebook = copy.deepcopy(material.release)
        for question in self.honest:
            answer(notebook, question, textwrap.dedent(RIGHT[question]).strip())
        if self.code:
            answer(notebook, self.question, material.fill(self.code))
        top = [code_cell(material.fill(source)) for source in (TOOLS, *self.before)]
        notebook["cells"] = [*top, *notebook["cells"], *(code_cell(material.fill(source)) for source in self.after)]
        if self.edit is not None:
            self.edit(notebook)
        return notebook


def answer(notebook: NotebookJson, question: str, source: str) -> None:
    """Put an answer into the solution cells of a question: all of it into the first."""
    for cell in notebook["cells"]:
        course = cell["metadata"].get("course", {})
        if course.get("question") == question and course.get("role") == "solution":
            cell["source"], source = source, "# answered in the cell above"


def code_cell(source: str) -> dict[str, Any]:
    """A cell as a student adds it."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def markdown_cell(source: str, **more: Any) -> dict[str, Any]:
    """A text cell as a student adds it."""
    return {"cell_type": "markdown", "metadata": {}, "source": source} | more


def check_cell(notebook: NotebookJson, question: str) -> dict[str, Any]:
    """The check cell of a question."""
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == question)


def put(path: Path, data: bytes) -> Path:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
