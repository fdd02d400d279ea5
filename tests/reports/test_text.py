"""Text that others wrote is safe to show and stays readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.reports.text import clean, one_line, shortened


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b2J\x00\x07", "\\x9b2J\\x00\\x07"),
        ("a\u202ecod.exe", "a\\u202ecod.exe"),
        ("\U000e0041", "\\U000e0041"),
        ("half \ud83d", "half \\ud83d"),
        ("line\u2028line", "line\\u2028line"),
        ("windows\r\nline", "windows\nline"),
        (" 10%\r 50%\r100%\r\ndone", "100%\ndone"),
        ("done\r", "done"),
        ("Zoë 王小明 👩\u200d🔬 می\u200cشود", "Zoë 王小明 👩\u200d🔬 می\u200cشود"),
    ],
)
def test_clean(raw: str, shown: str) -> None:
    """Controls, direction marks and halves of pairs are written out; languages, emoji and line feeds stay."""
    assert clean(raw) == shown


@given(st.text(st.characters(codec=None)))
def test_nothing_unseen_is_left(text: str) -> None:
    """Whatever comes, no character is left that steers a terminal, turns text round or can't be encoded."""
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert all(char.isprintable() or char.isspace() or char in "\u200c\u200d" or ord(char) > 0xFF for char in cleaned)
    assert not set(cleaned) & set(
        "\x1b\r\x00\x7f\x9b\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2069"
    )
    assert clean(cleaned) == cleaned


def test_one_line() -> None:
    """White space collapses, and what is too long ends in an ellipsis within the limit."""
    assert one_line("  a\n\tb\x0bc ") == "a b c"
    assert one_line("abcdef", 6) == "abcdef"
    assert one_line("abcdefg", 6) == "abcde…"


def test_shortened_says_what_is_left_out() -> None:
    """Text beyond a number of lines or characters is replaced by how much it was."""
    assert shortened("a\nb\n", lines=2, characters=10) == "a\nb"
    assert shortened("a\nb\nc", lines=2, characters=10) == "a\nb\n… (2 more characters)"
    assert shortened("x" * 2000, lines=2, characters=500) == "x" * 500 + "\n… (1,500 more characters)"
