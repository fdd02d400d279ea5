"""Grading on a dask cluster: a real scheduler and workers of its own, on this machine."""

from __future__ import annotations

import copy
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("distributed", reason="dask is not installed: no grading on a cluster")

from distributed import Client, get_worker

from autograder import cli, grading
from autograder.config import Course, load_course
from autograder.errors import CourseError, GraderFault, SandboxError
from autograder.gradebook.read import scores
from autograder.grading import cluster as cluster_module
from autograder.grading import engine, plan
from autograder.grading.cluster import Cluster, open_cluster
from autograder.grading.elsewhere import elsewhere
from autograder.grading.engine import grade_class
from autograder.grading.plan import GradingPlan, plan_grading
from autograder.model import Submission
from autograder.pipeline import grade_assignment
from autograder.released import load_notebook
from autograder.reports.machine import results_json
from tests.conftest import ROOT

ASSIGNMENT, NOTEBOOK = "a1_convolution", "sliding_windows"
SECRET = "5e" * 32


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory) -> Iterator[str]:
    """Address of a scheduler with two workers, each a process that its nanny starts again when it dies."""
    log = tmp_path_factory.mktemp("dask") / "log"
    quiet = ["--no-dashboard", "--host", "127.0.0.1"]
    with log.open("wb") as output:
        programs = [_start("scheduler", "--port", "0", *quiet, output=output)]
        try:
            address = _address(log)
            place = ["--nthreads", "1", "--local-directory", str(log.parent)]
            programs.append(_start("worker", address, *place, *quiet, output=output))
            programs.append(_start("worker", address, *place, "--resources", "GPU=1", *quiet, output=output))
            yield address
        finally:
            for program in reversed(programs):
                program.terminate()
            for program in programs:
                program.wait(20)


def _start(name: str, *args: str, output) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dask", name, *args]
    return subprocess.Popen(command, stdout=output, stderr=output)


def _address(log: Path) -> str:
    return _wait_for(lambda: re.search(r"Scheduler at:\s+(tcp://\S+)", log.read_text()))[1]


def _wait_for(look: Callable[[], re.Match[str] | None]) -> re.Match[str]:
    for _ in range(300):
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("the scheduler said no address")


@pytest.fixture
def cluster(scheduler: str) -> Iterator[Cluster]:
    with open_cluster(scheduler) as cluster:
        cluster._client.wait_for_workers(2, timeout=30)
        yield cluster


@pytest.fixture(scope="module")
def grading_plan() -> GradingPlan:
    course = load_course(ROOT)
    return plan_grading(course, load_notebook(course, ASSIGNMENT, NOTEBOOK), b"secret", minimum="rlimits")


def hand_in_class(course: Course) -> None:
    """Right, wrong and failing answers to one question, an untouched notebook, and a file that is no notebook."""
    released = json.loads((course.assignments / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_bytes())
    answers = {
        "right": "return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1",
        "wrong": "return size - kernel + 1",
        "fails": "return size // 0",
        "stub": None,
    }
    for number, (name, answer) in enumerate([*answers.items(), ("again", answers["right"])]):
        folder = course.submitted / f"{name}-{number}" / ASSIGNMENT
        folder.mkdir(parents=True)
        notebook = copy.deepcopy(released)
        for cell in notebook["cells"] if answer else ():
            source = "".join(cell["source"])
            stub = r"(def conv_output_size\(.*?)raise NotImplementedError\([^\n]*\)"
            cell["source"] = re.sub(stub, rf"\1{answer}", source, flags=re.DOTALL)
        (folder / f"{NOTEBOOK}.ipynb").write_text(json.dumps(notebook))
    broken = course.submitted / "zoe" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"%PDF-1.7")
    course.secret.write_text(SECRET)


