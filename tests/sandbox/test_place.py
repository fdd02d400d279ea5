"""Where student code computes: a device that survives no fork has the notebook loaded again, and tensors moved."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from autograder.errors import SandboxError
from autograder.model import Limits, Verdict
from autograder.sandbox import messages, wire
from autograder.sandbox.calls import unpack_reply
from autograder.sandbox.client import ForkserverSandbox, open_sandbox
from autograder.sandbox.pack import Packer
from autograder.sandbox.place import PROCESSOR, Place, device_files, driver_files, place_for
from autograder.sandbox.protocol import Reply, Returned, Stopped
from autograder.sandbox.rlimits import budget
from autograder.sandbox.unpack import Unpacker
from autograder.testing import Judged, StudentFunction, given
from tests.sandbox.notebooks import LIMITS, code

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")

NOTEBOOK = """
import os, time
import numpy as np
state = []
def remember(x):
    state.append(x)
    return len(state)
def where(): return os.getpid()
def leave(): os._exit(3)
def hang():
    while True: pass
def crash():
    import ctypes
    ctypes.string_at(0)
def double(x): return 2 * x
def call(f, *args): return f(*args)
def spoil(x):
    x += 1
"""


@pytest.fixture(scope="module")
def in_place() -> Iterator[ForkserverSandbox]:
    with open_sandbox(
        kind="numpy", limits=LIMITS, restricted=("numpy.einsum",), place=Place(device="cpu", forks=False)
    ) as opened:
        yield opened


@pytest.fixture
def worker(in_place: ForkserverSandbox) -> Iterator[Any]:
    opened = in_place.load([code(NOTEBOOK)])
    assert opened.reports[0].ok
    yield opened
    opened.close()


def value_of(reply: Reply) -> Any:
    assert isinstance(reply, Returned), reply
    return reply.value


# The loaded notebook as its own session


def test_calls_of_a_session_share_the_notebook(worker: Any) -> None:
    """What one call leaves in the notebook, the next one sees."""
    session = worker.ask()
    assert [value_of(session.call("remember", (1,), {})) for _ in range(3)] == [1, 2, 3]


def test_each_session_begins_with_the_notebook_as_loaded(worker: Any) -> None:
    """The notebook is loaded again for another session: nothing of the last one is left."""
    seen = []
    for _ in range(2):
        session = worker.ask()
        seen.append((value_of(session.call("remember", (1,), {})), value_of(session.call("where", (), {}))))
        session.close()
    assert [count for count, _ in seen] == [1, 1]
    assert isinstance(worker.ask().call("remember", (1,), {}), Returned)


def test_arguments_come_back(worker: Any) -> None:
    """Copies, changes and functions as arguments are as in a forked session."""
    session = worker.ask()
    reply = session.call("spoil", (np.zeros(2),), {}, return_arguments=True)
    assert isinstance(reply, Returned)
    assert reply.arguments is not None
    assert np.array_equal(reply.arguments[0], [1, 1])
    assert value_of(session.call("call", (given("lambda x: x + 1"), 2), {})) == 3
    reply = session.call("double", (3,), {}, count=True)
    assert isinstance(reply, Returned)
    assert reply.count is not None
    assert reply.count.steps > 0


@pytest.mark.parametrize(
    ("name", "verdict", "message"),
    [
        ("leave", Verdict.STUDENT_ERROR, "take out calls such as exit"),
        ("hang", Verdict.TIMEOUT, "longer than 1 s"),
        ("crash", Verdict.STUDENT_ERROR, "crashed (SIGSEGV)"),
    ],
)
def test_after_an_end_the_notebook_is_loaded_again(worker: Any, name: str, verdict: Verdict, message: str) -> None:
    """A call that ends the process costs its session; the next one has the notebook as it was loaded."""
    session = worker.ask()
    assert value_of(session.call("remember", (1,), {})) == 1
    reply = session.call(name, (), {})
    assert isinstance(reply, Stopped)
    assert reply.verdict is verdict
    assert message in reply.message
    assert isinstance(session.call("remember", (1,), {}), Stopped)
    assert value_of(worker.ask().call("remember", (1,), {})) == 1


def test_replacements_and_names_that_are_gone(worker: Any) -> None:
    """Our versions are there in their session only; a function that is forbidden comes back with the next question."""
    session = worker.ask(replacements={"double": "def double(x): return 'ours'"})
    assert value_of(session.call("double", (2,), {})) == "ours"
    session = worker.ask(forbidden=("numpy.einsum",))
    assert value_of(session.call("double", (2,), {})) == 4
    sums = given("lambda x: float(np.einsum('i->', x))")
    reply = session.call("call", (given("lambda: type(np.einsum).__name__"),), {})
    assert value_of(reply) == "function"
    assert session.begin()
    assert value_of(session.call("call", (sums, np.ones(3)), {})) == 3.0
    assert session.begin(("numpy.einsum",))
    assert isinstance(session.call("call", (sums, np.ones(3)), {}), Stopped)


def test_a_notebook_that_does_not_load_says_so(in_place: ForkserverSandbox) -> None:
    """A cell that fails is reduced to its definitions, as everywhere, and reported once."""
    worker = in_place.load([code("def f(): return 1\nraise KeyError('x')")])
    assert [report.ok for report in worker.reports] == [False]
    for _ in range(2):
        assert value_of(worker.ask().call("f", (), {})) == 1
    worker.close()


# Devices


@pytest.fixture(scope="module")
def torch_sandbox() -> Iterator[ForkserverSandbox]:
    limits = replace(LIMITS, call_wall_s=20.0, question_wall_s=60.0, cell_wall_s=20.0, memory_bytes=1 << 30)
    # What a device does to begin is forbidden here.
    names = ("torch.nn.functional.conv2d", "torch.autograd.backward")
    with open_sandbox(kind="torch", limits=limits, forbidden=names, place=Place(device="cpu", forks=False)) as opened:
        yield opened


def test_a_torch_notebook_in_place(torch_sandbox: ForkserverSandbox) -> None:
    """Tensors go there and back, with their gradients, device and counts; sums are the same on every run."""
    source = """
    import torch
    def f(x): return x.sum(0), x.device.type, x.requires_grad
    def settings():
        return torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.allow_tf32, torch.get_num_threads()
    """
    session = torch_sandbox.load([code(source)]).ask()
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    value = value_of(session.call("f", (x,), {}))
    assert torch.equal(value[0].detach(), x.detach().sum(0))
    assert value[1:] == ("cpu", True)
    assert value_of(session.call("settings", (), {})) == (True, False, 1)
    reply = session.call("f", (x,), {}, count=True)
    assert isinstance(reply, Returned)
    assert reply.count is not None
    assert reply.count.passes == 6
    made = given("torch.ones(2, device=device)")
    assert value_of(session.call("f", (made,), {}))[1] == "cpu"


@pytest.mark.parametrize("tensor", [torch.ones(2, 3), torch.ones(3, 2).T, torch.tensor(2.0), torch.zeros(0, 2)])
def test_tensors_are_put_on_the_device(tensor: torch.Tensor) -> None:
    """The unpacker of a worker moves them, with shape and layout; the device that has no memory will do here."""
    packer = Packer()
    form = packer.pack(tensor)
    moved = Unpacker(memoryview(b"".join(packer.blobs)), device="meta").unpack(form)
    assert (moved.device.type, moved.shape, moved.dtype) == ("meta", tensor.shape, tensor.dtype)
    assert moved.is_contiguous() == tensor.is_contiguous()


def answered(value: Any, *, on: str, device: str) -> Returned:
    """What the grader makes of a result whose tensors were on one device, where another was due."""
    packer = Packer()
    done = messages.Done(id=1, value=packer.pack(value), arguments=None, output="")
    body = wire.encode(done)[8:].replace(b"\xa3cpu", bytes([0xA0 + len(on)]) + on.encode())
    message = wire.decode(messages.from_session, body)
    assert isinstance(message, messages.Done)
    reply = unpack_reply("f", message, memoryview(b"".join(packer.blobs)), device)
    assert isinstance(reply, Returned)
    return reply


X = torch.ones(2)


@pytest.mark.parametrize(
    ("value", "on", "device", "misplaced"),
    [
        (X, "cuda", "cuda", ""),
        (X, "cpu", "cuda", "cpu"),
        ((1, [X]), "cpu", "cuda", "cpu"),
        ({"a": X}, "cuda", "cpu", "cuda"),
        (torch.tensor(1.0), "cpu", "cuda", ""),
        (1.5, "cpu", "cuda", ""),
        (np.ones(2), "cpu", "cuda", ""),
        (X, "cpu", "", ""),
    ],
)
def test_a_result_belongs_where_the_inputs_are(value: Any, on: str, device: str, misplaced: str) -> None:
    """A tensor elsewhere is found in any container; one number may be anywhere; without inputs nothing is to tell."""
    assert answered(value, on=on, device=device).misplaced == misplaced


def test_a_tensor_left_elsewhere_fails_kindly() -> None:
    """The message says where tensors belong, and how they get there."""

    class Session:
        output = ""

        def call(self, *_args: Any, **_kwargs: Any) -> Reply:
            return answered(X, on="cpu", device="cuda")

    with pytest.raises(Judged, match=r"f: expected a tensor on the device of the inputs, got one on the cpu") as caught:
        StudentFunction(Session, "f")(X)  # type: ignore[arg-type,return-value]
    assert (caught.value.verdict, caught.value.rung) == (Verdict.FAILED, "dtype")
    assert "device=x.device" in str(caught.value)


def test_a_worker_may_say_what_it_likes_of_devices() -> None:
    """A device that there isn't is no message."""
    with pytest.raises(wire.WireError):
        answered(X, on="tpu", device="cuda")


