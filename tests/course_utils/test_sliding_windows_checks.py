"""The checks of `sliding_windows`: what they say to a mistake, and how a notebook shows it."""

from __future__ import annotations

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_utils.checks import CheckFailed
from course_utils.checks import sliding_windows as check
from course_utils.checks.failure import LINE, folded
from course_utils.compare import Rung
from tests.course_utils.checked import checks_of, expect_reason
from tests.course_utils.spoiled import WAYS

CHECKED = checks_of("sliding_windows")
right = CHECKED.right


@pytest.mark.parametrize(
    ("question", "mistake", "rung", "parts"),
    [
        ("correlate1d", "corr1d_flips", Rung.VALUES, ["0 1 -1 1 1 with -1 1", "pairs w[0] with the first"]),
        ("correlate1d", "same_size", Rung.SHAPE, ["expected shape (4,), got (5,). L_out is 1 too large."]),
        ("correlate1d", "corr1d_truncates", Rung.DTYPE, ["expected dtype float64, got int64"]),
        ("correlate1d", "float32_inside_1d", Rung.VALUES, ["as if something were stored or computed in float32"]),
        ("correlate1d", "corr1d_prints", Rung.TYPE, ["got None", "`return`"]),
        ("correlate1d", "corr1d_no_error", Rung.RAN, ["expected a ValueError", "longer than the input"]),
        ("correlate1d", "conv1d_flips_in_place", Rung.RAN, ["read-only", "work on a copy", "in the line `w[:] = "]),
        ("correlate2d", "corr2d_true_convolution", Rung.VALUES, ["exactly the negative", "without being flipped"]),
        ("correlate2d", "zeros is edge", Rung.VALUES, ["at the border", "the interior is right", "zero padding"]),
        ("correlate2d", "corr2d_reflect_repeats_edge", Rung.VALUES, ["mode 'reflect'", "which is not repeated"]),
        ("correlate2d", "unknown mode gives KeyError", Rung.RAN, ["expected a ValueError", "got KeyError"]),
        ("match_template", "unbiased n", Rung.VALUES, ["scores of match_template", "5/6 times the right ones"]),
        ("match_template", "match_flat_is_nan", Rung.FINITE, ["are NaN", "0/0"]),
        ("match_template", "match_place_swapped", Rung.VALUES, ["entry 0 of best of match_template"]),
        ("match_template", "match_place_flat", Rung.TYPE, ["best of match_template", "expected a tuple of 2 entries"]),
        ("sobel_edges", "gauss_not_normalised", Rung.VALUES, ["gaussian_kernel with size 5, sigma 1.5", "times the"]),
        ("sobel_edges", "sobel_swapped", Rung.VALUES, ["gx of sobel_edges", "an upright edge"]),
        ("sobel_edges", "sobel_turned", Rung.VALUES, ["gx of sobel_edges", "exactly the negative"]),
        ("sobel_edges", "sobel_no_root", Rung.VALUES, ["magnitude of sobel_edges"]),
        ("square_detector", "three corners", Rung.VALUES, ["one pixel is not as in the outline", "# # # ."]),
        ("square_detector", "looks at the surroundings", Rung.VALUES, ["must give a positive number, but gives none"]),
        ("square_detector", "scalar bias", Rung.TYPE, ["b2 of square_detector", "got float"]),
        ("square_detector", "channel axes swapped", Rung.SHAPE, ["w2 (1, C, 3, 3)", "got (4, 1, 3, 3)"]),
        ("conv_output_size", "size_float", Rung.TYPE, ["got the float 3.0; sizes are whole numbers, use //"]),
        (
            "conv_output_size",
            "size_dilation_ignored",
            Rung.VALUES,
            ["dilation 2: expected another number, got 8, which"],
        ),
        ("conv_output_size", "size_no_error", Rung.RAN, ["does not fit into the padded input, got 0"]),
        ("conv_output_size", "same: E5 k//2 for all", Rung.RAN, ["same_padding with kernel 4: expected a ValueError"]),
        ("conv_counts", "count_no_bias", Rung.VALUES, ["params of conv_counts", "got 750, which is too small"]),
        ("conv_counts", "count_flops", Rung.VALUES, ["macs of conv_counts", "which is too large", "dot product"]),
        ("conv_counts", "count_groups_ignored", Rung.VALUES, ["groups 2", "c_in / groups channels"]),
        ("conv_counts", "two of three", Rung.SHAPE, ["expected 3 entries (params, macs, activations), got 2"]),
        (
            "conv2d_forward",
            "cf_no_bias",
            Rung.VALUES,
            ["in each output channel all values are off by one and the same"],
        ),
        ("conv2d_forward", "cf_bias0_for_all", Rung.VALUES, ["the last 3 output channels, where every value is wrong"]),
        ("conv2d_forward", "cf_batch_first_only", Rung.VALUES, ["All errors are in sample 1"]),
        ("conv2d_forward", "cf_pad_edge", Rung.VALUES, ["padding 2", "at the border", "Zeros are added on both sides"]),
        (
            "conv2d_forward",
            "cf_stride_not_in_window",
            Rung.VALUES,
            ["Everything is wrong but the top left corner", "stride 2"],
        ),
        ("conv2d_forward", "stride first axis only", Rung.SHAPE, ["W_out is 4 too large"]),
        ("conv2d_forward", "cf_out_transposed", Rung.SHAPE, ["with its last two axes swapped"]),
        (
            "conv2d_forward",
            "cf_dtype_float64",
            Rung.DTYPE,
            ["x (1, 2, 4, 5) float32", "expected dtype float32, got float64"],
        ),
        ("conv2d_forward", "cf_noncontig_strides", Rung.VALUES, ["not contiguous", "computing strides by hand"]),
        ("conv2d_forward", "one buffer", Rung.REPEATABLE, ["two calls gave the same array"]),
        ("conv2d_forward", "other parameter names", Rung.CALLABLE, ["Keep the parameters that the notebook gives"]),
        (
            "conv1x1_as_matmul",
            "reshapes x in place",
            Rung.UNCHANGED,
            ["its input x is not what it was before the call"],
        ),
        ("conv_nd", "3d: depth not padded", Rung.SHAPE, ["D_out is 2 too small"]),
        ("conv_nd", "1d: E34 pad on one side", Rung.SHAPE, ["conv1d_forward", "L_out is 2 too small", "both sides"]),
        ("conv2d_grouped", "groups_first_channels", Rung.VALUES, ["the last 3 output channels", "own group"]),
        ("conv2d_grouped", "groups_dilation_swapped", Rung.SHAPE, ["dilation (2, 3)", "pixels that are d apart"]),
        (
            "receptive_field",
            "field_strides_ignored",
            Rung.VALUES,
            ["got 7, which is too small", "first of three layers"],
        ),
        ("receptive_field", "field_start_zero", Rung.VALUES, ["start of receptive_field", "moves it to the left"]),
        ("receptive_field", "field_eats_list", Rung.UNCHANGED, ["its input layers is not what it was"]),
        ("receptive_field", "see_rounds_down", Rung.VALUES, ["layers_to_see with size 12, kernel 3", "too small"]),
    ],
)
def test_mistakes_are_caught_for_the_right_reason(question, mistake, rung, parts):
    """The first rung that fails is the one that the mistake breaks, and the message points at it."""
    expect_reason(CHECKED.said(question, mistake), rung, parts)


