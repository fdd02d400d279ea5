"""Namespaces alone, without Landlock and without the filter: what is not there can't be reached by a hole in those."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.model import Limits
from autograder.sandbox import levels, mounts, reading, rlimits

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process in a worker's namespaces sees."""
    if "namespaces" not in levels.probe().levels:
        pytest.skip("no namespaces on this machine")
    packages = Path(np.__file__).parents[1]
    asked = {
        "exist": [
            *map(str, (PROJECT / "course.toml", PROJECT / "solutions", PROJECT / ".git", PROJECT / "autograder")),
            *("/tmp", "/dev/shm", "/sys", "/var", "/etc/passwd", str(Path("~/.cache").expanduser())),
            str(packages / "torch" / "__init__.py"),
        ],
        "empty": [str(path) for path in packages.glob("__editable__*") if path.is_file()],
        "pid": [str(os.getpid())],
    }
    root = str(tmp_path_factory.mktemp("root"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "tests.sandbox.inside", root, json.dumps(asked), port],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    return {"place": root, **json.loads(done.stdout)}


def test_only_what_python_needs_is_there(seen: dict[str, Any]) -> None:
    """Neither project, homes, temporary files nor devices of the machine exist; forbidden modules are not there."""
    # Where Python's libraries themselves lie below a folder for temporary files, that folder is there, with them alone.
    assert set(seen["there"]) <= {str(above) for root in reading.readable().roots for above in root.parents}
    assert seen["text"] == ""
    assert seen["homes"] == ["student"]
    assert seen["home"] == str(mounts.HOME)
    assert not {"tmp", "root", "sys", "var", "boot", "mnt", "srv"} & (set(seen["root"]) - shown_at_the_top())
    assert seen["lazy"] == "wave"


def shown_at_the_top() -> set[str]:
    """Folders of the root in which something lies that Python needs."""
    return {path.parts[1] for path in reading.readable().roots}


def test_no_other_process_is_there(seen: dict[str, Any]) -> None:
    """A worker is the first of its processes, sees no others, and can't name the grader's; it is no root."""
    assert seen["pid"] == 1
    assert seen["proc"] == []
    assert seen["kill"] == "ESRCH"
    assert seen["uid"] != 0
    if os.getuid() == 0:
        assert seen["groups"] == []


def test_there_is_no_network(seen: dict[str, Any]) -> None:
    """There is only a loopback device, which is down; a server on this machine can't be reached."""
    assert "lo" in seen["interfaces"]
    assert not {name for _, name in socket.if_nameindex() if name.startswith(("eth", "en"))} & set(seen["interfaces"])
    assert seen["connect"] == "ENETUNREACH"


def test_nothing_but_its_own_folder_can_be_written(seen: dict[str, Any]) -> None:
    """All else is read-only, and the folder is capped in bytes and files."""
    assert seen["writes"] == ["EROFS"] * 4
    limits = Limits()
    assert seen["filled"]["why"] == "ENOSPC"
    assert seen["filled"]["written"] <= rlimits.scratch_bytes(limits) + rlimits.SCRATCH_AHEAD_BYTES
    assert rlimits.SCRATCH_FILES < seen["filled"]["files"] <= 2 * rlimits.SCRATCH_FILES


def test_processes_end_with_their_first(seen: dict[str, Any]) -> None:
    """What a worker has forked is gone when the worker is, and the folder that was made for it too."""
    assert not [path for path in Path("/proc").iterdir() if path.name.isdigit() and _names(path, seen["place"])]
    assert not Path(seen["place"]).exists()


def _names(process: Path, text: str) -> bool:
    try:
        return text.encode() in (process / "cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize(
    ("roots", "without", "shown", "hidden"),
    [
        (["/usr", "/usr/lib"], [], ["/usr"], []),
        (["/usr"], ["/usr/course", "/usr/course/tests"], ["/usr"], ["/usr/course"]),
        (["/usr", "/usr/course/env"], ["/usr/course"], ["/usr", "/usr/course/env"], ["/usr/course"]),
        (["/usr"], ["/srv/course"], ["/usr"], []),
        (["/usr", "/srv/env"], ["/srv/env"], ["/usr"], []),
    ],
)
def test_the_fewest_mounts(
    tmp_path: Path, roots: list[str], without: list[str], shown: list[str], hidden: list[str]
) -> None:
    """Nothing is shown or covered twice, and what lies deeper than something covered is shown again."""

    def made(names: list[str]) -> list[Path]:
        paths = [tmp_path / name.lstrip("/") for name in names]
        for path in paths:
            path.mkdir(parents=True, exist_ok=True)
        return paths

    found = reading._cover(set(made(roots)), frozenset(made(without)))
    assert found == (made(shown), made(hidden))


def test_links_on_the_way_are_kept(tmp_path: Path) -> None:
    """A path that leads through links leads through the same links in the new root folder."""
    (tmp_path / "python3.11" / "lib").mkdir(parents=True)
    (tmp_path / "python").symlink_to("python3.11")
    (tmp_path / "opt").symlink_to(tmp_path / "python" / "lib" / "..")
    found = list(reading._links(tmp_path / "opt" / "lib"))
    assert found == [
        (tmp_path / "opt", str(tmp_path / "python" / "lib" / "..")),
        (tmp_path / "python", "python3.11"),
    ]
    (tmp_path / "round").symlink_to("round")
    assert len(list(reading._links(tmp_path / "round"))) <= 40
