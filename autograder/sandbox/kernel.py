"""System calls for which Python has no name, by number, with errors as OSError."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
PR_GET_SECCOMP = 21
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def machine() -> str:
    """Name of the processor's architecture as the kernel says it."""
    return platform.machine()


def syscall(number: int, *args: Any) -> int:
    """Make a system call.

    Raises:
        OSError: With the kernel's errno.
    """
    return _checked("syscall", number, *args)


def prctl(option: int, *args: Any) -> int:
    """Call prctl.

    Raises:
        OSError: With the kernel's errno.
    """
    padded = [ctypes.c_ulong(arg) if isinstance(arg, int) else arg for arg in (*args, 0, 0, 0, 0)[:4]]
    return _checked("prctl", option, *padded)


def drop_capabilities() -> None:
    """Give up every privilege that root has over other users, for good. Harmless without any."""
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break
    with contextlib.suppress(OSError):
        # Linux before 4.3 has none to clear.
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    number = _CAPSET.get(machine())
    if number is not None:
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        syscall(number, ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


def _checked(name: str, *args: Any) -> int:
    if _libc is None:
        raise OSError(f"{name}: expected Linux, got {sys.platform}.")
    ctypes.set_errno(0)
    result = int(getattr(_libc, name)(*args))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
