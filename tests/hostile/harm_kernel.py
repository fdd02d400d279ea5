"""Harm through corners of the kernel: signals without a kill, memory that no process shows, things all users share."""

from __future__ import annotations

from tests.hostile.case import Case

HONEST = ("correlate1d",)
_CALL = """
    import fcntl, mmap, resource
    def conv_output_size(*args, **kwargs):
        {body}
        return 1
    """
# Run in one child after the other, each of which waits when it has what it wants; held for longer than the grader
# looks away.
_IN_CHILDREN = """
    import fcntl, mmap
    def hold():
        {hold}

    def conv_output_size(*args, **kwargs):
        ready, say = os.pipe()
        for _ in range({children}):
            if os.fork() == 0:
                try:
                    kept = hold()
                    os.write(say, b"x")
                    time.sleep(5)
                finally:
                    os.write(say, b"-")
                    os._exit(0)
            if os.read(ready, 1) != b"x":
                return 1
        time.sleep(0.3)
        boast("{what}")
        return 1
    """

OTHERS = (
    Case(
        id="a signal by a descriptor's other owner",
        threat="16 signals",
        tries="A socket tells its owner by signal that something came, and ioctl gives it any owner.",
        code=_CALL.format(
            body="""
        for sock in wire():
            for P in (@GRADER@, @FORKSERVER@, @PEER@):
                for number in (0x8901, 0x8902):
                    attempt(lambda: fcntl.ioctl(sock, number, struct.pack("i", P)), "has a socket signal another")
            sock.detach()"""
        ),
    ),
    Case(
        id="a process that is a sister",
        threat="16 signals",
        tries="A child of the forkserver is not looked for among those of the worker, and takes what it likes.",
        honest=HONEST,
        before=(
            """
            import ctypes, os, time
            if (pid := ctypes.CDLL(None).syscall(56, 0x8000 | 17, 0, 0, 0, 0)) == 0:
                time.sleep(0.3)
                os._exit(0)
            if pid > 0:
                print("HA" + "RM-DONE: made a process beside its own")
            """,
        ),
    ),
    Case(
        id="leases on the libraries",
        threat="16 locks",
        tries="Whoever opens a file on which there is a lease waits for 45 seconds.",
        code=_CALL.format(
            body="""
        for path in (os.__file__, np.__file__, socket.__file__):
            file = open(path)
            for kind in (fcntl.F_RDLCK, fcntl.F_WRLCK):
                attempt(lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, kind), "has a lease on a library")
            attempt(lambda: fcntl.fcntl(os.open(".", 0), fcntl.F_NOTIFY, 1), "is told of what happens in a folder")"""
        ),
    ),
    Case(
        id="files of others are watched",
        threat="16 watches",
        tries="Who opens what, and the names of what is handed in; each user has a few watches only.",
        code=_CALL.format(
            body="""
        attempt(lambda: libc(253), "watches files")
        attempt(lambda: libc(294, 0), "watches files")
        attempt(lambda: libc(254, 3, b"@WORK@", 0xFFF), "watches the course")"""
        ),
    ),
    Case(
        id="shared memory and queues of others by number",
        threat="16 System V",
        tries="Who can't make them can still remove those of the same user, or read and write them.",
        code=_CALL.format(
            body="""
        room = ctypes.create_string_buffer(256)
        attempt(lambda: libc(31, @SHARED@, 2, room), "looked at shared memory of others")
        attempt(lambda: libc(71, @QUEUE@, 2, room), "looked at a queue of others")
        attempt(lambda: libc(70, @QUEUE@, room, 64, 0, 0o4000), "took another's message")
        attempt(lambda: libc(69, @QUEUE@, struct.pack("l8s", 1, b"forged"), 8, 0o4000), "sent a message")
        attempt(lambda: libc(66, @SEMAPHORES@, 0, 16, 7), "set another's semaphore")
        attempt(lambda: libc(65, @SEMAPHORES@, struct.pack("Hhh", 0, 1, 0o4000), 1), "used another's semaphore")"""
        ),
    ),
    Case(
        id="the machine's asynchronous requests",
        threat="15 descriptors",
        tries="All processes of a machine share a number of them, and one may take them all.",
        code=_CALL.format(
            body="""
        attempt(lambda: libc(206, 60000, ctypes.byref(ctypes.c_ulong(0))), "has 60,000 asynchronous requests")"""
        ),
    ),
    Case(
        id="every disk is flushed, again and again",
        threat="15 disk",
        tries="A sync waits for all that anyone on the machine has written.",
        code=_CALL.format(
            body="""
        attempt(lambda: libc(162), "had all disks flushed")
        attempt(lambda: libc(306, os.open(".", 0)), "had a disk flushed")"""
        ),
    ),
    Case(
        id="crashes for the machine's own collector",
        threat="10 segmentation fault",
        tries="With a limit of zero a crash is piped to a program of root's, which keeps a gigabyte of each.",
        honest=HONEST,
        code=_CALL.format(
            body="""
        attempt(lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)), "has crashes collected")
        attempt(lambda: libc(160, 4, struct.pack("QQ", 0, 0)), "has crashes collected")
        limits = struct.pack("QQ", 0, 0)
        attempt(lambda: libc(302, 0, 4, limits, 0), "has crashes collected")
        ctypes.string_at(0)"""
        ),
    ),
    Case(
        id="attributes of the libraries' files",
        threat="16 locks",
        tries="What a file is may be changed by its owner through a descriptor that only reads.",
        code=_CALL.format(
            body="""
        for path in (os.__file__, np.__file__):
            file, flags = open(path), bytearray(8)
            try:
                fcntl.ioctl(file, 0x80086601, flags)
            except OSError:
                continue
            attempt(lambda: fcntl.ioctl(file, 0x40086602, bytes(flags)), "set the attributes of a library's file")"""
        ),
    ),
)

