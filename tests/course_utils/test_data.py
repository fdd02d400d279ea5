"""Pictures without a download: what they hold, that they never change, and what is refused."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import data
from course_utils.data.outlines import OUTLINES
from tools import digits as tool

FILES = Path(data.__file__).parent / "files"


def digest(dataset):
    bytes_ = np.ascontiguousarray(dataset.images, dtype="<f4").tobytes() + dataset.labels.astype("<i8").tobytes()
    return hashlib.sha256(bytes_).hexdigest()[:16]


def equal(one, other):
    return np.array_equal(one.images, other.images) and np.array_equal(one.labels, other.labels)


# Shapes


@pytest.mark.parametrize(
    ("knobs", "want"),
    [
        ({}, "a9bd9ce6fa8558eb"),
        ({"size": 21, "noise": 0.2, "rotation": 45.0, "position": 0.4}, "1c2acec2192d8c30"),
    ],
    ids=["as they are", "other knobs"],
)
def test_shapes_never_change(knobs, want):
    """The same bytes on every machine and in every version of NumPy."""
    assert digest(data.shapes(300, seed=7, **knobs)) == want


def test_shapes_are_pictures():
    """(N, 3, size, size) between 0 and 1 in single precision, and each ten in a row show all ten classes."""
    made = data.shapes(150, seed=1, size=24)
    assert made.images.shape == (150, 3, 24, 24)
    assert made.images.dtype == np.float32
    assert made.images.min() >= 0
    assert made.images.max() <= 1
    assert np.array_equal(np.sort(made.labels.reshape(15, 10)), np.tile(np.arange(10), (15, 1)))
    assert made.classes == data.SHAPES


def test_longer_set_begins_like_a_shorter_one():
    """Also across the pieces in which pictures are drawn."""
    assert equal(data.shapes(300, seed=2).take(slice(0, 133)), data.shapes(133, seed=2))


def test_other_seed_other_pictures():
    """No picture of one seed is found under another."""
    one, other = data.shapes(40, seed=3).images, data.shapes(40, seed=4).images
    assert not {picture.tobytes() for picture in one} & {picture.tobytes() for picture in other}


def test_a_knob_changes_what_it_stands_for_only():
    """Noise lies on top of the same pictures; its standard deviation is the one that was asked for."""
    plain, noisy = data.shapes(200, seed=5, noise=0), data.shapes(200, seed=5, noise=0.05)
    inner = (plain.images > 0.3) & (plain.images < 0.7)  # far from where brightness is cut off
    difference = (noisy.images - plain.images)[inner]
    assert np.array_equal(plain.labels, noisy.labels)
    # Of 200,000 values, the standard error of mean and deviation is about 1e-4.
    assert abs(difference.mean()) < 1e-3
    assert abs(difference.std() - 0.05) < 1e-3
    assert len(np.unique(plain.take([0]).images)) < 60


def masks(**knobs):
    made = data.shapes(60, seed=6, noise=0, colour=False, **knobs)
    return made.images[:, 0], made.labels


def test_without_colour_it_is_white_on_black():
    """Three equal channels from 0 to 1."""
    made = data.shapes(20, seed=6, noise=0, colour=False)
    assert np.array_equal(made.images[:, :1].repeat(3, axis=1), made.images)
    assert made.images.min() == 0
    assert made.images.max() == 1


def test_position_moves():
    """Without it discs lie in the middle, with it they leave it, and never further than asked."""
    rows, columns = (np.arange(32) + 0.5) / 32 - 0.5, (np.arange(32) + 0.5) / 32 - 0.5
    for position in (0.0, 0.2):
        pictures = data.shapes(50, seed=6, noise=0, colour=False, classes=["disc"], position=position).images[:, 0]
        mass = pictures.sum(axis=(1, 2))
        down = (pictures.sum(axis=2) * rows).sum(axis=1) / mass
        right = (pictures.sum(axis=1) * columns).sum(axis=1) / mass
        # Rounding to pixels moves a centre by less than a twentieth of one.
        assert np.abs([down, right]).max() <= position + 0.05 / 32
        assert np.abs(down).max() >= 0.9 * position
        assert np.abs(right).max() >= 0.9 * position


def test_scale_is_a_diameter():
    """The area grows with its square."""
    small, labels = masks(scale=(0.4, 0.4), position=0, rotation=0)
    large, _ = masks(scale=(0.8, 0.8), position=0, rotation=0)
    for label in range(10):
        ratio = large[labels == label].sum() / small[labels == label].sum()
        assert abs(ratio - 4) < 0.2  # the border of the small one, some 40 pixels, is known to a sixteenth of a pixel


def test_rotation_turns():
    """Without it all arrows are one picture; with it they differ."""
    knobs = {"classes": ["arrow"], "position": 0, "scale": (0.8, 0.8), "noise": 0, "colour": False}
    still, turned = data.shapes(8, seed=1, rotation=0, **knobs).images, data.shapes(8, seed=1, **knobs).images
    assert len({picture.tobytes() for picture in still}) == 1
    assert len({picture.tobytes() for picture in turned}) == 8


@pytest.mark.parametrize("name", data.SHAPES)
def test_each_shape_fits(name):
    """Inside the disc of radius 1 around the middle, and not much smaller."""
    across = np.linspace(-1.5, 1.5, 601)
    x, y = np.meshgrid(across, across)
    inside = OUTLINES[name](x, y)
    furthest = np.sqrt((x * x + y * y)[inside].max())
    assert 0.85 < furthest <= 1.005
    assert 0.08 < inside.mean() * 9 / np.pi < 0.9


def test_edges_are_smooth():
    """A pixel that the shape covers in part shows how much."""
    pictures, _ = masks()
    between = (pictures > 0) & (pictures < 1)
    assert 0.02 < between.mean() < 0.2
    assert len(np.unique(pictures)) == 17


def test_some_classes():
    """Labels count along the names that were asked for."""
    made = data.shapes(9, seed=1, classes=("star", "disc"), noise=0, colour=False, scale=(0.8, 0.8))
    area = made.images[:, 0].sum(axis=(1, 2))
    assert made.classes == ("star", "disc")
    assert area[made.labels == 1].min() > area[made.labels == 0].max()


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"n": -1}, "n: expected 0 or more, got -1"),
        ({"size": 0}, "size: expected 1 pixel or more, got 0"),
        ({"position": 1.5}, "position: expected a share from 0 to 1, got 1.5"),
        ({"scale": (0.8, 0.5)}, r"scale: expected \(smallest, largest\), both above 0, got \(0.8, 0.5\)"),
        ({"rotation": 360}, "rotation: expected degrees from 0 to 180, got 360"),
        ({"noise": -0.1}, "noise: expected a standard deviation of 0 or more, got -0.1"),
        ({"classes": ("disc", "egg")}, "classes: expected some of disc, ring, .*, each once, got .*egg"),
        ({"classes": ()}, "classes: expected some of"),
        ({"classes": ("disc", "disc")}, "each once, got"),
    ],
)
def test_wrong_knobs_are_refused(knobs, message):
    """With what was expected and what came."""
    with pytest.raises(ValueError, match=message):
        data.shapes(**{"n": 3, "seed": 0, **knobs})


def test_no_pictures():
    """An empty set is one too."""
    assert data.shapes(0, seed=0).images.shape == (0, 3, 32, 32)


# Digits


def test_digits_never_change():
    """The vendored file is the published one, and what is made of it stays as it is."""
    assert hashlib.sha256((FILES / "digits.txt").read_bytes()).hexdigest()[:16] == "129eef24fe845dfb"
    assert digest(data.digits()) == "ded09d47b0530b52"
    assert digest(data.digits(size=28)) == "2f53126be85bc5d3"


def test_digits_are_pictures():
    """1797 pictures, about as many of each digit, white on black."""
    made = data.digits()
    assert made.images.shape == (1797, 1, 8, 8)
    assert made.images.min() == 0
    assert made.images.max() == 1
    # The class sizes that the publishers give for this part.
    assert np.bincount(made.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_look_like_their_labels():
    """A new digit lies nearest to one with its own label nearly always: labels stand beside the right pictures."""
    train, test = data.digits(split="train"), data.digits(split="test")
    x, y = train.images.reshape(len(train), -1), test.images.reshape(len(test), -1)
    distances = (x**2).sum(1) - 2 * y @ x.T
    assert (train.labels[distances.argmin(axis=1)] == test.labels).mean() > 0.97


def test_parts_of_the_digits_make_the_whole():
    """Three parts without overlap, in this order."""
    whole, parts = data.digits(), [data.digits(split=name) for name in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [1197, 300, 300]
    assert np.array_equal(np.concatenate([part.images for part in parts]), whole.images)
    assert np.array_equal(np.concatenate([part.labels for part in parts]), whole.labels)
    for part in parts:
        assert np.bincount(part.labels).min() > 0.07 * len(part)


def test_large_digits_are_the_small_ones_stretched():
    """torch's linear interpolation of the picture with a black pixel around it, between four pixels of black."""
    small, large = data.digits(), data.digits(size=28)
    around = torch.nn.functional.pad(torch.tensor(small.images, dtype=torch.float64), (2, 2, 2, 2))
    box = torch.nn.functional.interpolate(around, size=(30, 30), mode="bilinear", align_corners=False)[:, :, 5:-5, 5:-5]
    assert large.images.shape == (1797, 1, 28, 28)
    assert np.abs(large.images[:, :, 4:-4, 4:-4] - box.numpy()).max() < 1e-6  # rounding to single precision
    assert not large.images[:, :, :4].any()
    assert not large.images[:, :, :, -4:].any()
    assert np.array_equal(small.labels, large.labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"size": 32}, "size: expected 8 or 28, got 32"), ({"split": "dev"}, "split: expected one of all, .* got 'dev'")],
)
def test_other_digits_are_refused(options, message):
    """With what there is."""
    with pytest.raises(ValueError, match=message):
        data.digits(**options)


