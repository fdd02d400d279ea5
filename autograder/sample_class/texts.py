"""What the sample students write in one notebook, as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Wrong, endless and dishonest answers to one notebook; what is not here, is answered by its solution.

    Attributes:
        typical_mistakes: Question to an answer that is wrong in a way that is often seen.
        looping: A question, and an answer to it that never ends.
        setup_helper: What one student adds to a set-up cell.
        added_helper: What that student writes in a cell of their own.
        with_helpers: Question to an answer that needs both.
        honest: The questions that the forger answers honestly.
        forged: Question to an answer that tries to earn points otherwise.
    """

    typical_mistakes: Mapping[str, str]
    looping: tuple[str, str]
    setup_helper: str
    added_helper: str
    with_helpers: Mapping[str, str]
    honest: tuple[str, ...]
    forged: Mapping[str, str]


# What the forger runs before anything is asked: comparisons that always hold, and files where scores may be kept.
SABOTAGE = """
import builtins, os, sys
import numpy.testing

numpy.testing.assert_allclose = lambda *args, **kwargs: None
numpy.allclose = lambda *args, **kwargs: True
sys.displayhook = lambda value: print("100.0")

class Always(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return Always(0.0)
    __hash__ = float.__hash__

try:
    get_ipython().input_transformers_post.append(lambda lines: ["pass\\n"])
except Exception:
    pass
for name in ("gradebook.db", "../gradebook.db", "course/gradebook.db", "score.json"):
    try:
        open(name, "w").write("52")
    except OSError:
        pass
print('{"score": 52, "max_score": 52}')
"""
