"""Where a question is explained."""

import pytest

from autograder.model import Question
from autograder.reports.reading import reading
from autograder.reports.views import Reading

LECTURES = {"Lecture 7": "https://example.edu/7", "": "https://example.edu/none"}


def read(section: str, idea: str) -> Reading | None:
    """What is said of a question."""
    return reading(Question(id="q", title="Q", points=1, section=section, idea=idea), LECTURES)


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("6. The size of the output", "section 6 of the notebook, “The size of the output”"),
        ("2.3 Ties", "section 2.3 of the notebook, “Ties”"),
        ("Stride and padding", "the section “Stride and padding” of the notebook"),
        ("1x1 convolutions", "the section “1x1 convolutions” of the notebook"),
    ],
)
def test_section(heading: str, said: str) -> None:
    """A numbered heading is found by its number; one without is named, whatever it begins with."""
    found = read(heading, "")
    assert found is not None
    assert (found.section, found.idea, found.address) == (said, "", "")


def test_lecture() -> None:
    """What stands before the first colon is the lecture, which may have an address; later colons belong to the idea."""
    found = read("", "Lecture 7: two rules: look near, share weights")
    assert found == Reading(
        section="", lecture="Lecture 7", idea="two rules: look near, share weights", address="https://example.edu/7"
    )
    assert read("", "Lecture 8: pooling") == Reading(section="", lecture="Lecture 8", idea="pooling", address="")


def test_no_lecture() -> None:
    """An idea without a lecture is an idea, and has no address."""
    assert read("", "sharing weights") == Reading(section="", lecture="", idea="sharing weights", address="")


def test_nothing() -> None:
    """A question that says neither has nothing to read."""
    assert read("", "") is None
