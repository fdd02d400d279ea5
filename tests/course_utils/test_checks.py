"""The visible checks accept every right way of writing a function, and catch the mistakes with a readable message."""

from __future__ import annotations

import re
import time
import warnings

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_utils.checks import CheckFailed
from course_utils.checks import sliding_windows as check
from course_utils.checks.failure import LINE, folded
from course_utils.checks.sliding_windows_cases import CASES
from course_utils.compare import Rung
from tests.course_utils import reference as right
from tests.course_utils.mistakes import MISTAKES
from tests.course_utils.reference import RIGHT

QUESTIONS = sorted(RIGHT)


def failure(question, functions):
    """What a check says to some functions; None if it lets them through."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            getattr(check, question)(**{**RIGHT[question][0], **functions})
        except CheckFailed as failed:
            return failed
    return None


def said(question, mistake):
    return failure(question, MISTAKES[question][mistake])


def test_every_question_has_right_ways_and_mistakes():
    """The twelve questions of the notebook, no more and no less."""
    public = {name for name, value in vars(check).items() if callable(value) and value.__module__ == check.__name__}
    assert {name for name in public if not name.startswith("_")} == set(RIGHT) == set(MISTAKES)
    assert len(RIGHT) == 12
    assert set(CASES) == set(RIGHT) - {"square_detector"}


@pytest.mark.parametrize(
    ("question", "way"), [(question, way) for question in QUESTIONS for way in range(len(RIGHT[question]))]
)
def test_right_ways_pass_with_one_line(question, way, capsys):
    """Loops, sums of shifts, matrices, einsum, FFT and im2col pass, quickly, and one line is printed."""
    start = time.perf_counter()
    getattr(check, question)(**RIGHT[question][way])
    assert time.perf_counter() - start < 2
    line = rf"✓ {question}: \d+ checks passed\. Hidden tests [^.]+\.\n"
    assert re.fullmatch(line, capsys.readouterr().out)


@pytest.mark.parametrize("question", QUESTIONS)
def test_nine_in_ten_mistakes_are_caught(question):
    """Of the listed mistakes, at least nine in ten are caught at once; those that are not are printed."""
    missed = [name for name in MISTAKES[question] if said(question, name) is None]
    print(f"{question}: {len(MISTAKES[question]) - len(missed)} of {len(MISTAKES[question])} caught; missed: {missed}")
    assert len(MISTAKES[question]) >= 15
    assert len(missed) <= len(MISTAKES[question]) / 10


@pytest.mark.parametrize("question", QUESTIONS)
def test_messages_are_short_and_say_which_function(question):
    """A message names a function of the question, stays short, and dumps neither arrays nor tracebacks."""
    for name in MISTAKES[question]:
        failed = said(question, name)
        if failed is None:
            continue
        first = failed.message.splitlines()[0]
        assert any(function in first for function in RIGHT[question][0]), (name, failed.message)
        assert len(failed.message) < 900, (name, failed.message)
        assert "array(" not in failed.message.replace("np.array(...)", ""), (name, failed.message)
        assert "Traceback" not in failed.message


@pytest.mark.parametrize("question", QUESTIONS)
def test_not_implemented_is_said_kindly(question):
    """An untouched stub fails with a sentence, not with a traceback."""
    failed = said(question, "not implemented")
    assert failed.rung is Rung.RAN
    assert failed.message.endswith("is not implemented yet. Write it in the cell above, run that cell, then this one.")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("value", [None, 3, np.ones(2)])
def test_something_that_is_no_function_is_refused(question, value):
    """A name that stands for something else, in the first place or the last, is named."""
    for name in RIGHT[question][0]:
        failed = failure(question, {name: value})
        assert failed.rung is Rung.CALLABLE
        assert failed.message.startswith(f"{name}: expected a function, got {type(value).__name__}.")


@pytest.mark.parametrize(
    ("question", "mistake", "rung", "parts"),
    [
        ("correlate1d", "flipped_kernel", Rung.VALUES, ["0 1 -1 1 1 with -1 1", "pairs w[0] with the first"]),
        ("correlate1d", "same_size", Rung.SHAPE, ["expected shape (4,), got (5,). L_out is 1 too large."]),
        ("correlate1d", "zeros_like_x", Rung.DTYPE, ["expected dtype float64, got int64"]),
        ("correlate1d", "float32_inside_1d", Rung.VALUES, ["as if something were stored or computed in float32"]),
        ("correlate1d", "prints_only", Rung.TYPE, ["got None", "`return`"]),
        ("correlate1d", "no_error_for_a_long_kernel", Rung.RAN, ["expected a ValueError", "longer than the input"]),
        ("correlate1d", "flips_w_in_place", Rung.RAN, ["read-only", "work on a copy", "in the line `w[:] = "]),
        ("correlate2d", "true convolution", Rung.VALUES, ["exactly the negative", "without being flipped"]),
        ("correlate2d", "zeros is edge", Rung.VALUES, ["at the border", "the interior is right", "zero padding"]),
        ("correlate2d", "reflect repeats the edge", Rung.VALUES, ["mode 'reflect'", "which is not repeated"]),
        ("correlate2d", "unknown mode gives KeyError", Rung.RAN, ["expected a ValueError", "got KeyError"]),
        ("match_template", "unbiased n", Rung.VALUES, ["scores of match_template", "5/6 times the right ones"]),
        ("match_template", "flat windows score NaN", Rung.FINITE, ["are NaN", "0/0"]),
        ("match_template", "column before row", Rung.VALUES, ["entry 0 of best of match_template"]),
        ("match_template", "flat index", Rung.TYPE, ["best of match_template", "expected a tuple of 2 entries"]),
        ("sobel_edges", "gauss without the sum", Rung.VALUES, ["gaussian_kernel with size 5, sigma 1.5", "times the"]),
        ("sobel_edges", "gx and gy swapped", Rung.VALUES, ["gx of sobel_edges", "an upright edge"]),
        ("sobel_edges", "gx negative", Rung.VALUES, ["gx of sobel_edges", "exactly the negative"]),
        ("sobel_edges", "magnitude without the root", Rung.VALUES, ["magnitude of sobel_edges"]),
        ("square_detector", "three corners", Rung.VALUES, ["one pixel is not as in the outline", "# # # ."]),
        ("square_detector", "looks at the surroundings", Rung.VALUES, ["must give a positive number, but gives none"]),
        ("square_detector", "scalar bias", Rung.TYPE, ["b2 of square_detector", "got float"]),
        ("square_detector", "channel axes swapped", Rung.SHAPE, ["w2 (1, C, 3, 3)", "got (4, 1, 3, 3)"]),
        ("conv_output_size", "E1 no floor", Rung.TYPE, ["got the float 3.0; sizes are whole numbers, use //"]),
        ("conv_output_size", "E3 dilation ignored", Rung.VALUES, ["dilation 2: expected another number, got 8, which"]),
        ("conv_output_size", "no error", Rung.RAN, ["does not fit into the padded input, got 0"]),
        ("conv_output_size", "same: E5 k//2 for all", Rung.RAN, ["same_padding with kernel 4: expected a ValueError"]),
        ("conv_counts", "E6 bias forgotten", Rung.VALUES, ["params of conv_counts", "got 750, which is too small"]),
        ("conv_counts", "E14 FLOPs", Rung.VALUES, ["macs of conv_counts", "which is too large", "dot product"]),
        ("conv_counts", "E9 groups ignored", Rung.VALUES, ["groups 2", "c_in / groups channels"]),
        ("conv_counts", "two of three", Rung.SHAPE, ["expected 3 entries (params, macs, activations), got 2"]),
        ("conv2d_forward", "no bias", Rung.VALUES, ["in each output channel all values are off by one and the same"]),
        ("conv2d_forward", "bias 0 for all", Rung.VALUES, ["the last 3 output channels, where every value is wrong"]),
        ("conv2d_forward", "first sample only", Rung.VALUES, ["All errors are in sample 1"]),
        ("conv2d_forward", "pad edge", Rung.VALUES, ["padding 2", "at the border", "Zeros are added on both sides"]),
        (
            "conv2d_forward",
            "window starts at i",
            Rung.VALUES,
            ["Everything is wrong but the top left corner", "stride 2"],
        ),
        ("conv2d_forward", "stride first axis only", Rung.SHAPE, ["W_out is 4 too large"]),
        ("conv2d_forward", "transposed output", Rung.SHAPE, ["with its last two axes swapped"]),
        (
            "conv2d_forward",
            "float64 always",
            Rung.DTYPE,
            ["x (1, 2, 4, 5) float32", "expected dtype float32, got float64"],
        ),
        ("conv2d_forward", "strides by hand", Rung.VALUES, ["not contiguous", "computing strides by hand"]),
        ("conv2d_forward", "mutates b", Rung.RAN, ["read-only"]),
        ("conv2d_forward", "remembers", Rung.VALUES, []),
        ("conv2d_forward", "one buffer", Rung.REPEATABLE, ["two calls gave the same array"]),
        ("conv2d_forward", "ints only", Rung.RAN, ["TypeError", "'int' and 'tuple'"]),
        ("conv2d_forward", "other parameter names", Rung.CALLABLE, ["Keep the parameters that the notebook gives"]),
        (
            "conv1x1_as_matmul",
            "reshapes x in place",
            Rung.UNCHANGED,
            ["its input x is not what it was before the call"],
        ),
        ("conv_nd", "3d: depth not padded", Rung.SHAPE, ["D_out is 2 too small"]),
        ("conv_nd", "1d: E34 pad on one side", Rung.SHAPE, ["conv1d_forward", "L_out is 2 too small", "both sides"]),
        ("conv2d_grouped", "E37 every group reads the first", Rung.VALUES, ["the last 3 output channels", "own group"]),
        ("conv2d_grouped", "dilations swapped", Rung.SHAPE, ["dilation (2, 3)", "pixels that are d apart"]),
        ("receptive_field", "E18 strides ignored", Rung.VALUES, ["got 7, which is too small", "first of three layers"]),
        ("receptive_field", "E21 padding ignored", Rung.VALUES, ["start of receptive_field", "moves it to the left"]),
        ("receptive_field", "pops its input", Rung.UNCHANGED, ["its input layers is not what it was"]),
        ("receptive_field", "depth: floor", Rung.VALUES, ["layers_to_see with size 12, kernel 3", "too small"]),
    ],
)
def test_mistakes_are_caught_for_the_right_reason(question, mistake, rung, parts):
    """The first rung that fails is the one that the mistake breaks, and the message points at it."""
    failed = said(question, mistake)
    assert failed.rung is rung, failed.message
    for part in parts:
        assert part in failed.message


def test_where_goes_along_for_pictures():
    """The failure of an array carries the mask of what is wrong."""
    failed = said("conv2d_forward", "first sample only")
    assert failed.where.mask.shape == (2, 4, 4, 7)
    assert not failed.where.mask[0].any()
    assert said("conv_counts", "E14 FLOPs").where is None


def test_call_that_is_wrong_only_the_second_time():
    """A function that goes wrong when the same call comes again is told that it remembers."""
    seen = set()

    def forgetful(size, kernel, *, stride=1, padding=0, dilation=1):
        out = right.conv_output_size(size, kernel, stride=stride, padding=padding, dilation=dilation)
        key = (size, kernel, stride, padding, dilation)
        again, _ = key in seen, seen.add(key)
        return out + again

    failed = failure("conv_output_size", {"conv_output_size": forgetful})
    assert failed.rung is Rung.REPEATABLE
    assert "the first call was right, the same call later is not" in failed.message


def test_input_changed_without_a_trace_in_the_result():
    """An input that is changed where it can be written to is found, once all values are right."""

    def careless(x, w, b, *, stride=1, padding=0):
        out = right.conv2d_forward(x, w, b, stride=stride, padding=padding)
        if w.flags.writeable:
            w[...] = 0
        return out

    failed = failure("conv2d_forward", {"conv2d_forward": careless})
    assert failed.rung is Rung.UNCHANGED
    assert "its input w is not what it was before the call" in failed.message


def test_result_that_a_later_call_changes():
    """A result must stay as it is when the function is called again."""
    last = []

    def lends(x, w):
        out = right.correlate1d(x, w)
        if last:
            last[-1][...] = 0
        last.append(out)
        return out

    failed = failure("correlate1d", {"correlate1d": lends})
    assert failed.rung is Rung.REPEATABLE
    assert "it changed when the function was called again" in failed.message


def test_unfinished_helper_is_named():
    """If a function calls another question's stub, the message says which one is missing."""

    def correlate2d(image, kernel):
        raise NotImplementedError

    def sobel_edges(image):
        return correlate2d(image, right.LEFT)

    failed = failure("sobel_edges", {"sobel_edges": sobel_edges})
    assert failed.message == "sobel_edges calls correlate2d, which is not implemented yet. Write correlate2d first."


