"""Grading on a dask cluster: a plan travels once to each worker, submissions go there, results come back.

A worker grades as a process of our own does: hidden tests and forkserver are opened once and kept, and a student's code
runs in a sandboxed process below it. What lies on disk (journal, gradebook, feedback) is written here only.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from typing import Any, ParamSpec, TypeVar

import msgspec
from distributed import Client, WorkerPlugin, get_worker

from autograder.errors import AutograderError, CourseError, SandboxError
from autograder.grading.engine import close_graders
from autograder.grading.plan import GradingPlan, differences, fingerprint, plan_key

P = ParamSpec("P")
T = TypeVar("T")

_CONNECT_S = 10.0
_WORKERS_S = 60.0
GPU = "GPU"


class _Handout(msgspec.Struct, frozen=True):
    """What a worker is given once: the plan, and what its verdicts depend on where it was made."""

    plan: GradingPlan
    fingerprint: dict[str, str]


@contextmanager
def open_cluster(address: str, *, connect_s: float = _CONNECT_S, workers_s: float = _WORKERS_S) -> Iterator[Cluster]:
    """Connect to a dask scheduler. Its workers are someone else's: they run on afterwards.

    Args:
        address: Of the scheduler, as it prints it: `tcp://host:8786`.
        connect_s: Seconds to wait for the scheduler.
        workers_s: Seconds to wait for a first worker.

    Raises:
        CourseError: If there is no scheduler or no worker.
    """
    # A lost scheduler is our error's to say; dask would print tracebacks beside it.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=connect_s, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"--scheduler: expected a dask scheduler at {address}, got: {error or type(error).__name__}. "
            "Start one with `dask scheduler`; it prints its address."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=workers_s)
        except TimeoutError as error:
            raise CourseError(
                f"--scheduler: expected a worker at {address}, none came within {workers_s:g} s. "
                f"Start one with `dask worker {address} --nworkers auto --nthreads 1`."
            ) from error
        cluster = Cluster(client)
        try:
            yield cluster
        finally:
            cluster.shutdown(wait=False)


class Cluster(Executor):
    """A dask cluster as an executor for tasks whose first argument is a plan.

    A plan that computes on CUDA goes to workers that have the resource `GPU`.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._handed_out: dict[GradingPlan, str] = {}

    @property
    def threads(self) -> Mapping[str, int]:
        """Address of each worker that is there to the number of its threads."""
        threads: dict[str, int] = self._client.nthreads()
        return threads

    @property
    def advice(self) -> str:
        """What would make it quicker, in one line, or ""."""
        idle = [address for address, threads in sorted(self.threads.items()) if threads > 1]
        if not idle:
            return ""
        return (
            f"{len(idle)} of {len(self.threads)} workers have several threads, of which one grades at a time. "
            "Start them with `--nworkers auto --nthreads 1`."
        )

    def has_gpu(self) -> bool:
        """Whether a worker that is there was started with a GPU."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        return any(worker["resources"].get(GPU) for worker in workers)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a task on some worker; after a worker's death, on another one.

        Args:
            fn: A function of a module.
            args: A plan, then what goes along.
            kwargs: Goes along.

        Raises:
            CourseError: If a worker has another grader than this one, or none has what the plan asks for.
        """
        plan, *others = args
        if not isinstance(plan, GradingPlan):
            raise TypeError(f"Cluster: expected a plan as first argument, got {type(plan).__name__}.")
        if plan not in self._handed_out:
            self._handed_out[plan] = self._hand_out(plan)
        # Never pure: dask would otherwise hash each submission, and take two equal ones for one.
        executor = self._client.get_executor(pure=False, resources={GPU: 1} if plan.device == "cuda" else None)
        future: Future[T] = executor.submit(_run_task, self._handed_out[plan], fn, tuple(others), kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take the plans back from scheduler and workers. Tasks that still run are left to end."""
        handed_out, self._handed_out = self._handed_out, {}
        for key in handed_out.values():
            with suppress(Exception):  # a scheduler that is gone has forgotten them
                self._client.unregister_worker_plugin(_plugin_name(key))

    def _hand_out(self, plan: GradingPlan) -> str:
        handout = msgspec.json.encode(_Handout(plan, fingerprint(plan)))
        for address, answer in sorted(self._client.run(_complaint, handout, on_error="return").items()):
            if answer:
                got = f"{type(answer).__name__}: {answer}" if isinstance(answer, BaseException) else answer
                raise CourseError(_other_grader(address, got))
        if plan.device == "cuda" and not self.has_gpu():
            raise CourseError(
                "--device cuda: expected a worker with a GPU, found none. "
                f"Start one with `dask worker ... --nthreads 1 --resources {GPU}=1`."
            )
        key = plan_key(plan)
        self._client.register_plugin(_Plans(key, handout), name=_plugin_name(key))
        return key


class _Plans(WorkerPlugin):  # type: ignore[misc]  # dask ships no types
    """Brings a plan to every worker, also to those that come later."""

    def __init__(self, key: str, handout: bytes) -> None:
        self._key, self._handout = key, handout

    def setup(self, worker: Any) -> None:
        """Keep the plan; it is read when a task asks for it, so that what is wrong is that task's error."""
        _handouts[self._key] = self._handout

    def teardown(self, worker: Any) -> None:
        """Forget the plan and its secret."""
        _handouts.pop(self._key, None)
        _plan.cache_clear()
        # Apart, because a submission that is still being graded must not hold up the worker's heartbeat.
        threading.Thread(target=close_graders, daemon=True).start()


_handouts: dict[str, bytes] = {}


def _run_task(key: str, task: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    """On a worker: do a task with the plan of this key."""
    try:
        return task(_plan(key), *args, **kwargs)
    except AutograderError as error:
        raise SandboxError(f"Worker {get_worker().address}: {error}") from error


@functools.lru_cache(maxsize=8)
def _plan(key: str) -> GradingPlan:
    """On a worker: the plan of this key, compared once with what this process has."""
    if key not in _handouts:
        raise CourseError("expected a grading plan, was given none. Start this worker anew.")
    if complaint := _complaint(_handouts[key]):
        raise CourseError(f"has another grader than the one that asks: {complaint}.")
    return msgspec.json.decode(_handouts[key], type=_Handout).plan


def _complaint(handout: bytes) -> str:
    """On a worker: how its grader differs from the one that asks; "" if it doesn't."""
    try:
        given = msgspec.json.decode(handout, type=_Handout)
    except msgspec.DecodeError as error:
        return f"it can't read the plan ({error})"
    return differences(given.fingerprint, fingerprint(given.plan))


def _other_grader(address: str, got: str) -> str:
    return (
        f"Worker {address}: expected the same grader as here, got another: {got}. Install the same versions there "
        "(constraints.txt), then start the worker anew."
    )


def _plugin_name(key: str) -> str:
    return f"autograder-{key[:16]}"
