"""Landlock: an allow-list of files that a process can put itself under without privileges, for good.

Source: the kernel's Documentation/userspace-api/landlock.rst, and include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox import kernel

# The same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_SOCK, _MAKE_BLOCK = 1 << 6, 1 << 9, 1 << 11
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FIRST_ABI_RIGHTS = (1 << 13) - 1
_NET_RIGHTS = 0b11
_SCOPES = 0b11
_NET_ABI, _SCOPE_ABI = 4, 6

READ = _READ_FILE | READ_DIR
WRITE = _WRITE_FILE | _TRUNCATE
DEVICE = READ | WRITE | _IOCTL_DEV
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be done with a file, or with all that lies in a folder.

    Attributes:
        descriptor: Of the file or folder, opened as a path only.
        access: Rights as bits.
    """

    descriptor: int
    access: int


def abi() -> int:
    """Version of Landlock that the kernel offers, or 0 for none."""
    try:
        return kernel.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError:
        return 0


def grant(paths: Iterable[Path], access: int) -> list[Grant]:
    """Open each path, so that a right to it can be given many times; what does not exist is left out."""
    grants = []
    for path in paths:
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            grants.append(Grant(descriptor, access if is_folder else access & _OF_FILES))
    return grants


def grant_scratch(path: Path) -> list[Grant]:
    """All rights in a folder, but for running programs and making devices or sockets."""
    return grant([path], _rights(abi()) & ~(_EXECUTE | _MAKE_CHAR | _MAKE_BLOCK | _MAKE_SOCK | _IOCTL_DEV))


def restrict(grants: Iterable[Grant], version: int) -> None:
    """Forbid this process and its children all files but these, TCP, and signals to processes outside.

    Args:
        grants: What stays allowed.
        version: As `abi` gave it, at least 1.

    Raises:
        OSError: If the kernel refuses.
    """
    handled = _rights(version)
    fields = (
        handled,
        _NET_RIGHTS if version >= _NET_ABI else 0,
        _SCOPES if version >= _SCOPE_ABI else 0,
    )
    ruleset = (ctypes.c_uint64 * 3)(*fields)
    # A kernel that knows fewer fields takes the longer struct if the rest is zero.
    number = kernel.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(24), ctypes.c_uint32(0))
    try:
        for entry in grants:
            rule = _PathBeneath(entry.access & handled, entry.descriptor)
            kernel.syscall(_ADD_RULE, number, _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.syscall(_RESTRICT_SELF, number, ctypes.c_uint32(0))
    finally:
        os.close(number)


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def _rights(version: int) -> int:
    rights = _FIRST_ABI_RIGHTS
    for right, since in ((_REFER, 2), (_TRUNCATE, 3), (_IOCTL_DEV, 5)):
        if version >= since:
            rights |= right
    return rights
