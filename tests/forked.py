"""Python programs in processes of their own that start at once: forks of one that has imported `digest`.

A new interpreter needs most of a second of computing to import the program. A server does that once; each
program is then a fork of it with its own arguments, environment, folder and streams, and ends as any process
does: with an exit status, or by a signal.
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
    """Starts programs. The programs of one server hash texts alike, as forks do; those of two do not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from tests.forked import serve; serve({theirs.fileno()})"],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def start(
        self, words: list[str], *, env: dict[str, str] | None = None, stdout: int = subprocess.PIPE
    ) -> "Program":
        """Start what `python WORDS` starts, where the first word is `-m` or a script."""
        whole = {"words": words, "env": dict(os.environ if env is None else env), "cwd": str(Path.cwd())}
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
                socket.send_fds(self._line, [len(payload).to_bytes(8)], handles)
                self._line.sendall(payload)
        return Program(words, status, output, errors)

    def close(self) -> None:
        self._line.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Program:
    """A started program, with what `subprocess.Popen` has for one."""

    stdout: IO[str] | None
    stderr: IO[str]

    def __init__(self, words: list[str], status: int, output: int | None, errors: int) -> None:
        self.args = words
        self.returncode: int | None = None
        self._status = status
        self.stdout = None if output is None else open(output, encoding="utf-8")  # noqa: SIM115, PTH123
        self.stderr = open(errors, encoding="utf-8")  # noqa: SIM115
        self.pid = self._told()

    def _told(self) -> int:
        data = os.read(self._status, 8)
        assert data, "the server of forks has ended"
        return int.from_bytes(data, signed=True)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._status, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._told()
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
        """Return all that it says, and wait for its end."""
        said: list[str] = []
        reading = threading.Thread(target=lambda: said.append(self.stdout.read() if self.stdout else ""))
        reading.start()
        complaints = self.stderr.read()
        reading.join()
        for stream in filter(None, (self.stdout, self.stderr)):
            stream.close()
        self.wait()
        return (said[0] if self.stdout else None), complaints


@functools.cache
def server() -> Server:
    """Return the server of this process, which `end` ends."""
    return Server()


def end() -> None:
    if server.cache_info().currsize:
        server().close()
        server.cache_clear()


def start(words: list[str], *, env: dict[str, str] | None = None, stdout: int = subprocess.PIPE) -> Program:
    """Start what `python WORDS` starts, where the first word is `-m` or a script."""
    return server().start(words, env=env, stdout=stdout)


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run what `python WORDS` runs, to its end."""
    program = start(words)
    said, complaints = program.communicate()
    return subprocess.CompletedProcess(words, program.returncode, said, complaints)


# --- the server ----------------------------------------------------------------------------------


def serve(handle: int) -> None:
    """Fork a program for each request; the forks return from the waiting, and run it."""
    sys.path[0] = str(ROOT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _warm()
    with socket.socket(fileno=handle) as line:
        words = _wait(line)
    if words is None:
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


def _warm() -> None:
    """Import the whole program, and let it compile its templates and statements in a run of the samples."""
    import digest
    from digest.cli.main import main

    for module in pkgutil.walk_packages(digest.__path__, "digest."):
        if not module.name.endswith(
            ("__main__", "kernels_numba")
        ):  # numba would make each fork copy much more
            __import__(module.name)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        home = f"{folder}/home"
        main(["init", home])
        main(["run", "--quiet", "--home", home, "--now", "2026-11-20T09:00"])
    assert threading.active_count() == 1, threading.enumerate()
    gc.collect()
    gc.freeze()


def _wait(line: socket.socket) -> list[str] | None:
    """Serve; return the words of its program in each fork, and nothing in the server when all is over."""
    statuses: dict[int, int] = {}
    woken, wake = socket.socketpair()
    woken.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno())
    with selectors.DefaultSelector() as selector, woken, wake:
        selector.register(line, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is woken:
                    with contextlib.suppress(BlockingIOError):
                        woken.recv(4096)
                    _report(statuses)
                    continue
                head, handles, _, _ = socket.recv_fds(line, 8, 3)
                if not head:
                    return None
                request = json.loads(line.recv(int.from_bytes(head), socket.MSG_WAITALL))
                status, errors, *output = handles
                pid = os.fork()
                if not pid:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for other in (*statuses.values(), status):
                        os.close(other)
                    _become(request, errors, *output)
                    words: list[str] = request["words"]
                    return words
                for mine in (errors, *output):
                    os.close(mine)
                statuses[pid] = status
                os.write(status, pid.to_bytes(8))


def _report(statuses: dict[int, int]) -> None:
    while statuses:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it
            os.write(statuses[pid], os.waitstatus_to_exitcode(status).to_bytes(8, signed=True))
        os.close(statuses.pop(pid))


def _become(request: dict, errors: int, output: int | None = None) -> None:
    """Take the folder, the environment and the streams of a program."""
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
