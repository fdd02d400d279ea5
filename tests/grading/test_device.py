"""Where student code computes: what was asked for, what a notebook takes, and what there is."""

from __future__ import annotations

import pytest

from autograder import cli
from autograder.errors import CourseError
from autograder.grading.device import choose_devices, no_effect
from autograder.model import Notebook

NUMPY, TORCH = (
    Notebook(assignment="a1", name=kind, title=kind, kind=kind, cells=(), questions=()) for kind in ("numpy", "torch")
)


def never() -> bool:
    raise AssertionError("nobody needs to know")


@pytest.mark.parametrize(
    ("wanted", "there", "torch"), [("auto", True, "cuda"), ("auto", False, "cpu"), ("cuda", True, "cuda")]
)
def test_what_torch_notebooks_get(wanted, there, torch):
    """CUDA where it is there and nobody said otherwise; a NumPy notebook beside it stays on the processor."""
    assert choose_devices(wanted, [NUMPY, TORCH], lambda: there) == {"numpy": "cpu", "torch": torch}


@pytest.mark.parametrize(("wanted", "notebooks"), [("cpu", [NUMPY, TORCH]), ("auto", [NUMPY])])
def test_nobody_asks_for_what_is_not_needed(wanted, notebooks):
    """torch is not imported to find out what no question depends on."""
    assert set(choose_devices(wanted, notebooks, never).values()) == {"cpu"}


@pytest.mark.parametrize("notebooks", [[NUMPY], [TORCH]])
def test_cuda_that_is_not_there(notebooks):
    """Asked for by name it is refused, also where nothing would use it."""
    with pytest.raises(CourseError, match="--device cuda: expected a CUDA device, found none") as caught:
        choose_devices("cuda", notebooks, lambda: False)
    assert "\n" not in str(caught.value)


def test_an_unknown_device():
    """A slip is named with what there is."""
    with pytest.raises(CourseError, match="expected one of auto, cpu, cuda, got 'gpu'"):
        choose_devices("gpu", [NUMPY], never)


def test_an_option_without_effect_is_said():
    """Only where a device was asked for by name, and nothing takes one."""
    assert list(no_effect("cpu", "a1", [NUMPY])) == ["--device cpu has no effect: no question of a1 takes a device."]
    assert list(no_effect("auto", "a1", [NUMPY])) == []
    assert list(no_effect("cuda", "a1", [NUMPY, TORCH])) == []


def test_the_command_line(real_course, monkeypatch, capsys):
    """`--device cuda` without CUDA is one line and exit code 2; with it, and with cpu, NumPy questions are unmoved."""
    path = real_course.submitted / "ada" / "a1_convolution" / "sliding_windows.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF-1.7")
    monkeypatch.chdir(real_course.root)

    def run(device: str, *, cuda: bool) -> tuple[object, str, str]:
        monkeypatch.setattr("autograder.grading.device.cuda_here", lambda: cuda)
        monkeypatch.setattr("sys.argv", ["autograder", "grade", "a1_convolution", "--jobs", "1", "--device", device])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    code, _, error = run("cuda", cuda=False)
    assert code == 2
    assert error.startswith("autograder: --device cuda: expected a CUDA device, found none")
    assert len(error.splitlines()) == 1
    for device in ("cpu", "cuda"):
        code, out, error = run(device, cuda=True)
        assert not code, error
        assert f"--device {device} has no effect: no question of a1_convolution takes a device." in out
    journal = (real_course.journal / "a1_convolution.jsonl").read_bytes()
    # A line for each notebook, from the first run.
    assert len(journal.splitlines()) == 2