def test_a_worker_that_is_killed_midway(real_course, cluster):
    """Every submission has one verdict and one row, as on this machine alone; the workers keep nothing."""
    hand_in_class(real_course)
    results = grade_assignment(real_course, ASSIGNMENT, real_course.submitted, jobs=1).results
    expected = results_json(results), scores(real_course, ASSIGNMENT)
    for path in (real_course.gradebook, real_course.journal / f"{ASSIGNMENT}.jsonl"):
        path.unlink()
    killed: list[int] = []

    def kill(_: object) -> None:
        if not killed:
            at_work = [address for address, keys in cluster._client.processing().items() if keys]
            killed.append(cluster._client.run(os.getpid, workers=at_work[:1])[at_work[0]])
            os.kill(killed[0], signal.SIGKILL)

    outcome = grade_assignment(real_course, ASSIGNMENT, real_course.submitted, executor=cluster, progress=kill)

    assert killed
    assert results_json(outcome.results) == expected[0]
    assert scores(real_course, ASSIGNMENT) == expected[1]
    assert len((real_course.journal / f"{ASSIGNMENT}.jsonl").read_bytes().splitlines()) == len(outcome.results)
    assert all(cluster._client.run(_kept).values())
    cluster.shutdown()
    for _ in range(100):
        if not any(cluster._client.run(_kept).values()):
            return
        time.sleep(0.1)
    raise AssertionError(cluster._client.run(_kept))


def test_workers_with_another_grader(real_course, cluster, monkeypatch):
    """Where anything that judges differs, nothing is graded, and the difference has a name."""
    hand_in_class(real_course)
    here = platform.python_version()
    monkeypatch.setattr(plan.platform, "python_version", lambda: "3.99.0")
    with pytest.raises(
        CourseError, match=r"Worker tcp://\S+: expected the same grader as here, got another: "
    ) as caught:
        grade_assignment(real_course, ASSIGNMENT, real_course.submitted, executor=cluster)
    assert f"Python {here} instead of 3.99.0" in str(caught.value)
    assert not real_course.gradebook.exists()


def test_a_worker_that_comes_later(grading_plan, monkeypatch):
    """A worker compares a plan with what it has itself when the first task asks for it."""
    ours = plan.fingerprint(grading_plan)
    handouts = {
        "same": msgspec.json.encode(cluster_module._Handout(grading_plan, ours)),
        "other": msgspec.json.encode(cluster_module._Handout(grading_plan, ours | {"numpy": "1.0"})),
        "unreadable": b'{"plan": {"something": "else"}}',
    }
    monkeypatch.setattr(cluster_module, "_handouts", handouts)
    assert cluster_module._plan("same") == grading_plan
    with pytest.raises(CourseError, match=r"another grader than the one that asks: numpy \S+ instead of 1.0"):
        cluster_module._plan("other")
    with pytest.raises(CourseError, match="can't read the plan"):
        cluster_module._plan("unreadable")
    with pytest.raises(CourseError, match="was given none"):
        cluster_module._plan("unknown")


def test_a_plan_goes_to_the_workers_that_have_what_it_takes(grading_plan, cluster):
    """CUDA is a matter of the workers with a GPU, of which there is one here; everything else runs anywhere."""
    workers = cluster._client.scheduler_info()["workers"]
    with_gpu = {address for address, worker in workers.items() if worker["resources"].get("GPU")}
    assert len(with_gpu) == 1
    there = [cluster.submit(_where, replace(grading_plan, device="cuda")) for _ in range(6)]
    assert {future.result(30) for future in there} == with_gpu


class FakeClient:
    """A client of a cluster with one worker, without a GPU."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def nthreads(self) -> dict[str, int]:
        return {"tcp://one": self.threads}

    def run(self, *_: object, **__: object) -> dict[str, str]:
        return {"tcp://one": ""}

    def scheduler_info(self, **_: object) -> dict[str, object]:
        return {"workers": {"tcp://one": {"resources": {}}}}


def test_no_worker_has_a_gpu(grading_plan):
    """Rather than wait for ever, CUDA is refused."""
    with pytest.raises(CourseError, match="--device cuda: expected a worker with a GPU, found none"):
        Cluster(FakeClient(1)).submit(_where, replace(grading_plan, device="cuda"))


def test_workers_with_threads_are_advised_against():
    """Of a worker's threads one grades at a time, and whoever started it so hears of it."""
    assert Cluster(FakeClient(1)).advice == ""
    assert Cluster(FakeClient(8)).advice.startswith("1 of 1 workers have several threads")


def test_a_wall_that_is_too_weak_on_a_worker(grading_plan, cluster):
    """The course's minimum holds on every machine; the message says on which it was not met."""
    weak = replace(grading_plan, level="rlimits", minimum="landlock")
    someone = Submission(student="ada", assignment=ASSIGNMENT, notebook=NOTEBOOK)
    with pytest.raises(
        SandboxError, match=r"Worker tcp://\S+ Sandbox: the course demands 'landlock', .* gives 'rlimits'"
    ):
        list(grade_class({NOTEBOOK: weak}, [someone], executor=cluster))


