"""What this machine offers a sandbox, and what is in force. Only looks; prints nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import SandboxError
from autograder.model import Limits
from autograder.sandbox import landlock, seccomp
from autograder.sandbox.client import open_sandbox

_PROBE_S = 10.0
_NAMESPACES = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
# user, mount, pid, network, ipc
sys.exit(ctypes.get_errno() if libc.unshare(0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000) else 0)
"""


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


def examine() -> tuple[Finding, ...]:
    """Look at everything that a sandbox depends on; starts one to see that its walls stand."""
    return (
        _level(),
        _landlock(),
        _seccomp(),
        _namespaces(),
        _cgroup(),
        _user(),
        _memory(Limits().memory_bytes),
        Finding("Python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.system()}"),
        _torch(),
        _cuda(),
    )


def _level() -> Finding:
    try:
        with open_sandbox(kind="numpy", limits=Limits()) as sandbox:
            sandbox.load(()).close()
            return Finding("Sandbox level in force", True, f"{sandbox.level}: a worker was started behind it")
    except SandboxError as error:
        return Finding("Sandbox level in force", False, str(error))


def _landlock() -> Finding:
    version = landlock.abi()
    if not version:
        return Finding("Landlock", False, "none: the kernel is older than 5.13, or has it switched off")
    scope = "files, TCP and signals" if version >= 6 else "files and TCP" if version >= 4 else "files"
    return Finding("Landlock", True, f"ABI {version}: {scope}")


def _seccomp() -> Finding:
    is_there = seccomp.available()
    return Finding("seccomp", is_there, f"filters {'' if is_there else 'not '}to be had on {platform.machine()}")


def _namespaces() -> Finding:
    try:
        done = subprocess.run([sys.executable, "-I", "-c", _NAMESPACES], check=False, timeout=_PROBE_S)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("Namespaces", False, str(error))
    if done.returncode:
        return Finding("Namespaces", False, f"refused: {os.strerror(done.returncode)}")
    return Finding("Namespaces", True, "user, mount, pid, net and ipc")


def _cgroup() -> Finding:
    folders = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup/memory")]
    writable = [str(path) for path in folders if path.is_dir() and os.access(path, os.W_OK)]
    detail = f"writable: {writable[0]}" if writable else "not writable; not needed"
    return Finding("Control groups", bool(writable), detail)


def _user() -> Finding:
    uid = os.getuid()
    if uid == 0:
        return Finding("User", True, "root: workers give up its privileges; the number of processes is watched")
    return Finding("User", True, f"uid {uid}: an ordinary user")


def _memory(per_worker_bytes: int) -> Finding:
    available = 0
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                available = int(line.split()[1]) << 10
    except OSError as error:
        return Finding("Spare memory", False, str(error))
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
