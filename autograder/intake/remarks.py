"""What a student and the staff should know of how a notebook was mended. Remarks cost nothing. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from autograder.intake.match import Ours, Pairing
from autograder.intake.text import listed
from autograder.model import Notebook, Role

_PUT_BACK = (Role.SETUP, Role.SOLUTION, Role.REFLECTION)


def remarks_on(
    release: Notebook, pairing: Pairing, *, added: Sequence[int], left_out: Sequence[int]
) -> tuple[str, ...]:
    """All remarks on one rebuilding.

    Args:
        release: Our notebook.
        pairing: How the cells belong together.
        added: Indices of the student's own cells.
        left_out: Indices of our stubs that were left out because another cell defines their functions.
    """
    return (
        *_on_missing(pairing, left_out),
        *_on_left_out(pairing, left_out),
        *_on_copies(pairing, added),
        *_on_kinds(pairing),
        *_on_checks(pairing, added),
        *_on_points(release, pairing),
        *_on_order(pairing),
    )


def _on_missing(pairing: Pairing, left_out: Sequence[int]) -> list[str]:
    missing = [
        _label(our)
        for index, our in enumerate(pairing.ours)
        if our.cell.role in _PUT_BACK and index not in pairing.of_ours and index not in left_out
    ]
    return [f"Missing or empty, and put back as it was given out: {listed(missing)}."] if missing else []


def _on_left_out(pairing: Pairing, left_out: Sequence[int]) -> list[str]:
    labels = [_label(pairing.ours[index]) for index in left_out]
    if len(labels) <= 1:
        return [f"{_capital(label)} is untouched: the definition in another cell counts." for label in labels]
    return [f"Untouched, so that the definitions in other cells count: {listed(labels)}."]


def _on_copies(pairing: Pairing, added: Sequence[int]) -> list[str]:
    copies = Counter(grade_id for index in added if (grade_id := pairing.theirs[index].cell.grade_id) is not None)
    copied = [our for our in pairing.ours if our.cell.role is Role.SOLUTION and our.cell.grade_id in copies]
    if len(copied) > 1:
        return [f"There more than once: {listed(list(map(_label, copied)))}. All run in their order; the last counts."]
    return [
        f"{_capital(_label(our))} is there {copies[our.cell.grade_id or ''] + 1} times: all run in their order, so the "
        "last counts."
        for our in copied
    ]


def _on_kinds(pairing: Pairing) -> list[str]:
    return [
        f"{_capital(_label(our))} had been turned into a {their.cell.kind} cell: it was read as code."
        for index, our in enumerate(pairing.ours)
        if our.cell.role is Role.SOLUTION and (their := pairing.edited(index)) is not None and their.cell.kind != "code"
    ]


def _on_checks(pairing: Pairing, added: Sequence[int]) -> list[str]:
    checks = {our.cell.grade_id: our for our in pairing.ours if our.cell.role is Role.CHECK and our.cell.grade_id}
    unused = [
        our.cell.question or our.cell.id
        for index, our in enumerate(pairing.ours)
        if our.cell.role is Role.CHECK and pairing.edited(index)
    ]
    kept = {pairing.theirs[index].cell.grade_id for index in added} & checks.keys()
    remarks = []
    if unused:
        remarks.append(f"Check cells are ours: what was written into those of {listed(unused)} is not used.")
    if kept:
        names = [our.cell.question or our.cell.id for grade_id, our in checks.items() if grade_id in kept]
        remarks.append(f"What was written into the check cell of {listed(names)} runs as a cell of your own.")
    return remarks


def _on_points(release: Notebook, pairing: Pairing) -> list[str]:
    points = {question.id: question.points for question in release.questions}
    remarks = []
    for index, our in enumerate(pairing.ours):
        if our.cell.role in (Role.CHECK, Role.REFLECTION) and index in pairing.of_ours and our.cell.question in points:
            claimed, ours = pairing.theirs[pairing.of_ours[index]].cell.points, points[our.cell.question]
            if claimed is not None and claimed != ours:
                remarks.append(f"The notebook says {claimed:g} points for {our.cell.question}; it has {ours:g}.")
    return remarks


def _on_order(pairing: Pairing) -> list[str]:
    order = [
        pairing.of_theirs[their]
        for their in sorted(pairing.of_theirs)
        if pairing.ours[pairing.of_theirs[their]].cell.role in (Role.SETUP, Role.SOLUTION)
    ]
    if order == sorted(order):
        return []
    return ["Cells had been moved: they are run in the order in which they were given out."]


def _label(our: Ours) -> str:
    match our.cell.role:
        case Role.SOLUTION:
            return f"the answer cell of {', '.join(sorted(our.names)) or our.cell.question}"
        case Role.REFLECTION:
            return f"the text of {our.cell.question}"
        case _:
            return f"the set-up cell {our.cell.id}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