def test_the_example_for_slurm(real_course, scheduler, monkeypatch, capsys):
    """The program in docs/scale.md runs as it stands there, with workers of another origin."""
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "scale.md").read_text(), flags=re.DOTALL)
    asked = []

    class Slurm:
        scheduler_address = scheduler

        def __init__(self, **options: object) -> None:
            asked.append(options)

        def __enter__(self) -> Slurm:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def scale(self, *, jobs: int) -> None:
            asked.append(jobs)

    module = types.ModuleType("dask_jobqueue")
    module.SLURMCluster = Slurm
    monkeypatch.setitem(sys.modules, "dask_jobqueue", module)
    monkeypatch.chdir(real_course.root)
    broken = real_course.submitted / "zoe" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"%PDF-1.7")
    exec(compile(program, "scale.md", "exec"), {"__name__": "__main__"})
    assert asked[0]["cores"] == asked[0]["processes"]
    # One for each notebook of the assignment.
    assert "2 graded." in capsys.readouterr().out
    assert set(scores(real_course, ASSIGNMENT)) == {"zoe"}


def test_tasks_begin_with_a_plan(cluster):
    """Anything else is a slip of ours."""
    with pytest.raises(TypeError, match="expected a plan as first argument, got str"):
        cluster.submit(len, "abc")


def test_no_scheduler():
    """One line, with what to start."""
    with (
        pytest.raises(CourseError, match=r"expected a dask scheduler at tcp://127.0.0.1:9") as caught,
        open_cluster("tcp://127.0.0.1:9", connect_s=0.3),
    ):
        pass
    assert "\n" not in str(caught.value)
    with (
        pytest.raises(CourseError, match="expected a dask scheduler at nonsense://"),
        open_cluster("nonsense://x", connect_s=0.3),
    ):
        pass


@pytest.mark.slow
def test_a_scheduler_that_dies(grading_plan, tmp_path):
    """Rather than wait for ever or hold everyone for a person, the run ends with what to do; what came is kept."""
    quiet, log = ["--no-dashboard", "--host", "127.0.0.1"], tmp_path / "log"
    with log.open("wb") as output:
        scheduler = _start("scheduler", "--port", "0", *quiet, output=output)
        place = ["--nthreads", "1", "--local-directory", str(tmp_path)]
        worker = _start("worker", _address(log), *place, *quiet, output=output)
        try:
            with open_cluster(_address(log)) as cluster:
                answers = elsewhere(cluster, _slowly, ((grading_plan, number) for number in range(5)))
                number, answer = next(answers)
                assert number == answer
                scheduler.kill()
                with pytest.raises(GraderFault, match="run the same command again"):
                    list(answers)
        finally:
            for program in (worker, scheduler):
                program.terminate()
                program.wait(60)


def test_no_worker(scheduler, monkeypatch):
    """A scheduler alone grades nothing: whoever waits in vain hears what to start."""

    def wait(client: Client, n_workers: int, timeout: float) -> None:
        raise TimeoutError(f"{n_workers} not there after {timeout}")

    monkeypatch.setattr(Client, "wait_for_workers", wait)
    with (
        pytest.raises(CourseError, match=r"expected a worker at tcp://\S+ none came within 0.2 s"),
        open_cluster(scheduler, workers_s=0.2),
    ):
        pass


def test_the_command_line_says_what_is_missing(real_course, monkeypatch, capsys):
    """Without dask the option is refused in one line that says what to install."""
    monkeypatch.chdir(real_course.root)
    monkeypatch.delattr(grading, "cluster")
    monkeypatch.delitem(sys.modules, "autograder.grading.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setattr("sys.argv", ["autograder", "grade", ASSIGNMENT, "--scheduler", "tcp://127.0.0.1:9"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "[cluster]" in capsys.readouterr().err


def _where(_: GradingPlan) -> str:
    return get_worker().address


def _slowly(_: GradingPlan, number: int) -> int:
    time.sleep(1.0)
    return number


def _kept() -> int:
    return len(cluster_module._handouts) + len(engine._open)
