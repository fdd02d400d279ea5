"""Run a student's functions on small cases: values first, then errors, then purity; stop at the first failure."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from course_utils.checks.allowed import NotAllowed, without
from course_utils.checks.case import Case, Made
from course_utils.checks.failure import CheckFailed, folded, told
from course_utils.checks.forbidden import forbidden
from course_utils.checks.material import material, on_cpu, same_memory, snapshot
from course_utils.checks.stored import load
from course_utils.compare import Mismatch, Rung, compare
from course_utils.compare_arrays import is_tensor

Function = Callable[..., Any]
# Eight float32 steps of 1.2e-7: transforms and sums in another order stay below it, mistakes don't.
SINGLE_PRECISION = 1e-6


def check_question(
    notebook: str, question: str, functions: Mapping[str, Function], cases: Sequence[Case], device: str | None = None
) -> int:
    """Check the functions of a question with the stored results of its notebook, without what it does not allow.

    Args:
        notebook: Name of the notebook, "sliding_windows".
        question: Id of the question.
        functions: As for `check_cases`, as are cases and device, result and errors.
        cases: The cases of the question.
        device: Where arrays of the cases become tensors.
    """
    return check_cases(functions, cases, load(notebook), device, forbidden(notebook, question, functions))


def check_cases(
    functions: Mapping[str, Function],
    cases: Sequence[Case],
    right: Mapping[str, Any],
    device: str | None = None,
    not_allowed: Sequence[str] = (),
) -> int:
    """Check functions on cases, in the order of the cases.

    Args:
        functions: The student's functions by the name that the question gives them.
        cases: Cases with results before cases that ask for an error.
        right: The right result by the case's key.
        device: Where arrays of the cases become tensors; None for a notebook that works with arrays.
        not_allowed: Dotted names of what the question does not allow; it is gone meanwhile.

    Returns:
        How many checks passed: one for each case, one for unchanged inputs, one for a second call.

    Raises:
        CheckFailed: At the first rung of the first case that fails.
    """
    for name, function in functions.items():
        demand_callable(name, function)
    with without(not_allowed, functions.values()):
        return _check_cases(functions, cases, right, device)


def _check_cases(
    functions: Mapping[str, Function], cases: Sequence[Case], right: Mapping[str, Any], device: str | None
) -> int:
    kept: list[tuple[Case, Any, Any]] = []
    changed: list[str] = []
    for case in cases:
        arguments = _arguments(case, device)
        if case.raises:
            _demand_error(functions[case.function], case, arguments)
            continue
        result = call(functions[case.function], case.function, case.words, arguments, case.options)
        demand(result, right[case.key], case, device)
        kept.append((case, result, snapshot(result)))
        changed += [_changed(case, name, device) for name in _changes(case, arguments, device)]
    if changed:
        raise CheckFailed(changed[0], Rung.UNCHANGED)
    _demand_repeatable(functions, kept, right, device)
    return len(cases) + 2


def passed(question: str, checks: int, hidden: str) -> None:
    """Print the sentence of a check that passed.

    Args:
        question: Id of the question.
        checks: How many checks there were.
        hidden: The kinds of hidden case, as the end of "Hidden tests ...".
    """
    print(folded(f"✓ {question}: {checks} checks passed. Hidden tests {hidden}."))


def demand_callable(name: str, function: Any) -> None:
    """Demand that something is a function.

    Raises:
        CheckFailed: If it can't be called.
    """
    if not callable(function):
        message = f"{name}: expected a function, got {type(function).__name__}. Run the cell that defines it again."
        raise CheckFailed(message, Rung.CALLABLE)


def call(
    function: Function, name: str, words: str, arguments: Mapping[str, Any], options: Mapping[str, Any] | None = None
) -> Any:
    """Call a student's function; what it raises becomes a readable failure.

    Args:
        function: The function.
        name: Its name in the question.
        words: The call in words.
        arguments: Positional arguments by name.
        options: Keyword arguments.

    Raises:
        CheckFailed: If it is not implemented, can't be called like this, raises, or is interrupted.
    """
    options = options or {}
    _demand_signature(function, name, arguments, options)
    try:
        return function(*arguments.values(), **options)
    except NotAllowed as error:
        message = f"{name} with {words}: {error}{_line(error, function)}. Write this part yourself."
        failure = CheckFailed(message, Rung.RAN)
    except NotImplementedError as error:
        failure = CheckFailed(_unfinished(error, name, function), Rung.RAN)
    except Exception as error:  # noqa: BLE001 - whatever a student's code raises becomes a message
        failure = CheckFailed(f"{name} with {words}: {_raised(error, function)}", Rung.RAN)
    except KeyboardInterrupt as error:
        failure = _interrupted(error, f"{name} with {words}", function)
    raise failure


def demand(got: Any, want: Any, case: Case, device: str | None = None) -> None:
    """Take the result of a case up the comparison ladder.

    Args:
        got: What the student's function returned.
        want: The right result as it is stored.
        case: The case.
        device: As for `check_cases`.

    Raises:
        CheckFailed: If a rung fails.
    """
    mismatch = _mismatch(got, want, case, device)
    if mismatch is not None:
        raise CheckFailed(f"{mismatch.message}\n{_next_step(case, mismatch)}", mismatch.rung, mismatch.where)


def _mismatch(got: Any, want: Any, case: Case, device: str | None) -> Mismatch | None:
    rtol = _tolerance(case, want)
    return compare(
        on_cpu(got) if case.place == "any" else got,
        material(want, device=_device(case, device)),
        rtol=rtol,
        atol=rtol,
        axes=case.axes,
        what=f"{case.function} with {case.words}",
        dtype=case.dtype,
    )


def _device(case: Case, device: str | None) -> str | None:
    return device if device is None or case.place == "inputs" else "cpu"


def _arguments(case: Case, device: str | None) -> dict[str, Any]:
    return {name: material(value, case.layout, _device(case, device)) for name, value in case.inputs.items()}


def _tolerance(case: Case, want: Any) -> float:
    """The case's tolerance; in single precision at least that of a detour, over Fourier space, say."""
    single = isinstance(want, np.ndarray) and want.dtype == np.float32
    return max(case.rtol, SINGLE_PRECISION) if single else case.rtol