def test_the_file_is_made_by_the_script():
    """From lines of 65 numbers come ours."""
    ours = (FILES / "digits.txt").read_text(encoding="ascii")
    published = "".join(
        ",".join([*(str("0123456789abcdefg".index(mark)) for mark in line[2:]), line[0]]) + "\n"
        for line in ours.splitlines()
    )
    assert tool.converted(published) == ours
    with pytest.raises(ValueError, match=r"expected 1797 lines .* got 3 lines, of which the first has 2 numbers"):
        tool.converted("1,2\n1,2\n1,2\n")


def test_the_licence_lies_beside_the_file():
    """Creators, source, licence and changes, as CC BY 4.0 asks."""
    text = (FILES / "LICENSE-digits.txt").read_text(encoding="utf-8")
    for part in ("Alpaydin", "Kaynak", "10.24432/C50P49", "creativecommons.org/licenses/by/4.0", "Changes:"):
        assert part in text


# What all data sets share


@pytest.fixture
def numbered():
    """Eleven pictures, each filled with its number."""
    images = np.arange(11, dtype=np.float32)[:, None, None, None] * np.ones((1, 2, 3, 4), np.float32)
    return data.Dataset(images, np.arange(11) % 3, ("a", "b", "c"), "numbers")


def test_split_cuts_without_overlap(numbered):
    """Every picture is in one part, with its label; the same seed gives the same parts."""
    parts = numbered.split(2, 4, seed=3)
    numbers = [part.images[:, 0, 0, 0] for part in parts]
    assert [len(part) for part in parts] == [2, 4, 5]
    assert sorted(np.concatenate(numbers)) == list(range(11))
    assert not np.array_equal(np.concatenate(numbers), np.arange(11))
    for part, number in zip(parts, numbers, strict=True):
        assert np.array_equal(part.labels, number % 3)
    assert all(map(equal, parts, numbered.split(2, 4, seed=3)))
    assert not all(map(equal, parts, numbered.split(2, 4, seed=4)))


