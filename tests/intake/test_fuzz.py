"""No bytes, and no change to a notebook, raise anything or touch what is ours."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.intake.rebuild import rebuild_file
from autograder.model import Role, Submission
from tests.intake.notebooks import (
    CORRELATE,
    SETUP,
    SIZE,
    SIZE_STUB,
    release_notebook,
    saved_by_colab,
    solved,
    to_bytes,
)

RELEASE = release_notebook()
VALID = to_bytes(solved(RELEASE))
ENTRIES = solved(RELEASE)["cells"] + saved_by_colab(solved(RELEASE), keep_nbgrader=False, keep_id=False)["cells"]
few = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
texts = st.sampled_from(["", SETUP, CORRELATE, SIZE, SIZE_STUB, "x = 1", "def f(:", "# note", "%magic"]) | st.text(
    max_size=60
)
cells = st.sampled_from(ENTRIES) | st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw", "heading", "x"]) | json_values, "source": texts},
    optional={
        "id": st.sampled_from([cell.id for cell in RELEASE.cells]) | json_values,
        "metadata": json_values
        | st.fixed_dictionaries(
            {
                "nbgrader": st.fixed_dictionaries(
                    {"grade_id": st.sampled_from([cell.grade_id for cell in RELEASE.cells])},
                    optional={"points": json_values},
                )
            }
        ),
    },
)


def check(data: bytes) -> Submission:
    """What must hold of every submission, whatever came."""
    submission = rebuild_file(RELEASE, "ada", data, original="ada/x.ipynb")
    assert bool(submission.cells) == (submission.problem is None)
    if submission.cells:
        ids = [cell.id for cell in submission.cells]
        ours = [cell.id for cell in RELEASE.cells]
        assert [name for name in ids if name in ours] == ours
        assert len(set(ids)) == len(ids)
        checks = [cell for cell in submission.cells if cell.role is Role.CHECK]
        assert checks == [cell for cell in RELEASE.cells if cell.role is Role.CHECK]
    for text in (submission.problem or "", *submission.remarks, *(cell.source for cell in submission.cells)):
        text.encode()
        assert "\x00" not in text
    assert "\n" not in (submission.problem or "")
    assert len(submission.remarks) < 30
    return submission


@few
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """Random bytes become a problem."""
    assert check(data).problem is not None


@few
@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_any_text(text: str, encoding: str) -> None:
    """Random text in any encoding becomes a problem."""
    assert check(text.encode(encoding)).problem is not None


@few
@given(json_values, st.booleans())
def test_any_json(value: Any, as_cells: bool) -> None:
    """Any JSON, also in the place of the cells, is survived."""
    check(json.dumps({"cells": value, "nbformat": 4} if as_cells else value).encode())


@few
@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.binary(max_size=4)), max_size=6))
def test_damaged_bytes(damage: list[tuple[int, bytes]]) -> None:
    """A notebook with bytes overwritten, inserted or lost is survived."""
    data = VALID
    for position, new in damage:
        data = data[:position] + new + data[position + 2 :]
    check(data)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(cells, max_size=14), json_values)
def test_any_cells(entries: list[Any], metadata: Any) -> None:
    """Cells in any order and number, copied, mixed and forged, leave our cells whole and in their order."""
    check(json.dumps({"cells": entries, "metadata": metadata}).encode())


@few
@given(st.permutations(solved(RELEASE)["cells"]))
def test_any_order(entries: list[Any]) -> None:
    """Moving cells changes no cell's text and no order."""
    submission = check(json.dumps({"cells": entries}).encode())
    assert submission.cells == check(VALID).cells
