"""System calls for which Python has no name, by number, with errors as OSError."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_GET_SECCOMP = 21
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63
_MADV_COLLAPSE = 25
_HUGE_BYTES = 2 << 20

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def machine() -> str:
    """Name of the processor's architecture as the kernel says it."""
    return platform.machine()


def syscall(number: int, *args: Any) -> int:
    """Make a system call.

    Raises:
        OSError: With the kernel's errno.
    """
    return call("syscall", number, *args)


def prctl(option: int, *args: Any) -> int:
    """Call prctl.

    Raises:
        OSError: With the kernel's errno.
    """
    padded = [ctypes.c_ulong(arg) if isinstance(arg, int) else arg for arg in (*args, 0, 0, 0, 0)[:4]]
    return call("prctl", option, *padded)


def unshare(namespaces: int) -> None:
    """Leave these namespaces for new ones; a new pid namespace is for children only.

    Raises:
        OSError: With the kernel's errno.
    """
    try:
        call("unshare", ctypes.c_int(namespaces))
    except OSError as error:
        raise OSError(error.errno, f"making namespaces: {error.strerror}") from error


def setns(descriptor: int, namespace: int) -> None:
    """Go into a namespace; into one of process ids only with the children to come.

    Raises:
        OSError: With the kernel's errno.
    """
    call("setns", descriptor, ctypes.c_int(namespace))


def drop_bounding_set() -> None:
    """See to it that no program that is started ever gets a privilege back. Harmless without any."""
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break


def drop_capabilities() -> None:
    """Give up every privilege that root has over other users, for good. Harmless without any."""
    drop_bounding_set()
    with contextlib.suppress(OSError):
        # Linux before 4.3 has none to clear.
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    number = _CAPSET.get(machine())
    if number is not None:
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        syscall(number, ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


def call(name: str, *args: Any) -> int:
    """Call a function of the C library that returns -1 on errors.

    Raises:
        OSError: With the kernel's errno.
    """
    if _libc is None:
        raise OSError(f"{name}: expected Linux, got {sys.platform}.")
    ctypes.set_errno(0)
    result = int(getattr(_libc, name)(*args))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def collapse_memory() -> None:
    """Have this process's own memory in huge pages where that is possible: forks copy fewer entries.

    Source: man 2 madvise, MADV_COLLAPSE (Linux 6.1). Where it is refused, forks are slower and nothing else.
    """
    if _libc is None:
        return
    for line in Path("/proc/self/maps").read_text().splitlines():
        bounds, rights, *_, last = line.split()
        if "w" not in rights or (last.startswith(("/", "[")) and last != "[heap]"):
            continue
        start, end = (int(bound, 16) for bound in bounds.split("-"))
        first, beyond = -(-start // _HUGE_BYTES) * _HUGE_BYTES, end // _HUGE_BYTES * _HUGE_BYTES
        if first < beyond:
            _libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(beyond - first), _MADV_COLLAPSE)
