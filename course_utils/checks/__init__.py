"""Checks that a notebook runs on a student's functions: fixed small cases, one readable message, no answers.

One module per notebook: `from course_utils.checks import sliding_windows as check`.
"""

from course_utils.checks.failure import CheckFailed

__all__ = ["CheckFailed"]
