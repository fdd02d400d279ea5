"""The arena sees what it is there to see: without that, a case that comes to nothing would say nothing."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from autograder.config import SANDBOX_LEVELS
from autograder.sandbox import levels
from tests.hostile import points_library, points_looking
from tests.hostile.arena import Arena, Outcome
from tests.hostile.case import RIGHT, Case
from tests.hostile.guard import Guard, Servers
from tests.hostile.report import Pass, counts, figures, from_json, lines, to_json
from tests.hostile.showing import _active, _is_formula

SEEN = {
    "gain": (Case(id="x", threat="", tries="", code=RIGHT["conv_output_size"]), "gained 4 points"),
    "loss": (Case(id="x", threat="", tries="", earns=4.0), "lost 4 points"),
    "boast": (
        Case(id="x", threat="", tries="", code="def conv_output_size(*args, **kwargs): boast('it works')"),
        "it works",
    ),
    "leak": (
        Case(id="x", threat="", tries="", code="def conv_output_size(*args, **kwargs): tell(read('@HOME@/.netrc'))"),
        "leaked: home",
    ),
    "change": (
        Case(id="x", threat="", tries="", before=("open('@GRADEBOOK@', 'w').write('52')",)),
        "changed course/course/gradebook.db",
    ),
    "trace": (
        Case(id="x", threat="", tries="", before=("open('/tmp/x-@MARK@', 'w').close()",)),
        "left /tmp/x-",
    ),
    "loot": (
        Case(id="x", threat="", tries="", before=("open('kept', 'wb').write(open('@SECRET@', 'rb').read())",)),
        "leaked: secret",
    ),
}


@pytest.fixture(scope="module")
def open_arena():
    """One behind the weakest wall, where much can be done."""
    if not levels.probe().levels:
        pytest.skip("no Linux: there is no sandbox")
    opened = Arena("rlimits")
    yield opened
    opened.close()


@pytest.mark.parametrize("kind", SEEN)
def test_what_comes_to_something_is_seen(open_arena: Arena, kind: str) -> None:
    """Points, losses, secrets, changes and traces are found, and the arena is whole again for the next case."""
    case, found = SEEN[kind]
    assert found in str(open_arena.run(case))
    assert open_arena.run(Case(id="blank", threat="", tries="")).stopped


@pytest.mark.slow
def test_looking_around_finds_something_behind_the_weakest_wall(open_arena: Arena) -> None:
    """Cases that Landlock must stop come to something without it: they are no empty threats."""
    # The kernel itself refuses these, for a process that has given up its rights.
    refused_anyway = {"the memory of the grader"}
    tried = {case.id: open_arena.run(case) for case in points_looking.CASES if case.level == "landlock"}
    assert {name for name, outcome in tried.items() if outcome.stopped} <= refused_anyway
    assert len(tried) > len(refused_anyway)


@pytest.mark.slow
def test_library_calls_earn_points_where_nothing_is_forbidden() -> None:
    """Cases that call a library are right answers; only what is taken away stops them."""
    # These need what this project doesn't have, or what every wall refuses for another reason.
    other = {"scipy and what else knows convolutions", "another interpreter", "layers that the course itself has"}
    # NumPy itself doesn't let its module be loaded twice.
    other |= {"the reloaded extension of NumPy"}
    opened = Arena("rlimits", kind="torch", forbidden=())
    try:
        tried = {case.id: opened.run(case) for case in points_library.CASES if case.id not in other}
    finally:
        opened.close()
    assert [name for name, outcome in tried.items() if not outcome.gained] == []


def test_changes_of_the_guarded_course_are_seen(tmp_path: Path) -> None:
    """Content, mode, time, new and missing files differ in a snapshot; planting makes all of it as it was."""
    guard = Guard(tmp_path)
    guard.plant()
    secret = guard.course / "course" / "secret"
    for change in (
        lambda: secret.write_text("x"),
        lambda: secret.chmod(0o777),
        lambda: os.utime(secret, (1, 1)),
        secret.unlink,
        (guard.home / "new").touch,
        lambda: (guard.home / "link").symlink_to(secret),
    ):
        before = guard.snapshot()
        change()
        assert guard.snapshot() != before
        guard.plant()
    assert guard.leaks(f"a {guard.canaries['journal']} b") == ["journal"]


def test_calls_to_servers_are_heard(tmp_path: Path) -> None:
    """Each kind of call is heard once."""
    servers = Servers(tmp_path, "test-token")
    try:
        assert servers.heard() == []
        tcp, udp = servers.ports
        socket.create_connection(("127.0.0.1", tcp)).close()
        for address in (str(servers.unix), f"\0{servers.abstract}"):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(address)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", ("127.0.0.1", udp))
        assert set(servers.heard()) == {"TCP", "UDP", "a unix socket", "an abstract socket"}
        assert servers.heard() == []
    finally:
        servers.close()


@pytest.mark.parametrize(
    "page", ["<script>x</script>", "<p onclick=x>", "<a href=' java\nscript:x'>x</a>", "<svg><a xlink:href='data:x'>"]
)
def test_what_would_run_is_seen(page: str) -> None:
    """Scripts, handlers and links that run are found; what is escaped is text."""
    assert list(_active("page", page))
    assert not list(_active("page", page.replace("<", "&lt;") + "<a href='#x'>x</a>"))
    assert _is_formula("=1+1")
    assert not _is_formula("-1.5")


def test_figures_count_from_a_cases_own_level_and_at_the_minimum() -> None:
    """Below its level a case counts only where the course grades."""
    cases = [Case(id="a", threat="", tries=""), Case(id="b", threat="", tries="", level="namespaces")]
    bad = tuple(Outcome(case=case.id, gained=1.0, leaked=("x",), harmed=()) for case in cases)
    assert from_json(to_json(bad)) == bad
    for level, minimum, expected in (("landlock", "landlock", 2), ("rlimits", "landlock", 1), ("namespaces", "uid", 2)):
        done = Pass(level=level, user="root", outcomes=bad)
        data = json.loads(figures(cases, [done], minimum))
        assert (data["cases"], data["gained"], data["leaked"], data["harmed"]) == (2, expected, expected, 0)
        assert [counts(case, level, minimum) for case in cases].count(True) == expected
        text = "\n".join(lines(cases, [done], minimum))
        assert text.count("NOT STOPPED") == expected
        assert text.count("as documented") == 2 - expected
    skipped = Pass(level="none", user="ordinary user", skipped="there is no `unshare` here")
    assert "no `unshare`" in "\n".join(lines(cases, [skipped], "landlock"))
    assert SANDBOX_LEVELS[0] == "rlimits"