@pytest.mark.parametrize("sizes", [(), (-1,), (11,), (6, 6)])
def test_impossible_splits_are_refused(numbered, sizes):
    """Sizes that leave nothing for the last part."""
    with pytest.raises(ValueError, match="leave some of the 11 pictures for the last part"):
        numbered.split(*sizes)


def test_batches_go_through_all_pictures_once(numbered):
    """In order, or shuffled together with their labels; the last batch has what is left."""
    in_order = list(numbered.batches(4))
    assert [len(labels) for _, labels in in_order] == [4, 4, 3]
    assert np.array_equal(np.concatenate([images for images, _ in in_order]), numbered.images)
    images, labels = map(np.concatenate, zip(*numbered.batches(4, rng=np.random.default_rng(1)), strict=True))
    assert not np.array_equal(images, numbered.images)
    assert sorted(images[:, 0, 0, 0]) == list(range(11))
    assert np.array_equal(labels, images[:, 0, 0, 0] % 3)


def test_each_round_is_another_one(numbered):
    """A generator goes on: the second round has another order."""
    rng = np.random.default_rng(1)
    first, second = ([images[0, 0, 0, 0] for images, _ in numbered.batches(1, rng=rng)] for _ in range(2))
    assert first != second


def test_drop_last(numbered):
    """All batches full, none more."""
    assert [len(labels) for _, labels in numbered.batches(4, drop_last=True)] == [4, 4]
    assert [len(labels) for _, labels in numbered.batches(11, drop_last=True)] == [11]
    assert not list(numbered.batches(12, drop_last=True))


