"""The classes that the benchmark measures: individuals, drawn anew in the same way, and right where they should be."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.diversity import digest, diversity
from benchmarks.rewriting import hand, rewritten
from benchmarks.written import NotWritableError, written

ROOT = Path(__file__).parents[1]


def run(tree: ast.Module | str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(tree if isinstance(tree, str) else ast.unparse(tree), names)
    return names


def scaled(factor: Any, step: Callable[[Any], Any] = lambda x: x + 1) -> Callable[..., Any]:
    """A function that holds other things."""
    seen: list[Any] = []

    def function(x: Any, *, power: int = 2) -> Any:
        """Nothing that a student would write."""
        seen.append(x)
        return np.sum(factor * step(x) ** power) + len(seen)

    return function


def test_a_closure_is_written_with_all_it_holds() -> None:
    """The text stands alone, computes the same, and remembers the same between calls."""
    table = scaled(np.array([1, 2]), step=lambda x: x - 3)
    tree = written({"answer": scaled(np.array([1, 2]), step=lambda x: x - 3)}, "q")
    theirs = run(tree)["answer"]

    assert "benchmarks" not in ast.unparse(tree)
    assert [theirs(5), theirs(5), theirs(5, power=3)] == [table(5), table(5), table(5, power=3)]


@pytest.mark.parametrize("value", [float("-inf"), np.inf, -0.5, 2, None, "text", (1, "a"), {"key": [1, 2]}])
def test_constants_are_written(value: Any) -> None:
    """Infinity has no literal of its own."""
    theirs = run(written({"answer": lambda: value}, "q"))["answer"]()

    assert theirs == value
    assert type(theirs) is type(value)


def test_helpers_of_two_answers_do_not_meet() -> None:
    """Both stand in one notebook: each keeps its own step."""
    names: dict[str, Any] = {}
    for name, step in (("one", abs), ("other", lambda x: 10 * x)):
        exec(ast.unparse(written({name: scaled(1, step)}, name)), names)

    assert (names["one"](-2), names["other"](-2)) == (4 + 1, 400 + 1)


class Counting:
    """Called like a function; knows how often."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.calls = 0

    def __call__(self, x: Any) -> Any:
        """A number of its own."""
        self.calls += 1
        return x + self.step * self.calls


def test_an_object_is_written_with_what_it_holds() -> None:
    """Its class, and its state when it was written."""
    used = Counting(10)
    used(0)
    theirs = run(written({"answer": used}, "q"))["answer"]

    assert [theirs(1), theirs(1)] == [used(1), used(1)] == [21, 31]


def test_what_has_no_text_is_refused() -> None:
    """An object with a state that nobody can see."""
    with pytest.raises(NotWritableError, match="Random"):
        written({"answer": scaled(random.Random(1))}, "q")


ANSWER = """
import numpy as np

def answer(x, w):
    total = np.zeros(w.shape[1])
    for k in range(len(w)):
        total += x[k] * w[k]
    rows = x @ w
    last = 0
    for k in range(3):
        last = 2 * last + k
    return np.array([total.sum(), rows.sum(), (x * x).sum(), np.einsum("k,kn->n", x, w).sum(0)]), last
"""


@pytest.mark.parametrize("number", range(24))
def test_another_hand_computes_the_same(number: int) -> None:
    """All draws of a hand agree but for rounding; a loop that must run forwards does."""
    rng = np.random.default_rng(number)
    x, w = rng.normal(size=7), rng.normal(size=(7, 5))
    theirs = rewritten(ast.parse(ANSWER), hand(random.Random(number), "numpy"), "q")
    wanted, last = run(ANSWER)["answer"](x, w)
    got, theirs_last = run(theirs)["answer"](x, w)

    assert theirs_last == last == 4
    assert got == pytest.approx(wanted, rel=1e-12)


def test_helpers_of_a_hand_meet_no_other() -> None:
    """An answer may call something `product` itself."""
    answer = written({"answer": lambda a, b: product(b, a)}, "q")

    for number in range(12):
        text = rewritten(ast.parse(ast.unparse(answer)), hand(random.Random(number), "numpy"), "q")
        assert run(text)["answer"](np.array([1, 2]), np.array([3, 4])) == 11


def product(a: Any, b: Any) -> Any:
    return a @ b


def test_hands_round_differently() -> None:
    """That is what they are for: a grader that remembers replies must not find all of them."""
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=70), rng.normal(size=(70, 5))
    texts = [rewritten(ast.parse(ANSWER), hand(random.Random(number), "numpy"), "q") for number in range(24)]

    assert len(set(texts)) == 24
    assert len({digest(run(text)["answer"](x, w)) for text in texts}) > 5


def test_loops_that_look_at_their_sum_run_forwards() -> None:
    """Only where turns may change places are they turned round."""
    style = replace(hand(random.Random(1), "numpy"), backwards=True)
    text = "def f(x):\n    a = b = 0\n    for i in range(3):\n        a += i\n        b += a\n    return b"

    assert "reversed" not in rewritten(ast.parse(text), style, "q")
    assert "reversed" in rewritten(ast.parse(text.replace("b += a", "b += x[i]")), style, "q")


def test_diversity_counts_bits() -> None:
    """Two of three students share a reply; nearly equal numbers are different ones."""
    replies = [{"t": digest(0.1 + 0.2)}, {"t": digest(0.3)}, {"t": digest(0.3)}]

    found = diversity([{"q": "a"}, {"q": "b"}, {"q": "c"}], replies, {"t": "q"})

    assert found == {"students": 3, "texts": {"q": 3}, "replies": {"q": 2}, "seen_before": pytest.approx(1 / 3)}
    assert digest(np.float32(1)) != digest(np.float64(1))
    assert digest(np.zeros((2, 1))) != digest(np.zeros((1, 2)))
