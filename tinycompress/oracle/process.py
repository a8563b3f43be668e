"""Start, talk to, reuse and end worker processes."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinycompress.artifacts import ExactTo
from tinycompress.oracle.wire import receive, send

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
_MAX_IDLE = 2
_END_TIMEOUT_S = 5.0
_LOG_LINES = 6
_MESSAGE_CHARS = 600


class WorkerError(Exception):
    """A worker crashed, hung, or its runtime refused; the message is for the user."""


class Worker:
    """One worker process."""

    def __init__(self, kind: ExactTo) -> None:
        self.kind = kind
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        path = os.environ.get("PYTHONPATH")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tinycompress.oracle.worker", kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, (str(_PACKAGE_PARENT), path))),
                # A file in the current directory must not shadow a module.
                "PYTHONSAFEPATH": "1",
            },
        )

    @property
    def usable(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def ask(
        self, header: dict[str, Any], payloads: Sequence[bytes], timeout_s: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a message and wait for the reply.

        Raises:
            WorkerError: The runtime refused, crashed, or did not answer in time.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = threading.Event()

        def expire() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(timeout_s, expire)
        timer.start()
        try:
            send(self._process.stdin, header, payloads)
            reply, arrays = receive(self._process.stdout)
        except (EOFError, BrokenPipeError) as error:
            self._process.wait()
            raise WorkerError(self._epitaph(late.is_set(), timeout_s)) from error
        except BaseException:
            # Interrupted in the middle of a message: what follows would be out of step.
            self.end()
            raise
        finally:
            timer.cancel()
        if "error" in reply:
            raise WorkerError(_join(reply["error"], reply["log"]))
        return reply, arrays

    def _epitaph(self, late: bool, timeout_s: float) -> str:
        if late:
            return f"no answer within {timeout_s:g} s"
        code = self._process.returncode
        cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self._log.seek(0)
        return _join(f"it crashed with {cause}", self._log.read().decode(errors="replace"))

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self._process.kill()
        self._process.wait(_END_TIMEOUT_S)
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                _close(stream)


def _close(stream: Any) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        # A message was under way to a process that is gone.
        return


def _join(reason: str, log: str) -> str:
    """A reason and the last lines of a log, as one line of bearable length."""
    lines = [line.strip() for line in (reason + "\n" + log).splitlines() if line.strip()]
    return _shorten(" | ".join([lines[0], *lines[1:][-_LOG_LINES:]]))


def _shorten(text: str) -> str:
    return text if len(text) <= _MESSAGE_CHARS else f"{text[:_MESSAGE_CHARS]} ..."


_idle: dict[ExactTo, list[Worker]] = {"tflm": [], "litert": []}
# Reentrant: a garbage collection inside may finalise an oracle, which gives its worker back.
_lock = threading.RLock()


def acquire(kind: ExactTo) -> Worker:
    """An idle worker of that kind, or a new one; starting Python takes longer than most models."""
    with _lock:
        while _idle[kind]:
            worker = _idle[kind].pop()
            if worker.usable:
                return worker
            worker.end()
    return Worker(kind)


def release(worker: Worker) -> None:
    """Give a worker back; it is kept for the next `acquire` if it is alive and few are kept."""
    with _lock:
        if worker.usable and len(_idle[worker.kind]) < _MAX_IDLE:
            _idle[worker.kind].append(worker)
            return
    worker.end()


@atexit.register
def end_idle() -> None:
    """End the workers that are kept for later."""
    with _lock:
        for workers in _idle.values():
            while workers:
                workers.pop().end()