HIDDEN = (
    Case(
        id="shared pages that no process has",
        threat="15 shared memory",
        tries="Pages of a shared area stay when a process lets go of them, and count as nobody's.",
        honest=HONEST,
        code=_IN_CHILDREN.format(
            children=4,
            hold="""area = mmap.mmap(-1, @MEMORY@ // 2)
        area[::4096] = b"x" * (len(area) // 4096)
        area.madvise(mmap.MADV_DONTNEED)
        return area""",
            what="twice the memory that it may have, in pages that no process shows",
        ),
    ),
    Case(
        id="shared pages of the device of zeros",
        threat="15 shared memory",
        tries="A file of nothing but zeros gives shared pages too, even to those who only read.",
        level="landlock",
        honest=HONEST,
        code=_IN_CHILDREN.format(
            children=4,
            hold="""file = os.open("/dev/zero", os.O_RDONLY)
        area = mmap.mmap(file, @MEMORY@ // 2, mmap.MAP_SHARED, mmap.PROT_READ)
        sum(area[at] for at in range(0, len(area), 4096))
        area.madvise(mmap.MADV_DONTNEED)
        return area""",
            what="twice the memory that it may have, in pages that it only read",
        ),
    ),
    Case(
        id="pages that live on in a pipe",
        threat="15 slow growth",
        tries="A pipe that holds one byte of a large page keeps the whole of it, and is no one's memory.",
        honest=HONEST,
        code="""
            import fcntl
            HUGE = 2 << 20

            def conv_output_size(*args, **kwargs):
                c, pipes, sent = ctypes.CDLL(None, use_errno=True), [], 0
                c.mmap.restype, c.mmap.argtypes = ctypes.c_void_p, [ctypes.c_void_p] + [ctypes.c_long] * 5
                c.madvise.argtypes = c.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
                for _ in range(8):
                    pipes.append(os.pipe())
                    for _ in range(16):
                        start = c.mmap(None, 2 * HUGE, 3, 0x22, -1, 0)
                        page = -(-start // HUGE) * HUGE
                        c.madvise(page, HUGE, 14)
                        ctypes.memset(page, 1, HUGE)
                        sent += c.vmsplice(pipes[-1][1], struct.pack("QQ", page, 64), 1, 0) > 0
                        c.munmap(start, 2 * HUGE, 0)
                if sent * HUGE > 1.3 * @MEMORY@:
                    time.sleep(0.3)
                    boast("more than the memory that it may have, in pipes")
                return 1
            """,
    ),
    Case(
        id="bytes that wait in sockets",
        threat="15 slow growth",
        tries="What was sent and not yet read is the kernel's memory, and no process's.",
        honest=HONEST,
        code=_IN_CHILDREN.format(
            children=6,
            hold="""pairs, data = [], b"x" * (1 << 15)
        try:
            while True:
                pairs.append(socket.socketpair())
                for one in pairs[-1]:
                    one.setblocking(False)
                    try:
                        while True:
                            one.send(data)
                    except BlockingIOError:
                        pass
        except OSError:
            return pairs""",
            what="memory without measure, in sockets that no one reads",
        ),
    ),
    Case(
        id="deleted files of a process that can't be looked at",
        threat="15 disk",
        tries="A process that may not be dumped shows its descriptors to root alone.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                libc(157, 4, 0, 0, 0, 0)
                kept = []
                for number in range(12):
                    file = open(f"gone-{number}", "wb")
                    os.unlink(f"gone-{number}")
                    file.write(b"x" * (@FILE@ - 1))
                    file.flush()
                    kept.append(file)
                time.sleep(0.3)
                boast("twelve of the largest files, deleted and open, and nobody may look")
                return 1
            """,
    ),
)

CASES = (*OTHERS, *HIDDEN)
