"""What grading one notebook takes, and all that its verdicts depend on."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

import course_utils
from autograder.config import Course
from autograder.grading.hidden import hidden_tests_folder
from autograder.model import Limits, Notebook, Origin, Role, Submission

_LIBRARIES = ("numpy", "torch", "matplotlib", "pytest", "msgspec", "ipython")
# What has a version that a person can read; everything else in a fingerprint is a hash.
_READABLE = {"Python", *_LIBRARIES}


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingPlan:
    """All that a grader process must know to grade one notebook; small, and the same for a whole class.

    It holds no path, so that it means the same on another machine.

    Attributes:
        notebook: Our release.
        library: Function name to source of a library-backed version.
        secret: The course's secret.
        limits: What student code may use.
        level: Wall to put up, or None for the strongest that the machine offers.
        minimum: Weakest wall at which grading is allowed.
        device: "cpu" or "cuda": where student code computes.
        only: Ids of the questions to grade; None means all.
    """

    notebook: Notebook
    library: tuple[tuple[str, str], ...]
    secret: bytes
    limits: Limits
    level: str | None
    minimum: str
    device: str = "cpu"
    only: tuple[str, ...] | None = None

    @property
    def tests(self) -> Path:
        """The folder of the hidden tests, where this machine has them."""
        return hidden_tests_folder() / self.notebook.assignment / self.notebook.name


def plan_grading(
    course: Course,
    notebook: Notebook,
    secret: bytes,
    *,
    level: str | None = None,
    minimum: str | None = None,
    device: str = "cpu",
) -> GradingPlan:
    """Gather what grading one notebook takes."""
    plan = GradingPlan(
        notebook=notebook,
        library=tuple(sorted(_library(notebook).items())),
        secret=secret,
        limits=course.limits,
        level=level,
        minimum=course.minimum_sandbox if minimum is None else minimum,
        device=device,
    )
    # As it arrives on another machine: points and seconds that files give as 4 are 4.0 everywhere.
    return msgspec.json.decode(msgspec.json.encode(plan), type=GradingPlan)


def fingerprint(plan: GradingPlan) -> dict[str, str]:
    """All that a verdict depends on, but for the submission: what to its version or hash, as this process has it."""
    judges = Path(__file__).parent
    package = judges.parent
    folders = {
        "the hidden tests": plan.tests.parent,
        "autograder.grading": judges,
        "autograder.sandbox": package / "sandbox",
        "autograder.diagnosis": package / "diagnosis",
        "course_utils": Path(course_utils.__file__).parent,
    }
    settings = {
        "the release": plan.notebook,
        "the library-backed versions": plan.library,
        "the limits": plan.limits,
        "the wall": plan.level,
        "the device": plan.device,
        "the choice of questions": plan.only,
    }
    return {
        "Python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _LIBRARIES},
        # Without its folders: other assignments' tests and the looks of a page change no verdict.
        "autograder": _hash_files(package, package.glob("*.py")),
        **{name: _hash_files(folder, folder.rglob("*.py")) for name, folder in folders.items()},
        "the secret": hashlib.sha256(plan.secret).hexdigest(),
        **{name: hashlib.sha256(msgspec.json.encode(value)).hexdigest() for name, value in settings.items()},
    }


def plan_key(plan: GradingPlan) -> str:
    """Hash of all that a verdict depends on, but for the submission."""
    return hashlib.sha256(msgspec.json.encode(fingerprint(plan))).hexdigest()


def submission_key(plan_key: str, submission: Submission) -> str:
    """Hash of all that a submission's verdicts depend on."""
    answer = (submission.student, submission.cells, submission.remarks, submission.problem)
    return hashlib.sha256(plan_key.encode() + msgspec.json.encode(answer)).hexdigest()


def answer_key(submission: Submission) -> str:
    """Hash of what a student answered in a notebook, whatever it is graded with.

    Another release is no other answer; neither is its prose, which a student may still have as it was.
    """
    own = [
        cell
        for cell in submission.cells
        if cell.origin is Origin.STUDENT and (cell.kind == "code" or cell.role is Role.REFLECTION)
    ]
    answer = (submission.student, submission.notebook, own, submission.problem)
    return hashlib.sha256(msgspec.json.encode(answer)).hexdigest()


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """What differs between two fingerprints, in words; "" if nothing does."""
    return ", ".join(
        f"{name} {theirs.get(name, 'none')} instead of {value}" if name in _READABLE else name
        for name, value in ours.items()
        if theirs.get(name) != value
    )


def _hash_files(folder: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _library(notebook: Notebook) -> dict[str, str]:
    """The library-backed versions that lie beside the hidden tests, if there are any."""
    name = f"autograder.hidden_tests.{notebook.assignment}.{notebook.name}.library"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise
        return {}
    sources: dict[str, str] = module.SOURCES
    return sources
