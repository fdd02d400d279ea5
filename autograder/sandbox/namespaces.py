"""Namespaces: the forkserver in a small world of its own, and each worker in a smaller one within it.

The forkserver is the first process of its own pid namespace, and each worker is of another one below: when the first
process of a pid namespace ends, for whatever reason, the kernel ends all others in it. So nothing outlives its
submission, and nothing outlives the forkserver or the grader, whoever is killed in whichever order.

Root makes these namespaces as root, and its workers go on under spare user ids. An ordinary user, and a root without
the right to mount, gets that right in a user namespace of its own, and so does each worker.

Source: namespaces(7), pid_namespaces(7), user_namespaces(7).
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from autograder.model import Limits
from autograder.sandbox import kernel, mounts, rlimits, spare
from autograder.sandbox.folders import remove_folder
from autograder.sandbox.reading import DEVICES, Reading

_PARENT_CHECK_S = 1.0
_FORKSERVERS = kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
_WORKERS = kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the forkserver needs to put a worker into namespaces of its own.

    Attributes:
        pid_namespace: Descriptor of the forkserver's own.
        ids: Spare user ids, if the forkserver is root with all its rights.
        size_bytes: What a worker's folder may hold.
        files: How many files and folders may be in it.
    """

    pid_namespace: int
    ids: spare.SpareIds | None = field(repr=False)
    size_bytes: int
    files: int


def enclose(root: Path) -> None:
    """Move into new namespaces. Returns in a child process; this one waits until it ends, and ends as it did.

    To be called by a process with one thread: before anything is imported that starts more.

    Args:
        root: Folder to remove at the end.

    Raises:
        OSError: If the kernel refuses.
    """
    grader = os.getppid()
    try:
        kernel.unshare(_FORKSERVERS)
    except PermissionError:
        uid, gid = os.getuid(), os.getgid()
        kernel.unshare(_FORKSERVERS | kernel.CLONE_NEWUSER)
        _map(uid, gid)
    ourselves = os.pidfd_open(os.getpid())
    pid = os.fork()
    if pid:
        _wait_for(pid, grader, root)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if select.select([ourselves], [], [], 0)[0]:
        # The parent ended before we had asked to end with it.
        os._exit(1)
    os.close(ourselves)
    # Not together with the parent: a change of the root folder changes it for all who share their mounts.
    kernel.unshare(kernel.CLONE_NEWNS)
    mounts.make_private()


def furnish(reading: Reading, place: Path, limits: Limits, cards: Sequence[str] = ()) -> Room:
    """Change to a root folder that holds only what may be read. In the process that `enclose` returned in.

    Args:
        reading: What may be read.
        place: An empty folder to build it in.
        limits: What a worker may use.
        cards: Further device files.

    Raises:
        OSError: If the kernel refuses.
    """
    pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    mounts.change_root(reading, place, (*DEVICES, *cards))
    return Room(
        pid_namespace=pid_namespace,
        ids=spare.SpareIds() if _has_all_rights() else None,
        size_bytes=rlimits.scratch_bytes(limits) + rlimits.SCRATCH_AHEAD_BYTES,
        files=2 * rlimits.SCRATCH_FILES,
    )


def next_child(room: Room) -> None:
    """Let the next fork be the first process of a new pid namespace."""
    # A second new one needs the first to be taken back.
    kernel.setns(room.pid_namespace, kernel.CLONE_NEWPID)
    kernel.unshare(kernel.CLONE_NEWPID)


def move_in(room: Room, uid: int | None) -> Path:
    """Put this process, just forked, into namespaces of its own.

    Args:
        room: Made by the forkserver.
        uid: Spare user id, if there is one.

    Returns:
        The only folder that may be written.

    Raises:
        OSError: If the kernel refuses.
    """
    if uid is not None:
        kernel.unshare(_WORKERS)
        mounts.furnish(uid, uid, room.size_bytes, room.files)
        spare.become(uid)
    else:
        uid, gid = os.getuid(), os.getgid()
        kernel.unshare(_WORKERS | kernel.CLONE_NEWUSER)
        _map(uid, gid)
        mounts.furnish(uid, gid, room.size_bytes, room.files)
    return mounts.HOME


def pid_outside(pid: int) -> int:
    """The number that one of our children has in the grader's eyes.

    Raises:
        OSError: If it is gone.
    """
    descriptor = os.pidfd_open(pid)
    try:
        # What lies under /proc is the grader's view.
        lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines()
    finally:
        os.close(descriptor)
    return int(next(line.split()[1] for line in lines if line.startswith("Pid:")))


def home_of(pid: int) -> Path:
    """Where the grader sees the folder of a worker."""
    return Path(f"/proc/{pid}/root") / mounts.HOME.relative_to("/")


def _map(uid: int, gid: int) -> None:
    """Keep our own user and group in a new user namespace, and no others."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _has_all_rights() -> bool:
    """Whether we are root where all users are, and not in a user namespace that knows only ourselves."""
    if os.getuid() != 0:
        return False
    rows = [list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(first <= spare.FIRST and first + count >= spare.FIRST + spare.COUNT for first, _, count in rows)


def _wait_for(pid: int, grader: int, root: Path) -> NoReturn:
    """Hold on to nothing; end with the child, or with the grader, which ends the child."""
    status = 1
    try:
        child = os.pidfd_open(pid)
        poll = select.poll()
        poll.register(child, select.POLLIN)
        os.closerange(3, child)
        while not (ended := poll.poll(_PARENT_CHECK_S * 1000)) and os.getppid() == grader:
            continue
        if not ended:
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status == 0 or os.getppid() != grader:
            # Else the grader wants to read there why it ended.
            remove_folder(root)
    finally:
        os._exit(status if status >= 0 else 128 - status)
