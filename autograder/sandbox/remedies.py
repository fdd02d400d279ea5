"""Why a stronger wall is missing on this machine, and how to get it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_KERNEL = "Linux 5.13 or newer with `landlock` in its boot option `lsm=`"
# Name below /proc/sys, the value that forbids, and one that allows.
_SETTINGS = (
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ("user/max_user_namespaces", "0", "15000"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands in the way of walls.

    Attributes:
        is_root: Whether the grader is root.
        is_colab: Whether this is a Colab notebook.
        is_container: Whether this is a container.
        blocking: Settings of the kernel that forbid user namespaces, by `sysctl`'s name, and the value that allows.
    """

    is_root: bool
    is_colab: bool
    is_container: bool
    blocking: Mapping[str, str]


def look_around() -> Surroundings:
    """Find out where we are."""
    blocking = {}
    for name, forbids, allows in _SETTINGS:
        path = Path("/proc/sys") / name
        if path.is_file() and path.read_text().strip() == forbids:
            blocking[name.replace("/", ".")] = allows
    return Surroundings(
        is_root=os.getuid() == 0,
        is_colab=any(name.startswith("COLAB_") for name in os.environ),
        is_container=any(Path(path).exists() for path in ("/.dockerenv", "/run/.containerenv")),
        blocking=blocking,
    )


def remedy(level: str, here: Surroundings, *, lacks: str) -> str:
    """One sentence on how to get a level that this machine doesn't offer.

    Args:
        level: Its name.
        here: Where we are.
        lacks: What of Landlock and seccomp the kernel doesn't give, in words, or "".
    """
    if here.is_colab:
        return "Colab gives no more: for stronger walls grade on a Linux machine of your own."
    if lacks and here.is_container:
        return f"Run the container on a host with {_KERNEL} (it gives no {lacks})."
    if lacks:
        return f"Take {_KERNEL} (it gives no {lacks})."
    return _for_uid(here) if level == "uid" else _for_namespaces(here)


def _for_uid(here: Surroundings) -> str:
    if not here.is_root:
        return "Run the grader as root, or rely on 'namespaces', which needs no root."
    return "Keep Python and its libraries where all users may read them, and TMPDIR where all may enter, as in /tmp."


def _for_namespaces(here: Surroundings) -> str:
    if here.is_container:
        right = "--cap-add SYS_ADMIN " if here.is_root else ""
        options = f"{right}--security-opt seccomp=unconfined --security-opt apparmor=unconfined"
        return f"Start the container with `{options}`, or grade outside of it."
    if here.blocking:
        name, value = next(iter(here.blocking.items()))
        return f"Let users have namespaces with `sudo sysctl -w {name}={value}`, or run the grader as root."
    return "Let users have user namespaces on this machine, or run the grader as root."
