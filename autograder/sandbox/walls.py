"""The walls around student code: what this machine offers, and how a worker goes behind them.

A level is prepared once, in the forkserver, and entered by each worker before it sees any student code. "uid" and
"namespaces" come between as further levels: they add to `prepare` what the forkserver must do once, and to `enter`
what each worker must do, in the place that their names have in config.SANDBOX_LEVELS.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.config import SANDBOX_LEVELS
from autograder.errors import SandboxError
from autograder.model import Limits
from autograder.sandbox import kernel, landlock, rlimits, seccomp
from autograder.sandbox.reading import DEVICES, readable

BUILT = ("rlimits", "landlock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the machine offers.

    Attributes:
        linux: Whether it is Linux at all.
        landlock_abi: Version of Landlock, or 0.
        seccomp: Whether filters on system calls can be had.
    """

    linux: bool
    landlock_abi: int
    seccomp: bool

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that can be had, weakest first."""
        if not self.linux:
            return ()
        with_landlock = self.landlock_abi > 0 and self.seccomp
        return ("rlimits", "landlock") if with_landlock else ("rlimits",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """A level, ready to be entered.

    Attributes:
        level: Its name.
        budget: Limits of the kernel.
        grants: Files that may be read, opened as paths.
        landlock_abi: Version of Landlock, or 0 if it isn't used.
        filter: The seccomp program, empty if there is none.
    """

    level: str
    budget: rlimits.Budget
    grants: tuple[landlock.Grant, ...] = ()
    landlock_abi: int = 0
    filter: bytes = b""


def probe() -> Capabilities:
    """Ask the kernel, without changing anything."""
    is_linux = sys.platform == "linux"
    return Capabilities(
        linux=is_linux,
        landlock_abi=landlock.abi() if is_linux else 0,
        seccomp=is_linux and seccomp.available(),
    )


def choose(level: str | None, capabilities: Capabilities) -> str:
    """The level asked for, or the strongest if none is.

    Raises:
        SandboxError: If this machine doesn't offer it.
    """
    offered = capabilities.levels
    if not offered:
        raise SandboxError(f"Sandbox: expected Linux, got {sys.platform}. Grade in a Linux container.")
    if level is None:
        return offered[-1]
    if level not in SANDBOX_LEVELS:
        raise SandboxError(f"Sandbox: expected one of {', '.join(SANDBOX_LEVELS)}, got '{level}'.")
    if level not in offered:
        raise SandboxError(
            f"Sandbox: expected the level '{level}', this machine offers {', '.join(offered)}. "
            "`autograder doctor` says what is missing."
        )
    return level


def prepare(level: str, limits: Limits, forbidden: Sequence[str] = (), private: Sequence[Path] = ()) -> Wall:
    """Do once, in the forkserver, what is the same for all workers. Imports must be done by now.

    Args:
        level: Which wall.
        limits: What a worker may use.
        forbidden: Dotted names; modules among them can't be read behind the wall.
        private: Folders that can't be read behind the wall, wherever they lie.
    """
    capabilities = probe()
    budget = rlimits.budget(limits)
    # The filter asks nothing of the machine that could be missing, so the weakest level has it too where it can.
    program = seccomp.program() if capabilities.seccomp else b""
    if level == "rlimits":
        return Wall(level=level, budget=budget, filter=program)
    reading = readable(forbidden, private)
    grants = [
        *landlock.grant(reading.whole, landlock.READ),
        *landlock.grant(reading.listed, landlock.READ_DIR),
        *landlock.grant(map(Path, DEVICES), landlock.READ),
        *landlock.grant([Path("/dev/null")], landlock.WRITE),
    ]
    return Wall(
        level=level, budget=budget, grants=tuple(grants), landlock_abi=capabilities.landlock_abi, filter=program
    )


def leave_group(parent: int) -> None:
    """Become the leader of a new process group that ends with its parent."""
    os.setsid()
    kernel.prctl(kernel.PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def enter(wall: Wall, scratch: Path) -> None:
    """Go behind the wall, for good. Called by a worker before any student code.

    Args:
        wall: Prepared by the forkserver.
        scratch: The only folder that may be written.

    Raises:
        OSError: If the kernel refuses; the worker must not go on.
    """
    rlimits.prefer_in_shortage()
    rlimits.apply(wall.budget)
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if wall.landlock_abi:
        landlock.restrict((*wall.grants, *landlock.grant_scratch(scratch)), wall.landlock_abi)
    if wall.filter:
        seccomp.install(wall.filter)
