"""Points by what stays or ends: processes and threads that write later, and processes that end before a test does."""

from __future__ import annotations

from tests.hostile.case import Case

_LATER = """
    def _later():
        for _ in range(100):
            time.sleep(0.02)
            for path in ("@GRADEBOOK@", "@WORK@/results.json", "/tmp/later-@MARK@"):
                try:
                    open(path, "a").write("52 points")
                except OSError:
                    pass
    """
_BOTH = """
    {first}
    def conv_output_size(*args, **kwargs):
        {call}
        return 1

    same_padding = conv_output_size
    """


def _ends(call: str, first: str = "pass") -> str:
    return _BOTH.format(call=call, first=first)


STAYING = (
    Case(
        id="a process in a session of its own",
        threat="9 survivor",
        tries="fork, setsid and fork again, in a call: nobody waits for the grandchild.",
        honest=("correlate1d",),
        before=(_LATER,),
        code="""
            def conv_output_size(*args, **kwargs):
                if os.fork() == 0:
                    try:
                        os.setsid()
                    except OSError:
                        pass
                    if os.fork() == 0:
                        for number in range(1, 32):
                            try:
                                signal.signal(number, signal.SIG_IGN)
                            except (OSError, ValueError):
                                pass
                        for fd in range(256):
                            try:
                                os.close(fd)
                            except OSError:
                                pass
                        time.sleep(20)
                    os._exit(0)
                return 1
            """,
    ),
    Case(
        id="a process that is started while the notebook is loaded",
        threat="9 survivor",
        tries="A child of the loading holds the socket and goes on while questions are asked.",
        honest=("correlate1d",),
        before=(
            """
            import os, time
            if os.fork() == 0:
                time.sleep(20)
            """,
        ),
    ),
    Case(
        id="a child that answers as well",
        threat="9 survivor",
        tries="Parent and child both return, so that there are two answers to each call.",
        code="""
            def conv_output_size(*args, **kwargs):
                return 1 if os.fork() else 2

            same_padding = conv_output_size
            """,
    ),
    Case(
        id="threads that write later",
        threat="9 threads",
        tries="Threads go on after the call, and write results.",
        level="landlock",
        honest=("correlate1d",),
        before=(_LATER,),
        code="""
            def conv_output_size(*args, **kwargs):
                for _ in range(8):
                    threading.Thread(target=_later, daemon=False).start()
                return 1
            """,
    ),
    Case(
        id="handlers for every signal",
        threat="9 signal handlers",
        tries="Handlers, timers and masks stay for the next question, and for the grader's own alarm.",
        honest=("correlate1d",),
        before=(
            """
            import signal
            for number in range(1, 64):
                try:
                    signal.signal(number, lambda *args: None)
                except (OSError, ValueError):
                    pass
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 60))
            """,
        ),
    ),
    Case(
        id="functions at the end of the process",
        threat="9 atexit",
        tries="atexit, threading and multiprocessing run code when the process ends.",
        honest=("correlate1d",),
        before=(
            _LATER,
            """
            import atexit, os, threading, weakref
            atexit.register(_later)
            threading._register_atexit(_later)
            os.register_at_fork(before=lambda: print("fork"), after_in_child=lambda: None)
            """,
        ),
    ),
    Case(
        id="finalisers",
        threat="9 finalisers",
        tries="__del__ and callbacks of the collector run in the middle of the worker's own code.",
        honest=("correlate1d",),
        before=(
            """
            import gc, os, sys
            class Late:
                def __del__(self):
                    try:
                        open("@GRADEBOOK@" if os.path.isdir("@WORK@ ") else "late", "a").write("52")
                    except OSError:
                        pass

            late = [Late() for _ in range(100)]
            late.append(late)
            gc.callbacks.append(lambda phase, info: print(4.0))
            del late
            sys.unraisablehook = lambda *args: os.write(1, b"4.0")
            """,
        ),
    ),
)

ENDING = (
    Case(
        id="sys.exit in a call and in a cell",
        threat="10 sys.exit",
        tries="A runner that ends early with status zero has passed.",
        honest=("correlate1d",),
        code=_ends("sys.exit(0)"),
        after=("import sys\nsys.exit(0)",),
    ),
    Case(
        id="os._exit in a call",
        threat="10 os._exit",
        tries="Status zero, without an exception to catch.",
        honest=("correlate1d",),
        code=_ends("os._exit(0)"),
    ),
    Case(
        id="os._exit while the notebook is loaded",
        threat="10 before a test",
        tries="The process ends before anything is asked; what came before it counts all the same.",
        honest=("correlate1d",),
        after=("import os\nos._exit(0)",),
    ),
    Case(
        id="os._exit in the first cell",
        threat="10 before a test",
        tries="Nothing of the notebook has run by then.",
        honest=("correlate1d",),
        before=("import os\nos._exit(0)",),
    ),
    Case(
        id="kill of one's own group",
        threat="10 os.kill",
        tries="kill(0) reaches whoever shares the group: the grader, where there is no wall.",
        honest=("correlate1d",),
        code=_ends("os.kill(0, signal.SIGTERM); os.killpg(0, signal.SIGTERM); signal.raise_signal(signal.SIGKILL)"),
    ),
    Case(
        id="abort",
        threat="10 abort",
        tries="SIGABRT and a core file.",
        honest=("correlate1d",),
        code=_ends("os.abort()"),
    ),
    Case(
        id="a segmentation fault",
        threat="10 segmentation fault",
        tries="An address that isn't there.",
        honest=("correlate1d",),
        code=_ends("ctypes.string_at(8)"),
        after=("ctypes.memset(16, 0, 8)",),
    ),
    Case(
        id="all descriptors closed",
        threat="10 closing descriptors",
        tries="Without its sockets the worker can't say that the answer is wrong.",
        honest=("correlate1d",),
        code=_ends("os.closerange(0, 1024)"),
    ),
    Case(
        id="all descriptors closed while loading",
        threat="10 closing descriptors",
        tries="The loaded notebook can't be asked any more.",
        honest=("correlate1d",),
        after=("import os\nos.closerange(0, 1024)",),
    ),
    Case(
        id="everything exits while loading, whatever is done about it",
        threat="10 before a test",
        tries="Imports and definitions end the process, too.",
        code="""
            class Ends(type):
                def __new__(cls, *args):
                    os._exit(0)

            class Ended(metaclass=Ends):
                pass

            def conv_output_size(x=os._exit(0)):
                return 1
            """,
        honest=("correlate1d",),
    ),
)

CASES = (*STAYING, *ENDING)
