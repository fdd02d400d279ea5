"""A filter on system calls: what student code never needs, and what Landlock doesn't cover, is refused.

A list of refusals, not of permissions, so that NumPy, matplotlib and torch run as they are; calls newer than this
list don't exist for the student. Refused means EPERM, which Python turns into a PermissionError, so an honest program
reads what went wrong.

Why so strict on signals: a filter can't tell own processes from others, and no exercise sends signals. Refusing
`setsid` and `setpgid` keeps everything that a worker starts in its process group, which the grader ends as a whole.
Refusing `execve` means that there is no second interpreter in which a forbidden function would still be whole.

Source: the kernel's Documentation/userspace-api/seccomp_filter.rst; numbers from its asm-generic/unistd.h and
arch/x86/entry/syscalls/syscall_64.tbl.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import resource
import socket
import struct
from dataclasses import dataclass

from autograder.sandbox import kernel

# Name: (x86_64, aarch64); None where the architecture doesn't have it.
_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    # Other processes.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # Other programs.
    "execve": (59, 221),
    "execveat": (322, 281),
    # The network, and sockets to other processes.
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    # Memory and queues that no limit counts, that outlive their process, or that are another's.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # A byte of a page in a pipe keeps all of the page, or of the two megabytes that it is part of.
    "vmsplice": (278, 75),
    "splice": (275, 76),
    "tee": (276, 77),
    "sendfile": (40, 71),
    # What all processes of a user or of the machine have together: requests, watches, the time of the disks.
    "io_setup": (206, 0),
    "io_submit": (209, 2),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "sync": (162, 81),
    "syncfs": (306, 267),
    # Files by ways that Landlock doesn't watch.
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "truncate": (76, 45),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "fanotify_init": (300, 262),
    # Namespaces, mounts, the machine, and corners of the kernel.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "statmount": (457, 457),
    "listmount": (458, 458),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "syslog": (103, 116),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "vhangup": (153, 58),
    # Those below are refused for some arguments only, or made to look absent.
    "socketpair": (53, 199),
    "prlimit64": (302, 261),
    "setrlimit": (160, 164),
    "sched_setaffinity": (203, 122),
    "mmap": (9, 222),
    "ioctl": (16, 29),
    "fcntl": (72, 25),
    "prctl": (157, 167),
    "clone": (56, 220),
    "clone3": (435, 435),
    "open": (2, None),
    "openat": (257, 56),
    "openat2": (437, 437),
}
_LAST_KNOWN = 466
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ABSENT = ("clone3", "openat2")

_CLONE_NEW_ANYTHING, _CLONE_PARENT = 0x7E020000, 0x8000
_F_SETSIG, _F_SETOWN_EX, _F_SETPIPE_SZ = 10, 15, 1031
_MAP_SHARED, _MAP_ANONYMOUS = 0x01, 0x20
# The owner of a socket, who gets its signals.
_FIOSETOWN, _SIOCSPGRP = 0x8901, 0x8902
# What Python asks of descriptors: whether it is a terminal and of which size, how much there is to read, how it reads.
_TCGETS, _TIOCGWINSZ, _FIONREAD, _FIONBIO, _FIONCLEX, _FIOCLEX = 0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451
_LOW_BITS = 0xFFFFFFFF

# Classic BPF, as struct seccomp_data is laid out.
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_ABOVE, _AND, _RETURN = 0x20, 0x15, 0x25, 0x54, 0x06
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_ARGUMENTS = 0, 4, 16
_ALLOW, _KILL_PROCESS, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_MODE_FILTER = 2
_INSTRUCTION = struct.Struct("=HBBI")


@dataclass(frozen=True, slots=True)
class _Only:
    """Allow a call only if argument & mask == value, or with `unless` only if it differs."""

    name: str
    argument: int
    mask: int
    value: int
    unless: bool = False


@dataclass(frozen=True, slots=True)
class _Among:
    """Allow a call only if the low half of an argument is one of these values."""

    name: str
    argument: int
    values: tuple[int, ...]


_Check = _Only | _Among

_CONDITIONS: tuple[tuple[_Check, ...], ...] = (
    # asyncio makes a pair; a pair of datagram sockets could send to any address.
    (_Only("socketpair", 0, _LOW_BITS, socket.AF_UNIX), _Only("socketpair", 1, 0xF, socket.SOCK_STREAM)),
    # With a limit of 1 no crash is written or piped anywhere. With 0 it would still be piped.
    (_Only("prlimit64", 0, _LOW_BITS, 0), _Only("prlimit64", 1, _LOW_BITS, resource.RLIMIT_CORE, unless=True)),
    (_Only("setrlimit", 0, _LOW_BITS, resource.RLIMIT_CORE, unless=True),),
    (_Only("sched_setaffinity", 0, _LOW_BITS, 0),),
    # A descriptor can be told to send a signal to any process. A lease has all others wait who open the file.
    (
        _Only("fcntl", 1, _LOW_BITS, fcntl.F_SETOWN, unless=True),
        _Only("fcntl", 1, _LOW_BITS, _F_SETSIG, unless=True),
        _Only("fcntl", 1, _LOW_BITS, _F_SETOWN_EX, unless=True),
        _Only("fcntl", 1, _LOW_BITS, fcntl.F_SETLEASE, unless=True),
        _Only("fcntl", 1, _LOW_BITS, fcntl.F_NOTIFY, unless=True),
        _Only("fcntl", 1, _LOW_BITS, _F_SETPIPE_SZ, unless=True),
    ),
    (
        _Only("prctl", 0, _LOW_BITS, kernel.PR_SET_PDEATHSIG, unless=True),
        _Only("prctl", 0, _LOW_BITS, kernel.PR_SET_CHILD_SUBREAPER, unless=True),
        # Or the grader could not look after its memory and files.
        _Only("prctl", 0, _LOW_BITS, kernel.PR_SET_DUMPABLE, unless=True),
    ),
    # A child of the forkserver's would not be looked for among ours.
    (_Only("clone", 0, _CLONE_NEW_ANYTHING | _CLONE_PARENT, 0),),
    # Landlock before ABI 3 lets a file be emptied by opening it for reading.
    (_Only("open", 1, os.O_TRUNC | os.O_ACCMODE, os.O_TRUNC, unless=True),),
    (_Only("openat", 2, os.O_TRUNC | os.O_ACCMODE, os.O_TRUNC, unless=True),),
)
_ON_PROCESSORS: tuple[tuple[_Check, ...], ...] = (
    # Shared pages stay when whoever has touched them lets go of them, and count as nobody's.
    (_Only("mmap", 3, _MAP_SHARED | _MAP_ANONYMOUS, _MAP_SHARED | _MAP_ANONYMOUS, unless=True),),
    (_Among("ioctl", 1, (_TCGETS, _TIOCGWINSZ, _FIONREAD, _FIONBIO, _FIONCLEX, _FIOCLEX)),),
)
# A graphics card's driver is spoken to by ioctl, and by whatever else it likes.
_ON_CARDS: tuple[tuple[_Check, ...], ...] = (
    (
        _Only("ioctl", 1, _LOW_BITS, _FIOSETOWN, unless=True),
        _Only("ioctl", 1, _LOW_BITS, _SIOCSPGRP, unless=True),
    ),
)


def available() -> bool:
    """Whether this kernel takes filters, and this processor is one whose numbers are listed here."""
    if kernel.machine() not in _ARCHITECTURES:
        return False
    try:
        return kernel.prctl(kernel.PR_GET_SECCOMP) in {0, _MODE_FILTER}
    except OSError:
        return False


def program(*, cards: bool = False) -> bytes:
    """The filter for this machine's architecture, as instructions of classic BPF.

    Args:
        cards: Whether student code works on a graphics card.
    """
    architecture = kernel.machine()
    column = list(_ARCHITECTURES).index(architecture)
    numbers = {name: both[column] for name, both in _NUMBERS.items()}
    conditions = (*_CONDITIONS, *(_ON_CARDS if cards else _ON_PROCESSORS))
    conditional = {"mmap", *(checks[0].name for checks in conditions)}
    code = [
        (_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, _ARCHITECTURES[architecture]),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
        (_JUMP_IF_ABOVE, 0, 1, _LAST_KNOWN),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    for name, number in numbers.items():
        if number is not None and name not in conditional:
            error = errno.ENOSYS if name in _ABSENT else errno.EPERM
            code += [(_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | error)]
    for checks in conditions:
        number = numbers[checks[0].name]
        if number is not None:
            block = _conditional(checks)
            code += [(_JUMP_IF_EQUAL, 0, len(block), number), *block]
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in code)


def install(instructions: bytes) -> None:
    """Put this process and its children under the filter, for good.

    Raises:
        OSError: If the kernel refuses.
    """
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    header = _Program(len(instructions) // _INSTRUCTION.size, ctypes.addressof(buffer))
    kernel.prctl(kernel.PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(header))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _conditional(checks: tuple[_Check, ...]) -> list[tuple[int, int, int, int]]:
    block: list[tuple[int, int, int, int]] = []
    for check in checks:
        if isinstance(check, _Among):
            block.append((_LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * check.argument))
            left = reversed(range(len(check.values)))
            block += [(_JUMP_IF_EQUAL, after + 1, 0, value) for value, after in zip(check.values, left, strict=True)]
            block.append((_RETURN, 0, 0, _ERRNO | errno.EPERM))
            continue
        on_equal, on_other = (0, 1) if check.unless else (1, 0)
        block += [
            (_LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * check.argument),
            (_AND, 0, 0, check.mask),
            (_JUMP_IF_EQUAL, on_equal, on_other, check.value),
            (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        ]
    return [*block, (_RETURN, 0, 0, _ALLOW)]