@pytest.mark.parametrize(
    ("way", "rung", "parts"),
    [
        ("changes the third array", Rung.RAN, ["read-only"]),
        ("remembers", Rung.VALUES, []),
        ("pairs refused", Rung.RAN, ["TypeError", "'int' and 'tuple'"]),
    ],
)
def test_a_spoiled_layer_is_caught_for_the_right_reason(way, rung, parts):
    """The same for what can befall any function."""
    wrong = WAYS[way](right.conv2d_forward)
    expect_reason(CHECKED.failure("conv2d_forward", {"conv2d_forward": wrong}), rung, parts)


def test_where_goes_along_for_pictures():
    """The failure of an array carries the mask of what is wrong."""
    failed = CHECKED.said("conv2d_forward", "cf_batch_first_only")
    assert failed.where.mask.shape == (2, 4, 4, 7)
    assert not failed.where.mask[0].any()
    assert CHECKED.said("conv_counts", "count_flops").where is None


def test_call_that_is_wrong_only_the_second_time():
    """A function that goes wrong when the same call comes again is told that it remembers."""
    seen = set()

    def forgetful(size, kernel, *, stride=1, padding=0, dilation=1):
        out = right.conv_output_size(size, kernel, stride=stride, padding=padding, dilation=dilation)
        key = (size, kernel, stride, padding, dilation)
        again, _ = key in seen, seen.add(key)
        return out + again

    failed = CHECKED.failure("conv_output_size", {"conv_output_size": forgetful})
    assert failed.rung is Rung.REPEATABLE
    assert "the first call was right, the same call later is not" in failed.message


