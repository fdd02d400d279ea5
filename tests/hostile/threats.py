"""What student code and submissions try: the list that the cases answer, line by line and clause by clause."""

from __future__ import annotations

HONEST = "honest"

THREATS: dict[str, tuple[str, ...]] = {
    # To get points.
    "1": ("equality", "float subclass", "ndarray subclass", "tensor subclass"),
    "2": ("input transformer", "AST transformer", "cleanup transformer", "run_cell", "do_execute", "showtraceback"),
    "3": ("displayhook", "nan", "repr"),
    "4": (
        *("numpy", "torch", "pytest", "assert_allclose", "builtins", "sys.modules"),
        *("checker", "pickle.dump", "results class"),
    ),
    "5": ("frames", "gc", "/proc/self", "environment", "descriptors"),
    "6": ("hidden tests", "gradebook", "other students", "symlinks"),
    "7": ("gradebook", "result file", "journal", "timestamp"),
    "8": (
        *("points", "grade flag", "solution flag", "locked flag", "ids"),
        *("deleting", "duplicating", "reordering", "manual cell"),
    ),
    "9": ("survivor", "threads", "signal handlers", "atexit", "finalisers"),
    "10": ("sys.exit", "os._exit", "os.kill", "abort", "segmentation fault", "closing descriptors", "before a test"),
    "11": ("visible cases", "input id", "shape only", "zeros"),
    "12": (
        *("direct", "getattr", "torch.ops", "importlib", "exec", "thread", "dispatch modes", "autograd"),
        *("numpy.correlate", "scipy", "subprocess", "course_utils"),
    ),
    "13": (
        *("giant length", "wrong dtype", "object arrays", "negative shape", "overflow"),
        *("another call", "before calls", "endless frames"),
    ),
    # To harm.
    "14": ("loop", "swallowing loop", "signal-proof loop", "sleep", "deadlock", "recursion", "regular expression"),
    "15": (
        *("giant array", "slow growth", "shared memory", "mapped files", "fork bomb", "threads", "descriptors"),
        *("disk", "output in one line", "output in many lines", "display outputs"),
    ),
    "16": (
        *("TCP", "UDP", "DNS", "unix sockets", "abstract sockets", "signals", "ptrace", "prlimit", "nice"),
        *("locks", "watches", "System V"),
    ),
    "17": (
        *("outputs", "attachments", "SVG", "Markdown", "student names", "file names"),
        *("formulas", "terminal escapes"),
    ),
    "18": (
        *("dotdot", "absolute paths", "links", "devices", "bomb", "nested", "many members", "duplicate names"),
        *("case", "Unicode form", "encrypted", "truncated"),
    ),
    "19": (
        *("not JSON", "wrong kind", "large", "deep nesting", "NaN", "no nbformat", "old nbformat", "encoding"),
        *("BOM", "CRLF", "no cells", "foreign kernel", "no ids", "two notebooks"),
    ),
    "20": ("nbgrader_config.py", "sitecustomize.py", "torch.py", "random.py", "conftest.py", ".pth"),
    # What must not be punished.
    HONEST: (
        *("warnings", "stderr", "progress bars", "plots", "slow code", "extra cells", "helpers"),
        *("failing extra cell", "another folder", "Windows line ends", "Colab", "VS Code", "comments"),
    ),
}


def is_listed(threat: str) -> bool:
    """Whether a case's threat is a line and one of its clauses."""
    line, _, clause = threat.partition(" ")
    return clause in THREATS.get(line, ())