def test_error_shows_the_students_line():
    """What a student's code raises is shown with its own line, without the frames of libraries."""

    def conv2d_forward(x, w, b, *, stride=1, padding=0):
        return x.reshape(7, 7, 7)

    failed = failure("conv2d_forward", {"conv2d_forward": conv2d_forward})
    assert "got ValueError: cannot reshape array of size 35 into shape (7,7,7)" in failed.message
    assert "in the line `return x.reshape(7, 7, 7)`" in failed.message
    assert failed.__cause__ is failed.__context__ is None


def test_parameters_may_have_other_names_by_position():
    """Positional parameters are passed by position, so their names are the student's own."""

    def correlate1d(signal, kernel):
        return right.correlate1d(signal, kernel)

    check.correlate1d(correlate1d, right.convolve1d)


def test_builtin_without_a_signature_is_called_anyway():
    """Where Python knows no signature, the call itself shows whether it fits."""
    failed = failure("conv_output_size", {"same_padding": getattr})
    assert failed.rung is Rung.RAN
    assert "got TypeError" in failed.message


def test_an_interrupted_call_is_told_with_its_line():
    """Who stops a loop that never ends reads where it was, not the checker's frames."""

    def endless(x, w):
        raise KeyboardInterrupt

    failed = failure("correlate1d", {"correlate1d": endless})
    assert failed.rung is Rung.RAN
    assert "was interrupted, in the line `raise KeyboardInterrupt`" in failed.message


