"""Harm by time: what never ends, and doesn't want to be ended."""

from __future__ import annotations

from tests.hostile.case import Case

HONEST = ("correlate1d",)

CASES = (
    Case(
        id="a loop without end in a call",
        threat="14 loop",
        tries="One question must not take the time of the others.",
        honest=HONEST,
        code="def conv_output_size(*args, **kwargs):\n    while True: pass",
    ),
    Case(
        id="a loop without end in a cell",
        threat="14 loop",
        tries="The cells after it must run all the same.",
        honest=HONEST,
        before=("while True: pass",),
    ),
    Case(
        id="a loop that swallows every exception",
        threat="14 swallowing loop",
        tries="An exception from outside doesn't end it.",
        honest=HONEST,
        before=(
            """
            def forever():
                while True:
                    try:
                        while True: pass
                    except BaseException:
                        pass
            forever()
            """,
        ),
    ),
    Case(
        id="a loop that no signal reaches",
        threat="14 signal-proof loop",
        tries="Signals are blocked, ignored and their timers switched off.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
                for number in range(1, 32):
                    try:
                        signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError):
                        pass
                signal.setitimer(signal.ITIMER_REAL, 0)
                while True:
                    try:
                        while True: pass
                    except BaseException:
                        pass
            """,
    ),
    Case(
        id="a loop in C, where Python hears nothing",
        threat="14 signal-proof loop",
        tries="sum, pow and sorting hold the interpreter.",
        honest=HONEST,
        before=("3 ** (3 ** 18); sum(range(10 ** 11)); [0] * 10 in [[0] * 9] * 10 ** 6",),
    ),
    Case(
        id="sleep",
        threat="14 sleep",
        tries="It uses no processor time, so that no limit on that ends it.",
        honest=HONEST,
        code="def conv_output_size(*args, **kwargs):\n    time.sleep(10 ** 6)",
    ),
    Case(
        id="a deadlock",
        threat="14 deadlock",
        tries="Two threads wait for each other, and the import lock is held.",
        honest=HONEST,
        code="""
            import _imp
            def conv_output_size(*args, **kwargs):
                _imp.acquire_lock()
                lock = threading.Lock()
                lock.acquire()
                lock.acquire()
            """,
    ),
    Case(
        id="recursion without end",
        threat="14 recursion",
        tries="The limit on depth is lifted, until the stack is full.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                sys.setrecursionlimit(10 ** 6)
                threading.stack_size(1 << 20)
                return conv_output_size(*args, **kwargs) + 1
            """,
    ),
    Case(
        id="recursion in the answer's own repr",
        threat="14 recursion",
        tries="Values that contain themselves are followed for ever.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                value = {}
                value["again"] = (value, [value])
                return value

            same_padding = conv_output_size
            """,
    ),
    Case(
        id="a regular expression that never ends",
        threat="14 regular expression",
        tries="Backtracking without end, in C.",
        honest=HONEST,
        code="def conv_output_size(*args, **kwargs):\n    return re.match('(a+)+$', 'a' * 60 + 'b') or 1",
    ),
    Case(
        id="a child for which its parent waits in the kernel",
        threat="14 deadlock",
        tries="Until a vforked child is done its parent hears no signal.",
        honest=HONEST,
        code="""
            def conv_output_size(*args, **kwargs):
                c = ctypes.PyDLL(None)
                # CLONE_VM | CLONE_VFORK | SIGCHLD: the child goes on in the parent's memory.
                if c.syscall(56, 0x4100 | 17, 0, 0, 0, 0) == 0:
                    while True:
                        c.pause()
                return 1
            """,
    ),
)