def _next_step(case: Case, mismatch: Mismatch) -> str:
    about = f"This case looks at {case.about}."
    look = case.look
    if not isinstance(look, str):
        look = next((text for name, text in look.items() if mismatch.message.startswith(f"{name} of ")), "")
    return f"{about} {look}" if look and mismatch.rung in (Rung.SHAPE, Rung.FINITE, Rung.VALUES) else about


def _changes(case: Case, arguments: Mapping[str, Any], device: str | None) -> list[str]:
    """The inputs that are no longer what they were; what was made for this call has no earlier state to keep."""
    before = _arguments(case, device)
    stored = [name for name, value in case.inputs.items() if not isinstance(value, Made)]
    return [name for name in stored if not _equal(arguments[name], before[name])]


def _equal(got: Any, before: Any) -> bool:
    if before is None or isinstance(before, str):
        return bool(got == before)
    return compare(got, before, rtol=0, atol=0) is None


def _changed(case: Case, name: str, device: str | None) -> str:
    in_place = " Methods such as clamp_ and operators such as += write into their tensor." if device else ""
    return (
        f"{case.function} with {case.words}: the results are right, but its input {name} is not what it was before "
        f"the call.{in_place} Work on a copy, or write into something of your own."
    )


def _demand_signature(function: Function, name: str, arguments: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*arguments.values(), **options)
    except TypeError as error:
        listed = ", ".join([*arguments, *(f"{option}=..." for option in options)])
        message = f"{name} can't be called as {name}({listed}): {error}. Keep the parameters that the notebook gives."
        failure = CheckFailed(message, Rung.CALLABLE)
    else:
        return
    raise failure


