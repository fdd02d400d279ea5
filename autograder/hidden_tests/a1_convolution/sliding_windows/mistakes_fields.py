"""Typical mistakes about the receptive field."""

from __future__ import annotations

import math
from typing import Any

from autograder.hidden_tests.a1_convolution.sliding_windows.steps import RIGHT
from autograder.hidden_tests.a1_convolution.sliding_windows.steps_fields import depth, fields
from autograder.mistakes import Mistake


def _field(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("field_" + id, "receptive_field", {"receptive_field": fields(**steps)}, symptom, hint)


def _see(id: str, symptom: str, hint: str, **steps: Any) -> Mistake:
    return Mistake("see_" + id, "receptive_field", {"layers_to_see": depth(**steps)}, symptom, hint)


def _not_empty(size: int, jump: int, start: int, layers: Any) -> tuple[int, int, int]:
    layers[0]
    return size, jump, start


def _pops(layers: list[tuple[int, int, int, int]]) -> tuple[int, int, int]:
    kept = []
    while layers:
        kept.append(layers.pop(0))
    return RIGHT["receptive_field"](kept)


MISTAKES: tuple[Mistake, ...] = (
    _field(
        "adds_kernel",
        "Your field grows by the whole window in each layer.",
        "Two windows of 3 without stride: which pixels does the second layer see twice?",
        grow=lambda kernel, dilation: dilation * (kernel - 1) + 1,
    ),
    _field(
        "strides_ignored",
        "Strides change nothing in the size of your field.",
        "After a stride of 2, how many pixels apart are two neighbours of the next layer?",
        by=lambda jump, stride: 1,
    ),
    _field(
        "own_stride",
        "The stride of a layer makes its own window larger in your count.",
        "Does a layer's own stride change what one of its outputs sees?",
        by=lambda jump, stride: jump * stride,
    ),
    _field(
        "only_own_stride",
        "Each window is larger by the stride of its own layer only.",
        "Does a layer's own stride change what one of its outputs sees? Do those of the layers before?",
        by=lambda jump, stride: stride,
    ),
    _field(
        "one_pixel_adds",
        "Windows of one pixel make your field larger.",
        "Which neighbours does a window of one pixel see?",
        grow=lambda kernel, dilation: max(dilation * (kernel - 1), 1),
    ),
    _field(
        "last_stride_only",
        "Only the stride of the layer before counts.",
        "How do two strides of 2 one after the other act together?",
        next_jump=lambda jump, stride: stride,
    ),
    _field(
        "strides_added",
        "Your strides add up.",
        "How do two strides of 2 one after the other act together?",
        next_jump=lambda jump, stride: jump + stride - 1,
    ),
    _field(
        "reversed",
        "Your layers are taken in reverse order.",
        "Which layer is next to the input?",
        order=lambda layers: layers[::-1],
    ),
    _field(
        "dilation_ignored",
        "Dilation changes nothing in your field.",
        "How long is the window with its gaps?",
        grow=lambda kernel, dilation: kernel - 1,
    ),
    _field(
        "dilation_times_kernel",
        "Your dilated windows are too long.",
        "Draw a window of three taps with a gap of one between them: how long is it?",
        grow=lambda kernel, dilation: dilation * kernel - 1,
    ),
    _field(
        "padding_widens",
        "Padding makes your field larger.",
        "Does padding change how many pixels a window covers?",
        more=lambda padding: 2 * padding,
    ),
    _field(
        "start_without_jump",
        "Your start counts all padding in pixels of the input.",
        "How far apart are pixels of the layer that is padded, seen from the input?",
        shift=lambda padding, jump: -padding,
    ),
    _field(
        "start_sign",
        "Your start lies inside the image.",
        "Does padding move the first window to the left or to the right?",
        shift=lambda padding, jump: padding * jump,
    ),
    _field(
        "start_zero",
        "Your start is always 0.",
        "Where does `padding` enter?",
        shift=lambda padding, jump: 0,
    ),
    _field(
        "start_centre",
        "Your start is the middle of the field.",
        "Which pixel of the field is asked for?",
        finish=lambda size, jump, start, layers: (size, jump, start + (size - 1) // 2),
    ),
    _field(
        "empty_fails",
        "An empty list of layers fails.",
        "What does a pixel of the input itself see?",
        finish=_not_empty,
    ),
    Mistake(
        "field_eats_list",
        "receptive_field",
        {"receptive_field": _pops},
        "After the call the caller's list is empty.",
        "Does pop work on a copy?",
    ),
    _see(
        "rounds_down",
        "Your layers see too little where the size is not reached exactly.",
        "Half a layer does not exist: up or down?",
        divide=lambda pixels, step: pixels // step,
    ),
    _see(
        "forgets_first_pixel",
        "You take a layer too many where the size is reached exactly.",
        "How much does one see without any layer?",
        pixels=lambda size: size,
    ),
    _see(
        "one_more",
        "You take a layer too many.",
        "How many layers does it take to see one pixel?",
        divide=lambda pixels, step: math.ceil(pixels / step) + 1,
    ),
    _see(
        "at_least_one",
        "You take a layer where none is needed.",
        "How many layers does it take to see one pixel?",
        divide=lambda pixels, step: max(1, math.ceil(pixels / step)),
    ),
    _see(
        "float",
        "Your number of layers is a float.",
        "What do / and np.ceil give?",
        divide=lambda pixels, step: float(math.ceil(pixels / step)),
    ),
)
