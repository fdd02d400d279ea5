"""Which walls this machine offers: what the kernel says, and what a trial shows."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import autograder
from autograder.config import SANDBOX_LEVELS
from autograder.errors import SandboxError
from autograder.sandbox import landlock, seccomp
from autograder.sandbox.folders import remove_folder

_TRIAL_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the machine offers.

    Attributes:
        linux: Whether it is Linux at all.
        landlock_abi: Version of Landlock, or 0.
        seccomp: Whether filters on system calls can be had.
        no_uid: Why the level "uid" can't be had, or "".
        no_namespaces: Why the level "namespaces" can't be had, or "".
    """

    linux: bool
    landlock_abi: int
    seccomp: bool
    no_uid: str = "not tried"
    no_namespaces: str = "not tried"

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that can be had, weakest first."""
        if not self.linux:
            return ()
        if not self.landlock_abi or not self.seccomp:
            return ("rlimits",)
        refusals = {"uid": self.no_uid, "namespaces": self.no_namespaces}
        return tuple(level for level in SANDBOX_LEVELS if not refusals.get(level))


@cache
def probe(*, thorough: bool = True) -> Capabilities:
    """Ask the kernel, and try in processes of their own what it doesn't tell.

    Args:
        thorough: Whether to try weaker levels too where the strongest can be had.
    """
    likely = guess()
    if not likely.landlock_abi or not likely.seccomp:
        missing = "it builds on " + ("seccomp" if likely.landlock_abi else "Landlock")
        return replace(likely, no_uid=missing, no_namespaces=missing)
    no_namespaces = _refusal("namespaces")
    if os.getuid() != 0:
        no_uid = "only root can give a worker a user id of its own"
    else:
        no_uid = _refusal("uid") if thorough or no_namespaces else "not tried"
    return replace(likely, no_uid=no_uid, no_namespaces=no_namespaces)


def guess() -> Capabilities:
    """Ask the kernel only; what it doesn't tell is taken to be there."""
    is_linux = sys.platform == "linux"
    return Capabilities(
        linux=is_linux,
        landlock_abi=landlock.abi() if is_linux else 0,
        seccomp=is_linux and seccomp.available(),
        no_uid="",
        no_namespaces="",
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


def _refusal(level: str) -> str:
    """Why a level can't be had here, or ""; found out by a process that tries.

    Where that process is killed or has no time, another one tries: that would say nothing about the machine.
    """
    refusal, is_certain = _try(level)
    return refusal if is_certain else _try(level)[0]


def _try(level: str) -> tuple[str, bool]:
    """Why a level can't be had here, or "", and whether the trial has come to its end."""
    root = Path(tempfile.mkdtemp(prefix="autograder-trial-"))
    package = str(Path(next(iter(autograder.__path__))).resolve().parent)
    try:
        done = subprocess.run(  # noqa: S603 - our own module, by our own interpreter
            [sys.executable, "-P", "-s", "-m", "autograder.sandbox.trial", level, str(root)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TRIAL_S,
            check=False,
            cwd="/",
            env={"PYTHONPATH": package, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the trial did not end: {error}", False
    finally:
        remove_folder(root)
    if done.returncode == 0:
        return "", True
    said = (done.stdout or done.stderr).strip()
    return said.splitlines()[-1] if said else f"the trial ended with status {done.returncode}", bool(said)
