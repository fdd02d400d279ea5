"""What the doctor says: what is in force, what it stops here, what is missing and how to get it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.config import SANDBOX_LEVELS
from autograder.model import Limits
from autograder.sandbox import cgroup, describe, levels
from autograder.sandbox.doctor import Finding, examine
from autograder.sandbox.remedies import Surroundings, look_around, remedy

PAGE = Path(__file__).parents[2] / "docs" / "threat-model.md"
OWN_MACHINE = Surroundings(is_root=False, is_colab=False, is_container=False, blocking={})


def find(findings: tuple[Finding, ...], name: str) -> Finding:
    return next(entry for entry in findings if entry.name == name)


def test_the_doctor_says_what_is_in_force() -> None:
    """Every finding has a name and a detail, and the level is the one that a sandbox gets."""
    findings = examine()
    level = find(findings, "Sandbox level in force")
    assert level.ok
    assert level.detail.split(":")[0] == levels.choose(None, levels.probe())
    assert all(entry.name and entry.detail for entry in findings)
    assert {"Landlock", "seccomp", "Control group", "Python", "torch", "CUDA", "Spare memory", "User"} <= {
        entry.name for entry in findings
    }
    for level_name in SANDBOX_LEVELS:
        assert find(findings, f"Level {level_name}").ok == (level_name in levels.probe().levels)


def test_whether_a_course_grades_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of a course nothing is demanded; inside, what is refused is said before a class is graded."""
    poor = dataclasses.replace(levels.probe(), no_uid="refused", no_namespaces="refused")
    monkeypatch.setattr(levels, "probe", lambda **_: poor)
    name = "Level the course demands"
    assert name not in {entry.name for entry in examine()}
    assert find(examine(minimum="landlock"), name) == Finding(name, True, "landlock, or stronger")
    demanded = find(examine(minimum="namespaces"), name)
    assert not demanded.ok
    assert "`autograder grade` refuses here. Get it as the line `Level namespaces` says" in demanded.detail


def test_memory_is_that_of_the_course_and_of_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers have the course's limit, and a container may have less than its machine."""
    monkeypatch.setattr("autograder.sandbox.cgroup.room", lambda: 1000 << 20)
    spare = find(examine(Limits(memory_bytes=100 << 20)), "Spare memory")
    assert spare.detail == "1000 MB: enough for 5 workers of 100 MB, with as much to spare"


@pytest.mark.parametrize(
    ("files", "left"),
    [
        ({"memory.max": "1000\n", "memory.current": "700\n", "memory.stat": "anon 600\ninactive_file 50\n"}, 350),
        ({"memory.max": "max\n", "memory.current": "700\n", "memory.stat": ""}, None),
        (
            {"memory.limit_in_bytes": "900", "memory.usage_in_bytes": "200", "memory.stat": "total_inactive_file 5\n"},
            705,
        ),
        ({}, None),
    ],
)
def test_room_in_a_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], left: int | None
) -> None:
    """Of both versions of control groups; files that were read can be dropped again."""
    (tmp_path / "ours").mkdir()
    for name, text in files.items():
        (tmp_path / "ours" / name).write_text(text)
    monkeypatch.setattr(cgroup, "_mounted", lambda: iter([(tmp_path, "/ours")]))
    assert cgroup.room() == left


def test_what_each_level_stops_and_leaves_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Levels that are there are described; of the others the reason and a way are given."""
    poor = dataclasses.replace(levels.probe(), no_uid="", no_namespaces="mounting: Operation not permitted")
    monkeypatch.setattr("autograder.sandbox.doctor.levels.probe", lambda **_: poor)
    findings = examine()
    described = {entry.level: entry for entry in describe.DESCRIPTIONS}
    uid, spaces = find(findings, "Level uid"), find(findings, "Level namespaces")
    assert described["uid"].stops in uid.detail
    assert described["uid"].leaves in uid.detail
    assert not spaces.ok
    assert spaces.detail.startswith("mounting: Operation not permitted. ")
    assert spaces.detail.endswith(remedy("namespaces", look_around(), lacks=""))
    without = dataclasses.replace(poor, landlock_abi=0)
    monkeypatch.setattr("autograder.sandbox.doctor.levels.probe", lambda **_: without)
    assert "it gives no Landlock" in find(examine(), "Level landlock").detail


def test_the_page_says_the_same() -> None:
    """The table of the threat model is that of the doctor, and has all levels in order."""
    assert "\n".join(describe.table()) in PAGE.read_text(encoding="utf-8")
    assert tuple(entry.level for entry in describe.DESCRIPTIONS) == SANDBOX_LEVELS


@pytest.mark.parametrize(
    ("level", "changes", "lacks", "expected"),
    [
        ("namespaces", {"is_colab": True}, "Landlock", "Linux machine of your own"),
        ("landlock", {}, "Landlock", "5.13"),
        ("landlock", {"is_container": True}, "Landlock", "host with Linux 5.13"),
        ("uid", {}, "", "as root"),
        ("uid", {"is_root": True}, "", "where all users may read them"),
        ("namespaces", {"is_container": True}, "", "`--security-opt seccomp=unconfined"),
        ("namespaces", {"is_container": True, "is_root": True}, "", "`--cap-add SYS_ADMIN --security-opt"),
        ("namespaces", {"blocking": {"kernel.x": "1"}}, "", "`sudo sysctl -w kernel.x=1`"),
        ("namespaces", {}, "", "run the grader as root"),
    ],
)
def test_the_way_to_a_stronger_level(level: str, changes: dict[str, object], lacks: str, expected: str) -> None:
    """One next step, which fits where the grader runs."""
    here = dataclasses.replace(OWN_MACHINE, **changes)  # type: ignore[arg-type]
    assert expected in remedy(level, here, lacks=lacks)


@pytest.mark.skipif("namespaces" not in levels.probe().levels, reason="no namespaces on this machine to be taken away")
def test_where_namespaces_are_refused_a_weaker_wall_is_taken() -> None:
    """As in a container with default settings: the trial says what was refused, and student code runs all the same."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.refused"],
        cwd=PAGE.parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    refusal, level, answer = done.stdout.splitlines()
    assert refusal.startswith("making namespaces: ")
    assert level in {"landlock", "uid"}
    assert answer.startswith("Returned(value=1, ")
