"""A peer on the wire that keeps to no protocol: student code holds the socket, and writes to it what it likes."""

from __future__ import annotations

from tests.hostile.case import Case

# Frames as the worker would write them, with the number of the call, which the worker's own frames hold.
_FORGE = """
    import msgspec

    def number():
        caller = sys._getframe()
        while caller is not None:
            found = getattr(caller.f_locals.get("self"), "_call", 0)
            if isinstance(found, int) and found:
                return found
            caller = caller.f_back
        return 1

    def frame(message, blob=b"", lengths=None):
        body = msgspec.msgpack.encode(message)
        sizes = lengths or (len(body), len(blob))
        return struct.pack(">II", *sizes) + body + blob

    def done(number, value, **more):
        return {"type": "Done", "id": number, "value": value, "arguments": None, "output": ""} | more

    def array(dtype, *shape, blob=64):
        "[6, ...] is an array: dtype, shape, layout, writeable. Its bytes are the blob."
        return frame(done(number(), [6, dtype, list(shape), "C", True]), bytes(blob))

    def say(*frames):
        for sock in wire():
            for data in frames:
                try:
                    sock.setblocking(False)
                    sock.send(data)
                except OSError:
                    pass
            sock.detach()
    """


def _says(*frames: str) -> str:
    """An answer that says one of these in each call, and then the truth as it sees it."""
    return f"""
        frames = [{", ".join(f"lambda: {frame}" for frame in frames)}]
        count = 0
        def conv_output_size(*args, **kwargs):
            say(frames[args[0] % len(frames)]())
            return 1

        same_padding = conv_output_size
        """