def test_the_processor_needs_no_device_files() -> None:
    """Only an accelerator has device files let through, and no limit on addresses; all other limits stay."""
    assert (device_files(PROCESSOR), driver_files(PROCESSOR)) == ((), ())
    assert place_for("cpu") == PROCESSOR
    assert not place_for("cuda").forks
    on_processor, on_card = (dict(budget(Limits(), place_for(device)).values) for device in ("cpu", "cuda"))
    assert set(on_processor) - set(on_card) == {resource.RLIMIT_AS, resource.RLIMIT_MEMLOCK}
    assert resource.RLIMIT_FSIZE in on_card


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_there_is_said() -> None:
    """Whoever asks for CUDA where there is none reads what is missing, not what broke."""
    with (
        open_sandbox(kind="torch", limits=LIMITS, place=place_for("cuda")) as sandbox,
        pytest.raises(SandboxError, match="'cuda' does not start"),
    ):
        sandbox.load([code("import torch")])


@needs_cuda
@pytest.mark.parametrize("level", ["rlimits", "landlock", "uid", "namespaces"])
def test_cuda_behind_each_wall(level: str) -> None:
    """Tensors are on the card while student code has them, and on the processor before and after."""
    source = "import torch\ndef f(x): return x.device.type, x + 1\ndef left(x): return torch.ones(3)"
    limits = replace(LIMITS, call_wall_s=60.0, question_wall_s=200.0, load_wall_s=120.0, memory_bytes=4 << 30)
    try:
        sandbox = open_sandbox(kind="torch", limits=limits, level=level, place=place_for("cuda"))
    except SandboxError as error:
        pytest.skip(str(error))
    with sandbox:
        worker = sandbox.load([code(source)])
        for _ in range(2):
            session = worker.ask()
            device, moved = value_of(session.call("f", (X,), {}))
            assert (device, moved.device.type) == ("cuda", "cpu")
            reply = session.call("left", (X,), {})
            assert isinstance(reply, Returned)
            assert reply.misplaced == "cpu"
