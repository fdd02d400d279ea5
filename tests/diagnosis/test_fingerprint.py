"""Which replies are alike: what a mistake changes must count, what rounding and wording change must not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.diagnosis.attempt import Call
from autograder.diagnosis.fingerprint import calls_agree, replies_agree, same
from autograder.model import Verdict
from autograder.sandbox.protocol import Handle, Missing, Raised, Record, Returned, Stopped

ONES = np.ones((2, 3))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ONES, ONES * (1 + 1e-12)),
        (ONES.astype(np.float32), (ONES * (1 + 1e-6)).astype(np.float32)),
        (np.array([1e10, 1.0]), np.array([1e10, 1.0 + 1e-3])),
        (np.array([np.nan, np.inf, 1.0]), np.array([np.nan, np.inf, 1.0])),
        (3, np.int64(3)),
        (2.5, np.float32(2.5)),
        ((1, ONES), Record("Pair", (("a", 1), ("b", ONES)))),
        ({"a": [1, "x"]}, {"a": [1, "x"]}),
        (None, None),
        (np.zeros((0, 2)), np.zeros((0, 2))),
        (Handle(1, "Odd"), Handle(2, "Odd")),
        (torch.ones(2, 3), (1 + 1e-6) * torch.ones(2, 3)),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16, requires_grad=True)),
    ],
)
def test_alike(one, other):
    """Rounding, NumPy's scalars and named tuples make no difference, in either order."""
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ONES, ONES.T),
        (ONES, ONES.astype(np.float32)),
        (ONES, ONES.astype(np.int64)),
        (ONES, ONES * (1 + 1e-5)),
        (np.array([np.nan, 1.0]), np.array([1.0, np.nan])),
        (np.array([np.inf]), np.array([-np.inf])),
        (ONES, ONES.tolist()),
        (np.ones(1), 1.0),
        (3, 3.0),
        (1, True),
        ((1, 2), [1, 2]),
        ((1, 2), (1, 2, 3)),
        ({"a": 1}, {"b": 1}),
        ("a", "b"),
        (None, 0),
        (torch.from_numpy(ONES), ONES),
        (torch.ones(2), torch.ones(2).double()),
        (torch.ones(2).bfloat16(), torch.ones(2).half()),
        (torch.ones(2).bfloat16(), torch.zeros(2).bfloat16()),
        (torch.tensor(1.0), 1.0),
    ],
)
def test_different(one, other):
    """Shape, dtype, structure, places of NaN and values beyond rounding make a difference, in either order."""
    assert not same(one, other)
    assert not same(other, one)


def test_errors_are_alike_by_class():
    """The wording of an error and its line are the student's own; its class is not."""
    error = Raised(types=("ValueError", "Exception"), message="no", line="a")
    assert replies_agree(error, Raised(types=("ValueError", "Exception"), message="never", line="b"))
    assert not replies_agree(error, Raised(types=("IndexError", "Exception"), message="no"))
    assert not replies_agree(error, Returned(value=None))


def test_sizes_that_do_not_go_together_may_fail_in_several_ways():
    """Where both are wrong, an index beyond the end and shapes that don't fit are one thing; other errors are not."""
    index, value, runtime, key = (
        Raised(types=(name, "Exception"), message="")
        for name in ("IndexError", "ValueError", "RuntimeError", "KeyError")
    )
    assert calls_agree((Call("f", index),), (Call("f", value),), misfits=True)
    assert calls_agree((Call("f", runtime),), (Call("f", index),), misfits=True)
    assert not calls_agree((Call("f", index),), (Call("f", value),))
    assert not calls_agree((Call("f", index),), (Call("f", key),), misfits=True)


def test_results_are_as_good_as_what_was_sent():
    """From single precision no more than single precision comes, in whatever dtype."""
    one, other = Returned(value=ONES), Returned(value=ONES * (1 + 1e-6))
    assert not replies_agree(one, other)
    assert replies_agree(one, other, digits=4)
    assert calls_agree((Call("f", one, (np.float32(1),)),), (Call("f", other, (1.0,)),))


def test_changed_arguments_count():
    """Equal results with an argument changed in one of the two are not alike."""
    assert not replies_agree(Returned(value=1, arguments=(ONES,)), Returned(value=1, arguments=(2 * ONES,)))


def test_what_is_not_an_answer():
    """Missing functions and limits are alike by their kind."""
    assert replies_agree(Missing(name="f"), Missing(name="f"))
    assert not replies_agree(Missing(name="f"), Missing(name="f", found="int"))
    stopped = Stopped(verdict=Verdict.TIMEOUT, message="")
    assert not replies_agree(stopped, Stopped(verdict=Verdict.MEMORY, message=""))


def test_calls_are_compared_as_far_as_both_were_asked():
    """A hidden test that ended earlier is no difference; another reply on the way is."""
    one, two = Call("f", Returned(value=1)), Call("f", Returned(value=2))
    assert calls_agree((one,), (one, two))
    assert not calls_agree((two,), (one, two))
    assert not calls_agree((Call("g", Returned(value=1)),), (one,))
