"""What this machine offers a sandbox, and what is in force. Only looks; prints nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.config import SANDBOX_LEVELS
from autograder.errors import SandboxError
from autograder.model import Limits
from autograder.sandbox import cgroup, landlock, levels, remedies, seccomp
from autograder.sandbox.client import open_sandbox
from autograder.sandbox.describe import DESCRIPTIONS


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What.
        ok: Whether it is there, or as it should be.
        detail: Which version, how much, or what to do.
    """

    name: str
    ok: bool
    detail: str


def examine(limits: Limits | None = None, minimum: str | None = None) -> tuple[Finding, ...]:
    """Look at everything that a sandbox depends on; starts one to see that its walls stand.

    Args:
        limits: What student code may use; the defaults if None.
        minimum: Weakest wall at which a course grades; None where there is no course.
    """
    limits = limits or Limits()
    in_force, level = _level(limits)
    return (
        level,
        *(() if minimum is None else [_minimum(in_force, minimum)]),
        *_levels(levels.probe(), remedies.look_around()),
        _landlock(),
        _seccomp(),
        _cgroup(),
        _user(),
        _memory(limits.memory_bytes),
        Finding("Python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.system()}"),
        _torch(),
        _cuda(),
    )


def _level(limits: Limits) -> tuple[str | None, Finding]:
    name = "Sandbox level in force"
    try:
        with open_sandbox(kind="numpy", limits=limits) as sandbox:
            sandbox.load(()).close()
            return sandbox.level, Finding(name, True, f"{sandbox.level}: a worker was started behind it")
    except SandboxError as error:
        return None, Finding(name, False, str(error))


def _minimum(level: str | None, minimum: str) -> Finding:
    """Whether a course grades here."""
    name = "Level the course demands"
    if level is not None and SANDBOX_LEVELS.index(level) >= SANDBOX_LEVELS.index(minimum):
        return Finding(name, True, f"{minimum}, or stronger")
    return Finding(
        name,
        False,
        f"{minimum}, or stronger: `autograder grade` refuses here. Get it as the line `Level {minimum}` says, or grade "
        "with --accept-weaker-sandbox if you trust these students.",
    )


def _levels(offered: levels.Capabilities, here: remedies.Surroundings) -> Iterator[Finding]:
    """Each wall: what it stops and leaves open, or why it is not there and how to get it."""
    refusals = {"uid": offered.no_uid, "namespaces": offered.no_namespaces}
    parts = {"Landlock": offered.landlock_abi > 0, "seccomp": offered.seccomp}
    lacks = " and ".join(part for part, is_there in parts.items() if not is_there)
    for entry in DESCRIPTIONS:
        name = f"Level {entry.level}"
        if entry.level in offered.levels:
            yield Finding(name, True, f"stops: {entry.stops}. Leaves: {entry.leaves}.")
        elif not offered.linux:
            yield Finding(name, False, "expected Linux. Grade in a Linux container.")
        else:
            why = refusals.get(entry.level) or "the kernel lacks what it builds on"
            yield Finding(name, False, f"{why}. {remedies.remedy(entry.level, here, lacks=lacks)}")


def _landlock() -> Finding:
    version = landlock.abi()
    if not version:
        why = "the kernel is older than 5.13 or has it switched off, or a container refuses the call"
        return Finding("Landlock", False, f"none: {why}")
    scope = "files, TCP and signals" if version >= 6 else "files and TCP" if version >= 4 else "files"
    return Finding("Landlock", True, f"ABI {version}: {scope}")


def _seccomp() -> Finding:
    is_there = seccomp.available()
    return Finding("seccomp", is_there, f"filters {'' if is_there else 'not '}to be had on {platform.machine()}")


def _cgroup() -> Finding:
    group = cgroup.make()
    if group is None:
        detail = "none to be had: memory of all processes together is looked at every 50 ms, not capped by the kernel"
        return Finding("Control group", False, detail)
    cgroup.remove(group)
    return Finding("Control group", True, f"below {group.parent}: memory of all processes together is capped")


def _user() -> Finding:
    uid = os.getuid()
    if uid == 0:
        return Finding("User", True, "root: workers give up its privileges")
    return Finding("User", True, f"uid {uid}: an ordinary user")


def _memory(per_worker_bytes: int) -> Finding:
    available = 0
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                available = int(line.split()[1]) << 10
    except OSError as error:
        return Finding("Spare memory", False, str(error))
    # A container may have less than its machine.
    room = cgroup.room()
    available = available if room is None else max(0, min(available, room))
    workers = available // (2 * per_worker_bytes)
    detail = f"{available >> 20} MB: enough for {workers} workers of {per_worker_bytes >> 20} MB, with as much to spare"
    return Finding("Spare memory", workers > 0, detail)


def _torch() -> Finding:
    try:
        return Finding("torch", True, importlib.metadata.version("torch"))
    except importlib.metadata.PackageNotFoundError:
        return Finding("torch", False, "not installed: notebooks of kind torch can't be graded")


def _cuda() -> Finding:
    path = Path("/proc/driver/nvidia/version")
    if not path.is_file():
        return Finding("CUDA", False, "no driver: notebooks are graded on the processor")
    return Finding("CUDA", True, path.read_text().splitlines()[0])
