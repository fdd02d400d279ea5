"""User ids that belong to no one: a worker of a grader who is root runs under one of them.

Root is exempt from the limit on processes and owns the files of the machine. Under a user id of its own a worker
owns nothing but its folder, and what it uses is counted apart from all others.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from autograder.sandbox import kernel

# No distribution gives these to people or services. Source: systemd's "Users, Groups, UIDs and GIDs".
FIRST, COUNT = 60_706, 478


class SpareIds:
    """Hands out spare user ids, one after the other, from a place in their range drawn at random."""

    def __init__(self) -> None:
        self._next = secrets.randbelow(COUNT)

    def take(self) -> int:
        """The next user id; also its own group's."""
        self._next = (self._next + 1) % COUNT
        return FIRST + self._next


def become(uid: int) -> None:
    """Go on as this user, without any privilege, for good.

    Raises:
        OSError: If the kernel refuses: we are not root, or there is no such id here.
    """
    kernel.drop_bounding_set()
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # A change of user makes /proc/self root's, and the grader could not look after our memory.
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def unreadable(paths: Sequence[Path]) -> list[Path]:
    """Those that this process can't read: files, and folders that can't be listed or entered."""
    return [path for path in paths if not os.access(path, os.R_OK) or not os.access(path.parent, os.X_OK)]