def _unfinished(error: Exception, name: str, function: Function) -> str:
    inner = traceback.extract_tb(error.__traceback__)[-1].name
    if inner not in (name, getattr(function, "__name__", name), "<lambda>"):
        return f"{name} calls {inner}, which is not implemented yet. Write {inner} first."
    return f"{name} is not implemented yet. Write it in the cell above, run that cell, then this one."


def _raised(error: Exception, function: Function) -> str:
    hint = " The input can't be written to: work on a copy." if "read-only" in str(error) else ""
    return f"expected a result, got {told(error)}{_line(error, function)}.{hint}"


def _line(error: BaseException, function: Function) -> str:
    """Where in the cell of the function an error came up, as the end of a sentence."""
    code = getattr(function, "__code__", None)
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if code and frame.filename == code.co_filename
    ]
    return f", in the line `{frames[-1].line}`" if frames and frames[-1].line else ""


def _interrupted(error: KeyboardInterrupt, where: str, function: Function) -> CheckFailed:
    """The failure of a call that somebody has stopped, who waited for its end."""
    line = _line(error, function)
    return CheckFailed(
        f"{where}: expected a result, was interrupted{line}. Small cases take moments: which loop does not end?",
        Rung.RAN,
    )


def _demand_error(function: Function, case: Case, arguments: Mapping[str, Any]) -> None:
    _demand_signature(function, case.function, arguments, case.options)
    where = f"{case.function} with {case.words}"
    try:
        result = function(*arguments.values(), **case.options)
    except ValueError:
        return
    except KeyboardInterrupt as error:
        raise _interrupted(error, where, function) from None
    except Exception as error:  # noqa: BLE001 - whatever a student's code raises becomes a message
        found = told(error)
    else:
        found = _found(result)
    message = (
        f"{where}: expected a ValueError, because {case.raises}, got {found}. Test for it and raise ValueError(...)."
    )
    raise CheckFailed(message, Rung.RAN)


def _found(result: Any) -> str:
    if isinstance(result, np.ndarray) or is_tensor(result):
        return f"{'a tensor' if is_tensor(result) else 'an array'} of shape {tuple(result.shape)}"
    if isinstance(result, tuple) and any(isinstance(entry, np.ndarray) or is_tensor(entry) for entry in result):
        return f"a tuple of {len(result)} entries"
    return repr(result)[:80]


def _demand_repeatable(
    functions: Mapping[str, Function],
    kept: Sequence[tuple[Case, Any, Any]],
    right: Mapping[str, Any],
    device: str | None,
) -> None:
    """Demand that results stay as they were when other calls are made, and that the first call gives them again."""
    first: dict[str, tuple[Case, Any]] = {}
    for case, result, _ in kept:
        first.setdefault(case.function, (case, result))
    for name, (case, result) in first.items():
        again = call(functions[name], name, case.words, _arguments(case, device), case.options)
        if _mismatch(again, right[case.key], case, device) is not None:
            message = (
                f"{name} with {case.words}: the first call was right, the same call later is not: something is "
                "remembered between calls. Start every call from its arguments alone."
            )
            raise CheckFailed(message, Rung.REPEATABLE)
        if same_memory(again, result):
            thing = "array" if device is None else "tensor"
            message = f"{name} with {case.words}: two calls gave the same {thing}: the second changes the first."
            raise CheckFailed(f"{message} Make a new {thing} in every call.", Rung.REPEATABLE)
    for case, result, before in kept:
        if compare(result, before, rtol=0, atol=0) is not None:
            thing = "array" if device is None else "tensor"
            message = (
                f"{case.function} with {case.words}: the result was right, but it changed when the function was called "
                f"again. Make a new {thing} in every call."
            )
            raise CheckFailed(message, Rung.REPEATABLE)
