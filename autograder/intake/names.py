"""Names that come with a submission: the student's from a folder or file, and which file is the notebook. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from autograder.intake.text import shown

MAX_NAME_CHARS = 100

# Not to be had in file names on one system or another, or apt to reorder what stands beside them.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]')
_CONTROLS = {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
_UNSAFE = re.compile(r"[^\w.-]+")
_ENDINGS = (".ipynb", ".ipynb.txt", ".ipynb.json", ".json", ".txt")
_COPY = r"(?:-\d+| ?\(\d+\)| - copy(?: \(\d+\))?|[-_ ]copy\d*)*"
# The first digit of each number only: else each of a million digits would be tried as the first.
_NUMBER = re.compile(r"(?<!\d)(\d+)\D*$")


def student_name(raw: str) -> tuple[str, str | None]:
    """The student's name from a folder or file name.

    Returns:
        The name in Unicode's composed form (Macs decompose it) and None; or a safe stand-in and the problem.
    """
    name = unicodedata.normalize("NFC", raw)
    fault = None
    if len(name) > MAX_NAME_CHARS:
        fault = f"at most {MAX_NAME_CHARS} characters, got {len(name)}"
    elif any(unicodedata.category(char) in _CONTROLS for char in name):
        fault = "a name of printable characters, got one with control or undecodable characters"
    elif _FORBIDDEN.search(name):
        fault = 'a name without < > : " / \\ | ? * and direction marks'
    elif name != name.strip():
        fault = "a name without white space at its ends"
    if fault is None:
        return name, None
    return safe_name(raw), f"The student's name '{shown(raw)}': expected {fault}. Rename the folder or file."


def safe_name(raw: str) -> str:
    """A stand-in for a name that can't be used: its plain characters, and a hash that keeps two of them apart."""
    digest = hashlib.sha256(raw.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    plain = _UNSAFE.sub("_", raw.encode("ascii", "replace").decode())[:40].strip("._")
    return f"{plain or 'unnamed'}-{digest}"


def split_student(file_name: str, notebooks: Sequence[str]) -> tuple[str, str | None]:
    """The student and the notebook that a file beside others names.

    `<student>_<notebook>.ipynb`, `<student> - <notebook>.ipynb` and `<notebook> - <student>.ipynb`, also with what
    systems and browsers append to a copy ("-1", " (2)", " - Copy"), give both; any other name is the student's alone.
    """
    stem = _stem(file_name) if _is_notebook_file(file_name) else file_name.rsplit(".", 1)[0]
    if stem in notebooks:
        return stem, None
    for notebook in sorted(notebooks, key=len, reverse=True):
        words = r"[\s_-]+".join(map(re.escape, re.split(r"[\s_-]+", notebook)))
        for form in (rf"(.+?)\s*[_-]\s*{words}{_COPY}", rf"{words}\s+-\s+(?!copy)(.+?){_COPY}"):
            match = re.fullmatch(form, stem, re.IGNORECASE)
            if match:
                return match[1], notebook
    return stem, None


def like_named(file_names: Sequence[str], notebook: str, others: Sequence[str] = ()) -> list[str]:
    """The files that are called like a notebook without being so exactly, the newest copy first.

    Browsers, Jupyter and students number copies: of `sliding_windows (1)` and `sliding_windows (2)` the second is the
    newer one. Dates of files say less: unpacking changes them.

    Args:
        file_names: What there is.
        notebook: What is looked for.
        others: The assignment's other notebooks; a file that is called like a longer one of them is left to it.
    """
    wanted = _plain(notebook)
    rivals = [_plain(other) for other in others if wanted in _plain(other)]
    found = []
    for name in file_names:
        stem = _plain(_stem(name))
        if _is_notebook_file(name) and wanted in stem and not any(rival in stem for rival in rivals):
            number = _NUMBER.search(stem.split(wanted, 1)[1])
            # Digits beyond these are no count of copies.
            found.append((-int(number[1][:9]) if number else 0, name))
    return [name for _, name in sorted(found)]


def _is_notebook_file(name: str) -> bool:
    return name.lower().endswith(_ENDINGS)


def _stem(name: str) -> str:
    ending = next(ending for ending in (*_ENDINGS, "") if name.lower().endswith(ending))
    return name[: len(name) - len(ending)]


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFC", name).casefold())
