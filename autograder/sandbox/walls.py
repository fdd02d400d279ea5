"""The walls around student code: how a forkserver makes them ready, and how a worker goes behind them.

A level is begun and prepared once, in the forkserver; each worker moves in and enters before it sees any student code.
Every level has all that the weaker ones have, in the order of config.SANDBOX_LEVELS, but that "namespaces" can do
without a spare user id where the grader is no root.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.model import Limits
from autograder.sandbox import kernel, landlock, namespaces, rlimits, seccomp, spare
from autograder.sandbox.place import PROCESSOR, Place, device_files, driver_files
from autograder.sandbox.reading import DEVICES, readable


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """A level, ready to be entered.

    Attributes:
        level: Its name.
        budget: Limits of the kernel.
        grants: Files that may be read, opened as paths.
        landlock_abi: Version of Landlock, or 0 if it isn't used.
        filter: The seccomp program, empty if there is none.
        ids: Spare user ids, if workers get one each.
        room: For namespaces.
    """

    level: str
    budget: rlimits.Budget
    grants: tuple[landlock.Grant, ...] = ()
    landlock_abi: int = 0
    filter: bytes = b""
    ids: spare.SpareIds | None = None
    room: namespaces.Room | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lodging:
    """Where one worker will live.

    Attributes:
        scratch: Folder that the grader made for it; with namespaces it gets one that no one else sees.
        parent: Process id of the forkserver.
        uid: Its spare user id, if it gets one.
    """

    scratch: Path
    parent: int
    uid: int | None = None


def begin(level: str, root: Path) -> None:
    """Do once, in the forkserver, what must be done before anything is imported.

    Args:
        level: Which wall.
        root: Folder of all scratch folders; removed at the end, in case the grader can't.

    Raises:
        OSError: If the kernel refuses.
    """
    if level == "namespaces":
        namespaces.enclose(root)


def prepare(
    level: str,
    limits: Limits,
    forbidden: Sequence[str] = (),
    private: Sequence[Path] = (),
    *,
    root: Path,
    here: Place = PROCESSOR,
) -> Wall:
    """Do once, in the forkserver, what is the same for all workers. Imports must be done by now.

    Args:
        level: Which wall.
        limits: What a worker may use.
        forbidden: Dotted names; modules among them can't be read behind the wall.
        private: Folders that can't be read behind the wall, wherever they lie.
        root: Folder of all scratch folders.
        here: Where student code computes.

    Raises:
        OSError: If the kernel refuses.
    """
    # The filter asks nothing of the machine that could be missing, so the weakest level has it too where it can.
    program = seccomp.program(cards=here.has_accelerator) if seccomp.available() else b""
    if level == "rlimits":
        return Wall(level=level, budget=rlimits.budget(limits, here), filter=program)
    reading = readable(forbidden, private)
    room = ids = None
    cards = device_files(here)
    if level == "namespaces":
        place = root / "view"
        place.mkdir()
        room = namespaces.furnish(reading, place, limits, cards)
        ids = room.ids
    elif level == "uid":
        # Its users are let through to their own folders.
        root.chmod(0o711)
        ids = spare.SpareIds()
    rlimits.allow_many_files()
    grants = [
        # Where what must stay unread is covered, a handful of rules does, which is quicker for each worker.
        *landlock.grant(reading.whole if room is None else reading.roots, landlock.READ),
        *landlock.grant(reading.listed if room is None else (), landlock.READ_DIR),
        *landlock.grant(map(Path, DEVICES), landlock.READ),
        *landlock.grant([Path("/dev/null")], landlock.WRITE),
        *landlock.grant(map(Path, cards), landlock.DEVICE),
        *landlock.grant(map(Path, driver_files(here)), landlock.READ),
    ]
    return Wall(
        level=level,
        budget=rlimits.budget(limits, here, alone=bool(room or ids)),
        grants=tuple(grants),
        landlock_abi=landlock.abi(),
        filter=program,
        ids=ids,
        room=room,
    )


def lodge(wall: Wall, scratch: Path) -> Lodging:
    """Do in the forkserver what must be done before each fork of a worker.

    Raises:
        OSError: If the kernel refuses.
    """
    if wall.room is not None:
        namespaces.next_child(wall.room)
    return Lodging(scratch=scratch, parent=os.getpid(), uid=wall.ids.take() if wall.ids is not None else None)


def move_in(wall: Wall, lodging: Lodging) -> Path:
    """Take this process, just forked, out of the forkserver's company. It ends with the forkserver.

    Returns:
        The only folder that may be written.

    Raises:
        OSError: If the kernel refuses.
    """
    os.setsid()
    rlimits.prefer_in_shortage()
    scratch = lodging.scratch
    if wall.room is not None:
        scratch = namespaces.move_in(wall.room, lodging.uid)
    elif lodging.uid is not None:
        os.chown(scratch, lodging.uid, lodging.uid)
        spare.become(lodging.uid)
    if wall.room is None:
        # A new user would have to ask again; in a pid namespace the kernel sees to it.
        kernel.prctl(kernel.PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != lodging.parent:
            os._exit(1)
    os.chdir(scratch)
    return scratch


def seen_from_outside(wall: Wall, pid: int, scratch: Path) -> Path:
    """Where the grader sees a worker's folder, and can watch how full it is.

    Args:
        wall: Behind which it lives.
        pid: Its process id as the grader sees it.
        scratch: The folder that the grader has made for it.
    """
    return scratch if wall.room is None else namespaces.home_of(pid)


def enter(wall: Wall, scratch: Path) -> None:
    """Go behind the wall, for good. Called by a worker before any student code.

    Args:
        wall: Prepared by the forkserver.
        scratch: The only folder that may be written.

    Raises:
        OSError: If the kernel refuses; the worker must not go on.
    """
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if wall.landlock_abi:
        landlock.restrict((*wall.grants, *landlock.grant_scratch(scratch)), wall.landlock_abi)
    # After that: there are more grants than a worker may have open files.
    rlimits.apply(wall.budget)
    if wall.filter:
        seccomp.install(wall.filter)
