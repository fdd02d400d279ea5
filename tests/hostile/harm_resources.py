"""Harm by use: memory, processes, files and output without measure. Each says so when it has got more than it may."""

from __future__ import annotations

from tests.hostile.case import Case

HONEST = ("correlate1d",)
# How long something must be held before it counts: the grader looks every 50 ms.
_HELD = "time.sleep(0.6); boast({what!r})"


def _held(what: str) -> str:
    return _HELD.format(what=what)


CASES = (
    Case(
        id="one giant array",
        threat="15 giant array",
        tries="Ones, so that every page is there.",
        honest=HONEST,
        code=f"""
            def conv_output_size(*args, **kwargs):
                much = np.ones(2 * @MEMORY@ // 8)
                {_held("twice the memory that it may have")}
                return 1
            """,
    ),
    Case(
        id="a list that grows slowly",
        threat="15 slow growth",
        tries="No single piece is large, and errors are swallowed.",
        honest=HONEST,
        code=f"""
            def conv_output_size(*args, **kwargs):
                kept = []
                try:
                    for _ in range(2 * @MEMORY@ >> 20):
                        kept.append(b"x" * (1 << 20))
                    {_held("twice the memory that it may have")}
                except MemoryError:
                    while True: pass
                return 1
            """,
    ),
    Case(
        id="memory in many processes",
        threat="15 slow growth",
        tries="Each stays below the limit that holds for one.",
        honest=HONEST,
        code=f"""
            def conv_output_size(*args, **kwargs):
                ready, say = os.pipe()
                for _ in range(6):
                    if os.fork() == 0:
                        try:
                            kept = np.ones(@MEMORY@ // 2 // 8)
                            os.write(say, b"x")
                            time.sleep(5)
                        finally:
                            os._exit(0)
                for _ in range(6):
                    os.read(ready, 1)
                {_held("three times the memory that it may have, in six processes")}
                return 1
            """,
    ),
    Case(
        id="shared memory",
        threat="15 shared memory",
        tries="System V, POSIX and anonymous shared pages belong to no one, and may outlive their process.",
        honest=HONEST,
        code=f"""
            import mmap
            def conv_output_size(*args, **kwargs):
                attempt(lambda: libc(29, 0x@MARK@ & 0x7FFFFFF, 1 << 20, 0o1600), "made System V shared memory")
                attempt(lambda: libc(68, 0x@MARK@ & 0x7FFFFFF, 0o1600), "made a message queue")
                attempt(lambda: os.memfd_create("x"), "made a file in memory")
                def posix():
                    with open("/dev/shm/@MARK@", "wb") as file:
                        file.write(b"x" * 1000)
                try:
                    posix()
                except OSError:
                    pass
                kept = [mmap.mmap(-1, 1 << 24) for _ in range(2 * @MEMORY@ >> 24)]
                for area in kept:
                    area.write(b"x" * (1 << 24))
                {_held("shared pages of twice the memory that it may have")}
                return 1
            """,
        level="landlock",
    ),
    Case(
        id="files mapped into memory",
        threat="15 mapped files",
        tries="Pages of sparse files count as nobody's memory.",
        honest=HONEST,
        code=f"""
            import mmap
            def conv_output_size(*args, **kwargs):
                kept = []
                for number in range(40):
                    with open(f"sparse-{{number}}", "wb+") as file:
                        file.truncate(@FILE@)
                        area = mmap.mmap(file.fileno(), @FILE@)
                        area[:: 4096] = b"x" * (@FILE@ // 4096)
                        kept.append(area)
                {_held("forty files of the largest size, mapped and written")}
                return 1
            """,
    ),
    Case(
        id="a fork bomb",
        threat="15 fork bomb",
        tries="Every process makes two.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                made = 0
                for _ in range(6):
                    try:
                        made += os.fork() != 0
                    except OSError:
                        pass
                time.sleep(0.6)
                boast("sixty-four processes were left alone for long")
                return 1
            """,
    ),
    Case(
        id="a fork bomb while loading",
        threat="15 fork bomb",
        tries="Before any question, and each child goes on loading.",
        honest=HONEST,
        before=("import os, time\nfor _ in range(6):\n    os.fork()\ntime.sleep(3)",),
    ),
    Case(
        id="hundreds of threads",
        threat="15 threads",
        tries="Threads count as processes, but are no children.",
        honest=HONEST,
        code=f"""
            def conv_output_size(*args, **kwargs):
                threading.stack_size(1 << 16)
                for _ in range(4 * @PROCESSES@):
                    threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
                {_held("four times the threads that it may have")}
                return 1
            """,
    ),
    Case(
        id="descriptors without end",
        threat="15 descriptors",
        tries="The table of open files is filled, for this process and for the machine.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                kept = []
                try:
                    while len(kept) < 5000:
                        kept.append(os.dup(0))
                except OSError:
                    pass
                if len(kept) >= 1000:
                    boast("a thousand descriptors")
                return 1
            """,
    ),
    Case(
        id="one file that fills the disk",
        threat="15 disk",
        tries="Beyond the largest file, with SIGXFSZ ignored.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                with open("large", "wb") as file:
                    for _ in range(2 * @FILE@ >> 20):
                        file.write(b"x" * (1 << 20))
                boast("a file of twice the largest size")
                return 1
            """,
    ),
    Case(
        id="many files that fill the disk",
        threat="15 disk",
        tries="Each of the largest size.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                for number in range(12):
                    with open(str(number), "wb") as file:
                        for _ in range(@FILE@ >> 20):
                            file.write(b"x" * (1 << 20))
                time.sleep(0.6)
                boast("twelve files of the largest size")
                return 1
            """,
    ),
    Case(
        id="deleted files that stay open fill the disk",
        threat="15 disk",
        tries="What has no name isn't counted by whoever walks the folder.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                kept = []
                for number in range(6):
                    file = open("gone", "wb", buffering=0)
                    os.unlink("gone")
                    for _ in range(@FILE@ >> 20):
                        file.write(b"x" * (1 << 20))
                    kept.append(file)
                time.sleep(0.3)
                boast("half as much again as the folder may hold, in files without a name")
                return 1
            """,
    ),
    Case(
        id="a hundred thousand empty files",
        threat="15 disk",
        tries="Names and inodes, not bytes.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                for number in range(100000):
                    open(str(number), "w").close()
                boast("a hundred thousand files")
                return 1
            """,
    ),
    Case(
        id="a gigabyte of output in one line",
        threat="15 output in one line",
        tries="One print, without an end of line.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                print("x" * (@OUTPUT@ * 50), end="")
                sys.stderr.write("y" * (@OUTPUT@ * 50))
                return 1
            """,
    ),
    Case(
        id="output in lines without end",
        threat="15 output in many lines",
        tries="Short lines, and whoever stops them is ignored.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                while True:
                    try:
                        print("x")
                    except BaseException:
                        pass
            """,
    ),
    Case(
        id="output to the descriptors themselves",
        threat="15 output in many lines",
        tries="Past Python's own streams, to the terminal or the log.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                for fd in (0, 1, 2):
                    try:
                        for _ in range(200):
                            os.write(fd, b"x" * 10000)
                    except OSError:
                        pass
                return 1
            """,
    ),
    Case(
        id="a million display outputs",
        threat="15 display outputs",
        tries="Each output is a message in a notebook.",
        honest=HONEST,
        before=(
            """
            from IPython.display import HTML
            try:
                for _ in range(10 ** 6):
                    display("x")
            except Exception:
                pass
            """,
        ),
    ),
)
