"""The benchmarks of the gradient check and of the layers: that they tell right from wrong, and time what they say."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gradcheck, layers
from benchmarks.turns import Turns, take_turns
from benchmarks.wrong_gradients import Case, batchnorm, convolution, listed

CASES = {
    "convolution": convolution((2, 2, 4, 5), (3, 2), 2, stride=2, padding=1),
    "batch norm": batchnorm(5, 3, 1e-5),
}
EVERY_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def test_ratios_are_taken_within_rounds() -> None:
    """A slow round is slow for all: the median of 2, 2 and 5, and not the ratio of medians."""
    turns = Turns({"ours": (2.0, 20.0, 5.0), "theirs": (1.0, 10.0, 1.0)})

    assert turns.ratio("ours", "theirs") == 2.0
    assert turns.median_s("ours") == 5.0


def test_everybody_has_a_turn_in_each_round() -> None:
    """In order, once more than is counted."""
    order: list[str] = []
    turns = take_turns({"a": lambda: order.append("a"), "b": lambda: (order.append("b"), time.sleep(0.002))}, 2)

    assert order == ["a", "b"] * 3
    assert [len(spent) for spent in turns.seconds.values()] == [2, 2]
    assert turns.median_s("b") >= 0.002


@EVERY_CASE
@pytest.mark.parametrize("name", gradcheck.CHECKERS)
def test_each_checker_tells_right_from_wrong(case: Case, name: str) -> None:
    """One wrong entry is wrong for all of them."""
    check = gradcheck.CHECKERS[name]

    assert check(case, case.backward(case.right))
    assert not check(case, gradcheck.spoilt(case))


@EVERY_CASE
def test_a_crash_is_noticed(case: Case) -> None:
    """A wrong function that raises does not pass."""

    def crash(*_args: object, **_options: object) -> None:
        raise IndexError

    assert not any(gradcheck.passes(check, case, crash) for check in gradcheck.CHECKERS.values())


def test_what_is_found_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each contender, with the mistakes that it lets pass."""
    gradcheck.print_found("batchnorm_backward", [CASES["batch norm"]])
    lines = capsys.readouterr().out.splitlines()
    count = len(listed("batchnorm_backward"))

    assert lines[1] == f"batchnorm_backward: {count} listed mistakes"
    assert len(lines) == 2 + len(gradcheck.CHECKERS)
    assert all("found, right accepted" in line for line in lines[2:])
    assert "bb_lossy_variance" in lines[2]  # no gradient in float64 shows it at these inputs


def test_times_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """For a right gradient and a wrong one, with what each contender says."""
    gradcheck.print_times(CASES["batch norm"], "1e3", 1)
    out = capsys.readouterr().out

    assert out.count("says right") == out.count("says wrong") == len(gradcheck.CHECKERS)


def test_layers_are_those_of_the_notebook(tmp_path: Path) -> None:
    """Functions are taken, checks and figures don't run."""
    notebook = tmp_path / "notebook.py"
    notebook.write_text(
        "# %%\nimport nowhere\n# %%\ndef f(x: int | Sequence[int]):\n    return np.sum(x)\n# %%\ncheck.f(f)\n"
    )

    assert layers.definitions(notebook)["f"]([1, 2]) == 3


def test_what_computes_something_else_is_not_timed() -> None:
    """Rounding passes, anything more does not, nor does another dtype."""
    torch = pytest.importorskip("torch")
    ours = np.linspace(0, 1, 7, dtype=np.float32)
    layers.agree(ours, torch.from_numpy(ours.copy()), "float32")
    layers.agree((ours, ours), (torch.from_numpy(ours + np.float32(1e-6)), torch.from_numpy(ours)), "float32")
    with pytest.raises(AssertionError):
        layers.agree(ours, torch.from_numpy(ours + np.float32(1e-2)), "float32")
    with pytest.raises(AssertionError):
        layers.agree(ours.astype(np.float64), torch.from_numpy(ours), "float32")


def test_a_row_says_whether_the_goal_was_met() -> None:
    """The ratio beside the goal."""
    turns = Turns({"ours": (0.2,), "torch": (0.1,)})

    assert layers.line((8, 16, 64, 16, 7), "float32", "forward", turns, 3.0).endswith("2.00  within 3")
    assert layers.line((8, 16, 64, 16, 7), "float64", "forward", turns, 1.5).endswith("2.00  MISSED 1.5")