def test_input_changed_without_a_trace_in_the_result():
    """An input that is changed where it can be written to is found, once all values are right."""

    def careless(x, w, b, *, stride=1, padding=0):
        out = right.conv2d_forward(x, w, b, stride=stride, padding=padding)
        if w.flags.writeable:
            w[...] = 0
        return out

    failed = CHECKED.failure("conv2d_forward", {"conv2d_forward": careless})
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

    failed = CHECKED.failure("correlate1d", {"correlate1d": lends})
    assert failed.rung is Rung.REPEATABLE
    assert "it changed when the function was called again" in failed.message


def test_unfinished_helper_is_named():
    """If a function calls another question's stub, the message says which one is missing."""

    def correlate2d(image, kernel):
        raise NotImplementedError

    def sobel_edges(image):
        return correlate2d(image, np.ones((3, 3)))

    failed = CHECKED.failure("sobel_edges", {"sobel_edges": sobel_edges})
    assert failed.message == "sobel_edges calls correlate2d, which is not implemented yet. Write correlate2d first."


def test_error_shows_the_students_line():
    """What a student's code raises is shown with its own line, without the frames of libraries."""

    def conv2d_forward(x, w, b, *, stride=1, padding=0):
        return x.reshape(7, 7, 7)

    failed = CHECKED.failure("conv2d_forward", {"conv2d_forward": conv2d_forward})
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
    failed = CHECKED.failure("conv_output_size", {"same_padding": getattr})
    assert failed.rung is Rung.RAN
    assert "got TypeError" in failed.message


def test_an_interrupted_call_is_told_with_its_line():
    """Who stops a loop that never ends reads where it was, not the checker's frames."""

    def endless(x, w):
        raise KeyboardInterrupt

    failed = CHECKED.failure("correlate1d", {"correlate1d": endless})
    assert failed.rung is Rung.RAN
    assert "was interrupted, in the line `raise KeyboardInterrupt`" in failed.message


def test_an_error_without_text_is_its_class():
    """No colon without words behind it."""

    def asserts(x, w):
        if len(w) > len(x):
            raise AssertionError
        return right.correlate1d(x, w)

    failed = CHECKED.failure("correlate1d", {"correlate1d": asserts})
    assert "got AssertionError. Test for it" in failed.message


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
    shell.user_ns.update(check=check, unready=WAYS["not implemented"](right.correlate2d))
    result = shell.run_cell("check.correlate2d(unready)")
    assert isinstance(result.error_in_exec, CheckFailed)
    shown = capsys.readouterr().out
    assert shown.strip() == folded(f"✗ {result.error_in_exec.message}")


def test_notebook_shows_where_below_the_message(shell, capsys, monkeypatch):
    """The picture comes once, after the message, and not again after the next cell."""
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    shell.user_ns.update(check=check, wrong=CHECKED.mistakes["conv2d_forward"]["cf_batch_first_only"]["conv2d_forward"])
    failed = shell.run_cell("check.conv2d_forward(wrong)").error_in_exec
    shown = capsys.readouterr().out
    assert shown.startswith(folded(f"✗ {failed.message}\n"))
    assert shown.count("is wrong throughout") == 1
    assert shown.index("Down: rows 0 to ") > len(failed.message)
    shell.run_cell("1 + 1")
    assert "wrong throughout" not in capsys.readouterr().out
