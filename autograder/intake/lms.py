"""Names that learning platforms give to what they hand out: whose it is, and what the student called it. Pure.

Each platform packs a class in a way of its own, one file or folder per student or per file:

- Moodle: `Jane Doe_1234567_assignsubmission_file_`, a folder, or with the file's name behind it;
- Blackboard: `<assignment>_jdoe_attempt_2026-09-21-10-30-00_<file>`, for each attempt;
- Brightspace: `12345-67890 - Jane Doe - Sep 21, 2026 1030 AM`, a folder for each attempt;
- Canvas: `doejane_LATE_12345_678901_<file>`, where each file has a number of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a file or folder is.

    Attributes:
        student: The name under which the platform knows the student.
        number: What tells namesakes apart; "" where the name does.
        file: What the student called the file; "" for a folder.
        attempt: Sorts what a student handed in at several times; the newest comes last.
    """

    student: str
    number: str = ""
    file: str = ""
    attempt: str = ""


_MOODLE = re.compile(r"(?P<student>.+)_(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?")
_BLACKBOARD = re.compile(
    r".+_(?P<student>[^_]+)_attempt_(?P<attempt>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)_(?P<file>.+)", re.IGNORECASE
)
_BRIGHTSPACE = re.compile(r"(?P<number>\d+)-\d+ ?- ?(?P<student>.+?) ?- ?(?P<attempt>[A-Z][a-z]{2,8} \d{1,2}, \d{4}.*)")
_CANVAS = re.compile(r"(?P<student>[^_]+)(?:_LATE)?_(?P<number>\d{2,})_\d{5,}_(?P<file>.+)", re.IGNORECASE)
_SENT_AGAIN = re.compile(r"-\d+(?=\.\w+$)")
_MOMENT = "%b %d, %Y %I%M %p"


def owners(names: Sequence[str]) -> dict[str, Owner]:
    """Whose the files and folders of a class are, as far as a platform has named them.

    Args:
        names: All that lie side by side, stray files included.

    Returns:
        The owner of each that bears a platform's name. One student's have the same `student`, another's another.
    """
    found = {name: owner for name in names if (owner := _owner(name)) is not None}
    found |= _canvas([name for name in names if name not in found])
    namesakes = Counter(student for student, _ in {(owner.student, owner.number) for owner in found.values()})
    return {
        name: replace(owner, student=f"{owner.student}_{owner.number}") if namesakes[owner.student] > 1 else owner
        for name, owner in found.items()
    }


def _owner(name: str) -> Owner | None:
    """The owner, by a name that only a platform gives."""
    match = _MOODLE.fullmatch(name) or _BLACKBOARD.fullmatch(name)
    if match is not None:
        return Owner(**{key: value or "" for key, value in match.groupdict().items()})
    match = _BRIGHTSPACE.fullmatch(name)
    if match is not None:
        return Owner(student=match["student"], number=match["number"], attempt=_sortable(match["attempt"]))
    return None


def _canvas(names: Sequence[str]) -> dict[str, Owner]:
    """The owners of Canvas's files; nothing unless all notebooks and zips can be its.

    People call files in this way as well (`group_12_34567_...`). Where that would give one student two files of a name,
    it isn't Canvas, which gives out one attempt.
    """
    matches = {name: match for name in names if (match := _CANVAS.fullmatch(name)) is not None}
    students = {name: f"{match['student']}_{match['number']}" for name, match in matches.items()}
    twice = len({(students[name], match["file"]) for name, match in matches.items()}) < len(matches)
    if twice or not all(name in matches for name in names if name.lower().endswith((".ipynb", ".zip"))):
        return {}
    return {
        name: Owner(student=students[name], file=_SENT_AGAIN.sub("", match["file"])) for name, match in matches.items()
    }


def _sortable(moment: str) -> str:
    try:
        return datetime.strptime(moment, _MOMENT).isoformat()  # noqa: DTZ007 - compared with its like only
    except ValueError:
        return ""
