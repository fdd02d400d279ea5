"""What a class is asked: the calls of each question, noted from the first right answer, sent ahead to the others."""

from __future__ import annotations

from autograder.sandbox.ahead import Ahead, SentCall


class Rehearsals:
    """The calls of one notebook's questions, as far as they are known."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[SentCall, ...] | None] = {}

    def ahead(self, question: str) -> Ahead | None:
        """How to ask a question: with the calls that are known, or noting them; None where it is of no use."""
        if question in self._calls and self._calls[question] is None:
            return None
        return Ahead(calls=self._calls.get(question))

    def learn(self, question: str, ahead: Ahead, *, passed: bool) -> None:
        """Take note of how that went.

        Args:
            question: Its id.
            ahead: As it was asked.
            passed: Whether the answer is right.
        """
        if ahead.calls is None and passed and ahead.is_whole and ahead.made:
            self._calls[question] = tuple(ahead.made)
        elif ahead.calls is not None and ahead.differs:
            # Its calls depend on what was replied to others: they can't be known.
            self._calls[question] = None

    def clear(self) -> None:
        """Forget all: other inputs are drawn."""
        self._calls.clear()