def test_an_error_without_text_is_its_class():
    """No colon without words behind it."""

    def asserts(x, w):
        if len(w) > len(x):
            raise AssertionError
        return right.correlate1d(x, w)

    assert "got AssertionError. Test for it" in failure("correlate1d", {"correlate1d": asserts}).message


def test_folded_text_keeps_words_shapes_and_drawings():
    """Lines fit a narrow window, and what belongs together stays together."""
    text = "x (2, 3, 4), w (5, 6, 7, -8), " * 9 + "which is 14 %" + "\n  # . #\n  . # ."
    lines = folded(text).split("\n")
    assert max(map(len, lines)) <= LINE
    assert " ".join(lines[:-2]) == text.split("\n", maxsplit=1)[0]
    assert all(line.count("(") == line.count(")") for line in lines)
    assert lines[-2:] == ["  # . #", "  . # ."]


@pytest.fixture
def shell():
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    made = InteractiveShell(config=config)
    yield made
    made.restore_sys_module_state()


def test_notebook_shows_the_message_alone(shell, capsys):
    """In IPython a failed check shows its message and not the checker's frames."""
    shell.user_ns.update(check=check, unready=MISTAKES["correlate2d"]["not implemented"]["correlate2d"])
    result = shell.run_cell("check.correlate2d(unready)")
    assert isinstance(result.error_in_exec, CheckFailed)
    shown = capsys.readouterr().out
    assert shown.strip() == folded(f"✗ {result.error_in_exec.message}")


def test_notebook_shows_where_below_the_message(shell, capsys, monkeypatch):
    """The picture comes once, after the message, and not again after the next cell."""
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    shell.user_ns.update(check=check, wrong=MISTAKES["conv2d_forward"]["first sample only"]["conv2d_forward"])
    failed = shell.run_cell("check.conv2d_forward(wrong)").error_in_exec
    shown = capsys.readouterr().out
    assert shown.startswith(folded(f"✗ {failed.message}\n"))
    assert shown.count("is wrong throughout") == 1
    assert shown.index("Down: rows 0 to ") > len(failed.message)
    shell.run_cell("1 + 1")
    assert "wrong throughout" not in capsys.readouterr().out
