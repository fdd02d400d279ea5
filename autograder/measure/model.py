"""What was measured of each question, as data."""

from __future__ import annotations

from dataclasses import dataclass

COUNTS = (
    "mistakes_listed",
    "mistakes_caught",
    "caught_visibly",
    "alternatives_listed",
    "alternatives_accepted",
    "diagnosis_cases",
    "diagnosis_right",
    "unrelated_bugs",
    "accused",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of one question. Mistakes that reply alike everywhere count once.

    Attributes:
        question: Its id.
        mistakes: Ids of the mistakes that count.
        alike: Pairs of a mistake that doesn't count and the one to which it is equal.
        smallest: Pairs of a mistake and the hidden test with the smallest arguments that notices it.
        visibly: Ids of the mistakes that the visible check notices.
        alternatives: Names of the right answers.
        rejected: Alternative, seed's number, hidden test and message of everything that was not accepted.
        diagnosed: Id of each mistake on the second base to the mistake that was named, or "".
        diagnosis_right: How many of those are the mistake itself or one with the same symptom.
        unrelated_bugs: Random bugs that failed a hidden test.
        accused: Of these, the named mistake and the bug's text where the two differ on fresh inputs.
        named_bugs: Of these, how many were named at all.
        wall_s: Seconds that it took.
    """

    question: str
    mistakes: tuple[str, ...]
    alike: tuple[tuple[str, str], ...]
    smallest: tuple[tuple[str, str], ...]
    visibly: tuple[str, ...]
    alternatives: tuple[str, ...]
    rejected: tuple[tuple[str, int, str, str], ...]
    diagnosed: tuple[tuple[str, str], ...]
    diagnosis_right: int
    unrelated_bugs: int
    named_bugs: int
    accused: tuple[tuple[str, str], ...]
    wall_s: float

    @property
    def missed(self) -> tuple[str, ...]:
        """The mistakes that get full points."""
        caught = {mistake for mistake, _ in self.smallest}
        return tuple(mistake for mistake in self.mistakes if mistake not in caught)

    @property
    def refused(self) -> tuple[str, ...]:
        """The right answers that do not get full points."""
        return tuple(dict.fromkeys(entry[0] for entry in self.rejected))

    @property
    def counts(self) -> dict[str, int]:
        """The numbers that are added up over questions."""
        values = (
            len(self.mistakes),
            len(self.smallest),
            len(self.visibly),
            len(self.alternatives),
            len(self.alternatives) - len(self.refused),
            len(self.diagnosed),
            self.diagnosis_right,
            self.unrelated_bugs,
            len(self.accused),
        )
        return dict(zip(COUNTS, values, strict=True))