CASES = (
    Case(
        id="a frame of four gigabytes",
        threat="13 giant length",
        tries="The reader makes room for what the header promises.",
        before=(_FORGE,),
        code=_says("struct.pack('>II', 0xFFFFFFFF, 0xFFFFFFFF) + b'x' * 1000"),
    ),
    Case(
        id="a frame as long as may be that never comes",
        threat="13 giant length",
        tries="The reader waits for the rest.",
        before=(_FORGE,),
        code=_says("struct.pack('>II', 1 << 22, 1 << 26) + b'x' * 1000"),
    ),
    Case(
        id="an array of another type than its bytes",
        threat="13 wrong dtype",
        tries="A type with fields, sizes or alignment that the bytes don't have.",
        before=(_FORGE,),
        code=_says("array('<f9999999', 1)", "array('<f16', 1)", "array('<U99999', 1)", "array('<f8', 1, blob=7)"),
    ),
    Case(
        id="types that no one knows",
        threat="13 wrong dtype",
        tries="Types as text that is evaluated, and codes beyond the list.",
        before=(_FORGE,),
        code=_says("array('__import__(\"os\")', 1)", "array('V8', 8)", "array('')", "array('f8,O', 1)", "array(7, 1)"),
    ),
    Case(
        id="an array of Python objects",
        threat="13 object arrays",
        tries="Bytes are taken for addresses of objects.",
        before=(_FORGE,),
        code=_says("array('|O', 8)", "array('O8', 8)", "array('|O8', 1)", "array('object', 8)"),
    ),
    Case(
        id="negative lengths",
        threat="13 negative shape",
        tries="-1 asks NumPy to work the length out.",
        before=(_FORGE,),
        code=_says("array('<f8', -1)", "array('<f8', -8, -1)", "array('<f8', 8, -1, 0)"),
    ),
    Case(
        id="lengths whose product overflows",
        threat="13 overflow",
        tries="Lengths that multiply to zero beyond 64 bits.",
        before=(_FORGE,),
        code=_says(
            "array('<f8', 2**31, 2**31, 4)",
            "array('<f8', 2**31, 2**31, 2**31, 0)",
            "array('<f8', 2**62, 4)",
            "array('<f8', 2**63)",
            "array('|b1', 2**31, blob=0)",
        ),
    ),
    Case(
        id="numbers, names and nesting beyond every measure",
        threat="13 overflow",
        tries="Huge ints, deep lists, long names, sixty thousand axes.",
        before=(_FORGE,),
        code=_says(
            "frame(done(number(), msgspec.Raw(b'\\x92\\x03\\x91' * 100000 + b'\\x01')))",
            "frame(done(number(), [2, 'f' * 100000]))",
            "frame(done(number(), [10, 1, 'x' * 70000]))",
            "array('<f8', *[1] * 60000)",
            "frame(done(number(), [3, [1] * 300000]))",
            "frame(done(number(), [9, 'A', ['a', 'a', '__class__'], [1, 2]]))",
            "frame({'type': 'Done'})",
            "frame({'type': 'Halted', 'id': number(), 'verdict': 'PASSED', 'message': '', 'output': ''})",
        ),
    ),
    Case(
        id="a reply for another call",
        threat="13 another call",
        tries="Right answers under numbers that are guessed, read from memory, or were used before.",
        before=(_FORGE,),
        code="""
            def conv_output_size(size, kernel, *args, **kwargs):
                for guess in (number(), number() + 1, number() - 1, 0, 1):
                    say(frame(done(guess, 1)), frame(done(guess, 2)), frame(done(guess, 3)))
                return -1

            same_padding = conv_output_size
            """,
    ),
    Case(
        id="replies before calls",
        threat="13 before calls",
        tries="Answers lie ready before anything was asked, and the loading is said to be over.",
        before=(
            _FORGE,
            """
            say(*(frame(done(number, 3)) for number in range(20)))
            say(frame({"type": "Loaded"}))
            say(frame({"type": "CellDone", "index": 0, "ok": True, "message": "", "reduced": False}))
            say(frame({"type": "SessionEnded", "session": 1, "status": 0}))
            """,
        ),
        code="def conv_output_size(*args, **kwargs): return -1",
    ),
    Case(
        id="a walled message from inside",
        threat="13 before calls",
        tries="Messages of the forkserver and of the set-up, said again.",
        before=(
            _FORGE,
            """
            say(frame({"type": "Walled", "problem": ""}))
            say(frame({"type": "Serving", "level": "x", "anonymous_bytes": 0}))
            say(frame({"type": "Spawned", "pid": 1}), frame({"type": "Ended", "pid": 1}))
            """,
        ),
        code="def conv_output_size(*args, **kwargs): return -1",
    ),
    Case(
        id="small frames without end",
        threat="13 endless frames",
        tries="The reader is kept busy with replies that are none.",
        before=(_FORGE,),
        code="""
            def conv_output_size(*args, **kwargs):
                data = frame(done(1, 1)) * 500
                while True:
                    for sock in wire():
                        try:
                            sock.sendall(data)
                        except OSError:
                            pass
                        sock.detach()
            """,
    ),
    Case(
        id="bytes one by one",
        threat="13 endless frames",
        tries="A header that takes for ever, byte by byte.",
        before=(_FORGE,),
        code="""
            def conv_output_size(*args, **kwargs):
                sock = wire()[-1]
                while True:
                    sock.send(b"\\0")
                    time.sleep(0.2)
            """,
    ),
    Case(
        id="calls that were sent ahead, answered in another order",
        threat="13 before calls",
        tries="What a class is asked is sent before its turn: each call is answered with what another one asks for.",
        question="correlate1d",
        before=(_FORGE,),
        code="""
            from autograder.sandbox import messages
            seen = []

            def peek():
                "The calls that lie in the buffers of this process."
                for channel in [entry for entry in gc.get_objects() if type(entry).__name__ == "Channel"]:
                    data = bytes(channel._read)
                    while len(data) > 8:
                        size, blob = struct.unpack(">II", data[:8])
                        yield messages.to_session.decode(data[8 : 8 + size]), data[8 + size : 8 + size + blob]
                        data = data[8 + size + blob :]

            def correlate1d(x, w):
                gc.unfreeze()
                if not seen:
                    seen.extend(peek())
                    for (call, _), (_, blob) in zip(seen, reversed(seen)):
                        shape = [max(len(blob) // 8, 1)]
                        say(frame(done(call.id, [6, "<f8", shape, "C", True]), blob.ljust(8, b"-")[: 8 * shape[0]]))
                return x[: len(x) - len(w) + 1]

            def convolve1d(x, w):
                return correlate1d(x, w[::-1])
            """,
    ),
)
