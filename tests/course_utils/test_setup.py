"""Seeds, devices and the setup line; and what importing the students' package does not load."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import course_utils
from course_utils import colab, device
from course_utils.seeding import seed_everything

PACKAGE = Path(course_utils.__file__).parent


def in_a_fresh_process(code):
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.split()


@pytest.mark.parametrize(
    "module",
    [
        "course_utils.checks",
        "course_utils.checks.sliding_windows",
        "course_utils.checks.activations_and_pooling",
        "course_utils.compare",
        "course_utils.colab",
        "course_utils.seeding",
        "course_utils.data",
        "course_utils.device",
        "course_utils.gradcheck",
        "course_utils.layers",
    ],
)
def test_imports_stay_light(module):
    """Neither torch nor pyplot nor the grader is loaded with a module of the students' package."""
    heavy = {"torch", "matplotlib.pyplot", "matplotlib", "autograder", "scipy", "IPython"}
    loaded = in_a_fresh_process(f"import sys, {module}; print(*sys.modules)")
    assert module in loaded
    assert not heavy & set(loaded)


def test_a_check_runs_without_torch():
    """Checking and comparing arrays loads nothing more."""
    code = """
import sys
from course_utils.checks import sliding_windows as check, CheckFailed
try:
    check.conv2d_forward(lambda x, w, b, *, stride=1, padding=0: x)
except CheckFailed as failed:
    assert "shape" in str(failed)
    print("torch" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""
    assert in_a_fresh_process(code) == ["False", "False"]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_source_is_python_3_10(path):
    """Students' Python may be as old as 3.10."""
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))


def draws():
    return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002 - the global one is meant


def test_seed_covers_every_source():
    """The same seed gives the same numbers from Python, NumPy and torch, and another seed others."""
    first = seed_everything(7).random(), *draws()
    second = seed_everything(7).random(), *draws()
    other = seed_everything(8).random(), *draws()
    assert first == second
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_generator_is_independent_of_the_global_one():
    """The returned generator gives the same numbers whatever else is drawn."""
    rng = seed_everything(3)
    draws()
    assert rng.random() == np.random.default_rng(3).random()


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range(seed):
    """A seed that NumPy can't take is refused with the range."""
    with pytest.raises(ValueError, match=r"expected a number from 0 to 2\*\*32 - 1, got"):
        seed_everything(seed)


@pytest.mark.parametrize(
    ("cuda", "mps", "name"), [(False, False, "cpu"), (False, True, "mps"), (True, True, "cuda"), (True, False, "cuda")]
)
def test_fastest_device_is_chosen(monkeypatch, capsys, cuda, mps, name):
    """CUDA before MPS before CPU, and one line says which."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Tesla T4")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    # Checks of other tests must not be left with a card that isn't there.
    monkeypatch.setattr(device, "_chosen", "cpu")
    assert device.choose_device() == torch.device(name)
    words = {"cpu": "the CPU", "mps": "Apple's GPU", "cuda": "the GPU Tesla T4"}[name]
    assert capsys.readouterr().out == f"Device: {name} ({words}).\n"


def test_setup_prints_one_line(monkeypatch, capsys):
    """Versions, device and seed, and whether this is Colab."""
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    colab.setup(5)
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    for part in (f"NumPy {np.__version__}", f"torch {torch.__version__}", course_utils.__version__, "CPU", "Seed: 5."):
        assert part in line
    assert "Colab" not in line
    assert np.random.rand() == np.random.RandomState(5).rand()  # noqa: NPY002 - the global one is meant
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab-2025")
    colab.setup()
    assert " in Colab. Device: CPU. Seed: 0." in capsys.readouterr().out


def test_colab_is_recognised(monkeypatch):
    """By its module or by its environment, and not elsewhere."""
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    assert not colab.in_colab()
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert colab.in_colab()