def test_batches_of_nothing_are_refused(numbered):
    """At least one picture."""
    with pytest.raises(ValueError, match="size: expected at least one picture in a batch, got 0"):
        next(numbered.batches(0))


@pytest.mark.parametrize("chosen", [[1, 3], slice(1, 4, 2), [n in (1, 3) for n in range(11)]], ids=str)
def test_take_copies(numbered, chosen):
    """By indices, slice or mask; what is done to the copy leaves the rest alone."""
    taken = numbered.take(chosen)
    assert taken.images[:, 0, 0, 0].tolist() == [1, 3]
    assert taken.labels.tolist() == [1, 0]
    taken.images[:] = 99
    assert numbered.images.max() == 10


def test_take_nothing(numbered):
    """An empty list is a choice too."""
    assert len(numbered.take([])) == 0


def test_tensors(numbered):
    """Copies with the same numbers and dtypes."""
    images, labels = numbered.tensors()
    assert images.dtype == torch.float32
    assert labels.dtype == torch.int64
    images += 1
    assert np.array_equal(numbered.images + 1, images.numpy())


def test_it_says_what_it_is(numbered):
    """Source, number, shape and classes."""
    assert repr(numbered) == "numbers: 11 pictures of 2 x 3 x 4, 3 classes (a, b, c)"


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (
            np.zeros((2, 3, 4), np.float32),
            np.zeros(2, np.int64),
            r"images: expected \(N, C, H, W\) in float32, got \(2,",
        ),
        (np.zeros((2, 1, 3, 4)), np.zeros(2, np.int64), "in float64. Cast"),
        (np.zeros((2, 1, 3, 4), np.float32), np.zeros(3, np.int64), r"labels: expected \(2,\) in int64"),
        (np.zeros((2, 1, 3, 4), np.float32), np.zeros(2, np.float32), "in float32. Pass"),
        (np.zeros((2, 1, 3, 4), np.float32), np.array([0, 2]), "expected numbers from 0 to 1, .* got 0 to 2"),
        (np.zeros((2, 1, 3, 4), np.float32), np.array([-1, 1]), "got -1 to 1"),
    ],
)
def test_what_is_no_data_set_is_refused(images, labels, message):
    """Wrong shapes, dtypes and labels."""
    with pytest.raises(ValueError, match=message):
        data.Dataset(images, labels, ("a", "b"), "wrong")


def test_data_needs_neither_network_nor_torch():
    """Everything is drawn or lies in the package."""
    code = """
import socket, sys
def refuse(*_): raise OSError("no network")
socket.socket.connect = refuse
from course_utils import data
data.shapes(3, seed=0), data.digits(size=28), data.photo(16)
print("torch" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
