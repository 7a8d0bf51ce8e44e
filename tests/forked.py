"""Python programs that start fast, as forks of a process that has imported `digest`.

A new interpreter takes most of a second to import the program. A server does this once. Each program is a fork
of the server with its own arguments, environment, working directory and streams. It ends like any process, with
an exit status or by a signal.
"""

import contextlib
import functools
import gc
import io
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Self

ROOT = Path(__file__).parents[1]


class Server:
    """Starts programs. Hashes of strings are equal in programs of one server, but not of two servers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from tests.forked import serve; serve({theirs.fileno()})"],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def start(
        self, arguments: list[str], *, env: dict[str, str] | None = None, stdout: int = subprocess.PIPE
    ) -> "Program":
        """Start `python ARGUMENTS`; the first argument is `-m` or a script."""
        whole = {
            "arguments": arguments,
            "env": dict(os.environ if env is None else env),
            "cwd": str(Path.cwd()),
        }
        payload = json.dumps(whole).encode()
        with contextlib.ExitStack() as theirs:

            def pipe() -> int:
                mine, other = os.pipe()
                theirs.callback(os.close, other)
                handles.append(other)
                return mine

            handles: list[int] = []
            status, errors = pipe(), pipe()
            output = pipe() if stdout == subprocess.PIPE else None
            with self._lock:
                socket.send_fds(self._socket, [len(payload).to_bytes(8)], handles)
                self._socket.sendall(payload)
        return Program(arguments, status, output, errors)

    def close(self) -> None:
        self._socket.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Program:
    """A started program, with the interface of `subprocess.Popen`."""

    stdout: IO[str] | None
    stderr: IO[str]

    def __init__(self, arguments: list[str], status: int, output: int | None, errors: int) -> None:
        self.args = arguments
        self.returncode: int | None = None
        self._status = status
        self.stdout = None if output is None else open(output, encoding="utf-8")  # noqa: SIM115, PTH123
        self.stderr = open(errors, encoding="utf-8")  # noqa: SIM115
        self.pid = self._read_number()

    def _read_number(self) -> int:
        data = os.read(self._status, 8)
        assert data, "the server has ended"
        return int.from_bytes(data, signed=True)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._status, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._read_number()
            os.close(self._status)
        return self.returncode

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def communicate(self) -> tuple[str | None, str]:
        """Return the output and the errors, and wait for the end."""
        output: list[str] = []
        reading = threading.Thread(target=lambda: output.append(self.stdout.read() if self.stdout else ""))
        reading.start()
        errors = self.stderr.read()
        reading.join()
        for stream in filter(None, (self.stdout, self.stderr)):
            stream.close()
        self.wait()
        return (output[0] if self.stdout else None), errors


@functools.cache
def server() -> Server:
    """Return the server of this process; `end` stops it."""
    return Server()


def end() -> None:
    if server.cache_info().currsize:
        server().close()
        server.cache_clear()


def start(
    arguments: list[str], *, env: dict[str, str] | None = None, stdout: int = subprocess.PIPE
) -> Program:
    """Start `python ARGUMENTS`; the first argument is `-m` or a script."""
    return server().start(arguments, env=env, stdout=stdout)


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run `python ARGUMENTS` to its end."""
    program = start(arguments)
    output, errors = program.communicate()
    return subprocess.CompletedProcess(arguments, program.returncode, output, errors)


def serve(handle: int) -> None:
    """Fork a process for each request; the forks return from `_wait` and run their program."""
    sys.path[0] = str(ROOT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _warm()
    with socket.socket(fileno=handle) as connection:
        arguments = _wait(connection)
    if arguments is None:
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def _warm() -> None:
    """Import the whole program, and do a run with the samples, which compiles templates and SQL statements."""
    import digest
    from digest.cli.main import main

    for module in pkgutil.walk_packages(digest.__path__, "digest."):
        if not module.name.endswith(("__main__", "kernels_numba")):  # numba makes forks much larger
            __import__(module.name)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        home = f"{folder}/home"
        main(["init", "--samples", home])
        main(["run", "--quiet", "--home", home, "--now", "2026-11-20T09:00"])
    until = time.monotonic() + 10
    while threading.active_count() > 1 and time.monotonic() < until:
        time.sleep(0.05)  # the thread that watches deadlines ends when there are none
    assert threading.active_count() == 1, threading.enumerate()
    gc.collect()
    gc.freeze()


def _wait(connection: socket.socket) -> list[str] | None:
    """Serve requests. Return the arguments of the program in each fork, and None in the server at its end."""
    statuses: dict[int, int] = {}
    woken, wake = socket.socketpair()
    woken.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno())
    with selectors.DefaultSelector() as selector, woken, wake:
        selector.register(connection, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is woken:
                    with contextlib.suppress(BlockingIOError):
                        woken.recv(4096)
                    _report(statuses)
                    continue
                head, handles, _, _ = socket.recv_fds(connection, 8, 3)
                if not head:
                    return None
                request = json.loads(connection.recv(int.from_bytes(head), socket.MSG_WAITALL))
                status, errors, *output = handles
                pid = os.fork()
                if not pid:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for other in (*statuses.values(), status):
                        os.close(other)
                    _become(request, errors, *output)
                    arguments: list[str] = request["arguments"]
                    return arguments
                for mine in (errors, *output):
                    os.close(mine)
                statuses[pid] = status
                os.write(status, pid.to_bytes(8))


def _report(statuses: dict[int, int]) -> None:
    while statuses:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with contextlib.suppress(BrokenPipeError):  # the program was dropped without waiting for it
            os.write(statuses[pid], os.waitstatus_to_exitcode(status).to_bytes(8, signed=True))
        os.close(statuses.pop(pid))


def _become(request: dict, errors: int, output: int | None = None) -> None:
    """Set the working directory, the environment and the streams of a program."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.dup2(errors, 2)
    os.close(errors)
    if output is not None:
        os.dup2(output, 1)
        os.close(output)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
