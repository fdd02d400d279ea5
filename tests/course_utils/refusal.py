"""What a notebook's check says, as a value."""

from __future__ import annotations

from course_utils.checks import CheckFailed


def refusal(check, functions):
    """The failure of a check that is given some functions by name; None if it lets them through."""
    try:
        check(**functions)
    except CheckFailed as failed:
        return failed
    return None
