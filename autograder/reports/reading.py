"""Where a question is explained: the section of the notebook, and what of the lectures it grades. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from autograder.model import Question
from autograder.reports.views import Reading

_NUMBERED = re.compile(r"(?P<number>\d+(\.\d+)*)\.?\s+(?P<title>.+)")


def reading(question: Question, lectures: Mapping[str, str]) -> Reading | None:
    """What to read again.

    Args:
        question: Which; its idea names a lecture before the first colon, or none.
        lectures: Name of a lecture to its address.

    Returns:
        None if neither section nor idea is known.
    """
    if not question.section and not question.idea:
        return None
    lecture, colon, idea = question.idea.partition(":")
    if not colon:
        lecture, idea = "", question.idea
    lecture = lecture.strip()
    address = lectures.get(lecture, "") if lecture else ""
    return Reading(section=_section(question.section), lecture=lecture, idea=idea.strip(), address=address)


def _section(heading: str) -> str:
    """Such as "section 6 of the notebook, “The size of the output”"."""
    numbered = _NUMBERED.fullmatch(heading)
    if numbered:
        return f"section {numbered['number']} of the notebook, “{numbered['title']}”"
    return f"the section “{heading}” of the notebook" if heading else ""
